/* src/kernel/avx2/requant.h: sums to codes, 16 output channels at a time (numerics 2.2, 2.3). Private to the
 * folder. */
#ifndef KERNEL_AVX2_REQUANT_H
#define KERNEL_AVX2_REQUANT_H

#include <immintrin.h>
#include <string.h>

#include "kernel.h"

enum { REQUANT_LANES = 16 };

/* Both engines in one formula: v = fma(bias_real, inverse, f32(acc + bias_int)) * multiplier. It is exact for
 * either: qnnpack has bias_real = 0, and fbgemm's per-channel sum is fma(bias_real, 1, v). */
struct requant_block {
    float multiplier[REQUANT_LANES], bias_real[REQUANT_LANES];
    int32_t bias_int[REQUANT_LANES];
    __m256 inverse;
    __m256i zero_point;
    __m128i low, high;
    __m256 least, most;  /* PACT's clamp */
    int real, odd;       /* real: values come out */
};

/* The parameters of `count` channels from the first. */
static inline void requant_load(struct requant_block *b, const struct kernel_requant *q, int first, int count)
{
    int tensor = q->mode == REQUANT_FBGEMM_TENSOR, qnnpack = q->mode == REQUANT_QNNPACK;

    memset(b, 0, sizeof *b);
    if (count > REQUANT_LANES)
        count = REQUANT_LANES;
    for (int i = 0; i < count; i++) {
        b->multiplier[i] = q->multiplier[first + i];
        if (qnnpack)
            b->bias_int[i] = q->bias_int[first + i];
        else
            b->bias_real[i] = q->bias_real[first + i];
    }
    b->inverse = _mm256_set1_ps(tensor ? q->inverse : 1.0f);
    b->zero_point = _mm256_set1_epi16((short)q->zero_point_out);
    b->low = _mm_set1_epi8((char)q->low);
    b->high = _mm_set1_epi8((char)q->high);
    b->least = _mm256_set1_ps((float)q->low);
    b->most = _mm256_set1_ps((float)q->high);
    b->real = q->mode == REQUANT_REAL;
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

/* REQUANT_PACT's. */
static inline __m256i requant_vector_pact(const struct requant_block *b, int first, __m256i acc)
{
    return _mm256_cvtps_epi32(_mm256_min_ps(b->most, _mm256_max_ps(b->least, requant_real(b, first, acc))));
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

/* Values of a block's first `count` channels. */
static inline void requant_store_real(const struct requant_block *b, __m256i acc0, __m256i acc1, int count,
                                      float *out)
{
    float all[REQUANT_LANES];

    if (count >= REQUANT_LANES) {
        _mm256_storeu_ps(out, requant_real(b, 0, acc0));
        _mm256_storeu_ps(out + 8, requant_real(b, 8, acc1));
        return;
    }
    _mm256_storeu_ps(all, requant_real(b, 0, acc0));
    _mm256_storeu_ps(all + 8, requant_real(b, 8, acc1));
    memcpy(out, all, (size_t)count * sizeof *all);
}

#endif
