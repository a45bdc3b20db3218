/* src/metric/measure.c: the one table of measures and the functions that give their values. What several of
 * them share is made once a view. */
#include <math.h>
#include <string.h>

#include "metric_saliency.h"
#include "metric_wsol.h"

/* ---- answers ------------------------------------------------------------------------------------------- */

/* 100 or 0, so that a mean is per cent. */
static double answer_right(const struct measure_view *v, int k)
{
    int place;

    if (v->class_index < 0)
        return NAN;
    place = accuracy_rank(v->row, 5, v->class_index);
    return place >= 0 && place < k ? 100 : 0;
}

static double top1(struct measure_view *first, struct measure_view *other)
{
    return answer_right(other, 1);
}

static double top5(struct measure_view *first, struct measure_view *other)
{
    return answer_right(other, 5);
}

static double same_top1(struct measure_view *first, struct measure_view *other)
{
    return first->top5[0] == other->top5[0] ? 100 : 0;
}

/* ---- the CAM layer ------------------------------------------------------------------------------------- */

/* Both domains of codes come from one pass. */
static const struct activation *activation_of(struct measure_view *v, int as_int)
{
    if (!v->shared.have_activation && v->codes)
        activation_codes(v->codes, v->pixels, v->channels, v->pitch, v->scale, v->zero_point,
                         &v->shared.as_int, &v->shared.as_real);
    else if (!v->shared.have_activation)
        activation_real(v->act, v->pixels, v->channels, &v->shared.as_real);
    v->shared.have_activation = 1;
    return as_int ? &v->shared.as_int : &v->shared.as_real;
}

static double entropy_real(struct measure_view *first, struct measure_view *other)
{
    return activation_of(other, 0)->entropy;
}

static double std_real(struct measure_view *first, struct measure_view *other)
{
    return activation_of(other, 0)->std;
}

static double sparsity_real(struct measure_view *first, struct measure_view *other)
{
    return activation_of(other, 0)->sparsity;
}

static double entropy_int(struct measure_view *first, struct measure_view *other)
{
    return activation_of(other, 1)->entropy;
}

static double std_int(struct measure_view *first, struct measure_view *other)
{
    return activation_of(other, 1)->std;
}

static double sparsity_int(struct measure_view *first, struct measure_view *other)
{
    return activation_of(other, 1)->sparsity;
}

static double sigma_ratio(struct measure_view *first, struct measure_view *other)
{
    return other->sigma_ratio;
}

/* ---- pairs of maps ------------------------------------------------------------------------------------- */

static const struct rmse_readings *readings_of(struct measure_view *first, struct measure_view *other)
{
    struct rmse_side a = { first->projection, first->raw_sign, first->own_sign, first->map,
                           first->map_flipped },
                     b = { other->projection, other->raw_sign, other->own_sign, other->map,
                           other->map_flipped };

    if (!other->shared.have_readings)
        rmse_pair(&a, &b, other->h * other->w, (int64_t)other->map_h * other->map_w, &other->shared.readings);
    other->shared.have_readings = 1;
    return &other->shared.readings;
}

static const struct comparison *comparison_of(struct measure_view *first, struct measure_view *other)
{
    struct compare_side a = { first->projection, first->map }, b = { other->projection, other->map };

    if (!other->shared.have_comparison)
        compare_pair(&a, &b, other->h, other->w, other->map_h, other->map_w, &other->shared.comparison);
    other->shared.have_comparison = 1;
    return &other->shared.comparison;
}

static double rmse_raw(struct measure_view *first, struct measure_view *other)
{
    return readings_of(first, other)->raw;
}

static double rmse_resolved(struct measure_view *first, struct measure_view *other)
{
    return readings_of(first, other)->resolved;
}

static double rmse_aligned(struct measure_view *first, struct measure_view *other)
{
    return readings_of(first, other)->aligned;
}

static double sign_flipped(struct measure_view *first, struct measure_view *other)
{
    return readings_of(first, other)->sign_flipped;
}

static double raw_undefined(struct measure_view *first, struct measure_view *other)
{
    return !first->raw_sign || !other->raw_sign;
}

