/* src/kernel/scalar.h: the definitions that every instruction set repeats in vectors, one value at a time.
 * `ref` is made of them and the others use them for tails. Private to the room. */
#ifndef KERNEL_SCALAR_H
#define KERNEL_SCALAR_H

#include <math.h>
#include <string.h>

#include "kernel.h"

static inline int scalar_min(int a, int b) { return a < b ? a : b; }
static inline int scalar_max(int a, int b) { return a > b ? a : b; }

/* NaN passes, as _mm_min_ps(high, _mm_max_ps(low, v)) does. */
static inline float scalar_clamp(float v, float low, float high)
{
    v = v < low ? low : v;
    return v > high ? high : v;
}

/* Round to the nearest, ties to even; what s32 cannot hold becomes INT32_MIN, as cvtps2dq does. */
static inline int32_t scalar_rne(float v)
{
    return v >= -2147483648.0f && v < 2147483648.0f ? (int32_t)lrintf(v) : INT32_MIN;
}

/* clamp(sat16(sat16(r) + zero_point), low, high). For fbgemm's clamp(r + zero_point, low, high) this is the
 * same number. */
static inline uint8_t scalar_code(int32_t r, int zero_point, int low, int high)
{
    int q = scalar_min(scalar_max(r, -32768), 32767) + zero_point;

    return (uint8_t)scalar_min(scalar_max(q, low), high);
}

/* A whole number low..high; NaN becomes low. */
static inline uint8_t scalar_level(float v, int low, int high)
{
    return scalar_code(scalar_rne(scalar_clamp(v, (float)low, (float)high)), 0, low, high);
}

/* Bytes of a value that comes out. */
static inline size_t scalar_requant_bytes(const struct kernel_requant *q)
{
    return q->mode == REQUANT_REAL ? sizeof(float) : q->mode == REQUANT_SUM ? sizeof(int32_t) : 1;
}

static inline int scalar_bias_is_int(const struct kernel_requant *q)
{
    return q->mode == REQUANT_QNNPACK || q->mode == REQUANT_TFLITE || q->mode == REQUANT_SUM;
}

/* Whether a vector kernel does it apart from the others, so that these keep their registers. */
static inline int scalar_requant_is_rare(const struct kernel_requant *q)
{
    return q->odd || q->nearest || (q->mode > REQUANT_QNNPACK);
}

/* What a product may be at most before it is rounded to 32 bits, to count as the nearest number. */
#define SCALAR_NEAREST 1048576.0f /* beyond all codes */

static inline int32_t scalar_sum(const struct kernel_requant *q, int c, int32_t acc)
{
    return (int32_t)((uint32_t)acc + (uint32_t)q->bias_int[c]);
}

/* REQUANT_PACT's v, and REQUANT_REAL's. */
static inline float scalar_requant_real(const struct kernel_requant *q, int c, int32_t acc)
{
    return fmaf((float)acc, q->multiplier[c], q->bias_real[c]);
}

/* numerics 2.2 and 2.3: the sum of output channel c becomes its code. */
static inline uint8_t scalar_requant(const struct kernel_requant *q, int c, int32_t acc)
{
    float v;

    switch (q->mode) {
    case REQUANT_FBGEMM_CHANNEL:
        v = (float)acc + q->bias_real[c];
        break;
    case REQUANT_FBGEMM_TENSOR:
        v = fmaf(q->bias_real[c], q->inverse, (float)acc);
        break;
    case REQUANT_PACT:
        return scalar_level(scalar_requant_real(q, c, acc), q->low, q->high);
    case REQUANT_TFLITE:
        return scalar_code(kernel_fixed(scalar_sum(q, c, acc), q->fixed[c], q->shift[c]), q->zero_point_out,
                           q->low, q->high);
    default:
        v = (float)scalar_sum(q, c, acc);
        break;
    }
    if (q->nearest)
        return scalar_code(scalar_rne(scalar_clamp(v * q->multiplier[c], -SCALAR_NEAREST, SCALAR_NEAREST)),
                           q->zero_point_out, q->low, q->high);
    return scalar_code(scalar_rne(v * q->multiplier[c]), q->zero_point_out, q->low, q->high);
}

