/* src/deploy/tflite_weight.c: constants of a TFLite file as our tensors: order, codes, scales, what dilation
 * puts between. */
#include "tflite.h"

#include <math.h>
#include <string.h>

static float widen_half(uint16_t half)
{
    const struct tensor t = { .dtype = DTYPE_F16, .data = &half };

    return (float)tensor_at(&t, 0);
}

/* Code number i as it is carried: s8. */
static int code_of(const struct tflite_tensor *t, int64_t i)
{
    int byte = t->data[t->type == TFLITE_I4 ? i / 2 : i];

    switch (t->type) {
    case TFLITE_U8:
        return byte - 128;
    case TFLITE_I4:
        byte = i % 2 ? byte >> 4 : byte & 15;
        return byte < 8 ? byte : byte - 16;
    default:
        return (int8_t)byte;
    }
}

static int channel_of(const struct tflite_tensor *t, int channel)
{
    return t->scale.count > 1 ? channel : 0;
}

static float real_of(const struct tflite_tensor *t, int64_t i, int channel)
{
    float value;
    uint16_t half;

    if (tflite_is_coded(t)) {
        int at = channel_of(t, channel);

        return flat_vector_real(&t->scale, at) * (float)(code_of(t, i) - tflite_zero(t, at, 1));
    }
    if (t->type == TFLITE_F16) {
        memcpy(&half, t->data + 2 * i, sizeof half);
        return widen_half(half);
    }
    memcpy(&value, t->data + 4 * i, sizeof value);
    return value;
}

/* Element (o, i, y, x) of the file's weight. */
static int64_t place(const struct tflite_weight *w, int o, int i, int y, int x)
{
    if (w->layout == TFLITE_HWO)
        return ((int64_t)y * w->w + x) * w->o + o;
    return (((int64_t)o * w->h + y) * w->w + x) * w->i + i;
}

static status set_codes(const struct tflite_tensor *t, const struct tflite_weight *w, struct tensor *out)
{
    TRY(sketch_quantize(out, t->scale.count > 1 ? w->o : 0));
    for (int c = 0; c < out->channels; c++) {
        out->scale[c] = (double)flat_vector_real(&t->scale, c);
        out->zero_point[c] = tflite_zero(t, c, 1);
    }
    return OK;
}

static status fill(const struct tflite_tensor *t, const struct tflite_weight *w, int kh, int kw,
                   struct tensor *out)
{
    for (int o = 0; o < w->o; o++)
        for (int i = 0; i < w->i; i++)
            for (int y = 0; y < w->h; y++)
                for (int x = 0; x < w->w; x++) {
                    int64_t from = place(w, o, i, y, x);
                    int64_t to = (((int64_t)o * w->i + i) * kh + y * w->dilation_h) * kw + x * w->dilation_w;

                    if (out->dtype == DTYPE_S8) {
                        ((int8_t *)out->data)[to] = (int8_t)code_of(t, from);
                        continue;
                    }
                    ((float *)out->data)[to] = real_of(t, from, o);
                    if (!isfinite(((float *)out->data)[to]))
                        return FAIL(ERR_FORMAT, "weight %lld is not finite", (long long)from);
                }
    return OK;
}

/* Between the taps of a dilated kernel lie codes that stand for 0. */
static void fill_between(const struct tensor *t)
{
    int64_t each = tensor_count(t) / t->dim[0];

    for (int64_t o = 0; o < t->dim[0]; o++)
        memset((int8_t *)t->data + o * each, (int)t->zero_point[t->channels > 1 ? o : 0], (size_t)each);
}

status tflite_load_weight(const struct tflite *f, const struct tflite_weight *w, struct tensor *out)
{
    const struct tflite_tensor *t = &f->tensor[w->tensor];
    int kh = (w->h - 1) * w->dilation_h + 1, kw = (w->w - 1) * w->dilation_w + 1;
    int64_t dim[4] = { w->o, w->i, kh, kw };
    int row = w->layout == TFLITE_OI, rank = row ? 2 : w->layout == TFLITE_VALUES ? 1 : 4;
    status result = OK;

    *out = (struct tensor){ 0 };
    if (row)
        dim[1] = (int64_t)w->i * kh * kw;
    TRY(tensor_alloc(out, w->real ? DTYPE_F32 : DTYPE_S8, rank, dim));
    if (!w->real) {
        TRY_OUT(set_codes(t, w, out));
        fill_between(out);
    }
    TRY_OUT(fill(t, w, kh, kw, out));
out:
    if (result != OK)
        tensor_free(out);
    return result;
}

status tflite_load_bias(const struct tflite *f, int tensor, int real, int count, struct tensor *out)
{
    const struct tflite_tensor *t = &f->tensor[tensor];
    status result = OK;

    *out = (struct tensor){ 0 };
    TRY(tensor_alloc(out, real ? DTYPE_F32 : DTYPE_S32, 1, (int64_t[]){ count }));
    for (int i = 0; i < count && result == OK; i++)
        if (!real)
            ((int32_t *)out->data)[i] = (int32_t)tflite_whole(t, i);
        else if (!isfinite(((float *)out->data)[i] = real_of(t, i, i)))
            result = FAIL(ERR_FORMAT, "bias %d is not finite", i);
    if (result != OK)
        tensor_free(out);
    return result;
}
