#include "check.h"
#include "comm.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Rank r sends s + 1 bytes of the value 10 r + s to rank s, and has r bytes for all. */
static void check_blocks(const struct comm *c)
{
    size_t bytes[8], at[8], in_bytes[8], n = 0;
    uint8_t out[128] = { 0 }, in[128], all[64] = { 0 };

    if (c->size > 8)
        return;
    for (int s = 0; s < c->size; s++) {
        at[s] = (size_t)(12 * (c->size - 1 - s));
        bytes[s] = (size_t)s + 1;
        in_bytes[s] = (size_t)c->rank + 1;
        memset(out + at[s], 10 * c->rank + s, bytes[s]);
    }
    memset(in, 255, sizeof in);
    comm_exchange(c, out, bytes, at, in, in_bytes);
    for (int r = 0; r < c->size; r++)
        for (int i = 0; i <= c->rank; i++)
            CHECK(in[n++] == 10 * r + c->rank);
    CHECK(in[n] == 255);

    n = 0;
    for (int r = 0; r < c->size; r++) {
        bytes[r] = (size_t)r;
        if (r == c->rank)
            memset(all + n, 'a' + r, bytes[r]);
        n += bytes[r];
    }
    comm_all_gather(c, all, bytes);
    n = 0;
    for (int r = 0; r < c->size; r++)
        for (int i = 0; i < r; i++)
            CHECK(all[n++] == 'a' + r);
}

static void check_moves(const struct comm *c)
{
    uint64_t values[3] = { (uint64_t)c->rank, 1, 1ull << 40 }, n = (uint64_t)c->size;
    uint8_t flags[5] = { 0 }, number = 7;
    int ranks[64] = { 0 };
    char *text = c->rank == 0 ? "the same text everywhere" : NULL;
    size_t size = c->rank == 0 ? strlen(text) : 0;
    void *bytes = text, *all;

    comm_sum_u64(c, values, 3);
    CHECK(values[0] == n * (n - 1) / 2 && values[1] == n && values[2] == n << 40);
    values[0] = (uint64_t)(c->rank == c->size - 1 ? 99 : c->rank);
    comm_max_u64(c, values, 1);
    CHECK(values[0] == 99);
    flags[c->rank % 5] = 1;
    comm_or_bytes(c, flags, 5);
    for (int i = 0; i < 5; i++)
        CHECK(flags[i] == (i < c->size));
    /* 0 | 10, 20, ...: the sum below rank r is 10 r (r - 1) / 2. */
    CHECK(comm_exscan_u64(c, 10 * (uint64_t)c->rank) ==
          5 * (uint64_t)c->rank * (uint64_t)(c->rank - (c->rank > 0)));
    number = c->rank == 0 ? 42 : 0;
    comm_broadcast(c, &number, 1);
    CHECK(number == 42);
    comm_gather(c, &c->rank, sizeof c->rank, ranks);
    for (int r = 0; c->rank == 0 && r < c->size; r++)
        CHECK(ranks[r] == r);

    CHECK(comm_broadcast_bytes(c, &bytes, &size) == OK);
    CHECK(size == 24 && !memcmp(bytes, "the same text everywhere", 24));
    if (c->rank != 0)
        mem_free(bytes);
    bytes = NULL;
    size = 0;
    CHECK(comm_broadcast_bytes(c, &bytes, &size) == OK && size == 0);
    if (c->rank != 0)
        mem_free(bytes);

    /* Rank r sends r letters: "", "b", "cc". */
    char letters[64];
    memset(letters, 'a' + c->rank, sizeof letters);
    CHECK(comm_gather_bytes(c, letters, (size_t)c->rank, &all, &size) == OK);
    if (c->rank == 0) {
        const char *expected = "bcc";
        CHECK(size == (size_t)(c->size * (c->size - 1) / 2));
        CHECK(c->size > 3 || !memcmp(all, expected, size));
    } else {
        CHECK(all == NULL && size == 0);
    }
    mem_free(all);
}

static double cpu_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Those who wait for rank 0 for half a second use hardly any time of the core. */
static void check_sleep(const struct comm *c)
{
    struct comm_spent spent = comm_spent();
    double before = cpu_s(), waited;

    if (c->rank == 0)
        usleep(500000);
    comm_wait(c);
    CHECK_MSG(cpu_s() - before < 0.25, "%g s of CPU time", cpu_s() - before);
    waited = comm_spent().wait_s - spent.wait_s;
    CHECK_MSG(c->rank == 0 || waited > 0.3, "%g s of waiting", waited);
    CHECK(comm_spent().message_s == spent.message_s); /* that was no loop */
}

int main(int argc, char **argv)
{
    struct comm c = { 0 };

    if (comm_init(&argc, &argv, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    CHECK(c.size >= 1 && c.rank >= 0 && c.rank < c.size && error_last()->rank == c.rank);
    CHECK(c.nodes == 1 && c.node == 0 && c.node_rank == c.rank && c.node_size == c.size && c.host[0]);
    CHECK(getenv("OMPI_MCA_io") != NULL);
    check_moves(&c);
    check_blocks(&c);
    check_sleep(&c);
    CHECK(comm_signal() == 0 && comm_signal_status() == OK);
    raise(SIGUSR1);
    CHECK(comm_signal() == SIGUSR1 && comm_signal_status() == ERR_STOPPED);
    CHECK(strstr(error_last()->text, "SIGUSR1") != NULL && error_exit_code(ERR_STOPPED) == 75);
    raise(SIGTERM); /* the first one is what counts; the default is back now */
    CHECK(comm_signal() == SIGUSR1);
    CHECK(signal(SIGINT, SIG_IGN) == SIG_DFL && signal(SIGTERM, SIG_IGN) == SIG_DFL);
    CHECK(mem_live() == 0);
    comm_finish(&c);
    comm_finish(&c);
    return check_result("test_comm");
}
