/* src/report/figures.c: the report's charts. */
#include "figures.h"

#include <math.h>
#include <string.h>

#include "figures_parts.h"
#include "layers.h"
#include "metric_table.h"
#include "study.h"

enum { OUTPUT_MAX = 64 << 20 };

static const struct {
    const char *slug, *title, *caption;
} part[FIGURES] = {
    [FIGURES_SUMMARY] = { "summary", "What each precision changed",
                          "Dots with 95 % intervals, a colour a precision; points: the precision less the "
                          "first one, whose own line is 0. Deletion: less is more faithful; insertion: "
                          "more." },
    [FIGURES_TRUTH] = { "truth", "Maps and where people look, maps and those of the first precision",
                        "The second study's figure 2. A box a precision: the middle half of the images with "
                        "the "
                        "median, whiskers to the furthest within 1.5 of its widths, and the mean as the "
                        "precision's shape. SIM and CC: more is alike; KLD: less." },
    [FIGURES_INPUT] = { "input", "Maps of the input gradient and those of the first precision",
                        "Means over the images with 95 % intervals, a colour a precision; 1 is the same map. "
                        "Further precisions of real numbers are controls: the first one trained longer, or "
                        "again." },
    [FIGURES_REMOVAL] = { "removal", "Accuracy while pixels are removed",
                          "Top-1 accuracy while the largest pixels of each precision's own map of the input "
                          "gradient are gone, all images." },
    [FIGURES_RMSE] = { "rmse", "RMSE of the two maps, all images",
                       "Raw: maps as the usual library leaves them; a flipped pair alone makes 127-215. "
                       "Aligned takes the arbitrary sign out; resolved is one rule for each map by itself. "
                       "Beside the names: means." },
    [FIGURES_SUBSETS] = { "subsets", "RMSE with the sign aligned, subsets and control",
                          "If the raw subset lies where the control lies, it holds flipped pairs, not images "
                          "where quantization moved the map. Beside the names: means." },
    [FIGURES_SIGMA] = { "sigma", "How close the first two components are",
                        "sigma2 / sigma1 of the CAM layer, all images: near 1 a map is unstable for a real "
                        "reason." },
    [FIGURES_CURVES] = { "curves", "Deletion and insertion",
                         "Mean probability of the network's own answer while the map's most important pixels "
                         "go or come. In brackets the number of images." },
    [FIGURES_MARGIN] = { "margin", "Where answers change",
                         "Share of answers that changed, by the first precision's margin: its logit less "
                         "that of its second choice, all images. Numbers: images." },
    [FIGURES_HISTOGRAM] = { "histogram", "Figure 2: histograms of the mean activation",
                            "256 bins, logarithmic counts. As published: each precision over its own range; "
                            "corrected: both over one range of real values." },
    [FIGURES_ACTIVATION] = { "activation", "Entropy and deviation in both domains",
                             "The study compared stored integers with real values: another unit. In real "
                             "values precisions can be compared." },
    [FIGURES_AGREEMENT] = { "agreement", "Agreement of the answers",
                            "Right and wrong answers of each precision and the first, as shares of each "
                            "set." },
    [FIGURES_SENSITIVITY] = { "sensitivity", "Which layer moves the map",
                              "Every layer by its place in the network, a line a measure, each in per cent "
                              "of "
                              "its largest value; the layer alone quantized, and all but it. A layer behind "
                              "the CAM layer moves no map. The worst stand in a table." },
};

/* ---- the first screen ---------------------------------------------------------------------------------- */

enum { SUMMARY_ROWS = 7 };
/* low, high: where the axis ends at the latest. {method}: value_method's. A measure that the job does not
 * have has no row. */
static const struct {
    const char *label, *measure, *set;
    int change;
    double low, high;
} summary_row[SUMMARY_ROWS] = {
    { "answers changed, %", "changed", "all", 0, 0, 1 },
    { "top-1, points", "top1", "all", 1, -1, 1 },
    { "deletion, points", "deletion", value_sampled, 1, -1, 1 },
    { "insertion, points", "insertion", value_sampled, 1, -1, 1 },
    { "overlap with true box, points", "iou", "all", 1, -1, 1 },
    { "maps alike, |correlation|", "correlation", "all", 0, 0.99, 1 },
    { "CC with the truth, change", "truth_cc_{method}", "all", 1, -0.01, 0.01 },
};

