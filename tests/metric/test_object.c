/* Maps against masks: by hand where the map is the mask, its opposite, or where nothing or all is marked;
 * thresholds and structure by the formulas pixel for pixel. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "metric_saliency.h"

static const double eps = 2.2204e-16;

static int near(double a, double b)
{
    return fabs(a - b) < 1e-12;
}

static void by_hand(void)
{
    static const float mask[] = { 0, 1, 1, 0 }, opposite[] = { 9, 3, 3, 9 }, none[4] = { 0 },
                       all[] = { 1, 1, 1, 1 }, half[] = { 0, 2, 1, 0 };
    struct object_scores s;

    object_compare(mask, mask, 2, 2, &s);
    CHECK(s.mae == 0 && near(s.s_measure, 1) && near(s.f_adaptive, 1) && near(s.e_adaptive, 4 / 3.0));
    for (int i = 1; i < OBJECT_LEVELS; i++)
        CHECK(near(s.f[i], 1) && near(s.e[i], 4 / 3.0));
    CHECK(near(s.f[0], 1.3 * 0.5 / (0.3 * 0.5 + 1)) &&
          near(s.e[0], 1 / 3.0)); /* all taken: (0 + 1)^2 / 4 each */
    object_compare(opposite, mask, 2, 2, &s);
    CHECK(s.mae == 1 && s.f_adaptive == 0 && s.e_adaptive < 1e-12 && s.f[255] == 0);
    /* Objects: 0, 0; four parts of a pixel, whose map and mask have no variance: 1. */
    CHECK(near(s.s_measure, 0.5));
    object_compare(half, mask, 2, 2, &s); /* 0 1 0.5 0 */
    CHECK(near(s.mae, 0.125) && near(s.f[127], 1) && near(s.f[128], 1.3 * 0.5 / (0.3 + 0.5)));
    CHECK(near(s.f_adaptive, 1.3 * 0.5 / (0.3 + 0.5))); /* twice the mean is 0.75 */
    object_compare(half, none, 2, 2, &s);
    CHECK(near(s.s_measure, 1 - 0.375) && s.f[0] == 0 && near(s.e[0], 0) && near(s.e[128], 1));
    object_compare(half, all, 2, 2, &s);
    CHECK(near(s.s_measure, 0.375) && near(s.e[0], 4 / 3.0) && near(s.e[128], 1 / 3.0));
    object_compare(all, mask, 2, 2, &s); /* constant: nothing is shown */
    CHECK(near(s.mae, 0.5) && s.f[1] == 0);
}

enum { H = 9, W = 13, N = H * W };

/* Alignment of a thresholded map with the mask, matrix by matrix. */
static double aligned(const int *taken, const float *mask)
{
    double mean_p = 0, mean_g = 0, sum = 0;

    for (int i = 0; i < N; i++) {
        mean_p += (double)taken[i] / N;
        mean_g += (double)mask[i] / N;
    }
    for (int i = 0; i < N; i++) {
        double p = taken[i] - mean_p, g = mask[i] - mean_g, xi = 2 * p * g / (p * p + g * g + eps);

        sum += (xi + 1) * (xi + 1) / 4;
    }
    return sum / (N - 1 + eps);
}

static void check_level(const double *p, const float *mask, const struct object_scores *s, int level)
{
    int taken[N], both = 0, all = 0, marked = 0;
    double precision, recall;

    for (int i = 0; i < N; i++) {
        taken[i] = (int)(255 * p[i]) >= level;
        both += taken[i] && mask[i] > 0;
        all += taken[i];
        marked += mask[i] > 0;
    }
    precision = all ? (double)both / all : 0;
    recall = (double)both / marked;
    CHECK(near(s->f[level], both ? 1.3 * precision * recall / (0.3 * precision + recall) : 0));
    CHECK_MSG(near(s->e[level], aligned(taken, mask)), "level %d: %.15g", level, s->e[level]);
}

/* Moments of a part of the picture, y0 .. y1, x0 .. x1. */
static double part(const double *p, const float *g, int y0, int y1, int x0, int x1)
{
    double n = (double)(y1 - y0) * (x1 - x0), mp = 0, mg = 0, pp = 0, gg = 0, pg = 0;

    for (int i = 0; i < N; i++)
        if (i / W >= y0 && i / W < y1 && i % W >= x0 && i % W < x1) {
            mp += p[i] / n;
            mg += g[i] / n;
        }
    for (int i = 0; i < N; i++)
        if (i / W >= y0 && i / W < y1 && i % W >= x0 && i % W < x1) {
            pp += (p[i] - mp) * (p[i] - mp) / (n - 1);
            gg += (g[i] - mg) * (g[i] - mg) / (n - 1);
            pg += (p[i] - mp) * (g[i] - mg) / (n - 1);
        }
    if (4 * mp * mg * pg == 0)
        return (mp * mp + mg * mg) * (pp + gg) == 0;
    return 4 * mp * mg * pg / ((mp * mp + mg * mg) * (pp + gg) + eps) * n / N;
}

static double object(const double *p, const float *g, int side)
{
    double n = 0, mean = 0, squares = 0;

    for (int i = 0; i < N; i++)
        if ((g[i] > 0) == side) {
            n++;
            mean += side ? p[i] : 1 - p[i];
        }
    mean /= n;
    for (int i = 0; i < N; i++)
        if ((g[i] > 0) == side)
            squares += pow((side ? p[i] : 1 - p[i]) - mean, 2);
    return 2 * mean / (mean * mean + 1 + sqrt(squares / (n - 1)) + eps) * n / N;
}

/* A marked rectangle in a map of noise that is brighter there. */
static void by_formulas(void)
{
    struct random r = { .seed = 6 };
    float map[N], mask[N];
    double p[N], least = 1e9, most = 0;
    struct object_scores s;

    for (int i = 0; i < N; i++) {
        mask[i] = i / W >= 2 && i / W < 6 && i % W >= 3 && i % W < 10; /* middle 3.5 -> 4 + 1, 6 + 1 */
        map[i] = (float)(random_below(&r, 100) + 60 * (int)mask[i]);
        least = fmin(least, map[i]);
        most = fmax(most, map[i]);
    }
    for (int i = 0; i < N; i++)
        p[i] = (map[i] - least) / (most - least);
    object_compare(map, mask, H, W, &s);
    for (int level = 0; level < OBJECT_LEVELS; level++)
        check_level(p, mask, &s, level);
    CHECK(near(s.s_measure, 0.5 * (object(p, mask, 1) + object(p, mask, 0)) +
                                0.5 * (part(p, mask, 0, 5, 0, 7) + part(p, mask, 0, 5, 7, W) +
                                       part(p, mask, 5, H, 0, 7) + part(p, mask, 5, H, 7, W))));
}

int main(void)
{
    by_hand();
    by_formulas();
    return check_result("metric/object");
}
