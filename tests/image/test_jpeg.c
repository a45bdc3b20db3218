#include <unistd.h>

#include "fixtures.h"

/* A JPEG cut anywhere is refused, and never more than refused. */
static void check_cuts(void)
{
    char *bytes = NULL;
    size_t size = 0;
    struct image im;

    CHECK(text_read_file(FIXTURES "420.jpg", 1 << 20, &bytes, &size) == OK);
    for (size_t n = 3; n + 2 < size; n += 7)
        CHECK_MSG(image_decode("cut", bytes, n, &im) == ERR_FORMAT, "after %zu of %zu bytes", n, size);
    mem_free(bytes);
}

/* Any damage ends in a picture or in ERR_FORMAT (or ERR_MEMORY for an absurd size). */
static void check_damage(void)
{
    static const char *const name[] = { "420_progressive.jpg", "grey.jpg", "cmyk.jpg", "restart.jpg" };

    for (size_t f = 0; f < COUNT_OF(name); f++) {
        struct random r = { .seed = 7, .stream = f };
        char path[128], *bytes = NULL;
        size_t size = 0;

        snprintf(path, sizeof path, FIXTURES "%s", name[f]);
        CHECK(text_read_file(path, 1 << 20, &bytes, &size) == OK);
        for (int i = 0; i < 200; i++) {
            size_t at = random_below(&r, (uint32_t)size);
            char kept = bytes[at];
            struct image im;
            status s;

            bytes[at] = (char)random_next(&r);
            s = image_decode("damaged", bytes, size, &im);
            CHECK_MSG(s == OK || s == ERR_FORMAT || s == ERR_MEMORY, "%s: byte %zu: status %d", name[f], at,
                      s);
            CHECK((s == OK) == (im.rgb != NULL));
            image_free(&im);
            bytes[at] = kept;
        }
        mem_free(bytes);
    }
}

int main(void)
{
    CHECK(fixture_check_pictures(".jpg") >= 20);
    check_cuts();
    check_damage();
    CHECK(mem_live() == 0);
    return check_result("image/jpeg");
}
