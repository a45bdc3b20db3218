/* include/comm.h
 * comm: the ranks of one job. Start and end of MPI, agreement on failures, signals, dealing out work, small
 * reductions, and the loop that works without any collective. Knows nothing of files or networks. The only
 * rooms that name MPI are this one and h5.
 *
 *     struct comm c = { 0 };
 *     TRY(comm_init(&argc, &argv, &c));                 // a plain start without mpirun is a job of one rank
 *     status s = c.rank == 0 ? read_job(...) : OK;      // local work fails by returning ...
 *     TRY(comm_agree(&c, s));                           // ... and all ranks learn it here, in one sentence
 *     TRY(comm_broadcast_bytes(&c, &text, &size));      // rank 0 reads, every rank parses the same bytes
 *
 *     int64_t *mine = NULL, count = 0;
 *     TRY(partition_cyclic(missing, n, c.rank, c.size, &mine, &count));  // dynamic: 0, 1
 *     struct comm_loop loop = { .name = "evaluate", .items = "images", .unit = "img",
 *                               .total = n, .done = n - left, .todo = count };
 *     comm_loop_start(&loop, &c);
 *     status s = OK;
 *     for (int64_t i = 0; i < count && s == OK && comm_loop_goes_on(&loop); i++) {    // no collective here
 *         s = one_image(mine[i], &bad);                 // a bad image is no failure: bad = 1
 *         comm_loop_step(&loop, 1, bad);
 *     }
 *     if (s == OK)
 *         s = commit();
 *     TRY(comm_loop_finish(&loop, s));                  // all meet: OK, the first failure, or ERR_STOPPED
 *
 *     comm_finish(&c);
 *
 * "Collective" means: every rank calls it, in the same order. Waiting never spins: a rank sleeps between two
 * tests, so that more ranks than cores work well. MPI's own errors abort the job (ERRORS_ARE_FATAL); what
 * these functions return is ours. A bug anywhere calls MPI_Abort.
 */
#ifndef QUANTCAM_COMM_H
#define QUANTCAM_COMM_H

#include "base.h"

#include <mpi.h>

/* ---- comm: start, end, moving bytes (comm.c, move.c, wait.c) ------------------------------------- */

struct comm {
    int rank, size;
    int nodes;              /* hosts of the job */
    int node;               /* this rank's host, 0 .. nodes - 1, by the lowest rank on it */
    int node_rank, node_size;    /* place among, and number of, the ranks on this host */
    char host[64];          /* without its domain */
    MPI_Comm mpi;           /* collectives */
    MPI_Comm here;          /* those of this host's ranks: comm_node */
    MPI_Comm side;          /* the loop's small messages */
    MPI_Comm watch;         /* the watchdog's */
    int threads;            /* MPI_THREAD_MULTIPLE was granted: a second thread may talk */
};

/* Collective; once a process. Sets OMPI_MCA_io=romio321 unless set (OMPIO leaves litter on several
 * hosts), installs the signal handlers before MPI_Init and again after it, asks for MPI_THREAD_MULTIPLE
 * (QUANTCAM_THREADS=off: for FUNNELED, to try what is done without), makes MPI_Abort the hook of bugs,
 * sets the error record's rank. argc and argv may be NULL. ERR_USAGE, the same on all ranks, where a launcher
 * started more processes than MPI knows of (another MPI's mpirun, srun without PMIx). */
MUST_USE status comm_init(int *argc, char ***argv, struct comm *out);
/* Local, before comm_init too. 1 if mpirun, srun or the like started this process as a rank of a job. */
int comm_launched(void);
/* Local, before comm_init too. The MPI that the program is linked with: "Open MPI v4.1.4". */
void comm_library(char name[64]);
/* Local. This rank alone as a job of one rank, beside the job it belongs to; nothing to finish. */
void comm_self(const struct comm *c, struct comm *out);
/* Local. The ranks of this host as a job of their own, for moving bytes; nothing to finish. */
void comm_node(const struct comm *c, struct comm *out);
/* Collective. Frees the communicators and ends MPI; idempotent. */
void comm_finish(struct comm *c);
/* Local. From now on comm_finish leaves MPI as it is: for a library that MPI_Finalize would end and that
 * would crash (HDF5 with a file that a dead disk did not let it close). The exit code remains the
 * program's. */
