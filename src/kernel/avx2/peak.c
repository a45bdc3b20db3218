/* src/kernel/avx2/peak.c: the most multiply-accumulates that a core does: independent sums in registers,
 * enough of them to hide the latency. Integers by vpmaddwd and vpaddd, which are exact for every code. */
#include <immintrin.h>

#include "../isa.h"

enum { SUMS = 12, CODES = 8 };

static uint64_t peak_f32(uint64_t rounds, float *sink)
{
    __m256 sum[SUMS], x = _mm256_set1_ps(*sink);
    float out[8];

#pragma GCC unroll 12
    for (int i = 0; i < SUMS; i++)
        sum[i] = _mm256_set1_ps((float)i);
    for (uint64_t r = 0; r < rounds; r++)
#pragma GCC unroll 12
        for (int i = 0; i < SUMS; i++)
            sum[i] = _mm256_fmadd_ps(x, x, sum[i]);
#pragma GCC unroll 12
    for (int i = 0; i < SUMS; i++) {
        _mm256_storeu_ps(out, sum[i]);
        *sink += out[0];
    }
    return rounds * SUMS * 8;
}

static uint64_t peak_u8(uint64_t rounds, float *sink)
{
    __m256i sum[CODES], x = _mm256_set1_epi16((short)*sink);
    int32_t out[8];

#pragma GCC unroll 8
    for (int i = 0; i < CODES; i++)
        sum[i] = _mm256_set1_epi32(i);
    for (uint64_t r = 0; r < rounds; r++)
#pragma GCC unroll 8
        for (int i = 0; i < CODES; i++) {
            sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(x, x));
            /* or the product is taken out of the loop */
            __asm__("" : "+x"(x));
        }
#pragma GCC unroll 8
    for (int i = 0; i < CODES; i++) {
        _mm256_storeu_si256((__m256i *)out, sum[i]);
        *sink += (float)out[0];
    }
    return rounds * CODES * 16;
}

void peak_fill_avx2(struct kernel_table *t)
{
    t->peak_f32 = peak_f32;
    t->peak_u8 = peak_u8;
}
