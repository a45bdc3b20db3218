/* src/kernel/activation_f32.h: activations in fp32, batch normalisation alone and layer normalisation.
 * Included by one file an instruction set, after its vector_f32.h. Private to the room.
 */
#ifndef KERNEL_ACTIVATION_F32_H
#define KERNEL_ACTIVATION_F32_H

#include "function_f32.h"
#include "isa.h"

static void sigmoid_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels)
{
    each(in, in_pitch, out, out_pitch, pixels, channels, sigmoid);
}

static void hardsigmoid_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels,
                            int channels)
{
    each(in, in_pitch, out, out_pitch, pixels, channels, hardsigmoid);
}

static void hardswish_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels)
{
    each(in, in_pitch, out, out_pitch, pixels, channels, hardswish);
}

static void silu_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels)
{
    each(in, in_pitch, out, out_pitch, pixels, channels, silu);
}

static void gelu_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels)
{
    each(in, in_pitch, out, out_pitch, pixels, channels, gelu);
}

static void gelu_tanh_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels)
{
    each(in, in_pitch, out, out_pitch, pixels, channels, gelu_tanh);
}

/* The sum of the values, or of the squares of what they differ from a number by. */
static inline __attribute__((always_inline)) float sum_of(const float *in, int channels, int squares,
                                                          float mean)
{
    enum { PARTS = SCALAR_LANES / VECTOR };
    vector part[PARTS], m = vector_set1(mean);
    float lane[SCALAR_LANES];
    int c = 0;

    for (int i = 0; i < PARTS; i++)
        part[i] = vector_set1(0.0f);
    for (; c + SCALAR_LANES <= channels; c += SCALAR_LANES)
        for (int i = 0; i < PARTS; i++) {
            vector v = vector_loadu(in + c + i * VECTOR), d = vector_sub(v, m);

            part[i] = squares ? vector_fma(d, d, part[i]) : vector_add(part[i], v);
        }
    for (int i = 0; i < PARTS; i++)
        vector_store(lane + i * VECTOR, VECTOR, part[i]);
    for (; c < channels; c++) {
        float d = in[c] - mean, *to = &lane[c % SCALAR_LANES];

        *to = squares ? fmaf(d, d, *to) : *to + in[c];
    }
    return scalar_lanes(lane);
}

static void layernorm_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels,
                          const float *scale, const float *shift, float eps)
{
    for (int p = 0; p < pixels; p++, in += in_pitch, out += out_pitch) {
        float mean = sum_of(in, channels, 0, 0.0f) / (float)channels,
              r = 1.0f / sqrtf(sum_of(in, channels, 1, mean) / (float)channels + eps);
        int c = 0;

        for (; c + VECTOR <= channels; c += VECTOR) {
            vector d = vector_mul(vector_sub(vector_loadu(in + c), vector_set1(mean)), vector_set1(r));

            vector_store(out + c, VECTOR, vector_fma(d, vector_loadu(scale + c), vector_loadu(shift + c)));
        }
        for (; c < channels; c++)
            out[c] = fmaf((in[c] - mean) * r, scale[c], shift[c]);
    }
}

static void affine_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels,
                       const float *scale, const float *shift, float low, float high)
{
    vector least = vector_set1(low), most = vector_set1(high);

    for (int p = 0; p < pixels; p++, in += in_pitch, out += out_pitch) {
        int c = 0;

        for (; c + VECTOR <= channels; c += VECTOR) {
            vector v = vector_fma(vector_loadu(in + c), vector_loadu(scale + c), vector_loadu(shift + c));

            vector_store(out + c, VECTOR, vector_clamp(v, least, most));
        }
        for (; c < channels; c++)
            out[c] = scalar_clamp(fmaf(in[c], scale[c], shift[c]), low, high);
    }
}

static void fill_activation_f32(struct kernel_table *t)
{
    t->sigmoid_f32 = sigmoid_f32;
    t->hardsigmoid_f32 = hardsigmoid_f32;
    t->hardswish_f32 = hardswish_f32;
    t->silu_f32 = silu_f32;
    t->gelu_f32 = gelu_f32;
    t->gelu_tanh_f32 = gelu_tanh_f32;
    t->layernorm_f32 = layernorm_f32;
    t->affine_f32 = affine_f32;
}

#endif
