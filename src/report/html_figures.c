#include <math.h>
#include <string.h>

#include "chart.h"
#include "figure.h"
#include "html_parts.h"
#include "metric.h"
#include "pairs.h"

enum { SETS = 1 + STORE_MAX_SELECTIONS, OUTPUT_MAX = 64 << 20, RMSE_BINS = 34, SIGMA_BINS = 25, MARGINS = 7 };
enum { PART_RMSE, PART_SUBSETS, PART_SIGMA, PART_CURVES, PART_MARGIN, PARTS };

static const struct {
    const char *slug, *title, *caption;
} part[PARTS] = {
    [PART_RMSE] = { "rmse", "RMSE of the two maps, all images",
                    "Raw: maps as the usual library leaves them; a flipped pair alone makes 127-215. "
                    "Resolved "
                    "and aligned take the arbitrary sign out. Beside the names: means." },
    [PART_SUBSETS] = { "subsets", "RMSE with the sign aligned, subsets and control",
                       "If the raw subset lies where the control lies, it holds flipped pairs, not images "
                       "where quantization moved the map. Beside the names: means." },
    [PART_SIGMA] = { "sigma", "How close the first two components are",
                     "sigma2 / sigma1 of the CAM layer, all images: near 1 a map is unstable for a real "
                     "reason." },
    [PART_CURVES] = { "curves", "Deletion and insertion",
                      "Mean probability of the network's own answer while the map's most important pixels go "
                      "or come; bands: normal 95 % intervals of the mean. The resolved subset beside the "
                      "control; in brackets the number of images." },
    [PART_MARGIN] = { "margin", "Where answers change",
                      "Share of answers that changed, by the first precision's margin: its logit less that "
                      "of its second choice, all images. Lines: Wilson's 95 % intervals; numbers: images." },
};

struct figures {
    struct text section[PARTS];
    const struct store_layout *l;
    struct store_reader *r;
};

/* ---- distributions ------------------------------------------------------------------------------------- */

/* Shares in per cent of the values of `usable` images in equal bins from 0 to `high`; returns the largest. */
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

static status draw_rmse(struct figures *f, const struct pairs *a)
{
    static const char *const reading[STORE_READINGS] = { "raw", "resolved", "aligned" };
    double y[STORE_READINGS][RMSE_BINS], most = 0;
    struct text *out = &f->section[PART_RMSE];
    int64_t good = 0;
    struct chart c = { .title = f->l->network[a->network].name,
                       .x_label = "RMSE (0-255)",
                       .y_label = "images (%), logarithmic",
                       .x = { 0, end_of(a), 0 } };

    for (int i = 0; i < STORE_READINGS; i++)
        most = fmax(most, shares(a->rmse[i], a, 0, c.x.high, RMSE_BINS, y[i]));
    for (int64_t i = 0; i < a->images; i++)
        good += a->ok[i];
    /* Logarithmic, from half an image on: the few large ones are what selections are made of. */
    c.y = (struct chart_axis){ good ? 50.0 / (double)good : 0.1, fmax(100, most), 1 };
    TRY(chart_begin(&c, out));
    for (int i = STORE_READINGS - 1; i >= 0; i--) {
        char name[64];

        snprintf(name, sizeof name, "%s %.1f", reading[i], mean_of(a->rmse[i], a, 0));
        TRY(chart_steps(&c, i == 0 ? 1 : i == 1 ? 0 : 2, name, y[i], RMSE_BINS, out));
    }
    return chart_end(&c, out);
}

