/* src/comm/signal.c: which signals stop the job, how urgently, and whether this process stood still. */
#include "comm_internal.h"

#include <signal.h>
#include <string.h>

/* urgent: the item in hand is dropped; else there is time to finish it. A signal that was ignored at the
 * start and may be (nohup) stays so. */
static const struct {
    int number, urgent, may_be_ignored;
    const char *name;
} stops[] = {
    { SIGTERM, 1, 0, "SIGTERM" },
    { SIGINT, 1, 0, "SIGINT" },
    { SIGHUP, 1, 1, "SIGHUP" },
    { SIGXFSZ, 1, 0, "SIGXFSZ, a file at its size limit (ulimit -f)" },
    { SIGUSR1, 0, 0, "SIGUSR1" },
    { SIGUSR2, 0, 0, "SIGUSR2" },
    { SIGXCPU, 0, 0, "SIGXCPU, the limit of CPU time" },
};
static volatile sig_atomic_t signal_first, signal_count, continued;

static int is_urgent(int number)
{
    for (size_t i = 0; i < COUNT_OF(stops); i++)
        if (stops[i].number == number)
            return stops[i].urgent;
    return 1;
}

static void on_signal(int number)
{
    if (signal_first == 0)
        signal_first = number;
    /* Every further write meets the same limit. */
    if (number == SIGXFSZ && signal_first == SIGXFSZ)
        signal_count = 1;
    else
        signal_count = signal_count + 1;
    if (signal_count >= 2)
        for (size_t i = 0; i < COUNT_OF(stops); i++)
            if (stops[i].number != SIGXFSZ)
                signal(stops[i].number, SIG_DFL);
}

static void on_continue(int number)
{
    (void)number;
    continued = continued + 1;
}

void signal_install(void)
{
    struct sigaction action, before;

    memset(&action, 0, sizeof action);
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    action.sa_handler = on_continue;
    sigaction(SIGCONT, &action, NULL);
    action.sa_handler = on_signal;
    for (size_t i = 0; i < COUNT_OF(stops); i++) {
        sigaction(stops[i].number, NULL, &before);
        if (!stops[i].may_be_ignored || before.sa_handler != SIG_IGN)
            sigaction(stops[i].number, &action, NULL);
    }
}

int comm_signal(void)
{
    return signal_first;
}

int comm_signal_level(void)
{
    if (signal_first == 0)
        return COMM_STOP_NOT;
    return !is_urgent(signal_first) && signal_count == 1 ? COMM_STOP_AFTER : COMM_STOP_NOW;
}

int comm_continued(void)
{
    return continued;
}

status comm_signal_status(void)
{
    int number = signal_first;

    for (size_t i = 0; i < COUNT_OF(stops); i++)
        if (stops[i].number == number)
            return FAIL(ERR_STOPPED, "stopped by %s", stops[i].name);
    return OK;
}
