/* src/quant/weights.c: weights of few bits in training, by SAWB's and DoReFa's definitions: what a tensor's
 * scale is, what each weight becomes, and what its gradient is. */
#include "quant_train.h"

#include <math.h>

enum { SAWB_MOST_BITS = 8, DOREFA_MOST_BITS = 8 };

/* a_w = c1 sqrt(E[w^2]) + c2 E|w|; 0: the authors give none. */
struct constants {
    double c1, c2;
};
static const struct constants without_zero[SAWB_MOST_BITS + 1] = {
    [2] = { 3.12, -2.064 },  [3] = { 7.509, -6.892 }, [4] = { 12.68, -12.80 },
    [5] = { 17.74, -18.64 }, [8] = { 31.76, -35.04 },
};
static const struct constants zero_aligned[SAWB_MOST_BITS + 1] = {
    [2] = { 2.6, -1.71 },
    [4] = { 12.035, -12.03 },
    [7] = { 28.24, -30.81 },
    [8] = { 31.76, -35.04 },
};

static int is_dorefa(const struct quant_weights *q)
{
    return q->form == QUANT_DOREFA || q->form == QUANT_DOREFA_PLAIN;
}

static int is_sawb(const struct quant_weights *q)
{
    return q->form == QUANT_SAWB || q->form == QUANT_SAWB_ZERO;
}

static const struct constants *constants_of(const struct quant_weights *q)
{
    return q->form == QUANT_SAWB ? without_zero : zero_aligned;
}

static const char *form_name(const struct quant_weights *q)
{
    static const char *const names[] = { "sawb", "sawb-zero", "largest", "dorefa", "dorefa-plain" };

    return names[q->form];
}

status quant_weights_check(const struct quant_weights *q)
{
    BUG_IF(q->form < 0 || q->form >= QUANT_WEIGHTS_FORMS);
    if (q->bits < 2 || q->bits > SAWB_MOST_BITS)
        return FAIL(ERR_USAGE, "weights of %d bits: 2 to %d are possible", q->bits, SAWB_MOST_BITS);
    if (is_sawb(q) && constants_of(q)[q->bits].c1 == 0.0)
        return FAIL(ERR_USAGE, "weights of %d bits: %s is defined for %s bits", q->bits, form_name(q),
                    q->form == QUANT_SAWB ? "2, 3, 4, 5 and 8" : "2, 4, 7 and 8");
    if (q->slope == QUANT_SLOPE_CLIPPED && is_dorefa(q))
        return FAIL(ERR_USAGE, "a clipped gradient of weights is defined for sawb and largest, not for %s",
                    form_name(q));
    if (q->slope == QUANT_SLOPE_THROUGH && !is_dorefa(q))
        return FAIL(ERR_USAGE, "a gradient through the largest weight is defined for dorefa, not for %s",
                    form_name(q));
    return OK;
}

/* tanh to about 1e-15: by its series near 0, where the quotient would lose digits. */
static double tanh_of(double w)
{
    double a = fabs(w), square = a * a, e;

    if (a < 0.05) {
        static const double share[] = { 21844.0 / 6081075, -1382.0 / 155925, 62.0 / 2835, -17.0 / 315,
                                        2.0 / 15,          -1.0 / 3,         1.0 };
        double sum = 0.0;

        for (size_t i = 0; i < COUNT_OF(share); i++)
            sum = sum * square + share[i];
        return w * sum;
    }
    e = a > 20.0 ? 0.0 : math_exp(-2.0 * a);
    return w < 0 ? -(1.0 - e) / (1.0 + e) : (1.0 - e) / (1.0 + e);
}

static float tanh_f32(float w)
{
    return (float)tanh_of((double)w);
}

struct moments {
    double squares, sum;
    float largest;
};

static status moments_of(const float *w, int64_t count, struct moments *out)
{
    *out = (struct moments){ 0 };
    for (int64_t i = 0; i < count; i++) {
        float a = fabsf(w[i]);

        if (!isfinite(w[i]))
            return FAIL(ERR_NUMERIC, "weight %lld is %g, which is not finite", (long long)i, (double)w[i]);
        out->squares += (double)w[i] * (double)w[i];
        out->sum += (double)a;
        out->largest = a > out->largest ? a : out->largest;
    }
    return OK;
}

status quant_weights_measure(struct quant_weights *q, const float *w, int64_t count)
{
    struct moments m;

    TRY(quant_weights_check(q));
    TRY(moments_of(w, count, &m));
    q->steps = (1 << q->bits) - (q->form == QUANT_SAWB_ZERO || q->form == QUANT_LARGEST ? 2 : 1);
    q->scale = m.largest;
    if (is_sawb(q)) {
        const struct constants *c = &constants_of(q)[q->bits];
        float a = (float)(c->c1 * sqrt(m.squares / (double)count) + c->c2 * (m.sum / (double)count));

        q->scale = a > 0.0f ? a : m.largest;
    }
    if (q->form == QUANT_DOREFA_PLAIN)
        q->scale = m.largest > 0.0f ? 1.0f : 0.0f;
    q->tanh_m = tanh_f32(m.largest); /* tanh rises: the largest abs(w) has it */
    q->step = q->scale / (float)q->steps;
    return OK;
}

int quant_weights_code(const struct quant_weights *q, float w)
{
    float n = (float)q->steps, t;

    if (q->scale == 0.0f)
        return 0;
    if (is_dorefa(q))
        return (int)rintf((tanh_f32(w) / (2.0f * q->tanh_m) + 0.5f) * n);
    t = w / q->scale;
    t = t < -1.0f ? -1.0f : t;
    t = t > 1.0f ? 1.0f : t;
    return (int)rintf((t + 1.0f) / 2.0f * n);
}

float quant_weights_value(const struct quant_weights *q, float w)
{
    return (float)(2 * quant_weights_code(q, w) - q->steps) * q->step;
}

void quant_weights_apply(const struct quant_weights *q, const float *w, int64_t count, float *out)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = quant_weights_value(q, w[i]);
}

/* What the weight that makes m has besides. */
static double slope_of_m(const struct quant_weights *q, const float *w, const float *g, int64_t count,
                         int64_t *at)
{
    double m = (double)q->tanh_m, sum = 0.0;

    *at = -1;
    for (int64_t i = 0; i < count; i++) {
        double t = (double)tanh_f32(w[i]);

        sum += (double)g[i] * t;
        if (*at < 0 && fabs(t) == m)
            *at = i;
    }
    BUG_IF(*at < 0);
    return -(w[*at] < 0 ? -1.0 : 1.0) * (1.0 - m * m) / (m * m) * sum * (double)q->scale;
}

static void dorefa_backward(const struct quant_weights *q, const float *w, const float *g, int64_t count,
                            float *dw)
{
    double m = (double)q->tanh_m, besides = 0.0;
    int64_t at = -1;

    if (q->slope == QUANT_SLOPE_THROUGH)
        besides = slope_of_m(q, w, g, count, &at);
    for (int64_t i = 0; i < count; i++) {
        double t = (double)tanh_f32(w[i]);
        double d = (double)g[i] * (1.0 - t * t) / m * (double)q->scale;

        dw[i] = (float)(i == at ? d + besides : d);
    }
}

void quant_weights_backward(const struct quant_weights *q, const float *w, const float *g, int64_t count,
                            float *dw)
{
    if (is_dorefa(q) && q->scale > 0.0f) {
        dorefa_backward(q, w, g, count, dw);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        dw[i] = q->slope == QUANT_SLOPE_CLIPPED && !(fabsf(w[i]) <= q->scale) ? 0.0f : g[i];
}
