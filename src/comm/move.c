/* src/comm/move.c: collectives: bytes and sums between ranks that wait asleep. */
#include "comm_internal.h"

void comm_wait(const struct comm *c)
{
    MPI_Request request;

    MPI_Ibarrier(c->mpi, &request);
    comm_sleep_on(&request);
}

void comm_broadcast(const struct comm *c, void *bytes, size_t size)
{
    for (size_t at = 0; at < size; at += COMM_PIECE) {
        MPI_Request request;
        int piece = (int)(size - at < COMM_PIECE ? size - at : COMM_PIECE);

        MPI_Ibcast((char *)bytes + at, piece, MPI_BYTE, 0, c->mpi, &request);
        comm_sleep_on(&request);
    }
}

static void reduce_in_place(const struct comm *c, void *values, size_t count, size_t size, MPI_Datatype type,
                            MPI_Op op)
{
    for (size_t at = 0; at < count; at += COMM_PIECE) {
        MPI_Request request;
        int piece = (int)(count - at < COMM_PIECE ? count - at : COMM_PIECE);

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

    BUG_IF(size > COMM_PIECE);
    MPI_Igather(mine, (int)size, MPI_BYTE, all, (int)size, MPI_BYTE, 0, c->mpi, &request);
    comm_sleep_on(&request);
}

/* Counts and places of `size` ranks as MPI has them; at NULL: one behind the other. */
static void place(const struct comm *c, const size_t *bytes, const size_t *at, int *count, int *where)
{
    size_t next = 0;

    for (int r = 0; r < c->size; r++) {
        size_t begin = at ? at[r] : next;

        BUG_IF(bytes[r] > INT32_MAX || begin > INT32_MAX);
        count[r] = (int)bytes[r];
        where[r] = (int)begin;
        next += bytes[r];
    }
    BUG_IF(!at && next > INT32_MAX);
}

void comm_exchange(const struct comm *c, const void *out, const size_t *bytes, const size_t *at, void *in,
                   const size_t *in_bytes)
{
    int *place_of = mem_alloc((size_t)c->size * 4, sizeof *place_of);
    MPI_Request request;

    BUG_IF(!place_of); /* a few bytes a rank */
    place(c, bytes, at, place_of, place_of + c->size);
    place(c, in_bytes, NULL, place_of + 2 * c->size, place_of + 3 * c->size);
    MPI_Ialltoallv(out, place_of, place_of + c->size, MPI_BYTE, in, place_of + 2 * c->size,
                   place_of + 3 * c->size, MPI_BYTE, c->mpi, &request);
    comm_sleep_on(&request);
    mem_free(place_of);
}

void comm_all_gather(const struct comm *c, void *all, const size_t *bytes)
{
    int *place_of = mem_alloc((size_t)c->size * 2, sizeof *place_of);
    MPI_Request request;

    BUG_IF(!place_of);
    place(c, bytes, NULL, place_of, place_of + c->size);
    MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, place_of, place_of + c->size, MPI_BYTE, c->mpi,
                    &request);
    comm_sleep_on(&request);
    mem_free(place_of);
}
