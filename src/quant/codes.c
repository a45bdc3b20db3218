/* src/quant/codes.c: scales and codes of weights. */
#include "quant_parts.h"

#include <math.h>

static double code_error(const float *w, size_t count, float scale)
{
    const float inverse = quantize_inverse(scale), magic = 12582912.0f;
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        /* Adding and taking away 1.5 * 2^23 rounds to the nearest, ties to even: |v| is at most 319. */
        float v = (w[i] * inverse + magic) - magic;
        double error;

        v = v < -128.0f ? -128.0f : v > 127.0f ? 127.0f : v;
        error = (double)w[i] - (double)scale * (double)v;
        sum += error * error;
    }
    return sum;
}

float quant_weight_scale(const float *w, size_t count, int mse)
{
    enum { FIRST = 40, ALL = 100 };
    float most = 0, whole, best;
    double least;

    for (size_t i = 0; i < count; i++)
        most = fmaxf(most, fabsf(w[i]));
    whole = fmaxf(most / 127.5f, 0x1p-23f);
    if (!mse)
        return whole;
    best = whole;
    least = code_error(w, count, whole);
    for (int share = ALL + 1; share >= FIRST; share--) {
        float scale = fmaxf(whole * (float)share / ALL, 0x1p-23f);
        double error = code_error(w, count, scale);

        if (error < least) {
            least = error;
            best = scale;
        }
    }
    return best;
}

void quant_weight_codes(const float *w, size_t count, float scale, int8_t *codes, double *signal,
                        double *noise)
{
    float inverse = quantize_inverse(scale);

    for (size_t i = 0; i < count; i++) {
        int code = quantize_value(w[i], inverse, 0, -128, 127);
        double error = (double)w[i] - (double)scale * code;

        codes[i] = (int8_t)code;
        *signal += (double)w[i] * (double)w[i];
        *noise += error * error;
    }
}
