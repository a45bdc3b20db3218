/* src/kernel/avx512vnni/wgrad_f32.c: the gradient of a convolution's weights, tiles of 14 rows by 32 or 28
 * by 16 sums. */
#include "vector_f32.h"

enum { ROWS_ONE = 28, ROWS_TWO = 14 };

#include "../wgrad_f32.h"

void wgrad_f32_fill_avx512vnni(struct kernel_table *t)
{
    fill_wgrad_f32(t);
}
