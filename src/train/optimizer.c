/* src/train/optimizer.c: one step of SGD, Adam, AdamW or Adadelta over all values, in f32, one rounding an
 * operation. Sources: torch 2.15's formulas (spec saliency-and-training 2.8). */
#include "train_parts.h"

#include <math.h>

/* base^n by squaring: the same bits everywhere. */
static double power(double base, uint64_t n)
{
    double result = 1.0;

    for (; n > 0; n >>= 1) {
        if (n & 1)
            result *= base;
        base *= base;
    }
    return result;
}

static void sgd(const struct optimizer *o, const struct optimizer_range *r)
{
    float lr = (float)o->lr, wd = (float)o->decay, momentum = (float)o->momentum;

    for (int64_t i = 0; i < r->count; i++) {
        float g = r->gradient[i] + wd * r->value[i];

        if (momentum != 0.0f) {
            r->first[i] = o->step == 0 ? g : momentum * r->first[i] + g;
            g = r->first[i];
        }
        r->value[i] -= lr * g;
    }
}

/* AdamW: the decay is of the values, not of the gradient. */
static void adam(const struct optimizer *o, const struct optimizer_range *r)
{
    int decoupled = o->kind == OPTIMIZER_ADAMW;
    float wd = decoupled ? 0.0f : (float)o->decay, kept = decoupled ? (float)(1.0 - o->lr * o->decay) : 1.0f;
    float rate = (float)(o->lr / (1.0 - power(0.9, o->step + 1)));
    float root = (float)sqrt(1.0 - power(0.999, o->step + 1));

    for (int64_t i = 0; i < r->count; i++) {
        float g = r->gradient[i] + wd * r->value[i];
        float m = 0.9f * r->first[i] + 0.1f * g, s = 0.999f * r->second[i] + 0.001f * (g * g);

        r->first[i] = m;
        r->second[i] = s;
        r->value[i] *= kept;
        r->value[i] -= rate * (m / (sqrtf(s) / root + 1e-8f));
    }
}

static void adadelta(const struct optimizer *o, const struct optimizer_range *r)
{
    float lr = (float)o->lr, wd = (float)o->decay;

    for (int64_t i = 0; i < r->count; i++) {
        float g = r->gradient[i] + wd * r->value[i], s = 0.9f * r->first[i] + 0.1f * (g * g);
        float d = sqrtf(r->second[i] + 1e-6f) / sqrtf(s + 1e-6f) * g;

        r->first[i] = s;
        r->second[i] = 0.9f * r->second[i] + 0.1f * (d * d);
        r->value[i] -= lr * d;
    }
}

int optimizer_vectors(enum optimizer_kind kind)
{
    return kind == OPTIMIZER_SGD ? 1 : 2;
}

void optimizer_step(const struct optimizer *o, const struct optimizer_range *r)
{
    switch (o->kind) {
    case OPTIMIZER_SGD:
        sgd(o, r);
        return;
    case OPTIMIZER_ADAM:
    case OPTIMIZER_ADAMW:
        adam(o, r);
        return;
    case OPTIMIZER_ADADELTA:
        adadelta(o, r);
        return;
    }
    BUG_IF(1);
}
