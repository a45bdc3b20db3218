/* src/comm/progress.c: the ranks' counters on their way to rank 0, and its line of progress. */
#include "comm_internal.h"

char *progress_format(const struct progress_line *line, const struct comm_count *count,
                      const char (*hosts)[64], int ranks, char *out, size_t size)
{
    char done_text[32], total_text[32], left_text[32], slow_text[112] = "";
    int64_t steps = 0, bad = 0;
    double slowest_share = 2, rate, left;
    int slowest = -1;

    for (int r = 0; r < ranks; r++) {
        steps += count[r].steps;
        bad += count[r].bad;
        if (count[r].steps >= count[r].todo)
            continue;
        double share = (double)count[r].steps / (double)count[r].todo;
        if (share < slowest_share) {
            slowest_share = share;
            slowest = r;
        }
    }
    int64_t done = line->done_before + steps;
    rate = line->seconds > 0 ? (double)steps / line->seconds : 0;
    left = rate > 0 && line->total > done ? (double)(line->total - done) / rate : 0;
    text_thousands(done, done_text, sizeof done_text);
    text_thousands(line->total, total_text, sizeof total_text);
    if (rate > 0)
        text_duration(left, left_text, sizeof left_text);
    else
        snprintf(left_text, sizeof left_text, "unknown");
    if (ranks > 1 && slowest >= 0)
        snprintf(slow_text, sizeof slow_text, "  slowest rank %d (%s)", slowest, hosts[slowest]);
    snprintf(out, size, "%s  %s/%s %s  %.*f %s/s  bad %lld  left %s%s", line->name, done_text, total_text,
             line->items, rate < 10 ? 1 : 0, rate, line->unit, (long long)bad, left_text, slow_text);
    return out;
}

static void print_line(struct comm_loop *loop, double now)
{
    struct progress_line line = { .name = loop->name,
                                  .items = loop->items,
                                  .unit = loop->unit,
                                  .total = loop->total,
                                  .done_before = loop->done,
                                  .seconds = now - loop->started };
    int64_t steps = 0;
    double rate;
    char text[400];

    log_info("%s", progress_format(&line, loop->all, (const char (*)[64])loop->hosts, loop->c->size, text,
                                   sizeof text));
    loop->reported = now;
    if (!loop->on_report)
        return;
    for (int r = 0; r < loop->c->size; r++)
        steps += loop->all[r].steps;
    rate = line.seconds > 0 ? (double)steps / line.seconds : 0;
    loop->on_report(loop->user, loop, line.done_before + steps, rate,
                    rate > 0 ? (double)(line.total - line.done_before - steps) / rate : -1);
}

void comm_loop_step(struct comm_loop *loop, int64_t steps, int64_t bad)
{
    loop->mine.steps += steps;
    loop->mine.bad += bad;
}

void progress_send(struct comm_loop *loop, double now)
{
    int gone = 1;

    if (loop->c->rank == 0) {
        loop->all[0] = loop->mine;
        return;
    }
    if (now - loop->counted < loop->count_s)
        return;
    MPI_Test(&loop->count_request, &gone, MPI_STATUS_IGNORE);
    if (!gone)
        return;
    loop->counted = now;
    loop->counts_sent++;
    loop->sent_count = loop->mine;
    MPI_Isend(&loop->sent_count, (int)sizeof loop->sent_count, MPI_BYTE, 0, COMM_TAG_COUNT, loop->c->side,
              &loop->count_request);
}

static void take_count(struct comm_loop *loop)
{
    struct comm_count count;
    MPI_Status from;

    MPI_Recv(&count, (int)sizeof count, MPI_BYTE, MPI_ANY_SOURCE, COMM_TAG_COUNT, loop->c->side, &from);
    loop->all[from.MPI_SOURCE] = count;
    loop->counts_got++;
}

void progress_collect(struct comm_loop *loop, double now)
{
    int here = 0;

    for (;;) {
        MPI_Iprobe(MPI_ANY_SOURCE, COMM_TAG_COUNT, loop->c->side, &here, MPI_STATUS_IGNORE);
        if (!here)
            break;
        take_count(loop);
    }
    if (now - loop->reported >= loop->report_s)
        print_line(loop, now);
}

void progress_close(struct comm_loop *loop, int64_t expected)
{
    int64_t todo = 0;

    while (loop->c->rank == 0 && loop->counts_got < expected)
        take_count(loop);
    if (loop->dynamic) /* until here an even share was assumed: the steps that this rank did were its share */
        loop->mine.todo = loop->mine.steps;
    comm_gather(loop->c, &loop->mine, sizeof loop->mine, loop->all);
    for (int r = 0; loop->c->rank == 0 && r < loop->c->size; r++)
        todo += loop->all[r].todo;
    if (todo > 0)
        print_line(loop, clock_s());
}
