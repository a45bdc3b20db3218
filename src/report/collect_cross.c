/* src/report/collect_cross.c: the map of each of two precisions, scored by both networks. */
#include <string.h>

#include "collect.h"

enum { SETS = 1 + STORE_MAX_SELECTIONS, KINDS = 2 };

static const char *const kind[KINDS] = { "deletion", "insertion" };

typedef double table[STORE_MAX_NETWORKS][SETS];
struct side {
    table area[KINDS][2]; /* of the first precision's map, of the other's */
    table difference[KINDS], low[KINDS], high[KINDS];
    int64_t images[STORE_MAX_NETWORKS][SETS];
};

/* What network `scorer`, 0 or p, says of the maps of precisions 0 and p. */
static status read_side(struct store_reader *r, int p, int scorer, struct side *a)
{
    const struct store_layout *l = store_reader_layout(r);
    const char *first = l->precision[0].name, *other = l->precision[p].name, *on = l->precision[scorer].name;
    int sets = 1 + l->selections, own = scorer ? 1 : 0;

    for (int k = 0; k < KINDS; k++) {
        TRY(collect_matrix(r, STORE_F64, sets, SETS, a->area[k][own], "/summary/curves/%s/%s", on, kind[k]));
        TRY(collect_matrix(r, STORE_F64, sets, SETS, a->area[k][!own], "/summary/cross/%s/%s_%s_on_%s", other,
                           kind[k], own ? first : other, on));
        TRY(collect_matrix(r, STORE_S64, sets, SETS, a->images, "/summary/difference/%s/%s_on_%s/images",
                           other, kind[k], on));
        TRY(collect_matrix(r, STORE_F64, sets, SETS, a->difference[k],
                           "/summary/difference/%s/%s_on_%s/difference", other, kind[k], on));
        TRY(collect_matrix(r, STORE_F64, sets, SETS, a->low[k], "/summary/difference/%s/%s_on_%s/low", other,
                           kind[k], on));
        TRY(collect_matrix(r, STORE_F64, sets, SETS, a->high[k], "/summary/difference/%s/%s_on_%s/high",
                           other, kind[k], on));
    }
    return OK;
}

/* The precision whose map finds the pixels that matter sooner: less deletion, more insertion. */
static const char *better(const struct store_layout *l, int p, const struct side *a, int k, int net, int set)
{
    double sign = k == 0 ? -1 : 1, low = sign * a->low[k][net][set], high = sign * a->high[k][net][set];

    if (a->images[net][set] < 2)
        return "-";
    if (low > 0 && high > 0)
        return l->precision[p].name;
    return low < 0 && high < 0 ? l->precision[0].name : "open";
}

static status add_line(struct grid *g, const struct store_layout *l, int p, int scorer, int net, int set,
                       const struct side *a)
{
    int64_t images = a->images[net][set];

    TRY(grid_row(g));
    grid_set(g, 0, "%s", l->network[net].name);
    grid_set(g, 1, "%s", l->precision[scorer].name);
    grid_set(g, 2, "%s", l->selection[set - 1]);
    grid_set(g, 3, "%lld", (long long)images);
    for (int k = 0; k < KINDS; k++) {
        int at = 4 + 3 * k;

        for (int m = 0; m < 2; m++)
            grid_set(g, at + m, images ? "%.3f" : "no images", 100 * a->area[k][m][net][set]);
        if (images < 2)
            grid_set(g, at + 2, images ? "%+.3f [one image]" : "no images", 100 * a->difference[k][net][set]);
        else
            grid_set(g, at + 2, "%+.3f [%+.3f, %+.3f]", 100 * a->difference[k][net][set],
                     100 * a->low[k][net][set], 100 * a->high[k][net][set]);
    }
    grid_set(g, 10, "%s / %s", better(l, p, a, 0, net, set), better(l, p, a, 1, net, set));
    return OK;
}

static void add_columns(struct grid *g, const struct store_layout *l, int p)
{
    grid_column(g, "network", "");
    grid_column(g, "scored on", "");
    grid_column(g, "images", "set");
    grid_column(g, "", "count");
    for (int k = 0; k < KINDS; k++) {
        char unit[GRID_HEAD];

        for (int m = 0; m < 2; m++) {
            snprintf(unit, sizeof unit, "%.40s's map, %%", l->precision[m ? p : 0].name);
            grid_column(g, kind[k], unit);
        }
        grid_column(g, kind[k], "difference");
    }
    grid_column(g, "better map", "del. / ins.");
}

status collect_cross(struct store_reader *r, int p, struct collect *c)
{
    const struct store_layout *l = store_reader_layout(r);
    static struct side side[2];
    struct grid *g;

    if (!l->cross)
        return OK;
    for (int s = 0; s < 2; s++)
        TRY(read_side(r, p, s ? p : 0, &side[s]));
    g = collect_table(c, l, p, "cross", "The %s and the %s map, each scored by both networks",
                      l->precision[0].name, l->precision[p].name);
    add_columns(g, l, p);
    for (int net = 0; net < l->networks; net++)
        for (int s = 0; s < 2; s++)
            for (int set = 1; set <= l->selections; set++)
                if (strcmp(l->selection[set - 1], "raw") != 0)
                    TRY(add_line(g, l, p, s ? p : 0, net, set, &side[s]));
    grid_note(g,
              "A line scores both maps by one network, so that its confidence cancels: the better map is the "
              "one whose order of pixels makes deletion smaller or insertion larger, open where the 95 %% "
              "interval of the difference (%s less %s, paired bootstrap) holds 0. The same map better on "
              "both networks is the more faithful one; each network preferring its own says that they look "
              "at different pixels. Maps in the resolved sign.",
              l->precision[p].name, l->precision[0].name);
    return OK;
}
