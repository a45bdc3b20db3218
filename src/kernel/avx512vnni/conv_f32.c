/* src/kernel/avx512vnni/conv_f32.c: convolution in fp32, tiles of up to 14 positions by 32 output channels.
 *
 * The last block may have fewer channels. One of 8 at most would leave half of its vector empty: two
 * positions share it, lane by lane, and each weight stands in two lanes. Their inputs are copied side by
 * side, so that one broadcast of both is one load.
 *
 * Outputs side by side in rows that are long enough need no pointer each: none of them is spilled.
 */
#include "vector_f32.h"

enum { MR = 14, NR = 32, HALF = VECTOR / 2, ROW_ONE = 28 /* positions of a row by one vector */ };

#include "../conv_f32.h"

/* A block's vectors: two; of the last block also fewer: one and a half (17 to 24 channels: a shared half
 * gains nothing there), one, or the half that two positions share. */
enum form { TWO, HALF_MORE, ONE, SHARED };

/* Runs of a few terms are not worth their copies. */
static enum form form_of(const struct kernel_conv *s, int left)
{
    if (left <= HALF && s->kw * s->ic >= 2 * VECTOR)
        return SHARED;
    return left <= VECTOR ? ONE : left <= VECTOR + HALF ? HALF_MORE : TWO;
}

static int channel_at(const struct kernel_conv *s, int j, int left)
{
    return form_of(s, left) == SHARED ? j / 2 : j;
}

/* What a tile needs besides its size. */
struct tile {
    struct taps taps;
    const float *w;
    enum form form;
    __mmask16 keep[2]; /* lanes of each vector that exist */
    int left, whole;   /* channels of the block; they fill its vectors */
    size_t ahead;      /* floats from a weight to the one that is fetched meanwhile */
};

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

/* A term's second vector of weights, where the form has one. A block that does not fill two vectors is the
 * last: there is nothing to fetch. */
static inline __attribute__((always_inline)) __m512 second(enum form form, const float *w, size_t ahead,
                                                           __m512 none)
{
    if (form == TWO) {
        _mm_prefetch((const char *)(w + ahead), _MM_HINT_T1);
        _mm_prefetch((const char *)(w + ahead + VECTOR), _MM_HINT_T1);
        return _mm512_load_ps(w + VECTOR);
    }
    return form == HALF_MORE ? _mm512_castps256_ps512(_mm256_load_ps(w + VECTOR)) : none;
}

