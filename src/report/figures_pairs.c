/* src/report/figures_pairs.c: charts of how values of pictures are distributed. */
#include <math.h>
#include <string.h>

#include "figures_parts.h"
#include "value.h"

enum { RMSE_BINS = 34, SIGMA_BINS = 25, MARGINS = 7 };

/* ---- distributions ------------------------------------------------------------------------------------- */

/* Shares in per cent of the values of a set's images in equal bins from 0 to `high`; returns the largest. */
static double shares(const float *value, const struct pairs *a, int set, double high, int bins, double *out)
{
    int64_t n = 0;
    double most = 0;

    memset(out, 0, (size_t)bins * sizeof *out);
    for (int64_t i = 0; i < a->images; i++) {
        int b;

        if (!pairs_in(a, i, set) || !isfinite(value[i]))
            continue;
        b = (int)fmin(bins - 1, fmax(0, floor((double)value[i] / high * bins)));
        out[b]++;
        n++;
    }
    for (int b = 0; b < bins; b++) {
        out[b] = n ? 100 * out[b] / (double)n : 0;
        most = fmax(most, out[b]);
    }
    return most;
}

static double mean_of(const float *value, const struct pairs *a, int set)
{
    double sum = 0;
    int64_t n = 0;

    for (int64_t i = 0; i < a->images; i++)
        if (pairs_in(a, i, set)) {
            sum += (double)value[i];
            n++;
        }
    return n ? sum / (double)n : 0;
}

/* The largest value, rounded up to a multiple of 25: the end of a shared axis. */
static double end_of(const struct pairs *a)
{
    double most = 1;

    for (int i = 0; i < STORE_READINGS; i++)
        for (int64_t k = 0; k < a->images; k++)
            if (a->ok[k] && isfinite(a->rmse[i][k]))
                most = fmax(most, (double)a->rmse[i][k]);
    return fmin(255, 25 * ceil(most / 25));
}

/* A distribution: of a value of the pairs, on a set. */
struct steps {
    const float *value;
    int set, series;
    const char *name;
};

/* The chart in hand, as steps. mean: stands behind the names. */
static status draw_steps(struct figures_drawing *d, const struct pairs *a, int section, const struct steps *s,
                         int count, int bins, int mean)
{
    static double y[CHART_SERIES][RMSE_BINS];
    struct chart *c = d->c;
    double most = 0;

    c->kind = CHART_STEPS;
    for (int i = 0; i < count; i++) {
        struct chart_series *to = &c->series[s[i].series];

        most = fmax(most, shares(s[i].value, a, s[i].set, c->x.high, bins, y[i]));
        *to = (struct chart_series){ "", NULL, y[i], bins };
        snprintf(to->name, sizeof to->name, mean ? "%s %.1f" : "%s", s[i].name,
                 mean_of(s[i].value, a, s[i].set));
    }
    c->y.high = c->y.log ? fmax(100, most) : 1.05 * most;
    return chart_draw(c, &d->to->section[section]);
}

