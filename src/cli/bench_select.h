/* quantcam bench --select: the selection of phase select at sizes that no job here has. */
#ifndef QUANTCAM_CLI_BENCH_SELECT_H
#define QUANTCAM_CLI_BENCH_SELECT_H

#include <stdint.h>

/* Collective; starts and ends MPI. The 5 % largest of `values` made-up RMSE values, with ties; rank 0 prints
 * time, memory, and a sum over the chosen places that is the same on any number of ranks. The exit code. */
int bench_select(int64_t values);

#endif
