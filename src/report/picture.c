/* src/report/picture.c: panels, maps in colour, boxes. */
#include "picture.h"

#include <string.h>

#include "report.h"

const uint8_t picture_orange[3] = { 255, 110, 40 };

static uint8_t *pixel(const struct image *im, const struct picture_panel *at, int x, int y)
{
    return im->rgb + ((size_t)(at->y + y) * im->width + at->x + x) * 3;
}

/* A frame of one pixel. */
static void add_box(struct image *im, const struct picture_panel *at, const struct image_box *box,
                    const uint8_t rgb[3])
{
    for (int y = box->y0; y <= box->y1; y++)
        for (int x = box->x0; x <= box->x1; x++) {
            if (y != box->y0 && y != box->y1 && x != box->x0 && x != box->x1)
                continue;
            if (x >= 0 && y >= 0 && x < at->width && y < at->height)
                memcpy(pixel(im, at, x, y), rgb, 3);
        }
}

void picture_frame(struct image *im, const struct picture_panel *at, const struct image_box *box,
                   const uint8_t rgb[3])
{
    static const uint8_t black[3] = { 0, 0, 0 };
    struct image_box rim = { box->x0 - 1, box->y0 - 1, box->x1 + 1, box->y1 + 1 },
                     inner = { box->x0 + 1, box->y0 + 1, box->x1 - 1, box->y1 - 1 };

    add_box(im, at, &rim, black);
    add_box(im, at, box, rgb);
    add_box(im, at, &inner, rgb);
}

void picture_crop(struct image *im, const struct picture_panel *at, const struct image *crop)
{
    for (int y = 0; y < at->height; y++)
        memcpy(pixel(im, at, 0, y), crop->rgb + (size_t)y * at->width * 3, (size_t)at->width * 3);
}

void picture_map(struct image *im, const struct picture_panel *at, const struct image *crop,
                 const uint8_t *map)
{
    for (int y = 0; y < at->height; y++)
        for (int x = 0; x < at->width; x++) {
            size_t i = (size_t)y * at->width + x;
            const uint8_t *in = crop->rgb + 3 * i;
            /* BT.601 luma, so that colour means the map alone */
            int grey = (77 * in[0] + 150 * in[1] + 29 * in[2]) >> 8;

            for (int c = 0; c < 3; c++)
                pixel(im, at, x, y)[c] =
                    (uint8_t)((grey + (int)(viridis[map[i]] >> (16 - 8 * c) & 255) + 1) / 2);
        }
}

status picture_blank(struct image *out, int width, int height)
{
    *out = (struct image){ width, height, NULL };
    MEM_TRY(out->rgb, (size_t)width * height, 3);
    memset(out->rgb, 255, (size_t)width * height * 3);
    return OK;
}

status report_draw_maps(const char *path, const struct image *crop, const struct report_map *map, int maps,
                        int columns)
{
    struct picture_panel at = { 0, 0, crop->width, crop->height };
    int wide = crop->width + PICTURE_GAP, high = crop->height + PICTURE_GAP,
        rows = (maps + columns - 1) / columns;
    struct image im;
    status result = OK;

    TRY(picture_blank(&im, crop->width + columns * wide, rows * high - PICTURE_GAP));
    picture_crop(&im, &at, crop);
    for (int i = 0; i < maps; i++) {
        at.x = (1 + i % columns) * wide;
        at.y = i / columns * high;
        if (!map[i].map)
            continue;
        picture_map(&im, &at, crop, map[i].map);
        if (map[i].box.x0 >= 0)
            picture_frame(&im, &at, &map[i].box, picture_orange);
    }
    result = image_write_png(path, &im);
    image_free(&im);
    return result;
}
