/* src/comm/loop.c: the loop in which no rank waits for another: who stops, who says so, how all meet at its
 * end. */
#include "comm_internal.h"

#include <signal.h>

void comm_loop_start(struct comm_loop *loop, const struct comm *c)
{
    loop->c = c;
    loop->mine =
        (struct comm_count){ .todo = loop->dynamic ? (loop->todo + c->size - 1) / c->size : loop->todo };
    loop->started = loop->reported = loop->counted = clock_s();
    if (loop->report_s <= 0)
        loop->report_s = 10;
    if (loop->count_s <= 0)
        loop->count_s = 5;
    loop->counts_sent = loop->counts_got = loop->taken = 0;
    loop->stopping = loop->told = loop->stop_sent = COMM_STOP_NOT;
    loop->tells = loop->stops = loop->stops_got = loop->failures_got = 0;
    loop->deal = NULL;
    loop->told_request = loop->count_request = MPI_REQUEST_NULL;
    loop->stop_request = NULL;
    loop->all = NULL;
    loop->hosts = NULL;
    if (c->rank == 0) {
        loop->all = mem_alloc((size_t)c->size, sizeof *loop->all);
        loop->hosts = mem_alloc((size_t)c->size, sizeof *loop->hosts);
        loop->stop_request = mem_alloc((size_t)c->size, sizeof(MPI_Request));
        BUG_IF(!loop->all || !loop->hosts || !loop->stop_request);
        for (int r = 0; r < c->size; r++)
            loop->stop_request[r] = MPI_REQUEST_NULL;
    }
    comm_gather(c, &loop->mine, sizeof loop->mine, loop->all);
    comm_gather(c, c->host, sizeof c->host, loop->hosts);
    if (loop->dynamic)
        deal_start(loop);
}

static void wait_if_sent(MPI_Request *request)
{
    if (*request != MPI_REQUEST_NULL)
        comm_sleep_on(request);
}

/* Rank 0 to all; once more where the stop became urgent. */
static void send_stop(struct comm_loop *loop, int level)
{
    static const int levels[] = { COMM_STOP_NOT, COMM_STOP_AFTER, COMM_STOP_NOW };

    if (level <= loop->stop_sent)
        return;
    loop->stop_sent = level;
    loop->stops++;
    for (int r = 1; r < loop->c->size; r++) {
        wait_if_sent(&loop->stop_request[r]);
        MPI_Isend(&levels[level], 1, MPI_INT, r, COMM_TAG_STOP, loop->c->side, &loop->stop_request[r]);
    }
}

static void stop_at(struct comm_loop *loop, int level)
{
    loop->stopping = level > loop->stopping ? level : loop->stopping;
}

/* This rank's reason to stop, to rank 0, which stops everybody. */
static void tell(struct comm_loop *loop, const struct error_record *why, int level)
{
    stop_at(loop, level);
    if (level <= loop->told)
        return;
    loop->told = level;
    if (loop->c->rank == 0) {
        send_stop(loop, level);
        return;
    }
    wait_if_sent(&loop->told_request);
    loop->sent_word = (struct comm_word){ .why = *why, .level = level };
    loop->sent_word.why.rank = loop->c->rank;
    loop->tells++;
    MPI_Isend(&loop->sent_word, (int)sizeof loop->sent_word, MPI_BYTE, 0, COMM_TAG_FAILURE, loop->c->side,
              &loop->told_request);
}

static void take_failure(struct comm_loop *loop)
{
    struct comm_word word;

    MPI_Recv(&word, (int)sizeof word, MPI_BYTE, MPI_ANY_SOURCE, COMM_TAG_FAILURE, loop->c->side,
             MPI_STATUS_IGNORE);
    word.why.text[sizeof word.why.text - 1] = '\0';
    loop->failures_got++;
    log_detail("rank %d stops the job: %s", word.why.rank, word.why.text);
    stop_at(loop, word.level);
    send_stop(loop, word.level);
}

