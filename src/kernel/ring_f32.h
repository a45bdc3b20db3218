/* src/kernel/ring_f32.h: depthwise convolution in fp32 from a ring: the newest kh rows of its input, with
 * what lies outside the picture written out, in planes of VECTOR channels, so that the taps of an output lie
 * at distances that the compiler knows. Whoever includes it, after an instruction set's vector_f32.h, fills
 * the rows. Private to the room.
 */
#ifndef KERNEL_RING_F32_H
#define KERNEL_RING_F32_H

#include <string.h>

#include "isa.h"
#include "tile.h"

enum { RING_WIDE = 7 /* positions side by side */, RING_WINDOW = 7 /* rows at most */ };

static inline int ring_suits(const struct kernel_conv *s)
{
    return s->kh == s->kw && (s->kh == 3 || s->kh == 5 || s->kh == 7) && s->stride <= 2;
}

/* ---- packed weights: for each block of VECTOR channels its biases, then its weights (kh, kw, VECTOR) ------
 */

static inline size_t ring_block_floats(const struct kernel_conv *s)
{
    return (size_t)VECTOR * (1 + (size_t)s->kh * s->kw);
}

static inline size_t ring_packed_bytes(const struct kernel_conv *s)
{
    return ring_block_floats(s) * (size_t)tile_parts(s->oc, VECTOR) * sizeof(float);
}

static void ring_pack(const struct kernel_conv *s, const float *weight, const float *bias, void *packed)
{
    int taps = s->kh * s->kw;
    float *p = packed;

    for (int block = 0; block < s->oc; block += VECTOR)
        for (int i = -1; i < taps; i++)
            for (int c = block; c < block + VECTOR; c++)
                *p++ = c >= s->oc ? 0.0f : i >= 0 ? weight[(size_t)c * taps + i] : bias ? bias[c] : 0.0f;
}

/* ---- rows ------------------------------------------------------------------------------------------------
 */

/* What the outputs of a rectangle's columns read. Distances in floats. */
struct ring {
    const struct kernel_conv *s;
    float *rows, *zeros;
    size_t plane, row;  /* of one row: from a plane to the next one; all planes */
    int left, from, to; /* the picture's column of the ring's first; the ring's columns inside the picture */
};

/* An odd number of columns lies no multiple of 4 KB from the next plane. */
static inline size_t ring_plane(const struct kernel_conv *s, int columns)
{
    return (size_t)(((columns - 1) * s->stride + s->kw) | 1) * VECTOR;
}

/* Of any rectangle. */
static inline size_t ring_floats(const struct kernel_conv *s, int planes)
{
    return ring_plane(s, s->ow) * ((size_t)s->kh * (size_t)planes + 1);
}

/* In ring_floats of aligned memory; rect is not empty. */
static struct ring ring_of(const struct kernel_conv *s, struct kernel_rect rect, int planes, float *at)
{
    int columns = (rect.x1 - rect.x0 - 1) * s->stride + s->kw, left = rect.x0 * s->stride - s->pad_x;
    struct ring r = { .s = s, .zeros = at, .plane = ring_plane(s, rect.x1 - rect.x0), .left = left };

    r.rows = at + r.plane;
    r.row = r.plane * (size_t)planes;
    r.from = tile_min(columns, tile_max(0, -left));
    r.to = tile_max(r.from, tile_min(columns, s->iw - left));
    memset(r.zeros, 0, r.plane * sizeof(float));
    for (float *plane = r.rows; plane < r.rows + (size_t)s->kh * r.row; plane += r.plane) {
        memset(plane, 0, (size_t)r.from * VECTOR * sizeof(float));
        memset(plane + (size_t)r.to * VECTOR, 0, (size_t)(columns - r.to) * VECTOR * sizeof(float));
    }
    return r;
}

/* The rows of the picture that output rows before and at y read: those from *next on are new. Their end. */
static inline int ring_end(const struct ring *r, int y)
{
    return tile_min(r->s->ih, y * r->s->stride - r->s->pad_y + r->s->kh);
}

