/* src/report/collect_comparison.c: how alike the maps of two precisions are, beside RMSE. */
#include "collect.h"

enum { SETS = 1 + STORE_MAX_SELECTIONS };

static const struct {
    const char *table, *name, *head, *unit, *format;
} measure[] = {
    { "rmse", "correlation", "|correlation|", "", "%.4f" },
    { "comparison", "spearman", "Spearman", "", "%.4f" },
    { "comparison", "cosine", "cosine", "", "%.4f" },
    { "comparison", "ssim", "SSIM", "", "%.4f" },
    { "comparison", "top_iou", "largest tenth", "IoU", "%.4f" },
    { "comparison", "box_iou", "boxes", "IoU", "%.4f" },
    { "comparison", "peak_distance", "peaks apart", "pixel", "%.2f" },
};

struct comparisons {
    int64_t count[STORE_MAX_NETWORKS][SETS];
    double mean[COUNT_OF(measure)][STORE_MAX_NETWORKS][SETS];
};

static status add_line(struct grid *g, const struct store_layout *layout, int k, int set,
                       const struct comparisons *all)
{
    int64_t count = all->count[k][set];

    TRY(grid_row(g));
    grid_set(g, 0, "%s", layout->network[k].name);
    grid_set(g, 1, "%s", set ? layout->selection[set - 1] : "all");
    grid_set(g, 2, "%lld", (long long)count);
    for (size_t m = 0; m < COUNT_OF(measure); m++)
        grid_set(g, 3 + (int)m, count ? measure[m].format : "no images", all->mean[m][k][set]);
    return OK;
}

status collect_comparison(struct store_reader *r, int p, struct collect *c)
{
    const struct store_layout *layout = store_reader_layout(r);
    static struct comparisons all;
    int sets = 1 + layout->selections;
    struct grid *g;

    TRY(collect_matrix(r, STORE_S64, sets, SETS, all.count, "/summary/subset/count"));
    for (size_t m = 0; m < COUNT_OF(measure); m++)
        TRY(collect_matrix(r, STORE_F64, sets, SETS, all.mean[m], "/summary/%s/%s/%s", measure[m].table,
                           layout->precision[p].name, measure[m].name));
    g = collect_table(c, layout, p, "comparison", "Comparison of the %s and the %s map beside RMSE",
                      layout->precision[0].name, layout->precision[p].name);
    grid_column(g, "network", "");
    grid_column(g, "set", "");
    grid_column(g, "images", "");
    for (size_t m = 0; m < COUNT_OF(measure); m++)
        grid_column(g, measure[m].head, measure[m].unit);
    for (int k = 0; k < layout->networks; k++)
        for (int s = 0; s < sets; s++)
            TRY(add_line(g, layout, k, s, &all));
    grid_note(g, "Means over the images, maps in the resolved sign. |correlation|: of the projections before "
                 "ReLU, free of sign and resolution. Spearman: of the same, signed. cosine, SSIM (7 x 7 "
                 "windows), largest tenth (positive pixels): of the finished maps. boxes: of the largest "
                 "component above 0.2 of the maximum. peaks apart: distance of the strongest cells.");
    return OK;
}
