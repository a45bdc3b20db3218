/* src/gradient/train_run.c: the passes: ops of one sample after another, sample by sample, and ops of all. */
#include "net.h"

/* ---- walks --------------------------------------------------------------------------------------------- */

/* Ops begin .. end - 1, all of one sample, of the branches from `branch` on. */
static void walk_samples(struct gradient_net *net, const struct train_op *op, int count, int branch,
                         int branches)
{
    for (int c = 0; c < net->run.count; c++) {
        int first = c * GRADIENT_CHUNK, samples = train_chunk_samples(net, c);

        for (int b = branch; b < branch + branches; b++)
            for (int i = 0; i < samples; i++) {
                struct train_at at = { .branch = b,
                                       .chunk = c,
                                       .sample = first + i,
                                       .first = b == branch && i == 0,
                                       .last = b == branch + branches - 1 && i == samples - 1 };

                for (int o = 0; o < count; o++)
                    op[o].one(net, op[o].step, &at);
            }
    }
}

static void walk(struct gradient_net *net, const struct train_op *op, int ops, int branch, int branches)
{
    for (int i = 0, end; i < ops; i = end) {
        end = i;
        while (end < ops && op[end].one)
            end++;
        if (end > i) {
            walk_samples(net, op + i, end - i, branch, branches);
        } else {
            op[i].all(net, op[i].step);
            end++;
        }
    }
}

void gradient_net_forward(struct gradient_net *net, enum gradient_mode mode, int branch, const float *x)
{
    BUG_IF(branch < 0 || branch >= TRAIN_BRANCHES || (mode == GRADIENT_EVAL && branch > 0));
    net->mode = mode;
    net->branch = branch;
    net->branches = 1;
    memcpy(train_value(net, 0, branch, 0), x, (size_t)net->samples * net->map[0].count * sizeof *x);
    walk(net, net->forward, net->forwards, branch, 1);
}

const float *gradient_net_logits(const struct gradient_net *net, int branch)
{
    return train_value(net, net->output, branch, 0);
}

static void walk_back(struct gradient_net *net, int branches, const float *const *d)
{
    net->branch = 0;
    net->branches = branches;
    for (int b = 0; b < branches; b++)
        memcpy(train_back(net, net->output, b, 0), d[b],
               (size_t)net->samples * net->map[net->output].count * sizeof **d);
    walk(net, net->backward, net->backwards, 0, branches);
}

void gradient_net_backward_input(struct gradient_net *net, const float *dlogits, float *dx)
{
    BUG_IF(net->mode != GRADIENT_EVAL);
    net->input_only = 1;
    walk_back(net, 1, &dlogits);
    memcpy(dx, train_back(net, 0, 0, 0), (size_t)net->samples * net->map[0].count * sizeof *dx);
}

/* ---- gradients of parameters --------------------------------------------------------------------------- */

static void join_weights(struct gradient_net *net)
{
    if (net->settings.sum)
        net->settings.sum(net->settings.context, net->run, (int)sizeof *net->sums, net->sums,
                          net->weight_sums);
    for (int i = 0; i < net->steps; i++)
        if (net->step[i].weight >= 0)
            train_layer_gradient(net, &net->step[i]);
}

static void take_sums(struct gradient_net *net, int parameter, const double *sum)
{
    struct gradient_parameter *p = &net->parameter[parameter];

    for (int64_t i = 0; i < p->count; i++)
        p->gradient[i] = (float)sum[i];
}

static void join_others(struct gradient_net *net)
{
    if (net->chunk_sums == 0)
        return;
    train_tree_total(net, net->chunk_sum, net->chunk_sums);
    for (int i = 0; i < net->steps; i++) {
        const struct train_step *s = &net->step[i];

        if (s->bias >= 0)
            take_sums(net, s->bias, net->chunk_sum + s->chunk_sum);
        if (s->alpha >= 0)
            take_sums(net, s->alpha, net->chunk_sum + s->chunk_sum);
    }
}

void gradient_net_backward(struct gradient_net *net, const float *dlogits, const float *masked)
{
    const float *d[TRAIN_BRANCHES] = { dlogits, masked };

    BUG_IF(net->mode != GRADIENT_TRAIN);
    net->input_only = 0;
    memset(net->chunk_sum, 0, (size_t)net->run.count * net->chunk_sums * sizeof *net->chunk_sum);
    walk_back(net, masked ? 2 : 1, d);
    join_weights(net);
    join_others(net);
}

void gradient_net_activation_input(const struct gradient_net *net, int node, float *out)
{
    const struct train_step *s = net->step;

    while (s < net->step + net->steps && !(s->kind == TRAIN_PACT && s->number == node))
        s++;
    BUG_IF(s == net->step + net->steps);
    memcpy(out, train_value(net, s->in[0], 0, 0),
           (size_t)net->samples * net->map[s->in[0]].count * sizeof *out);
}
