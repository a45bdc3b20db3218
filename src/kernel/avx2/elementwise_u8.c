/* src/kernel/avx2/elementwise_u8.c: element-wise operations on codes. */
#include "../isa.h"
#include "requant.h"
#include "vector_f32.h"

enum { LANES = 16 };

static inline __m128i load(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)p);
}

/* Nothing beyond the channels is written, though it is read. */
static inline void store(uint8_t *p, size_t left, __m128i v)
{
    uint8_t all[LANES];

    if (left >= LANES) {
        _mm_storeu_si128((__m128i *)p, v);
    } else if (left == 8) {
        _mm_storel_epi64((__m128i *)p, v);
    } else {
        _mm_storeu_si128((__m128i *)all, v);
        memcpy(p, all, left);
    }
}

/* clamp(sat16(sat16(r) + zero_point), low, high) of 16 rounded values. */
static inline __m128i codes(__m256i r0, __m256i r1, int zero_point, int low, int high)
{
    __m256i v = _mm256_permute4x64_epi64(_mm256_packs_epi32(r0, r1), 0xD8);
    __m128i all;

    v = _mm256_adds_epi16(v, _mm256_set1_epi16((short)zero_point));
    all = _mm_packus_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    return _mm_min_epu8(_mm_max_epu8(all, _mm_set1_epi8((char)low)), _mm_set1_epi8((char)high));
}

static inline __m256i add_float(const struct kernel_add_u8 *p, __m128i a, __m128i b)
{
    __m256 da = _mm256_fmadd_ps(_mm256_set1_ps(p->scale_a), _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(a)),
                                _mm256_set1_ps(p->offset_a));
    __m256 db = _mm256_fmadd_ps(_mm256_set1_ps(p->scale_b), _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(b)),
                                _mm256_set1_ps(p->offset_b));
    __m256 sum = _mm256_add_ps(da, db);

    if (p->relu)
        sum = _mm256_max_ps(_mm256_setzero_ps(), sum);
    return _mm256_cvtps_epi32(_mm256_mul_ps(sum, _mm256_set1_ps(p->inverse_out)));
}

static inline __m256i less(__m128i q, int zero_point)
{
    return _mm256_sub_epi32(_mm256_cvtepu8_epi32(q), _mm256_set1_epi32(zero_point));
}

static inline __m256i weighed(const struct kernel_add_u8 *p, __m128i a, __m128i b)
{
    return _mm256_add_epi32(_mm256_mullo_epi32(less(a, p->zero_point_a), _mm256_set1_epi32(p->a_multiplier)),
                            _mm256_mullo_epi32(less(b, p->zero_point_b), _mm256_set1_epi32(p->b_multiplier)));
}

static inline __m256i add_away(const struct kernel_add_u8 *p, __m128i a, __m128i b)
{
    return requant_shift_away(weighed(p, a, b), _mm256_set1_epi32(p->shift));
}

static inline __m256i add_upward(const struct kernel_add_u8 *p, __m128i a, __m128i b)
{
    __m256i half = _mm256_set1_epi32((int32_t)(1u << (p->shift - 1)));

    return _mm256_sra_epi32(_mm256_add_epi32(weighed(p, a, b), half), _mm_cvtsi32_si128(p->shift));
}

static inline __m256i fixed(__m256i v, int32_t multiplier, int32_t shift)
{
    return requant_fixed(v, _mm256_set1_epi32(multiplier), _mm256_set1_epi32(shift));
}

static inline __m256i scaled_a(const struct kernel_add_u8 *p, __m128i a)
{
    return fixed(_mm256_slli_epi32(less(a, p->zero_point_a), 20), p->a_multiplier, p->a_shift);
}

static inline __m256i scaled_b(const struct kernel_add_u8 *p, __m128i b)
{
    return fixed(_mm256_slli_epi32(less(b, p->zero_point_b), 20), p->b_multiplier, p->b_shift);
}

static inline __m256i add_twice(const struct kernel_add_u8 *p, __m128i a, __m128i b)
{
    return fixed(_mm256_add_epi32(scaled_a(p, a), scaled_b(p, b)), p->out_multiplier, p->shift);
}

