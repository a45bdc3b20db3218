/* picture: panels side by side in one picture: what a network saw, maps over it, boxes. */
#ifndef QUANTCAM_REPORT_PICTURE_H
#define QUANTCAM_REPORT_PICTURE_H

#include "image.h"

enum { PICTURE_GAP = 4 };         /* white pixels between panels */
/* A rectangle of a picture. */
struct picture_panel { int x, y, width, height; };
/* viridis.c: the colours of every map that the report draws, 0xRRGGBB. */
extern const uint32_t viridis[256];
extern const uint8_t picture_orange[3];

/* A white picture; freed with image_free. ERR_MEMORY. */
MUST_USE status picture_blank(struct image *out, int width, int height);
/* The panel becomes `crop`, of its size; or its grey levels blended half and half with the colours of `map`,
 * (height, width) u8. */
void picture_crop(struct image *im, const struct picture_panel *at, const struct image *crop);
void picture_map(struct image *im, const struct picture_panel *at, const struct image *crop,
                 const uint8_t *map);
/* A frame of two pixels on a dark rim, so that it shows on every picture and map; `box` in the panel's
 * pixels: what lies outside the panel is left out. */
void picture_frame(struct image *im, const struct picture_panel *at, const struct image_box *box,
                   const uint8_t rgb[3]);
#endif
