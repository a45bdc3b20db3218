/* src/report/collect_difference.c: what a precision differs by from the first, and how surely. */
#include "collect.h"

enum { SETS = 1 + STORE_MAX_SELECTIONS };

static const struct {
    const char *name, *head;
    double scale;
    int digits, test, curve;
} measure[] = {
    { "top1", "top-1, %", 1, 2, 1, 0 },
    { "top5", "top-5, %", 1, 2, 1, 0 },
    { "entropy", "entropy, bit", 1, 4, 0, 0 },
    { "std", "deviation", 1, 4, 0, 0 },
    { "sparsity", "sparsity, %", 1, 3, 0, 0 },
    { "deletion", "deletion, %", 100, 3, 0, 1 },
    { "deletion_raw", "deletion, raw sign, %", 100, 3, 0, 1 },
    { "insertion", "insertion, %", 100, 3, 0, 1 },
    { "insertion_raw", "insertion, raw sign, %", 100, 3, 0, 1 },
    { "iou", "IoU, %", 100, 3, 0, 0 },
    { "iou_raw", "IoU, raw sign, %", 100, 3, 0, 0 },
};

typedef double table[STORE_MAX_NETWORKS][SETS];
struct differences {
    int64_t images[STORE_MAX_NETWORKS][SETS];
    table difference, low, high, p;
};

struct rmse {
    double mean[STORE_MAX_NETWORKS][SETS][STORE_READINGS], low[STORE_MAX_NETWORKS][SETS][STORE_READINGS],
        high[STORE_MAX_NETWORKS][SETS][STORE_READINGS];
    int64_t images[STORE_MAX_NETWORKS][SETS], undefined[STORE_MAX_NETWORKS][SETS];
};

static status read_measure(struct store_reader *r, const char *precision, size_t m, struct differences *d)
{
    int sets = 1 + store_reader_layout(r)->selections;
    const char *name = measure[m].name, *group = "/summary/difference";

    TRY(collect_matrix(r, STORE_S64, sets, SETS, d->images, "%s/%s/%s/images", group, precision, name));
    TRY(collect_matrix(r, STORE_F64, sets, SETS, d->difference, "%s/%s/%s/difference", group, precision,
                       name));
    TRY(collect_matrix(r, STORE_F64, sets, SETS, d->low, "%s/%s/%s/low", group, precision, name));
    TRY(collect_matrix(r, STORE_F64, sets, SETS, d->high, "%s/%s/%s/high", group, precision, name));
    if (!measure[m].test)
        return OK;
    return collect_matrix(r, STORE_F64, sets, SETS, d->p, "%s/%s/%s/p", group, precision, name);
}

static status read_rmse(struct store_reader *r, const char *precision, struct rmse *d)
{
    int sets = 1 + store_reader_layout(r)->selections, inner = sets * STORE_READINGS,
        pitch = SETS * STORE_READINGS;

    TRY(collect_matrix(r, STORE_S64, sets, SETS, d->images, "/summary/subset/count"));
    TRY(collect_matrix(r, STORE_S64, sets, SETS, d->undefined, "/summary/rmse/%s/raw_undefined", precision));
    TRY(collect_matrix(r, STORE_F64, inner, pitch, d->mean, "/summary/rmse/%s/mean", precision));
    TRY(collect_matrix(r, STORE_F64, inner, pitch, d->low, "/summary/rmse/%s/mean_low", precision));
    return collect_matrix(r, STORE_F64, inner, pitch, d->high, "/summary/rmse/%s/mean_high", precision);
}

/* What kept a cell empty: labels or boxes that the job has not, curves of the whole set. */
static const char *missing(size_t m, int set)
{
    if (measure[m].curve)
        return set ? "no images" : "subsets only";
    return measure[m].test ? "no labels" : "no images";
}

