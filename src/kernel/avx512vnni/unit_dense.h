/* src/kernel/avx512vnni/unit_dense.h: the dense layers of a unit of codes, tiles of up to 14 positions by 32
 * output channels, or 16 by 16. Included by unit_u8.c alone. */
#ifndef KERNEL_AVX512VNNI_UNIT_DENSE_H
#define KERNEL_AVX512VNNI_UNIT_DENSE_H

#include "../unit.h"
#include "dot.h"
#include "requant.h"

enum {
    LANES = 32, /* channels of a plane */
    LINE = 64,
    MOST = 14,   /* positions of a tile by 32 channels */
    NARROW = 16, /* and by 16 */
};

static int planes(int channels)
{
    return (channels + LANES - 1) / LANES;
}

/* How sums become codes, a constant of the code that does it. */
enum form {
    FORM_REAL = 1, /* fbgemm's bias is real */
    FORM_PLAIN = 2 /* packing alone clamps: nothing is added, and all codes exist */
};

static int form_of(const struct kernel_requant *q)
{
    return (q->mode != REQUANT_QNNPACK ? FORM_REAL : 0) |
           (q->zero_point_out == 0 && q->low == 0 && q->high == 255 ? FORM_PLAIN : 0);
}

/* ---- packed weights ------------------------------------------------------------------------------------ */

/* Dense layers: for each block of 32 output channels, in the order of requant.h, -zero_point_in * sum(w) as
 * s32, then the weights (run, step, 32, 4). A run: of an expansion, a window's row; of a projection, a plane.
 */
struct dense {
    int runs, steps;
};

static struct dense dense_of(const struct kernel_unit *u, int part)
{
    const struct kernel_conv *s = &u->part[part];

    if (part == KERNEL_UNIT_PROJECT)
        return (struct dense){ planes(s->ic), LANES / 4 };
    return (struct dense){ s->kh, (s->kw * s->ic + 3) / 4 };
}

static size_t dense_block(struct dense d)
{
    return LANES * (sizeof(int32_t) + (size_t)d.runs * (size_t)d.steps * 4);
}

static void pack_dense(const struct kernel_unit *u, int part, const int8_t *weight, char *to)
{
    const struct kernel_conv *s = &u->part[part];
    struct dense d = dense_of(u, part);
    int run = part == KERNEL_UNIT_PROJECT ? LANES : s->kw * s->ic, terms = s->kh * s->kw * s->ic;

    for (int block = 0; block < s->oc; block += LANES, to += dense_block(d)) {
        int32_t *start = (int32_t *)to;
        int8_t *w = (int8_t *)(start + LANES);

        for (int j = 0; j < LANES; j++) {
            int o = block + requant_channel(j, s->oc - block);

            for (int i = 0; o < s->oc && i < terms; i++) {
                int8_t v = weight[(size_t)o * (size_t)terms + (size_t)i];

                w[((i / run * d.steps + i % run / 4) * LANES + j) * 4 + i % run % 4] = v;
                start[j] -= s->zero_point_in * v;
            }
        }
    }
}

/* ---- tiles --------------------------------------------------------------------------------------------- */

/* Neighbouring positions, and the sizes of the tiles that compute them: of 32 and of 16 channels. */
struct span {
    const uint8_t *in;
    uint8_t *out;
    int count, wide, narrow;
};

/* A dense layer of some spans, a block of 32 output channels at a time. */
struct tile {
    const char *packed; /* the block's */
    struct dense d;
    size_t run;               /* from one run of an input to the next */
    size_t in_step, out_step; /* from a position to the next */
    int whole;                /* two positions' channels lie side by side, and all 32 may be written */
    int form;
    struct requant_block requant;
};

static inline __m512i broadcast(const uint8_t *p)
{
    int32_t four;

    memcpy(&four, p, sizeof four);
    return _mm512_set1_epi32(four);
}

