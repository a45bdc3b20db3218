/* src/kernel/avx2/rows.c: the backward of a dense layer by its rows, eight that count at a time, so that sums
 * are read and written once for all of them. */
#include <math.h>
#include <string.h>

#include <immintrin.h>

#include "../isa.h"

enum { TOGETHER = 8, LANES = 8 };

/* Numbers of the next rows whose d is not 0, from *at on; how many. */
static int next_rows(const float *d, int rows, int *at, int row[TOGETHER])
{
    int count = 0;

    for (; *at < rows && count < TOGETHER; (*at)++)
        if (d[*at] != 0.0f)
            row[count++] = *at;
    return count;
}

static void rows_f32(const float *weight, int rows, int columns, const float *d, float *out)
{
    int row[TOGETHER], count, at = 0;

    memset(out, 0, (size_t)columns * sizeof *out);
    while ((count = next_rows(d, rows, &at, row)) > 0) {
        const float *from[TOGETHER];
        __m256 by[TOGETHER];
        int j = 0;

        for (int r = 0; r < count; r++) {
            from[r] = weight + (size_t)row[r] * (size_t)columns;
            by[r] = _mm256_set1_ps(d[row[r]]);
        }
        for (; j + LANES <= columns; j += LANES) {
            __m256 sum = _mm256_loadu_ps(out + j);

            for (int r = 0; r < count; r++)
                sum = _mm256_fmadd_ps(by[r], _mm256_loadu_ps(from[r] + j), sum);
            _mm256_storeu_ps(out + j, sum);
        }
        for (; j < columns; j++)
            for (int r = 0; r < count; r++)
                out[j] = fmaf(d[row[r]], from[r][j], out[j]);
    }
}

static void rows_s8(const int8_t *weight, int rows, int columns, const float *d, float *out)
{
    int row[TOGETHER], count, at = 0;

    memset(out, 0, (size_t)columns * sizeof *out);
    while ((count = next_rows(d, rows, &at, row)) > 0) {
        const int8_t *from[TOGETHER];
        __m256 by[TOGETHER];
        int j = 0;

        for (int r = 0; r < count; r++) {
            from[r] = weight + (size_t)row[r] * (size_t)columns;
            by[r] = _mm256_set1_ps(d[row[r]]);
        }
        for (; j + LANES <= columns; j += LANES) {
            __m256 sum = _mm256_loadu_ps(out + j);

            for (int r = 0; r < count; r++) {
                __m128i codes = _mm_loadl_epi64((const __m128i *)(const void *)(from[r] + j));

                sum = _mm256_fmadd_ps(by[r], _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(codes)), sum);
            }
            _mm256_storeu_ps(out + j, sum);
        }
        for (; j < columns; j++)
            for (int r = 0; r < count; r++)
                out[j] = fmaf(d[row[r]], (float)from[r][j], out[j]);
    }
}

void rows_fill_avx2(struct kernel_table *t)
{
    t->rows_f32 = rows_f32;
    t->rows_s8 = rows_s8;
}
