/* A tensor of an ONNX file: its elements lie as they are (raw_data), one by one in a field of their type, or
 * in a file beside the model. */
#include "onnx_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Fields of a TensorProto. */
enum {
    DIMS = 1,
    TYPE = 2,
    SEGMENT = 3,
    F32_DATA = 4,
    S32_DATA = 5,
    TEXT_DATA = 6,
    S64_DATA = 7,
    NAME = 8,
    RAW = 9,
    F64_DATA = 10,
    U64_DATA = 11,
    EXTERNAL = 13,
    LOCATION = 14
};

static const struct row {
    int type, dtype;
    const char *name;
    int field; /* of the elements one by one */
} rows[] = {
    { ONNX_F32, DTYPE_F32, "float", F32_DATA },
    { ONNX_U8, DTYPE_U8, "uint8", S32_DATA },
    { ONNX_S8, DTYPE_S8, "int8", S32_DATA },
    { ONNX_U16, -1, "uint16", S32_DATA },
    { ONNX_S16, DTYPE_S16, "int16", S32_DATA },
    { ONNX_S32, DTYPE_S32, "int32", S32_DATA },
    { ONNX_S64, DTYPE_S64, "int64", S64_DATA },
    { ONNX_TEXT, -1, "string", TEXT_DATA },
    { ONNX_BOOL, DTYPE_BOOL, "bool", S32_DATA },
    { ONNX_F16, DTYPE_F16, "float16", S32_DATA },
    { ONNX_F64, DTYPE_F64, "double", F64_DATA },
    { ONNX_BF16, DTYPE_BF16, "bfloat16", S32_DATA },
    { ONNX_U4, DTYPE_U8, "uint4", S32_DATA },
    { ONNX_S4, DTYPE_S8, "int4", S32_DATA },
    { 17, -1, "float8e4m3fn", RAW },
    { 18, -1, "float8e4m3fnuz", RAW },
    { 19, -1, "float8e5m2", RAW },
    { 20, -1, "float8e5m2fnuz", RAW },
};

static const struct row *find_row(int type)
{
    static const struct row none = { 0, -1, "an unknown type", 0 };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].type == type)
            return &rows[i];
    return &none;
}

const char *onnx_type_name(int type)
{
    return find_row(type)->name;
}

int onnx_type_dtype(int type)
{
    return find_row(type)->dtype;
}

int onnx_is_real(int type)
{
    return type == ONNX_F32 || type == ONNX_F16 || type == ONNX_F64 || type == ONNX_BF16;
}

status onnx_text(struct onnx *x, const struct protobuf_field *f, const char **out)
{
    struct protobuf m;
    char *copy;

    TRY(protobuf_message(f, &m));
    if (m.size > ONNX_MAX_NAME)
        return FAIL(ERR_FORMAT, "byte %llu: a text of %llu bytes, more than %d",
                    (unsigned long long)f->offset, (unsigned long long)m.size, ONNX_MAX_NAME);
    if (!text_is_printable((const char *)m.bytes, m.size))
        return FAIL(ERR_FORMAT, "byte %llu: a name that is no printable text", (unsigned long long)f->offset);
    MEM_TAKE(&x->set, copy, m.size + 1, 1);
    memcpy(copy, m.bytes, m.size);
    *out = copy;
    return OK;
}

status onnx_copied(struct onnx *x, uint64_t bytes)
{
    static const uint64_t most = UINT64_C(2) << 30;

    x->copied += bytes;
    return x->copied <= most ? OK : FAIL(ERR_MEMORY, "more than 2 GiB of tensors beside the model's file");
}

/* A tensor being read. Its fields are gone through twice: what it is, then its elements one by one. */
struct reading {
    struct onnx *x;
    struct tensor t;
    int type;
    const struct row *row;
    const char *name;
    const uint8_t *raw;
    uint64_t raw_size;
    int has_raw, typed, external;
    const char *location;
    int64_t offset, length;
    int64_t count, at; /* of elements one by one */
    uint8_t *bytes;    /* where those go */
    uint64_t bytes_size;
    struct mem_set kept; /* `bytes` where they are no tensor's */
};

