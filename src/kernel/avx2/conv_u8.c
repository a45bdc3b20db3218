/* src/kernel/avx2/conv_u8.c: convolution of u8 codes, tiles of up to 6 positions by 16 output channels. Codes
 * are widened to 16 bits in the copy of a chunk's input, so that vpmaddwd adds pairs of products in 32 bits:
 * exact for every code. */
#include "../isa.h"
#include "../scalar.h"
#include "../tile.h"
#include "requant.h"

enum { MR = 6, NR = REQUANT_LANES, VECTOR = 8 };

/* Terms of a run (kw * ic neighbours), made even by a zero weight. */
static int run_pairs(const struct kernel_conv *s)
{
    return (s->kw * s->ic + 1) / 2;
}

/* Packed: for each block of NR output channels -zero_point_in * sum(w) as s32, then its weights as s16 (kh,
 * pair, NR, 2). */
static size_t block_bytes(const struct kernel_conv *s)
{
    return NR * (sizeof(int32_t) + (size_t)s->kh * run_pairs(s) * 2 * sizeof(int16_t));
}

static size_t packed_bytes(const struct kernel_conv *s)
{
    return block_bytes(s) * (size_t)((s->oc + NR - 1) / NR);
}

/* The chunk, then the sums of its positions' windows. */
static size_t scratch_bytes(const struct kernel_conv *s)
{
    return tile_round(tile_scratch_bytes(s, sizeof(int16_t))) + tile_sums_bytes(s, sizeof(int16_t));
}

static void pack(const struct kernel_conv *s, const int8_t *weight, void *packed)
{
    int run = s->kw * s->ic, pairs = run_pairs(s);

    memset(packed, 0, packed_bytes(s));
    for (int o = 0; o < s->oc; o++) {
        int32_t *start = (int32_t *)((char *)packed + block_bytes(s) * (size_t)(o / NR));
        int16_t *w = (int16_t *)(start + NR);

        for (int r = 0; r < s->kh; r++)
            for (int i = 0; i < run; i++) {
                int v = weight[((size_t)o * s->kh + r) * run + i];

                w[(((size_t)r * pairs + i / 2) * NR + o % NR) * 2 + i % 2] = (int16_t)v;
                start[o % NR] -= s->zero_point_in * v;
            }
    }
}

/* What a tile needs besides its size: where its terms lie and what becomes of the sums. */
struct tile {
    const char *packed;
    int runs, pairs, left; /* left: channels of the block that exist, if fewer than NR */
    int run;               /* codes of a run */
    size_t step;           /* codes from one run of an input to the next */
    size_t ahead;          /* vectors from a weight to the one that is fetched meanwhile */
    const int32_t
        *window; /* of each position the window's codes less their zero points; NULL: weights have none */
    struct requant_block requant;
};

/* The sum of a window's codes. */
static int32_t sum_window(const struct tile *t, const int16_t *in)
{
    __m256i sum = _mm256_setzero_si256();
    int32_t lane[VECTOR], all = 0;

    for (int r = 0; r < t->runs; r++, in += t->step) {
        int i = 0;

        for (; i + 16 <= t->run; i += 16)
            sum = _mm256_add_epi32(
                sum, _mm256_madd_epi16(_mm256_loadu_si256((const __m256i *)(in + i)), _mm256_set1_epi16(1)));
        for (; i < t->run; i++)
            all += in[i];
    }
    _mm256_storeu_si256((__m256i *)lane, sum);
    for (int i = 0; i < VECTOR; i++)
        all += lane[i];
    return all;
}

static inline __m256i odd_levels(__m256i acc, __m256i window)
{
    return _mm256_add_epi32(_mm256_add_epi32(acc, acc), window);
}

/* What scalar_requant_is_rare names, TFLITE excepted: apart, so that other sums keep their registers. */
static __attribute__((noinline)) void store_apart(const struct tile *t, const int16_t *in, uint8_t *out,
                                                  const __m256i acc[2])
{
    __m256i s0 = acc[0], s1 = acc[1];

    if (t->requant.odd) {
        __m256i window = _mm256_set1_epi32(sum_window(t, in));

        s0 = odd_levels(s0, window);
        s1 = odd_levels(s1, window);
    }
    if (t->requant.mode == REQUANT_REAL || t->requant.mode == REQUANT_SUM)
        requant_store_values(&t->requant, s0, s1, t->left, out);
    else
        requant_store(out, t->left,
                      requant_codes(&t->requant, requant_vector_rare(&t->requant, 0, s0),
                                    requant_vector_rare(&t->requant, VECTOR, s1)));
}