/* A pointer serves three positions: the general registers would not hold one for each. */
static inline __attribute__((always_inline)) void sum(const struct tile *t, int mr, int nv, const uint8_t *in,
                                                      __m512i (*acc)[2])
{
    const char *w = t->packed + 2 * LINE;
    const uint8_t *a[(NARROW + 2) / 3];
    size_t step = t->in_step, rest = t->run - 4 * (size_t)t->d.steps;

#pragma GCC unroll 6
    for (int i = 0; i < (mr + 2) / 3; i++)
        a[i] = in + (size_t)(3 * i) * step;
#pragma GCC unroll 16
    for (int m = 0; m < mr; m++)
#pragma GCC unroll 2
        for (int v = 0; v < nv; v++)
            acc[m][v] = _mm512_add_epi32(_mm512_load_si512(t->packed + v * LINE), t->requant.bias_int[v]);
    for (int r = 0; r < t->d.runs; r++) {
        for (int c = 0; c < t->d.steps; c++, w += 2 * LINE) {
            __m512i b[2];

#pragma GCC unroll 2
            for (int v = 0; v < nv; v++)
                b[v] = _mm512_load_si512(w + v * LINE);
#pragma GCC unroll 16
            for (int m = 0; m < mr; m++) {
                __m512i x = broadcast(a[m / 3] + (size_t)(m % 3) * step);

#pragma GCC unroll 2
                for (int v = 0; v < nv; v++)
                    dot(&acc[m][v], x, b[v]);
            }
#pragma GCC unroll 6
            for (int i = 0; i < (mr + 2) / 3; i++)
                a[i] += 4;
        }
#pragma GCC unroll 6
        for (int i = 0; i < (mr + 2) / 3; i++)
            a[i] += rest;
    }
}

static inline __attribute__((always_inline)) __m512i rounded(const struct tile *t, int form, int v,
                                                             __m512i acc)
{
    __m512 x = _mm512_cvtepi32_ps(acc);

    if (form & FORM_REAL)
        x = _mm512_fmadd_ps(t->requant.bias_real[v], t->requant.inverse, x);
    return _mm512_cvtps_epi32(_mm512_mul_ps(x, t->requant.multiplier[v]));
}

static inline __attribute__((always_inline)) __m512i words(const struct tile *t, int form, int v, __m512i a,
                                                           int w, __m512i b)
{
    __m512i x = _mm512_packs_epi32(rounded(t, form, v, a), rounded(t, form, w, b));

    return form & FORM_PLAIN ? x : _mm512_adds_epi16(x, t->requant.zero_point);
}

static inline __attribute__((always_inline)) __m512i codes(const struct tile *t, int form, __m512i a,
                                                           __m512i b)
{
    __m512i x = _mm512_packus_epi16(a, b);

    return form & FORM_PLAIN ? x
                             : _mm512_min_epu8(_mm512_max_epu8(x, t->requant.low_code), t->requant.high_code);
}

/* Two positions by 32 channels, which may be the same. */
static inline __attribute__((always_inline)) void store_two(const struct tile *t, int form, const __m512i *p,
                                                            const __m512i *q, uint8_t *a, uint8_t *b)
{
    const __m512i apart = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    __m512i x = codes(t, form, words(t, form, 0, p[0], 1, p[1]), words(t, form, 0, q[0], 1, q[1]));

    x = _mm512_permutexvar_epi64(apart, x);
    if (t->whole) {
        _mm512_storeu_si512(a, x);
        return;
    }
    requant_store(&t->requant, _mm512_castsi512_si256(x), a);
    requant_store(&t->requant, _mm512_extracti64x4_epi64(x, 1), b);
}

/* Four positions by 16 channels. */
static inline __attribute__((always_inline)) void store_four(const struct tile *t, int form,
                                                             __m512i (*acc)[2], uint8_t *out)
{
    const __m512i apart = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __mmask16 keep = (__mmask16)t->requant.keep;
    __m512i x = codes(t, form, words(t, form, 0, acc[0][0], 0, acc[1][0]),
                      words(t, form, 0, acc[2][0], 0, acc[3][0]));

    x = _mm512_permutexvar_epi32(apart, x);
    if (t->out_step == REQUANT_VECTOR && t->requant.left == REQUANT_VECTOR) {
        _mm512_storeu_si512(out, x);
        return;
    }
    _mm_mask_storeu_epi8(out, keep, _mm512_castsi512_si128(x));
    _mm_mask_storeu_epi8(out + t->out_step, keep, _mm512_extracti32x4_epi32(x, 1));
    _mm_mask_storeu_epi8(out + 2 * t->out_step, keep, _mm512_extracti32x4_epi32(x, 2));
    _mm_mask_storeu_epi8(out + 3 * t->out_step, keep, _mm512_extracti32x4_epi32(x, 3));
}

