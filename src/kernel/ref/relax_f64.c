/* src/kernel/ref/relax_f64.c: a sweep of Gauss-Seidel over runs of pixels. */
#include "../isa.h"

/* A pixel: the compiler's own vectors, an operation for the four numbers. */
typedef double pixel __attribute__((vector_size(4 * sizeof(double))));

static void relax_f64(double *value, int line, const struct kernel_run *run, int runs)
{
    const double straight = 1.0 / 6, diagonal = 1.0 / 12;

    for (int k = 0; k < runs; k++) {
        pixel *v = (pixel *)value + run[k].place;
        const pixel *up = v - line, *down = v + line;

        for (int i = 0; i < run[k].length; i++) {
            v[i] = ((up[i] + down[i]) + v[i + 1]) * straight +
                   ((up[i - 1] + down[i - 1]) + (up[i + 1] + down[i + 1])) * diagonal + v[i - 1] * straight;
            if (run[k].share < 1)
                v[i] /= run[k].share;
        }
    }
}

void relax_f64_fill_ref(struct kernel_table *t)
{
    t->relax_f64 = relax_f64;
}
