/* src/cli/explain.h: one picture through one network in one or two precisions: answers, maps, their
 * difference, both curves. Private to the room. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "cam.h"
#include "metric.h"
#include "network.h"

enum { EXPLAIN_SIDES = 2, EXPLAIN_TOP = 5, EXPLAIN_STEPS = 1000 };

struct explain_how {
    int sides;                               /* 1 or 2: fp32 or whatever the first is, then int8 */
    enum cam_sign sign;
    int steps;                               /* of the curves, 0 = none */
    enum image_substrate deletion, insertion;
};
struct explain_side {
    struct network net;
    int top_count;                           /* 5, or all classes where there are fewer */
    int32_t top[EXPLAIN_TOP];
    float probability[EXPLAIN_TOP];
    struct cam_projection cam;               /* values: (h * w), resolved sign */
    float *map, *flipped;                    /* (H, W) in [0, 1], of the projection and of its negative */
    int32_t box[4];                          /* x0 y0 x1 y1 at t = 0.2, or -1 */
    int odd;                                 /* a curve met logits that are not finite */
    double area[2];                          /* deletion, insertion: 0..1 */
    float curve[2][EXPLAIN_STEPS + 1];       /* probability of its own answer */
};
struct explain {
    struct explain_side side[EXPLAIN_SIDES]; /* .net opened by the caller */
    int height, width;                       /* of the networks' input */
    struct image_info info;                  /* of the picture as stored */
    uint8_t *pixels;                         /* (height, width, 3) as the networks saw it */
    struct rmse_readings rmse;               /* of two sides */
    struct comparison comparison;
    double box_iou;                          /* 1 where neither has a box */
};

/* Fills everything but side[].net. ERR_MISMATCH where the two networks take other inputs or have other maps;
 * ERR_NUMERIC where activations or logits are not finite; errors of image_load, with the path. */
MUST_USE status explain_picture(const char *path, const struct explain_how *how, struct explain *e);
void explain_free(struct explain *e);        /* the networks too */

#endif
