#include "weight_parts.h"

#include <string.h>

/* What a state dict may name. None is ever called: each stands for a value that is built here. */
enum global {
    ORDERED_DICT, REBUILD_TENSOR_V2, REBUILD_TENSOR, REBUILD_QTENSOR,
    REBUILD_PARAMETER, REBUILD_PARAMETER_WITH_STATE, PARAMETER, PER_TENSOR_AFFINE,
    PER_CHANNEL_AFFINE, QINT8, QUINT8, QINT32, FLOAT16, FLOAT32,
    FIRST_STORAGE
};
static const struct pickle_global allowed[] = {
    [ORDERED_DICT] = { "collections", "OrderedDict" },
    [REBUILD_TENSOR_V2] = { "torch._utils", "_rebuild_tensor_v2" },
    [REBUILD_TENSOR] = { "torch._utils", "_rebuild_tensor" },
    [REBUILD_QTENSOR] = { "torch._utils", "_rebuild_qtensor" },
    [REBUILD_PARAMETER] = { "torch._utils", "_rebuild_parameter" },
    [REBUILD_PARAMETER_WITH_STATE] = { "torch._utils", "_rebuild_parameter_with_state" },
    [PARAMETER] = { "torch.nn.parameter", "Parameter" },
    [PER_TENSOR_AFFINE] = { "torch", "per_tensor_affine" },
    [PER_CHANNEL_AFFINE] = { "torch", "per_channel_affine" },
    [QINT8] = { "torch", "qint8" }, [QUINT8] = { "torch", "quint8" }, [QINT32] = { "torch", "qint32" },
    [FLOAT16] = { "torch", "float16" }, [FLOAT32] = { "torch", "float32" },
    { "torch", "FloatStorage" }, { "torch", "DoubleStorage" }, { "torch", "HalfStorage" },
    { "torch", "BFloat16Storage" }, { "torch", "LongStorage" }, { "torch", "IntStorage" },
    { "torch", "ShortStorage" }, { "torch", "CharStorage" }, { "torch", "ByteStorage" },
    { "torch", "BoolStorage" }, { "torch", "QInt8Storage" }, { "torch", "QUInt8Storage" },
    { "torch", "QInt32Storage" },
};
static const enum dtype storage_dtype[] = { /* from FIRST_STORAGE on */
    DTYPE_F32, DTYPE_F64, DTYPE_F16, DTYPE_BF16, DTYPE_S64, DTYPE_S32, DTYPE_S16,
    DTYPE_S8, DTYPE_U8, DTYPE_BOOL, DTYPE_S8, DTYPE_U8, DTYPE_S32,
};

static const int64_t most_elements = INT64_C(1) << 32;

/* A checkpoint being read. */
struct pth {
    struct zip *zip;                     /* the zip form */
    const char *root;                    /* its folder */
    const struct tensor_table *storages; /* the legacy form */
    struct pickle p;
    int64_t channels;    /* of all quantized tensors */
    int64_t bytes;       /* of all tensors, shared ones each time; and how many there may be */
    int64_t most_bytes;
};

/* ---- storages -------------------------------------------------------------------------------------- */

status pth_pickle(const uint8_t *bytes, uint64_t size, struct pickle *out, uint64_t *used)
{
    return pickle_read(bytes, size, allowed, (int)COUNT_OF(allowed), out, used);
}

/* A persistent id's sixth item: None, or (key of the part, its offset, its size). */
static status read_part(const struct pickle *p, const struct pickle_value *part, struct pth_storage *out)
{
    const struct pickle_value *first, *count;

    if (part->kind == PICKLE_NONE)
        return OK;
    if (part->kind != PICKLE_TUPLE || part->count != 3)
        return FAIL(ERR_FORMAT, "a storage that is a part of another, but not a known one");
    first = pickle_item(p, part, 1);
    count = pickle_item(p, part, 2);
    if (first->kind != PICKLE_INT || count->kind != PICKLE_INT || first->integer < 0 || count->integer < 0 ||
        first->integer > out->whole || count->integer > out->whole - first->integer)
        return FAIL(ERR_FORMAT, "a storage's part that lies outside its %lld elements",
                    (long long)out->whole);
    out->first = first->integer;
    out->count = count->integer;
    return OK;
}

