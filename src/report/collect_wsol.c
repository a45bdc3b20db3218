/* src/report/collect_wsol.c: WSOL of tables 10 and 11, and a table of all localization measures. */
#include "collect.h"

#include <math.h>
#include <string.h>

#include "published.h"

enum { SETS = 1 + STORE_MAX_SELECTIONS, RESOLVED = 0, RAW = 1, AT_20 = 1 };

typedef int64_t counts[STORE_MAX_NETWORKS][SETS];
typedef double signs[STORE_MAX_NETWORKS][SETS][STORE_SIGNS];
typedef double rules[STORE_MAX_NETWORKS][SETS][STORE_SIGNS][STORE_RULES];
typedef double trivials[STORE_MAX_NETWORKS][SETS][STORE_TRIVIALS];

struct wsol_figures {
    counts images, without_box, no_foreground, labelled;
    rules mean, sd;
    signs gt_known, top1, top5, max_box_acc, at, v2, difference, low, high;
    trivials trivial_mean, trivial_acc, trivial_max, trivial_v2;
};

static status read_counts(struct store_reader *r, const char *precision, const char *name, counts out)
{
    return collect_matrix(r, STORE_S64, 1 + store_reader_layout(r)->selections, SETS, out,
                          "/summary/wsol/%s/%s", precision, name);
}

/* A (network, set, inner...) array. */
static status read_reals(struct store_reader *r, const char *group, const char *name, int inner, void *out)
{
    return collect_matrix(r, STORE_F64, (1 + store_reader_layout(r)->selections) * inner, SETS * inner, out,
                          "/summary/%s/%s", group, name);
}

static status read_figures(struct store_reader *r, int p, struct wsol_figures *f)
{
    const struct store_layout *layout = store_reader_layout(r);
    const char *precision = layout->precision[p].name;
    char of[STORE_NAME + 8], pair[2 * STORE_NAME + 16];

    memset(f, 0, sizeof *f);
    snprintf(of, sizeof of, "wsol/%s", precision);
    snprintf(pair, sizeof pair, "wsol/%s/vs_%s", precision, layout->precision[0].name);
    TRY(read_counts(r, precision, "images", f->images));
    TRY(read_counts(r, precision, "without_box", f->without_box));
    TRY(read_counts(r, precision, "no_foreground", f->no_foreground));
    TRY(collect_matrix(r, STORE_S64, 1 + layout->selections, SETS, f->labelled,
                       "/summary/accuracy/%s/labelled", precision));
    TRY(read_reals(r, of, "iou_mean", STORE_SIGNS * STORE_RULES, f->mean));
    TRY(read_reals(r, of, "iou_sd", STORE_SIGNS * STORE_RULES, f->sd));
    TRY(read_reals(r, of, "gt_known", STORE_SIGNS, f->gt_known));
    TRY(read_reals(r, of, "top1_loc", STORE_SIGNS, f->top1));
    TRY(read_reals(r, of, "top5_loc", STORE_SIGNS, f->top5));
    TRY(read_reals(r, of, "max_box_acc", STORE_SIGNS, f->max_box_acc));
    TRY(read_reals(r, of, "max_box_acc_at", STORE_SIGNS, f->at));
    TRY(read_reals(r, of, "max_box_acc_v2", STORE_SIGNS, f->v2));
    if (p > 0) {
        TRY(read_reals(r, pair, "difference", STORE_SIGNS, f->difference));
        TRY(read_reals(r, pair, "difference_low", STORE_SIGNS, f->low));
        TRY(read_reals(r, pair, "difference_high", STORE_SIGNS, f->high));
    }
    TRY(read_reals(r, "wsol_trivial", "iou_mean", STORE_TRIVIALS, f->trivial_mean));
    TRY(read_reals(r, "wsol_trivial", "box_acc", STORE_TRIVIALS, f->trivial_acc));
    TRY(read_reals(r, "wsol_trivial", "max_box_acc", STORE_TRIVIALS, f->trivial_max));
    return read_reals(r, "wsol_trivial", "max_box_acc_v2", STORE_TRIVIALS, f->trivial_v2);
}

/* A line's place: which set of which network, the maps in which sign. */
struct line {
    int network, set, sign;
    const char *name;
};

