/* Scale and shift of channels: batch normalisation, and constants that are added to real numbers or multiply
 * them. */
#include "onnx_translate.h"

#include <math.h>

status onnx_spread(const struct onnx_translation *t, const struct tensor *c, const struct onnx_place *p,
                   int rank, float *out)
{
    int channels = onnx_shape_of(t, p->node).c, axis = p->order == ONNX_LAST ? rank - 1 : 1;
    int64_t count = tensor_count(c);
    int own = axis - (rank - c->rank); /* the channels' axis of the constant */

    if (count != 1 && (count != channels || own < 0 || own >= c->rank || c->dim[own] != channels))
        return FAIL(ERR_FORMAT,
                    "its constant has %lld values, and one or one for each of %d channels are translated",
                    (long long)count, channels);
    for (int i = 0; i < channels; i++)
        out[i] = (float)tensor_at(c, count == 1 ? 0 : i);
    return OK;
}

/* eps and a variance of 1 - eps, whose sum is 1 in every precision. */
static const float small_eps = 0x1p-10f;

/* NULL: scales of 1, shifts of 0. */
static status add_affine(struct onnx_translation *t, const struct onnx_node *n, const float *scale,
                         const float *shift, int *node)
{
    static const char *const suffixes[] = { ".weight", ".bias", ".running_mean", ".running_var" };
    struct sketch_shape shape = onnx_shape_of(t, *node);
    char name[MODEL_NAME], wanted[ONNX_MAX_NAME + 1];

    sketch_name(t->d, onnx_wanted(t, n->output[0], wanted), name);
    TRY(onnx_add(t, "batchnorm", n->output[0], node, 1, shape, NULL, node, "weight %s eps %.10g", name,
                 small_eps));
    for (int i = 0; i < 4; i++) {
        struct tensor v = { 0 };
        status result;

        TRY(tensor_alloc(&v, DTYPE_F32, 1, (int64_t[]){ shape.c }));
        for (int c = 0; c < shape.c; c++)
            ((float *)v.data)[c] = i == 0   ? (scale ? scale[c] : 1)
                                   : i == 1 ? (shift ? shift[c] : 0)
                                   : i == 2 ? 0
                                            : 1 - small_eps;
        result = sketch_tensor(t->d, name, suffixes[i], &v);
        tensor_free(&v);
        TRY(result);
    }
    return OK;
}

/* The runtime rounds the product before it adds, a batchnorm does not: where the bits become codes, two of
 * them do. */
status onnx_affine(struct onnx_translation *t, const struct onnx_node *n, int input, enum onnx_order order,
                   const float *scale, const float *shift)
{
    int node = input, channels = onnx_shape_of(t, input).c, apart = 0;

    for (int c = 0; c < channels && t->coded; c++)
        apart |= scale[c] != 1 && shift[c] != 0;
    if (apart)
        TRY(add_affine(t, n, scale, NULL, &node));
    TRY(add_affine(t, n, apart ? NULL : scale, shift, &node));
    TRY(sketch_origin(t->d, node, onnx_name(&t->x, n->output[0])));
    onnx_put_real(t, n->output[0], node, order);
    return OK;
}

/* clip(alpha x + beta, 0, 1), of other constants than the op of its own has, in real numbers. */
status onnx_hard_line(struct onnx_translation *t, const struct onnx_node *n, float alpha, float beta)
{
    struct onnx_place *p;
    int node, channels;
    float *scale;
    status result;

    TRY(onnx_get_real(t, n, 0, &node));
    TRY(onnx_get(t, n, 0, &p));
    channels = onnx_shape_of(t, node).c;
    MEM_TRY(scale, (size_t)channels * 2, sizeof *scale);
    for (int c = 0; c < channels; c++) {
        scale[c] = alpha;
        scale[channels + c] = beta;
    }
    result = add_affine(t, n, scale, scale + channels, &node);
    mem_free(scale);
    TRY(result);
    TRY(onnx_add(t, "clip", n->output[0], &node, 1, onnx_shape_of(t, node), NULL, &node, "low 0 high 1"));
    TRY(sketch_origin(t->d, node, onnx_name(&t->x, n->output[0])));
    onnx_put_real(t, n->output[0], node, p->order);
    return OK;
}

