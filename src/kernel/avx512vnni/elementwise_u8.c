/* src/kernel/avx512vnni/elementwise_u8.c: sums, products and tables of codes, 64 at a time. Copies and
 * shuffles are AVX2's. */
#include "../isa.h"
#include "requant.h"

enum { LANES = 16, WIDE = 4 * LANES };

/* Two maps, or a map and one row (b_pitch 0), to a map. A map without gaps is one long pixel. */
struct job {
    const uint8_t *a, *b;
    uint8_t *out;
    size_t a_pitch, b_pitch, out_pitch, pixels, channels;
    __m512i zero_point, low, high; /* of 16 bits; of 8 bits */
    /* add_float: scale * code + offset of each, then times factor; mul: their zero points, then times factor
     */
    __m512 scale_a, scale_b, offset_a, offset_b, factor, least;
    /* fixed point */
    __m512i multiplier_a, multiplier_b, zero_a, zero_b, mask, half;
    __m128i shift;
    __m512i shift_a, shift_b, multiplier_out, shift_out;
};

static struct job job_of(const uint8_t *a, int a_pitch, const uint8_t *b, int b_pitch, uint8_t *out,
                         int out_pitch, int pixels, int channels)
{
    struct job j = { .a = a, .b = b, .out = out, .pixels = (size_t)pixels, .channels = (size_t)channels };

    j.a_pitch = (size_t)a_pitch;
    j.b_pitch = (size_t)b_pitch;
    j.out_pitch = (size_t)out_pitch;
    if (a_pitch == channels && b_pitch == channels && out_pitch == channels) {
        j.channels *= j.pixels;
        j.pixels = j.pixels > 0;
    }
    return j;
}

static void set_codes(struct job *j, int zero_point, int low, int high)
{
    j->zero_point = _mm512_set1_epi16((short)zero_point);
    j->low = _mm512_set1_epi8((char)low);
    j->high = _mm512_set1_epi8((char)high);
}

static inline __m512i codes_at(const uint8_t *p)
{
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p));
}

static inline __m512i add_float(const struct job *j, __m512i a, __m512i b)
{
    __m512 da = _mm512_fmadd_ps(j->scale_a, _mm512_cvtepi32_ps(a), j->offset_a);
    __m512 db = _mm512_fmadd_ps(j->scale_b, _mm512_cvtepi32_ps(b), j->offset_b);

    return _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_max_ps(j->least, _mm512_add_ps(da, db)), j->factor));
}

static inline __m512i weighed(const struct job *j, __m512i a, __m512i b)
{
    return _mm512_add_epi32(_mm512_mullo_epi32(_mm512_sub_epi32(a, j->zero_a), j->multiplier_a),
                            _mm512_mullo_epi32(_mm512_sub_epi32(b, j->zero_b), j->multiplier_b));
}

static inline __m512i add_away(const struct job *j, __m512i a, __m512i b)
{
    __m512i v = weighed(j, a, b);
    __m512i rest = _mm512_add_epi32(_mm512_and_si512(v, j->mask), _mm512_srai_epi32(v, 31));
    __mmask16 up = _mm512_cmpgt_epi32_mask(rest, j->half);
    __m512i r = _mm512_sra_epi32(v, j->shift);

    return _mm512_mask_add_epi32(r, up, r, _mm512_set1_epi32(1));
}

/* half: of the last place. */
static inline __m512i add_upward(const struct job *j, __m512i a, __m512i b)
{
    return _mm512_sra_epi32(_mm512_add_epi32(weighed(j, a, b), j->half), j->shift);
}

static inline __m512i scaled_a(const struct job *j, __m512i a)
{
    return requant_fixed(_mm512_slli_epi32(_mm512_sub_epi32(a, j->zero_a), 20), j->multiplier_a, j->shift_a);
}

static inline __m512i scaled_b(const struct job *j, __m512i b)
{
    return requant_fixed(_mm512_slli_epi32(_mm512_sub_epi32(b, j->zero_b), 20), j->multiplier_b, j->shift_b);
}

static inline __m512i add_twice(const struct job *j, __m512i a, __m512i b)
{
    return requant_fixed(_mm512_add_epi32(scaled_a(j, a), scaled_b(j, b)), j->multiplier_out, j->shift_out);
}

static inline __m512i add_less(const struct job *j, __m512i a, __m512i b)
{
    return requant_fixed(_mm512_sub_epi32(scaled_a(j, a), scaled_b(j, b)), j->multiplier_out, j->shift_out);
}

static inline __m512i add_fused(const struct job *j, __m512i a, __m512i b)
{
    __m512 v = _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(b, j->zero_b)), j->scale_b, j->offset_a);

    return _mm512_cvtps_epi32(
        _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(a, j->zero_a)), j->scale_a, v));
}

