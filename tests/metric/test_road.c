#include <math.h>

#include "check.h"
#include "metric.h"

/* Of 0 .. n - 1 the percentile p lies at (n - 1) p / 100: what is at or above it is counted. */
static void test_removed(void)
{
    static const int sizes[] = { 1, 2, 10, 11, 101, 64, 50176 };

    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        for (int k = 0; k < ROAD_PERCENTILES; k++) {
            int n = sizes[i], count = 0;

            for (int v = 0; v < n; v++)
                count += 100 * (int64_t)v >= (int64_t)(n - 1) * road_percentile(k);
            CHECK_MSG(road_removed(k, n) == count, "%d of %d, not %d", road_removed(k, n), n, count);
        }
    CHECK(road_removed(8, 50176) == 5018); /* numpy: (map >= np.percentile(map, 90)).sum() */
    CHECK(road_removed(0, 101) == 91 && road_removed(8, 101) == 11);
}

static void test_score(void)
{
    float change[ROAD_CHANGES];

    for (int k = 0; k < ROAD_PERCENTILES; k++) {
        change[k] = -0.5f - 0.0625f * (float)k;                 /* mean -0.75 */
        change[ROAD_PERCENTILES + k] = 0.125f * (float)(k - 4); /* mean 0 */
    }
    CHECK(road_mean(change, 0) == -0.75 && road_mean(change, 1) == 0);
    CHECK(road_combined(change) == 0.375);
}

int main(void)
{
    test_removed();
    test_score();
    return check_result("metric/road");
}
