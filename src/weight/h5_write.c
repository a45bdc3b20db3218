/* src/weight/h5_write.c: writes a table of tensors in our HDF5 form (include/weight.h). */
#include "weight_h5.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static status write_attribute(hid_t object, const char *name, hid_t type, hsize_t count, const void *values)
{
    hid_t space = count ? H5Screate_simple(1, &count, NULL) : H5Screate(H5S_SCALAR);
    hid_t a = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    status result = a >= 0 && H5Awrite(a, type, values) >= 0 ? OK : weight_h5_fail(name);

    H5Aclose(a);
    H5Sclose(space);
    return result;
}

static status write_text(hid_t object, const char *name, const char *value)
{
    hid_t type = weight_h5_string(strlen(value) + 1);
    status result = type < 0 ? weight_h5_fail(name) : write_attribute(object, name, type, 0, value);

    H5Tclose(type);
    return result;
}

static status write_params(hid_t dataset, const struct tensor *t)
{
    hsize_t channels = (hsize_t)t->channels;

    if (t->quantization == TENSOR_PER_CHANNEL)
        TRY(write_attribute(dataset, "axis", H5T_STD_I32LE, 0, &(int32_t){ t->axis }));
    TRY(write_attribute(dataset, "scale", H5T_IEEE_F64LE, channels, t->scale));
    return write_attribute(dataset, "zero_point", H5T_STD_I64LE, channels, t->zero_point);
}

static status write_elements(hid_t dataset, hid_t type, const struct tensor *t)
{
    uint8_t *copy = NULL;
    herr_t done;

    if (tensor_count(t) == 0)
        return OK;
    if (!tensor_is_contiguous(t)) {
        MEM_TRY(copy, (size_t)tensor_count(t), dtype_size(t->dtype));
        tensor_copy_raw(t, copy);
    }
    done = H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, copy ? copy : t->data);
    mem_free(copy);
    return done >= 0 ? OK : weight_h5_fail("the elements");
}

/* In one piece, never filled, without times: the same tensors give the same bytes. */
static hid_t creation_list(void)
{
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);

    if (list >= 0 &&
        (H5Pset_layout(list, H5D_CONTIGUOUS) < 0 || H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY) < 0 ||
         H5Pset_fill_time(list, H5D_FILL_TIME_NEVER) < 0 || H5Pset_obj_track_times(list, 0) < 0)) {
        H5Pclose(list);
        return -1;
    }
    return list;
}

static status write_tensor(hid_t file, hid_t list, const char *name, const struct tensor *t)
{
    hsize_t dim[TENSOR_MAX_RANK] = { 0 };
    hid_t type = weight_h5_type(t->dtype), space, dataset;
    status result;

    for (int i = 0; i < t->rank; i++)
        dim[i] = (hsize_t)t->dim[i];
    space = t->rank ? H5Screate_simple(t->rank, dim, NULL) : H5Screate(H5S_SCALAR);
    dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    result = dataset < 0 ? weight_h5_fail("cannot be created") : write_elements(dataset, type, t);
    if (result == OK && t->quantization != TENSOR_REAL)
        result = write_params(dataset, t);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Tclose(type);
    return result == OK ? OK : error_prefix(result, "%s", name);
}

static hid_t create_file(const char *path)
{
    hid_t creation = H5Pcreate(H5P_FILE_CREATE), access = H5Pcreate(H5P_FILE_ACCESS), file = -1;
    unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;

    if (H5Pset_userblock(creation, WEIGHT_H5_SEAL) >= 0 && H5Pset_link_creation_order(creation, order) >= 0 &&
        H5Pset_attr_creation_order(creation, order) >= 0 && H5Pset_obj_track_times(creation, 0) >= 0 &&
        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0)
        file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
    H5Pclose(access);
    H5Pclose(creation);
    return file;
}

static status write_all(hid_t file, const struct tensor_table *t, const struct weight_note *notes, int count)
{
    hid_t list = creation_list();
    status result = list < 0 ? weight_h5_fail("the properties of datasets") : OK;

    for (int i = 0; result == OK && i < t->count; i++)
        result = write_tensor(file, list, t->entry[i].name, &t->entry[i].tensor);
    H5Pclose(list);
    for (int i = 0; result == OK && i < count; i++)
        result = write_text(file, notes[i].key, notes[i].value);
    return result;
}

static status hash_rest(int fd, uint8_t sha256[HASH_SIZE])
{
    enum { PIECE = 1 << 16 };
    struct hash h;
    uint8_t *piece;
    ssize_t n = 0;

    MEM_TRY(piece, PIECE, 1);
    hash_start(&h);
    for (off_t at = WEIGHT_H5_SEAL; (n = pread(fd, piece, PIECE, at)) > 0; at += n)
        hash_add(&h, piece, (size_t)n);
    hash_result(&h, sha256);
    mem_free(piece);
    return n == 0 ? OK : FAIL(ERR_IO, "%s", strerror(errno));
}

static status seal_file(const char *path)
{
    char seal[WEIGHT_H5_SEAL];
    uint8_t sha256[HASH_SIZE];
    int fd = open(path, O_RDWR | O_CLOEXEC);
    status result;

    if (fd < 0)
        return FAIL(ERR_IO, "%s", strerror(errno));
    result = hash_rest(fd, sha256);
    if (result == OK) {
        weight_h5_seal(sha256, seal);
        if (pwrite(fd, seal, sizeof seal, 0) != (ssize_t)sizeof seal || fsync(fd) != 0)
            result = FAIL(ERR_IO, "%s", strerror(errno));
    }
    close(fd);
    return result;
}

status weight_h5_write(const char *path, const struct tensor_table *t, const struct weight_note *notes,
                       int count)
{
    hid_t file;
    status result;

    weight_h5_start();
    file = create_file(path);
    if (file < 0)
        return weight_h5_fail("cannot be created");
    result = write_all(file, t, notes, count);
    if (H5Fclose(file) < 0 && result == OK)
        result = weight_h5_fail("cannot be closed");
    return result == OK ? seal_file(path) : result;
}
