/* src/kernel/avx2/winograd_f32.c: Winograd layers in fp32, products of 6 tiles by 16 output channels. */
#include "vector_f32.h"

enum { MR = 6 };

#include "../winograd_f32.h"

void winograd_f32_fill_avx2(struct kernel_table *t)
{
    fill_winograd_f32(t);
}
