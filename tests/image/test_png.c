#include <unistd.h>

#include "fixtures.h"

static void check_damage(void)
{
    static const char *const name[] = { "palette4.png", "rgba16_interlaced.png", "grey1.png" };

    for (size_t f = 0; f < COUNT_OF(name); f++) {
        struct random r = { .seed = 8, .stream = f };
        char path[128], *bytes = NULL;
        size_t size = 0;

        snprintf(path, sizeof path, FIXTURES "%s", name[f]);
        CHECK(text_read_file(path, 1 << 20, &bytes, &size) == OK);
        for (int i = 0; i < 300; i++) {
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
    char path[] = "/tmp/quantcam-png-XXXXXX";
    int fd = mkstemp(path);
    struct image im = fixture_pattern(37, 21), back;

    CHECK(fd >= 0);
    CHECK(image_write_png(path, &im) == OK);
    CHECK(image_read(path, &back) == OK && back.width == 37 && back.height == 21);
    CHECK(back.rgb && memcmp(back.rgb, im.rgb, 37 * 21 * 3) == 0);
    image_free(&back);
    CHECK(image_write_png("tests/image/no/such/folder.png", &im) != OK);
    image_free(&im);
    unlink(path);
    close(fd);
}

int main(void)
{
    CHECK(fixture_check_pictures(".png") >= 30);
    check_damage();
    check_write();
    CHECK(mem_live() == 0);
    return check_result("image/png");
}
