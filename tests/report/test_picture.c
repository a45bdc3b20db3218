#include <string.h>

#include "check.h"
#include "report/picture.h"

/* A panel of 8 x 6 at line 2 of a picture of three panels a row. */
static void test_panels(void)
{
    enum { W = 8, H = 6, Y = 2 };
    static const uint8_t white[3] = { 255, 255, 255 };
    uint8_t rgb[W * H * 3], map[W * H] = { 0 };
    struct image crop = { W, H, rgb }, out;
    struct picture_panel at = { 0, Y, W, H };
    struct image_box box = { 2, 1, 5, 4 };

    memset(rgb, 100, sizeof rgb);
    map[0] = 255; /* FDE724; 0 is 440154 */
    CHECK(picture_blank(&out, 3 * W + 2 * PICTURE_GAP, H + Y) == OK && out.width == 32 && out.height == 8);
    picture_crop(&out, &at, &crop);
    picture_frame(&out, &at, &box, white);
    at.x = W + PICTURE_GAP;
    picture_map(&out, &at, &crop, map);
#define PIXEL(x, y, c) out.rgb[((y)*out.width + (x)) * 3 + (c)]
    CHECK(PIXEL(0, 0, 0) == 255 && PIXEL(0, Y, 0) == 100 && PIXEL(W - 1, Y + H - 1, 0) == 100);
    CHECK(PIXEL(2, Y + 1, 0) == 255 && PIXEL(4, Y + 3, 1) == 255); /* two pixels wide */
    CHECK(PIXEL(1, Y + 1, 0) == 0 && PIXEL(6, Y + 5, 2) == 0);     /* on a black rim */
    CHECK(PIXEL(W + 1, Y, 0) == 255);                              /* the gap */
    /* Half grey 100, half colour, rounded: (100 + 253 + 1) / 2, ... */
    CHECK(PIXEL(W + 4, Y, 0) == 177 && PIXEL(W + 4, Y, 1) == 166 && PIXEL(W + 4, Y, 2) == 68);
    CHECK(PIXEL(W + 5, Y, 0) == 84 && PIXEL(W + 5, Y, 1) == 51 && PIXEL(W + 5, Y, 2) == 92);
    CHECK(PIXEL(2 * W + 4, Y + H - 1, 0) == 255); /* nothing was drawn: white */
    image_free(&out);
    CHECK(mem_live() == 0);
}

int main(void)
{
    test_panels();
    return check_result("test_picture");
}
