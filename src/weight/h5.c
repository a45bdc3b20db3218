/* Our HDF5 form (include/weight.h). A 512-byte user block before the HDF5 data holds a SHA-256 of that data:
 * the HDF5 library trusts what it reads, so it gets to see only what weight_save has written. */
#include "weight_h5.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

void weight_h5_start(void)
{
    /* As the store: nobody else writes a file that is being read, and not every file system has locks; at
     * exit HDF5 1.10 would close once more what could not be closed. */
    setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0);
    H5dont_atexit();
    H5open();
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static herr_t take_innermost(unsigned n, const H5E_error2_t *e, void *user)
{
    if (n == 0)
        snprintf(user, 160, "%s", e->desc ? e->desc : "");
    return 0;
}

status weight_h5_fail(const char *what)
{
    char reason[160] = "";

    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_innermost, reason);
    H5Eclear2(H5E_DEFAULT);
    for (char *p = reason; *p; p++)
        if (*p == '\n')
            *p = ' ';
    return FAIL(ERR_IO, "%s: HDF5: %s", what, reason[0] ? reason : "failed");
}

hid_t weight_h5_string(size_t size)
{
    hid_t t = H5Tcopy(H5T_C_S1);

    if (t >= 0 && (H5Tset_size(t, size) < 0 || H5Tset_cset(t, H5T_CSET_UTF8) < 0)) {
        H5Tclose(t);
        return -1;
    }
    return t;
}

static hid_t half_type(size_t mantissa, size_t exponent, size_t bias)
{
    hid_t t = H5Tcopy(H5T_IEEE_F32LE);

    if (t >= 0 && (H5Tset_fields(t, 15, mantissa, exponent, 0, mantissa) < 0 || H5Tset_size(t, 2) < 0 ||
                   H5Tset_ebias(t, bias) < 0)) {
        H5Tclose(t);
        return -1;
    }
    return t;
}

/* As h5py's bool. */
static hid_t bool_type(void)
{
    hid_t t = H5Tenum_create(H5T_STD_I8LE);

    if (t >= 0 &&
        (H5Tenum_insert(t, "FALSE", &(int8_t){ 0 }) < 0 || H5Tenum_insert(t, "TRUE", &(int8_t){ 1 }) < 0)) {
        H5Tclose(t);
        return -1;
    }
    return t;
}

hid_t weight_h5_type(enum dtype dtype)
{
    switch (dtype) {
    case DTYPE_F32:
        return H5Tcopy(H5T_IEEE_F32LE);
    case DTYPE_F64:
        return H5Tcopy(H5T_IEEE_F64LE);
    case DTYPE_F16:
        return half_type(10, 5, 15);
    case DTYPE_BF16:
        return half_type(7, 8, 127);
    case DTYPE_U8:
        return H5Tcopy(H5T_STD_U8LE);
    case DTYPE_S8:
        return H5Tcopy(H5T_STD_I8LE);
    case DTYPE_S16:
        return H5Tcopy(H5T_STD_I16LE);
    case DTYPE_S32:
        return H5Tcopy(H5T_STD_I32LE);
    case DTYPE_S64:
        return H5Tcopy(H5T_STD_I64LE);
    case DTYPE_BOOL:
        return bool_type();
    case DTYPE_COUNT:
        break;
    }
    error_bug(__FILE__, __LINE__, "dtype < DTYPE_COUNT");
}

void weight_h5_seal(const uint8_t sha256[HASH_SIZE], char out[WEIGHT_H5_SEAL])
{
    char hex[2 * HASH_SIZE + 1];

    memset(out, 0, WEIGHT_H5_SEAL);
    snprintf(out, WEIGHT_H5_SEAL, "%s\nsha256 of what follows these %d bytes: %s\n", WEIGHT_H5_MAGIC,
             WEIGHT_H5_SEAL, hash_hex(sha256, hex));
}

/* ---- reading --------------------------------------------------------------------------------------- */

/* A file being read; tensors are views of its mapped bytes. */
struct h5_reader {
    hid_t file;
    const uint8_t *bytes;
    uint64_t size;
    struct tensor_table *out;
    int64_t channels;    /* of all quantized tensors */
};

