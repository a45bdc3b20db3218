/* src/report/collect_curves.c: tables 10 and 11, the areas under deletion and insertion. */
#include "collect.h"

#include "published.h"

enum { SETS = 1 + STORE_MAX_SELECTIONS };

typedef double table[STORE_MAX_NETWORKS][SETS];
struct areas {
    table deletion, insertion, deletion_raw, insertion_raw;
    int64_t images[STORE_MAX_NETWORKS][SETS], selected[STORE_MAX_NETWORKS][SETS];
};

static status read_areas(struct store_reader *r, int p, struct areas *a)
{
    const struct store_layout *layout = store_reader_layout(r);
    const char *precision = layout->precision[p];
    int sets = 1 + layout->selections;

    TRY(collect_matrix(r, STORE_S64, sets, SETS, a->selected, "/summary/subset/count"));
    TRY(collect_matrix(r, STORE_S64, sets, SETS, a->images, "/summary/curves/%s/images", precision));
    TRY(collect_matrix(r, STORE_F64, sets, SETS, a->deletion, "/summary/curves/%s/deletion", precision));
    TRY(collect_matrix(r, STORE_F64, sets, SETS, a->insertion, "/summary/curves/%s/insertion", precision));
    TRY(collect_matrix(r, STORE_F64, sets, SETS, a->deletion_raw, "/summary/curves/%s/deletion_raw",
                       precision));
    return collect_matrix(r, STORE_F64, sets, SETS, a->insertion_raw, "/summary/curves/%s/insertion_raw",
                          precision);
}

/* A network's line of one set; set 0 has no curves. */
static status add_line(struct grid *g, const char *network, const char *sign, const char *set, int k,
                       int number, const struct areas *a, int raw)
{
    int64_t images = a->images[k][number];
    const char *missing = number ? "no images" : "subsets only";

    TRY(grid_row(g));
    grid_set(g, 0, "%s", network);
    grid_set(g, 1, "%s", sign);
    grid_set(g, 2, "%s", set);
    grid_set(g, 3, "%lld", (long long)images);
    grid_set(g, 4, images ? "%.3f" : missing, 100 * (raw ? a->deletion_raw : a->deletion)[k][number]);
    grid_set(g, 5, images ? "%.3f" : missing, 100 * (raw ? a->insertion_raw : a->insertion)[k][number]);
    return OK;
}

static status add_network(struct grid *g, const struct store_layout *layout, int p, int k,
                          const struct areas *a)
{
    const char *network = layout->network[k].name;
    static const char *const set[] = { "resolved", "control" };
    int raw = collect_set(layout, "raw");

    if (p < 2 && published_find(network)) {
        TRY(collect_study_row(g, network));
        for (int v = 0; v < 2; v++)
            grid_set(g, 4 + v, "%s",
                     published_value(network, (p ? PUBLISHED_INT8_DELETION : PUBLISHED_FP32_DELETION) + v));
    }
    if (raw > 0)
        TRY(add_line(g, network, "raw", "raw", k, raw, a, 1));
    for (size_t i = 0; i < COUNT_OF(set); i++) {
        int number = collect_set(layout, set[i]);
        if (number > 0)
            TRY(add_line(g, network, "resolved", set[i], k, number, a, 0));
    }
    return add_line(g, network, "-", "all", k, 0, a, 0);
}

static int64_t unexplained(const struct store_layout *layout, const struct areas *a)
{
    int64_t count = 0;

    for (int k = 0; k < layout->networks; k++)
        for (int s = 1; s <= layout->selections; s++)
            count += a->selected[k][s] - a->images[k][s];
    return count;
}

status collect_curves(struct store_reader *r, int p, struct collect *c)
{
    const struct store_layout *layout = store_reader_layout(r);
    static struct areas a;
    struct grid *g;
    int64_t missing;

    if (layout->steps == 0)
        return OK;
    TRY(read_areas(r, p, &a));
    g = collect_table(c, layout, p, p ? "table_10" : "table_11", "Table %d. Deletion and insertion, %s",
                      p ? 10 : 11, layout->precision[p]);
    grid_column(g, "network", "");
    grid_column(g, "sign", "");
    grid_column(g, "images", "set");
    grid_column(g, "", "count");
    grid_column(g, "deletion", "%");
    grid_column(g, "insertion", "%");
    for (int k = 0; k < layout->networks; k++)
        TRY(add_network(g, layout, p, k, &a));
    grid_note(
        g,
        "Mean area under the probability while pixels go (less is better) or come (more is better), most "
        "important first, %d steps. raw: as published, LAPACK's sign. resolved: corrected, the sign by one "
        "rule. The study's values of 0.1-1 %% are below what deleting pixels reaches at its clean "
        "confidence.",
        layout->steps);
    missing = unexplained(layout, &a);
    if (missing > 0)
        grid_note(g, " Selected, but without a curve (unreadable, or logits not finite): %lld.",
                  (long long)missing);
    return OK;
}
