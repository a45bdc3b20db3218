/* src/kernel/avx512vnni/quantize.c: real values to codes and back, 16 at a time. */
#include "../isa.h"
#include "../scalar.h"
#include "vector_f32.h"

struct job {
    const float *in;
    uint8_t *out;
    int in_pitch, out_pitch, pixels, channels;
    __m512 factor;
    __m512i zero_point, low, high;
};

static inline __mmask16 lanes(size_t left)
{
    return left >= VECTOR ? (__mmask16)0xFFFF : (__mmask16)((1u << left) - 1);
}

/* kernel_code before the zero point, as AVX2 has it. */
static inline __m512i rounded(const struct job *j, enum kernel_quantize_mode mode, __m512 x)
{
    const __m512 far = _mm512_set1_ps(SCALAR_NEAREST), near = _mm512_set1_ps(-SCALAR_NEAREST);
    int divides = mode == QUANTIZE_ORT || mode == QUANTIZE_TFLITE;
    __m512 v = divides ? _mm512_div_ps(x, j->factor) : _mm512_mul_ps(x, j->factor), half;

    v = mode == QUANTIZE_TORCH ? _mm512_max_ps(_mm512_min_ps(v, far), near)
                               : _mm512_min_ps(_mm512_max_ps(v, near), far);
    if (mode != QUANTIZE_TFLITE)
        return _mm512_cvtps_epi32(v);
    half = _mm512_or_ps(_mm512_and_ps(v, _mm512_set1_ps(-0.0f)), _mm512_set1_ps(0x1.fffffep-2f));
    return _mm512_cvttps_epi32(_mm512_add_ps(v, half));
}

static inline __m512i codes(const struct job *j, enum kernel_quantize_mode mode, __m512 x)
{
    __m512i v = _mm512_add_epi32(rounded(j, mode, x), j->zero_point);

    return _mm512_min_epi32(_mm512_max_epi32(v, j->low), j->high);
}

static inline __attribute__((always_inline)) void each(struct job j, enum kernel_quantize_mode mode)
{
    size_t n = (size_t)j.channels;

    if (j.in_pitch == j.channels && j.out_pitch == j.channels) {
        n *= (size_t)j.pixels;
        j.pixels = j.pixels > 0;
    }
    for (int i = 0; i < j.pixels; i++, j.in += j.in_pitch, j.out += j.out_pitch)
        for (size_t c = 0; c < n; c += VECTOR) {
            __mmask16 keep = lanes(n - c);

            _mm512_mask_cvtepi32_storeu_epi8(j.out + c, keep,
                                             codes(&j, mode, _mm512_maskz_loadu_ps(keep, j.in + c)));
        }
}

static void quantize_u8(const float *in, int in_pitch, uint8_t *out, int out_pitch, int pixels, int channels,
                        const struct kernel_quantize *q)
{
    struct job j = { in, out, in_pitch, out_pitch, pixels, channels, .factor = _mm512_set1_ps(q->factor) };

    j.zero_point = _mm512_set1_epi32(q->zero_point);
    j.low = _mm512_set1_epi32(q->low);
    j.high = _mm512_set1_epi32(q->high);
    switch (q->mode) {
    case QUANTIZE_TORCH:
        each(j, QUANTIZE_TORCH);
        break;
    case QUANTIZE_XNNPACK:
        each(j, QUANTIZE_XNNPACK);
        break;
    case QUANTIZE_ORT:
        each(j, QUANTIZE_ORT);
        break;
    case QUANTIZE_TFLITE:
        each(j, QUANTIZE_TFLITE);
        break;
    }
}

static void dequantize_u8(const uint8_t *in, int in_pitch, float *out, int out_pitch, int pixels,
                          int channels, float scale, int zero_point)
{
    const __m512 factor = _mm512_set1_ps(scale);
    const __m512i zero = _mm512_set1_epi32(zero_point);
    size_t n = (size_t)channels;

    if (in_pitch == channels && out_pitch == channels) {
        n *= (size_t)pixels;
        pixels = pixels > 0;
    }
    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
        for (size_t c = 0; c < n; c += VECTOR) {
            __mmask16 keep = lanes(n - c);
            __m512i code = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(keep, in + c));

            _mm512_mask_storeu_ps(out + c, keep,
                                  _mm512_mul_ps(factor, _mm512_cvtepi32_ps(_mm512_sub_epi32(code, zero))));
        }
}

void quantize_fill_avx512vnni(struct kernel_table *t)
{
    t->quantize_u8 = quantize_u8;
    t->dequantize_u8 = dequantize_u8;
}
