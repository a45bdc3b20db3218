/* src/report/tables_list.c: the program's own tables, and all of a result in their order. */
#include "layers.h"
#include "probe_truth.h"
#include "study.h"

#include <string.h>

/* clang-format off */
#define NETWORK   { "network", "", .show = TABLE_NETWORK }
#define PRECISION { "precision", "", .show = TABLE_PRECISION }
#define SET       { "images", "set", .show = TABLE_SET }
#define KEYS      NETWORK, PRECISION
#define COUNT(unit, of) { "images", unit, TABLE_COUNT, .measure = of, .name = "images" }
#define SIGN(head, on)                                                                                       \
    { head, "opposite, %", TABLE_VALUE, .measure = "sign_flipped", .set = on },                              \
    { head, "RMSE raw", TABLE_VALUE, .measure = "rmse_raw", .set = on },                                     \
    { head, "RMSE resolved", TABLE_VALUE, .measure = "rmse_resolved", .set = on },                           \
    { head, "RMSE aligned", TABLE_VALUE, .measure = "rmse_aligned", .set = on },                             \
    { head, "images", TABLE_COUNT, .measure = "rmse_raw", .set = on, .name = "images" }
/* A measure of a map and the truth: over the pictures, and the precision's less the first's. */
#define MATCH(head, of)                                                                                      \
    { head, "mean", TABLE_VALUE, .measure = "truth_" of, .blind = "truth_" of },                             \
    { head, "deviation", TABLE_SD, .measure = "truth_" of, .blind = "truth_" of },                           \
    { head, "less {f}", TABLE_CHANGE, .measure = "truth_" of }
#define MATCHED(of)                                                                                          \
    { "images", "", TABLE_COUNT, .measure = "truth_" of, .blind = "truth_" of }
#define MAP  { "map", "", .show = TABLE_WORDS }
#define MATE(head, of)                                                                                       \
    { head, "mean", TABLE_VALUE, .measure = of }, { head, "deviation", TABLE_SD, .measure = of }
#define CROSS(curve)                                                                                         \
    { curve, "first's map, %", TABLE_PLAIN, .measure = curve, .first = 1 },                                  \
    { curve, "this map, %", TABLE_PLAIN, .measure = curve },                                                 \
    { curve, "difference", TABLE_CHANGE, .measure = curve }
/* clang-format on */

/* ---- what each precision changed ----------------------------------------------------------------------- */

static status undefined_signs(struct store_reader *r, struct grid *g)
{
    const struct store_layout *l = store_reader_layout(r);
    double undefined = 0;

    for (int k = 0; k < l->networks; k++)
        for (int p = 1; p < l->precisions; p++) {
            struct value v;

            TRY(value_read(r, &(struct value_key){ k, p, 0, "raw_undefined" }, &v));
            undefined += v.value / 100 * (double)v.images;
        }
    if (undefined > 0.5)
        grid_note(g,
                  " Pairs whose raw sign is undefined or was not asked for, the aligned in its place: %.0f.",
                  undefined);
    return OK;
}

/* Before those of the studies. */
static const struct table before[] = {
    { "overview",
      "What each precision changed, against {f}",
      TABLE_OTHERS,
      { KEYS,
        { "answers changed", "%", TABLE_VALUE, .measure = "changed" },
        { "top-1", "first, %", TABLE_PLAIN, .measure = "top1", .first = 1 },
        { "top-1", "this, %", TABLE_PLAIN, .measure = "top1" },
        { "top-1", "points", TABLE_CHANGE, .measure = "top1" },
        { "top-1", "p", TABLE_PLAIN, .measure = "top1_p" },
        { "RMSE", "aligned", TABLE_VALUE, .measure = "rmse_aligned" },
        { "boxes", "IoU", TABLE_VALUE, .measure = "box_iou" },
        { "deletion", "points", TABLE_CHANGE, .measure = "deletion", .set = value_sampled },
        { "insertion", "points", TABLE_CHANGE, .measure = "insertion", .set = value_sampled },
        { "true box", "points", TABLE_CHANGE, .measure = "iou" },
        { "file smaller", "times", TABLE_PLAIN, .measure = "size_ratio" },
        { "answer faster", "times", TABLE_PLAIN, .measure = "time_ratio" },
        COUNT("", "changed") },
      .note =
          "Brackets: 95 % intervals. top-1: first = {f}, p by McNemar's exact test. Points: a precision less "
          "{f}, true box in points of IoU; deletion and insertion on the control set where there is one "
          "(images drawn at random), the others on the whole set. RMSE of the maps, 0-255, each pair's signs "
          "aligned. boxes: how far the boxes of the two maps overlap." },
    { "sign",
      "The maps' sign, against {f}",
      TABLE_OTHERS,
      { KEYS, SIGN("all pairs", NULL), SIGN("raw subset", "raw") },
      .note =
          "A principal component has no sign of its own. raw: as the usual library leaves it (as published); "
          "opposite: the two raw maps point in opposite directions, which alone makes an RMSE of 127-215. "
          "resolved: one stated rule for each map by itself. aligned: the precision's map in the sign that "
          "goes with the first's (corrected). raw subset: the images that differ most as published; RMSE "
          "aligned is what is left of them without opposite pairs.",
      .remark = undefined_signs },
};

