/* src/report/collect_curves.c: tables 10 and 11, the areas under deletion and insertion. */
#include "collect.h"

#include <math.h>

#include "metric.h"
#include "published.h"

enum { SETS = 1 + STORE_MAX_SELECTIONS, KINDS = 2, SIGNS = 2, CHUNK = 256 };

typedef double table[STORE_MAX_NETWORKS][SETS];
/* By kind (deletion, insertion) and sign (resolved, raw); half: of the mean's normal 95 % interval. */
struct areas {
    table mean[KINDS][SIGNS], half[KINDS][SIGNS];
    int64_t images[STORE_MAX_NETWORKS][SETS], selected[STORE_MAX_NETWORKS][SETS];
};

static const char *const kind_name[KINDS] = { "deletion", "insertion" }, *const sign_name[SIGNS] = { "",
                                                                                                     "_raw" };

/* ---- intervals ----------------------------------------------------------------------------------------- */

/* Bit s of a place: its image is in set s and has curves. */
static status read_members(struct store_reader *r, int k, uint16_t *member)
{
    const struct store_layout *l = store_reader_layout(r);
    size_t places = (size_t)l->subset;
    char path[STORE_PATH + 2 * STORE_NAME];
    uint8_t *flag;
    status result = OK;

    MEM_TRY(flag, places, 1);
    for (int s = 1; s <= l->selections; s++) {
        snprintf(path, sizeof path, "/models/%s/subset/in_%s", l->network[k].name, l->selection[s - 1]);
        TRY_OUT(store_read(r, path, STORE_U8, 0, l->subset, flag, places));
        for (size_t i = 0; i < places; i++)
            member[i] |= (uint16_t)((flag[i] != 0) << s);
    }
    snprintf(path, sizeof path, "/models/%s/subset/status", l->network[k].name);
    TRY_OUT(store_read(r, path, STORE_U8, 0, l->subset, flag, places));
    for (size_t i = 0; i < places; i++)
        member[i] = flag[i] == STORE_OK ? member[i] : 0;
out:
    mem_free(flag);
    return result;
}

/* One network's curves of one kind and sign: half[s] over the areas of set s. */
static status read_half(struct store_reader *r, const char *path, const uint16_t *member, float *curve,
                        double half[SETS])
{
    const struct store_layout *l = store_reader_layout(r);
    size_t points = (size_t)l->steps + 1;
    double mean[SETS] = { 0 }, square[SETS] = { 0 };
    int64_t n[SETS] = { 0 };

    for (int64_t first = 0; first < l->subset; first += CHUNK) {
        int64_t count = l->subset - first < CHUNK ? l->subset - first : CHUNK;

        TRY(store_read(r, path, STORE_F32, first, count, curve, (size_t)count * points * sizeof *curve));
        for (int64_t i = 0; i < count; i++) {
            double area = curve_auc(curve + (size_t)i * points, l->steps);

            for (int s = 1; s <= l->selections; s++)
                if (member[first + i] >> s & 1) { /* Welford */
                    double d = area - mean[s];

                    mean[s] += d / (double)++n[s];
                    square[s] += d * (area - mean[s]);
                }
        }
    }
    for (int s = 1; s <= l->selections; s++)
        half[s] = n[s] > 1 ? 1.96 * sqrt(square[s] / (double)(n[s] - 1) / (double)n[s]) : 0;
    return OK;
}

static status read_halves(struct store_reader *r, int p, struct areas *a)
{
    const struct store_layout *l = store_reader_layout(r);
    char path[STORE_PATH + 2 * STORE_NAME];
    uint16_t *member = NULL;
    float *curve;
    status result = OK;

    MEM_TRY(curve, CHUNK * ((size_t)l->steps + 1), sizeof *curve);
    for (int k = 0; k < l->networks; k++) {
        member = mem_alloc((size_t)l->subset, sizeof *member);
        if (!member)
            TRY_OUT(FAIL(ERR_MEMORY, "no memory for %lld images", (long long)l->subset));
        TRY_OUT(read_members(r, k, member));
        for (int kind = 0; kind < KINDS; kind++)
            for (int sign = 0; sign < SIGNS; sign++) {
                snprintf(path, sizeof path, "/models/%s/subset/%s/%s_curve%s", l->network[k].name,
                         l->precision[p].name, kind_name[kind], sign_name[sign]);
                TRY_OUT(read_half(r, path, member, curve, a->half[kind][sign][k]));
            }
        mem_free(member);
        member = NULL;
    }
out:
    mem_free(member);
    mem_free(curve);
    return result;
}

/* ---- the table ----------------------------------------------------------------------------------------- */

static status read_areas(struct store_reader *r, int p, struct areas *a)
{
    const struct store_layout *layout = store_reader_layout(r);
    const char *precision = layout->precision[p].name;
    int sets = 1 + layout->selections;

    TRY(collect_matrix(r, STORE_S64, sets, SETS, a->selected, "/summary/subset/count"));
    TRY(collect_matrix(r, STORE_S64, sets, SETS, a->images, "/summary/curves/%s/images", precision));
    for (int kind = 0; kind < KINDS; kind++)
        for (int sign = 0; sign < SIGNS; sign++)
            TRY(collect_matrix(r, STORE_F64, sets, SETS, a->mean[kind][sign], "/summary/curves/%s/%s%s",
                               precision, kind_name[kind], sign_name[sign]));
    return read_halves(r, p, a);
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
    for (int kind = 0; kind < KINDS; kind++) {
        double mean = 100 * a->mean[kind][raw][k][number], half = 100 * a->half[kind][raw][k][number];

        grid_set(g, 4 + kind, images ? "%.3f" : missing, mean);
        if (images > 1)
            grid_set(g, 6 + kind, "%.2f-%.2f", fmax(0, mean - half), fmin(100, mean + half));
        else
            grid_set(g, 6 + kind, "%s", images ? "one image" : missing);
    }
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
                      p ? 10 : 11, layout->precision[p].name);
    grid_column(g, "network", "");
    grid_column(g, "sign", "");
    grid_column(g, "images", "set");
    grid_column(g, "", "count");
    grid_column(g, "deletion", "%");
    grid_column(g, "insertion", "%");
    grid_column(g, "deletion's", "95 % interval");
    grid_column(g, "insertion's", "95 % interval");
    for (int k = 0; k < layout->networks; k++)
        TRY(add_network(g, layout, p, k, &a));
    grid_note(
        g,
        "Mean area under the probability while pixels go (less is better) or come (more is better), most "
        "important first, %d steps. raw: as published, LAPACK's sign. resolved: corrected, the sign by one "
        "rule. Intervals are normal, over the images' areas. The study's values of 0.1-1 %% are below what "
        "deleting pixels reaches at its clean confidence.",
        layout->steps);
    missing = unexplained(layout, &a);
    if (missing > 0)
        grid_note(g, " Selected, but without a curve (unreadable, or logits not finite): %lld.",
                  (long long)missing);
    return OK;
}
