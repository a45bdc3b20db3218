/* tests/metric/test_student.c: quantiles as tables have them, intervals by hand. */
#include <math.h>

#include "check.h"
#include "metric_test.h"

static int near(double a, double b)
{
    return fabs(a - b) < 5e-4;
}

/* The share of Student's distribution beyond a quantile, by Simpson's rule: 2.5 %. */
static double beyond(int freedom)
{
    enum { PARTS = 200000 };
    double n = freedom, t = student_quantile(freedom), sum = 0, half;
    double scale = exp(lgamma((n + 1) / 2) - lgamma(n / 2)) / sqrt(n * 3.14159265358979323846);

    half = t / PARTS;
    for (int i = 0; i <= PARTS; i++) {
        double x = half * i;

        sum += (i == 0 || i == PARTS ? 1 : i % 2 ? 4 : 2) * pow(1 + x * x / n, -(n + 1) / 2);
    }
    return 0.5 - scale * sum * half / 3;
}

int main(void)
{
    static const double three[] = { 1, 2, 6 }, pairs[] = { -1, 1 };
    struct student_interval s;

    CHECK(near(student_quantile(1), 12.7062) && near(student_quantile(2), 4.303));
    CHECK(near(student_quantile(4), 2.776) && near(student_quantile(30), 2.0423));
    for (int freedom = 1; freedom < STUDENT_MOST; freedom++)
        CHECK_MSG(fabs(beyond(freedom) - 0.025) < 1e-9, "%d: %.12f", freedom, beyond(freedom));
    student_interval(three, 3, &s);
    CHECK(s.mean == 3 && near(s.sd, 2.6458) && near(s.high, 3 + 4.302653 * 2.645751 / sqrt(3)));
    CHECK(near(s.low, 6 - s.high));
    student_interval(pairs, 2, &s);
    CHECK(s.mean == 0 && near(s.high, 12.7062));
    student_interval(three, 1, &s);
    CHECK(s.mean == 1 && s.low == 1 && s.high == 1 && s.sd == 0);
    student_interval(three, 0, &s);
    CHECK(s.mean == 0 && s.low == 0 && s.high == 0);
    return check_result("metric/student");
}
