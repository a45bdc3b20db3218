/* src/cli/bench.h: the parts of `bench`. Private to the room. Medians of `repeats` measurements, on stdout as
 * a table or as one JSON object a line. */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "network.h"

/* qsort's order of doubles, smallest first. */
int bench_ascending(const void *a, const void *b);
/* `repeats` calls of work(user) and their median in seconds. ERR_MEMORY. */
MUST_USE status bench_median(void (*work)(void *user), void *user, int repeats, double *median);

/* bench_kernel.c: every kind of kernel on shapes of the study's networks, with its share of the peak that
 * this core's registers reach. */
MUST_USE status bench_kernel_run(const struct kernel_table *k, int repeats, int json);

/* bench_phase.c: what one picture costs in one network: decoding, every precision, maps, measures, and, if
 * asked, a pair of curves with and without recomputing everything. image: a picture's file. */
MUST_USE status bench_phase_run(const struct network_set *set, const char *image, int repeats,
                                int with_curves, int json);

#endif
