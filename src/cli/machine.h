/* src/cli/machine.h: how many ranks this machine can hold. Private to the room. */
#ifndef CLI_MACHINE_H
#define CLI_MACHINE_H

#include "base.h"

/* Memory that new processes can have, of the machine and of the container, in bytes; UINT64_MAX where neither
 * says. root: "" or, for tests, a folder with a /proc and a /sys. */
uint64_t machine_free_bytes(const char *root);

/* ERR_USAGE where `ranks` are more than 64 a core that this process may use, or need more memory than is free
 * here (of the machine, or of the container): 32 MB each and `bytes`. In a Slurm job of several nodes, of all
 * of them. */
MUST_USE status machine_refuses(int ranks, uint64_t bytes);

#endif
