/* Ops of each value by itself, and pools. */
#include "onnx_translate.h"

#include <math.h>
#include <string.h>

/* One value at a time: as codes, where the op's values become codes again, else in real numbers. scale: as
 * onnx_goal's. */
static status add_point(struct onnx_translation *t, const struct onnx_node *n, int scale, const char *op,
                        const char *words)
{
    struct onnx_place *p;
    struct onnx_goal g;
    int node, is, coded;

    TRY(onnx_get(t, n, 0, &p));
    TRY(onnx_goal(t, n, scale, &g, &is));
    TRY(onnx_get_codes(t, n, 0, &node, &coded));
    if (is && coded)
        return onnx_add_codes(t, op, n, &g, &node, 1, onnx_shape_of(t, node), p->order, &node, "%s", words);
    TRY(onnx_get_real(t, n, 0, &node));
    TRY(onnx_add(t, op, n->output[0], &node, 1, onnx_shape_of(t, node), NULL, &node, "%s", words));
    TRY(sketch_origin(t->d, node, onnx_name(&t->x, n->output[0])));
    onnx_put_real(t, n->output[0], node, p->order);
    t->at[n->output[0]].groups = p->groups;
    return OK;
}

/* As its input: what has no effect once a network is trained. */
status onnx_same(struct onnx_translation *t, const struct onnx_node *n)
{
    struct onnx_place *p;

    TRY(onnx_get(t, n, 0, &p));
    t->at[n->output[0]] = *p;
    return OK;
}

/* relu and what only limits codes: the same codes with an end, which are seen as real numbers as before. */
static status add_limit(struct onnx_translation *t, const struct onnx_node *n, const char *op,
                        const char *words, int codes_too)
{
    const struct onnx_quant inherited = { 0 };
    struct onnx_place *p;
    int node;

    TRY(onnx_get(t, n, 0, &p));
    if (p->form != ONNX_SEEN || !codes_too)
        return add_point(t, n, -1, op, words);
    TRY(onnx_pad_out(t, n->input[0], p));
    TRY(onnx_add(t, op, n->output[0], &p->node, 1, onnx_shape_of(t, p->node), &inherited, &node, "%s",
                 words));
    t->at[n->output[0]] = *p;
    t->at[n->output[0]].node = node;
    return OK;
}

status onnx_relu(struct onnx_translation *t, const struct onnx_node *n)
{
    return add_limit(t, n, "relu", "", 1);
}

status onnx_clip(struct onnx_translation *t, const struct onnx_node *n)
{
    static const double most = 3.4028234663852886e38;
    struct onnx_place *p;
    float low, high;
    char words[64];

    TRY(onnx_get(t, n, 0, &p));
    TRY(onnx_ends(t, n, &low, &high));
    if (p->form == ONNX_SEEN && p->q.scale * (float)(255 - p->q.zero_point) <= high) {
        if (low == 0)
            return onnx_relu(t, n);
        if (p->q.scale * (float)-p->q.zero_point >= low)
            return onnx_same(t, n);
    }
    if (low == 0 && high == 6)
        return add_limit(t, n, "relu6", "", 0);
    if (low == 0 && high > 3e38f)
        return onnx_relu(t, n);
    snprintf(words, sizeof words, "low %.9g high %.9g", isinf(low) ? -most : low, isinf(high) ? most : high);
    return add_limit(t, n, "clip", words, 0);
}

status onnx_tanh(struct onnx_translation *t, const struct onnx_node *n)
{
    return add_point(t, n, -1, "tanh", "");
}

/* The runtime computes it in real numbers, also between codes. */
status onnx_gelu(struct onnx_translation *t, const struct onnx_node *n)
{
    int approximate = onnx_is(n, "FastGelu") || strcmp(onnx_words(n, "approximate"), "tanh") == 0, node;
    struct onnx_place *p;

    if (onnx_input(n, 1) >= 0)
        return FAIL(ERR_FORMAT, "it has a bias, which is not translated");
    t->normed = 1;
    TRY(onnx_get_real(t, n, 0, &node));
    TRY(onnx_get(t, n, 0, &p));
    TRY(onnx_add(t, "gelu", n->output[0], &node, 1, onnx_shape_of(t, node), NULL, &node, "%s",
                 approximate ? "approximate 1" : ""));
    TRY(sketch_origin(t->d, node, onnx_name(&t->x, n->output[0])));
    onnx_put_real(t, n->output[0], node, p->order);
    return OK;
}

