/* src/kernel/avx512vnni/conv_u8.c: convolution of u8 codes, tiles of up to 14 positions by 32 output
 * channels, four terms a step with vpdpbusd, whose sums of u8 by s8 products are exact. */
#include "../isa.h"
#include "../scalar.h"
#include "../tile.h"
#include "dot.h"
#include "requant.h"

enum { MR = 14, NR = REQUANT_LANES };

/* Steps of four terms in a run (kw * ic neighbours), filled up with zero weights: what is read beyond a run
 * has no effect. */
static int run_steps(const struct kernel_conv *s)
{
    return (s->kw * s->ic + 3) / 4;
}

/* Packed: for each block of NR output channels, in the order of requant.h, -zero_point_in * sum(w) as s32,
 * then its weights (kh, step, NR, 4). */
static size_t block_bytes(const struct kernel_conv *s)
{
    return NR * (sizeof(int32_t) + (size_t)s->kh * run_steps(s) * 4);
}

static size_t packed_bytes(const struct kernel_conv *s)
{
    return block_bytes(s) * (size_t)((s->oc + NR - 1) / NR);
}

/* The chunk, then the sums of its positions' windows. */
static size_t scratch_bytes(const struct kernel_conv *s)
{
    return tile_round(tile_scratch_bytes(s, 1)) + tile_sums_bytes(s, 1);
}

static void pack(const struct kernel_conv *s, const int8_t *weight, void *packed)
{
    int run = s->kw * s->ic, steps = run_steps(s);

    memset(packed, 0, packed_bytes(s));
    for (int block = 0; block < s->oc; block += NR) {
        int32_t *start = (int32_t *)((char *)packed + block_bytes(s) * (size_t)(block / NR));
        int8_t *w = (int8_t *)(start + NR);

        for (int j = 0; j < NR; j++) {
            int o = block + requant_channel(j, s->oc - block);

            for (int r = 0; o < s->oc && r < s->kh; r++)
                for (int i = 0; i < run; i++) {
                    int8_t v = weight[((size_t)o * s->kh + r) * run + i];

                    w[(((size_t)r * steps + i / 4) * NR + j) * 4 + i % 4] = v;
                    start[j] -= s->zero_point_in * v;
                }
        }
    }
}

/* What a tile needs besides its size: where its terms lie and what becomes of the sums. */
struct tile {
    const char *packed;
    int runs, steps;
    int run;      /* codes of a run */
    size_t step;  /* codes from one run of an input to the next */
    size_t ahead; /* bytes from a weight to the one that is fetched meanwhile */
    const int32_t
        *window; /* of each position the window's codes less their zero points; NULL: weights have none */
    struct requant_block requant;
};

/* The sum of a window's codes. */
static inline int32_t sum_window(const struct tile *t, const uint8_t *in)
{
    __m512i sum = _mm512_setzero_si512();

    for (int r = 0; r < t->runs; r++, in += t->step)
        for (int i = 0; i < t->run; i += 64) {
            __mmask64 keep = t->run - i < 64 ? (1ull << (t->run - i)) - 1 : ~0ull;
            __m512i codes = _mm512_maskz_loadu_epi8(keep, in + i);

            sum = _mm512_add_epi64(sum, _mm512_sad_epu8(codes, _mm512_setzero_si512()));
        }
    return (int32_t)_mm512_reduce_add_epi64(sum);
}

/* What scalar_requant_is_rare names: apart, so that other sums keep their registers. */
static __attribute__((noinline)) void store_apart(const struct tile *t, int nv, const uint8_t *in,
                                                  uint8_t *out, const __m512i acc[2])
{
    const struct requant_block *b = &t->requant;
    __m512i sum[2] = { acc[0], acc[nv - 1] };

    if (b->odd) {
        __m512i window = _mm512_set1_epi32(sum_window(t, in));

        sum[0] = _mm512_add_epi32(_mm512_add_epi32(sum[0], sum[0]), window);
        sum[1] = _mm512_add_epi32(_mm512_add_epi32(sum[1], sum[1]), window);
    }
    if (b->mode == REQUANT_REAL || b->mode == REQUANT_SUM)
        requant_store_values(b, sum, (float *)(void *)out);
    else if (nv == 2)
        requant_one_word(
            b, requant_pack(b, requant_round_rare(b, 0, sum[0]), requant_round_rare(b, 1, sum[1])), out);
    else
        requant_narrow_round(b, requant_round_rare(b, 0, sum[0]), out);
}

/* What the weights' zero points take away of the sums. */
static inline __attribute__((always_inline)) void take_windows(const struct tile *t, int mr, int nv,
                                                               __m512i (*acc)[2])
{
#pragma GCC unroll 14
    for (int m = 0; m < mr; m++)
#pragma GCC unroll 2
        for (int v = 0; v < nv; v++)
            acc[m][v] = _mm512_sub_epi32(acc[m][v], _mm512_mullo_epi32(_mm512_set1_epi32(t->window[m]),
                                                                       t->requant.weight_zero_point[v]));
}

