/* src/gradient/train_layer.c: convolutions in training: weights of each step, forward, backward to the input
 * and to the weights. A linear layer's weights are prepared as a convolution's whose window is the map. */
#include "net.h"

static size_t aligned(size_t bytes)
{
    return (bytes + GRADIENT_LANES - 1) / GRADIENT_LANES * GRADIENT_LANES;
}

/* ---- shapes -------------------------------------------------------------------------------------------- */

static void shape_linear(const struct train_map *in, const struct train_map *out, struct train_layer *l)
{
    int k = (int)in->count, oc = out->c;

    l->groups = 1;
    l->forward = (struct kernel_conv){ 1, 1, k, k, 1, 1, oc, oc, 1, 1, 1, 0, 0, 0 };
    l->turned = (struct kernel_conv){ 1, 1, oc, oc, 1, 1, k, k, 1, 1, 1, 0, 0, 0 };
    l->each_sum = (size_t)oc * (size_t)kernel_lanes(k);
}

static void shape_conv(const struct model_node *n, const struct model_node *in, struct train_layer *l)
{
    struct layer_turned t = layer_turn(n, in);
    int ic = t.shape.oc, oc = t.shape.ic;

    l->depthwise = t.depthwise;
    l->groups = t.groups;
    l->spread = t.spread;
    l->turned = t.shape;
    l->forward = (struct kernel_conv){ in->h, in->w, ic,    in->c,     n->h,     n->w,     oc,
                                       n->c,  n->kh, n->kw, n->stride, n->pad_y, n->pad_x, 0 };
    l->each_sum = (size_t)(n->kh * n->kw) * (size_t)(l->depthwise ? 1 : ic) * (size_t)kernel_lanes(oc);
}

void train_layer_shape(struct gradient_net *net, struct train_step *s)
{
    const struct train_map *in = &net->map[s->in[0]], *out = &net->map[s->out];
    struct train_layer *l = &s->layer;
    const struct kernel_table *k = net->k;

    if (s->kind == TRAIN_LINEAR)
        shape_linear(in, out, l);
    else
        shape_conv(s->node, &net->m->node[s->node->input[0]], l);
    l->each = aligned(l->depthwise ? k->depthwise_f32_packed_bytes(&l->forward)
                                   : k->conv_f32_packed_bytes(&l->forward));
    l->each_turned = aligned(l->depthwise ? k->depthwise_f32_packed_bytes(&l->turned)
                                          : k->conv_f32_packed_bytes(&l->turned));
    l->sum = net->weight_sums;
    l->sums = l->each_sum * (size_t)l->groups;
    net->weight_sums += l->sums;
}

/* ---- weights of a step --------------------------------------------------------------------------------- */

/* `rows` of torch's (ic, positions) become (positions, ic). */
static void to_positions(const float *in, size_t rows, size_t ic, size_t positions, float *out)
{
    for (size_t r = 0; r < rows; r++, in += ic * positions)
        for (size_t p = 0; p < positions; p++)
            for (size_t i = 0; i < ic; i++)
                *out++ = in[i * positions + p];
}

/* Depthwise: (c, kh, kw) turned round. */
static void turn_depthwise(const float *in, size_t c, size_t taps, float *out)
{
    for (size_t i = 0; i < c; i++)
        for (size_t t = 0; t < taps; t++)
            out[i * taps + t] = in[i * taps + (taps - 1 - t)];
}

