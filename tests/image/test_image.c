#include "fixtures.h"

/* A PNG's header with any size and the start of its data; the check sum of the header is made here. */
static void announce(uint8_t out[41], uint32_t width, uint32_t height)
{
    static const uint8_t start[33] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0\0\0\0\0\x08\x02\0\0\0";
    uint32_t crc;

    memcpy(out, start, 33);
    memcpy(out + 33, "\0\0\0\0IDAT", 8);
    for (int i = 0; i < 4; i++) {
        out[16 + i] = (uint8_t)(width >> (24 - 8 * i));
        out[20 + i] = (uint8_t)(height >> (24 - 8 * i));
    }
    crc = hash_crc32(0, out + 12, 17);
    for (int i = 0; i < 4; i++)
        out[29 + i] = (uint8_t)(crc >> (24 - 8 * i));
}

int main(void)
{
    struct image im = { 0 };
    struct image_info info;
    char hex[2 * HASH_SIZE + 1];
    uint8_t head[41];

    CHECK(image_read_info(FIXTURES "text.jpg", &im, &info) == ERR_FORMAT && info.width == 0);
    CHECK(strcmp(hash_hex(info.sha256, hex),
                 "2ab5330917a99d2036d90b2745fcde1228deb4e08ec9174e0206edc2dc20aca8") == 0);
    CHECK(image_read_info(FIXTURES "one_pixel.png", &im, &info) == OK && info.width == 1 && info.height == 1);
    image_free(&im);
    CHECK(image_read_info(FIXTURES "absent.jpg", &im, &info) == ERR_MISSING && info.sha256[0] == 0 &&
          info.sha256[31] == 0);
    CHECK(image_read("tests/image/data/absent.jpg", &im) == ERR_MISSING);
    CHECK(strstr(error_last()->text, "absent.jpg"));
    CHECK(image_read("tests/image/data", &im) == ERR_IO);
    CHECK(image_read(FIXTURES "empty.jpg", &im) == ERR_FORMAT && strstr(error_last()->text, "empty"));
    CHECK(image_read(FIXTURES "text.jpg", &im) == ERR_FORMAT && strstr(error_last()->text, "neither"));
    CHECK(image_decode("none", "", 0, &im) == ERR_FORMAT);
    CHECK(image_decode("short", "\xff", 1, &im) == ERR_FORMAT);
    CHECK(image_decode("short", "\xff\xd8\xff", 3, &im) == ERR_FORMAT);
    CHECK(image_decode("short", "\x89PNG\r\n\x1a\n", 8, &im) == ERR_FORMAT);
    announce(head, 60000, 60000); /* 3.6 Gpixel: refused before any memory is taken */
    CHECK(image_decode("huge", head, 41, &im) == ERR_MEMORY && strstr(error_last()->text, "60000 x 60000"));
    announce(head, 70000, 1);
    CHECK(image_decode("wide", head, 41, &im) == ERR_FORMAT); /* libpng has the same limit */
    announce(head, 0, 1);
    CHECK(image_decode("flat", head, 41, &im) == ERR_FORMAT);
    /* By content: a PNG under a JPEG's name. */
    {
        char *bytes = NULL;
        size_t size = 0;

        CHECK(text_read_file(FIXTURES "rgb8.png", 1 << 20, &bytes, &size) == OK);
        CHECK(image_decode("photograph.jpg", bytes, size, &im) == OK && im.width == 19 && im.height == 11);
        mem_free(bytes);
    }
    image_free(&im);
    image_free(&im);
    CHECK(im.rgb == NULL && im.width == 0);
    CHECK(mem_live() == 0);
    return check_result("image/image");
}
