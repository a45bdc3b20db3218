/* src/kernel/ref/wgrad_f32.c: the gradient of a convolution's weights, the definition. */
#include "ref.h"

static size_t scratch_bytes(const struct kernel_conv *s)
{
    (void)s;
    return 0;
}

/* Channel c of the tap (ky, kx) of output position (y, x). */
static float tap(const struct kernel_conv *s, const float *in, int y, int x, int ky, int kx, int c)
{
    int iy = y * s->stride - s->pad_y + ky, ix = x * s->stride - s->pad_x + kx;

    if (iy < 0 || iy >= s->ih || ix < 0 || ix >= s->iw)
        return 0.0f;
    return in[((size_t)iy * s->iw + ix) * s->in_pitch + c];
}

REF_HOT("fma")
static void wgrad_f32(const struct kernel_conv *s, const float *in, const float *dout, float *sum,
                      void *scratch)
{
    (void)scratch;
    for (int ky = 0; ky < s->kh; ky++)
        for (int kx = 0; kx < s->kw; kx++)
            for (int i = 0; i < s->ic; i++, sum += kernel_lanes(s->oc))
                for (int y = 0; y < s->oh; y++)
                    for (int x = 0; x < s->ow; x++) {
                        const float *d = dout + ((size_t)y * s->ow + x) * s->out_pitch;
                        float v = tap(s, in, y, x, ky, kx, i);

                        for (int o = 0; o < s->oc; o++)
                            sum[o] = fmaf(v, d[o], sum[o]);
                    }
}

static void wgrad_depthwise_f32(const struct kernel_conv *s, const float *in, const float *dout, float *sum)
{
    for (int ky = 0; ky < s->kh; ky++)
        for (int kx = 0; kx < s->kw; kx++, sum += kernel_lanes(s->oc))
            for (int y = 0; y < s->oh; y++)
                for (int x = 0; x < s->ow; x++) {
                    const float *d = dout + ((size_t)y * s->ow + x) * s->out_pitch;

                    for (int c = 0; c < s->oc; c++)
                        sum[c] = fmaf(tap(s, in, y, x, ky, kx, c), d[c], sum[c]);
                }
}

void wgrad_f32_fill_ref(struct kernel_table *t)
{
    t->wgrad_f32_scratch_bytes = scratch_bytes;
    t->wgrad_f32 = wgrad_f32;
    t->wgrad_depthwise_f32 = wgrad_depthwise_f32;
}
