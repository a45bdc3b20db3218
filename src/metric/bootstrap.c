/* src/metric/bootstrap.c: percentile intervals (Efron, Tibshirani: An Introduction to the Bootstrap, 13.3).
 */
#include "metric_test.h"

#include <string.h>

#include "metric.h"

/* How often each row is drawn: 200 KB for 50,000 rows, so that the increments stay in the cache, and the sum
 * over rows has one order whatever the draws were. */
static void draw(uint64_t seed, uint64_t replicate, uint64_t count, uint32_t *times)
{
    memset(times, 0, count * sizeof *times);
    for (uint64_t j = 0; j < count; j += 2) {
        uint64_t u = random_u64(seed, replicate, j / 2);

        times[(u >> 32) * count >> 32]++;
        if (j + 1 < count)
            times[(u & 0xFFFFFFFFu) * count >> 32]++;
    }
}

static void sum_rows(const double *values, int64_t count, int columns, const uint32_t *times, double *sum)
{
    for (int k = 0; k < columns; k++)
        sum[k] = 0;
    for (int64_t i = 0; i < count; i++)
        for (int k = 0; k < columns; k++)
            sum[k] += (double)times[i] * values[i * columns + k];
}

void bootstrap_means(const double *values, int64_t count, int columns, uint64_t seed, uint32_t *times,
                     double *means, struct bootstrap_interval *out)
{
    double sum[BOOTSTRAP_COLUMNS];

    BUG_IF(columns < 1 || columns > BOOTSTRAP_COLUMNS || count < 0 || count > INT32_MAX);
    memset(out, 0, (size_t)columns * sizeof *out);
    if (count == 0)
        return;
    for (int b = 0; b < BOOTSTRAP_REPLICATES; b++) {
        draw(seed, (uint64_t)b, (uint64_t)count, times);
        sum_rows(values, count, columns, times, sum);
        for (int k = 0; k < columns; k++)
            means[k * BOOTSTRAP_REPLICATES + b] = sum[k] / (double)count;
    }
    for (int64_t i = 0; i < count; i++)
        times[i] = 1;
    sum_rows(values, count, columns, times, sum);
    for (int k = 0; k < columns; k++) {
        double *sorted = means + (size_t)k * BOOTSTRAP_REPLICATES;

        metric_sort(sorted, BOOTSTRAP_REPLICATES);
        out[k].mean = sum[k] / (double)count;
        out[k].low = metric_quantile(sorted, BOOTSTRAP_REPLICATES, 0.025);
        out[k].high = metric_quantile(sorted, BOOTSTRAP_REPLICATES, 0.975);
    }
}
