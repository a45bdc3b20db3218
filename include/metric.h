/* include/metric.h
 * metric: what is measured on logits and maps of one image, and how counts over images become figures. Knows
 * nothing of engines, files or ranks. Every function is local, allocates nothing and gives equal bits on
 * every x86.
 *
 *     accuracy_top(logits, 1000, 5, top, score);                     // per image and precision
 *     rmse_pair(&fp32, &int8, 49, 224 * 224, &readings);             // raw, resolved and aligned RMSE
 *     activation_codes(map.codes, 49, 1280, map.pitch, map.q.scale, map.q.zero_point, &as_int, &as_real);
 *     curve_order(resized, 224 * 224, order, scratch);               // deletion: most important first
 *     agreement_add(&counts, top_fp32, top_int8, 5, class_index);    // counts: integers, merged over ranks
 */
#ifndef QUANTCAM_METRIC_H
#define QUANTCAM_METRIC_H

#include "kernel.h"
#include "tensor.h"

/* ---- accuracy ------------------------------------------------------------------------------------------ */
/* The k classes with the largest logits, largest first, ties to the lower class index; NaN is not accepted
 * (BUG_IF): the caller has checked. */
void accuracy_top(const float *logits, int classes, int k, int32_t *top, float *score);
/* Softmax probability of every class with our own exp in double (DESIGN 5), summed in class order, stored as
 * f32. */
void accuracy_softmax(const float *logits, int classes, float *probability);
int accuracy_rank(const int32_t *top, int k, int class_index);     /* 0-based place of the class, or -1 */
int accuracy_finite(const float *values, int64_t count);           /* 1 if no NaN or infinity */

/* ---- rmse between two maps in [0, 1], on the scale 0-255 (explanations 5) ------------------------------ */
/* sqrt(mean((255 a - 255 b)^2)), differences in f32, squares summed in double in raster order. */
float rmse_maps(const float *a, const float *b, int64_t count);
/* Pearson correlation of two projections, in [-1, 1]; 0 where one is constant. Double, in order. */
float rmse_correlation(const float *a, const float *b, int pixels);
struct rmse_readings {
    float raw, resolved, aligned;      /* DESIGN 7.1, 7.2 */
    int sign_flipped;                  /* the raw pair's scalar product is negative */
    float correlation;                 /* |Pearson| of the un-ReLU'd projections; 0 where one is constant */
};
/* One precision's view of the picture, in the aligned sign: the first precision's projection by its own rule,
 * the other's such that the scalar product of both is not negative. The maps are cam_finish'ed: (map_count)
 * in [0, 1]; metric does not make maps, so that the caller makes each one once. */
struct rmse_side {
    const float *projection;      /* (pixels) un-ReLU'd */
    int raw_sign, own_sign;       /* +1 or -1 relative to projection; 0 = undefined or off, read as +1 */
    const float *map;             /* of projection */
    const float *map_flipped;     /* of its negative; NULL where rmse_needs_flipped says 0 */
};
int rmse_needs_flipped(const struct rmse_side *side);
/* All readings of one pair: each side in its raw sign, in its own (resolved), in the aligned one. BUG_IF a
 * map that is needed is NULL. Values must be finite. */
void rmse_pair(const struct rmse_side *first, const struct rmse_side *other, int pixels, int64_t map_count,
               struct rmse_readings *out);

/* ---- agreement ----------------------------------------------------------------------------------------- */
struct agreement {
    int64_t images;            /* with both rows OK */
    int64_t same_top1;
    int64_t same_top5_set;
    /* Top-1 against the label; images without a label (class_index < 0) are left out. */
    int64_t both_right, only_first, only_second, both_wrong;
    int64_t labelled;
};
/* top_...: (k) classes, best first; the set compared is the first min(k, 5). */
void agreement_add(struct agreement *a, const int32_t *top_first, const int32_t *top_second, int k,
                   int class_index);

/* ---- activation statistics of one layer and image (explanations 5) ------------------------------------- */
struct activation {
    float entropy;     /* bits: -sum P log2 P of the softmax P over channels at a pixel, mean over pixels. The
                        * study's P log2(P + 1e-10) differs by less than 1.5e-10 a channel. */
    float std;         /* population standard deviation over all pixels and channels */
    float sparsity;    /* % of values that are 0 */
};
/* act: (pixels, channels) f32, contiguous, finite, at least one. Exponentials in f32, sums in double. */
void activation_real(const float *act, int pixels, int channels, struct activation *out);
/* codes: (pixels, channels) u8, element (i, c) at [i * pitch + c]; value = scale * (code - zero_point).
 * as_int: of the stored integers, zero = code 0 (as published); as_real: of the values, zero = zero_point. */
