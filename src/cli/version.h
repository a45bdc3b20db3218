/* version: what this build is, for `version`, the run's log and the result file. */
#ifndef CLI_VERSION_H
#define CLI_VERSION_H

const char *version_number(void);      /* "0.1.0" */
/* One line: "HDF5 1.10.8, Open MPI 4.1.4, OpenBLAS ..., gcc 12.2.0, release"; static storage. */
const char *version_libraries(void);
const char *version_flags(void);       /* the compiler line's options */

#endif
