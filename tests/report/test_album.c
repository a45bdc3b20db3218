#include <string.h>

#include "check.h"
#include "report/album.h"

static void test_text_value(void)
{
    const char *text = "a = 1\ndata.images = /x y/z\nlast = end";
    char value[16];

    CHECK(album_text_value(text, "data.images", value, sizeof value) && strcmp(value, "/x y/z") == 0);
    CHECK(album_text_value(text, "last", value, sizeof value) && strcmp(value, "end") == 0);
    CHECK(!album_text_value(text, "images", value, sizeof value));
    CHECK(!album_text_value(text, "data.images", value, 3)); /* does not fit */
    CHECK(!album_text_value("", "a", value, sizeof value));
}

int main(void)
{
    test_text_value();
    return check_result("test_album");
}
