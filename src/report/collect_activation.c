/* src/report/collect_activation.c: tables 4 and 5, the statistics of the CAM layer's activations. */
#include "collect.h"

#include "published.h"

enum { MEASURES = 3, SETS = 1 + STORE_MAX_SELECTIONS };

typedef double table[STORE_MAX_NETWORKS][SETS];
struct statistics {
    table of_int[MEASURES], of_real[MEASURES];
    int64_t count[STORE_MAX_NETWORKS][SETS];
};

static const char *const measure[MEASURES] = { "entropy", "std", "sparsity" };

static status read_statistics(struct store_reader *r, int p, struct statistics *s)
{
    const struct store_layout *layout = store_reader_layout(r);
    int sets = 1 + layout->selections;

    TRY(collect_matrix(r, STORE_S64, sets, SETS, s->count, "/summary/subset/count"));
    for (int m = 0; m < MEASURES; m++) {
        TRY(collect_matrix(r, STORE_F64, sets, SETS, s->of_real[m], "/summary/activation/%s/%s_real",
                           layout->precision[p].name, measure[m]));
        if (p > 0)
            TRY(collect_matrix(r, STORE_F64, sets, SETS, s->of_int[m], "/summary/activation/%s/%s_int",
                               layout->precision[p].name, measure[m]));
    }
    return OK;
}

/* One line: a network's means over one set. */
static status add_line(struct grid *g, const char *network, const char *reading, const char *set, int k,
                       int number, const table *values, const struct statistics *s)
{
    TRY(grid_row(g));
    grid_set(g, 0, "%s", network);
    grid_set(g, 1, "%s", reading);
    grid_set(g, 2, "%s", set);
    grid_set(g, 3, "%lld", (long long)s->count[k][number]);
    for (int m = 0; m < MEASURES; m++)
        grid_set(g, 4 + m, s->count[k][number] ? "%.3f" : "no images", values[m][k][number]);
    return OK;
}

static status add_published(struct grid *g, const char *network, int p)
{
    enum published_value first = p ? PUBLISHED_INT8_ENTROPY : PUBLISHED_FP32_ENTROPY;

    if (p > 1 || !published_find(network))
        return OK;
    TRY(collect_study_row(g, network));
    for (int m = 0; m < MEASURES; m++)
        grid_set(g, 4 + m, "%s", published_value(network, first + m));
    return OK;
}

static status add_network(struct grid *g, const struct store_layout *layout, int p, int k,
                          const struct statistics *s)
{
    const char *network = layout->network[k].name, *published = p ? "integers" : "real";
    static const char *const set[] = { "resolved", "control" };
    const table *first = p ? s->of_int : s->of_real;
    int raw = collect_set(layout, "raw");

    TRY(add_published(g, network, p));
    if (raw > 0)
        TRY(add_line(g, network, published, "raw", k, raw, first, s));
    for (size_t i = 0; i < COUNT_OF(set); i++) {
        int number = collect_set(layout, set[i]);
        if (number > 0)
            TRY(add_line(g, network, "real", set[i], k, number, s->of_real, s));
    }
    if (p)
        TRY(add_line(g, network, "integers", "all", k, 0, s->of_int, s));
    return add_line(g, network, "real", "all", k, 0, s->of_real, s);
}

status collect_activation(struct store_reader *r, int p, struct collect *c)
{
    const struct store_layout *layout = store_reader_layout(r);
    static struct statistics s;
    struct grid *g;

    TRY(read_statistics(r, p, &s));
    g = collect_table(c, layout, p, p ? "table_4" : "table_5", "Table %d. Activations of the CAM layer, %s",
                      p ? 4 : 5, layout->precision[p].name);
    grid_column(g, "network", "");
    grid_column(g, "values", "");
    grid_column(g, "images", "set");
    grid_column(g, "", "count");
    grid_column(g, "entropy", "bit");
    grid_column(g, "deviation", "");
    grid_column(g, "sparsity", "%");
    for (int k = 0; k < layout->networks; k++)
        TRY(add_network(g, layout, p, k, &s));
    if (p)
        grid_note(g, "Means over the images. integers: the codes 0-255 as they are stored, as published; "
                     "entropy and deviation are in another unit than Table 5's, and sparsity counts the "
                     "code 0. real: dequantized, corrected; sparsity counts real zeros.");
    else
        grid_note(g, "Means over the images of: the entropy of the softmax over channels, averaged over "
                     "pixels; the population deviation over all channels and pixels; the share of zeros.");
    return OK;
}
