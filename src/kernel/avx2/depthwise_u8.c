/* src/kernel/avx2/depthwise_u8.c: depthwise convolution of u8 codes, 16 channels of a position at a time. Two
 * taps are interleaved as 16-bit numbers and vpmaddwd adds their products in 32 bits: exact for every code.
 */
#include "../isa.h"
#include "../tile.h"
#include "requant.h"

enum { LANES = REQUANT_LANES };

/* Interleaving leaves a block's channels in two vectors: 0-3 with 8-11, and 4-7 with 12-15. */
static const int order[LANES] = { 0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15 };

static int tap_pairs(const struct kernel_conv *s)
{
    return (s->kh * s->kw + 1) / 2;
}

static int blocks(const struct kernel_conv *s)
{
    return (s->oc + LANES - 1) / LANES;
}

/* Packed, in that order: for each block -zero_point_in * sum(w) as s32, then for each pair of taps its
 * weights as s16; an odd last tap's partner has zero weights. */
static size_t block_vectors(const struct kernel_conv *s)
{
    return 2 * (1 + (size_t)tap_pairs(s));
}

static size_t packed_bytes(const struct kernel_conv *s)
{
    return block_vectors(s) * sizeof(__m256i) * (size_t)blocks(s);
}

static void pack(const struct kernel_conv *s, const int8_t *weight, void *packed)
{
    int taps = s->kh * s->kw;

    memset(packed, 0, packed_bytes(s));
    for (int block = 0; block < blocks(s); block++) {
        int32_t *start = (int32_t *)((__m256i *)packed + block_vectors(s) * (size_t)block);
        int16_t *w = (int16_t *)(start + LANES);

        for (int j = 0; j < LANES; j++) {
            int c = block * LANES + order[j];

            for (int i = 0; c < s->oc && i < taps; i++) {
                w[(i / 2 * LANES + j) * 2 + i % 2] = weight[(size_t)c * taps + i];
                start[j] -= s->zero_point_in * weight[(size_t)c * taps + i];
            }
        }
    }
}

/* Of weights with zero points: what is packed, less these. */
static void take_zero_points(const struct kernel_conv *s, const void *packed, const int32_t *zero_point,
                             void *less)
{
    int taps = s->kh * s->kw;

    memcpy(less, packed, packed_bytes(s));
    for (int block = 0; block < blocks(s); block++) {
        int32_t *start = (int32_t *)((__m256i *)less + block_vectors(s) * (size_t)block);
        int16_t *w = (int16_t *)(start + LANES), by[LANES] = { 0 };

        for (int j = 0; j < LANES; j++) {
            int c = block * LANES + order[j];

            by[j] = c < s->oc ? (int16_t)zero_point[c] : 0;
            start[j] += s->zero_point_in * taps * by[j];
        }
        for (int i = 0; i < taps; i++)
            for (int j = 0; j < LANES; j++)
                w[(i / 2 * LANES + j) * 2 + i % 2] -= by[j];
    }
}

/* Scratch: the blocks' requantization, a position of zero points, the list of an edge position's taps,
 * weights less their zero points. */
static size_t requant_bytes(const struct kernel_conv *s)
{
    return tile_round(sizeof(struct requant_block) * (size_t)blocks(s));
}

static size_t zero_bytes(const struct kernel_conv *s)
{
    return tile_round((size_t)blocks(s) * LANES);
}

static size_t list_bytes(const struct kernel_conv *s)
{
    return tile_round(2 * (size_t)tap_pairs(s) * sizeof(uint8_t *));
}

static size_t scratch_bytes(const struct kernel_conv *s)
{
    return requant_bytes(s) + zero_bytes(s) + list_bytes(s) + packed_bytes(s);
}

struct sums { __m256i lo, hi; };

static inline struct sums add_pair(struct sums acc, const uint8_t *a, const uint8_t *b, const __m256i *w)
{
    __m256i x = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)a));
    __m256i y = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)b));

    acc.lo = _mm256_add_epi32(acc.lo, _mm256_madd_epi16(_mm256_unpacklo_epi16(x, y), w[0]));
    acc.hi = _mm256_add_epi32(acc.hi, _mm256_madd_epi16(_mm256_unpackhi_epi16(x, y), w[1]));
    return acc;
}

/* A block's parameters in the order of its sums. */
struct parameters {
    __m256i bias_lo, bias_hi, zero_point;
    __m256 real_lo, real_hi, multiplier_lo, multiplier_hi, inverse;
    __m128i low, high;
};

static inline __m256 halves(const float *p)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(p + 8), 1);
}

