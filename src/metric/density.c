/* src/metric/density.c: a map against a density: similarity, correlation, divergence. */
#include <math.h>

#include "metric_saliency.h"

static const double eps = 2.2204e-16;

enum density_cause density_look(const float *map, int64_t count)
{
    int same = 1;

    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(map[i]))
            return DENSITY_NOT_FINITE;
        same &= map[i] == map[0];
    }
    return !same ? DENSITY_SOUND : map[0] == 0 ? DENSITY_ZERO : DENSITY_CONSTANT;
}

/* What scaling needs of a map. */
struct extent {
    double least, most, sum, scaled;
}; /* scaled: the sum of v - least */

static struct extent extent_of(const float *map, int64_t count)
{
    struct extent e = { map[0], map[0], 0.0, 0.0 };

    for (int64_t i = 0; i < count; i++) {
        e.least = map[i] < e.least ? map[i] : e.least;
        e.most = map[i] > e.most ? map[i] : e.most;
        e.sum += map[i];
    }
    for (int64_t i = 0; i < count; i++)
        e.scaled += map[i] - e.least;
    return e;
}

/* The sum of both min-max'd and divided by their sums, the lesser at each pixel: the range cancels. */
static double similarity(const float *map, const float *truth, int64_t count, const struct extent *s,
                         const struct extent *q)
{
    double of_map = 1 / s->scaled, of_truth = 1 / q->scaled, sum = 0.0;

    if (s->most <= s->least || q->most <= q->least)
        return 0.0;
    for (int64_t i = 0; i < count; i++) {
        double a = (map[i] - s->least) * of_map, b = (truth[i] - q->least) * of_truth;

        sum += a < b ? a : b;
    }
    return sum;
}

static double correlation(const float *map, const float *truth, int64_t count, const struct extent *s,
                          const struct extent *q)
{
    double mean_s = s->sum / (double)count, mean_q = q->sum / (double)count, ss = 0.0, qq = 0.0, sq = 0.0;

    if (s->most <= s->least || q->most <= q->least)
        return 0.0;
    for (int64_t i = 0; i < count; i++) {
        double a = map[i] - mean_s, b = truth[i] - mean_q;

        ss += a * a;
        qq += b * b;
        sq += a * b;
    }
    return ss > 0 && qq > 0 ? sq / sqrt(ss * qq) : 0.0;
}

/* A map's share of a pixel is scale * v + level: v over the sum, or the uniform density where the sum is 0.
 */
struct share {
    double scale, level;
};

static struct share share_of(const struct extent *e, int64_t count)
{
    return e->sum > 0 ? (struct share){ 1 / e->sum, 0.0 } : (struct share){ 0.0, 1.0 / (double)count };
}

static double divergence(const float *map, const float *truth, int64_t count, const struct extent *s,
                         const struct extent *q)
{
    struct share of_map = share_of(s, count), of_truth = share_of(q, count);
    double sum = 0.0;

    for (int64_t i = 0; i < count; i++) {
        double b = of_truth.scale * truth[i] + of_truth.level, a = of_map.scale * map[i] + of_map.level;

        sum += b * math_log(eps + b / (a + eps));
    }
    return sum;
}

void density_compare(const float *map, const float *truth, int64_t count, struct density_scores *out)
{
    struct extent s = extent_of(map, count), q = extent_of(truth, count);

    out->sim = similarity(map, truth, count, &s, &q);
    out->cc = correlation(map, truth, count, &s, &q);
    out->kld = divergence(map, truth, count, &s, &q);
}
