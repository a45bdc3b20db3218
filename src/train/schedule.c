/* src/train/schedule.c: the learning rate of a step. */
#include "train_parts.h"

double schedule_rate(const struct schedule *s, double lr, int epoch, int step)
{
    int64_t t = s->steps > 1 ? (int64_t)epoch * s->steps + step : epoch;
    int64_t warm = (int64_t)s->warmup * s->steps, all = (int64_t)s->epochs * s->steps;

    if (t < warm)
        return lr * (s->start + (1.0 - s->start) * (double)t / (double)warm);
    if (s->kind == SCHEDULE_COSINE)
        return lr * (1.0 + math_cos_turns(0.5 * (double)(t - warm) / (double)(all - warm))) / 2.0;
    for (int i = 0; s->kind == SCHEDULE_STEP && i < s->milestones; i++)
        if (epoch >= s->milestone[i])
            lr *= s->factor;
    return lr;
}
