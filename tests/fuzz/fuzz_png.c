/* image_decode's PNG, the chunks' check sums set right. A picture of 64 Mpixel takes 192 MiB, its grey values
 * of 16 bits 128 MiB beside it. */
#include <string.h>

#include "fuzz.h"
#include "image.h"

static const char *const seeds[] = { "tests/image/data/*.png", NULL };
static const char *const words[] = { "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "sBIT", "gAMA", "cHRM",
                                     "iCCP", "bKGD", "hIST", "pHYs", "sPLT", "tEXt", "zTXt", "iTXt",
                                     "eXIf", "acTL", "fcTL", "sRGB", "tIME", "oFFs", NULL };
static const char *const marks[] = { "IHDR", "PLTE", "IDAT", "tRNS", NULL };

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void repair(uint8_t *bytes, size_t size)
{
    for (size_t at = 8; at + 12 <= size;) {
        size_t length = get32(bytes + at);
        uint32_t crc;

        if (length > size - at - 12)
            break;
        crc = hash_crc32(0, bytes + at + 4, length + 4);
        for (size_t i = 0; i < 4; i++)
            bytes[at + 8 + length + i] = (uint8_t)(crc >> (24 - 8 * i));
        at += length + 12;
    }
}

const struct fuzz_target fuzz_target = { .name = "png",
                                         .seeds = seeds,
                                         .words = words,
                                         .marks = marks,
                                         .most = 64 << 10,
                                         .bound = (size_t)400 << 20,
                                         .repair = repair };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct image im;
    status s = image_decode("case", bytes, size, &im);

    fuzz_verdict(s);
    if ((s == OK) != (im.rgb != NULL))
        fuzz_fail("status %s, but the picture is %s", error_name(s), im.rgb ? "there" : "absent");
    image_free(&im);
    return 0;
}