static void add_dot(struct chart_panel *panel, const char *name, int p, const struct value *v)
{
    struct chart_mark *d = &panel->dot[panel->dots];

    if (v->why) {
        panel->why = v->why;
        return;
    }
    *d = (struct chart_mark){ .series = p,
                              .value = v->value,
                              .low = v->low,
                              .high = v->high,
                              .interval = v->interval && v->images > 1 };
    snprintf(d->tip, sizeof d->tip,
             panel->zero ? "%s: %+.2f [%+.2f, %+.2f], %lld images" : "%s: %.3g [%.3g, %.3g], %lld images",
             name, v->value, v->low, v->high, (long long)v->images);
    panel->dots++;
}

static status fill_panels(struct figures_drawing *d, int network, struct chart_panel panel[SUMMARY_ROWS])
{
    for (int i = 0; i < SUMMARY_ROWS; i++) {
        snprintf(panel[i].label, sizeof panel[i].label, "%s", summary_row[i].label);
        panel[i].zero = summary_row[i].change;
        for (int p = 1; p < d->l->precisions; p++) {
            const char *name = d->l->precision[p].name;
            char measure[2 * STORE_NAME];
            struct value_key key = { network, p, value_set(d->l, summary_row[i].set, name), measure };
            struct value v;

            measure_text(summary_row[i].measure, value_method(d->l), measure, sizeof measure);
            TRY(summary_row[i].change ? value_difference(d->r, &key, &v) : value_read(d->r, &key, &v));
            add_dot(&panel[i], name, p, &v);
        }
    }
    return OK;
}

/* A measure has one axis in all networks: their dots can be compared. */
static void share_axis(struct chart_panel (*panel)[SUMMARY_ROWS], int networks, int i)
{
    struct chart_axis x = { summary_row[i].low, summary_row[i].high, 0 };

    for (int k = 0; k < networks; k++)
        for (int n = 0; n < panel[k][i].dots; n++) {
            const struct chart_mark *dot = &panel[k][i].dot[n];

            x.low = fmin(x.low, 1.05 * (dot->interval ? dot->low : dot->value));
            x.high = fmax(x.high, (summary_row[i].change || !summary_row[i].low ? 1.05 : 1) *
                                      (dot->interval ? dot->high : dot->value));
        }
    if (!summary_row[i].change && summary_row[i].low > 0)
        x.low -= 0.05 * (x.high - x.low);
    for (int k = 0; k < networks; k++)
        panel[k][i].x = x;
}

/* Takes out the rows of which no network has anything to say, not even why; returns how many are left. */
static int drop_empty(struct chart_panel (*panel)[SUMMARY_ROWS], int networks)
{
    int left = 0;

    for (int i = 0; i < SUMMARY_ROWS; i++) {
        int said = 0;

        for (int k = 0; k < networks; k++)
            said |= panel[k][i].dots > 0 || (panel[k][i].why && strcmp(panel[k][i].why, "-") != 0);
        for (int k = 0; k < networks && said; k++)
            panel[k][left] = panel[k][i];
        left += said;
    }
    return left;
}

static status draw_summary(struct figures_drawing *d)
{
    const struct store_layout *l = d->l;
    struct chart_panel(*panel)[SUMMARY_ROWS];
    status result = OK;
    int rows;

    MEM_TRY(panel, (size_t)l->networks, sizeof *panel);
    *d->c = (struct chart){ .title = "" };
    for (int p = 1; p < l->precisions; p++)
        chart_series(d->c, p, d->l->precision[p].name, NULL, NULL, 0);
    for (int k = 0; k < l->networks && result == OK; k++)
        result = fill_panels(d, k, panel[k]);
    for (int i = 0; i < SUMMARY_ROWS; i++)
        share_axis(panel, l->networks, i);
    rows = drop_empty(panel, l->networks);
    for (int k = 0; k < l->networks && result == OK; k++)
        result =
            chart_panels(l->network[k].name, d->c->series, panel[k], rows, &d->to->section[FIGURES_SUMMARY]);
    mem_free(panel);
    return result;
}

