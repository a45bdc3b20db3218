/* src/kernel/avx512vnni/rows.c: the backward of a dense layer by its rows, 16 columns at a time. */
#include <stdint.h>

#include "vector_f32.h"

/* The next sixteen codes. */
static inline vector vector_codes(const int8_t *p)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)));
}

#include "../rows.h"

void rows_fill_avx512vnni(struct kernel_table *t)
{
    fill_rows(t);
}
