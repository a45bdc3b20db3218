/* src/metric/quartiles.c: order statistics. */
#include <stdlib.h>

#include "metric.h"

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void metric_sort(double *values, int64_t count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
}

/* numpy's default: linear between the order statistics around (count - 1) * part; its lerp goes from the
 * nearer end. */
double metric_quantile(const double *sorted, int64_t count, double part)
{
    double at = (double)(count - 1) * part, fraction, low, high;
    int64_t i = (int64_t)at;

    if (i >= count - 1)
        return sorted[count - 1];
    fraction = at - (double)i;
    low = sorted[i];
    high = sorted[i + 1];
    return fraction < 0.5 ? low + (high - low) * fraction : high - (high - low) * (1.0 - fraction);
}

void metric_quartiles_of(double *values, int64_t count, struct metric_quartiles *out)
{
    double sum = 0.0;

    *out = (struct metric_quartiles){ 0 };
    if (count < 1)
        return;
    for (int64_t i = 0; i < count; i++)
        sum += values[i];
    metric_sort(values, count);
    out->q1 = metric_quantile(values, count, 0.25);
    out->median = metric_quantile(values, count, 0.5);
    out->q3 = metric_quantile(values, count, 0.75);
    out->mean = sum / (double)count;
}
