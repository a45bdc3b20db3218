/* tests/image/fixtures.h: tests/image/data and the lists in it (made by
 * tests/fixtures/make_image_fixtures.py). */
#ifndef QUANTCAM_TEST_IMAGE_FIXTURES_H
#define QUANTCAM_TEST_IMAGE_FIXTURES_H

#include <string.h>

#include "check.h"
#include "image.h"

#define FIXTURES "tests/image/data/"

static inline uint32_t crc_of(const struct image *im)
{ return hash_crc32(0, im->rgb, (size_t)im->width * (size_t)im->height * 3); }

/* The next line of a list, or 0 at its end. Counts as a failed check if the list cannot be opened. */
struct fixture_list {
    FILE *file;
    char line[512];
};
static inline int fixture_next(struct fixture_list *l, const char *name)
{
    char path[256];

    if (!l->file) {
        snprintf(path, sizeof path, FIXTURES "%s", name);
        l->file = fopen(path, "r");
        CHECK_MSG(l->file, "%s", path);
    }
    if (l->file && fgets(l->line, sizeof l->line, l->file))
        return 1;
    if (l->file)
        fclose(l->file);
    l->file = NULL;
    return 0;
}

/* The same drawing as in the script. */
static inline struct image fixture_pattern(int width, int height)
{
    struct image im = { width, height, mem_alloc((size_t)width * (size_t)height, 3) };

    for (uint32_t y = 0; y < (uint32_t)height; y++)
        for (uint32_t x = 0; x < (uint32_t)width; x++)
            for (uint32_t c = 0; c < 3; c++)
                im.rgb[((size_t)y * (size_t)width + x) * 3 + c] =
                    (uint8_t)(x * 7 + y * 13 + c * 29 + ((x * y) >> 3) * (c + 1));
    return im;
}

/* Every picture whose name ends in `extension`: pixels as Pillow's, or refused as there. Returns how many. */
static inline int fixture_check_pictures(const char *extension)
{
    struct fixture_list list = { 0 };
    int count = 0;

    while (fixture_next(&list, "pictures.txt")) {
        char name[128], verdict[8], path[256];
        unsigned width, height, crc;
        struct image im;
        status s;

        CHECK(sscanf(list.line, "%127s %7s %u %u %x", name, verdict, &width, &height, &crc) == 5);
        if (strlen(name) < 4 || strcmp(name + strlen(name) - 4, extension) != 0)
            continue;
        snprintf(path, sizeof path, FIXTURES "%s", name);
        s = image_read(path, &im);
        count++;
        if (strcmp(verdict, "bad") == 0) {
            CHECK_MSG(s == ERR_FORMAT && strstr(error_last()->text, path), "%s: %s", name,
                      error_last()->text);
            CHECK_MSG(im.rgb == NULL && im.width == 0, "%s", name);
            continue;
        }
        CHECK_MSG(s == OK, "%s: %s", name, error_last()->text);
        if (s != OK)
            continue;
        CHECK_MSG((unsigned)im.width == width && (unsigned)im.height == height, "%s %d x %d", name, im.width,
                  im.height);
        CHECK_MSG(crc_of(&im) == crc, "%s: %08x, not %08x", name, crc_of(&im), crc);
        image_free(&im);
    }
    return count;
}

/* A byte of a picture's file changed, so many times: any damage ends in a picture or in ERR_FORMAT (or
 * ERR_MEMORY for an absurd size). */
static inline void fixture_check_damage(const char *name, struct random r, int times)
{
    char path[128], *bytes = NULL;
    size_t size = 0;

    snprintf(path, sizeof path, FIXTURES "%s", name);
    CHECK(text_read_file(path, 1 << 20, &bytes, &size) == OK);
    for (int i = 0; i < times; i++) {
        size_t at = random_below(&r, (uint32_t)size);
        char kept = bytes[at];
        struct image im;
        status s;

        bytes[at] = (char)random_next(&r);
        s = image_decode("damaged", bytes, size, &im);
        CHECK_MSG(s == OK || s == ERR_FORMAT || s == ERR_MEMORY, "%s: byte %zu: status %d", name, at, s);
        CHECK((s == OK) == (im.rgb != NULL));
        image_free(&im);
        bytes[at] = kept;
    }
    mem_free(bytes);
}

#endif