/* numerics 2.6, deployed-files 2.4, 2.7 and 4.2: what one code of add is before zero_point_out is added. */
static inline int32_t scalar_sum_u8(const struct kernel_add_u8 *p, int qa, int qb)
{
    int a = qa - p->zero_point_a, b = qb - p->zero_point_b;
    int32_t v, far, near;
    float sum;

    switch (p->mode) {
    case ADD_FBGEMM:
        sum = fmaf(p->scale_a, (float)qa, p->offset_a) + fmaf(p->scale_b, (float)qb, p->offset_b);
        return scalar_rne((p->relu && sum < 0 ? 0 : sum) * p->inverse_out);
    case ADD_ORT:
        return scalar_rne(fmaf((float)a, p->scale_a, fmaf((float)b, p->scale_b, p->offset_a)));
    case ADD_TFLITE:
    case ADD_TFLITE_LESS:
        far = kernel_fixed(a * (1 << 20), p->a_multiplier, p->a_shift);
        near = kernel_fixed(b * (1 << 20), p->b_multiplier, p->b_shift);
        return kernel_fixed(p->mode == ADD_TFLITE ? far + near : far - near, p->out_multiplier, p->shift);
    default:
        v = (int32_t)((uint32_t)p->a_multiplier * (uint32_t)a + (uint32_t)p->b_multiplier * (uint32_t)b);
        if (p->mode == ADD_XNNPACK)
            return (int32_t)((uint32_t)v + (1u << (p->shift - 1))) >> p->shift;
        return kernel_shift_away(v, p->shift);
    }
}

static inline uint8_t scalar_add_u8(const struct kernel_add_u8 *p, int qa, int qb)
{
    return scalar_code(scalar_sum_u8(p, qa, qb), p->zero_point_out, p->mode == ADD_FBGEMM ? 0 : p->low,
                       p->high);
}

/* numerics 2.6, deployed-files 2.4 and 4.2: one code of mul. */
static inline uint8_t scalar_mul_u8(const struct kernel_mul_u8 *p, int qa, int qb)
{
    int product = (qa - p->zero_point_a) * (qb - p->zero_point_b);
    float v = (float)product * p->multiplier;
    int32_t r = p->mode == MUL_TFLITE ? kernel_fixed(product, p->fixed, p->shift)
                                      : scalar_rne(p->mode == MUL_ORT ? v + p->added : v);

    return scalar_code(r, p->zero_point_out, p->low, p->high);
}

/* numerics 2.8: one code of a batch normalisation that stands alone. */
static inline uint8_t scalar_affine_u8(const struct kernel_affine_u8 *p, int c, int q)
{
    float v = fmaf(p->scale[c], (float)(q - p->zero_point_in), p->shift[c]);

    return scalar_code(scalar_rne(v), p->zero_point_out, p->low, p->high);
}

/* e^x = 2^n e^r with n = rne(x / ln 2), ln 2 in two parts, and e^r by Cephes' polynomial (expf): within 2
 * units of the last place for x in -87.3 .. 88.37. Below, e^-87.3; above, infinity. NaN passes. */
#define SCALAR_EXP_LEAST (-87.3f)
#define SCALAR_EXP_MOST 89.0f
#define SCALAR_EXP_INVERSE 1.44269504088896341f
#define SCALAR_EXP_MAGIC 12582912.0f /* 1.5 * 2^23: a sum with this has n in its low bits */
#define SCALAR_EXP_HIGH 0.693145751953125f
#define SCALAR_EXP_LOW 1.42860682030941723e-6f
#define SCALAR_EXP_TERMS                                                                                     \
    {                                                                                                        \
        1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f,            \
            5.0000001201e-1f                                                                                 \
    }
enum { SCALAR_EXP_DEGREE = 6, SCALAR_EXP_ONE = 0x3F800000 /* the bits of 1.0f */ };

static inline float scalar_exp(float x)
{
    static const float term[SCALAR_EXP_DEGREE] = SCALAR_EXP_TERMS;
    float biased, n, r, sum = term[0], power;
    uint32_t bits;

    x = scalar_clamp(x, SCALAR_EXP_LEAST, SCALAR_EXP_MOST);
    biased = fmaf(x, SCALAR_EXP_INVERSE, SCALAR_EXP_MAGIC);
    n = biased - SCALAR_EXP_MAGIC;
    r = fmaf(n, -SCALAR_EXP_HIGH, x);
    r = fmaf(n, -SCALAR_EXP_LOW, r);
    for (int i = 1; i < SCALAR_EXP_DEGREE; i++)
        sum = fmaf(sum, r, term[i]);
    sum = fmaf(sum, r * r, r) + 1.0f;
    memcpy(&bits, &biased, sizeof bits);
    bits = (bits << 23) + SCALAR_EXP_ONE;
    memcpy(&power, &bits, sizeof power);
    return sum * power;
}

