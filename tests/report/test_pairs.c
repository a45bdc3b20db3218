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
    uint32_t member[3] = { 1, 2, 3 };
    struct pairs a = {
        .images = 3, .ok = ok, .top = { first, other }, .score = { score, score }, .member = member
    };

    CHECK(near(pairs_margin(&a, 0), 2.0794)); /* ln 8 */
    CHECK(pairs_margin(&a, 1) == 20 && pairs_margin(&a, 2) == 0);
    CHECK(!pairs_changed(&a, 0) && pairs_changed(&a, 1));
    CHECK(pairs_in(&a, 0, 0) && pairs_in(&a, 0, 1) && !pairs_in(&a, 0, 2) && pairs_in(&a, 1, 2));
    CHECK(!pairs_in(&a, 2, 0) && !pairs_in(&a, 2, 1)); /* no result */
    return check_result("report/pairs");
}
