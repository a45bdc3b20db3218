/* src/comm/block.c: memory that all ranks of a node see, and what it costs. */
#include "comm_internal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { LINE = 64 };

void comm_node(const struct comm *c, struct comm *out)
{
    *out = *c;
    out->rank = c->node_rank;
    out->size = c->node_size;
    out->nodes = 1;
    out->node = 0;
    out->mpi = c->here;
    out->side = out->watch = MPI_COMM_NULL;
}

/* MPI's shared memory lies in /dev/shm. Where that is too small, as in many containers, MPI may notice only
 * when a page is written, which kills the rank. */
static int has_room(size_t bytes)
{
    const char *share = getenv("QUANTCAM_SHARE");
    struct statvfs disk;

    if ((share && strcmp(share, "off") == 0) || statvfs("/dev/shm", &disk) != 0)
        return 0;
    return (double)disk.f_bavail * (double)disk.f_frsize > 1.125 * (double)bytes;
}

/* Large pages, where the system gives some: only whole ones within the block. */
static void ask_for_large_pages(const struct comm_block *b)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = ((uintptr_t)b->at + page - 1) / page * page,
              to = ((uintptr_t)b->at + b->bytes) / page * page;

    if (to > from)
        (void)madvise((void *)from, to - from, MADV_HUGEPAGE);
}

static int share(const struct comm *node, struct comm_block *b)
{
    uint64_t refused;
    MPI_Info info;
    MPI_Aint bytes;
    void *at = NULL;
    int unit;

    MPI_Info_create(&info);
    MPI_Info_set(info, "alloc_shared_noncontig", "true");
    MPI_Comm_set_errhandler(node->mpi, MPI_ERRORS_RETURN);
    refused = MPI_Win_allocate_shared(node->rank == 0 ? (MPI_Aint)b->bytes + LINE : 0, 1, info, node->mpi,
                                      &at, &b->window) != MPI_SUCCESS;
    MPI_Comm_set_errhandler(node->mpi, MPI_ERRORS_ARE_FATAL);
    MPI_Info_free(&info);
    comm_max_u64(node, &refused, 1);
    if (refused)
        return 0;
    MPI_Win_shared_query(b->window, 0, &bytes, &unit, &at);
    MPI_Win_lock_all(MPI_MODE_NOCHECK, b->window);
    b->at = (uint8_t *)at + (LINE - (uintptr_t)at % LINE) % LINE;
    b->shared = 1;
    ask_for_large_pages(b);
    return 1;
}

status comm_block_make(const struct comm *c, size_t bytes, struct comm_block *out)
{
    uint64_t size[2] = { bytes, has_room(bytes) };
    struct comm node;

    comm_node(c, &node);
    comm_broadcast(&node, size, sizeof size);
    *out = (struct comm_block){ .bytes = (size_t)size[0] };
    if (node.size == 1 || !size[1] || !share(&node, out))
        MEM_TRY(out->at, out->bytes, 1);
    return OK;
}

void comm_block_publish(const struct comm *c, const struct comm_block *b)
{
    struct comm node;

    comm_node(c, &node);
    if (!b->shared) {
        comm_broadcast(&node, b->at, b->bytes);
        return;
    }
    MPI_Win_sync(b->window);
    comm_wait(&node);
    MPI_Win_sync(b->window);
}

void comm_block_free(struct comm_block *b)
{
    if (b->shared) {
        MPI_Win_unlock_all(b->window);
        MPI_Win_free(&b->window);
    } else {
        mem_free(b->at);
    }
    *b = (struct comm_block){ .at = NULL };
}

void comm_node_memory(const struct comm *c, size_t proportional, struct comm_memory *out)
{
    uint64_t sum = proportional, peak = mem_peak_resident(), unknown = sum == 0;
    struct comm node;

    comm_node(c, &node);
    comm_max_u64(&node, &unknown, 1);
    comm_sum_u64(&node, &sum, 1);
    sum = unknown ? 0 : sum;
    comm_max_u64(c, &sum, 1);
    comm_max_u64(c, &peak, 1);
    out->node = (size_t)sum;
    out->rank = (size_t)peak;
}
