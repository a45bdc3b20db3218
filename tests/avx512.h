/* tests/avx512.h: AVX-512 on a machine that has AVX2: SIMDe's intrinsics, and here those that Debian's
 * release of it lacks. Included in front of every file of src/kernel/avx512vnni by tests/avx512.sh. Lanes
 * that a mask leaves out are neither read nor written.
 */
#ifndef TESTS_AVX512_H
#define TESTS_AVX512_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/fma.h>

#define EMULATED static inline __attribute__((unused))

/* A register's lanes, and its halves. */
union lanes {
    __m512 ps;
    __m512d pd;
    __m512i whole;
    __m256 half_ps[2];
    __m256d half_pd[2];
    __m256i half[2];
    __m128 quarter_ps[4];
    __m128i quarter[4];
    float f32[16];
    int32_t s32[16];
    int64_t s64[8];
    uint16_t u16[32];
    uint8_t u8[64];
};

/* ---- halves, by AVX2 */

EMULATED __m512 emulated_cvtepi32_ps(__m512i v)
{
    union lanes a = { .whole = v }, r;

    for (int i = 0; i < 2; i++)
        r.half_ps[i] = _mm256_cvtepi32_ps(a.half[i]);
    return r.ps;
}

EMULATED __m512i emulated_cvtps_epi32(__m512 v)
{
    union lanes a = { .ps = v }, r;

    for (int i = 0; i < 2; i++)
        r.half[i] = _mm256_cvtps_epi32(a.half_ps[i]);
    return r.whole;
}

EMULATED __m512i emulated_cvttps_epi32(__m512 v)
{
    union lanes a = { .ps = v }, r;

    for (int i = 0; i < 2; i++)
        r.half[i] = _mm256_cvttps_epi32(a.half_ps[i]);
    return r.whole;
}

EMULATED __m512d emulated_cvtps_pd(__m256 v)
{
    union lanes a = { .half_ps = { v } }, r;

    for (int i = 0; i < 2; i++)
        r.half_pd[i] = _mm256_cvtps_pd(a.quarter_ps[i]);
    return r.pd;
}

EMULATED __m512i emulated_cvtepi8_epi32(__m128i v)
{
    union lanes r;

    r.half[0] = _mm256_cvtepi8_epi32(v);
    r.half[1] = _mm256_cvtepi8_epi32(_mm_srli_si128(v, 8));
    return r.whole;
}

EMULATED __m512i emulated_cvtepu8_epi32(__m128i v)
{
    union lanes r;

    r.half[0] = _mm256_cvtepu8_epi32(v);
    r.half[1] = _mm256_cvtepu8_epi32(_mm_srli_si128(v, 8));
    return r.whole;
}

EMULATED __m512i emulated_sra_epi32(__m512i v, __m128i count)
{
    union lanes a = { .whole = v }, r;

    for (int i = 0; i < 2; i++)
        r.half[i] = _mm256_sra_epi32(a.half[i], count);
    return r.whole;
}

EMULATED __m512i emulated_srai_epi32(__m512i v, unsigned count)
{
    return emulated_sra_epi32(v, _mm_cvtsi32_si128((int)count));
}

EMULATED __m512i emulated_srav_epi32(__m512i v, __m512i count)
{
    union lanes a = { .whole = v }, b = { .whole = count }, r;

    for (int i = 0; i < 2; i++)
        r.half[i] = _mm256_srav_epi32(a.half[i], b.half[i]);
    return r.whole;
}

/* ---- masks */

EMULATED __m512 emulated_maskz_loadu_ps(uint32_t mask, const void *from)
{
    union lanes r = { .f32 = { 0 } };

    for (int i = 0; i < 16; i++)
        if (mask >> i & 1)
            memcpy(&r.f32[i], (const float *)from + i, sizeof(float));
    return r.ps;
}

EMULATED __m256 emulated_maskz_loadu_ps_256(uint32_t mask, const void *from)
{
    return _mm512_castps512_ps256(emulated_maskz_loadu_ps(mask & 0xff, from));
}

EMULATED void emulated_mask_storeu_ps(void *to, uint32_t mask, __m512 v)
{
    union lanes a = { .ps = v };

    for (int i = 0; i < 16; i++)
        if (mask >> i & 1)
            memcpy((float *)to + i, &a.f32[i], sizeof(float));
}

EMULATED __m512i emulated_maskz_loadu_epi8(uint64_t mask, const void *from)
{
    union lanes r = { .u8 = { 0 } };

    for (int i = 0; i < 64; i++)
        if (mask >> i & 1)
            r.u8[i] = ((const uint8_t *)from)[i];
    return r.whole;
}

EMULATED __m128i emulated_maskz_loadu_epi8_128(uint32_t mask, const void *from)
{
    union lanes r = { .whole = emulated_maskz_loadu_epi8(mask & 0xffff, from) };

    return r.quarter[0];
}

EMULATED void store_bytes(void *to, uint64_t mask, const uint8_t *from, int count)
{
    for (int i = 0; i < count; i++)
        if (mask >> i & 1)
            ((uint8_t *)to)[i] = from[i];
}

