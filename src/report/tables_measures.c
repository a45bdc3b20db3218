/* src/report/tables_measures.c: tables that walk measures, sets and precisions. */
#include "tables.h"

#include <string.h>

/* ---- means over pictures, and their differences -------------------------------------------------------- */

static status add_sets(struct store_reader *r, struct grid *g, struct value_key key, const char *label,
                       int difference)
{
    const struct store_layout *l = store_reader_layout(r);

    TRY(grid_row(g, (struct grid_key){ .network = l->network[key.network].name,
                                       .precision = l->precision[key.precision].name }));
    grid_text(g, "%s", l->network[key.network].name);
    grid_text(g, "%s", label);
    grid_text(g, "%s", l->precision[key.precision].name);
    for (key.set = 0; key.set <= l->selections; key.set++) {
        grid_set_of(g, value_set_name(l, key.set));
        TRY(value_put_key(r, g, &key, difference));
    }
    return OK;
}

static status add_measure(struct store_reader *r, struct grid *g, struct value_key key, int difference)
{
    char label[GRID_CELL];

    if (!value_present(r, &key, difference))
        return OK;
    value_label(key.measure, label, sizeof label);
    return add_sets(r, g, key, label, difference);
}

/* McNemar's test of an accuracy's difference. */
static status add_test(struct store_reader *r, struct grid *g, struct value_key key)
{
    char measure[STORE_NAME], label[STORE_NAME];

    snprintf(measure, sizeof measure, "%.32s_p", key.measure);
    snprintf(label, sizeof label, "%.32s: McNemar's p", key.measure);
    key.measure = measure;
    return add_sets(r, g, key, label, 0);
}

/* A line a network, measure and precision; a column a set. */
static status add_measures(struct store_reader *r, struct tables *t, int pairs, int difference,
                           struct grid **out)
{
    static const char *const id[] = { "measures", "pairs", "differences" };
    const struct store_layout *l = store_reader_layout(r);
    struct grid *g;

    TRY(tables_grid(t, &g));
    *out = g;
    grid_init(g, id[difference ? 2 : pairs],
              difference ? "Differences, each precision less %s"
              : pairs    ? "Maps and answers of each precision beside those of %s"
                         : "Measures of each precision%.0s",
              l->precision[0].name);
    grid_column(g, "network", "");
    grid_column(g, "measure", "");
    grid_column(g, "precision", "");
    for (int s = 0; s <= l->selections; s++)
        grid_column(g, value_set_name(l, s), "");
    for (int k = 0; k < l->networks; k++)
        for (int m = 0; m < l->measures; m++)
            for (int p = pairs || difference; p < l->precisions; p++) {
                const struct store_measure *of = &l->measure[m];
                int answer = of->kind == STORE_MEASURE_ANSWER;

                /* The accuracy has a table of its own, its differences have not. */
                if ((of->kind == STORE_MEASURE_PAIR) != pairs || (answer && !difference))
                    continue;
                TRY(add_measure(r, g, (struct value_key){ k, p, 0, of->name }, difference));
                if (answer)
                    TRY(add_test(r, g, (struct value_key){ k, p, 0, of->name }));
            }
    return OK;
}

static status add_all_measures(struct store_reader *r, struct tables *t)
{
    const struct store_layout *l = store_reader_layout(r);
    struct grid *g;

    TRY(add_measures(r, t, 0, 0, &g));
    grid_note(
        g,
        "Means over the images, brackets: 95 %% intervals (bootstrap). entropy: of the softmax over "
        "channels, mean over pixels; deviation: over channels and pixels; "
        "integers: of the codes as they are stored, another unit. deletion, insertion: area under the "
        "probability while the most important pixels go (less is better) or come (more is better), %d "
        "steps. raw sign: of the maps as the usual library leaves them, as published. IoU: of the map's "
        "box (largest component above 0.2 of the maximum) with the best true box.",
        l->steps);
    if (l->precisions < 2)
        return OK;
    TRY(add_measures(r, t, 1, 0, &g));
    grid_note(g,
              "Means over the pairs, brackets: 95 %% intervals (bootstrap; of shares Wilson's). RMSE of the "
              "maps 0-255. |correlation|: of "
              "the projections before ReLU, free of sign and resolution. Spearman: of the same, signed. "
              "cosine, SSIM (7 x 7 windows), largest tenth (IoU of positive pixels): of the finished maps. "
              "boxes: IoU of the maps' boxes. peaks apart: distance of the strongest cells. A method with "
              "a class explains each precision's own answer.");
    TRY(add_measures(r, t, 0, 1, &g));
    grid_note(g, "Means over images of the difference of a pair. Intervals: paired bootstrap, percentiles of "
                 "2,000 resamples of the images; one that holds 0 leaves open which is larger, [0, 0] says "
                 "that no pair differs. p: McNemar's exact two-sided test. The images of the other sets than "
                 "control were chosen by their RMSE: "
                 "theirs describe these images, not a population.");
    return OK;
}

/* ---- answers, cost ------------------------------------------------------------------------------------- */