static inline struct parameters parameters(const struct requant_block *b)
{
    struct parameters p = { _mm256_castps_si256(halves((const float *)b->bias_int)),
                            _mm256_castps_si256(halves((const float *)b->bias_int + 4)), b->zero_point,
                            halves(b->bias_real), halves(b->bias_real + 4), halves(b->multiplier),
                            halves(b->multiplier + 4), b->inverse, b->low, b->high };

    return p;
}

static inline void store(const struct parameters *p, struct sums acc, uint8_t *out, int left)
{
    __m256i lo = requant_round(acc.lo, p->bias_lo, p->real_lo, p->inverse, p->multiplier_lo);
    __m256i hi = requant_round(acc.hi, p->bias_hi, p->real_hi, p->inverse, p->multiplier_hi);
    __m256i v =
        _mm256_adds_epi16(_mm256_packs_epi32(lo, hi), p->zero_point); /* the channels' own order again */
    __m128i codes = _mm_packus_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));

    requant_store(out, left, _mm_min_epu8(_mm_max_epu8(codes, p->low), p->high));
}

/* REQUANT_TFLITE. */
static inline __attribute__((always_inline)) void store_fixed(const struct requant_block *b, struct sums acc,
                                                              uint8_t *out, int left)
{
    __m256i first = _mm256_permute2x128_si256(acc.lo, acc.hi, 0x20),
            second = _mm256_permute2x128_si256(acc.lo, acc.hi, 0x31);

    requant_store(out, left,
                  requant_codes(b, requant_vector_fixed(b, 0, first), requant_vector_fixed(b, 8, second)));
}

/* Of requantizations that are scalar_requant_is_rare, those that give real values among them. */
static inline void store_rare(const struct requant_block *b, struct sums acc, uint8_t *out, int left)
{
    __m256i first = _mm256_permute2x128_si256(acc.lo, acc.hi, 0x20),
            second = _mm256_permute2x128_si256(acc.lo, acc.hi, 0x31);

    if (b->mode == REQUANT_REAL)
        requant_store_values(b, first, second, left, out);
    else
        requant_store(out, left,
                      requant_codes(b, requant_vector_rare(b, 0, first), requant_vector_rare(b, 8, second)));
}

enum { FIXED = 2 };

/* What all parts of a call share. */
struct sweep {
    const struct kernel_conv *s;
    const __m256i *packed;
    const struct requant_block *requant;
    int rare;       /* scalar_requant_is_rare; FIXED: REQUANT_TFLITE */
    size_t element; /* bytes of a value that comes out */
};

/* One position, its taps by a list: any kernel, any edge. */
static inline __attribute__((always_inline)) void position(const struct sweep *w, int rare, int pairs,
                                                           const uint8_t *const *tap, uint8_t *out)
{
    const struct kernel_conv *s = w->s;
    const __m256i *p = w->packed;

    for (int c = 0; c < s->oc; c += LANES) {
        struct sums acc = { p[0], p[1] };
        struct parameters q = parameters(w->requant + c / LANES);

        p += 2;
#pragma GCC unroll 5
        for (int i = 0; i < pairs; i++, p += 2)
            acc = add_pair(acc, tap[2 * i] + c, tap[2 * i + 1] + c, p);
        if (rare)
            store_rare(w->requant + c / LANES, acc, out + (size_t)c * w->element, s->oc - c);
        else
            store(&q, acc, out + c, s->oc - c);
    }
}

/* A row of `count` positions whose windows all lie inside; in: the first tap of the first. */
static inline __attribute__((always_inline)) void inside(const struct sweep *w, int rare, int k,
                                                         const uint8_t *in, uint8_t *out, int count)
{
    const struct kernel_conv *s = w->s;
    const __m256i *p = w->packed;
    size_t pitch = (size_t)s->in_pitch, row = pitch * (size_t)s->iw;

    for (int c = 0; c < s->oc; c += LANES, p += block_vectors(s)) {
        struct parameters q = parameters(w->requant + c / LANES);
        const uint8_t *from = in + c;
        uint8_t *to = out + (size_t)c * (rare ? w->element : 1);
        size_t step = (size_t)s->out_pitch * (rare ? w->element : 1);

        for (int m = 0; m < count; m++, from += (size_t)s->stride * pitch, to += step) {
            struct sums acc = { p[0], p[1] };

#pragma GCC unroll 13
            for (int i = 0; i < k * k; i += 2) {
                int j = i + 1 < k * k ? i + 1 : i;

                acc = add_pair(acc, from + (size_t)(i / k) * row + (size_t)(i % k) * pitch,
                               from + (size_t)(j / k) * row + (size_t)(j % k) * pitch, p + 2 + i);
            }
            if (rare == FIXED)
                store_fixed(w->requant + c / LANES, acc, to, s->oc - c);
            else if (rare)
                store_rare(w->requant + c / LANES, acc, to, s->oc - c);
            else
                store(&q, acc, to, s->oc - c);
        }
    }
}

