/* src/comm/watch.c: the watchdog (spec parallel-store 7). The main thread counts what it finishes (wait.c);
 * the watching thread only carries the count, so that its own life never hides a main thread that hangs. */
#include "comm_internal.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TAG_PULSE = 1, TAG_WORD, GUARD_S = 10, RESUMABLE = 75 };
static const double longest_pulse_s = 5;

/* What rank 0 knows of a rank. */
struct seen {
    struct wait_pulse pulse;
    double moved; /* when it last waited or had finished something more */
    double heard;
};

static struct watch {
    const struct comm *c;
    int on, threaded;
    double limit_s; /* as asked for */
    double pulse_s, tick_s;
    double last_turn, pulsed;
    double heard, limit_now; /* others: of rank 0 */
    struct wait_pulse sent;
    double *word; /* (size) rank 0's to each, under way */
    MPI_Request request, *word_request;
    int64_t *sent_to, *got_from; /* messages */
    struct seen *seen;
    char (*hosts)[64];
    double all_waited; /* since when every rank has been waiting, or 0 */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int ending;
} w;

/* ---- the end of a job that hangs ------------------------------------------------------------------- */

/* An abort hangs where a host is out of reach: a process outside the job kills mpirun, if that is what
 * started rank 0 and it is still there after a while. */
static void leave_guard(void)
{
    char path[64], name[32] = "", again[32] = "";
    pid_t launcher = getppid();
    int fd;

    snprintf(path, sizeof path, "/proc/%d/comm", (int)launcher);
    fd = open(path, O_RDONLY);
    if (fd < 0 || read(fd, name, sizeof name - 1) < 1)
        name[0] = '\0';
    if (fd >= 0)
        close(fd);
    if (strcmp(name, "mpirun\n") != 0 && strcmp(name, "orterun\n") != 0)
        return;
    if (fork() != 0)
        return;
    setsid(); /* mpirun ends the groups of its ranks */
    for (int i = 0; i < 1024; i++)
        close(i);
    sleep(GUARD_S);
    fd = open(path, O_RDONLY);
    if (fd >= 0 && read(fd, again, sizeof again - 1) > 0 && strcmp(name, again) == 0)
        kill(launcher, SIGKILL);
    _exit(0);
}

static _Noreturn void abort_job(const char *text)
{
    log_error("%s; the job is aborted, the same command resumes it", text);
    fflush(stderr);
    leave_guard();
    MPI_Abort(MPI_COMM_WORLD, RESUMABLE);
    _exit(RESUMABLE);
}

/* ---- rank 0 ---------------------------------------------------------------------------------------- */

static double limit_of_now(void)
{
    int64_t slowest = 0;

    for (int r = 0; r < w.c->size; r++)
        slowest = w.seen[r].pulse.slowest_us > slowest ? w.seen[r].pulse.slowest_us : slowest;
    return 20e-6 * (double)slowest > w.limit_s ? 20e-6 * (double)slowest : w.limit_s;
}

static void take_pulse(int rank, const struct wait_pulse *p, double now)
{
    struct seen *s = &w.seen[rank];

    if (p->waiting || p->steps != s->pulse.steps)
        s->moved = now;
    if (p->steps != s->pulse.steps)
        w.all_waited = 0;
    s->pulse = *p;
}

static void judge(double now)
{
    char text[400];
    int waiting = 1;

    w.limit_now = limit_of_now();
    for (int r = 0; r < w.c->size; r++) {
        waiting = waiting && w.seen[r].pulse.waiting;
        if (now - w.seen[r].moved <= w.limit_now)
            continue;
        snprintf(text, sizeof text, "rank %d (%s) has not finished a step for %.0f s, more than %.0f s", r,
                 w.hosts[r], now - w.seen[r].moved, w.limit_now);
        abort_job(text);
    }
    if (!waiting || w.all_waited <= 0)
        w.all_waited = waiting ? now : 0;
    if (waiting && now - w.all_waited > w.limit_now) {
        snprintf(text, sizeof text, "all %d ranks have been waiting for each other for %.0f s", w.c->size,
                 now - w.all_waited);
        abort_job(text);
    }
}

