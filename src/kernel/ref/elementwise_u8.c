/* src/kernel/ref/elementwise_u8.c: element-wise operations on codes, the definition. */
#include <string.h>

#include "ref.h"

static void lookup_u8(const uint8_t *in, int in_pitch, uint8_t *out, int out_pitch, int pixels, int channels,
                      const uint8_t table[256])
{
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        for (int c = 0; c < channels; c++)
            out[c] = table[in[c]];
}

static void add_u8(const uint8_t *a, int a_pitch, const uint8_t *b, int b_pitch, uint8_t *out, int out_pitch,
                   int pixels, int channels, const struct kernel_add_u8 *p)
{
    for (int i = 0; i < pixels; i++, a += a_pitch, b += b_pitch, out += out_pitch)
        for (int c = 0; c < channels; c++)
            out[c] = scalar_add_u8(p, a[c], b[c]);
}

static void mul_u8(const uint8_t *a, int a_pitch, const uint8_t *b, int b_pitch, uint8_t *out, int out_pitch,
                   int pixels, int channels, const struct kernel_mul_u8 *p)
{
    for (int i = 0; i < pixels; i++, a += a_pitch, b += b_pitch, out += out_pitch)
        for (int c = 0; c < channels; c++)
            out[c] = scalar_mul_u8(p, a[c], b[c]);
}

REF_HOT("fma") static void affine_row(const uint8_t *in, uint8_t *out, int channels,
                                      const struct kernel_affine_u8 *p)
{
    for (int c = 0; c < channels; c++)
        out[c] = scalar_affine_u8(p, c, in[c]);
}

static void affine_u8(const uint8_t *in, int in_pitch, uint8_t *out, int out_pitch, int pixels, int channels,
                      const struct kernel_affine_u8 *p)
{
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        affine_row(in, out, channels, p);
}

REF_HOT("fma")
static void levels_row(const float *in, uint8_t *out, int channels, const float *scale, const float *shift,
                       int high)
{
    for (int c = 0; c < channels; c++)
        out[c] = scalar_level(fmaf(in[c], scale[c], shift[c]), 0, high);
}

static void levels_u8(const float *in, int in_pitch, uint8_t *out, int out_pitch, int pixels, int channels,
                      const float *scale, const float *shift, int high)
{
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        levels_row(in, out, channels, scale, shift, high);
}

REF_HOT("fma")
static void residual_row(const float *in, const uint8_t *code, uint8_t *out, int channels, float scale,
                         int high)
{
    for (int c = 0; c < channels; c++)
        out[c] = scalar_level(fmaf((float)code[c], scale, in[c]), 0, high);
}

static void residual_u8(const float *in, int in_pitch, const uint8_t *code, int code_pitch, uint8_t *out,
                        int out_pitch, int pixels, int channels, float scale, int high)
{
    for (int i = 0; i < pixels; i++, in += in_pitch, code += code_pitch, out += out_pitch)
        residual_row(in, code, out, channels, scale, high);
}

static void copy_u8(const uint8_t *in, int in_pitch, uint8_t *out, int out_pitch, int pixels, int channels)
{
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        memcpy(out, in, (size_t)channels);
}

static void shuffle_u8(const uint8_t *in, int in_pitch, uint8_t *out, int out_pitch, int pixels, int channels,
                       int groups)
{
    int each = channels / groups;

    for (int p = 0; p < pixels; p++, in += in_pitch, out += out_pitch)
        for (int i = 0; i < each; i++)
            for (int j = 0; j < groups; j++)
                out[i * groups + j] = in[j * each + i];
}

static void input_u8(const uint8_t *in, uint8_t *out, int pixels, const uint8_t table[3][256])
{
    for (int i = 0; i < pixels; i++, in += 3, out += 3) {
        out[0] = table[0][in[0]];
        out[1] = table[1][in[1]];
        out[2] = table[2][in[2]];
    }
}

void elementwise_u8_fill_ref(struct kernel_table *t)
{
    t->lookup_u8 = lookup_u8;
    t->add_u8 = add_u8;
    t->mul_u8 = mul_u8;
    t->affine_u8 = affine_u8;
    t->levels_u8 = levels_u8;
    t->residual_u8 = residual_u8;
    t->copy_u8 = copy_u8;
    t->shuffle_u8 = shuffle_u8;
    t->input_u8 = input_u8;
}
