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

int main(void)
{
    static const char *const name[] = { "420_progressive.jpg", "grey.jpg", "cmyk.jpg", "restart.jpg" };

    CHECK(fixture_check_pictures(".jpg") >= 20);
    check_cuts();
    for (size_t f = 0; f < COUNT_OF(name); f++)
        fixture_check_damage(name[f], (struct random){ .seed = 7, .stream = f }, 200);
    CHECK(mem_live() == 0);
    return check_result("image/jpeg");
}
