#include "check.h"
#include "comm.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Each rank fails in turn; every rank must learn the same status, rank and sentence. */
static void check_agree(const struct comm *c)
{
    char text[64];

    CHECK(comm_agree(c, OK) == OK);
    for (int bad = 0; bad < c->size; bad++) {
        status mine = c->rank >= bad ? FAIL(ERR_IO, "cannot read shard %d", c->rank) : OK;
        CHECK(comm_agree(c, mine) == ERR_IO);
        CHECK(error_last()->rank == bad && error_last()->status == ERR_IO);
        snprintf(text, sizeof text, "cannot read shard %d", bad);
        CHECK_MSG(!strcmp(error_last()->text, text), "%s", error_last()->text);
    }
    /* A failure outranks a stop, wherever it is. */
    status mine = c->rank == c->size - 1 ? FAIL(ERR_FORMAT, "real") : FAIL(ERR_STOPPED, "stopped");
    CHECK(comm_agree(c, mine) == ERR_FORMAT && error_last()->rank == c->size - 1);
    mine = c->rank == 0 ? FAIL(ERR_STOPPED, "stopped") : OK;
    CHECK(comm_agree(c, mine) == ERR_STOPPED && !strcmp(error_last()->text, "stopped"));
}

static status set_seven(void *self, void *bytes)
{
    *(int *)bytes = 7;
    return *(const int *)self ? FAIL(ERR_USAGE, "no seven") : OK;
}

static void check_share(const struct comm *c)
{
    int fails = 0;
    void *out;

    CHECK(comm_share(c, sizeof(int), set_seven, &fails, &out) == OK && *(int *)out == 7);
    mem_free(out);
    fails = 1;
    CHECK(comm_share(c, sizeof(int), set_seven, &fails, &out) == ERR_USAGE && !out);
    CHECK(error_last()->rank == 0 && strcmp(error_last()->text, "no seven") == 0);
}

/* A loop of "images" of 1 ms: rank `bad` fails at its third, the others would run for 20 s. */
static void check_failure(const struct comm *c, int bad)
{
    struct comm_loop loop = { .name = "test",
                              .items = "images",
                              .unit = "img",
                              .total = 20000 * c->size,
                              .todo = 20000,
                              .count_s = 0.001 };
    double start = clock_s();
    status s = OK;
    int64_t i;

    comm_loop_start(&loop, c);
    for (i = 0; i < 20000 && s == OK && comm_loop_goes_on(&loop); i++) {
        usleep(1000);
        if (c->rank == bad && i == 2)
            s = FAIL(ERR_NUMERIC, "rank %d broke", bad);
        comm_loop_step(&loop, 1, 0);
    }
    CHECK(i < 20000);
    CHECK(comm_loop_finish(&loop, s) == ERR_NUMERIC);
    CHECK(error_last()->rank == bad && strstr(error_last()->text, "broke") != NULL);
    CHECK_MSG(clock_s() - start < 5, "%g s", clock_s() - start);
}

/* All ranks fail at once, again and again: no message may be left over for the next loop. */
static void check_all_fail(const struct comm *c)
{
    for (int round = 0; round < 20; round++) {
        struct comm_loop loop = {
            .name = "test", .items = "images", .unit = "img", .total = 1, .todo = 1, .count_s = 1e-6
        };
        comm_loop_start(&loop, c);
        int went = comm_loop_goes_on(&loop);
        status s = round % 2 ? OK : FAIL(ERR_RANGE, "round %d", round);
        CHECK(round % 2 == 0 || went);
        CHECK(comm_loop_finish(&loop, s) == (round % 2 ? OK : ERR_RANGE));
        if (round % 2 == 0)
            CHECK(error_last()->rank == 0);
    }
}

/* One rank gets SIGUSR1: all stop after the item in hand, resumably; a second signal there: all drop it. */
static void check_signal(const struct comm *c)
{
    struct comm_loop loop = {
        .name = "test", .items = "images", .unit = "img", .total = 20000, .todo = 20000
    };
    int64_t i;

    comm_loop_start(&loop, c);
    for (i = 0; i < 20000 && comm_loop_goes_on(&loop); i++) {
        usleep(1000);
        if (c->rank == c->size - 1 && i == 5)
            raise(SIGUSR1);
    }
    CHECK(i < 20000);
    CHECK(!comm_loop_drops(&loop));
    comm_wait(c);
    if (c->rank == c->size - 1)
        raise(SIGTERM);
    for (i = 0; i < 20000 && !comm_loop_drops(&loop); i++)
        usleep(1000);
    CHECK(i < 20000 && !comm_loop_goes_on(&loop));
    CHECK(comm_loop_finish(&loop, OK) == ERR_STOPPED);
    CHECK(error_last()->rank == c->size - 1 && strstr(error_last()->text, "SIGUSR1") != NULL);
}

int main(int argc, char **argv)
{
    struct comm c = { 0 };

    if (comm_init(&argc, &argv, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    check_agree(&c);
    check_share(&c);
    for (int bad = 0; bad < c.size; bad++)
        check_failure(&c, bad);
    check_all_fail(&c);
    check_signal(&c);
    CHECK(mem_live() == 0);
    comm_finish(&c);
    return check_result("test_agree");
}
