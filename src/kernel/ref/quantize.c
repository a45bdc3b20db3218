/* src/kernel/ref/quantize.c: real values to codes and back, the definition. */
#include "ref.h"

uint8_t kernel_code(float x, const struct kernel_quantize *q)
{
    float v = q->mode == QUANTIZE_ORT || q->mode == QUANTIZE_TFLITE ? x / q->factor : x * q->factor;
    int code;

    if (isnan(v))
        v = q->mode == QUANTIZE_TORCH ? INFINITY : -INFINITY;
    v = scalar_clamp(v, -SCALAR_NEAREST, SCALAR_NEAREST);
    code = (int)(q->mode == QUANTIZE_TFLITE ? roundf(v) : rintf(v)) + q->zero_point;
    return (uint8_t)scalar_min(scalar_max(code, q->low), q->high);
}

static void quantize_u8(const float *in, int in_pitch, uint8_t *out, int out_pitch, int pixels, int channels,
                        const struct kernel_quantize *q)
{
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        for (int c = 0; c < channels; c++)
            out[c] = kernel_code(in[c], q);
}

static void dequantize_u8(const uint8_t *in, int in_pitch, float *out, int out_pitch, int pixels,
                          int channels, float scale, int zero_point)
{
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        for (int c = 0; c < channels; c++)
            out[c] = scale * (float)(in[c] - zero_point);
}

void quantize_fill_ref(struct kernel_table *t)
{
    t->quantize_u8 = quantize_u8;
    t->dequantize_u8 = dequantize_u8;
}
