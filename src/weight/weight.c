/* src/weight/weight.c: maps a checkpoint, compares the hash in its name, knows its container. */
#include "weight_parts.h"

#include <string.h>
#include <sys/stat.h>

enum { MOST_GIB = 4 };

static status map_file(const char *path, struct tensor_table *t)
{
    struct stat st;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return foreign_folder(path);
    return table_map(t, path, MOST_GIB);
}

static status check_name(const char *path, struct tensor_table *t)
{
    struct text remark = { .max = 1024 };
    const char *hex;
    size_t digits;
    enum names_hash kind = names_hash_prefix(path, &hex, &digits);
    char is[2 * HASH_SIZE + 1];
    status result;

    hash_hex(t->sha256, is);
    if (kind == NAMES_NO_HASH || memcmp(is, hex, digits) == 0)
        return OK;
    if (kind == NAMES_HASH)
        return FAIL(ERR_MISMATCH,
                    "%s: the file's SHA-256 begins with %.*s, not %.*s as its name says: it is damaged or "
                    "another file; fetch it again, or rename it if that is no hash",
                    path, (int)digits, is, (int)digits, hex);
    result =
        text_add(&remark, "%.*s in its name is not how its SHA-256 begins, and is taken for no hash",
                 (int)digits, hex);
    t->remark = remark.data;
    return result;
}

int weight_begins(const uint8_t *head, size_t size)
{
    return weight_is_container(head, size) || shards_begin(head, size) || foreign_begins(head, size);
}

/* Known by content. An index stands for its shards; a shard alone is a part of a network. */
static status read_file(const char *path, const char *state, struct tensor_table *t)
{
    char index[512];

    if (shards_begin(t->mapping, t->file_bytes)) {
        if (state && *state)
            return FAIL(ERR_USAGE, "has no state dicts, only tensors; leave out state (--state=%s)", state);
        return shards_read(path, t);
    }
    if (weight_is_container(t->mapping, t->file_bytes) && names_shard(path, index, sizeof index))
        return FAIL(ERR_FORMAT, "is one of several shards, by its name; give %s, their index", index);
    return weight_read(path, t->mapping, t->file_bytes, state, t);
}

status weight_load(const char *path, const char *state, struct tensor_table *out)
{
    struct tensor_table t = { 0 };
    status result = OK;

    *out = (struct tensor_table){ 0 };
    TRY_OUT(map_file(path, &t));
    t.source = mem_strdup(path);
    if (!t.source)
        TRY_OUT(FAIL(ERR_MEMORY, "no memory for the path %s", path));
    /* A disk that fails does so here, not under the mapping. */
    TRY_OUT(hash_file(path, t.sha256));
    TRY_OUT(check_name(path, &t));
    TRY_OUT(error_prefix(read_file(path, state, &t), "%s", path));
    /* Checking touched every page; they come back as layers are loaded, one at a time. */
    table_rest(&t);
    *out = t;
    t = (struct tensor_table){ 0 };
out:
    table_free(&t);
    return result;
}