static status start_line(struct grid *g, const struct store_layout *layout, const struct line *at,
                         const struct wsol_figures *f)
{
    TRY(grid_row(g));
    grid_set(g, 0, "%s", layout->network[at->network].name);
    grid_set(g, 1, "%s", at->sign == RAW ? "raw" : "resolved");
    grid_set(g, 2, "%s", at->name);
    grid_set(g, 3, "%lld", (long long)f->images[at->network][at->set]);
    if (f->images[at->network][at->set] == 0)
        grid_set(g, 4, "no boxes");
    return OK;
}

/* The study's subset as published; then as corrected, the control and the whole set; the last in both signs.
 */
static int lines_of(const struct store_layout *layout, int network, struct line line[5])
{
    static const struct {
        const char *name;
        int sign;
    } wanted[] = {
        { "raw", RAW }, { "resolved", RESOLVED }, { "control", RESOLVED }, { "all", RESOLVED }, { "all", RAW }
    };
    int count = 0;

    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        int set = strcmp(wanted[i].name, "all") == 0 ? 0 : collect_set(layout, wanted[i].name);
        if (set >= 0)
            line[count++] = (struct line){ network, set, wanted[i].sign, wanted[i].name };
    }
    return count;
}

/* ---- WSOL as the study prints it ----------------------------------------------------------------------- */

static void wsol_line(struct grid *g, const struct line *at, int p, const struct wsol_figures *f)
{
    int k = at->network, s = at->set, sign = at->sign;
    double mean = 100 * f->mean[k][s][sign][AT_20];
    double half = 196 * f->sd[k][s][sign][AT_20] / sqrt((double)f->images[k][s]);

    grid_set(g, 4, "%.3f", mean);
    if (f->images[k][s] > 1)
        grid_set(g, 5, "%.2f-%.2f", mean - half, mean + half);
    else
        grid_set(g, 5, "one image");
    for (int i = 0; i < STORE_TRIVIALS; i++)
        grid_set(g, 6 + i, "%.3f", 100 * f->trivial_mean[k][s][i]);
    if (p > 0) {
        grid_set(g, 9, "%+.3f", 100 * f->difference[k][s][sign]);
        if (f->images[k][s] > 1)
            grid_set(g, 10, "%+.3f to %+.3f", 100 * f->low[k][s][sign], 100 * f->high[k][s][sign]);
        else
            grid_set(g, 10, "one image");
    }
}

static status collect_published(struct store_reader *r, int p, const struct wsol_figures *f,
                                struct collect *c)
{
    const struct store_layout *layout = store_reader_layout(r);
    struct grid *g = collect_table(c, layout, p, p ? "table_10_wsol" : "table_11_wsol",
                                   "Table %d, WSOL. Mean IoU of the map's box and the true box, %s",
                                   p ? 10 : 11, layout->precision[p].name);

    grid_column(g, "network", "");
    grid_column(g, "sign", "");
    grid_column(g, "images", "set");
    grid_column(g, "", "count");
    grid_column(g, "WSOL", "%");
    grid_column(g, "95 % interval", "%");
    grid_column(g, "whole frame", "%");
    grid_column(g, "centred box", "%");
    grid_column(g, "Gauss", "%");
    if (p > 0) {
        grid_column(g, "less", layout->precision[0].name);
        grid_column(g, "95 % interval", "");
    }
    for (int k = 0; k < layout->networks; k++) {
        const char *network = layout->network[k].name;
        struct line line[5];
        int lines = lines_of(layout, k, line);

        if (p < 2 && published_find(network)) {
            TRY(collect_study_row(g, network));
            grid_set(g, 4, "%s", published_value(network, p ? PUBLISHED_INT8_WSOL : PUBLISHED_FP32_WSOL));
        }
        for (int i = 0; i < lines; i++) {
            TRY(start_line(g, layout, &line[i], f));
            if (f->images[k][line[i].set] > 0)
                wsol_line(g, &line[i], p, f);
        }
    }
    grid_note(
        g,
        "IoU x 100: threshold 0.2 of the map's maximum, its largest component, the best of the true boxes. "
        "raw: as published. Whole frame, a centred box of 180 / 224 and a Gaussian have seen no picture: "
        "what does not exceed them localizes nothing. Intervals are normal, of the difference paired. The "
        "study's threshold, frame and treatment of several boxes are unstated.");
    return OK;
}

/* ---- all measures -------------------------------------------------------------------------------------- */

