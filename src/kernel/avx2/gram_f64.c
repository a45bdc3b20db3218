/* src/kernel/avx2/gram_f64.c: the centred Gram matrix of an activation, in double, tiles of 4 rows by 12
 * columns. */
#include <immintrin.h>
#include <string.h>

#include "../isa.h"

enum { ROWS = 4, VECTOR = 4, VECTORS = 3, COLUMNS = VECTOR * VECTORS };

/* Scratch: the centred activation (channels, width), whose width covers every tile. */
static size_t padded(int n, int to)
{
    return (size_t)((n + to - 1) / to * to);
}

static size_t width(int pixels)
{
    return padded(pixels, COLUMNS);
}

static size_t scratch_bytes(int pixels, int channels)
{
    return width(pixels) * padded(channels, VECTOR) * sizeof(double);
}

/* Four channels from c of four pixels from p (beyond the last: zeros), centred, to m (channel, pixel). */
static inline void centre(const float *act, int pixels, int pitch, int p, int c, __m256d mean, double *m,
                          size_t row)
{
    __m256d v[4], a, b, d, e;

    for (int i = 0; i < 4; i++)
        v[i] = p + i < pixels
                   ? _mm256_sub_pd(_mm256_cvtps_pd(_mm_loadu_ps(act + (size_t)(p + i) * pitch + c)), mean)
                   : _mm256_setzero_pd();
    a = _mm256_unpacklo_pd(v[0], v[1]);
    b = _mm256_unpackhi_pd(v[0], v[1]);
    d = _mm256_unpacklo_pd(v[2], v[3]);
    e = _mm256_unpackhi_pd(v[2], v[3]);
    _mm256_storeu_pd(m + p, _mm256_permute2f128_pd(a, d, 0x20));
    _mm256_storeu_pd(m + row + p, _mm256_permute2f128_pd(b, e, 0x20));
    _mm256_storeu_pd(m + 2 * row + p, _mm256_permute2f128_pd(a, d, 0x31));
    _mm256_storeu_pd(m + 3 * row + p, _mm256_permute2f128_pd(b, e, 0x31));
}

static void centre_all(const float *act, int pixels, int channels, int pitch, double *m)
{
    size_t row = width(pixels);

    for (int c = 0; c < channels; c += VECTOR, m += VECTOR * row) {
        __m256d mean = _mm256_setzero_pd();

        for (int i = 0; i < pixels; i++)
            mean = _mm256_add_pd(mean, _mm256_cvtps_pd(_mm_loadu_ps(act + (size_t)i * pitch + c)));
        mean = _mm256_div_pd(mean, _mm256_set1_pd(pixels));
        for (int p = 0; p < (int)row; p += VECTOR)
            centre(act, pixels, pitch, p, c, mean, m, row);
    }
}

/* g[i..i+4][j..j+12], all terms in the order of the channels. */
static void tile(const double *m, size_t row, int channels, int i, int j, double sum[ROWS][COLUMNS])
{
    __m256d acc[ROWS][VECTORS];

#pragma GCC unroll 4
    for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 3
        for (int v = 0; v < VECTORS; v++)
            acc[r][v] = _mm256_setzero_pd();
    for (int c = 0; c < channels; c++, m += row) {
        __m256d b[VECTORS];

#pragma GCC unroll 3
        for (int v = 0; v < VECTORS; v++)
            b[v] = _mm256_loadu_pd(m + j + v * VECTOR);
#pragma GCC unroll 4
        for (int r = 0; r < ROWS; r++) {
            __m256d a = _mm256_broadcast_sd(m + i + r);

#pragma GCC unroll 3
            for (int v = 0; v < VECTORS; v++)
                acc[r][v] = _mm256_fmadd_pd(a, b[v], acc[r][v]);
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 3
        for (int v = 0; v < VECTORS; v++)
            _mm256_storeu_pd(&sum[r][v * VECTOR], acc[r][v]);
}

static void gram_f64(const float *act, int pixels, int channels, int pitch, double *g, void *scratch)
{
    double sum[ROWS][COLUMNS];

    centre_all(act, pixels, channels, pitch, scratch);
    for (int i = 0; i < pixels; i += ROWS)
        for (int j = i / COLUMNS * COLUMNS; j < pixels; j += COLUMNS) {
            tile(scratch, width(pixels), channels, i, j, sum);
            /* Both halves from the tiles that touch the upper one: fma(a, b, s) is fma(b, a, s). */
            for (int r = 0; r < ROWS && i + r < pixels; r++)
                for (int k = 0; k < COLUMNS && j + k < pixels; k++) {
                    g[(size_t)(i + r) * pixels + j + k] = sum[r][k];
                    g[(size_t)(j + k) * pixels + i + r] = sum[r][k];
                }
        }
}

void gram_f64_fill_avx2(struct kernel_table *t)
{
    t->gram_f64_scratch_bytes = scratch_bytes;
    t->gram_f64 = gram_f64;
}
