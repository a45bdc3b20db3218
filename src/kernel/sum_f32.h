/* src/kernel/sum_f32.h: dense sums in fp32 whose inputs and outputs lie at even distances: the rows of a
 * unit. Included by one file an instruction set, after its vector_f32.h and SUM_POSITIONS and SUM_VECTORS,
 * the most positions and the most sums that its registers hold. Private to the room.
 */
#ifndef KERNEL_SUM_F32_H
#define KERNEL_SUM_F32_H

#include "isa.h"
#include "tile.h"

enum { SUM_PANEL = 3 }; /* vectors of outputs at most */

/* Positions of a row by a panel of outputs. Distances in floats. */
struct sum {
    const float *w;       /* (terms, vectors, VECTOR) */
    int terms, run;       /* terms of an output; of them, neighbours */
    size_t step, in_step; /* from a run to the next one; from a position to the next one */
    const float *from;    /* the sums so far: */
    size_t from_step;     /* 0: biases, for all positions */
    float *to;
    size_t to_step, to_apart; /* from a position, from a vector to the next one */
    int left;                 /* outputs of the panel that exist */
    int clamps;
    vector low, high;
};

/* Places of 14 positions from 2 + 3 registers. */
struct places {
    const char *a, *b;
    size_t one, three, five;
};

static inline __attribute__((always_inline)) const float *place_of(const struct places *p, int m)
{
    const char *base = m < 7 ? p->a : p->b;

    switch (m % 7) {
    case 0:
        return (const float *)(const void *)base;
    case 1:
        return (const float *)(const void *)(base + p->one);
    case 2:
        return (const float *)(const void *)(base + p->one * 2);
    case 3:
        return (const float *)(const void *)(base + p->three);
    case 4:
        return (const float *)(const void *)(base + p->one * 4);
    case 5:
        return (const float *)(const void *)(base + p->five);
    default:
        return (const float *)(const void *)(base + p->three * 2);
    }
}

static inline __attribute__((always_inline)) void sum_store(const struct sum *s, int mr, int nv,
                                                            vector acc[][SUM_PANEL], size_t first)
{
    float *to = s->to + first * s->to_step;
    int last = s->left - (nv - 1) * VECTOR; /* outputs of the last vector that exist */

    if (s->clamps)
#pragma GCC unroll 28
        for (int i = 0; i < mr * nv; i++)
            acc[i / nv][i % nv] = vector_clamp(acc[i / nv][i % nv], s->low, s->high);
    if (last >= VECTOR)
#pragma GCC unroll 28
        for (int i = 0; i < mr * nv; i++)
            vector_store(to + (size_t)(i / nv) * s->to_step + (size_t)(i % nv) * s->to_apart, VECTOR,
                         acc[i / nv][i % nv]);
    else
#pragma GCC unroll 28
        for (int i = 0; i < mr * nv; i++)
            vector_store(to + (size_t)(i / nv) * s->to_step + (size_t)(i % nv) * s->to_apart,
                         i % nv < nv - 1 ? VECTOR : last, acc[i / nv][i % nv]);
}

/* mr positions from the first-th on by nv vectors. */
static inline __attribute__((always_inline)) void sum_tile(const struct sum *s, int mr, int nv,
                                                           const float *in, size_t first)
{
    const float *w = s->w, *from = s->from + first * s->from_step;
    vector acc[SUM_POSITIONS][SUM_PANEL];
    size_t bytes = s->in_step * sizeof(float);
    struct places p = { (const char *)(in + first * s->in_step), NULL, bytes, 3 * bytes, 5 * bytes };

    p.b = p.a + 7 * bytes;
#pragma GCC unroll 14
    for (int m = 0; m < mr; m++)
#pragma GCC unroll 3
        for (int v = 0; v < nv; v++)
            acc[m][v] = vector_loadu(from + (size_t)m * s->from_step + v * VECTOR);
    for (int left = s->terms; left > 0; left -= s->run) {
        size_t run = (size_t)tile_min(left, s->run), rest = (s->step - run) * sizeof(float);

        for (size_t c = 0; c < run; c++, w += nv * VECTOR, p.a += sizeof(float), p.b += sizeof(float)) {
            vector weight[SUM_PANEL];

#pragma GCC unroll 3
            for (int v = 0; v < nv; v++)
                weight[v] = vector_load(w + v * VECTOR);
#pragma GCC unroll 14
            for (int m = 0; m < mr; m++) {
                vector x = vector_set1(*place_of(&p, m));

#pragma GCC unroll 3
                for (int v = 0; v < nv; v++)
                    acc[m][v] = vector_fma(x, weight[v], acc[m][v]);
            }
        }
        p.a += rest;
        p.b += rest;
    }
    sum_store(s, mr, nv, acc, first);
}

#define SIZE(m)                                                                                              \
    case m:                                                                                                  \
        if (m <= SUM_POSITIONS && m * nv <= SUM_VECTORS)                                                     \
            sum_tile(s, m, nv, in, first);                                                                   \
        break;

static inline __attribute__((always_inline)) void sum_any(const struct sum *s, int mr, int nv,
                                                          const float *in, size_t first)
{
    switch (mr) {
        TILE_1_TO_14
    }
#undef SIZE
}

/* `count` positions in a row, cut evenly. */
static void sum_row(const struct sum *s, int nv, const float *in, int count)
{
    int parts = tile_parts(count, tile_min(SUM_POSITIONS, SUM_VECTORS / nv));

    for (int i = 0; i < parts; i++) {
        int first = tile_cut(count, parts, i), mr = tile_cut(count, parts, i + 1) - first;

        if (nv == 1)
            sum_any(s, mr, 1, in, (size_t)first);
        else if (nv == 2)
            sum_any(s, mr, 2, in, (size_t)first);
        else
            sum_any(s, mr, 3, in, (size_t)first);
    }
}

#endif
