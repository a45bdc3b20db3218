/* src/kernel/activation_f32.h: functions of one value in fp32 that the vector instruction sets write alike:
 * sigmoid, silu, gelu, batch normalisation alone and layer normalisation. Included by one file an instruction
 * set, after its vector_f32.h. Private to the room.
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

static inline vector gelu(vector x)
{
    static const float term[SCALAR_GELU_DEGREE] = SCALAR_GELU_TERMS;
    const vector zero = vector_set1(0.0f);
    vector minus = vector_max(vector_set1(-SCALAR_GELU_MOST),
                              vector_sub(zero, vector_max(x, vector_sub(zero, x)))),
           z = vector_mul(minus, vector_set1(SCALAR_GELU_ROOT)),
           t = vector_div(vector_set1(1.0f), vector_fma(z, vector_set1(-0.5f), vector_set1(1.0f))),
           p = vector_set1(term[0]);

#pragma GCC unroll 10
    for (int i = 1; i < SCALAR_GELU_DEGREE; i++)
        p = vector_fma(p, t, vector_set1(term[i]));
    p = exp_of(vector_fma(z, vector_sub(zero, z), p));
    p = vector_mul(vector_mul(vector_set1(0.5f), t), p);
    return vector_fma(minus, p, vector_max(x, zero));
}

static inline vector gelu_tanh(vector x)
{
    vector u = vector_mul(x, vector_fma(vector_mul(x, x), vector_set1(SCALAR_GELU_CUBE), vector_set1(1.0f)));

    return share(x, vector_mul(u, vector_set1(SCALAR_GELU_TWICE)));
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
    t->silu_f32 = silu_f32;
    t->gelu_f32 = gelu_f32;
    t->gelu_tanh_f32 = gelu_tanh_f32;
    t->layernorm_f32 = layernorm_f32;
    t->affine_f32 = affine_f32;
}

#endif
