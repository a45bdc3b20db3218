/* src/image/synth_draw.h
 * Integer drawing for the embedded data set: no floating point, so no compiler or machine can change a pixel.
 * Pictures are at most 1,104 pixels wide and high. */
#ifndef QUANTCAM_SYNTH_DRAW_H
#define QUANTCAM_SYNTH_DRAW_H

#include "image_synth.h"

/* The first four are the classes'. */
enum synth_shape { SHAPE_RING, SHAPE_STAR, SHAPE_CROSS, SHAPE_TRIANGLE, SHAPE_DISC, SHAPE_BLOCK, SHAPE_BAR };
enum synth_texture { TEXTURE_STRIPE, TEXTURE_CHECK, TEXTURE_DOT, TEXTURE_CIRCLE, TEXTURE_PLAIN };

struct synth_item {
    enum synth_shape shape;
    enum synth_texture texture;
    int colour[2][3];      /* 0 .. 255 */
    int x, y;              /* centre, pixels */
    int radius;            /* pixels */
    int angle;             /* degrees, 0 .. 359 */
    int stretch[2];        /* of the radius along the item's axes, in 1/256 */
    int period, phase;     /* of the texture, in 1/1024 of the radius */
    int shade[2];          /* brightness along the item's axes, in 1/256 a radius */
};

/* 16384 * sin of whole degrees (Bhaskara's rational formula, within 0.2 %). */
int synth_draw_sin(int degrees);
/* Floor of the square root. */
int synth_draw_root(int64_t value);
/* Draws the item, clipped to the picture; *box gets the extent of its pixels (x1 < x0: none). With rgb NULL
 * only the box. The radius is at least 4. */
void synth_draw_item(const struct image *im, const struct synth_item *item, struct image_box *box);
/* From first_row down: a vertical gradient of two colours, with soft random blotches of `depth` (0 .. 255).
 * */
void synth_draw_ground(const struct image *im, const int top[3], const int bottom[3], int first_row,
                       int depth, struct random *r);
/* Multiplies by a linear gradient: `middle` / 256 in the centre, about `swing` / 256 more or less at the ends
 * along `angle`. */
void synth_draw_light(const struct image *im, int angle, int middle, int swing);
/* One pass of (1 2 1) / 4 in both directions; `row` has room for two rows. */
void synth_draw_blur(const struct image *im, uint8_t *row);
/* Adds noise of +- amplitude, the larger part common to the three channels. */
void synth_draw_noise(const struct image *im, int amplitude, uint32_t seed);
/* Every channel becomes the luminance. */
void synth_draw_grey(const struct image *im);

#endif
