/* src/kernel/scalar.h: the definitions that every instruction set repeats in vectors, one value at a time.
 * `ref` is made of them and the others use them for tails. Private to the room. */
#ifndef KERNEL_SCALAR_H
#define KERNEL_SCALAR_H

#include <math.h>

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
    default:
        v = (float)(int32_t)((uint32_t)acc + (uint32_t)q->bias_int[c]);
        break;
    }
    return scalar_code(scalar_rne(v * q->multiplier[c]), q->zero_point_out, q->low, q->high);
}

/* numerics 2.6: one code of add. */
static inline uint8_t scalar_add_u8(const struct kernel_add_u8 *p, int qa, int qb)
{
    if (p->mode == ADD_FBGEMM) {
        float v = fmaf(p->scale_a, (float)qa, p->offset_a) + fmaf(p->scale_b, (float)qb, p->offset_b);

        if (p->relu && v < 0)
            v = 0;
        return scalar_code(scalar_rne(v * p->inverse_out), p->zero_point_out, 0, p->high);
    }
    int32_t v = (int32_t)((uint32_t)p->a_multiplier * (uint32_t)(qa - p->zero_point_a) +
                          (uint32_t)p->b_multiplier * (uint32_t)(qb - p->zero_point_b));
    int32_t mask = (int32_t)((1u << p->shift) - 1);

    return scalar_code((v >> p->shift) + ((v & mask) - (v < 0) > mask >> 1), p->zero_point_out, p->low,
                       p->high);
}

/* numerics 2.6: one code of mul. */
static inline uint8_t scalar_mul_u8(const struct kernel_mul_u8 *p, int qa, int qb)
{
    float v = (float)((qa - p->zero_point_a) * (qb - p->zero_point_b)) * p->multiplier;

    return scalar_code(scalar_rne(v), p->zero_point_out, p->low, p->high);
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
