/* src/kernel/ref/conv_f32.c: convolution in fp32, the definition. */
#include "ref.h"

enum { NR = 16 }; /* output channels side by side */

/* Packed: for each block of NR output channels its biases, then its weights (kh, kw, ic, NR). */
static size_t block_floats(const struct kernel_conv *s)
{
    return (size_t)NR * (1 + (size_t)s->kh * s->kw * s->ic);
}

static size_t packed_bytes(const struct kernel_conv *s)
{
    return block_floats(s) * (size_t)((s->oc + NR - 1) / NR) * sizeof(float);
}

static size_t scratch_bytes(const struct kernel_conv *s)
{
    (void)s;
    return 0;
}

static void pack(const struct kernel_conv *s, const float *weight, const float *bias, void *packed)
{
    size_t k = (size_t)s->kh * s->kw * s->ic;
    float *p = packed;

    for (int block = 0; block < s->oc; block += NR) {
        for (int j = 0; j < NR; j++)
            *p++ = bias && block + j < s->oc ? bias[block + j] : 0.0f;
        for (size_t i = 0; i < k; i++)
            for (int j = 0; j < NR; j++)
                *p++ = block + j < s->oc ? weight[(size_t)(block + j) * k + i] : 0.0f;
    }
}

static void pack_turned(const struct kernel_conv *s, const float *weight, void *packed)
{
    size_t taps = (size_t)s->kh * s->kw, oc = (size_t)s->oc;
    float *p = packed;

    for (size_t block = 0; block < oc; block += NR) {
        size_t left = oc - block < NR ? oc - block : NR;

        memset(p, 0, NR * sizeof *p);
        p += NR;
        for (size_t t = taps; t-- > 0;)
            for (size_t i = 0; i < (size_t)s->ic; i++, p += NR) {
                memcpy(p, weight + (i * taps + t) * oc + block, left * sizeof *p);
                memset(p + left, 0, (NR - left) * sizeof *p);
            }
    }
}

REF_HOT("fma")
static void conv_pixel(const struct kernel_conv *s, const float *w, const float *in, int y, int x,
                       float sum[NR])
{
    float acc[NR];

    for (int j = 0; j < NR; j++)
        acc[j] = *w++;
    for (int ky = 0; ky < s->kh; ky++)
        for (int kx = 0; kx < s->kw; kx++) {
            int iy = y * s->stride - s->pad_y + ky, ix = x * s->stride - s->pad_x + kx;
            int inside = iy >= 0 && iy < s->ih && ix >= 0 && ix < s->iw;
            const float *tap = inside ? in + ((size_t)iy * s->iw + ix) * s->in_pitch : 0;

            for (int c = 0; c < s->ic; c++, w += NR) {
                float v = tap ? tap[c] : 0.0f;

                for (int j = 0; j < NR; j++)
                    acc[j] = fmaf(v, w[j], acc[j]);
            }
        }
    for (int j = 0; j < NR; j++)
        sum[j] = acc[j];
}

static void conv_f32(const struct kernel_conv *s, const void *packed, const float *in, float *out,
                     struct kernel_rect rect, float low, float high, void *scratch)
{
    const float *w = packed;
    float sum[NR];

    (void)scratch;
    for (int block = 0; block < s->oc; block += NR, w += block_floats(s))
        for (int y = rect.y0; y < rect.y1; y++)
            for (int x = rect.x0; x < rect.x1; x++) {
                float *to = out + ((size_t)y * s->ow + x) * s->out_pitch + block;

                conv_pixel(s, w, in, y, x, sum);
                for (int j = 0; j < NR && block + j < s->oc; j++)
                    to[j] = scalar_clamp(sum[j], low, high);
            }
}

static void points_f32(const struct kernel_conv *s, const void *packed, const float *const *in,
                       float *const *out, int count, float low, float high)
{
    struct kernel_conv one = *s;

    one.oh = one.ow = 1;
    one.ih = s->kh;
    one.pad_y = one.pad_x = 0;
    for (int i = 0; i < count; i++)
        conv_f32(&one, packed, in[i], out[i], (struct kernel_rect){ 0, 1, 0, 1 }, low, high, 0);
}

void conv_f32_fill_ref(struct kernel_table *t)
{
    t->conv_f32_packed_bytes = packed_bytes;
    t->conv_f32_pack = pack;
    t->conv_f32_pack_turned = pack_turned;
    t->conv_f32_scratch_bytes = scratch_bytes;
    t->conv_f32 = conv_f32;
    t->points_f32 = points_f32;
}
