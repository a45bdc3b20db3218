/* src/report/picture.c: panels, maps in colour, boxes. */
#include "picture.h"

#include <string.h>

#include "report.h"
#include "viridis.h"

static int clip(double v, int low, int high)
{
    return v < low ? low : v > high ? high : (int)v;
}

int picture_box_in_crop(const struct image_box *box, int width, int height, const struct image_pipeline *p,
                        struct image_box *out)
{
    int w, h, left, top;

    if (width < 1 || height < 1)
        return 0;
    image_geometry(width, height, p, &w, &h, &left, &top);
    /* The far edge of an inclusive pixel x1 is x1 + 1. */
    double x0 = (double)box->x0 * w / width - left, x1 = ((double)box->x1 + 1) * w / width - left;
    double y0 = (double)box->y0 * h / height - top, y1 = ((double)box->y1 + 1) * h / height - top;

    if (x1 <= 0 || y1 <= 0 || x0 >= p->width || y0 >= p->height)
        return 0;
    out->x0 = clip(x0, 0, p->width - 1);
    out->y0 = clip(y0, 0, p->height - 1);
    out->x1 = clip(x1 - 1, out->x0, p->width - 1);
    out->y1 = clip(y1 - 1, out->y0, p->height - 1);
    return 1;
}

void picture_box(struct image *im, const struct picture_panel *at, const struct image_box *box,
                 const uint8_t rgb[3])
{
    for (int y = box->y0; y <= box->y1; y++)
        for (int x = box->x0; x <= box->x1; x++) {
            if (y != box->y0 && y != box->y1 && x != box->x0 && x != box->x1)
                continue;
            if (x >= 0 && y >= 0 && x < at->side && y < at->side)
                memcpy(im->rgb + ((size_t)(at->y + y) * im->width + at->x + x) * 3, rgb, 3);
        }
}

void picture_frame(struct image *im, const struct picture_panel *at, const struct image_box *box,
                   const uint8_t rgb[3])
{
    static const uint8_t black[3] = { 0, 0, 0 };
    struct image_box rim = { box->x0 - 1, box->y0 - 1, box->x1 + 1, box->y1 + 1 },
                     inner = { box->x0 + 1, box->y0 + 1, box->x1 - 1, box->y1 - 1 };

    picture_box(im, at, &rim, black);
    picture_box(im, at, box, rgb);
    picture_box(im, at, &inner, rgb);
}

void picture_crop(struct image *im, const struct picture_panel *at, const struct image *crop)
{
    for (int y = 0; y < at->side; y++)
        memcpy(im->rgb + ((size_t)(at->y + y) * im->width + at->x) * 3, crop->rgb + (size_t)y * at->side * 3,
               (size_t)at->side * 3);
}

void picture_map(struct image *im, const struct picture_panel *at, const struct image *crop,
                 const uint8_t *map, const uint8_t palette[256][3])
{
    int side = at->side;

    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            const uint8_t *in = crop->rgb + ((size_t)y * side + x) * 3;
            uint8_t *p = im->rgb + ((size_t)(at->y + y) * im->width + at->x + x) * 3;
            int grey = (77 * in[0] + 150 * in[1] + 29 * in[2]) >>
                       8; /* BT.601 luma, so that colour means the map alone */

            for (int c = 0; c < 3; c++)
                p[c] = (uint8_t)((grey + palette[map[(size_t)y * side + x]][c] + 1) / 2);
        }
}

status picture_blank(struct image *out, int side, int columns, int rows)
{
    memset(out, 0, sizeof *out);
    BUG_IF(side < 1 || columns < 1 || rows < 1);
    out->width = columns * side + (columns - 1) * PICTURE_GAP;
    out->height = rows * side + (rows - 1) * PICTURE_GAP;
    MEM_TRY(out->rgb, (size_t)out->width * out->height, 3);
    memset(out->rgb, 255, (size_t)out->width * out->height * 3);
    return OK;
}

status report_draw_maps(const char *path, const struct image *crop, const struct report_map *map, int maps)
{
    static const uint8_t orange[3] = { 255, 110, 40 };
    struct picture_panel at = { 0, 0, crop->width };
    struct image im = { 0 };
    uint8_t palette[256][3];
    status result = OK;

    BUG_IF(crop->width != crop->height);
    viridis_fill(palette);
    TRY_OUT(picture_blank(&im, crop->width, 1 + maps, 1));
    picture_crop(&im, &at, crop);
    for (int i = 0; i < maps; i++) {
        at.x += crop->width + PICTURE_GAP;
        picture_map(&im, &at, crop, map[i].map, (const uint8_t(*)[3])palette);
        if (map[i].box.x0 >= 0)
            picture_frame(&im, &at, &map[i].box, orange);
    }
    TRY_OUT(image_write_png(path, &im));
out:
    image_free(&im);
    return result;
}