static inline __attribute__((always_inline)) void wide(const struct tile *t, int form, int mr,
                                                       const uint8_t *in, uint8_t *out)
{
    __m512i acc[MOST][2];

    sum(t, mr, 2, in, acc);
    if (mr == 1) {
        requant_one(&t->requant, acc[0], out);
        return;
    }
#pragma GCC unroll 16
    for (int m = 0; m < mr; m += 2) {
        int first = m + 1 < mr ? m : m - 1; /* an odd one is computed with its neighbour again */

        store_two(t, form, acc[first], acc[first + 1], out + (size_t)first * t->out_step,
                  out + (size_t)(first + 1) * t->out_step);
    }
}

static inline __attribute__((always_inline)) void narrow(const struct tile *t, int form, int mr,
                                                         const uint8_t *in, uint8_t *out)
{
    __m512i acc[NARROW][2];

    sum(t, mr, 1, in, acc);
    if (mr == 1) {
        requant_narrow(&t->requant, acc[0][0], out);
        return;
    }
#pragma GCC unroll 16
    for (int m = 0; m < mr; m += 4)
        store_four(t, form, acc + m, out + (size_t)m * t->out_step);
}

static inline __attribute__((always_inline)) void of_size(const struct tile *t, int form, int is_wide, int mr,
                                                          const uint8_t *in, uint8_t *out)
{
#define SIZE(function, size)                                                                                 \
    case size:                                                                                               \
        function(t, form, size, in, out);                                                                    \
        break;

    if (is_wide)
        switch (mr) {
            SIZE(wide, 1)
            SIZE(wide, 2)
            SIZE(wide, 4)
            SIZE(wide, 6)
            SIZE(wide, 7)
            SIZE(wide, 8)
            SIZE(wide, 10)
            SIZE(wide, 12)
            SIZE(wide, MOST)
        }
    else
        switch (mr) {
            SIZE(narrow, 1)
            SIZE(narrow, 4)
            SIZE(narrow, 8)
            SIZE(narrow, NARROW)
        }
#undef SIZE
}

static void tile_run(const struct tile *t, int is_wide, int mr, const uint8_t *in, uint8_t *out)
{
    switch (t->form) {
    case 0:
        of_size(t, 0, is_wide, mr, in, out);
        break;
    case FORM_REAL:
        of_size(t, FORM_REAL, is_wide, mr, in, out);
        break;
    case FORM_PLAIN:
        of_size(t, FORM_PLAIN, is_wide, mr, in, out);
        break;
    default:
        of_size(t, FORM_REAL | FORM_PLAIN, is_wide, mr, in, out);
        break;
    }
}

/* The size of the tiles that compute `count` positions in the fewest parts: an even cut, up to the next size
 * that there is. Tiles overlap rather than reach beyond. */
static int tile_size(int is_wide, int count)
{
    static const uint8_t wides[MOST + 1] = { 0, 1, 2, 4, 4, 6, 6, 7, 8, 10, 10, 12, 12, 14, 14 },
                                      narrows[NARROW + 1] = { 0,  1,  4,  4,  4,  8,  8,  8, 8,
                                                              16, 16, 16, 16, 16, 16, 16, 16 };

    for (int parts = tile_parts(count, is_wide ? MOST : NARROW);; parts++) {
        int size = (is_wide ? wides : narrows)[tile_parts(count, parts)];

        if (size <= count)
            return size;
    }
}

static struct span span_of(const uint8_t *in, uint8_t *out, int count)
{
    return (struct span){ in, out, count, tile_size(1, count), tile_size(0, count) };
}

static void span_run(const struct tile *t, const struct span *s, size_t moved)
{
    int is_wide = t->requant.left > REQUANT_VECTOR, size = is_wide ? s->wide : s->narrow;

    for (int p = 0; p < s->count; p += size) {
        size_t first = (size_t)tile_min(p, s->count - size);
        const uint8_t *in = s->in + first * t->in_step;
        uint8_t *out = s->out + moved + first * t->out_step;

        tile_run(t, is_wide, size, in, out);
    }
}

#endif
