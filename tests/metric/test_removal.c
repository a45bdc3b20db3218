/* tests/metric/test_removal.c: shares, pixels and the area under an accuracy, by hand. */
#include "check.h"
#include "metric_input.h"

int main(void)
{
    static const uint8_t all[REMOVAL_POINTS] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 }, none[REMOVAL_POINTS] = { 0 },
                         some[REMOVAL_POINTS] = { 1, 1, 0, 1, 0, 0, 0, 0, 0, 1 };
    static const int pixels[REMOVAL_POINTS] = { 0, 78, 157, 235, 314, 392, 470, 549, 627, 706 };

    for (int k = 0; k < REMOVAL_POINTS; k++) {
        CHECK(removal_percent(k) == 10 * k);
        CHECK(removal_pixels(k, 784) == pixels[k]);
    }
    CHECK(removal_pixels(1, 5) == 1 && removal_pixels(1, 4) == 0); /* halves up */
    CHECK(removal_area(all) == 100 && removal_area(none) == 0);
    CHECK(removal_area(some) > 100 * 3.0 / 9 - 1e-9 && removal_area(some) < 100 * 3.0 / 9 + 1e-9);
    return check_result("metric/removal");
}
