/* src/quant/observer.c: from values to a range, from a range to scale and zero point. */
#include "quant_parts.h"

#include <math.h>

enum { SHARES = 64 };

void quant_histogram_add(struct quant_histogram *h, const float *x, int pixels, int channels, int pitch)
{
    float low = h->low, per = (float)QUANT_BINS / (h->high - h->low);

    for (int i = 0; i < pixels; i++, x += pitch)
        for (int c = 0; c < channels; c++) {
            int bin = (int)((x[c] - low) * per);

            h->bin[bin < QUANT_BINS ? bin : QUANT_BINS - 1]++;
        }
}

static double edge(const struct quant_histogram *h, int bin)
{
    return (double)h->low + ((double)h->high - (double)h->low) * bin / QUANT_BINS;
}

void quant_range_percentile(const struct quant_histogram *h, double percentile, float *low, float *high)
{
    uint64_t total = 0, outside, seen = 0;
    int first = 0, last = QUANT_BINS - 1;

    for (int i = 0; i < QUANT_BINS; i++)
        total += h->bin[i];
    outside = (uint64_t)((double)total * (1 - percentile / 100));
    while (first < last && (seen += h->bin[first]) <= outside)
        first++;
    seen = 0;
    while (last > first && (seen += h->bin[last]) <= outside)
        last--;
    *low = fminf((float)edge(h, first), 0);
    *high = fmaxf((float)edge(h, last + 1), 0);
}

struct quant_params quant_params_of_range(float low, float high, int levels)
{
    struct quant_params q;
    float scale;

    low = fminf(low, 0);
    high = fmaxf(high, 0);
    scale = fmaxf((high - low) / (float)levels, 0x1p-23f);
    q.scale = scale;
    q.zero_point = quantize_value(-low / scale, 1.0f, 0, 0, levels);
    q.low = 0;
    q.high = levels;
    return q;
}

/* Squared error of the bins' centres, their counts as weights. */
static double histogram_error(const struct quant_histogram *h, struct quant_params q, int levels)
{
    double sum = 0, inverse = 1 / q.scale;

    for (int i = 0; i < QUANT_BINS; i++) {
        double x, code, error;

        if (!h->bin[i])
            continue;
        x = 0.5 * (edge(h, i) + edge(h, i + 1));
        code = nearbyint(x * inverse) + q.zero_point;
        code = code < 0 ? 0 : code > levels ? levels : code;
        error = x - q.scale * (code - q.zero_point);
        sum += error * error * (double)h->bin[i];
    }
    return sum;
}

void quant_range_mse(const struct quant_histogram *h, int levels, float *low, float *high)
{
    int lows = h->low < 0 ? SHARES : 1, highs = h->high > 0 ? SHARES : 1;
    double least = INFINITY;

    /* The whole range first: only what is truly better replaces it. */
    for (int i = 0; i < lows; i++)
        for (int j = 0; j < highs; j++) {
            float a = h->low * (1 - (float)i / SHARES), b = h->high * (1 - (float)j / SHARES);
            double error = histogram_error(h, quant_params_of_range(a, b, levels), levels);

            if (error < least) {
                least = error;
                *low = a;
                *high = b;
            }
        }
}