/* What onnx_compose left. */
status onnx_alone(struct onnx_translation *t, const struct onnx_node *n)
{
    (void)t;
    return FAIL(ERR_FORMAT,
                "it is part of no layer normalisation or gelu of real numbers, in which alone %s is "
                "translated: export "
                "the network with opset 20, which has these as one op, before it is quantized",
                n->op);
}

status onnx_leaky(struct onnx_translation *t, const struct onnx_node *n)
{
    char words[64];

    snprintf(words, sizeof words, "slope %.9g", onnx_real(n, "alpha", .01f));
    return add_point(t, n, onnx_is(n, "QLinearLeakyRelu") ? 3 : -1, "leakyrelu", words);
}

/* x sigmoid(x), of real numbers, is one op. */
static int find_silu(const struct onnx_translation *t, const struct onnx_node *n)
{
    int reader = onnx_only_reader(t, n->output[0]);
    const struct onnx_node *next = reader >= 0 ? &t->x.node[reader] : NULL;

    if (!next || !onnx_is(next, "Mul") || next->inputs != 2)
        return -1;
    return next->input[0] == n->input[0] || next->input[1] == n->input[0] ? reader : -1;
}

status onnx_sigmoid(struct onnx_translation *t, const struct onnx_node *n)
{
    int silu = onnx_is(n, "Sigmoid") ? find_silu(t, n) : -1;
    struct onnx_node whole = *n;

    if (silu < 0)
        return add_point(t, n, onnx_is(n, "QLinearSigmoid") ? 3 : -1, "sigmoid", "");
    t->done[silu] = 1;
    whole.output = t->x.node[silu].output;
    return add_point(t, &whole, -1, "silu", "");
}

status onnx_hard(struct onnx_translation *t, const struct onnx_node *n)
{
    if (onnx_is(n, "HardSwish"))
        return add_point(t, n, -1, "hardswish", "");
    if (fabsf(onnx_real(n, "alpha", .2f) - 1.f / 6) > 1e-6f || onnx_real(n, "beta", .5f) != .5f)
        return onnx_hard_line(t, n, onnx_real(n, "alpha", .2f), onnx_real(n, "beta", .5f));
    return add_point(t, n, -1, "hardsigmoid", "");
}

/* Rank and differences of logits are what they are before it, and it is left out. */
status onnx_softmax(struct onnx_translation *t, const struct onnx_node *n)
{
    struct onnx_place *p;
    struct sketch_shape shape;

    TRY(onnx_get(t, n, 0, &p));
    shape = onnx_shape_of(t, p->node);
    if (shape.h != 1 || shape.w != 1)
        return FAIL(ERR_FORMAT, "it is a softmax over a map, and one over classes at the end is left out");
    t->at[n->output[0]] = *p;
    t->at[n->output[0]].ended = 1;
    t->softmax = 1;
    return OK;
}

/* ---- pools -----------------------------------------------------------------------------------------------
 */

/* Averages: as codes where they become codes again, else of real numbers. scale: as onnx_goal's. */
static status add_average(struct onnx_translation *t, const struct onnx_node *n, int scale, const char *op,
                          struct sketch_shape shape, const char *words)
{
    struct onnx_goal g;
    int node, is, coded;

    TRY(onnx_goal(t, n, scale, &g, &is));
    TRY(onnx_get_codes(t, n, 0, &node, &coded));
    if (is && coded)
        return onnx_add_codes(t, op, n, &g, &node, 1, shape, ONNX_MAP, &node, "%s", words);
    TRY(onnx_get_real(t, n, 0, &node));
    TRY(onnx_add(t, op, n->output[0], &node, 1, shape, NULL, &node, "%s", words));
    TRY(sketch_origin(t->d, node, onnx_name(&t->x, n->output[0])));
    onnx_put_real(t, n->output[0], node, ONNX_MAP);
    return OK;
}

/* The largest: of codes as of real numbers. */
static status add_largest(struct onnx_translation *t, const struct onnx_node *n, struct onnx_place *p,
                          struct sketch_shape shape, const char *words)
{
    const struct onnx_quant inherited = { 0 };
    struct onnx_place place = *p;
    int value = n->output[0];

    for (int i = 1; i < n->outputs; i++)
        if (n->output[i] >= 0 && t->x.of[n->output[i]].readers)
            return FAIL(ERR_FORMAT, "its places (Indices) are read, which is not translated");
    TRY(onnx_add(t, "maxpool", value, &p->node, 1, shape, p->form == ONNX_REAL ? NULL : &inherited,
                 &place.node, "%s", words));
    if (p->form != ONNX_SEEN)
        TRY(sketch_origin(t->d, place.node, onnx_name(&t->x, value)));
    t->at[value] = place;
    return OK;
}

