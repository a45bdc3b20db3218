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

/* ---- signal.c ---- */

void signal_install(void); /* before MPI_Init and again after it */
/* What the signals so far ask for: enum comm_stop. */
int comm_signal_level(void);
/* How often this process was continued after a stop (SIGCONT). */
int comm_continued(void);

/* ---- wait.c ---- */

/* Time between these two counts in comm_spent (waited: as waiting, else as messages). On the main thread;
 * pairs may nest, and the outermost pair counts. */
void comm_spent_begin(void);
void comm_spent_end(int waited);
/* Between these two the rank waits for others and owes no step; they may nest. */
void wait_begin(void);
void wait_end(void);
/* Waits for a request, asleep after a short while: ranks that compute get the cores. */
void comm_sleep_on(MPI_Request *request);
/* One step of such a sleep; *turns starts at 0. */
void wait_turn(int *turns);

/* A rank's life: steps finished, the slowest so far, whether it waits now. */
struct wait_pulse {
    int64_t steps, slowest_us;
    int waiting;
};
struct wait_pulse wait_pulse(void);
/* The step in hand tells nothing: the process stood still. Any thread. */
void wait_begin_anew(void);
/* Called at every step and every turn of a sleep, on the main thread; NULL: nothing is. */
void wait_set_hook(void (*turn)(void));

/* MPI counts in int: longer blocks go in pieces. */
enum { COMM_PIECE = 1 << 28 };

/* deal.c: rank 0's service of blocks begins before the loop and ends after it, when no rank asks. */
void deal_start(struct comm_loop *loop);
/* Rank 0 without a thread for the service answers the ranks that have asked. */
void deal_serve(struct comm_loop *loop);
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
