/* Maps: grey PNGs of 8 and 16 bits, PGMs in text and bytes, what is refused. */
#include "fixtures.h"
#include "folder.h"

static void bytes(const char *text, size_t size, const char *expected, const float *value)
{
    const char *path = folder_path("map");
    FILE *f = fopen(path, "wb");
    struct image_grey g;
    status result;

    fwrite(text, 1, size, f);
    fclose(f);
    result = image_grey_read(path, &g);
    CHECK_MSG((result == OK) == !*expected && (result == OK || strstr(error_last()->text, expected)),
              "'%s': %s", expected, result == OK ? "read" : error_last()->text);
    for (int i = 0; result == OK && i < g.width * g.height; i++)
        CHECK_MSG(g.value[i] == value[i], "value %d: %g", i, g.value[i]);
    CHECK(result == OK || !g.value);
    image_grey_free(&g);
}

#define GOOD(text, ...)  bytes(text, sizeof(text) - 1, "", (float[]){ __VA_ARGS__ })
#define BAD(text, words) bytes(text, sizeof(text) - 1, words, NULL)

static void pgm(void)
{
    GOOD("P2\n# by hand\n3 2 # width, height\n9\n0 1 2\n3 4 9\n", 0, 1, 2, 3, 4, 9);
    GOOD("P2 1 1 65535 65535", 65535);
    GOOD("P5 2 2 255\n\x01\x02\xff\x00", 1, 2, 255, 0);
    GOOD("P5\n1 2\n256\n\x01\x00\x00\x02", 256, 2);
    GOOD("P5 1 1 255\n\n", 10);
    BAD("P5 2 2 255\n\x01\x02\xff", "the file is truncated");
    BAD("P5 1 2 256\n\x01\x02\x01", "the file is truncated");
    BAD("P2 2 1 9 1", "the file is truncated");
    BAD("P2 2 1 9 1 x", "its values is no number");
    BAD("P2 2 1 9 1 10", "its values is not within 0 .. 9");
    BAD("P5 1 1 9\n\x0a", "a value 10 is above its largest, 9");
    BAD("P5 0 1 255\n", "its width is not within 1 .. 65535");
    BAD("P5 1 99999999999999999999 255\n", "its height is not within");
    BAD("P5 1 1 65536\n\x01\x01", "its largest value is not within");
    BAD("P5 60000 60000 255\n\x01", "beyond the bounds");
    BAD("P5 8000 8000 255\n\x01", "the file is truncated");
    BAD("P5 1", "truncated before its height");
    BAD("P5 # no end", "truncated before its width");
    BAD("P6 1 1 255\nabc", "neither a JPEG nor a PNG");
    BAD("", "the file is empty");
}

/* What a fixture holds, by the other reader where 8 bits are all. */
static void png(void)
{
    struct image_grey g;
    struct image im;
    int above = 0;

    CHECK(image_grey_read(FIXTURES "grey8.png", &g) == OK && image_read(FIXTURES "grey8.png", &im) == OK);
    CHECK(g.width == im.width && g.height == im.height && g.most == 255);
    for (int i = 0; g.value && i < g.width * g.height; i++)
        CHECK(g.value[i] == im.rgb[3 * i]);
    image_grey_free(&g);
    image_free(&im);
    CHECK(image_grey_read(FIXTURES "grey16.png", &g) == OK && image_read(FIXTURES "grey16.png", &im) == OK);
    CHECK(g.width == im.width && g.height == im.height && g.most == 65535);
    for (int i = 0; g.value && i < g.width * g.height; i++) {
        CHECK((g.value[i] > 255 ? 255 : g.value[i]) == im.rgb[3 * i]);
        above += g.value[i] > 255;
    }
    CHECK(above > 10);
    image_grey_free(&g);
    image_free(&im);
    CHECK(image_grey_read(FIXTURES "grey.jpg", &g) == OK && g.most == 255);
    image_grey_free(&g);
    CHECK(image_grey_read(FIXTURES "444.jpg", &g) == ERR_FORMAT && !g.value);
    CHECK(strstr(error_last()->text, "a picture in colours"));
    CHECK(image_grey_read(FIXTURES "no-such.png", &g) == ERR_MISSING);
}

int main(void)
{
    folder_open();
    pgm();
    png();
    folder_close();
    CHECK(mem_live() == 0);
    return check_result("image/grey");
}
