/* src/report/collect_overview.c: what quantization changed, a line a network, and the maps' sign. */
#include "collect.h"

#include "overview.h"
#include "pairs.h"

static double share(int64_t part, int64_t of)
{
    return of > 0 ? 100.0 * (double)part / (double)of : 0;
}

static void set_interval(struct grid *g, int column, const struct overview_interval *d, const char *none)
{
    if (d->images == 0)
        grid_set(g, column, "%s", none);
    else if (d->images == 1)
        grid_set(g, column, "%+.2f [one image]", d->value);
    else
        grid_set(g, column, "%+.2f [%+.2f, %+.2f]", d->value, d->low, d->high);
}

static void set_ratio(struct grid *g, int column, double ratio)
{
    if (ratio > 0)
        grid_set(g, column, "%.2f", ratio);
    else
        grid_set(g, column, "unknown");
}

static status add_overview(struct grid *g, const struct store_layout *l, const struct overview *o)
{
    TRY(grid_row(g));
    grid_set(g, 0, "%s", l->network[o->network].name);
    for (int c = 1; c < g->columns; c++)
        grid_set(g, c, "no images");
    if (o->images == 0)
        return OK;
    grid_set(g, 1, "%.2f [%.2f, %.2f]", share(o->changed, o->images), o->changed_low, o->changed_high);
    grid_set(g, 2, "no labels");
    grid_set(g, 3, "no labels");
    grid_set(g, 5, "no labels");
    set_interval(g, 4, &o->top1, "no labels");
    if (o->top1.images) {
        grid_set(g, 2, "%.2f", o->top1.of[0]);
        grid_set(g, 3, "%.2f", o->top1.of[1]);
        grid_set(g, 5, "%.2g", o->top1_p);
    }
    grid_set(g, 6, "%.2f [%.2f, %.2f]", o->rmse[PAIRS_ALIGNED], o->rmse_low[PAIRS_ALIGNED],
             o->rmse_high[PAIRS_ALIGNED]);
    grid_set(g, 7, "%.1f [%.1f, %.1f]", share(o->moved, o->images), o->moved_low, o->moved_high);
    set_interval(g, 8, &o->deletion, o->set > 0 ? "no images" : "no curves");
    set_interval(g, 9, &o->insertion, o->set > 0 ? "no images" : "no curves");
    set_interval(g, 10, &o->iou, "no boxes");
    set_ratio(g, 11, overview_size_ratio(o));
    set_ratio(g, 12, overview_time_ratio(o));
    grid_set(g, 13, "%lld", (long long)o->images);
    return OK;
}

static status add_sign(struct grid *g, const struct store_layout *l, const struct overview *o)
{
    TRY(grid_row(g));
    grid_set(g, 0, "%s", l->network[o->network].name);
    for (int c = 1; c < g->columns; c++)
        grid_set(g, c, "no images");
    if (o->images == 0)
        return OK;
    for (int i = 0; i < STORE_READINGS; i++)
        grid_set(g, 1 + i, "%.2f", o->rmse[i]);
    grid_set(g, 4, "%.2f", share(o->flipped, o->images));
    grid_set(g, 5, "%.2f", share(o->still, o->images));
    for (int c = 6; c < 11; c++)
        grid_set(g, c, "-");
    if (o->raw_images > 0) {
        grid_set(g, 6, "%lld", (long long)o->raw_images);
        grid_set(g, 7, "%.2f", share(o->raw_flipped, o->raw_images));
        grid_set(g, 8, "%.2f", o->raw_rmse[PAIRS_RAW]);
        grid_set(g, 9, "%.2f", o->raw_rmse[PAIRS_ALIGNED]);
        grid_set(g, 10, "%.2f", share(o->raw_also_resolved, o->raw_images));
    }
    for (int side = 0; side < 2; side++) {
        grid_set(g, 11 + 2 * side, "%.3f / %.3f", o->sigma[side].median, o->sigma[side].high);
        grid_set(g, 12 + 2 * side, "%.2f", share(o->sigma[side].ties, o->images));
    }
    return OK;
}

