/* src/kernel/avx512vnni/dot.h: sums of four products a lane. The instruction itself and not its intrinsic,
 * with whose sums gcc 12 copies and stores them at each step; the intrinsic where tests/avx512.sh emulates
 * it. Private to the instruction set. */
#ifndef KERNEL_AVX512VNNI_DOT_H
#define KERNEL_AVX512VNNI_DOT_H

#include <immintrin.h>

/* acc += codes (u8) * weights (s8) */
static inline __attribute__((always_inline)) void dot(__m512i *acc, __m512i codes, __m512i weights)
{
#ifdef __AVX512VNNI__
    __asm__("vpdpbusd %2, %1, %0" : "+v"(*acc) : "v"(codes), "v"(weights));
#else
    *acc = _mm512_dpbusd_epi32(*acc, codes, weights);
#endif
}

/* The same of 32 codes, the weights in memory. */
static inline __attribute__((always_inline)) void dot_half(__m256i *acc, __m256i codes, const char *weights)
{
#ifdef __AVX512VNNI__
    __asm__("vpdpbusd %2, %1, %0" : "+v"(*acc) : "v"(codes), "m"(*(const __m256i *)weights));
#else
    *acc = _mm256_dpbusd_epi32(*acc, codes, *(const __m256i *)weights);
#endif
}

#endif
