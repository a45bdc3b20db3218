/* src/report/collect_histogram.c: Dice of figure 2. */
#include "collect.h"

#include "published.h"

enum { SETS = 1 + STORE_MAX_SELECTIONS };

status collect_histogram(struct store_reader *r, int p, struct collect *c)
{
    static const char *const set_name[] = { "raw", "resolved", "control" };
    const struct store_layout *layout = store_reader_layout(r);
    double own[STORE_MAX_NETWORKS][SETS], common[STORE_MAX_NETWORKS][SETS];
    int64_t images[STORE_MAX_NETWORKS][SETS];
    int sets = 1 + layout->selections, raw = collect_set(layout, "raw");
    struct grid *g;

    TRY(collect_matrix(r, STORE_S64, sets, SETS, images, "/summary/histogram/images"));
    TRY(collect_matrix(r, STORE_F64, sets, SETS, own, "/summary/histogram/%s/dice_own",
                       layout->precision[p].name));
    TRY(collect_matrix(r, STORE_F64, sets, SETS, common, "/summary/histogram/%s/dice_common",
                       layout->precision[p].name));
    g = collect_table(c, layout, p, "figure_2",
                      "Figure 2. Dice of the mean activations' histograms, %s and %s",
                      layout->precision[0].name, layout->precision[p].name);
    grid_column(g, "network", "");
    for (size_t s = 0; s < COUNT_OF(set_name); s++) {
        grid_column(g, set_name[s], "own, %");
        grid_column(g, "", "common, %");
    }
    grid_column(g, "published", "%");
    grid_column(g, "images", "raw");
    for (int k = 0; k < layout->networks; k++) {
        const char *name = layout->network[k].name;

        TRY(grid_row(g));
        grid_set(g, 0, "%s", name);
        for (size_t s = 0; s < COUNT_OF(set_name); s++) {
            int set = collect_set(layout, set_name[s]), column = 1 + 2 * (int)s;

            grid_set(g, column, "-");
            grid_set(g, column + 1, "-");
            if (set < 0 || images[k][set] == 0)
                continue;
            grid_set(g, column, "%.3f", own[k][set]);
            grid_set(g, column + 1, "%.3f", common[k][set]);
        }
        grid_set(g, 7, "%s", p < 2 && published_find(name) ? published_value(name, PUBLISHED_DICE) : "-");
        grid_set(g, 8, raw > 0 ? "%lld" : "-", (long long)images[k][raw > 0 ? raw : 0]);
    }
    grid_note(g, "256 bins of the tensor's elements, each the mean over the set's images. own: each "
                 "precision over its own range, as published, which is blind to scale. common: both over one "
                 "range of real values, corrected.");
    return OK;
}
