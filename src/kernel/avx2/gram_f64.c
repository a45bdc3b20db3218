/* src/kernel/avx2/gram_f64.c: the centred Gram matrix of an activation, in double, tiles of 4 rows by 12
 * columns. */
#include <immintrin.h>

#include "../isa.h"

enum {
    ROWS = 4,
    VECTOR = 4,
    VECTORS = 3,
    COLUMNS = VECTOR * VECTORS,
    ALONE = 13 /* of 7 x 7 */,
    BLOCK = 64,
    MEANS = 8 * VECTOR
};

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Scratch: a block of the centred activation (BLOCK channels, width), and the sums (width, width), whose
 * width covers every tile. The matrix is summed block by block of channels, so that the block stays in the
 * first-level cache. */
static size_t width(int pixels)
{
    return (size_t)((pixels + COLUMNS - 1) / COLUMNS * COLUMNS);
}

static size_t scratch_bytes(int pixels, int channels)
{
    (void)channels;
    return width(pixels) * (BLOCK + width(pixels)) * sizeof(double);
}

/* Lanes of the first `left` of four channels, all of them if there are more. */
static inline __m128i lanes(int left)
{
    return _mm_cmpgt_epi32(_mm_set1_epi32(left), _mm_setr_epi32(0, 1, 2, 3));
}

/* The `left` first of four channels, zeros for the others, whose memory is not touched. */
static inline __m256d load(const float *act, int left)
{
    return _mm256_cvtps_pd(left >= VECTOR ? _mm_loadu_ps(act) : _mm_maskload_ps(act, lanes(left)));
}

/* Four channels of four pixels, of which `there` exist (of the others: zeros), centred, to m (channel,
 * pixel). */
static inline __attribute__((always_inline)) void centre(const float *act, int there, int pitch, int left,
                                                         __m256d mean, double *m, size_t row)
{
    __m256d v[4], a, b, c, d;

#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        v[i] = i < there ? _mm256_sub_pd(load(act + (size_t)i * pitch, left), mean) : _mm256_setzero_pd();
    a = _mm256_unpacklo_pd(v[0], v[1]);
    b = _mm256_unpackhi_pd(v[0], v[1]);
    c = _mm256_unpacklo_pd(v[2], v[3]);
    d = _mm256_unpackhi_pd(v[2], v[3]);
    _mm256_storeu_pd(m, _mm256_permute2f128_pd(a, c, 0x20));
    _mm256_storeu_pd(m + row, _mm256_permute2f128_pd(b, d, 0x20));
    _mm256_storeu_pd(m + 2 * row, _mm256_permute2f128_pd(a, c, 0x31));
    _mm256_storeu_pd(m + 3 * row, _mm256_permute2f128_pd(b, d, 0x31));
}

/* Means of MEANS channels over the pixels, of which `left` are there. */
static inline __attribute__((always_inline)) void means_of(const float *act, int pixels, int pitch, int left,
                                                           __m256d mean[MEANS / VECTOR])
{
    __m256d sum[MEANS / VECTOR];

#pragma GCC unroll 8
    for (int v = 0; v < MEANS / VECTOR; v++)
        sum[v] = _mm256_setzero_pd();
    for (int i = 0; i < pixels; i++, act += pitch)
#pragma GCC unroll 8
        for (int v = 0; v < MEANS / VECTOR; v++)
            sum[v] = _mm256_add_pd(sum[v], load(act + v * VECTOR, left - v * VECTOR));
#pragma GCC unroll 8
    for (int v = 0; v < MEANS / VECTOR; v++)
        mean[v] = _mm256_div_pd(sum[v], _mm256_set1_pd(pixels));
}

/* `count` channels, at most BLOCK, of all pixels. */
static void centre_block(const float *act, int pixels, int count, int pitch, double *m)
{
    __m256d mean[BLOCK / VECTOR];
    size_t row = width(pixels);

    for (int c = 0; c < count; c += MEANS)
        if (count - c >= MEANS)
            means_of(act + c, pixels, pitch, MEANS, mean + c / VECTOR);
        else
            means_of(act + c, pixels, pitch, count - c, mean + c / VECTOR);
    for (int p = 0; p < (int)row; p += 4, act += 4 * (size_t)pitch)
        for (int c = 0; c < count; c += VECTOR)
            if (pixels - p >= 4 && count - c >= VECTOR)
                centre(act + c, 4, pitch, VECTOR, mean[c / VECTOR], m + (size_t)c * row + p, row);
            else
                centre(act + c, pixels - p, pitch, count - c, mean[c / VECTOR], m + (size_t)c * row + p, row);
}

