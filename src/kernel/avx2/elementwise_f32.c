/* src/kernel/avx2/elementwise_f32.c: element-wise operations in fp32, 8 at a time. */
#include <string.h>

#include "../isa.h"
#include "vector_f32.h"

/* Operands and constants of any operation here; a map without gaps is one long pixel. */
struct job {
    const float *a, *b;
    float *out;
    size_t a_pitch, b_pitch, out_pitch, pixels, channels;
    __m256 low, high;
};

static inline __m256 clamped(const struct job *j, __m256 v)
{
    return vector_clamp(v, j->low, j->high);
}

static inline __m256 op_clamp(const struct job *j, __m256 a, __m256 b)
{
    (void)b;
    return clamped(j, a);
}

static inline __m256 op_add(const struct job *j, __m256 a, __m256 b)
{
    return clamped(j, _mm256_add_ps(a, b));
}

static inline __m256 op_sub(const struct job *j, __m256 a, __m256 b)
{
    return clamped(j, _mm256_sub_ps(a, b));
}

/* low: the slope. */
static inline __m256 op_leakyrelu(const struct job *j, __m256 a, __m256 b)
{
    (void)b;
    return _mm256_blendv_ps(a, _mm256_mul_ps(a, j->low), _mm256_cmp_ps(a, _mm256_setzero_ps(), _CMP_LT_OQ));
}

static inline __m256 op_mul(const struct job *j, __m256 a, __m256 b)
{
    (void)j;
    return _mm256_mul_ps(a, b);
}

static inline __attribute__((always_inline)) void each(struct job j,
                                                       __m256 (*op)(const struct job *, __m256, __m256))
{
    if (j.a_pitch == j.channels && j.b_pitch == j.channels && j.out_pitch == j.channels) {
        j.channels *= j.pixels;
        j.pixels = j.pixels > 0;
    }
    for (size_t p = 0; p < j.pixels; p++, j.a += j.a_pitch, j.b += j.b_pitch, j.out += j.out_pitch) {
        size_t c = 0;

        for (; c + VECTOR <= j.channels; c += VECTOR)
            _mm256_storeu_ps(j.out + c, op(&j, _mm256_loadu_ps(j.a + c), _mm256_loadu_ps(j.b + c)));
        if (c < j.channels) {
            __m256i keep = vector_lanes((int)(j.channels - c));
            __m256 v = op(&j, _mm256_maskload_ps(j.a + c, keep), _mm256_maskload_ps(j.b + c, keep));

            _mm256_maskstore_ps(j.out + c, keep, v);
        }
    }
}

/* An operation of one operand reads it twice: the second is not used. */
static inline struct job one(const float *in, int in_pitch, float *out, int out_pitch, int pixels,
                             int channels)
{
    return (struct job){ in, in, out, (size_t)in_pitch, (size_t)in_pitch, (size_t)out_pitch, (size_t)pixels,
                         (size_t)channels, _mm256_setzero_ps(), _mm256_setzero_ps() };
}

static void clamp_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels,
                      float low, float high)
{
    struct job j = one(in, in_pitch, out, out_pitch, pixels, channels);

    j.low = _mm256_set1_ps(low);
    j.high = _mm256_set1_ps(high);
    each(j, op_clamp);
}

static void add_f32(const float *a, int a_pitch, const float *b, int b_pitch, float *out, int out_pitch,
                    int pixels, int channels, float low, float high)
{
    each((struct job){ a, b, out, (size_t)a_pitch, (size_t)b_pitch, (size_t)out_pitch, (size_t)pixels,
                       (size_t)channels, _mm256_set1_ps(low), _mm256_set1_ps(high) }, op_add);
}

static void sub_f32(const float *a, int a_pitch, const float *b, int b_pitch, float *out, int out_pitch,
                    int pixels, int channels, float low, float high)
{
    each((struct job){ a, b, out, (size_t)a_pitch, (size_t)b_pitch, (size_t)out_pitch, (size_t)pixels,
                       (size_t)channels, _mm256_set1_ps(low), _mm256_set1_ps(high) },
         op_sub);
}

static void leakyrelu_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels,
                          float slope)
{
    struct job j = one(in, in_pitch, out, out_pitch, pixels, channels);

    j.low = _mm256_set1_ps(slope);
    each(j, op_leakyrelu);
}

