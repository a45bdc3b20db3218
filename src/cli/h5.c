/* src/cli/h5.c: the few HDF5 calls that a command of one process needs. */
#include "h5.h"

#include <unistd.h>

/* Upward: the first is the innermost. */
static herr_t take_innermost(unsigned n, const H5E_error2_t *e, void *user)
{
    if (n == 0)
        snprintf(user, 300, "%s", e->desc ? e->desc : "");
    return 0;
}

static status refused(const char *what, const char *name)
{
    char reason[300] = "";

    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_innermost, reason);
    H5Eclear2(H5E_DEFAULT);
    for (char *p = reason; *p; p++)
        if (*p == '\n')
            *p = ' ';
    return FAIL(ERR_IO, "%s: HDF5 cannot %s%s%s", name, what, reason[0] ? ": " : "", reason);
}

/* Before any other call: at exit HDF5 would close again a file that it could not close, and crash. */
static void begin(void)
{
    H5dont_atexit();
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

status h5_create(const char *path, hid_t *out)
{
    begin();
    *out = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    return *out < 0 ? refused("create this file", path) : OK;
}

status h5_open(const char *path, hid_t *out)
{
    uint64_t size;
    int fd;

    *out = -1;
    TRY(text_open_file(path, &fd, &size)); /* HDF5 would wait for a pipe's writer */
    close(fd);
    begin();
    *out = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    return *out < 0 ? refused("open this file", path) : OK;
}

status h5_close(const char *path, hid_t *file)
{
    herr_t closed = *file >= 0 ? H5Fclose(*file) : 0;

    *file = -1;
    return closed < 0 ? refused("close this file", path) : OK;
}

status h5_add(hid_t file, const char *name, hid_t type, int rank, const hsize_t *dim)
{
    hid_t space = H5Screate_simple(rank, dim, NULL), links = H5Pcreate(H5P_LINK_CREATE),
          create = H5Pcreate(H5P_DATASET_CREATE);
    hid_t set = -1;

    if (space >= 0 && links >= 0 && create >= 0 && H5Pset_create_intermediate_group(links, 1) >= 0 &&
        H5Pset_obj_track_times(create, 0) >= 0)
        set = H5Dcreate2(file, name, type, space, links, create, H5P_DEFAULT);
    H5Sclose(space);
    H5Pclose(links);
    H5Pclose(create);
    return set < 0 || H5Dclose(set) < 0 ? refused("create this dataset", name) : OK;
}

/* The memory's and the file's selection of one row, or of everything. */
static int select_row(hid_t set, int64_t row, hid_t *memory, hid_t *space)
{
    hsize_t dim[H5_MAX_RANK], start[H5_MAX_RANK] = { 0 };
    int rank;

    *space = H5Dget_space(set);
    *memory = -1;
    if (*space < 0 || (rank = H5Sget_simple_extent_ndims(*space)) < 0 || rank > H5_MAX_RANK)
        return 0;
    H5Sget_simple_extent_dims(*space, dim, NULL);
    if (row >= 0) {
        if (rank < 1 || (hsize_t)row >= dim[0])
            return 0;
        start[0] = (hsize_t)row;
        dim[0] = 1;
        if (H5Sselect_hyperslab(*space, H5S_SELECT_SET, start, NULL, dim, NULL) < 0)
            return 0;
    }
    *memory = H5Screate_simple(rank, dim, NULL);
    return *memory >= 0;
}

static void close_all(hid_t set, hid_t memory, hid_t space)
{
    if (memory >= 0)
        H5Sclose(memory);
    if (space >= 0)
        H5Sclose(space);
    if (set >= 0)
        H5Dclose(set);
}

status h5_write(hid_t file, const char *name, hid_t type, int64_t row, const void *data)
{
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT), memory = -1, space = -1;
    int good = set >= 0 && select_row(set, row, &memory, &space) &&
               H5Dwrite(set, type, memory, space, H5P_DEFAULT, data) >= 0;

    close_all(set, memory, space);
    return good ? OK : refused("write this dataset", name);
}

status h5_read(const char *path, hid_t file, const char *name, hid_t type, int64_t row, void *data)
{
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT), memory = -1, space = -1;
    int good = set >= 0 && select_row(set, row, &memory, &space) &&
               H5Dread(set, type, memory, space, H5P_DEFAULT, data) >= 0;

    close_all(set, memory, space);
    return good ? OK : FAIL(ERR_IO, "%s: HDF5 cannot read dataset %s", path, name);
}

status h5_shape(const char *path, hid_t file, const char *name, int rank, hsize_t dim[H5_MAX_RANK])
{
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT), space = set < 0 ? -1 : H5Dget_space(set);
    int found = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);

    if (found == rank)
        H5Sget_simple_extent_dims(space, dim, NULL);
    close_all(set, -1, space);
    if (set < 0)
        return FAIL(ERR_MISSING, "%s: no dataset %s", path, name);
    return found == rank ? OK : FAIL(ERR_MISMATCH, "%s: %s has %d axes, not %d", path, name, found, rank);
}

static status attribute(hid_t file, const char *object, const char *name, hid_t type, const void *value)
{
    hid_t space = H5Screate(H5S_SCALAR), a = -1;
    int good;

    a = H5Acreate_by_name(file, object, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    good = a >= 0 && H5Awrite(a, type, value) >= 0;
    if (a >= 0)
        H5Aclose(a);
    H5Sclose(space);
    return good ? OK : refused("write this attribute", name);
}

status h5_attribute_real(hid_t file, const char *object, const char *name, double value)
{
    return attribute(file, object, name, H5T_NATIVE_DOUBLE, &value);
}

status h5_attribute_int(hid_t file, const char *object, const char *name, int64_t value)
{
    return attribute(file, object, name, H5T_NATIVE_INT64, &value);
}

hid_t h5_text_type(size_t size)
{
    hid_t type = H5Tcopy(H5T_C_S1);

    H5Tset_size(type, size > 0 ? size : 1);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    return type;
}

status h5_attribute_text(hid_t file, const char *object, const char *name, const char *value)
{
    size_t size = 0;
    hid_t type;
    status result;

    while (value[size])
        size++;
    type = h5_text_type(size);
    result = attribute(file, object, name, type, value);
    H5Tclose(type);
    return result;
}
