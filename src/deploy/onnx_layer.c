/* Layers with weights: convolutions, products. */
#include "onnx_translate.h"

#include <string.h>

/* The layer's bias, or none: s32 codes of a layer of codes, else real numbers. `outputs` values; one value
 * and rows of them, as Gemm's C may be, become that. */
static status take_bias(struct onnx_translation *t, const struct onnx_weight *b, int coded, int outputs,
                        const char *layer)
{
    struct tensor bias = { 0 };
    int64_t count = b->is ? tensor_count(b->is) : 0;
    status result;

    if (!b->is)
        return OK;
    if (count != outputs && count != 1)
        return FAIL(ERR_FORMAT, "its bias has %lld values, and it has %d outputs", (long long)count, outputs);
    if (coded && b->is->dtype != DTYPE_S32)
        return FAIL(ERR_FORMAT, "its bias is %s, and layers of codes have one of int32",
                    onnx_type_name(b->type));
    TRY(tensor_alloc(&bias, coded ? DTYPE_S32 : DTYPE_F32, 1, (int64_t[]){ outputs }));
    if (coded) {
        for (int i = 0; i < outputs; i++)
            ((int32_t *)bias.data)[i] = (int32_t)tensor_at(b->is, count == 1 ? 0 : i);
        result = OK;
    } else {
        struct tensor real = { 0 };

        result = onnx_weight_real(t, b, &real);
        for (int i = 0; i < outputs && result == OK; i++)
            ((float *)bias.data)[i] = (float)tensor_at(&real, count == 1 ? 0 : i);
        tensor_free(&real);
    }
    if (result == OK)
        result = sketch_tensor(t->d, layer, ".bias", &bias);
    tensor_free(&bias);
    return result;
}

/* The layer's weights, which *is becomes: of codes without a sign in the file that is noted, since a
 * runtime's sums may depend on it. */
static status take_weight(struct onnx_translation *t, const struct onnx_weight *w, struct tensor *is,
                          const char *layer)
{
    int offset = is->quantization && w->type == ONNX_U8 ? -128 : 0;

    TRY(sketch_tensor(t->d, layer, ".weight", is));
    return sketch_whole(t->d, layer, ".weight_offset", offset);
}

/* ---- convolutions ---------------------------------------------------------------------------------------
 */

/* A batch normalisation that alone reads a convolution without a bias becomes part of its line. */
static status take_norm(struct onnx_translation *t, int node, const char *layer)
{
    static const char *const suffixes[] = { ".weight", ".bias", ".running_mean", ".running_var" };
    const struct onnx_node *n = &t->x.node[node];
    char prefix[MODEL_NAME];

    snprintf(prefix, sizeof prefix, "%.*s.bn", MODEL_NAME - 8, layer);
    for (int i = 0; i < 4; i++) {
        struct onnx_weight w;
        struct tensor real = { 0 };
        status result;

        TRY(onnx_weight(t, n, 1 + i, 0, &w));
        if (!w.is)
            return FAIL(ERR_FORMAT, "its batch normalisation lacks input %d", 1 + i);
        result = onnx_weight_real(t, &w, &real);
        if (result == OK)
            result = sketch_tensor(t->d, prefix, suffixes[i], &real);
        tensor_free(&real);
        TRY(result);
    }
    t->done[node] = 1;
    return OK;
}

static int find_norm(const struct onnx_translation *t, const struct onnx_node *n)
{
    int reader = onnx_input(n, 2) < 0 ? onnx_only_reader(t, n->output[0]) : -1;

    if (reader < 0 || !onnx_is(&t->x.node[reader], "BatchNormalization") ||
        t->x.node[reader].input[0] != n->output[0] || onnx_whole(&t->x.node[reader], "training_mode", 0))
        return -1;
    return reader;
}