static status add_extent(void *user, uint64_t bits)
{
    struct reading *r = user;

    if (r->t.rank == TENSOR_MAX_RANK)
        return FAIL(ERR_FORMAT, "it has more than %d extents", TENSOR_MAX_RANK);
    if (bits >> 31)
        return FAIL(ERR_FORMAT, "an extent of %lld", (long long)bits);
    r->t.dim[r->t.rank++] = (int64_t)bits;
    return OK;
}

/* A key and its value. */
struct entry {
    struct onnx *x;
    const char *text[2];
};

static status read_entry(void *user, const struct protobuf_field *f)
{
    struct entry *e = user;

    return f->number == 1 || f->number == 2 ? onnx_text(e->x, f, &e->text[f->number - 1]) : OK;
}

static status read_external(struct reading *r, const struct protobuf_field *f)
{
    struct entry e = { .x = r->x, .text = { "", "" } };
    const char *key, *value;

    TRY(protobuf_open(f, read_entry, &e));
    key = e.text[0];
    value = e.text[1];
    if (strcmp(key, "location") == 0)
        r->location = value;
    else if ((strcmp(key, "offset") == 0 && !text_parse_int(value, 0, INT64_MAX, &r->offset)) ||
             (strcmp(key, "length") == 0 && !text_parse_int(value, 0, INT64_MAX, &r->length)))
        return FAIL(ERR_FORMAT, "its %s in another file is '%.40s', no whole number", key, value);
    return OK;
}

/* What the tensor is, and where its elements are. */
static status read_field(void *user, const struct protobuf_field *f)
{
    struct reading *r = user;
    int64_t whole;

    switch (f->number) {
    case DIMS:
        return protobuf_numbers(f, PROTOBUF_VARINT, add_extent, r);
    case TYPE:
        TRY(protobuf_whole(f, &whole));
        r->type = whole >= 0 && whole < 64 ? (int)whole : -1;
        return OK;
    case NAME:
        return onnx_text(r->x, f, &r->name);
    case RAW:
        r->raw = f->bytes;
        r->raw_size = f->value;
        r->has_raw = 1;
        return f->type == PROTOBUF_BYTES ? OK : FAIL(ERR_FORMAT, "its raw_data is a number");
    case EXTERNAL:
        return read_external(r, f);
    case LOCATION:
        TRY(protobuf_whole(f, &whole));
        r->external = whole == 1;
        return OK;
    case F32_DATA:
    case S32_DATA:
    case TEXT_DATA:
    case S64_DATA:
    case F64_DATA:
    case U64_DATA:
        if (f->type != PROTOBUF_BYTES || f->value > 0)
            r->typed = (int)f->number;
        return OK;
    case SEGMENT:
        return FAIL(ERR_FORMAT, "it is one segment of a tensor");
    default:
        return OK;
    }
}

/* Number `count` of the elements one by one: floats and doubles as they are, whole numbers in 32 or 64 bits,
 * of which narrower types take the lowest, whose sign may fill the others. */
static status add_element(void *user, uint64_t bits)
{
    struct reading *r = user;
    size_t size = dtype_size((enum dtype)r->t.dtype);
    int narrow = r->row->field == S32_DATA && size < 4;
    int64_t value = (int64_t)bits;

    if (r->at == r->count)
        return FAIL(ERR_FORMAT, "it has more elements than its shape says");
    if (r->row->field == S32_DATA && (value < INT32_MIN || value > UINT32_MAX))
        return FAIL(ERR_FORMAT, "its element %lld does not fit into 32 bits", (long long)r->at);
    if (narrow && (value < -(INT64_C(1) << (8 * size - 1)) || value >= INT64_C(1) << 8 * size))
        return FAIL(ERR_FORMAT, "its element %lld is %lld, which %s does not hold", (long long)r->at,
                    (long long)value, r->row->name);
    for (size_t i = 0; i < size; i++)
        r->bytes[(size_t)r->at * size + i] = (uint8_t)(bits >> 8 * i);
    r->at++;
    return OK;
}