static void take_stop(struct comm_loop *loop)
{
    int level = COMM_STOP_NOT;

    MPI_Recv(&level, 1, MPI_INT, 0, COMM_TAG_STOP, loop->c->side, MPI_STATUS_IGNORE);
    loop->stops_got++;
    stop_at(loop, level);
}

static void take_in(struct comm_loop *loop)
{
    MPI_Comm side = loop->c->side;
    double now = clock_s();
    int here = 0;

    comm_alive();
    if (comm_signal_level() > loop->told) {
        struct error_record why = { .status = ERR_STOPPED, .text = "stopped by a signal" };
        tell(loop, &why, comm_signal_level());
    }
    if (loop->c->rank == 0) {
        for (;;) {
            MPI_Iprobe(MPI_ANY_SOURCE, COMM_TAG_FAILURE, side, &here, MPI_STATUS_IGNORE);
            if (!here)
                break;
            take_failure(loop);
        }
        progress_send(loop, now);
        progress_collect(loop, now);
        if (loop->deal)
            deal_serve(loop);
        return;
    }
    progress_send(loop, now);
    MPI_Iprobe(0, COMM_TAG_STOP, side, &here, MPI_STATUS_IGNORE);
    if (here)
        take_stop(loop);
}

/* Looks at everything that may have come, without waiting. */
static void look(struct comm_loop *loop)
{
    comm_spent_begin();
    take_in(loop);
    comm_spent_end(0);
}

int comm_loop_goes_on(struct comm_loop *loop)
{
    look(loop);
    return loop->stopping == COMM_STOP_NOT;
}

int comm_loop_drops(struct comm_loop *loop)
{
    look(loop);
    return loop->stopping == COMM_STOP_NOW;
}

/* After the barrier every message has been sent: take in the rest, so that none meets the next loop. */
static void drain(struct comm_loop *loop)
{
    const struct comm *c = loop->c;
    uint64_t sent[2] = { (uint64_t)loop->counts_sent, (uint64_t)loop->tells }, stops;

    comm_sum_u64(c, sent, 2);
    while (c->rank == 0 && loop->failures_got < (int64_t)sent[1])
        take_failure(loop);
    /* Only now is it certain whether rank 0 ever said stop. */
    stops = (uint64_t)loop->stops;
    comm_sum_u64(c, &stops, 1);
    while (c->rank != 0 && loop->stops_got < (int64_t)stops)
        take_stop(loop);
    wait_if_sent(&loop->told_request);
    wait_if_sent(&loop->count_request);
    progress_close(loop, (int64_t)sent[0]);
    for (int r = 1; c->rank == 0 && r < c->size; r++)
        wait_if_sent(&loop->stop_request[r]);
}

status comm_loop_finish(struct comm_loop *loop, status mine)
{
    struct error_record why = *error_last();
    MPI_Request request;
    int here = 0, turns = 0;
    status all;

    /* A write that failed since its file may not be so large is a stop like others: what is done is kept. */
    if (mine != OK && comm_signal() == SIGXFSZ) {
        mine = comm_signal_status();
        why = *error_last();
    }
    if (mine != OK) {
        why.status = (int)mine;
        tell(loop, &why, COMM_STOP_NOW);
    }
    comm_spent_begin();
    MPI_Ibarrier(loop->c->mpi, &request);
    wait_begin();
    for (;;) {
        MPI_Test(&request, &here, MPI_STATUS_IGNORE);
        if (here)
            break;
        look(loop);
        wait_turn(&turns);
    }
    wait_end();
    comm_spent_end(1);
    if (loop->deal)
        deal_end(loop);
    drain(loop);
    mem_free(loop->all);
    mem_free(loop->hosts);
    mem_free(loop->stop_request);
    loop->all = NULL;
    loop->hosts = NULL;
    loop->stop_request = NULL;
    if (mine != OK)
        *error_last() = why;
    else
        mine = comm_signal_status();
    all = comm_agree(loop->c, mine);
    return all;
}