/* The attributes of its line, but for bn. */
static status write_words(const struct onnx_translation *t, const struct onnx_node *n,
                          const struct onnx_place *p, const struct tensor *weight, int value,
                          char out[SKETCH_WORDS])
{
    const struct tensor *in = onnx_tensor(&t->x, n->input[0]);
    struct onnx_window w;
    struct sketch_window window;
    char words[SKETCH_WINDOW], name[MODEL_NAME], wanted[ONNX_MAX_NAME + 1];

    TRY(onnx_window(n, in, weight, &w));
    if (w.stride_h != w.stride_w)
        return FAIL(ERR_FORMAT, "its strides are %d and %d, and equal ones are run", w.stride_h, w.stride_w);
    window = (struct sketch_window){ .kh = (w.kh - 1) * w.dilation_h + 1,
                                     .kw = (w.kw - 1) * w.dilation_w + 1,
                                     .stride = w.stride_h,
                                     .top = w.top + p->top,
                                     .left = w.left + p->left,
                                     .bottom = w.bottom + p->bottom,
                                     .right = w.right + p->right };
    snprintf(out, SKETCH_WORDS, "out %d%s groups %d  weight %s", (int)weight->dim[0],
             sketch_window_words(&window, words), (int)onnx_whole(n, "group", 1),
             sketch_name(t->d, onnx_wanted(t, value, wanted), name));
    return OK;
}

/* Weights as (oc, ic / groups, kh, kw). */
static status load_kernel(struct onnx_translation *t, const struct onnx_node *n, const struct onnx_weight *w,
                          int coded, struct tensor *out)
{
    const struct onnx_attribute *d = onnx_attribute(n, "dilations");

    TRY(coded ? onnx_weight_codes(t, w, 0, out) : onnx_weight_real(t, w, out));
    return d && d->count == 2 ? onnx_weight_widen(out, (int)d->wholes[0], (int)d->wholes[1]) : OK;
}

static status check_conv(const struct onnx_translation *t, const struct onnx_node *n,
                         const struct onnx_weight *w)
{
    int64_t groups = onnx_whole(n, "group", 1), channels = onnx_tensor(&t->x, n->input[0])->dim[1];

    if (!w->is || w->is->rank != 4 || groups < 1 || groups > channels || w->is->dim[1] * groups != channels ||
        w->is->dim[0] % groups)
        return FAIL(ERR_FORMAT, "its weights do not fit its %lld channels in %lld groups",
                    (long long)channels, (long long)groups);
    return OK;
}

/* The kernel that goes along the channels as a matrix of these. */
static status load_line(struct onnx_translation *t, const struct onnx_weight *w, int channels, int before,
                        struct tensor *out)
{
    struct tensor kernel = { 0 };
    status result;

    TRY(onnx_copied(&t->x, (uint64_t)channels * (uint64_t)channels * sizeof(float)));
    TRY(tensor_alloc(out, DTYPE_F32, 4, (int64_t[]){ channels, channels, 1, 1 }));
    result = onnx_weight_real(t, w, &kernel);
    for (int64_t o = 0; result == OK && o < channels; o++)
        for (int64_t k = 0; k < kernel.dim[2]; k++)
            if (o + k - before >= 0 && o + k - before < channels)
                ((float *)out->data)[o * channels + o + k - before] = (float)tensor_at(&kernel, k);
    tensor_free(&kernel);
    return result;
}

/* A convolution along the channels of one position, as ECA has it: real numbers. */
static status add_line(struct onnx_translation *t, const struct onnx_node *n)
{
    const char *name;
    char words[MODEL_NAME], wanted[ONNX_MAX_NAME + 1];
    struct tensor matrix = { 0 };
    struct onnx_weight w, b;
    struct onnx_place *p;
    int node, before, length, channels;
    status result;

    TRY(onnx_get(t, n, 0, &p));
    if (p->order != ONNX_LINE || p->form != ONNX_REAL)
        return FAIL(ERR_FORMAT, "it is no convolution of maps, nor one of real numbers along channels");
    TRY(onnx_get_real(t, n, 0, &node));
    TRY(onnx_weight(t, n, 1, 0, &w));
    TRY(onnx_weight(t, n, 2, 0, &b));
    channels = onnx_shape_of(t, node).c;
    if (!w.is)
        return FAIL(ERR_FORMAT, "its weights are missing");
    TRY(onnx_line(n, onnx_tensor(&t->x, n->input[0]), w.is, &before, &length));
    if (length != channels)
        return FAIL(ERR_FORMAT, "it makes %d channels of %d, and as many are translated", length, channels);
    TRY(onnx_add(t, "conv", n->output[0], &node, 1, (struct sketch_shape){ channels, 1, 1 }, NULL, &node,
                 "out %d kernel 1 stride 1 pad 0 groups 1  weight %s", channels,
                 sketch_name(t->d, onnx_wanted(t, n->output[0], wanted), words)));
    name = sketch_node_name(t->d, node);
    TRY(sketch_origin(t->d, node, onnx_name(&t->x, n->output[0])));
    onnx_put_real(t, n->output[0], node, ONNX_LINE);
    result = load_line(t, &w, channels, before, &matrix);
    if (result == OK)
        result = sketch_tensor(t->d, name, ".weight", &matrix);
    tensor_free(&matrix);
    return result == OK ? take_bias(t, &b, 0, channels, name) : result;
}