static status draw_subsets(struct figures *f, const struct pairs *a)
{
    static const char *const name[] = { "raw", "resolved", "control" };
    static const int series[] = { 1, 0, 2 };
    double y[COUNT_OF(name)][RMSE_BINS], most = 0;
    struct text *out = &f->section[PART_SUBSETS];
    struct chart c = { .title = f->l->network[a->network].name,
                       .x_label = "aligned RMSE (0-255)",
                       .y_label = "images of the set (%)",
                       .x = { 0, end_of(a), 0 } };

    for (size_t i = 0; i < COUNT_OF(name); i++)
        if (collect_set(f->l, name[i]) > 0)
            most = fmax(most, shares(a->rmse[PAIRS_ALIGNED], a, collect_set(f->l, name[i]), c.x.high,
                                     RMSE_BINS, y[i]));
    c.y.high = 1.05 * most;
    TRY(chart_begin(&c, out));
    for (size_t i = 0; i < COUNT_OF(name); i++) {
        int set = collect_set(f->l, name[i]);
        char label[64];

        if (set < 0)
            continue;
        snprintf(label, sizeof label, "%s %.1f", name[i], mean_of(a->rmse[PAIRS_ALIGNED], a, set));
        TRY(chart_steps(&c, series[i], label, y[i], RMSE_BINS, out));
    }
    return chart_end(&c, out);
}

static status draw_sigma(struct figures *f, const struct pairs *a)
{
    double y[2][SIGMA_BINS], most = 0;
    struct text *out = &f->section[PART_SIGMA];
    struct chart c = { .title = f->l->network[a->network].name,
                       .x_label = "sigma2 / sigma1",
                       .y_label = "images (%)",
                       .x = { 0, 1, 0 } };

    for (int side = 0; side < 2; side++)
        most = fmax(most, shares(a->sigma[side], a, 0, 1, SIGMA_BINS, y[side]));
    c.y.high = 1.05 * most;
    TRY(chart_begin(&c, out));
    for (int side = 0; side < 2; side++)
        TRY(chart_steps(&c, side, f->l->precision[side ? a->p : 0].name, y[side], SIGMA_BINS, out));
    return chart_end(&c, out);
}

/* ---- answers that change ------------------------------------------------------------------------------- */

static status draw_margin(struct figures *f, const struct pairs *a)
{
    static const double edge[MARGINS + 1] = { 0, 0.25, 0.5, 1, 2, 4, 8, INFINITY };
    static const char *const name[MARGINS] = { "0-0.25", "0.25-0.5", "0.5-1", "1-2", "2-4", "4-8", "8+" };
    int64_t n[MARGINS] = { 0 }, changed[MARGINS] = { 0 };
    struct text *out = &f->section[PART_MARGIN];
    struct chart c = { .title = f->l->network[a->network].name,
                       .x_label = "margin of the first precision (logits)",
                       .x_name = name,
                       .x_names = MARGINS,
                       .y_label = "answers changed (%)",
                       .x = { 0, MARGINS, 0 },
                       .y = { 0, 108, 0 } };

    for (int64_t i = 0; i < a->images; i++)
        for (int m = 0; a->ok[i] && m < MARGINS; m++)
            if (pairs_margin(a, i) >= edge[m] && pairs_margin(a, i) < edge[m + 1]) {
                n[m]++;
                changed[m] += pairs_changed(a, i);
            }
    TRY(chart_begin(&c, out));
    for (int m = 0; m < MARGINS; m++) {
        double low, high, share = n[m] ? 100 * (double)changed[m] / (double)n[m] : 0;
        char tip[160];

        pairs_wilson(changed[m], n[m], &low, &high);
        snprintf(tip, sizeof tip, "margin %s: %lld of %lld changed, %.1f %% [%.1f, %.1f]", name[m],
                 (long long)changed[m], (long long)n[m], share, low, high);
        if (n[m] > 0) {
            TRY(chart_bar(&c, 1, NULL, m + 0.15, m + 0.85, 0, share, tip, out));
            TRY(chart_whisker(&c, m + 0.5, low, high, out));
        }
        snprintf(tip, sizeof tip, "%lld", (long long)n[m]);
        TRY(chart_text(&c, m + 0.5, n[m] ? fmax(share, high) : 0, tip, out));
    }
    return chart_end(&c, out);
}

/* ---- curves -------------------------------------------------------------------------------------------- */

