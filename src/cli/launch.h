/* src/cli/launch.h: how a command of several ranks begins and ends; `quantcam run -j N` starts itself N times
 * under mpirun. Private to the room. */
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

/* Local. Starts wanted->ranks of this command under mpirun where they are more than 1 and no launcher has
 * started any; else brings MPI up, runs `run`, which is collective, says its failure and takes MPI down.
 * Returns the exit code. */
int launch_command(const struct launch *wanted, int argc, char **argv,
                   status (*run)(struct comm *c, void *self), void *self);

#endif