/* x (1 - Q) above 0 and x Q below, Q = erfc(|x| / sqrt 2) / 2 by Chebyshev's fit (Numerical Recipes, erfcc:
 * within 1.2e-7 of Q), t = 1 / (1 + |x| / (2 sqrt 2)), Q = t e^p / 2. */
#define SCALAR_GELU_MOST 12.5f /* beyond it, as there: nothing */
#define SCALAR_GELU_ROOT 0.70710678118654752f
#define SCALAR_GELU_TERMS                                                                                    \
    {                                                                                                        \
        0.17087277f, -0.82215223f, 1.48851587f, -1.13520398f, 0.27886807f, -0.18628806f, 0.09678418f,        \
            0.37409196f, 1.00002368f, -1.26551223f                                                           \
    }
enum { SCALAR_GELU_DEGREE = 10 };

static inline float scalar_gelu(float x)
{
    static const float term[SCALAR_GELU_DEGREE] = SCALAR_GELU_TERMS;
    float size = scalar_clamp(fabsf(x), 0.0f, SCALAR_GELU_MOST), z = size * SCALAR_GELU_ROOT,
          t = 1.0f / fmaf(z, 0.5f, 1.0f), p = term[0];

    for (int i = 1; i < SCALAR_GELU_DEGREE; i++)
        p = fmaf(p, t, term[i]);
    p = 0.5f * t * scalar_exp(fmaf(0.0f - z, z, p));
    return fmaf(0.0f - size, p, x > 0.0f ? x : 0.0f);
}

/* x / (1 + e^-2u), u = sqrt(2 / pi) (x + 0.044715 x^3): x (1 + tanh u) / 2. */
#define SCALAR_GELU_TWICE 1.59576912160573071f
#define SCALAR_GELU_CUBE  0.044715f
static inline float scalar_gelu_tanh(float x)
{
    float u = x * fmaf(x * x, SCALAR_GELU_CUBE, 1.0f);

    return x / (1.0f + scalar_exp(0.0f - u * SCALAR_GELU_TWICE));
}

/* The sum of 16 lanes, halves first. */
enum { SCALAR_LANES = 16 };
static inline float scalar_lanes(float lane[SCALAR_LANES])
{
    for (int half = SCALAR_LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            lane[i] += lane[i + half];
    return lane[0];
}

static inline float scalar_round(float x, const struct kernel_round *q)
{
    const float far = 1048576.0f; /* beyond all codes */
    float v = x * q->inverse;
    int code;

    v = v < far ? v : far;
    v = v > -far ? v : -far;
    code = scalar_min(scalar_max((int)lrintf(v) + q->zero_point, q->low), q->high);
    return q->scale * (float)(code - q->zero_point);
}

/* ---- resampling ---------------------------------------------------------------------------------------- */

static inline uint8_t scalar_resample_clip(int32_t sum)
{
    sum >>= KERNEL_RESAMPLE_BITS;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

/* Output i of values that lie `step` bytes apart. */
static inline uint8_t scalar_resample_byte(const struct kernel_resample *a, int i, const uint8_t *in,
                                           size_t step)
{
    const int32_t *w = a->weight + (size_t)i * (size_t)a->longest;
    int32_t sum = 1 << (KERNEL_RESAMPLE_BITS - 1);

    in += step * (size_t)a->start[i];
    for (int t = 0; t < a->taps[i]; t++, in += step)
        sum += *in * w[t];
    return scalar_resample_clip(sum);
}

/* Pixel i of a line of RGB. */
static inline void scalar_resample_pixel(const struct kernel_resample *a, int i, const uint8_t *line,
                                         uint8_t *out)
{
    for (int c = 0; c < 3; c++)
        out[3 * i + c] = scalar_resample_byte(a, i, line + c, 3);
}

#endif