status pth_storage_id(const struct pickle *p, const struct pickle_value *v, struct pth_storage *out)
{
    const struct pickle_value *id, *type, *key, *count;

    if (v->kind != PICKLE_PERSISTENT)
        return FAIL(ERR_FORMAT, "a tensor without a storage");
    id = pickle_item(p, v, 0);
    if (id->kind != PICKLE_TUPLE || id->count < 5 || !pickle_is_text(pickle_item(p, id, 0), "storage"))
        return FAIL(ERR_FORMAT, "a persistent id that is not a storage's");
    type = pickle_item(p, id, 1);
    key = pickle_item(p, id, 2);
    count = pickle_item(p, id, 4);
    if (type->kind != PICKLE_GLOBAL || type->integer < FIRST_STORAGE || key->kind != PICKLE_TEXT ||
        count->kind != PICKLE_INT || count->integer < 0 || count->integer > most_elements)
        return FAIL(ERR_FORMAT, "a storage of unknown type, key or size");
    if (key->size >= PTH_KEY || memchr(key->text, 0, (size_t)key->size))
        return FAIL(ERR_FORMAT, "a storage's key is no name of at most %d letters", PTH_KEY - 1);
    snprintf(out->key, sizeof out->key, "%.*s", key->size, key->text);
    out->dtype = storage_dtype[type->integer - FIRST_STORAGE];
    out->whole = out->count = count->integer;
    out->first = 0;
    out->data = NULL;
    return id->count > 5 ? read_part(p, pickle_item(p, id, 5), out) : OK;
}

static status find_in_zip(const struct pth *f, struct pth_storage *s)
{
    char name[WEIGHT_MAX_NAME + PTH_KEY + 8];
    struct zip_entry *e;

    snprintf(name, sizeof name, "%s/data/%s", f->root, s->key);
    e = zip_find(f->zip, name);
    if (!e)
        return FAIL(ERR_FORMAT, "no entry %s in the archive", name);
    if ((uint64_t)s->whole * dtype_size(s->dtype) > e->size)
        return FAIL(ERR_FORMAT, "entry %s has %llu bytes, too few for %lld elements of %s", name,
                    (unsigned long long)e->size, (long long)s->whole, dtype_name(s->dtype));
    TRY(zip_check(e));
    s->data = e->data + (uint64_t)s->first * dtype_size(s->dtype);
    return OK;
}

static status find_storage(const struct pth *f, const struct pickle_value *v, struct pth_storage *out)
{
    const struct tensor *t;

    TRY(pth_storage_id(&f->p, v, out));
    if (f->zip)
        return find_in_zip(f, out);
    t = table_find(f->storages, out->key);
    if (!t || !t->data || t->dtype != out->dtype || t->dim[0] < out->whole)
        return FAIL(ERR_FORMAT, "storage %s of %lld elements of %s is not in the file", out->key,
                    (long long)out->whole, dtype_name(out->dtype));
    out->data = (const uint8_t *)t->data + (uint64_t)out->first * dtype_size(out->dtype);
    return OK;
}

/* ---- tensors --------------------------------------------------------------------------------------- */

/* The extents and strides of a tuple of whole numbers; every element must lie inside the storage. */
static status read_layout(const struct pth *f, const struct pickle_value *arguments,
                          const struct pth_storage *s, struct tensor *t)
{
    const struct pickle_value *offset = pickle_item(&f->p, arguments, 1),
                              *size = pickle_item(&f->p, arguments, 2);
    const struct pickle_value *stride = pickle_item(&f->p, arguments, 3);
    int64_t count = 1, last;

    if (offset->kind != PICKLE_INT || size->kind != PICKLE_TUPLE || stride->kind != PICKLE_TUPLE ||
        size->count != stride->count || size->count > TENSOR_MAX_RANK)
        return FAIL(ERR_FORMAT,
                    "a tensor whose offset, extents or strides are not numbers (at most %d extents)",
                    TENSOR_MAX_RANK);
    last = offset->integer;
    for (int i = 0; i < size->count; i++) {
        const struct pickle_value *d = pickle_item(&f->p, size, i), *step = pickle_item(&f->p, stride, i);
        int64_t reach;
        if (d->kind != PICKLE_INT || step->kind != PICKLE_INT || d->integer < 0 || step->integer < 0 ||
            __builtin_mul_overflow(count, d->integer, &count) || count > most_elements ||
            __builtin_mul_overflow(d->integer > 0 ? d->integer - 1 : 0, step->integer, &reach) ||
            __builtin_add_overflow(last, reach, &last))
            return FAIL(ERR_FORMAT, "a tensor with impossible extents or strides");
        t->dim[i] = d->integer;
        t->stride[i] = step->integer;
    }
    if (offset->integer < 0 || (count > 0 && last >= s->count) || offset->integer > s->count)
        return FAIL(ERR_FORMAT, "a tensor reaches to element %lld of a storage of %lld", (long long)last,
                    (long long)s->count);
    t->rank = size->count;
    t->dtype = s->dtype;
    t->data = (void *)(uintptr_t)(s->data + (uint64_t)offset->integer * dtype_size(s->dtype));
    return OK;
}

