/* src/metric/activation.c: entropy, deviation and sparsity of one layer's activations (explanations 5).
 *
 * With t = (x - max) log2(e) and S = sum 2^t, the entropy of a softmax is log2(S) - sum(t 2^t) / S: one
 * exponential a value and one logarithm a pixel. Codes have 256 values, so a pixel's codes are counted and
 * its sums run over the counts, in both domains at once. */
#include <math.h>
#include <string.h>

#include "metric.h"

enum { BLOCK = 16, CODES = 256 };

static const double log2_e = 1.44269504088896338700;

/* ---- real values --------------------------------------------------------------------------------------- */

/* 2^t for -126 <= t <= 0 in f32, one order: 2^n by its bits, 2^r with abs(r) <= 1/2 by its Taylor
 * polynomial. */
static void power_block(const float *t, float *power)
{
    int32_t bits[BLOCK];
    float scale[BLOCK];

    for (int k = 0; k < BLOCK; k++) {
        int32_t n = (int32_t)(t[k] - 0.5f); /* t <= 0: truncation of this rounds t to the nearest */
        float r = t[k] - (float)n, p = 1.5403530e-4f;

        p = p * r + 1.3333558e-3f;
        p = p * r + 9.6181291e-3f;
        p = p * r + 5.5504109e-2f;
        p = p * r + 2.4022651e-1f;
        p = p * r + 6.9314718e-1f;
        power[k] = p * r + 1.0f;
        bits[k] = (n + 127) << 23;
    }
    memcpy(scale, bits, sizeof scale);
    for (int k = 0; k < BLOCK; k++)
        power[k] *= scale[k];
}

/* The next block of a pixel; lanes past its end hold `fill`. */
static const float *block_at(const float *x, int c, int channels, float fill, float scratch[BLOCK])
{
    if (c + BLOCK <= channels)
        return x + c;
    for (int k = 0; k < BLOCK; k++)
        scratch[k] = c + k < channels ? x[c + k] : fill;
    return scratch;
}

static float largest(const float *x, int channels)
{
    float lane[BLOCK], scratch[BLOCK], top = x[0];

    for (int k = 0; k < BLOCK; k++)
        lane[k] = x[0];
    for (int c = 0; c < channels; c += BLOCK) {
        const float *v = block_at(x, c, channels, x[0], scratch);
        for (int k = 0; k < BLOCK; k++)
            lane[k] = v[k] > lane[k] ? v[k] : lane[k];
    }
    for (int k = 0; k < BLOCK; k++)
        top = lane[k] > top ? lane[k] : top;
    return top;
}

static double sum_lanes(const double lane[BLOCK])
{
    double sum = 0.0;

    for (int k = 0; k < BLOCK; k++)
        sum += lane[k];
    return sum;
}

/* Entropy of one pixel's softmax over channels, in bits. */
static double pixel_entropy(const float *x, int channels)
{
    double sum[BLOCK] = { 0 }, product[BLOCK] = { 0 }, s;
    float top = largest(x, channels), scratch[BLOCK], t[BLOCK], power[BLOCK];
    int c = 0;

    for (; c < channels; c += BLOCK) {
        const float *v = block_at(x, c, channels, top, scratch);
        for (int k = 0; k < BLOCK; k++) { /* 2^-126 is nothing beside the largest channel's 1 */
            t[k] = (v[k] - top) * (float)log2_e;
            t[k] = t[k] > -126.0f ? t[k] : -126.0f;
        }
        power_block(t, power);
        for (int k = 0; k < BLOCK; k++) {
            sum[k] += (double)power[k];
            product[k] += (double)(power[k] * t[k]);
        }
    }
    s = sum_lanes(sum) - (c - channels); /* a lane past the end held the largest value: it added 1 and 0 */
    return math_log2(s) - sum_lanes(product) / s;
}

