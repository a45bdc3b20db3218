/* src/kernel/avx2/activation_f32.c: activations, batch normalisation alone and layer normalisation in fp32, 8
 * at a time. */
#include "vector_f32.h"

#include "../activation_f32.h"

void activation_f32_fill_avx2(struct kernel_table *t)
{
    fill_activation_f32(t);
}
