/* src/gradient/train_part.c: a step's part of its inputs' gradients, and its output's. */
#include "net.h"

float *train_part_begin(const struct gradient_net *net, const struct train_step *s, int j,
                        const struct train_at *at)
{
    return s->adds[j] ? net->part : train_back(net, s->in[j], at->branch, at->sample);
}

void train_part_finish(const struct gradient_net *net, const struct train_step *s, int j,
                       const struct train_at *at)
{
    float *sum = train_back(net, s->in[j], at->branch, at->sample);
    int count = (int)net->map[s->in[j]].count;

    if (s->adds[j])
        net->k->add_f32(sum, count, net->part, count, sum, count, 1, count, -INFINITY, INFINITY);
}

float *train_part_gradient(const struct gradient_net *net, const struct train_step *s,
                           const struct train_at *at)
{
    float *d = train_back(net, s->out, at->branch, at->sample);

    if (s->gated)
        net->k->gate_f32(d, train_value(net, s->out, at->branch, at->sample), (int)net->map[s->out].count,
                         s->low, s->high);
    return d;
}