static void turn_first(double now)
{
    struct wait_pulse own = wait_pulse(), p;
    MPI_Status from;
    int here = 0;

    take_pulse(0, &own, now);
    for (;;) {
        MPI_Iprobe(MPI_ANY_SOURCE, TAG_PULSE, w.c->watch, &here, &from);
        if (!here)
            break;
        MPI_Recv(&p, (int)sizeof p, MPI_BYTE, from.MPI_SOURCE, TAG_PULSE, w.c->watch, MPI_STATUS_IGNORE);
        w.got_from[from.MPI_SOURCE]++;
        take_pulse(from.MPI_SOURCE, &p, now);
    }
    judge(now);
    if (now - w.pulsed < w.pulse_s)
        return;
    w.pulsed = now;
    for (int r = 1; r < w.c->size; r++) {
        int gone = 1;
        MPI_Test(&w.word_request[r], &gone, MPI_STATUS_IGNORE);
        if (!gone)
            continue;
        w.word[r] = w.limit_now;
        MPI_Isend(&w.word[r], 1, MPI_DOUBLE, r, TAG_WORD, w.c->watch, &w.word_request[r]);
        w.sent_to[r]++;
    }
}

/* ---- the others ------------------------------------------------------------------------------------ */

static void turn_other(double now)
{
    int here = 0, gone = 1;

    for (;;) {
        MPI_Iprobe(0, TAG_WORD, w.c->watch, &here, MPI_STATUS_IGNORE);
        if (!here)
            break;
        MPI_Recv(&w.limit_now, 1, MPI_DOUBLE, 0, TAG_WORD, w.c->watch, MPI_STATUS_IGNORE);
        w.got_from[0]++;
        w.heard = now;
    }
    if (now - w.heard > 2 * w.limit_now) {
        fprintf(stderr, "quantcam: rank %d (%s) has heard nothing from rank 0 for %.0f s and leaves\n",
                w.c->rank, w.c->host, now - w.heard);
        _exit(RESUMABLE);
    }
    if (now - w.pulsed < w.pulse_s)
        return;
    MPI_Test(&w.request, &gone, MPI_STATUS_IGNORE);
    if (!gone)
        return;
    w.pulsed = now;
    w.sent = wait_pulse();
    MPI_Isend(&w.sent, (int)sizeof w.sent, MPI_BYTE, 0, TAG_PULSE, w.c->watch, &w.request);
    w.sent_to[0]++;
}

/* ---- turns ----------------------------------------------------------------------------------------- */

/* The clock went on while this process stood still (suspended with the others, or starved): what was not
 * heard meanwhile says nothing. */
static void start_anew(double now)
{
    w.heard = now;
    w.all_waited = 0;
    for (int r = 0; w.seen && r < w.c->size; r++)
        w.seen[r].moved = now;
}

static void turn(void)
{
    double now = clock_s();

    if (now - w.last_turn > w.limit_s / 4 + w.tick_s) {
        start_anew(now);
        if (w.threaded)
            wait_begin_anew();
    }
    w.last_turn = now;
    if (w.c->rank == 0)
        turn_first(now);
    else
        turn_other(now);
}

/* Of a watchdog without a thread of its own. */
static void turn_here(void)
{
    if (clock_s() - w.last_turn >= w.tick_s)
        turn();
}

static void *keep_watch(void *unused)
{
    struct timespec until;

    (void)unused;
    pthread_mutex_lock(&w.lock);
    while (!w.ending) {
        turn();
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += (long)(1e9 * w.tick_s);
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&w.wake, &w.lock, &until);
    }
    pthread_mutex_unlock(&w.lock);
    return NULL;
}

