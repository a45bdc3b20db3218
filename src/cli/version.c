/* src/cli/version.c: what this program was built from and with. */
#include "version.h"

#include <stdio.h>
#include <string.h>

#include "comm.h"
#include "h5.h"

const char *version_number(void)
{
    return BUILD_VERSION;
}

const char *version_flags(void)
{
    return BUILD_FLAGS;
}

const char *version_libraries(void)
{
    static char line[512];
    char mpi[64], hdf5[32];

    comm_library(mpi);
    h5_version(hdf5);
    snprintf(line, sizeof line, "HDF5 %s, %s, gcc %s, %s build", hdf5, mpi, __VERSION__, BUILD_KIND);
    return line;
}
