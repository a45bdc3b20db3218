/* src/kernel/avx512vnni/winograd_f32.c: Winograd layers in fp32, products of 14 tiles by 32 output channels.
 */
#include "vector_f32.h"

enum { MR = 14 };

#include "../winograd_f32.h"

void winograd_f32_fill_avx512vnni(struct kernel_table *t)
{
    fill_winograd_f32(t);
}
