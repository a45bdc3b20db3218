/* Our HDF5 form (include/weight.h). A 512-byte user block before the HDF5 data holds a SHA-256 of that data:
 * the HDF5 library trusts what it reads, so it gets to see only what weight_save has written. */
#include "weight_parts.h"

#include "h5.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static struct h5_type type_of(enum dtype dtype)
{
    static const char *const as_h5py[] = { "FALSE", "TRUE", NULL };
    static const enum h5_kind kinds[DTYPE_COUNT] = {
        [DTYPE_F32] = H5_F32, [DTYPE_F64] = H5_F64,      [DTYPE_F16] = H5_F16, [DTYPE_BF16] = H5_BF16,
        [DTYPE_U8] = H5_U8,   [DTYPE_S8] = H5_S8,        [DTYPE_S16] = H5_S16, [DTYPE_S32] = H5_S32,
        [DTYPE_S64] = H5_S64, [DTYPE_BOOL] = H5_NAMES_S8
    };

    return (struct h5_type){ kinds[dtype], 0, as_h5py };
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
    struct h5_file file;
    const uint8_t *bytes;
    uint64_t size;
    struct tensor_table *out;
    int64_t channels; /* of all quantized tensors */
};

static status read_params(struct h5_reader *r, const struct h5_set *set, struct tensor *t)
{
    int32_t axis = -1;

    if (h5_has(set, "axis"))
        TRY(h5_attribute_read(set, "axis", H5_S32, 1, &axis));
    if (axis >= t->rank || (axis >= 0 && t->dim[axis] > WEIGHT_MAX_CHANNELS))
        return FAIL(ERR_FORMAT, "it is quantized along axis %d", axis);
    TRY(weight_alloc_params(t, axis, &r->channels));
    TRY(h5_attribute_read(set, "scale", H5_F64, t->channels, t->scale));
    TRY(h5_attribute_read(set, "zero_point", H5_S64, t->channels, t->zero_point));
    for (int i = 0; i < t->channels; i++)
        TRY(weight_set_params(t, i, t->scale[i], (double)t->zero_point[i]));
    return OK;
}

static status read_dtype(const struct h5_set *set, struct tensor *t)
{
    for (int i = 0; i < DTYPE_COUNT; i++) {
        struct h5_type type = type_of((enum dtype)i);
        t->dtype = (enum dtype)i;
        if (h5_set_is(set, &type))
            return OK;
    }
    return FAIL(ERR_FORMAT, "its elements have a type that weights do not have");
}

static status read_shape(const struct h5_set *set, struct tensor *t)
{
    t->rank = set->rank;
    if (t->rank > TENSOR_MAX_RANK)
        return FAIL(ERR_FORMAT, "it has %d extents, at most %d are read", t->rank, TENSOR_MAX_RANK);
    memcpy(t->dim, set->dim, (size_t)t->rank * sizeof *t->dim);
    return weight_set_strides(t);
}

/* The bytes must lie in this file, one after the other. */
static status place(const struct h5_reader *r, const struct h5_set *set, struct tensor *t)
{
    struct h5_place place = h5_set_place(set);
    uint64_t size = (uint64_t)tensor_count(t) * dtype_size(t->dtype);

    t->data = (void *)(uintptr_t)r->bytes;
    if (size == 0)
        return OK;
    if (place.how != H5_ONE_PIECE || place.bytes != size || place.at > r->size || size > r->size - place.at)
        return FAIL(ERR_FORMAT, "its %llu bytes are not one piece of the file", (unsigned long long)size);
    t->data = (void *)(uintptr_t)(r->bytes + place.at);
    return OK;
}

static status read_link(struct h5_reader *r, int64_t i)
{
    char name[WEIGHT_MAX_NAME + 2];
    int hard;
    int64_t size = h5_link(&r->file, i, name, sizeof name, &hard);
    struct tensor t = { 0 };
    struct h5_set set;
    status result;

    if (size < 1 || size > WEIGHT_MAX_NAME || !text_is_utf8(name, (size_t)size))
        return FAIL(ERR_FORMAT, "object number %lld has a name of %lld bytes", (long long)i, (long long)size);
    if (!hard)
        return FAIL(ERR_FORMAT, "%s is a link, not a dataset", name);
    TRY(h5_set_open(&r->file, name, NULL, &set));
    TRY_OUT(read_dtype(&set, &t));
    TRY_OUT(read_shape(&set, &t));
    TRY_OUT(place(r, &set, &t));
    if (h5_has(&set, "scale"))
        TRY_OUT(read_params(r, &set, &t));
    result = names_take(r->out, name, &t);
out:
    h5_set_close(&set);
    tensor_free(&t);
    return error_prefix(result, "%s", name);
}

