#include <unistd.h>

#include "fixtures.h"

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
    static const char *const name[] = { "palette4.png", "rgba16_interlaced.png", "grey1.png" };

    CHECK(fixture_check_pictures(".png") >= 30);
    for (size_t f = 0; f < COUNT_OF(name); f++)
        fixture_check_damage(name[f], (struct random){ .seed = 8, .stream = f }, 300);
    check_write();
    CHECK(mem_live() == 0);
    return check_result("image/png");
}
