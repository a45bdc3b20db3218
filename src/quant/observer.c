/* src/quant/observer.c: from values to a range, from a range to scale and zero point. */
#include "quant_parts.h"

#include <math.h>

enum { SHARES = 64, TOGETHER = 8, CHUNK = 64 };

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

/* The bins that are not empty. */
struct centres {
    int count;
    double x[QUANT_BINS], n[QUANT_BINS];
};

static void find_centres(const struct quant_histogram *h, struct centres *out)
{
    out->count = 0;
    for (int i = 0; i < QUANT_BINS; i++) {
        if (!h->bin[i])
            continue;
        out->x[out->count] = 0.5 * (edge(h, i) + edge(h, i + 1));
        out->n[out->count++] = (double)h->bin[i];
    }
}

/* Squared errors of the bins' centres, their counts as weights, for TOGETHER ranges; of one that reaches
 * `least` only so much as says that it does. */
static void range_errors(const struct centres *c, const struct quant_params *q, int levels, double least,
                         double *sum)
{
    /* Adding and taking away 1.5 * 2^52 rounds to the nearest, ties to even: |v| is below 2^20. */
    const double magic = 6755399441055744.0;
    double inverse[TOGETHER], low[TOGETHER], high[TOGETHER], lowest = 0;

    for (int k = 0; k < TOGETHER; k++) {
        inverse[k] = 1 / q[k].scale;
        low[k] = -q[k].zero_point;
        high[k] = levels - q[k].zero_point;
        sum[k] = 0;
    }
    for (int from = 0; from < c->count && lowest < least; from += CHUNK) {
        for (int i = from; i < from + CHUNK && i < c->count; i++)
            for (int k = 0; k < TOGETHER; k++) {
                double v = (c->x[i] * inverse[k] + magic) - magic, error;

                v = v < low[k] ? low[k] : v;
                v = v > high[k] ? high[k] : v;
                error = c->x[i] - q[k].scale * v;
                sum[k] += error * error * c->n[i];
            }
        lowest = sum[0];
        for (int k = 1; k < TOGETHER; k++)
            lowest = sum[k] < lowest ? sum[k] : lowest;
    }
}

void quant_range_mse(const struct quant_histogram *h, int levels, float *low, float *high)
{
    int lows = h->low < 0 ? SHARES : 1, highs = h->high > 0 ? SHARES : 1;
    double least = INFINITY;
    struct centres c;

    find_centres(h, &c);
    /* The whole range first: only what is truly better replaces it. */
    for (int at = 0; at < lows * highs; at += TOGETHER) {
        float a[TOGETHER], b[TOGETHER];
        struct quant_params q[TOGETHER];
        double error[TOGETHER];

        for (int k = 0; k < TOGETHER; k++) {
            int share = at + k < lows * highs ? at + k : at;

            a[k] = h->low * (1 - (float)(share / highs) / SHARES);
            b[k] = h->high * (1 - (float)(share % highs) / SHARES);
            q[k] = quant_params_of_range(a[k], b[k], levels);
        }
        range_errors(&c, q, levels, least, error);
        for (int k = 0; k < TOGETHER; k++)
            if (error[k] < least) {
                least = error[k];
                *low = a[k];
                *high = b[k];
            }
    }
}
