/* src/cli/guard.c: a command that reads the HDF5 file of a stranger runs in a child, whose crash it tells
 * in a sentence. */
#include "guard.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "output.h"

static const char *file_of(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (argv[i][0] != '-')
            return argv[i];
    return argv[0];
}

static int is_crash(int number)
{
    return number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL || number == SIGABRT;
}

/* HDF5 1.10 does not withstand want of memory either. */
static int memory_limit(double *bytes)
{
    static const int kinds[] = { RLIMIT_AS, RLIMIT_DATA };
    struct rlimit limit;

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (getrlimit(kinds[i], &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
            *bytes = (double)limit.rlim_cur;
            return 1;
        }
    return 0;
}

int guard_run(int (*command)(int argc, char **argv), int argc, char **argv)
{
    char file[4096], what[64] = "a file that it reads";
    double limit;
    int how = 0, limited;
    pid_t child;

    snprintf(file, sizeof file, "%s", file_of(argc, argv)); /* the child's options come in another order */
    fflush(NULL);
    child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        exit(output_end(command(argc, argv)));
    }
    if (child < 0)
        return command(argc, argv);
    while (waitpid(child, &how, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(how))
        return WEXITSTATUS(how);
    if (!is_crash(WTERMSIG(how))) {
        signal(WTERMSIG(how), SIG_DFL);
        raise(WTERMSIG(how));
        return 1;
    }
    limited = memory_limit(&limit);
    if (limited)
        snprintf(what, sizeof what, "its memory is limited to %.0f MB, or the file", limit / 1e6);
    log_error("%s %s ended in a crash (%s): %s is damaged in a way that the HDF5 library does not withstand",
              argv[0], file, strsignal(WTERMSIG(how)), what);
    if (!limited || strcmp(argv[0], "verify") != 0)
        return 1;
    printf("cannot look: %s: a crash under a limit of memory\n", file);
    return 3;
}
