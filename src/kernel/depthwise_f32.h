/* src/kernel/depthwise_f32.h: depthwise convolution in fp32 by vectors of channels, VECTOR by 4 positions
 * where the window lies inside the picture, position by position at its edges. Included by one file an
 * instruction set, after its vector_f32.h; a sum's terms and their order are those of `ref` whatever the
 * vector's length. Private to the room.
 */
#ifndef KERNEL_DEPTHWISE_F32_H
#define KERNEL_DEPTHWISE_F32_H

#include <string.h>

#include "isa.h"
#include "tile.h"

enum { WIDE = 4 };

/* Packed: for each block of VECTOR channels its biases, then its weights (kh, kw, VECTOR). */
static size_t block_floats(const struct kernel_conv *s)
{
    return (size_t)VECTOR * (1 + (size_t)s->kh * s->kw);
}

static size_t packed_bytes(const struct kernel_conv *s)
{
    return block_floats(s) * (size_t)((s->oc + VECTOR - 1) / VECTOR) * sizeof(float);
}

/* A position of zeros, for the taps outside the picture, and their list. */
static size_t scratch_bytes(const struct kernel_conv *s)
{
    return tile_round(((size_t)s->oc + VECTOR) * sizeof(float)) + (size_t)s->kh * s->kw * sizeof(float *);
}

static void pack(const struct kernel_conv *s, const float *weight, const float *bias, void *packed)
{
    int taps = s->kh * s->kw;
    float *p = packed;

    for (int block = 0; block < s->oc; block += VECTOR)
        for (int i = -1; i < taps; i++)
            for (int c = block; c < block + VECTOR; c++)
                *p++ = c >= s->oc ? 0.0f : i >= 0 ? weight[(size_t)c * taps + i] : bias ? bias[c] : 0.0f;
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

/* `wide` positions side by side; k x k weights at p. */
static inline __attribute__((always_inline)) void positions(const struct sweep *w, int k, int stride,
                                                            int wide, const float *p, const float *in,
                                                            float *out, int left)
{
    size_t pitch = (size_t)w->s->in_pitch, row = pitch * (size_t)w->s->iw;
    vector acc[WIDE];

#pragma GCC unroll 4
    for (int m = 0; m < wide; m++)
        acc[m] = vector_load(p);
#pragma GCC unroll 5
    for (int ky = 0; ky < k; ky++)
#pragma GCC unroll 5
        for (int kx = 0; kx < k; kx++) {
            vector weight = vector_load(p + (1 + ky * k + kx) * VECTOR);

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
static inline __attribute__((always_inline)) void inside(const struct sweep *w, int k, int stride,
                                                         const float *in, float *out, int count)
{
    const struct kernel_conv *s = w->s;
    const float *p = w->packed;

    for (int c = 0; c < s->oc; c += VECTOR, p += block_floats(s)) {
        const float *from = in + c;
        float *to = out + c;
        int m = 0;

        for (; m + WIDE <= count;
             m += WIDE, from += (size_t)WIDE * stride * s->in_pitch, to += (size_t)WIDE * s->out_pitch)
            positions(w, k, stride, WIDE, p, from, to, s->oc - c);
        for (; m < count; m++, from += (size_t)stride * s->in_pitch, to += s->out_pitch)
            positions(w, k, stride, 1, p, from, to, s->oc - c);
    }
}

static void inside_any(const struct sweep *w, const float *in, float *out, int count)
{
    int k = w->s->kh, stride = w->s->stride;

    if (k == 3 && stride == 1)
        inside(w, 3, 1, in, out, count);
    else if (k == 3)
        inside(w, 3, 2, in, out, count);
    else if (stride == 1)
        inside(w, 5, 1, in, out, count);
    else
        inside(w, 5, 2, in, out, count);
}

static void edge(const struct sweep *w, const float *in, const float *zeros, int y, int x, const float **tap,
                 float *out)
{
    const struct kernel_conv *s = w->s;

    int top = y * s->stride - s->pad, left = x * s->stride - s->pad, i = 0;

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

static void depthwise_f32(const struct kernel_conv *s, const void *packed, const float *in, float *out,
                          struct kernel_rect rect, float low, float high, void *scratch)
{
    struct sweep w = { s, packed, vector_set1(low), vector_set1(high) };
    size_t zero_bytes = tile_round(((size_t)s->oc + VECTOR) * sizeof(float));
    const float **tap = (const float **)((char *)scratch + zero_bytes);
    int fast = s->kh == s->kw && (s->kh == 3 || s->kh == 5) && s->stride <= 2;
    /* Columns a..b have their whole window inside the picture. */
    int a = tile_max(rect.x0, (s->pad + s->stride - 1) / s->stride);
    int b = tile_min(rect.x1, s->iw + s->pad >= s->kw ? (s->iw + s->pad - s->kw) / s->stride + 1 : 0);

    memset(scratch, 0, zero_bytes);
    for (int y = rect.y0; y < rect.y1; y++) {
        int iy = y * s->stride - s->pad, x = rect.x0;
        float *row = out + (size_t)y * s->ow * s->out_pitch;

        if (fast && iy >= 0 && iy + s->kh <= s->ih && a < b) {
            for (; x < a; x++)
                edge(&w, in, scratch, y, x, tap, row + (size_t)x * s->out_pitch);
            inside_any(&w, in + ((size_t)iy * s->iw + (size_t)(a * s->stride - s->pad)) * s->in_pitch,
                       row + (size_t)a * s->out_pitch, b - a);
            x = b;
        }
        for (; x < rect.x1; x++)
            edge(&w, in, scratch, y, x, tap, row + (size_t)x * s->out_pitch);
    }
}

static void fill_depthwise_f32(struct kernel_table *t)
{
    t->depthwise_f32_packed_bytes = packed_bytes;
    t->depthwise_f32_pack = pack;
    t->depthwise_f32_scratch_bytes = scratch_bytes;
    t->depthwise_f32 = depthwise_f32;
}

#endif
