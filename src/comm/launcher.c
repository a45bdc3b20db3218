/* src/comm/launcher.c: who started this process, and as how many? A launcher tells by the environment; an MPI
 * library that does not hear it starts every process as a job of one rank. */
#include "comm_internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* The first that is set tells. PMIX_RANK says that there is a launcher, and not of how many. */
static const struct {
    const char *size, *rank, *name;
} launchers[] = {
    { "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "Open MPI's mpirun" },
    { "MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK", "MVAPICH's mpirun" },
    { "PMI_SIZE", "PMI_RANK", "a mpirun of MPICH's kind" },
    { "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "srun" },
};

static int number_in(const char *variable)
{
    const char *text = getenv(variable);
    int64_t number = 0;

    return text && text_parse_int(text, 0, INT32_MAX, &number) ? (int)number : -1;
}

/* The place in `launchers`, or -1. srun's one task may be a shell, or a batch script's step: no launcher. */
static int find(void)
{
    for (size_t i = 0; i < COUNT_OF(launchers); i++) {
        int srun = strcmp(launchers[i].name, "srun") == 0;

        if (number_in(launchers[i].size) > srun)
            return (int)i;
    }
    return -1;
}

int comm_launched(void)
{
    return find() >= 0 || getenv("PMIX_RANK") || getenv("PMI_RANK");
}

void comm_library(char name[64])
{
    char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    const char *at;
    int length = 0;

    MPI_Get_library_version(text, &length); /* allowed before MPI_Init */
    text[strcspn(text, ",\n")] = '\0';
    at = strstr(text, " Version:\t"); /* MPICH's */
    if (at)
        snprintf(name, 64, "%.*s %s", (int)(at - text), text, at + strlen(" Version:\t"));
    else
        snprintf(name, 64, "%.63s", text);
}

static status refuse_srun(int tasks, const char *library)
{
    log_init(LOG_NORMAL, number_in("SLURM_PROCID"), ""); /* one of them speaks */
    return FAIL(
        ERR_USAGE,
        "srun started %d tasks that %s does not know as ranks of one job: start them by `srun --mpi=%s`",
        tasks, library, strncmp(library, "Open MPI", 8) == 0 ? "pmix" : "pmi2");
}

status launcher_check(const struct comm *c)
{
    int i = find(), size = i < 0 ? c->size : number_in(launchers[i].size);
    char library[64];

    if (size == c->size)
        return OK;
    comm_library(library);
    if (getenv("SLURM_STEP_NUM_TASKS") && strcmp(launchers[i].size, "OMPI_COMM_WORLD_SIZE") != 0)
        return refuse_srun(size, library);
    if (c->size == 1)
        log_init(LOG_NORMAL, number_in(launchers[i].rank), c->host);
    return FAIL(
        ERR_USAGE,
        "%s started %d processes (%s), but %s, which quantcam is linked with, knows of %d: start them "
        "by its own mpirun",
        launchers[i].name, size, launchers[i].size, library, c->size);
}

/* In a step of srun's Open MPI wants PMIx, and ends the process in many lines where it finds none. One task,
 * a shell's mostly, is a job of one rank all the same: outside of the step, as it is made to seem. */
static status check_step(void)
{
    int tasks = number_in("SLURM_STEP_NUM_TASKS");
    char library[64];

    comm_library(library);
    if (strncmp(library, "Open MPI", 8) != 0 || tasks < 1 || getenv("OMPI_COMM_WORLD_SIZE") ||
        getenv("PMIX_RANK"))
        return OK;
    if (tasks > 1)
        return refuse_srun(tasks, library);
    unsetenv("SLURM_STEPID");
    unsetenv("SLURM_STEP_ID");
    return OK;
}

/* ---- threads ------------------------------------------------------------------------------------------- */

static void *wait_for_end(void *lock)
{
    pthread_mutex_lock(lock);
    pthread_mutex_unlock(lock);
    return NULL;
}

/* MPI_Init starts threads, and a server where no launcher did; without them it fails in many lines, or hangs.
 */
static status check_threads(void)
{
    enum { ALONE = 9, LAUNCHED = 3 };
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread[ALONE];
    int wanted = comm_launched() ? LAUNCHED : ALONE, have = 0;

    pthread_mutex_lock(&lock);
    while (have < wanted && pthread_create(&thread[have], NULL, wait_for_end, &lock) == 0)
        have++;
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < have; i++)
        pthread_join(thread[i], NULL);
    if (have < wanted)
        return FAIL(ERR_IO,
                    "MPI needs %d threads and processes more, and %d can be started: raise the limit (ulimit "
                    "-u, or of memory, ulimit -v)",
                    wanted, have);
    return OK;
}

status launcher_prepare(void)
{
    TRY(check_step());
    return check_threads();
}
