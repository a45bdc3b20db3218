/* The integer drawing, against values worked by hand. */
#include "../../src/image/synth_draw.h"
#include "check.h"

#include <string.h>

static void test_arithmetic(void)
{
    static const struct { int degrees, expected; } rows[] = {    /* 16384 sin, within 0.2 % of 16384 */
        { 0, 0 }, { 30, 8192 }, { 45, 11585 }, { 60, 14189 }, { 90, 16384 }, { 180, 0 }, { 210, -8192 },
        { 270, -16384 }, { -90, -16384 }, { 450, 16384 },
    };

    for (size_t k = 0; k < COUNT_OF(rows); k++) {
        int off = synth_draw_sin(rows[k].degrees) - rows[k].expected;

        CHECK_MSG(off >= -33 && off <= 33, "%d degrees: off by %d", rows[k].degrees, off);
    }
    CHECK(synth_draw_root(0) == 0 && synth_draw_root(15) == 3 && synth_draw_root(16) == 4);
    CHECK(synth_draw_root(INT64_C(999999999999)) == 999999);
    CHECK(synth_draw_root(INT64_C(1000000000000)) == 1000000);
}

static struct synth_item plain(enum synth_shape shape, int radius)
{
    struct synth_item item = {
        .shape = shape, .texture = TEXTURE_PLAIN, .colour = { { 200, 100, 50 }, { 10, 20, 30 } },
        .x = 50, .y = 50, .radius = radius, .stretch = { 256, 256 }, .period = 512,
    };

    return item;
}

static const uint8_t *at(const struct image *im, int x, int y)
{
    return im->rgb + 3 * (y * im->width + x);
}

static int close_to(int value, int expected)
{
    return value >= expected - 1 && value <= expected + 1;
}

/* Area in pixels and box of a shape of radius 40, against geometry. */
static void test_shapes(void)
{
    static const struct { enum synth_shape shape; int x0, y0, x1, y1, area; } rows[] = {
        { SHAPE_RING, 11, 11, 89, 89, 3866 },         /* pi (39.06^2 - 17.19^2) */
        { SHAPE_CROSS, 11, 11, 89, 89, 3681 },        /* 2 * 78.1 * 28.9 - 28.9^2 */
        { SHAPE_TRIANGLE, 15, 10, 85, 70, 2143 },     /* 3 sqrt(3) d^2, d = 520/1024 * 40 = 20.31 */
        { SHAPE_DISC, 10, 10, 90, 90, 5027 },         /* pi 40^2 */
        { SHAPE_BLOCK, 19, 19, 81, 81, 3906 },        /* 62.5^2 */
        { SHAPE_BAR, 3, 44, 97, 56, 1172 },           /* 93.75 * 12.5 */
    };
    static uint8_t pixels[100 * 100 * 3];
    struct image im = { 100, 100, pixels };

    for (size_t k = 0; k < COUNT_OF(rows); k++) {
        struct synth_item item = plain(rows[k].shape, 40);
        struct image_box box;
        int area = 0;

        memset(pixels, 0, sizeof pixels);
        synth_draw_item(&im, &item, &box);
        for (int i = 0; i < 100 * 100; i++)
            area += pixels[3 * i] == 200 && pixels[3 * i + 1] == 100 && pixels[3 * i + 2] == 50;
        CHECK_MSG(close_to(box.x0, rows[k].x0) && close_to(box.x1, rows[k].x1), "%zu: %d .. %d across", k,
                  box.x0, box.x1);
        CHECK_MSG(close_to(box.y0, rows[k].y0) && close_to(box.y1, rows[k].y1), "%zu: %d .. %d down", k,
                  box.y0, box.y1);
        CHECK_MSG(100 * area > 96 * rows[k].area && 100 * area < 104 * rows[k].area, "shape %zu: area %d", k,
                  area);
    }
    CHECK(at(&im, 50, 50)[0] == 200 && at(&im, 50, 60)[0] == 0);
}

/* Edges lie 400/1024 * 40 = 15.6 pixels from the centre at 90 + 72 k degrees (y goes down). A point beyond
 * one edge alone is in the tip there; tips end at 1060/1024 * 40 = 41.4; two edges meet between tips at
 * 15.6 / cos(36 degrees) = 19.3. */
static void test_star(void)
{
    static uint8_t pixels[100 * 100 * 3];
    struct image im = { 100, 100, pixels };
    struct synth_item item = plain(SHAPE_STAR, 40);
    struct image_box box;

    synth_draw_item(&im, &item, &box);
    CHECK(at(&im, 50, 50)[0] == 200);
    CHECK(at(&im, 50, 90)[0] == 200 && at(&im, 50, 93)[0] == 0);    /* down: a tip */
    CHECK(at(&im, 87, 62)[0] == 200);    /* 38.9 pixels off at 18 degrees: a tip */
    CHECK(at(&im, 50, 32)[0] == 200 && at(&im, 50, 29)[0] == 0);    /* up: between two tips */
}

static void test_rotation_and_clipping(void)
{
    static uint8_t pixels[100 * 100 * 3];
    struct image im = { 100, 100, pixels };
    struct synth_item item = plain(SHAPE_BAR, 40);
    struct image_box box;

    item.angle = 90;
    synth_draw_item(&im, &item, &box);
    CHECK(close_to(box.x0, 44) && close_to(box.x1, 56) && close_to(box.y0, 3) && close_to(box.y1, 97));
    item = plain(SHAPE_BLOCK, 40);
    item.stretch[0] = 128;
    synth_draw_item(&im, &item, &box);
    CHECK(close_to(box.x0, 35) && close_to(box.x1, 65) && close_to(box.y0, 19) && close_to(box.y1, 81));
    item = plain(SHAPE_DISC, 40);
    item.x = item.y = 0;
    synth_draw_item(&im, &item, &box);
    CHECK(box.x0 == 0 && box.y0 == 0 && close_to(box.x1, 40) && close_to(box.y1, 40));
    item.x = 500;
    synth_draw_item(&im, &item, &box);
    CHECK(box.x1 < box.x0 && box.y1 < box.y0);
    im.rgb = NULL;
    item.x = 50;
    item.y = 50;
    synth_draw_item(&im, &item, &box);
    CHECK(close_to(box.x0, 10) && close_to(box.y1, 90));
}

