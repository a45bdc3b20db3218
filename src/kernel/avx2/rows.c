/* src/kernel/avx2/rows.c: the backward of a dense layer by its rows, 8 columns at a time. */
#include <stdint.h>

#include "vector_f32.h"

/* The next eight codes. */
static inline vector vector_codes(const int8_t *p)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)));
}

#include "../rows.h"

void rows_fill_avx2(struct kernel_table *t)
{
    fill_rows(t);
}
