/* src/kernel/rows.h: the backward of a dense layer by its rows, written alike by the vector instruction
 * sets: eight that count at a time, so that sums are read and written once for all of them, a cache line of
 * each in turn. Included by one file an instruction set, after its vector_f32.h and vector_codes. Private to
 * the room.
 */
#ifndef KERNEL_ROWS_H
#define KERNEL_ROWS_H

#include <math.h>
#include <string.h>

#include "isa.h"

/* Bytes: of a line; how far ahead of a row's reader the next ones are fetched, beyond the page, where the
 * hardware stops. */
enum { TOGETHER = 8, LINE = 64, AHEAD = 2048 };

/* Rows that are added in one pass, and their factors. */
struct row_set {
    const void *at[TOGETHER];
    float by[TOGETHER];
};

static inline vector row_vector(const void *row, int codes, int j)
{
    return codes ? vector_codes((const int8_t *)row + j) : vector_loadu((const float *)row + j);
}

static inline float row_value(const void *row, int codes, int j)
{
    return codes ? (float)((const int8_t *)row)[j] : ((const float *)row)[j];
}

/* The line from column j on. */
static inline __attribute__((always_inline)) void add_line(const struct row_set *s, int count, int codes,
                                                           int j, float *out)
{
    const int size = codes ? 1 : (int)sizeof(float), vectors = LINE / size / VECTOR;
    vector sum[LINE / VECTOR];

#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++)
        sum[v] = vector_loadu(out + j + v * VECTOR);
#pragma GCC unroll 8
    for (int r = 0; r < count; r++) {
        _mm_prefetch((const char *)s->at[r] + (size_t)j * (size_t)size + AHEAD, _MM_HINT_T0);
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++)
            sum[v] = vector_fma(vector_set1(s->by[r]), row_vector(s->at[r], codes, j + v * VECTOR), sum[v]);
    }
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++)
        vector_store(out + j + v * VECTOR, VECTOR, sum[v]);
}

static inline __attribute__((always_inline)) void add_rows(const struct row_set *s, int count, int codes,
                                                           int columns, float *out)
{
    const int step = LINE / (codes ? 1 : (int)sizeof(float));
    int j = 0;

    for (; j + step <= columns; j += step)
        add_line(s, count, codes, j, out);
    for (; j < columns; j++)
        for (int r = 0; r < count; r++)
            out[j] = fmaf(s->by[r], row_value(s->at[r], codes, j), out[j]);
}

/* The last rows, fewer than eight, one by one. */
static inline __attribute__((always_inline)) void add_all(const void *weight, int codes, int rows,
                                                          int columns, const float *d, float *out)
{
    const size_t bytes = (size_t)columns * (codes ? 1 : sizeof(float));
    struct row_set s;
    int count = 0;

    memset(out, 0, (size_t)columns * sizeof *out);
    for (int i = 0; i < rows; i++) {
        if (d[i] == 0.0f)
            continue;
        s.at[count] = (const uint8_t *)weight + (size_t)i * bytes;
        s.by[count++] = d[i];
        if (count == TOGETHER) {
            add_rows(&s, TOGETHER, codes, columns, out);
            count = 0;
        }
    }
    for (int r = 0; r < count; r++)
        add_rows(&(struct row_set){ { s.at[r] }, { s.by[r] } }, 1, codes, columns, out);
}

static void rows_f32(const float *weight, int rows, int columns, const float *d, float *out)
{
    add_all(weight, 0, rows, columns, d, out);
}

static void rows_s8(const int8_t *weight, int rows, int columns, const float *d, float *out)
{
    add_all(weight, 1, rows, columns, d, out);
}

static void fill_rows(struct kernel_table *t)
{
    t->rows_f32 = rows_f32;
    t->rows_s8 = rows_s8;
}

#endif
