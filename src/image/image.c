/* src/image/image.c: pictures by content. */
#include <string.h>

#include "codec.h"
#include "list.h"
#include "records.h"

static int is_jpeg(const uint8_t *b, size_t size)
{
    return size >= 3 && memcmp(b, "\xff\xd8\xff", 3) == 0;
}

int image_is_png(const uint8_t *b, size_t size)
{
    return size >= 8 && memcmp(b, "\x89PNG\r\n\x1a\n", 8) == 0;
}

int image_is_decodable(const uint8_t *head, size_t size)
{
    return is_jpeg(head, size) || image_is_png(head, size);
}

status image_decode(const char *name, const void *bytes, size_t size, struct image *out)
{
    const uint8_t *b = bytes;

    *out = (struct image){ 0 };
    if (size == 0)
        return FAIL(ERR_FORMAT, "%s: the file is empty", name);
    if (is_jpeg(b, size))
        return image_decode_jpeg(name, b, size, out);
    if (image_is_png(b, size))
        return image_decode_png(name, b, size, out);
    return FAIL(ERR_FORMAT, "%s: neither a JPEG nor a PNG file (it begins with %02x %02x %02x %02x)", name,
                b[0], size > 1 ? b[1] : 0, size > 2 ? b[2] : 0, size > 3 ? b[3] : 0);
}

status image_read_info(const char *path, struct image *out, struct image_info *info)
{
    char *bytes = NULL;
    size_t size = 0;
    status result;
    int found;

    *out = (struct image){ 0 };
    *info = (struct image_info){ 0 };
    TRY(records_read_info(path, &found, out, info));
    if (found)
        return OK;
    TRY(text_read_file(path, (size_t)IMAGE_MAX_BYTES, &bytes, &size));
    hash_bytes(bytes, size, info->sha256);
    result = image_decode(path, bytes, size, out);
    info->width = out->width;
    info->height = out->height;
    mem_free(bytes);
    return result;
}

status image_read(const char *path, struct image *out)
{
    struct image_info info;

    return image_read_info(path, out, &info);
}
