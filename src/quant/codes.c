/* src/quant/codes.c: scales and codes of weights. */
#include "quant_parts.h"

#include <math.h>

static float half_of(int bits)
{
    return (float)(1 << (bits - 1));
}

static double code_error(const float *w, size_t count, float scale, int bits)
{
    const float inverse = quantize_inverse(scale), magic = 12582912.0f, low = -half_of(bits),
                high = half_of(bits) - 1;
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        /* Adding and taking away 1.5 * 2^23 rounds to the nearest, ties to even: |v| is below 2^20. */
        float v = (w[i] * inverse + magic) - magic;
        double error;

        v = v < low ? low : v > high ? high : v;
        error = (double)w[i] - (double)scale * (double)v;
        sum += error * error;
    }
    return sum;
}

float quant_weight_scale(const float *w, size_t count, int bits, int mse)
{
    enum { FIRST = 40, FIRST_OF_FEW = 10, ALL = 100, TORCHS_BITS = 8 };
    const int first = bits < TORCHS_BITS ? FIRST_OF_FEW : FIRST;
    float most = 0, whole, best;
    double least;

    for (size_t i = 0; i < count; i++)
        most = fmaxf(most, fabsf(w[i]));
    whole = fmaxf(most / (half_of(bits) - 0.5f), 0x1p-23f);
    if (!mse)
        return whole;
    best = whole;
    least = code_error(w, count, whole, bits);
    for (int share = ALL + 1; share >= first; share--) {
        float scale = fmaxf(whole * (float)share / ALL, 0x1p-23f);
        double error = code_error(w, count, scale, bits);

        if (error < least) {
            least = error;
            best = scale;
        }
    }
    return best;
}

int quant_weight_code(float w, float inverse_scale, int bits)
{
    return quantize_value(w, inverse_scale, 0, -(1 << (bits - 1)), (1 << (bits - 1)) - 1);
}

void quant_weight_codes(const float *w, size_t count, float scale, int bits, int16_t *codes, double *signal,
                        double *noise)
{
    float inverse = quantize_inverse(scale);

    for (size_t i = 0; i < count; i++) {
        int code = quant_weight_code(w[i], inverse, bits);
        double error = (double)w[i] - (double)scale * code;

        codes[i] = (int16_t)code;
        *signal += (double)w[i] * (double)w[i];
        *noise += error * error;
    }
}

double quant_decibel(double signal, double noise)
{
    return noise > 0 ? 10 * log10(signal / noise) : INFINITY;
}
