/* src/kernel/avx2/conv_f32.c: convolution in fp32, tiles of up to 6 positions by 16 output channels. */
#include "vector_f32.h"

enum { MR = 6, NR = 16 };

#include "../conv_f32.h"

static int channel_at(const struct kernel_conv *s, int j, int left)
{
    (void)s;
    (void)left;
    return j;
}

/* What a tile needs besides its size. */
struct tile {
    struct taps taps;
    const float *w;
    __m256i keep[2]; /* lanes of each vector that exist */
    int whole;       /* all of them do */
    size_t ahead;    /* floats from a weight to the one that is fetched meanwhile */
};

static inline __attribute__((always_inline)) void tile_sum(const struct tile *t, int mr, int nv,
                                                           const float *const *in, float *const *out,
                                                           size_t block)
{
    const float *w = t->w, *a[MR];
    size_t run = (size_t)t->taps.run, ahead = t->ahead;
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

            _mm_prefetch((const char *)(w + ahead), _MM_HINT_T1);
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

#define SIZE(size)                                                                                           \
    case size:                                                                                               \
        if (nv == 2)                                                                                         \
            tile_sum(t, size, 2, in + p, out + p, block);                                                    \
        else                                                                                                 \
            tile_sum(t, size, 1, in + p, out + p, block);                                                    \
        break;

/* `positions` outputs by one block of channels, cut evenly; the first tile fetches the next block. */
static void sum_block(struct tile *t, int positions, int nv, const float *const *in, float *const *out,
                      size_t block, size_t next)
{
    struct cut cut = tile_even(positions, MR);

    for (int i = 0, p = 0, mr; i < cut.parts; i++, p += mr) {
        mr = cut.size + (i < cut.longer);
        t->ahead = tile_ahead(i, cut.parts, next, sizeof(float));
        switch (mr) {
            TILE_1_TO_6
        }
#undef SIZE
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
        sum_block(&t, count, left > VECTOR ? 2 : 1, in, out, (size_t)block, left > NR ? block_floats(s) : 0);
    }
}

void conv_f32_fill_avx2(struct kernel_table *t)
{
    fill_conv_f32(t);
}
