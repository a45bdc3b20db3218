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
static inline vector vector_fma(vector a, vector b, vector c)
{
    return _mm512_fmadd_ps(a, b, c);
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
