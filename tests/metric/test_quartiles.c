#include "fixtures.h"

int main(void)
{
    FILE *f = fixture_open("tests/metric/data/quartiles.bin");
    double four[4] = { 4, 1, 3, 2 }, x[128], expected[4];
    struct metric_quartiles q;
    int32_t sets, count;

    metric_quartiles_of(four, 4, &q); /* 1.75, 2.5, 3.25 */
    CHECK(q.q1 == 1.75 && q.median == 2.5 && q.q3 == 3.25 && q.mean == 2.5 && four[0] == 1);
    metric_quartiles_of(four, 0, &q);
    CHECK(q.q1 == 0 && q.median == 0 && q.mean == 0);
    fixture_read(f, &sets, sizeof sets, 1);
    for (int i = 0; i < sets; i++) {
        fixture_read(f, &count, sizeof count, 1);
        fixture_read(f, x, sizeof(double), (size_t)count);
        fixture_read(f, expected, sizeof(double), 4);
        metric_quartiles_of(x, count, &q);
        CHECK_MSG(q.q1 == expected[0] && q.median == expected[1] && q.q3 == expected[2], "%d values", count);
        CHECK_MSG(fabs(q.mean - expected[3]) < 1e-14, "%d values", count);
    }
    fclose(f);
    return check_result("metric/quartiles");
}
