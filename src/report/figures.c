/* src/report/figures.c: the report's charts. */
#include "figures.h"

#include <math.h>
#include <string.h>

#include "chart.h"
#include "figures_parts.h"
#include "overview.h"
#include "study.h"

enum { OUTPUT_MAX = 64 << 20 };

static const struct {
    const char *slug, *title, *caption;
} part[FIGURES] = {
    [FIGURES_SUMMARY] = { "summary", "What each precision changed",
                          "Dots with 95 % intervals, a colour a precision; points: the precision less the "
                          "first one, whose own line is 0. Deletion: less is more faithful; insertion: "
                          "more." },
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
                         "that "
                         "of its second choice, all images. Numbers: images." },
    [FIGURES_HISTOGRAM] = { "histogram", "Figure 2: histograms of the mean activation",
                            "256 bins, logarithmic counts. As published: each precision over its own range; "
                            "corrected: both over one range of real values." },
    [FIGURES_ACTIVATION] = { "activation", "Entropy and deviation in both domains",
                             "The study compared stored integers with real values: another unit. In real "
                             "values precisions can be compared." },
    [FIGURES_AGREEMENT] = { "agreement", "Agreement of the answers",
                            "Right and wrong answers of each precision and the first, as shares of each "
                            "set." },
};

/* ---- the first screen ---------------------------------------------------------------------------------- */

enum { SUMMARY_ROWS = 6 };
/* low, high: where the axis ends at the latest. */
static const struct {
    const char *label;
    int zero;
    double low, high;
} summary_row[SUMMARY_ROWS] = {
    { "answers changed, %", 0, 0, 1 },
    { "top-1, points", 1, -1, 1 },
    { "deletion, points", 1, -1, 1 },
    { "insertion, points", 1, -1, 1 },
    { "overlap with true box, points", 1, -1, 1 },
    { "maps alike, |correlation|", 0, 0.99, 1 },
};

static void add_dot(struct chart_panel *panel, const struct store_layout *l, int p, const struct value *v)
{
    struct chart_dot *d = &panel->dot[panel->dots];

    if (v->why) {
        panel->why = v->why;
        return;
    }
    *d = (struct chart_dot){ p, v->value, v->low, v->high, v->interval && v->images > 1, "" };
    snprintf(d->tip, sizeof d->tip,
             panel->zero ? "%s: %+.2f [%+.2f, %+.2f], %lld images" : "%s: %.3g [%.3g, %.3g], %lld images",
             l->precision[p].name, v->value, v->low, v->high, (long long)v->images);
    panel->dots++;
}

static status fill_panels(struct figures_drawing *d, int network, struct chart_panel panel[SUMMARY_ROWS])
{
    for (int i = 0; i < SUMMARY_ROWS; i++) {
        snprintf(panel[i].label, sizeof panel[i].label, "%s", summary_row[i].label);
        panel[i].zero = summary_row[i].zero;
    }
    for (int p = 1; p < d->l->precisions; p++) {
        struct overview o;

        TRY(overview_read(d->r, network, p, &o));
        const struct value *const shown[SUMMARY_ROWS] = { &o.changed,         &o.top1.change,
                                                          &o.deletion.change, &o.insertion.change,
                                                          &o.iou.change,      &o.correlation };
        for (int i = 0; i < SUMMARY_ROWS; i++)
            add_dot(&panel[i], d->l, p, shown[i]);
    }
    return OK;
}

/* A measure has one axis in all networks: their dots can be compared. */
static void share_axis(struct chart_panel (*panel)[SUMMARY_ROWS], int networks, int i)
{
    struct chart_axis x = { summary_row[i].low, summary_row[i].high, 0 };

    for (int k = 0; k < networks; k++)
        for (int n = 0; n < panel[k][i].dots; n++) {
            const struct chart_dot *dot = &panel[k][i].dot[n];

            x.low = fmin(x.low, 1.05 * (dot->interval ? dot->low : dot->value));
            x.high = fmax(x.high, (summary_row[i].zero || !summary_row[i].low ? 1.05 : 1) *
                                      (dot->interval ? dot->high : dot->value));
        }
    if (!summary_row[i].zero && summary_row[i].low > 0)
        x.low -= 0.05 * (x.high - x.low);
    for (int k = 0; k < networks; k++)
        panel[k][i].x = x;
}

