/* src/kernel/avx512vnni/vector_f32.h: 16 floats, for the kernels that are the same on every instruction set.
 */
#ifndef KERNEL_AVX512VNNI_VECTOR_F32_H
#define KERNEL_AVX512VNNI_VECTOR_F32_H

#include <immintrin.h>

enum { VECTOR = 16 };
typedef __m512 vector;

static inline vector vector_set1(float v)
{
    return _mm512_set1_ps(v);
}
static inline vector vector_load(const float *p)
{
    return _mm512_load_ps(p);
}
static inline vector vector_loadu(const float *p)
{
    return _mm512_loadu_ps(p);
}
static inline vector vector_add(vector a, vector b)
{
    return _mm512_add_ps(a, b);
}
static inline vector vector_sub(vector a, vector b)
{
    return _mm512_sub_ps(a, b);
}
static inline vector vector_mul(vector a, vector b)
{
    return _mm512_mul_ps(a, b);
}
static inline vector vector_div(vector a, vector b)
{
    return _mm512_div_ps(a, b);
}
/* The bits moved up by 23 places, plus `one`: 2^n of a number that has n in its low bits. */
static inline vector vector_power(vector v, int one)
{
    return _mm512_castsi512_ps(
        _mm512_add_epi32(_mm512_slli_epi32(_mm512_castps_si512(v), 23), _mm512_set1_epi32(one)));
}
static inline vector vector_fma(vector a, vector b, vector c)
{
    return _mm512_fmadd_ps(a, b, c);
}

/* b where a is no number. */
static inline vector vector_min(vector a, vector b)
{
    return _mm512_min_ps(a, b);
}
static inline vector vector_max(vector a, vector b)
{
    return _mm512_max_ps(a, b);
}
static inline vector vector_clamp(vector v, vector low, vector high)
{
    return _mm512_min_ps(high, _mm512_max_ps(low, v));
}

static inline void vector_store(float *out, int left, vector v)
{
    if (left >= VECTOR)
        _mm512_storeu_ps(out, v);
    else
        _mm512_mask_storeu_ps(out, (__mmask16)((1u << left) - 1), v);
}

#endif
