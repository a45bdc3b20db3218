/* src/kernel/avx2/vector_f32.h: 8 floats, for the kernels that are the same on every instruction set. */
#ifndef KERNEL_AVX2_VECTOR_F32_H
#define KERNEL_AVX2_VECTOR_F32_H

#include <immintrin.h>

enum { VECTOR = 8 };
typedef __m256 vector;

static inline vector vector_set1(float v)
{
    return _mm256_set1_ps(v);
}
static inline vector vector_load(const float *p)
{
    return _mm256_load_ps(p);
}
static inline vector vector_loadu(const float *p)
{
    return _mm256_loadu_ps(p);
}
static inline vector vector_add(vector a, vector b)
{
    return _mm256_add_ps(a, b);
}
static inline vector vector_sub(vector a, vector b)
{
    return _mm256_sub_ps(a, b);
}
static inline vector vector_mul(vector a, vector b)
{
    return _mm256_mul_ps(a, b);
}
static inline vector vector_div(vector a, vector b)
{
    return _mm256_div_ps(a, b);
}
/* The bits moved up by 23 places, plus `one`: 2^n of a number that has n in its low bits. */
static inline vector vector_power(vector v, int one)
{
    return _mm256_castsi256_ps(
        _mm256_add_epi32(_mm256_slli_epi32(_mm256_castps_si256(v), 23), _mm256_set1_epi32(one)));
}
static inline vector vector_fma(vector a, vector b, vector c)
{
    return _mm256_fmadd_ps(a, b, c);
}

/* b where a is no number. */
static inline vector vector_min(vector a, vector b)
{
    return _mm256_min_ps(a, b);
}
static inline vector vector_max(vector a, vector b)
{
    return _mm256_max_ps(a, b);
}
static inline vector vector_clamp(vector v, vector low, vector high)
{
    return _mm256_min_ps(high, _mm256_max_ps(low, v));
}

/* Lanes 0..left - 1. */
static inline __m256i vector_lanes(int left)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(left), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline void vector_store(float *out, int left, vector v)
{
    if (left >= VECTOR)
        _mm256_storeu_ps(out, v);
    else
        _mm256_maskstore_ps(out, vector_lanes(left), v);
}

#endif
