/* src/kernel/avx2/winograd_f32.c: Winograd layers in fp32, products of 6 tiles by 16 output channels. */
#include "vector_f32.h"

enum { MR = 6 };

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
    }
}

void winograd_f32_fill_avx2(struct kernel_table *t)
{
    fill_winograd_f32(t);
}