/* A view into the mapped file. */
static status build_plain(struct pth *f, const struct pickle_value *arguments, struct tensor *out)
{
    struct pth_storage s;

    if (arguments->count < 4)
        return FAIL(ERR_FORMAT, "a tensor made of %d values", arguments->count);
    TRY(find_storage(f, pickle_item(&f->p, arguments, 0), &s));
    TRY(read_layout(f, arguments, &s, out));
    f->bytes += tensor_count(out) * (int64_t)dtype_size(out->dtype);
    return f->bytes <= f->most_bytes
               ? OK
               : FAIL(ERR_MEMORY, "tensors that share storages have more than 8 times the file's bytes");
}

static const struct pickle_value *arguments_of(const struct pth *f, const struct pickle_value *object)
{
    return pickle_item(&f->p, object, 0);
}

static int is_tensor(const struct pickle_value *v)
{
    return v->kind == PICKLE_OBJECT && (v->integer == REBUILD_TENSOR_V2 || v->integer == REBUILD_TENSOR);
}

static status read_number(const struct pickle_value *v, double *out)
{
    if (v->kind != PICKLE_REAL && v->kind != PICKLE_INT)
        return FAIL(ERR_FORMAT, "a quantized tensor whose scale or zero point is not a number");
    *out = v->kind == PICKLE_REAL ? v->real : (double)v->integer;
    return OK;
}

/* The scales or zero points of a per-channel tensor: a tensor of any type; in files of 2019 a list. */
static status read_channels(struct pth *f, const struct pickle_value *v, int channels, double *out)
{
    struct tensor t = { 0 };
    int listed = v->kind == PICKLE_LIST || v->kind == PICKLE_TUPLE;
    int64_t count = v->count;

    if (!listed) {
        if (!is_tensor(v))
            return FAIL(ERR_FORMAT, "a quantized tensor whose scales or zero points are not tensors");
        TRY(build_plain(f, arguments_of(f, v), &t));
        count = tensor_count(&t);
    }
    if (count != channels)
        return FAIL(ERR_FORMAT, "a quantized tensor of %d channels with %lld scales or zero points", channels,
                    (long long)count);
    for (int i = 0; i < channels; i++)
        if (listed)
            TRY(read_number(pickle_item(&f->p, v, i), &out[i]));
        else
            out[i] = tensor_at(&t, i);
    return OK;
}

static status read_per_tensor(struct pth *f, const struct pickle_value *qp, struct tensor *out)
{
    double scale, zero_point;

    TRY(read_number(pickle_item(&f->p, qp, 1), &scale));
    TRY(read_number(pickle_item(&f->p, qp, 2), &zero_point));
    TRY(weight_alloc_params(out, -1, &f->channels));
    return weight_set_params(out, 0, scale, zero_point);
}

static status read_per_channel(struct pth *f, const struct pickle_value *qp, struct tensor *out)
{
    const struct pickle_value *axis;
    double *zero_points;
    status result = OK;

    if (qp->count < 4 || (axis = pickle_item(&f->p, qp, 3))->kind != PICKLE_INT || axis->integer < 0 ||
        axis->integer >= out->rank || out->dim[axis->integer] > WEIGHT_MAX_CHANNELS)
        return FAIL(ERR_FORMAT, "a quantized tensor whose channels lie on no axis");
    TRY(weight_alloc_params(out, (int)axis->integer, &f->channels));
    MEM_TRY(zero_points, (size_t)out->channels, sizeof *zero_points);
    TRY_OUT(read_channels(f, pickle_item(&f->p, qp, 1), out->channels, out->scale));
    TRY_OUT(read_channels(f, pickle_item(&f->p, qp, 2), out->channels, zero_points));
    for (int i = 0; i < out->channels; i++)
        TRY_OUT(weight_set_params(out, i, out->scale[i], zero_points[i]));
out:
    mem_free(zero_points);
    return result;
}