/* A slope a channel, of real numbers: relu(x) - slope relu(-x). */
status onnx_prelu(struct onnx_translation *t, const struct onnx_node *n)
{
    int node, part[2], channels;
    struct tensor real = { 0 };
    float *scale = NULL;
    struct onnx_place *p;
    struct onnx_weight w;
    status result = OK;

    TRY(onnx_get_real(t, n, 0, &node));
    TRY(onnx_get(t, n, 0, &p));
    TRY(onnx_weight(t, n, 1, 0, &w));
    if (!w.is)
        return FAIL(ERR_FORMAT, "its slopes are no constant");
    channels = onnx_shape_of(t, node).c;
    TRY_OUT(onnx_weight_real(t, &w, &real));
    MEM_TRY_OUT(scale, (size_t)channels * 2, sizeof *scale);
    TRY_OUT(onnx_spread(t, &real, p, onnx_tensor(&t->x, n->input[0])->rank, scale));
    for (int c = 0; c < channels; c++) {
        scale[c] = -scale[c];
        scale[channels + c] = -1;
    }
    part[1] = node;
    TRY_OUT(onnx_add(t, "relu", n->output[0], &node, 1, onnx_shape_of(t, node), NULL, &part[0], "%s", ""));
    TRY_OUT(add_affine(t, n, scale + channels, NULL, &part[1]));
    TRY_OUT(onnx_add(t, "relu", n->output[0], &part[1], 1, onnx_shape_of(t, node), NULL, &part[1], "%s", ""));
    TRY_OUT(add_affine(t, n, scale, NULL, &part[1]));
    TRY_OUT(onnx_add(t, "add", n->output[0], part, 2, onnx_shape_of(t, node), NULL, &node, "%s", ""));
    TRY_OUT(sketch_origin(t->d, node, onnx_name(&t->x, n->output[0])));
    onnx_put_real(t, n->output[0], node, p->order);
out:
    tensor_free(&real);
    mem_free(scale);
    return result;
}

/* As the runtime has it: g = f32(1 / f32(sqrt(f32(var + eps)))) gamma, y = x g + f32(beta - f32(mean g)). */
status onnx_batchnorm(struct onnx_translation *t, const struct onnx_node *n)
{
    struct tensor is[4] = { { 0 } };
    float *scale = NULL, *shift, eps = onnx_real(n, "epsilon", 1e-5f);
    status result = OK;
    struct onnx_place *p;
    int node, channels;

    TRY(onnx_get_real(t, n, 0, &node));
    TRY(onnx_get(t, n, 0, &p));
    channels = onnx_shape_of(t, node).c;
    if (onnx_whole(n, "training_mode", 0) || (p->order != ONNX_MAP && p->order != ONNX_ROW) ||
        onnx_tensor(&t->x, n->input[0])->dim[1] != channels)
        return FAIL(ERR_FORMAT, "it is no batch normalisation of channels as trained");
    for (int i = 0; i < 4; i++) {
        struct onnx_weight w;

        TRY_OUT(onnx_weight(t, n, 1 + i, 0, &w));
        if (!w.is || tensor_count(w.is) != channels)
            TRY_OUT(
                FAIL(ERR_FORMAT, "its input %d is not one number for each of %d channels", 1 + i, channels));
        TRY_OUT(onnx_weight_real(t, &w, &is[i]));
    }
    MEM_TRY_OUT(scale, (size_t)channels * 2, sizeof *scale);
    shift = scale + channels;
    for (int c = 0; c < channels; c++) {
        scale[c] = 1 / sqrtf((float)tensor_at(&is[3], c) + eps) * (float)tensor_at(&is[0], c);
        shift[c] = (float)tensor_at(&is[1], c) - (float)tensor_at(&is[2], c) * scale[c];
    }
    result = onnx_affine(t, n, node, p->order, scale, shift);
out:
    for (int i = 0; i < 4; i++)
        tensor_free(&is[i]);
    mem_free(scale);
    return result;
}

