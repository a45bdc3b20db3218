/* src/kernel/avx2/gram_f64.c: the centred Gram matrix of an activation, in double, tiles of 4 rows by 12
 * columns. */
#include <immintrin.h>

#include "../isa.h"

enum { ROWS = 4, VECTOR = 4, VECTORS = 3, COLUMNS = VECTOR * VECTORS, BLOCK = 32 };

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
static inline __m256d load(const float *act, __m128i lane)
{
    return _mm256_cvtps_pd(_mm_maskload_ps(act, lane));
}

/* Four channels of four pixels from p (beyond the last: zeros), centred, to m (channel, pixel). */
static inline void centre(const float *act, int pixels, int pitch, int p, int left, __m256d mean, double *m,
                          size_t row)
{
    __m256d v[4], a, b, c, d;
    __m128i lane = lanes(left);

#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        v[i] = p + i < pixels ? _mm256_sub_pd(load(act + (size_t)(p + i) * pitch, lane), mean)
                              : _mm256_setzero_pd();
    a = _mm256_unpacklo_pd(v[0], v[1]);
    b = _mm256_unpackhi_pd(v[0], v[1]);
    c = _mm256_unpacklo_pd(v[2], v[3]);
    d = _mm256_unpackhi_pd(v[2], v[3]);
    _mm256_storeu_pd(m + p, _mm256_permute2f128_pd(a, c, 0x20));
    _mm256_storeu_pd(m + row + p, _mm256_permute2f128_pd(b, d, 0x20));
    _mm256_storeu_pd(m + 2 * row + p, _mm256_permute2f128_pd(a, c, 0x31));
    _mm256_storeu_pd(m + 3 * row + p, _mm256_permute2f128_pd(b, d, 0x31));
}

/* Means of 16 channels over the pixels, of which `left` are there. */
static inline void means(const float *act, int pixels, int pitch, int left, __m256d mean[4])
{
    __m128i lane[4] = { lanes(left), lanes(left - VECTOR), lanes(left - 2 * VECTOR),
                        lanes(left - 3 * VECTOR) };
    __m256d sum[4] = { _mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd() };

    for (int i = 0; i < pixels; i++, act += pitch)
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++)
            sum[v] = _mm256_add_pd(sum[v], load(act + v * VECTOR, lane[v]));
    for (int v = 0; v < 4; v++)
        mean[v] = _mm256_div_pd(sum[v], _mm256_set1_pd(pixels));
}

/* `count` channels, at most BLOCK, of all pixels. */
static void centre_block(const float *act, int pixels, int count, int pitch, double *m)
{
    __m256d mean[BLOCK / VECTOR];
    size_t row = width(pixels);

    for (int c = 0; c < count; c += 4 * VECTOR)
        means(act + c, pixels, pitch, count - c, mean + c / VECTOR);
    for (int p = 0; p < (int)row; p += 4)
        for (int c = 0; c < count; c += VECTOR)
            centre(act + c, pixels, pitch, p, count - c, mean[c / VECTOR], m + (size_t)c * row, row);
}

/* sum[i..i+rows][j..j+4*vectors] takes the terms of `count` channels more, in order. */
static inline __attribute__((always_inline)) void tile_of(int rows, int vectors, const double *m, size_t row,
                                                          int count, int i, int j, double *sum)
{
    __m256d acc[ROWS][VECTORS];

#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++)
            acc[r][v] = _mm256_loadu_pd(sum + (size_t)(i + r) * row + j + v * VECTOR);
    for (int c = 0; c < count; c++, m += row) {
        __m256d b[VECTORS];

#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++)
            b[v] = _mm256_loadu_pd(m + j + v * VECTOR);
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++) {
            __m256d a = _mm256_broadcast_sd(m + i + r);

#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++)
                acc[r][v] = _mm256_fmadd_pd(a, b[v], acc[r][v]);
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++)
            _mm256_storeu_pd(sum + (size_t)(i + r) * row + j + v * VECTOR, acc[r][v]);
}

/* Rows i.. of the lower half: as many as a tile has, or the last one; only the columns up to the diagonal. */
static void rows_of(const double *m, size_t row, int count, int i, int rows, double *sum)
{
    int columns = i + rows, j = 0;

    for (; j + COLUMNS - VECTOR < columns; j += COLUMNS)
        rows == 1 ? tile_of(1, 3, m, row, count, i, j, sum) : tile_of(ROWS, 3, m, row, count, i, j, sum);
    if (j + VECTOR < columns)
        tile_of(ROWS, 2, m, row, count, i, j, sum);
    else if (j < columns)
        tile_of(ROWS, 1, m, row, count, i, j, sum);
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
            rows_of(m, row, count, i, pixels - i == 1 ? 1 : ROWS, sum);
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
