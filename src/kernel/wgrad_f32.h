/* src/kernel/wgrad_f32.h: the gradient of a convolution's weights by tiles of sums in registers: some rows
 * (a tap's channel each) by one or two vectors of output channels, past which the positions stream. Included
 * by one file an instruction set, after its vector_f32.h and ROWS_ONE, ROWS_TWO, the most rows beside one and
 * beside two vectors. Private to the room.
 *
 * The rows of a kernel line are neighbours in the input where that needs no padding, else in a copy with the
 * padding written out; where a line is short, each position's whole window is copied.
 */
#ifndef KERNEL_WGRAD_F32_H
#define KERNEL_WGRAD_F32_H

#include <string.h>

#include "isa.h"
#include "tile.h"

enum { SHORT_RUN = 12, CACHE_BYTES = 32768 };

/* Where rows and positions lie. */
struct form {
    int runs, run;          /* kernel lines, rows of each */
    size_t line, row, step; /* floats from a kernel line, an output row, an output position to the next */
};

/* Positions that stream past a tile. */
struct stream {
    const float *a, *d;
    int rows, columns;
    size_t row, step, d_row, d_step;
};

static int is_direct(const struct kernel_conv *s)
{
    return s->pad_y == 0 && s->pad_x == 0 && (s->oh - 1) * s->stride + s->kh <= s->ih &&
           (s->ow - 1) * s->stride + s->kw <= s->iw && (s->in_pitch == s->ic || s->kw == 1);
}

static int is_short(const struct kernel_conv *s)
{
    return s->kh > 1 && s->kw * s->ic < SHORT_RUN;
}

static int copy_columns(const struct kernel_conv *s)
{
    return (s->ow - 1) * s->stride + s->kw;
}

static struct form form_of(const struct kernel_conv *s)
{
    size_t ic = (size_t)s->ic, window = (size_t)s->kh * s->kw * ic,
           line = (size_t)(is_direct(s) ? s->iw * s->in_pitch : copy_columns(s) * s->ic);

    if (is_short(s))
        return (struct form){ 1, (int)window, 0, window * (size_t)s->ow, window };
    return (struct form){ s->kh, s->kw * s->ic, line, line * (size_t)s->stride,
                          (size_t)s->stride * (is_direct(s) ? (size_t)s->in_pitch : ic) };
}

static size_t scratch_bytes(const struct kernel_conv *s)
{
    size_t floats = is_short(s) ? (size_t)s->oh * s->ow * s->kh * s->kw * s->ic
                                : (size_t)((s->oh - 1) * s->stride + s->kh) * copy_columns(s) * s->ic;

    return tile_round(floats * sizeof(float)) + TILE_SLACK;
}

/* `count` input positions from column ix of row iy on, zeros outside the picture. */
static float *copy_run(const struct kernel_conv *s, const float *in, int iy, int ix, int count, float *copy)
{
    size_t ic = (size_t)s->ic;

    for (int i = 0; i < count;) {
        int inside = iy >= 0 && iy < s->ih && ix + i >= 0 && ix + i < s->iw, n = 1;

        if (!inside) {
            memset(copy, 0, ic * sizeof *copy);
        } else {
            const float *from = in + ((size_t)iy * s->iw + (size_t)(ix + i)) * s->in_pitch;

            n = s->in_pitch == s->ic ? tile_min(count - i, s->iw - ix - i) : 1;
            for (size_t j = 0; n < 2 && j < ic; j++)
                copy[j] = from[j];
            if (n > 1)
                memcpy(copy, from, (size_t)n * ic * sizeof *copy);
        }
        copy += (size_t)n * ic;
        i += n;
    }
    return copy;
}

static void copy_input(const struct kernel_conv *s, const float *in, float *copy)
{
    if (!is_short(s)) {
        for (int r = 0; r < (s->oh - 1) * s->stride + s->kh; r++)
            copy = copy_run(s, in, r - s->pad_y, -s->pad_x, copy_columns(s), copy);
        return;
    }
    for (int y = 0; y < s->oh; y++)
        for (int x = 0; x < s->ow; x++)
            for (int ky = 0; ky < s->kh; ky++)
                copy = copy_run(s, in, y * s->stride - s->pad_y + ky, x * s->stride - s->pad_x, s->kw, copy);
}

