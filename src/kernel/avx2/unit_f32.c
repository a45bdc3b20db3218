/* src/kernel/avx2/unit_f32.c: inverted residual blocks in fp32, tiles of 6 positions at most by 16 channels.
 */
#include "vector_f32.h"

enum { SUM_POSITIONS = 6, SUM_VECTORS = 12, UNIT_PANEL = 2, UNIT_LEAST = 56 };

#include "../unit_f32.h"

void unit_f32_fill_avx2(struct kernel_table *t)
{
    fill_unit_f32(t);
}
