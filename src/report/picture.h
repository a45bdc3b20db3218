/* picture: the gallery's pictures: what the network saw with its true boxes, and a panel for each map. */
#ifndef QUANTCAM_REPORT_PICTURE_H
#define QUANTCAM_REPORT_PICTURE_H

#include "image.h"

/* A box of the stored picture in the frame that the network saw (explanations 4.3): scaled, shifted, clipped.
 * 0 if nothing of it is left. */
int picture_box_in_crop(const struct image_box *box, int width, int height, const struct image_pipeline *p,
                        struct image_box *out);
enum { PICTURE_GAP = 4 };         /* white pixels between panels */
struct picture_panel { int x, y, side; };      /* a square of a picture: its corner and its side */
/* White, room for columns x rows panels and the gaps. out: freed with image_free. ERR_MEMORY. */
MUST_USE status picture_blank(struct image *out, int side, int columns, int rows);
/* The panel becomes `crop` (side x side), or its grey levels blended half and half with the colours of `map`
 * (side * side u8). */
void picture_crop(struct image *im, const struct picture_panel *at, const struct image *crop);
void picture_map(struct image *im, const struct picture_panel *at, const struct image *crop,
                 const uint8_t *map, const uint8_t palette[256][3]);
/* A frame of one pixel, `box` in the panel's pixels; what lies outside the panel is left out. */
void picture_box(struct image *im, const struct picture_panel *at, const struct image_box *box,
                 const uint8_t rgb[3]);
/* The same two pixels wide on a dark rim, so that it shows on every picture and map. */
void picture_frame(struct image *im, const struct picture_panel *at, const struct image_box *box,
                   const uint8_t rgb[3]);
#endif