/* ---- layer normalisation ---------------------------------------------------------------------------------
 */

/* Is this axis of the value its channels', and does the node look at no other? */
static int is_along(const struct onnx_translation *t, const struct onnx_node *n, const struct onnx_place *p)
{
    const struct onnx_attribute *alone = onnx_attribute(n, "along");
    int rank = onnx_tensor(&t->x, n->input[0])->rank, axis = (int)onnx_whole(n, "axis", -1);
    struct sketch_shape shape = onnx_shape_of(t, p->node);
    int channels = p->order == ONNX_MAP                                                        ? 1
                   : p->order == ONNX_LAST || p->order == ONNX_POINTS || p->order == ONNX_LINE ? rank - 1
                   : p->order == ONNX_ROW && shape.h * shape.w == 1                            ? rank - 1
                                                                                               : -1;

    axis += axis < 0 ? rank : 0;
    return alone ? alone->whole == channels : axis == channels && axis == rank - 1;
}

/* Input k for each channel, as the layer's; where it is not there, `otherwise`. */
static status take_each(struct onnx_translation *t, const struct onnx_node *n, int k, const char *layer,
                        const char *suffix, float otherwise)
{
    struct onnx_place *p = &t->at[n->input[0]];
    struct tensor real = { 0 }, each = { 0 };
    int channels = onnx_shape_of(t, p->node).c;
    struct onnx_weight w;
    status result = OK;

    TRY(onnx_weight(t, n, k, 0, &w));
    TRY(tensor_alloc(&each, DTYPE_F32, 1, (int64_t[]){ channels }));
    for (int c = 0; c < channels; c++)
        ((float *)each.data)[c] = otherwise;
    if (w.is)
        TRY_OUT(onnx_weight_real(t, &w, &real));
    if (w.is)
        TRY_OUT(onnx_spread(t, &real, p, onnx_tensor(&t->x, n->input[0])->rank, each.data));
    result = sketch_tensor(t->d, layer, suffix, &each);
out:
    tensor_free(&real);
    tensor_free(&each);
    return result;
}

status onnx_layernorm(struct onnx_translation *t, const struct onnx_node *n)
{
    char name[MODEL_NAME], wanted[ONNX_MAX_NAME + 1];
    struct onnx_place *p;
    int node;

    TRY(onnx_get_real(t, n, 0, &node));
    TRY(onnx_get(t, n, 0, &p));
    if (!is_along(t, n, p))
        return FAIL(ERR_FORMAT, "it normalises over other axes than the channels of each position");
    for (int i = 1; i < n->outputs; i++)
        if (n->output[i] >= 0 && t->x.of[n->output[i]].readers)
            return FAIL(ERR_FORMAT, "its mean or deviation is read, which is not translated");
    t->normed = 1;
    sketch_name(t->d, onnx_wanted(t, n->output[0], wanted), name);
    TRY(onnx_add(t, "layernorm", n->output[0], &node, 1, onnx_shape_of(t, node), NULL, &node,
                 "weight %s eps %.9g", name, (double)onnx_real(n, "epsilon", 1e-5f)));
    TRY(take_each(t, n, 1, sketch_node_name(t->d, node), ".weight", 1));
    TRY(take_each(t, n, 2, sketch_node_name(t->d, node), ".bias", 0));
    TRY(sketch_origin(t->d, node, onnx_name(&t->x, n->output[0])));
    onnx_put_real(t, n->output[0], node, p->order);
    return OK;
}
