/* src/quant/pact.c: PACT, a clipped activation whose ceiling alpha is learned, and where alpha begins. */
#include "quant_train.h"

#include <math.h>

static float levels(int bits)
{
    BUG_IF(bits < 1 || bits > 16);
    return (float)((1 << bits) - 1);
}

struct pact pact_of(float alpha, int bits)
{
    float n = levels(bits);

    BUG_IF(!(alpha > 0.0f));
    return (struct pact){ alpha, n / alpha, alpha / n };
}

static float clip(const struct pact *p, float x)
{
    x = x < 0.0f ? 0.0f : x;
    return x > p->alpha ? p->alpha : x;
}

float pact_code(const struct pact *p, float x)
{
    return rintf(clip(p, x) * p->inverse);
}

float pact_value(const struct pact *p, float x)
{
    return pact_code(p, x) * p->step;
}

double pact_alpha_slope(const struct pact *p, float x, int through)
{
    if (x >= p->alpha)
        return 1.0;
    return through && x >= 0.0f ? ((double)pact_value(p, x) - (double)x) / (double)p->alpha : 0.0;
}

float pact_start(float largest, int i)
{
    return (float)((0.1 + 0.02 * i) * (double)largest);
}

void pact_start_errors(const float *x, int64_t count, float largest, int bits, double error[PACT_STARTS])
{
    for (int i = 0; i < PACT_STARTS; i++) {
        float alpha = pact_start(largest, i);
        struct pact p = pact_of(alpha > 0.0f ? alpha : PACT_LEAST_ALPHA, bits);

        for (int64_t j = 0; j < count; j++) {
            double off = (double)pact_value(&p, x[j]) - (x[j] > 0.0f ? (double)x[j] : 0.0);

            error[i] += off * off;
        }
    }
}

float pact_start_choose(float largest, const double error[PACT_STARTS])
{
    int best = 0;
    float alpha;

    for (int i = 1; i < PACT_STARTS; i++)
        if (error[i] < error[best])
            best = i;
    alpha = pact_start(largest, best);
    return alpha >= PACT_LEAST_ALPHA ? alpha : PACT_LEAST_ALPHA;
}
