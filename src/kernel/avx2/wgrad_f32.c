/* src/kernel/avx2/wgrad_f32.c: the gradient of a convolution's weights, tiles of 6 rows by 16 or 12 by 8
 * sums. */
#include "vector_f32.h"

enum { ROWS_ONE = 12, ROWS_TWO = 6 };

#include "../wgrad_f32.h"

void wgrad_f32_fill_avx2(struct kernel_table *t)
{
    fill_wgrad_f32(t);
}
