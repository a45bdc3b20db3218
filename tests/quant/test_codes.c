/* Scales and codes of weights, worked out by hand. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "quant/quant_parts.h"

static void largest(void)
{
    const float w[3] = { 0.5f, -1.275f, 0 }, none[2] = { 0, 0 };

    CHECK(quant_weight_scale(w, 3, 8, 0) == 1.275f / 127.5f);
    CHECK(quant_weight_scale(none, 2, 8, 0) == 0x1p-23f);
    CHECK(quant_weight_scale(none, 2, 8, 1) == 0x1p-23f);
}

/* Steps of 1: 2.5 goes to the even 2, 127.5 is cut at 127, -128 is a code. */
static void rounding(void)
{
    const float w[5] = { 2.5f, 3.5f, 127.5f, -128, 0.25f };
    int16_t codes[5];
    double signal = 1, noise = 2;

    quant_weight_codes(w, 5, 1, 8, codes, &signal, &noise);
    CHECK(codes[0] == 2 && codes[1] == 4 && codes[2] == 127 && codes[3] == -128 && codes[4] == 0);
    CHECK(signal == 1 + 6.25 + 12.25 + 127.5 * 127.5 + 16384 + 0.0625);
    CHECK(noise == 2 + 0.25 + 0.25 + 0.25 + 0 + 0.0625);
}

/* 4 bits end at -8 and 7, 2 bits at -2 and 1; the largest weight is 7.5 or 1.5 steps. */
static void few_bits(void)
{
    const float w[4] = { 7.5f, -8, -9, 0.5f }, v[4] = { 1, -1.4f, -2.6f, 0.4f };
    static const int16_t four[4] = { 7, -8, -8, 0 }, two[4] = { 1, -1, -2, 0 };
    int16_t codes[4];
    double signal = 0, noise = 0;

    CHECK(quant_weight_scale(w, 4, 4, 0) == 9 / 7.5f && quant_weight_scale(w, 4, 2, 0) == 9 / 1.5f);
    quant_weight_codes(w, 4, 1, 4, codes, &signal, &noise);
    CHECK(memcmp(codes, four, sizeof four) == 0 && noise == 0.25 + 0 + 1 + 0.25);
    quant_weight_codes(v, 4, 1, 2, codes, &signal, &noise);
    CHECK(memcmp(codes, two, sizeof two) == 0);
    CHECK(quant_weight_code(-1, 1, 2) == -1 && quant_weight_code(100, 1, 7) == 63);
    /* Twice 1 and 30 small ones: the outer weights are cut, so that the small ones are not all 0. */
    {
        float many[32] = { 1, -1 };

        for (int i = 2; i < 32; i++)
            many[i] = i % 2 ? 0.3f : -0.3f;
        CHECK_MSG(quant_weight_scale(many, 32, 2, 1) < 0.4f, "%g",
                  (double)quant_weight_scale(many, 32, 2, 1));
    }
}

/* One weight out of 20,001 lies a tenth further out than all others: to cut it by 0.05 costs 0.0025, and
 * finer steps for the others save (1.1^2 - 1.05^2) / 127.5^2 / 12 of each: 0.011 in all. */
static void least_error(void)
{
    enum { MANY = 20001 };
    float *w = mem_alloc(MANY, sizeof *w), whole, scale;
    int16_t *codes = mem_alloc(MANY, sizeof *codes);
    double signal = 0, mse = 0, minmax = 0;

    for (int i = 0; i < MANY - 1; i++)
        w[i] = (float)((i * 7919) % 20000) / 10000 - 1;
    w[MANY - 1] = 1.1f;
    whole = quant_weight_scale(w, MANY, 8, 0);
    scale = quant_weight_scale(w, MANY, 8, 1);
    CHECK_MSG(scale < 0.99f * whole && scale > 0.9f * whole, "%g of %g", (double)scale, (double)whole);
    quant_weight_codes(w, MANY, scale, 8, codes, &signal, &mse);
    quant_weight_codes(w, MANY, whole, 8, codes, &signal, &minmax);
    CHECK_MSG(mse < minmax - 0.005, "%g %g", mse, minmax);
    mem_free(w);
    mem_free(codes);
}

int main(void)
{
    largest();
    rounding();
    few_bits();
    least_error();
    return check_result("quant_codes");
}