void comm_skip_finalize(void);

/* Collective: waits, asleep, until all ranks are here. */
void comm_wait(const struct comm *c);
/* Collective. `size` bytes of rank 0's `bytes` into everybody's. */
void comm_broadcast(const struct comm *c, void *bytes, size_t size);
/* Collective. Rank 0's block of any size to all: elsewhere *bytes is allocated (one NUL more than *size;
 * mem_free). ERR_MEMORY on all ranks alike. */
MUST_USE status comm_broadcast_bytes(const struct comm *c, void **bytes, size_t *size);
/* Collective, in place, on all ranks: sums wrap at 2^64; only integers are ever reduced (DESIGN 3). */
void comm_sum_u64(const struct comm *c, uint64_t *values, size_t count);
void comm_max_u64(const struct comm *c, uint64_t *values, size_t count);
/* Collective, in place: bytes or-ed, for flags. */
void comm_or_bytes(const struct comm *c, uint8_t *values, size_t count);
/* Collective: the sum of `value` over the ranks below this one (0 on rank 0), the exclusive prefix sum. */
uint64_t comm_exscan_u64(const struct comm *c, uint64_t value);
/* Collective. The same `size` bytes of every rank to rank 0, in rank order: all (c->size * size bytes)
 * matters on rank 0 only. */
void comm_gather(const struct comm *c, const void *mine, size_t size, void *all);
/* Collective. `size` bytes, different on each rank, joined in rank order on rank 0: *all (mem_free) and
 * *total there, NULL and 0 elsewhere. ERR_MEMORY on all alike. */
MUST_USE status comm_gather_bytes(const struct comm *c, const void *mine, size_t size, void **all,
                                  size_t *total);
/* Collective. From each rank to each: bytes[r] of `out` from at[r] on go to rank r; in_bytes[r] come from
 * rank r and lie one behind the other in `in`, in rank order. Each of both below 2^31 bytes. */
void comm_exchange(const struct comm *c, const void *out, const size_t *bytes, const size_t *at, void *in,
                   const size_t *in_bytes);
/* Collective. bytes[r] of every rank r to all, one behind the other in rank order; this rank's own lie at
 * their place in `all` already. Together below 2^31 bytes. */
void comm_all_gather(const struct comm *c, void *all, const size_t *bytes);

/* ---- memory of a node (block.c) -------------------------------------------------------------------- */

/* `bytes` that the host's first rank fills and the others read: one piece of memory where MPI has some that
 * they share and /dev/shm has the room, else a copy for each (QUANTCAM_SHARE=off: to try that). */
struct comm_block {
    void *at;               /* 64-byte aligned; zeroed */
    size_t bytes;
    int shared;
    MPI_Win window;
};
/* Collective; `bytes` of a host's first rank count there. ERR_MEMORY on any rank; free it in any case. */
MUST_USE status comm_block_make(const struct comm *c, size_t bytes, struct comm_block *out);
/* Collective: all ranks see what the host's first one wrote, which nobody changes until the next time. */
void comm_block_publish(const struct comm *c, const struct comm_block *b);
/* Collective; zeroed blocks too. */
void comm_block_free(struct comm_block *b);

/* Collective, bytes: the sum of `proportional` (mem_proportional's) over the ranks of the fullest host, 0
 * where one of them does not know it, and the most that any rank had at any time (VmHWM). */
struct comm_memory { size_t node, rank; };
void comm_node_memory(const struct comm *c, size_t proportional, struct comm_memory *out);

