/* src/deploy/sketch.h: a network while it is translated: nodes, which become the lines of a description, and
 * the tensors and notes that these name.
 *
 *     struct sketch d = { .path = path };
 *     TRY(sketch_input(&d, "input", shape, how, &codes, 1));
 *     TRY(sketch_add(&d, "conv", "Conv_0", &input, 1, shape, "", &conv, "out 32%s groups 1  weight %s",
 * ...)); TRY(sketch_tensor(&d, sketch_node_name(&d, conv), ".weight", &t)); TRY(sketch_params(&d,
 * sketch_node_name(&d, conv), scale, zero_point, 0));
 *     ...
 *     TRY(sketch_finish(&d, output, how, network));
 *     sketch_free(&d);
 */
#ifndef DEPLOY_SKETCH_H
#define DEPLOY_SKETCH_H

#include "deploy.h"
#include "model.h"

enum {
    SKETCH_WORDS = 640,
    SKETCH_NAME = MODEL_NAME - 24 /* a node's name has less: others are made of it */
};

struct sketch_shape {
    int c, h, w;
};

struct sketch_node {
    const char *op; /* the line's first word; a literal */
    char name[MODEL_NAME];
    int inputs, input[MODEL_MAX_INPUTS]; /* nodes */
    struct sketch_shape shape;           /* of the output */
    char words[SKETCH_WORDS];            /* the attributes, as they stand in the line */
    int coded;                           /* `quant` is one of them */
};

struct sketch {
    const char *path;         /* for sentences */
    char title[256];          /* of the model line; "" = none */
    struct sketch_node *node; /* node[0] is the input */
    int nodes, capacity;
    struct tensor_table weights;
    struct text decided;
};
void sketch_free(struct sketch *d);

/* A name that a description takes and no node has: what is no letter, digit, '.', '_' or '-' becomes '_', a
 * '/' '.', long ones lose their beginning, and a second one gets a number. Returns out. */
char *sketch_name(const struct sketch *d, const char *wanted, char out[MODEL_NAME]);
static inline const char *sketch_node_name(const struct sketch *d, int node)
{
    return d->node[node].name;
}

/* Integers of an input: real value s (code - z), codes 0 .. 255. */
struct sketch_codes {
    double scale;
    int zero_point;
};
/* Are codes of this kind a picture's bytes: 0 .. 1, 0 .. 255, -1 .. 1 or -128 .. 127, within 3 %? */
int sketch_takes_bytes(const struct sketch_codes *codes);
/* The first node. `codes`: of a file whose input is integers: without how->input its codes are the picture's
 * bytes, if sketch_takes_bytes. ERR_USAGE where they are
 * not, or the input is real (NULL), and how->input is needed. quantized: the line names its own scale and
 * zero point. */
MUST_USE status sketch_input(struct sketch *d, const char *wanted, struct sketch_shape shape,
                             const struct deploy_options *how, const struct sketch_codes *codes,
                             int quantized);
/* A node called `wanted`, or nearly; *out is its number. The format gives its attributes but `quant`, whose
 * prefix, where it has one, is `quant`: "" is the node's own name, NULL none. ERR_FORMAT above
 * MODEL_MAX_NODES. */
MUST_USE status sketch_add(struct sketch *d, const char *op, const char *wanted, const int *input, int inputs,
                           struct sketch_shape shape, const char *quant, int *out, const char *format, ...)
    PRINTF_LIKE(9, 10);

/* A window as attributes: " kernel 3 stride 2 pad 0,0,1,1". Returns out. */
struct sketch_window {
    int kh, kw, stride, top, left, bottom, right;
};
enum { SKETCH_WINDOW = 96 };
char *sketch_window_words(const struct sketch_window *w, char out[SKETCH_WINDOW]);

/* Takes *t over as PREFIX SUFFIX. */
MUST_USE status sketch_tensor(struct sketch *d, const char *prefix, const char *suffix, struct tensor *t);
/* PREFIX.scale, .zero_point, .codes and, where offset is not 0, .offset. The zero point is that of the codes
 * as they are carried, 0..255. */
MUST_USE status sketch_params(struct sketch *d, const char *prefix, double scale, int zero_point, int offset);
/* PREFIX SUFFIX s32 (1), where it is not 0. */
MUST_USE status sketch_whole(struct sketch *d, const char *prefix, const char *suffix, int value);
/* Makes t quantized, its scales 1 and its zero points 0: per tensor where channels is 0, else along axis 0.
 */
MUST_USE status sketch_quantize(struct tensor *t, int channels);
/* `file` is the file's name of what the node computes. */
MUST_USE status sketch_origin(struct sketch *d, int node, const char *file);
/* A line of what was decided. */
MUST_USE status sketch_tell(struct sketch *d, const char *format, ...) PRINTF_LIKE(2, 3);

/* Leaves out the classes in front that are none, finds the CAM layer, the last map that the values behind it
 * come from, and writes the description. What d has becomes network's. ERR_FORMAT where the output is a map
 * or there is none before it; ERR_USAGE where how->skip leaves no class. */
MUST_USE status sketch_finish(struct sketch *d, int output, const struct deploy_options *how,
                              struct deploy_network *network);

#endif
