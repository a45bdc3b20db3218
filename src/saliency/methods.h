/* src/saliency/methods.h: the predictors, one file each. Each makes a plane of the frame's size. Local. */
#ifndef QUANTCAM_SALIENCY_METHODS_H
#define QUANTCAM_SALIENCY_METHODS_H

#include "plane.h"

/* SALIENCY_SR and SALIENCY_SR_OPENCV. */
MUST_USE status spectral_residual(const struct image *picture, int opencv, int width, int height,
                                  struct plane *out);
/* `frame`: the picture at the frame's size. */
MUST_USE status finegrained(const struct image *frame, struct plane *out);
MUST_USE status itti(const struct image *frame, struct plane *out);

#endif
