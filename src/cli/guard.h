/* src/cli/guard.h: files of strangers. The HDF5 library trusts the metadata that it reads, and a hostile file
 * can crash it (mere damage it notices: every piece of a result's metadata has a checksum). Commands that
 * read such files run in a process of their own: show, report, verify, inspect, infer, explain, saliency. Not
 * guarded are those whose processes are an MPI job's, since a launcher's signals must reach them and a child
 * of theirs cannot stand in for them: run, quantize, and bench for its like. They read HDF5 in two places. A
 * checkpoint of our HDF5 form is opened only where its SHA-256 fits, which keeps out damage but nobody who
 * computes a new one. And run's rank 0 reads an OUT.part (or OUT) that lies where its own result is to lie:
 * whoever could forge that may write in the user's folder. A forged one of either can end the job by SIGSEGV
 * (139) before any rank has written a byte to it; `verify` tells beforehand, guarded. Private to the room. */
#ifndef CLI_GUARD_H
#define CLI_GUARD_H

/* Runs the command in a child process and returns its exit code; if it crashed, prints one sentence that
 * names the command and the first word of argv that is no option, and returns 1 (verify under a limit of
 * memory: 3). Killed by a signal from outside, the caller dies of the same. Not after MPI_Init. */
int guard_run(int (*command)(int argc, char **argv), int argc, char **argv);

#endif
