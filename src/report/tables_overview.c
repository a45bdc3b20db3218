/* src/report/tables_overview.c: what each precision changed, a line a network, and the maps' sign. */
#include "tables.h"

#include "overview.h"

static void put_ratio(struct grid *g, const char *measure, double ratio)
{
    if (ratio > 0)
        grid_number(g, measure, ratio, 2);
    else
        grid_missing(g, "unknown");
}

static status add_overview(struct grid *g, const struct store_layout *l, const struct overview *o)
{
    TRY(tables_row(g, l, &(struct value_key){ o->network, o->p, 0, NULL }));
    value_put(g, &o->changed, "changed", 0);
    for (int side = 0; side < 2; side++) {
        struct value v = o->top1.of[side];

        v.interval = 0; /* that of the difference follows */
        value_put(g, &v, "top1", 0);
    }
    value_put(g, &o->top1.change, "top1_difference", 1);
    if (o->top1.change.why)
        grid_missing(g, o->top1.change.why);
    else
        grid_number(g, "top1_p", o->top1_p, -3);
    value_put(g, &o->rmse, "rmse_aligned", 0);
    value_put(g, &o->box, "box_iou", 0);
    grid_set_of(g, o->set > 0 ? value_set_name(l, o->set) : NULL);
    value_put(g, &o->deletion.change, "deletion_difference", 1);
    value_put(g, &o->insertion.change, "insertion_difference", 1);
    grid_set_of(g, "all");
    value_put(g, &o->iou.change, "iou_difference", 1);
    put_ratio(g, "size_ratio", overview_size_ratio(o));
    put_ratio(g, "time_ratio", overview_time_ratio(o));
    grid_count(g, "images", o->images);
    return OK;
}

static status add_sign(struct grid *g, const struct store_layout *l, const struct overview *o)
{
    TRY(tables_row(g, l, &(struct value_key){ o->network, o->p, 0, NULL }));
    for (int i = 0; i < 2; i++) {
        if (i)
            grid_set_of(g, "raw");
        value_put(g, &o->sign[i].flipped, "sign_flipped", 0);
        value_put(g, &o->sign[i].raw, "rmse_raw", 0);
        value_put(g, &o->sign[i].own, "rmse_resolved", 0);
        value_put(g, &o->sign[i].aligned, "rmse_aligned", 0);
        grid_count(g, "images", o->sign[i].raw.images);
    }
    return OK;
}

static void start_overview(struct grid *g, const struct store_layout *l)
{
    static const char *const head[][2] = {
        { "answers changed", "%" },
        { "top-1", "first, %" },
        { "top-1", "this, %" },
        { "top-1", "points" },
        { "top-1", "p" },
        { "RMSE", "aligned" },
        { "boxes", "IoU" },
        { "deletion", "points" },
        { "insertion", "points" },
        { "true box", "points" },
        { "file smaller", "times" },
        { "answer faster", "times" },
        { "images", "" },
    };

    grid_init(g, "overview", "What each precision changed, against %s", l->precision[0].name);
    tables_keys(g);
    for (size_t i = 0; i < COUNT_OF(head); i++)
        grid_column(g, head[i][0], head[i][1]);
    grid_note(g,
              "Brackets: 95 %% intervals. top-1: first = %s, p by McNemar's exact test. Points: a precision "
              "less %s, true box in points of IoU; deletion and insertion on the control set where there is "
              "one (images drawn at random), the others on the whole set. RMSE of the maps, 0-255, each "
              "pair's signs aligned. boxes: how far the boxes of the two maps overlap.",
              l->precision[0].name, l->precision[0].name);
}

static void start_sign(struct grid *g, const struct store_layout *l)
{
    static const char *const head[] = { "all pairs", "raw subset" };
    static const char *const unit[] = { "opposite, %", "RMSE raw", "RMSE resolved", "RMSE aligned",
                                        "images" };

    grid_init(g, "sign", "The maps' sign, against %s", l->precision[0].name);
    tables_keys(g);
    for (size_t i = 0; i < COUNT_OF(head); i++)
        for (size_t k = 0; k < COUNT_OF(unit); k++)
            grid_column(g, head[i], unit[k]);
    grid_note(g,
              "A principal component has no sign of its own. raw: as the usual library leaves it (as "
              "published); opposite: the two raw maps point in opposite directions, which alone makes an "
              "RMSE of 127-215. resolved: one stated rule for each map by itself. aligned: the precision's "
              "map in the sign that goes with the first's (corrected). raw subset: the images that differ "
              "most as published; RMSE aligned is what is left of them without opposite pairs.");
}

status tables_overview(struct store_reader *r, struct tables *t)
{
    const struct store_layout *l = store_reader_layout(r);
    struct grid *overview, *sign;
    double undefined = 0;

    if (l->precisions < 2)
        return OK;
    TRY(tables_grid(t, &overview));
    start_overview(overview, l);
    TRY(tables_grid(t, &sign));
    start_sign(sign, l);
    for (int k = 0; k < l->networks; k++)
        for (int p = 1; p < l->precisions; p++) {
            struct overview o;

            TRY(overview_read(r, k, p, &o));
            TRY(add_overview(overview, l, &o));
            TRY(add_sign(sign, l, &o));
            undefined += o.sign[0].undefined.value / 100 * (double)o.sign[0].undefined.images;
        }
    if (undefined > 0.5)
        grid_note(sign,
                  " Pairs whose raw sign is undefined or was not asked for, the aligned in its place: "
                  "%.0f.",
                  undefined);
    return OK;
}
