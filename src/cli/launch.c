/* src/cli/launch.c: `-j N`: this program N times under mpirun, and what its signals mean there. */
#include "launch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.h"
#include "output.h"

uint64_t launch_file_bytes(const char *path)
{
    struct stat file;

    return stat(path, &file) == 0 ? (uint64_t)file.st_size : 0;
}

status launch_check(int ranks, const struct comm *c)
{
    if (ranks == 0 || ranks == c->size)
        return OK;
    return FAIL(
        ERR_USAGE,
        "ranks = %d has no effect: a launcher has started %d; leave it out, or let mpirun or srun start "
        "%d",
        ranks, c->size, ranks);
}

/* ---- signals ------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t child, signals, forwards; /* forwards: mpirun stops and continues its ranks */

/* The first one, whatever it is, lets the ranks finish what they have in hand and commit; the next is urgent.
 */
static void hand_on(int signal_number)
{
    (void)signal_number;
    signals = signals + 1;
    if (child > 0)
        kill((pid_t)child, signals == 1 ? SIGUSR1 : SIGTERM);
}

static pid_t parent_of(const char *name)
{
    char path[64], text[512] = "";
    int fd, parent = 0;
    const char *end;

    snprintf(path, sizeof path, "/proc/%.20s/stat", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    end = read(fd, text, sizeof text - 1) > 0 ? strrchr(text, ')') : NULL;
    close(fd);
    return end && sscanf(end, ") %*c %d", &parent) == 1 ? (pid_t)parent : 0;
}

/* Open MPI's mpirun stops its ranks by itself, on all hosts; under others', which put them in sessions of
 * their own, all that descend from it here. */
static void signal_descendants(pid_t of, int signal_number)
{
    DIR *all = opendir("/proc");
    const struct dirent *entry;

    while (all && (entry = readdir(all)) != NULL)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && parent_of(entry->d_name) == of) {
            pid_t pid = (pid_t)atoi(entry->d_name);

            signal_descendants(pid, signal_number);
            kill(pid, signal_number);
        }
    if (all)
        closedir(all);
}

/* mpirun is in a group of its own, which the terminal's keys do not reach. The handler interrupts nothing but
 * the wait for it. */
static void stop_and_go(int signal_number)
{
    if (child > 0)
        kill((pid_t)child, signal_number);
    if (child > 0 && !forwards)
        signal_descendants((pid_t)child, signal_number == SIGTSTP ? SIGSTOP : SIGCONT);
    if (signal_number == SIGTSTP)
        raise(SIGSTOP);
}

/* may_be_ignored: what was ignored at the start stays so (nohup; a shell without job control). */
static const struct {
    int number, may_be_ignored;
    void (*handler)(int);
} handled[] = {
    { SIGINT, 0, hand_on },      { SIGTERM, 0, hand_on },     { SIGUSR1, 0, hand_on },
    { SIGUSR2, 0, hand_on },     { SIGXCPU, 0, hand_on },     { SIGHUP, 1, hand_on },
    { SIGTSTP, 1, stop_and_go }, { SIGCONT, 0, stop_and_go },
};

/* ---- which mpirun -------------------------------------------------------------------------------------- */

/* Each MPI has its own: another's starts processes that know nothing of each other. `answer` stands in what
 * `COMMAND --version` prints. */
static const struct {
    const char *library, *answer, *command[4];
} families[] = {
    { "Open MPI", "Open MPI", { "mpirun", "mpirun.openmpi", "orterun", "mpiexec" } },
    { "Intel(R) MPI", "Intel(R) MPI", { "mpirun", "mpiexec.hydra", "mpiexec" } },
    { "MVAPICH", "HYDRA", { "mpirun", "mpiexec.hydra", "mpiexec" } },
    { "MPICH", "HYDRA", { "mpirun", "mpirun.mpich", "mpiexec.hydra", "mpiexec.mpich" } },
};

