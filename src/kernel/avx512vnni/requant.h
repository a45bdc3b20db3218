/* src/kernel/avx512vnni/requant.h: sums to codes, up to 32 output channels at a time (numerics 2.2, 2.3).
 * Private to the folder.
 *
 * Two vectors of sums are packed lane by lane, so a wide block keeps its channels in the order that this puts
 * right: channel 8 * lane + i, i < 4, in the first vector, and i >= 4 in the second. A narrow block (at most
 * 16) has one vector, in order.
 */
#ifndef KERNEL_AVX512VNNI_REQUANT_H
#define KERNEL_AVX512VNNI_REQUANT_H

#include <immintrin.h>
#include <string.h>

#include "../scalar.h"

enum { REQUANT_LANES = 32, REQUANT_VECTOR = 16 };

/* The channel of place j in a block of `count` channels. */
static inline int requant_channel(int j, int count)
{
    return count <= REQUANT_VECTOR ? j : j % 16 / 4 * 8 + j / 16 * 4 + j % 4;
}

/* fbgemm's per-channel sum acc + b is fma(b, 1, acc), so one formula serves both of its forms. */
struct requant_block {
    __m512 multiplier[2], bias_real[2], inverse;
    __m512i bias_int[2];           /* to be added to the sum's start; 0 for fbgemm */
    __m512i zero_point, low, high; /* 16 bits each */
    __m512i low_code, high_code;   /* 8 bits */
    __mmask32 keep;
    int left, real;
    __m512 least, most; /* of values before they are rounded, where they are clamped */
    enum kernel_requant_mode mode;
    int odd;
    __m512i fixed[2], shift[2], weight_zero_point[2];
};

/* `count` (at most 32) values in the order of requant_channel, zeros for those that are not there. */
static inline void requant_order(const void *from, int count, __m512 v[2])
{
    __mmask32 keep = (__mmask32)((1ull << count) - 1);
    __m512 a = _mm512_maskz_loadu_ps((__mmask16)keep, from);
    __m512 b = _mm512_maskz_loadu_ps((__mmask16)(keep >> 16), (const float *)from + REQUANT_VECTOR);

    v[0] = count <= REQUANT_VECTOR ? a : _mm512_shuffle_f32x4(a, b, _MM_SHUFFLE(2, 0, 2, 0));
    v[1] = count <= REQUANT_VECTOR ? b : _mm512_shuffle_f32x4(a, b, _MM_SHUFFLE(3, 1, 3, 1));
}

/* The same of whole numbers. */
static inline void requant_order_int(const int32_t *from, int count, __m512i v[2])
{
    __m512 all[2];

    requant_order(from, count, all);
    v[0] = _mm512_castps_si512(all[0]);
    v[1] = _mm512_castps_si512(all[1]);
}

/* What only some layers have. */
static inline void requant_load_rare(struct requant_block *b, const struct kernel_requant *q, int first)
{
    if (q->weight_zero_point)
        requant_order_int(q->weight_zero_point + first, b->left, b->weight_zero_point);
    if (q->mode == REQUANT_TFLITE) {
        requant_order_int(q->fixed + first, b->left, b->fixed);
        requant_order_int(q->shift + first, b->left, b->shift);
    } else if (q->mode != REQUANT_SUM) {
        requant_order(q->multiplier + first, b->left, b->multiplier);
    }
}

