/* src/gradient/layer.c: the weights of layers as a backward pass takes them. */
#include <string.h>

#include "plan.h"

enum { ROWS_AT_ONCE = 128 };

static size_t whole_lanes(size_t bytes)
{
    return (bytes + GRADIENT_LANES - 1) / GRADIENT_LANES * GRADIENT_LANES;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* ---- shapes -------------------------------------------------------------------------------------------- */

/* A layer whose gradient is mostly 0 (the class's alone, where the walk begins) or has one position. */
static int takes_rows(const struct model_node *n, int open)
{
    return n->op == OP_LINEAR || (n->groups == 1 && model_is_pointwise(n) && (open || n->h * n->w == 1));
}

static void shape_rows(const struct model_binding *b, const struct model_node *n, const struct model_node *in,
                       struct gradient_layer *l)
{
    l->form = GRADIENT_ROWS;
    l->rows = n->c;
    l->columns = n->op == OP_LINEAR ? in->h * in->w * in->c : in->c;
    l->codes = b->form == PRECISION_CODES && !b->lowbit && !b->family; /* whose zero points are no rows' */
    l->each = whole_lanes((size_t)l->rows * (size_t)l->columns * (l->codes ? 1 : sizeof(float)));
    l->scales = l->each;
}

struct layer_turned layer_turn(const struct model_node *n, const struct model_node *in)
{
    int pad_y = n->kh - 1 - n->pad_y, pad_x = n->kw - 1 - n->pad_x,
        depthwise = n->groups > 1 && n->groups == in->c && n->groups == n->c,
        groups = depthwise ? 1 : n->groups, spread = n->stride > 1 || pad_y < 0 || pad_x < 0;

    return (struct layer_turned){ .depthwise = depthwise,
                                  .groups = groups,
                                  .spread = spread,
                                  .shape = { .ih = spread ? in->h + n->kh - 1 : n->h,
                                             .iw = spread ? in->w + n->kw - 1 : n->w,
                                             .ic = n->c / groups,
                                             .in_pitch = n->c,
                                             .oh = in->h,
                                             .ow = in->w,
                                             .oc = in->c / groups,
                                             .out_pitch = in->c,
                                             .kh = n->kh,
                                             .kw = n->kw,
                                             .stride = 1,
                                             .pad_y = spread ? 0 : pad_y,
                                             .pad_x = spread ? 0 : pad_x } };
}

const float *layer_spread(const struct model_node *n, const struct kernel_conv *turned, const float *d,
                          float *room)
{
    int border_y = n->kh - 1 - n->pad_y, border_x = n->kw - 1 - n->pad_x;
    size_t channels = (size_t)n->c, row = (size_t)turned->iw * channels;

    memset(room, 0, (size_t)turned->ih * row * sizeof *room);
    for (int y = 0; y < n->h; y++)
        for (int x = 0; x < n->w; x++, d += channels) {
            int at_y = y * n->stride + border_y, at_x = x * n->stride + border_x;

            if (at_y >= 0 && at_y < turned->ih && at_x >= 0 && at_x < turned->iw)
                memcpy(room + (size_t)at_y * row + (size_t)at_x * channels, d, channels * sizeof *d);
        }
    return room;
}

static void shape_turned(const struct model_node *n, const struct model_node *in,
                         const struct kernel_table *k, struct gradient_layer *l)
{
    struct layer_turned t = layer_turn(n, in);

    l->form = t.depthwise ? GRADIENT_DEPTHWISE : GRADIENT_TURNED;
    l->groups = t.groups;
    l->spread = t.spread;
    l->turned = t.shape;
    l->each = whole_lanes(t.depthwise ? k->depthwise_f32_packed_bytes(&l->turned)
                                      : k->conv_f32_packed_bytes(&l->turned));
}

void layer_shape(const struct model_binding *b, const struct kernel_table *k, int open,
                 struct gradient_step *step, struct gradient_head *head)
{
    const struct model_node *n = &step->node, *in = &b->model->node[n->input[0]];
    struct gradient_layer *l = &step->layer;

    l->groups = 1;
    if (!model_has_weights(n)) {
        l->form = GRADIENT_AFFINE;
        l->each = whole_lanes((size_t)n->c * sizeof(float));
    } else if (takes_rows(n, open)) {
        shape_rows(b, n, in, l);
    } else {
        shape_turned(n, in, k, l);
        head->scratch_bytes = larger(head->scratch_bytes, l->form == GRADIENT_DEPTHWISE
                                                              ? k->depthwise_f32_scratch_bytes(&l->turned)
                                                              : k->conv_f32_scratch_bytes(&l->turned));
        if (l->spread)
            head->spread_bytes = larger(head->spread_bytes, (size_t)l->turned.ih * (size_t)l->turned.iw *
                                                                (size_t)n->c * sizeof(float));
    }
    l->weights = head->weight_bytes;
    l->scales += l->weights;
    head->weight_bytes +=
        (size_t)l->groups * l->each + whole_lanes(l->codes ? (size_t)n->c * sizeof(float) : 0);
}

/* ---- values -------------------------------------------------------------------------------------------- */

static float weight_at(const struct model_layer *l, size_t row, size_t each, size_t i)
{
    if (l->weight_real)
        return l->weight_real[row * each + i];
    return model_weight_real(l, row, row * each + i);
}

/* Real weights a part at a time: raw and packed copies never lie side by side as a whole. */
static status pack_rows(const struct model_binding *b, const struct gradient_step *step, uint8_t *weights)
{
    const struct gradient_layer *l = &step->layer;
    float *scale = (float *)(void *)(weights + l->scales);
    size_t columns = (size_t)l->columns;

    for (int first = 0; first < l->rows;) {
        struct model_layer part;
        size_t at = (size_t)first * columns;

        TRY(model_layer_rows(b, step->number, first, b->form == PRECISION_REAL ? ROWS_AT_ONCE : l->rows,
                             &part));
        for (int i = 0; l->codes && i < part.oc; i++)
            scale[first + i] = (float)part.scale[part.scales > 1 ? i : 0];
        if (l->codes)
            memcpy(weights + l->weights + at, part.weight_int, (size_t)part.oc * columns);
        else
            for (size_t i = 0; i < (size_t)part.oc * columns; i++)
                ((float *)(void *)(weights + l->weights))[at + i] =
                    weight_at(&part, i / columns, columns, i % columns);
        first += part.oc;
        model_layer_free(&part);
        table_rest(b->weights);
    }
    return OK;
}

/* The group's kernel turned round: (its inputs, kh, kw, its outputs); depthwise: (c, kh, kw). */
static void turn(const struct model_layer *layer, int depthwise, int group, int outputs, float *turned)
{
    size_t taps = (size_t)layer->kh * (size_t)layer->kw, ic = (size_t)layer->ic, each = taps * ic,
           rows = depthwise ? (size_t)layer->oc : ic;

    for (size_t i = 0; i < rows; i++)
        for (size_t t = 0; t < taps; t++)
            for (size_t o = 0; o < (size_t)outputs; o++) {
                size_t row = depthwise ? i : (size_t)group * (size_t)outputs + o;

                *turned++ = weight_at(layer, row, each, (taps - 1 - t) * ic + (depthwise ? 0 : i));
            }
}

static status pack_turned(const struct model_binding *b, const struct kernel_table *k,
                          const struct gradient_step *step, uint8_t *weights)
{
    const struct gradient_layer *l = &step->layer;
    int depthwise = l->form == GRADIENT_DEPTHWISE;
    struct model_layer layer;
    float *turned = NULL;
    status result = OK;

    TRY(model_layer_load(b, step->number, &layer));
    MEM_TRY_OUT(turned, (size_t)layer.oc * (size_t)layer.ic * (size_t)layer.kh * (size_t)layer.kw,
                sizeof *turned);
    for (int g = 0; g < l->groups; g++) {
        uint8_t *to = weights + l->weights + (size_t)g * l->each;

        turn(&layer, depthwise, g, depthwise ? 1 : l->turned.ic, turned);
        if (depthwise)
            k->depthwise_f32_pack(&l->turned, turned, NULL, to);
        else
            k->conv_f32_pack(&l->turned, turned, NULL, to);
    }
out:
    mem_free(turned);
    model_layer_free(&layer);
    table_rest(b->weights);
    return result;
}

/* What a product's constant stands for. */
static status pack_constant(const struct model_binding *b, const struct gradient_step *step, float *to)
{
    struct quant_params q;
    uint8_t *code;
    status result;

    MEM_TRY(code, (size_t)step->node.c, 1);
    result = model_constant_load(b, step->number, code, &q);
    for (int i = 0; result == OK && i < step->node.c; i++)
        to[i] = dequantize_value(code[i], q.scale, q.zero_point);
    mem_free(code);
    return result;
}

status layer_pack(const struct model_binding *b, const struct kernel_table *k,
                  const struct gradient_step *step, uint8_t *weights)
{
    struct model_affine affine;

    if (step->layer.form == GRADIENT_ROWS)
        return pack_rows(b, step, weights);
    if (step->layer.form != GRADIENT_AFFINE)
        return pack_turned(b, k, step, weights);
    if (step->node.op == OP_MUL)
        return pack_constant(b, step, (float *)(void *)(weights + step->layer.weights));
    TRY(model_affine_load(b, step->number, &affine));
    memcpy(weights + step->layer.weights, affine.scale, (size_t)affine.channels * sizeof *affine.scale);
    model_affine_free(&affine);
    return OK;
}