static void mul_f32(const float *a, int a_pitch, const float *b, int b_pitch, float *out, int out_pitch,
                    int pixels, int channels)
{
    each((struct job){ a, b, out, (size_t)a_pitch, (size_t)b_pitch, (size_t)out_pitch, (size_t)pixels,
                       (size_t)channels, _mm256_setzero_ps(), _mm256_setzero_ps() }, op_mul);
}

static void copy_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels)
{
    if (in_pitch == channels && out_pitch == channels)
        memcpy(out, in, (size_t)pixels * channels * sizeof *out);
    else
        for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
            memcpy(out, in, (size_t)channels * sizeof *out);
}

/* scalar_round: cvtps rounds to the nearest, ties to even; min takes `far` in place of NaN. */
static inline __m256 rounded(__m256 x, const struct kernel_round *q)
{
    const __m256 far = _mm256_set1_ps(1048576.0f);
    const __m256i zero_point = _mm256_set1_epi32(q->zero_point);
    __m256 v = _mm256_min_ps(_mm256_mul_ps(x, _mm256_set1_ps(q->inverse)), far);
    __m256i code;

    v = _mm256_max_ps(v, _mm256_sub_ps(_mm256_setzero_ps(), far));
    code = _mm256_add_epi32(_mm256_cvtps_epi32(v), zero_point);
    code = _mm256_max_epi32(code, _mm256_set1_epi32(q->low));
    code = _mm256_min_epi32(code, _mm256_set1_epi32(q->high));
    return _mm256_mul_ps(_mm256_set1_ps(q->scale), _mm256_cvtepi32_ps(_mm256_sub_epi32(code, zero_point)));
}

static void round_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels,
                      const struct kernel_round *q)
{
    size_t rows = (size_t)pixels, each = (size_t)channels;

    if (in_pitch == channels && out_pitch == channels) {
        each *= rows;
        rows = rows > 0;
    }
    for (size_t i = 0; i < rows; i++, in += in_pitch, out += out_pitch) {
        size_t c = 0;

        for (; c + VECTOR <= each; c += VECTOR)
            _mm256_storeu_ps(out + c, rounded(_mm256_loadu_ps(in + c), q));
        if (c < each) {
            __m256i keep = vector_lanes((int)(each - c));

            _mm256_maskstore_ps(out + c, keep, rounded(_mm256_maskload_ps(in + c, keep), q));
        }
    }
}

/* Two groups: the halves of a pixel are interleaved. */
static void shuffle_two(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int each_group)
{
    for (int p = 0; p < pixels; p++, in += in_pitch, out += out_pitch) {
        int i = 0;

        for (; i + VECTOR <= each_group; i += VECTOR) {
            __m256 a = _mm256_loadu_ps(in + i), b = _mm256_loadu_ps(in + each_group + i);
            __m256 lo = _mm256_unpacklo_ps(a, b), hi = _mm256_unpackhi_ps(a, b);

            _mm256_storeu_ps(out + 2 * i, _mm256_permute2f128_ps(lo, hi, 0x20));
            _mm256_storeu_ps(out + 2 * i + VECTOR, _mm256_permute2f128_ps(lo, hi, 0x31));
        }
        for (; i < each_group; i++) {
            out[2 * i] = in[i];
            out[2 * i + 1] = in[each_group + i];
        }
    }
}

static void shuffle_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels,
                        int groups)
{
    int count = channels / groups;

    if (groups == 2) {
        shuffle_two(in, in_pitch, out, out_pitch, pixels, count);
        return;
    }
    for (int p = 0; p < pixels; p++, in += in_pitch, out += out_pitch)
        for (int i = 0; i < count; i++)
            for (int j = 0; j < groups; j++)
                out[i * groups + j] = in[j * count + i];
}

void elementwise_f32_fill_avx2(struct kernel_table *t)
{
    t->clamp_f32 = clamp_f32;
    t->add_f32 = add_f32;
    t->sub_f32 = sub_f32;
    t->leakyrelu_f32 = leakyrelu_f32;
    t->mul_f32 = mul_f32;
    t->copy_f32 = copy_f32;
    t->round_f32 = round_f32;
    t->shuffle_f32 = shuffle_f32;
}
