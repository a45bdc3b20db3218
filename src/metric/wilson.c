/* src/metric/wilson.c: the interval of a share. */
#include "metric_test.h"

#include <math.h>

void wilson_interval(int64_t yes, int64_t n, double whole, double *low, double *high)
{
    const double z = 1.959963984540054;
    double p = (double)yes / (double)n, m = (double)n, centre = p + z * z / (2 * m);
    double half = z * sqrt(p * (1 - p) / m + z * z / (4 * m * m)), scale = whole / (1 + z * z / m);

    *low = n == 0 || yes == 0 ? 0 : scale * (centre - half);
    *high = n == 0 ? 0 : yes == n ? whole : scale * (centre + half);
}
