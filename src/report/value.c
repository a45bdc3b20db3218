/* src/report/value.c: where in a result a number stands, by its key. */
#include "value.h"

#include <string.h>

#include "metric_table.h"

enum { TEXT_MAX = 16 << 20, SETS = 1 + STORE_MAX_SELECTIONS, MOST_INNER = STORE_SIGNS * STORE_RULES };
_Static_assert((int)STORE_REMOVED <= (int)MOST_INNER, "a row's values have room");

/* A number that is no mean over pictures. In paths {p} is the precision, {f} the first one. Each of its
 * datasets has a row a network: of `inner` values for each set, the value at `at`; flat: of one set alone. */
struct source {
    const char *measure, *group, *value, *images, *none;
    int inner, at, flat, share; /* share: a count, shown in % of the images */
    double scale;
    int digits;
    const char *low, *high; /* ends of its interval, where it has one */
};
/* clang-format off */
#define ACCURACY "/summary/accuracy/{p}/"
#define TIMES    "/timing/alone/{p}/"
#define AGREE    "/summary/agreement/{p}/"
#define DICE     "/summary/histogram/{p}/"
#define DICE_OF  "/summary/histogram/images"
#define WSOL     "/summary/wsol/{p}/"
#define TEST     "/summary/difference/{p}/"
#define TIME(name)                                                                                           \
    { name, TIMES, name "_s", "images", "not timed", STORE_STATISTICS, 0, 1, 0, 1e3, 3, name "_s", name "_s" }
#define ANSWERS(name) { name, AGREE, name, "labelled", "no labels", 1, 0, 0, 0, 1, 0, NULL, NULL }
#define OVERLAP(name, at)                                                                                    \
    { name, WSOL, "iou_mean", "images", "no boxes", MOST_INNER, at, 0, 0, 100, 2, NULL, NULL }
#define BOXES(name) { name, WSOL, name, "images", "no boxes", STORE_SIGNS, 0, 0, 0, 1, 2, NULL, NULL }
#define COUNT(name) { name, WSOL, name, "images", "no boxes", 1, 0, 0, 0, 1, 0, NULL, NULL }
#define REMOVED(share, at)                                                                                   \
    { "removal_" share, "/summary/removal/{p}/", "accuracy", "/summary/removal/images", "no labels",         \
      STORE_REMOVED, at, 0, 0, 1, 2, NULL, NULL }
#define BLIND(name, value, at, scale)                                                                        \
    { name, "/summary/wsol_trivial/", value, WSOL "images", "no boxes", STORE_TRIVIALS, at, 0, 0, scale, 2,  \
      NULL, NULL }
#define BLINDS(name, value, scale)                                                                           \
    BLIND("frame_" name, value, 0, scale), BLIND("centred_" name, value, 1, scale),                          \
    BLIND("gauss_" name, value, 2, scale)
static const struct source special[] = {
    { "top1", ACCURACY, "top1", "labelled", "no labels", 1, 0, 0, 0, 1, 3, "top1_low", "top1_high" },
    { "top5", ACCURACY, "top5", "labelled", "no labels", 1, 0, 0, 0, 1, 3, NULL, NULL },
    { "size", ACCURACY, "weights_bytes", NULL, NULL, 1, 0, 1, 0, 1.0 / (1 << 20), 3, NULL, NULL },
    TIME("inference"), TIME("cam"), TIME("total"),
    { "same_top5_set", AGREE, "same_top5_set", "images", "no images", 1, 0, 0, 1, 1, 3, NULL, NULL },
    ANSWERS("both_right"), ANSWERS("only_first"), ANSWERS("only_second"), ANSWERS("both_wrong"),
    { "top1_p", TEST "top1/", "p", "images", "no labels", 1, 0, 0, 0, 1, -3, NULL, NULL },
    { "top5_p", TEST "top5/", "p", "images", "no labels", 1, 0, 0, 0, 1, -3, NULL, NULL },
    { "dice_own", DICE, "dice_own", DICE_OF, "-", 1, 0, 0, 0, 1, 3, NULL, NULL },
    { "dice_common", DICE, "dice_common", DICE_OF, "-", 1, 0, 0, 0, 1, 3, NULL, NULL },
    OVERLAP("iou_15", 0), OVERLAP("iou_20", 1), OVERLAP("iou_50", 2), OVERLAP("iou_otsu", 3),
    OVERLAP("iou_best", 4),
    BOXES("max_box_acc"), BOXES("max_box_acc_at"), BOXES("max_box_acc_v2"), BOXES("gt_known"),
    BOXES("top1_loc"), BOXES("top5_loc"), COUNT("without_box"), COUNT("no_foreground"),
    REMOVED("0", 0), REMOVED("10", 1), REMOVED("20", 2), REMOVED("30", 3), REMOVED("40", 4), REMOVED("50", 5),
    REMOVED("60", 6), REMOVED("70", 7), REMOVED("80", 8), REMOVED("90", 9),
    BLINDS("iou", "iou_mean", 100), BLINDS("box_acc", "box_acc", 1),
    BLINDS("max_box_acc", "max_box_acc", 1), BLINDS("max_box_acc_v2", "max_box_acc_v2", 1),
};
/* clang-format on */

