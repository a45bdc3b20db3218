#include "check.h"
#include "comm.h"

#include <stdlib.h>
#include <unistd.h>

/* That a rank that hangs is named, and the job aborted, is for tests/faults/test_watchdog.sh. Here: who
 * works or waits is left in peace. */

static const double limit_s = 0.8;

/* Where rank 0's words to the others lie while they are sent: the watchdog's are the only doubles. */
enum { MOST = 16 };
static const void *word_to[MOST];
static long words_sent;

int MPI_Isend(const void *buffer, int count, MPI_Datatype type, int to, int tag, MPI_Comm c,
              MPI_Request *request)
{
    if (type == MPI_DOUBLE && to < MOST) {
        word_to[to] = buffer;
        words_sent++;
    }
    return PMPI_Isend(buffer, count, type, to, tag, c, request);
}

/* A word that is still under way must not be written over by the next rank's. */
static void check_words(const struct comm *c)
{
    if (c->rank != 0 || c->size < 2)
        return;
    CHECK(words_sent >= c->size - 1);
    for (int r = 1; r < c->size && r < MOST; r++)
        for (int other = 1; other < r; other++)
            CHECK(word_to[r] && word_to[r] != word_to[other]);
}

/* Rank after rank works for one and a half limits, in steps shorter than one; the others wait. */
static void check_turns(const struct comm *c)
{
    for (int r = 0; r < c->size; r++) {
        double until = clock_s() + 1.5 * limit_s;
        while (c->rank == r && clock_s() < until) {
            usleep(50000);
            comm_alive();
        }
        comm_wait(c);
    }
}

/* A step of 0.1 s allows others of 2 s: a rank that is silent for one and a half limits is no victim then. */
static void check_slowest(const struct comm *c)
{
    usleep(100000);
    comm_alive();
    comm_wait(c);
    usleep(c->rank == c->size - 1 ? (useconds_t)(1.5e6 * limit_s) : 1000);
    comm_wait(c);
}

/* Loops look about often enough. */
static void check_loop(const struct comm *c)
{
    struct comm_loop loop = {
        .name = "test", .items = "items", .unit = "item", .total = 40 * c->size, .todo = 40
    };
    int64_t first;

    comm_loop_start(&loop, c);
    while (comm_loop_goes_on(&loop) && comm_loop_take(&loop, 1, &first) > 0)
        usleep(c->rank == 0 ? 40000 : 1000);
    CHECK(comm_loop_finish(&loop, OK) == OK);
}

int main(int argc, char **argv)
{
    struct comm c = { 0 };

    if (comm_init(&argc, &argv, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    comm_watch_start(&c, 0); /* none */
    comm_watch_stop(&c);
    comm_watch_start(&c, limit_s);
    check_turns(&c);
    check_slowest(&c);
    check_loop(&c);
    comm_watch_stop(&c);
    comm_watch_stop(&c);
    check_words(&c);
    CHECK(mem_live() == 0);
    comm_watch_start(&c, limit_s);
    comm_finish(&c); /* stops it */
    CHECK(mem_live() == 0);
    return check_result("test_watch");
}