struct curve {
    double *mean, *low, *high, *x;
};

/* Mean and normal interval at each step over the places in the set; returns how many. */
static int64_t average(const struct pairs *a, const uint8_t *done, const float *all, int points, int set,
                       struct curve *out)
{
    int64_t n = 0;

    memset(out->mean, 0, (size_t)points * sizeof *out->mean);
    memset(out->low, 0, (size_t)points * sizeof *out->low);
    for (int64_t i = 0; i < a->images; i++) {
        if (a->place[i] < 0 || !pairs_in(a, i, set) || !done[a->place[i]])
            continue;
        n++;
        for (int t = 0; t < points; t++) { /* Welford: low carries the sum of squares */
            double v = 100 * (double)all[a->place[i] * points + t], d = v - out->mean[t];

            out->mean[t] += d / (double)n;
            out->low[t] += d * (v - out->mean[t]);
        }
    }
    for (int t = 0; t < points; t++) {
        double half = n > 1 ? 1.96 * sqrt(out->low[t] / (double)(n - 1) / (double)n) : 0;

        out->low[t] = fmax(0, out->mean[t] - half);
        out->high[t] = fmin(100, out->mean[t] + half);
        out->x[t] = 100.0 * t / (points - 1);
    }
    return n;
}

static status draw_kind(struct figures *f, const struct pairs *a, const uint8_t *done, float *const all[2],
                        const char *kind, int set, struct curve *work)
{
    struct text *out = &f->section[PART_CURVES];
    int points = f->l->steps + 1;
    char title[STORE_NAME * 2 + 64];
    struct chart c = {
        .title = title, .x_label = kind, .y_label = "probability (%)", .x = { 0, 100, 0 }, .y = { 0, 100, 0 }
    };
    int64_t n = average(a, done, all[0], points, set, work);

    if (n == 0)
        return OK;
    snprintf(title, sizeof title, "%s, %s: %s (%lld)", f->l->network[a->network].name,
             kind[0] == 'p' && strstr(kind, "deleted") ? "deletion" : "insertion", f->l->selection[set - 1],
             (long long)n);
    TRY(chart_begin(&c, out));
    for (int side = 0; side < 2; side++) {
        (void)average(a, done, all[side], points, set, work);
        TRY(chart_band(&c, side, work->x, work->low, work->high, points, out));
        TRY(chart_line(&c, side, f->l->precision[side ? a->p : 0].name, work->x, work->mean, points, out));
    }
    return chart_end(&c, out);
}

static status draw_curves(struct figures *f, const struct pairs *a)
{
    static const char *const name[] = { "deletion", "insertion" },
                             *const label[] = { "pixels deleted (%)", "pixels inserted (%)" },
                             *const set_name[] = { "resolved", "control" };
    size_t points = (size_t)f->l->steps + 1, room = (size_t)a->places * points * sizeof(float);
    const char *net = f->l->network[a->network].name;
    struct curve work = { 0 };
    float *all[2] = { 0 };
    uint8_t *done = NULL;
    char path[STORE_PATH + 2 * STORE_NAME];
    status result = OK;

    MEM_TRY(work.mean, 4 * points, sizeof *work.mean);
    work.low = work.mean + points;
    work.high = work.low + points;
    work.x = work.high + points;
    done = mem_alloc((size_t)a->places, 1);
    all[0] = mem_alloc((size_t)a->places * points, sizeof *all[0]);
    all[1] = mem_alloc((size_t)a->places * points, sizeof *all[1]);
    if (!done || !all[0] || !all[1])
        TRY_OUT(FAIL(ERR_MEMORY, "no memory for %lld curves", (long long)a->places));
    snprintf(path, sizeof path, "/models/%s/subset/status", net);
    TRY_OUT(store_read(f->r, path, STORE_U8, 0, a->places, done, (size_t)a->places));
    for (int64_t i = 0; i < a->places; i++)
        done[i] = done[i] == STORE_OK;
    for (size_t k = 0; k < COUNT_OF(name); k++) {
        for (int side = 0; side < 2; side++) {
            snprintf(path, sizeof path, "/models/%s/subset/%s/%s_curve", net,
                     f->l->precision[side ? a->p : 0].name, name[k]);
            TRY_OUT(store_read(f->r, path, STORE_F32, 0, a->places, all[side], room));
        }
        for (size_t s = 0; s < COUNT_OF(set_name); s++)
            if (collect_set(f->l, set_name[s]) > 0)
                TRY_OUT(draw_kind(f, a, done, all, label[k], collect_set(f->l, set_name[s]), &work));
    }
out:
    mem_free(work.mean);
    mem_free(done);
    mem_free(all[0]);
    mem_free(all[1]);
    return result;
}

