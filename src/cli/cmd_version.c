#include <stdio.h>

#include "base.h"
#include "cmd.h"
#include "kernel.h"
#include "version.h"

int cmd_version(int argc, char **argv)
{
    const char *names[8];
    int usable[8], count = kernel_list(names, usable);

    printf("quantcam %s\n%s\ncompiled with %s\ninstruction sets:", version_number(), version_libraries(), version_flags());
    for (int i = 0; i < count; i++)
        printf(" %s%s", names[i], usable[i] ? "" : " (not on this CPU)");
    printf("\nchosen: %s\n", kernel_select("auto")->isa);
    return 0;
}
