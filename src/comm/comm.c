/* src/comm/comm.c: MPI starts and ends, and a rank learns where it is. */
#include "comm_internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    uint64_t leaders;
    int numbers[2];

    MPI_Comm_split_type(c->mpi, MPI_COMM_TYPE_SHARED, c->rank, MPI_INFO_NULL, &c->here);
    MPI_Comm_rank(c->here, &c->node_rank);
    MPI_Comm_size(c->here, &c->node_size);
    numbers[0] = (int)comm_exscan_u64(c, c->node_rank == 0);
    leaders = c->node_rank == 0;
    comm_sum_u64(c, &leaders, 1);
    numbers[1] = (int)leaders;
    MPI_Bcast(numbers, 2, MPI_INT, 0, c->here);
    c->node = numbers[0];
    c->nodes = numbers[1];
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
    signal_install();
    if (MPI_Init_thread(argc, argv, wanted, &granted) != MPI_SUCCESS)
        return FAIL(ERR_IO, "MPI does not start");
    signal_install();
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
    out->mpi = out->here = out->side = out->watch = MPI_COMM_SELF;
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
    MPI_Comm_free(&c->here);
    MPI_Comm_free(&c->mpi);
    error_set_bug_hook(NULL);
    MPI_Finalize();
    memset(c, 0, sizeof *c);
}
