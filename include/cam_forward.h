/* include/cam_forward.h
 * cam, part: maps that come from a network's answers to altered pictures alone, so that stored integers have
 * them like real numbers: ScoreCAM, RISE, occlusion. Nothing here runs a network: one function alters, the
 * caller runs, another makes the map of the scores.
 *
 *     int n = scorecam_choose(act, 49, 1280, 0, energy, chosen);
 *     for (int k = 0; k < n; k++) {
 *         scorecam_mask(act, 7, 7, 1280, chosen[k], 224, 224, mask);
 *         score[k] = the class's logit where every value of the picture is multiplied by its pixel of mask;
 *     }
 *     scorecam_map(act, 49, 1280, chosen, n, score, weight, values);    // (7, 7), un-ReLU'd, for cam_finish
 *
 * Everything is local, allocates nothing and gives equal bits on every x86: sums in double, in one order.
 */
#ifndef QUANTCAM_CAM_FORWARD_H
#define QUANTCAM_CAM_FORWARD_H

#include "cam.h"

/* ---- ScoreCAM: channels of the CAM layer as masks (scorecam.c) -------------------------------------------
 * Source: Wang et al. 2020, as pytorch-grad-cam 1.5.7. */

/* The `most` channels of largest energy, sum of squares, ties to the lower one; in channel order; 0: all.
 *   act     (cells, channels) real values
 *   energy  scratch, (channels)
 *   chosen  out, (channels); returns how many */
int scorecam_choose(const float *act, int cells, int channels, int most, double *energy, int32_t *chosen);
/* Channel k as a mask (height, width): resized bilinearly so that corners fall on corners (align_corners),
 * then (u - min) / (max - min + 1e-8). h * w at most 4,096. */
void scorecam_mask(const float *act, int h, int w, int channels, int k, int height, int width, float *mask);
/* sum_k softmax(score)_k A_k of the chosen channels, values (cells), un-ReLU'd. score: finite logits.
 * weight: scratch, (count). */
void scorecam_map(const float *act, int cells, int channels, const int32_t *chosen, int count,
                  const float *score, double *weight, float *values);

/* ---- RISE: random masks (rise.c) -------------------------------------------------------------------------
 * Source: Petsiuk et al. 2018, eclique/RISE d91ea00; its random numbers, but which, are ours: of mask n those
 * of stream 128 2^56 + n 2^32 + key (DESIGN 7.16), first the grid in raster order, then both shifts. */
enum { RISE_MOST_CELLS = 64, RISE_MOST_MASKS = 1 << 20 };
struct rise {
    int masks, cells; /* 1 .. RISE_MOST_MASKS; cells a side of the grid, 2 .. RISE_MOST_CELLS */
    double keep;      /* chance that a cell is kept, above 0, at most 1 */
    uint64_t seed;
    uint32_t key; /* of the picture */
};
/* Mask n: a grid of 0 and 1, enlarged bilinearly by one cell more than the picture has (half-pixel centres,
 * the edge mirrored), cut at a random place. mask out, (height, width). */
void rise_mask(const struct rise *r, int n, int height, int width, float *mask);
/* sum_n score_n mask_n / (masks keep), values (height, width). mask, sum: scratch, (height, width). */
void rise_map(const struct rise *r, int height, int width, const float *score, float *mask, double *sum,
              float *values);

/* ---- occlusion: a window slides over the picture (occlusion.c) -------------------------------------------
 * Source: Zeiler and Fergus 2014; windows and averages as captum's. */
struct occlusion {
    int window, stride; /* pixels; stride at most window, so that every pixel is covered */
};
int occlusion_windows(const struct occlusion *o, int height, int width);
/* Window k in raster order, cut at the picture's edges: x0 y0 x1 y1, the last two behind it. */
void occlusion_window(const struct occlusion *o, int height, int width, int k, int32_t edge[4]);
/* Of each pixel the mean of clean - score over the windows that cover it, values (height, width). */
void occlusion_map(const struct occlusion *o, int height, int width, float clean, const float *score,
                   float *values);

#endif
