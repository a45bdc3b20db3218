/* tests/cam/test_rise.c: masks by hand from their own random numbers, and what they have in common. */
#include <math.h>
#include <string.h>

#include "cam_forward.h"
#include "check.h"

/* One mask of a 2 x 2 grid on 4 x 4 pixels: cells of 2, enlarged to 6 x 6, whose centres lie at -1/3, 0, 1/3,
 * 2/3, 1, 4/3 of the grid; what lies outside is mirrored at the first and the last centre. */
static void test_by_hand(void)
{
    static const double at[6] = { 1 / 3.0, 0, 1 / 3.0, 2 / 3.0, 1, 2 / 3.0 };
    const struct rise r = { .masks = 1, .cells = 2, .keep = 0.5, .seed = 7, .key = 3000000000u };
    int seen[2][2] = { { 0 } };

    for (int n = 0; n < 40; n++) {
        struct random random = { .seed = 7, .stream = (128ull << 56) + ((uint64_t)n << 32) + 3000000000u };
        float grid[4], mask[16];
        int down, right;

        for (int i = 0; i < 4; i++)
            grid[i] = random_unit(&random) < 0.5 ? 1 : 0;
        down = (int)random_below(&random, 2);
        right = (int)random_below(&random, 2);
        seen[down][right] = 1;
        rise_mask(&r, n, 4, 4, mask);
        for (int y = 0; y < 4; y++)
            for (int x = 0; x < 4; x++) {
                double v = at[y + down], u = at[x + right];
                double right_value =
                    (1 - v) * ((1 - u) * grid[0] + u * grid[1]) + v * ((1 - u) * grid[2] + u * grid[3]);

                CHECK_MSG(fabs(mask[4 * y + x] - right_value) < 1e-6, "mask %d, %d %d: %g, not %g", n, x, y,
                          mask[4 * y + x], right_value);
            }
    }
    CHECK(seen[0][0] && seen[0][1] && seen[1][0] && seen[1][1]);
}

static void test_shares(void)
{
    enum { EDGE = 50, MASKS = 2000 };
    static float mask[EDGE * EDGE], again[EDGE * EDGE];
    const struct rise r = { .masks = MASKS, .cells = 7, .keep = 0.25, .seed = 1, .key = 1 };
    struct rise all = r;
    double sum = 0;

    for (int n = 0; n < MASKS; n++) {
        rise_mask(&r, n, EDGE, EDGE, mask);
        for (int i = 0; i < EDGE * EDGE; i++)
            sum += mask[i];
    }
    CHECK_MSG(fabs(sum / MASKS / (EDGE * EDGE) - 0.25) < 0.01, "%g", sum / MASKS / (EDGE * EDGE));
    rise_mask(&r, MASKS - 1, EDGE, EDGE, again);
    CHECK(memcmp(mask, again, sizeof mask) == 0);
    rise_mask(&r, 0, EDGE, EDGE, again);
    CHECK(memcmp(mask, again, sizeof mask) != 0);
    all.keep = 1;
    rise_mask(&all, 5, EDGE, EDGE, mask);
    for (int i = 0; i < EDGE * EDGE; i++)
        CHECK(mask[i] == 1);
}

static void test_map(void)
{
    enum { PIXELS = 12 };
    const struct rise r = { .masks = 3, .cells = 2, .keep = 0.4, .seed = 1, .key = 1 };
    const float score[3] = { 0.5f, 0, 2 };
    float mask[PIXELS], values[PIXELS], one[PIXELS], three[PIXELS];
    double sum[PIXELS];

    rise_map(&r, 3, 4, score, mask, sum, values);
    rise_mask(&r, 0, 3, 4, one);
    rise_mask(&r, 2, 3, 4, three);
    for (int i = 0; i < PIXELS; i++)
        CHECK(fabs(values[i] - (0.5 * one[i] + 2 * three[i]) / 1.2) < 1e-6);
}

int main(void)
{
    test_by_hand();
    test_shares();
    test_map();
    return check_result("cam/rise");
}
