/* src/cli/explain.h: one picture through one network in several precisions: answers, maps, measures, both
 * curves. Private to the room. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "network.h"

enum { EXPLAIN_STEPS = 1000, EXPLAIN_MEASURES = 64, EXPLAIN_CURVES = 2 };

struct explain_how {
    enum cam_sign sign;
    unsigned methods; /* bits of enum cam_method, beside EigenCAM */
    int steps; /* of the curves, 0 = none */
    enum image_substrate deletion, insertion;
    enum probe_class of_class;          /* whose answer maps with a class explain */
    struct attribution_how attribution; /* those maps; the networks were opened for them (network_how.maps) */
};
/* What one precision shows beside what the probe keeps. */
struct explain_side {
    int32_t box[4];                                 /* x0 y0 x1 y1 at t = 0.2, or -1 */
    double value[EXPLAIN_MEASURES];                 /* of row i of measure_table, NaN where there is none */
    double maps[ATTRIBUTIONS][2];                   /* RMSE, correlation of the pair's; NaN */
    int odd;                                        /* a curve met logits that are not finite */
    float curve[EXPLAIN_CURVES][EXPLAIN_STEPS + 1]; /* deletion, insertion: probability of its own answer */
};
struct explain {
    struct network_set set; /* the caller's: filled before, closed by explain_free */
    struct probe *probe;
    struct image_info info; /* of the picture as stored */
    uint8_t *pixels[PROBE_PRECISIONS]; /* (height, width, channels) as each saw it */
    uint8_t *maps;          /* (ATTRIBUTIONS, count, height, width) 255 times the picture-sized maps */
    struct explain_side side[PROBE_PRECISIONS];
};

/* Once, when e->set is filled: ERR_MISMATCH where the precisions have other classes, ERR_USAGE where they see
 * other parts of a picture, or other sizes and picture-sized maps are wanted. */
MUST_USE status explain_open(const struct explain_how *how, struct explain *e);
/* A picture, in place of the one before. ERR_NUMERIC where activations or logits are not finite; errors of
 * image_load, with the path. */
MUST_USE status explain_picture(const char *path, const struct explain_how *how, struct explain *e);
void explain_free(struct explain *e); /* the networks too */

/* explain_print.c: on stdout, in 80 columns. maps: bits of enum attribution. */
void explain_print(const struct explain *e, int steps, unsigned maps, const struct image_names *names);

#endif
