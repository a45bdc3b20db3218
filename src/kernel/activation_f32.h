/* src/kernel/activation_f32.h: functions of one value in fp32 that the vector instruction sets write alike:
 * sigmoid, silu, and batch normalisation alone. Included by one file an instruction set, after its
 * vector_f32.h. Private to the room.
 */
#ifndef KERNEL_ACTIVATION_F32_H
#define KERNEL_ACTIVATION_F32_H

#include "isa.h"
#include "scalar.h"

/* scalar_exp. */
static inline vector exp_of(vector x)
{
    static const float term[SCALAR_EXP_DEGREE] = SCALAR_EXP_TERMS;
    vector biased, n, r, sum = vector_set1(term[0]);

    x = vector_clamp(x, vector_set1(SCALAR_EXP_LEAST), vector_set1(SCALAR_EXP_MOST));
    biased = vector_fma(x, vector_set1(SCALAR_EXP_INVERSE), vector_set1(SCALAR_EXP_MAGIC));
    n = vector_sub(biased, vector_set1(SCALAR_EXP_MAGIC));
    r = vector_fma(n, vector_set1(-SCALAR_EXP_HIGH), x);
    r = vector_fma(n, vector_set1(-SCALAR_EXP_LOW), r);
#pragma GCC unroll 6
    for (int i = 1; i < SCALAR_EXP_DEGREE; i++)
        sum = vector_fma(sum, r, vector_set1(term[i]));
    sum = vector_add(vector_fma(sum, vector_mul(r, r), r), vector_set1(1.0f));
    return vector_mul(sum, vector_power(biased, SCALAR_EXP_ONE));
}

/* above / (1 + e^-x) */
static inline vector share(vector above, vector x)
{
    vector e = exp_of(vector_sub(vector_set1(0.0f), x));

    return vector_div(above, vector_add(vector_set1(1.0f), e));
}

static inline vector sigmoid(vector x)
{
    return share(vector_set1(1.0f), x);
}

static inline vector silu(vector x)
{
    return share(x, x);
}

/* A map without gaps is one long pixel. */
static inline __attribute__((always_inline)) void each(const float *in, int in_pitch, float *out,
                                                       int out_pitch, int pixels, int channels,
                                                       vector (*function)(vector))
{
    size_t n = (size_t)channels;

    if (in_pitch == channels && out_pitch == channels) {
        n *= (size_t)pixels;
        pixels = pixels > 0;
    }
    for (int p = 0; p < pixels; p++, in += in_pitch, out += out_pitch) {
        size_t c = 0;

        for (; c + VECTOR <= n; c += VECTOR)
            vector_store(out + c, VECTOR, function(vector_loadu(in + c)));
        if (c < n)
            vector_store(out + c, (int)(n - c), function(vector_loadu(in + c)));
    }
}

static void sigmoid_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels)
{
    each(in, in_pitch, out, out_pitch, pixels, channels, sigmoid);
}

static void silu_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels)
{
    each(in, in_pitch, out, out_pitch, pixels, channels, silu);
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
    t->silu_f32 = silu_f32;
    t->affine_f32 = affine_f32;
}

#endif
