#include <string.h>

#include "check.h"
#include "report/picture.h"

static void test_boxes(void)
{
    /* 500 x 375 -> 341 x 256, left = 58 (58.5 to even), top = 16; the scale is 341/500 across and 256/375
     * down. */
    struct image_pipeline p = { .resize = 256, .height = 224, .width = 224, .channels = 3 };
    struct image_box out, whole = { 0, 0, 499, 374 }, outside = { 0, 0, 50, 374 },
                          middle = { 200, 150, 299, 224 };

    CHECK(picture_box_in_crop(&whole, 500, 375, &p, &out));
    CHECK(out.x0 == 0 && out.y0 == 0 && out.x1 == 223 && out.y1 == 223);
    CHECK(
        !picture_box_in_crop(&outside, 500, 375, &p, &out)); /* its right edge, 34.8, lies left of the crop */
    CHECK(picture_box_in_crop(&middle, 500, 375, &p, &out));
    CHECK_MSG(out.x0 == 78 && out.y0 == 86, "%d %d", out.x0, out.y0);   /* 136.4 - 58, 102.4 - 16 */
    CHECK_MSG(out.x1 == 145 && out.y1 == 136, "%d %d", out.x1, out.y1); /* 204.6 - 58 - 1, 153.6 - 16 - 1 */
    CHECK(!picture_box_in_crop(&middle, 0, 375, &p, &out));
    whole.x1 = whole.y1 = INT32_MAX; /* a file may say anything */
    CHECK(picture_box_in_crop(&whole, 500, 375, &p, &out) && out.x1 == 223 && out.y1 == 223);
}

static void test_panels(void)
{
    enum { SIDE = 8 };
    static const uint8_t white[3] = { 255, 255, 255 };
    uint8_t rgb[SIDE * SIDE * 3], map[SIDE * SIDE] = { 0 }, palette[256][3] = { { 0 } };
    struct image crop = { SIDE, SIDE, rgb }, out = { 0 };
    struct picture_panel at = { 0, 0, SIDE };
    struct image_box box = { 2, 2, 5, 5 };

    memset(rgb, 100, sizeof rgb);
    map[0] = 255;
    palette[255][0] = 200;
    CHECK(picture_blank(&out, SIDE, 3, 1) == OK && out.width == 3 * SIDE + 2 * 4 && out.height == SIDE);
    picture_crop(&out, &at, &crop);
    picture_frame(&out, &at, &box, white);
    at.x = SIDE + PICTURE_GAP;
    picture_map(&out, &at, &crop, map, (const uint8_t(*)[3])palette);
#define PIXEL(x, y, c) out.rgb[((y)*out.width + (x)) * 3 + (c)]
    CHECK(PIXEL(0, 0, 0) == 100);
    CHECK(PIXEL(2, 2, 0) == 255 && PIXEL(4, 4, 1) == 255); /* two pixels wide */
    CHECK(PIXEL(1, 2, 0) == 0 && PIXEL(6, 6, 2) == 0);     /* on a black rim */
    CHECK(PIXEL(SIDE + 1, 0, 0) == 255);                   /* the gap */
    CHECK(PIXEL(SIDE + 4, 0, 0) == 150 && PIXEL(SIDE + 4, 0, 1) == 50); /* half grey 100, half colour */
    CHECK(PIXEL(SIDE + 5, 0, 0) == 50);
    CHECK(PIXEL(2 * SIDE + 8, 0, 0) == 255); /* nothing was drawn: white */
    image_free(&out);
    CHECK(mem_live() == 0);
}

int main(void)
{
    test_boxes();
    test_panels();
    return check_result("test_picture");
}