/* A block of one vector is the last: there is nothing to fetch. */
static inline __attribute__((always_inline)) void tile_sum(const struct tile *t, int mr, int nv, int apart,
                                                           const uint8_t *const *in, uint8_t *const *out,
                                                           size_t block)
{
    const char *w = t->packed;
    const uint8_t *a[MR];
    size_t terms = 4 * (size_t)t->steps, ahead = t->ahead;
    __m512i acc[MR][2], sum[MR][2];

#pragma GCC unroll 14
    for (int m = 0; m < mr; m++) {
        a[m] = in[m];
#pragma GCC unroll 2
        for (int v = 0; v < nv; v++)
            acc[m][v] = _mm512_add_epi32(_mm512_load_si512(w + v * 64), t->requant.bias_int[v]);
    }
    if (t->window)
        take_windows(t, mr, nv, acc);
    w += 128;
    for (int r = 0; r < t->runs; r++) {
        for (size_t c = 0; c < terms; c += 4, w += 128) {
            __m512i b[2];

#pragma GCC unroll 2
            for (int v = 0; v < nv; v++) {
                b[v] = _mm512_load_si512(w + v * 64);
                if (nv == 2)
                    _mm_prefetch(w + ahead + v * 64, _MM_HINT_T1);
            }
#pragma GCC unroll 14
            for (int m = 0; m < mr; m++) {
                int32_t four;
                __m512i x;

                memcpy(&four, a[m] + c, sizeof four);
                x = _mm512_set1_epi32(four);
#pragma GCC unroll 2
                for (int v = 0; v < nv; v++)
                    dot(&acc[m][v], x, b[v]);
            }
        }
#pragma GCC unroll 14
        for (int m = 0; m < mr; m++)
            a[m] += t->step;
    }
#pragma GCC unroll 14
    for (int m = 0; m < mr; m++)
        if (apart)
            sum[m][0] = acc[m][0], sum[m][1] = acc[m][nv - 1];
        else if (nv == 2 && m % 2 == 0 && m + 1 < mr)
            requant_two(&t->requant, acc[m], acc[m + 1], out[m] + block, out[m + 1] + block);
        else if (nv == 2 && m % 2 == 0)
            requant_one(&t->requant, acc[m], out[m] + block);
        else if (nv == 1)
            requant_narrow(&t->requant, acc[m][0], out[m] + block);
    for (int m = 0; apart && m < mr; m++)
        store_apart(t, nv, in[m], out[m] + block, sum[m]);
}

static void sum_tile(const struct tile *t, int mr, int nv, const uint8_t *const *in, uint8_t *const *out,
                     size_t block)
{
#define SIZE(size)                                                                                           \
    case size:                                                                                               \
        if (nv == 2)                                                                                         \
            tile_sum(t, size, 2, 0, in, out, block);                                                         \
        else                                                                                                 \
            tile_sum(t, size, 1, 0, in, out, block);                                                         \
        break;

    switch (mr) {
        TILE_1_TO_14
    }
#undef SIZE
}

/* `positions` outputs by one block of channels, cut evenly; the first tile fetches the next block. */
static void sum_block(struct tile *t, int positions, const uint8_t *const *in, uint8_t *const *out,
                      size_t block, size_t next)
{
    struct cut cut = tile_even(positions, MR);
    int nv = t->requant.left > REQUANT_VECTOR ? 2 : 1;
    const int32_t *window = t->window;

    for (int i = 0, p = 0, mr; i < cut.parts; i++, p += mr) {
        mr = cut.size + (i < cut.longer);
        t->ahead = tile_ahead(i, cut.parts, next, 1);
        t->window = window ? window + p : NULL;
        sum_tile(t, mr, nv, in + p, out + p, block);
    }
    t->window = window;
}

/* The same of what store_apart writes. */
static void sum_apart(struct tile *t, int positions, const uint8_t *const *in, uint8_t *const *out,
                      size_t block)
{
    int wide = t->requant.left > REQUANT_VECTOR;
    const int32_t *window = t->window;

    t->ahead = 0;
    for (int p = 0, mr; p < positions; p += mr) {
        mr = positions - p < MR ? 1 : MR;
        t->window = window ? window + p : NULL;
        if (mr == MR && wide)
            tile_sum(t, MR, 2, 1, in + p, out + p, block);
        else if (mr == MR)
            tile_sum(t, MR, 1, 1, in + p, out + p, block);
        else if (wide)
            tile_sum(t, 1, 2, 1, in + p, out + p, block);
        else
            tile_sum(t, 1, 1, 1, in + p, out + p, block);
    }
    t->window = window;
}

