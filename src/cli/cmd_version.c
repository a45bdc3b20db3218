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

int cmd_version(int argc, char **argv)
{
    struct option_words words;
    const struct kernel_table *chosen;
    const char *names[8];
    int usable[8], count = kernel_list(names, usable), settings = 0;

    if (option_read_args(&table, &settings, argc, argv, &words) != OK) {
        log_error("%s", error_last()->text);
        return 2;
    }
    if (words.help) {
        option_help(&table, &settings, words.help, stdout);
        return 0;
    }
    if (network_kernels("auto", &chosen) != OK)
        return log_exit(ERR_USAGE);
    printf("quantcam %s\n%s\ncompiled with %s\ninstruction sets:", version_number(), version_libraries(),
           version_flags());
    for (int i = 0; i < count; i++)
        printf(" %s%s", names[i], usable[i] ? "" : " (not on this CPU)");
    printf("\nchosen: %s\n", chosen->isa);
    return 0;
}