static double correlation(struct measure_view *first, struct measure_view *other)
{
    return readings_of(first, other)->correlation;
}

static double spearman(struct measure_view *first, struct measure_view *other)
{
    return comparison_of(first, other)->spearman;
}

static double cosine(struct measure_view *first, struct measure_view *other)
{
    return comparison_of(first, other)->cosine;
}

static double ssim(struct measure_view *first, struct measure_view *other)
{
    return comparison_of(first, other)->ssim;
}

static double top_iou(struct measure_view *first, struct measure_view *other)
{
    return comparison_of(first, other)->top_iou;
}

static double peak_distance(struct measure_view *first, struct measure_view *other)
{
    return comparison_of(first, other)->peak_distance;
}

/* 1 where neither map has a box, 0 where one map has none. */
static double box_iou(struct measure_view *first, struct measure_view *other)
{
    const int32_t *a = first->box, *b = other->box;
    int64_t w = (int64_t)(a[2] < b[2] ? a[2] : b[2]) - (a[0] > b[0] ? a[0] : b[0]) + 1;
    int64_t h = (int64_t)(a[3] < b[3] ? a[3] : b[3]) - (a[1] > b[1] ? a[1] : b[1]) + 1;
    int64_t both = w > 0 && h > 0 ? w * h : 0;
    int64_t area_a = (int64_t)(a[2] - a[0] + 1) * (a[3] - a[1] + 1),
            area_b = (int64_t)(b[2] - b[0] + 1) * (b[3] - b[1] + 1);

    if (a[0] < 0 || b[0] < 0)
        return a[0] < 0 && b[0] < 0;
    return (double)both / (double)(area_a + area_b - both);
}

/* The views are of a method's maps. */
static double method_rmse(struct measure_view *first, struct measure_view *other)
{
    return rmse_maps(first->map, other->map, (int64_t)other->map_h * other->map_w);
}

static double method_correlation(struct measure_view *first, struct measure_view *other)
{
    return rmse_correlation(first->projection, other->projection, other->h * other->w);
}

/* ---- the randomisation check --------------------------------------------------------------------------- */

static const double same_map = 0.95;

static double random_cc(struct measure_view *first, struct measure_view *other)
{
    return rmse_correlation(first->map, other->map, other->map_h * other->map_w);
}

static double random_ssim(struct measure_view *first, struct measure_view *other)
{
    return comparison_of(first, other)->ssim;
}

static double random_correlation(struct measure_view *first, struct measure_view *other)
{
    return fabs(method_correlation(first, other));
}

static double random_stays(struct measure_view *first, struct measure_view *other)
{
    return random_correlation(first, other) >= same_map;
}

/* ---- the input gradient -------------------------------------------------------------------------------- */

static const struct input_agreement *agreement_of(struct measure_view *first, struct measure_view *other)
{
    if (!other->shared.have_agreement)
        input_compare(first->input, other->input, other->map_h, other->map_w, &other->shared.agreement);
    other->shared.have_agreement = 1;
    return &other->shared.agreement;
}

static double entropy_of_input(struct measure_view *first, struct measure_view *other)
{
    return input_entropy(other->input, (int64_t)other->map_h * other->map_w);
}

static double blank_input(struct measure_view *first, struct measure_view *other)
{
    return density_look(other->input, (int64_t)other->map_h * other->map_w) == DENSITY_ZERO;
}

static double input_cc(struct measure_view *first, struct measure_view *other)
{
    return agreement_of(first, other)->cc;
}

static double input_sim(struct measure_view *first, struct measure_view *other)
{
    return agreement_of(first, other)->sim;
}

static double input_kld(struct measure_view *first, struct measure_view *other)
{
    return agreement_of(first, other)->kld;
}

static double input_rmse(struct measure_view *first, struct measure_view *other)
{
    return agreement_of(first, other)->rmse;
}

static double input_ssim(struct measure_view *first, struct measure_view *other)
{
    return agreement_of(first, other)->ssim;
}

