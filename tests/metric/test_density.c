/* Similarity, correlation and divergence by hand; maps without differences. */
#include <math.h>

#include "check.h"
#include "metric_saliency.h"

static void is(const float *map, const float *truth, int64_t count, double sim, double cc, double kld)
{
    struct density_scores s;

    density_compare(map, truth, count, &s);
    CHECK_MSG(fabs(s.sim - sim) < 1e-12 && fabs(s.cc - cc) < 1e-12 && fabs(s.kld - kld) < 1e-12,
              "%.15g %.15g %.15g", s.sim, s.cc, s.kld);
}

int main(void)
{
    static const float up[] = { 0, 1, 2, 3 }, down[] = { 3, 2, 1, 0 }, late[] = { 1, 1, 1, 5 },
                       flat[] = { 2, 2, 2, 2 }, zero[] = { 0, 0, 0, 0 }, odd[] = { 1, 2, INFINITY, 0 };
    const double eps = 2.2204e-16;

    /* sixths 0 1 2 3 and 3 2 1 0 */
    is(up, down, 4, 1 / 3.0, -1, 0.5 * log(eps + 0.5 / eps) + log(2.0) / 3 + log(0.5) / 6);
    is(up, up, 4, 1, 1, 0);
    /* min-max: 0 0 0 1; eighths 1 1 1 5 */
    is(late, up, 4, 0.5, 6 / sqrt(12.0 * 5), log(8 / 6.0) / 6 + log(16 / 6.0) / 3 + log(0.8) / 2);
    is(flat, up, 4, 0, 0, log(4 / 6.0) / 6 + log(8 / 6.0) / 3 + log(2.0) / 2);
    is(zero, up, 4, 0, 0, log(4 / 6.0) / 6 + log(8 / 6.0) / 3 + log(2.0) / 2);
    is(up, zero, 4, 0, 0, 0.25 * (log(0.25 / eps) + log(1.5) + log(0.75) + log(0.5)));
    CHECK(density_look(up, 4) == DENSITY_SOUND && density_look(flat, 4) == DENSITY_CONSTANT);
    CHECK(density_look(zero, 4) == DENSITY_ZERO && density_look(odd, 4) == DENSITY_NOT_FINITE);
    return check_result("metric/density");
}