/* Local. Seconds that this process has spent since its start: looking for messages within loops, and waiting
 * for other ranks, at collectives and at the ends of loops. */
struct comm_spent { double message_s, wait_s; };
struct comm_spent comm_spent(void);

/* ---- comm: signals (signal.c) -------------------------------------------------------------------- */

/* The signal that came first, or 0: SIGTERM, SIGINT, SIGHUP (unless ignored at the start), SIGXFSZ (a write
 * failed at the limit of a file's size), SIGUSR1, SIGUSR2, SIGXCPU. After the second signal the default is
 * restored: the third kills. Under mpirun SIGTERM leaves about one second: drop the image in hand, commit;
 * the last three leave time to finish it. Local. */
int comm_signal(void);
/* OK, or ERR_STOPPED "stopped by SIGTERM": for work outside a comm_loop, handed to comm_agree at the next
 * boundary. Local. */
MUST_USE status comm_signal_status(void);

/* ---- the watchdog (watch.c) ---------------------------------------------------------------------- */

/* Collective, once. From here on every rank's count of finished steps goes to rank 0 by a small message every
 * 5 s (or seconds / 4), sent by a thread that sleeps; without MPI_THREAD_MULTIPLE by the main one, between
 * steps. A step is a comm_alive or a look of a loop; a rank that waits for others owes none.
 *   No step from a rank, or no message, for max(seconds, 20 x the slowest step of any rank so far): rank 0
 *   says which rank on which host, leaves a guard that kills mpirun if that is still there 10 s later, and
 *   MPI_Abort(75). All ranks waiting for each other as long: the same, naming none.
 *   A rank that hears nothing from rank 0 for twice that time leaves by _exit(75).
 * A machine or job that was suspended as a whole (Ctrl-Z) starts anew, and that time is no step. seconds = 0:
 * no watchdog. */
void comm_watch_start(struct comm *c, double seconds);
/* Collective. By comm_finish too. */
void comm_watch_stop(struct comm *c);
/* Local, some ns. Something was finished: for long work outside a comm_loop (a checkpoint, a piece of a
 * hash, a table). */
void comm_alive(void);

/* ---- agree: one outcome for all ranks (agree.c) -------------------------------------------------- */

/* Collective. Every rank passes its own status; every rank gets the same one back. If any rank failed,
 * the lowest failing rank's error record becomes error_last() everywhere, with that rank's number; a
 * failure outranks ERR_STOPPED. */
MUST_USE status comm_agree(const struct comm *c, status mine);
/* Collective. `size` zeroed bytes that rank 0's `fill` sets and all ranks have then: *out (mem_free), NULL
 * where fill failed or a rank has no memory, with that error on all alike. */
MUST_USE status comm_share(const struct comm *c, size_t size, status (*fill)(void *self, void *bytes),
                           void *self, void **out);

/* ---- the loop without collectives (loop.c, deal.c, progress.c) ----------------------------------- */

/* What rank 0 knows of the others, from their last counter message. */
struct comm_count { int64_t steps, bad; int64_t todo; };

