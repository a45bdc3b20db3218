/* src/report/figures_pairs.c: charts of how values of pictures are distributed. */
#include <math.h>
#include <string.h>

#include "chart.h"
#include "figures_parts.h"

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

/* A chart of steps: distributions of one value on some sets, or of some values on one. */
struct steps {
    const float *value;
    int set, series;
    const char *name;
};

static status draw_steps(struct figures_drawing *d, const struct pairs *a, int section, struct chart *c,
                         const struct steps *s, int count, int bins)
{
    static double y[CHART_SERIES][RMSE_BINS];
    static char name[CHART_SERIES][CHART_NAME];
    struct text *out = &d->to->section[section];
    double most = 0;

    for (int i = 0; i < count; i++) {
        most = fmax(most, shares(s[i].value, a, s[i].set, c->x.high, bins, y[i]));
        snprintf(name[i], CHART_NAME, section == FIGURES_SIGMA ? "%s" : "%s %.1f", s[i].name,
                 mean_of(s[i].value, a, s[i].set));
        c->name[s[i].series] = name[i];
    }
    c->y.high = c->y.log ? fmax(100, most) : 1.05 * most;
    TRY(chart_begin(c, out));
    for (int i = count - 1; i >= 0; i--)
        TRY(chart_steps(c, s[i].series, y[i], bins, out));
    return chart_end(c, out);
}

status figures_pairs_draw(struct figures_drawing *d, const struct pairs *a)
{
    static const char *const reading[] = { "raw", "aligned", "control" };
    const struct store_layout *l = d->l;
    const char *precision = l->precision[a->p].name;
    struct steps s[3] = { { a->rmse[PAIRS_RAW], 0, 1, "raw" },
                          { a->rmse[PAIRS_RESOLVED], 0, 2, "resolved" },
                          { a->rmse[PAIRS_ALIGNED], 0, 0, "aligned" } };
    char title[2 * STORE_NAME + 8];
    static struct chart c;
    int64_t good = 0;
    int count = 0;

    snprintf(title, sizeof title, l->precisions > 2 ? "%s, %s" : "%s", l->network[a->network].name,
             precision);
    for (int64_t i = 0; i < a->images; i++)
        good += a->ok[i];
    /* Logarithmic, from half an image on: the few large ones are what selections are made of. */
    c = (struct chart){ .title = title,
                        .x_label = "RMSE (0-255)",
                        .y_label = "images (%), logarithmic",
                        .x = { 0, end_of(a), 0 },
                        .y = { good ? 50.0 / (double)good : 0.1, 100, 1 } };
    TRY(draw_steps(d, a, FIGURES_RMSE, &c, s, 3, RMSE_BINS));
    for (size_t i = 0; i < COUNT_OF(reading); i++) {
        int set = value_set(l, reading[i], precision);

        if (set > 0)
            s[count++] = (struct steps){ a->rmse[PAIRS_ALIGNED], set,
                                         i == 0   ? 1
                                         : i == 1 ? 0
                                                  : 2,
                                         reading[i] };
    }
    if (count == 0)
        return OK;
    c = (struct chart){ .title = title,
                        .x_label = "aligned RMSE (0-255)",
                        .y_label = "images of the set (%)",
                        .x = { 0, end_of(a), 0 } };
    return draw_steps(d, a, FIGURES_SUBSETS, &c, s, count, RMSE_BINS);
}

/* all: the pairs of precisions 1 .. count. */
status figures_pairs_sigma(struct figures_drawing *d, const struct pairs *all, int count)
{
    struct steps s[CHART_SERIES];
    struct chart *c;
    status result;

    MEM_TRY(c, 1, sizeof *c);
    *c = (struct chart){ .title = d->l->network[all->network].name,
                         .x_label = "sigma2 / sigma1",
                         .y_label = "images (%)",
                         .x = { 0, 1, 0 } };
    for (int p = 0; p <= count; p++)
        s[p] = (struct steps){ p ? all[p - 1].sigma[1] : all->sigma[0], 0, p, d->l->precision[p].name };
    result = draw_steps(d, all, FIGURES_SIGMA, c, s, count + 1, SIGMA_BINS);
    mem_free(c);
    return result;
}

status figures_pairs_margin(struct figures_drawing *d, const struct pairs *all, int count)
{
    static const double edge[MARGINS + 1] = { 0, 0.25, 0.5, 1, 2, 4, 8, INFINITY };
    static const char *const name[MARGINS] = { "0-0.25", "0.25-0.5", "0.5-1", "1-2", "2-4", "4-8", "8+" };
    struct text *out = &d->to->section[FIGURES_MARGIN];
    double x[MARGINS], y[MARGINS];
    static struct chart c;

    c = (struct chart){ .title = d->l->network[all->network].name,
                        .x_label = "margin of the first precision (logits)",
                        .x_name = name,
                        .x_names = MARGINS,
                        .y_label = "answers changed (%)",
                        .x = { 0, MARGINS, 0 },
                        .y = { 0, 112, 0 } };
    for (int p = 1; p <= count; p++)
        c.name[p] = d->l->precision[p].name;
    TRY(chart_begin(&c, out));
    for (int p = 1; p <= count; p++) {
        const struct pairs *a = &all[p - 1];

        for (int m = 0; m < MARGINS; m++) {
            int64_t n = 0, changed = 0;
            char images[32];

            for (int64_t i = 0; i < a->images; i++)
                if (a->ok[i] && pairs_margin(a, i) >= edge[m] && pairs_margin(a, i) < edge[m + 1]) {
                    n++;
                    changed += pairs_changed(a, i);
                }
            x[m] = m + 0.5;
            y[m] = n ? 100 * (double)changed / (double)n : NAN;
            snprintf(images, sizeof images, "%lld", (long long)n);
            if (p == 1)
                TRY(chart_text(&c, x[m], 102, images, out));
        }
        TRY(chart_line(&c, p, x, y, MARGINS, out));
    }
    return chart_end(&c, out);
}
