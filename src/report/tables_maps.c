/* src/report/tables_maps.c: each map on both networks, and the maps against true boxes. */
#include "tables.h"

#include <string.h>

/* ---- both maps on both networks ------------------------------------------------------------------------ */

/* The precision whose map finds the pixels that matter sooner: less deletion, more insertion. */
static const char *better(const struct store_layout *l, int p, const struct value *v, int deletion)
{
    double sign = deletion ? -1 : 1;

    if (v->why || v->images < 2)
        return "-";
    if (sign * v->low > 0 && sign * v->high > 0)
        return l->precision[p].name;
    return sign * v->low < 0 && sign * v->high < 0 ? l->precision[0].name : "open";
}

/* The mean area of a map on a network, its own (then it is a plain curve) or the other's. */
static status add_area(struct store_reader *r, struct grid *g, struct value_key key, const char *kind,
                       int scorer)
{
    char measure[2 * STORE_NAME];
    struct value v;

    snprintf(measure, sizeof measure, key.precision == scorer ? "%s" : "%s_on_%s", kind,
             store_reader_layout(r)->precision[scorer].name);
    key.measure = measure;
    TRY(value_read(r, &key, &v));
    v.interval = 0; /* that of the difference follows */
    value_put(g, &v, measure, 0);
    return OK;
}

static status add_cross_row(struct store_reader *r, struct grid *g, const struct value_key *at, int scorer)
{
    static const char *const kind[] = { "deletion", "insertion" };
    const struct store_layout *l = store_reader_layout(r);
    char measure[2 * STORE_NAME];
    struct value v[2];

    TRY(tables_row(g, l, at));
    grid_text(g, "%s", l->precision[scorer].name);
    grid_text(g, "%s", value_set_name(l, at->set));
    for (int i = 0; i < 2; i++) {
        TRY(add_area(r, g, (struct value_key){ at->network, 0, at->set, NULL }, kind[i], scorer));
        TRY(add_area(r, g, *at, kind[i], scorer));
        snprintf(measure, sizeof measure, "%s_on_%s", kind[i], l->precision[scorer].name);
        TRY(value_difference(r, &(struct value_key){ at->network, at->precision, at->set, measure }, &v[i]));
        value_put(g, &v[i], measure, 1);
    }
    grid_text(g, "%s / %s", better(l, at->precision, &v[0], 1), better(l, at->precision, &v[1], 0));
    grid_count(g, "images", v[0].images);
    return OK;
}

static status add_cross(struct store_reader *r, struct tables *t)
{
    const struct store_layout *l = store_reader_layout(r);
    struct grid *g;

    if (!l->cross || l->precisions < 2)
        return OK;
    TRY(tables_grid(t, &g));
    grid_init(g, "cross", "Each precision's map less that of %s, both scored by one network",
              l->precision[0].name);
    tables_keys(g);
    grid_column(g, "scored on", "");
    grid_column(g, "images", "set");
    for (int i = 0; i < 2; i++) {
        grid_column(g, i ? "insertion" : "deletion", "first's map, %");
        grid_column(g, i ? "insertion" : "deletion", "this map, %");
        grid_column(g, i ? "insertion" : "deletion", "difference");
    }
    grid_column(g, "better map", "del. / ins.");
    grid_column(g, "images", "");
    for (int k = 0; k < l->networks; k++)
        for (int p = 1; p < l->precisions; p++)
            for (int side = 0; side < 2; side++)
                for (int s = 1; s <= l->selections; s++)
                    if (strncmp(l->selection[s - 1], "raw", 3) != 0)
                        TRY(add_cross_row(r, g, &(struct value_key){ k, p, s, NULL }, side ? p : 0));
    grid_note(
        g, "A line scores both maps by one network, so that its confidence cancels: the better map is the "
           "one whose order of pixels makes deletion smaller or insertion larger, open where the 95 %% "
           "interval of the difference (paired bootstrap) holds 0. The same map better on both networks is "
           "the more faithful one; each network preferring its own says that they look at different "
           "pixels. Maps in the aligned sign.");
    return OK;
}

/* ---- localization -------------------------------------------------------------------------------------- */

static const struct {
    const char *measure, *head, *unit;
} boxes[] = {
    { "iou_15", "IoU", "t 0.15, %" },  { "iou_20", "", "t 0.2, %" },      { "iou_50", "", "t 0.5, %" },
    { "iou_otsu", "", "Otsu, %" },     { "iou_best", "", "best, %" },     { "max_box_acc", "MaxBoxAcc", "%" },
    { "max_box_acc_at", "", "at t" },  { "max_box_acc_v2", "V2", "%" },   { "gt_known", "GT-known", "%" },
    { "top1_loc", "Top-1", "Loc, %" }, { "top5_loc", "Top-5", "Loc, %" },
};