static status build_quantized(struct pth *f, const struct pickle_value *arguments, struct tensor *out)
{
    const struct pickle_value *qp, *scheme;

    TRY(build_plain(f, arguments, out));
    qp = arguments->count > 4 ? pickle_item(&f->p, arguments, 4) : NULL;
    if (!qp || qp->kind != PICKLE_TUPLE || qp->count < 3)
        return FAIL(ERR_FORMAT, "a quantized tensor without its parameters");
    scheme = pickle_item(&f->p, qp, 0);
    if (out->dtype != DTYPE_S8 && out->dtype != DTYPE_U8 && out->dtype != DTYPE_S32)
        return FAIL(ERR_FORMAT, "a quantized tensor of %s", dtype_name(out->dtype));
    if (scheme->kind == PICKLE_GLOBAL && scheme->integer == PER_TENSOR_AFFINE)
        return read_per_tensor(f, qp, out);
    if (scheme->kind == PICKLE_GLOBAL && scheme->integer == PER_CHANNEL_AFFINE)
        return read_per_channel(f, qp, out);
    return FAIL(ERR_FORMAT, "a quantized tensor that is neither per tensor nor per channel affine");
}

static status build_scalar(enum dtype dtype, const void *bytes, struct tensor *out)
{
    TRY(tensor_alloc(out, dtype, 0, NULL));
    memcpy(out->data, bytes, dtype_size(dtype));
    return OK;
}

/* What a Parameter holds: made by a function, or, in files of 2017, an instance with the state
 * (requires_grad, volatile, hooks). Others are returned as they are. */
static const struct pickle_value *unwrap(const struct pth *f, const struct pickle_value *v)
{
    int parameter = v->kind == PICKLE_OBJECT &&
                    (v->integer == REBUILD_PARAMETER || v->integer == REBUILD_PARAMETER_WITH_STATE ||
                     (v->integer == PARAMETER &&
                      (v->count == 1 || (v->count == 2 && pickle_item(&f->p, v, 1)->count == 3))));

    return parameter && arguments_of(f, v)->count > 0 ? pickle_item(&f->p, arguments_of(f, v), 0) : v;
}

/* *out stays zeroed for what is no tensor and is left out: None, a dtype, a text. */
static status build(struct pth *f, const struct pickle_value *v, struct tensor *out)
{
    *out = (struct tensor){ 0 };
    v = unwrap(f, v);
    switch (v->kind) {
    case PICKLE_NONE:
    case PICKLE_TEXT:
    case PICKLE_GLOBAL:
        return OK;
    case PICKLE_BOOL:
        return build_scalar(DTYPE_BOOL, &(uint8_t){ v->integer != 0 }, out);
    case PICKLE_INT:
        return build_scalar(DTYPE_S64, &v->integer, out);
    case PICKLE_REAL:
        return build_scalar(DTYPE_F64, &v->real, out);
    case PICKLE_OBJECT:
        if (is_tensor(v))
            return build_plain(f, arguments_of(f, v), out);
        if (v->integer == REBUILD_QTENSOR)
            return build_quantized(f, arguments_of(f, v), out);
        break;
    default:
        break;
    }
    return FAIL(ERR_FORMAT,
                "neither a tensor nor a number: a state dict of tensors is read, not what holds one");
}

/* ---- the state dict -------------------------------------------------------------------------------- */

static status add_tensor(struct pth *f, const char *name, const struct pickle_value *v,
                         struct tensor_table *out)
{
    struct tensor t;
    status result = build(f, v, &t);

    if (result == OK && t.data)
        result = names_take(out, name, &t);
    if (result != OK) {
        tensor_free(&t);
        return error_prefix(result, "%s", name);
    }
    return OK;
}

static status add_entry(struct pth *f, const struct pickle_value *key, size_t skipped,
                        const struct pickle_value *v, struct tensor_table *out)
{
    char name[WEIGHT_MAX_NAME + 16];
    int size = key->size - (int)skipped;

    if (key->kind != PICKLE_TEXT || key->size > WEIGHT_MAX_NAME ||
        !text_is_utf8(key->text, (size_t)key->size) || memchr(key->text, 0, (size_t)key->size))
        return FAIL(ERR_FORMAT, "a tensor's name is no text of at most %d bytes", WEIGHT_MAX_NAME);
    if (v->kind != PICKLE_TUPLE) {
        snprintf(name, sizeof name, "%.*s", size, key->text + skipped);
        return add_tensor(f, name, v, out);
    }
    for (int i = 0; i < v->count; i++) {
        snprintf(name, sizeof name, "%.*s.%d", size, key->text + skipped, i);
        TRY(add_tensor(f, name, pickle_item(&f->p, v, i), out));
    }
    return OK;
}