const char value_sampled[] = "sampled";

/* ---- where -------------------------------------------------------------------------------------------- */

void value_expand(const struct store_layout *l, int network, int precision, const char *template, char *out,
                  size_t size)
{
    size_t used = 0;
    char steps[16];

    snprintf(steps, sizeof steps, "%d", l->steps);
    for (const char *p = template; *p && used + 1 < size; p++) {
        const char *word = strncmp(p, "{k}", 3) == 0   ? l->network[network].name
                           : strncmp(p, "{p}", 3) == 0 ? l->precision[precision].name
                           : strncmp(p, "{f}", 3) == 0 ? l->precision[0].name
                           : strncmp(p, "{n}", 3) == 0 ? steps
                                                       : NULL;

        used += (size_t)snprintf(out + used, size - used, word ? "%s" : "%.1s", word ? word : p);
        p += word ? 2 : 0;
    }
    out[used < size ? used : size - 1] = '\0';
}

enum { PATH = STORE_PATH + 2 * STORE_NAME };
/* Of a source's texts that are made. */
struct room {
    char group[PATH], images[PATH];
};

static void path_of(const struct store_layout *l, int precision, const char *group, const char *name,
                    char out[PATH])
{
    char template[PATH];

    snprintf(template, sizeof template, "%s%s", name[0] == '/' ? "" : group, name);
    value_expand(l, 0, precision, template, out, PATH);
}

/* Of the localization measures both signs stand in one dataset: those of "iou_20_raw" in its second half. */
static int find_special(const char *measure, struct source *out)
{
    size_t n = strlen(measure), raw = n > 4 && strcmp(measure + n - 4, "_raw") == 0;

    for (int half = 0; half <= (int)raw; half++)
        for (size_t i = 0; i < COUNT_OF(special); i++) {
            const struct source *s = &special[i];

            if (strlen(s->measure) != n - 4 * (size_t)half ||
                memcmp(s->measure, measure, strlen(s->measure)) ||
                (half && (s->inner % STORE_SIGNS || strcmp(s->group, WSOL))))
                continue;
            *out = *s;
            out->at += half * s->inner / STORE_SIGNS;
            return 1;
        }
    return 0;
}

/* The measure's row of metric's table; of a map tried on another network, "deletion_on_int8", its map's. */
static const struct measure *measure_of(const char *name)
{
    const char *on = strstr(name, "_on_");
    char stem[STORE_NAME];

    snprintf(stem, sizeof stem, "%.*s", on ? (int)(on - name) : (int)strlen(name), name);
    return measure_known(stem);
}

/* A share of 1 is shown in %: an overlap with a truth, an area, a flag (whose meaning says what 1 is). */
static double scale_of(const struct measure *m)
{
    return m && strcmp(m->unit, "1") == 0 &&
                   (m->of == MEASURE_TRUTH || m->of == MEASURE_CURVE || strncmp(m->meaning, "1 = ", 4) == 0)
               ? 100
               : 1;
}

int value_measure(const struct store_layout *l, const char *measure)
{
    for (int m = 0; m < l->measures; m++)
        if (strcmp(l->measure[m].name, measure) == 0)
            return m;
    return -1;
}

