/* src/metric/saliency.c: the table of measures of a map against a density, fixations or a mask. */
#include <math.h>

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

/* ---- the table ----------------------------------------------------------------------------------------- */

#define TRUTH  MEASURE_TRUTH
#define HIGHER MEASURE_HIGHER
#define LOWER  MEASURE_LOWER

const struct measure saliency_measures[] = {
    { "sim", "1", TRUTH, MEASURE_DENSITY, sim, NULL, "SIM",
      "similarity: the lesser of both densities, summed", 4, HIGHER },
    { "cc", "1", TRUTH, MEASURE_DENSITY, cc, NULL, "CC", "Pearson correlation with the density", 4, HIGHER },
    { "kld", "nat", TRUTH, MEASURE_DENSITY, kld, NULL, "KLD", "Kullback-Leibler divergence from the density",
      4, LOWER },

    { "nss", "1", TRUTH, MEASURE_FIXATIONS, nss, NULL, "NSS", "mean of the standardized map at fixations", 4,
      HIGHER },
    { "auc_judd", "1", TRUTH, MEASURE_FIXATIONS, auc_judd, NULL, "AUC-Judd",
      "area under the ROC of fixated pixels against all others", 4, HIGHER },
    { "auc_borji", "1", TRUTH, MEASURE_FIXATIONS, auc_borji, NULL, "AUC-Borji",
      "area under the ROC of fixated pixels against uniformly drawn ones", 4, HIGHER },
    { "auc_shuffled", "1", TRUTH, MEASURE_FIXATIONS, auc_shuffled, NULL, "shuffled AUC",
      "area under the ROC of fixated pixels against those of other pictures", 4, HIGHER },
    { "gain", "bit", TRUTH, MEASURE_FIXATIONS, gain, NULL, "information gain",
      "information gain over the centre at fixations", 4, HIGHER },

    { "mae", "1", TRUTH, MEASURE_MASK, mae, NULL, "MAE", "mean absolute error of the map from 0 to 1", 4,
      LOWER },
    { "s_measure", "1", TRUTH, MEASURE_MASK, s_measure, NULL, "S-measure", "structure measure, alpha 0.5", 4,
      HIGHER },
    { "f_largest", "1", TRUTH, MEASURE_MASK, f_largest, NULL, "F, largest",
      "F-measure, beta^2 0.3, at the picture's best threshold", 4, HIGHER },
    { "f_mean", "1", TRUTH, MEASURE_MASK, f_mean, NULL, "F, mean", "F-measure, mean over 256 thresholds", 4,
      HIGHER },
    { "f_adaptive", "1", TRUTH, MEASURE_MASK, f_adaptive, NULL, "F, adaptive",
      "F-measure, beta^2 0.3, at twice the map's mean", 4, HIGHER },
    { "e_largest", "1", TRUTH, MEASURE_MASK, e_largest, NULL, "E, largest",
      "enhanced-alignment measure at the picture's best threshold", 4, HIGHER },
    { "e_mean", "1", TRUTH, MEASURE_MASK, e_mean, NULL, "E, mean",
      "enhanced-alignment measure, mean over 256 thresholds", 4, HIGHER },
    { "e_adaptive", "1", TRUTH, MEASURE_MASK, e_adaptive, NULL, "E, adaptive",
      "enhanced-alignment measure at twice the map's mean", 4, HIGHER },
    { .name = NULL },
};
