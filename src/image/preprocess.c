/* src/image/preprocess.c: torchvision's Resize, CenterCrop and Normalize (numerics 5). */
#include <string.h>

#include "resize.h"

/* Python's round(difference / 2): half to even; a picture smaller than the crop is padded by floor(missing /
 * 2) before it. */
static int crop_corner(int resized, int crop)
{
    int difference = resized - crop, half = difference / 2;

    if (difference < 0)
        return -((crop - resized) / 2);
    return difference % 2 && half % 2 ? half + 1 : half;
}

void image_geometry(int width, int height, const struct image_pipeline *p, int *resized_w, int *resized_h,
                    int *left, int *top)
{
    int shorter = width < height ? width : height, longer = width < height ? height : width;
    /* At most 65,535 * 2^14: exact in double, and the quotient is Python's. */
    int resized = (int)((double)((int64_t)p->resize * longer) / (double)shorter);

    BUG_IF(width < 1 || height < 1 || p->resize < 1 || p->resize > 16384 || p->crop < 1 || p->crop > 16384);
    *resized_w = width <= height ? p->resize : resized;
    *resized_h = width <= height ? resized : p->resize;
    *left = crop_corner(*resized_w, p->crop);
    *top = crop_corner(*resized_h, p->crop);
}

status image_preprocess(const struct image *in, const struct image_pipeline *p, uint8_t *pixels)
{
    int width, height, left, top;
    struct image_window w;
    size_t pitch = (size_t)3 * (size_t)p->crop, pad_x, pad_y;

    image_geometry(in->width, in->height, p, &width, &height, &left, &top);
    w.x0 = left > 0 ? left : 0;
    w.y0 = top > 0 ? top : 0;
    w.width = width < p->crop ? width : p->crop;
    w.height = height < p->crop ? height : p->crop;
    pad_x = left < 0 ? (size_t)-left : 0;
    pad_y = top < 0 ? (size_t)-top : 0;
    if (w.width < p->crop || w.height < p->crop)
        memset(pixels, 0, pitch * (size_t)p->crop);
    return image_resize_window(in, width, height, p, w, pixels + pitch * pad_y + 3 * pad_x,
                               pitch);
}

status image_load(const char *path, const struct image_pipeline *p, uint8_t *pixels, struct image_info *info)
{
    struct image im = { 0 };
    status result;

    *info = (struct image_info){ 0 };
    TRY(image_read(path, &im));
    *info = (struct image_info){ im.width, im.height };
    result = image_preprocess(&im, p, pixels);
    image_free(&im);
    return result;
}

void image_normalize_table(const double mean[3], const double std[3], float table[3][256])
{
    for (int c = 0; c < 3; c++)
        for (int code = 0; code < 256; code++) {
            float unit = (float)code / 255.0f, centred = unit - (float)mean[c];
            table[c][code] = centred / (float)std[c];
        }
}