static status read_all(struct h5_reader *r)
{
    struct h5_set root = h5_root(&r->file);
    int64_t links = h5_links(&r->file), notes = h5_attributes(&root);
    char name[WEIGHT_MAX_NAME + 1], *value;
    status result = OK;

    if (links < 0 || notes < 0)
        return FAIL(ERR_FORMAT, "its list of tensors cannot be read");
    if (links > WEIGHT_MAX_TENSORS || notes > WEIGHT_MAX_NOTES)
        return FAIL(ERR_MEMORY, "%lld tensors and %lld notes, more than the %d and %d that are read",
                    (long long)links, (long long)notes, WEIGHT_MAX_TENSORS, WEIGHT_MAX_NOTES);
    for (int64_t i = 0; i < links; i++)
        TRY(read_link(r, i));
    MEM_TRY(value, WEIGHT_MAX_NOTE + 2, 1);
    for (int64_t i = 0; i < notes && result == OK; i++)
        result = h5_attribute_at(&root, i, name, sizeof name, value, WEIGHT_MAX_NOTE + 2) == OK
                     ? table_add_note(r->out, name, value)
                     : FAIL(ERR_FORMAT, "note number %lld is no short text", (long long)i);
    mem_free(value);
    return result;
}

status weight_h5_read(const char *path, const uint8_t *bytes, uint64_t size, struct tensor_table *out)
{
    struct h5_reader r = { .bytes = bytes, .size = size, .out = out };
    char seal[WEIGHT_H5_SEAL];
    uint8_t sha256[HASH_SIZE];

    if (size < WEIGHT_H5_SEAL)
        return FAIL(ERR_FORMAT, "the file ends inside its seal");
    hash_bytes(bytes + WEIGHT_H5_SEAL, (size_t)(size - WEIGHT_H5_SEAL), sha256);
    weight_h5_seal(sha256, seal);
    if (memcmp(bytes, seal, sizeof seal) != 0)
        return FAIL(ERR_FORMAT, "the file was changed after quantcam wrote it: its seal does not fit");
    TRY(h5_open(path, "", H5_READ, &r.file));
    return h5_close(&r.file, read_all(&r));
}

/* ---- writing --------------------------------------------------------------------------------------- */

static status write_params(const struct h5_set *set, const struct tensor *t)
{
    if (t->quantization == TENSOR_PER_CHANNEL)
        TRY(h5_attribute_write(set, "axis", H5_S32, 0, &(int32_t){ t->axis }));
    TRY(h5_attribute_write(set, "scale", H5_F64, t->channels, t->scale));
    return h5_attribute_write(set, "zero_point", H5_S64, t->channels, t->zero_point);
}

static status write_elements(const struct h5_set *set, const struct tensor *t)
{
    uint8_t *copy = NULL;
    status result;

    if (tensor_count(t) == 0)
        return OK;
    if (!tensor_is_contiguous(t)) {
        MEM_TRY(copy, (size_t)tensor_count(t), dtype_size(t->dtype));
        tensor_copy_raw(t, copy);
    }
    result = h5_write(set, 0, t->rank ? t->dim[0] : 1, copy ? copy : t->data);
    mem_free(copy);
    return result;
}

static status write_tensor(const struct h5_file *file, const char *name, const struct tensor *t)
{
    struct h5_type type = type_of(t->dtype);
    struct h5_set set;
    status result;

    TRY(h5_set_create(file, name, &type, t->rank, t->dim, H5_UNFILLED, &set));
    result = write_elements(&set, t);
    if (result == OK && t->quantization != TENSOR_REAL)
        result = write_params(&set, t);
    return h5_set_finish(&set, result);
}

static status write_all(const struct h5_file *file, const struct tensor_table *t,
                        const struct weight_note *notes, int count)
{
    struct h5_set root = h5_root(file);

    for (int i = 0; i < t->count; i++)
        TRY(write_tensor(file, t->entry[i].name, &t->entry[i].tensor));
    for (int i = 0; i < count; i++)
        TRY(h5_attribute_write_text(&root, notes[i].key, H5_TEXT_ENDED, notes[i].value));
    return OK;
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
    struct h5_form form = { .user_block = WEIGHT_H5_SEAL, .ordered = 1 };
    struct h5_file file;
    status result;

    TRY(h5_create(path, "", &form, &file));
    result = h5_close(&file, write_all(&file, t, notes, count));
    return result == OK ? seal_file(path) : result;
}
