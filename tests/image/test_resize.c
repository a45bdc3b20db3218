#include "fixtures.h"

static void set(struct image *im, int x, int y, int value)
{ memset(im->rgb + (y * im->width + x) * 3, value, 3); }

static int at(const struct image *im, int x, int y)
{ return im->rgb[(y * im->width + x) * 3]; }

static void by_hand(void)
{
    struct image two = { 2, 1, mem_alloc(2, 3) }, out;

    set(&two, 0, 0, 10);
    set(&two, 1, 0, 21);
    /* Two to one: centre 1, scale 2, both weights 1/2: 15.5 rounds up. */
    CHECK(image_resize(&two, 1, 1, IMAGE_BILINEAR, IMAGE_ORDER_PILLOW13, &out) == OK);
    CHECK(at(&out, 0, 0) == 16);
    image_free(&out);
    /* Two to four: centres .25 .75 1.25 1.75 of the input: 10, .75*10+.25*21 = 12.75, 18.25, 21. */
    CHECK(image_resize(&two, 4, 3, IMAGE_BILINEAR, IMAGE_ORDER_PILLOW13, &out) == OK);
    for (int y = 0; y < 3; y++) {
        CHECK(at(&out, 0, y) == 10 && at(&out, 1, y) == 13);
        CHECK(at(&out, 2, y) == 18 && at(&out, 3, y) == 21);
    }
    image_free(&out);
    CHECK(image_resize(&two, 2, 1, IMAGE_BICUBIC, IMAGE_ORDER_PILLOW13, &out) == OK);
    CHECK(memcmp(out.rgb, two.rgb, 6) == 0);
    image_free(&out);
    CHECK(image_resize(&two, 0, 1, IMAGE_BICUBIC, IMAGE_ORDER_PILLOW13, &out) == ERR_MEMORY);
    CHECK(image_resize(&two, -4, 1, IMAGE_BICUBIC, IMAGE_ORDER_PILLOW13, &out) == ERR_MEMORY);
    CHECK(image_resize(&two, 65535, 65535, IMAGE_BICUBIC, IMAGE_ORDER_PILLOW13, &out) == ERR_MEMORY);
    image_free(&two);
}

/* Pillow's bytes in both pass orders; the lists hold sizes where they differ. */
static void against_pillow(void)
{
    struct fixture_list list = { 0 };
    int orders_differ = 0;

    while (fixture_next(&list, "resizes.txt")) {
        int width, height, to_width, to_height, filter;
        unsigned crc[2];
        struct image in, out;

        CHECK(sscanf(list.line, "%d %d %d %d %d %x %x", &width, &height, &to_width, &to_height, &filter,
                     &crc[0], &crc[1]) == 7);
        in = fixture_pattern(width, height);
        for (int order = 0; order < 2; order++) {
            CHECK(image_resize(&in, to_width, to_height, (enum image_filter)filter, (enum image_order)order,
                               &out) == OK);
            CHECK_MSG(crc_of(&out) == crc[order], "%s", list.line);
            image_free(&out);
        }
        orders_differ += crc[0] != crc[1];
        image_free(&in);
    }
    CHECK(orders_differ > 5);
}

int main(void)
{
    by_hand();
    against_pillow();
    CHECK(mem_live() == 0);
    return check_result("image/resize");
}
