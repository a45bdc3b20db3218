/* src/kernel/avx512vnni/peak.c: the most multiply-accumulates that a core does: independent sums in
 * registers, enough of them to hide the latency. */
#include "../isa.h"
#include "dot.h"

enum { SUMS = 24 };

static uint64_t peak_f32(uint64_t rounds, float *sink)
{
    __m512 sum[SUMS], x = _mm512_set1_ps(*sink);

#pragma GCC unroll 24
    for (int i = 0; i < SUMS; i++)
        sum[i] = _mm512_set1_ps((float)i);
    for (uint64_t r = 0; r < rounds; r++)
#pragma GCC unroll 24
        for (int i = 0; i < SUMS; i++)
            sum[i] = _mm512_fmadd_ps(x, x, sum[i]);
#pragma GCC unroll 24
    for (int i = 0; i < SUMS; i++)
        *sink += _mm512_reduce_add_ps(sum[i]);
    return rounds * SUMS * 16;
}

static uint64_t peak_u8(uint64_t rounds, float *sink)
{
    __m512i sum[SUMS], x = _mm512_set1_epi8((char)*sink);

#pragma GCC unroll 24
    for (int i = 0; i < SUMS; i++)
        sum[i] = _mm512_set1_epi32(i);
    for (uint64_t r = 0; r < rounds; r++)
#pragma GCC unroll 24
        for (int i = 0; i < SUMS; i++)
            dot(&sum[i], x, x);
#pragma GCC unroll 24
    for (int i = 0; i < SUMS; i++)
        *sink += (float)_mm512_reduce_add_epi32(sum[i]);
    return rounds * SUMS * 64;
}

void peak_fill_avx512vnni(struct kernel_table *t)
{
    t->peak_f32 = peak_f32;
    t->peak_u8 = peak_u8;
}
