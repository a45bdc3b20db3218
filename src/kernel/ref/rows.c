/* src/kernel/ref/rows.c: the backward of a dense layer by its rows, one after another. */
#include <math.h>
#include <string.h>

#include "../isa.h"

static void rows_f32(const float *weight, int rows, int columns, const float *d, float *out)
{
    memset(out, 0, (size_t)columns * sizeof *out);
    for (int i = 0; i < rows; i++, weight += columns)
        for (int j = 0; d[i] != 0.0f && j < columns; j++)
            out[j] = fmaf(d[i], weight[j], out[j]);
}

static void rows_s8(const int8_t *weight, int rows, int columns, const float *d, float *out)
{
    memset(out, 0, (size_t)columns * sizeof *out);
    for (int i = 0; i < rows; i++, weight += columns)
        for (int j = 0; d[i] != 0.0f && j < columns; j++)
            out[j] = fmaf(d[i], (float)weight[j], out[j]);
}

void rows_fill_ref(struct kernel_table *t)
{
    t->rows_f32 = rows_f32;
    t->rows_s8 = rows_s8;
}