static inline __attribute__((always_inline)) void tile_sum(const struct tile *t, int mr, enum form form,
                                                           const float *const *in, float *const *out,
                                                           size_t block)
{
    const float *w = t->w, *a[MR];
    size_t run = (size_t)t->taps.run, ahead = t->ahead;
    __m512 acc0[MR], acc1[MR], b1 = _mm512_setzero_ps();

#pragma GCC unroll 14
    for (int m = 0; m < mr; m++) {
        a[m] = in[m];
        acc0[m] = _mm512_load_ps(w);
        acc1[m] = form == ONE ? b1 : _mm512_load_ps(w + VECTOR);
    }
    w += NR;
    for (int r = 0; r < t->taps.runs; r++) {
        for (size_t c = 0; c < run; c++, w += NR) {
            __m512 b0 = _mm512_load_ps(w);

            b1 = second(form, w, ahead, b1);
#pragma GCC unroll 14
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
#pragma GCC unroll 14
        for (int m = 0; m < mr; m++)
            a[m] += t->taps.step;
    }
#pragma GCC unroll 14
    for (int m = 0; m < mr; m++)
        store(t, form, acc0[m], acc1[m], out[m] + block);
}

/* ---- positions side by side ---------------------------------------------------------------------------- */

/* A tile of a row: every fourth position has a pointer, the others lie multiples of one step further. */
static inline __attribute__((always_inline)) void row_sum(const struct tile *t, int mr, enum form form,
                                                          const float *in, float *out)
{
    const float *w = t->w, *a[ROW_ONE / 4];
    const size_t next = t->taps.next, rest = t->taps.step - (size_t)t->taps.run, ahead = t->ahead;
    __m512 acc0[ROW_ONE], acc1[MR], b1 = _mm512_setzero_ps();

#pragma GCC unroll 7
    for (int g = 0; g < (mr + 3) / 4; g++)
        a[g] = in + (size_t)g * 4 * next;
#pragma GCC unroll 28
    for (int m = 0; m < mr; m++) {
        acc0[m] = _mm512_load_ps(w);
        if (form != ONE)
            acc1[m] = _mm512_load_ps(w + VECTOR);
    }
    w += NR;
    for (int r = 0; r < t->taps.runs; r++) {
        const float *end = w + (size_t)t->taps.run * NR;

        for (; w < end; w += NR) {
            __m512 b0 = _mm512_load_ps(w);

            b1 = second(form, w, ahead, b1);
#pragma GCC unroll 28
            for (int m = 0; m < mr; m++) {
                __m512 x = _mm512_set1_ps(a[m / 4][(size_t)(m % 4) * next]);

                acc0[m] = _mm512_fmadd_ps(x, b0, acc0[m]);
                if (form != ONE)
                    acc1[m] = _mm512_fmadd_ps(x, b1, acc1[m]);
            }
#pragma GCC unroll 7
            for (int g = 0; g < (mr + 3) / 4; g++)
                a[g]++;
        }
#pragma GCC unroll 7
        for (int g = 0; g < (mr + 3) / 4; g++)
            a[g] += rest;
    }
#pragma GCC unroll 28
    for (int m = 0; m < mr; m++)
        store(t, form, acc0[m], form == ONE ? b1 : acc1[m], out + (size_t)m * t->taps.out_next);
}

/* Rows of at least MR, cut evenly, have tiles of no other sizes. */
#define SIZE(size)                                                                                           \
    case size:                                                                                               \
        row_sum(t, size, form, in, out);                                                                     \
        break;

static inline __attribute__((always_inline)) void row_of_two(const struct tile *t, enum form form, int mr,
                                                             const float *in, float *out)
{
    switch (mr) {
        TILE_7_TO_14
    }
}

static void row_of_one(const struct tile *t, int mr, const float *in, float *out)
{
    const enum form form = ONE;

    switch (mr) {
        TILE_14_TO_28
    }
}
#undef SIZE

static void sum_row(struct tile *t, const float *in, float *out, size_t next)
{
    struct cut cut = tile_even(t->taps.width, t->form == ONE ? ROW_ONE : MR);

    for (int i = 0; i < cut.parts; i++) {
        int mr = cut.size + (i < cut.longer);

        t->ahead = tile_ahead(i, cut.parts, next, sizeof(float));
        if (t->form == TWO)
            row_of_two(t, TWO, mr, in, out);
        else if (t->form == HALF_MORE)
            row_of_two(t, HALF_MORE, mr, in, out);
        else
            row_of_one(t, mr, in, out);
        in += (size_t)mr * t->taps.next;
        out += (size_t)mr * t->taps.out_next;
    }
}

/* ---- halves that two positions share ------------------------------------------------------------------- */

enum { PAIRS = MR / 2, PAIR = 2 * VECTOR };

/* The next `terms` values of each pair's positions, VECTOR at most, side by side. */
static inline __attribute__((always_inline)) void pair_up(int pairs, const float *const *in, int terms,
                                                          float pair[PAIRS][PAIR])
{
    __mmask16 keep = (__mmask16)((1u << terms) - 1);
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(HALF));

#pragma GCC unroll 7
    for (int m = 0; m < pairs; m++) {
        __m512 a = _mm512_maskz_loadu_ps(keep, in[2 * m]);
        __m512 b = _mm512_maskz_loadu_ps(keep, in[2 * m + 1]);

        _mm512_store_ps(pair[m], _mm512_permutex2var_ps(a, low, b));
        _mm512_store_ps(pair[m] + VECTOR, _mm512_permutex2var_ps(a, high, b));
    }
}

/* Both positions' values at `x` in turns. */
static inline __attribute__((always_inline)) __m512 both(const float *x)
{
    double v;

    memcpy(&v, x, sizeof v);
    return _mm512_castpd_ps(_mm512_set1_pd(v));
}

/* Takes `terms` more, which pair_up read at `in`, and fetches those that it will read next but one. */
static inline __attribute__((always_inline)) void pairs_add(int pairs, float pair[PAIRS][PAIR],
                                                            const float *const *in, int terms, const float *w,
                                                            __m512 sum[PAIRS])
{
    for (int c = 0; c < terms; c++, w += NR) {
        __m512 b = _mm512_load_ps(w);

        if (c < 2 * pairs)
            _mm_prefetch((const char *)(in[c] + 2 * VECTOR), _MM_HINT_T0);
#pragma GCC unroll 7
        for (int m = 0; m < pairs; m++)
            sum[m] = _mm512_fmadd_ps(both(pair[m] + 2 * c), b, sum[m]);
    }
}