void activation_real(const float *act, int pixels, int channels, struct activation *out)
{
    double sum[BLOCK] = { 0 }, square[BLOCK] = { 0 }, entropy = 0.0, mean, variance;
    int32_t zero[BLOCK] = { 0 };
    int count = pixels * channels, zeros = 0;
    float scratch[BLOCK], pivot = act[0]; /* deviations from a value that occurs: those of a constant are 0 */

    BUG_IF(pixels < 1 || channels < 1);
    for (int i = 0; i < pixels; i++)
        entropy += pixel_entropy(act + (size_t)i * channels, channels);
    for (int i = 0; i < count; i += BLOCK) {
        const float *v = block_at(act, i, count, pivot, scratch);
        for (int k = 0; k < BLOCK; k++) {
            double d = (double)v[k] - pivot;
            sum[k] += d;
            square[k] += d * d;
        }
        for (int k = 0; k < BLOCK; k++)
            zero[k] += v[k] == 0.0f;
    }
    for (int k = 0; k < BLOCK; k++)
        zeros += zero[k];
    if (pivot == 0.0f)
        zeros -= (BLOCK - count % BLOCK) % BLOCK; /* lanes past the end */
    mean = sum_lanes(sum) / count;
    variance = sum_lanes(square) / count - mean * mean;
    out->entropy = (float)(entropy / pixels);
    out->std = (float)sqrt(variance > 0.0 ? variance : 0.0);
    out->sparsity = (float)(100.0 * zeros / count);
}

/* ---- codes --------------------------------------------------------------------------------------------- */

/* 2^t and t 2^t of a code that lies d below the largest. */
struct powers {
    double power[CODES], product[CODES];
};

static void make_powers(double step, struct powers *p)
{
    for (int d = 0; d < CODES; d++) {
        p->power[d] = math_exp(-step * d);
        p->product[d] = p->power[d] * (-step * d * log2_e);
    }
}

/* Counts of a pixel's codes; four counters, so that equal codes in a row do not wait for each other. */
static void count_codes(const uint8_t *code, int channels, uint32_t count[CODES])
{
    uint32_t part[4][CODES] = { { 0 } };
    int c = 0;

    for (; c + 4 <= channels; c += 4)
        for (int k = 0; k < 4; k++)
            part[k][code[c + k]]++;
    for (; c < channels; c++)
        part[0][code[c]]++;
    for (int q = 0; q < CODES; q++)
        count[q] = part[0][q] + part[1][q] + part[2][q] + part[3][q];
}

static double counted_entropy(const uint32_t count[CODES], int top, const struct powers *p)
{
    double sum = 0.0, product = 0.0;

    for (int d = 0; d <= top; d++) {
        sum += count[top - d] * p->power[d];
        product += count[top - d] * p->product[d];
    }
    return math_log2(sum) - product / sum;
}

void activation_codes(const uint8_t *codes, int pixels, int channels, int pitch, double scale, int zero_point,
                      struct activation *as_int, struct activation *as_real)
{
    struct powers of_int, of_real;
    uint32_t count[CODES];
    int64_t all[CODES] = { 0 }, sum = 0;
    double n = (double)pixels * channels, mean, square = 0.0, entropy_int = 0.0, entropy_real = 0.0;

    BUG_IF(pixels < 1 || channels < 1 || zero_point < 0 || zero_point >= CODES);
    make_powers(1.0, &of_int);
    make_powers(scale, &of_real);
    for (int i = 0; i < pixels; i++) {
        int top = CODES - 1;

        count_codes(codes + (size_t)i * pitch, channels, count);
        while (count[top] == 0)
            top--;
        entropy_int += counted_entropy(count, top, &of_int);
        entropy_real += counted_entropy(count, top, &of_real);
        for (int q = 0; q < CODES; q++)
            all[q] += count[q];
    }
    for (int q = 0; q < CODES; q++)
        sum += all[q] * q;
    mean = (double)sum / n;
    for (int q = 0; q < CODES; q++)
        square += (double)all[q] * ((q - mean) * (q - mean));
    as_int->entropy = (float)(entropy_int / pixels);
    as_real->entropy = (float)(entropy_real / pixels);
    as_int->std = (float)sqrt(square / n);
    as_real->std = (float)(scale * sqrt(square / n));
    as_int->sparsity = (float)(100.0 * (double)all[0] / n);
    as_real->sparsity = (float)(100.0 * (double)all[zero_point] / n);
}
