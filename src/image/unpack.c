/* src/image/unpack.c: whole files, unpacked where gzip packed them. */
#include <string.h>
#include <zlib.h>

#include "codec.h"
#include "records.h"

static const size_t most_unpacked = (size_t)1 << 30;

struct unpacking {
    const char *path;
    z_stream z;
    char *out;
    size_t size, room;
};

static status grow(struct unpacking *u)
{
    size_t more = u->room ? 2 * u->room : 1 << 20;
    char *grown;

    if (u->room >= most_unpacked)
        return FAIL(ERR_MEMORY, "%s: more than %zu bytes when unpacked", u->path, most_unpacked);
    grown = mem_grow(u->out, u->size, more, 1);
    if (!grown)
        return FAIL(ERR_MEMORY, "%s: no memory for %zu bytes", u->path, more);
    u->out = grown;
    u->room = more;
    return OK;
}

/* One member after the other, as gunzip takes them. */
static status inflate_all(struct unpacking *u)
{
    int code = Z_OK;

    while (code != Z_STREAM_END || u->z.avail_in > 0) {
        if (code == Z_STREAM_END && inflateReset(&u->z) != Z_OK)
            return FAIL(ERR_FORMAT, "%s: zlib cannot begin the next part", u->path);
        if (u->size == u->room)
            TRY(grow(u));
        u->z.next_out = (Bytef *)u->out + u->size;
        u->z.avail_out = (uInt)(u->room - u->size);
        code = inflate(&u->z, Z_NO_FLUSH);
        u->size = u->room - u->z.avail_out;
        if (code == Z_BUF_ERROR || (code == Z_OK && u->z.avail_in == 0 && u->z.avail_out > 0))
            return FAIL(ERR_FORMAT, "%s: the gzip data end early: truncated?", u->path);
        if (code != Z_OK && code != Z_STREAM_END)
            return FAIL(ERR_FORMAT, "%s: the gzip data are damaged (zlib: %s)", u->path,
                        u->z.msg ? u->z.msg : "no reason");
    }
    return OK;
}

static status unpack(const char *path, char *packed, size_t packed_size, char **out, size_t *size)
{
    struct unpacking u = { .path = path, .z = { .next_in = (Bytef *)packed, .avail_in = (uInt)packed_size } };
    status result;

    if (inflateInit2(&u.z, 15 + 16) != Z_OK) /* gzip's header alone */
        return FAIL(ERR_MEMORY, "%s: no memory to unpack it", path);
    result = inflate_all(&u);
    inflateEnd(&u.z);
    if (result != OK) {
        mem_free(u.out);
        return result;
    }
    *out = u.out;
    *size = u.size;
    return OK;
}

status unpack_file(const char *path, char **out, size_t *size)
{
    char *packed = NULL;
    size_t packed_size = 0;
    status result;

    *out = NULL;
    *size = 0;
    TRY(text_read_file(path, IMAGE_MAX_BYTES, &packed, &packed_size));
    if (packed_size < 2 || memcmp(packed, "\x1f\x8b", 2) != 0) {
        *out = packed;
        *size = packed_size;
        return OK;
    }
    result = unpack(path, packed, packed_size, out, size);
    mem_free(packed);
    return result;
}
