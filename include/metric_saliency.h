/* include/metric_saliency.h
 * metric, part: how a map agrees with where people looked (fixations), how densely (a density), or what they
 * marked (a mask). The measures are rows of one table, saliency_measures, in the form of metric_table.h.
 *
 *     struct saliency_view v = { .map = map, .width = w, .height = h, .density = truth };
 *     struct measure_view of = { .saliency = &v };
 *     for (const struct measure *m = saliency_measures; m->name; m++)
 *         if (m->of == MEASURE_MATCH && m->needs & MEASURE_DENSITY)
 *             value = measure_value(m, NULL, &of);
 *
 * A map is (height, width) f32, finite, not negative, in the truth's frame. Measures scale it themselves. A
 * map that is constant has values by definition, never NaN: CC 0, SIM 0, NSS 0, KLD that of the uniform
 * density; density_look tells, so that it can be counted. Sums in double, in raster order. Everything is
 * local; draws alone allocate. Source: spec explanations 6.1, 6.2, saliency-and-training 1.8.
 */
#ifndef QUANTCAM_METRIC_SALIENCY_H
#define QUANTCAM_METRIC_SALIENCY_H

#include "metric_table.h"

enum density_cause { DENSITY_SOUND, DENSITY_ZERO, DENSITY_CONSTANT, DENSITY_NOT_FINITE, DENSITY_CAUSES };
/* What is wrong with a map, if anything. */
enum density_cause density_look(const float *map, int64_t count);

/* ---- a density (density.c) ----------------------------------------------------------------------------- */

struct density_scores {
    double sim, cc, kld;
};
/* SIM: both min-max, then each divided by its sum; sum of the lesser. CC: Pearson. KLD: both divided by their
 * sums, sum Q ln(eps + Q / (S + eps)), eps = 2.2204e-16; where a sum is 0 the density is uniform. */
void density_compare(const float *map, const float *truth, int64_t count, struct density_scores *out);

/* ---- fixations (fixation.c) ---------------------------------------------------------------------------- */

/* Pixels are y * width + x, ascending, each once, at least one. */

/* Mean over fixations of (S - mean) / sd, sd with N - 1; constant S: 0. */
double fixation_nss(const float *map, int64_t count, const int32_t *pixel, int pixels);
/* Scratch, (pixels) each. */
struct fixation_room {
    float *value;
    int32_t *reached;
};
/* Thresholds are the values of fixated pixels, each once: the trapezoid's area in whole numbers. 0 < pixels <
 * count (BUG_IF). */
double fixation_auc_judd(const float *map, int64_t count, const int32_t *pixel, int pixels,
                         const struct fixation_room *room);
/* Mean over fixations of log2(eps + S) - log2(eps + B), both min-max, then divided by their sums; a constant
 * one is uniform. */
double fixation_gain(const float *map, const float *baseline, int64_t count, const int32_t *pixel,
                     int pixels);
struct draws {
    int splits, each;
    int32_t *pixel; /* (splits, each), from mem_alloc */
};
/* Against drawn pixels, mean over the splits: thresholds 0, 0.1 .. 1 of the min-max map (constant: 0). */
double fixation_auc_drawn(const float *map, int64_t count, const int32_t *pixel, int pixels,
                          const struct draws *drawn);

/* ---- drawn pixels (draws.c) ---------------------------------------------------------------------------- */

enum { DRAWS_SPLITS = 100, DRAWS_OTHERS = 10 };
/* AUC-Borji's: `each` of `count` pixels, uniform, with replacement; picture: its place in the list.
 * ERR_MEMORY. */
MUST_USE status draws_uniform(uint64_t seed, int picture, int64_t count, int each, struct draws *out);
/* Shuffled AUC's: at most `each` of the pool's pixels (ascending, each once), without replacement.
 * ERR_MEMORY. */
MUST_USE status draws_pooled(uint64_t seed, int picture, const int32_t *pool, int pooled, int each,
                             struct draws *out);
/* The other pictures whose fixations are pooled: DRAWS_OTHERS drawn of those that are usable, or all, if
 * fewer; returns how many. usable  (pictures) 0 = without fixations      other  out, (DRAWS_OTHERS) */
int draws_others(uint64_t seed, int picture, const uint8_t *usable, int pictures, int other[DRAWS_OTHERS]);
void draws_free(struct draws *d); /* idempotent; zeroes */

/* ---- a mask (object.c) --------------------------------------------------------------------------------- */

enum { OBJECT_LEVELS = 256 };
/* P = the min-max map (constant: 0), G = the mask. Curves: at threshold t of trunc(255 P) >= t. */
struct object_scores {
    double mae, s_measure;
    double f_adaptive, e_adaptive; /* at min(2 mean P, 1) */
    double f[OBJECT_LEVELS], e[OBJECT_LEVELS];
};
/* mask: (height, width) 1 where marked, else 0.
 * Source: Fan et al. 2017, 2018; Achanta et al. 2009; as PySODMetrics has them (beta^2 = 0.3, alpha = 0.5).
 */
void object_compare(const float *map, const float *mask, int height, int width, struct object_scores *out);

/* ---- the table (saliency.c) ---------------------------------------------------------------------------- */

/* Bits of measure.needs: what the view has to have. */
enum { MEASURE_DENSITY = 16, MEASURE_FIXATIONS = 32, MEASURE_MASK = 64 };

struct saliency_view {
    const float *map;
    int width, height;
    const float *density, *mask;
    const int32_t *pixel;
    int pixels;
    const float *baseline;                /* of the information gain */
    const struct draws *uniform, *pooled; /* pooled NULL: no shuffled AUC */
    struct fixation_room room;
    /* Made when the first measure asks: not the caller's. */
    struct {
        int have_density, have_object;
        struct density_scores density;
        struct object_scores object;
    } shared;
};
/* MATCH: of a map and a truth, NaN where the picture has no value (no other picture's fixations). PAIR: the
 * view's density is the first precision's map. ONE: of the map before any scaling. The last row's name: NULL.
 */
extern const struct measure saliency_measures[];
enum { SALIENCY_MEASURE = 32 };
/* The measure alone of a MATCH: "sim" of "truth_sim_{method}". Returns out. */
char *saliency_measure(const struct measure *m, char out[SALIENCY_MEASURE]);

#endif
