/* src/weight/pth_storage.c: what a checkpoint may name, and the storages that tensors are views of. */
#include "pth.h"

#include <string.h>

static const struct pickle_global allowed[] = {
    [ORDERED_DICT] = { "collections", "OrderedDict" },
    [REBUILD_TENSOR_V2] = { "torch._utils", "_rebuild_tensor_v2" },
    [REBUILD_TENSOR] = { "torch._utils", "_rebuild_tensor" },
    [REBUILD_QTENSOR] = { "torch._utils", "_rebuild_qtensor" },
    [REBUILD_TENSOR_V3] = { "torch._utils", "_rebuild_tensor_v3" },
    [REBUILD_PARAMETER] = { "torch._utils", "_rebuild_parameter" },
    [REBUILD_PARAMETER_WITH_STATE] = { "torch._utils", "_rebuild_parameter_with_state" },
    [PARAMETER] = { "torch.nn.parameter", "Parameter" },
    [REBUILD_FROM_TYPE] = { "torch._tensor", "_rebuild_from_type_v2" },
    [REBUILD_ON_DEVICE] = { "torch._utils", "_rebuild_device_tensor_from_cpu_tensor" },
    [REBUILD_SPARSE] = { "torch._utils", "_rebuild_sparse_tensor" },
    [REBUILD_META] = { "torch._utils", "_rebuild_meta_tensor_no_storage" },
    [REBUILD_NESTED] = { "torch._utils", "_rebuild_nested_tensor" },
    [REBUILD_WRAPPER] = { "torch._utils", "_rebuild_wrapper_subclass" },
    [TORCH_SIZE] = { "torch", "Size" },
    [OLD_TENSOR] = { "torch", "FloatTensor" },
    { "torch", "DoubleTensor" }, { "torch", "HalfTensor" }, { "torch", "LongTensor" },
    { "torch", "IntTensor" }, { "torch", "ShortTensor" }, { "torch", "CharTensor" },
    { "torch", "ByteTensor" }, { "torch", "BoolTensor" }, { "torch", "Tensor" },
    [PER_TENSOR_AFFINE] = { "torch", "per_tensor_affine" },
    [PER_CHANNEL_AFFINE] = { "torch", "per_channel_affine" },
    { "torch", "FloatStorage" }, { "torch", "DoubleStorage" }, { "torch", "HalfStorage" },
    { "torch", "BFloat16Storage" }, { "torch", "LongStorage" }, { "torch", "IntStorage" },
    { "torch", "ShortStorage" }, { "torch", "CharStorage" }, { "torch", "ByteStorage" },
    { "torch", "BoolStorage" }, { "torch", "QInt8Storage" }, { "torch", "QUInt8Storage" },
    { "torch", "QInt32Storage" }, { "torch", "QUInt4x2Storage" }, { "torch", "QUInt2x4Storage" },
    { "torch", "ComplexFloatStorage" }, { "torch", "ComplexDoubleStorage" },
    { "torch.storage", "UntypedStorage" },
};
/* From FIRST_STORAGE on; the types of the last are not read, only passed over. */
static const struct { enum dtype dtype; int bytes; } storage_type[] = {
    { DTYPE_F32, 4 }, { DTYPE_F64, 8 }, { DTYPE_F16, 2 }, { DTYPE_BF16, 2 }, { DTYPE_S64, 8 },
    { DTYPE_S32, 4 }, { DTYPE_S16, 2 }, { DTYPE_S8, 1 }, { DTYPE_U8, 1 }, { DTYPE_BOOL, 1 },
    { DTYPE_S8, 1 }, { DTYPE_U8, 1 }, { DTYPE_S32, 4 },
    { DTYPE_COUNT, 1 }, { DTYPE_COUNT, 1 }, { DTYPE_COUNT, 8 }, { DTYPE_COUNT, 16 }, { DTYPE_COUNT, 1 },
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
        count->kind != PICKLE_INT || count->integer < 0 || count->integer > PTH_MOST_ELEMENTS)
        return FAIL(ERR_FORMAT, "a storage of unknown type, key or size");
    if (key->size >= PTH_KEY || memchr(key->text, 0, (size_t)key->size))
        return FAIL(ERR_FORMAT, "a storage's key is no name of at most %d letters", PTH_KEY - 1);
    snprintf(out->key, sizeof out->key, "%.*s", key->size, key->text);
    out->readable = storage_type[type->integer - FIRST_STORAGE].dtype != DTYPE_COUNT;
    out->dtype = out->readable ? storage_type[type->integer - FIRST_STORAGE].dtype : DTYPE_U8;
    out->bytes = storage_type[type->integer - FIRST_STORAGE].bytes;
    out->type = allowed[type->integer].name;
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
    TRY(zip_check(e));
    if ((uint64_t)s->whole * (uint64_t)s->bytes > e->size)
        return FAIL(ERR_FORMAT, "entry %s has %llu bytes, too few for %lld elements of %s", name,
                    (unsigned long long)e->size, (long long)s->whole, dtype_name(s->dtype));
    s->data = e->data + (uint64_t)s->first * dtype_size(s->dtype);
    return OK;
}

status pth_find_storage(const struct pth *f, const struct pickle_value *v, struct pth_storage *out)
{
    const struct tensor *t;

    TRY(pth_storage_id(&f->p, v, out));
    if (!out->readable)
        return FAIL(ERR_FORMAT, "elements of type %s, which are not read", out->type);
    if (f->zip)
        return find_in_zip(f, out);
    t = table_find(f->storages, out->key);
    if (!t || !t->data || t->dtype != out->dtype || t->rank != 1 || t->dim[0] < out->whole)
        return FAIL(ERR_FORMAT, "storage %s of %lld elements of %s is not in the file", out->key,
                    (long long)out->whole, dtype_name(out->dtype));
    out->data = (const uint8_t *)t->data + (uint64_t)out->first * dtype_size(out->dtype);
    return OK;
}
