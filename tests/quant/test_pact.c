/* PACT against the spec's vector, its definition in double, and a search of alpha by hand. */
#include "check.h"
#include "quant_train.h"

#include <math.h>

static void test_vector(void)
{
    const float x[] = { -1, 0, .3f, .45f, .75f, 1.2f, 1.5f, 2.9f },
                y[] = { 0, 0, .5f, .5f, 1, 1, 1.5f, 1.5f };
    const int passes[] = { 0, 1, 1, 1, 1, 1, 0, 0 };
    struct pact p = pact_of(1.5f, 2);

    for (int i = 0; i < 8; i++) {
        CHECK_MSG(pact_value(&p, x[i]) == y[i], "x %g: %g", (double)x[i], (double)pact_value(&p, x[i]));
        CHECK(pact_passes(&p, x[i]) == passes[i]);
        CHECK(pact_alpha_slope(&p, x[i], 0) == (x[i] >= 1.5f));
    }
    /* Through the rounding's scale: (y_q - y) / alpha inside, nothing below 0. */
    CHECK(pact_alpha_slope(&p, -1.0f, 1) == 0.0 && pact_alpha_slope(&p, 2.0f, 1) == 1.0);
    CHECK(fabs(pact_alpha_slope(&p, .45f, 1) - (.5 - .45) / 1.5) < 1e-7);
    CHECK(isnan(pact_value(&p, NAN)) && !pact_passes(&p, NAN) && pact_alpha_slope(&p, NAN, 0) == 0.0);
    CHECK(pact_value(&p, INFINITY) == 1.5f && pact_value(&p, -INFINITY) == 0.0f);
}

/* Whole codes of 0 .. n, halves to even, and within half a step of what was clipped. */
static void test_random(void)
{
    struct random r = { .seed = 5 };

    for (int i = 0; i < 20000; i++) {
        int bits = 1 + (int)random_below(&r, 8), n = (1 << bits) - 1;
        float alpha = (float)(0.01 + 10.0 * random_unit(&r)),
              x = (float)((1.5 * random_unit(&r) - 0.2) * alpha);
        struct pact p = pact_of(alpha, bits);
        float code = pact_code(&p, x), clipped = fminf(fmaxf(x, 0), alpha);

        CHECK(code >= 0 && code <= n && code == rintf(code));
        CHECK(fabsf(pact_value(&p, x) - clipped) <= 0.5001f * alpha / (float)n);
    }
    struct pact p = pact_of(3.0f, 2);
    CHECK(pact_code(&p, .5f) == 0 && pact_code(&p, 1.5f) == 2 && pact_code(&p, 2.5f) == 2);
}

static void test_start(void)
{
    const float x[] = { -5, 0, .5f, 1, 1, 1, 10 };
    double error[PACT_STARTS] = { 0 }, again[PACT_STARTS] = { 0 };
    int best = 0;
    float chosen;

    CHECK(pact_start(10, 0) == 1.0f && pact_start(10, 45) == 10.0f && pact_start(10, 1) == 1.2f);
    pact_start_errors(x, 7, 10, 2, error);
    for (int i = 0; i < PACT_STARTS; i++) {
        double alpha = 10 * (.1 + .02 * i), sum = 0;

        for (int j = 0; j < 7; j++) {
            double y = fmin(fmax(x[j], 0), alpha), q = rint(y * 3 / alpha) * alpha / 3,
                   off = q - fmax(x[j], 0);
            sum += off * off;
        }
        CHECK_MSG(fabs(error[i] - sum) < 1e-4 * sum + 1e-6, "%d: %g %g", i, error[i], sum);
        best = error[i] < error[best] ? i : best;
    }
    chosen = pact_start_choose(10, error);
    CHECK(chosen == pact_start(10, best));
    /* In parts, in the same order: the same sums. */
    pact_start_errors(x, 3, 10, 2, again);
    pact_start_errors(x + 3, 4, 10, 2, again);
    CHECK(again[7] == error[7]);
    CHECK(pact_start_choose(0, (double[PACT_STARTS]){ 0 }) == PACT_LEAST_ALPHA);
    for (int i = 0; i < PACT_STARTS; i++) /* ties go to the lower */
        error[i] = i < 3 ? 2 : 1;
    CHECK(pact_start_choose(10, error) == pact_start(10, 3));
}

int main(void)
{
    test_vector();
    test_random();
    test_start();
    return check_result("quant_pact");
}
