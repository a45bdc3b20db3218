/* src/weight/zip.c: the entries of a zip archive: stored ones are views, compressed ones only listed. */
#include "weight_parts.h"

#include <stdlib.h>
#include <string.h>

enum {
    LOCAL_SIZE = 30, CENTRAL_SIZE = 46, END_SIZE = 22, LOCATOR_SIZE = 20, END64_SIZE = 56,
    LOCAL_MAGIC = 0x04034b50, CENTRAL_MAGIC = 0x02014b50, END_MAGIC = 0x06054b50,
    LOCATOR_MAGIC = 0x07064b50, END64_MAGIC = 0x06064b50,
    LONGEST_COMMENT = 65535, LONGEST_NAME = 512
};

/* ---- the end record and where the directory is ----------------------------------------------------- */

struct directory { uint64_t offset, size, count; };

static const uint8_t *find_end(const uint8_t *bytes, uint64_t size)
{
    uint64_t least = size > END_SIZE + LONGEST_COMMENT ? size - END_SIZE - LONGEST_COMMENT : 0;

    if (size < END_SIZE)
        return NULL;
    for (uint64_t at = size - END_SIZE + 1; at-- > least;)
        if (weight_number(bytes + at, 4) == END_MAGIC)
            return bytes + at;
    return NULL;
}

/* The 64-bit record counts only for fields that are all ones in the plain one. */
static status read_end64(const uint8_t *bytes, uint64_t size, uint64_t end, struct directory *d)
{
    uint64_t at;

    if (end < LOCATOR_SIZE || weight_number(bytes + end - LOCATOR_SIZE, 4) != LOCATOR_MAGIC)
        return FAIL(ERR_FORMAT, "zip: the 64-bit end record's locator is missing");
    at = weight_number(bytes + end - LOCATOR_SIZE + 8, 8);
    if (size < END64_SIZE || at > size - END64_SIZE || weight_number(bytes + at, 4) != END64_MAGIC)
        return FAIL(ERR_FORMAT, "zip: the 64-bit end record is not at offset %llu", (unsigned long long)at);
    if (d->count == 0xFFFF)
        d->count = weight_number(bytes + at + 32, 8);
    if (d->size == 0xFFFFFFFF)
        d->size = weight_number(bytes + at + 40, 8);
    if (d->offset == 0xFFFFFFFF)
        d->offset = weight_number(bytes + at + 48, 8);
    return OK;
}

static status find_directory(const uint8_t *bytes, uint64_t size, struct directory *d)
{
    const uint8_t *end = find_end(bytes, size);

    if (!end)
        return FAIL(ERR_FORMAT, "zip: no end record: the file is truncated");
    *d = (struct directory){ .count = weight_number(end + 10, 2),
                             .size = weight_number(end + 12, 4),
                             .offset = weight_number(end + 16, 4) };
    if (d->count == 0xFFFF || d->size == 0xFFFFFFFF || d->offset == 0xFFFFFFFF)
        TRY(read_end64(bytes, size, (uint64_t)(end - bytes), d));
    if (d->offset > size || d->size > size - d->offset)
        return FAIL(ERR_FORMAT, "zip: the directory at offset %llu lies outside the file",
                    (unsigned long long)d->offset);
    if (d->count > ZIP_MAX_ENTRIES)
        return FAIL(ERR_MEMORY, "zip: %llu entries, more than the %d that are read",
                    (unsigned long long)d->count, ZIP_MAX_ENTRIES);
    return OK;
}

/* ---- entries --------------------------------------------------------------------------------------- */

/* Sizes and offset of a central header, the 64-bit extra field honoured where they are all ones. */
static status read_extents(const uint8_t *header, const uint8_t *extra, uint64_t extra_size,
                           uint64_t extents[3])
{
    extents[0] = weight_number(header + 24, 4); /* uncompressed, compressed, local header */
    extents[1] = weight_number(header + 20, 4);
    extents[2] = weight_number(header + 42, 4);
    if (extents[0] != 0xFFFFFFFF && extents[1] != 0xFFFFFFFF && extents[2] != 0xFFFFFFFF)
        return OK;
    while (extra_size >= 4) {
        uint64_t id = weight_number(extra, 2), length = weight_number(extra + 2, 2), at = 4;
        if (length > extra_size - 4)
            break;
        for (int i = 0; id == 1 && i < 3; i++) {
            if (extents[i] != 0xFFFFFFFF)
                continue;
            if (at + 8 > length + 4)
                return FAIL(ERR_FORMAT, "zip: a 64-bit extra field is too short");
            extents[i] = weight_number(extra + at, 8);
            at += 8;
        }
        if (id == 1)
            return OK;
        extra += 4 + length;
        extra_size -= 4 + length;
    }
    return FAIL(ERR_FORMAT, "zip: an entry's 64-bit extra field is missing");
}

