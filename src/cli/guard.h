/* src/cli/guard.h: files of strangers. The HDF5 library trusts the metadata that it reads, and a damaged or
 * hostile file can crash it; commands that read such files run in a process of their own. Private to the
 * room. */
#ifndef CLI_GUARD_H
#define CLI_GUARD_H

/* Runs the command in a child process and returns its exit code; if it crashed, prints one sentence that
 * names the file (the first word of argv that is no option) and returns 1. Killed by a signal from outside,
 * the caller dies of the same. Not after MPI_Init. */
int guard_run(int (*command)(int argc, char **argv), int argc, char **argv);

#endif
