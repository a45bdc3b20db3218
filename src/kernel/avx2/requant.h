/* src/kernel/avx2/requant.h: sums to codes, 16 output channels at a time (numerics 2.2, 2.3). Private to the
 * folder. */
#ifndef KERNEL_AVX2_REQUANT_H
#define KERNEL_AVX2_REQUANT_H

#include <immintrin.h>
#include <string.h>

#include "../scalar.h"

enum { REQUANT_LANES = 16 };

/* fbgemm and qnnpack in one formula: v = fma(bias_real, inverse, f32(acc + bias_int)) * multiplier. It is
 * exact for either: qnnpack has bias_real = 0, and fbgemm's per-channel sum is fma(bias_real, 1, v). */
struct requant_block {
    float multiplier[REQUANT_LANES], bias_real[REQUANT_LANES];
    int32_t bias_int[REQUANT_LANES];
    __m256 inverse;
    __m256i zero_point;
    __m128i low, high;
    __m256 least, most; /* of values before they are rounded, where they are clamped */
    enum kernel_requant_mode mode;
    int odd;
    int32_t weight_zero_point[REQUANT_LANES];
    /* kernel_fixed of each channel: places up before the product and down behind it, which bits that loses,
     * and half of these. A vector of odd channels' multipliers is read from the second on. */
    int32_t fixed[REQUANT_LANES + 1], up[REQUANT_LANES], down[REQUANT_LANES], lost[REQUANT_LANES],
        half[REQUANT_LANES];
    int ups; /* some channel goes up */
};

static inline void requant_load_fixed(struct requant_block *b, int i, int32_t multiplier, int32_t shift)
{
    b->fixed[i] = multiplier;
    b->up[i] = shift > 0 ? shift : 0;
    b->down[i] = b->up[i] - shift;
    b->lost[i] = (int32_t)((1u << b->down[i]) - 1);
    b->half[i] = b->lost[i] >> 1;
    b->ups |= b->up[i];
}

/* The parameters of `count` channels from the first. */
static inline void requant_load(struct requant_block *b, const struct kernel_requant *q, int first, int count)
{
    int tensor = q->mode == REQUANT_FBGEMM_TENSOR, bias_int = scalar_bias_is_int(q);

    memset(b, 0, sizeof *b);
    if (count > REQUANT_LANES)
        count = REQUANT_LANES;
    for (int i = 0; i < count; i++) {
        if (q->mode == REQUANT_TFLITE)
            requant_load_fixed(b, i, q->fixed[first + i], q->shift[first + i]);
        else if (q->mode != REQUANT_SUM)
            b->multiplier[i] = q->multiplier[first + i];
        if (bias_int)
            b->bias_int[i] = q->bias_int[first + i];
        else
            b->bias_real[i] = q->bias_real[first + i];
        if (q->weight_zero_point)
            b->weight_zero_point[i] = q->weight_zero_point[first + i];
    }
    b->inverse = _mm256_set1_ps(tensor ? q->inverse : 1.0f);
    b->zero_point = _mm256_set1_epi16((short)q->zero_point_out);
    b->low = _mm_set1_epi8((char)q->low);
    b->high = _mm_set1_epi8((char)q->high);
    b->least = _mm256_set1_ps(q->mode == REQUANT_PACT ? (float)q->low : -SCALAR_NEAREST);
    b->most = _mm256_set1_ps(q->mode == REQUANT_PACT ? (float)q->high : SCALAR_NEAREST);
    b->mode = q->mode;
    b->odd = q->odd;
}

/* Eight sums, rounded to s32; p, r and bias: their parameters. */
static inline __m256i requant_round(__m256i acc, __m256i bias, __m256 real, __m256 inverse, __m256 multiplier)
{
    __m256 v = _mm256_fmadd_ps(real, inverse, _mm256_cvtepi32_ps(_mm256_add_epi32(acc, bias)));

    return _mm256_cvtps_epi32(_mm256_mul_ps(v, multiplier));
}

/* REQUANT_PACT's and REQUANT_REAL's values of channels first..first + 8 of the block. */
static inline __m256 requant_real(const struct requant_block *b, int first, __m256i acc)
{
    return _mm256_fmadd_ps(_mm256_cvtepi32_ps(acc), _mm256_loadu_ps(b->multiplier + first),
                           _mm256_loadu_ps(b->bias_real + first));
}

/* Channels first..first + 8 of the block. */
static inline __m256i requant_vector(const struct requant_block *b, int first, __m256i acc)
{
    return requant_round(acc, _mm256_loadu_si256((const __m256i *)(b->bias_int + first)),
                         _mm256_loadu_ps(b->bias_real + first), b->inverse,
                         _mm256_loadu_ps(b->multiplier + first));
}