/* Does ceil_mode change the output? */
static int needs_ceil(const struct onnx_window *w, struct sketch_shape in)
{
    return w->ceil && ((in.h + w->top + w->bottom - w->kh) / w->stride_h + 1 != w->h ||
                       (in.w + w->left + w->right - w->kw) / w->stride_w + 1 != w->w);
}

status onnx_pool(struct onnx_translation *t, const struct onnx_node *n)
{
    const struct tensor *in = onnx_tensor(&t->x, n->input[0]);
    int is_qlinear = n->op[0] == 'Q', is_max = onnx_is(n, "MaxPool"), padded, whole;
    struct sketch_window window;
    struct onnx_window w;
    struct onnx_place *p;
    struct sketch_shape shape, map;
    char words[SKETCH_WINDOW + 32], *kernel;

    TRY(onnx_get(t, n, 0, &p));
    TRY(onnx_need_map(p));
    TRY(onnx_pad_out(t, n->input[0], p));
    TRY(onnx_window(n, in, NULL, &w));
    map = onnx_shape_of(t, p->node);
    shape = (struct sketch_shape){ map.c, w.h, w.w };
    padded = w.top || w.left || w.bottom || w.right;
    if (w.dilation_h != 1 || w.dilation_w != 1)
        return FAIL(ERR_FORMAT, "its window is dilated, which is not translated");
    if (w.stride_h != w.stride_w && w.h * w.w > 1)
        return FAIL(ERR_FORMAT, "its strides are %d and %d, and equal ones are run", w.stride_h, w.stride_w);
    whole = w.kh == map.h && w.kw == map.w && w.h * w.w == 1 && !padded;
    if (!is_max && whole && !is_qlinear && p->form == ONNX_REAL)
        return add_average(t, n, -1, "avgpool", shape, "");
    window = (struct sketch_window){ w.kh, w.kw, whole ? 1 : w.stride_h, w.top, w.left, w.bottom, w.right };
    kernel = sketch_window_words(&window, words);
    if (!padded && !is_max)
        *strstr(kernel, " pad") = '\0';
    if (padded && !is_max && onnx_whole(n, "count_include_pad", 0)) {
        if (w.ceil && needs_ceil(&w, map))
            return FAIL(ERR_FORMAT,
                        "it has ceil_mode and count_include_pad at once, which is not translated");
        strcat(kernel, " count 1");
    }
    if (needs_ceil(&w, map))
        strcat(kernel, " ceil 1");
    if (is_max)
        return add_largest(t, n, p, shape, kernel + 1);
    return add_average(t, n, is_qlinear ? 3 : -1, "avgpool2d", shape, kernel + 1);
}

status onnx_global(struct onnx_translation *t, const struct onnx_node *n)
{
    struct onnx_place *p;

    TRY(onnx_get(t, n, 0, &p));
    TRY(onnx_need_map(p));
    TRY(onnx_pad_out(t, n->input[0], p));
    return add_average(t, n, n->op[0] == 'Q' ? 3 : -1, "avgpool",
                       (struct sketch_shape){ onnx_shape_of(t, p->node).c, 1, 1 }, "");
}

/* The mean over all positions. */
status onnx_reduce(struct onnx_translation *t, const struct onnx_node *n)
{
    static const unsigned spatial[] = {
        [ONNX_MAP] = 12, [ONNX_LAST] = 6, [ONNX_SPREAD] = 4, [ONNX_TURNED] = 0
    };
    int rank = onnx_tensor(&t->x, n->input[0])->rank, node;
    struct onnx_place *p;
    struct onnx_list axes;
    unsigned over = 0;

    TRY(onnx_get_real(t, n, 0, &node));
    TRY(onnx_get(t, n, 0, &p));
    TRY(onnx_list(&t->x, n, 1, "axes", &axes));
    for (int i = 0; i < axes.count; i++) {
        int axis;

        TRY(onnx_axis(axes.at[i], rank, &axis));
        over |= 1u << axis;
    }
    if (!over || over != spatial[p->order])
        return FAIL(ERR_FORMAT,
                    "it is a mean over other axes than all rows and columns of a map, and no part of a "
                    "layer normalisation in real numbers");
    TRY(onnx_add(t, "mean", n->output[0], &node, 1, (struct sketch_shape){ onnx_shape_of(t, node).c, 1, 1 },
                 NULL, &node, "%s", ""));
    TRY(sketch_origin(t->d, node, onnx_name(&t->x, n->output[0])));
    onnx_put_real(t, n->output[0], node, onnx_whole(n, "keepdims", 1) ? p->order : ONNX_ROW);
    return OK;
}
