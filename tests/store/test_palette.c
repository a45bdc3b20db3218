#include "check.h"
#include "store.h"

int main(void)
{
    /* OpenCV 4's COLORMAP_JET, red green blue: from its table; ours may differ by one level. */
    static const int expected[][4] = { { 0, 0, 0, 128 },     { 31, 0, 0, 252 },    { 32, 0, 0, 255 },
                                       { 95, 0, 252, 255 },  { 96, 2, 255, 254 },  { 127, 126, 255, 130 },
                                       { 159, 254, 255, 1 }, { 160, 255, 252, 0 }, { 223, 255, 0, 0 },
                                       { 224, 252, 0, 0 },   { 255, 128, 0, 0 } };
    uint8_t p[256][3];

    palette_jet(p);
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        for (int k = 0; k < 3; k++)
            CHECK_MSG(abs(p[expected[i][0]][k] - expected[i][k + 1]) <= 1, "%d.%d: %d", expected[i][0], k,
                      p[expected[i][0]][k]);
    for (int i = 1; i < 256; i++)
        CHECK(p[i][0] != p[i - 1][0] || p[i][1] != p[i - 1][1] || p[i][2] != p[i - 1][2]);
    return check_result("test_palette");
}
