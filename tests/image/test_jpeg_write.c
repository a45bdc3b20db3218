#include <string.h>

#include "check.h"
#include "image.h"

enum { W = 45, H = 21 };

/* A slope in each colour: what is read back lies near what was written. */
static void check_round_trip(void)
{
    uint8_t rgb[W * H * 3], *bytes = NULL;
    struct image im = { W, H, rgb }, back = { 0 };
    size_t size = 0, small = 0;
    int worst = 0;

    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            rgb[3 * (y * W + x)] = (uint8_t)(x * 5);
            rgb[3 * (y * W + x) + 1] = (uint8_t)(y * 10);
            rgb[3 * (y * W + x) + 2] = 90;
        }
    CHECK(image_encode_jpeg(&im, 95, &bytes, &size) == OK);
    CHECK(size > 4 && bytes && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[size - 1] == 0xD9);
    CHECK_MSG(image_decode("made", bytes, size, &back) == OK, "%s", error_last()->text);
    CHECK(back.width == W && back.height == H);
    for (int i = 0; back.rgb && i < W * H * 3; i++) {
        int d = back.rgb[i] > rgb[i] ? back.rgb[i] - rgb[i] : rgb[i] - back.rgb[i];

        worst = d > worst ? d : worst;
    }
    CHECK_MSG(worst <= 12, "off by %d", worst);
    image_free(&back);
    mem_free(bytes);
    CHECK(image_encode_jpeg(&im, 20, &bytes, &small) == OK && small < size);
    mem_free(bytes);
}

static void check_refused(void)
{
    uint8_t rgb[3] = { 0 }, *bytes = rgb;
    size_t size = 7;
    struct image im = { 1, 1, rgb };

    CHECK(image_encode_jpeg(&im, 0, &bytes, &size) == ERR_RANGE && !bytes && size == 0);
    CHECK(image_encode_jpeg(&im, 101, &bytes, &size) == ERR_RANGE);
    im.width = 65501;
    CHECK(image_encode_jpeg(&im, 80, &bytes, &size) == ERR_RANGE);
    im.width = 0;
    CHECK(image_encode_jpeg(&im, 80, &bytes, &size) == ERR_RANGE);
}

int main(void)
{
    check_round_trip();
    check_refused();
    CHECK(mem_live() == 0);
    return check_result("image/jpeg_write");
}
