/* src/gradient/train_fake.c: PyTorch's fake quantization in training: outputs rounded between observed ends,
 * and weights by output channel, scaled as the batch normalisation behind them will be folded. */
#include "net.h"

enum { FIXED_LEVELS = 256 };

/* ---- outputs ------------------------------------------------------------------------------------------- */

int train_fake_node(const struct gradient_net *net, int node)
{
    const struct model *m = net->m;
    enum model_op op = m->node[node].op;
    int from = model_is_relu(op) ? m->node[node].input[0] : node;

    if (op == OP_SIGMOID || op == OP_HARDSIGMOID)
        return node;
    if (from != node)
        return model_fused_relu(m, from) == node ? from : -1;
    return model_quantizes(op) && model_fused_relu(m, node) < 0 ? node : -1;
}

static int moves(const struct gradient_net *net, const struct train_step *s)
{
    return s->fake.low >= 0 && net->mode == GRADIENT_TRAIN && !net->hold_ranges;
}

void train_fake_observe(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    if (moves(net, s))
        net->k->range_f32(train_value(net, s->in[0], at->branch, at->sample), (int)net->map[s->out].count,
                          s->fake.seen);
}

/* All ranks' range moves the one that is kept. */
static void move_range(struct gradient_net *net, struct train_step *s)
{
    float *seen = s->fake.seen;

    seen[0] = -seen[0];
    if (net->settings.most)
        net->settings.most(net->settings.context, seen, 2);
    seen[0] = -seen[0];
    quant_range_move(net->parameter[s->fake.low].value, net->parameter[s->fake.high].value, seen,
                     net->settings.average);
    seen[0] = INFINITY;
    seen[1] = -INFINITY;
}

void train_fake_finish(struct gradient_net *net, struct train_step *s)
{
    struct train_rounding *r = &s->fake.branch[net->branch];
    struct quant_params q = { .scale = 1.0 / FIXED_LEVELS, .high = FIXED_LEVELS - 1 };

    if (moves(net, s))
        move_range(net, s);
    r->known = 1;
    if (s->fake.low >= 0) {
        float low = net->parameter[s->fake.low].value[0], high = net->parameter[s->fake.high].value[0];

        r->known = low <= high;
        q = quant_params_of_range(low, high, QUANT_AFFINE_LEVELS);
    }
    r->round =
        (struct kernel_round){ (float)q.scale, quantize_inverse(q.scale), q.zero_point, q.low, q.high };
    quant_range_inside(q, &r->low, &r->high);
}

void train_fake_apply(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const struct train_rounding *r = &s->fake.branch[at->branch];
    const float *x = train_value(net, s->in[0], at->branch, at->sample);
    float *y = train_value(net, s->out, at->branch, at->sample);
    int count = (int)net->map[s->out].count;

    if (r->known)
        net->k->round_f32(x, count, y, count, 1, count, &r->round);
    else
        memcpy(y, x, (size_t)count * sizeof *y);
}

void train_fake_back(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const struct train_rounding *r = &s->fake.branch[at->branch];
    size_t count = net->map[s->out].count;
    const float *from = train_part_gradient(net, s, at);
    float *d;

    if (!train_wants_input(net, s))
        return;
    d = train_part_begin(net, s, 0, at);
    if (d != from)
        memcpy(d, from, count * sizeof *d);
    if (r->known)
        net->k->gate_f32(d, train_value(net, s->in[0], at->branch, at->sample), (int)count, r->low, r->high);
    train_part_finish(net, s, 0, at);
}

/* ---- weights ------------------------------------------------------------------------------------------- */

/* Batch normalisation's factor of a channel, as numerics 1.6 folds it. */
static float factor_of(const struct gradient_net *net, const struct train_step *s, int channel)
{
    float var;

    if (!s->folded)
        return 1.0f;
    var = net->parameter[s->folded->var].value[channel] + (float)s->node->bn_eps;
    return net->parameter[s->folded->gamma].value[channel] * (1.0f / sqrtf(var));
}

/* Scaled weights, and the codes that these have. */
static struct quant_params scale_channel(const struct gradient_net *net, const float *w, int each, float by,
                                         float *scaled)
{
    struct quant_params q = { .low = QUANT_AFFINE_LOW, .high = QUANT_AFFINE_HIGH };
    float range[2] = { 0, 0 };

    for (int i = 0; i < each; i++)
        scaled[i] = w[i] * by;
    net->k->range_f32(scaled, each, range);
    q.scale = (double)quant_scale_of_largest(fmaxf(-range[0], range[1]), QUANT_AFFINE_BITS);
    return q;
}

/* Scaled weights become what the layer computes with: rounded, and scaled back. */
static void round_channel(const struct gradient_net *net, struct quant_params q, int each, float by,
                          const float *scaled, float *out)
{
    const struct kernel_round round = { (float)q.scale, quantize_inverse(q.scale), 0, q.low, q.high };

    net->k->round_f32(scaled, each, out, each, 1, each, &round);
    for (int i = 0; i < each; i++)
        out[i] /= by;
}

void train_fake_weights(struct gradient_net *net, struct train_step *s, float *out)
{
    const struct gradient_parameter *p = &net->parameter[s->weight];
    const float *w = p->value;
    int channels = (int)p->dim[0], each = (int)(p->count / channels);

    for (int c = 0; c < channels; c++, w += each, out += each) {
        float by = s->layer.factor[c] = factor_of(net, s, c);

        if (by == 0.0f)
            memcpy(out, w, (size_t)each * sizeof *out);
        else
            round_channel(net, scale_channel(net, w, each, by, out), each, by, out, out);
    }
}

/* g by what the layer computed with becomes that by w; returns that by the factor, times the factor. */
static double channel_back(struct gradient_net *net, const float *w, int each, float by, float *g)
{
    float *scaled = net->layer_work[0], *used = net->layer_work[1], low, high;
    struct quant_params q = scale_channel(net, w, each, by, scaled);
    double all = 0, through = 0;

    round_channel(net, q, each, by, scaled, used);
    quant_range_inside(q, &low, &high);
    for (int i = 0; i < each; i++) {
        all += (double)g[i] * (double)used[i];
        g[i] = low < scaled[i] && scaled[i] < high ? g[i] : 0.0f;
        through += (double)g[i] * (double)w[i];
    }
    return through - all;
}

void train_fake_weights_back(struct gradient_net *net, struct train_step *s)
{
    const struct gradient_parameter *p = &net->parameter[s->weight];
    const float *w = p->value;
    float *g = p->gradient;
    int channels = (int)p->dim[0], each = (int)(p->count / channels);

    for (int c = 0; c < channels; c++, w += each, g += each) {
        float by = s->layer.factor[c];
        double sum = by == 0.0f ? 0.0 : channel_back(net, w, each, by, g);

        if (s->folded && by != 0.0f) {
            const struct gradient_parameter *gamma = &net->parameter[s->folded->gamma];

            gamma->gradient[c] = (float)((double)gamma->gradient[c] + sum / (double)gamma->value[c]);
        }
    }
}
