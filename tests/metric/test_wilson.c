#include "check.h"

#include <math.h>

#include "metric_test.h"

static const double z2 = 1.959963984540054 * 1.959963984540054;

static void expect(int64_t yes, int64_t n, double whole, double low, double high)
{
    double got[2] = { -1, -1 };

    wilson_interval(yes, n, whole, &got[0], &got[1]);
    CHECK_MSG(fabs(got[0] - low) < 1e-12 * whole && fabs(got[1] - high) < 1e-12 * whole,
              "%d of %d: %.17g %.17g", (int)yes, (int)n, got[0], got[1]);
}

int main(void)
{
    expect(0, 0, 100, 0, 0);
    /* None of 40 leaves up to z^2 / (n + z^2), all of 40 mirrors it. */
    expect(0, 40, 1, 0, z2 / (40 + z2));
    expect(40, 40, 100, 100 * 40 / (40 + z2), 100);
    /* A half: 1/2 -+ z / (2 sqrt(n + z^2)). */
    expect(1, 2, 1, 0.5 - sqrt(z2 / (2 + z2)) / 2, 0.5 + sqrt(z2 / (2 + z2)) / 2);
    expect(50, 100, 100, 50 - 50 * sqrt(z2 / (100 + z2)), 50 + 50 * sqrt(z2 / (100 + z2)));
    return check_result("metric/wilson");
}
