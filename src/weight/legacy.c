/* src/weight/legacy.c: torch's form before 1.6: five pickles, then the storages one after the other. */
#include "weight_parts.h"

#include <string.h>

/* The first pickle: the number 0x1950a86a20f9469cfc6c, as each protocol writes it. */
#define NUMBER "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e"
#define FRAME  "\x95\x0d\0\0\0\0\0\0\0"
const char legacy_magic[LEGACY_MAGIC_SIZE + 1] = "\x80\x02" NUMBER;
static const struct {
    const char *bytes;
    size_t size;
} magic[] = {
    { legacy_magic, LEGACY_MAGIC_SIZE }, { "L119547037146038801333356L\n.", 28 }, { "\x80\x03" NUMBER, 15 },
    { "\x80\x04" FRAME NUMBER, 24 },     { "\x80\x05" FRAME NUMBER, 24 },
};

size_t legacy_begins(const uint8_t *head, size_t size)
{
    for (size_t i = 0; i < COUNT_OF(magic); i++) {
        size_t known = size < magic[i].size ? size : magic[i].size;
        if (known >= WEIGHT_HEAD && memcmp(head, magic[i].bytes, known) == 0)
            return magic[i].size;
    }
    return 0;
}

enum { PROTOCOL = 1001 };

/* Reads the pickle that begins at *at, and moves *at behind its end. */
static status next_pickle(const uint8_t *bytes, uint64_t size, uint64_t *at, struct pickle *out)
{
    uint64_t used;

    TRY(error_prefix(pth_pickle(bytes + *at, size - *at, out, &used), "legacy container, byte %llu",
                     (unsigned long long)*at));
    *at += used;
    return OK;
}

static const struct pickle_value *root_of(const struct pickle *p)
{
    return &p->value[p->root];
}

/* The protocol's number and the machine that wrote the file. */
static status read_preamble(const uint8_t *bytes, uint64_t size, uint64_t *at)
{
    struct pickle p = { 0 };
    int good;

    TRY(next_pickle(bytes, size, at, &p));
    good = root_of(&p)->kind == PICKLE_INT && root_of(&p)->integer == PROTOCOL;
    pickle_free(&p);
    if (!good)
        return FAIL(ERR_FORMAT, "legacy container: the protocol is not %d", PROTOCOL);
    TRY(next_pickle(bytes, size, at, &p));
    good = root_of(&p)->kind == PICKLE_DICT;
    for (int i = 0; good && i + 1 < root_of(&p)->count; i += 2)
        if (pickle_is_text(pickle_item(&p, root_of(&p), i), "little_endian"))
            good = pickle_item(&p, root_of(&p), i + 1)->integer == 1;
    pickle_free(&p);
    return good ? OK
                : FAIL(ERR_FORMAT,
                       "legacy container: was written by a big-endian machine; save it again on this "
                       "one, torch.save(torch.load(FILE), NEW)");
}

static int is_module(const struct pickle *p, const struct pickle_value *v)
{
    const struct pickle_value *id = pickle_item(p, v, 0);

    return id->kind == PICKLE_TUPLE && id->count > 0 && pickle_is_text(pickle_item(p, id, 0), "module");
}

/* The storages of a file by the tensors that refer to them: nothing else says the type of a storage's
 * elements. Elements of a type that is not read become rows of bytes; a persistent id of 'module' is the
 * class of a pickled network, and no storage. */
static status collect_storages(const struct pickle *object, struct tensor_table *storages)
{
    for (int i = 0; i < object->count; i++) {
        struct pth_storage s;
        struct tensor t = { .rank = 1, .stride = { 1 } };
        if (object->value[i].kind != PICKLE_PERSISTENT || is_module(object, &object->value[i]))
            continue;
        TRY(pth_storage_id(object, &object->value[i], &s));
        if (table_find(storages, s.key))
            continue;
        t.dtype = s.dtype;
        t.dim[0] = s.whole;
        if (!s.readable) {
            t.rank = 2;
            t.dim[1] = s.bytes;
        }
        TRY(table_take(storages, s.key, &t));
    }
    return OK;
}

/* A storage: its number of elements as 64 bits, then the elements. */
static status place_storage(const uint8_t *bytes, uint64_t size, uint64_t *at, struct tensor *t)
{
    uint64_t count, element = dtype_size(t->dtype) * (t->rank == 2 ? (uint64_t)t->dim[1] : 1);

    if (size - *at < sizeof count)
        return FAIL(ERR_FORMAT, "legacy container: the file ends at a storage's head");
    count = weight_number(bytes + *at, sizeof count);
    *at += sizeof count;
    if (count > (size - *at) / element)
        return FAIL(ERR_FORMAT, "legacy container: a storage of %llu elements of %s at byte %llu is cut off",
                    (unsigned long long)count, dtype_name(t->dtype), (unsigned long long)*at);
    t->dim[0] = (int64_t)count;
    t->data = (void *)(uintptr_t)(bytes + *at);
    *at += count * element;
    return OK;
}

static status place_storages(const uint8_t *bytes, uint64_t size, uint64_t at, const struct pickle *keys,
                             struct tensor_table *storages)
{
    const struct pickle_value *list = root_of(keys);

    if (list->kind != PICKLE_LIST)
        return FAIL(ERR_FORMAT, "legacy container: no list of storages");
    for (int i = 0; i < list->count; i++) {
        const struct pickle_value *key = pickle_item(keys, list, i);
        const struct tensor *t = NULL;
        char name[PTH_KEY];
        if (key->kind == PICKLE_TEXT && key->size < PTH_KEY) {
            snprintf(name, sizeof name, "%.*s", key->size, key->text);
            t = table_find(storages, name);
        }
        if (!t || t->data)
            return FAIL(ERR_FORMAT, "legacy container: storage number %d belongs to no tensor", i);
        TRY(place_storage(bytes, size, &at, (struct tensor *)(uintptr_t)t));
    }
    return OK;
}

status legacy_index(const uint8_t *bytes, uint64_t size, struct pickle *object, struct tensor_table *storages)
{
    struct pickle keys = { 0 };
    uint64_t at = legacy_begins(bytes, (size_t)size);
    status result = OK;

    if (at == 0 || at > size)
        return FAIL(ERR_FORMAT, "legacy container: the magic number is missing");
    TRY(read_preamble(bytes, size, &at));
    TRY(next_pickle(bytes, size, &at, object));
    TRY_OUT(next_pickle(bytes, size, &at, &keys));
    TRY_OUT(collect_storages(object, storages));
    TRY_OUT(place_storages(bytes, size, at, &keys, storages));
out:
    pickle_free(&keys);
    return result;
}