/* ---- answers, measures, maps --------------------------------------------------------------------------- */

static status left_out(struct store_reader *r, struct grid *g)
{
    struct value without, blank;

    TRY(value_read(r, &(struct value_key){ 0, 0, 0, "without_box" }, &without));
    TRY(value_read(r, &(struct value_key){ 0, 0, 0, "no_foreground" }, &blank));
    grid_note(
        g,
        " Of %s's images %.0f have no true box in the frame and are left out; %.0f maps are constant and "
        "count as 0.",
        store_reader_layout(r)->network[0].name, without.value, blank.value);
    return OK;
}

#define MATCH_NOTE                                                                                           \
    "Brackets: 95 % intervals of the mean (bootstrap over the images); deviation: over the images; less "    \
    "{f}: "                                                                                                  \
    "mean of the paired differences. A map that does not exceed the centre, a Gaussian about the middle, "   \
    "or "                                                                                                    \
    "another's truth, that of the list's next picture, says nothing of this picture."

/* How the pictures' truths of one kind were: what was compared is the table's. */
static status truth_states(struct store_reader *r, const char *kind, struct grid *g)
{
    static const struct {
        enum truth_state state;
        const char *words;
    } of[] = { { TRUTH_NONE, "without any" },
               { TRUTH_OTHER_SIZE, "compared, though of another size than the picture" },
               { TRUTH_ZERO, "left out, since all 0" },
               { TRUTH_CONSTANT, "left out, since constant" },
               { TRUTH_NOT_FINITE, "left out, since not finite" },
               { TRUTH_UNREADABLE, "left out, since unreadable" } };
    int64_t count[(1 + STORE_MAX_SELECTIONS) * TRUTH_STATES];
    size_t sets = 1 + (size_t)store_reader_layout(r)->selections;
    char path[STORE_PATH];
    int said = 0;

    snprintf(path, sizeof path, "/summary/saliency/state_%s", kind);
    if (!store_reader_find(r, path))
        return OK;
    TRY(store_read(r, path, STORE_S64, 0, 1, count, sets * TRUTH_STATES * sizeof *count));
    for (size_t i = 0; i < COUNT_OF(of); i++)
        if (count[of[i].state] > 0)
            grid_note(g, "%s %s: %lld", said++ ? ";" : " Pictures", of[i].words,
                      (long long)count[of[i].state]);
    if (said)
        grid_note(g, ".");
    return OK;
}

static status densities(struct store_reader *r, struct grid *g)
{
    return truth_states(r, "density", g);
}

static status fixations(struct store_reader *r, struct grid *g)
{
    int64_t dropped[1 + STORE_MAX_SELECTIONS];
    size_t sets = 1 + (size_t)store_reader_layout(r)->selections;

    TRY(truth_states(r, "fixations", g));
    if (!store_reader_find(r, "/summary/saliency/dropped"))
        return OK;
    TRY(store_read(r, "/summary/saliency/dropped", STORE_S64, 0, 1, dropped, sets * sizeof *dropped));
    if (dropped[0] > 0)
        grid_note(g, " Fixations outside of their pictures, dropped: %lld.", (long long)dropped[0]);
    return OK;
}

static status masks(struct store_reader *r, struct grid *g)
{
    return truth_states(r, "masks", g);
}

