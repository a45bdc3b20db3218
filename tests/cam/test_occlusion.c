/* tests/cam/test_occlusion.c: windows and averages by hand, and by going through all windows. */
#include <math.h>

#include "cam_forward.h"
#include "check.h"

static void test_by_hand(void)
{
    const struct occlusion o = { .window = 2, .stride = 1 };
    float values[9];
    int32_t edge[4];

    /* 3 x 3 pixels: four windows; the middle is in all of them. */
    CHECK(occlusion_windows(&o, 3, 3) == 4);
    occlusion_window(&o, 3, 3, 3, edge);
    CHECK(edge[0] == 1 && edge[1] == 1 && edge[2] == 3 && edge[3] == 3);
    occlusion_map(&o, 3, 3, 10, (const float[4]){ 9, 8, 6, 2 }, values); /* falls of 1 2 4 8 */
    CHECK(values[0] == 1 && values[1] == 1.5f && values[2] == 2 && values[3] == 2.5f && values[4] == 3.75f &&
          values[5] == 5 && values[6] == 4 && values[7] == 6 && values[8] == 8);
}

static void test_all(int height, int width, int window, int stride)
{
    const struct occlusion o = { .window = window, .stride = stride };
    float score[400], values[400], clean = 0.75f;
    int windows = occlusion_windows(&o, height, width);
    int32_t edge[4];

    for (int k = 0; k < windows; k++)
        score[k] = (float)((k * 37) % 16) / 16;
    occlusion_map(&o, height, width, clean, score, values);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            double sum = 0;
            int count = 0;

            for (int k = 0; k < windows; k++) {
                occlusion_window(&o, height, width, k, edge);
                if (x >= edge[0] && x < edge[2] && y >= edge[1] && y < edge[3]) {
                    sum += (double)clean - score[k];
                    count++;
                }
            }
            CHECK_MSG(count > 0 && values[y * width + x] == (float)(sum / count),
                      "%d x %d by %d every %d: %d %d", width, height, window, stride, x, y);
        }
    occlusion_window(&o, height, width, windows - 1, edge);
    CHECK(edge[2] == width && edge[3] == height);
}

int main(void)
{
    test_by_hand();
    for (int window = 1; window <= 12; window++)
        for (int stride = 1; stride <= window; stride++)
            test_all(11, 9, window, stride);
    return check_result("cam/occlusion");
}
