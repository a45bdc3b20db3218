/* src/cli/output.c: was all of stdout written? */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base.h"

static const int refused[] = { SIGPIPE, SIGXFSZ };
static void (*before[COUNT_OF(refused)])(int);

void output_begin(void)
{
    static const int useless[] = { O_WRONLY, O_RDONLY, O_WRONLY }; /* stderr alone may be lost */

    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", useless[fd]) < 0)
            return;
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        before[i] = signal(refused[i], SIG_IGN);
}

void output_before_exec(void)
{
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        signal(refused[i], before[i]);
}

static int reader_has_gone(void)
{
    struct pollfd out = { .fd = 1, .events = POLLOUT };

    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

int output_end(int code)
{
    int bad = ferror(stdout), gone = bad && reader_has_gone(), reason;

    errno = 0;
    bad = fflush(stdout) != 0 || bad;
    reason = errno;
    errno = 0;
    if (fclose(stdout) != 0 && !bad) { /* some file systems say only now that they are full */
        bad = 1;
        reason = errno;
    }
    if (!bad || code != 0)
        return code;
    if (!gone && reason != EPIPE)
        log_error("stdout: the result could not be written whole%s%s", reason ? ": " : "",
                  reason ? strerror(reason) : "");
    return 1;
}