static double input_overlap(struct measure_view *first, struct measure_view *other)
{
    return agreement_of(first, other)->overlap;
}

static double area_removed(struct measure_view *first, struct measure_view *other)
{
    return other->class_index < 0 ? NAN : removal_area(other->row);
}

/* ---- true boxes and curves ----------------------------------------------------------------------------- */

static double iou(struct measure_view *first, struct measure_view *other)
{
    const float *of_rule = other->row;

    return of_rule[WSOL_T20] < 0 ? NAN : of_rule[WSOL_T20];
}

static double area(struct measure_view *first, struct measure_view *other)
{
    return curve_auc(other->row, other->steps);
}

static double road(struct measure_view *first, struct measure_view *other)
{
    return road_combined(other->row);
}

static double most_first(struct measure_view *first, struct measure_view *other)
{
    return road_mean(other->row, 0);
}

static double least_first(struct measure_view *first, struct measure_view *other)
{
    return road_mean(other->row, 1);
}

/* ---- the table ----------------------------------------------------------------------------------------- */

#define ONE     MEASURE_ONE
#define PAIR    MEASURE_PAIR
#define TRUTH   MEASURE_TRUTH
#define CURVE   MEASURE_CURVE
#define CODES   MEASURE_CODES
#define METHOD  MEASURE_METHOD
#define CROSS   MEASURE_CROSS
#define SHARE   MEASURE_SHARE
#define HIGHER  MEASURE_HIGHER
#define LOWER   MEASURE_LOWER
#define NEITHER MEASURE_NEITHER
#define RANDOM  MEASURE_RANDOM
#define MAPS    MEASURE_MAPS
#define ROAD    (MEASURE_MAPS | MEASURE_ROAD)
#define INPUT   MEASURE_INPUT
#define LAYER   MEASURE_LAYER

