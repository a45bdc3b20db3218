/* include/metric_input.h
 * metric, part: the map of the input gradient, how two of them agree, and what removing the pixels that it
 * names does to answers. The measures stand in the one table (metric_table.h) under MEASURE_INPUT.
 *
 *     if (input_map(gradient, 28 * 28, 1, map))                 // 0: the gradient is 0 everywhere
 *         bits = input_entropy(map, 28 * 28);
 *     input_compare(map_fp32, map_2bit, 28, 28, &agreement);
 *     for (int k = 0; k < REMOVAL_POINTS; k++)                  // order: curve_order
 *         right[k] = answer(without(order, removal_pixels(k, 28 * 28))) == class_index;
 *     percent = removal_area(right);
 *
 * Definitions (saliency-and-training 2.6, and what it leaves open):
 *  - The map is the mean over channels of abs(g), g the gradient of a class's logit by the normalized
 *    picture, divided by its maximum: absolute first, then the mean, so that channels do not cancel. It is 0
 *    where the gradient is 0 everywhere.
 *  - CC, SIM and KLD are density_compare's with the first precision's map in place of the density: SIM scales
 *    each map from its least to its largest value to 0..1 first. RMSE is of the maps as they are, 0..1 (other
 *    RMSEs of this program are 0..255). SSIM is compare_pair's. Overlap is the intersection over the union of
 *    the largest tenths, compare_pair's, too.
 *  - Entropy is that of the map divided by its sum, in bits; of a map that is 0 the uniform one's, log2 of
 *    the number of pixels.
 *  - Pixels are removed by the map, largest first, ties to the lower place; at 0, 10 .. 90 %,
 *    round(share * pixels) of them, halves up. The area is the trapezoid's over 0..90 %, divided by 0.9: a
 *    mean accuracy in %.
 * Everything is local, allocates nothing and gives equal bits on every x86.
 */
#ifndef QUANTCAM_METRIC_INPUT_H
#define QUANTCAM_METRIC_INPUT_H

#include "metric.h"

/* gradient: (pixels, channels), finite; map: out, (pixels). Returns 0 where the map is 0 everywhere. */
int input_map(const float *gradient, int pixels, int channels, float *map);
/* map: not negative, finite. Sums in double, raster order. */
double input_entropy(const float *map, int64_t count);

struct input_agreement {
    double cc, sim, kld, rmse, ssim, overlap;
};
/* (height, width), 0..1; width at most 4,080. */
void input_compare(const float *first, const float *other, int height, int width,
                   struct input_agreement *out);

/* ---- accuracy under removal (removal.c) ---------------------------------------------------------------- */

enum { REMOVAL_POINTS = 10 };
int removal_percent(int k);               /* of point k, 0 .. REMOVAL_POINTS - 1: 0, 10 .. 90 */
int removal_pixels(int k, int pixels);    /* how many are gone */
/* right: 1 where the true class is first. In %. */
double removal_area(const uint8_t right[REMOVAL_POINTS]);

#endif
