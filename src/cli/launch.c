#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "output.h"

static volatile sig_atomic_t child, signals;

/* The first one, whatever it is, lets the ranks finish what they have in hand and commit; the next is urgent.
 */
static void hand_on(int signal_number)
{
    (void)signal_number;
    signals = signals + 1;
    if (child > 0)
        kill((pid_t)child, signals == 1 ? SIGUSR1 : SIGTERM);
}

int launch_needed(void)
{
    return !getenv("OMPI_COMM_WORLD_SIZE") && !getenv("PMIX_RANK");
}

/* More ranks than cores, root in a container, a cut cable: what mpirun has to be told. */
static void set_environment(void)
{
    setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 0);
    setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
    setenv("OMPI_MCA_oob_tcp_keepalive_time", "10", 0);
    setenv("OMPI_MCA_oob_tcp_keepalive_intvl", "5", 0);
    setenv("OMPI_MCA_oob_tcp_keepalive_probes", "4", 0);
    if (geteuid() == 0) {
        setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 0);
        setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 0);
    }
}

/* In the child. It asks to be told of our end, even of one by kill -9. */
static void become_mpirun(char **words)
{
    int null = open("/dev/null", O_RDONLY);

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGUSR1);
    if (null >= 0)
        dup2(null, 0); /* a background group must not read from the terminal */
    set_environment();
    output_before_exec();
    execvp(words[0], words);
    fprintf(stderr, "quantcam: mpirun cannot be started: %s\n", strerror(errno));
    _exit(1);
}

static int wait_for(pid_t pid)
{
    int state = 0;

    while (waitpid(pid, &state, 0) < 0)
        if (errno != EINTR)
            return 1;
    if (WIFSIGNALED(state) && WTERMSIG(state) == SIGUSR1 && signals > 0)
        return error_exit_code(ERR_STOPPED); /* so early that mpirun did not listen yet */
    if (WIFEXITED(state) && WEXITSTATUS(state) > 128)
        fprintf(stderr, "quantcam: a rank was ended by signal %d (%s)\n", WEXITSTATUS(state) - 128,
                strsignal(WEXITSTATUS(state) - 128));
    return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

static const int handed_on[] = { SIGINT, SIGTERM, SIGUSR1 };

/* No signal falls between the child's birth and our knowing its number. */
static pid_t start_child(char **words)
{
    struct sigaction act = { .sa_handler = hand_on }, before[COUNT_OF(handed_on)];
    sigset_t held, old;
    pid_t pid;

    sigemptyset(&held);
    for (size_t i = 0; i < COUNT_OF(handed_on); i++)
        sigaddset(&held, handed_on[i]);
    sigprocmask(SIG_BLOCK, &held, &old);
    for (size_t i = 0; i < COUNT_OF(handed_on); i++)
        sigaction(handed_on[i], &act, &before[i]);
    pid = fork();
    if (pid == 0) {
        for (size_t i = 0; i < COUNT_OF(handed_on); i++)
            sigaction(handed_on[i], &before[i], NULL);
        sigprocmask(SIG_SETMASK, &old, NULL);
        become_mpirun(words);
    }
    child = (sig_atomic_t)pid;
    sigprocmask(SIG_SETMASK, &old, NULL);
    return pid;
}

int launch_ranks(int ranks, int argc, char **argv)
{
    char count[16], self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    char **words = mem_alloc((size_t)argc + 6, sizeof *words);
    int code;
    pid_t pid;

    if (length < 0 || !words) {
        fprintf(stderr, "quantcam: its own path cannot be read\n");
        mem_free(words);
        return 1;
    }
    self[length] = '\0';
    snprintf(count, sizeof count, "%d", ranks);
    words[0] = "mpirun";
    words[1] = "-q"; /* else it calls a job that stopped resumably aborted, in twelve lines */
    words[2] = "-np";
    words[3] = count;
    words[4] = self;
    memcpy(words + 5, argv, (size_t)argc * sizeof *words);
    pid = start_child(words);
    code = pid > 0 ? wait_for(pid) : 1;
    mem_free(words);
    return code;
}
