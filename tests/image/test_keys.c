/* Which picture of a list a name means. */
#include <string.h>

#include "check.h"
#include "image_points.h"

int main(void)
{
    static const char *const path[] = { "b/2.png", "a/1.jpg", "a/2.jpg", "c.d.jpg", ".hidden", "b/no" };
    struct image_keys k;
    size_t size;

    CHECK(image_keys_make(path, 6, &k) == OK);
    for (int i = 0; i < 6; i++)
        CHECK(image_keys_find(&k, path[i]) == i);
    CHECK(image_keys_find(&k, "./a/1.jpg") == 1);
    CHECK(image_keys_find(&k, "1") == 1 && image_keys_find(&k, "1.jpg") == 1 &&
          image_keys_find(&k, "x/1.tif") == 1);
    CHECK(image_keys_find(&k, "2.jpg") == IMAGE_KEY_SEVERAL && image_keys_find(&k, "2") == IMAGE_KEY_SEVERAL);
    CHECK(image_keys_find(&k, "c.d") == IMAGE_KEY_NONE && image_keys_find(&k, "c.d.png") == 3);
    CHECK(image_keys_find(&k, ".hidden.png") == 4 && image_keys_find(&k, "no.png") == 5);
    CHECK(image_keys_find(&k, "3.jpg") == IMAGE_KEY_NONE && image_keys_find(&k, "") == IMAGE_KEY_NONE);
    CHECK(!strcmp(image_keys_stem("a/b.c/d.e.f", &size), "d.e.f") && size == 3);
    CHECK(!strcmp(image_keys_stem(".x", &size), ".x") && size == 2);
    image_keys_free(&k);
    image_keys_free(&k);
    CHECK(image_keys_make(path, 0, &k) == OK && image_keys_find(&k, "c") == IMAGE_KEY_NONE);
    image_keys_free(&k);
    CHECK(mem_live() == 0);
    return check_result("image/keys");
}
