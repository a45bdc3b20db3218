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

static void check_write(void)
{
    char path[] = "/tmp/quantcam-jpeg-XXXXXX";
    int fd = mkstemp(path);
    struct image flat = { 40, 24, mem_alloc(40 * 24, 3) }, back;

    memset(flat.rgb, 128, 40 * 24 * 3);
    CHECK(fd >= 0);
    CHECK(image_write_jpeg(path, &flat, 90) == OK);
    CHECK(image_read(path, &back) == OK && back.width == 40 && back.height == 24);
    CHECK(back.rgb && memcmp(back.rgb, flat.rgb, 40 * 24 * 3) == 0); /* one grey: nothing is lost */
    image_free(&back);
    CHECK(image_write_jpeg(path, &flat, 0) == ERR_RANGE);
    CHECK(image_write_jpeg("tests/image/no/such/folder.jpg", &flat, 90) != OK);
    image_free(&flat);
    unlink(path);
    close(fd);
}

int main(void)
{
    CHECK(fixture_check_pictures(".jpg") >= 20);
    check_cuts();
    check_damage();
    check_write();
    CHECK(mem_live() == 0);
    return check_result("image/jpeg");
}