/* Behind them. */
static const struct table behind[] = {
    { "accuracy",
      "Accuracy",
      TABLE_ANSWERS,
      { KEYS,
        SET,
        { "", "labelled", TABLE_COUNT, .measure = "top1", .name = "labelled" },
        { "top-1", "%", TABLE_VALUE, .measure = "top1" },
        { "top-5", "%", TABLE_VALUE, .measure = "top5" } },
      .note = NULL },
    { "agreement",
      "Agreement of the answers with those of {f}, whole set",
      TABLE_OTHERS,
      { KEYS,
        { "same top-1", "%", TABLE_VALUE, .measure = "same_top1" },
        { "same top-5 set", "%", TABLE_VALUE, .measure = "same_top5_set" },
        { "both right", "", TABLE_VALUE, .measure = "both_right" },
        { "only right", "{f}", TABLE_VALUE, .measure = "only_first" },
        { "only right", "this one", TABLE_VALUE, .measure = "only_second" },
        { "both wrong", "", TABLE_VALUE, .measure = "both_wrong" } },
      .note = NULL },
    { "measures",
      "Measures of each precision",
      TABLE_ONES,
      { NETWORK,
        { "measure", "", .show = TABLE_WORDS },
        PRECISION,
        { "", "", TABLE_VALUE, .set = tables_sets } },
      .note =
          "Means over the images, brackets: 95 % intervals (bootstrap). entropy: of the softmax over "
          "channels, mean over pixels; deviation: over channels and pixels; integers: of the codes as they "
          "are stored, another unit. deletion, insertion: area under the probability while the most "
          "important pixels go (less is better) or come (more is better), {n} steps. raw sign: of the maps "
          "as the usual library leaves them, as published. IoU: of the map's box (largest component above "
          "0.2 of the maximum) with the best true box." },
    { "pairs",
      "Maps and answers of each precision beside those of {f}",
      TABLE_TWOS,
      { NETWORK,
        { "measure", "", .show = TABLE_WORDS },
        PRECISION,
        { "", "", TABLE_VALUE, .set = tables_sets } },
      .note =
          "Means over the pairs, brackets: 95 % intervals (bootstrap; of shares Wilson's). RMSE of the maps "
          "0-255. |correlation|: of the projections before ReLU, free of sign and resolution. Spearman: of "
          "the same, signed. cosine, SSIM (7 x 7 windows), largest tenth (IoU of positive pixels): of the "
          "finished maps. boxes: IoU of the maps' boxes. peaks apart: distance of the strongest cells. A "
          "method with a class explains the answer that cam.class names." },
    { "differences",
      "Differences, each precision less {f}",
      TABLE_CHANGES,
      { NETWORK,
        { "measure", "", .show = TABLE_WORDS },
        PRECISION,
        { "", "", TABLE_CHANGE, .set = tables_sets } },
      .note =
          "Means over images of the difference of a pair. Intervals: paired bootstrap, percentiles of 2,000 "
          "resamples of the images; one that holds 0 leaves open which is larger, [0, 0] says that no pair "
          "differs. p: McNemar's exact two-sided test. The images of the other sets than control were chosen "
          "by their RMSE: theirs describe these images, not a population." },
    { "truth_density",
      "Maps and where people look: densities",
      TABLE_MATCHES,
      { KEYS, MAP, MATCH("SIM", "sim"), MATCH("CC", "cc"), MATCH("KLD", "kld"), MATCHED("sim") },
      .note = MATCH_NOTE " SIM, CC: more is better, KLD: less.",
      .remark = densities },
    { "truth_fixations",
      "Maps and where people look: fixations",
      TABLE_MATCHES,
      { KEYS, MAP, MATCH("NSS", "nss"), MATCH("AUC-Judd", "auc_judd"), MATCH("AUC-Borji", "auc_borji"),
        MATCH("shuffled AUC", "auc_shuffled"), MATCH("gain", "gain"), MATCHED("nss") },
      .note = MATCH_NOTE " More is better in all; gain: over the centre, bit.",
      .remark = fixations },
    { "truth_masks",
      "Maps and what people marked: masks",
      TABLE_MATCHES,
      { KEYS,
        MAP,
        MATCH("MAE", "mae"),
        MATCH("S", "s_measure"),
        MATCH("F, adaptive", "f_adaptive"),
        MATCH("E, adaptive", "e_adaptive"),
        { "F", "max", TABLE_PLAIN, .measure = "f_max", .blind = "f_max" },
        { "E", "max", TABLE_PLAIN, .measure = "e_max", .blind = "e_max" },
        MATCHED("mae") },
      .note = MATCH_NOTE " MAE: less is better, the others: more. max: of the mean over the pictures at the "
                         "one threshold that is best for all.",
      .remark = masks },
    { "map_pairs",
      "Maps of each precision and those of {f}",
      TABLE_MATES,
      { KEYS,
        MAP,
        MATE("SIM", "sim"),
        MATE("CC", "cc"),
        MATE("KLD", "kld"),
        { "images", "", TABLE_COUNT, .measure = "sim" } },
      .note =
          "The maps as they are compared with the truth, in its frame. Brackets: 95 % intervals of the mean "
          "(bootstrap); deviation: over the images. Both all 0: SIM and CC are 0." },
    { "blank_maps",
      "Maps without any difference",
      TABLE_MATCHES,
      { KEYS,
        MAP,
        { "all 0", "%", TABLE_VALUE, .measure = "blank" },
        { "constant", "%", TABLE_VALUE, .measure = "flat" },
        { "images", "", TABLE_COUNT, .measure = "blank" } },
      .note =
          "Maps after their ReLU, of all images. Such a map says nothing of where: it has CC 0, SIM 0 and "
          "the KLD of a uniform one, and is among the means above. A method with a class is all 0 where its "
          "gradient is, or where no channel speaks for the class." },
    { "histogram",
      "Dice of the mean activations' histograms with those of {f}",
      TABLE_OTHERS,
      { KEYS,
        { "", "own, %", TABLE_VALUE, .measure = "dice_own", .set = tables_selections },
        { "", "common, %", TABLE_VALUE, .measure = "dice_common", .set = tables_selections } },
      .note = "256 bins of the tensor's elements, each the mean over the set's images. own: each precision "
              "over its own range, as published, which is blind to scale. common: both over one range of "
              "real values, corrected." },
    { "cost",
      "File size, and time an image on one core",
      TABLE_PRECISIONS,
      { KEYS,
        { "size", "MiB", TABLE_VALUE, .measure = "size" },
        { "inference", "ms", TABLE_VALUE, .measure = "inference" },
        { "cam", "ms", TABLE_VALUE, .measure = "cam" },
        { "total", "ms", TABLE_VALUE, .measure = "total" },
        { "images", "timed", TABLE_COUNT, .measure = "total", .name = "timed" } },
      .note = "Size is the checkpoint's file. Times: medians, in brackets the quartiles; batch 1, one "
              "thread, the other ranks asleep." },
    { "cross",
      "Each precision's map less that of {f}, both scored by one network",
      TABLE_SCORERS,
      { KEYS,
        { "scored on", "", .show = TABLE_WORDS },
        SET,
        CROSS("deletion"),
        CROSS("insertion"),
        { "better map", "del. / ins.", .show = TABLE_BETTER },
        { "images", "", TABLE_PAIRS, .measure = "deletion" } },
      .note =
          "A line scores both maps by one network, so that its confidence cancels: the better map is the one "
          "whose order of pixels makes deletion smaller or insertion larger, open where the 95 % interval of "
          "the difference (paired bootstrap) holds 0. The same map better on both networks is the more "
          "faithful one; each network preferring its own says that they look at different pixels. Maps in "
          "the aligned sign." },
    { "localization",
      "Localization",
      TABLE_MAPS,
      { KEYS,
        { "map", "", .show = TABLE_WORDS },
        SET,
        { "IoU", "t 0.15, %", TABLE_VALUE, .measure = "iou_15" },
        { "", "t 0.2, %", TABLE_VALUE, .measure = "iou_20", .blind = "iou" },
        { "", "t 0.5, %", TABLE_VALUE, .measure = "iou_50" },
        { "", "Otsu, %", TABLE_VALUE, .measure = "iou_otsu" },
        { "", "best, %", TABLE_VALUE, .measure = "iou_best" },
        { "MaxBoxAcc", "%", TABLE_VALUE, .measure = "max_box_acc", .blind = "max_box_acc" },
        { "", "at t", TABLE_VALUE, .measure = "max_box_acc_at" },
        { "V2", "%", TABLE_VALUE, .measure = "max_box_acc_v2", .blind = "max_box_acc_v2" },
        { "GT-known", "%", TABLE_VALUE, .measure = "gt_known", .blind = "box_acc" },
        { "Top-1", "Loc, %", TABLE_VALUE, .measure = "top1_loc" },
        { "Top-5", "Loc, %", TABLE_VALUE, .measure = "top5_loc" },
        { "images", "boxed", TABLE_COUNT, .measure = "iou_20", .name = "images", .blind = "iou" } },
      .note =
          "map: the sign of the maps. Whole frame, a centred box of 180 / 224 and a Gaussian have seen no "
          "picture: what does not exceed them localizes nothing. best: each image's own best threshold, an "
          "upper bound that needs the true box. MaxBoxAcc, V2: one threshold for all, the best; "
          "wsolevaluation's box, but the largest component by pixels and no holes. GT-known: IoU >= 0.5 at "
          "0.2.",
      .remark = left_out },
};