static inline __m256i add_less(const struct kernel_add_u8 *p, __m128i a, __m128i b)
{
    return fixed(_mm256_sub_epi32(scaled_a(p, a), scaled_b(p, b)), p->out_multiplier, p->shift);
}

static inline __m256i add_fused(const struct kernel_add_u8 *p, __m128i a, __m128i b)
{
    __m256 v = _mm256_fmadd_ps(_mm256_cvtepi32_ps(less(b, p->zero_point_b)), _mm256_set1_ps(p->scale_b),
                               _mm256_set1_ps(p->offset_a));

    v = _mm256_fmadd_ps(_mm256_cvtepi32_ps(less(a, p->zero_point_a)), _mm256_set1_ps(p->scale_a), v);
    return _mm256_cvtps_epi32(v);
}

typedef __m256i add_operation(const struct kernel_add_u8 *p, __m128i a, __m128i b);

/* The product of two differences of codes is exact in fp32. */
static inline __m256i mul_codes(const struct kernel_mul_u8 *p, __m128i a, __m128i b)
{
    __m256i qa = less(a, p->zero_point_a), qb = less(b, p->zero_point_b);
    __m256 v;

    if (p->mode == MUL_TFLITE)
        return fixed(_mm256_mullo_epi32(qa, qb), p->fixed, p->shift);
    v = _mm256_mul_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(qa), _mm256_cvtepi32_ps(qb)),
                      _mm256_set1_ps(p->multiplier));
    return _mm256_cvtps_epi32(p->mode == MUL_ORT ? _mm256_add_ps(v, _mm256_set1_ps(p->added)) : v);
}

static inline __m256i affine_float(const struct kernel_affine_u8 *p, size_t c, __m128i q)
{
    __m256i code = _mm256_sub_epi32(_mm256_cvtepu8_epi32(q), _mm256_set1_epi32(p->zero_point_in));

    return _mm256_cvtps_epi32(_mm256_fmadd_ps(_mm256_loadu_ps(p->scale + c), _mm256_cvtepi32_ps(code),
                                              _mm256_loadu_ps(p->shift + c)));
}

/* A map without gaps is one long pixel. */
static int whole(int a_pitch, int b_pitch, int out_pitch, int channels)
{
    return a_pitch == channels && b_pitch == channels && out_pitch == channels;
}

struct operands {
    const uint8_t *a, *b;
    uint8_t *out;
    int a_pitch, b_pitch, out_pitch, pixels, channels;
};

static inline __attribute__((always_inline)) void add_all(struct operands o, const struct kernel_add_u8 *p,
                                                          int low, add_operation *add)
{
    size_t n = (size_t)o.channels;

    if (whole(o.a_pitch, o.b_pitch, o.out_pitch, o.channels)) {
        n *= (size_t)o.pixels;
        o.pixels = o.pixels > 0;
    }
    for (int i = 0; i < o.pixels; i++, o.a += o.a_pitch, o.b += o.b_pitch, o.out += o.out_pitch)
        for (size_t c = 0; c < n; c += LANES) {
            __m128i x = load(o.a + c), y = load(o.b + c), x1 = _mm_srli_si128(x, 8),
                    y1 = _mm_srli_si128(y, 8);

            store(o.out + c, n - c, codes(add(p, x, y), add(p, x1, y1), p->zero_point_out, low, p->high));
        }
}

static void add_u8(const uint8_t *a, int a_pitch, const uint8_t *b, int b_pitch, uint8_t *out, int out_pitch,
                   int pixels, int channels, const struct kernel_add_u8 *p)
{
    struct operands o = { a, b, out, a_pitch, b_pitch, out_pitch, pixels, channels };

    switch (p->mode) {
    case ADD_FBGEMM:
        add_all(o, p, 0, add_float);
        break;
    case ADD_QNNPACK:
        add_all(o, p, p->low, add_away);
        break;
    case ADD_XNNPACK:
        add_all(o, p, p->low, add_upward);
        break;
    case ADD_TFLITE:
        add_all(o, p, p->low, add_twice);
        break;
    case ADD_TFLITE_LESS:
        add_all(o, p, p->low, add_less);
        break;
    case ADD_ORT:
        add_all(o, p, p->low, add_fused);
        break;
    }
}

