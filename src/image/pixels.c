/* src/image/pixels.c: the memory of one picture, bounded. */
#include "codec.h"

enum { MAX_EXTENT = 65535 }; /* libjpeg itself stops at 65,500 */
static const uint64_t max_pixels = (uint64_t)64 << 20;

void image_free(struct image *im)
{
    mem_free(im->rgb);
    *im = (struct image){ 0 };
}

void image_grey_free(struct image_grey *g)
{
    mem_free(g->value);
    *g = (struct image_grey){ 0 };
}

status image_check_size(const char *name, uint64_t width, uint64_t height)
{
    if (width < 1 || height < 1 || width > MAX_EXTENT || height > MAX_EXTENT || width * height > max_pixels)
        return FAIL(
            ERR_MEMORY, "%s: %llu x %llu pixels, beyond the bounds (extents 1 to %d, %d Mpixel in all)", name,
            (unsigned long long)width, (unsigned long long)height, MAX_EXTENT, (int)(max_pixels >> 20));
    return OK;
}

status image_alloc(const char *name, uint64_t width, uint64_t height, struct image *out)
{
    *out = (struct image){ 0 };
    TRY(image_check_size(name, width, height));
    MEM_TRY(out->rgb, width * height, 3);
    out->width = (int)width;
    out->height = (int)height;
    return OK;
}
