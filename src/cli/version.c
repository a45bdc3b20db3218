#include "version.h"

#include <stdio.h>
#include <string.h>

#include <hdf5.h>

#include "comm.h"

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
    char mpi[64];
    unsigned major = 0, minor = 0, release = 0;

    comm_library(mpi);
    /* The first HDF5 call of the process: later, it is too late to keep HDF5 from closing files at exit,
     * which crashes after a close that failed (store). */
    H5dont_atexit();
    H5get_libversion(&major, &minor, &release);
    snprintf(line, sizeof line, "HDF5 %u.%u.%u, %s, gcc %s, %s build", major, minor, release, mpi,
             __VERSION__, BUILD_KIND);
    return line;
}