/* All of an attribute's `count` elements, which must have exactly this type. */
static status read_attribute(hid_t object, const char *name, hid_t type, int64_t count, void *out)
{
    hid_t a = H5Aopen(object, name, H5P_DEFAULT), space = -1, is = -1;
    status result = OK;

    if (a < 0)
        return weight_h5_fail(name);
    space = H5Aget_space(a);
    is = H5Aget_type(a);
    if (H5Sget_simple_extent_npoints(space) != count || H5Tequal(is, type) <= 0)
        result = FAIL(ERR_FORMAT, "attribute %s is not %lld values of the type that is expected", name,
                      (long long)count);
    else if (H5Aread(a, type, out) < 0)
        result = weight_h5_fail(name);
    H5Tclose(is);
    H5Sclose(space);
    H5Aclose(a);
    return result;
}

static status read_params(struct h5_reader *r, hid_t dataset, struct tensor *t)
{
    int32_t axis = -1;

    if (H5Aexists(dataset, "axis") > 0)
        TRY(read_attribute(dataset, "axis", H5T_STD_I32LE, 1, &axis));
    if (axis >= t->rank || (axis >= 0 && t->dim[axis] > WEIGHT_MAX_CHANNELS))
        return FAIL(ERR_FORMAT, "it is quantized along axis %d", axis);
    TRY(weight_alloc_params(t, axis, &r->channels));
    TRY(read_attribute(dataset, "scale", H5T_IEEE_F64LE, t->channels, t->scale));
    TRY(read_attribute(dataset, "zero_point", H5T_STD_I64LE, t->channels, t->zero_point));
    for (int i = 0; i < t->channels; i++)
        TRY(weight_set_params(t, i, t->scale[i], (double)t->zero_point[i]));
    return OK;
}

static status read_dtype(hid_t type, struct tensor *t)
{
    int found = 0;

    for (int i = 0; !found && i < DTYPE_COUNT; i++) {
        hid_t candidate = weight_h5_type((enum dtype)i);
        found = H5Tequal(type, candidate) > 0;
        H5Tclose(candidate);
        t->dtype = (enum dtype)i;
    }
    return found ? OK : FAIL(ERR_FORMAT, "its elements have a type that weights do not have");
}

static status read_shape(hid_t space, struct tensor *t)
{
    hsize_t dim[H5S_MAX_RANK];
    int64_t step = 1;

    t->rank = H5Sget_simple_extent_ndims(space);
    if (t->rank < 0 || t->rank > TENSOR_MAX_RANK || H5Sget_simple_extent_dims(space, dim, NULL) < 0)
        return FAIL(ERR_FORMAT, "it has %d extents, at most %d are read", t->rank, TENSOR_MAX_RANK);
    for (int i = t->rank - 1; i >= 0; i--) {
        t->stride[i] = step;
        if (dim[i] > (hsize_t)1 << 32 || (dim[i] > 0 && step > (INT64_C(1) << 32) / (int64_t)dim[i]))
            return FAIL(ERR_FORMAT, "it has more than 2^32 elements");
        t->dim[i] = (int64_t)dim[i];
        step *= dim[i] > 0 ? t->dim[i] : 1;
    }
    return OK;
}

/* The bytes must lie in this file, one after the other. */
static status place(const struct h5_reader *r, hid_t dataset, struct tensor *t)
{
    hid_t list = H5Dget_create_plist(dataset);
    int plain = H5Pget_layout(list) == H5D_CONTIGUOUS && H5Pget_external_count(list) == 0;
    uint64_t size = (uint64_t)tensor_count(t) * dtype_size(t->dtype);
    haddr_t at;

    H5Pclose(list);
    if (size == 0) {
        t->data = (void *)(uintptr_t)r->bytes;
        return OK;
    }
    at = H5Dget_offset(dataset);
    if (!plain || at == HADDR_UNDEF || H5Dget_storage_size(dataset) != size || at > r->size ||
        size > r->size - at)
        return FAIL(ERR_FORMAT, "its %llu bytes are not one piece of the file", (unsigned long long)size);
    t->data = (void *)(uintptr_t)(r->bytes + at);
    return OK;
}

static status read_dataset(struct h5_reader *r, hid_t dataset, struct tensor *t)
{
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    status result = read_dtype(type, t);

    if (result == OK)
        result = read_shape(space, t);
    H5Sclose(space);
    H5Tclose(type);
    if (result == OK)
        result = place(r, dataset, t);
    if (result == OK && H5Aexists(dataset, "scale") > 0)
        result = read_params(r, dataset, t);
    return result;
}

