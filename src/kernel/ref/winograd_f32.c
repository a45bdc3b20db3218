/* src/kernel/ref/winograd_f32.c: Winograd layers in fp32, the definition: one tile at a time. */
#include "ref.h"
#include "../winograd.h"

enum { NR = 16 }; /* output channels side by side */

static size_t packed_bytes(const struct kernel_conv *s)
{
    return winograd_packed_bytes(s, NR);
}

static void pack(const struct kernel_conv *s, int first, int count, const float *weight, const float *bias,
                 void *packed)
{
    winograd_pack(s, NR, first, count, weight, bias, packed);
}

/* A tile's transformed patch: (element, channel). */
static size_t scratch_bytes(const struct kernel_conv *s)
{
    return (size_t)winograd_elements(s) * (size_t)s->ic * sizeof(float);
}

/* One column or row of a patch; its values lie `step` apart and are written over. */
static inline void input_line(int side, float *p, int step)
{
    float d0 = p[0], d1 = p[step], d2 = p[2 * step], d3 = p[3 * step];

    if (side == 4) {
        float d4 = p[4 * step], d5 = p[5 * step];
        float a = fmaf(-4.0f, d1, d3), b = fmaf(-4.0f, d2, d4), c = d4 - d2, e = d3 - d1;

        p[0] = fmaf(4.0f, d0, fmaf(-5.0f, d2, d4));
        p[step] = b + a;
        p[2 * step] = b - a;
        p[3 * step] = fmaf(2.0f, e, c);
        p[4 * step] = fmaf(-2.0f, e, c);
        p[5 * step] = fmaf(4.0f, d1, fmaf(-5.0f, d3, d5));
    } else {
        p[0] = d0 - d2;
        p[step] = d1 + d2;
        p[2 * step] = d2 - d1;
        p[3 * step] = d1 - d3;
    }
}

/* One column or row of the products' sums: the first `side` values become outputs. */
static inline void output_line(int side, float *p, int step)
{
    float m0 = p[0], m1 = p[step], m2 = p[2 * step], m3 = p[3 * step];

    if (side == 4) {
        float m4 = p[4 * step], m5 = p[5 * step];
        float a = m1 + m2, b = m1 - m2, c = m3 + m4, d = m3 - m4;

        p[0] = (m0 + a) + c;
        p[step] = fmaf(2.0f, d, b);
        p[2 * step] = fmaf(4.0f, c, a);
        p[3 * step] = fmaf(8.0f, d, b) + m5;
    } else {
        p[0] = (m0 + m1) + m2;
        p[step] = (m1 - m2) - m3;
    }
}

REF_HOT("fma")
static void transform_input(const struct kernel_conv *s, const struct kernel_tile *t, float *v)
{
    int side = kernel_winograd_side(s), patch = side + 2;

    for (int c = 0; c < s->ic; c++) {
        float d[WINOGRAD_ELEMENTS];

        for (int i = 0; i < patch; i++)
            for (int j = 0; j < patch; j++) {
                int y = t->y * side - 1 + i, x = t->x * side - 1 + j;
                int inside = y >= 0 && y < s->ih && x >= 0 && x < s->iw;

                d[i * patch + j] = inside ? t->in[((size_t)y * s->iw + x) * s->in_pitch + c] : 0.0f;
            }
        for (int j = 0; j < patch; j++)
            input_line(side, d + j, patch);
        for (int i = 0; i < patch; i++)
            input_line(side, d + i * patch, 1);
        for (int e = 0; e < patch * patch; e++)
            v[(size_t)e * s->ic + c] = d[e];
    }
}

/* Output channels block..block + NR - 1 of one tile's elements. bias: the panel's. */
REF_HOT("fma")
static void multiply(const struct kernel_conv *s, const float *u, const float *bias, const float *v,
                     float sum[WINOGRAD_ELEMENTS][NR])
{
    int patch = kernel_winograd_side(s) + 2;
    size_t next = (size_t)winograd_panels(s, NR) * winograd_panel_floats(s, NR);

    for (int e = 0; e < patch * patch; e++, u += next, v += s->ic) {
        for (int j = 0; j < NR; j++)
            sum[e][j] = e == patch + 1 ? bias[j] : 0.0f;
        for (int c = 0; c < s->ic; c++)
            for (int j = 0; j < NR; j++)
                sum[e][j] = fmaf(v[c], u[(size_t)c * NR + j], sum[e][j]);
    }
}

REF_HOT("fma")
static void transform_output(const struct kernel_conv *s, const struct kernel_tile *t, int channel,
                             float *sum, float low, float high)
{
    int side = kernel_winograd_side(s), patch = side + 2;

    for (int j = 0; j < patch; j++)
        output_line(side, sum + j * NR, patch * NR);
    for (int i = 0; i < side; i++)
        output_line(side, sum + i * patch * NR, NR);
    for (int i = 0; i < side; i++)
        for (int j = 0; j < side; j++) {
            int y = t->y * side + i, x = t->x * side + j;

            if (y < s->oh && x < s->ow)
                t->out[((size_t)y * s->ow + x) * s->out_pitch + channel] =
                    scalar_clamp(sum[(i * patch + j) * NR], low, high);
        }
}

static void winograd_f32(const struct kernel_conv *s, const void *packed, const struct kernel_tile *tile,
                         int count, float low, float high, void *scratch)
{
    const float *bias = packed, *u = bias + (size_t)winograd_panels(s, NR) * NR;
    float sum[WINOGRAD_ELEMENTS][NR];

    for (int i = 0; i < count; i++) {
        transform_input(s, &tile[i], scratch);
        for (int block = 0; block < s->oc; block += NR) {
            multiply(s, u + (size_t)block * s->ic, bias + block, scratch, sum);
            for (int j = 0; j < NR && block + j < s->oc; j++)
                transform_output(s, &tile[i], block + j, &sum[0][j], low, high);
        }
    }
}

void winograd_f32_fill_ref(struct kernel_table *t)
{
    t->winograd_f32_packed_bytes = packed_bytes;
    t->winograd_f32_pack = pack;
    t->winograd_f32_scratch_bytes = scratch_bytes;
    t->winograd_f32 = winograd_f32;
}
