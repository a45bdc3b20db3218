/* src/cli/bench.c: how one thing is timed. */
#include "bench.h"

#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

status bench_time(void (*work)(void *user), void *user, int warm_up, int repeats, struct bench_time *out)
{
    double *times;

    MEM_TRY(times, (size_t)repeats, sizeof *times);
    for (int i = 0; i < warm_up; i++)
        work(user);
    for (int i = 0; i < repeats; i++) {
        double from = clock_s();

        work(user);
        times[i] = clock_s() - from;
    }
    qsort(times, (size_t)repeats, sizeof *times, ascending);
    *out = (struct bench_time){ .median = times[repeats / 2], .fastest = times[0] };
    mem_free(times);
    return OK;
}
