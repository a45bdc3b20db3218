#include "comm_internal.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- signals --------------------------------------------------------------------------------------- */

/* urgent: the item in hand is dropped; else there is time to finish it. A signal that was ignored at the
 * start and may be (nohup) stays so. */
static const struct {
    int number, urgent, may_be_ignored;
    const char *name;
} stops[] = {
    { SIGTERM, 1, 0, "SIGTERM" },
    { SIGINT, 1, 0, "SIGINT" },
    { SIGHUP, 1, 1, "SIGHUP" },
    { SIGXFSZ, 1, 0, "SIGXFSZ, a file at its size limit (ulimit -f)" },
    { SIGUSR1, 0, 0, "SIGUSR1" },
    { SIGUSR2, 0, 0, "SIGUSR2" },
    { SIGXCPU, 0, 0, "SIGXCPU, the limit of CPU time" },
};
static volatile sig_atomic_t signal_first, signal_count, continued;

static int is_urgent(int number)
{
    for (size_t i = 0; i < COUNT_OF(stops); i++)
        if (stops[i].number == number)
            return stops[i].urgent;
    return 1;
}

static void on_signal(int number)
{
    if (signal_first == 0)
        signal_first = number;
    /* Every further write meets the same limit. */
    if (number == SIGXFSZ && signal_first == SIGXFSZ)
        signal_count = 1;
    else
        signal_count = signal_count + 1;
    if (signal_count >= 2)
        for (size_t i = 0; i < COUNT_OF(stops); i++)
            if (stops[i].number != SIGXFSZ)
                signal(stops[i].number, SIG_DFL);
}

static void on_continue(int number)
{
    (void)number;
    continued = continued + 1;
}

static void install_handlers(void)
{
    struct sigaction action, before;

    memset(&action, 0, sizeof action);
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    action.sa_handler = on_continue;
    sigaction(SIGCONT, &action, NULL);
    action.sa_handler = on_signal;
    for (size_t i = 0; i < COUNT_OF(stops); i++) {
        sigaction(stops[i].number, NULL, &before);
        if (!stops[i].may_be_ignored || before.sa_handler != SIG_IGN)
            sigaction(stops[i].number, &action, NULL);
    }
}

int comm_signal(void)
{
    return signal_first;
}

int comm_signal_level(void)
{
    if (signal_first == 0)
        return COMM_STOP_NOT;
    return !is_urgent(signal_first) && signal_count == 1 ? COMM_STOP_AFTER : COMM_STOP_NOW;
}

int comm_continued(void)
{
    return continued;
}

status comm_signal_status(void)
{
    int number = signal_first;

    for (size_t i = 0; i < COUNT_OF(stops); i++)
        if (stops[i].number == number)
            return FAIL(ERR_STOPPED, "stopped by %s", stops[i].name);
    return OK;
}

/* ---- start and end --------------------------------------------------------------------------------- */

static void abort_all(void)
{
    int started = 0, ended = 0;

    MPI_Initialized(&started);
    MPI_Finalized(&ended);
    if (started && !ended)
        MPI_Abort(MPI_COMM_WORLD, 1);
}

static void find_host(struct comm *c)
{
    char *dot;

    if (gethostname(c->host, sizeof c->host) != 0)
        snprintf(c->host, sizeof c->host, "unknown");
    c->host[sizeof c->host - 1] = '\0';
    dot = strchr(c->host, '.');
    if (dot)
        *dot = '\0';
}

/* Hosts are numbered by the lowest rank on them. */
static void find_nodes(struct comm *c)
{
    MPI_Comm local;
    uint64_t leaders;
    int numbers[2];

    MPI_Comm_split_type(c->mpi, MPI_COMM_TYPE_SHARED, c->rank, MPI_INFO_NULL, &local);
    MPI_Comm_rank(local, &c->node_rank);
    MPI_Comm_size(local, &c->node_size);
    numbers[0] = (int)comm_exscan_u64(c, c->node_rank == 0);
    leaders = c->node_rank == 0;
    comm_sum_u64(c, &leaders, 1);
    numbers[1] = (int)leaders;
    MPI_Bcast(numbers, 2, MPI_INT, 0, local);
    c->node = numbers[0];
    c->nodes = numbers[1];
    MPI_Comm_free(&local);
}

