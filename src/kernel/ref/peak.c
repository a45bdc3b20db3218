/* src/kernel/ref/peak.c: the most multiply-accumulates that plain C reaches: independent sums in registers.
 */
#include <math.h>

#include "ref.h"

enum { SUMS = 8 };

REF_HOT("fma")
static uint64_t peak_f32(uint64_t rounds, float *sink)
{
    float sum[SUMS], x = *sink;

    for (int i = 0; i < SUMS; i++)
        sum[i] = (float)i;
    for (uint64_t r = 0; r < rounds; r++)
        for (int i = 0; i < SUMS; i++)
            sum[i] = fmaf(x, x, sum[i]);
    for (int i = 0; i < SUMS; i++)
        *sink += sum[i];
    return rounds * SUMS;
}

static uint64_t peak_u8(uint64_t rounds, float *sink)
{
    volatile uint8_t code = 3;
    volatile int8_t weight = -2;
    int32_t sum[SUMS] = { 0 };

    for (uint64_t r = 0; r < rounds; r++) {
        int32_t x = code, w = weight;

        for (int i = 0; i < SUMS; i++)
            sum[i] = (int32_t)((uint32_t)sum[i] + (uint32_t)(x * w));
    }
    for (int i = 0; i < SUMS; i++)
        *sink += (float)sum[i];
    return rounds * SUMS;
}

void peak_fill_ref(struct kernel_table *t)
{
    t->peak_f32 = peak_f32;
    t->peak_u8 = peak_u8;
}