static status draw_summary(struct figures_drawing *d)
{
    const struct store_layout *l = d->l;
    const char *name[CHART_SERIES] = { NULL };
    struct chart_panel(*panel)[SUMMARY_ROWS];
    status result = OK;

    MEM_TRY(panel, (size_t)l->networks, sizeof *panel);
    for (int p = 1; p < l->precisions; p++)
        name[p] = l->precision[p].name;
    for (int k = 0; k < l->networks && result == OK; k++)
        result = fill_panels(d, k, panel[k]);
    for (int i = 0; i < SUMMARY_ROWS; i++)
        share_axis(panel, l->networks, i);
    for (int k = 0; k < l->networks && result == OK; k++)
        result =
            chart_panels(l->network[k].name, name, panel[k], SUMMARY_ROWS, &d->to->section[FIGURES_SUMMARY]);
    mem_free(panel);
    return result;
}

/* ---- curves -------------------------------------------------------------------------------------------- */

static status draw_curve(struct figures_drawing *d, const char *kind, struct value_key key, double *x,
                         double *y)
{
    const struct store_layout *l = d->l;
    struct text *out = &d->to->section[FIGURES_CURVES];
    int points = l->steps + 1;
    char title[2 * STORE_NAME + 64], label[64];
    static struct chart c;
    struct value v;

    key.measure = kind;
    TRY(value_read(d->r, &key, &v));
    if (v.why)
        return OK;
    snprintf(title, sizeof title, "%s, %s: %s (%lld)", l->network[key.network].name, kind,
             value_set_name(l, key.set), (long long)v.images);
    snprintf(label, sizeof label, "pixels %s (%%)", kind[0] == 'd' ? "deleted" : "inserted");
    c = (struct chart){
        .title = title, .x_label = label, .y_label = "probability (%)", .x = { 0, 100, 0 }, .y = { 0, 100, 0 }
    };
    for (int p = 0; p < l->precisions; p++)
        c.name[p] = l->precision[p].name;
    TRY(chart_begin(&c, out));
    for (int t = 0; t < points; t++)
        x[t] = 100.0 * t / (points - 1);
    for (key.precision = 0; key.precision < l->precisions; key.precision++) {
        TRY(value_curve(d->r, &key, y));
        TRY(chart_line(&c, key.precision, x, y, points, out));
    }
    return chart_end(&c, out);
}

static status draw_curves(struct figures_drawing *d, int network)
{
    static const char *const kind[] = { "deletion", "insertion" };
    const struct store_layout *l = d->l;
    double *x;
    status result = OK;

    MEM_TRY(x, 2 * ((size_t)l->steps + 1), sizeof *x);
    for (size_t i = 0; i < COUNT_OF(kind); i++)
        for (int s = 1; s <= l->selections && result == OK; s++)
            if (strncmp(l->selection[s - 1], "raw", 3) != 0)
                result =
                    draw_curve(d, kind[i], (struct value_key){ network, 0, s, NULL }, x, x + l->steps + 1);
    mem_free(x);
    return result;
}

/* ---- figure 2 ------------------------------------------------------------------------------------------ */

