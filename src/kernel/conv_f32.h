/* src/kernel/conv_f32.h: what the vector convolutions in fp32 share: packed weights, chunks, copies and
 * lists. Included by one file an instruction set, after its vector_f32.h and NR, the output channels of a
 * block; that file defines sum_all and channel_at. Private to the room.
 */
#ifndef KERNEL_CONV_F32_H
#define KERNEL_CONV_F32_H

#include "isa.h"
#include "tile.h"

/* Where the terms of an output lie, and the bounds of its value. */
struct taps {
    int runs, run;
    size_t step; /* floats from one run of an input to the next */
    vector low, high;
    int width;             /* outputs lie in rows of so many; 0: anywhere */
    size_t next, out_next; /* floats from an output's first input, from an output, to the next of its row */
};

/* `count` outputs, all channels. */
static void sum_all(const struct kernel_conv *s, const struct taps *taps, const float *packed, int count,
                    const float *const *in, float *const *out);

/* The channel of place j in a block that has `left` of them; `left` or more: none. */
static int channel_at(const struct kernel_conv *s, int j, int left);

/* Packed: for each block of NR output channels its biases, then its weights (kh, kw, ic, NR). */
static size_t block_floats(const struct kernel_conv *s)
{
    return (size_t)NR * (1 + (size_t)s->kh * s->kw * s->ic);
}

static size_t packed_bytes(const struct kernel_conv *s)
{
    return block_floats(s) * (size_t)((s->oc + NR - 1) / NR) * sizeof(float);
}

static size_t scratch_bytes(const struct kernel_conv *s)
{
    return tile_scratch_bytes(s, sizeof(float));
}

static void pack(const struct kernel_conv *s, const float *weight, const float *bias, void *packed)
{
    size_t k = (size_t)s->kh * s->kw * s->ic;
    float *p = packed;

    for (int block = 0; block < s->oc; block += NR) {
        int o[NR];

        for (int j = 0; j < NR; j++) {
            o[j] = block + channel_at(s, j, s->oc - block);
            *p++ = bias && o[j] < s->oc ? bias[o[j]] : 0.0f;
        }
        for (size_t i = 0; i < k; i++)
            for (int j = 0; j < NR; j++)
                *p++ = o[j] < s->oc ? weight[(size_t)o[j] * k + i] : 0.0f;
    }
}

static void pack_turned(const struct kernel_conv *s, const float *weight, void *packed)
{
    size_t taps = (size_t)s->kh * s->kw, oc = (size_t)s->oc;
    float *p = packed;

    for (int block = 0; block < s->oc; block += NR) {
        int left = tile_min(s->oc - block, NR), places = left;

        while (places < NR && channel_at(s, places, left) < left)
            places++;
        memset(p, 0, NR * sizeof *p);
        p += NR;
        for (size_t t = taps; t-- > 0;)
            for (size_t i = 0; i < (size_t)s->ic; i++, p += NR) {
                const float *from = weight + (i * taps + t) * oc + block;

                for (int j = 0; j < places; j++)
                    p[j] = from[channel_at(s, j, left)];
                memset(p + places, 0, (size_t)(NR - places) * sizeof *p);
            }
    }
}

static void points_f32(const struct kernel_conv *s, const void *packed, const float *const *in,
                       float *const *out, int count, float low, float high)
{
    struct taps t = { .runs = s->kh,
                      .run = s->kw * s->ic,
                      .step = (size_t)s->iw * s->in_pitch,
                      .low = vector_set1(low),
                      .high = vector_set1(high) };

    sum_all(s, &t, packed, count, in, out);
}

/* Copies what output rows y..y + rows of the rectangle read, zeros outside the picture. */
static void copy_input(const struct kernel_conv *s, const float *in, int y, int rows, int x0, int x1,
                       float *copy)
{
    int columns = tile_copy_columns(s, x1 - x0), step = s->stride / tile_copy_stride(s), ic = s->ic;
    int iy = y * s->stride - s->pad_y, left = x0 * s->stride - s->pad_x;
    /* Columns a..b of the copy lie inside the picture. */
    int a = tile_min(columns, left < 0 ? (-left + step - 1) / step : 0);
    int b = tile_min(columns, s->iw > left ? (s->iw - left + step - 1) / step : 0);

    for (int r = 0; r < tile_copy_rows(s, rows); r++, iy += step, copy += (size_t)columns * ic) {
        int inside = iy >= 0 && iy < s->ih && a < b;
        const float *row =
            inside ? in + ((size_t)iy * s->iw + (size_t)(left + a * step)) * s->in_pitch : NULL;
        size_t from = inside ? (size_t)a * ic : 0, to = inside ? (size_t)b * ic : 0;

        memset(copy, 0, from * sizeof *copy);
        if (inside && step == 1 && s->in_pitch == ic)
            memcpy(copy + from, row, (to - from) * sizeof *copy);
        else
            for (size_t i = from; i < to; i += (size_t)ic, row += (size_t)step * s->in_pitch)
                memcpy(copy + i, row, (size_t)ic * sizeof *copy);
        memset(copy + to, 0, ((size_t)columns * ic - to) * sizeof *copy);
    }
}

static void conv_f32(const struct kernel_conv *s, const void *packed, const float *in, float *out,
                     struct kernel_rect rect, float low, float high, void *scratch)
{
    int direct = kernel_is_direct(s), chunk = tile_rows(s, sizeof *in), width = rect.x1 - rect.x0;
    const float **from = scratch;
    float **to = (float **)((char *)scratch + tile_list_bytes(s, sizeof *in));
    float *copy = (float *)((char *)to + tile_list_bytes(s, sizeof *in));
    int columns = tile_copy_columns(s, width), stride = tile_copy_stride(s);
    struct taps t = { .runs = s->kh,
                      .run = s->kw * s->ic,
                      .step = (size_t)columns * s->ic,
                      .low = vector_set1(low),
                      .high = vector_set1(high),
                      .width = width,
                      .next = (size_t)(direct ? s->stride * s->in_pitch : stride * s->ic),
                      .out_next = (size_t)s->out_pitch };

    for (int y = rect.y0; y < rect.y1 && width > 0; y += chunk) {
        int rows = tile_min(chunk, rect.y1 - y);

        if (!direct)
            copy_input(s, in, y, rows, rect.x0, rect.x1, copy);
        for (int r = 0, p = 0; r < rows; r++)
            for (int x = rect.x0; x < rect.x1; x++, p++) {
                from[p] =
                    direct ? in + ((size_t)(y + r) * s->stride * s->iw + (size_t)x * s->stride) * s->in_pitch
                           : copy + ((size_t)r * columns + (size_t)(x - rect.x0)) * stride * s->ic;
                to[p] = out + ((size_t)(y + r) * s->ow + x) * s->out_pitch;
            }
        sum_all(s, &t, packed, rows * width, from, to);
    }
}

static void fill_conv_f32(struct kernel_table *t)
{
    t->conv_f32_packed_bytes = packed_bytes;
    t->conv_f32_pack = pack;
    t->conv_f32_pack_turned = pack_turned;
    t->conv_f32_scratch_bytes = scratch_bytes;
    t->conv_f32 = conv_f32;
    t->points_f32 = points_f32;
}

#endif
