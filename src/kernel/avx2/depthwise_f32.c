/* src/kernel/avx2/depthwise_f32.c: depthwise convolution in fp32, 8 channels a vector. */
#include "vector_f32.h"

#include "../depthwise_f32.h"

void depthwise_f32_fill_avx2(struct kernel_table *t)
{
    fill_depthwise_f32(t);
}
