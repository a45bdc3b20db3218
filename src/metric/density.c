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
    double least, most, sum, scaled; /* scaled: the sum of v - least */
};

/* Of both maps in one pass, then another: their sums are two chains that do not wait for each other. */
static void find_extents(const float *map, const float *truth, int64_t count, struct extent *s,
                         struct extent *q)
{
    double sum_s = 0.0, sum_q = 0.0, scaled_s = 0.0, scaled_q = 0.0;
    float least_s = map[0], most_s = map[0], least_q = truth[0], most_q = truth[0];

    for (int64_t i = 0; i < count; i++) {
        least_s = map[i] < least_s ? map[i] : least_s;
        most_s = map[i] > most_s ? map[i] : most_s;
        sum_s += map[i];
        least_q = truth[i] < least_q ? truth[i] : least_q;
        most_q = truth[i] > most_q ? truth[i] : most_q;
        sum_q += truth[i];
    }
    for (int64_t i = 0; i < count; i++) {
        scaled_s += map[i] - (double)least_s;
        scaled_q += truth[i] - (double)least_q;
    }
    *s = (struct extent){ least_s, most_s, sum_s, scaled_s };
    *q = (struct extent){ least_q, most_q, sum_q, scaled_q };
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

/* SIM is the sum of the lesser of both min-max'd maps, each divided by its sum: the range cancels. */
void density_compare(const float *map, const float *truth, int64_t count, struct density_scores *out)
{
    struct extent s, q;
    struct share of_map, of_truth;
    double mean_s, mean_q, part_s, part_q, similar = 0.0, ss = 0.0, qq = 0.0, sq = 0.0, divergence = 0.0;

    find_extents(map, truth, count, &s, &q);
    of_map = share_of(&s, count);
    of_truth = share_of(&q, count);
    mean_s = s.sum / (double)count;
    mean_q = q.sum / (double)count;
    part_s = 1 / s.scaled;
    part_q = 1 / q.scaled;
    for (int64_t i = 0; i < count; i++) {
        double a = (map[i] - s.least) * part_s, b = (truth[i] - q.least) * part_q;
        double from_s = map[i] - mean_s, from_q = truth[i] - mean_q;
        double in_map = of_map.scale * map[i] + of_map.level,
               in_truth = of_truth.scale * truth[i] + of_truth.level;

        similar += a < b ? a : b;
        ss += from_s * from_s;
        qq += from_q * from_q;
        sq += from_s * from_q;
        divergence += in_truth * math_log(eps + in_truth / (in_map + eps));
    }
    *out = (struct density_scores){ .kld = divergence };
    if (s.most <= s.least || q.most <= q.least)
        return;
    out->sim = similar;
    out->cc = ss > 0 && qq > 0 ? sq / sqrt(ss * qq) : 0.0;
}
