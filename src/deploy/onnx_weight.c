/* Constants of layers in our layouts: real numbers, or codes of 8 bits with their scales. */
#include "onnx_translate.h"

#include <math.h>
#include <string.h>

status onnx_weight(const struct onnx_translation *t, const struct onnx_node *n, int k, int is_qlinear,
                   struct onnx_weight *out)
{
    const struct onnx *x = &t->x;
    int value = onnx_input(n, k), maker;
    int at = k; /* of the codes, in n */

    *out = (struct onnx_weight){ 0 };
    if (value < 0)
        return OK;
    maker = x->of[value].maker;
    if (!is_qlinear && !x->of[value].constant && maker >= 0 && onnx_is(&x->node[maker], "DequantizeLinear")) {
        n = &x->node[maker];
        at = 0;
        is_qlinear = 1;
        out->axis = (int)onnx_whole(n, "axis", 1);
    }
    out->value = onnx_input(n, at);
    out->is = onnx_constant(x, n, at);
    if (!out->is)
        return FAIL(ERR_FORMAT, "its input %.200s is computed from the picture: it must be a constant here",
                    onnx_name(x, value));
    out->type = x->of[n->input[at]].type;
    if (is_qlinear) {
        out->scale = onnx_constant(x, n, at + 1);
        out->zero_point = onnx_constant(x, n, at + 2);
        if (!out->scale || !out->scale->data || (!out->zero_point && onnx_input(n, at + 2) >= 0))
            return FAIL(ERR_FORMAT, "the scale or zero point of %.200s is no constant", onnx_name(x, value));
        if (out->scale->rank > 1 ||
            (out->zero_point &&
             (tensor_count(out->zero_point) != tensor_count(out->scale) || !out->zero_point->data)))
            return FAIL(ERR_FORMAT, "%.200s has a scale for each block of codes, or not as many zero points",
                        onnx_name(x, value));
        if (out->axis < 0)
            out->axis += out->is->rank;
    }
    if (!out->is->data ||
        (out->scale ? onnx_is_real(out->type) : !onnx_is_real(out->type) && out->type != ONNX_S32))
        return FAIL(ERR_FORMAT, "the constant %.200s is of type %s, which is not translated here",
                    onnx_name(x, value), onnx_type_name(out->type));
    return OK;
}

/* Scale and zero point of element i. */
static int64_t channel(const struct onnx_weight *w, int64_t i)
{
    for (int d = w->is->rank - 1; d > w->axis; d--)
        i /= w->is->dim[d];
    return tensor_count(w->scale) == 1 ? 0 : i % w->is->dim[w->axis];
}

static status check_axis(const struct onnx_weight *w)
{
    int64_t scales = tensor_count(w->scale);

    if (scales == 1 || (w->axis >= 0 && w->axis < w->is->rank && w->is->dim[w->axis] == scales))
        return OK;
    return FAIL(ERR_FORMAT, "its constant has %lld scales, which do not lie along axis %d", (long long)scales,
                w->axis);
}

/* The constant itself: a view of the mapped file, which stays; the reader's own memory, which does not, is
 * handed over if nothing else reads it. */
static status take(struct onnx_translation *t, const struct onnx_weight *w, struct tensor *out)
{
    const uint8_t *mapped = t->d->weights.mapping, *data = w->is->data;
    struct tensor *own = &t->x.value.entry[w->value].tensor;

    *out = *w->is;
    out->owned = 0;
    if (mapped && data >= mapped && data < mapped + t->d->weights.mapping_size)
        return OK;
    if (own->owned && t->x.of[w->value].readers == 1) {
        own->owned = 0;
        out->owned = 1;
        return OK;
    }
    TRY(onnx_copied(&t->x, (uint64_t)tensor_count(w->is) * dtype_size(w->is->dtype)));
    TRY(tensor_alloc(out, w->is->dtype, w->is->rank, w->is->dim));
    tensor_copy_raw(w->is, out->data);
    return OK;
}

status onnx_weight_real(struct onnx_translation *t, const struct onnx_weight *w, struct tensor *out)
{
    float *real;

    if (!w->scale)
        return take(t, w, out);
    TRY(check_axis(w));
    TRY(onnx_copied(&t->x, (uint64_t)tensor_count(w->is) * sizeof *real));
    TRY(tensor_alloc(out, DTYPE_F32, w->is->rank, w->is->dim));
    real = out->data;
    for (int64_t i = 0; i < tensor_count(out); i++) {
        int64_t c = channel(w, i);

        real[i] = (float)(tensor_at(w->is, i) - (w->zero_point ? tensor_at(w->zero_point, c) : 0)) *
                  (float)tensor_at(w->scale, c);
    }
    return OK;
}

status onnx_weight_codes(struct onnx_translation *t, const struct onnx_weight *w, int channels,
                         struct tensor *out)
{
    int64_t count = tensor_count(w->is), scales = tensor_count(w->scale);
    int shift = w->is->dtype == DTYPE_U8 ? 128 : 0;
    int8_t *code;

