/* src/image/image.c: pictures by content. */
#include <string.h>

#include "codec.h"
#include "list.h"

enum { MAX_EXTENT = 65535 }; /* libjpeg itself stops at 65,500 */
static const size_t max_file_bytes = (size_t)256 << 20;
static const uint64_t max_pixels = (uint64_t)64 << 20;

void image_free(struct image *im)
{
    mem_free(im->rgb);
    *im = (struct image){ 0 };
}

status image_alloc(const char *name, uint64_t width, uint64_t height, struct image *out)
{
    *out = (struct image){ 0 };
    if (width < 1 || height < 1 || width > MAX_EXTENT || height > MAX_EXTENT || width * height > max_pixels)
        return FAIL(
            ERR_MEMORY, "%s: %llu x %llu pixels, beyond the bounds (extents 1 to %d, %d Mpixel in all)", name,
            (unsigned long long)width, (unsigned long long)height, MAX_EXTENT, (int)(max_pixels >> 20));
    MEM_TRY(out->rgb, width * height, 3);
    out->width = (int)width;
    out->height = (int)height;
    return OK;
}

static int is_jpeg(const uint8_t *b, size_t size)
{
    return size >= 3 && memcmp(b, "\xff\xd8\xff", 3) == 0;
}

static int is_png(const uint8_t *b, size_t size)
{
    return size >= 8 && memcmp(b, "\x89PNG\r\n\x1a\n", 8) == 0;
}

int image_is_decodable(const uint8_t *head, size_t size)
{
    return is_jpeg(head, size) || is_png(head, size);
}

status image_decode(const char *name, const void *bytes, size_t size, struct image *out)
{
    const uint8_t *b = bytes;

    *out = (struct image){ 0 };
    if (size == 0)
        return FAIL(ERR_FORMAT, "%s: the file is empty", name);
    if (is_jpeg(b, size))
        return image_decode_jpeg(name, b, size, out);
    if (is_png(b, size))
        return image_decode_png(name, b, size, out);
    return FAIL(ERR_FORMAT, "%s: neither a JPEG nor a PNG file (it begins with %02x %02x %02x %02x)", name,
                b[0], size > 1 ? b[1] : 0, size > 2 ? b[2] : 0, size > 3 ? b[3] : 0);
}

status image_read(const char *path, struct image *out)
{
    char *bytes = NULL;
    size_t size = 0;
    status result;

    *out = (struct image){ 0 };
    TRY(text_read_file(path, max_file_bytes, &bytes, &size));
    result = image_decode(path, bytes, size, out);
    mem_free(bytes);
    return result;
}