/* torch leaves sizes and CRC out of the local header; only its name's and extra field's lengths count. */
static status find_data(const uint8_t *bytes, uint64_t size, uint64_t local, struct zip_entry *e)
{
    uint64_t at;

    if (size < LOCAL_SIZE || local > size - LOCAL_SIZE || weight_number(bytes + local, 4) != LOCAL_MAGIC)
        return FAIL(ERR_FORMAT, "zip: entry %.*s: no local header at offset %llu", e->name_size, e->name,
                    (unsigned long long)local);
    at = local + LOCAL_SIZE + weight_number(bytes + local + 26, 2) + weight_number(bytes + local + 28, 2);
    if (at > size || e->size > size - at)
        return FAIL(ERR_FORMAT, "zip: entry %.*s: %llu bytes at offset %llu lie outside the file",
                    e->name_size, e->name, (unsigned long long)e->size, (unsigned long long)at);
    e->data = bytes + at;
    return OK;
}

static status read_entry(const uint8_t *bytes, uint64_t size, const struct directory *d, uint64_t *at,
                         struct zip_entry *e)
{
    const uint8_t *header = bytes + *at;
    uint64_t left = d->offset + d->size - *at, extents[3];
    uint64_t name_size, extra_size, comment_size;

    if (left < CENTRAL_SIZE || weight_number(header, 4) != CENTRAL_MAGIC)
        return FAIL(ERR_FORMAT, "zip: no directory entry at offset %llu", (unsigned long long)*at);
    name_size = weight_number(header + 28, 2);
    extra_size = weight_number(header + 30, 2);
    comment_size = weight_number(header + 32, 2);
    if (name_size > LONGEST_NAME || left - CENTRAL_SIZE < name_size + extra_size + comment_size)
        return FAIL(ERR_FORMAT, "zip: the directory entry at offset %llu is too long",
                    (unsigned long long)*at);
    e->name = (const char *)header + CENTRAL_SIZE;
    e->name_size = (int)name_size;
    e->crc = (uint32_t)weight_number(header + 16, 4);
    e->packed = weight_number(header + 10, 2) != 0 || weight_number(header + 8, 2) & 1;
    TRY(read_extents(header, header + CENTRAL_SIZE + name_size, extra_size, extents));
    if (extents[0] != extents[1] && !e->packed)
        return FAIL(ERR_FORMAT, "zip: entry %.*s is stored in %llu bytes but has %llu", e->name_size, e->name,
                    (unsigned long long)extents[1], (unsigned long long)extents[0]);
    e->size = extents[1];
    *at += CENTRAL_SIZE + name_size + extra_size + comment_size;
    return find_data(bytes, size, extents[2], e);
}

static int compare_entries(const void *a, const void *b)
{
    const struct zip_entry *x = a, *y = b;
    int order = memcmp(x->name, y->name, (size_t)(x->name_size < y->name_size ? x->name_size : y->name_size));

    return order ? order : x->name_size - y->name_size;
}

status zip_open(const uint8_t *bytes, uint64_t size, struct zip *out)
{
    struct directory d;
    uint64_t at, all = 0;
    status result = OK;

    *out = (struct zip){ 0 };
    TRY(find_directory(bytes, size, &d));
    MEM_TRY(out->entry, (size_t)d.count, sizeof *out->entry);
    at = d.offset;
    for (; out->count < (int)d.count; out->count++) {
        TRY_OUT(read_entry(bytes, size, &d, &at, &out->entry[out->count]));
        all += out->entry[out->count].size;
    }
    /* Each entry's CRC is taken: 65,536 of them over the same 4 GiB would never end. */
    if (all > size)
        TRY_OUT(FAIL(ERR_FORMAT, "zip: its entries lie over one another: %llu bytes in a file of %llu",
                     (unsigned long long)all, (unsigned long long)size));
    qsort(out->entry, (size_t)out->count, sizeof *out->entry, compare_entries);
    for (int i = 1; i < out->count; i++)
        if (compare_entries(&out->entry[i - 1], &out->entry[i]) == 0)
            TRY_OUT(FAIL(ERR_FORMAT, "zip: two entries are named %.*s", out->entry[i].name_size,
                         out->entry[i].name));
out:
    if (result != OK)
        zip_close(out);
    return result;
}

void zip_close(struct zip *z)
{
    mem_free(z->entry);
    *z = (struct zip){ 0 };
}

struct zip_entry *zip_find(const struct zip *z, const char *name)
{
    struct zip_entry key = { .name = name, .name_size = (int)strlen(name) };

    return bsearch(&key, z->entry, (size_t)z->count, sizeof key, compare_entries);
}

status zip_check(struct zip_entry *e)
{
    if (e->packed)
        return FAIL(ERR_FORMAT,
                    "zip: entry %.*s is compressed or encrypted, which torch's own are not; in Python, "
                    "torch.save(torch.load(FILE), NEW)",
                    e->name_size, e->name);
    /* torch writes 0 where the user has switched checksums off. */
    if (e->checked || e->crc == 0)
        return OK;
    if (hash_crc32(0, e->data, (size_t)e->size) != e->crc)
        return FAIL(ERR_FORMAT, "zip: entry %.*s has a wrong CRC-32: the file is damaged", e->name_size,
                    e->name);
    e->checked = 1;
    return OK;
}
