/* include/metric_wsol.h
 * metric, part: weakly supervised localization. One pass over a map gives the connected components at all 256
 * thresholds; boxes are then compared with the true ones.
 *
 *     struct wsol_workspace *w = NULL;
 *     TRY(wsol_create(224, 224, &w));
 *     wsol_scan(w, map);                              // once a map: (224, 224) in [0, 1]
 *     wsol_score(w, truth, boxes, &score);            // as often as there are lists of true boxes
 *
 * A map becomes bytes, u = trunc(255 s). At threshold T the foreground is u > T, its components are
 * 8-connected, and the box of a map is that of its largest component by pixels, of equal ones the one whose
 * first pixel comes first in raster order. A relative threshold t is T = floor(t * largest u). A map without
 * foreground (constant, all 0) has no box: its IoU is 0.
 *
 * Boxes are edges on the pixel grid: pixel column c covers [c, c + 1], so a component from column a to b has
 * the edges a and b + 1. For MaxBoxAcc and MaxBoxAccV2 alone the component's box is wsolevaluation's, which
 * adds a pixel at the right and at the bottom and keeps it inside the map. Unlike there the largest component
 * is by pixels, not by the contour's polygon area, and holes do not count as components (explanations 4.1).
 * Everything is local, wsol_create apart allocates nothing, and gives equal bits on every x86.
 */
#ifndef QUANTCAM_METRIC_WSOL_H
#define QUANTCAM_METRIC_WSOL_H

#include "tensor.h"

struct wsol_box { double x0, y0, x1, y1; };      /* edges, x0 < x1 and y0 < y1 */
/* Intersection over union of two boxes; 0 where they do not overlap or both are empty. */
double wsol_iou(const struct wsol_box *a, const struct wsol_box *b);

/* How the threshold is chosen; the order of the axis `rule`. BEST: the T of 0 .. 255 with the largest IoU, an
 * upper bound that needs the true box. Otsu: largest variance between the classes of bytes (0 included), the
 * lowest T where several are equal, as OpenCV's. */
enum wsol_rule { WSOL_T15, WSOL_T20, WSOL_T50, WSOL_OTSU, WSOL_BEST, WSOL_RULES };
enum {
    WSOL_THRESHOLDS = 100,    /* t = 0, 0.01, ... 0.99 */
    WSOL_MASKS = 4,           /* single box at IoU 0.5; any component's box at 0.3, 0.5, 0.7 */
    WSOL_MASK_BYTES = 13      /* bit t % 8 of byte t / 8: right at that threshold */
};
struct wsol_score {
    float iou[WSOL_RULES];    /* best over the true boxes; -1 where there is none */
    uint8_t right[WSOL_MASKS][WSOL_MASK_BYTES];
};

struct wsol_workspace;
/* About 60 bytes a pixel. ERR_RANGE (extents 1 .. 4,096), ERR_MEMORY. */
MUST_USE status wsol_create(int width, int height, struct wsol_workspace **out);
void wsol_free(struct wsol_workspace *w);        /* NULL is fine */
/* map (height, width) in [0, 1]; what lies outside counts as 0 or 1, NaN as 0. */
void wsol_scan(struct wsol_workspace *w, const float *map);
/* truth: (boxes) true boxes in the map's pixels, inside it or not. Of the map last scanned. */
void wsol_score(const struct wsol_workspace *w, const struct wsol_box *truth, int boxes,
                struct wsol_score *out);
/* The map's box by a rule (not BEST), as first and last pixel x0 y0 x1 y1; 0 and -1 -1 -1 -1 without one. */
int wsol_pixels(const struct wsol_workspace *w, enum wsol_rule rule, int32_t pixels[4]);
int wsol_threshold(const struct wsol_workspace *w, enum wsol_rule rule);      /* its T */

/* How often the masks of many images were right: integers, added in any order. */
struct wsol_counts { int64_t right[WSOL_MASKS][WSOL_THRESHOLDS]; };
void wsol_count(struct wsol_counts *sum, const uint8_t right[WSOL_MASKS][WSOL_MASK_BYTES]);
/* In per cent of `images`: MaxBoxAcc, the threshold where it is reached (the lowest), and MaxBoxAccV2. All 0
 * where images is 0. */
struct wsol_best { double max_box_acc, threshold, max_box_acc_v2; };
void wsol_best_of(const struct wsol_counts *sum, int64_t images, struct wsol_best *out);

/* The baseline that has seen no picture: a Gaussian about the centre, sd a sixth of each extent, so that its
 * thresholds are centred boxes of every size. */
void wsol_centre_map(int width, int height, float *map);

#endif