static status draw_histogram(struct figures_drawing *d, const struct value_key *key, const char *range,
                             const char *what, const char *published)
{
    const struct store_layout *l = d->l;
    struct text *out = &d->to->section[FIGURES_HISTOGRAM];
    int common = strcmp(range, "common") == 0;
    static struct value_histogram h[2];
    char title[2 * STORE_NAME + 64], dice[64];
    static struct chart c;
    struct value v;
    double most = 1;

    for (int side = 0; side < 2; side++)
        TRY(value_histogram(d->r,
                            &(struct value_key){ key->network, side ? key->precision : 0, key->set, NULL },
                            range, &h[side]));
    TRY(value_read(d->r, key, &v));
    if (v.why)
        return OK;
    for (size_t b = 0; b < COUNT_OF(h[0].bins); b++)
        most = fmax(most, fmax(h[0].bins[b], h[1].bins[b]));
    snprintf(title, sizeof title, "%s, %s", l->network[key->network].name, what);
    c = (struct chart){ .title = title,
                        .x_label = common ? "mean activation (one range, real values)"
                                          : "mean activation (each precision's own range)",
                        .y_label = "elements",
                        .y = { 0.5, pow(10, floor(log10(most)) + 1), 1 },
                        .x = { common ? fmin(h[0].low, h[1].low) : 0, common ? fmax(h[0].high, h[1].high) : 1,
                               0 } };
    c.name[0] = l->precision[0].name;
    c.name[key->precision] = l->precision[key->precision].name;
    TRY(chart_begin(&c, out));
    for (int side = 0; side < 2; side++)
        TRY(chart_steps(&c, side ? key->precision : 0, h[side].bins, COUNT_OF(h[0].bins), out));
    snprintf(dice, sizeof dice, "Dice %.3f %%", v.value);
    TRY(chart_note(&c, 0, dice, out));
    snprintf(dice, sizeof dice, "the study %s %%", published ? published : "");
    if (published)
        TRY(chart_note(&c, 1, dice, out));
    return chart_end(&c, out);
}

static status draw_histograms(struct figures_drawing *d, int network, int p)
{
    static const struct {
        const char *reading, *range, *what, *measure;
    } wanted[] = { { "raw", "own", "as published", "dice_own" },
                   { "aligned", "common", "corrected", "dice_common" },
                   { "control", "common", "control", "dice_common" } };
    const struct store_layout *l = d->l;

    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        struct value_key key = { network, p, value_set(l, wanted[i].reading, l->precision[p].name),
                                 wanted[i].measure };
        const char *published = NULL;

        for (int s = 0; s < study_count && !published; s++)
            published = study_number(study_all[s], l->network[network].name, l->precision[p].name,
                                     wanted[i].measure, wanted[i].reading);
        if (key.set > 0)
            TRY(draw_histogram(d, &key, wanted[i].range, wanted[i].what, published));
    }
    return OK;
}

/* ---- a measure of all networks and sets ---------------------------------------------------------------- */

static status draw_measure(struct figures_drawing *d, const char *measure, const char *title,
                           const char *label, int log)
{
    const struct store_layout *l = d->l;
    struct text *out = &d->to->section[FIGURES_ACTIVATION];
    static struct chart c;
    struct value v;
    int any = 0;

    c = (struct chart){ .title = title,
                        .x_label = label,
                        .y_label = "",
                        .x = { log ? INFINITY : 0, 0, log },
                        .kind = CHART_MARKS };
    for (int pass = 0; pass < 2; pass++) {
        int row = 0;

        if (pass && !any)
            return OK;
        if (pass)
            TRY(chart_begin(&c, out));
        for (int k = 0; k < l->networks; k++)
            for (int s = 0; s <= l->selections && row < CHART_ROWS; s++, row++) {
                if (!pass)
                    snprintf(c.row[c.rows++], CHART_NAME, "%.16s %.13s", l->network[k].name,
                             value_set_name(l, s));
                for (int p = 0; p < l->precisions; p++) {
                    struct chart_dot dot = { .series = p };

                    TRY(value_read(d->r, &(struct value_key){ k, p, s, measure }, &v));
                    if (v.why || (log && v.value <= 0))
                        continue;
                    any = 1;
                    c.name[p] = l->precision[p].name;
                    c.x.high = fmax(c.x.high, 1.1 * v.value);
                    c.x.low = log ? fmin(c.x.low, v.value / 1.3) : 0;
                    dot.value = v.value;
                    snprintf(dot.tip, sizeof dot.tip, "%s: %.4g", l->precision[p].name, v.value);
                    if (pass)
                        TRY(chart_dot(&c, &dot, row, out));
                }
            }
    }
    return chart_end(&c, out);
}

static status draw_activation(struct figures_drawing *d)
{
    TRY(draw_measure(d, "entropy_real", "Entropy of the channels, real values", "bit", 0));
    TRY(draw_measure(d, "entropy_int", "Entropy of the channels, stored integers", "bit", 0));
    TRY(draw_measure(d, "std_real", "Standard deviation, real values", "units of the layer (logarithmic)",
                     1));
    return draw_measure(d, "std_int", "Standard deviation, stored integers", "codes (logarithmic)", 1);
}

