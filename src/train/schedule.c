/* src/train/schedule.c: the learning rate of an epoch. */
#include "train_parts.h"

double schedule_rate(const struct schedule *s, double lr, int epoch)
{
    if (s->kind == SCHEDULE_COSINE)
        return lr * (1.0 + math_cos_turns(0.5 * epoch / s->epochs)) / 2.0;
    for (int i = 0; s->kind == SCHEDULE_STEP && i < s->milestones; i++)
        if (epoch >= s->milestone[i])
            lr *= s->factor;
    return lr;
}
