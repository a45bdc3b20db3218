#include "check.h"
#include "phase/run.h"

#include <math.h>

static void near(double got, double expected, const char *what)
{
    CHECK_MSG(fabs(got - expected) < 1e-9 * (1 + fabs(expected)), "%s: %.12g, not %.12g", what, got,
              expected);
}

/* 1,000 images, two networks, three selections of 5 %: 142.625 places. Seven ranks: the one that has most has
 * 143 images, 41 of 285.25 places of both networks, 21 of one's. The small job had 16 pictures; its explained
 * rows took 4 passes where 6 are expected, so that explain takes half as long again. 50 runs and 5 to warm up
 * in place of 2 and 5. Intervals: two networks, 1000 + 142.625 rows, nine columns in two blocks: three of
 * each answer and each value of one precision, a difference among them, one of codes, one of each pair. 7 GB
 * are hashed by all. */
static void test_times(void)
{
    static struct job job = { .fraction = "0.05", .time_runs = 50 };
    static struct run r = { .job = &job, .networks = 2 };
    struct calibration c = { .phase_s = { 9, 1.6, 0.01, 2, 0.5, 9, 0.7, 0.25, 9 },
                                   .pictures = 16,
                                   .curves = 4,
                                   .curves_all = 6,
                                   .bootstrap_row_s = 1e-4,
                                   .hash_byte_s = 1e-9 };
    const double expected[RUN_PHASES] = { 0, 14.3, 0.03, 61.5, 10.5, 0, 5.5, 0.70705, 1 };
    struct prediction p = { .bytes = UINT64_C(7000000000) };
    static const enum store_measure_kind kind[] = { STORE_MEASURE_ONE,    STORE_MEASURE_CODES,
                                                    STORE_MEASURE_PAIR,   STORE_MEASURE_PAIR,
                                                    STORE_MEASURE_ANSWER, STORE_MEASURE_CROSSED };
    double total = 0;

    r.layout.precisions = 2;
    r.layout.precision[1].form = PRECISION_CODES;
    for (size_t i = 0; i < COUNT_OF(kind); i++)
        r.layout.measure[r.layout.measures++].kind = kind[i];
    r.layout.images = 1000;
    r.layout.subset = 200;
    r.layout.selections = 3;
    predict_extrapolate(&r, &c, 7, &p);
    for (int i = 0; i < RUN_PHASES; i++) {
        near(p.phase_s[i], expected[i], "phase");
        total += expected[i];
    }
    near(p.total_s, total, "all");
    r.layout.subset = 100; /* no more places than there are: 29 of 200, 15 of 100 */
    predict_extrapolate(&r, &c, 7, &p);
    near(p.phase_s[3], 43.5, "explain");
    near(p.phase_s[4], 7.5, "average");
    c.controls_s = 1.5; /* are not done again: 0.5 of the 2 s are curves */
    predict_extrapolate(&r, &c, 7, &p);
    near(p.phase_s[3], 32.625, "explain with controls");
    predict_extrapolate(&r, &c, 1, &p);
    near(p.phase_s[1], 100, "evaluate on one rank");
    near(p.phase_s[8], 7, "finish on one rank");
    /* 16 and 26 layers, 4 whole runs each: 50 runs of 50 pictures; 1.6 s were 16 pictures in 4 networks. */
    r.layout.sensitivity = 1;
    r.layout.network[0].layers = 16;
    r.layout.network[1].layers = 26;
    r.precisions = 2;
    job.sensitivity_pictures = 50;
    predict_extrapolate(&r, &c, 1, &p);
    near(p.phase_s[5], 62.5, "sensitivity");
}

int main(void)
{
    test_times();
    return check_result("test_predict");
}