/* ---- all of a result ----------------------------------------------------------------------------------- */

static status read_images(struct store_reader *r, struct tables *t)
{
    enum { NAMED = 50 };
    int64_t total = store_reader_layout(r)->images, named = 0;
    uint8_t block[4096];

    TRY(store_read(r, "/summary/images/total", STORE_S64, 0, 1, &t->total, sizeof t->total));
    TRY(store_read(r, "/summary/images/ok", STORE_S64, 0, 1, &t->ok, sizeof t->ok));
    TRY(store_read(r, "/summary/images/bad", STORE_S64, 0, 1, &t->bad, sizeof t->bad));
    grid_init(&t->bad_images, "bad_images", "Bad images");
    grid_column(&t->bad_images, "image", "");
    grid_column(&t->bad_images, "reason", "");
    for (int64_t first = 0; first < total && named < NAMED && t->bad > 0; first += (int64_t)sizeof block) {
        int64_t count = total - first < (int64_t)sizeof block ? total - first : (int64_t)sizeof block;

        TRY(store_read(r, "/images/status", STORE_U8, first, count, block, sizeof block));
        for (int64_t i = 0; i < count && named < NAMED; i++) {
            char text[GRID_CELL * 4];

            if (block[i] != STORE_BAD_IMAGE)
                continue;
            TRY(grid_row(&t->bad_images, (struct grid_key){ NULL }));
            TRY(store_read_string(r, "/images/path", first + i, text, sizeof text));
            grid_text(&t->bad_images, "%s", text);
            TRY(store_read_string(r, "/images/error", first + i, text, sizeof text));
            grid_text(&t->bad_images, "%s", text);
            named++;
        }
    }
    return OK;
}

