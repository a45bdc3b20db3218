/* Scale and shift of channels: batch normalisation, and constants that are added to real numbers or multiply
 * them. */
#include "onnx_translate.h"

#include <math.h>

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