const struct measure measure_table[] = {
    { "sigma_ratio", "1", ONE, LAYER, sigma_ratio, NULL, "sigma ratio", "sigma2 / sigma1 of the CAM layer", 3,
      NEITHER },
    { "entropy_real", "bit", ONE, LAYER, entropy_real, NULL, "entropy",
      "mean over pixels of the entropy of the channels' softmax, real values", 3, NEITHER },
    { "std_real", "1", ONE, LAYER, std_real, NULL, "deviation",
      "standard deviation of the CAM layer, real values", 3, NEITHER },
    { "sparsity_real", "%", ONE, LAYER, sparsity_real, NULL, "sparsity",
      "zeros in the CAM layer, real values", 3, NEITHER },
    { "entropy_int", "bit", ONE, CODES | LAYER, entropy_int, NULL, "entropy, integers",
      "mean over pixels of the entropy of the channels' softmax, stored integers", 3, NEITHER },
    { "std_int", "1", ONE, CODES | LAYER, std_int, NULL, "deviation, integers",
      "standard deviation of the CAM layer, stored integers", 3, NEITHER },
    { "sparsity_int", "%", ONE, CODES | LAYER, sparsity_int, NULL, "sparsity, integers",
      "zeros in the CAM layer, stored integers", 3, NEITHER },

    { "same_top1", "%", PAIR, SHARE, same_top1, NULL, "same answer", "100 = the same first class, else 0", 3,
      HIGHER },
    { "rmse_raw", "1", PAIR, 0, rmse_raw, NULL, "RMSE, raw", "RMSE of the maps 0-255, raw signs", 3, LOWER },
    { "rmse_resolved", "1", PAIR, 0, rmse_resolved, NULL, "RMSE, resolved",
      "RMSE of the maps 0-255, own signs", 3, LOWER },
    { "rmse_aligned", "1", PAIR, 0, rmse_aligned, NULL, "RMSE, aligned",
      "RMSE of the maps 0-255, signs aligned", 3, LOWER },
    { "sign_flipped", "1", PAIR, SHARE, sign_flipped, NULL, "opposite",
      "1 = the raw pair points in opposite directions", 4, LOWER },
    { "raw_undefined", "1", PAIR, SHARE, raw_undefined, NULL, "undefined",
      "1 = a raw sign of the pair is undefined", 4, NEITHER },
    { "correlation", "1", PAIR, 0, correlation, NULL, "|correlation|",
      "absolute correlation of the projections", 4, HIGHER },
    { "spearman", "1", PAIR, 0, spearman, NULL, "Spearman", "rank correlation of the projections", 4,
      HIGHER },
    { "cosine", "1", PAIR, 0, cosine, NULL, "cosine", "cosine of the maps", 4, HIGHER },
    { "ssim", "1", PAIR, 0, ssim, NULL, "SSIM", "structural similarity of the maps", 4, HIGHER },
    { "top_iou", "1", PAIR, 0, top_iou, NULL, "largest tenth", "IoU of the maps' largest tenths", 4, HIGHER },
    { "peak_distance", "pixel", PAIR, 0, peak_distance, NULL, "peaks apart", "distance of the maps' peaks", 2,
      LOWER },
    { "box_iou", "1", PAIR, MEASURE_BOX, box_iou, NULL, "boxes",
      "IoU of the maps' boxes at t = 0.2, 1 = both have none", 4, HIGHER },
    { "rmse_{method}", "1", PAIR, METHOD, method_rmse, NULL, "RMSE, {method}",
      "RMSE of the maps 0-255 of {method}", 3, LOWER },
    { "correlation_{method}", "1", PAIR, METHOD, method_correlation, NULL, "correlation, {method}",
      "correlation of the projections of {method}, with sign", 4, HIGHER },

    { "input_entropy", "bit", ONE, INPUT, entropy_of_input, NULL, "entropy, input gradient",
      "entropy of the input gradient's map over its sum", 3, NEITHER },
    { "input_blank", "1", ONE, INPUT | SHARE, blank_input, NULL, "blank, input gradient",
      "1 = the input gradient's map is 0 everywhere", 4, LOWER },
    { "input_cc", "1", PAIR, INPUT, input_cc, NULL, "CC, input gradient",
      "Pearson correlation of the input gradient's maps", 4, HIGHER },
    { "input_sim", "1", PAIR, INPUT, input_sim, NULL, "SIM, input gradient",
      "similarity of the input gradient's maps", 4, HIGHER },
    { "input_kld", "nat", PAIR, INPUT, input_kld, NULL, "KLD, input gradient",
      "Kullback-Leibler divergence from the first's map, input gradient", 4, LOWER },
    { "input_rmse", "1", PAIR, INPUT, input_rmse, NULL, "RMSE 0-1, input gradient",
      "RMSE of the input gradient's maps 0-1", 4, LOWER },
    { "input_ssim", "1", PAIR, INPUT, input_ssim, NULL, "SSIM, input gradient",
      "structural similarity of the input gradient's maps", 4, HIGHER },
    { "input_overlap", "1", PAIR, INPUT, input_overlap, NULL, "largest tenth, input gradient",
      "IoU of the largest tenths of the input gradient's maps", 4, HIGHER },

    { "top1", "%", TRUTH, SHARE, top1, "top5", "top-1", "100 = the true class is first, else 0", 2, HIGHER },
    { "top5", "%", TRUTH, SHARE, top5, "top5", "top-5", "100 = the true class is among five, else 0", 2,
      HIGHER },
    { "removal", "%", TRUTH, INPUT | MEASURE_REMOVED, area_removed, "removal_right", "removal",
      "mean top-1 accuracy while the input gradient's map removes 0-90 %", 2, NEITHER },
    { "iou", "1", TRUTH, 0, iou, "wsol/iou", "IoU", "IoU of the map's box with a true one at t = 0.2", 5,
      HIGHER },
    { "iou_raw", "1", TRUTH, 0, iou, "wsol/iou_raw", "IoU, raw sign",
      "IoU at t = 0.2 of the map in the raw sign", 5, HIGHER },

    { "deletion", "1", CURVE, CROSS, area, "deletion_curve", "deletion", "area under the deletion curve", 5,
      LOWER },
    { "insertion", "1", CURVE, CROSS, area, "insertion_curve", "insertion", "area under the insertion curve",
      5, HIGHER },
    { "deletion_raw", "1", CURVE, 0, area, "deletion_curve_raw", "deletion, raw sign",
      "area under the deletion curve in the raw sign", 5, LOWER },
    { "insertion_raw", "1", CURVE, 0, area, "insertion_curve_raw", "insertion, raw sign",
      "area under the insertion curve in the raw sign", 5, HIGHER },
    { "road_{method}", "1", CURVE, ROAD, road, "road_{method}", "ROAD, {method}",
      "ROAD of {method}: half of lerf less morf", 5, HIGHER },
    { "morf_{method}", "1", CURVE, ROAD, most_first, "road_{method}", "most relevant first, {method}",
      "change of the score, most relevant pixels by {method} gone", 5, LOWER },
    { "lerf_{method}", "1", CURVE, ROAD, least_first, "road_{method}", "least relevant first, {method}",
      "change of the score, least relevant pixels by {method} gone", 5, HIGHER },
    { "random_cc_{method}", "1", RANDOM, MAPS, random_cc, NULL, "randomised: CC, {method}",
      "correlation of the map of {method} with that of randomised weights", 4, LOWER },
    { "random_ssim_{method}", "1", RANDOM, MAPS, random_ssim, NULL, "randomised: SSIM, {method}",
      "SSIM of the map of {method} with that of randomised weights", 4, LOWER },
    { "random_correlation_{method}", "1", RANDOM, MAPS, random_correlation, NULL,
      "randomised: |correlation|, {method}",
      "|correlation| of the projection of {method} with randomised weights'", 4, LOWER },
    { "random_stays_{method}", "1", RANDOM, MAPS | SHARE, random_stays, NULL, "randomised: stays, {method}",
      "1 = the map of {method} stays with random weights: |correlation| >= 0.95", 4, LOWER },
    { .name = NULL },
};

