/* src/weight/shards.c: a checkpoint in many files and its index, JSON that says which tensor is where:
 * {"metadata": {...}, "weight_map": {"NAME": "FILE", ...}}. */
#include "weight_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_SHARDS = 1024, LONGEST_FILE = 255 };
static const uint64_t most_index = 64 << 20, most_bytes = UINT64_C(4) << 30;

/* A file of the index: its place in the mapping. */
struct shard {
    char name[LONGEST_FILE + 1];
    int first; /* its number in the index */
    uint64_t at, size;
    int fd;
};
struct shards {
    struct shard *shard; /* sorted by name */
    int count;
    struct tensor_table map; /* NAME: dim[0] the shard's number, dim[1] whether the shard has it */
    int64_t channels;
    struct json j; /* the index, and the name read last */
    struct text key;
    int maps;
};

int shards_begin(const uint8_t *head, size_t size)
{
    size_t at = 0;

    while (at < size && memchr(" \t\r\n", head[at], 4))
        at++;
    return at < size && head[at] == '{';
}

/* ---- the index --------------------------------------------------------------------------------------- */

/* A file beside the index, and nothing else. */
static status check_file(const struct text *file)
{
    if (file->size == 0 || file->size > LONGEST_FILE || strchr(file->data, '/') ||
        strcmp(file->data, ".") == 0 || strcmp(file->data, "..") == 0 ||
        !text_is_printable(file->data, file->size))
        return FAIL(ERR_FORMAT, "the index names '%.80s', which is no plain file name", file->data);
    return OK;
}

static status find_shard(struct shards *s, const char *file, int *out)
{
    for (*out = s->count - 1; *out >= 0; --*out)
        if (strcmp(s->shard[*out].name, file) == 0)
            return OK;
    if (s->count == MOST_SHARDS)
        return FAIL(ERR_MEMORY, "more than %d shards", MOST_SHARDS);
    snprintf(s->shard[s->count].name, sizeof s->shard->name, "%s", file);
    s->shard[s->count].fd = -1;
    s->shard[s->count].first = s->count;
    *out = s->count++;
    return OK;
}

/* "NAME": "FILE" of the weight_map. */
static status read_place(void *user)
{
    struct shards *s = user;
    struct text file = { .max = 4096 };
    struct tensor place = { .rank = 2 };
    status result = OK;
    int number;

    TRY_OUT(json_text(&s->j, &file));
    TRY_OUT(check_file(&file));
    TRY_OUT(find_shard(s, file.data, &number));
    place.dim[0] = number;
    if (s->key.size == 0 || s->key.size > WEIGHT_MAX_NAME)
        TRY_OUT(FAIL(ERR_FORMAT, "a tensor's name is no text of 1 to %d bytes", WEIGHT_MAX_NAME));
    TRY_OUT(names_take(&s->map, s->key.data, &place));
out:
    text_free(&file);
    return result;
}

static status read_member(void *user)
{
    struct shards *s = user;

    if (strcmp(s->key.data, "weight_map") != 0)
        return json_skip(&s->j);
    return s->maps++ ? FAIL(ERR_FORMAT, "weight_map is there twice")
                     : json_members(&s->j, 1, &s->key, read_place, s);
}

static status read_index(const uint8_t *bytes, uint64_t size, struct shards *s)
{
    s->j = (struct json){ .text = (const char *)bytes, .size = size };
    s->key.max = 4096;
    if (size > most_index)
        return FAIL(ERR_MEMORY, "an index of %llu bytes, more than the %llu that are read",
                    (unsigned long long)size, (unsigned long long)most_index);
    TRY(json_members(&s->j, 0, &s->key, read_member, s));
    TRY(json_end(&s->j));
    return s->maps ? OK : FAIL(ERR_FORMAT, "is JSON, but no index of shards: it has no weight_map");
}

/* ---- the files --------------------------------------------------------------------------------------- */

static int compare_shards(const void *a, const void *b)
{
    return strcmp(((const struct shard *)a)->name, ((const struct shard *)b)->name);
}

/* By name, so that the hash of all does not depend on the order in the index. */
static status sort_shards(struct shards *s)
{
    int *now;

    MEM_TRY(now, (size_t)s->count, sizeof *now);
    qsort(s->shard, (size_t)s->count, sizeof *s->shard, compare_shards);
    for (int i = 0; i < s->count; i++)
        now[s->shard[i].first] = i;
    for (int i = 0; i < s->map.count; i++)
        s->map.entry[i].tensor.dim[0] = now[s->map.entry[i].tensor.dim[0]];
    mem_free(now);
    return OK;
}

/* "DIR/FILE", where the index is DIR/INDEX. */
static status path_beside(const char *index, const char *file, char *out, size_t size)
{
    const char *slash = strrchr(index, '/');
    int n = snprintf(out, size, "%.*s%s", slash ? (int)(slash - index) + 1 : 0, index, file);

    return n >= 0 && (size_t)n < size ? OK : FAIL(ERR_RANGE, "%s: its path is too long", file);
}

/* Opens all and lays them out one after the other, each from a page on; hashes them. */
static status open_all(const char *index, struct shards *s, uint64_t *all, struct tensor_table *out)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    char path[4096];
    uint8_t hash[HASH_SIZE];
    struct hash h;
    status result = OK;

    hash_start(&h);
    hash_add(&h, out->sha256, HASH_SIZE);
    for (int i = 0; i < s->count; i++) {
        struct shard *part = &s->shard[i];
        TRY_OUT(path_beside(index, part->name, path, sizeof path));
        TRY_OUT(text_open_file(path, &part->fd, &part->size));
        if (part->size == 0)
            TRY_OUT(FAIL(ERR_FORMAT, "%s is empty", part->name));
        out->file_bytes += part->size;
        if (out->file_bytes > most_bytes)
            TRY_OUT(FAIL(ERR_MEMORY, "the shards have more than the 4 GiB that are read"));
        TRY_OUT(hash_file(path, hash));
        hash_add(&h, hash, HASH_SIZE);
        part->at = *all;
        *all += (part->size + page - 1) / page * page;
    }