static status add_boxes_row(struct store_reader *r, struct grid *g, const struct value_key *at,
                            const char *map, const char *suffix)
{
    const struct store_layout *l = store_reader_layout(r);
    struct value labelled, v = { 0 };

    TRY(tables_row(g, l, at));
    grid_text(g, "%s", map);
    grid_text(g, "%s", value_set_name(l, at->set));
    TRY(value_read(r, &(struct value_key){ at->network, at->precision, at->set, "top1" }, &labelled));
    for (size_t i = 0; i < COUNT_OF(boxes); i++) {
        char measure[STORE_NAME];

        snprintf(measure, sizeof measure, "%s%s", boxes[i].measure, suffix);
        TRY(value_read(r, &(struct value_key){ at->network, at->precision, at->set, measure }, &v));
        if (strstr(measure, "_loc") && !v.why)
            v.why = labelled.why;
        value_put(g, &v, boxes[i].measure, 0);
    }
    grid_count(g, "images", v.images);
    return OK;
}

/* What maps reach that have seen no picture, on the whole set. */
static status add_blind_rows(struct store_reader *r, struct grid *g, int network)
{
    static const char *const name[][2] = { { "frame", "whole frame" },
                                           { "centred", "centred box" },
                                           { "gauss", "Gauss" } };
    static const char *const of[COUNT_OF(boxes)] = {
        [1] = "iou", [5] = "max_box_acc", [7] = "max_box_acc_v2", [8] = "box_acc"
    };
    const struct store_layout *l = store_reader_layout(r);
    struct value v = { 0 };

    for (size_t n = 0; n < COUNT_OF(name); n++) {
        TRY(grid_row(g, (struct grid_key){ l->network[network].name, NULL, "all" }));
        grid_text(g, "%s", l->network[network].name);
        grid_text(g, "-");
        grid_text(g, "%s", name[n][1]);
        grid_text(g, "all");
        for (size_t i = 0; i < COUNT_OF(boxes); i++) {
            char measure[STORE_NAME];

            if (!of[i]) {
                grid_missing(g, "");
                continue;
            }
            snprintf(measure, sizeof measure, "%s_%s", name[n][0], of[i]);
            TRY(value_read(r, &(struct value_key){ network, 0, 0, measure }, &v));
            value_put(g, &v, measure, 0);
        }
        grid_count(g, "images", v.images);
    }
    return OK;
}

static status add_boxes(struct store_reader *r, struct tables *t)
{
    const struct store_layout *l = store_reader_layout(r);
    struct value without, blank;
    struct grid *g;

    TRY(tables_grid(t, &g));
    grid_init(g, "localization", "Localization");
    tables_keys(g);
    grid_column(g, "map", "");
    grid_column(g, "images", "set");
    for (size_t i = 0; i < COUNT_OF(boxes); i++)
        grid_column(g, boxes[i].head, boxes[i].unit);
    grid_column(g, "images", "boxed");
    for (int k = 0; k < l->networks; k++) {
        for (int s = 0; s <= l->selections; s++)
            for (int p = 0; p < l->precisions; p++) {
                struct value_key at = { k, p, s, NULL };
                int raw = s > 0 && strncmp(l->selection[s - 1], "raw", 3) == 0;

                if (!raw)
                    TRY(add_boxes_row(r, g, &at, "aligned", ""));
                if (raw || s == 0)
                    TRY(add_boxes_row(r, g, &at, "raw", "_raw"));
            }
        TRY(add_blind_rows(r, g, k));
    }
    TRY(value_read(r, &(struct value_key){ 0, 0, 0, "without_box" }, &without));
    TRY(value_read(r, &(struct value_key){ 0, 0, 0, "no_foreground" }, &blank));
    grid_note(
        g,
        "map: the sign of the maps. Whole frame, a centred box of 180 / 224 and a Gaussian have seen no "
        "picture: what does not exceed them localizes nothing. best: each image's own best threshold, "
        "an upper bound that needs the true box. MaxBoxAcc, V2: one threshold for all, the best; "
        "wsolevaluation's box, but the largest component by pixels and no holes. GT-known: IoU >= 0.5 "
        "at 0.2. Of %s's images %.0f have no true box in the frame and are left out; %.0f maps are "
        "constant and count as 0.",
        l->network[0].name, without.value, blank.value);
    return OK;
}

status tables_maps(struct store_reader *r, struct tables *t)
{
    TRY(add_cross(r, t));
    return add_boxes(r, t);
}
