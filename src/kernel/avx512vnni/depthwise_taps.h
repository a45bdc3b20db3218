/* src/kernel/avx512vnni/depthwise_taps.h: a depthwise convolution's weights as they are packed, and how taps
 * are interleaved and added. Included by depthwise_u8.c alone. */
#ifndef KERNEL_AVX512VNNI_DEPTHWISE_TAPS_H
#define KERNEL_AVX512VNNI_DEPTHWISE_TAPS_H

#include <string.h>

#include "../tile.h"
#include "dot.h"

enum { LANES = 32, GROUP = 4, PARTS = 4, PART = LANES / PARTS };

/* Interleaving leaves part q of a block with channels 4q..4q + 3 and 16 + 4q.. of it: this is the channel of
 * place j. */
static int channel(int j)
{
    return j % PART / 4 * 16 + j / PART * 4 + j % 4;
}

/* A tap's place in the groups. A 3x3 kernel's groups are its columns, which neighbouring positions share;
 * others' are in raster order. */
static int tap_place(const struct kernel_conv *s, int ky, int kx)
{
    return s->kh == 3 && s->kw == 3 ? kx * GROUP + ky : ky * s->kw + kx;
}

static int tap_groups(const struct kernel_conv *s)
{
    return (s->kh * s->kw + GROUP - 1) / GROUP;
}

static int blocks(const struct kernel_conv *s)
{
    return (s->oc + LANES - 1) / LANES;
}

/* Packed, in that order: for each block -zero_point_in * sum(w) as s32, then for each group of taps its
 * weights (place, tap); where a group lacks a tap any codes stand, under zero weights. */
static size_t block_bytes(const struct kernel_conv *s)
{
    return LANES * (sizeof(int32_t) + (size_t)tap_groups(s) * GROUP);
}

static size_t packed_bytes(const struct kernel_conv *s)
{
    return block_bytes(s) * (size_t)blocks(s);
}

static void pack(const struct kernel_conv *s, const int8_t *weight, void *packed)
{
    int taps = s->kh * s->kw;

    memset(packed, 0, packed_bytes(s));
    for (int block = 0; block < blocks(s); block++) {
        int32_t *start = (int32_t *)((char *)packed + block_bytes(s) * (size_t)block);
        int8_t *w = (int8_t *)(start + LANES);

        for (int j = 0; j < LANES; j++) {
            int c = block * LANES + channel(j);

            for (int t = 0; c < s->oc && t < taps; t++) {
                int i = tap_place(s, t / s->kw, t % s->kw);

                w[(i / GROUP * LANES + j) * GROUP + i % GROUP] = weight[(size_t)c * taps + t];
                start[j] -= s->zero_point_in * weight[(size_t)c * taps + t];
            }
        }
    }
}

struct sums {
    __m256i part[PARTS];
};

/* Four taps of a position, or a column of three: (channel, tap). */
struct group {
    __m256i part[PARTS];
};

static inline __attribute__((always_inline)) struct group interleave(const uint8_t *a, const uint8_t *b,
                                                                     const uint8_t *c, const uint8_t *d)
{
    __m256i va = _mm256_loadu_si256((const __m256i *)a), vb = _mm256_loadu_si256((const __m256i *)b);
    __m256i vc = _mm256_loadu_si256((const __m256i *)c), vd = _mm256_loadu_si256((const __m256i *)d);
    __m256i lo0 = _mm256_unpacklo_epi8(va, vb), hi0 = _mm256_unpackhi_epi8(va, vb);
    __m256i lo1 = _mm256_unpacklo_epi8(vc, vd), hi1 = _mm256_unpackhi_epi8(vc, vd);

    return (struct group){ { _mm256_unpacklo_epi16(lo0, lo1), _mm256_unpackhi_epi16(lo0, lo1),
                             _mm256_unpacklo_epi16(hi0, hi1), _mm256_unpackhi_epi16(hi0, hi1) } };
}

static inline __attribute__((always_inline)) void add_group(struct sums *acc, const struct group *g,
                                                            const char *w)
{
#pragma GCC unroll 4
    for (int q = 0; q < PARTS; q++)
        dot_half(&acc->part[q], g->part[q], w + q * LANES);
}

#endif
