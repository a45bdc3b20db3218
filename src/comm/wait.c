/* src/comm/wait.c: a rank waits for others without taking a core; how long it has waited; its life signs, the
 * steps that it finished, which the watchdog carries to rank 0. */
#include "comm_internal.h"

#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

/* ---- what it costs ---------------------------------------------------------------------------------- */

static struct {
    int depth; /* the outermost call counts */
    double began;
    struct comm_spent sum;
} spent;

void comm_spent_begin(void)
{
    if (spent.depth++ == 0)
        spent.began = clock_s();
}

void comm_spent_end(int waited)
{
    if (--spent.depth == 0)
        *(waited ? &spent.sum.wait_s : &spent.sum.message_s) += clock_s() - spent.began;
}

struct comm_spent comm_spent(void)
{
    return spent.sum;
}

/* ---- life signs ------------------------------------------------------------------------------------- */

/* What the main thread does. */
static struct {
    atomic_llong steps, slowest_us;
    atomic_int waiting, began_anew;
    double last; /* the main thread's alone, like: */
    int continued, anew;
} life;

static void (*hook)(void);

void wait_set_hook(void (*turn)(void))
{
    hook = turn;
}

static void turn(void)
{
    if (hook)
        hook();
}

void wait_begin_anew(void)
{
    atomic_fetch_add(&life.began_anew, 1);
}

struct wait_pulse wait_pulse(void)
{
    return (struct wait_pulse){ .steps = atomic_load(&life.steps),
                                .slowest_us = atomic_load(&life.slowest_us),
                                .waiting = atomic_load(&life.waiting) };
}

/* Since the last call: stopped and continued, or suspended with the machine. A step of that time tells
 * nothing. */
static int stood_still(void)
{
    int was_continued = comm_continued(), began = atomic_load(&life.began_anew);
    int still = was_continued != life.continued || began != life.anew;

    life.continued = was_continued;
    life.anew = began;
    return still;
}

void comm_alive(void)
{
    double now = clock_s();
    long long us = (long long)(1e6 * (now - life.last));
    int still;

    turn();
    still = stood_still();
    if (atomic_load(&life.waiting)) /* looking about while waiting is no work */
        return;
    if (life.last > 0 && us > atomic_load(&life.slowest_us) && !still)
        atomic_store(&life.slowest_us, us);
    life.last = now;
    atomic_fetch_add(&life.steps, 1);
}

void wait_begin(void)
{
    atomic_fetch_add(&life.waiting, 1);
}

void wait_end(void)
{
    life.last = clock_s(); /* others' time is no step of ours */
    atomic_fetch_add(&life.steps, 1);
    atomic_fetch_sub(&life.waiting, 1);
}

/* ---- waiting ---------------------------------------------------------------------------------------- */

void wait_turn(int *turns)
{
    /* What takes microseconds should not cost a sleep; what takes longer must not take a core. */
    if (*turns < 50)
        sched_yield();
    else
        usleep(*turns < 100 ? 50 : 1000);
    *turns += *turns < 100;
    turn();
}

void comm_sleep_on(MPI_Request *request)
{
    int done = 0, turns = 0;

    comm_spent_begin();
    wait_begin();
    for (;;) {
        MPI_Test(request, &done, MPI_STATUS_IGNORE);
        if (done)
            break;
        wait_turn(&turns);
    }
    wait_end();
    comm_spent_end(1);
}
