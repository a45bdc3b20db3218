/* src/metric/saliency.c: the table of measures of a map against a density, fixations or a mask. */
#include <math.h>
#include <string.h>

#include "metric_saliency.h"

/* ---- values -------------------------------------------------------------------------------------------- */

static int64_t count_of(const struct saliency_view *v)
{
    return (int64_t)v->width * v->height;
}

static const struct density_scores *density_of(struct measure_view *other)
{
    struct saliency_view *v = other->saliency;

    if (!v->shared.have_density)
        density_compare(v->map, v->density, count_of(v), &v->shared.density);
    v->shared.have_density = 1;
    return &v->shared.density;
}

static const struct object_scores *object_of(struct measure_view *other)
{
    struct saliency_view *v = other->saliency;

    if (!v->shared.have_object)
        object_compare(v->map, v->mask, v->height, v->width, &v->shared.object);
    v->shared.have_object = 1;
    return &v->shared.object;
}

static double sim(struct measure_view *first, struct measure_view *other)
{
    return density_of(other)->sim;
}

static double cc(struct measure_view *first, struct measure_view *other)
{
    return density_of(other)->cc;
}

static double kld(struct measure_view *first, struct measure_view *other)
{
    return density_of(other)->kld;
}

static double nss(struct measure_view *first, struct measure_view *other)
{
    const struct saliency_view *v = other->saliency;

    return fixation_nss(v->map, count_of(v), v->pixel, v->pixels);
}

static double auc_judd(struct measure_view *first, struct measure_view *other)
{
    const struct saliency_view *v = other->saliency;

    return v->pixels < count_of(v) ? fixation_auc_judd(v->map, count_of(v), v->pixel, v->pixels, &v->room)
                                   : NAN;
}

static double auc_borji(struct measure_view *first, struct measure_view *other)
{
    const struct saliency_view *v = other->saliency;

    return fixation_auc_drawn(v->map, count_of(v), v->pixel, v->pixels, v->uniform);
}

static double auc_shuffled(struct measure_view *first, struct measure_view *other)
{
    const struct saliency_view *v = other->saliency;

    return v->pooled ? fixation_auc_drawn(v->map, count_of(v), v->pixel, v->pixels, v->pooled) : NAN;
}

static double gain(struct measure_view *first, struct measure_view *other)
{
    const struct saliency_view *v = other->saliency;

    return fixation_gain(v->map, v->baseline, count_of(v), v->pixel, v->pixels);
}

static double mae(struct measure_view *first, struct measure_view *other)
{
    return object_of(other)->mae;
}

static double s_measure(struct measure_view *first, struct measure_view *other)
{
    return object_of(other)->s_measure;
}

static double f_adaptive(struct measure_view *first, struct measure_view *other)
{
    return object_of(other)->f_adaptive;
}

static double e_adaptive(struct measure_view *first, struct measure_view *other)
{
    return object_of(other)->e_adaptive;
}

static double largest(const double *curve)
{
    double most = curve[0];

    for (int i = 1; i < OBJECT_LEVELS; i++)
        most = curve[i] > most ? curve[i] : most;
    return most;
}

static double mean(const double *curve)
{
    double sum = 0.0;

    for (int i = 0; i < OBJECT_LEVELS; i++)
        sum += curve[i];
    return sum / OBJECT_LEVELS;
}

static double f_largest(struct measure_view *first, struct measure_view *other)
{
    return largest(object_of(other)->f);
}

static double f_mean(struct measure_view *first, struct measure_view *other)
{
    return mean(object_of(other)->f);
}

static double e_largest(struct measure_view *first, struct measure_view *other)
{
    return largest(object_of(other)->e);
}

static double e_mean(struct measure_view *first, struct measure_view *other)
{
    return mean(object_of(other)->e);
}

static double blank(struct measure_view *first, struct measure_view *other)
{
    return density_look(other->saliency->map, count_of(other->saliency)) == DENSITY_ZERO;
}

static double flat(struct measure_view *first, struct measure_view *other)
{
    return density_look(other->saliency->map, count_of(other->saliency)) == DENSITY_CONSTANT;
}

/* ---- the table ----------------------------------------------------------------------------------------- */

#define MATCH  MEASURE_MATCH
#define PAIR   MEASURE_PAIR
#define ONE    MEASURE_ONE
#define MAPS   MEASURE_MAPS
#define GAPS   MEASURE_GAPS
#define HIGHER MEASURE_HIGHER
#define LOWER  MEASURE_LOWER