/* The product of two differences of codes is exact in fp32. */
static inline __m512i mul_float(const struct job *j, __m512i a, __m512i b)
{
    __m512 v = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(a, j->zero_a)),
                             _mm512_cvtepi32_ps(_mm512_sub_epi32(b, j->zero_b)));

    return _mm512_cvtps_epi32(_mm512_mul_ps(v, j->factor));
}

/* offset_a: what is added before the rounding. */
static inline __m512i mul_added(const struct job *j, __m512i a, __m512i b)
{
    __m512 v = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(a, j->zero_a)),
                             _mm512_cvtepi32_ps(_mm512_sub_epi32(b, j->zero_b)));

    return _mm512_cvtps_epi32(_mm512_add_ps(_mm512_mul_ps(v, j->factor), j->offset_a));
}

static inline __m512i mul_fixed(const struct job *j, __m512i a, __m512i b)
{
    return requant_fixed(_mm512_mullo_epi32(_mm512_sub_epi32(a, j->zero_a), _mm512_sub_epi32(b, j->zero_b)),
                         j->multiplier_out, j->shift_out);
}

typedef __m512i operation(const struct job *, __m512i, __m512i);

/* clamp(sat16(sat16(r) + zero_point), low, high) of 64 rounded values: packed lane by lane, then put in
 * order.
 */
static inline __attribute__((always_inline)) __m512i codes_of(const struct job *j, const __m512i r[4])
{
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(r[0], r[1]), j->zero_point);
    __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(r[2], r[3]), j->zero_point);
    __m512i all = _mm512_packus_epi16(low, high);

    return _mm512_permutexvar_epi32(order, _mm512_min_epu8(_mm512_max_epu8(all, j->low), j->high));
}

static inline __mmask64 lanes(size_t left)
{
    return left >= WIDE ? ~(__mmask64)0 : ((__mmask64)1 << left) - 1;
}

/* Up to 64 codes; what is read beyond them is not written. */
static inline __attribute__((always_inline)) void some(const struct job *j, operation *op, const uint8_t *a,
                                                       const uint8_t *b, uint8_t *out, size_t count)
{
    __m512i r[4];

#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        r[i] = (size_t)i * LANES < count ? op(j, codes_at(a + i * LANES), codes_at(b + i * LANES))
                                         : _mm512_setzero_si512();
    if (count >= WIDE)
        _mm512_storeu_si512(out, codes_of(j, r));
    else
        _mm512_mask_storeu_epi8(out, lanes(count), codes_of(j, r));
}

static inline __attribute__((always_inline)) void each(struct job j, operation *op)
{
    for (size_t p = 0; p < j.pixels; p++, j.a += j.a_pitch, j.b += j.b_pitch, j.out += j.out_pitch) {
        size_t c = 0;

        for (; c + WIDE <= j.channels; c += WIDE)
            some(&j, op, j.a + c, j.b + c, j.out + c, WIDE);
        if (c < j.channels)
            some(&j, op, j.a + c, j.b + c, j.out + c, j.channels - c);
    }
}

static void add_integers(struct job *j, const struct kernel_add_u8 *p)
{
    int upward = p->mode == ADD_XNNPACK, twice = p->mode == ADD_TFLITE || p->mode == ADD_TFLITE_LESS;

    j->multiplier_a = _mm512_set1_epi32(p->a_multiplier);
    j->multiplier_b = _mm512_set1_epi32(p->b_multiplier);
    if (twice) {
        j->shift_a = _mm512_set1_epi32(p->a_shift);
        j->shift_b = _mm512_set1_epi32(p->b_shift);
        j->multiplier_out = _mm512_set1_epi32(p->out_multiplier);
        j->shift_out = _mm512_set1_epi32(p->shift);
        if (p->mode == ADD_TFLITE)
            each(*j, add_twice);
        else
            each(*j, add_less);
        return;
    }
    j->mask = _mm512_set1_epi32((int32_t)((1u << p->shift) - 1));
    j->half = upward ? _mm512_set1_epi32((int32_t)(1u << (p->shift - 1))) : _mm512_srli_epi32(j->mask, 1);
    j->shift = _mm_cvtsi32_si128(p->shift);
    if (upward)
        each(*j, add_upward);
    else
        each(*j, add_away);
}