int value_is_control(const struct store_layout *l, int p)
{
    return p > 0 && l->precision[p].form == PRECISION_REAL;
}

/* Are there values of the selected pictures alone? */
static int of_subsets(const struct store_layout *l, const char *measure)
{
    int m = value_measure(l, measure);

    return m >= 0 && l->measure[m].kind >= STORE_MEASURE_CURVE;
}

static const char *why_none(const struct measure *m, int subsets, int set)
{
    if (subsets && set == 0)
        return "subsets only";
    if (m && m->of == MEASURE_TRUTH)
        return strcmp(m->unit, "%") == 0 ? "no labels" : "no boxes";
    if (m && m->of == MEASURE_MATCH)
        return "no truth";
    return "no images";
}

/* The name behind a prefix, or NULL. */
static const char *behind(const char *name, const char *prefix)
{
    size_t n = strlen(prefix);

    return strncmp(name, prefix, n) == 0 ? name + n : NULL;
}

/* Where maps are compared with truths: what the centre and another picture's truth reach; the best F and E of
 * all thresholds, "f_max_eigen", "center_f_max". */
static int find_match(const char *measure, struct source *s, struct room *room)
{
    const char *center = behind(measure, "center_"), *shuffled = behind(measure, "shuffled_");
    const char *of = center ? center : shuffled ? shuffled : measure, *best = behind(of, "f_max");

    if (!best)
        best = behind(of, "e_max");
    if (!best && of == measure)
        return 0;
    snprintf(room->group, PATH, of == measure ? "/summary/saliency/{p}/" : "/summary/baselines/%s/",
             center ? "center" : "shuffled");
    *s = (struct source){ .group = room->group,
                          .value = of,
                          .images = room->images,
                          .none = "no masks",
                          .inner = 1,
                          .scale = 1,
                          .digits = 3 };
    if (best) {
        snprintf(room->images, PATH,
                 of == measure ? "/summary/measures/{p}/truth_mae%s/images"
                               : "/summary/baselines/%s/truth_mae/images",
                 of == measure ? best
                 : center      ? "center"
                               : "shuffled");
        return 1;
    }
    snprintf(room->group + strlen(room->group), PATH - strlen(room->group), "%s/", of);
    *s = (struct source){ .group = room->group,
                          .value = "mean",
                          .images = "images",
                          .none = "no truth",
                          .inner = 1,
                          .scale = 1,
                          .digits = 3,
                          .low = "low",
                          .high = "high" };
    return 1;
}

/* Where a value or a difference stands. */
static void find_source(const struct store_layout *l, const struct value_key *key, int difference,
                        struct source *s, struct room *room)
{
    const struct measure *m = measure_of(key->measure);
    double scale = scale_of(m);
    char *group = room->group;

    if (!difference && (find_special(key->measure, s) || find_match(key->measure, s, room)))
        return;
    snprintf(group, PATH,
             difference                   ? "/summary/difference/{p}/%s/"
             : m && m->of == MEASURE_PAIR ? "/summary/measures/{p}/vs_{f}/%s/"
                                          : "/summary/measures/{p}/%s/",
             key->measure);
    *s = (struct source){ .group = group,
                          .value = difference ? "difference" : "mean",
                          .images = "images",
                          .none = why_none(m, (m && m->of == MEASURE_CURVE) || of_subsets(l, key->measure),
                                           key->set),
                          .inner = 1,
                          .scale = scale,
                          .digits = !m          ? 4
                                    : scale > 1 ? m->digits - 2
                                                : m->digits,
                          .low = "low",
                          .high = "high" };
}

