/* src/metric/fixation.c: a map against fixated pixels. */
#include <math.h>
#include <stdlib.h>

#include "metric_saliency.h"

static const double eps = 2.2204e-16;
enum { THRESHOLDS = 11 };

double fixation_nss(const float *map, int64_t count, const int32_t *pixel, int pixels)
{
    double mean = 0.0, squares = 0.0, sum = 0.0;

    if (density_look(map, count) != DENSITY_SOUND)
        return 0.0;
    for (int64_t i = 0; i < count; i++)
        mean += map[i];
    mean /= (double)count;
    for (int64_t i = 0; i < count; i++)
        squares += (map[i] - mean) * (map[i] - mean);
    for (int k = 0; k < pixels; k++)
        sum += map[pixel[k]] - mean;
    return sum / sqrt(squares / (double)(count - 1)) / pixels;
}

/* ---- AUC by Judd --------------------------------------------------------------------------------------- */

static int falling(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x < y) - (x > y);
}

/* The first of the falling values that v is not below; `n` where it is below all. */
static int place_of(const float *value, int n, float v)
{
    int low = 0, high = n;

    while (low < high) {
        int middle = (low + high) / 2;
        if (v < value[middle])
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double fixation_auc_judd(const float *map, int64_t count, const int32_t *pixel, int pixels,
                         const struct fixation_room *room)
{
    int64_t others = count - pixels, area = 0, tp = 0, fp = 0, reached = 0;

    BUG_IF(pixels < 1 || others < 1);
    for (int k = 0; k < pixels; k++) {
        room->value[k] = map[pixel[k]];
        room->reached[k] = 0;
    }
    qsort(room->value, (size_t)pixels, sizeof *room->value, falling);
    for (int64_t i = 0; i < count; i++) {
        int place = place_of(room->value, pixels, map[i]);

        if (place < pixels)
            room->reached[place]++;
    }
    for (int k = 0; k < pixels; k++) {
        int64_t tp_before = tp, fp_before = fp;

        reached += room->reached[k];
        if (k + 1 < pixels && room->value[k + 1] == room->value[k])
            continue;
        tp = k + 1;
        fp = reached - tp;
        area += (fp - fp_before) * (tp + tp_before);
    }
    area += (others - fp) * (pixels + tp);
    return (double)area / (2.0 * pixels * (double)others);
}

/* ---- AUC against drawn pixels -------------------------------------------------------------------------- */

/* At how many of the thresholds 0, 0.1 .. 1 some pixels of the min-max map are: of[i] = share at i / 10. */
static void shares_of(const float *map, const float range[2], const int32_t *pixel, int pixels,
                      double of[THRESHOLDS])
{
    int64_t reached[THRESHOLDS] = { 0 };

    for (int k = 0; k < pixels; k++) {
        double v =
            range[1] > range[0] ? ((double)map[pixel[k]] - range[0]) / ((double)range[1] - range[0]) : 0.0;

        for (int i = 0; i < THRESHOLDS && v >= i / 10.0; i++)
            reached[i]++;
    }
    for (int i = 0; i < THRESHOLDS; i++)
        of[i] = (double)reached[i] / pixels;
}

double fixation_auc_drawn(const float *map, int64_t count, const int32_t *pixel, int pixels,
                          const struct draws *drawn)
{
    float range[2] = { map[0], map[0] };
    double tp[THRESHOLDS], fp[THRESHOLDS], sum = 0.0;

    BUG_IF(pixels < 1 || drawn->splits < 1 || drawn->each < 1);
    for (int64_t i = 1; i < count; i++) {
        range[0] = map[i] < range[0] ? map[i] : range[0];
        range[1] = map[i] > range[1] ? map[i] : range[1];
    }
    shares_of(map, range, pixel, pixels, tp);
    for (int split = 0; split < drawn->splits; split++) {
        double area = 0.0, tp_before = 0.0, fp_before = 0.0;

        shares_of(map, range, drawn->pixel + (int64_t)split * drawn->each, drawn->each, fp);
        for (int i = THRESHOLDS - 1; i >= 0; i--) { /* at 0 both are 1 */
            area += (fp[i] - fp_before) * (tp[i] + tp_before) / 2;
            tp_before = tp[i];
            fp_before = fp[i];
        }
        sum += area;
    }
    return sum / drawn->splits;
}

/* ---- information gain ---------------------------------------------------------------------------------- */

/* What a pixel's share of the min-max map is: (v - least) / sum; of a constant one 1 / count. */
struct share {
    double least, sum;
};

static struct share share_of(const float *map, int64_t count)
{
    struct share s = { map[0], 0.0 };

    for (int64_t i = 1; i < count; i++)
        s.least = map[i] < s.least ? map[i] : s.least;
    for (int64_t i = 0; i < count; i++)
        s.sum += map[i] - s.least;
    return s;
}

static double bits_at(const float *map, int64_t count, const struct share *s, int32_t pixel)
{
    return math_log2(eps + (s->sum > 0 ? (map[pixel] - s->least) / s->sum : 1.0 / (double)count));
}

double fixation_gain(const float *map, const float *baseline, int64_t count, const int32_t *pixel, int pixels)
{
    struct share s = share_of(map, count), b = share_of(baseline, count);
    double sum = 0.0;

    for (int k = 0; k < pixels; k++)
        sum += bits_at(map, count, &s, pixel[k]) - bits_at(baseline, count, &b, pixel[k]);
    return sum / pixels;
}
