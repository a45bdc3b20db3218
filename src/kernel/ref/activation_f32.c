/* src/kernel/ref/activation_f32.c: sigmoid, silu, gelu, batch normalisation alone and layer normalisation in
 * fp32, the definition. */
#include "ref.h"

REF_HOT("fma") static void sigmoid_row(const float *in, float *out, int channels)
{
    for (int c = 0; c < channels; c++)
        out[c] = 1.0f / (1.0f + scalar_exp(0.0f - in[c]));
}

REF_HOT("fma") static void silu_row(const float *in, float *out, int channels)
{
    for (int c = 0; c < channels; c++)
        out[c] = in[c] / (1.0f + scalar_exp(0.0f - in[c]));
}

REF_HOT("fma") static void gelu_row(const float *in, float *out, int channels)
{
    for (int c = 0; c < channels; c++)
        out[c] = scalar_gelu(in[c]);
}

REF_HOT("fma") static void gelu_tanh_row(const float *in, float *out, int channels)
{
    for (int c = 0; c < channels; c++)
        out[c] = scalar_gelu_tanh(in[c]);
}

REF_HOT("fma")
static void layernorm_row(const float *in, float *out, int channels, const float *scale, const float *shift,
                          float eps)
{
    float lane[SCALAR_LANES] = { 0 }, square[SCALAR_LANES] = { 0 }, mean, r;

    for (int c = 0; c < channels; c++)
        lane[c % SCALAR_LANES] += in[c];
    mean = scalar_lanes(lane) / (float)channels;
    for (int c = 0; c < channels; c++)
        square[c % SCALAR_LANES] = fmaf(in[c] - mean, in[c] - mean, square[c % SCALAR_LANES]);
    r = 1.0f / sqrtf(scalar_lanes(square) / (float)channels + eps);
    for (int c = 0; c < channels; c++)
        out[c] = fmaf((in[c] - mean) * r, scale[c], shift[c]);
}

REF_HOT("fma")
static void affine_row(const float *in, float *out, int channels, const float *scale, const float *shift,
                       float low, float high)
{
    for (int c = 0; c < channels; c++)
        out[c] = scalar_clamp(fmaf(in[c], scale[c], shift[c]), low, high);
}

static void sigmoid_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels)
{
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        sigmoid_row(in, out, channels);
}

static void silu_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels)
{
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        silu_row(in, out, channels);
}

static void gelu_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels)
{
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        gelu_row(in, out, channels);
}

static void gelu_tanh_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels)
{
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        gelu_tanh_row(in, out, channels);
}

static void layernorm_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels,
                          const float *scale, const float *shift, float eps)
{
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        layernorm_row(in, out, channels, scale, shift, eps);
}

static void affine_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels,
                       const float *scale, const float *shift, float low, float high)
{
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        affine_row(in, out, channels, scale, shift, low, high);
}

void activation_f32_fill_ref(struct kernel_table *t)
{
    t->sigmoid_f32 = sigmoid_f32;
    t->silu_f32 = silu_f32;
    t->gelu_f32 = gelu_f32;
    t->gelu_tanh_f32 = gelu_tanh_f32;
    t->layernorm_f32 = layernorm_f32;
    t->affine_f32 = affine_f32;
}
