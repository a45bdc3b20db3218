/* tests/kernel/deployed_test.h: deployed-files 2.1, 2.4, 2.7 and 4.2 written out once more, from real scales
 * to one code, with wide numbers and one rounding a line. */
#ifndef DEPLOYED_TEST_H
#define DEPLOYED_TEST_H

#include <math.h>
#include <stdint.h>

/* Codes low .. high as the file stores them. */
struct deployed_q {
    float scale;
    int zero_point, low, high;
};

static inline int deployed_clamp(const struct deployed_q *q, double v)
{
    return v < q->low ? q->low : v > q->high ? q->high : (int)v;
}

/* QM: d = multiplier / 2^31 * 2^shift. */
static inline void deployed_qm(double d, int64_t *multiplier, int *shift)
{
    *multiplier = llround(frexp(d, shift) * 2147483648.0);
    if (*multiplier == INT64_C(1) << 31) {
        *multiplier /= 2;
        ++*shift;
    }
    if (*shift < -31)
        *multiplier = *shift = 0;
}

static inline int64_t deployed_wrap(int64_t v)
{
    return (int64_t)(int32_t)(uint32_t)(uint64_t)v;
}

/* MBQM: up from a half, then away from zero from a half. */
static inline int64_t deployed_mbqm(int64_t v, int64_t multiplier, int shift)
{
    int64_t first = deployed_wrap(v * (INT64_C(1) << (shift > 0 ? shift : 0)));
    long double second;

    first = (int64_t)floorl(((long double)(first * multiplier) + 1073741824.0L) / 2147483648.0L);
    second = (long double)first / (long double)(INT64_C(1) << (shift < 0 ? -shift : 0));
    return (int64_t)roundl(second);
}

/* sign: 1, or of a difference -1. */
static inline int deployed_add_tflite(struct deployed_q a, struct deployed_q b, struct deployed_q o, int qa,
                                      int qb, int sign)
{
    float twice = 2.0f * (a.scale > b.scale ? a.scale : b.scale), unit = 1048576.0f * o.scale;
    int64_t ma, mb, mo, va, vb;
    int ea, eb, eo;

    deployed_qm((double)a.scale / (double)twice, &ma, &ea);
    deployed_qm((double)b.scale / (double)twice, &mb, &eb);
    deployed_qm((double)twice / (double)unit, &mo, &eo);
    va = deployed_mbqm((int64_t)(qa - a.zero_point) * 1048576, ma, ea);
    vb = deployed_mbqm((int64_t)(qb - b.zero_point) * 1048576, mb, eb);
    return deployed_clamp(&o, (double)(deployed_mbqm(va + sign * vb, mo, eo) + o.zero_point));
}

static inline int deployed_add_xnnpack(struct deployed_q a, struct deployed_q b, struct deployed_q o, int qa,
                                       int qb, int sign)
{
    float ra = a.scale / o.scale, rb = b.scale / o.scale;
    int k = 20 - (int)floor(log2((double)(ra > rb ? ra : rb)));
    int64_t va = (int64_t)rint(ldexp((double)ra, k)), vb = (int64_t)rint(ldexp((double)rb, k)),
            sum = va * (qa - a.zero_point) + sign * vb * (qb - b.zero_point);

    return deployed_clamp(&o, floor(ldexp((double)sum, -k) + 0.5) + o.zero_point);
}

static inline int deployed_add_ort(struct deployed_q a, struct deployed_q b, struct deployed_q o, int qa,
                                   int qb)
{
    float ra = a.scale / o.scale, rb = b.scale / o.scale, zb = rb * (float)b.zero_point,
          zero = fmaf(ra, (float)a.zero_point, zb), from = (float)o.zero_point - zero;

    return deployed_clamp(&o, rint((double)fmaf((float)qa, ra, fmaf((float)qb, rb, from))));
}

static inline int deployed_mul_tflite(struct deployed_q a, struct deployed_q b, struct deployed_q o, int qa,
                                      int qb)
{
    volatile float scale = a.scale * b.scale;
    int64_t m;
    int e;

    scale = scale / o.scale;
    deployed_qm((double)scale, &m, &e);
    return deployed_clamp(
        &o, (double)(deployed_mbqm((int64_t)(qa - a.zero_point) * (qb - b.zero_point), m, e) + o.zero_point));
}

/* ort: the zero point is added before the rounding. */
static inline int deployed_mul_real(struct deployed_q a, struct deployed_q b, struct deployed_q o, int qa,
                                    int qb, int ort)
{
    volatile float scale = a.scale * b.scale, v = (float)((qa - a.zero_point) * (qb - b.zero_point));

    scale = scale / o.scale;
    v = v * scale;
    if (!ort)
        return deployed_clamp(&o, rint((double)v) + o.zero_point);
    v = v + (float)o.zero_point;
    return deployed_clamp(&o, rint((double)v));
}

#endif
