#include "guard.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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

int guard_run(int (*command)(int argc, char **argv), int argc, char **argv)
{
    char file[4096];
    int how = 0;
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
    if (is_crash(WTERMSIG(how))) {
        log_error(
            "%s %s ended in a crash (%s): a file that it reads is damaged in a way that the HDF5 library "
            "does not withstand",
            argv[0], file, strsignal(WTERMSIG(how)));
        return 1;
    }
    signal(WTERMSIG(how), SIG_DFL);
    raise(WTERMSIG(how));
    return 1;
}
