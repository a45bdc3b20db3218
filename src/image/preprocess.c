/* src/image/preprocess.c: torchvision's Resize, CenterCrop and Normalize (numerics 5). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "resize.h"

enum { LARGEST = 16384 };

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

    BUG_IF(width < 1 || height < 1 || p->resize < 0 || p->resize > LARGEST);
    BUG_IF(p->height < 1 || p->height > LARGEST || p->width < 1 || p->width > LARGEST);
    *resized_w = width <= height ? p->resize : resized;
    *resized_h = width <= height ? resized : p->resize;
    if (p->resize == IMAGE_SQUASH) {
        *resized_w = p->width;
        *resized_h = p->height;
    }
    *left = crop_corner(*resized_w, p->width);
    *top = crop_corner(*resized_h, p->height);
}

/* What the network sees of an RGB picture, in three channels. */
static status preprocess_rgb(const struct image *in, const struct image_pipeline *p, uint8_t *pixels)
{
    int width, height, left, top;
    struct image_window w;
    size_t pitch = (size_t)3 * (size_t)p->width, pad_x, pad_y;

    image_geometry(in->width, in->height, p, &width, &height, &left, &top);
    w.x0 = left > 0 ? left : 0;
    w.y0 = top > 0 ? top : 0;
    w.width = width < p->width ? width : p->width;
    w.height = height < p->height ? height : p->height;
    pad_x = left < 0 ? (size_t)-left : 0;
    pad_y = top < 0 ? (size_t)-top : 0;
    if (w.width < p->width || w.height < p->height)
        memset(pixels, 0, pitch * (size_t)p->height);
    return image_resize_window(in, width, height, p, w, pixels + pitch * pad_y + 3 * pad_x, pitch);
}

/* Pillow's convert("L"), in all three channels. Source: Pillow 13, Convert.c, L24. */
static void fill_grey(const struct image *in, uint8_t *grey)
{
    size_t count = (size_t)in->width * (size_t)in->height;

    for (size_t i = 0; i < count; i++) {
        const uint8_t *rgb = in->rgb + 3 * i;
        int luma = (rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16;

        memset(grey + 3 * i, luma, 3);
    }
}

/* Grey pictures are resized as RGB ones of equal channels: the kernels know three channels alone. */
static status preprocess_grey(const struct image *in, const struct image_pipeline *p, uint8_t *pixels)
{
    struct image grey = { .width = in->width, .height = in->height };
    size_t count = image_pipeline_bytes(p);
    uint8_t *three = NULL;
    status result = OK;

    MEM_TRY_OUT(grey.rgb, (size_t)in->width * (size_t)in->height, 3);
    MEM_TRY_OUT(three, count, 3);
    fill_grey(in, grey.rgb);
    TRY_OUT(preprocess_rgb(&grey, p, three));
    for (size_t i = 0; i < count; i++)
        pixels[i] = three[3 * i];
out:
    image_free(&grey);
    mem_free(three);
    return result;
}

status image_preprocess(const struct image *in, const struct image_pipeline *p, uint8_t *pixels)
{
    BUG_IF(p->channels != 1 && p->channels != 3);
    return p->channels == 3 ? preprocess_rgb(in, p, pixels) : preprocess_grey(in, p, pixels);
}

status image_load(const char *path, const struct image_pipeline *p, uint8_t *pixels, struct image_info *info)
{
    struct image im = { 0 };
    status result;

    TRY(image_read_info(path, &im, info));
    result = image_preprocess(&im, p, pixels);
    image_free(&im);
    return result;
}

void image_normalize_table(const double mean[], const double std[], int channels, float table[][256])
{
    for (int c = 0; c < channels; c++)
        for (int code = 0; code < 256; code++) {
            float unit = (float)code / 255.0f, centred = unit - (float)mean[c];
            table[c][code] = centred / (float)std[c];
        }
}

/* ---- pipelines as values and texts --------------------------------------------------------------------- */

int image_pipeline_equal(const struct image_pipeline *a, const struct image_pipeline *b)
{
    return a->resize == b->resize && a->height == b->height && a->width == b->width &&
           a->channels == b->channels && a->filter == b->filter && a->order == b->order;
}

int image_pipeline_one_part(const struct image_pipeline *a, const struct image_pipeline *b)
{
    static const double alike = 0.01;

    if (a->resize == IMAGE_SQUASH || b->resize == IMAGE_SQUASH)
        return a->resize == b->resize;
    return fabs((double)a->height / a->resize - (double)b->height / b->resize) <= alike &&
           fabs((double)a->width / a->resize - (double)b->width / b->resize) <= alike;
}

status image_pipeline_change(struct image_pipeline *p, const char *resize, int filter, int pillow)
{
    int64_t side;

    if (strcmp(resize, "squash") == 0)
        p->resize = IMAGE_SQUASH;
    else if (text_parse_int(resize, 1, LARGEST, &side))
        p->resize = (int)side;
    else if (strcmp(resize, "model") != 0)
        return FAIL(ERR_USAGE,
                    "preprocess.resize = '%.100s': model, squash or a short side of 1 to %d pixels is wanted",
                    resize, LARGEST);
    if (filter)
        p->filter = filter == 2 ? IMAGE_BICUBIC : IMAGE_BILINEAR;
    if (pillow)
        p->order = IMAGE_ORDER_HORIZONTAL_FIRST;
    return OK;
}

size_t image_pipeline_bytes(const struct image_pipeline *p)
{
    return (size_t)p->height * (size_t)p->width * (size_t)p->channels;
}

const char *image_pipeline_write(const struct image_pipeline *p, char text[IMAGE_PIPELINE_TEXT])
{
    char resize[16] = "squash";

    if (p->resize != IMAGE_SQUASH)
        snprintf(resize, sizeof resize, "%d", p->resize);
    snprintf(text, IMAGE_PIPELINE_TEXT, "resize %s %s %s %d %d channels %d pillow %s", resize,
             p->filter == IMAGE_BICUBIC ? "bicubic" : "bilinear", p->resize == IMAGE_SQUASH ? "size" : "crop",
             p->height, p->width, p->channels, p->order == IMAGE_ORDER_PILLOW13 ? "13" : "12");
    return text;
}

status image_pipeline_read(const char *text, struct image_pipeline *out)
{
    char resize[16] = "", filter[16] = "", pillow[4] = "", again[IMAGE_PIPELINE_TEXT];
    struct image_pipeline p = { 0 };
    int64_t side = IMAGE_SQUASH;
    int read = sscanf(text, "resize %15s %15s %*[a-z] %d %d channels %d pillow %3s", resize, filter,
                      &p.height, &p.width, &p.channels, pillow);

    *out = (struct image_pipeline){ 0 };
    if (read == 6 && strcmp(resize, "squash") != 0 && !text_parse_int(resize, 1, LARGEST, &side))
        read = 0;
    p.resize = (int)side;
    p.filter = strcmp(filter, "bicubic") == 0 ? IMAGE_BICUBIC : IMAGE_BILINEAR;
    p.order = strcmp(pillow, "12") == 0 ? IMAGE_ORDER_HORIZONTAL_FIRST : IMAGE_ORDER_PILLOW13;
    if (read != 6 || p.height < 1 || p.height > LARGEST || p.width < 1 || p.width > LARGEST ||
        (p.channels != 1 && p.channels != 3) || strcmp(image_pipeline_write(&p, again), text) != 0)
        return FAIL(ERR_FORMAT, "'%.100s' is no preprocessing", text);
    *out = p;
    return OK;
}