/* What the weights' zero points take away of the sums. */
static inline __attribute__((always_inline)) void take_windows(const struct tile *t, int mr, int nv,
                                                               __m256i (*acc)[2])
{
#pragma GCC unroll 6
    for (int m = 0; m < mr; m++)
#pragma GCC unroll 2
        for (int v = 0; v < nv; v++)
            acc[m][v] = _mm256_sub_epi32(
                acc[m][v], _mm256_mullo_epi32(_mm256_set1_epi32(t->window[m]),
                                              requant_lanes(t->requant.weight_zero_point + v * VECTOR)));
}

/* How sums become codes: as requant_vector has it, by store_apart, or by REQUANT_TFLITE. */
enum { USUAL, APART, FIXED };

static inline __attribute__((always_inline)) void tile_sum(const struct tile *t, int mr, int nv, int apart,
                                                           const int16_t *const *in, uint8_t *const *out,
                                                           size_t block)
{
    const __m256i *w = (const __m256i *)t->packed;
    const int16_t *a[MR];
    size_t terms = 2 * (size_t)t->pairs, ahead = t->ahead;
    __m256i acc[MR][2], sum[MR][2];

#pragma GCC unroll 6
    for (int m = 0; m < mr; m++) {
        a[m] = in[m];
#pragma GCC unroll 2
        for (int v = 0; v < 2; v++)
            acc[m][v] = v < nv ? _mm256_load_si256(w + v) : _mm256_setzero_si256();
    }
    if (t->window)
        take_windows(t, mr, nv, acc);
    w += 2;
    for (int r = 0; r < t->runs; r++) {
        for (size_t c = 0; c < terms; c += 2, w += 2) {
            __m256i b[2];

            _mm_prefetch((const char *)(w + ahead), _MM_HINT_T1);
#pragma GCC unroll 2
            for (int v = 0; v < nv; v++)
                b[v] = _mm256_load_si256(w + v);
#pragma GCC unroll 6
            for (int m = 0; m < mr; m++) {
                int32_t pair;
                __m256i x;

                memcpy(&pair, a[m] + c, sizeof pair);
                x = _mm256_set1_epi32(pair);
#pragma GCC unroll 2
                for (int v = 0; v < nv; v++) {
                    acc[m][v] = _mm256_add_epi32(acc[m][v], _mm256_madd_epi16(x, b[v]));
                    /* Keeps the compiler from forming all products first: there are no registers for that. */
                    __asm__("" : "+x"(acc[m][v]), "+x"(b[v]));
                }
            }
        }
#pragma GCC unroll 6
        for (int m = 0; m < mr; m++)
            a[m] += t->step;
    }
#pragma GCC unroll 6
    for (int m = 0; m < mr; m++) {
        __m256i r0, r1;

        if (apart == APART) {
            sum[m][0] = acc[m][0];
            sum[m][1] = acc[m][1];
            continue;
        }
        if (apart == FIXED) {
            r0 = requant_vector_fixed(&t->requant, 0, acc[m][0]);
            r1 = requant_vector_fixed(&t->requant, VECTOR, acc[m][1]);
        } else {
            r0 = requant_vector(&t->requant, 0, acc[m][0]);
            r1 = nv == 2 ? requant_vector(&t->requant, VECTOR, acc[m][1]) : r0;
        }
        requant_store(out[m] + block, t->left, requant_codes(&t->requant, r0, r1));
    }
    for (int m = 0; apart == APART && m < mr; m++)
        store_apart(t, in[m], out[m] + block, sum[m]);
}

