/* src/cli/launch.h: `quantcam run -j N` starts itself N times under mpirun. Private to the room. */
#ifndef CLI_LAUNCH_H
#define CLI_LAUNCH_H

/* 1 if no launcher started this process: -j then means something. */
int launch_needed(void);
/* Runs `mpirun -np ranks quantcam ARGV` in its own process group and returns its exit code. SIGTERM and
 * SIGINT reach the ranks as one SIGUSR1, so that Ctrl-C ends the job tidily with 75. */
int launch_ranks(int ranks, int argc, char **argv);

#endif
