/* src/kernel/ref/pool.c: maximum and average pooling, the definition. */
#include "ref.h"

/* The part of output position o's window that lies inside the picture. */
static void window(const struct kernel_conv *s, int o, int pad, int kernel, int size, int *from, int *to)
{
    *from = scalar_max(o * s->stride - pad, 0);
    *to = scalar_min(o * s->stride - pad + kernel, size);
}

/* A NaN, once met, stays: as torch. */
static void maxpool_f32(const struct kernel_conv *s, const float *in, float *out, struct kernel_rect rect)
{
    for (int y = rect.y0; y < rect.y1; y++)
        for (int x = rect.x0; x < rect.x1; x++) {
            float *to = out + ((size_t)y * s->ow + x) * s->out_pitch;
            int y0, y1, x0, x1;

            window(s, y, s->pad_y, s->kh, s->ih, &y0, &y1);
            window(s, x, s->pad_x, s->kw, s->iw, &x0, &x1);
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

            window(s, y, s->pad_y, s->kh, s->ih, &y0, &y1);
            window(s, x, s->pad_x, s->kw, s->iw, &x0, &x1);
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

static void average_f32(const struct kernel_conv *s, const float *in, float *out, struct kernel_rect rect)
{
    for (int y = rect.y0; y < rect.y1; y++)
        for (int x = rect.x0; x < rect.x1; x++) {
            const float *first = in + ((size_t)y * s->stride * s->iw + (size_t)x * s->stride) * s->in_pitch;
            float *to = out + ((size_t)y * s->ow + x) * s->out_pitch;

            for (int c = 0; c < s->oc; c++)
                to[c] = 0.0f;
            for (int i = 0; i < s->kh * s->kw; i++)
                for (int c = 0; c < s->oc; c++)
                    to[c] += first[((size_t)(i / s->kw) * s->iw + i % s->kw) * s->in_pitch + c];
            for (int c = 0; c < s->oc; c++)
                to[c] /= (float)(s->kh * s->kw);
        }
}

static void average_u8(const struct kernel_conv *s, const uint8_t *in, uint8_t *out, struct kernel_rect rect,
                       float factor)
{
    for (int y = rect.y0; y < rect.y1; y++)
        for (int x = rect.x0; x < rect.x1; x++) {
            const uint8_t *first =
                in + ((size_t)y * s->stride * s->iw + (size_t)x * s->stride) * s->in_pitch;
            uint8_t *to = out + ((size_t)y * s->ow + x) * s->out_pitch;

            for (int c = 0; c < s->oc; c++) {
                int32_t sum = -s->zero_point_in * s->kh * s->kw;

                for (int i = 0; i < s->kh * s->kw; i++)
                    sum += first[((size_t)(i / s->kw) * s->iw + i % s->kw) * s->in_pitch + c];
                to[c] = scalar_code(scalar_rne((float)sum * factor), s->zero_point_in, 0, 255);
            }
        }
}

void pool_fill_ref(struct kernel_table *t)
{
    t->maxpool_f32 = maxpool_f32;
    t->maxpool_u8 = maxpool_u8;
    t->average_f32 = average_f32;
    t->average_u8 = average_u8;
}
