#include "fixtures.h"

int main(void)
{
    static const double x[6] = { -1, 0, 1, 0.5, 3, -0.25 }, constant[2] = { 5, 5 };
    static int64_t a[HISTOGRAM_BINS], b[HISTOGRAM_BINS];
    double low, high;

    histogram_range(x, 6, &low, &high);
    CHECK(low == -1 && high == 3);
    /* 64 bins a unit; the largest value belongs to the last bin. */
    histogram_count(x, 6, low, high, a);
    CHECK(a[0] == 1 && a[48] == 1 && a[64] == 1 && a[96] == 1 && a[128] == 1 && a[255] == 1);
    CHECK(histogram_dice(a, a) == 100);
    histogram_count(x, 3, low, high, b); /* -1, 0, 1 */
    CHECK(histogram_dice(a, b) == 200.0 * 3 / 9);
    /* Its own range makes Dice blind to scale. */
    histogram_range(constant, 2, &low, &high);
    histogram_count(constant, 2, low, high, b);
    CHECK(low == 5 && high == 5 && b[0] == 2 && histogram_dice(a, b) == 200.0 / 8);
    for (int i = 0; i < HISTOGRAM_BINS; i++)
        b[i] = a[i] ? 0 : 3;
    CHECK(histogram_dice(a, b) == 0);
    for (int i = 0; i < HISTOGRAM_BINS; i++)
        a[i] = b[i] = 0;
    CHECK(histogram_dice(a, b) == 0);
    return check_result("metric/histogram");
}
