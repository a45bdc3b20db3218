#include <math.h>

#include "check.h"
#include "report/pairs.h"

static int near(double a, double b)
{
    return fabs(a - b) < 0.005;
}

int main(void)
{
    uint8_t ok[3] = { 1, 1, 0 };
    int32_t first[3][PAIRS_TOP] = { { 4, 1 }, { 2, 3 }, { 1 } },
            other[3][PAIRS_TOP] = { { 4 }, { 3 }, { 2 } };
    float score[3][PAIRS_TOP] = { { 0.8f, 0.1f }, { 1, 0 }, { 0.5f, 0.5f } };
    uint16_t member[3] = { 1, 2, 3 };
    float resolved[3] = { 5, 150 }, aligned[3] = { 5, 3 };
    struct pairs a = {
        .images = 3, .ok = ok, .top = { first, other }, .score = { score, score }, .member = member,
        .rmse = { [PAIRS_RESOLVED] = resolved, [PAIRS_ALIGNED] = aligned }
    };
    double low, high;

    /* Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29 by Wilson's score method. */
    pairs_wilson(81, 263, &low, &high);
    CHECK(near(low, 25.53) && near(high, 36.62));
    pairs_wilson(15, 148, &low, &high);
    CHECK(near(low, 6.24) && near(high, 16.05));
    pairs_wilson(0, 20, &low, &high);
    CHECK(low == 0 && near(high, 16.11));
    pairs_wilson(1, 29, &low, &high);
    CHECK(near(low, 0.61) && near(high, 17.18));
    pairs_wilson(0, 0, &low, &high);
    CHECK(low == 0 && high == 100);
    CHECK(near(pairs_margin(&a, 0), 2.0794)); /* ln 8 */
    CHECK(pairs_margin(&a, 1) == 20 && pairs_margin(&a, 2) == 0);
    CHECK(!pairs_changed(&a, 0) && pairs_changed(&a, 1));
    CHECK(!pairs_opposite(&a, 0) && pairs_opposite(&a, 1)); /* turned round, 3 in place of 150 */
    CHECK(pairs_in(&a, 0, 0) && pairs_in(&a, 0, 1) && !pairs_in(&a, 0, 2) && pairs_in(&a, 1, 2));
    CHECK(!pairs_in(&a, 2, 0) && !pairs_in(&a, 2, 1)); /* no result */
    return check_result("report/pairs");
}
