/* src/gradient/net.h: what a network in training is made of. Private to the room.
 *
 * Steps in the order of the description work on maps; a convolution and its batch normalisation are two. Of a
 * step, ops run forward and backward: of one sample, or of all at once where all must be there. Runs of ops
 * of one sample are walked sample by sample, so that a sample's maps stay in the cache. */
#ifndef GRADIENT_NET_H
#define GRADIENT_NET_H

#include <math.h>
#include <string.h>

#include "gradient_train.h"
#include "plan.h"

enum train_kind {
    TRAIN_CONV,
    TRAIN_LINEAR,
    TRAIN_NORM,
    TRAIN_RELU,
    TRAIN_PACT,
    TRAIN_CURVE,
    TRAIN_MAXPOOL,
    TRAIN_WINDOW,
    TRAIN_MEAN,
    TRAIN_ADD,
    TRAIN_MUL,
    TRAIN_CAT,
    TRAIN_SLICE,
    TRAIN_SHORTCUT,
    TRAIN_SHUFFLE,
    TRAIN_DROPOUT,
    TRAIN_FAKE,
    TRAIN_KINDS
};

enum { TRAIN_BRANCHES = 2, TRAIN_SLOTS = 24, TRAIN_MOST_SAMPLES = 8192 };

/* Values between steps: (h * w, c) a sample. */
struct train_map {
    int c, h, w;
    size_t count;
    size_t place; /* floats a sample from the start of a branch's values */
    int root;     /* the map in whose gradient's memory this one's lies: itself, or a later one */
    size_t back;  /* floats a sample from the start of the gradients */
};

/* A layer's geometry, of one group, and its packed weights. */
struct train_layer {
    struct kernel_conv forward, turned;
    int depthwise, groups, spread;
    size_t each, each_turned; /* bytes of a group's packed weights */
    uint8_t *packed, *turned_packed;
    size_t sum, sums, each_sum;     /* floats: where its weights' sums lie, how many, of a group */
    struct quant_weights quantizer; /* bits 0: none */
    float *factor; /* (oc) fake quantization: batch normalisation's, of the last prepare; NULL: none */
};

/* Batch normalisation: a branch's factors, a chunk's where settings say so; else all chunks have the first.
 */
struct train_norm {
    float *factor;  /* (branches, chunks, TRAIN_FACTORS, lanes of c) */
    double *moment; /* (branches, chunks, 2, c): mean, inv */
    int capacity;   /* chunks */
};
enum train_factor { TRAIN_SCALE, TRAIN_SHIFT, TRAIN_SLOPE, TRAIN_OFFSET, TRAIN_FACTORS };

/* Fake quantization of a map: what is rounded to, and which values let a gradient through, of a branch. */
struct train_rounding {
    int known; /* a range was seen */
    struct kernel_round round;
    float low, high;
};
struct train_fake {
    int low, high; /* parameters, -1: the codes are fixed */
    float seen[2]; /* by this rank, in the pass */
    struct train_rounding branch[TRAIN_BRANCHES];
};

struct train_step {
    enum train_kind kind;
    const struct model_node *node;
    int number;                            /* of the node */
    int inputs, in[MODEL_MAX_INPUTS], out; /* maps */
    uint8_t adds[MODEL_MAX_INPUTS];        /* the input's gradient has a part already */
    int gated;                             /* a relu is part of the step */
    float low, high;
    int weight, bias, gamma, beta, mean, var, alpha; /* parameters, -1: none */
    size_t chunk_sum;                                /* doubles: its place among a chunk's sums */
    struct train_layer layer;
    struct train_norm norm;
    struct train_step *folded; /* a layer: the batch normalisation of its line */
    struct train_fake fake;
    double *channel_sum; /* PACT: (c) */
    int pact_bits, pact_through;
    struct pact pact;
    int dropout; /* its number */
};

/* A sample under way. */
struct train_at {
    int branch, chunk, sample; /* of this rank's */
    int first, last;           /* of the chunk, over branches */
};
struct gradient_net;
typedef void train_one(struct gradient_net *net, struct train_step *s, const struct train_at *at);
typedef void train_all(struct gradient_net *net, struct train_step *s);
struct train_op {
    struct train_step *step;
    train_one *one; /* or */
    train_all *all;
};

/* Of a local chunk: the slot in which its sums are made, and how many slots below are joined behind it. */
struct train_slot {
    int slot, joins;
};

