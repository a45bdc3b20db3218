/* src/cli/launch.h: `quantcam run -j N` starts itself N times under mpirun. Private to the room. */
#ifndef CLI_LAUNCH_H
#define CLI_LAUNCH_H

#include "comm.h"

struct launch {
    int ranks, oversubscribe; /* so many even where machine_refuses */
    uint64_t weight_bytes;    /* of the checkpoints, which every rank keeps in memory */
};
/* Bytes of a file; 0 where there is none. */
uint64_t launch_file_bytes(const char *path);

/* ERR_USAGE where `ranks` (0: any number) are not those that a launcher has started. */
MUST_USE status launch_check(int ranks, const struct comm *c);

/* Runs `mpirun -np RANKS quantcam ARGV` in its own process group and returns its exit code. mpirun is the one
 * that belongs to the MPI library in use, or QUANTCAM_MPIRUN. SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 and
 * SIGXCPU reach the ranks as one SIGUSR1, so that Ctrl-C ends the job tidily with 75; SIGTSTP and SIGCONT
 * (Ctrl-Z, fg) stop and continue them. 2 and a sentence where the machine cannot hold so many ranks. */
int launch_ranks(const struct launch *start, int argc, char **argv);

#endif
