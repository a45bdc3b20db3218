/* src/kernel/avx512vnni/winograd_f32.c: Winograd layers in fp32, products of 14 tiles by 32 output channels.
 */
#include "vector_f32.h"

enum { MR = 14 };

#include "../winograd_f32.h"

#define SIZE(mr)                                                                                             \
    case mr:                                                                                                 \
        if (nv == 2)                                                                                         \
            multiply(p, mr, 2);                                                                              \
        else                                                                                                 \
            multiply(p, mr, 1);                                                                              \
        break;

static void multiply_tiles(const struct product *p, int tiles, int nv)
{
    switch (tiles) {
        SIZE(1)
        SIZE(2)
        SIZE(3)
        SIZE(4)
        SIZE(5)
        SIZE(6)
        SIZE(7)
        SIZE(8)
        SIZE(9)
        SIZE(10)
        SIZE(11)
        SIZE(12)
        SIZE(13)
        SIZE(14)
    }
}

void winograd_f32_fill_avx512vnni(struct kernel_table *t)
{
    fill_winograd_f32(t);
}