/* The parameters of `count` (at most 32) channels from the first. */
static inline void requant_load(struct requant_block *b, const struct kernel_requant *q, int first, int count)
{
    __m512 bias[2];

    b->left = count < REQUANT_LANES ? count : REQUANT_LANES;
    b->real = !scalar_bias_is_int(q);
    requant_load_rare(b, q, first);
    requant_order(b->real ? (const void *)(q->bias_real + first) : (const void *)(q->bias_int + first),
                  b->left, bias);
    for (int v = 0; v < 2; v++) {
        b->bias_real[v] = b->real ? bias[v] : _mm512_setzero_ps();
        b->bias_int[v] = b->real ? _mm512_setzero_si512() : _mm512_castps_si512(bias[v]);
    }
    b->inverse = _mm512_set1_ps(q->mode == REQUANT_FBGEMM_TENSOR ? q->inverse : 1.0f);
    b->zero_point = _mm512_set1_epi16((short)q->zero_point_out);
    b->low = _mm512_set1_epi16((short)q->low);
    b->high = _mm512_set1_epi16((short)q->high);
    b->low_code = _mm512_set1_epi8((char)q->low);
    b->high_code = _mm512_set1_epi8((char)q->high);
    b->keep = (__mmask32)((1ull << b->left) - 1);
    b->least = _mm512_set1_ps(q->mode == REQUANT_PACT ? (float)q->low : -SCALAR_NEAREST);
    b->most = _mm512_set1_ps(q->mode == REQUANT_PACT ? (float)q->high : SCALAR_NEAREST);
    b->mode = q->mode;
    b->odd = q->odd;
}

static inline __m512i requant_round(const struct requant_block *b, int v, __m512i acc)
{
    __m512 sum = _mm512_cvtepi32_ps(acc);

    if (b->real)
        sum = _mm512_fmadd_ps(b->bias_real[v], b->inverse, sum);
    return _mm512_cvtps_epi32(_mm512_mul_ps(sum, b->multiplier[v]));
}

/* kernel_high_product of sixteen pairs. */
static inline __m512i requant_high_product(__m512i a, __m512i b)
{
    const __m512i half = _mm512_set1_epi64(1 << 30);
    __m512i even = _mm512_add_epi64(_mm512_mul_epi32(a, b), half),
            odd =
                _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(a, 32), _mm512_srli_epi64(b, 32)), half);

    return _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 31), _mm512_slli_epi64(odd, 1));
}

static inline __m512i requant_shift_away(__m512i v, __m512i shift)
{
    const __m512i one = _mm512_set1_epi32(1);
    __m512i mask = _mm512_sub_epi32(_mm512_sllv_epi32(one, shift), one), r = _mm512_srav_epi32(v, shift);
    __m512i rest = _mm512_add_epi32(_mm512_and_si512(v, mask), _mm512_srai_epi32(v, 31));

    return _mm512_mask_add_epi32(r, _mm512_cmpgt_epi32_mask(rest, _mm512_srli_epi32(mask, 1)), r, one);
}

/* kernel_fixed of sixteen. */
static inline __m512i requant_fixed(__m512i v, __m512i multiplier, __m512i shift)
{
    __m512i left = _mm512_max_epi32(shift, _mm512_setzero_si512());

    return requant_shift_away(requant_high_product(_mm512_sllv_epi32(v, left), multiplier),
                              _mm512_sub_epi32(left, shift));
}

/* What scalar_requant_is_rare names, PACT, TFLITE, QNNPACK to the nearest: one more way in requant_round
 * would cost the others the registers of their sums. */
static inline __m512i requant_round_rare(const struct requant_block *b, int v, __m512i acc)
{
    __m512 sum = _mm512_cvtepi32_ps(acc);

    if (b->mode == REQUANT_TFLITE)
        return requant_fixed(acc, b->fixed[v], b->shift[v]);
    sum = b->mode == REQUANT_PACT ? _mm512_fmadd_ps(sum, b->multiplier[v], b->bias_real[v])
                                  : _mm512_mul_ps(sum, b->multiplier[v]);
    return _mm512_cvtps_epi32(_mm512_min_ps(b->most, _mm512_max_ps(b->least, sum)));
}

static inline void requant_store(const struct requant_block *b, __m256i codes, uint8_t *out)
{
    if (b->left == REQUANT_LANES)
        _mm256_storeu_si256((__m256i *)out, codes);
    else
        _mm256_mask_storeu_epi8(out, b->keep, codes);
}