/* `count` outputs, all channels; window: room for as many sums. */
static void sum_all(const struct kernel_conv *s, struct tile *t, const char *packed,
                    const struct kernel_requant *requant, int count, const uint8_t *const *in,
                    uint8_t *const *out, int32_t *window)
{
    int apart = scalar_requant_is_rare(requant);
    size_t element = scalar_requant_bytes(requant);

    t->packed = packed;
    t->run = s->kw * s->ic;
    t->window = requant->weight_zero_point ? window : NULL;
    for (int i = 0; t->window && i < count; i++)
        window[i] = sum_window(t, in[i]) - s->zero_point_in * s->kh * s->kw * s->ic;
    for (int block = 0; block < s->oc; block += NR, t->packed += block_bytes(s)) {
        requant_load(&t->requant, requant, block, s->oc - block);
        if (apart)
            sum_apart(t, count, in, out, (size_t)block * element);
        else
            sum_block(t, count, in, out, (size_t)block, block + NR < s->oc ? block_bytes(s) : 0);
    }
}

static size_t points_scratch_bytes(const struct kernel_conv *s, int count)
{
    (void)s;
    return tile_round((size_t)count * sizeof(int32_t));
}

static void points_u8(const struct kernel_conv *s, const void *packed, const uint8_t *const *in,
                      uint8_t *const *out, int count, const struct kernel_requant *requant,
                      enum kernel_saturation saturation, void *scratch)
{
    struct tile t = { .runs = s->kh, .steps = run_steps(s), .step = (size_t)s->iw * s->in_pitch };

    (void)saturation;
    sum_all(s, &t, packed, requant, count, in, out, scratch);
}

/* Copies what output rows y..y + rows of the rectangle read, the zero point outside the picture. */
static void copy_input(const struct kernel_conv *s, const uint8_t *in, int y, int rows, int x0, int x1,
                       uint8_t *copy)
{
    int columns = tile_copy_columns(s, x1 - x0), step = s->stride / tile_copy_stride(s), ic = s->ic;
    int iy = y * s->stride - s->pad_y, left = x0 * s->stride - s->pad_x;
    /* Columns a..b of the copy lie inside the picture. */
    int a = tile_min(columns, left < 0 ? (-left + step - 1) / step : 0);
    int b = tile_min(columns, s->iw > left ? (s->iw - left + step - 1) / step : 0);

    for (int r = 0; r < tile_copy_rows(s, rows); r++, iy += step, copy += (size_t)columns * ic) {
        int inside = iy >= 0 && iy < s->ih && a < b;
        const uint8_t *row =
            inside ? in + ((size_t)iy * s->iw + (size_t)(left + a * step)) * s->in_pitch : NULL;
        size_t from = inside ? (size_t)a * ic : 0, to = inside ? (size_t)b * ic : 0;

        memset(copy, s->zero_point_in, from);
        if (inside && step == 1 && s->in_pitch == ic)
            memcpy(copy + from, row, to - from);
        else
            for (size_t i = from; i < to; i += (size_t)ic, row += (size_t)step * s->in_pitch)
                memcpy(copy + i, row, (size_t)ic);
        memset(copy + to, s->zero_point_in, (size_t)columns * ic - to);
    }
}

static void conv_u8(const struct kernel_conv *s, const void *packed, const uint8_t *in, uint8_t *out,
                    struct kernel_rect rect, const struct kernel_requant *requant,
                    enum kernel_saturation saturation, void *scratch)
{
    int direct = kernel_is_direct(s), chunk = tile_rows(s, 1), width = rect.x1 - rect.x0;
    const uint8_t **from = scratch;
    uint8_t **to = (uint8_t **)((char *)scratch + tile_list_bytes(s, 1));
    uint8_t *copy = (uint8_t *)to + tile_list_bytes(s, 1);
    int32_t *window = (int32_t *)((char *)scratch + tile_round(tile_scratch_bytes(s, 1)));
    int columns = tile_copy_columns(s, width), stride = tile_copy_stride(s);
    struct tile t = { .runs = s->kh, .steps = run_steps(s), .step = (size_t)columns * s->ic };
    size_t pitch = (size_t)s->out_pitch * scalar_requant_bytes(requant);

    (void)saturation;
    for (int y = rect.y0; y < rect.y1 && width > 0; y += chunk) {
        int rows = tile_min(chunk, rect.y1 - y);

        if (!direct)
            copy_input(s, in, y, rows, rect.x0, rect.x1, copy);
        for (int r = 0, p = 0; r < rows; r++)
            for (int x = rect.x0; x < rect.x1; x++, p++) {
                from[p] =
                    direct ? in + ((size_t)(y + r) * s->stride * s->iw + (size_t)x * s->stride) * s->in_pitch
                           : copy + ((size_t)r * columns + (size_t)(x - rect.x0)) * stride * s->ic;
                to[p] = out + ((size_t)(y + r) * s->ow + x) * pitch;
            }
        sum_all(s, &t, packed, requant, rows * width, from, to, window);
    }
}

void conv_u8_fill_avx512vnni(struct kernel_table *t)
{
    t->conv_u8_packed_bytes = packed_bytes;
    t->conv_u8_pack = pack;
    t->conv_u8_scratch_bytes = scratch_bytes;
    t->conv_u8 = conv_u8;
    t->points_u8_scratch_bytes = points_scratch_bytes;
    t->points_u8 = points_u8;
}
