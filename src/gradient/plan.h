/* src/gradient/plan.h: what a plan is made of. Private to the room.
 *
 * A plan is one block without addresses: a head, steps, the values' places, the weights last. A step walks
 * one node backward, or a layer together with the relu that the engine fuses into it. */
#ifndef GRADIENT_PLAN_H
#define GRADIENT_PLAN_H

#include "gradient.h"

enum { GRADIENT_LANES = 64 };

/* ---- path.c: which nodes lie on the way ---------------------------------------------------------------- */

struct gradient_way {
    struct mem_set mem;
    uint8_t *on;   /* (nodes) `to` reaches it, and it reaches `from` */
    uint8_t *open; /* (nodes) its quantizer does not count: it is `from`'s */
    int *relu;     /* (nodes) the relu on the way that the engine fuses into it, or -1 */
};
/* ERR_MISMATCH as gradient_check; ERR_MEMORY. Drop way->mem in any case. */
MUST_USE status path_find(const struct model *m, enum precision_form form, struct gradient_path path,
                          struct gradient_way *out);
/* Is the relu walked together with its layer, and not by a step of its own? */
int path_is_fused(const struct gradient_way *way, const struct model_node *n, struct gradient_path path);
/* Has the node's output codes of its own, where it has codes? */
int path_has_quantizer(const struct model_node *n);
/* Does the op's slope need the value of its inputs? */
int path_reads_inputs(enum model_op op);

/* ---- the block ----------------------------------------------------------------------------------------- */

/* A node's gradient: (h * w, c) f32 in buffer number `buffer`; -1: none is wanted. */
struct gradient_value {
    int c, h, w, buffer;
};

/* How a layer's weights lie. ROWS: as the checkpoint has them, (oc, kh * kw * ic), of integers the codes
 * followed by their scales (oc) f32. TURNED: packed for the convolution that the backward pass is, one after
 * another for the groups. AFFINE: the factors (c). */
enum gradient_form {
    GRADIENT_NO_WEIGHTS,
    GRADIENT_ROWS,
    GRADIENT_TURNED,
    GRADIENT_DEPTHWISE,
    GRADIENT_AFFINE
};

struct gradient_layer {
    enum gradient_form form;
    struct kernel_conv turned; /* its input is the gradient, or that spread out (`spread`) */
    int groups, spread;        /* spread: between 0s and within a border */
    size_t weights, each;      /* bytes: from the weights' start; of one group */
    size_t scales;             /* of codes: bytes from the weights' start */
    int rows, columns, codes;
};

struct gradient_step {
    struct model_node node; /* a copy: its op, inputs and geometry */
    int number, shown;      /* of the node, and of that whose value is seen: itself, or the relu */
    int masked;             /* the gradient passes where low < shown value < high */
    float low, high;
    uint8_t wanted[MODEL_MAX_INPUTS]; /* inputs on the way */
    uint8_t moved[MODEL_MAX_INPUTS];  /* a cat's input that has the cat's codes: no quantizer in between */
    struct gradient_layer layer;
};

struct gradient_head {
    size_t bytes; /* of the block */
    char isa[16];
    struct gradient_path path;
    int steps, nodes, buffers;
    size_t step, value, buffer, weights; /* offsets */
    size_t weight_bytes;
    size_t arena_bytes, map_bytes, spread_bytes, scratch_bytes; /* of a state; map: the largest gradient */
};

struct gradient_plan {
    const struct kernel_table *kernels;
    const struct gradient_head *head; /* where the block begins */
    const struct gradient_step *step;
    const struct gradient_value *value;
    const struct engine_buffer *buffer;
    const uint8_t *weights;
    void *owned;
};

/* ---- layer.c ------------------------------------------------------------------------------------------- */

/* A convolution's backward pass to its input: that of the gradient by the turned kernel. spread: with a
 * stride, or where the turned kernel's border is none that a convolution has, the gradient is spread out
 * first, its border included. shape: of one group. */
struct layer_turned {
    struct kernel_conv shape;
    int depthwise, groups, spread;
};
struct layer_turned layer_turn(const struct model_node *n, const struct model_node *in);
/* The gradient d (n's output) with stride - 1 zeros between its positions, at its place in the border, in
 * `room` (ih, iw, channels); returns that. */
const float *layer_spread(const struct model_node *n, const struct kernel_conv *turned, const float *d,
                          float *room);
/* Chooses the form of a step's weights, takes room for them in the head, and raises the state's rooms. */
void layer_shape(const struct model_binding *b, const struct kernel_table *k, int open,
                 struct gradient_step *step, struct gradient_head *head);
MUST_USE status layer_pack(const struct model_binding *b, const struct kernel_table *k,
                           const struct gradient_step *step, uint8_t *weights);

/* ---- slope.c: what inference and training share -------------------------------------------------------- */

/* An activation's: to = g times the slope at x; work: (count) values, to may be g. */
void slope_activation(const struct model_node *n, const struct kernel_table *k, const float *x, float *work,
                      const float *g, int count, float *to);
/* A layer normalisation's, of one position: to from g, in double. */
void slope_layernorm(const float *x, const float *scale, const float *g, int channels, float eps, float *to);
/* An average's: its share of g is added to each value of a window of `to` that is in the picture. */
void slope_average(const struct model_node *n, const struct kernel_conv *window, const float *g, float *to);
/* Of the row that all positions of x were multiplied with: to = sum of g x, in double, raster order. */
void slope_row(const float *g, const float *x, size_t pitch, int positions, int channels, float *to);

/* ---- state.c ------------------------------------------------------------------------------------------- */

struct gradient_state {
    uint8_t *arena;
    uint8_t *written; /* (nodes) its gradient has a part already */
    int live;     /* the one channel that is not 0 where the walk begins: gradients hold that alone; or -1 */
    float *other; /* the part that is added to what is there */
    float *seen[2]; /* real values of codes */
    float *spread;  /* a gradient between 0s */
    void *scratch;  /* of kernels */
};

/* The node's gradient. */
static inline float *state_gradient(const struct gradient_plan *p, const struct gradient_state *s, int node)
{
    return (float *)(void *)(s->arena + p->buffer[p->value[node].buffer].offset);
}

static inline size_t value_count(const struct gradient_value *v)
{
    return (size_t)v->h * (size_t)v->w * (size_t)v->c;
}

#endif
