/* src/image/grey.c: maps, pictures of one channel, with all the bits that their files have. */
#include <string.h>

#include "codec.h"

enum { COLOUR = 8 }; /* how far the colours of a grey pixel may differ */

/* The values of a picture without colours, or the wide ones in place of its own. */
static status take_grey(const char *name, const struct image *im, const uint16_t *wide,
                        struct image_grey *out)
{
    size_t count = (size_t)im->width * (size_t)im->height;

    MEM_TRY(out->value, count, sizeof *out->value);
    out->width = im->width;
    out->height = im->height;
    out->most = wide ? 65535 : 255;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *p = im->rgb + 3 * i;
        int r = p[0], g = p[1], b = p[2], low = r < g ? r : g, high = r > g ? r : g;

        low = b < low ? b : low;
        high = b > high ? b : high;
        if (high - low > COLOUR)
            return FAIL(
                ERR_FORMAT,
                "%s: a picture in colours, at pixel %d,%d %d %d %d: a map is grey, its brightness the "
                "value",
                name, (int)(i % (size_t)im->width), (int)(i / (size_t)im->width), r, g, b);
        out->value[i] = wide ? wide[i] : (float)((r * 19595 + g * 38470 + b * 7471 + 32768) >> 16);
    }
    return OK;
}

static status decode(const char *path, const uint8_t *bytes, size_t size, struct image_grey *out)
{
    struct image im = { 0 };
    uint16_t *wide = NULL;
    status result;

    if (image_is_pgm(bytes, size))
        return image_decode_pgm(path, bytes, size, out);
    result = image_is_png(bytes, size) ? image_decode_png_wide(path, bytes, size, &im, &wide)
                                       : image_decode(path, bytes, size, &im);
    if (result == OK)
        result = take_grey(path, &im, wide, out);
    image_free(&im);
    mem_free(wide);
    return result;
}

status image_grey_read(const char *path, struct image_grey *out)
{
    char *bytes = NULL;
    size_t size = 0;
    status result;

    *out = (struct image_grey){ 0 };
    TRY(text_read_file(path, IMAGE_MAX_BYTES, &bytes, &size));
    result = decode(path, (const uint8_t *)bytes, size, out);
    if (result != OK)
        image_grey_free(out);
    mem_free(bytes);
    return result;
}
