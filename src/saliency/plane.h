/* src/saliency/plane.h: a picture's channel in double while a map is made of it. Local. */
#ifndef QUANTCAM_SALIENCY_PLANE_H
#define QUANTCAM_SALIENCY_PLANE_H

#include "saliency.h"

struct plane {
    int width, height;
    double *v;
};
MUST_USE status plane_alloc(int width, int height, struct plane *out);
void plane_free(struct plane *p); /* idempotent; zeroes */
double plane_max(const struct plane *p);
/* OpenCV 5's grey of 8 bits: (9798 R + 19235 G + 3735 B + 16384) >> 15. */
int plane_grey_of(const uint8_t rgb[3]);
MUST_USE status plane_grey(const struct image *im, struct plane *out);
/* Cell (i, j) averages rows [i h / height, (i + 1) h / height), columns alike, a partly covered pixel
 * weighted by its covered share; columns first. */
MUST_USE status plane_mean(const struct plane *in, int width, int height, struct plane *out);
/* Bilinear: half-pixel centres, edges replicated. */
MUST_USE status plane_resize(const struct plane *in, int width, int height, struct plane *out);
/* Mirrored without the edge's own pixel: -1 is 1, n is n - 2. */
int plane_mirror(int at, int n);
enum plane_border { PLANE_MIRROR, PLANE_ZEROS };
/* tap[0 .. 2 radius], symmetric. Rows, then columns, taps ascending; in place. */
MUST_USE status plane_blur(struct plane *p, const double *tap, int radius, enum plane_border border);
/* tap[0 .. 2 radius] of a Gaussian, their sum 1. */
void plane_gaussian(double sigma, int radius, double *tap);
/* A map of f32, and *p freed. */
MUST_USE status plane_finish(struct plane *p, struct saliency_map *out);

#endif
