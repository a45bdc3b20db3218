/* What comm's own files share. */
#ifndef QUANTCAM_COMM_INTERNAL_H
#define QUANTCAM_COMM_INTERNAL_H

#include "comm.h"

enum comm_tag { COMM_TAG_COUNT = 1, COMM_TAG_FAILURE, COMM_TAG_STOP };

/* Waits for a request, asleep after a short while: ranks that compute get the cores. */
void comm_sleep_on(MPI_Request *request);
/* One step of such a sleep; *turns starts at 0. */
void comm_sleep_turn(int *turns);

/* progress.c: this rank's counters to rank 0, if they are due and the last message is gone; rank 0 counts its
 * own. */
void progress_send(struct comm_loop *loop, double now);
/* Rank 0: takes in what has come and prints a line if one is due. */
void progress_collect(struct comm_loop *loop, double now);
/* Collective, after the loop: rank 0 takes in the rest of `expected` messages and prints the last line, with
 * exact counts. */
void progress_close(struct comm_loop *loop, int64_t expected);

#endif