/* ---- the page's part ----------------------------------------------------------------------------------- */

static status draw_network(struct figures *f, int network, int p)
{
    struct pairs a = { 0 };
    status result = OK;

    TRY(pairs_read(f->r, network, p, &a));
    TRY_OUT(draw_rmse(f, &a));
    TRY_OUT(draw_subsets(f, &a));
    TRY_OUT(draw_sigma(f, &a));
    TRY_OUT(draw_margin(f, &a));
    if (f->l->steps > 0)
        TRY_OUT(draw_curves(f, &a));
out:
    pairs_free(&a);
    return result;
}

/* On the page, and each chart as a file. */
static status add_section(const char *folder, const char *slug, const char *title, const char *caption,
                          const struct text *charts, struct text *out)
{
    const char *class = strcmp(slug, "histogram") == 0 ? "charts three" : "charts";

    if (!charts->size)
        return OK;
    TRY(chart_files(charts->data, folder, slug));
    TRY(text_add(out, "<h3>%s</h3>\n<p class=\"note\">%s</p>\n<div class=\"%s\">\n", title, caption, class));
    TRY(text_add_bytes(out, charts->data, charts->size));
    return text_add(out, "</div>\n");
}

status html_figures(struct store_reader *r, const char *folder, struct text *out)
{
    struct figures f = { .l = store_reader_layout(r), .r = r };
    struct text other = { .max = OUTPUT_MAX };
    status result = OK;

    char files[4096];

    TRY(text_path(files, sizeof files, folder, "figures"));
    TRY(text_make_folder(files));
    for (int i = 0; i < PARTS; i++)
        f.section[i].max = OUTPUT_MAX;
    for (int p = 1; p < f.l->precisions; p++)
        for (int k = 0; k < f.l->networks; k++)
            TRY_OUT(draw_network(&f, k, p));
    for (int i = 0; i < PARTS; i++)
        TRY_OUT(add_section(files, part[i].slug, part[i].title, part[i].caption, &f.section[i], out));
    for (int p = 1; p < f.l->precisions; p++)
        TRY_OUT(figure_charts(r, p, &other));
    TRY_OUT(add_section(files, "histogram", "Figure 2: histograms of the mean activation",
                        "256 bins, logarithmic counts. As published: each precision over its own range; "
                        "corrected: both over one range of real values.",
                        &other, out));
    other.size = 0;
    for (int p = 1; p < f.l->precisions; p++)
        TRY_OUT(figure_page_statistics(r, p, &other));
    TRY_OUT(add_section(files, "activation", "Entropy and deviation in both domains",
                        "The study compared stored integers (int8) with real values (fp32): another unit. In "
                        "real values the two precisions can be compared.",
                        &other, out));
    other.size = 0;
    for (int p = 1; p < f.l->precisions; p++)
        TRY_OUT(figure_page_agreement(r, p, &other));
    TRY_OUT(add_section(files, "agreement", "Agreement of the answers",
                        "Right and wrong answers of both precisions, as shares of "
                        "each set.",
                        &other, out));
out:
    for (int i = 0; i < PARTS; i++)
        text_free(&f.section[i]);
    text_free(&other);
    return result;
}
