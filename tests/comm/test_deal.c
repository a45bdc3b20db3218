#include "check.h"
#include "comm.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 2000 };

/* Every place is handed out once, whoever asks; a slow rank gets less. */
static void check_served(const struct comm *c, int64_t places, int64_t block, int64_t grain)
{
    uint64_t taken[MOST] = { 0 }, all = 0;
    struct comm_loop loop = { .name = "test",
                              .items = "items",
                              .unit = "item",
                              .total = places,
                              .todo = places,
                              .dynamic = 1,
                              .block = block,
                              .grain = grain };
    int64_t first, count, last = -1;

    comm_loop_start(&loop, c);
    while (comm_loop_goes_on(&loop) && (count = comm_loop_take(&loop, grain, &first)) > 0) {
        CHECK(count <= grain && first > last && first + count <= places);
        CHECK(first % grain == 0 || grain == 1);
        last = first;
        for (int64_t i = first; i < first + count; i++)
            taken[i]++;
        comm_loop_step(&loop, count, 0);
        usleep(c->rank == c->size - 1 ? 3000 : 300);
    }
    CHECK(comm_loop_finish(&loop, OK) == OK);
    CHECK(loop.deal == NULL);
    comm_sum_u64(c, taken, (size_t)places);
    for (int64_t i = 0; i < places; i++)
        all += taken[i] == 1;
    CHECK_MSG(all == (uint64_t)places, "%d of %d places went out once", (int)all, (int)places);
    if (c->size > 1 && places == MOST && c->rank == c->size - 1)
        CHECK_MSG(loop.taken < places / c->size, "the slow rank took %d places", (int)loop.taken);
}

/* One stops in the middle: what was not handed out stays, nothing is left over for the next loop. */
static void check_stopped(const struct comm *c)
{
    struct comm_loop loop = { .name = "test",
                              .items = "items",
                              .unit = "item",
                              .total = MOST,
                              .todo = MOST,
                              .dynamic = 1,
                              .block = 4,
                              .grain = 1 };
    int64_t first, steps = 0;
    status s = OK;

    comm_loop_start(&loop, c);
    while (s == OK && comm_loop_goes_on(&loop) && comm_loop_take(&loop, 1, &first) > 0) {
        usleep(200);
        comm_loop_step(&loop, 1, 0);
        if (c->rank == c->size - 1 && ++steps == 5)
            s = FAIL(ERR_IO, "enough");
    }
    CHECK(comm_loop_finish(&loop, s) == ERR_IO);
}

/* Without dynamic: the places of this rank's own list, in order. */
static void check_own(const struct comm *c)
{
    struct comm_loop loop = { .name = "test", .items = "items", .unit = "item", .total = 10, .todo = 10 };
    int64_t first = -1;

    comm_loop_start(&loop, c);
    CHECK(comm_loop_take(&loop, 4, &first) == 4 && first == 0);
    CHECK(comm_loop_take(&loop, 4, &first) == 4 && first == 4);
    CHECK(comm_loop_take(&loop, 4, &first) == 2 && first == 8);
    CHECK(comm_loop_take(&loop, 4, &first) == 0);
    CHECK(comm_loop_finish(&loop, OK) == OK);
}

int main(int argc, char **argv)
{
    struct comm c = { 0 };

    if (comm_init(&argc, &argv, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    CHECK(c.threads == (getenv("QUANTCAM_THREADS") == NULL));
    check_served(&c, MOST, 64, 8);
    check_served(&c, 1, 64, 8);
    check_served(&c, 7, 4, 1);
    check_served(&c, 100, 1, 1);
    for (int round = 0; round < 5; round++)
        check_stopped(&c);
    check_own(&c);
    CHECK(mem_live() == 0);
    comm_finish(&c);
    return check_result("test_deal");
}
