/* src/kernel/avx512vnni/conv_f32.c: convolution in fp32, tiles of 12 positions at most by 32 output
 * channels. */
#include "vector_f32.h"

enum { MR = 12, NR = 32 };

#include "../conv_f32.h"

/* What a tile needs besides its size. */
struct tile {
    struct taps taps;
    const float *w;
    __mmask16 keep[2]; /* lanes of each vector that exist */
    int left, whole;   /* channels of the block; they fill its vectors */
    size_t ahead;      /* floats from a weight to the one that is fetched meanwhile */
};

/* A block's vectors: one, one and a half (17 to 24 channels, as in many networks' narrow layers), or two. */
enum form { ONE, HALF_MORE, TWO };

static inline __attribute__((always_inline)) void store(const struct tile *t, enum form form, __m512 v0,
                                                        __m512 v1, float *out)
{
    v0 = vector_clamp(v0, t->taps.low, t->taps.high);
    v1 = vector_clamp(v1, t->taps.low, t->taps.high);
    if (!t->whole) {
        _mm512_mask_storeu_ps(out, t->keep[0], v0);
        if (form != ONE)
            _mm512_mask_storeu_ps(out + VECTOR, t->keep[1], v1);
        return;
    }
    _mm512_storeu_ps(out, v0);
    if (form == TWO)
        _mm512_storeu_ps(out + VECTOR, v1);
    else if (form == HALF_MORE)
        _mm256_storeu_ps(out + VECTOR, _mm512_castps512_ps256(v1));
}

static inline __attribute__((always_inline)) void tile_sum(const struct tile *t, int mr, enum form form,
                                                           const float *const *in, float *const *out)
{
    const float *w = t->w, *a[MR];
    size_t run = (size_t)t->taps.run, ahead = t->ahead;
    __m512 acc0[MR], acc1[MR], b1 = _mm512_setzero_ps();

#pragma GCC unroll 12
    for (int m = 0; m < mr; m++) {
        a[m] = in[m];
        acc0[m] = _mm512_load_ps(w);
        acc1[m] = form == ONE ? b1 : _mm512_load_ps(w + VECTOR);
    }
    w += NR;
    for (int r = 0; r < t->taps.runs; r++) {
        for (size_t c = 0; c < run; c++, w += NR) {
            __m512 b0 = _mm512_load_ps(w);

            _mm_prefetch((const char *)(w + ahead), _MM_HINT_T1);
            _mm_prefetch((const char *)(w + ahead + VECTOR), _MM_HINT_T1);
            if (form == TWO)
                b1 = _mm512_load_ps(w + VECTOR);
            else if (form == HALF_MORE)
                b1 = _mm512_castps256_ps512(_mm256_load_ps(w + VECTOR));
#pragma GCC unroll 12
            for (int m = 0; m < mr; m++) {
                __m512 x = _mm512_set1_ps(a[m][c]);

                acc0[m] = _mm512_fmadd_ps(x, b0, acc0[m]);
                if (form == TWO)
                    acc1[m] = _mm512_fmadd_ps(x, b1, acc1[m]);
                else if (form == HALF_MORE)
                    acc1[m] = _mm512_castps256_ps512(_mm256_fmadd_ps(_mm512_castps512_ps256(x),
                                                                     _mm512_castps512_ps256(b1),
                                                                     _mm512_castps512_ps256(acc1[m])));
            }
        }
#pragma GCC unroll 12
        for (int m = 0; m < mr; m++)
            a[m] += t->taps.step;
    }
#pragma GCC unroll 12
    for (int m = 0; m < mr; m++)
        store(t, form, acc0[m], acc1[m], out[m]);
}

#define SIZE(mr)                                                                                             \
    case mr:                                                                                                 \
        tile_sum(t, mr, form, in, to);                                                                       \
        break;

/* One tile of outputs, which begin at `block` of each. */
static inline __attribute__((always_inline)) void sum_tile(const struct tile *t, enum form form, int mr,
                                                           const float *const *in, float *const *out,
                                                           size_t block)
{
    float *to[MR];

    for (int m = 0; m < mr; m++)
        to[m] = out[m] + block;
    switch (mr) {
        SIZE(1)
        SIZE(2)
        SIZE(3)
        SIZE(4)
        SIZE(5)
        SIZE(6)
        SIZE(7)
        SIZE(8)
        SIZE(9)
        SIZE(10)
        SIZE(11)
        SIZE(12)
    }
}

/* `positions` outputs by one block of channels, cut evenly; the first tiles fetch the next block. */
static void sum_block(struct tile *t, int positions, const float *const *in, float *const *out, size_t block,
                      size_t next)
{
    int parts = tile_parts(positions, MR);

    for (int i = 0; i < parts; i++) {
        int p = tile_cut(positions, parts, i), mr = tile_cut(positions, parts, i + 1) - p;

        t->ahead = i == 0 ? next : 0;
        if (t->left <= VECTOR)
            sum_tile(t, ONE, mr, in + p, out + p, block);
        else if (t->left <= VECTOR + VECTOR / 2)
            sum_tile(t, HALF_MORE, mr, in + p, out + p, block);
        else
            sum_tile(t, TWO, mr, in + p, out + p, block);
    }
}

static void sum_all(const struct kernel_conv *s, const struct taps *taps, const float *packed, int count,
                    const float *const *in, float *const *out)
{
    struct tile t = { .taps = *taps, .w = packed };

    for (int block = 0; block < s->oc; block += NR, t.w += block_floats(s)) {
        uint32_t keep;

        t.left = tile_min(s->oc - block, NR);
        t.whole = t.left % (VECTOR / 2) == 0 && t.left != VECTOR / 2;
        keep = (uint32_t)((1ull << t.left) - 1);
        t.keep[0] = (__mmask16)keep;
        t.keep[1] = (__mmask16)(keep >> VECTOR);
        sum_block(&t, count, in, out, (size_t)block, block + NR < s->oc ? block_floats(s) : 0);
    }
}

void conv_f32_fill_avx512vnni(struct kernel_table *t)
{
    fill_conv_f32(t);
}