/* RMSE by reading on all images; aligned on each selection of the pair. */
static status draw_rmse(struct figures_drawing *d, const struct pairs *a)
{
    static const struct {
        const char *reading;
        int series;
    } sets[] = { { "raw", 1 }, { "aligned", 0 }, { "control", 2 } };
    const struct store_layout *l = d->l;
    struct steps s[3] = { { a->rmse[PAIRS_RAW], 0, 1, "raw" },
                          { a->rmse[PAIRS_RESOLVED], 0, 2, "resolved" },
                          { a->rmse[PAIRS_ALIGNED], 0, 0, "aligned" } };
    char title[2 * STORE_NAME + 8];
    int64_t good = 0;
    int count = 0;

    snprintf(title, sizeof title, l->precisions > 2 ? "%s, %s" : "%s", l->network[a->network].name,
             l->precision[a->p].name);
    for (int64_t i = 0; i < a->images; i++)
        good += a->ok[i];
    /* Logarithmic, from half an image on: the few large ones are what selections are made of. */
    *d->c = (struct chart){ .title = title,
                            .x_label = "RMSE (0-255)",
                            .y_label = "images (%), logarithmic",
                            .x = { 0, end_of(a), 0 },
                            .y = { good ? 50.0 / (double)good : 0.1, 100, 1 } };
    TRY(draw_steps(d, a, FIGURES_RMSE, s, 3, RMSE_BINS, 1));
    for (size_t i = 0; i < COUNT_OF(sets); i++) {
        int set = value_set(l, sets[i].reading, l->precision[a->p].name);

        if (set > 0)
            s[count++] = (struct steps){ a->rmse[PAIRS_ALIGNED], set, sets[i].series, sets[i].reading };
    }
    *d->c = (struct chart){ .title = title,
                            .x_label = "aligned RMSE (0-255)",
                            .y_label = "images of the set (%)",
                            .x = { 0, end_of(a), 0 } };
    return count ? draw_steps(d, a, FIGURES_SUBSETS, s, count, RMSE_BINS, 1) : OK;
}

static status draw_sigma(struct figures_drawing *d, const struct pairs *all, int count)
{
    struct steps s[CHART_SERIES];

    *d->c = (struct chart){ .title = d->l->network[all->network].name,
                            .x_label = "sigma2 / sigma1",
                            .y_label = "images (%)",
                            .x = { 0, 1, 0 } };
    for (int p = 0; p <= count; p++)
        s[p] = (struct steps){ p ? all[p - 1].sigma[1] : all->sigma[0], 0, p, d->l->precision[p].name };
    return draw_steps(d, all, FIGURES_SIGMA, s, count + 1, SIGMA_BINS, 0);
}

/* Of each range of margins how many images are in it, and the share whose answer changed. */
static void count_changed(const struct pairs *a, int64_t images[MARGINS], double share[MARGINS])
{
    static const double edge[MARGINS + 1] = { 0, 0.25, 0.5, 1, 2, 4, 8, INFINITY };

    for (int m = 0; m < MARGINS; m++) {
        int64_t changed = 0;

        images[m] = 0;
        for (int64_t i = 0; i < a->images; i++)
            if (a->ok[i] && pairs_margin(a, i) >= edge[m] && pairs_margin(a, i) < edge[m + 1]) {
                images[m]++;
                changed += pairs_changed(a, i);
            }
        share[m] = images[m] ? 100 * (double)changed / (double)images[m] : NAN;
    }
}

static status draw_margin(struct figures_drawing *d, const struct pairs *all, int count)
{
    static const char *const name[MARGINS] = { "0-0.25", "0.25-0.5", "0.5-1", "1-2", "2-4", "4-8", "8+" };
    double x[MARGINS], y[CHART_SERIES][MARGINS];
    int64_t images[MARGINS];

    *d->c = (struct chart){ .title = d->l->network[all->network].name,
                            .x_label = "margin of the first precision (logits)",
                            .x_name = name,
                            .x_count = images,
                            .x_names = MARGINS,
                            .y_label = "answers changed (%)",
                            .x = { 0, MARGINS, 0 },
                            .y = { 0, 112, 0 } };
    for (int m = 0; m < MARGINS; m++)
        x[m] = m + 0.5;
    for (int p = 1; p <= count; p++) {
        count_changed(&all[p - 1], images, y[p]);
        chart_series(d->c, p, d->l->precision[p].name, x, y[p], MARGINS);
    }
    return chart_draw(d->c, &d->to->section[FIGURES_MARGIN]);
}

status figures_pairs_draw(struct figures_drawing *d, const struct pairs *all, int count)
{
    for (int i = 0; i < count; i++)
        TRY(draw_rmse(d, &all[i]));
    TRY(draw_sigma(d, all, count));
    return draw_margin(d, all, count);
}
