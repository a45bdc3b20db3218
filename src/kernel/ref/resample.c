/* src/kernel/ref/resample.c: Pillow's 8-bit resampling along one axis, as it is written. */
#include "ref.h"

static void resample_horizontal(const struct kernel_resample *a, const uint8_t *in, size_t in_pitch, int rows,
                                uint8_t *out, size_t out_pitch)
{
    for (int y = 0; y < rows; y++)
        for (int i = 0; i < a->count; i++)
            scalar_resample_pixel(a, i, in + in_pitch * (size_t)y, out + out_pitch * (size_t)y);
}

static void resample_vertical(const struct kernel_resample *a, const uint8_t *in, size_t in_pitch,
                              size_t bytes, uint8_t *out, size_t out_pitch)
{
    for (int i = 0; i < a->count; i++)
        for (size_t x = 0; x < bytes; x++)
            out[out_pitch * (size_t)i + x] = scalar_resample_byte(a, i, in + x, in_pitch);
}

void resample_fill_ref(struct kernel_table *t)
{
    t->resample_horizontal = resample_horizontal;
    t->resample_vertical = resample_vertical;
}