static status read_elements(void *user, const struct protobuf_field *f)
{
    struct reading *r = user;
    enum protobuf_type type = r->row->field == F32_DATA   ? PROTOBUF_FOUR
                              : r->row->field == F64_DATA ? PROTOBUF_EIGHT
                                                          : PROTOBUF_VARINT;

    return (int)f->number == r->row->field ? protobuf_numbers(f, type, add_element, r) : OK;
}

static status fill_typed(struct reading *r, struct protobuf m)
{
    TRY(protobuf_visit(m, read_elements, r));
    return r->at == r->count ? OK
                             : FAIL(ERR_FORMAT, "it has %lld elements, and its shape says %lld",
                                    (long long)r->at, (long long)r->count);
}

/* ---- tensors in other files -------------------------------------------------------------------------- */

static status open_file(struct onnx *x, const char *name, struct onnx_file **out)
{
    const char *slash = strrchr(x->path, '/');
    char path[4096];
    struct stat st;
    struct onnx_file *f;

    for (int i = 0; i < x->files; i++)
        if (strcmp(x->file[i].name, name) == 0) {
            *out = &x->file[i];
            return OK;
        }
    if (!*name || strchr(name, '/') || strcmp(name, "..") == 0 || strcmp(name, ".") == 0)
        return FAIL(ERR_FORMAT, "its elements are in '%.200s', which is no file beside the model", name);
    if (x->files == ONNX_MAX_FILES)
        return FAIL(ERR_FORMAT, "elements are in more than %d files", ONNX_MAX_FILES);
    if (snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - x->path + 1) : 0, x->path, name) >=
        (int)sizeof path)
        return FAIL(ERR_FORMAT, "the path to '%.200s' is too long", name);
    f = &x->file[x->files];
    f->fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (f->fd < 0)
        return FAIL(errno == ENOENT ? ERR_MISSING : ERR_IO,
                    "its elements are in '%.200s', which cannot be opened beside the model: %s", name,
                    errno == ELOOP ? "it is a link" : strerror(errno));
    x->files++;
    f->name = name;
    if (fstat(f->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return FAIL(ERR_IO, "its elements are in '%.200s', which is no file", name);
    f->size = (uint64_t)st.st_size;
    *out = f;
    return OK;
}

static status fill_external(struct reading *r)
{
    struct onnx_file *f;

    if (!r->location)
        return FAIL(ERR_FORMAT, "its elements are in another file that it does not name");
    TRY(open_file(r->x, r->location, &f));
    if (r->length >= 0 && (uint64_t)r->length != r->bytes_size)
        return FAIL(ERR_FORMAT, "it has %lld bytes in '%.200s', and its shape says %llu",
                    (long long)r->length, f->name, (unsigned long long)r->bytes_size);
    if ((uint64_t)r->offset > f->size || r->bytes_size > f->size - (uint64_t)r->offset)
        return FAIL(ERR_FORMAT, "bytes %lld and %llu following are outside '%.200s', which has %llu",
                    (long long)r->offset, (unsigned long long)r->bytes_size, f->name,
                    (unsigned long long)f->size);
    TRY(onnx_copied(r->x, r->bytes_size));
    for (uint64_t done = 0; done < r->bytes_size;) {
        ssize_t n = pread(f->fd, r->bytes + done, r->bytes_size - done, (off_t)((uint64_t)r->offset + done));

        if (n <= 0)
            return FAIL(ERR_IO, "'%.200s' cannot be read: %s", f->name, n ? strerror(errno) : "it ends");
        done += (uint64_t)n;
    }
    return OK;
}

/* ---- putting it together ----------------------------------------------------------------------------- */

/* Two a byte, the first in the lowest bits. */
static void unpack_nibbles(const struct reading *r, const uint8_t *from)
{
    uint8_t *to = r->t.data;
    int64_t count = tensor_count(&r->t);

    for (int64_t i = 0; i < count; i++) {
        int code = from[i / 2] >> 4 * (i % 2) & 15;

        to[i] = (uint8_t)(r->type == ONNX_S4 && code > 7 ? code - 16 : code);
    }
}

/* The tensor's own memory, filled from whatever holds its elements. */
static status fill(struct reading *r, struct protobuf m)
{
    const struct tensor shape = r->t;
    int packed = r->type == ONNX_U4 || r->type == ONNX_S4;

    TRY(tensor_alloc(&r->t, (enum dtype)r->row->dtype, shape.rank, shape.dim));
    r->count = tensor_count(&r->t);
    r->bytes = r->t.data;
    if (packed) {
        r->count = (r->count + 1) / 2;
        r->bytes = mem_take(&r->kept, (size_t)r->count + 1, 1);
        if (!r->bytes)
            return FAIL(ERR_MEMORY, "no memory for %lld bytes", (long long)r->count);
    }
    r->bytes_size = (uint64_t)r->count * dtype_size(r->t.dtype);
    if (r->external)
        TRY(fill_external(r));
    else if (!r->has_raw)
        TRY(fill_typed(r, m));
    else if (r->raw_size != r->bytes_size)
        return FAIL(ERR_FORMAT, "it has %llu bytes, and its shape says %llu", (unsigned long long)r->raw_size,
                    (unsigned long long)r->bytes_size);
    else if (r->bytes_size)
        memcpy(r->bytes, r->raw, r->bytes_size);
    if (packed)
        unpack_nibbles(r, r->bytes);
    return OK;
}

/* A view of the model's bytes, where these are the elements. */
static status view(struct reading *r)
{
    uint64_t size = 1;
    int64_t stride = 1;

    r->t.dtype = (enum dtype)r->row->dtype;
    for (int i = 0; i < r->t.rank; i++)
        if (__builtin_mul_overflow(size, (uint64_t)r->t.dim[i], &size))
            return FAIL(ERR_FORMAT, "its shape overflows");
    if (size > r->raw_size || size * dtype_size(r->t.dtype) != r->raw_size)
        return FAIL(ERR_FORMAT, "it has %llu bytes, and its shape says %llu elements of %zu",
                    (unsigned long long)r->raw_size, (unsigned long long)size, dtype_size(r->t.dtype));
    for (int i = r->t.rank - 1; i >= 0; i--) {
        r->t.stride[i] = stride;
        stride *= r->t.dim[i] ? r->t.dim[i] : 1;
    }
    r->t.data = (void *)(uintptr_t)r->raw;
    return OK;
}

static status check_size(const struct reading *r, const struct protobuf *m)
{
    uint64_t size = 1, most = r->external ? UINT64_C(2) << 30 : 2 * m->size;

    for (int i = 0; i < r->t.rank; i++)
        if (__builtin_mul_overflow(size, (uint64_t)r->t.dim[i], &size))
            return FAIL(ERR_FORMAT, "its shape overflows");
    return size <= most ? OK
                        : FAIL(ERR_FORMAT, "its shape says %llu elements, more than its bytes can hold",
                               (unsigned long long)size);
}

static status read_all(struct reading *r, struct protobuf m)
{
    int packed;

    TRY(protobuf_visit(m, read_field, r));
    r->row = find_row(r->type);
    packed = r->type == ONNX_U4 || r->type == ONNX_S4;
    if (r->row->dtype < 0)
        return OK;
    if (!r->external && !r->has_raw && r->typed && r->typed != r->row->field)
        return FAIL(ERR_FORMAT, "its elements are in field %d, where %s has them in %d", r->typed,
                    r->row->name, r->row->field);
    if (r->has_raw && !r->external && !packed && r->raw_size)
        return view(r);
    TRY(check_size(r, &m));
    return fill(r, m);
}

status onnx_tensor_read(struct onnx *x, struct protobuf m, struct tensor *out, int *type, const char **name)
{
    struct reading r = { .x = x, .name = "", .length = -1 };
    status result = read_all(&r, m);

    result = error_prefix(result, "tensor %.200s", r.name);
    mem_drop(&r.kept);
    if (result != OK) {
        tensor_free(&r.t);
        return result;
    }
    *out = r.t;
    *type = r.type;
    *name = r.name;
    return OK;
}