static void pack(struct gradient_net *net, struct train_step *s, const float *used)
{
    const struct kernel_table *k = net->k;
    struct train_layer *l = &s->layer;
    const float *bias = s->bias >= 0 ? net->parameter[s->bias].value : NULL;
    size_t taps = (size_t)(l->forward.kh * l->forward.kw),
           each = (size_t)l->forward.oc * taps * (size_t)l->forward.ic;

    if (l->depthwise) {
        k->depthwise_f32_pack(&l->forward, used, bias, l->packed);
        turn_depthwise(used, (size_t)l->forward.oc, taps, net->layer_work[1]);
        k->depthwise_f32_pack(&l->turned, net->layer_work[1], NULL, l->turned_packed);
        return;
    }
    for (int g = 0; g < l->groups; g++) {
        const float *of_group = bias ? bias + (size_t)g * (size_t)l->forward.oc : NULL;

        k->conv_f32_pack(&l->forward, used + (size_t)g * each, of_group, l->packed + (size_t)g * l->each);
        k->conv_f32_pack_turned(&l->turned, used + (size_t)g * each,
                                l->turned_packed + (size_t)g * l->each_turned);
    }
}

/* quant_weights_apply's values, by vectors where a scale and clamps are all. */
static void quantize(const struct gradient_net *net, const struct quant_weights *q, const float *w,
                     int64_t count, float *out)
{
    if (q->form == QUANT_DOREFA || q->form == QUANT_DOREFA_PLAIN || q->scale == 0.0f)
        quant_weights_apply(q, w, count, out);
    else
        net->k->levels_f32(w, out, (int)count, q->scale, (float)q->steps, q->step);
}

status train_layer_prepare(struct gradient_net *net, struct train_step *s)
{
    const struct gradient_parameter *p = &net->parameter[s->weight];
    const struct train_map *in = &net->map[s->in[0]];
    struct train_layer *l = &s->layer;
    const float *w = p->value;
    size_t positions =
        s->kind == TRAIN_LINEAR ? (size_t)(in->h * in->w) : (size_t)(l->forward.kh * l->forward.kw);

    if (l->quantizer.bits) {
        status result = quant_weights_measure(&l->quantizer, w, p->count);

        if (result != OK)
            return error_prefix(result, "%s", p->name);
        quantize(net, &l->quantizer, w, p->count, net->layer_work[0]);
        w = net->layer_work[0];
    }
    if (l->factor) {
        train_fake_weights(net, s, net->layer_work[0]);
        w = net->layer_work[0];
    }
    if (positions > 1 && !l->depthwise) {
        to_positions(w, (size_t)p->dim[0], (size_t)p->count / ((size_t)p->dim[0] * positions), positions,
                     net->layer_work[1]);
        w = net->layer_work[1];
    }
    pack(net, s, w);
    return OK;
}

/* ---- forward ------------------------------------------------------------------------------------------- */

void train_layer_forward(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const struct train_layer *l = &s->layer;
    const struct kernel_rect whole = { .y1 = l->forward.oh, .x1 = l->forward.ow };
    const float *x = train_value(net, s->in[0], at->branch, at->sample);
    float *y = train_value(net, s->out, at->branch, at->sample);

    if (l->depthwise) {
        net->k->depthwise_f32(&l->forward, l->packed, x, y, whole, s->low, s->high, net->scratch);
        return;
    }
    for (int g = 0; g < l->groups; g++)
        net->k->conv_f32(&l->forward, l->packed + (size_t)g * l->each, x + g * l->forward.ic,
                         y + g * l->forward.oc, whole, s->low, s->high, net->scratch);
}

/* ---- backward ------------------------------------------------------------------------------------------ */

static void back_to_input(struct gradient_net *net, struct train_step *s, const struct train_at *at,
                          const float *d)
{
    const struct train_layer *l = &s->layer;
    const struct kernel_rect whole = { .y1 = l->turned.oh, .x1 = l->turned.ow };
    float *to = train_part_begin(net, s, 0, at);

    if (l->spread)
        d = layer_spread(s->node, &l->turned, d, net->spread);
    if (l->depthwise)
        net->k->depthwise_f32(&l->turned, l->turned_packed, d, to, whole, -INFINITY, INFINITY, net->scratch);
    for (int g = 0; !l->depthwise && g < l->groups; g++)
        net->k->conv_f32(&l->turned, l->turned_packed + (size_t)g * l->each_turned, d + g * l->turned.ic,
                         to + g * l->turned.oc, whole, -INFINITY, INFINITY, net->scratch);
    train_part_finish(net, s, 0, at);
}