/* ---- curves -------------------------------------------------------------------------------------------- */

/* x, then each precision's curve: (precisions + 1, points). */
static status draw_curve(struct figures_drawing *d, struct value_key key, double *x)
{
    const struct store_layout *l = d->l;
    int points = l->steps + 1;
    char title[2 * STORE_NAME + 64];
    struct value v;

    TRY(value_read(d->r, &key, &v));
    if (v.why)
        return OK;
    snprintf(title, sizeof title, "%s, %s: %s (%lld)", l->network[key.network].name, key.measure,
             value_set_name(l, key.set), (long long)v.images);
    *d->c = (struct chart){ .title = title,
                            .x_label = key.measure[0] == 'd' ? "pixels deleted (%)" : "pixels inserted (%)",
                            .y_label = "probability (%)",
                            .x = { 0, 100, 0 },
                            .y = { 0, 100, 0 } };
    for (int t = 0; t < points; t++)
        x[t] = 100.0 * t / (points - 1);
    for (key.precision = 0; key.precision < l->precisions; key.precision++) {
        double *y = x + (size_t)points * (size_t)(key.precision + 1);

        TRY(value_curve(d->r, &key, y));
        chart_series(d->c, key.precision, d->l->precision[key.precision].name, x, y, points);
    }
    return chart_draw(d->c, &d->to->section[FIGURES_CURVES]);
}

static status draw_curves(struct figures_drawing *d, int network)
{
    const struct store_layout *l = d->l;
    double *x;
    status result = OK;

    if (l->steps == 0)
        return OK;
    MEM_TRY(x, ((size_t)l->steps + 1) * ((size_t)l->precisions + 1), sizeof *x);
    for (int i = 0; i < 2; i++)
        for (int s = 1; s <= l->selections && result == OK; s++)
            if (strncmp(l->selection[s - 1], "raw", 3) != 0)
                result = draw_curve(d, (struct value_key){ network, 0, s, i ? "insertion" : "deletion" }, x);
    mem_free(x);
    return result;
}

/* ---- figure 2 ------------------------------------------------------------------------------------------ */

/* As read by the study, corrected, of the control. */
static const struct histogram {
    const char *reading, *range, *what, *measure;
} histograms[] = { { "raw", "own", "as published", "dice_own" },
                   { "aligned", "common", "corrected", "dice_common" },
                   { "control", "common", "control", "dice_common" } };

static status draw_histogram(struct figures_drawing *d, const struct value_key *key,
                             const struct histogram *of)
{
    const struct store_layout *l = d->l;
    const char *network = l->network[key->network].name, *precision = l->precision[key->precision].name;
    int common = strcmp(of->range, "common") == 0;
    static struct value_histogram h[2];
    char title[2 * STORE_NAME + 64];
    const char *published = NULL;
    struct value v;
    double most = 1;

    TRY(value_read(d->r, key, &v));
    if (v.why)
        return OK;
    snprintf(title, sizeof title, "%s, %s", network, of->what);
    *d->c = (struct chart){ .title = title,
                            .kind = CHART_STEPS,
                            .x_label = common ? "mean activation (one range, real values)"
                                              : "mean activation (each precision's own range)",
                            .y_label = "elements" };
    for (int side = 0; side < 2; side++) {
        int p = side ? key->precision : 0;

        TRY(value_histogram(d->r, &(struct value_key){ key->network, p, key->set, NULL }, of->range,
                            &h[side]));
        chart_series(d->c, p, d->l->precision[p].name, NULL, h[side].bins, COUNT_OF(h[side].bins));
        for (size_t b = 0; b < COUNT_OF(h[side].bins); b++)
            most = fmax(most, h[side].bins[b]);
    }
    d->c->y = (struct chart_axis){ 0.5, pow(10, floor(log10(most)) + 1), 1 };
    d->c->x.low = common ? fmin(h[0].low, h[1].low) : 0;
    d->c->x.high = common ? fmax(h[0].high, h[1].high) : 1;
    for (int s = 0, knows; s < study_count && !published; s++) {
        TRY(study_knows(d->r, study_all[s], key->network, &knows));
        published = knows ? study_number(study_all[s], network, precision, of->measure, of->reading) : NULL;
    }
    snprintf(d->c->note[0], CHART_NAME, "Dice %.3f %%", v.value);
    if (published)
        snprintf(d->c->note[1], CHART_NAME, "the study %s %%", published);
    return chart_draw(d->c, &d->to->section[FIGURES_HISTOGRAM]);
}

