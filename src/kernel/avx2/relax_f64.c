/* src/kernel/avx2/relax_f64.c: a sweep of Gauss-Seidel over runs of pixels, a pixel a register. What stands
 * above and below is summed once, for three pixels side by side; the pixel before stays in its register. */
#include <immintrin.h>

#include "../isa.h"

static __m256d above_below(const double *v, int line, int i)
{
    return _mm256_add_pd(_mm256_loadu_pd(v + 4 * (i - line)), _mm256_loadu_pd(v + 4 * (i + line)));
}

static void relax_f64(double *value, int line, const struct kernel_run *run, int runs)
{
    const __m256d straight = _mm256_set1_pd(1.0 / 6), diagonal = _mm256_set1_pd(1.0 / 12);

    for (int k = 0; k < runs; k++) {
        double *v = value + 4 * (ptrdiff_t)run[k].place;
        __m256d before = above_below(v, line, -1), here = above_below(v, line, 0),
                left = _mm256_loadu_pd(v - 4);

        for (int i = 0; i < run[k].length; i++) {
            __m256d after = above_below(v, line, i + 1);
            __m256d sum =
                _mm256_add_pd(_mm256_mul_pd(_mm256_add_pd(here, _mm256_loadu_pd(v + 4 * (i + 1))), straight),
                              _mm256_mul_pd(_mm256_add_pd(before, after), diagonal));

            left = _mm256_add_pd(sum, _mm256_mul_pd(left, straight));
            if (run[k].share < 1)
                left = _mm256_div_pd(left, _mm256_set1_pd(run[k].share));
            _mm256_storeu_pd(v + 4 * i, left);
            before = here;
            here = after;
        }
    }
}

void relax_f64_fill_avx2(struct kernel_table *t)
{
    t->relax_f64 = relax_f64;
}
