/* tests/kernel/requant_test.h: requantization parameters at random, and numerics 2.2 and 2.3 and
 * saliency-and-training 2.9 written out once more. */
#ifndef REQUANT_TEST_H
#define REQUANT_TEST_H

#include "kernel_test.h"

struct requant_case {
    struct kernel_requant requant;
    float *multiplier, *bias_real;
    int32_t *bias_int, *fixed, *shift, *zero_point;
};

/* Mostly multipliers that spread the sums over the codes, some far too small or too large. */
static inline struct requant_case requant_case(const struct kernel_conv *s)
{
    struct requant_case q = { 0 };
    int k = s->kh * s->kw * (s->ic == s->oc ? 1 + s->ic / 2 : s->ic);
    float scale = 1.0f / (60.0f * sqrtf((float)k)) *
                  (test_between(0, 7)   ? 1
                   : test_between(0, 1) ? 1e6f
                                        : 1e-3f);

    q.multiplier = test_memory((size_t)s->oc * sizeof *q.multiplier);
    q.bias_real = test_memory((size_t)s->oc * sizeof *q.bias_real);
    q.bias_int = test_memory((size_t)s->oc * sizeof *q.bias_int);
    for (int c = 0; c < s->oc; c++) {
        q.multiplier[c] = scale * (1.5f + test_real());
        q.bias_real[c] = test_real() * 3000;
        q.bias_int[c] = test_between(-3000, 3000);
    }
    q.requant = (struct kernel_requant){ .mode = (enum kernel_requant_mode)test_between(0, 2),
                                         .multiplier = q.multiplier,
                                         .bias_real = q.bias_real,
                                         .inverse = 0.01f + fabsf(test_real()),
                                         .bias_int = q.bias_int,
                                         .zero_point_out = test_between(0, 255) };
    q.requant.low = test_between(0, 1) ? q.requant.zero_point_out : 0;
    q.requant.high = test_between(0, 2) ? 255 : test_between(q.requant.low, 255);
    return q;
}

/* The same for low-bit layers: codes that PACT makes, or with `real` what it makes them of. */
static inline struct requant_case requant_case_pact(const struct kernel_conv *s, int real)
{
    static const int most[] = { 3, 15, 255 };
    struct requant_case q = requant_case(s);

    q.requant.mode = real ? REQUANT_REAL : REQUANT_PACT;
    q.requant.zero_point_out = q.requant.low = 0;
    q.requant.high = most[test_between(0, 2)];
    q.requant.odd = test_between(0, 1);
    for (int c = 0; c < s->oc; c++)
        q.bias_real[c] = test_real() * (float)q.requant.high;
    return q;
}

/* The same for layers of deployed files: whole biases, weights with zero points or without. */
static inline struct requant_case requant_case_deployed(const struct kernel_conv *s, int depthwise)
{
    static const enum kernel_requant_mode modes[] = { REQUANT_QNNPACK, REQUANT_TFLITE, REQUANT_SUM };
    struct requant_case q = requant_case(s);
    size_t bytes = (size_t)s->oc * sizeof(int32_t);

    q.requant.mode = modes[test_between(0, depthwise ? 1 : 2)];
    q.requant.nearest = q.requant.mode == REQUANT_QNNPACK && test_between(0, 1);
    q.fixed = test_memory(bytes);
    q.shift = test_memory(bytes);
    q.zero_point = test_memory(bytes);
    for (int c = 0; c < s->oc; c++) {
        int e;

        q.fixed[c] = (int32_t)(frexpf(fabsf(q.multiplier[c]) + 1e-30f, &e) * 2147483648.0f);
        q.shift[c] = test_between(0, 30) ? (e < -31 ? -31 : e) : test_between(-31, 31);
        q.zero_point[c] = test_between(0, 3) ? test_between(-128, 127) : test_between(0, 1) ? -128 : 127;
        if (q.requant.nearest && test_between(0, 3) == 0)
            q.multiplier[c] *= 1e8f;
    }
    q.requant.fixed = q.fixed;
    q.requant.shift = q.shift;
    if (q.requant.nearest || test_between(0, 2))
        q.requant.weight_zero_point = q.zero_point;
    return q;
}

static inline void requant_case_free(struct requant_case *q)
{
    free(q->fixed);
    free(q->shift);
    free(q->zero_point);
    free(q->multiplier);
    free(q->bias_real);
    free(q->bias_int);
}

/* Rounded to the nearest, ties away from zero, of 2^shift. */
static inline int64_t requant_away(int64_t v, int shift)
{
    int64_t half = shift > 0 ? (int64_t)1 << (shift - 1) : 0;

    return v < 0 ? -((-v + half) >> shift) : (v + half) >> shift;
}

static inline int requant_clamped(const struct kernel_requant *q, double r)
{
    r += q->zero_point_out;
    return (int)(r < q->low ? q->low : r > q->high ? q->high : r);
}

/* deployed-files 2.1 in 64 bits: the first product is rounded half up, the second half away from zero. */
static inline int requant_deployed(const struct kernel_requant *q, int c, int64_t sum)
{
    int32_t acc = (int32_t)sum + q->bias_int[c];
    int left = q->shift[c] > 0 ? q->shift[c] : 0;
    volatile float v = (float)acc;

    if (q->mode == REQUANT_SUM)
        return acc;
    if (q->mode == REQUANT_TFLITE) {
        int64_t moved = (int32_t)(uint32_t)((uint64_t)(int64_t)acc << left), first;

        first = (moved * q->fixed[c] + ((int64_t)1 << 30)) >> 31;
        return requant_clamped(q, (double)requant_away(first, left - q->shift[c]));
    }
    v = v * q->multiplier[c];
    if (!q->nearest && (v >= 2147483648.0f || v < -2147483648.0f))
        return q->low;
    return requant_clamped(q, rint(v));
}

static inline int requant_expected(const struct kernel_requant *q, int c, int32_t acc)
{
    volatile float v = (float)acc;
    double r;

    if (q->mode == REQUANT_PACT) {
        r = rint((double)fmaf(v, q->multiplier[c], q->bias_real[c]));
        return (int)(r < q->low ? q->low : r > q->high ? q->high : r);
    }
    if (q->mode == REQUANT_FBGEMM_CHANNEL)
        v = v + q->bias_real[c];
    else if (q->mode == REQUANT_FBGEMM_TENSOR)
        v = fmaf(q->bias_real[c], q->inverse, v);
    else
        v = (float)(acc + q->bias_int[c]);
    v = v * q->multiplier[c];
    r = rint(v);
    /* What 32 bits cannot hold comes out of cvtps2dq as the smallest number. */
    r = r >= 2147483648.0 || r < -2147483648.0 ? q->low : r + q->zero_point_out;
    return (int)(r < q->low ? q->low : r > q->high ? q->high : r);
}

#endif
