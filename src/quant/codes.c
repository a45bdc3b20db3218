/* src/quant/codes.c: scales and codes of weights. */
#include "quant_parts.h"

#include <math.h>

enum { FIRST = 40, FIRST_OF_FEW = 10, ALL = 100, TORCHS_BITS = 8, TOGETHER = 8, CHUNK = 64 };

static float half_of(int bits)
{
    return (float)(1 << (bits - 1));
}

/* Squared errors of the weights for TOGETHER scales; where all reach `least` only so much as says so. */
static void code_errors(const float *w, size_t count, const float *scale, int bits, double least, double *sum)
{
    const float magic = 12582912.0f, low = -half_of(bits), high = half_of(bits) - 1;
    float inverse[TOGETHER];
    double lowest = 0;

    for (int k = 0; k < TOGETHER; k++) {
        inverse[k] = quantize_inverse(scale[k]);
        sum[k] = 0;
    }
    for (size_t from = 0; from < count && lowest < least; from += CHUNK) {
        for (size_t i = from; i < from + CHUNK && i < count; i++)
            for (int k = 0; k < TOGETHER; k++) {
                /* Adding and taking away 1.5 * 2^23 rounds to the nearest, ties to even: |v| is below 2^20.
                 */
                float v = (w[i] * inverse[k] + magic) - magic;
                double error;

                v = v < low ? low : v;
                v = v > high ? high : v;
                error = (double)w[i] - (double)scale[k] * (double)v;
                sum[k] += error * error;
            }
        lowest = sum[0];
        for (int k = 1; k < TOGETHER; k++)
            lowest = sum[k] < lowest ? sum[k] : lowest;
    }
}

float quant_weight_scale(const float *w, size_t count, int bits, int mse)
{
    const int last = bits < TORCHS_BITS ? FIRST_OF_FEW : FIRST;
    float most = 0, whole, best;
    double least = INFINITY;

    for (size_t i = 0; i < count; i++)
        most = fmaxf(most, fabsf(w[i]));
    whole = quant_scale_of_largest(most, bits);
    if (!mse)
        return whole;
    best = whole;
    /* The whole range first (ALL + 2): only what is truly better replaces it. */
    for (int share = ALL + 2; share >= last; share -= TOGETHER) {
        float scale[TOGETHER];
        double error[TOGETHER];

        for (int k = 0; k < TOGETHER; k++)
            scale[k] = share - k > ALL + 1 || share - k < last
                           ? whole
                           : fmaxf(whole * (float)(share - k) / ALL, 0x1p-23f);
        code_errors(w, count, scale, bits, least, error);
        for (int k = 0; k < TOGETHER; k++)
            if (error[k] < least) {
                least = error[k];
                best = scale[k];
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