static status add_accuracy(struct store_reader *r, struct tables *t)
{
    static const char *const measure[] = { "top1", "top5" };
    const struct store_layout *l = store_reader_layout(r);
    struct grid *g;

    TRY(tables_grid(t, &g));
    grid_init(g, "accuracy", "Accuracy");
    tables_keys(g);
    grid_column(g, "images", "set");
    grid_column(g, "", "labelled");
    grid_column(g, "top-1", "%");
    grid_column(g, "top-5", "%");
    for (int k = 0; k < l->networks; k++)
        for (int s = 0; s <= l->selections; s++)
            for (int p = 0; p < l->precisions; p++) {
                struct value_key key = { k, p, s, NULL };
                struct value v = { 0 };

                TRY(tables_row(g, l, &key));
                grid_text(g, "%s", value_set_name(l, s));
                for (size_t i = 0; i < COUNT_OF(measure); i++) {
                    key.measure = measure[i];
                    TRY(value_read(r, &key, &v));
                    if (i == 0)
                        grid_count(g, "labelled", v.images);
                    value_put(g, &v, measure[i], 0);
                }
            }
    return OK;
}

static status add_agreement(struct store_reader *r, struct tables *t)
{
    static const char *const measure[] = { "same_top1",  "same_top5_set", "both_right",
                                           "only_first", "only_second",   "both_wrong" };
    const struct store_layout *l = store_reader_layout(r);
    struct grid *g;

    if (l->precisions < 2)
        return OK;
    TRY(tables_grid(t, &g));
    grid_init(g, "agreement", "Agreement of the answers with those of %s, whole set", l->precision[0].name);
    tables_keys(g);
    grid_column(g, "same top-1", "%");
    grid_column(g, "same top-5 set", "%");
    grid_column(g, "both right", "");
    grid_column(g, "only right", l->precision[0].name);
    grid_column(g, "only right", "this one");
    grid_column(g, "both wrong", "");
    for (int k = 0; k < l->networks; k++)
        for (int p = 1; p < l->precisions; p++) {
            struct value_key key = { k, p, 0, NULL };

            TRY(tables_row(g, l, &key));
            for (size_t i = 0; i < COUNT_OF(measure); i++) {
                key.measure = measure[i];
                TRY(value_put_key(r, g, &key, 0));
            }
        }
    return OK;
}

static status add_cost(struct store_reader *r, struct tables *t)
{
    static const char *const measure[] = { "inference", "cam", "total" };
    const struct store_layout *l = store_reader_layout(r);
    struct grid *g;

    TRY(tables_grid(t, &g));
    grid_init(g, "cost", "File size, and time an image on one core");
    tables_keys(g);
    grid_column(g, "size", "MiB");
    for (size_t i = 0; i < COUNT_OF(measure); i++)
        grid_column(g, measure[i], "ms");
    grid_column(g, "images", "timed");
    for (int k = 0; k < l->networks; k++)
        for (int p = 0; p < l->precisions; p++) {
            struct value_key key = { k, p, 0, "size" };
            struct value v = { 0 };

            TRY(tables_row(g, l, &key));
            TRY(value_put_key(r, g, &key, 0));
            for (size_t i = 0; i < COUNT_OF(measure); i++) {
                key.measure = measure[i];
                TRY(value_read(r, &key, &v));
                value_put(g, &v, measure[i], 0);
            }
            grid_count(g, "timed", v.images);
        }
    grid_note(g, "Size is the checkpoint's file. Times: medians, in brackets the quartiles; batch 1, one "
                 "thread, the other ranks asleep.");
    return OK;
}

/* ---- histograms of activations ------------------------------------------------------------------------- */

static status add_histograms(struct store_reader *r, struct tables *t)
{
    const struct store_layout *l = store_reader_layout(r);
    struct grid *g;

    if (l->precisions < 2 || l->selections < 1)
        return OK;
    TRY(tables_grid(t, &g));
    grid_init(g, "histogram", "Dice of the mean activations' histograms with those of %s",
              l->precision[0].name);
    tables_keys(g);
    for (int s = 1; s <= l->selections; s++) {
        grid_column(g, value_set_name(l, s), "own, %");
        grid_column(g, "", "common, %");
    }
    for (int k = 0; k < l->networks; k++)
        for (int p = 1; p < l->precisions; p++) {
            TRY(tables_row(g, l, &(struct value_key){ k, p, 0, NULL }));
            for (int s = 1; s <= l->selections; s++) {
                grid_set_of(g, value_set_name(l, s));
                TRY(value_put_key(r, g, &(struct value_key){ k, p, s, "dice_own" }, 0));
                TRY(value_put_key(r, g, &(struct value_key){ k, p, s, "dice_common" }, 0));
            }
        }
    grid_note(g, "256 bins of the tensor's elements, each the mean over the set's images. own: each "
                 "precision over its own range, as published, which is blind to scale. common: both over one "
                 "range of real values, corrected.");
    return OK;
}

/* ---- all ----------------------------------------------------------------------------------------------- */

status tables_measures(struct store_reader *r, struct tables *t)
{
    TRY(add_accuracy(r, t));
    TRY(add_agreement(r, t));
    TRY(add_all_measures(r, t));
    TRY(add_histograms(r, t));
    return add_cost(r, t);
}
