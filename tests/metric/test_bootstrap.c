#include "fixtures.h"

#include "metric_test.h"

enum { MOST = 256 };

static uint32_t times[BOOTSTRAP_TOGETHER * MOST];
static double means[BOOTSTRAP_COLUMNS * BOOTSTRAP_REPLICATES];

/* values (count, columns), in the blocks that bootstrap_means takes. */
static void bootstrap(const double *values, int64_t count, int columns, struct bootstrap_interval *out)
{
    static double blocks[BOOTSTRAP_COLUMNS * MOST];

    for (int64_t i = 0; i < count; i++)
        for (int k = 0; k < columns; k++)
            blocks[bootstrap_place(count, i, k)] = values[i * columns + k];
    bootstrap_means(blocks, count, columns, BOOTSTRAP_SEED, times, means, out);
}

static void test_by_hand(void)
{
    const double one[2] = { 2.5, -1 }, same[3] = { 4, 4, 4 }, steps[2] = { 0, 1 };
    struct bootstrap_interval out[2];

    bootstrap(one, 1, 2, out);
    CHECK(out[0].mean == 2.5 && out[0].low == 2.5 && out[0].high == 2.5 && out[1].low == -1);
    bootstrap(same, 3, 1, out);
    CHECK(out[0].mean == 4 && out[0].low == 4 && out[0].high == 4);
    /* Of two rows a quarter of the replicates draws only one, a quarter only the other. */
    bootstrap(steps, 2, 1, out);
    CHECK(out[0].mean == 0.5 && out[0].low == 0 && out[0].high == 1);
    CHECK(means[399] == 0 && means[1000] == 0.5 && means[1600] == 1);
    bootstrap(steps, 0, 2, out);
    CHECK(out[0].mean == 0 && out[1].low == 0 && out[1].high == 0);
}

/* The mean of 100 values of variance 1 has a standard error of 0.1: 1.96 of it on each side, roughly. */
static void test_normal(void)
{
    double x[100];
    struct bootstrap_interval out;

    for (int i = 0; i < 100; i++)
        x[i] = i % 2 ? 1 : -1;
    bootstrap(x, 100, 1, &out);
    CHECK(out.mean == 0 && fabs(out.low + 0.196) < 0.025 && fabs(out.high - 0.196) < 0.025);
}

/* A column has the same interval alone and among many, in any block. */
static void test_blocks(void)
{
    static double x[100 * BOOTSTRAP_COLUMNS];
    double one[100];
    struct bootstrap_interval all[BOOTSTRAP_COLUMNS], alone;

    for (int i = 0; i < 100 * BOOTSTRAP_COLUMNS; i++)
        x[i] = (double)(i * 7919 % 1009) / 7;
    for (int columns = 7; columns <= BOOTSTRAP_COLUMNS; columns += 19) {
        bootstrap(x, 100, columns, all);
        for (int k = 0; k < columns; k++) {
            for (int i = 0; i < 100; i++)
                one[i] = x[i * columns + k];
            bootstrap(one, 100, 1, &alone);
            CHECK(alone.mean == all[k].mean && alone.low == all[k].low && alone.high == all[k].high);
        }
    }
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
        bootstrap(x, rows, columns, out);
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
    test_blocks();
    test_numpy();
    return check_result("metric/bootstrap");
}