static status draw_histograms(struct figures_drawing *d, int network, int p)
{
    for (size_t i = 0; i < COUNT_OF(histograms); i++) {
        int set = value_set(d->l, histograms[i].reading, d->l->precision[p].name);

        if (set > 0)
            TRY(draw_histogram(d, &(struct value_key){ network, p, set, histograms[i].measure },
                               &histograms[i]));
    }
    return OK;
}

/* ---- all ----------------------------------------------------------------------------------------------- */

static status draw_network(struct figures_drawing *d, int network)
{
    struct pairs all[STORE_MAX_PRECISIONS] = { { 0 } };
    int others = d->l->precisions - 1;
    status result = OK;

    for (int p = 1; p <= others; p++) {
        TRY_OUT(pairs_read(d->r, network, p, &all[p - 1]));
        TRY_OUT(draw_histograms(d, network, p));
    }
    TRY_OUT(figures_pairs_draw(d, all, others));
    TRY_OUT(draw_curves(d, network));
out:
    for (int p = 1; p <= others; p++)
        pairs_free(&all[p - 1]);
    return result;
}

static status draw_all(struct figures_drawing *d)
{
    if (d->l->precisions > 1)
        TRY(draw_summary(d));
    TRY(figures_truth_draw(d));
    TRY(figures_input_draw(d));
    for (int k = 0; k < d->l->networks && d->l->precisions > 1; k++)
        TRY(draw_network(d, k));
    TRY(layers_draw(d));
    return figures_sets_draw(d);
}

status figures_draw(struct store_reader *r, const char *folder, struct figures *out)
{
    struct figures_drawing d = { r, store_reader_layout(r), out, NULL };
    char files[4096];
    status result;

    memset(out, 0, sizeof *out);
    TRY(text_path(files, sizeof files, folder, "figures"));
    TRY(text_make_folder(files));
    for (int i = 0; i < FIGURES; i++)
        out->section[i].max = OUTPUT_MAX;
    MEM_TRY(d.c, 1, sizeof *d.c);
    result = draw_all(&d);
    mem_free(d.c);
    for (int i = 0; i < FIGURES && result == OK; i++)
        if (out->section[i].size)
            result = chart_files(out->section[i].data, files, part[i].slug, part[i].caption, &out->count[i]);
    return result;
}

status figures_html(const struct figures *f, int first, int last, struct text *out)
{
    for (int i = first; i <= last; i++) {
        if (!f->count[i])
            continue;
        TRY(text_add(out, "<h3>%s</h3>\n<p class=\"note\">%s</p>\n<div class=\"%s\">\n", part[i].title,
                     part[i].caption, i == FIGURES_HISTOGRAM ? "charts three" : "charts"));
        TRY(text_add_bytes(out, f->section[i].data, f->section[i].size));
        TRY(text_add(out, "</div>\n"));
    }
    return OK;
}

status figures_markdown(const struct figures *f, struct text *out)
{
    for (int i = 0; i < FIGURES; i++) {
        if (f->count[i])
            TRY(text_add(out, "## %s\n\n%s\n\n", part[i].title, part[i].caption));
        for (int n = 1; n <= f->count[i]; n++)
            TRY(text_add(out, "![%s](figures/%s_%d.svg)\n\n", part[i].title, part[i].slug, n));
    }
    return OK;
}

void figures_free(struct figures *f)
{
    for (int i = 0; i < FIGURES; i++)
        text_free(&f->section[i]);
}
