/* src/cli/bench.c: how one thing is timed. */
#include "bench.h"

#include <stdlib.h>

int bench_ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

status bench_median(void (*work)(void *user), void *user, int repeats, double *median)
{
    double *times;

    MEM_TRY(times, (size_t)repeats, sizeof *times);
    work(user); /* caches and lazily bound functions */
    for (int i = 0; i < repeats; i++) {
        double from = clock_s();

        work(user);
        times[i] = clock_s() - from;
    }
    qsort(times, (size_t)repeats, sizeof *times, bench_ascending);
    *median = times[repeats / 2];
    mem_free(times);
    return OK;
}
