/* src/kernel/avx512vnni/unit_f32.c: inverted residual blocks in fp32, tiles of 14 positions at most by 32
 * channels, or 9 by 48. */
#include "vector_f32.h"

enum { SUM_POSITIONS = 14, SUM_VECTORS = 28, UNIT_PANEL = 3, UNIT_LEAST = 28 };

#include "../unit_f32.h"

void unit_f32_fill_avx512vnni(struct kernel_table *t)
{
    fill_unit_f32(t);
}
