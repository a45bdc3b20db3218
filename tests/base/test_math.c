/* Our exp, log2 and cosine against libm, which is within an ulp of the truth. */
#include <math.h>

#include "base.h"
#include "check.h"

int main(void)
{
    double worst = 0.0;

    CHECK(math_exp(0.0) == 1.0 && math_exp(-709.0) == 0.0 && math_exp(-INFINITY) == 0.0);
    CHECK(math_exp(-708.0) > 0 && math_exp(-708.25) == 0.0);
    CHECK(fabs(math_exp(-1.0) - 0.36787944117144232) < 1e-16);
    /* The system's exp is within an ulp of the truth. */
    for (int i = 0; i < 200000; i++) {
        double x = -708.0 * i / 200000.0, truth = exp(x);

        worst = fmax(worst, fabs(math_exp(x) - truth) / truth);
        CHECK(math_exp(x) <= math_exp(x / 2) || x == 0.0);
    }
    CHECK_MSG(worst < 2e-15, "%g", worst);
    CHECK(math_log2(1.0) == 0.0 && math_log2(1024.0) == 10.0 && math_log2(0.125) == -3.0);
    worst = 0.0;
    for (int i = 1; i < 200000; i++) {
        double x = i < 100000 ? i / 1000.0 : i * 1e30, truth = log2(x);

        worst = fmax(worst, fabs(math_log2(x) - truth) / fmax(1.0, fabs(truth)));
    }
    CHECK_MSG(worst < 1e-15, "%g", worst);
    /* Positive arguments, which overflow beyond 709. */
    worst = 0.0;
    CHECK(fabs(math_exp(1.0) - 2.71828182845904524) < 5e-16);
    for (int i = 0; i <= 70900; i++)
        worst = fmax(worst, fabs(math_exp(i / 100.0) / exp(i / 100.0) - 1));
    CHECK_MSG(worst < 2e-15, "%g", worst);
    CHECK(fabs(math_log(10.0) - 2.302585092994045684) < 1e-15);
    CHECK(math_tanh(0) == 0 && math_tanh(50) == 1 && math_tanh(-50) == -1);
    CHECK(fabs(math_tanh(0.5) - 0.46211715726000975850) < 1e-15 && math_tanh(-0.5) == -math_tanh(0.5));
    /* Cosines of twelfths and eighths of a turn, and all around. */
    CHECK(math_cos_turns(0) == 1 && math_cos_turns(0.25) == 0 && math_cos_turns(0.5) == -1);
    CHECK(math_cos_turns(0.75) == 0 && math_cos_turns(-2) == 1 && math_cos_turns(7.5) == -1);
    CHECK(fabs(math_cos_turns(1.0 / 6) - 0.5) < 2e-16 && fabs(math_cos_turns(0.125) - sqrt(0.5)) < 2e-16);
    worst = 0.0;
    for (int i = -5000; i <= 5000; i++)
        worst = fmax(worst,
                     fabs(math_cos_turns(i / 1999.0) - cos(2 * 3.14159265358979323846 * (i % 1999) / 1999)));
    CHECK_MSG(worst < 2e-15, "%g", worst);
    return check_result("base/math");
}
