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

/* Adds rows first .. last - 1 of one block to the sums of its lanes. */
static void add_rows(const double *block, int64_t first, int64_t last, const uint32_t *times, double *sum)
{
    double lane[BOOTSTRAP_LANES];

    memcpy(lane, sum, sizeof lane);
    for (int64_t i = first; i < last; i++) {
        double t = (double)times[i];

#pragma GCC unroll 8 /* all lanes: the sums stay in registers */
        for (int k = 0; k < BOOTSTRAP_LANES; k++)
            lane[k] += t * block[i * BOOTSTRAP_LANES + k];
    }
    memcpy(sum, lane, sizeof lane);
}

/* Sums of `together` replicates: some rows of a block for all of them, while those are in the cache; each sum
 * takes its rows in order. */
static void sum_rows(const double *values, int64_t count, int columns, const uint32_t *times, int together,
                     double (*sum)[BOOTSTRAP_COLUMNS])
{
    enum { TILE = 256 };

    memset(sum, 0, (size_t)together * sizeof *sum);
    for (int k = 0; k < columns; k += BOOTSTRAP_LANES)
        for (int64_t i = 0; i < count; i += TILE)
            for (int b = 0; b < together; b++)
                add_rows(values + k * count, i, i + TILE < count ? i + TILE : count, times + b * count,
                         sum[b] + k);
}

void bootstrap_means(const double *values, int64_t count, int columns, uint64_t seed, uint32_t *times,
                     double *means, struct bootstrap_interval *out)
{
    double sum[BOOTSTRAP_TOGETHER][BOOTSTRAP_COLUMNS];

    BUG_IF(columns < 1 || columns > BOOTSTRAP_COLUMNS || count < 0 || count > INT32_MAX);
    memset(out, 0, (size_t)columns * sizeof *out);
    if (count == 0)
        return;
    for (int first = 0; first < BOOTSTRAP_REPLICATES; first += BOOTSTRAP_TOGETHER) {
        for (int b = 0; b < BOOTSTRAP_TOGETHER; b++)
            draw(seed, (uint64_t)(first + b), (uint64_t)count, times + b * count);
        sum_rows(values, count, columns, times, BOOTSTRAP_TOGETHER, sum);
        for (int b = 0; b < BOOTSTRAP_TOGETHER; b++)
            for (int k = 0; k < columns; k++)
                means[k * BOOTSTRAP_REPLICATES + first + b] = sum[b][k] / (double)count;
    }
    for (int64_t i = 0; i < count; i++)
        times[i] = 1;
    sum_rows(values, count, columns, times, 1, sum);
    for (int k = 0; k < columns; k++) {
        double *sorted = means + (size_t)k * BOOTSTRAP_REPLICATES;

        metric_sort(sorted, BOOTSTRAP_REPLICATES);
        out[k].mean = sum[0][k] / (double)count;
        out[k].low = metric_quantile(sorted, BOOTSTRAP_REPLICATES, 0.025);
        out[k].high = metric_quantile(sorted, BOOTSTRAP_REPLICATES, 0.975);
    }
}

_Static_assert(BOOTSTRAP_REPLICATES % BOOTSTRAP_TOGETHER == 0,
               "the last replicates are as many as the others");
