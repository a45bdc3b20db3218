/* src/engine/state.h: what one user of a plan owns. Private to the room.
 *
 * A run of changed pixels has three parts. The ops before `whole` (struct engine_kept) compute the positions
 * that differ and keep the others. From there on a position's window onto the picture is as wide as the
 * picture, so that nearly all of them differ: these ops run whole, in memory that they share, which stays in
 * the cache. The last ones, from `batch` on, have small maps and most of the weights: they wait for
 * ENGINE_BATCH pictures, each with its own place for these ops' maps, and run them together, so that weights
 * pass through the core once.
 */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include "points.h"

enum { STATE_BLOCK_BYTES = 1 << 18 }; /* of one kept copy; fits the second-level cache */

/* All of it lies in the state's `kept` block. */
struct engine_delta {
    uint64_t *masks;   /* a buffer's at plan->mask[buffer]: positions that differ from the last run */
    uint64_t *wanted;  /* of the op in hand: positions to compute */
    uint64_t *changed; /* and those of them that came out different */
    uint64_t *work;    /* of mask_window */
    struct points inside, edge; /* windows that lie in the picture, and that do not */
    struct kernel_rect *open;
    uint8_t *in, *out; /* copies of the windows at the edge; what was there, and the points' room */

    int waiting;     /* pictures in the batch */
    uint8_t *padded; /* windowed inputs of all pictures with what stands outside them */
    float *logits;   /* (ENGINE_BATCH, classes) */
};

struct engine_state {
    uint8_t *arena;
    size_t arena_bytes, scratch_bytes;
    void *scratch;
    float *logits;              /* (classes) */
    struct engine_delta *delta; /* NULL until engine_keep */
};

/* A picture's pass through the ops; of a state that keeps its maps, through those before the batch. */
struct engine_pass state_pass(const struct engine_plan *plan, const struct engine_state *state);
/* The pass of a waiting picture through the late ops. */
struct engine_pass state_late_pass(const struct engine_plan *plan, const struct engine_state *state,
                                   int picture);

/* ---- batch.c */
/* The late ops read earlier ones' maps at their picture's place: copies them there. */
void batch_carry(const struct engine_plan *plan, const struct engine_state *state, int picture);
/* The late ops of all waiting pictures, and their logits. */
void batch_run(const struct engine_plan *plan, const struct engine_state *state);

#endif
