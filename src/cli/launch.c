#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"

static volatile sig_atomic_t child;

static void hand_on(int signal_number)
{
    (void)signal_number;
    if (child > 0)
        kill((pid_t)child, SIGUSR1);
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

/* In the child. */
static void become_mpirun(char **words)
{
    int null = open("/dev/null", O_RDONLY);

    setpgid(0, 0);
    if (null >= 0)
        dup2(null, 0); /* a background group must not read from the terminal */
    set_environment();
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
    return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

int launch_ranks(int ranks, int argc, char **argv)
{
    char count[16], self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    char **words = mem_alloc((size_t)argc + 5, sizeof *words);
    struct sigaction act = { .sa_handler = hand_on };
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
    words[1] = "-np";
    words[2] = count;
    words[3] = self;
    memcpy(words + 4, argv, (size_t)argc * sizeof *words);
    pid = fork();
    if (pid == 0)
        become_mpirun(words);
    child = (sig_atomic_t)pid;
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGUSR1, &act, NULL);
    code = pid > 0 ? wait_for(pid) : 1;
    mem_free(words);
    return code;
}
