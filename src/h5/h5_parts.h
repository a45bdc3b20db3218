/* What the files of room h5 share. */
#ifndef QUANTCAM_H5_PARTS_H
#define QUANTCAM_H5_PARTS_H

#include <hdf5.h>

#include "h5.h"

/* Sets ERR_IO with "NAME: PATH: WHAT: HDF5: OUTERMOST (INNERMOST)", without those of name, path and what that
 * are "", and clears HDF5's stack. */
status h5_fail(const char *file, int line, const char *name, const char *path, const char *format, ...)
    PRINTF_LIKE(5, 6);
#define FAIL_H5(name, path, ...) h5_fail(__FILE__, __LINE__, name, path, __VA_ARGS__)

/* Lets go of a handle of any kind; a negative one is none. */
static inline void h5_drop(hid_t id)
{
    if (id >= 0)
        H5Idec_ref(id);
}

/* A new type handle; negative where HDF5 has no memory. */
hid_t h5_type_make(const struct h5_type *type);
hid_t h5_type_text(size_t size, H5T_str_t end, H5T_cset_t letters);

/* Groups keep their links in their header: HDF5 1.10 frees memory twice where the heap of a large group is
 * damaged. Without times. */
int h5_plain_group(hid_t list);

#endif
