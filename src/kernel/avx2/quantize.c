/* src/kernel/avx2/quantize.c: real values to codes and back, 16 at a time. */
#include <string.h>

#include "../isa.h"
#include "../scalar.h"
#include "vector_f32.h"

enum { LANES = 16 };

struct job {
    const float *in;
    uint8_t *out;
    int in_pitch, out_pitch, pixels, channels;
    __m256 factor;
    __m256i zero_point;
    __m128i low, high;
};

/* kernel_code before the zero point. min and max give their second operand where one is no number. Rounded
 * away from zero: what is below a half by the least, added, and the fraction cut off. */
static inline __m256i rounded(const struct job *j, enum kernel_quantize_mode mode, __m256 x)
{
    const __m256 far = _mm256_set1_ps(SCALAR_NEAREST), near = _mm256_set1_ps(-SCALAR_NEAREST);
    int divides = mode == QUANTIZE_ORT || mode == QUANTIZE_TFLITE;
    __m256 v = divides ? _mm256_div_ps(x, j->factor) : _mm256_mul_ps(x, j->factor), half;

    v = mode == QUANTIZE_TORCH ? _mm256_max_ps(_mm256_min_ps(v, far), near)
                               : _mm256_min_ps(_mm256_max_ps(v, near), far);
    if (mode != QUANTIZE_TFLITE)
        return _mm256_cvtps_epi32(v);
    half = _mm256_or_ps(_mm256_and_ps(v, _mm256_set1_ps(-0.0f)), _mm256_set1_ps(0x1.fffffep-2f));
    return _mm256_cvttps_epi32(_mm256_add_ps(v, half));
}

static inline __m128i codes(const struct job *j, enum kernel_quantize_mode mode, __m256 x0, __m256 x1)
{
    __m256i v = _mm256_packs_epi32(rounded(j, mode, x0), rounded(j, mode, x1));
    __m128i all;

    v = _mm256_adds_epi16(_mm256_permute4x64_epi64(v, 0xD8), j->zero_point);
    all = _mm_packus_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    return _mm_min_epu8(_mm_max_epu8(all, j->low), j->high);
}

static inline __attribute__((always_inline)) void each(struct job j, enum kernel_quantize_mode mode)
{
    size_t n = (size_t)j.channels;

    if (j.in_pitch == j.channels && j.out_pitch == j.channels) {
        n *= (size_t)j.pixels;
        j.pixels = j.pixels > 0;
    }
    for (int i = 0; i < j.pixels; i++, j.in += j.in_pitch, j.out += j.out_pitch) {
        size_t c = 0;

        for (; c + LANES <= n; c += LANES)
            _mm_storeu_si128((__m128i *)(j.out + c),
                             codes(&j, mode, _mm256_loadu_ps(j.in + c), _mm256_loadu_ps(j.in + c + VECTOR)));
        if (c < n) {
            int left = (int)(n - c);
            __m128i q = codes(&j, mode, _mm256_maskload_ps(j.in + c, vector_lanes(left)),
                              _mm256_maskload_ps(j.in + c + VECTOR, vector_lanes(left - VECTOR)));

            memcpy(j.out + c, &q, (size_t)left);
        }
    }
}

static void quantize_u8(const float *in, int in_pitch, uint8_t *out, int out_pitch, int pixels, int channels,
                        const struct kernel_quantize *q)
{
    struct job j = { in, out, in_pitch, out_pitch, pixels, channels, .factor = _mm256_set1_ps(q->factor) };

    j.zero_point = _mm256_set1_epi16((short)q->zero_point);
    j.low = _mm_set1_epi8((char)q->low);
    j.high = _mm_set1_epi8((char)q->high);
    switch (q->mode) {
    case QUANTIZE_TORCH:
        each(j, QUANTIZE_TORCH);
        break;
    case QUANTIZE_XNNPACK:
        each(j, QUANTIZE_XNNPACK);
        break;
    case QUANTIZE_ORT:
        each(j, QUANTIZE_ORT);
        break;
    case QUANTIZE_TFLITE:
        each(j, QUANTIZE_TFLITE);
        break;
    }
}

static inline __m256 real(__m128i code, __m256 scale, __m256i zero_point)
{
    __m256i v = _mm256_sub_epi32(_mm256_cvtepu8_epi32(code), zero_point);

    return _mm256_mul_ps(scale, _mm256_cvtepi32_ps(v));
}

static void dequantize_u8(const uint8_t *in, int in_pitch, float *out, int out_pitch, int pixels,
                          int channels, float scale, int zero_point)
{
    const __m256 factor = _mm256_set1_ps(scale);
    const __m256i zero = _mm256_set1_epi32(zero_point);
    size_t n = (size_t)channels;

    if (in_pitch == channels && out_pitch == channels) {
        n *= (size_t)pixels;
        pixels = pixels > 0;
    }
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        for (size_t c = 0; c < n; c += VECTOR) {
            __m256 v = real(_mm_loadl_epi64((const __m128i *)(in + c)), factor, zero);

            vector_store(out + c, n - c < VECTOR ? (int)(n - c) : VECTOR, v);
        }
}

void quantize_fill_avx2(struct kernel_table *t)
{
    t->quantize_u8 = quantize_u8;
    t->dequantize_u8 = dequantize_u8;
}
