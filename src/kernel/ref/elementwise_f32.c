/* src/kernel/ref/elementwise_f32.c: element-wise operations in fp32, the definition. */
#include <string.h>

#include "ref.h"

static void clamp_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels,
                      float low, float high)
{
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        for (int c = 0; c < channels; c++)
            out[c] = scalar_clamp(in[c], low, high);
}

static void hardswish_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels)
{
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        for (int c = 0; c < channels; c++)
            out[c] = in[c] * scalar_clamp(in[c] + 3.0f, 0.0f, 6.0f) / 6.0f;
}

static void hardsigmoid_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels,
                            int channels)
{
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        for (int c = 0; c < channels; c++)
            out[c] = scalar_clamp(in[c] + 3.0f, 0.0f, 6.0f) / 6.0f;
}

static void add_f32(const float *a, int a_pitch, const float *b, int b_pitch, float *out, int out_pitch,
                    int pixels, int channels, float low, float high)
{
    for (int i = 0; i < pixels; i++, a += a_pitch, b += b_pitch, out += out_pitch)
        for (int c = 0; c < channels; c++)
            out[c] = scalar_clamp(a[c] + b[c], low, high);
}

static void sub_f32(const float *a, int a_pitch, const float *b, int b_pitch, float *out, int out_pitch,
                    int pixels, int channels, float low, float high)
{
    for (int i = 0; i < pixels; i++, a += a_pitch, b += b_pitch, out += out_pitch)
        for (int c = 0; c < channels; c++)
            out[c] = scalar_clamp(a[c] - b[c], low, high);
}

static void leakyrelu_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels,
                          float slope)
{
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        for (int c = 0; c < channels; c++)
            out[c] = in[c] < 0.0f ? in[c] * slope : in[c];
}

static void mul_f32(const float *a, int a_pitch, const float *b, int b_pitch, float *out, int out_pitch,
                    int pixels, int channels)
{
    for (int i = 0; i < pixels; i++, a += a_pitch, b += b_pitch, out += out_pitch)
        for (int c = 0; c < channels; c++)
            out[c] = a[c] * b[c];
}

static void copy_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels)
{
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        memcpy(out, in, (size_t)channels * sizeof *out);
}

static void round_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels,
                      const struct kernel_round *q)
{
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        for (int c = 0; c < channels; c++)
            out[c] = scalar_round(in[c], q);
}

static void shuffle_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels,
                        int groups)
{
    int each = channels / groups;

    for (int p = 0; p < pixels; p++, in += in_pitch, out += out_pitch)
        for (int i = 0; i < each; i++)
            for (int j = 0; j < groups; j++)
                out[i * groups + j] = in[j * each + i];
}

static void input_f32(const uint8_t *in, float *out, int pixels, const float table[3][256])
{
    for (int i = 0; i < pixels; i++, in += 3, out += 3) {
        out[0] = table[0][in[0]];
        out[1] = table[1][in[1]];
        out[2] = table[2][in[2]];
    }
}

void elementwise_f32_fill_ref(struct kernel_table *t)
{
    t->clamp_f32 = clamp_f32;
    t->hardswish_f32 = hardswish_f32;
    t->hardsigmoid_f32 = hardsigmoid_f32;
    t->add_f32 = add_f32;
    t->sub_f32 = sub_f32;
    t->leakyrelu_f32 = leakyrelu_f32;
    t->mul_f32 = mul_f32;
    t->copy_f32 = copy_f32;
    t->round_f32 = round_f32;
    t->shuffle_f32 = shuffle_f32;
    t->input_f32 = input_f32;
}
