/* src/gradient/train_op.c: ops without weights in training, of one sample: activations, PACT, pools, sums,
 * products, channels moved, dropout. */
#include "net.h"

static const struct train_map *map_of(const struct gradient_net *net, int map)
{
    return &net->map[map];
}

static int positions(const struct train_map *m)
{
    return m->h * m->w;
}

static const float *input(const struct gradient_net *net, const struct train_step *s, int j,
                          const struct train_at *at)
{
    return train_value(net, s->in[j], at->branch, at->sample);
}

static float *output(const struct gradient_net *net, const struct train_step *s, const struct train_at *at)
{
    return train_value(net, s->out, at->branch, at->sample);
}

/* Input j's gradient holds the output's, whether it lies in the same memory or not; to be changed there. */
static float *begin_same(const struct gradient_net *net, const struct train_step *s, int j,
                         const struct train_at *at)
{
    const float *d = train_part_gradient(net, s, at);
    float *to = train_part_begin(net, s, j, at);

    if (to != d)
        memcpy(to, d, map_of(net, s->out)->count * sizeof *to);
    return to;
}

static float *begin_zeros(const struct gradient_net *net, const struct train_step *s, int j,
                          const struct train_at *at)
{
    float *to = train_part_begin(net, s, j, at);

    return memset(to, 0, map_of(net, s->in[j])->count * sizeof *to);
}

/* ---- activations --------------------------------------------------------------------------------------- */

static float relu_high(const struct train_step *s)
{
    return s->node->op == OP_RELU6 ? 6.0f : INFINITY;
}

static void relu(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    int count = (int)map_of(net, s->out)->count;

    net->k->clamp_f32(input(net, s, 0, at), count, output(net, s, at), count, 1, count, 0.0f, relu_high(s));
}

static void relu_back(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    float *d = begin_same(net, s, 0, at);

    net->k->gate_f32(d, output(net, s, at), (int)map_of(net, s->out)->count, 0.0f, relu_high(s));
    train_part_finish(net, s, 0, at);
}

static void pact(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    net->k->pact_f32(input(net, s, 0, at), output(net, s, at), (int)map_of(net, s->out)->count, s->pact.alpha,
                     s->pact.inverse, s->pact.step);
}

/* The learned-scale variant's sums, of values inside the range. */
static void add_through(const struct train_step *s, const float *x, const float *d, int count)
{
    int c = s->node->c;

    for (int i = 0; i < count; i++)
        if (pact_passes(&s->pact, x[i]))
            s->channel_sum[i % c] += pact_alpha_slope(&s->pact, x[i], 1) * (double)d[i];
}

static void pact_back(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const float *x = input(net, s, 0, at);
    float *d = begin_same(net, s, 0, at);
    const struct train_map *m = map_of(net, s->out);
    double *sum = net->chunk_sum + (size_t)at->chunk * net->chunk_sums + s->chunk_sum;

    if (at->first)
        memset(s->channel_sum, 0, (size_t)m->c * sizeof *s->channel_sum);
    if (s->pact_through && !net->input_only)
        add_through(s, x, d, (int)m->count);
    net->k->pactback_f32(d, x, positions(m), m->c, s->pact.alpha, s->channel_sum);
    for (int c = 0; at->last && !net->input_only && c < m->c; c++)
        *sum += s->channel_sum[c];
    train_part_finish(net, s, 0, at);
}

static void curve(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const struct train_map *m = map_of(net, s->out);
    const struct kernel_table *k = net->k;
    const float *x = input(net, s, 0, at);
    float *y = output(net, s, at);
    int n = positions(m), c = m->c;

    if (s->node->op == OP_HARDSWISH)
        k->hardswish_f32(x, c, y, c, n, c);
    else if (s->node->op == OP_HARDSIGMOID)
        k->hardsigmoid_f32(x, c, y, c, n, c);
    else if (s->node->op == OP_SILU)
        k->silu_f32(x, c, y, c, n, c);
    else
        k->sigmoid_f32(x, c, y, c, n, c);
}

static void curve_back(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    float *d = begin_same(net, s, 0, at);

    slope_activation(s->node, net->k, input(net, s, 0, at), net->work, d, (int)map_of(net, s->out)->count, d);
    train_part_finish(net, s, 0, at);
}

