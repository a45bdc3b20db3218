/* tests/kernel/requant_test.h: requantization parameters at random, and numerics 2.2 and 2.3 and
 * saliency-and-training 2.9 written out once more. */
#ifndef REQUANT_TEST_H
#define REQUANT_TEST_H

#include "kernel_test.h"

struct requant_case {
    struct kernel_requant requant;
    float *multiplier, *bias_real;
    int32_t *bias_int;
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
    q.requant = (struct kernel_requant){ (enum kernel_requant_mode)test_between(0, 2),
                                         q.multiplier,
                                         q.bias_real,
                                         0.01f + fabsf(test_real()),
                                         q.bias_int,
                                         test_between(0, 255),
                                         0,
                                         255,
                                         0 };
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

static inline void requant_case_free(struct requant_case *q)
{
    free(q->multiplier);
    free(q->bias_real);
    free(q->bias_int);
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