static status add_measure(struct grid *g, const struct store_layout *layout, int k, size_t m,
                          const struct differences *d)
{
    double scale = measure[m].scale;
    int digits = measure[m].digits;

    TRY(grid_row(g));
    grid_set(g, 0, "%s", layout->network[k].name);
    grid_set(g, 1, "%s", measure[m].head);
    for (int s = 0; s <= layout->selections; s++) {
        if (d->images[k][s] == 0)
            grid_set(g, 2 + s, "%s", missing(m, s));
        else if (d->images[k][s] == 1)
            grid_set(g, 2 + s, "%+.*f [one image]", digits, scale * d->difference[k][s]);
        else
            grid_set(g, 2 + s, "%+.*f [%+.*f, %+.*f]", digits, scale * d->difference[k][s], digits,
                     scale * d->low[k][s], digits, scale * d->high[k][s]);
    }
    if (!measure[m].test)
        return OK;
    TRY(grid_row(g));
    grid_set(g, 0, "%s", layout->network[k].name);
    grid_set(g, 1, "%s: McNemar's p", measure[m].name);
    for (int s = 0; s <= layout->selections; s++)
        grid_set(g, 2 + s, d->images[k][s] ? "%.3g" : missing(m, s), d->p[k][s]);
    return OK;
}

static status add_rmse(struct grid *g, const struct store_layout *layout, int k, const struct rmse *d)
{
    static const char *const head[STORE_READINGS] = { "RMSE, raw", "RMSE, resolved", "RMSE, aligned" };

    for (int i = 0; i < STORE_READINGS; i++) {
        TRY(grid_row(g));
        grid_set(g, 0, "%s", layout->network[k].name);
        grid_set(g, 1, "%s", head[i]);
        for (int s = 0; s <= layout->selections; s++)
            if (i == 0 && d->images[k][s] > 0 && d->undefined[k][s] >= d->images[k][s])
                grid_set(g, 2 + s, "undefined");
            else if (d->images[k][s] == 1)
                grid_set(g, 2 + s, "%.3f [one image]", d->mean[k][s][i]);
            else
                grid_set(g, 2 + s, d->images[k][s] ? "%.3f [%.3f, %.3f]" : "no images", d->mean[k][s][i],
                         d->low[k][s][i], d->high[k][s][i]);
    }
    return OK;
}

status collect_difference(struct store_reader *r, int p, struct collect *c)
{
    const struct store_layout *layout = store_reader_layout(r);
    static struct differences d[COUNT_OF(measure)];
    static struct rmse rmse;
    const char *precision = layout->precision[p].name;
    struct grid *g;
    int64_t undefined = 0;

    for (size_t m = 0; m < COUNT_OF(measure); m++)
        if (!measure[m].curve || layout->steps > 0)
            TRY(read_measure(r, precision, m, &d[m]));
    TRY(read_rmse(r, precision, &rmse));
    g = collect_table(c, layout, p, "differences", "Differences, %s less %s, with 95 %% intervals", precision,
                      layout->precision[0].name);
    grid_column(g, "network", "");
    grid_column(g, "measure", "");
    for (int s = 0; s <= layout->selections; s++)
        grid_column(g, s ? layout->selection[s - 1] : "all", "");
    for (int k = 0; k < layout->networks; k++) {
        for (size_t m = 0; m < COUNT_OF(measure); m++)
            if (!measure[m].curve || layout->steps > 0)
                TRY(add_measure(g, layout, k, m, &d[m]));
        TRY(add_rmse(g, layout, k, &rmse));
        undefined += rmse.undefined[k][0];
    }
    grid_note(g,
              "Means over images of the difference of a pair, and of the pair's RMSE. Intervals: paired "
              "bootstrap, percentiles of 2,000 resamples of the images; one that holds 0 leaves open which "
              "is larger, [0, 0] says that no pair differs. p: McNemar's exact two-sided test. Activations "
              "in real values, IoU at t = 0.2. The images of raw and resolved were chosen by their RMSE: "
              "theirs describe these images, not a population. Pairs whose raw sign is undefined, the "
              "resolved one in its place: %lld.",
              (long long)undefined);
    return OK;
}