static struct grid *overview_grid(const struct store_layout *l, int p, struct collect *c)
{
    static const char *const head[][2] = {
        { "answers changed", "%" },
        { "top-1", "first, %" },
        { "top-1", "other, %" },
        { "top-1", "points" },
        { "top-1", "p" },
        { "RMSE", "aligned" },
        { "boxes moved", "%" },
        { "deletion", "points" },
        { "insertion", "points" },
        { "true box", "points" },
        { "file smaller", "times" },
        { "answer faster", "times" },
        { "images", "" },
    };
    struct grid *g = collect_table(c, l, p, "overview", "What %s changed, against %s", l->precision[p].name,
                                   l->precision[0].name);

    grid_column(g, "network", "");
    for (size_t i = 0; i < COUNT_OF(head); i++)
        grid_column(g, head[i][0], head[i][1]);
    grid_note(g,
              "Brackets: 95 %% intervals. top-1: first = %s, other = %s, p by McNemar's exact test. Points: "
              "%s less %s, true box in points of IoU; deletion and insertion on the control set where there "
              "is one (images drawn at random), the others on the whole set. RMSE of the maps, 0-255. boxes "
              "moved: the IoU of the two maps' boxes is below 0.5.",
              l->precision[0].name, l->precision[p].name, l->precision[p].name, l->precision[0].name);
    return g;
}

static struct grid *sign_grid(const struct store_layout *l, int p, struct collect *c)
{
    static const char *const head[][2] = {
        { "RMSE", "raw" },
        { "RMSE", "resolved" },
        { "RMSE", "aligned" },
        { "flipped, %", "raw" },
        { "flipped, %", "resolved" },
        { "raw subset", "images" },
        { "raw subset", "flipped, %" },
        { "raw subset", "RMSE raw" },
        { "raw subset", "RMSE aligned" },
        { "raw subset", "in resolved too, %" },
    };
    static const char *const unit[] = { "median / 95th pct.", "above 0.9, %" };
    struct grid *g = collect_table(c, l, p, "sign", "The maps' sign, %s and %s", l->precision[0].name,
                                   l->precision[p].name);
    char name[GRID_HEAD];

    grid_column(g, "network", "");
    for (size_t i = 0; i < COUNT_OF(head); i++)
        grid_column(g, head[i][0], head[i][1]);
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < COUNT_OF(unit); i++) {
            snprintf(name, sizeof name, "s2/s1 %.40s", l->precision[side ? p : 0].name);
            grid_column(g, name, unit[i]);
        }
    grid_note(g,
              "A principal component has no sign of its own. raw: as the usual library leaves it (as "
              "published). resolved: one stated rule for each map. aligned: the other map turned round where "
              "the two point in opposite directions. flipped: they do so in that reading, which alone makes "
              "an RMSE of 127-215. "
              "raw subset: the images that differ most as published; RMSE aligned is what is left of them "
              "without flips, in resolved too the share that the corrected subset keeps. s2/s1 near 1: two "
              "components tie, and the map is unstable for a real reason.");
    return g;
}

status collect_overview(struct store_reader *r, int p, struct collect *c)
{
    const struct store_layout *l = store_reader_layout(r);
    struct grid *overview = overview_grid(l, p, c), *sign = sign_grid(l, p, c);
    int64_t undefined = 0;

    for (int k = 0; k < l->networks; k++) {
        struct overview o;

        TRY(overview_read(r, k, p, &o));
        undefined += o.undefined;
        TRY(add_overview(overview, l, &o));
        TRY(add_sign(sign, l, &o));
    }
    if (undefined > 0)
        grid_note(sign,
                  " Pairs whose raw sign is undefined or was not asked for, the resolved in its place: %lld.",
                  (long long)undefined);
    return OK;
}
