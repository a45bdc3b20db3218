/* src/cli/bench.h: the parts of `bench`. Private to the room. What is printed is a table, or one JSON object
 * a line. */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "network.h"

struct bench_time { double median, fastest; }; /* seconds */
/* `repeats` calls of work(user), after `warm_up` others for caches and lazily bound functions. ERR_MEMORY. */
MUST_USE status bench_time(void (*work)(void *user), void *user, int warm_up, int repeats,
                           struct bench_time *out);

/* bench_network.c: one network, its layers, and EigenCAM of its CAM layer. image: a picture's file, "" =
 * noise; layers: in the table, too. Printed on stdout. */
MUST_USE status bench_network(const struct network *net, const char *name, const char *image, int repeats,
                              int layers, int json);

/* bench_kernel.c: every kind of kernel on shapes of the study's networks, with its share of the peak that
 * this core's registers reach. Printed on stdout. */
MUST_USE status bench_kernel_run(const struct kernel_table *k, int repeats, int json);

/* bench_phase.c: what one picture costs in one network: decoding, every precision, maps, measures, and, if
 * asked, both curves with and without recomputing everything. Medians of `repeats` measurements, of the
 * curves of a tenth of that. image: a picture's file. "evaluate" and "explain" sum up what a job does:
 * EigenCAM once, with the raw sign. */
enum { BENCH_PARTS = 96, BENCH_SHARED = -1, BENCH_ALL = -2 };
struct bench_parts {
    int count;
    struct bench_part {
        const char *name;
        int precision; /* BENCH_SHARED: a part that all share; BENCH_ALL: a sum over all */
        double seconds;
    } part[BENCH_PARTS];
};
MUST_USE status bench_phase_run(const struct network_set *set, const char *image, int repeats, int curves,
                                struct bench_parts *out);
void bench_phase_print(const struct network_set *set, const struct bench_parts *parts, int json);

/* bench_select.c: the selection of phase select at sizes that no job here has. Starts and ends MPI. The 5 %
 * largest of `values` made-up RMSE values, with ties; rank 0 prints time, memory, and a sum over the chosen
 * places that is the same on any number of ranks. The exit code. */
int bench_select(int64_t values);

#endif
