/* src/image/resize.h: Pillow's resize, of a part of the output only. Local. */
#ifndef QUANTCAM_IMAGE_RESIZE_H
#define QUANTCAM_IMAGE_RESIZE_H

#include "image.h"

/* A part of the resized picture, in its pixels. */
struct image_window { int x0, y0, width, height; };

/* Resizes `in` to width x height and writes the window, which lies inside, to rgb: row y of the window at rgb
 * + y * pitch bytes; filter, order and kernels are p's. */
MUST_USE status image_resize_window(const struct image *in, int width, int height,
                                    const struct image_pipeline *p, struct image_window window, uint8_t *rgb,
                                    size_t pitch);

#endif