    if (w->is->dtype != DTYPE_U8 && w->is->dtype != DTYPE_S8)
        return FAIL(ERR_FORMAT, "its weights are %s, and codes of 8 bits and 4 are translated",
                    onnx_type_name(w->type));
    TRY(check_axis(w));
    if (scales > 1 && w->axis != channels)
        return FAIL(ERR_FORMAT, "the scales of its weights lie along axis %d, and its outputs along %d",
                    w->axis, channels);
    t->few_bits += w->type == ONNX_U4 || w->type == ONNX_S4;
    TRY(onnx_copied(&t->x, (uint64_t)count));
    TRY(tensor_alloc(out, DTYPE_S8, w->is->rank, w->is->dim));
    TRY(tensor_copy_bytes(w->is, out->data));
    code = out->data;
    for (int64_t i = 0; i < count && shift; i++)
        code[i] = (int8_t)((uint8_t)code[i] - shift);
    TRY(sketch_quantize(out, scales > 1 ? (int)scales : 0));
    for (int64_t c = 0; c < scales; c++) {
        out->scale[c] = tensor_at(w->scale, c);
        out->zero_point[c] = (w->zero_point ? (int)tensor_at(w->zero_point, c) : 0) - shift;
        if (!(out->scale[c] > 0 && isfinite(out->scale[c])))
            return FAIL(ERR_FORMAT, "a scale of its weights is %g", out->scale[c]);
        if (out->zero_point[c] < -128 || out->zero_point[c] > 127)
            return FAIL(ERR_FORMAT, "a zero point of its weights is %lld",
                        (long long)out->zero_point[c] + shift);
    }
    return OK;
}

/* Takes to's elements and codes in the place of w's. */
static void replace(struct tensor *w, struct tensor *to)
{
    to->quantization = w->quantization;
    to->axis = w->axis;
    to->channels = w->channels;
    to->scale = w->scale;
    to->zero_point = w->zero_point;
    w->scale = NULL;
    w->zero_point = NULL;
    tensor_free(w);
    *w = *to;
}

status onnx_weight_widen(struct tensor *w, int dilation_h, int dilation_w)
{
    struct tensor wide = { 0 };
    size_t size = dtype_size(w->dtype);
    int64_t kh = w->dim[2], kw = w->dim[3], high = (kh - 1) * dilation_h + 1,
            width = (kw - 1) * dilation_w + 1;
    uint8_t *from, *to;

    if (dilation_h == 1 && dilation_w == 1)
        return OK;
    if (high > 64 || width > 64)
        return FAIL(ERR_FORMAT, "its dilated kernel is %lld x %lld, and up to 64 x 64 are run",
                    (long long)high, (long long)width);
    TRY(tensor_alloc(&wide, w->dtype, 4, (int64_t[]){ w->dim[0], w->dim[1], high, width }));
    from = mem_alloc((size_t)tensor_count(w) + 1, size);
    if (!from) {
        tensor_free(&wide);
        return FAIL(ERR_MEMORY, "no memory for a widened kernel");
    }
    tensor_copy_raw(w, from);
    to = wide.data;
    for (int64_t i = 0; i < tensor_count(&wide) && w->quantization; i++) /* codes of 8 bits */
        to[i] = (uint8_t)w->zero_point[w->channels > 1 ? i / (w->dim[1] * high * width) : 0];
    for (int64_t i = 0; i < tensor_count(w); i++) {
        int64_t x = i % kw, y = i / kw % kh, plane = i / (kw * kh);

        memcpy(to + (size_t)((plane * high + y * dilation_h) * width + x * dilation_w) * size,
               from + (size_t)i * size, size);
    }
    mem_free(from);
    replace(w, &wide);
    return OK;
}

/* A matrix whose element (i, j) is at i * row + j * column. */
static void see_rows(struct tensor *w, int64_t rows, int64_t columns, int64_t row, int64_t column)
{
    w->dim[0] = rows;
    w->dim[1] = columns;
    w->stride[0] = row;
    w->stride[1] = column;
}

status onnx_weight_rows(struct tensor *w, int turned, int is_last, struct sketch_shape map)
{
    struct tensor seen, copy = { 0 };
    int64_t outputs, inputs;

    if (!turned)
        see_rows(w, w->dim[1], w->dim[0], w->stride[1], w->stride[0]);
    outputs = w->dim[0];
    inputs = w->dim[1];
    seen = *w;
    if (is_last) {
        seen.rank = 4;
        memcpy(seen.dim, (int64_t[4]){ outputs, map.c, map.h, map.w }, 4 * sizeof *seen.dim);
        memcpy(seen.stride,
               (int64_t[4]){ w->stride[0], w->stride[1], w->stride[1] * map.c * map.w, w->stride[1] * map.c },
               4 * sizeof *seen.stride);
    }
    if (tensor_is_contiguous(&seen))
        return OK;
    TRY(tensor_alloc(&copy, w->dtype, 2, (int64_t[]){ outputs, inputs }));
    tensor_copy_raw(&seen, copy.data);
    replace(w, &copy);
    return OK;
}
