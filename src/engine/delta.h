/* src/engine/delta.h: what an engine has besides its plan once it keeps its maps. Private to the room.
 *
 * A run of changed pixels has three parts. The steps before `whole` compute the positions that differ and
 * keep the others. From there on a position's window onto the picture is as wide as the picture, so that
 * nearly all of them differ: these steps run whole, in memory that they share, which stays in the cache. The
 * last ones, from `batch` on, have small maps and most of the weights: they wait for ENGINE_BATCH pictures,
 * each with its own place for these steps' maps, and run them together, so that weights pass through the core
 * once.
 */
#ifndef ENGINE_DELTA_H
#define ENGINE_DELTA_H

#include "step.h"

enum {
    DELTA_BLOCK_BYTES = 1 << 18, /* of one kept copy; fits the second-level cache */
    DELTA_POINTS = 240,          /* computed in one call: full tiles on every instruction set */
    DELTA_EDGES = 24             /* of those whose window is copied */
};

/* Positions of a convolution, to be computed together: where each reads and where it goes. */
struct points {
    int most, count;
    int32_t place[DELTA_POINTS];
    const float *real_in[DELTA_POINTS];
    float *real_out[DELTA_POINTS];
    const uint8_t *code_in[DELTA_POINTS];
    uint8_t *code_out[DELTA_POINTS];
    uint8_t *room; /* codes of all of them, before they are compared */
};

/* What the steps of a batch do with a buffer. */
enum { BATCH_READS = 1, BATCH_WRITES = 2 };

struct engine_delta {
    int *last;       /* (buffers) their lives without engine_keep */
    uint64_t **mask; /* (buffers) positions that differ from the last run */
    uint64_t *masks; /* they lie here */
    size_t mask_words;
    uint64_t *wanted;           /* of the step in hand: positions to compute */
    uint64_t *changed;          /* and those of them that came out different */
    uint64_t *work;             /* of mask_window */
    struct points inside, edge; /* windows that lie in the picture, and that do not */
    struct kernel_rect *open;
    uint8_t *in, *out; /* copies of the windows at the edge; what was there, and the points' room */

    int whole, batch;     /* the first steps of the second and the third part */
    int waiting;          /* pictures in the batch */
    uint8_t *use;         /* (buffers) BATCH_READS, BATCH_WRITES */
    size_t *place;        /* (buffers) used by a batch: offset of the first picture's in the arena */
    size_t picture_bytes; /* from one picture's place to the next's */
    uint8_t *padded;      /* windowed inputs of all pictures with what stands outside them */
    float *logits;        /* (ENGINE_BATCH, classes) */
};

/* Bytes of a value. */
static inline size_t delta_element(const struct engine *e)
{
    return e->form == PRECISION_REAL ? sizeof(float) : 1;
}

/* A linear layer, or a convolution of one group: its positions can be computed in any order, if each window's
 * rows lie without gaps. */
static inline int delta_is_dense(const struct engine_step *s)
{
    return s->run == run_conv && s->groups == 1;
}

/* One that computes its positions where its input lies. */
static inline int delta_takes_points(const struct engine_step *s)
{
    return delta_is_dense(s) && (s->shape.kw == 1 || s->shape.in_pitch == s->shape.ic);
}

/* Elements of one position's window. */
static inline size_t delta_window(const struct kernel_conv *c)
{
    return (size_t)c->kh * (size_t)c->kw * (size_t)c->ic;
}

/* One position more to compute: where its window begins and where it goes. */
static inline void delta_add_point(const struct engine *e, struct points *p, const uint8_t *in, uint8_t *out)
{
    int i = p->count++;

    if (e->form == PRECISION_REAL) {
        p->real_in[i] = (const float *)(const void *)in;
        p->real_out[i] = (float *)(void *)out;
    } else {
        p->code_in[i] = in;
        p->code_out[i] = out;
    }
}

/* ---- delta.c */
/* Computes them all; then there are none. shape: the step's, or that of copied windows. */
void delta_run_points(const struct engine *e, const struct engine_step *s, const struct kernel_conv *shape,
                      struct points *p);

/* ---- keep.c */
void keep_free(struct engine_delta *d);

/* ---- batch.c */
/* Finds `whole` and `batch`, and what the batch's steps use. */
MUST_USE status batch_plan(struct engine *e, struct engine_delta *d);
/* Room for the batch's steps. */
MUST_USE status batch_make_room(const struct engine *e, struct engine_delta *d);
/* The late steps read earlier ones' maps at their picture's place: copies them there. */
void batch_carry(const struct engine *e, int picture);
/* The late steps of all waiting pictures, and their logits. */
void batch_run(struct engine *e);

#endif
