/* src/report/collect_methods.c: the maps of further methods, fp32's against another precision's. */
#include "collect.h"

enum { SETS = 1 + STORE_MAX_SELECTIONS, MEASURES = 3, EIGEN_RESOLVED = 1 };

/* Over the whole set: mean RMSE, its median, mean correlation. */
struct methods {
    double eigen_rmse[2][STORE_MAX_NETWORKS][SETS * STORE_READINGS];
    double eigen_correlation[STORE_MAX_NETWORKS][SETS];
    double further[MEASURES][STORE_MAX_NETWORKS][SETS * STORE_MAX_METHODS];
    int64_t count[STORE_MAX_NETWORKS][SETS];
};

static status read_methods(struct store_reader *r, const char *precision, struct methods *m)
{
    static const char *const name[MEASURES] = { "rmse_mean", "rmse_median", "correlation" };
    const struct store_layout *layout = store_reader_layout(r);
    int sets = 1 + layout->selections, pitch = SETS * STORE_MAX_METHODS;

    TRY(collect_matrix(r, STORE_S64, sets, SETS, m->count, "/summary/subset/count"));
    TRY(collect_matrix(r, STORE_F64, sets * STORE_READINGS, SETS * STORE_READINGS, m->eigen_rmse[0],
                       "/summary/rmse/%s/mean", precision));
    TRY(collect_matrix(r, STORE_F64, sets * STORE_READINGS, SETS * STORE_READINGS, m->eigen_rmse[1],
                       "/summary/rmse/%s/median", precision));
    TRY(collect_matrix(r, STORE_F64, sets, SETS, m->eigen_correlation, "/summary/rmse/%s/correlation",
                       precision));
    for (int i = 0; i < MEASURES; i++)
        TRY(collect_matrix(r, STORE_F64, sets * layout->methods, pitch, m->further[i],
                           "/summary/methods/%s/%s", precision, name[i]));
    return OK;
}

/* One line: a network's measure by every method. The whole set is set 0: its values lead each row. */
static status add_line(struct grid *g, const struct store_layout *layout, int k, int measure,
                       const struct methods *m)
{
    static const char *const name[MEASURES] = { "mean RMSE", "median RMSE", "correlation" };
    double eigen =
        measure < 2 ? m->eigen_rmse[measure][k][EIGEN_RESOLVED] : m->eigen_correlation[k][0];

    TRY(grid_row(g));
    grid_set(g, 0, "%s", layout->network[k].name);
    grid_set(g, 1, "%s", name[measure]);
    for (int i = -1; i < layout->methods && 3 + i < GRID_MAX_COLUMNS; i++)
        grid_set(g, 3 + i, m->count[k][0] ? "%.3f" : "no images", i < 0 ? eigen : m->further[measure][k][i]);
    return OK;
}

status collect_methods(struct store_reader *r, int p, struct collect *c)
{
    const struct store_layout *layout = store_reader_layout(r);
    static struct methods m;
    struct grid *g;

    if (layout->methods == 0)
        return OK;
    TRY(read_methods(r, layout->precision[p].name, &m));
    g = collect_table(c, layout, p, "methods", "The %s and the %s map by several methods, whole set",
                      layout->precision[0].name, layout->precision[p].name);
    grid_column(g, "network", "");
    grid_column(g, "measure", "");
    grid_column(g, "eigen", "");
    for (int i = 0; i < layout->methods && i < GRID_MAX_COLUMNS - 3; i++)
        grid_column(g, layout->method[i], "");
    for (int k = 0; k < layout->networks; k++)
        for (int i = 0; i < MEASURES; i++)
            TRY(add_line(g, layout, k, i, &m));
    grid_note(g, "RMSE of the maps 0-255; eigen and eigengrad in the resolved sign. correlation: mean over "
                 "the images, of the projections before ReLU; eigen's without sign. Methods with a class "
                 "explain each precision's own answer; int8's gradient is that of its dequantized "
                 "classifier.");
    return OK;
}