int value_present(struct store_reader *r, const struct value_key *key, int difference)
{
    struct room room;
    char path[PATH];
    struct source s;

    find_source(store_reader_layout(r), key, difference, &s, &room);
    path_of(store_reader_layout(r), key->precision, s.group, s.value, path);
    return store_reader_find(r, path) != NULL;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

/* The value at `at` of `inner` of a network's set; sets = 1 where the dataset has no axis of sets. */
static status read_at(struct store_reader *r, const struct value_key *key, const char *path, int flat,
                      int inner, int at, double *out)
{
    double row[SETS * MOST_INNER];
    size_t sets = flat ? 1 : (size_t)store_reader_layout(r)->selections + 1;

    TRY(store_read(r, path, STORE_F64, key->network, 1, row, sets * (size_t)inner * sizeof *row));
    *out = row[(flat ? 0 : key->set) * inner + at];
    return OK;
}

/* Is it of activations, and the layer of other extents than the first precision's? */
static int is_apart(const struct store_layout *l, const struct value_key *key, int difference)
{
    const struct measure *m = measure_of(key->measure);
    return (difference ? m && m->needs & MEASURE_LAYER : strncmp(key->measure, "dice_", 5) == 0) &&
           !store_layers_alike(l, key->network, key->precision, 0);
}

static status read_source(struct store_reader *r, const struct value_key *key, int difference,
                          struct value *out)
{
    const struct store_layout *l = store_reader_layout(r);
    double *const to[] = { &out->value, &out->low, &out->high, &out->sd }, count;
    struct room room;
    struct source s;
    char path[PATH];

    *out = (struct value){ .why = "-" };
    if (key->set < 0 || !value_present(r, key, difference))
        return OK;
    find_source(l, key, difference, &s, &room);
    if (s.images) {
        path_of(l, key->precision, s.group, s.images, path);
        TRY(read_at(r, key, path, s.flat, 1, 0, &count));
        out->images = (int64_t)count;
    }
    for (int i = 0; i < (!s.low ? 1 : strcmp(s.value, "mean") ? 3 : 4); i++) {
        const char *const name[] = { s.value, s.low, s.high, "sd" };

        path_of(l, key->precision, s.group, name[i], path);
        /* Of a time's statistics the quartiles stand behind the median. */
        TRY(read_at(r, key, path, s.flat, s.inner, s.at + (s.inner == STORE_STATISTICS ? i : 0), to[i]));
        *to[i] *= s.share ? 100.0 / (out->images > 0 ? (double)out->images : 1) : s.scale;
    }
    out->interval = s.low != NULL;
    out->digits = s.digits;
    out->why = is_apart(l, key, difference) ? "another layer" : s.images && out->images == 0 ? s.none : NULL;
    return OK;
}

/* ---- values that follow from others ----------------------------------------------------------------------
 */

/* 100 less the share of equal answers. */
static void turn_round(struct value *v)
{
    double low = v->low;

    v->value = 100 - v->value;
    v->low = 100 - v->high;
    v->high = 100 - low;
}

/* The first precision's over this one's: how many times smaller, how many times faster. */
static status read_ratio(struct store_reader *r, struct value_key key, const char *of, struct value *out)
{
    struct value first;

    key.measure = of;
    TRY(read_source(r, &key, 0, out));
    key.precision = 0;
    TRY(read_source(r, &key, 0, &first));
    if (first.why || out->why || first.value <= 0 || out->value <= 0)
        *out = (struct value){ .why = "unknown" };
    else
        *out = (struct value){ .value = first.value / out->value, .images = out->images, .digits = 2 };
    return OK;
}

/* Where a value stands in the file but is of nothing, since another one says so. */
static status check_sense(struct store_reader *r, struct value_key key, struct value *v)
{
    int sign = strcmp(key.measure, "rmse_raw") == 0 || strcmp(key.measure, "sign_flipped") == 0;
    struct value other;

    if (v->why || (!sign && !strstr(key.measure, "_loc")))
        return OK;
    key.measure = sign ? "raw_undefined" : "top1";
    TRY(read_source(r, &key, 0, &other));
    if (!sign)
        v->why = other.why;
    else if (!other.why && other.value >= 100) /* no pair's raw sign is defined */
        v->why = "undefined";
    return OK;
}

status value_read(struct store_reader *r, const struct value_key *key, struct value *out)
{
    struct value_key same = *key;

    if (strcmp(key->measure, "size_ratio") == 0)
        return read_ratio(r, *key, "size", out);
    if (strcmp(key->measure, "time_ratio") == 0)
        return read_ratio(r, *key, "inference", out);
    if (strcmp(key->measure, "changed") != 0) {
        TRY(read_source(r, key, 0, out));
        return check_sense(r, *key, out);
    }
    same.measure = "same_top1";
    TRY(read_source(r, &same, 0, out));
    turn_round(out);
    return OK;
}

status value_difference(struct store_reader *r, const struct value_key *key, struct value *out)
{
    return read_source(r, key, 1, out);
}

/* The `inner` values of a network's set. */
static status read_set(struct store_reader *r, const struct value_key *key, const char *group,
                       const char *name, size_t inner, double *out)
{
    const struct store_layout *l = store_reader_layout(r);
    size_t sets = 1 + (size_t)l->selections;
    char path[PATH];
    double *all;
    status result;

    path_of(l, key->precision, group, name, path);
    MEM_TRY(all, sets * inner, sizeof *all);
    result = store_read(r, path, STORE_F64, key->network, 1, all, sets * inner * sizeof *all);
    memcpy(out, all + (size_t)key->set * inner, inner * sizeof *out);
    mem_free(all);
    return result;
}

status value_curve(struct store_reader *r, const struct value_key *key, double *out)
{
    int points = store_reader_layout(r)->steps + 1;
    char name[STORE_NAME];

    snprintf(name, sizeof name, "%s_curve", key->measure);
    TRY(read_set(r, key, "/summary/curves/{p}/", name, (size_t)points, out));
    for (int i = 0; i < points; i++)
        out[i] *= 100;
    return OK;
}

status value_histogram(struct store_reader *r, const struct value_key *key, const char *range,
                       struct value_histogram *out)
{
    double images;

    TRY(read_set(r, key, "", DICE_OF, 1, &images));
    out->images = (int64_t)images;
    TRY(read_set(r, key, DICE, range, COUNT_OF(out->bins), out->bins));
    TRY(read_set(r, key, DICE, "low", 1, &out->low));
    return read_set(r, key, DICE, "high", 1, &out->high);
}

status value_text(struct store_reader *r, const char *path, char **out)
{
    const struct store_dataset *d = store_reader_find(r, path);

    *out = NULL;
    if (!d || d->element < 1 || d->element > TEXT_MAX)
        return OK;
    MEM_TRY(*out, d->element + 1, 1);
    return store_read_string(r, path, 0, *out, d->element + 1);
}

/* ---- showing ------------------------------------------------------------------------------------------- */

void value_label(const char *measure, char *out, size_t size)
{
    const struct measure *m = measure_of(measure);
    const char *method = m ? measure_method_of(m, measure) : "";
    const char *unit = !m ? "" : scale_of(m) > 1 ? "%" : strcmp(m->unit, "1") == 0 ? "" : m->unit;
    char label[96];

    if (!m || !measure_text(m->label, method, label, sizeof label))
        snprintf(label, sizeof label, "%s", measure);
    snprintf(out, size, unit[0] ? "%s, %s" : "%s", label, unit);
}

void value_put(struct grid *g, const struct value *v, const char *measure, int is_signed)
{
    if (v->why) {
        grid_missing(g, v->why);
    } else if (v->interval && v->images != 1) {
        grid_interval(g, measure, (double[3]){ v->value, v->low, v->high }, v->digits, is_signed);
    } else {
        if (is_signed)
            grid_signed(g, measure, v->value, v->digits);
        else
            grid_number(g, measure, v->value, v->digits);
        if (v->interval)
            grid_remark(g, "one image");
    }
}

/* ---- sets ---------------------------------------------------------------------------------------------- */

int value_set(const struct store_layout *l, const char *reading, const char *precision)
{
    char name[2 * STORE_NAME];

    if (strcmp(reading, "all") == 0)
        return 0;
    if (reading == value_sampled)
        return value_set(l, value_set(l, "control", precision) < 0 ? "aligned" : "control", precision);
    snprintf(name, sizeof name, strcmp(reading, "control") == 0 ? "%s" : "%s_%s", reading, precision);
    for (int s = 0; s < l->selections; s++)
        if (strcmp(l->selection[s], name) == 0 || strcmp(l->selection[s], reading) == 0)
            return 1 + s;
    return -1;
}

const char *value_set_name(const struct store_layout *l, int set)
{
    return set == 0 ? "all" : l->selection[set - 1];
}

const char *value_method(const struct store_layout *l)
{
    for (int m = 0; m < l->methods; m++)
        if (strcmp(l->method[m], "gradcampp") == 0)
            return l->method[m];
    return l->methods > 0 ? l->method[0] : "eigen";
}
