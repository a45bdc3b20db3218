/* src/cli/cmd_version.c: the version, the libraries, the instruction set that would run. */
#include <stdio.h>

#include "base_option.h"
#include "cmd.h"
#include "network.h"
#include "version.h"

static const struct option_table table = {
    .usage = "quantcam version",
    .about = "Prints this build, its libraries, and the instruction sets of this machine.",
};

static status print_version(struct cmd_call *call)
{
    const struct kernel_table *chosen;
    const char *names[8];
    int usable[8], count = kernel_list(names, usable);

    (void)call;
    TRY(network_kernels("auto", &chosen));
    printf("quantcam %s\n%s\ncompiled with %s\ninstruction sets:", version_number(), version_libraries(),
           version_flags());
    for (int i = 0; i < count; i++)
        printf(" %s%s", names[i], usable[i] ? "" : " (not on this CPU)");
    printf("\nchosen: %s\n", chosen->isa);
    return OK;
}

const struct command cmd_version = { .table = &table,
                                     .name = "version",
                                     .run = print_version,
                                     .line = "this build, its libraries, the instruction sets" };