/* Positions 0 .. last; the last of an odd number is its own pair's other one. */
static inline __attribute__((always_inline)) void pairs_sum(const struct tile *t, int pairs, int last,
                                                            const float *const *in, float *const *out,
                                                            size_t block)
{
    const __m512i apart = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
    _Alignas(64) float pair[PAIRS][PAIR];
    const float *w = t->w, *a[MR];
    int run = t->taps.run;
    __m512 sum[PAIRS];

#pragma GCC unroll 7
    for (int m = 0; m < pairs; m++)
        sum[m] = _mm512_load_ps(w);
    w += NR;
    for (int r = 0; r < t->taps.runs; r++)
        for (int c = 0; c < run; c += VECTOR) {
            int terms = tile_min(run - c, VECTOR);

            for (int m = 0; m < 2 * pairs; m++)
                a[m] = in[tile_min(m, last)] + (size_t)r * t->taps.step + c;
            pair_up(pairs, a, terms, pair);
            pairs_add(pairs, pair, a, terms, w, sum);
            w += terms * NR;
        }
#pragma GCC unroll 7
    for (int m = 0; m < pairs; m++) {
        __m512 v = vector_clamp(sum[m], t->taps.low, t->taps.high);

        v = _mm512_permutexvar_ps(apart, v);
        _mm512_mask_storeu_ps(out[2 * m] + block, t->keep[0], v);
        _mm512_mask_storeu_ps(out[tile_min(2 * m + 1, last)] + block, t->keep[0],
                              _mm512_shuffle_f32x4(v, v, _MM_SHUFFLE(1, 0, 3, 2)));
    }
}

/* ---- tiles of every size ------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) void sum_tile(const struct tile *t, enum form form, int mr,
                                                           const float *const *in, float *const *out,
                                                           size_t block)
{
#define SIZE(size)                                                                                           \
    case size:                                                                                               \
        tile_sum(t, size, form, in, out, block);                                                             \
        break;

    switch (mr) {
        TILE_1_TO_14
    }
#undef SIZE
}

static void sum_pairs(const struct tile *t, int mr, const float *const *in, float *const *out, size_t block)
{
#define SIZE(size)                                                                                           \
    case size:                                                                                               \
        pairs_sum(t, size, mr - 1, in, out, block);                                                          \
        break;

    switch ((mr + 1) / 2) {
        TILE_1_TO_7
    }
#undef SIZE
}

/* `positions` outputs by one block of channels, cut evenly; the first tile fetches the next block. */
static void sum_block(struct tile *t, int positions, const float *const *in, float *const *out, size_t block,
                      size_t next)
{
    struct cut cut = tile_even(positions, MR);

    for (int i = 0, p = 0, mr; i < cut.parts; i++, p += mr) {
        mr = cut.size + (i < cut.longer);
        t->ahead = tile_ahead(i, cut.parts, next, sizeof(float));
        if (t->form == TWO)
            sum_tile(t, TWO, mr, in + p, out + p, block);
        else if (t->form == HALF_MORE)
            sum_tile(t, HALF_MORE, mr, in + p, out + p, block);
        else if (t->form == ONE)
            sum_tile(t, ONE, mr, in + p, out + p, block);
        else
            sum_pairs(t, mr, in + p, out + p, block);
    }
}

static void sum_all(const struct kernel_conv *s, const struct taps *taps, const float *packed, int count,
                    const float *const *in, float *const *out)
{
    struct tile t = { .taps = *taps, .w = packed };

    for (int block = 0; block < s->oc; block += NR, t.w += block_floats(s)) {
        uint32_t keep;
        size_t next;

        t.left = tile_min(s->oc - block, NR);
        t.form = form_of(s, t.left);
        t.whole = t.left % HALF == 0 && t.left != HALF;
        keep = (uint32_t)((1ull << t.left) - 1);
        t.keep[0] = (__mmask16)keep;
        t.keep[1] = (__mmask16)(keep >> VECTOR);
        next = block + NR < s->oc ? block_floats(s) : 0;
        if (taps->width < MR || t.form == SHARED)
            sum_block(&t, count, in, out, (size_t)block, next);
        else
            for (int i = 0; i < count; i += taps->width)
                sum_row(&t, in[i], out[i] + block, i == 0 ? next : 0);
    }
}

void conv_f32_fill_avx512vnni(struct kernel_table *t)
{
    fill_conv_f32(t);
}
