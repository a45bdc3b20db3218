#include "picture.h"

#include <string.h>

enum { GAP = 4 };

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

    if (x1 <= 0 || y1 <= 0 || x0 >= p->crop || y0 >= p->crop)
        return 0;
    out->x0 = clip(x0, 0, p->crop - 1);
    out->y0 = clip(y0, 0, p->crop - 1);
    out->x1 = clip(x1 - 1, out->x0, p->crop - 1);
    out->y1 = clip(y1 - 1, out->y0, p->crop - 1);
    return 1;
}

static void draw_frame(struct image *im, int x0, int y0, int x1, int y1, uint8_t level)
{
    for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x++) {
            if (y != y0 && y != y1 && x != x0 && x != x1)
                continue;
            if (x >= 0 && y >= 0 && x < im->height && y < im->height) /* the first panel is square */
                memset(im->rgb + ((size_t)y * im->width + x) * 3, level, 3);
        }
}

static void blend(const struct image *crop, const uint8_t *map, const uint8_t palette[256][3],
                  struct image *out, int x0)
{
    int side = crop->width;

    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            const uint8_t *in = crop->rgb + ((size_t)y * side + x) * 3;
            uint8_t *p = out->rgb + ((size_t)y * out->width + x0 + x) * 3;
            int grey = (77 * in[0] + 150 * in[1] + 29 * in[2]) >>
                       8; /* BT.601 luma, so that colour means the map alone */

            for (int c = 0; c < 3; c++)
                p[c] = (uint8_t)((grey + palette[map[(size_t)y * side + x]][c] + 1) / 2);
        }
}

status picture_compose(const struct image *crop, const struct image_box *box, int boxes,
                       const uint8_t *const *map, int maps, const uint8_t palette[256][3], struct image *out)
{
    int side = crop->width;

    memset(out, 0, sizeof *out);
    BUG_IF(crop->width != crop->height || maps < 0);
    out->width = side + maps * (side + GAP);
    out->height = side;
    MEM_TRY(out->rgb, (size_t)out->width * out->height, 3);
    memset(out->rgb, 255, (size_t)out->width * out->height * 3);
    for (int y = 0; y < side; y++)
        memcpy(out->rgb + (size_t)y * out->width * 3, crop->rgb + (size_t)y * side * 3, (size_t)side * 3);
    for (int i = 0; i < boxes; i++) {
        draw_frame(out, box[i].x0 - 1, box[i].y0 - 1, box[i].x1 + 1, box[i].y1 + 1, 0);
        draw_frame(out, box[i].x0, box[i].y0, box[i].x1, box[i].y1, 255);
    }
    for (int i = 0; i < maps; i++)
        if (map[i])
            blend(crop, map[i], palette, out, (i + 1) * (side + GAP));
    return OK;
}