/* Period 512 of radius 40: 20 pixels, half of it each colour. */
static void test_textures(void)
{
    static uint8_t pixels[100 * 100 * 3];
    struct image im = { 100, 100, pixels };
    struct image_box box;

    for (int texture = TEXTURE_STRIPE; texture <= TEXTURE_PLAIN; texture++) {
        struct synth_item item = plain(SHAPE_BLOCK, 40);
        const uint8_t *right, *far, *down;

        item.texture = (enum synth_texture)texture;
        synth_draw_item(&im, &item, &box);
        right = at(&im, 55, 52);
        far = at(&im, 65, 52);
        down = at(&im, 55, 62);
        switch (item.texture) {
        case TEXTURE_STRIPE:
            CHECK(right[0] == 10 && far[0] == 200 && down[0] == 10);
            break;
        case TEXTURE_CHECK:
            CHECK(right[0] == 200 && far[0] == 10 && down[0] == 10 && at(&im, 65, 62)[0] == 200);
            break;
        case TEXTURE_DOT:    /* dots of radius 0.34 period in the middle of cells of 20 pixels */
            CHECK(at(&im, 60, 60)[0] == 10 && at(&im, 50, 50)[0] == 200 && at(&im, 60, 66)[0] == 10);
            CHECK(at(&im, 60, 68)[0] == 200 && at(&im, 40, 60)[0] == 10);
            break;
        case TEXTURE_CIRCLE:
            CHECK(right[0] == 10 && far[0] == 200 && at(&im, 50, 65)[0] == 200 && at(&im, 50, 72)[0] == 10);
            break;
        case TEXTURE_PLAIN:
            CHECK(right[0] == 200 && far[0] == 200 && down[0] == 200);
            break;
        }
    }
}

static void test_camera(void)
{
    static uint8_t pixels[9 * 9 * 3], rows[2 * 9 * 3];
    struct image im = { 9, 9, pixels };
    int low = 255, high = 0;

    pixels[3 * (4 * 9 + 4) + 1] = 160;
    synth_draw_blur(&im, rows);    /* (1 2 1) / 4 both ways: 1/16 in corners, 1/8 at sides, 1/4 inside */
    CHECK(at(&im, 4, 4)[1] == 40 && at(&im, 3, 4)[1] == 20 && at(&im, 4, 5)[1] == 20);
    CHECK(at(&im, 3, 3)[1] == 10 && at(&im, 5, 5)[1] == 10 && at(&im, 2, 4)[1] == 0 && at(&im, 4, 4)[0] == 0);
    memset(pixels, 128, sizeof pixels);
    synth_draw_blur(&im, rows);
    CHECK(at(&im, 0, 0)[0] == 128 && at(&im, 8, 8)[2] == 128);
    synth_draw_light(&im, 0, 128, 0);
    CHECK(at(&im, 0, 0)[0] == 64 && at(&im, 8, 8)[2] == 64);
    synth_draw_light(&im, 0, 256, 128);
    CHECK(at(&im, 0, 4)[0] < 50 && at(&im, 4, 4)[0] == 64 && at(&im, 8, 4)[0] > 78);
    memset(pixels, 128, sizeof pixels);
    synth_draw_noise(&im, 0, 5);
    CHECK(at(&im, 3, 3)[0] == 128);
    synth_draw_noise(&im, 10, 5);
    for (size_t i = 0; i < sizeof pixels; i++) {
        low = pixels[i] < low ? pixels[i] : low;
        high = pixels[i] > high ? pixels[i] : high;
    }
    CHECK_MSG(low >= 113 && low < 124 && high <= 143 && high > 132, "%d .. %d", low, high);
    pixels[0] = 255;
    pixels[1] = pixels[2] = 0;
    synth_draw_grey(&im);
    CHECK(pixels[0] == 76 && pixels[1] == 76 && pixels[2] == 76);    /* 0.299 * 255 */
}

static void test_ground(void)
{
    static uint8_t pixels[100 * 60 * 3];
    struct image im = { 60, 100, pixels };
    static const int top[3] = { 100, 0, 50 }, bottom[3] = { 200, 0, 250 };
    struct random r = { .seed = 3 };

    memset(pixels, 7, sizeof pixels);
    synth_draw_ground(&im, top, bottom, 50, 0, &r);
    CHECK(at(&im, 30, 49)[0] == 7);
    CHECK(at(&im, 30, 50)[0] == 100 && at(&im, 30, 50)[2] == 50);
    CHECK(at(&im, 3, 75)[0] == 150 && at(&im, 3, 75)[1] == 0 && at(&im, 3, 75)[2] == 150);
    synth_draw_ground(&im, top, top, 0, 20, &r);
    for (int i = 0; i < 100 * 60; i++)
        CHECK(pixels[3 * i] >= 80 && pixels[3 * i] <= 120);
}

int main(void)
{
    test_arithmetic();
    test_shapes();
    test_star();
    test_rotation_and_clipping();
    test_textures();
    test_camera();
    test_ground();
    return check_result("synth_draw");
}
