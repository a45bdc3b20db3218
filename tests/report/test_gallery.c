#include <string.h>

#include "check.h"
#include "report/gallery.h"

/* Against a full sort by (rmse descending, image ascending), with many ties. */
static void test_rank(void)
{
    enum { ROWS = 500, MOST = 16 };
    int64_t image[ROWS], order[MOST];
    float rmse[ROWS];
    uint8_t in_subset[ROWS];
    struct random r = { .seed = 5 };

    for (int round = 0; round < 20; round++) {
        int count, members = 0;

        for (int i = 0; i < ROWS; i++) {
            image[i] = i * 3 + (int64_t)random_below(&r, 3);
            rmse[i] = (float)random_below(&r, 12);
            in_subset[i] = random_below(&r, 20) == 0;
            members += in_subset[i];
        }
        count = gallery_rank(image, rmse, in_subset, ROWS, MOST, order);
        CHECK(count == (members < MOST ? members : MOST));
        for (int k = 0; k < count; k++) {
            int before = 0;

            for (int i = 0; i < ROWS; i++)
                before += in_subset[i] && (rmse[i] > rmse[order[k]] || (rmse[i] == rmse[order[k]] && image[i] < image[order[k]]));
            CHECK_MSG(before == k && in_subset[order[k]], "place %d has %d before it", k, before);
        }
    }
    image[0] = -1;
    in_subset[0] = 1; /* an unused row is never ranked */
    CHECK(gallery_rank(image, rmse, in_subset, 1, MOST, order) == 0);
}

static void test_text_value(void)
{
    const char *text = "a = 1\ndata.images = /x y/z\nlast = end";
    char value[16];

    CHECK(gallery_text_value(text, "data.images", value, sizeof value) && strcmp(value, "/x y/z") == 0);
    CHECK(gallery_text_value(text, "last", value, sizeof value) && strcmp(value, "end") == 0);
    CHECK(!gallery_text_value(text, "images", value, sizeof value));
    CHECK(!gallery_text_value(text, "data.images", value, 3)); /* does not fit */
    CHECK(!gallery_text_value("", "a", value, sizeof value));
}

int main(void)
{
    test_rank();
    test_text_value();
    return check_result("test_gallery");
}
