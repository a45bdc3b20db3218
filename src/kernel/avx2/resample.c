/* src/kernel/avx2/resample.c: Pillow's 8-bit resampling: two lines at once along a line, 16 bytes at once
 * across lines. Sums are exact integers, so any order gives the bytes of `ref`. */
#include <immintrin.h>
#include <string.h>

#include "../isa.h"
#include "../scalar.h"

enum { BLOCK = 16 };

/* The pixel at p and what follows it, one a 32-bit lane. */
static inline __m128i four(const uint8_t *p)
{
    int32_t bytes;

    memcpy(&bytes, p, sizeof bytes);
    return _mm_cvtepu8_epi32(_mm_cvtsi32_si128(bytes));
}

/* Lanes 0 to 2 of each half are a pixel of a line: reading its fourth byte, the next pixel's, is why the last
 * line goes another way. */
static inline void two_pixels(const struct kernel_resample *a, int i, const uint8_t *line, size_t in_pitch,
                              uint8_t *out, size_t out_pitch)
{
    const int32_t *w = a->weight + (size_t)i * (size_t)a->longest;
    const uint8_t *p = line + 3 * (size_t)a->start[i];
    __m256i sum = _mm256_set1_epi32(1 << (KERNEL_RESAMPLE_BITS - 1));
    uint32_t upper, lower;

    for (int t = 0; t < a->taps[i]; t++, p += 3) {
        __m256i x = _mm256_inserti128_si256(_mm256_castsi128_si256(four(p)), four(p + in_pitch), 1);

        sum = _mm256_add_epi32(sum, _mm256_mullo_epi32(x, _mm256_set1_epi32(w[t])));
    }
    sum = _mm256_srai_epi32(sum, KERNEL_RESAMPLE_BITS);
    sum = _mm256_packus_epi32(sum, sum);
    sum = _mm256_packus_epi16(sum, sum);
    upper = (uint32_t)_mm_cvtsi128_si32(_mm256_castsi256_si128(sum));
    lower = (uint32_t)_mm_cvtsi128_si32(_mm256_extracti128_si256(sum, 1));
    memcpy(out + 3 * i, &upper, 3);
    memcpy(out + out_pitch + 3 * i, &lower, 3);
}

static void resample_horizontal(const struct kernel_resample *a, const uint8_t *in, size_t in_pitch, int rows,
                                uint8_t *out, size_t out_pitch)
{
    int y = 0;

    for (; y + 2 < rows; y += 2, in += 2 * in_pitch, out += 2 * out_pitch)
        for (int i = 0; i < a->count; i++)
            two_pixels(a, i, in, in_pitch, out, out_pitch);
    for (; y < rows; y++, in += in_pitch, out += out_pitch)
        for (int i = 0; i < a->count; i++)
            scalar_resample_pixel(a, i, in, out);
}

/* BLOCK bytes of one output line; from: those of its first input line. */
static inline void block(const int32_t *w, int taps, const uint8_t *from, size_t in_pitch, uint8_t *out)
{
    __m256i low = _mm256_set1_epi32(1 << (KERNEL_RESAMPLE_BITS - 1)), high = low, packed;

    for (int t = 0; t < taps; t++, from += in_pitch) {
        __m256i weight = _mm256_set1_epi32(w[t]);
        __m128i x = _mm_loadu_si128((const __m128i *)from);

        low = _mm256_add_epi32(low, _mm256_mullo_epi32(_mm256_cvtepu8_epi32(x), weight));
        high = _mm256_add_epi32(high, _mm256_mullo_epi32(_mm256_cvtepu8_epi32(_mm_srli_si128(x, 8)), weight));
    }
    low = _mm256_srai_epi32(low, KERNEL_RESAMPLE_BITS);
    high = _mm256_srai_epi32(high, KERNEL_RESAMPLE_BITS);
    packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, high), 0xD8);
    _mm_storeu_si128((__m128i *)out,
                     _mm_packus_epi16(_mm256_castsi256_si128(packed), _mm256_extracti128_si256(packed, 1)));
}

static void resample_vertical(const struct kernel_resample *a, const uint8_t *in, size_t in_pitch,
                              size_t bytes, uint8_t *out, size_t out_pitch)
{
    for (int i = 0; i < a->count; i++, out += out_pitch) {
        const uint8_t *from = in + in_pitch * (size_t)a->start[i];
        size_t x = 0;

        for (; x + BLOCK <= bytes; x += BLOCK)
            block(a->weight + (size_t)i * (size_t)a->longest, a->taps[i], from + x, in_pitch, out + x);
        for (; x < bytes; x++)
            out[x] = scalar_resample_byte(a, i, in + x, in_pitch);
    }
}

void resample_fill_avx2(struct kernel_table *t)
{
    t->resample_horizontal = resample_horizontal;
    t->resample_vertical = resample_vertical;
}
