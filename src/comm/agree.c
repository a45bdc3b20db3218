/* src/comm/agree.c: one outcome for all ranks, and blocks of bytes for which one may lack the memory. */
#include "comm_internal.h"

#include <string.h>

status comm_agree(const struct comm *c, status mine)
{
    /* MAXLOC breaks ties by the lowest rank, so the choice is the same on every run; a stop is no failure. */
    struct {
        int severity, rank;
    } in = { mine == OK ? 0 : mine == ERR_STOPPED ? 1 : 2, c->rank }, worst = { 0, 0 };
    struct error_record sent, *e = error_last();
    MPI_Request request;

    MPI_Iallreduce(&in, &worst, 1, MPI_2INT, MPI_MAXLOC, c->mpi, &request);
    comm_sleep_on(&request);
    if (worst.severity == 0)
        return OK;
    sent = *e;
    sent.status = (int)mine;
    MPI_Ibcast(&sent, (int)sizeof sent, MPI_BYTE, worst.rank, c->mpi, &request);
    comm_sleep_on(&request);
    *e = sent;
    e->rank = worst.rank;
    return (status)e->status;
}

status comm_share(const struct comm *c, size_t size, status (*fill)(void *self, void *bytes), void *self,
                  void **out)
{
    status result;

    *out = mem_alloc(size, 1);
    result = comm_agree(c, !*out          ? FAIL(ERR_MEMORY, "no memory for %zu bytes", size)
                           : c->rank == 0 ? fill(self, *out)
                                          : OK);
    if (result == OK) {
        comm_broadcast(c, *out, size);
        return OK;
    }
    mem_free(*out);
    *out = NULL;
    return result;
}

/* ---- blocks of any size ----------------------------------------------------------------------------- */

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
        for (; at < size; at += COMM_PIECE) {
            MPI_Request request;
            int piece = (int)(size - at < COMM_PIECE ? size - at : COMM_PIECE);
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
            int piece = (int)(left < COMM_PIECE ? left : COMM_PIECE);
            MPI_Irecv((char *)*all + at, piece, MPI_BYTE, r, 0, c->mpi, &request);
            comm_sleep_on(&request);
            at += (size_t)piece;
            left -= (size_t)piece;
        }
out:
    mem_free(sizes);
    return result;
}
