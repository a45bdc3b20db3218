/* src/kernel/depthwise_f32.h: depthwise convolution in fp32: through a ring; or, 3 x 3, VECTOR by 4
 * positions where the window lies inside the picture, position by position at its edges and with any other
 * window. Included by one file an instruction set, after its vector_f32.h; a sum's terms and their order are
 * those of `ref` whatever the vector's length. Private to the room.
 */
#ifndef KERNEL_DEPTHWISE_F32_H
#define KERNEL_DEPTHWISE_F32_H

#include "ring_f32.h"

enum { WIDE = 4 };

/* Whether a vector of channels at a time passes over the rectangle through a ring: from 5 x 5 on, whose taps
 * are many enough to pay for the copy, and small maps, where most windows are at an edge. */
static int takes_ring(const struct kernel_conv *s)
{
    return ring_suits(s) && (s->kh > 3 || (s->stride == 1 && s->iw < 14));
}

/* The ring; or a position of zeros, for the taps outside the picture, and their list. */
static size_t zero_bytes(const struct kernel_conv *s)
{
    return tile_round(((size_t)s->oc + VECTOR) * sizeof(float));
}

static size_t scratch_bytes(const struct kernel_conv *s)
{
    if (takes_ring(s))
        return ring_floats(s, 1) * sizeof(float);
    return zero_bytes(s) + (size_t)s->kh * s->kw * sizeof(float *);
}

static void by_ring(const struct kernel_conv *s, const float *packed, const float *in, float *out,
                    struct kernel_rect rect, float low, float high, float *scratch)
{
    struct ring r = ring_of(s, rect, 1, scratch);
    struct ring_out to = { .step = (size_t)s->out_pitch, .low = vector_set1(low), .high = vector_set1(high) };

    for (int c = 0; c < s->oc; c += VECTOR, packed += ring_block_floats(s)) {
        int next = tile_max(0, rect.y0 * s->stride - s->pad_y);

        to.left = s->oc - c;
        for (int y = rect.y0; y < rect.y1; y++) {
            for (; next < ring_end(&r, y) && r.from < r.to; next++)
                ring_copy(&r, in, next, c, 1);
            to.to = out + ((size_t)y * s->ow + (size_t)rect.x0) * s->out_pitch + c;
            ring_sum(&r, 0, packed, y, rect.x1 - rect.x0, &to);
        }
    }
}

/* What all parts of a call share. */
struct sweep {
    const struct kernel_conv *s;
    const float *packed;
    vector low, high;
};

/* One position, its taps by a list: any kernel, any edge. */
static inline __attribute__((always_inline)) void position(const struct sweep *w, int taps,
                                                           const float *const *tap, float *out)
{
    const struct kernel_conv *s = w->s;
    const float *p = w->packed;

    for (int c = 0; c < s->oc; c += VECTOR) {
        vector acc = vector_load(p);

        p += VECTOR;
#pragma GCC unroll 9
        for (int i = 0; i < taps; i++, p += VECTOR)
            acc = vector_fma(vector_loadu(tap[i] + c), vector_load(p), acc);
        vector_store(out + c, s->oc - c, vector_clamp(acc, w->low, w->high));
    }
}

/* `wide` positions side by side of a 3 x 3 window; weights at p. */
static inline __attribute__((always_inline)) void positions(const struct sweep *w, int stride, int wide,
                                                            const float *p, const float *in, float *out,
                                                            int left)
{
    size_t pitch = (size_t)w->s->in_pitch, row = pitch * (size_t)w->s->iw;
    vector acc[WIDE];

#pragma GCC unroll 4
    for (int m = 0; m < wide; m++)
        acc[m] = vector_load(p);
#pragma GCC unroll 3
    for (int ky = 0; ky < 3; ky++)
#pragma GCC unroll 3
        for (int kx = 0; kx < 3; kx++) {
            vector weight = vector_load(p + (1 + ky * 3 + kx) * VECTOR);

#pragma GCC unroll 4
            for (int m = 0; m < wide; m++)
                acc[m] = vector_fma(vector_loadu(in + ky * row + (size_t)(m * stride + kx) * pitch), weight,
                                    acc[m]);
        }
#pragma GCC unroll 4
    for (int m = 0; m < wide; m++)
        vector_store(out + (size_t)m * w->s->out_pitch, left, vector_clamp(acc[m], w->low, w->high));
}