static void mul_u8(const uint8_t *a, int a_pitch, const uint8_t *b, int b_pitch, uint8_t *out, int out_pitch,
                   int pixels, int channels, const struct kernel_mul_u8 *p)
{
    size_t n = (size_t)channels;

    if (whole(a_pitch, b_pitch, out_pitch, channels)) {
        n *= (size_t)pixels;
        pixels = pixels > 0;
    }
    for (int i = 0; i < pixels; i++, a += a_pitch, b += b_pitch, out += out_pitch)
        for (size_t c = 0; c < n; c += LANES) {
            __m128i x = load(a + c), y = load(b + c), x1 = _mm_srli_si128(x, 8),
                    y1 = _mm_srli_si128(y, 8);

            x = codes(mul_codes(p, x, y), mul_codes(p, x1, y1), p->zero_point_out, p->low, p->high);
            store(out + c, n - c, x);
        }
}

static void affine_u8(const uint8_t *in, int in_pitch, uint8_t *out, int out_pitch, int pixels, int channels,
                      const struct kernel_affine_u8 *p)
{
    size_t n = (size_t)channels, vectors = n / LANES * LANES;

    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch) {
        for (size_t c = 0; c < vectors; c += LANES) {
            __m128i x = load(in + c);
            __m256i low = affine_float(p, c, x), high = affine_float(p, c + 8, _mm_srli_si128(x, 8));

            store(out + c, LANES, codes(low, high, p->zero_point_out, p->low, p->high));
        }
        for (size_t c = vectors; c < n; c++)
            out[c] = scalar_affine_u8(p, (int)c, in[c]);
    }
}

/* 32 codes through the table, 16 entries at a time: an index outside the 16 becomes 128 or more, for which
 * vpshufb gives 0. */
static inline __m256i look_up(const __m256i part[16], __m256i v)
{
    __m256i out = _mm256_setzero_si256(), top = _mm256_set1_epi8(0x70), next = _mm256_set1_epi8(16);

#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) {
        out = _mm256_or_si256(out, _mm256_shuffle_epi8(part[i], _mm256_adds_epu8(v, top)));
        v = _mm256_sub_epi8(v, next);
    }
    return out;
}

static void lookup_u8(const uint8_t *in, int in_pitch, uint8_t *out, int out_pitch, int pixels, int channels,
                      const uint8_t table[256])
{
    size_t n = (size_t)channels;
    __m256i part[16];

    for (int i = 0; i < 16; i++)
        part[i] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(table + 16 * i)));
    if (whole(in_pitch, in_pitch, out_pitch, channels)) {
        n *= (size_t)pixels;
        pixels = pixels > 0;
    }
    for (int p = 0; p < pixels; p++, in += in_pitch, out += out_pitch) {
        size_t c = 0;

        for (; c + 32 <= n; c += 32)
            _mm256_storeu_si256((__m256i *)(out + c),
                                look_up(part, _mm256_loadu_si256((const __m256i *)(in + c))));
        for (; c < n; c++)
            out[c] = table[in[c]];
    }
}

/* q = rne(clamp(v, 0, high)) of 16 values. */
static inline __m128i levels(__m256 v0, __m256 v1, int high)
{
    __m256 least = _mm256_setzero_ps(), most = _mm256_set1_ps((float)high);

    v0 = _mm256_min_ps(most, _mm256_max_ps(least, v0));
    v1 = _mm256_min_ps(most, _mm256_max_ps(least, v1));
    return codes(_mm256_cvtps_epi32(v0), _mm256_cvtps_epi32(v1), 0, 0, high);
}

static inline __m256 affine_lanes(const float *in, const float *scale, const float *shift, __m256i keep)
{
    return _mm256_fmadd_ps(_mm256_maskload_ps(in, keep), _mm256_maskload_ps(scale, keep),
                           _mm256_maskload_ps(shift, keep));
}

