/* src/metric/curve.c: deletion and insertion (explanations 3). */
#include <string.h>

#include "metric.h"

/* Ascending keys are descending values; -0 is 0. */
static uint32_t key_of(float value)
{
    float v = value + 0.0f;
    uint32_t bits;

    memcpy(&bits, &v, sizeof bits);
    return bits & 0x80000000u ? bits : ~bits & 0x7FFFFFFFu;
}

/* Radix sort, least significant digit first, which is stable: pixels of equal value stay in raster order. */
void curve_order(const float *map, int pixels, int32_t *order, int32_t *scratch)
{
    enum { BITS = 11, BUCKETS = 1 << BITS, PASSES = 3 };

    for (int i = 0; i < pixels; i++)
        scratch[i] = i;
    for (int pass = 0; pass < PASSES; pass++) {
        int32_t *from = pass % 2 ? order : scratch, *to = pass % 2 ? scratch : order;
        int start[BUCKETS + 1] = { 0 };

        for (int i = 0; i < pixels; i++)
            start[(key_of(map[from[i]]) >> BITS * pass & (BUCKETS - 1)) + 1]++;
        for (int b = 0; b < BUCKETS; b++)
            start[b + 1] += start[b];
        for (int i = 0; i < pixels; i++)
            to[start[key_of(map[from[i]]) >> BITS * pass & (BUCKETS - 1)]++] = from[i];
    }
}

int curve_pixels(int step, int steps, int pixels)
{
    return (int)((2 * (int64_t)step * pixels + steps) / (2 * (int64_t)steps));
}

double curve_auc(const float *curve, int steps)
{
    double sum = 0;

    BUG_IF(steps < 1);
    for (int i = 0; i <= steps; i++)
        sum += (double)curve[i];
    return (sum - (double)curve[0] / 2 - (double)curve[steps] / 2) / steps;
}