/* A row of `count` positions whose windows all lie inside; in: the first tap of the first. */
static inline __attribute__((always_inline)) void inside(const struct sweep *w, int stride, const float *in,
                                                         float *out, int count)
{
    const struct kernel_conv *s = w->s;
    const float *p = w->packed;

    for (int c = 0; c < s->oc; c += VECTOR, p += ring_block_floats(s)) {
        const float *from = in + c;
        float *to = out + c;
        int m = 0;

        for (; m + WIDE <= count;
             m += WIDE, from += (size_t)WIDE * stride * s->in_pitch, to += (size_t)WIDE * s->out_pitch)
            positions(w, stride, WIDE, p, from, to, s->oc - c);
        for (; m < count; m++, from += (size_t)stride * s->in_pitch, to += s->out_pitch)
            positions(w, stride, 1, p, from, to, s->oc - c);
    }
}

static void edge(const struct sweep *w, const float *in, const float *zeros, int y, int x, const float **tap,
                 float *out)
{
    const struct kernel_conv *s = w->s;

    int top = y * s->stride - s->pad_y, left = x * s->stride - s->pad_x, i = 0;

    for (int iy = top; iy < top + s->kh; iy++)
        for (int ix = left; ix < left + s->kw; ix++) {
            int outside = iy < 0 || iy >= s->ih || ix < 0 || ix >= s->iw;

            tap[i++] = outside ? zeros : in + ((size_t)iy * s->iw + ix) * s->in_pitch;
        }
    if (i == 9)
        position(w, 9, tap, out);
    else
        position(w, i, tap, out);
}

static void by_positions(const struct kernel_conv *s, const float *packed, const float *in, float *out,
                         struct kernel_rect rect, float low, float high, void *scratch)
{
    struct sweep w = { s, packed, vector_set1(low), vector_set1(high) };
    const float **tap = (const float **)((char *)scratch + zero_bytes(s));
    /* Columns a..b have their whole window inside the picture. */
    int a = tile_max(rect.x0, (s->pad_x + s->stride - 1) / s->stride);
    int b = tile_min(rect.x1, s->iw + s->pad_x >= s->kw ? (s->iw + s->pad_x - s->kw) / s->stride + 1 : 0);

    memset(scratch, 0, zero_bytes(s));
    for (int y = rect.y0; y < rect.y1; y++) {
        int iy = y * s->stride - s->pad_y, x = rect.x0;
        float *row = out + (size_t)y * s->ow * s->out_pitch;

        if (ring_suits(s) && iy >= 0 && iy + s->kh <= s->ih && a < b) {
            const float *first = in + ((size_t)iy * s->iw + (size_t)(a * s->stride - s->pad_x)) * s->in_pitch;

            for (; x < a; x++)
                edge(&w, in, scratch, y, x, tap, row + (size_t)x * s->out_pitch);
            if (s->stride == 1)
                inside(&w, 1, first, row + (size_t)a * s->out_pitch, b - a);
            else
                inside(&w, 2, first, row + (size_t)a * s->out_pitch, b - a);
            x = b;
        }
        for (; x < rect.x1; x++)
            edge(&w, in, scratch, y, x, tap, row + (size_t)x * s->out_pitch);
    }
}

static void depthwise_f32(const struct kernel_conv *s, const void *packed, const float *in, float *out,
                          struct kernel_rect rect, float low, float high, void *scratch)
{
    if (rect.y0 >= rect.y1 || rect.x0 >= rect.x1)
        return;
    if (takes_ring(s))
        by_ring(s, packed, in, out, rect, low, high, scratch);
    else
        by_positions(s, packed, in, out, rect, low, high, scratch);
}

static void fill_depthwise_f32(struct kernel_table *t)
{
    t->depthwise_f32_packed_bytes = ring_packed_bytes;
    t->depthwise_f32_pack = ring_pack;
    t->depthwise_f32_scratch_bytes = scratch_bytes;
    t->depthwise_f32 = depthwise_f32;
}

#endif