static status read_all(struct store_reader *r, struct tables *out)
{
    TRY(read_images(r, out));
    for (size_t i = 0; i < COUNT_OF(before); i++)
        TRY(tables_add(r, &before[i], NULL, out));
    for (int s = 0; s < study_count; s++)
        for (int i = 0; i < study_all[s]->tables; i++)
            TRY(tables_add(r, &study_all[s]->table[i], study_all[s], out));
    for (int s = 0; s < study_count; s++)
        TRY(study_order_add(r, study_all[s], out));
    for (int s = 0; s < study_count; s++)
        TRY(study_groups_add(r, study_all[s], out));
    for (size_t i = 0; i < COUNT_OF(behind); i++)
        TRY(tables_add(r, &behind[i], NULL, out));
    return layers_add(r, out);
}

status tables_read(struct store_reader *r, struct tables *out)
{
    status result;

    memset(out, 0, sizeof *out);
    if (!store_reader_complete(r))
        return FAIL(ERR_MISMATCH, "%s: the job has not finished; run it again to resume",
                    store_reader_path(r));
    result = read_all(r, out);
    if (result != OK)
        tables_free(out);
    return result;
}

const struct grid *tables_find(const struct tables *t, const char *id)
{
    for (int i = 0; i < t->grids; i++)
        if (strcmp(t->grid[i]->id, id) == 0)
            return t->grid[i];
    return NULL;
}

void tables_free(struct tables *t)
{
    for (int i = 0; i < t->grids; i++) {
        grid_release(t->grid[i]);
        mem_free(t->grid[i]);
    }
    grid_release(&t->bad_images);
    t->grids = 0;
}