static void row_inside(const struct sweep *w, const uint8_t *in, uint8_t *out, int count)
{
    int three = w->s->kh == 3;

    if (w->rare == FIXED && three)
        inside(w, FIXED, 3, in, out, count);
    else if (w->rare == FIXED)
        inside(w, FIXED, 5, in, out, count);
    else if (w->rare && three)
        inside(w, 1, 3, in, out, count);
    else if (w->rare)
        inside(w, 1, 5, in, out, count);
    else if (three)
        inside(w, 0, 3, in, out, count);
    else
        inside(w, 0, 5, in, out, count);
}

static void edge(const struct sweep *w, const uint8_t *in, const uint8_t *zeros, int y, int x,
                 const uint8_t **tap, uint8_t *out)
{
    const struct kernel_conv *s = w->s;

    int top = y * s->stride - s->pad_y, left = x * s->stride - s->pad_x, i = 0;

    for (int iy = top; iy < top + s->kh; iy++)
        for (int ix = left; ix < left + s->kw; ix++) {
            int outside = iy < 0 || iy >= s->ih || ix < 0 || ix >= s->iw;

            tap[i++] = outside ? zeros : in + ((size_t)iy * s->iw + ix) * s->in_pitch;
        }
    if (w->rare)
        position(w, 1, tap_pairs(s), tap, out);
    else if (i == 9)
        position(w, 0, 5, tap, out);
    else
        position(w, 0, tap_pairs(s), tap, out);
}

static void depthwise_u8(const struct kernel_conv *s, const void *packed, const uint8_t *in, uint8_t *out,
                         struct kernel_rect rect, const struct kernel_requant *requant,
                         enum kernel_saturation saturation, void *scratch)
{
    struct requant_block *q = scratch;
    uint8_t *zeros = (uint8_t *)scratch + requant_bytes(s);
    const uint8_t **tap = (const uint8_t **)(zeros + zero_bytes(s));
    void *less = (uint8_t *)tap + list_bytes(s);
    struct sweep w = { s, requant->weight_zero_point ? less : packed, q,
                       requant->mode == REQUANT_TFLITE ? FIXED : scalar_requant_is_rare(requant),
                       scalar_requant_bytes(requant) };
    int fast = s->kh == s->kw && (s->kh == 3 || s->kh == 5);
    /* Columns a..b have their whole window inside the picture. */
    int a = tile_max(rect.x0, (s->pad_x + s->stride - 1) / s->stride);
    int b = tile_min(rect.x1, s->iw + s->pad_x >= s->kw ? (s->iw + s->pad_x - s->kw) / s->stride + 1 : 0);

    (void)saturation;
    memset(zeros, s->zero_point_in, zero_bytes(s));
    tap[2 * tap_pairs(s) - 1] = zeros; /* an odd last tap's partner */
    if (requant->weight_zero_point)
        take_zero_points(s, packed, requant->weight_zero_point, less);
    for (int block = 0; block < blocks(s); block++)
        requant_load(&q[block], requant, block * LANES, s->oc - block * LANES);
    for (int y = rect.y0; y < rect.y1; y++) {
        int iy = y * s->stride - s->pad_y, x = rect.x0;
        uint8_t *row = out + (size_t)y * s->ow * s->out_pitch * w.element;

        if (fast && iy >= 0 && iy + s->kh <= s->ih && a < b) {
            const uint8_t *from =
                in + ((size_t)iy * s->iw + (size_t)(a * s->stride - s->pad_x)) * s->in_pitch;

            for (; x < a; x++)
                edge(&w, in, zeros, y, x, tap, row + (size_t)x * s->out_pitch * w.element);
            row_inside(&w, from, row + (size_t)a * s->out_pitch * w.element, b - a);
            x = b;
        }
        for (; x < rect.x1; x++)
            edge(&w, in, zeros, y, x, tap, row + (size_t)x * s->out_pitch * w.element);
    }
}

void depthwise_u8_fill_avx2(struct kernel_table *t)
{
    t->depthwise_u8_packed_bytes = packed_bytes;
    t->depthwise_u8_pack = pack;
    t->depthwise_u8_scratch_bytes = scratch_bytes;
    t->depthwise_u8 = depthwise_u8;
}