status onnx_conv(struct onnx_translation *t, const struct onnx_node *n)
{
    int is_qlinear = onnx_is(n, "QLinearConv"), coded, is, node, norm = -1;
    const struct tensor *out = onnx_tensor(&t->x, n->output[0]);
    struct sketch_shape shape = { (int)out->dim[1], (int)out->dim[2], (int)out->dim[3] };
    struct onnx_place *p, was;
    struct onnx_weight w, b;
    struct onnx_goal g;
    struct tensor kernel = { 0 };
    char words[SKETCH_WORDS];
    status result = OK;

    if (out->rank == 3)
        return add_line(t, n);
    TRY(onnx_get(t, n, 0, &p));
    TRY(onnx_need_map(p));
    was = *p;
    p->top = p->left = p->bottom = p->right = 0; /* they become its own */
    TRY(onnx_weight(t, n, is_qlinear ? 3 : 1, is_qlinear, &w));
    TRY(onnx_weight(t, n, is_qlinear ? 8 : 2, 0, &b));
    TRY(check_conv(t, n, &w));
    TRY(onnx_goal(t, n, is_qlinear ? 6 : -1, &g, &coded));
    TRY(onnx_get_codes(t, n, 0, &node, &is));
    coded &= is && w.scale && (!b.is || b.is->dtype == DTYPE_S32);
    if (!coded) {
        TRY(onnx_get_real(t, n, 0, &node));
        norm = find_norm(t, n);
        g.then = NULL;
        g.value = norm >= 0 ? t->x.node[norm].output[0] : n->output[0];
    }
    p->top = was.top, p->left = was.left, p->bottom = was.bottom, p->right = was.right;
    TRY_OUT(load_kernel(t, n, &w, coded, &kernel));
    TRY_OUT(write_words(t, n, &was, w.is, g.then ? n->output[0] : g.value, words));
    if (coded) {
        TRY_OUT(onnx_add_codes(t, "conv", n, &g, &node, 1, shape, ONNX_MAP, &node, "%s", words));
    } else {
        char bn[MODEL_NAME + 64] = "", name[MODEL_NAME], wanted[ONNX_MAX_NAME + 1];

        if (norm >= 0)
            snprintf(bn, sizeof bn, "  bn %.*s.bn eps %.9g", MODEL_NAME - 8,
                     sketch_name(t->d, onnx_wanted(t, g.value, wanted), name),
                     onnx_real(&t->x.node[norm], "epsilon", 1e-5f));
        TRY_OUT(onnx_add(t, "conv", g.value, &node, 1, shape, NULL, &node, "%s%s", words, bn));
        TRY_OUT(sketch_origin(t->d, node, onnx_name(&t->x, g.value)));
        onnx_put_real(t, g.value, node, ONNX_MAP);
    }
    TRY_OUT(take_weight(t, &w, &kernel, sketch_node_name(t->d, node)));
    TRY_OUT(take_bias(t, &b, coded, (int)out->dim[1], sketch_node_name(t->d, node)));
    if (norm >= 0)
        TRY_OUT(take_norm(t, norm, sketch_node_name(t->d, node)));
out:
    tensor_free(&kernel);
    return result;
}

/* ---- products -------------------------------------------------------------------------------------------
 */

/* The constant row that an Add behind a MatMul adds, of real numbers: its bias. */
static status find_added(struct onnx_translation *t, const struct onnx_node *n, int outputs,
                         struct onnx_weight *bias, int *add)
{
    int reader = onnx_only_reader(t, n->output[0]);
    const struct onnx_node *next = reader >= 0 ? &t->x.node[reader] : NULL;

    *add = -1;
    if (!onnx_is(n, "MatMul") || !next || !onnx_is(next, "Add"))
        return OK;
    for (int k = 0; k < 2; k++) {
        const struct tensor *c = onnx_constant(&t->x, next, k);

        if (!c || tensor_count(c) != outputs || c->dim[c->rank - 1] != outputs)
            continue;
        *add = reader;
        return onnx_weight(t, next, k, 0, bias);
    }
    return OK;
}

