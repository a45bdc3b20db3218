#include "fixtures.h"

#include "metric_test.h"

enum { MOST = 256 };

static uint32_t times[MOST];
static double means[BOOTSTRAP_COLUMNS * BOOTSTRAP_REPLICATES];

static void test_by_hand(void)
{
    const double one[2] = { 2.5, -1 }, same[3] = { 4, 4, 4 }, steps[2] = { 0, 1 };
    struct bootstrap_interval out[2];

    bootstrap_means(one, 1, 2, BOOTSTRAP_SEED, times, means, out);
    CHECK(out[0].mean == 2.5 && out[0].low == 2.5 && out[0].high == 2.5 && out[1].low == -1);
    bootstrap_means(same, 3, 1, BOOTSTRAP_SEED, times, means, out);
    CHECK(out[0].mean == 4 && out[0].low == 4 && out[0].high == 4);
    /* Of two rows a quarter of the replicates draws only one, a quarter only the other. */
    bootstrap_means(steps, 2, 1, BOOTSTRAP_SEED, times, means, out);
    CHECK(out[0].mean == 0.5 && out[0].low == 0 && out[0].high == 1);
    CHECK(means[399] == 0 && means[1000] == 0.5 && means[1600] == 1);
    bootstrap_means(steps, 0, 2, BOOTSTRAP_SEED, times, means, out);
    CHECK(out[0].mean == 0 && out[1].low == 0 && out[1].high == 0);
}

/* The mean of 100 values of variance 1 has a standard error of 0.1: 1.96 of it on each side, roughly. */
static void test_normal(void)
{
    double x[100];
    struct bootstrap_interval out;

    for (int i = 0; i < 100; i++)
        x[i] = i % 2 ? 1 : -1;
    bootstrap_means(x, 100, 1, BOOTSTRAP_SEED, times, means, &out);
    CHECK(out.mean == 0 && fabs(out.low + 0.196) < 0.025 && fabs(out.high - 0.196) < 0.025);
}

static void test_numpy(void)
{
    FILE *f = fixture_open("tests/metric/data/intervals.bin");
    double x[MOST * BOOTSTRAP_COLUMNS], expected[3 * BOOTSTRAP_COLUMNS];
    struct bootstrap_interval out[BOOTSTRAP_COLUMNS];
    int32_t sets, rows, columns;

    fixture_read(f, &sets, sizeof sets, 1);
    for (int i = 0; i < sets; i++) {
        fixture_read(f, &rows, sizeof rows, 1);
        fixture_read(f, &columns, sizeof columns, 1);
        fixture_read(f, x, sizeof(double), (size_t)rows * (size_t)columns);
        fixture_read(f, expected, sizeof(double), 3 * (size_t)columns);
        bootstrap_means(x, rows, columns, BOOTSTRAP_SEED, times, means, out);
        for (int k = 0; k < columns; k++) {
            const double *e = expected + (size_t)3 * (size_t)k;
            CHECK_MSG(fabs(out[k].mean - e[0]) < 1e-12 && fabs(out[k].low - e[1]) < 1e-12 &&
                          fabs(out[k].high - e[2]) < 1e-12,
                      "set %d column %d: %.17g %.17g, numpy %.17g %.17g", i, k, out[k].low, out[k].high, e[1],
                      e[2]);
        }
    }
    fclose(f);
}

int main(void)
{
    test_by_hand();
    test_normal();
    test_numpy();
    return check_result("metric/bootstrap");
}