/* The layer's sums of the chunk join those below. */
static void join_sums(struct gradient_net *net, const struct train_layer *l, struct train_slot slot)
{
    float *top = net->sums + (size_t)slot.slot * net->weight_sums + l->sum;
    int count = (int)l->sums;

    for (int i = 0; i < slot.joins; i++, top -= net->weight_sums) {
        float *below = top - net->weight_sums;

        net->k->add_f32(below, count, top, count, below, count, 1, count, -INFINITY, INFINITY);
    }
}

static void back_to_weights(struct gradient_net *net, struct train_step *s, const struct train_at *at,
                            const float *d)
{
    const struct train_layer *l = &s->layer;
    struct train_slot slot = net->slot[at->chunk];
    const float *x = train_value(net, s->in[0], at->branch, at->sample);
    float *sums = net->sums + (size_t)slot.slot * net->weight_sums + l->sum;

    if (at->first)
        memset(sums, 0, l->sums * sizeof *sums);
    if (l->depthwise)
        net->k->wgrad_depthwise_f32(&l->forward, x, d, sums);
    for (int g = 0; !l->depthwise && g < l->groups; g++)
        net->k->wgrad_f32(&l->forward, x + g * l->forward.ic, d + g * l->forward.oc,
                          sums + (size_t)g * l->each_sum, net->scratch);
    if (at->last)
        join_sums(net, l, slot);
    if (s->bias >= 0)
        net->k->sums_f64(d, NULL, l->forward.oh * l->forward.ow, s->node->c,
                         net->chunk_sum + (size_t)at->chunk * net->chunk_sums + s->chunk_sum, NULL);
}

void train_layer_backward(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const float *d = train_part_gradient(net, s, at);

    if (!net->input_only)
        back_to_weights(net, s, at, d);
    if (train_wants_input(net, s))
        back_to_input(net, s, at, d);
}

/* ---- gradients in the checkpoint's order --------------------------------------------------------------- */

/* (taps, ic, lanes of oc) of each group become (oc, ic, taps). */
static void from_taps(const struct train_layer *l, const float *sums, float *out)
{
    size_t taps = (size_t)(l->forward.kh * l->forward.kw), oc = (size_t)l->forward.oc,
           ic = l->depthwise ? 1 : (size_t)l->forward.ic, lanes = (size_t)kernel_lanes(l->forward.oc);

    for (int g = 0; g < l->groups; g++, sums += l->each_sum)
        for (size_t o = 0; o < oc; o++)
            for (size_t i = 0; i < ic; i++)
                for (size_t t = 0; t < taps; t++)
                    *out++ = sums[(t * ic + i) * lanes + o];
}

/* Rows (positions, c) of a linear layer become (c, positions). */
static void from_positions(const struct train_map *in, int rows, const float *sums, float *out)
{
    size_t positions = (size_t)(in->h * in->w), c = (size_t)in->c,
           lanes = (size_t)kernel_lanes((int)in->count);

    for (int r = 0; r < rows; r++, sums += lanes)
        for (size_t i = 0; i < c; i++)
            for (size_t p = 0; p < positions; p++)
                *out++ = sums[p * c + i];
}

void train_layer_gradient(struct gradient_net *net, struct train_step *s)
{
    const struct gradient_parameter *p = &net->parameter[s->weight];
    const struct train_layer *l = &s->layer;
    const float *sums = net->sums + l->sum;

    if (s->kind == TRAIN_LINEAR)
        from_positions(&net->map[s->in[0]], s->node->c, sums, p->gradient);
    else
        from_taps(l, sums, p->gradient);
    if (l->quantizer.bits)
        quant_weights_backward(&l->quantizer, p->value, p->gradient, p->count, p->gradient);
    if (l->factor)
        train_fake_weights_back(net, s);
}
