/* include/metric_table.h
 * metric, part: the one table of measures. A measure gives one number a picture: of one precision, of a pair
 * of precisions, against a truth, or of a curve. Rows of the result file, /summary/measures,
 * /summary/difference, `verify` and the report's tables walk the measures that a job has.
 *
 *     struct measure_view fp32 = { .projection = a, .map = map_a, ... }, int8 = { ... };  // zeroed a picture
 *     for (const struct measure *m = measure_table; m->name; m++)
 *         if (m->of == MEASURE_PAIR && !(m->needs & MEASURE_METHOD))
 *             value = measure_value(m, &fp32, &int8);
 *
 * To add a measure:
 *     1. a row of measure_table (src/metric/measure.c): its name is the name of its dataset;
 *     2. its function, from one view or two to a double; where it needs something that no view holds, a
 *        member of struct measure_view, which whoever makes views fills;
 *     3. a check of the function by hand in tests/metric/test_measure.c.
 * Everything is local, allocates nothing and gives equal bits on every x86.
 */
#ifndef QUANTCAM_METRIC_TABLE_H
#define QUANTCAM_METRIC_TABLE_H

#include "metric_input.h"

/* What a measure is a measure of. ONE and PAIR have a row a picture in the file, f32. TRUTH and CURVE have
 * none: their values follow from rows that are there (answers, boxes, curves, ROAD), by the same function.
 * MATCH, of a map and what people saw (metric_saliency.h), has a row a picture, too, with a value where the
 * picture has such a truth. RANDOM, of a precision's map and the one that the same network has with its last
 * layers' weights drawn, has a row a selected picture. */
enum measure_of {
    MEASURE_ONE, MEASURE_PAIR, MEASURE_TRUTH, MEASURE_CURVE, MEASURE_MATCH, MEASURE_RANDOM
};

/* Bits of measure.needs. CODES: the CAM layer's stored integers, so that only precisions with codes have it.
 * METHOD: there is one for each further method of the job. CROSS, of a curve: the map is also tried on the
 * other precision's network, there called NAME_on_PRECISION. SHARE: each value
 * is 0 or 1, in % 0 or 100, so that the mean's interval is Wilson's, and McNemar's test tells two precisions
 * apart where the measure is of a truth. MAPS: there is one for each of a job's maps of the layer, EigenCAM's
 * too. ROAD: of jobs that ask for it. INPUT: of jobs that want the map of the input gradient. REMOVED: of
 * those that remove pixels by that map, too. BOX: the maps' boxes, which take time. GAPS: of MATCH, -1 in a
 * row says that the picture has no value. LAYER: of the CAM layer's activations, so that precisions differ in
 * it only where their layers have the same extents. */
enum {
    MEASURE_CODES = 1,
    MEASURE_METHOD = 2,
    MEASURE_CROSS = 4,
    MEASURE_SHARE = 8,
    MEASURE_MAPS = 128,
    MEASURE_LAYER = 16,
    MEASURE_ROAD = 256,
    MEASURE_GAPS = 2048,
    MEASURE_INPUT = 4096,
    MEASURE_REMOVED = 8192,
    MEASURE_BOX = 1 << 28
};

enum measure_better { MEASURE_NEITHER, MEASURE_HIGHER, MEASURE_LOWER };

/* One precision's view of a picture, zero-initialised. Whoever makes it fills what the measures in question
 * read: members stand under the name of their group. Arrays are borrowed. */
struct measure_view {
    /* answer */
    const int32_t *top5;       /* (5) classes, largest logit first, -1 behind the last class */
    int class_index;           /* the true class, -1 = unknown */
    /* layer: real values, and codes where the precision has them, else NULL */
    const float *act;          /* (pixels, channels), contiguous */
    const uint8_t *codes;      /* (pixels, channels), pixel i at i * pitch */
    int pixels, channels, pitch;
    double scale;              /* of the codes */
    int zero_point;
    float sigma_ratio;         /* sigma2 / sigma1 of the centred layer */
    /* map */
    const float *projection;   /* (h, w) un-ReLU'd, aligned sign */
    int h, w;
    int raw_sign, own_sign;    /* see struct rmse_side */
    const float *map;          /* (map_h, map_w) finished, in [0, 1] */
    const float *map_flipped;  /* of the negative projection, or NULL where rmse_needs_flipped says no */
    int map_h, map_w;
    const int32_t *box;        /* x0 y0 x1 y1 of the map at t = 0.2, whole pixels; -1 = no foreground */
    /* INPUT */
    const float *input;        /* (map_h, map_w) of the input gradient: input_map */
    /* TRUTH, CURVE: the picture's row of the field measure.from: answers s32 (5); IoU with the best true box
     * f32 (enum wsol_rule), -1 where there is none; a curve f32 (steps + 1); ROAD_CHANGES f32; REMOVAL_POINTS
     * u8 */
    const void *row;
    int steps;
    struct saliency_view *saliency; /* of saliency_measures alone: the map, see metric_saliency.h */
    /* What several measures share, made when the first of them asks: not the caller's. */
    struct {
        int have_activation, have_readings, have_comparison;
        struct activation as_int, as_real;
        struct rmse_readings readings;
        struct comparison comparison;
        int have_agreement;
        struct input_agreement agreement;
    } shared;
};

struct measure {
    const char *name;          /* "{method}" stands for a method's name */
    const char *unit;
    enum measure_of of;
    int needs;
    /* ONE: `other` is the precision's view, first NULL. PAIR: the first precision's and this one's.
     * RANDOM: the network's, the randomised one's. TRUTH,
     * CURVE: as ONE; NaN where the picture has no value (no label, no box) and is left out. Values of ONE and
     * PAIR are never NaN. */
    double (*value)(struct measure_view *first, struct measure_view *other);
    const char *from;          /* TRUTH, CURVE: the field of the rows that the value is made of (a template,
                                * as the name), else NULL */
    const char *label;         /* heads a column of a table */
    const char *meaning;       /* says what the value is, in a file's long_name: short */
    int digits;                /* behind the point, as the report prints the value */
    enum measure_better better;
};

/* In the order of the file; the last row's name is NULL. */
extern const struct measure measure_table[];

/* The value of a measure, see measure.value. A PAIR's `other` is compared with one `first` alone. */
double measure_value(const struct measure *m, struct measure_view *first, struct measure_view *other);
/* The row of `table` whose name is `name`, with a method for {method}, with _on_PRECISION behind a curve's
 * with CROSS; NULL where there is none. */
const struct measure *measure_find(const struct measure *table, const char *name);
/* The same of all rows; of MATCH the name without a method is that of baselines: "truth_sim". */
const struct measure *measure_known(const char *name);
/* The method of a name whose measure is m: "layercam" of "rmse_layercam"; "" where m is of no method. */
const char *measure_method_of(const struct measure *m, const char *name);
/* Copies a template (name, label, meaning, from) with `method` for "{method}"; 0 if it does not fit. */
int measure_text(const char *template, const char *method, char *out, size_t size);

#endif
