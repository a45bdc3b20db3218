/* include/metric_test.h
 * metric: how sure a figure is. Intervals by the paired bootstrap, of shares by Wilson's formula, of few
 * values by Student's; the exact test of McNemar. Local, nothing allocated, equal bits on every x86:
 * integers, and doubles in one stated order.
 *
 *     bootstrap_means(differences, images, 3, BOOTSTRAP_SEED, times, means, interval);    // pairs
 *     p = mcnemar_exact(only_fp32_right, only_int8_right);
 */
#ifndef QUANTCAM_METRIC_TEST_H
#define QUANTCAM_METRIC_TEST_H

#include "base.h"

enum {
    BOOTSTRAP_REPLICATES = 2000,
    BOOTSTRAP_TOGETHER = 8, /* replicates at a time */
    BOOTSTRAP_LANES = 8,
    BOOTSTRAP_COLUMNS = 64,
    BOOTSTRAP_SEED = 1
};

struct bootstrap_interval {
    double mean, low, high;
};

/* Mean of each column and its 95 % percentile interval: rows are drawn with replacement, all columns of a row
 * together, BOOTSTRAP_REPLICATES times; low and high are the 2.5 % and 97.5 % quantiles of the replicates'
 * means, linear between order statistics (numpy's default). A pair stays a pair: a row holds one image's
 * differences.
 *
 * The draws, so that anybody can repeat them: replicate b's row j (j = 0 .. count - 1) is
 *     (half * count) >> 32,    half = (j odd ? u : u >> 32) & 0xFFFFFFFF,    u = random_u64(seed, b, j / 2);
 *     a row's chance is off from 1 / count by at most 2^-32.
 * A replicate's mean is sum (times drawn) * value over the rows in order, / count.
 *   values  finite, 1 <= columns <= BOOTSTRAP_COLUMNS, count < 2^31: blocks of BOOTSTRAP_LANES columns, each
 *           (count, BOOTSTRAP_LANES) and whole (bootstrap_place); lanes behind the last column are not used
 *   times   scratch, (BOOTSTRAP_TOGETHER, count)
 *   means   scratch, (columns, BOOTSTRAP_REPLICATES)
 *   out     (columns); all 0 where count is 0
 * The draws take 0.7 s for 50,000 images, each block 0.2 s. */
void bootstrap_means(const double *values, int64_t count, int columns, uint64_t seed, uint32_t *times,
                     double *means, struct bootstrap_interval *out);

/* Where row i of column k stands among the values of `count` rows. */
static inline int64_t bootstrap_place(int64_t count, int64_t i, int k)
{
    return ((int64_t)(k / BOOTSTRAP_LANES) * count + i) * BOOTSTRAP_LANES + k % BOOTSTRAP_LANES;
}

/* Wilson's 95 % interval of a share, `yes` of n, in the unit in which all of them are `whole` (100: per
 * cent); where none or all say yes a bootstrap's would have no width. 0 and 0 where n is 0. */
void wilson_interval(int64_t yes, int64_t n, double whole, double *low, double *high);

/* p of the exact two-sided McNemar test: min(1, 2 P(X <= min(a, b))), X binomial of a + b fair throws; 1
 * where both are 0, 0 below 1e-300.
 *   a, b   images that only the one, only the other answers rightly */
double mcnemar_exact(int64_t a, int64_t b);

/* Of a mean of few values, as of networks that were trained from different random numbers: mean +- t sd /
 * sqrt(n), t the 97.5 % quantile of Student's distribution with n - 1 degrees of freedom, sd with n - 1. All
 * 0 where count is 0; one value has no width, and says nothing of how sure it is. */
enum { STUDENT_MOST = 31 };
struct student_interval {
    double mean, low, high, sd;
};
double student_quantile(int freedom); /* 1 .. STUDENT_MOST - 1: 4.303 of 2, 2.776 of 4 */
void student_interval(const double *values, int count, struct student_interval *out);

#endif