/* ---- asking -------------------------------------------------------------------------------------------- */

double measure_value(const struct measure *m, struct measure_view *first, struct measure_view *other)
{
    double value;

    BUG_IF(!other || (m->of == MEASURE_PAIR || m->of == MEASURE_RANDOM) != (first != NULL));
    value = m->value(first, other);
    BUG_IF(isnan(value) && (m->of == MEASURE_ONE || m->of == MEASURE_PAIR));
    return value;
}

static const char method_word[] = "{method}";

const struct measure *measure_find(const struct measure *table, const char *name)
{
    const struct measure *alike = NULL;

    for (const struct measure *m = table; m->name; m++) {
        const char *word = strstr(m->name, method_word), *rest;
        size_t stem = word ? (size_t)(word - m->name) : strlen(m->name);

        if (!strcmp(m->name, name))
            return m;
        rest = strncmp(m->name, name, stem) ? "" : name + stem;
        if (word ? *rest : m->needs & MEASURE_CROSS && !strncmp(rest, "_on_", 4) && rest[4])
            alike = m;
    }
    return alike;
}

const struct measure *measure_known(const char *name)
{
    const struct measure *m = measure_find(measure_table, name);
    size_t length = strlen(name);

    if (!m)
        m = measure_find(saliency_measures, name);
    for (const struct measure *k = saliency_measures; k->name && !m; k++)
        if (k->of == MEASURE_MATCH && strncmp(k->name, name, length) == 0 &&
            strcmp(k->name + length, "_{method}") == 0)
            m = k;
    return m;
}

const char *measure_method_of(const struct measure *m, const char *name)
{
    const char *word = strstr(m->name, method_word);
    size_t stem = word ? (size_t)(word - m->name) : strlen(name);

    return strlen(name) > stem ? name + stem : "";
}

int measure_text(const char *template, const char *method, char *out, size_t size)
{
    const char *word = strstr(template, method_word);
    int n = word ? snprintf(out, size, "%.*s%s%s", (int)(word - template), template, method,
                            word + sizeof method_word - 1)
                 : snprintf(out, size, "%s", template);

    return n >= 0 && (size_t)n < size;
}
