/* What comm's own files share. */
#ifndef QUANTCAM_COMM_INTERNAL_H
#define QUANTCAM_COMM_INTERNAL_H

#include "comm.h"

enum comm_tag {
    COMM_TAG_COUNT = 1, COMM_TAG_FAILURE, COMM_TAG_STOP, COMM_TAG_ASK, COMM_TAG_GIVE
};

/* launcher.c. ERR_USAGE with the cure where the launcher started other processes than MPI knows of; where
 * every process is alone, the launcher's first one will speak. */
MUST_USE status launcher_check(const struct comm *c);
/* Before MPI_Init. ERR_USAGE for a step of srun's that Open MPI would not start in; ERR_IO where a limit
 * leaves it no threads. */
MUST_USE status launcher_prepare(void);

/* Waits for a request, asleep after a short while: ranks that compute get the cores. */
void comm_sleep_on(MPI_Request *request);
/* One step of such a sleep; *turns starts at 0. */
void comm_sleep_turn(int *turns);

/* Around what comm_spent counts, on the main thread; they may nest, the outermost counts. */
void comm_spent_begin(void);
void comm_spent_end(int waited);

/* What the signals so far ask for: enum comm_stop. */
int comm_signal_level(void);
/* How often this process was continued after a stop (SIGCONT). */
int comm_continued(void);
/* watch.c: between these two the rank waits for others and owes no step; they may nest. */
void watch_wait_begin(void);
void watch_wait_end(void);
/* watch.c: the watchdog's turn where it has no thread of its own. */
void watch_turn_here(void);

/* deal.c: rank 0's service of blocks. start and end: where no rank asks, before and after the loop. */
void deal_start(struct comm_loop *loop);
void deal_serve(struct comm_loop *loop);    /* rank 0 that has no thread for it: answers what has come */
void deal_end(struct comm_loop *loop);

/* progress.c: this rank's counters to rank 0, if they are due and the last message is gone; rank 0 counts its
 * own. */
void progress_send(struct comm_loop *loop, double now);
/* Rank 0: takes in what has come and prints a line if one is due. */
void progress_collect(struct comm_loop *loop, double now);
/* Collective, after the loop: rank 0 takes in the rest of `expected` messages and prints the last line, with
 * exact counts. */
void progress_close(struct comm_loop *loop, int64_t expected);

#endif
