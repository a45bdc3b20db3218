#include "check.h"
#include "comm.h"

#include <string.h>

static const char hosts[3][64] = { "node01", "node02", "node03" };

static void check_text(void)
{
    struct progress_line line = { .name = "evaluate",
                                  .items = "images",
                                  .unit = "img",
                                  .total = 50000,
                                  .done_before = 968,
                                  .seconds = 10 };
    struct comm_count count[3] = { { 1500, 1, 20000 }, { 1500, 2, 10000 }, { 1000, 0, 19032 } };
    char text[200];

    /* By hand: 4,000 steps in 10 s; 50,000 - 4,968 = 45,032 left at 400 an s = 112.58 s; shares 0.075, 0.15,
     * 0.0525. */
    progress_format(&line, count, hosts, 3, text, sizeof text);
    CHECK_MSG(
        !strcmp(text,
                "evaluate  4,968/50,000 images  400 img/s  bad 3  left 00:01:53  slowest rank 2 (node03)"),
        "%s", text);
    count[0] = (struct comm_count){ 10, 0, 10 };
    line.total = 978;
    progress_format(&line, count, hosts, 1, text, sizeof text);
    CHECK_MSG(!strcmp(text, "evaluate  978/978 images  1.0 img/s  bad 0  left 00:00:00"), "%s", text);
    count[0].steps = 0;
    progress_format(&line, count, hosts, 1, text, sizeof text);
    CHECK_MSG(strstr(text, "left unknown") != NULL, "%s", text);
    /* A rank without work of its own is never the slowest. */
    count[1] = (struct comm_count){ 0, 0, 0 };
    count[2] = (struct comm_count){ 1, 0, 2 };
    count[0] = (struct comm_count){ 9, 0, 10 };
    progress_format(&line, count, hosts, 3, text, sizeof text);
    CHECK_MSG(strstr(text, "slowest rank 2 (node03)") != NULL, "%s", text);
}

/* Counters of all ranks arrive at rank 0 while the loop runs, and none is left over for the next loop. */
static void check_counters(const struct comm *c)
{
    for (int round = 0; round < 3; round++) {
        struct comm_loop loop = { .name = "test",
                                  .items = "items",
                                  .unit = "item",
                                  .total = 10 * c->size,
                                  .todo = 10,
                                  .report_s = 1000,
                                  .count_s = 1e-6 };
        int64_t i, seen = 0;
        comm_loop_start(&loop, c);
        for (i = 0; i < 10 && comm_loop_goes_on(&loop); i++)
            comm_loop_step(&loop, 1, i == 3);
        CHECK(i == 10);
        for (int turn = 0; c->rank == 0 && turn < 20000 && seen < c->size; turn++) {
            CHECK(comm_loop_goes_on(&loop));
            seen = 0;
            for (int r = 0; r < c->size; r++)
                seen += loop.all[r].steps > 0;
            comm_signal();
        }
        CHECK(comm_loop_finish(&loop, OK) == OK);
        CHECK(loop.mine.steps == 10 && loop.mine.bad == 1);
    }
}

int main(int argc, char **argv)
{
    struct comm c = { 0 };

    if (comm_init(&argc, &argv, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    check_text();
    check_counters(&c);
    CHECK(mem_live() == 0);
    comm_finish(&c);
    return check_result("test_progress");
}
