/* src/cli/h5.h: the few HDF5 calls that a command of one process needs. Private to the room. */
#ifndef CLI_H5_H
#define CLI_H5_H

#include <hdf5.h>

#include "base.h"

enum { H5_MAX_RANK = 4 };

/* A new file, without times of objects: equal results give equal bytes. HDF5 prints nothing by itself from
 * here on. */
MUST_USE status h5_create(const char *path, hid_t *out);
MUST_USE status h5_open(const char *path, hid_t *out);
/* Closes *file if it is open and sets it to -1. ERR_IO if what was written could not be. */
MUST_USE status h5_close(const char *path, hid_t *file);

/* A contiguous dataset; groups in its name are made. */
MUST_USE status h5_add(hid_t file, const char *name, hid_t type, int rank, const hsize_t *dim);
/* Row `row` (along the first axis) of a dataset, or all of it if row < 0. `type` is of the memory. */
MUST_USE status h5_write(hid_t file, const char *name, hid_t type, int64_t row, const void *data);
MUST_USE status h5_read(const char *path, hid_t file, const char *name, hid_t type, int64_t row, void *data);
MUST_USE status h5_shape(const char *path, hid_t file, const char *name, int rank, hsize_t dim[H5_MAX_RANK]);
/* Attributes of a dataset or of "/". */
MUST_USE status h5_attribute_real(hid_t file, const char *object, const char *name, double value);
MUST_USE status h5_attribute_int(hid_t file, const char *object, const char *name, int64_t value);
MUST_USE status h5_attribute_text(hid_t file, const char *object, const char *name, const char *value);
/* Fixed-length strings, zero-padded, `size` bytes each; freed with H5Tclose. */
hid_t h5_text_type(size_t size);

#endif