static void measure_line(struct grid *g, const struct line *at, const struct wsol_figures *f)
{
    int k = at->network, s = at->set, sign = at->sign;

    for (int rule = 0; rule < STORE_RULES; rule++)
        grid_set(g, 4 + rule, "%.2f", 100 * f->mean[k][s][sign][rule]);
    grid_set(g, 9, "%.2f", f->max_box_acc[k][s][sign]);
    grid_set(g, 10, "%.2f", f->at[k][s][sign]);
    grid_set(g, 11, "%.2f", f->v2[k][s][sign]);
    grid_set(g, 12, "%.2f", f->gt_known[k][s][sign]);
    if (f->labelled[k][s] > 0) {
        grid_set(g, 13, "%.2f", f->top1[k][s][sign]);
        grid_set(g, 14, "%.2f", f->top5[k][s][sign]);
    } else {
        grid_set(g, 13, "no labels");
        grid_set(g, 14, "no labels");
    }
}

/* What maps reach that have seen no picture, on the whole set. */
static status trivial_lines(struct grid *g, int k, const struct store_layout *layout,
                            const struct wsol_figures *f)
{
    static const char *const name[STORE_TRIVIALS] = { "whole frame", "centred box", "Gauss" };

    for (int i = 0; i < STORE_TRIVIALS && f->images[k][0] > 0; i++) {
        TRY(grid_row(g));
        grid_set(g, 0, "%s", layout->network[k].name);
        grid_set(g, 1, "%s", name[i]);
        grid_set(g, 2, "all");
        grid_set(g, 3, "%lld", (long long)f->images[k][0]);
        grid_set(g, 4 + AT_20, "%.2f", 100 * f->trivial_mean[k][0][i]);
        grid_set(g, 9, "%.2f", f->trivial_max[k][0][i]);
        grid_set(g, 11, "%.2f", f->trivial_v2[k][0][i]);
        grid_set(g, 12, "%.2f", f->trivial_acc[k][0][i]);
    }
    return OK;
}

static status collect_measures(struct store_reader *r, int p, const struct wsol_figures *f, struct collect *c)
{
    static const char *const head[] = { "IoU", "",   "",         "",      "",     "MaxBoxAcc",
                                        "",    "V2", "GT-known", "Top-1", "Top-5" };
    static const char *const unit[] = { "t 0.15, %", "t 0.2, %", "t 0.5, %", "Otsu, %", "best, %", "%",
                                        "at t",      "%",        "%",        "Loc, %",  "Loc, %" };
    const struct store_layout *layout = store_reader_layout(r);
    char id[32], title[160];
    struct grid *g;

    snprintf(id, sizeof id, "wsol_%.20s", layout->precision[p].name);
    snprintf(title, sizeof title, "Localization, %s", layout->precision[p].name);
    g = collect_grid(c, id, title);
    grid_column(g, "network", "");
    grid_column(g, "map", "");
    grid_column(g, "images", "set");
    grid_column(g, "", "count");
    for (size_t i = 0; i < COUNT_OF(head); i++)
        grid_column(g, head[i], unit[i]);
    for (int k = 0; k < layout->networks; k++) {
        struct line line[5];
        int lines = lines_of(layout, k, line);

        for (int i = 0; i < lines; i++) {
            TRY(start_line(g, layout, &line[i], f));
            if (f->images[k][line[i].set] > 0)
                measure_line(g, &line[i], f);
        }
        TRY(trivial_lines(g, k, layout, f));
    }
    grid_note(
        g,
        "best: each image's own best threshold, an upper bound that needs the true box. MaxBoxAcc, V2: one "
        "threshold for all, the best; wsolevaluation's box, but the largest component by pixels and no "
        "holes. "
        "GT-known: IoU >= 0.5 at 0.2. Of %s's images %lld have no true box in the frame and are left out; "
        "%lld "
        "maps are constant and count as 0.",
        layout->network[0].name, (long long)f->without_box[0][0], (long long)f->no_foreground[0][0]);
    return OK;
}

status collect_wsol(struct store_reader *r, int p, struct collect *c)
{
    struct wsol_figures *f = NULL;
    status result = OK;

    MEM_TRY(f, 1, sizeof *f);
    TRY_OUT(read_figures(r, p, f));
    TRY_OUT(collect_published(r, p, f, c));
    TRY_OUT(collect_measures(r, p, f, c));
out:
    mem_free(f);
    return result;
}