/* A wide block's rounded sums of one position, before they are clamped. */
static inline __m512i requant_pack(const struct requant_block *b, __m512i r0, __m512i r1)
{
    return _mm512_adds_epi16(_mm512_packs_epi32(r0, r1), b->zero_point);
}

/* The same of sums (bias_int included). */
static inline __m512i requant_words(const struct requant_block *b, const __m512i acc[2])
{
    return requant_pack(b, requant_round(b, 0, acc[0]), requant_round(b, 1, acc[1]));
}

/* Two positions at once share the packing to bytes and the clamp. low and high are not above 255. */
static inline void requant_two(const struct requant_block *b, const __m512i acc0[2], const __m512i acc1[2],
                               uint8_t *out0, uint8_t *out1)
{
    const __m512i apart = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    __m512i v = _mm512_packus_epi16(requant_words(b, acc0), requant_words(b, acc1));

    v = _mm512_permutexvar_epi64(apart, _mm512_min_epu8(_mm512_max_epu8(v, b->low_code), b->high_code));
    requant_store(b, _mm512_castsi512_si256(v), out0);
    requant_store(b, _mm512_extracti64x4_epi64(v, 1), out1);
}

static inline void requant_one_word(const struct requant_block *b, __m512i words, uint8_t *out)
{
    __m512i v = _mm512_max_epi16(words, b->low);

    requant_store(b, _mm512_cvtusepi16_epi8(_mm512_min_epi16(v, b->high)), out);
}

static inline void requant_one(const struct requant_block *b, const __m512i acc[2], uint8_t *out)
{
    requant_one_word(b, requant_words(b, acc), out);
}

/* REQUANT_REAL's values of one position, or REQUANT_SUM's, which are put in the order of the channels. */
static inline void requant_store_values(const struct requant_block *b, const __m512i acc[2], float *out)
{
    int sums = b->mode == REQUANT_SUM;
    __m512 v0 = sums ? _mm512_castsi512_ps(acc[0])
                     : _mm512_fmadd_ps(_mm512_cvtepi32_ps(acc[0]), b->multiplier[0], b->bias_real[0]);
    __m512 v1 = sums ? _mm512_castsi512_ps(acc[1])
                     : _mm512_fmadd_ps(_mm512_cvtepi32_ps(acc[1]), b->multiplier[1], b->bias_real[1]);
    __m512 low = _mm512_shuffle_f32x4(v0, v1, _MM_SHUFFLE(1, 0, 1, 0));
    __m512 high = _mm512_shuffle_f32x4(v0, v1, _MM_SHUFFLE(3, 2, 3, 2));

    if (b->left <= REQUANT_VECTOR) {
        _mm512_mask_storeu_ps(out, (__mmask16)b->keep, v0);
        return;
    }
    _mm512_mask_storeu_ps(out, (__mmask16)b->keep, _mm512_shuffle_f32x4(low, low, _MM_SHUFFLE(3, 1, 2, 0)));
    _mm512_mask_storeu_ps(out + REQUANT_VECTOR, (__mmask16)(b->keep >> 16),
                          _mm512_shuffle_f32x4(high, high, _MM_SHUFFLE(3, 1, 2, 0)));
}

static inline void requant_narrow_round(const struct requant_block *b, __m512i rounded, uint8_t *out)
{
    __m256i v = _mm512_cvtsepi32_epi16(rounded);
    __m128i codes;

    v = _mm256_adds_epi16(v, _mm512_castsi512_si256(b->zero_point));
    v = _mm256_max_epi16(v, _mm512_castsi512_si256(b->low));
    codes = _mm256_cvtusepi16_epi8(_mm256_min_epi16(v, _mm512_castsi512_si256(b->high)));
    if (b->left == REQUANT_VECTOR)
        _mm_storeu_si128((__m128i *)out, codes);
    else
        _mm_mask_storeu_epi8(out, (__mmask16)b->keep, codes);
}

static inline void requant_narrow(const struct requant_block *b, __m512i acc, uint8_t *out)
{
    requant_narrow_round(b, requant_round(b, 0, acc), out);
}

#endif
