/* src/kernel/avx512vnni/conv_f32.c: convolution in fp32, tiles of 12 positions by 32 output channels. */
#include <immintrin.h>

#include "../isa.h"
#include "../tile.h"

enum { MR = 12, NR = 32, VECTOR = 16 };

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
        for (int j = 0; j < NR; j++)
            *p++ = bias && block + j < s->oc ? bias[block + j] : 0.0f;
        for (size_t i = 0; i < k; i++)
            for (int j = 0; j < NR; j++)
                *p++ = block + j < s->oc ? weight[(size_t)(block + j) * k + i] : 0.0f;
    }
}

/* What a tile needs besides its size: where its terms lie and what becomes of the sums. */
struct tile {
    const float *w;
    int runs, run;
    size_t step; /* floats from one run of an input to the next */
    __m512 low, high;
    __mmask16 keep[2]; /* lanes of each vector that exist */
    int left, whole;   /* channels of the block; they fill its vectors */
};

/* A block's vectors: one, one and a half (17 to 24 channels, as in many networks' narrow layers), or two. */
enum form { ONE, HALF_MORE, TWO };

static inline __attribute__((always_inline)) void store(const struct tile *t, enum form form, __m512 v0,
                                                        __m512 v1, float *out)
{
    v0 = _mm512_min_ps(t->high, _mm512_max_ps(t->low, v0));
    v1 = _mm512_min_ps(t->high, _mm512_max_ps(t->low, v1));
    if (!t->whole) {
        _mm512_mask_storeu_ps(out, t->keep[0], v0);
        if (form != ONE)
            _mm512_mask_storeu_ps(out + VECTOR, t->keep[1], v1);
        return;
    }
    _mm512_storeu_ps(out, v0);
    if (form == TWO)
        _mm512_storeu_ps(out + VECTOR, v1);
    else if (form == HALF_MORE)
        _mm256_storeu_ps(out + VECTOR, _mm512_castps512_ps256(v1));
}

static inline __attribute__((always_inline)) void tile_sum(const struct tile *t, int mr, enum form form,
                                                           const float *const *in, float *const *out)
{
    const float *w = t->w, *a[MR];
    size_t run = (size_t)t->run;
    __m512 acc0[MR], acc1[MR], b1 = _mm512_setzero_ps();

#pragma GCC unroll 12
    for (int m = 0; m < mr; m++) {
        a[m] = in[m];
        acc0[m] = _mm512_load_ps(w);
        acc1[m] = form == ONE ? b1 : _mm512_load_ps(w + VECTOR);
    }
    w += NR;
    for (int r = 0; r < t->runs; r++) {
        for (size_t c = 0; c < run; c++, w += NR) {
            __m512 b0 = _mm512_load_ps(w);

            if (form == TWO)
                b1 = _mm512_load_ps(w + VECTOR);
            else if (form == HALF_MORE)
                b1 = _mm512_castps256_ps512(_mm256_load_ps(w + VECTOR));
#pragma GCC unroll 12
            for (int m = 0; m < mr; m++) {
                __m512 x = _mm512_set1_ps(a[m][c]);

                acc0[m] = _mm512_fmadd_ps(x, b0, acc0[m]);
                if (form == TWO)
                    acc1[m] = _mm512_fmadd_ps(x, b1, acc1[m]);
                else if (form == HALF_MORE)
                    acc1[m] = _mm512_castps256_ps512(_mm256_fmadd_ps(_mm512_castps512_ps256(x),
                                                                     _mm512_castps512_ps256(b1),
                                                                     _mm512_castps512_ps256(acc1[m])));
            }
        }
#pragma GCC unroll 12
        for (int m = 0; m < mr; m++)
            a[m] += t->step;
    }
#pragma GCC unroll 12
    for (int m = 0; m < mr; m++)
        store(t, form, acc0[m], acc1[m], out[m]);
}

/* `positions` outputs by one block of channels, which begins at `block` of each. */
static inline __attribute__((always_inline)) void sum_form(const struct tile *t, enum form form,
                                                           int positions, const float *const *in,
                                                           float *const *out, size_t block)
{
    float *to[MR];
    int p = 0;

    while (p < positions) {
        int mr = positions - p >= MR ? MR : positions - p >= 4 ? 4 : 1;

        for (int m = 0; m < mr; m++)
            to[m] = out[p + m] + block;
        if (mr == MR)
            tile_sum(t, MR, form, in + p, to);
        else if (mr == 4)
            tile_sum(t, 4, form, in + p, to);
        else
            tile_sum(t, 1, form, in + p, to);
        p += mr;
    }
}

static void sum_block(const struct tile *t, int positions, const float *const *in, float *const *out,
                      size_t block)
{
    if (t->left <= VECTOR)
        sum_form(t, ONE, positions, in, out, block);
    else if (t->left <= VECTOR + VECTOR / 2)
        sum_form(t, HALF_MORE, positions, in, out, block);
    else
        sum_form(t, TWO, positions, in, out, block);
}

/* `count` outputs, all channels. */
static void sum_all(const struct kernel_conv *s, struct tile *t, const float *packed, int count,
                    const float *const *in, float *const *out)
{
    t->w = packed;
    for (int block = 0; block < s->oc; block += NR, t->w += block_floats(s)) {
        uint32_t keep;

        t->left = tile_min(s->oc - block, NR);
        t->whole = t->left % (VECTOR / 2) == 0 && t->left != VECTOR / 2;
        keep = (uint32_t)((1ull << t->left) - 1);
        t->keep[0] = (__mmask16)keep;
        t->keep[1] = (__mmask16)(keep >> VECTOR);
        sum_block(t, count, in, out, (size_t)block);
    }
}

static void points_f32(const struct kernel_conv *s, const void *packed, const float *const *in,
                       float *const *out, int count, float low, float high)
{
    struct tile t = { .runs = s->kh,
                      .run = s->kw * s->ic,
                      .step = (size_t)s->iw * s->in_pitch,
                      .low = _mm512_set1_ps(low),
                      .high = _mm512_set1_ps(high) };

    sum_all(s, &t, packed, count, in, out);
}

/* Copies what output rows y..y + rows of the rectangle read, zeros outside the picture. */
static void copy_input(const struct kernel_conv *s, const float *in, int y, int rows, int x0, int x1,
                       float *copy)
{
    int columns = tile_copy_columns(s, x1 - x0), step = s->stride / tile_copy_stride(s), ic = s->ic;
    int iy = y * s->stride - s->pad, left = x0 * s->stride - s->pad;
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
    int direct = tile_direct(s), chunk = tile_rows(s, sizeof *in), width = rect.x1 - rect.x0;
    const float **from = scratch;
    float **to = (float **)((char *)scratch + tile_list_bytes(s, sizeof *in));
    float *copy = (float *)((char *)to + tile_list_bytes(s, sizeof *in));
    int columns = tile_copy_columns(s, width), stride = tile_copy_stride(s);
    struct tile t = { .runs = s->kh,
                      .run = s->kw * s->ic,
                      .step = (size_t)columns * s->ic,
                      .low = _mm512_set1_ps(low),
                      .high = _mm512_set1_ps(high) };

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

void conv_f32_fill_avx512vnni(struct kernel_table *t)
{
    t->conv_f32_packed_bytes = packed_bytes;
    t->conv_f32_pack = pack;
    t->conv_f32_scratch_bytes = scratch_bytes;
    t->conv_f32 = conv_f32;
    t->points_f32 = points_f32;
}
