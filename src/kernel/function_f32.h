/* src/kernel/function_f32.h: functions of one value in fp32 that the vector instruction sets write alike, of
 * several vectors at a time. Included after an instruction set's vector_f32.h. Private to the room.
 */
#ifndef KERNEL_FUNCTION_F32_H
#define KERNEL_FUNCTION_F32_H

#include "scalar.h"

enum { TOGETHER = 4 }; /* vectors side by side: a chain of operations alone waits for each one's result */

#define INLINED static inline __attribute__((always_inline))
#define EACH    _Pragma("GCC unroll 4") for (int i = 0; i < n; i++)

/* Every function takes n vectors, at most TOGETHER, and writes over them. scalar_exp. */
INLINED void exp_of(vector *x, int n)
{
    static const float term[SCALAR_EXP_DEGREE] = SCALAR_EXP_TERMS;
    vector biased[TOGETHER], r[TOGETHER], sum[TOGETHER];

    EACH x[i] = vector_clamp(x[i], vector_set1(SCALAR_EXP_LEAST), vector_set1(SCALAR_EXP_MOST));
    EACH biased[i] = vector_fma(x[i], vector_set1(SCALAR_EXP_INVERSE), vector_set1(SCALAR_EXP_MAGIC));
    EACH sum[i] = vector_sub(biased[i], vector_set1(SCALAR_EXP_MAGIC));
    EACH r[i] = vector_fma(sum[i], vector_set1(-SCALAR_EXP_HIGH), x[i]);
    EACH r[i] = vector_fma(sum[i], vector_set1(-SCALAR_EXP_LOW), r[i]);
    EACH sum[i] = vector_set1(term[0]);
#pragma GCC unroll 6
    for (int k = 1; k < SCALAR_EXP_DEGREE; k++)
        EACH sum[i] = vector_fma(sum[i], r[i], vector_set1(term[k]));
    EACH sum[i] = vector_add(vector_fma(sum[i], vector_mul(r[i], r[i]), r[i]), vector_set1(1.0f));
    EACH x[i] = vector_mul(sum[i], vector_power(biased[i], SCALAR_EXP_ONE));
}

/* v / (1 + e^-x), of x = v or another one. */
INLINED void share(vector *v, const vector *x, int n)
{
    vector e[TOGETHER];

    EACH e[i] = vector_sub(vector_set1(0.0f), x[i]);
    exp_of(e, n);
    EACH v[i] = vector_div(v[i], vector_add(vector_set1(1.0f), e[i]));
}

INLINED void sigmoid(vector *x, int n)
{
    vector one[TOGETHER];

    EACH one[i] = vector_set1(1.0f);
    share(one, x, n);
    EACH x[i] = one[i];
}

/* x + 3, of 0 .. 6. */
static inline vector gate(vector x)
{
    return vector_clamp(vector_add(x, vector_set1(3.0f)), vector_set1(0.0f), vector_set1(6.0f));
}

INLINED void hardsigmoid(vector *x, int n)
{
    EACH x[i] = vector_div(gate(x[i]), vector_set1(6.0f));
}

INLINED void hardswish(vector *x, int n)
{
    EACH x[i] = vector_div(vector_mul(x[i], gate(x[i])), vector_set1(6.0f));
}

INLINED void silu(vector *x, int n)
{
    share(x, x, n);
}

INLINED void gelu(vector *x, int n)
{
    static const float term[SCALAR_GELU_DEGREE] = SCALAR_GELU_TERMS;
    const vector zero = vector_set1(0.0f), half = vector_set1(0.5f);
    vector minus[TOGETHER], t[TOGETHER], p[TOGETHER];

    EACH minus[i] = vector_max(vector_set1(-SCALAR_GELU_MOST),
                               vector_sub(zero, vector_max(x[i], vector_sub(zero, x[i]))));
    EACH t[i] = vector_mul(minus[i], vector_set1(SCALAR_GELU_ROOT));
    EACH t[i] = vector_div(vector_set1(1.0f), vector_fma(t[i], vector_set1(-0.5f), vector_set1(1.0f)));
    EACH p[i] = vector_set1(term[0]);
#pragma GCC unroll 10
    for (int k = 1; k < SCALAR_GELU_DEGREE; k++)
        EACH p[i] = vector_fma(p[i], t[i], vector_set1(term[k]));
    EACH
    {
        vector z = vector_mul(minus[i], vector_set1(SCALAR_GELU_ROOT));

        p[i] = vector_fma(z, vector_sub(zero, z), p[i]);
    }
    exp_of(p, n);
    EACH p[i] = vector_mul(vector_mul(half, t[i]), p[i]);
    EACH x[i] = vector_fma(minus[i], p[i], vector_max(x[i], zero));
}

INLINED void gelu_tanh(vector *x, int n)
{
    vector u[TOGETHER];

    EACH u[i] = vector_mul(
        x[i], vector_fma(vector_mul(x[i], x[i]), vector_set1(SCALAR_GELU_CUBE), vector_set1(1.0f)));
    EACH u[i] = vector_mul(u[i], vector_set1(SCALAR_GELU_TWICE));
    share(x, u, n);
}

/* The first `left` of n vectors' values. */
INLINED void apply(const float *in, float *out, int n, int left, void (*function)(vector *, int))
{
    vector v[TOGETHER];

    EACH v[i] = vector_loadu(in + i * VECTOR);
    function(v, n);
    EACH vector_store(out + i * VECTOR, left - i * VECTOR, v[i]);
}

/* A map without gaps is one long pixel. */
INLINED void each(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels,
                  void (*function)(vector *, int))
{
    enum { WIDE = TOGETHER * VECTOR };
    size_t n = (size_t)channels;

    if (in_pitch == channels && out_pitch == channels) {
        n *= (size_t)pixels;
        pixels = pixels > 0;
    }
    for (int p = 0; p < pixels; p++, in += in_pitch, out += out_pitch) {
        size_t c = 0;

        for (; c + WIDE <= n; c += WIDE)
            apply(in + c, out + c, TOGETHER, WIDE, function);
        for (; c + VECTOR <= n; c += VECTOR)
            apply(in + c, out + c, 1, VECTOR, function);
        if (c < n)
            apply(in + c, out + c, 1, (int)(n - c), function);
    }
}

#endif
