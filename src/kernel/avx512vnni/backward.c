/* src/kernel/avx512vnni/backward.c: what training does to maps beside convolutions, 16 floats at a time. */
#include "vector_f32.h"

typedef __mmask16 lanes;
enum { WIDE = 8 };
typedef __m512d wide;

static inline lanes lanes_all(void)
{
    return 0xFFFF;
}
static inline lanes lanes_less(vector a, vector b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}
static inline lanes lanes_less_equal(vector a, vector b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ);
}
static inline lanes lanes_equal(vector a, vector b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ);
}
static inline lanes lanes_both(lanes a, lanes b)
{
    return a & b;
}
static inline lanes lanes_without(lanes a, lanes b)
{
    return a & (lanes)~b;
}
static inline vector vector_keep(lanes l, vector v)
{
    return _mm512_maskz_mov_ps(l, v);
}
static inline vector vector_choose(lanes l, vector a, vector b)
{
    return _mm512_mask_mov_ps(b, l, a);
}
static inline vector vector_rint(vector v)
{
    return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

static inline wide wide_load(const double *p)
{
    return _mm512_loadu_pd(p);
}
static inline void wide_store(double *p, wide v)
{
    _mm512_storeu_pd(p, v);
}
static inline wide wide_from(const float *p)
{
    return _mm512_cvtps_pd(_mm256_loadu_ps(p));
}
static inline wide wide_low(vector v)
{
    return _mm512_cvtps_pd(_mm512_castps512_ps256(v));
}
static inline wide wide_high(vector v)
{
    return _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
}
static inline wide wide_add(wide a, wide b)
{
    return _mm512_add_pd(a, b);
}
static inline wide wide_mul(wide a, wide b)
{
    return _mm512_mul_pd(a, b);
}

#include "../backward.h"

static inline __m512i mix(__m512i x)
{
    x = _mm512_mullo_epi64(_mm512_xor_si512(x, _mm512_srli_epi64(x, 30)),
                           _mm512_set1_epi64((long long)0xBF58476D1CE4E5B9u));
    x = _mm512_mullo_epi64(_mm512_xor_si512(x, _mm512_srli_epi64(x, 27)),
                           _mm512_set1_epi64((long long)0x94D049BB133111EBu));
    return _mm512_xor_si512(x, _mm512_srli_epi64(x, 31));
}

static void dropout_f32(const float *in, float *out, int count, uint64_t state, uint64_t least, float by)
{
    const uint64_t golden = 0x9E3779B97F4A7C15u;
    const __m512i step = _mm512_set1_epi64((long long)(8 * golden)),
                  limit = _mm512_set1_epi64((long long)least);
    const vector factor = vector_set1(by);
    __m512i x = _mm512_add_epi64(
        _mm512_mullo_epi64(_mm512_setr_epi64(1, 2, 3, 4, 5, 6, 7, 8), _mm512_set1_epi64((long long)golden)),
        _mm512_set1_epi64((long long)state));

    for (int i = 0; i < count; i += VECTOR) {
        lanes kept = _mm512_cmpge_epu64_mask(_mm512_srli_epi64(mix(x), 11), limit);

        x = _mm512_add_epi64(x, step);
        kept = (lanes)(kept | _mm512_cmpge_epu64_mask(_mm512_srli_epi64(mix(x), 11), limit) << 8);
        x = _mm512_add_epi64(x, step);
        vector_store(out + i, count - i, vector_keep(kept, vector_mul(vector_loadu(in + i), factor)));
    }
}

void backward_fill_avx512vnni(struct kernel_table *t)
{
    fill_backward(t);
    t->dropout_f32 = dropout_f32;
}