static void drop(struct gradient_net *net, const struct train_step *s, const struct train_at *at,
                 const float *in, float *out)
{
    int purpose = RANDOM_DROPOUT + 2 * s->dropout + at->branch, count = (int)map_of(net, s->out)->count;
    double rate = s->node->rate;
    uint64_t stream;

    if (net->mode == GRADIENT_EVAL || !net->batch.sample) {
        if (in != out)
            memcpy(out, in, (size_t)count * sizeof *out);
        return;
    }
    stream = random_stream((enum random_purpose)purpose, net->batch.epoch, net->sample[at->sample]);
    net->k->dropout_f32(in, out, count, random_state(net->batch.seed, stream), (uint64_t)ceil(rate * 0x1p53),
                        (float)(1.0 / (1.0 - rate)));
}

static void dropout(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    drop(net, s, at, input(net, s, 0, at), output(net, s, at));
}

static void dropout_back(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    float *d = begin_same(net, s, 0, at);

    drop(net, s, at, d, d);
    train_part_finish(net, s, 0, at);
}

/* ---- pools --------------------------------------------------------------------------------------------- */

static struct kernel_conv window_of(const struct gradient_net *net, const struct train_step *s)
{
    const struct train_map *in = map_of(net, s->in[0]), *out = map_of(net, s->out);
    const struct model_node *n = s->node;
    int all = s->kind == TRAIN_MEAN;

    return (struct kernel_conv){ .ih = in->h,
                                 .iw = in->w,
                                 .ic = in->c,
                                 .in_pitch = in->c,
                                 .oh = out->h,
                                 .ow = out->w,
                                 .oc = in->c,
                                 .out_pitch = in->c,
                                 .kh = all ? in->h : n->kh,
                                 .kw = all ? in->w : n->kw,
                                 .stride = all ? 1 : n->stride,
                                 .pad_y = all ? 0 : n->pad_y,
                                 .pad_x = all ? 0 : n->pad_x };
}

static void pool(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const struct kernel_conv w = window_of(net, s);
    const struct kernel_rect whole = { .y1 = w.oh, .x1 = w.ow };
    const float *x = input(net, s, 0, at);

    if (s->kind == TRAIN_MAXPOOL)
        net->k->maxpool_f32(&w, x, output(net, s, at), whole);
    else
        net->k->average_f32(&w, x, output(net, s, at), whole);
}

static void maxpool_back(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const struct kernel_conv w = window_of(net, s);

    net->k->maxback_f32(&w, input(net, s, 0, at), output(net, s, at), train_part_gradient(net, s, at),
                        train_part_begin(net, s, 0, at));
    train_part_finish(net, s, 0, at);
}

static void average_back(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const struct kernel_conv w = window_of(net, s);
    const float *d = train_part_gradient(net, s, at);

    slope_average(s->node, &w, d, begin_zeros(net, s, 0, at));
    train_part_finish(net, s, 0, at);
}

/* ---- sums and products --------------------------------------------------------------------------------- */

static void add(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    int count = (int)map_of(net, s->out)->count;

    net->k->add_f32(input(net, s, 0, at), count, input(net, s, 1, at), count, output(net, s, at), count, 1,
                    count, s->low, s->high);
}

static void add_back(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const float *d = train_part_gradient(net, s, at);
    int count = (int)map_of(net, s->out)->count;

    for (int j = s->inputs - 1; j >= 0; j--) {
        float *to = train_back(net, s->in[j], at->branch, at->sample);

        if (s->adds[j])
            net->k->add_f32(to, count, d, count, to, count, 1, count, -INFINITY, INFINITY);
        else if (to != d)
            memcpy(to, d, (size_t)count * sizeof *to);
    }
}

static void mul(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const struct train_map *a = map_of(net, s->in[0]), *b = map_of(net, s->in[1]);
    int c = a->c, row = positions(b) < positions(a);

    net->k->mul_f32(input(net, s, 0, at), c, input(net, s, 1, at), row ? 0 : c, output(net, s, at), c,
                    positions(a), c);
}

static void back_to_row(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const struct train_map *m = map_of(net, s->out);
    const float *d = train_part_gradient(net, s, at);

    slope_row(d, input(net, s, 0, at), (size_t)m->c, positions(m), m->c, train_part_begin(net, s, 1, at));
    train_part_finish(net, s, 1, at);
}

static void mul_back(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const struct train_map *m = map_of(net, s->out);
    const float *d = train_part_gradient(net, s, at);
    int c = m->c, row = positions(map_of(net, s->in[1])) < positions(m);

    if (row)
        back_to_row(net, s, at);
    for (int j = row ? 0 : 1; j >= 0; j--) {
        float *to = train_part_begin(net, s, j, at);

        net->k->mul_f32(d, c, input(net, s, 1 - j, at), row ? 0 : c, to, c, positions(m), c);
        train_part_finish(net, s, j, at);
    }
}

