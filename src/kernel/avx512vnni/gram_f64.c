/* src/kernel/avx512vnni/gram_f64.c: the centred Gram matrix of an activation, in double, tiles of 8 rows by
 * up to 24 columns. */
#include <immintrin.h>

#include "../isa.h"
#include "../tile.h"

enum { ROWS = 8, VECTOR = 8, VECTORS = 3, ALONE = 4, BLOCK = 32 };

/* Scratch: a block of the centred activation (BLOCK channels, width), and the sums (width, width), whose
 * width covers every tile. The matrix is summed block by block of channels, so that the block stays in the
 * first-level cache. */
static size_t width(int pixels)
{
    return (size_t)((pixels + VECTOR - 1) / VECTOR * VECTOR);
}

static size_t scratch_bytes(int pixels, int channels)
{
    (void)channels;
    return width(pixels) * (BLOCK + width(pixels)) * sizeof(double);
}

/* Lanes of the first `left` of eight channels, all of them if there are more. */
static inline __mmask8 lanes(int left)
{
    return left >= VECTOR ? 0xff : left > 0 ? (__mmask8)((1u << left) - 1) : 0;
}

/* Means of BLOCK channels over the pixels, of which `left` are there. */
static void means(const float *act, int pixels, int pitch, int left, double mean[BLOCK])
{
    __m512d sum[BLOCK / VECTOR];
    __mmask8 lane[BLOCK / VECTOR];

#pragma GCC unroll 4
    for (int v = 0; v < BLOCK / VECTOR; v++) {
        sum[v] = _mm512_setzero_pd();
        lane[v] = lanes(left - v * VECTOR);
    }
    for (int i = 0; i < pixels; i++, act += pitch)
#pragma GCC unroll 4
        for (int v = 0; v < BLOCK / VECTOR; v++) {
            __m256 x = _mm256_maskz_loadu_ps(lane[v], act + v * VECTOR);

            sum[v] = _mm512_add_pd(sum[v], _mm512_cvtps_pd(x));
        }
#pragma GCC unroll 4
    for (int v = 0; v < BLOCK / VECTOR; v++)
        _mm512_storeu_pd(mean + v * VECTOR, _mm512_div_pd(sum[v], _mm512_set1_pd(pixels)));
}

/* Eight channels of eight pixels, of which `there` exist, centred, to m (channel, pixel). Lanes that are none
 * come to sums that nobody reads. */
static inline void centre(const float *act, int pitch, int there, __mmask8 lane, const double *mean,
                          double *m, size_t row)
{
    __m256 v[8], pair[8], four[8];

#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        v[i] = i < there ? _mm256_maskz_loadu_ps(lane, act + (size_t)i * (size_t)pitch) : _mm256_setzero_ps();
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) {
        pair[i] = _mm256_unpacklo_ps(v[i], v[i + 1]);
        pair[i + 1] = _mm256_unpackhi_ps(v[i], v[i + 1]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4) {
        four[i] = _mm256_shuffle_ps(pair[i], pair[i + 2], _MM_SHUFFLE(1, 0, 1, 0));
        four[i + 1] = _mm256_shuffle_ps(pair[i], pair[i + 2], _MM_SHUFFLE(3, 2, 3, 2));
        four[i + 2] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], _MM_SHUFFLE(1, 0, 1, 0));
        four[i + 3] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], _MM_SHUFFLE(3, 2, 3, 2));
    }
#pragma GCC unroll 8
    for (int c = 0; c < 8; c++) {
        __m256 x = c < 4 ? _mm256_permute2f128_ps(four[c], four[c + 4], 0x20)
                         : _mm256_permute2f128_ps(four[c - 4], four[c], 0x31);

        _mm512_storeu_pd(m + (size_t)c * row, _mm512_sub_pd(_mm512_cvtps_pd(x), _mm512_set1_pd(mean[c])));
    }
}

/* `count` channels, at most BLOCK, of all pixels. */
static void centre_block(const float *act, int pixels, int count, int pitch, double *m)
{
    double mean[BLOCK];
    size_t row = width(pixels);

    means(act, pixels, pitch, count, mean);
    for (int p = 0; p < pixels; p += VECTOR)
        for (int c = 0; c < count; c += VECTOR)
            centre(act + (size_t)p * (size_t)pitch + c, pitch, pixels - p, lanes(count - c), mean + c,
                   m + (size_t)c * row + p, row);
}

/* sum[i..i+rows][j..j+8*vectors] takes the terms of `count` channels more, in order. */
static inline __attribute__((always_inline)) void tile_of(int rows, int vectors, const double *m, size_t row,
                                                          int count, int i, int j, double *sum)
{
    __m512d acc[ROWS][ALONE];

#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++)
            acc[r][v] = _mm512_loadu_pd(sum + (size_t)(i + r) * row + j + v * VECTOR);
    for (int c = 0; c < count; c++, m += row) {
        __m512d b[ALONE];

#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++)
            b[v] = _mm512_loadu_pd(m + j + v * VECTOR);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            __m512d a = _mm512_set1_pd(m[i + r]);

#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++)
                acc[r][v] = _mm512_fmadd_pd(a, b[v], acc[r][v]);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++)
            _mm512_storeu_pd(sum + (size_t)(i + r) * row + j + v * VECTOR, acc[r][v]);
}

/* Rows i.. of the lower half: as many as a tile has, or the last one alone; only the columns up to the
 * diagonal. */
static void rows_of(const double *m, size_t row, int count, int i, int alone, double *sum)
{
    int left = alone ? i / VECTOR + 1 : (i + ROWS) / VECTOR;

    for (int j = 0, v; left > 0; left -= v, j += v * VECTOR) {
        int parts = tile_parts(left, alone ? ALONE : VECTORS);

        v = tile_parts(left, parts);
        switch (alone ? v : ALONE + v) {
        case 1:
            tile_of(1, 1, m, row, count, i, j, sum);
            break;
        case 2:
            tile_of(1, 2, m, row, count, i, j, sum);
            break;
        case 3:
            tile_of(1, 3, m, row, count, i, j, sum);
            break;
        case ALONE:
            tile_of(1, ALONE, m, row, count, i, j, sum);
            break;
        case ALONE + 1:
            tile_of(ROWS, 1, m, row, count, i, j, sum);
            break;
        case ALONE + 2:
            tile_of(ROWS, 2, m, row, count, i, j, sum);
            break;
        case ALONE + VECTORS:
            tile_of(ROWS, VECTORS, m, row, count, i, j, sum);
            break;
        }
    }
}

static void gram_f64(const float *act, int pixels, int channels, int pitch, double *g, void *scratch)
{
    size_t row = width(pixels);
    double *m = scratch, *sum = m + BLOCK * row;

    memset(sum, 0, row * row * sizeof *sum);
    for (int c = 0; c < channels; c += BLOCK) {
        int count = tile_min(channels - c, BLOCK);

        centre_block(act + c, pixels, count, pitch, m);
        for (int i = 0; i < pixels; i += ROWS)
            rows_of(m, row, count, i, pixels - i == 1, sum);
    }
    /* Both halves from the tiles that touch the lower one: fma(a, b, s) is fma(b, a, s). */
    for (int i = 0; i < pixels; i++)
        for (int j = 0; j <= i; j++) {
            g[(size_t)i * pixels + j] = sum[(size_t)i * row + j];
            g[(size_t)j * pixels + i] = sum[(size_t)i * row + j];
        }
}

void gram_f64_fill_avx512vnni(struct kernel_table *t)
{
    t->gram_f64_scratch_bytes = scratch_bytes;
    t->gram_f64 = gram_f64;
}