/* The first column inside the picture of row y's first plane. */
static inline float *ring_inside(const struct ring *r, int y)
{
    return r->rows + (size_t)(y % r->s->kh) * r->row + (size_t)r->from * VECTOR;
}

/* Row y of the input, from channel c on, into `planes` planes. */
static void ring_copy(const struct ring *r, const float *in, int y, int c, int planes)
{
    size_t pitch = (size_t)r->s->in_pitch;
    const float *from = in + ((size_t)y * r->s->iw + (size_t)(r->left + r->from)) * pitch + (size_t)c;
    float *to = ring_inside(r, y);

    for (int i = 0; i < planes; i++, from += VECTOR, to += r->plane)
        for (int x = 0; x < r->to - r->from; x++)
            vector_store(to + (size_t)x * VECTOR, VECTOR, vector_loadu(from + (size_t)x * pitch));
}

/* ---- sums ------------------------------------------------------------------------------------------------
 */

/* Where a row of outputs lies, and which of its channels exist. */
struct ring_out {
    float *to;
    size_t step; /* floats from a position to the next one */
    int left;
    vector low, high;
};

/* `wide` positions from the first-th on; row: where the windows begin. */
static inline __attribute__((always_inline)) void ring_tile(int k, int stride, int wide, const float *p,
                                                            const float *const *row,
                                                            const struct ring_out *out, size_t first)
{
    float *to = out->to + first * out->step;
    vector acc[RING_WIDE];

#pragma GCC unroll 7
    for (int m = 0; m < wide; m++)
        acc[m] = vector_load(p);
#pragma GCC unroll 7
    for (int ky = 0; ky < k; ky++) {
        const float *in = row[ky] + first * (size_t)(stride * VECTOR);

#pragma GCC unroll 7
        for (int kx = 0; kx < k; kx++) {
            vector weight = vector_load(p + (1 + ky * k + kx) * VECTOR);

#pragma GCC unroll 7
            for (int m = 0; m < wide; m++)
                acc[m] = vector_fma(vector_load(in + (m * stride + kx) * VECTOR), weight, acc[m]);
        }
    }
#pragma GCC unroll 7
    for (int m = 0; m < wide; m++)
        acc[m] = vector_clamp(acc[m], out->low, out->high);
#pragma GCC unroll 7
    for (int m = 0; m < wide; m++)
        vector_store(to + (size_t)m * out->step, out->left, acc[m]);
}

#define SIZE(m)                                                                                              \
    case m:                                                                                                  \
        ring_tile(k, stride, m, p, row, out, (size_t)first);                                                 \
        break;

static inline __attribute__((always_inline)) void ring_cut(int k, int stride, const float *p,
                                                           const float *const *row, int count,
                                                           const struct ring_out *out)
{
    int parts = tile_parts(count, RING_WIDE);

    for (int i = 0; i < parts; i++) {
        int first = tile_cut(count, parts, i);

        switch (tile_cut(count, parts, i + 1) - first) {
            TILE_1_TO_7
        }
#undef SIZE
    }
}

/* `count` outputs of row y, from a plane of the ring and its packed block p. */
static void ring_sum(const struct ring *r, int plane, const float *p, int y, int count,
                     const struct ring_out *out)
{
    const struct kernel_conv *s = r->s;
    const float *row[RING_WINDOW];

    for (int ky = 0; ky < s->kh; ky++) {
        int iy = y * s->stride - s->pad_y + ky;

        row[ky] = iy < 0 || iy >= s->ih ? r->zeros
                                        : r->rows + (size_t)(iy % s->kh) * r->row + (size_t)plane * r->plane;
    }
    switch (s->kh * 2 + s->stride) {
    case 3 * 2 + 1:
        ring_cut(3, 1, p, row, count, out);
        break;
    case 3 * 2 + 2:
        ring_cut(3, 2, p, row, count, out);
        break;
    case 5 * 2 + 1:
        ring_cut(5, 1, p, row, count, out);
        break;
    case 5 * 2 + 2:
        ring_cut(5, 2, p, row, count, out);
        break;
    case 7 * 2 + 1:
        ring_cut(7, 1, p, row, count, out);
        break;
    default:
        ring_cut(7, 2, p, row, count, out);
    }
}

#endif
