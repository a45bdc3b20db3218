#include "metric/exp.h"
#include "fixtures.h"

int main(void)
{
    double worst = 0.0;

    CHECK(metric_exp(0.0) == 1.0 && metric_exp(-709.0) == 0.0 && metric_exp(-INFINITY) == 0.0);
    CHECK(metric_exp(-708.0) > 0 && metric_exp(-708.25) == 0.0);
    CHECK(fabs(metric_exp(-1.0) - 0.36787944117144232) < 1e-16);
    /* The system's exp is within an ulp of the truth. */
    for (int i = 0; i < 200000; i++) {
        double x = -708.0 * i / 200000.0, truth = exp(x);

        worst = fmax(worst, fabs(metric_exp(x) - truth) / truth);
        CHECK(metric_exp(x) <= metric_exp(x / 2) || x == 0.0);
    }
    CHECK_MSG(worst < 2e-15, "%g", worst);
    CHECK(metric_log2(1.0) == 0.0 && metric_log2(1024.0) == 10.0 && metric_log2(0.125) == -3.0);
    worst = 0.0;
    for (int i = 1; i < 200000; i++) {
        double x = i < 100000 ? i / 1000.0 : i * 1e30, truth = log2(x);

        worst = fmax(worst, fabs(metric_log2(x) - truth) / fmax(1.0, fabs(truth)));
    }
    CHECK_MSG(worst < 1e-15, "%g", worst);
    return check_result("metric/exp");
}