struct comm_loop {
    /* Set by the caller before comm_loop_start: */
    const char *name;       /* "evaluate" */
    const char *items;      /* "images" */
    const char *unit;       /* "img" */
    int64_t total, done;    /* all items of the job, and those that were done before this loop */
    int64_t todo;           /* this rank's own share (differs between ranks); dynamic: everybody's */
    int dynamic;            /* 1 = rank 0 deals out blocks of the places 0 .. todo - 1 (comm_loop_take) */
    int64_t block, grain;   /* dynamic: at most so many places a block, multiples of grain */
    double report_s;        /* seconds between progress lines; 0 = 10 */
    double count_s;         /* seconds between counter messages; 0 = 5 */
    /* Rank 0, with every progress line: done of total, items a second, seconds left (-1 = unknown). */
    void (*on_report)(void *user, const struct comm_loop *loop, int64_t now_done, double rate, double left_s);
    void *user;
    /* Private: */
    const struct comm *c;
    struct comm_count mine;
    struct comm_count *all;         /* rank 0: (size) */
    char (*hosts)[64];              /* rank 0: (size) */
    double started, counted, reported;
    int64_t counts_sent, counts_got;
    int stopping;                   /* enum comm_stop: a failure or signal here, or rank 0 said so */
    int told, stop_sent;            /* highest comm_stop that this rank told rank 0; that rank 0 told all */
    int tells, stops, stops_got;    /* messages: this rank's to rank 0, rank 0's to all, taken in here */
    int failures_got;               /* rank 0: messages of ranks that stop */
    struct comm_word { struct error_record why; int level; } sent_word;    /* buffers under way */
    struct comm_count sent_count;
    MPI_Request told_request, count_request, *stop_request;
    int64_t taken;                  /* of this rank's share: places handed out by comm_loop_take */
    struct comm_deal *deal;         /* dynamic */
};

/* No new item; and drop the one in hand, too: SIGTERM and its like, a second signal, a failure. */
enum comm_stop { COMM_STOP_NOT, COMM_STOP_AFTER, COMM_STOP_NOW };

/* Collective, short. ERR_MEMORY is a bug here (a few bytes a rank). */
void comm_loop_start(struct comm_loop *loop, const struct comm *c);
/* Local, between two images: 1 = go on; 0 = stop, commit what is done and call comm_loop_finish. Looks
 * for signals, for rank 0's stop and, on rank 0, for failures and counters of others. Takes microseconds. */
int comm_loop_goes_on(struct comm_loop *loop);
/* Local, within an item that takes long: 1 = drop it. SIGUSR1 leaves time to finish it. */
int comm_loop_drops(struct comm_loop *loop);
/* Local. The next places of this rank's work list, *first and up to most - 1 behind it: how many, 0 = none
 * left. Of its own `todo`; dynamic: of the common list, by asking rank 0 for a block, whose thread answers
 * (without MPI_THREAD_MULTIPLE rank 0 itself, between its items). */
int64_t comm_loop_take(struct comm_loop *loop, int64_t most, int64_t *first);
/* Local. `steps` items are done, `bad` of them bad. Every count_s the counters go to rank 0, which prints
 * at most one line each report_s (log_info):
 *     evaluate  3,968/50,000 images  412 img/s  bad 0  left 00:01:52  slowest rank 17 (node03) */
void comm_loop_step(struct comm_loop *loop, int64_t steps, int64_t bad);
/* Collective. Tells rank 0 of a failure at once, waits asleep for the others, and agrees: the lowest
 * failing rank's record, else ERR_STOPPED if a signal came to any rank, else OK. */
MUST_USE status comm_loop_finish(struct comm_loop *loop, status mine);

/* ---- progress: the line's text (progress.c) ------------------------------------------------------ */

struct progress_line {
    const char *name, *items, *unit;
    int64_t total, done_before;    /* done_before this loop started */
    double seconds;                /* since it started */
};
/* Pure. The line above for counters of `ranks` ranks; the slowest is the one with the smallest share of
 * its own work done (of those with work left; lowest rank on ties; left out if there is one rank).
 * Returns out. */
char *progress_format(const struct progress_line *line, const struct comm_count *count,
                      const char (*hosts)[64], int ranks, char *out, size_t size);

/* ---- partition: who does what (partition.c) ------------------------------------------------------ */

/* Local, pure. The j-th index with missing[index] != 0 belongs to rank j mod size: *mine (mem_free; NULL
 * if none) ascending, *count of them. */
MUST_USE status partition_cyclic(const uint8_t *missing, int64_t n, int rank, int size, int64_t **mine,
                                 int64_t *count);
/* Local, pure. Contiguous ranges, as even as possible, covering 0 .. n - 1. */
void partition_range(int64_t n, int rank, int size, int64_t *first, int64_t *count);

#endif