out:
    hash_result(&h, hash);
    if (result == OK)
        memcpy(out->sha256, hash, HASH_SIZE);
    return result;
}

/* One range of addresses for all, so that the table has one mapping. The index's is given up. */
static status map_all(const struct shards *s, uint64_t all, struct tensor_table *out)
{
    uint8_t *base = mmap(NULL, (size_t)all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (base == MAP_FAILED)
        return FAIL(ERR_IO, "cannot map %llu bytes: %s", (unsigned long long)all, strerror(errno));
    munmap(out->mapping, out->mapping_size);
    out->mapping = base;
    out->mapping_size = (size_t)all;
    for (int i = 0; i < s->count; i++)
        if (mmap(base + s->shard[i].at, (size_t)s->shard[i].size, PROT_READ, MAP_PRIVATE | MAP_FIXED,
                 s->shard[i].fd, 0) == MAP_FAILED)
            return FAIL(ERR_IO, "%s: cannot map %llu bytes: %s", s->shard[i].name,
                        (unsigned long long)s->shard[i].size, strerror(errno));
    return OK;
}

/* ---- the tensors ------------------------------------------------------------------------------------- */

/* A name that shard number `i` holds must be one that the index places there. */
static status check_place(struct shards *s, int i, const char *name)
{
    struct tensor *place = (struct tensor *)(uintptr_t)table_find(&s->map, name);

    if (!place)
        return FAIL(ERR_FORMAT, "holds %s, which the index does not name", name);
    if (place->dim[0] != i)
        return FAIL(ERR_FORMAT, "holds %s, which the index places in %s", name, s->shard[place->dim[0]].name);
    place->dim[1] = 1;
    return OK;
}

static status take_notes(const struct tensor_table *part, struct tensor_table *out)
{
    for (int i = 0; i < part->notes; i++) {
        const char *there = table_note(out, part->note[i].key);
        if (!there)
            TRY(table_add_note(out, part->note[i].key, part->note[i].value));
        else if (strcmp(there, part->note[i].value) != 0)
            return FAIL(ERR_FORMAT, "its note %s is '%.40s', another shard's '%.40s'", part->note[i].key,
                        part->note[i].value, there);
        if (out->notes > WEIGHT_MAX_NOTES)
            return FAIL(ERR_MEMORY, "more than %d notes", WEIGHT_MAX_NOTES);
    }
    return OK;
}

static status take_tensors(struct shards *s, int i, struct tensor_table *part, struct tensor_table *out)
{
    for (int k = 0; k < part->count; k++) {
        TRY(check_place(s, i, part->entry[k].name));
        s->channels += part->entry[k].tensor.channels;
        if (s->channels > WEIGHT_MAX_ALL_CHANNELS)
            return FAIL(ERR_MEMORY, "the quantized tensors have more than %d channels",
                        WEIGHT_MAX_ALL_CHANNELS);
        TRY(table_take(out, part->entry[k].name, &part->entry[k].tensor));
    }
    for (int k = 0; k < part->absents; k++) {
        TRY(check_place(s, i, part->absent[k].name));
        TRY(table_add_absent(out, part->absent[k].name, part->absent[k].why, part->absent[k].is_tensor));
    }
    return take_notes(part, out);
}

static status read_shard(struct shards *s, int i, struct tensor_table *out)
{
    const uint8_t *bytes = (const uint8_t *)out->mapping + s->shard[i].at;
    struct tensor_table part = { 0 };
    status result = OK;

    /* Our own form holds a whole network. */
    if (text_begins((const char *)bytes, s->shard[i].size, WEIGHT_H5_MAGIC))
        result = FAIL(ERR_FORMAT, "is no shard, but quantcam's HDF5");
    if (result == OK)
        result = weight_read(s->shard[i].name, bytes, s->shard[i].size, NULL, &part);
    if (result == OK)
        result = take_tensors(s, i, &part, out);
    table_free(&part);
    return error_prefix(result, "%s", s->shard[i].name);
}

static status read_all(struct shards *s, struct tensor_table *out)
{
    for (int i = 0; i < s->count; i++)
        TRY(read_shard(s, i, out));
    for (int i = 0; i < s->map.count; i++)
        if (!s->map.entry[i].tensor.dim[1])
            return FAIL(ERR_FORMAT, "%s lacks %s, which the index places there",
                        s->shard[s->map.entry[i].tensor.dim[0]].name, s->map.entry[i].name);
    return OK;
}

status shards_read(const char *path, struct tensor_table *out)
{
    struct shards s = { 0 };
    uint64_t all = 0;
    status result = OK;

    MEM_TRY(s.shard, MOST_SHARDS, sizeof *s.shard);
    TRY_OUT(read_index(out->mapping, out->file_bytes, &s));
    TRY_OUT(sort_shards(&s));
    TRY_OUT(open_all(path, &s, &all, out));
    TRY_OUT(map_all(&s, all, out));
    TRY_OUT(read_all(&s, out));
out:
    for (int i = 0; i < s.count; i++)
        if (s.shard[i].fd >= 0)
            close(s.shard[i].fd);
    mem_free(s.shard);
    text_free(&s.key);
    table_free(&s.map);
    return result;
}