EMULATED void emulated_mask_storeu_epi8(void *to, uint64_t mask, __m512i v)
{
    union lanes a = { .whole = v };

    store_bytes(to, mask, a.u8, 64);
}

EMULATED void emulated_mask_storeu_epi8_256(void *to, uint32_t mask, __m256i v)
{
    union lanes a = { .half = { v } };

    store_bytes(to, mask, a.u8, 32);
}

EMULATED void emulated_mask_storeu_epi8_128(void *to, uint32_t mask, __m128i v)
{
    union lanes a = { .quarter = { v } };

    store_bytes(to, mask, a.u8, 16);
}

EMULATED void emulated_mask_cvtepi32_storeu_epi8(void *to, uint32_t mask, __m512i v)
{
    union lanes a = { .whole = v };

    for (int i = 0; i < 16; i++)
        if (mask >> i & 1)
            ((uint8_t *)to)[i] = (uint8_t)a.s32[i];
}

/* ---- places and sums */

EMULATED __m512i emulated_shuffle_quarters(__m512i a, __m512i b, int places)
{
    union lanes from[2] = { { .whole = a }, { .whole = b } }, r;

    for (int i = 0; i < 4; i++)
        r.quarter[i] = from[i / 2].quarter[places >> 2 * i & 3];
    return r.whole;
}

EMULATED __m512 emulated_shuffle_f32x4(__m512 a, __m512 b, int places)
{
    union lanes x = { .ps = a }, y = { .ps = b },
                r = { .whole = emulated_shuffle_quarters(x.whole, y.whole, places) };

    return r.ps;
}

EMULATED __m256 emulated_extractf32x8_ps(__m512 v, int half)
{
    union lanes a = { .ps = v };

    return a.half_ps[half];
}

EMULATED __m256i emulated_cvtusepi16_epi8(__m512i v)
{
    union lanes a = { .whole = v }, r;

    for (int i = 0; i < 32; i++)
        r.u8[i] = (uint8_t)(a.u16[i] > 255 ? 255 : a.u16[i]);
    return r.half[0];
}

EMULATED __m128i emulated_cvtusepi16_epi8_256(__m256i v)
{
    union lanes a = { .half = { v } }, r = { .half = { emulated_cvtusepi16_epi8(a.whole) } };

    return r.quarter[0];
}

EMULATED int emulated_reduce_add_epi32(__m512i v)
{
    union lanes a = { .whole = v };
    uint32_t sum = 0;

    for (int i = 0; i < 16; i++)
        sum += (uint32_t)a.s32[i];
    return (int)sum;
}

EMULATED long long emulated_reduce_add_epi64(__m512i v)
{
    union lanes a = { .whole = v };
    uint64_t sum = 0;

    for (int i = 0; i < 8; i++)
        sum += (uint64_t)a.s64[i];
    return (long long)sum;
}

/* In no order that bits may depend on. */
EMULATED float emulated_reduce_add_ps(__m512 v)
{
    union lanes a = { .ps = v };
    float sum = 0;

    for (int i = 0; i < 16; i++)
        sum += a.f32[i];
    return sum;
}

#define _mm512_cvtepi32_ps               emulated_cvtepi32_ps
#define _mm512_cvtps_epi32               emulated_cvtps_epi32
#define _mm512_cvttps_epi32              emulated_cvttps_epi32
#define _mm512_cvtps_pd                  emulated_cvtps_pd
#define _mm512_cvtepi8_epi32             emulated_cvtepi8_epi32
#define _mm512_cvtepu8_epi32             emulated_cvtepu8_epi32
#define _mm512_sra_epi32                 emulated_sra_epi32
#define _mm512_srai_epi32                emulated_srai_epi32
#define _mm512_srav_epi32                emulated_srav_epi32
#define _mm512_maskz_loadu_ps            emulated_maskz_loadu_ps
#define _mm256_maskz_loadu_ps            emulated_maskz_loadu_ps_256
#define _mm512_mask_storeu_ps            emulated_mask_storeu_ps
#define _mm512_maskz_loadu_epi8          emulated_maskz_loadu_epi8
#define _mm_maskz_loadu_epi8             emulated_maskz_loadu_epi8_128
#define _mm512_mask_storeu_epi8          emulated_mask_storeu_epi8
#define _mm256_mask_storeu_epi8          emulated_mask_storeu_epi8_256
#define _mm_mask_storeu_epi8             emulated_mask_storeu_epi8_128
#define _mm512_mask_cvtepi32_storeu_epi8 emulated_mask_cvtepi32_storeu_epi8
#define _mm512_shuffle_i64x2             emulated_shuffle_quarters
#define _mm512_shuffle_f32x4             emulated_shuffle_f32x4
#define _mm512_extractf32x8_ps           emulated_extractf32x8_ps
#define _mm512_cvtusepi16_epi8           emulated_cvtusepi16_epi8
#define _mm256_cvtusepi16_epi8           emulated_cvtusepi16_epi8_256
#define _mm512_reduce_add_epi32          emulated_reduce_add_epi32
#define _mm512_reduce_add_epi64          emulated_reduce_add_epi64
#define _mm512_reduce_add_ps             emulated_reduce_add_ps

#endif
