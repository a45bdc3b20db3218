/* src/metric/road.c: ROAD's percentiles, and its score from the changes at them. */
#include "metric.h"

int road_percentile(int k)
{
    return 10 * (k + 1);
}

int road_removed(int k, int pixels)
{
    int64_t below = ((int64_t)(pixels - 1) * road_percentile(k) + 99) / 100;

    return (int)(pixels - below);
}

double road_mean(const float *change, int order)
{
    double sum = 0;

    for (int k = 0; k < ROAD_PERCENTILES; k++)
        sum += (double)change[order * ROAD_PERCENTILES + k];
    return sum / ROAD_PERCENTILES;
}

double road_combined(const float *change)
{
    return (road_mean(change, 1) - road_mean(change, 0)) / 2;
}