/* ---- agreement ----------------------------------------------------------------------------------------- */

static status draw_agreement(struct figures_drawing *d, int p)
{
    static const char *const field[] = { "both_right", "only_first", "only_second", "both_wrong" };
    static const int series[] = { 0, 2, 1, 3 };
    const struct store_layout *l = d->l;
    struct text *out = &d->to->section[FIGURES_AGREEMENT];
    char only[2][STORE_NAME + 8], title[STORE_NAME + 64];
    static struct chart c;
    static struct value v[CHART_ROWS][COUNT_OF(field)];

    snprintf(title, sizeof title, "Right and wrong answers, %s", l->precision[p].name);
    c = (struct chart){ .title = title,
                        .x_label = "images of the set (%)",
                        .y_label = "",
                        .x = { 0, 100, 0 },
                        .kind = CHART_BARS };
    for (int side = 0; side < 2; side++)
        snprintf(only[side], sizeof only[side], "only %s", l->precision[side ? p : 0].name);
    c.name[0] = "both right";
    c.name[1] = only[1];
    c.name[2] = only[0];
    c.name[3] = "both wrong";
    for (int k = 0; k < l->networks; k++)
        for (int s = 0; s <= l->selections && c.rows < CHART_ROWS; s++) {
            for (size_t i = 0; i < COUNT_OF(field); i++)
                TRY(value_read(d->r, &(struct value_key){ k, p, s, field[i] }, &v[c.rows][i]));
            if (!v[c.rows][0].why)
                snprintf(c.row[c.rows++], CHART_NAME, "%.16s %.13s", l->network[k].name,
                         value_set_name(l, s));
        }
    if (c.rows == 0)
        return OK;
    TRY(chart_begin(&c, out));
    for (int row = 0; row < c.rows; row++) {
        double from = 0;

        for (size_t i = 0; i < COUNT_OF(field); i++) {
            double to = from + 100 * v[row][i].value / (double)v[row][i].images;
            char tip[256];

            snprintf(tip, sizeof tip, "%s: %s %.0f of %lld", c.row[row], c.name[series[i]], v[row][i].value,
                     (long long)v[row][i].images);
            TRY(chart_bar(&c, series[i], from, to, row, tip, out));
            from = to;
        }
    }
    return chart_end(&c, out);
}

/* ---- all ----------------------------------------------------------------------------------------------- */

static status draw_network(struct figures_drawing *d, int network)
{
    struct pairs all[STORE_MAX_PRECISIONS] = { { 0 } };
    int others = d->l->precisions - 1;
    status result = OK;

    for (int p = 1; p <= others; p++) {
        TRY_OUT(pairs_read(d->r, network, p, &all[p - 1]));
        TRY_OUT(figures_pairs_draw(d, &all[p - 1]));
        TRY_OUT(draw_histograms(d, network, p));
    }
    TRY_OUT(figures_pairs_sigma(d, all, others));
    TRY_OUT(figures_pairs_margin(d, all, others));
    if (d->l->steps > 0)
        TRY_OUT(draw_curves(d, network));
out:
    for (int p = 1; p <= others; p++)
        pairs_free(&all[p - 1]);
    return result;
}

status figures_draw(struct store_reader *r, const char *folder, struct figures *out)
{
    struct figures_drawing d = { r, store_reader_layout(r), out };
    char files[4096];

    memset(out, 0, sizeof *out);
    TRY(text_path(files, sizeof files, folder, "figures"));
    TRY(text_make_folder(files));
    for (int i = 0; i < FIGURES; i++)
        out->section[i].max = OUTPUT_MAX;
    if (d.l->precisions > 1)
        TRY(draw_summary(&d));
    for (int k = 0; k < d.l->networks && d.l->precisions > 1; k++)
        TRY(draw_network(&d, k));
    TRY(draw_activation(&d));
    for (int p = 1; p < d.l->precisions; p++)
        TRY(draw_agreement(&d, p));
    for (int i = 0; i < FIGURES; i++)
        if (out->section[i].size)
            TRY(chart_files(out->section[i].data, files, part[i].slug, &out->count[i]));
    return OK;
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