const struct measure saliency_measures[] = {
    { "truth_sim_{method}", "1", MATCH, MAPS | MEASURE_DENSITY, sim, NULL, "truth SIM, {method}",
      "similarity: the lesser of both densities, summed", 4, HIGHER },
    { "truth_cc_{method}", "1", MATCH, MAPS | MEASURE_DENSITY, cc, NULL, "truth CC, {method}",
      "Pearson correlation with the density", 4, HIGHER },
    { "truth_kld_{method}", "nat", MATCH, MAPS | MEASURE_DENSITY, kld, NULL, "truth KLD, {method}",
      "Kullback-Leibler divergence from the density", 4, LOWER },

    { "truth_nss_{method}", "1", MATCH, MAPS | MEASURE_FIXATIONS, nss, NULL, "truth NSS, {method}",
      "mean of the standardized map at fixations", 4, HIGHER },
    { "truth_auc_judd_{method}", "1", MATCH, MAPS | MEASURE_FIXATIONS | GAPS, auc_judd, NULL,
      "truth AUC-Judd, {method}", "area under the ROC of fixated pixels against all others", 4, HIGHER },
    { "truth_auc_borji_{method}", "1", MATCH, MAPS | MEASURE_FIXATIONS, auc_borji, NULL,
      "truth AUC-Borji, {method}", "area under the ROC of fixated pixels against uniformly drawn ones", 4,
      HIGHER },
    { "truth_auc_shuffled_{method}", "1", MATCH, MAPS | MEASURE_FIXATIONS | GAPS, auc_shuffled, NULL,
      "truth shuffled AUC, {method}", "area under the ROC of fixated pixels against those of other pictures",
      4, HIGHER },
    { "truth_gain_{method}", "bit", MATCH, MAPS | MEASURE_FIXATIONS, gain, NULL,
      "truth information gain, {method}", "information gain over the centre at fixations", 4, HIGHER },

    { "truth_mae_{method}", "1", MATCH, MAPS | MEASURE_MASK, mae, NULL, "truth MAE, {method}",
      "mean absolute error of the map from 0 to 1", 4, LOWER },
    { "truth_s_measure_{method}", "1", MATCH, MAPS | MEASURE_MASK, s_measure, NULL,
      "truth S-measure, {method}", "structure measure, alpha 0.5", 4, HIGHER },
    { "truth_f_largest_{method}", "1", MATCH, MAPS | MEASURE_MASK, f_largest, NULL,
      "truth F, largest, {method}", "F-measure, beta^2 0.3, at the picture's best threshold", 4, HIGHER },
    { "truth_f_mean_{method}", "1", MATCH, MAPS | MEASURE_MASK, f_mean, NULL, "truth F, mean, {method}",
      "F-measure, mean over 256 thresholds", 4, HIGHER },
    { "truth_f_adaptive_{method}", "1", MATCH, MAPS | MEASURE_MASK, f_adaptive, NULL,
      "truth F, adaptive, {method}", "F-measure, beta^2 0.3, at twice the map's mean", 4, HIGHER },
    { "truth_e_largest_{method}", "1", MATCH, MAPS | MEASURE_MASK, e_largest, NULL,
      "truth E, largest, {method}", "enhanced-alignment measure at the picture's best threshold", 4, HIGHER },
    { "truth_e_mean_{method}", "1", MATCH, MAPS | MEASURE_MASK, e_mean, NULL, "truth E, mean, {method}",
      "enhanced-alignment measure, mean over 256 thresholds", 4, HIGHER },
    { "truth_e_adaptive_{method}", "1", MATCH, MAPS | MEASURE_MASK, e_adaptive, NULL,
      "truth E, adaptive, {method}", "enhanced-alignment measure at twice the map's mean", 4, HIGHER },

    /* Of two maps in the network's frame, the first precision's in place of a density; of one map there. */
    { "sim_{method}", "1", PAIR, MAPS | MEASURE_DENSITY, sim, NULL, "SIM, {method}",
      "similarity of the maps of {method}: the lesser of both densities, summed", 4, HIGHER },
    { "cc_{method}", "1", PAIR, MAPS | MEASURE_DENSITY, cc, NULL, "CC, {method}",
      "Pearson correlation of the ReLU'd maps of {method}", 4, HIGHER },
    { "kld_{method}", "nat", PAIR, MAPS | MEASURE_DENSITY, kld, NULL, "KLD, {method}",
      "Kullback-Leibler divergence from the first's map, {method}", 4, LOWER },
    { "blank_{method}", "1", ONE, MAPS | MEASURE_SHARE, blank, NULL, "blank, {method}",
      "1 = the ReLU'd map of {method} is 0 everywhere", 4, LOWER },
    { "flat_{method}", "1", ONE, MAPS | MEASURE_SHARE, flat, NULL, "flat, {method}",
      "1 = the ReLU'd map of {method} is constant, not 0", 4, LOWER },
    { .name = NULL },
};

char *saliency_measure(const struct measure *m, char out[SALIENCY_MEASURE])
{
    static const char before[] = "truth_", behind[] = "_{method}";

    BUG_IF(m->of != MEASURE_MATCH);
    snprintf(out, SALIENCY_MEASURE, "%.*s", (int)(strlen(m->name) - sizeof before - sizeof behind + 2),
             m->name + sizeof before - 1);
    return out;
}