static status check_product(const struct onnx_node *n, const struct onnx_place *p, struct sketch_shape shape,
                            const struct onnx_weight *w, int turned)
{
    int each = p->order == ONNX_LAST || p->order == ONNX_POINTS,
        rows = each || p->order == ONNX_ROW || p->order == ONNX_LAST_ROW;

    if (onnx_real(n, "alpha", 1) != 1 || onnx_real(n, "beta", 1) != 1)
        return FAIL(ERR_FORMAT, "its alpha or beta is not 1, which is not translated");
    if (!w->is || !rows || w->is->rank != 2 ||
        w->is->dim[turned ? 1 : 0] != (int64_t)shape.c * (each ? 1 : shape.h * shape.w))
        return FAIL(ERR_FORMAT,
                    "it is no product of all values of a map, or of each position's, and constant weights");
    return OK;
}

status onnx_product(struct onnx_translation *t, const struct onnx_node *n)
{
    int is_qlinear = n->op[0] == 'Q', is_gemm = strstr(n->op, "Gemm") != NULL;
    int turned = onnx_whole(n, "transB", 0) != 0, scale = is_gemm ? 7 : 6, coded, is, node, outputs, add = -1;
    struct onnx_place *p;
    struct onnx_weight w, b = { 0 };
    struct onnx_goal g;
    struct tensor rows = { 0 };
    struct sketch_shape map, shape;
    enum onnx_order order;
    char name[MODEL_NAME], wanted[ONNX_MAX_NAME + 1], words[SKETCH_WORDS];
    status result = OK;
    int each; /* position by itself */

    TRY(onnx_get(t, n, 0, &p));
    TRY(onnx_pad_out(t, n->input[0], p));
    map = onnx_shape_of(t, p->node);
    each = (p->order == ONNX_LAST || p->order == ONNX_POINTS) && map.h * map.w > 1;
    order = each ? p->order : ONNX_ROW;
    TRY(onnx_weight(t, n, is_qlinear ? 3 : 1, is_qlinear, &w));
    TRY(check_product(n, p, map, &w, turned));
    if (is_qlinear)
        w.axis = turned ? 0 : 1;
    outputs = (int)w.is->dim[turned ? 0 : 1];
    if (is_gemm)
        TRY(onnx_weight(t, n, is_qlinear ? 6 : 2, 0, &b));
    if (is_qlinear && onnx_input(n, scale) < 0) /* QGemm without a scale gives real numbers */
        scale = -1;
    TRY(onnx_goal(t, n, is_qlinear ? scale : -1, &g, &coded));
    TRY(onnx_get_codes(t, n, 0, &node, &is));
    is &= w.scale && (!b.is || b.is->dtype == DTYPE_S32);
    if (is_qlinear && scale < 0)
        coded = 0;
    if (!is) {
        coded = 0;
        TRY(onnx_get_real(t, n, 0, &node));
    }
    if (!coded) {
        g = (struct onnx_goal){ .value = n->output[0], .between = -1, .last = -1 };
        if (!is)
            TRY(find_added(t, n, outputs, &b, &add));
        if (add >= 0)
            g.value = t->x.node[add].output[0];
    }
    TRY_OUT(is ? onnx_weight_codes(t, &w, turned ? 0 : 1, &rows) : onnx_weight_real(t, &w, &rows));
    TRY_OUT(onnx_weight_rows(&rows, turned, p->order == ONNX_LAST_ROW, map));
    sketch_name(t->d, onnx_wanted(t, g.then ? n->output[0] : g.value, wanted), name);
    shape = (struct sketch_shape){ outputs, each ? map.h : 1, each ? map.w : 1 };
    snprintf(words, sizeof words, "out %d%s weight %s", outputs,
             each ? " kernel 1 stride 1 pad 0 groups 1" : "", name);
    if (coded) {
        TRY_OUT(
            onnx_add_codes(t, each ? "conv" : "linear", n, &g, &node, 1, shape, order, &node, "%s", words));
    } else {
        TRY_OUT(onnx_add(t, each ? "conv" : "linear", g.value, &node, 1, shape, NULL, &node, "%s", words));
        TRY_OUT(sketch_origin(t->d, node, onnx_name(&t->x, g.value)));
        onnx_put_real(t, g.value, node, order);
    }
    TRY_OUT(take_weight(t, &w, &rows, sketch_node_name(t->d, node)));
    TRY_OUT(take_bias(t, &b, is, outputs, sketch_node_name(t->d, node)));
    if (add >= 0)
        t->done[add] = 1;
out:
    tensor_free(&rows);
    return result;
}
