/* src/engine/points.h: positions of a dense layer, computed in one call wherever they lie. Private to the
 * room. */
#ifndef ENGINE_POINTS_H
#define ENGINE_POINTS_H

#include "plan.h"

enum {
    POINTS_MOST = 240, /* full tiles on every instruction set */
    POINTS_EDGES = 24  /* of those whose window is copied */
};

/* Where each reads and where it goes. */
struct points {
    int most, count;
    int32_t place[POINTS_MOST];
    union {
        const float *real[POINTS_MOST];
        const uint8_t *code[POINTS_MOST];
    } in;
    union {
        float *real[POINTS_MOST];
        uint8_t *code[POINTS_MOST];
    } out;
    uint8_t *room; /* values of all of them, before they are compared */
};

/* Elements of one position's window. */
static inline size_t points_window(const struct kernel_conv *c)
{
    return (size_t)c->kh * (size_t)c->kw * (size_t)c->ic;
}

/* One position more: where its window begins and where it goes. */
static inline void points_add(const struct engine_op *op, struct points *p, const uint8_t *in, uint8_t *out)
{
    int i = p->count++;

    if (plan_op_codes(op)) {
        p->in.code[i] = in;
        p->out.code[i] = out;
    } else {
        p->in.real[i] = (const float *)(const void *)in;
        p->out.real[i] = (float *)(void *)out;
    }
}

/* Computes them all; then there are none. shape: the layer's, or that of copied windows. */
void points_run(const struct engine_pass *pass, const struct engine_op *op, const struct kernel_conv *shape,
                struct points *p);

/* ---- an input with what stands outside the picture, so that every window lies in it */

int points_is_padded(const struct kernel_conv *c);
/* The shape of a layer on such an input. */
struct kernel_conv points_padded(const struct kernel_conv *c);
size_t points_padded_bytes(const struct engine_op *op, const struct kernel_conv *c);
void points_pad(const struct engine_op *op, const struct kernel_conv *c, const uint8_t *in, uint8_t *out);

#endif
