/* src/kernel/avx2/rows.c: the backward of a dense layer by its rows, eight that count at a time, so that sums
 * are read and written once for all of them. */
#include <math.h>
#include <string.h>

#include <immintrin.h>

#include "../isa.h"

enum { TOGETHER = 8, LANES = 8 };

/* Numbers of the next rows whose d is not 0, from *at on, and their d; whether there are any. Where there are
 * fewer than eight the first one stands in with a factor of 0, which changes nothing. */
static int next_rows(const float *d, int rows, int *at, int row[TOGETHER], float by[TOGETHER])
{
    int count = 0;

    for (; *at < rows && count < TOGETHER; (*at)++)
        if (d[*at] != 0.0f) {
            by[count] = d[*at];
            row[count++] = *at;
        }
    for (int r = count; r < TOGETHER; r++) {
        by[r] = 0.0f;
        row[r] = row[0];
    }
    return count > 0;
}

static void rows_f32(const float *weight, int rows, int columns, const float *d, float *out)
{
    int row[TOGETHER], at = 0;
    float factor[TOGETHER];

    memset(out, 0, (size_t)columns * sizeof *out);
    while (next_rows(d, rows, &at, row, factor)) {
        const float *from[TOGETHER];
        __m256 by[TOGETHER];
        int j = 0;

        for (int r = 0; r < TOGETHER; r++) {
            from[r] = weight + (size_t)row[r] * (size_t)columns;
            by[r] = _mm256_set1_ps(factor[r]);
        }
        for (; j + LANES <= columns; j += LANES) {
            __m256 sum = _mm256_loadu_ps(out + j);

#pragma GCC unroll 8
            for (int r = 0; r < TOGETHER; r++)
                sum = _mm256_fmadd_ps(by[r], _mm256_loadu_ps(from[r] + j), sum);
            _mm256_storeu_ps(out + j, sum);
        }
        for (; j < columns; j++)
            for (int r = 0; r < TOGETHER; r++)
                out[j] = fmaf(factor[r], from[r][j], out[j]);
    }
}

static void rows_s8(const int8_t *weight, int rows, int columns, const float *d, float *out)
{
    int row[TOGETHER], at = 0;
    float factor[TOGETHER];

    memset(out, 0, (size_t)columns * sizeof *out);
    while (next_rows(d, rows, &at, row, factor)) {
        const int8_t *from[TOGETHER];
        __m256 by[TOGETHER];
        int j = 0;

        for (int r = 0; r < TOGETHER; r++) {
            from[r] = weight + (size_t)row[r] * (size_t)columns;
            by[r] = _mm256_set1_ps(factor[r]);
        }
        for (; j + LANES <= columns; j += LANES) {
            __m256 sum = _mm256_loadu_ps(out + j);

#pragma GCC unroll 8
            for (int r = 0; r < TOGETHER; r++) {
                __m128i codes = _mm_loadl_epi64((const __m128i *)(const void *)(from[r] + j));

                sum = _mm256_fmadd_ps(by[r], _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(codes)), sum);
            }
            _mm256_storeu_ps(out + j, sum);
        }
        for (; j < columns; j++)
            for (int r = 0; r < TOGETHER; r++)
                out[j] = fmaf(factor[r], (float)from[r][j], out[j]);
    }
}

void rows_fill_avx2(struct kernel_table *t)
{
    t->rows_f32 = rows_f32;
    t->rows_s8 = rows_s8;
}