/* A training script's checkpoint holds the state dict among other things: the dict of tensors. */
static const struct pickle_value *find_state(const struct pth *f)
{
    static const char *const names[] = { "state_dict", "model_state_dict", "model" };
    const struct pickle_value *root = &f->p.value[f->p.root];

    for (size_t n = 0; n < COUNT_OF(names); n++)
        for (int i = 0; root->kind == PICKLE_DICT && i + 1 < root->count; i += 2)
            if (pickle_is_text(pickle_item(&f->p, root, i), names[n]) &&
                pickle_item(&f->p, root, i + 1)->kind == PICKLE_DICT)
                return pickle_item(&f->p, root, i + 1);
    return root;
}

/* The length of the prefix that DataParallel puts before every name, if it is before every name. */
static size_t find_prefix(const struct pth *f, const struct pickle_value *state)
{
    static const char prefix[] = "module.";

    for (int i = 0; i + 1 < state->count; i += 2) {
        const struct pickle_value *key = pickle_item(&f->p, state, i);
        if (key->kind != PICKLE_TEXT || (size_t)key->size <= strlen(prefix) ||
            memcmp(key->text, prefix, strlen(prefix)) != 0)
            return 0;
    }
    return strlen(prefix);
}

static status add_entries(struct pth *f, struct tensor_table *out)
{
    const struct pickle_value *state = find_state(f);
    size_t prefix;

    if (state->kind != PICKLE_DICT)
        return FAIL(ERR_FORMAT, "the checkpoint is not a state dict");
    prefix = find_prefix(f, state);
    for (int i = 0; i + 1 < state->count; i += 2)
        TRY(add_entry(f, pickle_item(&f->p, state, i), prefix, pickle_item(&f->p, state, i + 1), out));
    return OK;
}

/* ---- containers ------------------------------------------------------------------------------------ */

/* The archive's folder: what stands before "/data.pkl". */
static status find_root(const struct zip *z, char *root, size_t size)
{
    static const char tail[] = "/data.pkl";
    int found = 0;

    for (int i = 0; i < z->count; i++) {
        const struct zip_entry *e = &z->entry[i];
        int length = e->name_size - (int)strlen(tail);
        if (length < 1 || memcmp(e->name + length, tail, strlen(tail)) != 0 ||
            memchr(e->name, '/', (size_t)length) || memchr(e->name, 0, (size_t)length))
            continue;
        snprintf(root, size, "%.*s", length, e->name);
        found++;
    }
    return found == 1 ? OK : FAIL(ERR_FORMAT, "%d entries FOLDER/data.pkl in the archive, 1 expected", found);
}

static status read_archive(struct pth *f, struct tensor_table *out)
{
    char root[WEIGHT_MAX_NAME], name[WEIGHT_MAX_NAME + 16];
    struct zip_entry *e;
    uint64_t used;

    TRY(find_root(f->zip, root, sizeof root));
    f->root = root;
    snprintf(name, sizeof name, "%s/byteorder", root);
    e = zip_find(f->zip, name);
    if (e && (e->size < 6 || memcmp(e->data, "little", 6) != 0))
        return FAIL(ERR_FORMAT, "the checkpoint's byte order is not little-endian");
    snprintf(name, sizeof name, "%s/data.pkl", root);
    e = zip_find(f->zip, name);
    TRY(zip_check(e));
    if (e->size > PICKLE_MAX_BYTES)
        return FAIL(ERR_MEMORY, "%s has %llu bytes, more than the %d that are read", name,
                    (unsigned long long)e->size, PICKLE_MAX_BYTES);
    TRY(pth_pickle(e->data, e->size, &f->p, &used));
    return add_entries(f, out);
}

/* Tensors may share storages and repeat elements, but not make a small file large. */
static int64_t most_bytes(uint64_t size)
{
    return 8 * (int64_t)size + (1 << 20);
}

status pth_read_zip(const uint8_t *bytes, uint64_t size, struct tensor_table *out)
{
    struct zip zip;
    struct pth f = { .zip = &zip, .most_bytes = most_bytes(size) };
    status result;

    TRY(zip_open(bytes, size, &zip));
    result = read_archive(&f, out);
    pickle_free(&f.p);
    zip_close(&zip);
    return result;
}

status pth_read_legacy(const uint8_t *bytes, uint64_t size, struct tensor_table *out)
{
    struct tensor_table storages = { 0 };
    struct pth f = { .storages = &storages, .most_bytes = most_bytes(size) };
    status result = legacy_index(bytes, size, &f.p, &storages);

    if (result == OK)
        result = add_entries(&f, out);
    pickle_free(&f.p);
    table_free(&storages);
    return result;
}
