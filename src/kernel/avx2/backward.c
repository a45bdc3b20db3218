/* src/kernel/avx2/backward.c: what training does to maps beside convolutions, 8 floats at a time. Dropout is
 * ref's: there is no product of 64 bits. */
#include "vector_f32.h"

typedef __m256 lanes;
enum { WIDE = 4 };
typedef __m256d wide;

static inline lanes lanes_all(void)
{
    return _mm256_castsi256_ps(_mm256_set1_epi32(-1));
}
static inline lanes lanes_less(vector a, vector b)
{
    return _mm256_cmp_ps(a, b, _CMP_LT_OQ);
}
static inline lanes lanes_less_equal(vector a, vector b)
{
    return _mm256_cmp_ps(a, b, _CMP_LE_OQ);
}
static inline lanes lanes_equal(vector a, vector b)
{
    return _mm256_cmp_ps(a, b, _CMP_EQ_OQ);
}
static inline lanes lanes_both(lanes a, lanes b)
{
    return _mm256_and_ps(a, b);
}
static inline lanes lanes_without(lanes a, lanes b)
{
    return _mm256_andnot_ps(b, a);
}
static inline vector vector_keep(lanes l, vector v)
{
    return _mm256_and_ps(l, v);
}
static inline vector vector_choose(lanes l, vector a, vector b)
{
    return _mm256_blendv_ps(b, a, l);
}
static inline vector vector_rint(vector v)
{
    return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

static inline wide wide_load(const double *p)
{
    return _mm256_loadu_pd(p);
}
static inline void wide_store(double *p, wide v)
{
    _mm256_storeu_pd(p, v);
}
static inline wide wide_from(const float *p)
{
    return _mm256_cvtps_pd(_mm_loadu_ps(p));
}
static inline wide wide_low(vector v)
{
    return _mm256_cvtps_pd(_mm256_castps256_ps128(v));
}
static inline wide wide_high(vector v)
{
    return _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
}
static inline wide wide_add(wide a, wide b)
{
    return _mm256_add_pd(a, b);
}
static inline wide wide_mul(wide a, wide b)
{
    return _mm256_mul_pd(a, b);
}

#include "../backward.h"

void backward_fill_avx2(struct kernel_table *t)
{
    fill_backward(t);
}