static void levels_u8(const float *in, int in_pitch, uint8_t *out, int out_pitch, int pixels, int channels,
                      const float *scale, const float *shift, int high)
{
    int left = channels % LANES;
    __m256i first = vector_lanes(left), second = vector_lanes(left - LANES / 2);

    for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch) {
        int c = 0;

        for (; c + LANES <= channels; c += LANES) {
            __m256 v0 = _mm256_fmadd_ps(_mm256_loadu_ps(in + c), _mm256_loadu_ps(scale + c),
                                        _mm256_loadu_ps(shift + c));
            __m256 v1 = _mm256_fmadd_ps(_mm256_loadu_ps(in + c + 8), _mm256_loadu_ps(scale + c + 8),
                                        _mm256_loadu_ps(shift + c + 8));

            _mm_storeu_si128((__m128i *)(out + c), levels(v0, v1, high));
        }
        if (left) {
            __m128i q = levels(affine_lanes(in + c, scale + c, shift + c, first),
                               affine_lanes(in + c + 8, scale + c + 8, shift + c + 8, second), high);

            if (left == LANES / 2)
                _mm_storel_epi64((__m128i *)(out + c), q);
            else
                memcpy(out + c, &q, (size_t)left);
        }
    }
}

static void residual_u8(const float *in, int in_pitch, const uint8_t *code, int code_pitch, uint8_t *out,
                        int out_pitch, int pixels, int channels, float scale, int high)
{
    __m256 factor = _mm256_set1_ps(scale);

    for (int i = 0; i < pixels; i++, in += in_pitch, code += code_pitch, out += out_pitch) {
        int c = 0;

        for (; c + LANES <= channels; c += LANES) {
            __m128i q = load(code + c);
            __m256 q0 = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(q)),
                   q1 = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_srli_si128(q, 8)));

            q0 = _mm256_fmadd_ps(q0, factor, _mm256_loadu_ps(in + c));
            q1 = _mm256_fmadd_ps(q1, factor, _mm256_loadu_ps(in + c + 8));
            _mm_storeu_si128((__m128i *)(out + c), levels(q0, q1, high));
        }
        for (; c < channels; c++)
            out[c] = scalar_level(fmaf((float)code[c], scale, in[c]), 0, high);
    }
}

static void copy_u8(const uint8_t *in, int in_pitch, uint8_t *out, int out_pitch, int pixels, int channels)
{
    if (whole(in_pitch, in_pitch, out_pitch, channels))
        memcpy(out, in, (size_t)pixels * channels);
    else
        for (int i = 0; i < pixels; i++, in += in_pitch, out += out_pitch)
            memcpy(out, in, (size_t)channels);
}

/* Two groups: the halves of a pixel are interleaved. */
static void shuffle_two(const uint8_t *in, int in_pitch, uint8_t *out, int out_pitch, int pixels,
                        int each_group)
{
    for (int p = 0; p < pixels; p++, in += in_pitch, out += out_pitch) {
        int i = 0;

        for (; i + LANES <= each_group; i += LANES) {
            __m128i a = load(in + i), b = load(in + each_group + i);

            store(out + 2 * i, LANES, _mm_unpacklo_epi8(a, b));
            store(out + 2 * i + LANES, LANES, _mm_unpackhi_epi8(a, b));
        }
        for (; i < each_group; i++) {
            out[2 * i] = in[i];
            out[2 * i + 1] = in[each_group + i];
        }
    }
}

static void shuffle_u8(const uint8_t *in, int in_pitch, uint8_t *out, int out_pitch, int pixels, int channels,
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

void elementwise_u8_fill_avx2(struct kernel_table *t)
{
    t->lookup_u8 = lookup_u8;
    t->add_u8 = add_u8;
    t->mul_u8 = mul_u8;
    t->affine_u8 = affine_u8;
    t->levels_u8 = levels_u8;
    t->residual_u8 = residual_u8;
    t->copy_u8 = copy_u8;
    t->shuffle_u8 = shuffle_u8;
}
