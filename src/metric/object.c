/* src/metric/object.c: a map against a mask: mean error, F-measure, structure and enhanced alignment. */
#include <math.h>

#include "metric_saliency.h"

static const double eps = 2.2204e-16;

/* The map between its least and largest value, without a copy: constant maps are 0. */
struct scaled {
    const float *map, *mask;
    int height, width;
    double least, range;
};

static double value_at(const struct scaled *s, int64_t i)
{
    return s->range > 0 ? (s->map[i] - s->least) / s->range : 0.0;
}

static struct scaled scale(const float *map, const float *mask, int height, int width)
{
    float least, most;

    tensor_range(map, (int64_t)height * width, &least, &most);
    return (struct scaled){ map, mask, height, width, least, (double)most - least };
}

/* ---- structure (Fan et al. 2017) ----------------------------------------------------------------------- */

/* Of P where the mask is `side`, of 1 - P where that is 0: 2 m / (m^2 + 1 + sd + eps), sd with N - 1. */
static double object_part(const struct scaled *s, int side, int64_t members)
{
    int64_t count = (int64_t)s->height * s->width;
    double mean = 0.0, squares = 0.0, deviation;

    for (int64_t i = 0; i < count; i++)
        if ((s->mask[i] > 0) == side)
            mean += side ? value_at(s, i) : 1 - value_at(s, i);
    mean /= (double)members;
    for (int64_t i = 0; i < count; i++)
        if ((s->mask[i] > 0) == side) {
            double away = (side ? value_at(s, i) : 1 - value_at(s, i)) - mean;

            squares += away * away;
        }
    deviation = members > 1 ? sqrt(squares / (double)(members - 1)) : 0.0;
    return 2 * mean / (mean * mean + 1 + deviation + eps);
}

/* Similarity of map and mask in rows y0 .. y1 - 1, columns x0 .. x1 - 1; 0 where there are none. */
static double region_part(const struct scaled *s, int y0, int y1, int x0, int x1)
{
    double n = (double)(y1 - y0) * (x1 - x0), p = 0.0, g = 0.0, pp = 0.0, gg = 0.0, pg = 0.0, above, below;

    if (n < 1)
        return 0.0;
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) {
            p += value_at(s, (int64_t)y * s->width + x);
            g += s->mask[(int64_t)y * s->width + x];
        }
    p /= n;
    g /= n;
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) {
            double a = value_at(s, (int64_t)y * s->width + x) - p, b = s->mask[(int64_t)y * s->width + x] - g;

            pp += a * a;
            gg += b * b;
            pg += a * b;
        }
    above = 4 * p * g * pg / (n - 1 + eps);
    below = (p * p + g * g) * ((pp + gg) / (n - 1 + eps));
    return above != 0 ? above / (below + eps) : below == 0 ? 1.0 : 0.0;
}

/* Four parts about the mask's middle, weighted by their areas. */
static double region_score(const struct scaled *s, int64_t members)
{
    int64_t count = (int64_t)s->height * s->width;
    double sum_x = 0.0, sum_y = 0.0, score = 0.0;
    int cx, cy;

    for (int64_t i = 0; i < count; i++)
        if (s->mask[i] > 0) {
            sum_x += (double)(i % s->width);
            sum_y += (double)(i / s->width);
        }
    cx = (int)rint(sum_x / (double)members) + 1;
    cy = (int)rint(sum_y / (double)members) + 1;
    for (int part = 0; part < 4; part++) {
        int y0 = part < 2 ? 0 : cy, y1 = part < 2 ? cy : s->height, x0 = part % 2 ? cx : 0,
            x1 = part % 2 ? s->width : cx;

        score += region_part(s, y0, y1, x0, x1) * ((double)(y1 - y0) * (x1 - x0) / (double)count);
    }
    return score;
}

static double structure(const struct scaled *s, int64_t members, double mean)
{
    int64_t count = (int64_t)s->height * s->width;
    double share = (double)members / (double)count, score;

    if (members == 0 || members == count)
        return members ? mean : 1 - mean;
    score = 0.5 * (share * object_part(s, 1, members) + (1 - share) * object_part(s, 0, count - members)) +
            0.5 * region_score(s, members);
    return score > 0 ? score : 0.0;
}

/* ---- thresholds ---------------------------------------------------------------------------------------- */

/* Pixels that a threshold takes: marked ones, others; of how many. */
struct taken {
    int64_t marked, others, members, count;
};

/* beta^2 = 0.3; 0 where no marked pixel is taken. */
static double f_measure(const struct taken *t)
{
    double precision, recall;

    if (t->marked == 0)
        return 0.0;
    precision = (double)t->marked / (double)(t->marked + t->others);
    recall = (double)t->marked / (double)t->members;
    return 1.3 * precision * recall / (0.3 * precision + recall);
}

/* Enhanced alignment of the taken with the mask (Fan et al. 2018): each of four kinds of pixels by its
 * number. */
static double e_measure(const struct taken *t)
{
    double n = (double)t->count, all = (double)(t->marked + t->others), sum = 0.0;
    double mean_p = all / n, mean_g = (double)t->members / n;
    const int64_t number[4] = { t->marked, t->others, t->members - t->marked,
                                t->count - t->members - t->others };

    if (t->members == 0 || t->members == t->count)
        sum = t->members ? all : n - all;
    else
        for (int kind = 0; kind < 4; kind++) {
            double p = (kind < 2) - mean_p, g = (kind % 2 == 0) - mean_g;
            double aligned = 2 * p * g / (p * p + g * g + eps) + 1;

            sum += aligned * aligned / 4 * (double)number[kind];
        }
    return sum / (n - 1 + eps);
}

static void measure_levels(const struct scaled *s, int64_t members, struct object_scores *out)
{
    int64_t count = (int64_t)s->height * s->width, at[2][OBJECT_LEVELS] = { { 0 } };
    struct taken t = { .members = members, .count = count };

    for (int64_t i = 0; i < count; i++)
        at[s->mask[i] > 0][(int)(255 * value_at(s, i))]++;
    for (int level = OBJECT_LEVELS - 1; level >= 0; level--) {
        t.marked += at[1][level];
        t.others += at[0][level];
        out->f[level] = f_measure(&t);
        out->e[level] = e_measure(&t);
    }
}

void object_compare(const float *map, const float *mask, int height, int width, struct object_scores *out)
{
    struct scaled s = scale(map, mask, height, width);
    int64_t count = (int64_t)height * width, members = 0;
    double sum = 0.0, error = 0.0, threshold;
    struct taken t = { .count = count };

    for (int64_t i = 0; i < count; i++) {
        sum += value_at(&s, i);
        error += fabs(value_at(&s, i) - mask[i]);
        members += mask[i] > 0;
    }
    out->mae = error / (double)count;
    out->s_measure = structure(&s, members, sum / (double)count);
    threshold = 2 * sum / (double)count < 1 ? 2 * sum / (double)count : 1.0;
    t.members = members;
    for (int64_t i = 0; i < count; i++)
        if (value_at(&s, i) >= threshold) {
            t.marked += mask[i] > 0;
            t.others += !(mask[i] > 0);
        }
    out->f_adaptive = f_measure(&t);
    out->e_adaptive = e_measure(&t);
    measure_levels(&s, members, out);
}