static status read_link(struct h5_reader *r, hsize_t i)
{
    char name[WEIGHT_MAX_NAME + 2];
    ssize_t size =
        H5Lget_name_by_idx(r->file, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, i, name, sizeof name, H5P_DEFAULT);
    struct tensor t = { 0 };
    H5L_info_t link;
    hid_t dataset;
    status result;

    if (size < 1 || size > WEIGHT_MAX_NAME || !text_is_utf8(name, (size_t)size))
        return FAIL(ERR_FORMAT, "object number %llu has a name of %lld bytes", (unsigned long long)i,
                    (long long)size);
    if (H5Lget_info(r->file, name, &link, H5P_DEFAULT) < 0 || link.type != H5L_TYPE_HARD)
        return FAIL(ERR_FORMAT, "%s is a link, not a dataset", name);
    dataset = H5Dopen2(r->file, name, H5P_DEFAULT);
    if (dataset < 0)
        return weight_h5_fail(name);
    result = read_dataset(r, dataset, &t);
    H5Dclose(dataset);
    if (result == OK)
        result = names_take(r->out, name, &t);
    tensor_free(&t);
    return result == OK ? OK : error_prefix(result, "%s", name);
}

static status read_note(const struct h5_reader *r, hsize_t i)
{
    hid_t a = H5Aopen_by_idx(r->file, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, i, H5P_DEFAULT, H5P_DEFAULT);
    hid_t type = H5Aget_type(a), space = H5Aget_space(a), as = -1;
    char name[WEIGHT_MAX_NAME + 2], *value = NULL;
    size_t size = H5Tget_size(type);
    int good = H5Aget_name(a, sizeof name, name) <= WEIGHT_MAX_NAME && H5Tget_class(type) == H5T_STRING &&
               H5Tis_variable_str(type) == 0 && size <= WEIGHT_MAX_NOTE + 1 &&
               H5Sget_simple_extent_npoints(space) == 1;
    status result = good ? OK : FAIL(ERR_FORMAT, "note number %llu is no short text", (unsigned long long)i);

    if (good) {
        value = mem_alloc(size + 1, 1);
        as = weight_h5_string(size + 1);
        if (!value)
            result = FAIL(ERR_MEMORY, "no memory for a note of %zu bytes", size);
        else if (H5Aread(a, as, value) < 0)
            result = weight_h5_fail(name);
        else
            result = table_add_note(r->out, name, value);
    }
    mem_free(value);
    H5Tclose(as);
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(a);
    H5Eclear2(H5E_DEFAULT);
    return result;
}

static status read_all(struct h5_reader *r)
{
    H5G_info_t group;
    H5O_info_t object;

    if (H5Gget_info(r->file, &group) < 0 || H5Oget_info_by_name(r->file, "/", &object, H5P_DEFAULT) < 0)
        return weight_h5_fail("/");
    if (group.nlinks > WEIGHT_MAX_TENSORS || object.num_attrs > WEIGHT_MAX_NOTES)
        return FAIL(ERR_MEMORY, "%llu tensors and %llu notes, more than the %d and %d that are read",
                    (unsigned long long)group.nlinks, (unsigned long long)object.num_attrs,
                    WEIGHT_MAX_TENSORS, WEIGHT_MAX_NOTES);
    for (hsize_t i = 0; i < group.nlinks; i++)
        TRY(read_link(r, i));
    for (hsize_t i = 0; i < object.num_attrs; i++)
        TRY(read_note(r, i));
    return OK;
}

status weight_h5_read(const char *path, const uint8_t *bytes, uint64_t size, struct tensor_table *out)
{
    struct h5_reader r = { .bytes = bytes, .size = size, .out = out };
    char seal[WEIGHT_H5_SEAL];
    uint8_t sha256[HASH_SIZE];
    status result;

    if (size < WEIGHT_H5_SEAL)
        return FAIL(ERR_FORMAT, "the file ends inside its seal");
    hash_bytes(bytes + WEIGHT_H5_SEAL, (size_t)(size - WEIGHT_H5_SEAL), sha256);
    weight_h5_seal(sha256, seal);
    if (memcmp(bytes, seal, sizeof seal) != 0)
        return FAIL(ERR_FORMAT, "the file was changed after quantcam wrote it: its seal does not fit");
    weight_h5_start();
    r.file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (r.file < 0)
        return weight_h5_fail("cannot be opened");
    result = read_all(&r);
    H5Fclose(r.file);
    return result;
}