/* 1 or 0; -1 where no process can be started to ask. */
static int answers(const char *command, const char *answer)
{
    char line[256], said[4096] = "";
    size_t size = 0;
    FILE *pipe;

    snprintf(line, sizeof line, "exec %s --version 2>&1 < /dev/null", command);
    pipe = popen(line, "r");
    if (!pipe)
        return -1;
    while (size < sizeof said - 1 && !feof(pipe) && !ferror(pipe))
        size += fread(said + size, 1, sizeof said - 1 - size, pipe);
    pclose(pipe);
    said[size] = '\0';
    return strstr(said, answer) != NULL;
}

/* NULL where there is none: said. */
static const char *find_mpirun(int *is_open)
{
    const char *given = getenv("QUANTCAM_MPIRUN");
    char library[64];
    int found;

    comm_library(library);
    *is_open = strncmp(library, "Open MPI", 8) == 0;
    if (given && *given)
        return given;
    for (size_t i = 0; i < COUNT_OF(families); i++) {
        if (strncmp(library, families[i].library, strlen(families[i].library)) != 0)
            continue;
        for (size_t k = 0; k < COUNT_OF(families[i].command) && families[i].command[k]; k++) {
            found = answers(families[i].command[k], families[i].answer);
            if (found < 0)
                log_error("%s cannot be started: no process or no memory is left (ulimit -u, -v)",
                          families[i].command[k]);
            if (found)
                return found > 0 ? families[i].command[k] : NULL;
        }
        log_error(
            "-j needs the mpirun of %s, and no %s or %s here is it: name it by QUANTCAM_MPIRUN, or start the "
            "ranks yourself",
            library, families[i].command[0], families[i].command[1]);
        return NULL;
    }
    return "mpirun";
}

/* More ranks than cores, several jobs on one machine, root in a container, a cut cable, Ctrl-Z: what Open
 * MPI's mpirun has to be told. */
static void set_environment(void)
{
    setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 0);
    setenv("OMPI_MCA_hwloc_base_binding_policy", "none", 0);
    setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
    setenv("OMPI_MCA_orte_forward_job_control", "1", 0);
    setenv("OMPI_MCA_oob_tcp_keepalive_time", "10", 0);
    setenv("OMPI_MCA_oob_tcp_keepalive_intvl", "5", 0);
    setenv("OMPI_MCA_oob_tcp_keepalive_probes", "4", 0);
    if (geteuid() == 0) {
        setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 0);
        setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 0);
    }
}

/* ---- the child ----------------------------------------------------------------------------------------- */

/* In the child. It asks to be told of our end, even of one by kill -9. */
static void become_mpirun(char **words)
{
    int null = open("/dev/null", O_RDONLY);

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGUSR1);
    if (null >= 0)
        dup2(null, 0); /* a background group must not read from the terminal */
    output_before_exec();
    execvp(words[0], words);
    fprintf(stderr, "quantcam: %s cannot be started: %s\n", words[0], strerror(errno));
    _exit(1);
}

