#include "fixtures.h"

static void set(struct image *im, int x, int y, int value)
{
    memset(im->rgb + (y * im->width + x) * 3, value, 3);
}

static int at(const struct image *im, int x, int y)
{
    return im->rgb[(y * im->width + x) * 3];
}

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

/* Image.fromarray(a, mode="F").resize(...) of Pillow 13. */
static void floats(void)
{
    static const float in[] = { 0, 1, 4, 9, 2, 0.5f };
    static const float bilinear[] = { 0.f,    0.4f,   1.f,    2.8f,  4.f,   2.25f, 1.8499999f,
                                      1.25f,  2.375f, 3.125f, 6.75f, 4.75f, 1.75f, 1.525f,
                                      1.375f, 9.f,    6.2f,   2.f,   1.1f,  0.5f };
    static const float bicubic[] = { -0.922863483f, -0.34789291f, 0.911764681f, 3.19370055f,  4.56520557f,
                                     1.91388142f,   1.54120469f,  1.20714283f,  2.52028251f,  3.43106484f,
                                     7.53894901f,   5.28715372f,  1.79285717f,  1.18494129f,  1.18214285f,
                                     10.3756943f,   7.17625141f,  2.08823538f,  0.511523247f, 0.0480022132f };
    static const float smaller[] = { -2.3878f,  2.188429f,  14.084342f, 21.67364f, 39.530533f,
                                     64.70711f, 45.735077f, 76.872635f, 115.32988f };
    float squares[12], out[20];

    CHECK(image_resize_values(in, 3, 2, 5, 4, IMAGE_BILINEAR, out) == OK);
    CHECK(memcmp(out, bilinear, sizeof bilinear) == 0);
    CHECK(image_resize_values(in, 3, 2, 5, 4, IMAGE_BICUBIC, out) == OK);
    CHECK(memcmp(out, bicubic, sizeof bicubic) == 0);
    for (int i = 0; i < 12; i++)
        squares[i] = (float)(i * i);
    CHECK(image_resize_values(squares, 6, 2, 3, 3, IMAGE_BICUBIC, out) == OK);
    for (int i = 0; i < 9; i++)
        CHECK_MSG(out[i] > smaller[i] - 1e-5f && out[i] < smaller[i] + 1e-5f, "%d: %.9g", i, out[i]);
    CHECK(image_resize_values(in, 3, 2, 3, 2, IMAGE_BICUBIC, out) == OK && memcmp(out, in, sizeof in) == 0);
}

int main(void)
{
    by_hand();
    against_pillow();
    floats();
    CHECK(mem_live() == 0);
    return check_result("image/resize");
}
