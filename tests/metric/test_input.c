/* tests/metric/test_input.c: the input gradient's map, its entropy and the agreement of two, by hand. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "metric_table.h"

static int near(double a, double b)
{
    return fabs(a - b) <= 1e-6 * (1 + fabs(b));
}

/* Absolute first, then the mean over channels: the third pixel's channels do not cancel. */
static void test_map(void)
{
    static const float gradient[] = { 1, -3, 0, 0, 1, -1, 2, 2 }, zero[8] = { 0 };
    float map[4];

    CHECK(input_map(gradient, 4, 2, map) == 1);
    CHECK(map[0] == 1 && map[1] == 0 && map[2] == 0.5f && map[3] == 1);
    CHECK(near(input_entropy(map, 4), 1.5219280948873621));
    CHECK(input_map(zero, 4, 2, map) == 0);
    CHECK(map[0] == 0 && map[3] == 0 && input_entropy(map, 4) == 2);
    CHECK(input_map(gradient, 8, 1, (float[8]){ 0 }) == 1);
}

static void test_agreement(void)
{
    static const float first[] = { 1, 0, 0.5f, 1 }, other[] = { 1, 0, 1, 0 }, zero[4] = { 0 };
    const double eps = 2.2204e-16, c1 = 1e-4, c2 = 9e-4;
    struct input_agreement a;

    input_compare(first, other, 2, 2, &a);
    CHECK(near(a.cc, 0.30151134457776363));
    CHECK(near(a.sim, 0.6));
    CHECK(near(a.kld, 0.4 * log(0.8) + 0.2 * log(0.4) + 0.4 * log(0.4 / eps)));
    CHECK(near(a.rmse, 0.5590169943749475));
    CHECK(near(a.ssim, (2 * 0.3125 + c1) * (0.5 / 3 + c2) / ((0.640625 + c1) * (1.6875 / 3 + c2))));
    CHECK(a.overlap == 1); /* one pixel of four, the lower of two equal ones */
    input_compare(first, first, 2, 2, &a);
    CHECK(near(a.cc, 1) && near(a.sim, 1) && fabs(a.kld) < 1e-12 && a.rmse == 0 && near(a.ssim, 1));
    input_compare(first, zero, 2, 2, &a);
    CHECK(a.cc == 0 && a.sim == 0 && isfinite(a.kld) && near(a.rmse, 0.75) && a.overlap == 0);
}

/* The table asks the same functions. */
static void test_table(void)
{
    static const float first[] = { 1, 0, 0.5f, 1 }, other[] = { 1, 0, 1, 0 };
    struct measure_view a = { .input = first, .map_h = 2, .map_w = 2 },
                        b = { .input = other, .map_h = 2, .map_w = 2 };
    static const uint8_t right[REMOVAL_POINTS] = { 1, 1, 0, 1, 0, 0, 0, 0, 0, 0 };
    struct measure_view row = { .row = right, .class_index = 3 },
                        unlabelled = { .row = right, .class_index = -1 };
    struct input_agreement is;

    input_compare(first, other, 2, 2, &is);
    CHECK(measure_value(measure_find(measure_table, "input_cc"), &a, &b) == is.cc);
    CHECK(measure_value(measure_find(measure_table, "input_sim"), &a, &b) == is.sim);
    CHECK(measure_value(measure_find(measure_table, "input_kld"), &a, &b) == is.kld);
    CHECK(measure_value(measure_find(measure_table, "input_rmse"), &a, &b) == is.rmse);
    CHECK(measure_value(measure_find(measure_table, "input_ssim"), &a, &b) == is.ssim);
    CHECK(measure_value(measure_find(measure_table, "input_overlap"), &a, &b) == is.overlap);
    CHECK(measure_value(measure_find(measure_table, "input_entropy"), NULL, &b) == 1);
    CHECK(measure_value(measure_find(measure_table, "input_blank"), NULL, &b) == 0);
    CHECK(measure_value(measure_find(measure_table, "removal"), NULL, &row) == removal_area(right));
    CHECK(isnan(measure_value(measure_find(measure_table, "removal"), NULL, &unlabelled)));
}

int main(void)
{
    test_map();
    test_agreement();
    test_table();
    return check_result("metric/input");
}