status comm_init(int *argc, char ***argv, struct comm *out)
{
    const char *threads = getenv("QUANTCAM_THREADS");
    int wanted = threads && strcmp(threads, "off") == 0 ? MPI_THREAD_FUNNELED : MPI_THREAD_MULTIPLE;
    int granted = 0;

    memset(out, 0, sizeof *out);
    /* ROMIO leaves no lock files beside the result on several hosts, OMPIO does (spec parallel-store 3). */
    if (setenv("OMPI_MCA_io", "romio321", 0) != 0)
        return FAIL(ERR_MEMORY, "the environment is full");
    TRY(launcher_prepare());
    install_handlers();
    if (MPI_Init_thread(argc, argv, wanted, &granted) != MPI_SUCCESS)
        return FAIL(ERR_IO, "MPI does not start");
    install_handlers();
    error_set_bug_hook(abort_all);
    MPI_Comm_dup(MPI_COMM_WORLD, &out->mpi);
    MPI_Comm_dup(MPI_COMM_WORLD, &out->side);
    MPI_Comm_dup(MPI_COMM_WORLD, &out->watch);
    out->threads = wanted == MPI_THREAD_MULTIPLE && granted == MPI_THREAD_MULTIPLE;
    MPI_Comm_rank(out->mpi, &out->rank);
    MPI_Comm_size(out->mpi, &out->size);
    error_last()->rank = out->rank;
    find_host(out);
    find_nodes(out);
    return launcher_check(out);
}

void comm_self(const struct comm *c, struct comm *out)
{
    *out = *c;
    out->rank = out->node = out->node_rank = 0;
    out->size = out->nodes = out->node_size = 1;
    out->mpi = out->side = out->watch = MPI_COMM_SELF;
}

static int skip_finalize;

void comm_skip_finalize(void)
{
    skip_finalize = 1;
}

void comm_finish(struct comm *c)
{
    uint64_t skip = (uint64_t)skip_finalize;

    if (c->size == 0)
        return;
    comm_watch_stop(c);
    comm_max_u64(c, &skip, 1);
    if (skip) {
        memset(c, 0, sizeof *c);
        return;
    }
    MPI_Comm_free(&c->watch);
    MPI_Comm_free(&c->side);
    MPI_Comm_free(&c->mpi);
    error_set_bug_hook(NULL);
    MPI_Finalize();
    memset(c, 0, sizeof *c);
}

_Noreturn void comm_abort(const struct comm *c, int code)
{
    MPI_Abort(c->mpi, code);
    _exit(code);
}

/* ---- what it costs ---------------------------------------------------------------------------------- */

static struct {
    int depth; /* the outermost call counts */
    double began;
    struct comm_spent sum;
} spent;

void comm_spent_begin(void)
{
    if (spent.depth++ == 0)
        spent.began = clock_s();
}

void comm_spent_end(int waited)
{
    if (--spent.depth == 0)
        *(waited ? &spent.sum.wait_s : &spent.sum.message_s) += clock_s() - spent.began;
}

struct comm_spent comm_spent(void)
{
    return spent.sum;
}

/* ---- waiting and moving bytes ---------------------------------------------------------------------- */

void comm_sleep_turn(int *turns)
{
    /* What takes microseconds should not cost a sleep; what takes longer must not take a core. */
    if (*turns < 50)
        sched_yield();
    else
        usleep(*turns < 100 ? 50 : 1000);
    *turns += *turns < 100;
}

void comm_sleep_on(MPI_Request *request)
{
    int done = 0, turns = 0;

    comm_spent_begin();
    watch_wait_begin();
    for (;;) {
        MPI_Test(request, &done, MPI_STATUS_IGNORE);
        if (done)
            break;
        comm_sleep_turn(&turns);
        watch_turn_here();
    }
    watch_wait_end();
    comm_spent_end(1);
}

void comm_wait(const struct comm *c)
{
    MPI_Request request;

    MPI_Ibarrier(c->mpi, &request);
    comm_sleep_on(&request);
}

/* MPI counts in int: longer blocks go in pieces. */
enum { PIECE = 1 << 28 };

void comm_broadcast(const struct comm *c, void *bytes, size_t size)
{
    for (size_t at = 0; at < size; at += PIECE) {
        MPI_Request request;
        int piece = (int)(size - at < PIECE ? size - at : PIECE);

        MPI_Ibcast((char *)bytes + at, piece, MPI_BYTE, 0, c->mpi, &request);
        comm_sleep_on(&request);
    }
}

