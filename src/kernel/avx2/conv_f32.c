/* src/kernel/avx2/conv_f32.c: convolution in fp32, tiles of 6 positions by 16 output channels. */
#include "vector_f32.h"

enum { MR = 6, NR = 16 };

#include "../conv_f32.h"

/* What a tile needs besides its size. */
struct tile {
    struct taps taps;
    const float *w;
    __m256i keep[2]; /* lanes of each vector that exist */
    int whole;       /* all of them do */
};

static inline __attribute__((always_inline)) void tile_sum(const struct tile *t, int mr, int nv,
                                                           const float *const *in, float *const *out,
                                                           size_t block)
{
    const float *w = t->w, *a[MR];
    size_t run = (size_t)t->taps.run;
    __m256 acc[MR][2];

#pragma GCC unroll 6
    for (int m = 0; m < mr; m++) {
        a[m] = in[m];
#pragma GCC unroll 2
        for (int v = 0; v < nv; v++)
            acc[m][v] = _mm256_load_ps(w + v * VECTOR);
    }
    w += NR;
    for (int r = 0; r < t->taps.runs; r++) {
        for (size_t c = 0; c < run; c++, w += NR) {
            __m256 b[2];

#pragma GCC unroll 2
            for (int v = 0; v < nv; v++)
                b[v] = _mm256_load_ps(w + v * VECTOR);
#pragma GCC unroll 6
            for (int m = 0; m < mr; m++) {
                __m256 x = _mm256_broadcast_ss(a[m] + c);

#pragma GCC unroll 2
                for (int v = 0; v < nv; v++)
                    acc[m][v] = _mm256_fmadd_ps(x, b[v], acc[m][v]);
            }
        }
#pragma GCC unroll 6
        for (int m = 0; m < mr; m++)
            a[m] += t->taps.step;
    }
#pragma GCC unroll 6
    for (int m = 0; m < mr; m++)
#pragma GCC unroll 2
        for (int v = 0; v < nv; v++) {
            __m256 sum = vector_clamp(acc[m][v], t->taps.low, t->taps.high);

            if (t->whole)
                _mm256_storeu_ps(out[m] + block + v * VECTOR, sum);
            else
                _mm256_maskstore_ps(out[m] + block + v * VECTOR, t->keep[v], sum);
        }
}

/* `positions` outputs by one block of channels. */
static void sum_block(const struct tile *t, int positions, int nv, const float *const *in, float *const *out,
                      size_t block)
{
    int p = 0;

    if (nv == 2) {
        for (; p + MR <= positions; p += MR)
            tile_sum(t, MR, 2, in + p, out + p, block);
        if (p + 4 <= positions) {
            tile_sum(t, 4, 2, in + p, out + p, block);
            p += 4;
        }
        for (; p < positions; p++)
            tile_sum(t, 1, 2, in + p, out + p, block);
    } else {
        for (; p + MR <= positions; p += MR)
            tile_sum(t, MR, 1, in + p, out + p, block);
        for (; p < positions; p++)
            tile_sum(t, 1, 1, in + p, out + p, block);
    }
}

static void sum_all(const struct kernel_conv *s, const struct taps *taps, const float *packed, int count,
                    const float *const *in, float *const *out)
{
    struct tile t = { .taps = *taps, .w = packed };

    for (int block = 0; block < s->oc; block += NR, t.w += block_floats(s)) {
        int left = s->oc - block;

        t.whole = left >= NR || left == VECTOR;
        t.keep[0] = vector_lanes(left);
        t.keep[1] = vector_lanes(left - VECTOR);
        sum_block(&t, count, left > VECTOR ? 2 : 1, in, out, (size_t)block);
    }
}

void conv_f32_fill_avx2(struct kernel_table *t)
{
    fill_conv_f32(t);
}