static inline __m256i requant_lanes(const int32_t *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

/* kernel_high_product of eight pairs; odd: b's odd lanes in the even ones. */
static inline __m256i requant_high_product(__m256i a, __m256i b, __m256i odd)
{
    const __m256i half = _mm256_set1_epi64x(1 << 30);
    __m256i low = _mm256_add_epi64(_mm256_mul_epi32(a, b), half),
            high = _mm256_add_epi64(_mm256_mul_epi32(_mm256_shuffle_epi32(a, 0xF5), odd), half);

    return _mm256_blend_epi32(_mm256_srli_epi64(low, 31), _mm256_slli_epi64(high, 1), 0xAA);
}

/* kernel_shift_away of eight; lost: the bits that it loses, half of them. */
static inline __m256i requant_down(__m256i v, __m256i shift, __m256i lost, __m256i half)
{
    __m256i rest = _mm256_add_epi32(_mm256_and_si256(v, lost), _mm256_cmpgt_epi32(_mm256_setzero_si256(), v));

    return _mm256_sub_epi32(_mm256_srav_epi32(v, shift), _mm256_cmpgt_epi32(rest, half));
}

static inline __m256i requant_shift_away(__m256i v, __m256i shift)
{
    const __m256i one = _mm256_set1_epi32(1);
    __m256i lost = _mm256_sub_epi32(_mm256_sllv_epi32(one, shift), one);

    return requant_down(v, shift, lost, _mm256_srli_epi32(lost, 1));
}

/* kernel_fixed of eight. */
static inline __m256i requant_fixed(__m256i v, __m256i multiplier, __m256i shift)
{
    __m256i left = _mm256_max_epi32(shift, _mm256_setzero_si256());

    v = requant_high_product(_mm256_sllv_epi32(v, left), multiplier, _mm256_srli_epi64(multiplier, 32));
    return requant_shift_away(v, _mm256_sub_epi32(left, shift));
}

/* REQUANT_TFLITE's values of channels first..first + 8 of the block. */
static inline __m256i requant_vector_fixed(const struct requant_block *b, int first, __m256i acc)
{
    __m256i v = _mm256_add_epi32(acc, requant_lanes(b->bias_int + first));

    if (b->ups)
        v = _mm256_sllv_epi32(v, requant_lanes(b->up + first));
    v = requant_high_product(v, requant_lanes(b->fixed + first), requant_lanes(b->fixed + first + 1));
    return requant_down(v, requant_lanes(b->down + first), requant_lanes(b->lost + first),
                        requant_lanes(b->half + first));
}

/* What scalar_requant_is_rare names, of eight channels: PACT, TFLITE, QNNPACK to the nearest. */
static inline __m256i requant_vector_rare(const struct requant_block *b, int first, __m256i acc)
{
    __m256i sum = _mm256_add_epi32(acc, requant_lanes(b->bias_int + first));
    __m256 v;

    if (b->mode == REQUANT_TFLITE)
        return requant_vector_fixed(b, first, acc);
    v = b->mode == REQUANT_PACT
            ? requant_real(b, first, acc)
            : _mm256_mul_ps(_mm256_cvtepi32_ps(sum), _mm256_loadu_ps(b->multiplier + first));
    return _mm256_cvtps_epi32(_mm256_min_ps(b->most, _mm256_max_ps(b->least, v)));
}

/* 16 codes from two vectors of 8 rounded values in order. */
static inline __m128i requant_codes(const struct requant_block *b, __m256i r0, __m256i r1)
{
    __m256i v = _mm256_permute4x64_epi64(_mm256_packs_epi32(r0, r1), 0xD8);
    __m128i codes;

    v = _mm256_adds_epi16(v, b->zero_point);
    codes = _mm_packus_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    return _mm_min_epu8(_mm_max_epu8(codes, b->low), b->high);
}

static inline void requant_store(uint8_t *out, int count, __m128i codes)
{
    uint8_t all[REQUANT_LANES];

    if (count >= REQUANT_LANES) {
        _mm_storeu_si128((__m128i *)out, codes);
    } else if (count == 8) {
        _mm_storel_epi64((__m128i *)out, codes);
    } else {
        _mm_storeu_si128((__m128i *)all, codes);
        memcpy(out, all, (size_t)count);
    }
}

/* REQUANT_REAL's values of a block's first `count` channels, or REQUANT_SUM's. */
static inline void requant_store_values(const struct requant_block *b, __m256i acc0, __m256i acc1, int count,
                                        void *out)
{
    __m256i v[2] = { _mm256_add_epi32(acc0, requant_lanes(b->bias_int)),
                     _mm256_add_epi32(acc1, requant_lanes(b->bias_int + 8)) };

    if (b->mode == REQUANT_REAL) {
        v[0] = _mm256_castps_si256(requant_real(b, 0, acc0));
        v[1] = _mm256_castps_si256(requant_real(b, 8, acc1));
    }
    memcpy(out, v, (size_t)(count < REQUANT_LANES ? count : REQUANT_LANES) * sizeof(int32_t));
}

#endif