status comm_broadcast_bytes(const struct comm *c, void **bytes, size_t *size)
{
    uint64_t length = *size;
    status mine = OK;

    comm_broadcast(c, &length, sizeof length);
    if (c->rank != 0) {
        *size = (size_t)length;
        *bytes = mem_alloc((size_t)length + 1, 1);
        if (!*bytes)
            mine = FAIL(ERR_MEMORY, "no memory for %zu bytes from rank 0", *size);
    }
    status all = comm_agree(c, mine);
    if (all != OK) {
        if (c->rank != 0) {
            mem_free(*bytes);
            *bytes = NULL;
            *size = 0;
        }
        return all;
    }
    comm_broadcast(c, *bytes, *size);
    return OK;
}

static void reduce_in_place(const struct comm *c, void *values, size_t count, size_t size, MPI_Datatype type,
                            MPI_Op op)
{
    for (size_t at = 0; at < count; at += PIECE) {
        MPI_Request request;
        int piece = (int)(count - at < PIECE ? count - at : PIECE);

        MPI_Iallreduce(MPI_IN_PLACE, (char *)values + at * size, piece, type, op, c->mpi, &request);
        comm_sleep_on(&request);
    }
}

void comm_sum_u64(const struct comm *c, uint64_t *values, size_t count)
{
    reduce_in_place(c, values, count, sizeof *values, MPI_UINT64_T, MPI_SUM);
}

void comm_max_u64(const struct comm *c, uint64_t *values, size_t count)
{
    reduce_in_place(c, values, count, sizeof *values, MPI_UINT64_T, MPI_MAX);
}

void comm_or_bytes(const struct comm *c, uint8_t *values, size_t count)
{
    reduce_in_place(c, values, count, sizeof *values, MPI_UINT8_T, MPI_BOR);
}

uint64_t comm_exscan_u64(const struct comm *c, uint64_t value)
{
    uint64_t below = 0;
    MPI_Request request;

    MPI_Iexscan(&value, &below, 1, MPI_UINT64_T, MPI_SUM, c->mpi, &request);
    comm_sleep_on(&request);
    return c->rank == 0 ? 0 : below; /* MPI leaves rank 0's result undefined */
}

void comm_gather(const struct comm *c, const void *mine, size_t size, void *all)
{
    MPI_Request request;

    BUG_IF(size > PIECE);
    MPI_Igather(mine, (int)size, MPI_BYTE, all, (int)size, MPI_BYTE, 0, c->mpi, &request);
    comm_sleep_on(&request);
}

status comm_gather_bytes(const struct comm *c, const void *mine, size_t size, void **all, size_t *total)
{
    uint64_t *sizes = NULL, own = size;
    status result = OK;
    size_t at = 0;

    *all = NULL;
    *total = 0;
    if (c->rank == 0)
        sizes = mem_alloc((size_t)c->size, sizeof *sizes);
    TRY_OUT(
        comm_agree(c, c->rank == 0 && !sizes ? FAIL(ERR_MEMORY, "no memory for %d counts", c->size) : OK));
    comm_gather(c, &own, sizeof own, sizes);
    if (c->rank == 0) {
        for (int r = 0; r < c->size; r++)
            *total += (size_t)sizes[r];
        *all = mem_alloc(*total + 1, 1);
        if (!*all)
            result = FAIL(ERR_MEMORY, "no memory for %zu gathered bytes", *total);
    }
    TRY_OUT(comm_agree(c, result));
    if (c->rank != 0) {
        for (; at < size; at += PIECE) {
            MPI_Request request;
            int piece = (int)(size - at < PIECE ? size - at : PIECE);
            MPI_Isend((const char *)mine + at, piece, MPI_BYTE, 0, 0, c->mpi, &request);
            comm_sleep_on(&request);
        }
        goto out;
    }
    if (size)
        memcpy(*all, mine, size);
    at = size;
    for (int r = 1; r < c->size; r++)
        for (size_t left = (size_t)sizes[r]; left > 0;) {
            MPI_Request request;
            int piece = (int)(left < PIECE ? left : PIECE);
            MPI_Irecv((char *)*all + at, piece, MPI_BYTE, r, 0, c->mpi, &request);
            comm_sleep_on(&request);
            at += (size_t)piece;
            left -= (size_t)piece;
        }
out:
    mem_free(sizes);
    return result;
}
