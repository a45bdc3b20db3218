/* What reading and writing our HDF5 form share. */
#ifndef QUANTCAM_WEIGHT_H5_H
#define QUANTCAM_WEIGHT_H5_H

#include "weight_parts.h"

#include <hdf5.h>

void weight_h5_start(void); /* before any other call of HDF5 */
/* ERR_IO with "WHAT: HDF5: REASON", the library's innermost. */
MUST_USE status weight_h5_fail(const char *what);
/* New types; the caller closes them. A fixed-length text; the elements of a tensor in the file. */
hid_t weight_h5_string(size_t size);
hid_t weight_h5_type(enum dtype dtype);
/* The user block of a file whose rest has this hash. */
void weight_h5_seal(const uint8_t sha256[HASH_SIZE], char out[WEIGHT_H5_SEAL]);

#endif
