#include "fixtures.h"

#include "metric_test.h"

/* The tests of intervals.bin follow its sets. */
static void skip_sets(FILE *f)
{
    int32_t sets, rows, columns;

    fixture_read(f, &sets, sizeof sets, 1);
    for (int i = 0; i < sets; i++) {
        fixture_read(f, &rows, sizeof rows, 1);
        fixture_read(f, &columns, sizeof columns, 1);
        CHECK(fseek(f, (long)sizeof(double) * columns * (rows + 3), SEEK_CUR) == 0);
    }
}

int main(void)
{
    FILE *f = fixture_open("tests/metric/data/intervals.bin");
    int32_t tests;

    CHECK(mcnemar_exact(0, 0) == 1 && mcnemar_exact(0, 1) == 1 && mcnemar_exact(5, 5) == 1);
    CHECK(mcnemar_exact(0, 5) == 2.0 / 32);
    CHECK(fabs(mcnemar_exact(1, 9) - 22.0 / 1024) < 1e-16); /* 2 (1 + 10) / 2^10 */
    CHECK(mcnemar_exact(9, 1) == mcnemar_exact(1, 9));
    CHECK(mcnemar_exact(0, 50000) == 0);
    skip_sets(f);
    fixture_read(f, &tests, sizeof tests, 1);
    for (int i = 0; i < tests; i++) {
        int64_t a, b;
        double expected, p;

        fixture_read(f, &a, sizeof a, 1);
        fixture_read(f, &b, sizeof b, 1);
        fixture_read(f, &expected, sizeof expected, 1);
        p = mcnemar_exact(a, b);
        CHECK_MSG(fabs(p - expected) <= 1e-9 * expected + 1e-300, "%lld %lld: %.17g, scipy %.17g",
                  (long long)a, (long long)b, p, expected);
    }
    fclose(f);
    return check_result("metric/mcnemar");
}
