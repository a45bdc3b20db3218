/* src/metric/histogram.c: how values are spread, and how alike two spreads are (explanations 5). */
#include "metric.h"

void histogram_range(const double *values, int64_t count, double *low, double *high)
{
    BUG_IF(count < 1);
    *low = *high = values[0];
    for (int64_t i = 1; i < count; i++) {
        *low = values[i] < *low ? values[i] : *low;
        *high = values[i] > *high ? values[i] : *high;
    }
}

void histogram_count(const double *values, int64_t count, double low, double high,
                     int64_t bins[HISTOGRAM_BINS])
{
    for (int b = 0; b < HISTOGRAM_BINS; b++)
        bins[b] = 0;
    for (int64_t i = 0; i < count; i++) {
        double part = high > low ? (values[i] - low) / (high - low) : 0.0;
        int b = (int)(part * HISTOGRAM_BINS);

        bins[b < HISTOGRAM_BINS ? b : HISTOGRAM_BINS - 1]++;
    }
}

double histogram_dice(const int64_t a[HISTOGRAM_BINS], const int64_t b[HISTOGRAM_BINS])
{
    int64_t both = 0, all = 0;

    for (int i = 0; i < HISTOGRAM_BINS; i++) {
        both += a[i] < b[i] ? a[i] : b[i];
        all += a[i] + b[i];
    }
    return all > 0 ? 200.0 * (double)both / (double)all : 0.0;
}