static void add_u8(const uint8_t *a, int a_pitch, const uint8_t *b, int b_pitch, uint8_t *out, int out_pitch,
                   int pixels, int channels, const struct kernel_add_u8 *p)
{
    struct job j = job_of(a, a_pitch, b, b_pitch, out, out_pitch, pixels, channels);

    set_codes(&j, p->zero_point_out, p->mode == ADD_FBGEMM ? 0 : p->low, p->high);
    j.zero_a = _mm512_set1_epi32(p->zero_point_a);
    j.zero_b = _mm512_set1_epi32(p->zero_point_b);
    j.scale_a = _mm512_set1_ps(p->scale_a);
    j.scale_b = _mm512_set1_ps(p->scale_b);
    j.offset_a = _mm512_set1_ps(p->offset_a);
    if (p->mode == ADD_ORT) {
        each(j, add_fused);
        return;
    }
    if (p->mode != ADD_FBGEMM) {
        add_integers(&j, p);
        return;
    }
    j.offset_b = _mm512_set1_ps(p->offset_b);
    j.factor = _mm512_set1_ps(p->inverse_out);
    j.least = _mm512_set1_ps(p->relu ? 0.0f : -__builtin_inff());
    each(j, add_float);
}

static void mul_u8(const uint8_t *a, int a_pitch, const uint8_t *b, int b_pitch, uint8_t *out, int out_pitch,
                   int pixels, int channels, const struct kernel_mul_u8 *p)
{
    struct job j = job_of(a, a_pitch, b, b_pitch, out, out_pitch, pixels, channels);

    set_codes(&j, p->zero_point_out, p->low, p->high);
    j.zero_a = _mm512_set1_epi32(p->zero_point_a);
    j.zero_b = _mm512_set1_epi32(p->zero_point_b);
    j.factor = _mm512_set1_ps(p->multiplier);
    j.offset_a = _mm512_set1_ps(p->added);
    j.multiplier_out = _mm512_set1_epi32(p->fixed);
    j.shift_out = _mm512_set1_epi32(p->shift);
    if (p->mode == MUL_TFLITE)
        each(j, mul_fixed);
    else if (p->mode == MUL_ORT)
        each(j, mul_added);
    else
        each(j, mul_float);
}

#define VBMI __attribute__((target("avx512vbmi")))

struct table {
    __m512i part[4];
};

static inline struct table table_of(const uint8_t code[256])
{
    struct table t;

    for (int i = 0; i < 4; i++)
        t.part[i] = _mm512_loadu_si512(code + WIDE * i);
    return t;
}

/* An index's low seven bits choose from two of the four registers, its top bit which two. */
static inline VBMI __m512i look_up(const struct table *t, __m512i v)
{
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(v), _mm512_permutex2var_epi8(t->part[0], v, t->part[1]),
                                  _mm512_permutex2var_epi8(t->part[2], v, t->part[3]));
}

static VBMI void lookup_u8(const uint8_t *in, int in_pitch, uint8_t *out, int out_pitch, int pixels,
                           int channels, const uint8_t table[256])
{
    struct job j = job_of(in, in_pitch, in, in_pitch, out, out_pitch, pixels, channels);
    const struct table t = table_of(table);

    for (size_t p = 0; p < j.pixels; p++, j.a += j.a_pitch, j.out += j.out_pitch)
        for (size_t c = 0; c < j.channels; c += WIDE) {
            __mmask64 keep = lanes(j.channels - c);

            _mm512_mask_storeu_epi8(j.out + c, keep, look_up(&t, _mm512_maskz_loadu_epi8(keep, j.a + c)));
        }
}

/* 64 = 1 modulo 3: from one vector to the next every lane's channel moves on by one. */
static VBMI void input_u8(const uint8_t *in, uint8_t *out, int pixels, const uint8_t table[3][256])
{
    const struct table t[3] = { table_of(table[0]), table_of(table[1]), table_of(table[2]) };
    const __mmask64 third[3] = { 0x9249249249249249, 0x2492492492492492, 0x4924924924924924 };
    size_t count = 3 * (size_t)pixels;

    for (size_t i = 0; i < count; i += WIDE) {
        __mmask64 keep = lanes(count - i), green = third[(4 - i % 3) % 3], blue = third[(5 - i % 3) % 3];
        __m512i v = _mm512_maskz_loadu_epi8(keep, in + i), r = look_up(&t[0], v);

        r = _mm512_mask_mov_epi8(r, green, look_up(&t[1], v));
        r = _mm512_mask_mov_epi8(r, blue, look_up(&t[2], v));
        _mm512_mask_storeu_epi8(out + i, keep, r);
    }
}

/* Cascade Lake has no VBMI. */
void elementwise_u8_fill_avx512vnni(struct kernel_table *t)
{
    t->add_u8 = add_u8;
    t->mul_u8 = mul_u8;
    if (!__builtin_cpu_supports("avx512vbmi"))
        return;
    t->lookup_u8 = lookup_u8;
    t->input_u8 = input_u8;
}
