/* src/kernel/ref/pool.c: maximum and average pooling, the definition. */
#include "ref.h"

/* The part of output position o's window that lies inside the picture. */
static void window(const struct kernel_conv *s, int o, int kernel, int size, int *from, int *to)
{
    *from = scalar_max(o * s->stride - s->pad, 0);
    *to = scalar_min(o * s->stride - s->pad + kernel, size);
}

/* A NaN, once met, stays: as torch. */
static void maxpool_f32(const struct kernel_conv *s, const float *in, float *out, struct kernel_rect rect)
{
    for (int y = rect.y0; y < rect.y1; y++)
        for (int x = rect.x0; x < rect.x1; x++) {
            float *to = out + ((size_t)y * s->ow + x) * s->out_pitch;
            int y0, y1, x0, x1;

            window(s, y, s->kh, s->ih, &y0, &y1);
            window(s, x, s->kw, s->iw, &x0, &x1);
            for (int c = 0; c < s->oc; c++)
                to[c] = -INFINITY;
            for (int iy = y0; iy < y1; iy++)
                for (int ix = x0; ix < x1; ix++) {
                    const float *tap = in + ((size_t)iy * s->iw + ix) * s->in_pitch;

                    for (int c = 0; c < s->oc; c++)
                        if (tap[c] > to[c] || tap[c] != tap[c])
                            to[c] = tap[c];
                }
        }
}

static void maxpool_u8(const struct kernel_conv *s, const uint8_t *in, uint8_t *out, struct kernel_rect rect)
{
    for (int y = rect.y0; y < rect.y1; y++)
        for (int x = rect.x0; x < rect.x1; x++) {
            uint8_t *to = out + ((size_t)y * s->ow + x) * s->out_pitch;
            int y0, y1, x0, x1;

            window(s, y, s->kh, s->ih, &y0, &y1);
            window(s, x, s->kw, s->iw, &x0, &x1);
            for (int c = 0; c < s->oc; c++)
                to[c] = 0;
            for (int iy = y0; iy < y1; iy++)
                for (int ix = x0; ix < x1; ix++) {
                    const uint8_t *tap = in + ((size_t)iy * s->iw + ix) * s->in_pitch;

                    for (int c = 0; c < s->oc; c++)
                        if (tap[c] > to[c])
                            to[c] = tap[c];
                }
        }
}

static void average_f32(const float *in, int pixels, int channels, int pitch, float *out)
{
    for (int c = 0; c < channels; c++)
        out[c] = 0.0f;
    for (int i = 0; i < pixels; i++)
        for (int c = 0; c < channels; c++)
            out[c] += in[(size_t)i * pitch + c];
    for (int c = 0; c < channels; c++)
        out[c] /= (float)pixels;
}

static void average_u8(const uint8_t *in, int pixels, int channels, int pitch, int zero_point, float factor,
                       uint8_t *out)
{
    for (int c = 0; c < channels; c++) {
        int32_t sum = 0;

        for (int i = 0; i < pixels; i++)
            sum += in[(size_t)i * pitch + c];
        out[c] = scalar_code(scalar_rne((float)(sum - zero_point * pixels) * factor), zero_point, 0, 255);
    }
}

void pool_fill_ref(struct kernel_table *t)
{
    t->maxpool_f32 = maxpool_f32;
    t->maxpool_u8 = maxpool_u8;
    t->average_f32 = average_f32;
    t->average_u8 = average_u8;
}