static void start_thread(void)
{
    pthread_condattr_t attribute;
    sigset_t all, before;

    pthread_condattr_init(&attribute);
    pthread_condattr_setclock(&attribute, CLOCK_MONOTONIC);
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.wake, &attribute);
    pthread_condattr_destroy(&attribute);
    sigfillset(&all); /* signals are the main thread's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    w.threaded = pthread_create(&w.thread, NULL, keep_watch, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void comm_watch_start(struct comm *c, double seconds)
{
    size_t n = (size_t)c->size;

    if (seconds <= 0 || w.on)
        return;
    w = (struct watch){ .c = c, .limit_s = seconds, .limit_now = seconds };
    w.pulse_s = seconds / 4 < longest_pulse_s ? seconds / 4 : longest_pulse_s;
    w.tick_s = w.pulse_s / 10 < 0.2 ? w.pulse_s / 10 : 0.2;
    w.request = MPI_REQUEST_NULL;
    w.sent_to = mem_alloc(n, sizeof *w.sent_to);
    w.got_from = mem_alloc(n, sizeof *w.got_from);
    BUG_IF(!w.sent_to || !w.got_from);
    if (c->rank == 0) {
        w.seen = mem_alloc(n, sizeof *w.seen);
        w.hosts = mem_alloc(n, sizeof *w.hosts);
        w.word = mem_alloc(n, sizeof *w.word);
        w.word_request = mem_alloc(n, sizeof *w.word_request);
        BUG_IF(!w.seen || !w.hosts || !w.word || !w.word_request);
        for (size_t r = 0; r < n; r++)
            w.word_request[r] = MPI_REQUEST_NULL;
    }
    comm_gather(c, c->host, sizeof c->host, w.hosts);
    w.last_turn = clock_s();
    start_anew(w.last_turn);
    wait_begin_anew();
    w.on = 1;
    if (c->threads)
        start_thread();
    if (!w.threaded)
        wait_set_hook(turn_here);
}

/* Collective: nothing of the watchdog's is under way afterwards. */
static void take_in_the_rest(const struct comm *c)
{
    int64_t from_zero = 0, *sent = NULL;
    struct wait_pulse p;
    double word;

    if (c->rank == 0)
        sent = mem_alloc((size_t)c->size, sizeof *sent);
    BUG_IF(c->rank == 0 && !sent);
    comm_gather(c, &w.sent_to[0], sizeof *sent, sent);
    MPI_Scatter(w.sent_to, 1, MPI_INT64_T, &from_zero, 1, MPI_INT64_T, 0, c->watch);
    for (int r = 1; c->rank == 0 && r < c->size; r++)
        for (; w.got_from[r] < sent[r]; w.got_from[r]++)
            MPI_Recv(&p, (int)sizeof p, MPI_BYTE, r, TAG_PULSE, c->watch, MPI_STATUS_IGNORE);
    for (; c->rank != 0 && w.got_from[0] < from_zero; w.got_from[0]++)
        MPI_Recv(&word, 1, MPI_DOUBLE, 0, TAG_WORD, c->watch, MPI_STATUS_IGNORE);
    for (int r = 1; c->rank == 0 && r < c->size; r++)
        MPI_Wait(&w.word_request[r], MPI_STATUS_IGNORE);
    MPI_Wait(&w.request, MPI_STATUS_IGNORE);
    mem_free(sent);
}

void comm_watch_stop(struct comm *c)
{
    if (!w.on)
        return;
    comm_wait(c); /* watched: a rank that hangs on the way here is named, too */
    if (w.threaded) {
        pthread_mutex_lock(&w.lock);
        w.ending = 1;
        pthread_cond_signal(&w.wake);
        pthread_mutex_unlock(&w.lock);
        pthread_join(w.thread, NULL);
        pthread_mutex_destroy(&w.lock);
        pthread_cond_destroy(&w.wake);
    }
    wait_set_hook(NULL);
    w.on = 0;
    take_in_the_rest(c);
    mem_free(w.sent_to);
    mem_free(w.got_from);
    mem_free(w.seen);
    mem_free(w.hosts);
    mem_free(w.word);
    mem_free(w.word_request);
    w = (struct watch){ 0 };
}
