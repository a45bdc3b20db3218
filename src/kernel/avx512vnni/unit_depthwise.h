/* src/kernel/avx512vnni/unit_depthwise.h: the depthwise layer of a unit of codes, two positions of a plane's
 * 32 channels a vector, one row or two at a time. Included by unit_u8.c alone. */
#ifndef KERNEL_AVX512VNNI_UNIT_DEPTHWISE_H
#define KERNEL_AVX512VNNI_UNIT_DEPTHWISE_H

#include "unit_dense.h"

enum {
    ROWS = 2,  /* of a step */
    QUAD = 4,  /* rows side by side */
    PARTS = 4, /* vectors of an interleaved pair of columns */
    PART = LANES / PARTS
};

static int quads(const struct kernel_conv *d)
{
    return d->kh / QUAD + 1;
}

/* Depthwise: for each plane, in the order of `channel`, the same sums, then the weights (output row, column,
 * quad, part, 8, 4): the second output row has a window's rows one place later. */
static size_t depthwise_plane(const struct kernel_conv *d)
{
    return LANES * (sizeof(int32_t) + (size_t)(ROWS * d->kw * quads(d) * QUAD));
}

/* Interleaving leaves part q of a plane with channels 4q..4q + 3 and 16 + 4q.. of it: this is the channel of
 * place j. */
static int channel(int j)
{
    return j % PART / 4 * 16 + j / PART * 4 + j % 4;
}

static void pack_depthwise(const struct kernel_conv *s, const int8_t *weight, char *to)
{
    for (int plane = 0; plane < planes(s->oc); plane++, to += depthwise_plane(s)) {
        int32_t *start = (int32_t *)to;
        int8_t *w = (int8_t *)(start + LANES);

        for (int j = 0; j < LANES; j++) {
            int c = plane * LANES + channel(j);

            for (int t = 0; c < s->oc && t < s->kh * s->kw; t++) {
                int ky = t / s->kw, kx = t % s->kw;
                int8_t v = weight[c * s->kh * s->kw + t];

                start[j] -= s->zero_point_in * v;
                for (int row = 0; row < ROWS; row++)
                    w[(((row * s->kw + kx) * quads(s) + (ky + row) / QUAD) * LANES + j) * QUAD +
                      (ky + row) % QUAD] = v;
            }
        }
    }
}

/* A plane's parameters: the sums' start (bias_int included) and how they become codes. */
struct plane {
    __m512i start[PARTS];
    __m512 multiplier[PARTS], bias_real[PARTS], inverse;
    __m512i zero_point, low, high;
    const char *weights;
    int form;
};

/* `count` values in the order of `channel`, for both positions; zeros for those that are not there. */
static inline void order(const void *from, int count, __m512 part[PARTS])
{
    __mmask32 keep = count >= LANES ? ~(__mmask32)0 : (__mmask32)((1u << count) - 1);
    __m512 a = _mm512_maskz_loadu_ps((__mmask16)keep, from);
    __m512 b = _mm512_maskz_loadu_ps((__mmask16)(keep >> 16), (const float *)from + 16);
    __m512i place = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 0, 1, 2, 3, 16, 17, 18, 19);

#pragma GCC unroll 4
    for (int q = 0; q < PARTS; q++, place = _mm512_add_epi32(place, _mm512_set1_epi32(4)))
        part[q] = _mm512_permutex2var_ps(a, place, b);
}

static inline __m512i both(const char *p)
{
    return _mm512_broadcast_i64x4(_mm256_load_si256((const __m256i *)p));
}

/* packed: of all planes. */
static struct plane plane_of(const struct kernel_conv *d, const struct kernel_requant *q, const char *packed,
                             int plane)
{
    int first = plane * LANES, count = d->oc - first, real = q->mode != REQUANT_QNNPACK;
    struct plane p = { .weights = packed + depthwise_plane(d) * (size_t)plane + LANES * sizeof(int32_t),
                       .form = form_of(q) };
    __m512 bias[PARTS];

    order(q->multiplier + first, count, p.multiplier);
    order(real ? (const void *)(q->bias_real + first) : (const void *)(q->bias_int + first), count, bias);
#pragma GCC unroll 4
    for (int i = 0; i < PARTS; i++) {
        __m512i start = both(p.weights - (size_t)(LANES - i * PART) * sizeof(int32_t));

        p.bias_real[i] = real ? bias[i] : _mm512_setzero_ps();
        p.start[i] = real ? start : _mm512_add_epi32(start, _mm512_castps_si512(bias[i]));
    }
    p.inverse = _mm512_set1_ps(q->mode == REQUANT_FBGEMM_TENSOR ? q->inverse : 1.0f);
    p.zero_point = _mm512_set1_epi16((short)q->zero_point_out);
    p.low = _mm512_set1_epi8((char)q->low);
    p.high = _mm512_set1_epi8((char)q->high);
    return p;
}