static void sum_tile(const struct tile *t, int mr, int nv, const int16_t *const *in, uint8_t *const *out,
                     size_t block)
{
#define SIZE(size)                                                                                           \
    case size:                                                                                               \
        if (t->requant.mode == REQUANT_TFLITE)                                                               \
            tile_sum(t, size, 2, FIXED, in, out, block);                                                     \
        else if (nv == 2)                                                                                    \
            tile_sum(t, size, 2, USUAL, in, out, block);                                                     \
        else                                                                                                 \
            tile_sum(t, size, 1, USUAL, in, out, block);                                                     \
        break;

    switch (mr) {
        TILE_1_TO_6
    }
#undef SIZE
}

/* `positions` outputs by one block of channels, cut evenly; the first tile fetches the next block. */
static void sum_block(struct tile *t, int positions, const int16_t *const *in, uint8_t *const *out,
                      size_t block, size_t next)
{
    struct cut cut = tile_even(positions, MR);
    const int32_t *window = t->window;

    for (int i = 0, p = 0, mr; i < cut.parts; i++, p += mr) {
        mr = cut.size + (i < cut.longer);
        t->ahead = tile_ahead(i, cut.parts, next, sizeof(__m256i));
        t->window = window ? window + p : NULL;
        sum_tile(t, mr, t->left > VECTOR ? 2 : 1, in + p, out + p, block);
    }
    t->window = window;
}

/* The same of what store_apart writes. */
static void sum_apart(struct tile *t, int positions, const int16_t *const *in, uint8_t *const *out,
                      size_t block)
{
    const int32_t *window = t->window;

    t->ahead = 0;
    for (int p = 0, mr; p < positions; p += mr) {
        mr = positions - p < MR ? 1 : MR;
        t->window = window ? window + p : NULL;
        if (mr == MR)
            tile_sum(t, MR, 2, APART, in + p, out + p, block);
        else
            tile_sum(t, 1, 2, APART, in + p, out + p, block);
    }
    t->window = window;
}

/* Writes up to 15 codes too many: the next pixel's place, or the slack. */
static void widen(const uint8_t *in, int16_t *to, size_t n)
{
    for (size_t i = 0; i < n; i += 16)
        _mm256_storeu_si256((__m256i *)(to + i),
                            _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(in + i))));
}

/* `count` outputs, all channels; window: room for as many sums. */
static void sum_all(const struct kernel_conv *s, struct tile *t, const char *packed,
                    const struct kernel_requant *requant, int count, const int16_t *const *in,
                    uint8_t *const *out, int32_t *window)
{
    int apart = scalar_requant_is_rare(requant) && requant->mode != REQUANT_TFLITE;
    size_t element = scalar_requant_bytes(requant);

    t->packed = packed;
    t->run = s->kw * s->ic;
    t->window = requant->weight_zero_point ? window : NULL;
    for (int i = 0; t->window && i < count; i++)
        window[i] = sum_window(t, in[i]) - s->zero_point_in * s->kh * s->kw * s->ic;
    for (int block = 0; block < s->oc; block += NR, t->packed += block_bytes(s)) {
        t->left = tile_min(s->oc - block, NR);
        requant_load(&t->requant, requant, block, t->left);
        if (apart)
            sum_apart(t, count, in, out, (size_t)block * element);
        else
            sum_block(t, count, in, out, (size_t)block,
                      block + NR < s->oc ? block_bytes(s) / sizeof(__m256i) : 0);
    }
}

/* The list of widened windows, their sums, then these; widening writes up to 15 codes beyond a run. */
static size_t points_scratch_bytes(const struct kernel_conv *s, int count)
{
    return tile_round((size_t)count * sizeof(int16_t *)) + tile_round((size_t)count * sizeof(int32_t)) +
           TILE_SLACK + (size_t)count * s->kh * s->kw * s->ic * sizeof(int16_t);
}

static void points_u8(const struct kernel_conv *s, const void *packed, const uint8_t *const *in,
                      uint8_t *const *out, int count, const struct kernel_requant *requant,
                      enum kernel_saturation saturation, void *scratch)
{
    size_t run = (size_t)s->kw * s->ic;
    struct tile t = { .runs = s->kh, .pairs = run_pairs(s), .step = run };
    const int16_t **from = scratch;
    int32_t *window = (int32_t *)((char *)scratch + tile_round((size_t)count * sizeof *from));
    int16_t *copy = (int16_t *)((char *)window + tile_round((size_t)count * sizeof *window));