void activation_codes(const uint8_t *codes, int pixels, int channels, int pitch, double scale, int zero_point,
                      struct activation *as_int, struct activation *as_real);

/* ---- deletion and insertion (explanations 3) ----------------------------------------------------------- */

/* Pixels in the order of their values, largest first, equal ones by raster place.
 *   map  (pixels) finite      order  out, (pixels)      scratch  (pixels) */
void curve_order(const float *map, int pixels, int32_t *order, int32_t *scratch);
/* How many pixels are altered at step 0 .. steps: round(step * pixels / steps), halves up. */
int curve_pixels(int step, int steps, int pixels);
/* Area under the curve by the trapezoid rule over the fraction of pixels, in [0, 1] for scores in [0, 1]:
 * (sum y - y_0 / 2 - y_n / 2) / n with n intervals, as RISE. */
double curve_auc(const float *curve, int steps);

/* ---- ROAD: what removing and filling in pixels does to a score (explanations 3.4) ---------------------- */

/* Most relevant first, least relevant first; at percentiles 10, 20 .. 90 of the map. */
enum { ROAD_ORDERS = 2, ROAD_PERCENTILES = 9, ROAD_CHANGES = ROAD_ORDERS * ROAD_PERCENTILES };
int road_percentile(int k);    /* of place k, 0 .. ROAD_PERCENTILES - 1 */
/* What is removed: pixels at or above the percentile (numpy's, linear) of a map whose values all differ. */
int road_removed(int k, int pixels);
/* change: (ROAD_ORDERS, ROAD_PERCENTILES) of the score, most relevant first. The mean of an order; and (least
 * - most) / 2, which is large where the map ranks what the score hangs on. */
double road_mean(const float *change, int order);
double road_combined(const float *change);

/* ---- comparison of two maps, beside RMSE and correlation (explanations 6.3) ---------------------------- */
struct comparison {
    float spearman;         /* rank correlation of the un-ReLU'd projections, mean ranks for equal values, in
                             * [-1, 1]; 0 where one is constant */
    float cosine;           /* of the finished maps; one all 0: 0, both: 1 */
    float ssim;             /* of the finished maps: uniform 7 x 7 windows that lie within, sample covariance,
                             * K 0.01 and 0.03, range 1 (scikit-image's defaults); smaller maps: their edge */
    float top_iou;          /* |A and B| / |A or B|, each the largest tenth of a map's pixels, positive alone,
                             * ties to the lower; 1 where both are empty */
    float peak_distance;    /* between the projections' largest elements (the first), in pixels of the map */
};
struct compare_side {
    const float *projection;    /* (h * w) un-ReLU'd, aligned sign, at most 4,096 */
    const float *map;           /* (out_h * out_w) cam_finish'ed, in [0, 1] */
};
/* Finite values; out_w at most 4,080. Sums in double in one order; uses 170 KB of stack. */
void compare_pair(const struct compare_side *a, const struct compare_side *b, int h, int w, int out_h,
                  int out_w, struct comparison *out);

/* Two of them alone, of maps in [0, 1]. */
double compare_ssim(const float *a, const float *b, int h, int w); /* w at most 4,080 */
double compare_top_iou(const float *a, const float *b, int64_t count);

/* ---- histograms of activations (explanations 5, figure 2) ---------------------------------------------- */
enum { HISTOGRAM_BINS = 256 };
void histogram_range(const double *values, int64_t count, double *low, double *high);    /* count >= 1 */
/* Bins of equal width from low to high, the last one closed, as numpy's; low = high: all in the first.
 * Every value must lie in the range. */
void histogram_count(const double *values, int64_t count, double low, double high,
                     int64_t bins[HISTOGRAM_BINS]);
/* 200 sum min(a, b) / (sum a + sum b): per cent; 0 where both are empty. */
double histogram_dice(const int64_t a[HISTOGRAM_BINS], const int64_t b[HISTOGRAM_BINS]);

/* ---- order statistics ---------------------------------------------------------------------------------- */
struct metric_quartiles { double q1, median, q3, mean; };
void metric_sort(double *values, int64_t count);    /* smallest first; no NaN */
/* Of sorted values, count >= 1, 0 <= part <= 1; numpy's default. */
double metric_quantile(const double *sorted, int64_t count, double part);
/* Linear interpolation between order statistics (numpy's default); sorts values in place. All 0 where
 * count is 0. */
void metric_quartiles_of(double *values, int64_t count, struct metric_quartiles *out);

/* Places of the `most` largest of the usable values, largest first, ties to the lower; returns how many.
 *   usable  (count) 0 = left out      places  out, (most) */
int metric_largest(const float *values, const uint8_t *usable, int64_t count, int most, int64_t *places);

#endif