/* A tile's sums: rows by vectors, of row length `row` from p on. */
static inline __attribute__((always_inline)) void take(int rows, int vectors, const double *p, size_t row,
                                                       __m256d acc[ROWS][ALONE])
{
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 13
        for (int v = 0; v < vectors; v++)
            acc[r][v] = _mm256_loadu_pd(p + (size_t)r * row + v * VECTOR);
}

static inline __attribute__((always_inline)) void put(int rows, int vectors, double *p, size_t row,
                                                      __m256d acc[ROWS][ALONE])
{
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 13
        for (int v = 0; v < vectors; v++)
            _mm256_storeu_pd(p + (size_t)r * row + v * VECTOR, acc[r][v]);
}

static inline __attribute__((always_inline)) void add(int rows, int vectors, const double *a,
                                                      const __m256d b[ALONE], __m256d acc[ROWS][ALONE])
{
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++) {
        __m256d x = _mm256_broadcast_sd(a + r);

#pragma GCC unroll 13
        for (int v = 0; v < vectors; v++)
            acc[r][v] = _mm256_fmadd_pd(x, b[v], acc[r][v]);
    }
}

/* sum[i..i+rows][j..j+4*vectors] takes the terms of `count` channels more, in order; so do the next ROWS
 * rows, of `below` vectors, where that is not 0. */
static inline __attribute__((always_inline)) void tile_of(int rows, int vectors, int below, const double *m,
                                                          size_t row, int count, int i, int j, double *sum)
{
    const int most = vectors > below ? vectors : below, more = below ? ROWS : 0;
    double *at = sum + (size_t)i * row + j, *under = at + (size_t)rows * row;
    __m256d acc[ROWS][ALONE], low[ROWS][ALONE], b[ALONE];

    take(rows, vectors, at, row, acc);
    take(more, below, under, row, low);
    for (int c = 0; c < count; c++, m += row) {
#pragma GCC unroll 13
        for (int v = 0; v < most; v++)
            b[v] = _mm256_loadu_pd(m + j + v * VECTOR);
        add(rows, vectors, m + i, b, acc);
        add(more, below, m + i + rows, b, low);
    }
    put(rows, vectors, at, row, acc);
    put(more, below, under, row, low);
}

/* Row i, the last one. */
static void row_alone(const double *m, size_t row, int count, int i, double *sum)
{
    int j = 0, left = i / VECTOR + 1;

    for (; left >= ALONE; left -= ALONE, j += ALONE * VECTOR)
        tile_of(1, ALONE, 0, m, row, count, i, j, sum);
    for (; left >= VECTORS; left -= VECTORS, j += COLUMNS)
        tile_of(1, VECTORS, 0, m, row, count, i, j, sum);
    for (; left > 0; left--, j += VECTOR)
        tile_of(1, 1, 0, m, row, count, i, j, sum);
}

/* Rows i.. of the lower half, a tile's; only the columns up to the diagonal. A tile of one vector there and
 * the next rows' of two are one, so that its sums do not wait for each other. */
static void rows_of(const double *m, size_t row, int count, int i, int pixels, double *sum)
{
    int left = i / VECTOR + 1, j = 0;

    for (; left >= VECTORS; left -= VECTORS, j += COLUMNS)
        tile_of(ROWS, VECTORS, 0, m, row, count, i, j, sum);
    if (left == 1 && pixels - i > ROWS + 1)
        tile_of(ROWS, 1, 2, m, row, count, i, j, sum);
    else if (left == 1)
        tile_of(ROWS, 1, 0, m, row, count, i, j, sum);
}

static void gram_f64(const float *act, int pixels, int channels, int pitch, double *g, void *scratch)
{
    size_t row = width(pixels);
    double *m = scratch, *sum = m + BLOCK * row;

    for (size_t i = 0; i < row * row; i++)
        sum[i] = 0.0;
    for (int c = 0; c < channels; c += BLOCK) {
        int count = least(channels - c, BLOCK);

        centre_block(act + c, pixels, count, pitch, m);
        for (int i = 0; i < pixels; i += ROWS)
            if (pixels - i == 1)
                row_alone(m, row, count, i, sum);
            else
                rows_of(m, row, count, i, pixels, sum);
    }
    /* Both halves from the tiles that touch the lower one: fma(a, b, s) is fma(b, a, s). */
    for (int i = 0; i < pixels; i++)
        for (int j = 0; j <= i; j++) {
            g[(size_t)i * pixels + j] = sum[(size_t)i * row + j];
            g[(size_t)j * pixels + i] = sum[(size_t)i * row + j];
        }
}

void gram_f64_fill_avx2(struct kernel_table *t)
{
    t->gram_f64_scratch_bytes = scratch_bytes;
    t->gram_f64 = gram_f64;
}