    (void)saturation;
    for (int i = 0; i < count; i++) {
        from[i] = copy;
        for (int y = 0; y < s->kh; y++, copy += run)
            widen(in[i] + (size_t)y * s->iw * s->in_pitch, copy, run);
    }
    sum_all(s, &t, packed, requant, count, from, out, window);
}

/* Copies what output rows y..y + rows of the rectangle read, the zero point outside the picture. */
static void copy_input(const struct kernel_conv *s, const uint8_t *in, int y, int rows, int x0, int x1,
                       int16_t *copy)
{
    int columns = tile_copy_columns(s, x1 - x0), step = s->stride / tile_copy_stride(s), ic = s->ic;
    int iy = y * s->stride - s->pad_y, left = x0 * s->stride - s->pad_x;
    /* Columns a..b of the copy lie inside the picture. */
    int a = tile_min(columns, left < 0 ? (-left + step - 1) / step : 0);
    int b = tile_min(columns, s->iw > left ? (s->iw - left + step - 1) / step : 0);

    for (int r = 0; r < tile_copy_rows(s, rows); r++, iy += step, copy += (size_t)columns * ic) {
        int inside = iy >= 0 && iy < s->ih && a < b;
        const uint8_t *row =
            inside ? in + ((size_t)iy * s->iw + (size_t)(left + a * step)) * s->in_pitch : NULL;
        size_t from = inside ? (size_t)a * ic : 0, to = inside ? (size_t)b * ic : 0;

        for (size_t i = 0; i < from; i++)
            copy[i] = (int16_t)s->zero_point_in;
        if (inside && step == 1 && s->in_pitch == ic)
            widen(row, copy + from, to - from);
        else
            for (size_t i = from; i < to; i += (size_t)ic, row += (size_t)step * s->in_pitch)
                widen(row, copy + i, (size_t)ic);
        for (size_t i = to; i < (size_t)columns * ic; i++)
            copy[i] = (int16_t)s->zero_point_in;
    }
}

static void conv_u8(const struct kernel_conv *s, const void *packed, const uint8_t *in, uint8_t *out,
                    struct kernel_rect rect, const struct kernel_requant *requant,
                    enum kernel_saturation saturation, void *scratch)
{
    int chunk = tile_rows(s, sizeof(int16_t)), width = rect.x1 - rect.x0;
    const int16_t **from = scratch;
    uint8_t **to = (uint8_t **)((char *)scratch + tile_list_bytes(s, sizeof(int16_t)));
    int16_t *copy = (int16_t *)((char *)to + tile_list_bytes(s, sizeof(int16_t)));
    int32_t *window = (int32_t *)((char *)scratch + tile_round(tile_scratch_bytes(s, sizeof(int16_t))));
    int columns = tile_copy_columns(s, width), stride = tile_copy_stride(s);
    struct tile t = { .runs = s->kh, .pairs = run_pairs(s), .step = (size_t)columns * s->ic };
    size_t pitch = (size_t)s->out_pitch * scalar_requant_bytes(requant);

    (void)saturation;
    for (int y = rect.y0; y < rect.y1 && width > 0; y += chunk) {
        int rows = tile_min(chunk, rect.y1 - y);

        copy_input(s, in, y, rows, rect.x0, rect.x1, copy);
        for (int r = 0, p = 0; r < rows; r++)
            for (int x = rect.x0; x < rect.x1; x++, p++) {
                from[p] = copy + ((size_t)r * columns + (size_t)(x - rect.x0)) * stride * s->ic;
                to[p] = out + ((size_t)(y + r) * s->ow + x) * pitch;
            }
        sum_all(s, &t, packed, requant, rows * width, from, to, window);
    }
}

void conv_u8_fill_avx2(struct kernel_table *t)
{
    t->conv_u8_packed_bytes = packed_bytes;
    t->conv_u8_pack = pack;
    t->conv_u8_scratch_bytes = scratch_bytes;
    t->conv_u8 = conv_u8;
    t->points_u8_scratch_bytes = points_scratch_bytes;
    t->points_u8 = points_u8;
}