struct gradient_net {
    struct mem_set mem;
    const struct model *m;
    const struct kernel_table *k;
    struct gradient_settings settings;
    struct train_map *map;
    struct train_step *step;
    struct train_op *forward, *backward;
    int maps, steps, forwards, backwards, output;
    int picture; /* the map that layers read as the picture: itself, or its codes' values */
    struct gradient_parameter *parameter;
    int parameters;
    size_t value_floats; /* a sample and branch */
    size_t back_floats;  /* a sample and branch */
    size_t weight_sums;  /* floats of all layers' sums */
    size_t chunk_sums;   /* doubles of a chunk */
    size_t norm_sums;    /* doubles of a chunk and branch: the largest batch normalisation's */
    size_t largest_map, largest_weight;
    float *spread, *part, *work, *layer_work[2];
    void *scratch;

    /* ---- of the batch, grown with it */
    struct gradient_batch batch;
    struct gradient_run run;
    int samples, capacity, chunk_capacity, slot_capacity;
    uint32_t *sample;
    float *values[TRAIN_BRANCHES], *back;
    float *sums;                /* (slots, weight_sums) */
    double *chunk_sum;          /* (chunks, chunk_sums) */
    double *norm_sum;           /* (chunks, branches, norm_sums) */
    struct train_slot *slot;    /* (chunks) */
    const float **from;
    float **to;
    size_t bytes;

    /* ---- of the pass */
    enum gradient_mode mode;
    int branch, branches, input_only;
    int hold_ranges, hold_norms;
};

static inline float *train_value(const struct gradient_net *net, int map, int branch, int sample)
{
    return net->values[branch] + net->map[map].place * (size_t)net->capacity +
           net->map[map].count * (size_t)sample;
}

static inline float *train_back(const struct gradient_net *net, int map, int branch, int sample)
{
    const struct train_map *m = &net->map[map];

    return net->back + net->map[m->root].back * TRAIN_BRANCHES * (size_t)net->capacity +
           m->count * ((size_t)branch * (size_t)net->capacity + (size_t)sample);
}

/* Is the gradient of the step's input needed? That of the picture alone is not, in training. */
static inline int train_wants_input(const struct gradient_net *net, const struct train_step *s)
{
    return net->input_only || (s->in[0] != 0 && s->in[0] != net->picture);
}

/* A chunk's first sample, and how many it has. */
static inline int train_chunk_samples(const struct gradient_net *net, int chunk)
{
    int left = net->samples - chunk * GRADIENT_CHUNK;

    return left < GRADIENT_CHUNK ? left : GRADIENT_CHUNK;
}

/* ---- train_tree.c */
/* The stack's way over a run. */
int train_tree_slots(struct gradient_run run, struct train_slot *slot);
/* (chunks, count) of this rank become the sum over all ranks' in the first row. */
void train_tree_total(struct gradient_net *net, double *values, size_t count);

/* ---- train_plan.c */
MUST_USE status train_plan_make(struct gradient_net *net);

/* ---- train_order.c: fills net->forward and net->backward. */
void train_order_ops(struct gradient_net *net);

/* ---- train_part.c: where input j's part is to be written; finish adds it where there is a part already. */
float *train_part_begin(const struct gradient_net *net, const struct train_step *s, int j,
                        const struct train_at *at);
void train_part_finish(const struct gradient_net *net, const struct train_step *s, int j,
                       const struct train_at *at);
/* The output's gradient, behind a relu that is part of the step. */
float *train_part_gradient(const struct gradient_net *net, const struct train_step *s,
                           const struct train_at *at);

/* ---- train_layer.c, train_linear.c */
void train_layer_shape(struct gradient_net *net, struct train_step *s);
MUST_USE status train_layer_prepare(struct gradient_net *net, struct train_step *s);
/* The sums, which have been joined, become gradients in the checkpoint's order. */
void train_layer_gradient(struct gradient_net *net, struct train_step *s);
train_one train_layer_forward, train_layer_backward;
train_all train_linear_forward, train_linear_backward;

/* ---- train_norm.c */
train_one train_norm_sum, train_norm_apply, train_norm_back_sum, train_norm_back_apply;
train_all train_norm_finish, train_norm_back_finish;

/* ---- train_fake.c */
/* The node whose codes the node's output has, itself or the one that its relu is fused into; -1: none. */
int train_fake_node(const struct gradient_net *net, int node);
train_one train_fake_observe, train_fake_apply, train_fake_back;
train_all train_fake_finish;
/* What a layer computes with, (oc, ...) in torch's order; and the gradients of its weights, and what their
 * scaling adds to gamma's, from those by that. */
void train_fake_weights(struct gradient_net *net, struct train_step *s, float *out);
void train_fake_weights_back(struct gradient_net *net, struct train_step *s);

/* ---- train_op.c */
train_one *train_op_forward(enum train_kind kind);
train_one *train_op_backward(enum train_kind kind);

#endif
