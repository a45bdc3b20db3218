/* src/train/unpack.c: a whole file in memory, unpacked where it is gzip by its first bytes. */
#include "train_parts.h"

#include <string.h>
#include <zlib.h>

enum { FIRST_ROOM = 1 << 20 };

struct unpacked {
    uint8_t *bytes;
    size_t size, room, most;
};

static status grow(const char *path, struct unpacked *u)
{
    size_t room = u->room ? 2 * u->room : FIRST_ROOM;
    uint8_t *bytes;

    if (u->size == u->most)
        return FAIL(ERR_MEMORY, "%s: unpacked it has more than %zu bytes, the most that is read", path,
                    u->most);
    if (room > u->most)
        room = u->most;
    bytes = mem_grow(u->bytes, u->room, room, 1);
    if (!bytes)
        return FAIL(ERR_MEMORY, "%s: no memory for %zu bytes", path, room);
    u->bytes = bytes;
    u->room = room;
    return OK;
}

/* One member of a gzip file from z->next_in on. */
static status unpack_member(const char *path, z_stream *z, struct unpacked *u)
{
    int code = Z_OK;

    while (code != Z_STREAM_END) {
        size_t room;

        if (u->size == u->room)
            TRY(grow(path, u));
        room = u->room - u->size;
        z->next_out = u->bytes + u->size;
        z->avail_out = room > UINT32_MAX ? UINT32_MAX : (uInt)room;
        room = z->avail_out;
        code = inflate(z, Z_NO_FLUSH);
        u->size += room - z->avail_out;
        if (code == Z_MEM_ERROR)
            return FAIL(ERR_MEMORY, "%s: no memory to unpack it", path);
        if (code == Z_BUF_ERROR && z->avail_in == 0)
            return FAIL(ERR_FORMAT, "%s: the gzip data end early: the file is truncated; fetch it again",
                        path);
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
            return FAIL(ERR_FORMAT, "%s: the gzip data are damaged (%s); fetch the file again", path,
                        z->msg ? z->msg : "no reason given");
    }
    return OK;
}

/* Members that follow each other (files joined by cat) are one file, as gzip has it. */
static status unpack(const char *path, const uint8_t *packed, size_t size, struct unpacked *u)
{
    z_stream z = { .next_in = (Bytef *)packed, .avail_in = (uInt)size };
    status result = OK;

    if (inflateInit2(&z, 15 + 16) != Z_OK)
        return FAIL(ERR_MEMORY, "%s: no memory to unpack it", path);
    do
        result = unpack_member(path, &z, u);
    while (result == OK && z.avail_in > 0 && inflateReset(&z) == Z_OK);
    inflateEnd(&z);
    return result;
}

status unpack_file(const char *path, uint8_t **bytes, size_t *size)
{
    char *text = NULL;
    struct unpacked u = { .most = TRAIN_DATA_BYTES };
    status result;

    *bytes = NULL;
    *size = 0;
    TRY(text_read_file(path, TRAIN_DATA_BYTES, &text, size));
    if (*size < 2 || (uint8_t)text[0] != 0x1F || (uint8_t)text[1] != 0x8B) {
        *bytes = (uint8_t *)text;
        return OK;
    }
    result = unpack(path, (const uint8_t *)text, *size, &u);
    mem_free(text);
    if (result != OK) {
        mem_free(u.bytes);
        *size = 0;
        return result;
    }
    *bytes = u.bytes;
    *size = u.size;
    return OK;
}
