/* tests/cli/test_guard.c: a command that crashes is a sentence, one that ends keeps its exit code. */
#include "cli/guard.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "check.h"

static int well(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "--x") == 0 ? 75 : 0;
}

static int crash(int argc, char **argv)
{
    struct rlimit none = { 0, 0 };

    setrlimit(RLIMIT_CORE, &none);
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
    return 0;
}

static int killed(int argc, char **argv)
{
    raise(SIGKILL);
    return 0;
}

/* What it says on stderr, into said. */
static int guarded(int (*command)(int, char **), char *said, size_t size)
{
    char *argv[] = { "show", "--x", "dir/file\033[2J.h5", NULL }, path[] = "/tmp/quantcam-guard-XXXXXX";
    int kept = dup(STDERR_FILENO), fd = mkstemp(path), code;
    ssize_t n;

    dup2(fd, STDERR_FILENO);
    code = guard_run(command, 3, argv);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    n = pread(fd, said, size - 1, 0);
    said[n > 0 ? n : 0] = '\0';
    close(fd);
    close(kept);
    unlink(path);
    return code;
}

static void check_killed(void)
{
    int how = 0;
    char said[16];
    pid_t child = fork();

    if (child == 0)
        _exit(guarded(killed, said, sizeof said));
    CHECK(waitpid(child, &how, 0) == child && WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
}

int main(void)
{
    char said[1024];

    CHECK(guarded(well, said, sizeof said) == 75 && said[0] == '\0');
    CHECK(guarded(crash, said, sizeof said) == 1);
    CHECK_MSG(strncmp(said, "quantcam: show dir/file?[2J.h5 ended in a crash (", 49) == 0 &&
                  strchr(said, '\n') == said + strlen(said) - 1,
              "%s", said);
    check_killed();
    return check_result("cli/guard");
}
