/* Scales and codes of weights, worked out by hand. */
#include <math.h>

#include "check.h"
#include "quant/quant_parts.h"

static void largest(void)
{
    const float w[3] = { 0.5f, -1.275f, 0 }, none[2] = { 0, 0 };

    CHECK(quant_weight_scale(w, 3, 0) == 1.275f / 127.5f);
    CHECK(quant_weight_scale(none, 2, 0) == 0x1p-23f);
    CHECK(quant_weight_scale(none, 2, 1) == 0x1p-23f);
}

/* Steps of 1: 2.5 goes to the even 2, 127.5 is cut at 127, -128 is a code. */
static void rounding(void)
{
    const float w[5] = { 2.5f, 3.5f, 127.5f, -128, 0.25f };
    int8_t codes[5];
    double signal = 1, noise = 2;

    quant_weight_codes(w, 5, 1, codes, &signal, &noise);
    CHECK(codes[0] == 2 && codes[1] == 4 && codes[2] == 127 && codes[3] == -128 && codes[4] == 0);
    CHECK(signal == 1 + 6.25 + 12.25 + 127.5 * 127.5 + 16384 + 0.0625);
    CHECK(noise == 2 + 0.25 + 0.25 + 0.25 + 0 + 0.0625);
}

/* One weight out of 20,001 lies a tenth further out than all others: to cut it by 0.05 costs 0.0025, and
 * finer steps for the others save (1.1^2 - 1.05^2) / 127.5^2 / 12 of each: 0.011 in all. */
static void least_error(void)
{
    enum { MANY = 20001 };
    float *w = mem_alloc(MANY, sizeof *w), whole, scale;
    int8_t *codes = mem_alloc(MANY, 1);
    double signal = 0, mse = 0, minmax = 0;

    for (int i = 0; i < MANY - 1; i++)
        w[i] = (float)((i * 7919) % 20000) / 10000 - 1;
    w[MANY - 1] = 1.1f;
    whole = quant_weight_scale(w, MANY, 0);
    scale = quant_weight_scale(w, MANY, 1);
    CHECK_MSG(scale < 0.99f * whole && scale > 0.9f * whole, "%g of %g", (double)scale, (double)whole);
    quant_weight_codes(w, MANY, scale, codes, &signal, &mse);
    quant_weight_codes(w, MANY, whole, codes, &signal, &minmax);
    CHECK_MSG(mse < minmax - 0.005, "%g %g", mse, minmax);
    mem_free(w);
    mem_free(codes);
}

int main(void)
{
    largest();
    rounding();
    least_error();
    return check_result("quant_codes");
}
