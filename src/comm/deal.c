/* src/comm/deal.c: blocks of a work list, dealt out by rank 0 to who asks. Two-sided on purpose: one-sided
 * counters fail between TCP hosts, and make no progress while rank 0 computes (spec parallel-store 5). */
#include "comm_internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

struct comm_deal {
    const struct comm_loop *loop;
    /* this rank's block in hand */
    int64_t first, left;
    int64_t answer[2];
    MPI_Request request;
    /* rank 0 */
    pthread_mutex_t lock;
    int64_t next;
    pthread_t thread;
    int threaded;
    atomic_int ending;
};

/* Smaller towards the end, so that all ranks end together. */
static void cut_block(struct comm_deal *d, int64_t block[2])
{
    const struct comm_loop *loop = d->loop;
    int64_t left, size;

    pthread_mutex_lock(&d->lock);
    left = loop->todo - d->next;
    size = left / (3 * (int64_t)loop->c->size);
    size = (size + loop->grain - 1) / loop->grain * loop->grain;
    size = size < loop->grain ? loop->grain : size > loop->block ? loop->block : size;
    size = size > left ? left : size;
    block[0] = d->next;
    block[1] = size;
    d->next += size;
    pthread_mutex_unlock(&d->lock);
}

static int answer_one(struct comm_deal *d)
{
    MPI_Comm side = d->loop->c->side;
    MPI_Status from;
    int64_t block[2];
    int here = 0;

    MPI_Iprobe(MPI_ANY_SOURCE, COMM_TAG_ASK, side, &here, &from);
    if (!here)
        return 0;
    MPI_Recv(NULL, 0, MPI_BYTE, from.MPI_SOURCE, COMM_TAG_ASK, side, MPI_STATUS_IGNORE);
    cut_block(d, block);
    MPI_Send(block, 2, MPI_INT64_T, from.MPI_SOURCE, COMM_TAG_GIVE, side); /* who asks, receives */
    return 1;
}

static void *serve(void *user)
{
    struct comm_deal *d = user;

    while (!atomic_load(&d->ending))
        if (!answer_one(d))
            usleep(500);
    return NULL;
}

void deal_serve(struct comm_loop *loop)
{
    while (!loop->deal->threaded && answer_one(loop->deal))
        continue;
}

void deal_start(struct comm_loop *loop)
{
    struct comm_deal *d = mem_alloc(1, sizeof *d);

    BUG_IF(!d);
    BUG_IF(loop->block < 1 || loop->grain < 1 || loop->block % loop->grain);
    d->loop = loop;
    d->request = MPI_REQUEST_NULL;
    pthread_mutex_init(&d->lock, NULL);
    loop->deal = d;
    d->threaded = loop->c->rank == 0 && loop->c->size > 1 && loop->c->threads &&
                  pthread_create(&d->thread, NULL, serve, d) == 0;
}

void deal_end(struct comm_loop *loop)
{
    struct comm_deal *d = loop->deal;

    atomic_store(&d->ending, 1);
    if (d->threaded)
        pthread_join(d->thread, NULL);
    pthread_mutex_destroy(&d->lock);
    mem_free(d);
    loop->deal = NULL;
}

/* The next block into d->first, d->left. */
static void ask(struct comm_deal *d)
{
    const struct comm *c = d->loop->c;

    if (c->rank == 0) {
        cut_block(d, d->answer);
    } else {
        MPI_Irecv(d->answer, 2, MPI_INT64_T, 0, COMM_TAG_GIVE, c->side, &d->request);
        MPI_Send(NULL, 0, MPI_BYTE, 0, COMM_TAG_ASK, c->side);
        comm_sleep_on(&d->request);
    }
    d->first = d->answer[0];
    d->left = d->answer[1];
}

int64_t comm_loop_take(struct comm_loop *loop, int64_t most, int64_t *first)
{
    struct comm_deal *d = loop->deal;
    int64_t count;

    if (!d) {
        count = loop->todo - loop->taken < most ? loop->todo - loop->taken : most;
        *first = loop->taken;
        loop->taken += count;
        return count;
    }
    if (d->left == 0)
        ask(d);
    count = d->left < most ? d->left : most;
    *first = d->first;
    d->first += count;
    d->left -= count;
    return count;
}
