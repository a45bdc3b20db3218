/* src/kernel/ref/depthwise_f32.c: depthwise convolution in fp32, the definition. */
#include "ref.h"

/* Packed: biases (c), then weights (kh, kw, c). */
static size_t packed_bytes(const struct kernel_conv *s)
{
    return (size_t)s->oc * (1 + (size_t)s->kh * s->kw) * sizeof(float);
}

static size_t scratch_bytes(const struct kernel_conv *s)
{
    (void)s;
    return 0;
}

static void pack(const struct kernel_conv *s, const float *weight, const float *bias, void *packed)
{
    int taps = s->kh * s->kw;
    float *p = packed;

    for (int c = 0; c < s->oc; c++)
        *p++ = bias ? bias[c] : 0.0f;
    for (int i = 0; i < taps; i++)
        for (int c = 0; c < s->oc; c++)
            *p++ = weight[(size_t)c * taps + i];
}

REF_HOT("fma")
static void depthwise_pixel(const struct kernel_conv *s, const float *w, const float *in, float *restrict out,
                            int y, int x)
{
    for (int c = 0; c < s->oc; c++)
        out[c] = w[c];
    for (int ky = 0; ky < s->kh; ky++)
        for (int kx = 0; kx < s->kw; kx++) {
            int iy = y * s->stride - s->pad_y + ky, ix = x * s->stride - s->pad_x + kx;
            int inside = iy >= 0 && iy < s->ih && ix >= 0 && ix < s->iw;
            const float *tap = inside ? in + ((size_t)iy * s->iw + ix) * s->in_pitch : 0;

            w += s->oc;
            for (int c = 0; c < s->oc; c++)
                out[c] = fmaf(tap ? tap[c] : 0.0f, w[c], out[c]);
        }
}

static void depthwise_f32(const struct kernel_conv *s, const void *packed, const float *in, float *out,
                          struct kernel_rect rect, float low, float high, void *scratch)
{
    (void)scratch;
    for (int y = rect.y0; y < rect.y1; y++)
        for (int x = rect.x0; x < rect.x1; x++) {
            float *to = out + ((size_t)y * s->ow + x) * s->out_pitch;

            depthwise_pixel(s, packed, in, to, y, x);
            for (int c = 0; c < s->oc; c++)
                to[c] = scalar_clamp(to[c], low, high);
        }
}

void depthwise_f32_fill_ref(struct kernel_table *t)
{
    t->depthwise_f32_packed_bytes = packed_bytes;
    t->depthwise_f32_pack = pack;
    t->depthwise_f32_scratch_bytes = scratch_bytes;
    t->depthwise_f32 = depthwise_f32;
}