/* ---- channels moved ------------------------------------------------------------------------------------ */

static void cat(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const struct train_map *m = map_of(net, s->out);
    float *y = output(net, s, at);

    for (int j = 0; j < s->inputs; j++) {
        int c = map_of(net, s->in[j])->c;

        net->k->copy_f32(input(net, s, j, at), c, y, m->c, positions(m), c);
        y += c;
    }
}

static void cat_back(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const struct train_map *m = map_of(net, s->out);
    const float *d = train_part_gradient(net, s, at) + m->c;

    for (int j = s->inputs - 1; j >= 0; j--) {
        int c = map_of(net, s->in[j])->c;

        d -= c;
        net->k->copy_f32(d, m->c, train_part_begin(net, s, j, at), c, positions(m), c);
        train_part_finish(net, s, j, at);
    }
}

static void slice(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const struct train_map *m = map_of(net, s->out);

    net->k->copy_f32(input(net, s, 0, at) + s->node->begin, map_of(net, s->in[0])->c, output(net, s, at),
                     m->c, positions(m), m->c);
}

static void slice_back(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const struct train_map *m = map_of(net, s->out);
    float *to = begin_zeros(net, s, 0, at);

    net->k->copy_f32(train_part_gradient(net, s, at), m->c, to + s->node->begin, map_of(net, s->in[0])->c,
                     positions(m), m->c);
    train_part_finish(net, s, 0, at);
}

/* A shortcut's positions: of the map (y, x), the input's place; both by their channels. */
static void shortcut_copy(const struct gradient_net *net, const struct train_step *s, const float *from,
                          float *to, int back)
{
    const struct train_map *in = map_of(net, s->in[0]), *out = map_of(net, s->out);
    size_t bytes = (size_t)in->c * sizeof *to;
    int stride = s->node->stride;

    for (int y = 0; y < out->h; y++)
        for (int x = 0; x < out->w; x++) {
            size_t wide = (size_t)(y * stride * in->w + x * stride) * (size_t)in->c,
                   narrow = (size_t)(y * out->w + x) * (size_t)out->c + (size_t)s->node->begin;

            if (back)
                memcpy(to + wide, from + narrow, bytes);
            else
                memcpy(to + narrow, from + wide, bytes);
        }
}

static void shortcut(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    float *y = output(net, s, at);

    memset(y, 0, map_of(net, s->out)->count * sizeof *y);
    shortcut_copy(net, s, input(net, s, 0, at), y, 0);
}

static void shortcut_back(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    shortcut_copy(net, s, train_part_gradient(net, s, at), begin_zeros(net, s, 0, at), 1);
    train_part_finish(net, s, 0, at);
}

static void shuffle(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const struct train_map *m = map_of(net, s->out);

    net->k->shuffle_f32(input(net, s, 0, at), m->c, output(net, s, at), m->c, positions(m), m->c,
                        s->node->groups);
}

/* The shuffle by the other factor of the channels turns it back. */
static void shuffle_back(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const struct train_map *m = map_of(net, s->out);

    net->k->shuffle_f32(train_part_gradient(net, s, at), m->c, train_part_begin(net, s, 0, at), m->c,
                        positions(m), m->c, m->c / s->node->groups);
    train_part_finish(net, s, 0, at);
}

/* ---- the table ----------------------------------------------------------------------------------------- */

static const struct {
    train_one *forward, *backward;
} rows[TRAIN_KINDS] = {
    [TRAIN_CONV] = { train_layer_forward, train_layer_backward },
    [TRAIN_RELU] = { relu, relu_back },
    [TRAIN_PACT] = { pact, pact_back },
    [TRAIN_CURVE] = { curve, curve_back },
    [TRAIN_MAXPOOL] = { pool, maxpool_back },
    [TRAIN_WINDOW] = { pool, average_back },
    [TRAIN_MEAN] = { pool, average_back },
    [TRAIN_ADD] = { add, add_back },
    [TRAIN_MUL] = { mul, mul_back },
    [TRAIN_CAT] = { cat, cat_back },
    [TRAIN_SLICE] = { slice, slice_back },
    [TRAIN_SHORTCUT] = { shortcut, shortcut_back },
    [TRAIN_SHUFFLE] = { shuffle, shuffle_back },
    [TRAIN_DROPOUT] = { dropout, dropout_back },
};

train_one *train_op_forward(enum train_kind kind)
{
    return rows[kind].forward;
}

train_one *train_op_backward(enum train_kind kind)
{
    return rows[kind].backward;
}