static inline __attribute__((always_inline)) void tile(const struct stream *t, int mr, int two, float *sum,
                                                       size_t lanes)
{
    vector acc0[ROWS_ONE], acc1[ROWS_TWO];

#pragma GCC unroll 28
    for (int m = 0; m < mr; m++) {
        acc0[m] = vector_loadu(sum + (size_t)m * lanes);
        if (two)
            acc1[m] = vector_loadu(sum + (size_t)m * lanes + VECTOR);
    }
    for (int y = 0; y < t->rows; y++) {
        const float *a = t->a + (size_t)y * t->row, *d = t->d + (size_t)y * t->d_row;

        for (int x = 0; x < t->columns; x++, a += t->step, d += t->d_step) {
            vector d0 = vector_loadu(d), d1 = two ? vector_loadu(d + VECTOR) : d0;

#pragma GCC unroll 28
            for (int m = 0; m < mr; m++) {
                vector v = vector_set1(a[m]);

                acc0[m] = vector_fma(v, d0, acc0[m]);
                if (two)
                    acc1[m] = vector_fma(v, d1, acc1[m]);
            }
        }
    }
#pragma GCC unroll 28
    for (int m = 0; m < mr; m++) {
        vector_store(sum + (size_t)m * lanes, VECTOR, acc0[m]);
        if (two)
            vector_store(sum + (size_t)m * lanes + VECTOR, VECTOR, acc1[m]);
    }
}

#define SIZE(mr)                                                                                             \
    case mr:                                                                                                 \
        if (mr <= most)                                                                                      \
            tile(t, mr <= most ? mr : 1, two, sum, lanes);                                                   \
        break;

static inline __attribute__((always_inline)) void any_tile(const struct stream *t, int rows, int two,
                                                           float *sum, size_t lanes)
{
    const int most = two ? ROWS_TWO : ROWS_ONE;

    switch (rows) {
        TILE_1_TO_28
    }
#undef SIZE
}

/* The rows of a kernel line by the block's output channels, of which `left` remain. */
static void sum_line(struct stream t, int run, int left, float *sum, size_t lanes)
{
    int two = left > VECTOR, parts = tile_parts(run, two ? ROWS_TWO : ROWS_ONE);
    const float *a = t.a;

    for (int i = 0; i < parts; i++) {
        int first = tile_cut(run, parts, i), rows = tile_cut(run, parts, i + 1) - first;

        t.a = a + first;
        if (two)
            any_tile(&t, rows, 1, sum + (size_t)first * lanes, lanes);
        else
            any_tile(&t, rows, 0, sum + (size_t)first * lanes, lanes);
    }
}

static void wgrad_f32(const struct kernel_conv *s, const float *in, const float *dout, float *sum,
                      void *scratch)
{
    struct form f = form_of(s);
    size_t lanes = (size_t)kernel_lanes(s->oc), d_row = (size_t)s->ow * s->out_pitch;
    int rows = (int)(CACHE_BYTES / ((d_row + f.row) * sizeof(float)));

    if (is_short(s) || !is_direct(s)) {
        copy_input(s, in, scratch);
        in = scratch;
    }
    rows = tile_max(1, tile_min(rows, s->oh));
    for (int y = 0; y < s->oh; y += rows)
        for (int k = 0; k < f.runs; k++)
            for (int block = 0; block < s->oc; block += 2 * VECTOR) {
                struct stream t = { .a = in + (size_t)y * f.row + (size_t)k * f.line,
                                    .d = dout + (size_t)y * d_row + (size_t)block,
                                    .rows = tile_min(rows, s->oh - y),
                                    .columns = s->ow,
                                    .row = f.row,
                                    .step = f.step,
                                    .d_row = d_row,
                                    .d_step = (size_t)s->out_pitch };

                sum_line(t, f.run, s->oc - block, sum + (size_t)(k * f.run) * lanes + (size_t)block, lanes);
            }
}

static void wgrad_depthwise_f32(const struct kernel_conv *s, const float *in, const float *dout, float *sum)
{
    for (int ky = 0; ky < s->kh; ky++)
        for (int kx = 0; kx < s->kw; kx++, sum += kernel_lanes(s->oc))
            for (int c = 0; c < s->oc; c += VECTOR) {
                vector acc = vector_loadu(sum + c);

                for (int y = 0; y < s->oh; y++)
                    for (int x = 0; x < s->ow; x++) {
                        int iy = y * s->stride - s->pad_y + ky, ix = x * s->stride - s->pad_x + kx;
                        int inside = iy >= 0 && iy < s->ih && ix >= 0 && ix < s->iw;
                        const float *d = dout + ((size_t)y * s->ow + x) * s->out_pitch + c;
                        vector v = inside ? vector_loadu(in + ((size_t)iy * s->iw + ix) * s->in_pitch + c)
                                          : vector_set1(0.0f);

                        acc = vector_fma(v, vector_loadu(d), acc);
                    }
                vector_store(sum + c, VECTOR, acc);
            }
}

static void fill_wgrad_f32(struct kernel_table *t)
{
    t->wgrad_f32_scratch_bytes = scratch_bytes;
    t->wgrad_f32 = wgrad_f32;
    t->wgrad_depthwise_f32 = wgrad_depthwise_f32;
}

#endif