/* mpirun's code above 128 is a signal's only where there is such a signal: 205 is a lost daemon. */
enum { LAST_NAMED = 31 };
static int wait_for(pid_t pid)
{
    int state = 0, number;

    while (waitpid(pid, &state, 0) < 0)
        if (errno != EINTR)
            return 1;
    /* So early that mpirun, or a rank, did not listen yet. */
    if (signals > 0 && ((WIFSIGNALED(state) && WTERMSIG(state) == SIGUSR1) ||
                        (WIFEXITED(state) && WEXITSTATUS(state) == 128 + SIGUSR1)))
        return error_exit_code(ERR_STOPPED);
    number = WIFEXITED(state) ? WEXITSTATUS(state) - 128 : 0;
    if (number > 0 && number <= LAST_NAMED)
        fprintf(stderr, "quantcam: a rank was ended by signal %d (%s)\n", number, strsignal(number));
    if (WIFSIGNALED(state))
        fprintf(stderr, "quantcam: mpirun was ended by signal %d (%s)\n", WTERMSIG(state),
                strsignal(WTERMSIG(state)));
    return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

static void handle_signals(struct sigaction before[COUNT_OF(handled)])
{
    struct sigaction act = { .sa_flags = SA_RESTART };

    for (size_t i = 0; i < COUNT_OF(handled); i++) {
        act.sa_handler = handled[i].handler;
        sigaction(handled[i].number, NULL, &before[i]);
        if (!handled[i].may_be_ignored || before[i].sa_handler != SIG_IGN)
            sigaction(handled[i].number, &act, NULL);
    }
}

/* No signal falls between the child's birth and our knowing its number. */
static pid_t start_child(char **words, const struct sigaction before[COUNT_OF(handled)])
{
    sigset_t held, old;
    pid_t pid;

    sigemptyset(&held);
    for (size_t i = 0; i < COUNT_OF(handled); i++)
        sigaddset(&held, handled[i].number);
    sigprocmask(SIG_BLOCK, &held, &old);
    pid = signals > 0 ? 0 : fork();
    if (pid == 0 && signals == 0) {
        for (size_t i = 0; i < COUNT_OF(handled); i++)
            sigaction(handled[i].number, &before[i], NULL);
        sigprocmask(SIG_SETMASK, &old, NULL);
        become_mpirun(words);
    }
    if (pid < 0)
        log_error("%s cannot be started: %s", words[0], strerror(errno));
    child = (sig_atomic_t)pid;
    sigprocmask(SIG_SETMASK, &old, NULL);
    return pid;
}

/* Runs `mpirun -np RANKS quantcam ARGV` in its own process group and returns its exit code. mpirun is the one
 * that belongs to the MPI library in use, or QUANTCAM_MPIRUN. SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 and
 * SIGXCPU reach the ranks as one SIGUSR1, so that Ctrl-C ends the job tidily with 75; SIGTSTP and SIGCONT
 * (Ctrl-Z, fg) stop and continue them. 2 and a sentence where the machine cannot hold so many ranks. */
static int launch_ranks(const struct launch *start, int argc, char **argv)
{
    char count[16], self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    struct sigaction before[COUNT_OF(handled)];
    char **words;
    const char *mpirun;
    int is_open, n = 0, code;
    pid_t pid;

    if (!start->oversubscribe && machine_refuses(start->ranks, start->weight_bytes) != OK)
        return log_exit(ERR_USAGE);
    set_environment();
    handle_signals(before);
    mpirun = find_mpirun(&is_open);
    words = mem_alloc((size_t)argc + 6, sizeof *words);
    if (!mpirun || length < 0 || !words) {
        if (mpirun)
            fprintf(stderr, "quantcam: its own path cannot be read\n");
        mem_free(words);
        return 1;
    }
    self[length] = '\0';
    forwards = is_open;
    snprintf(count, sizeof count, "%d", start->ranks);
    words[n++] = (char *)mpirun;
    if (is_open)
        words[n++] = "-q"; /* else it calls a job that stopped resumably aborted, in twelve lines */
    words[n++] = "-np";
    words[n++] = count;
    words[n++] = self;
    memcpy(words + n, argv, (size_t)argc * sizeof *words);
    pid = start_child(words, before);
    code = pid > 0 ? wait_for(pid) : signals > 0 ? error_exit_code(ERR_STOPPED) : 1;
    mem_free(words);
    return code;
}

int launch_command(const struct launch *wanted, int argc, char **argv,
                   status (*run)(struct comm *c, void *self), void *self)
{
    struct comm c = { 0 };
    status result;
    int code;

    if (wanted->ranks > 1 && !comm_launched())
        return launch_ranks(wanted, argc, argv);
    result = comm_init(NULL, NULL, &c);
    if (result == OK) {
        log_init(LOG_NORMAL, c.rank, c.host);
        result = run(&c, self);
    }
    code = log_exit(result);
    comm_finish(&c);
    return code;
}