/* Packing puts the channels back in order, of two positions. */
static inline __attribute__((always_inline)) __m512i plane_codes(const struct plane *p, int form,
                                                                 const __m512i *acc)
{
    __m512i r[PARTS], lo, hi;

#pragma GCC unroll 4
    for (int q = 0; q < PARTS; q++) {
        __m512 v = _mm512_cvtepi32_ps(acc[q]);

        if (form & FORM_REAL)
            v = _mm512_fmadd_ps(p->bias_real[q], p->inverse, v);
        r[q] = _mm512_cvtps_epi32(_mm512_mul_ps(v, p->multiplier[q]));
    }
    lo = _mm512_packs_epi32(r[0], r[1]);
    hi = _mm512_packs_epi32(r[2], r[3]);
    if (form & FORM_PLAIN)
        return _mm512_packus_epi16(lo, hi);
    lo = _mm512_packus_epi16(_mm512_adds_epi16(lo, p->zero_point), _mm512_adds_epi16(hi, p->zero_point));
    return _mm512_min_epu8(_mm512_max_epu8(lo, p->low), p->high);
}

/* Four rows of two columns. */
struct quad {
    __m512i part[PARTS];
};

static inline __attribute__((always_inline)) struct quad quad_of(const uint8_t *const row[QUAD], size_t at)
{
    __m512i a = _mm512_loadu_si512(row[0] + at), b = _mm512_loadu_si512(row[1] + at);
    __m512i c = _mm512_loadu_si512(row[2] + at), d = _mm512_loadu_si512(row[3] + at);
    __m512i lo0 = _mm512_unpacklo_epi8(a, b), hi0 = _mm512_unpackhi_epi8(a, b);
    __m512i lo1 = _mm512_unpacklo_epi8(c, d), hi1 = _mm512_unpackhi_epi8(c, d);

    return (struct quad){ { _mm512_unpacklo_epi16(lo0, lo1), _mm512_unpackhi_epi16(lo0, lo1),
                            _mm512_unpacklo_epi16(hi0, hi1), _mm512_unpackhi_epi16(hi0, hi1) } };
}

/* The second column of a and the first of b. */
static inline __attribute__((always_inline)) struct quad quad_between(const struct quad *a,
                                                                      const struct quad *b)
{
    struct quad q;

#pragma GCC unroll 4
    for (int i = 0; i < PARTS; i++)
        q.part[i] = _mm512_shuffle_i64x2(a->part[i], b->part[i], _MM_SHUFFLE(1, 0, 3, 2));
    return q;
}

static inline __attribute__((always_inline)) void store_pair(__m512i codes, int left, uint8_t *out)
{
    if (left > 1)
        _mm512_storeu_si512(out, codes);
    else
        _mm256_storeu_si256((__m256i *)out, _mm512_castsi512_si256(codes));
}

/* `width` positions of a plane, of one row or two, by a 3 x 3 window. odd: with stride 2, from the even
 * columns to the odd ones. */
static inline __attribute__((always_inline)) void three(const struct plane *p, int form, int rows, int stride,
                                                        const uint8_t *const row[QUAD], size_t odd, int width,
                                                        uint8_t *out)
{
    struct quad first = quad_of(row, 0);

    for (int x = 0; x < width; x += 2, out += LINE) {
        size_t at = (size_t)x * LANES;
        struct quad next = quad_of(row, at + LINE), between = quad_between(&first, &next), second;
        __m512i acc[ROWS][PARTS];

        if (stride == 2)
            second = quad_of(row, at + odd);
#pragma GCC unroll 2
        for (int r = 0; r < rows; r++) {
            const char *w = p->weights + r * 3 * LANES * QUAD;

#pragma GCC unroll 4
            for (int q = 0; q < PARTS; q++, w += PART * QUAD) {
                acc[r][q] = p->start[q];
                dot(&acc[r][q], first.part[q], both(w));
                dot(&acc[r][q], stride == 2 ? second.part[q] : between.part[q], both(w + LANES * QUAD));
                dot(&acc[r][q], stride == 2 ? between.part[q] : next.part[q], both(w + 2 * LANES * QUAD));
            }
        }
#pragma GCC unroll 2
        for (int r = 0; r < rows; r++)
            store_pair(plane_codes(p, form, acc[r]), width - x, out + (size_t)(r * width) * LANES);
        first = next;
    }
}

/* The same by a 5 x 5 window, whose quads are interleaved before: they serve five columns. column: how far a
 * window's columns lie from its first. */
static inline __attribute__((always_inline)) void five(const struct plane *p, int form, int rows,
                                                       const size_t *column, size_t quad, const uint8_t *in,
                                                       int width, uint8_t *out)
{
    for (int x = 0; x < width; x += 2, in += LINE, out += LINE) {
        __m512i acc[ROWS][PARTS];

#pragma GCC unroll 2
        for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
            for (int q = 0; q < PARTS; q++)
                acc[r][q] = p->start[q];
#pragma GCC unroll 10
        for (int i = 0; i < 10; i++) {
            const uint8_t *from = in + column[i / 2] + (size_t)(i % 2 * PARTS) * quad;
            const char *weights = p->weights + i * LANES * QUAD;

#pragma GCC unroll 4
            for (int q = 0; q < PARTS; q++) {
                __m512i taps = _mm512_loadu_si512(from + (size_t)q * quad);

#pragma GCC unroll 2
                for (int r = 0; r < rows; r++)
                    dot(&acc[r][q], taps, both(weights + (r * 10 * PARTS + q) * PART * QUAD));
            }
        }
#pragma GCC unroll 2
        for (int r = 0; r < rows; r++)
            store_pair(plane_codes(p, form, acc[r]), width - x, out + (size_t)(r * width) * LANES);
    }
}

#endif
