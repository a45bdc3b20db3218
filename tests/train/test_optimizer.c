/* Seven steps of each optimizer by its formulas in double. (tests/oracles/compare_trained.py has torch's.)
 */
#include "check.h"
#include "train/train_parts.h"

#include <math.h>

enum { COUNT = 6, STEPS = 7 };

static double step_double(const struct optimizer *o, int t, double w, double g, double *a, double *b)
{
    double d;

    if (o->kind == OPTIMIZER_ADAMW)
        w *= 1 - o->lr * o->decay;
    else
        g += o->decay * w;
    switch (o->kind) {
    case OPTIMIZER_SGD:
        *a = t == 0 ? g : o->momentum * *a + g;
        return w - o->lr * *a;
    case OPTIMIZER_ADAM:
    case OPTIMIZER_ADAMW:
        *a = .9 * *a + .1 * g;
        *b = .999 * *b + .001 * g * g;
        return w - o->lr / (1 - pow(.9, t + 1)) * *a / (sqrt(*b) / sqrt(1 - pow(.999, t + 1)) + 1e-8);
    default:
        *a = .9 * *a + .1 * g * g;
        d = sqrt(*b + 1e-6) / sqrt(*a + 1e-6) * g;
        *b = .9 * *b + .1 * d * d;
        return w - o->lr * d;
    }
}

int main(void)
{
    struct random r = { .seed = 6 };

    for (int turn = 0; turn < 16; turn++) {
        enum optimizer_kind kind = (enum optimizer_kind)(turn % 4);
        struct optimizer o = { kind, .lr = .05, .momentum = turn < 4 ? 0 : .9,
                               .decay = turn / 4 % 2 ? 1e-2 : 0 };
        float w[COUNT], g[COUNT], a[COUNT] = { 0 }, b[COUNT] = { 0 };
        double wd[COUNT], ad[COUNT] = { 0 }, bd[COUNT] = { 0 };

        for (int i = 0; i < COUNT; i++)
            wd[i] = w[i] = (float)random_normal(&r);
        for (int t = 0; t < STEPS; t++) {
            o.step = (uint64_t)t;
            for (int i = 0; i < COUNT; i++)
                g[i] = i == 0 ? 0 : (float)random_normal(&r);
            optimizer_step(&o, &(struct optimizer_range){ w, g, a, kind == OPTIMIZER_SGD ? NULL : b, COUNT });
            for (int i = 0; i < COUNT; i++)
                wd[i] = step_double(&o, t, wd[i], g[i], &ad[i], &bd[i]);
        }
        for (int i = 0; i < COUNT; i++)
            CHECK_MSG(fabs(w[i] - wd[i]) < 2e-6 * (1 + fabs(wd[i])), "turn %d: %g %g", turn, (double)w[i],
                      wd[i]);
    }
    CHECK(optimizer_vectors(OPTIMIZER_SGD) == 1 && optimizer_vectors(OPTIMIZER_ADAM) == 2);
    return check_result("train_optimizer");
}
