/* tests/image/test_road.c: what is filled in, by hand: the noise is what a black picture's pixels become. */
#include <math.h>
#include <string.h>

#include "fixtures.h"

static struct image_road *road;

static int begin(int height, int width, int channels, uint64_t seed, uint32_t picture)
{
    image_road_free(road);
    CHECK(image_road_make(height, width, channels, kernel_select("auto"), &road) == OK);
    if (road)
        image_road_draw(road, seed, picture);
    return road != NULL;
}

/* What the linear system alone gives: without the noise. */
static void fill_silent(const float *picture, int values, const int32_t *gone, int count, double *out)
{
    static float black[512], noise[512], filled[512];

    memset(black, 0, sizeof black);
    image_road_fill(road, black, gone, count, noise);
    image_road_fill(road, picture, gone, count, filled);
    for (int i = 0; i < values; i++)
        out[i] = (double)filled[i] - (double)noise[i];
}

static int near(double a, double b)
{
    return fabs(a - b) < 1e-6;
}

/* The middle of nine: 1/6 of each of four, 1/12 of each of the others. */
static void test_middle(void)
{
    const float picture[9] = { 12, 6, 24, 18, 1000, 0, 36, 60, 48 };
    const int32_t gone[] = { 4 };
    double out[9];

    if (!begin(3, 3, 1, 1, 0))
        return;
    fill_silent(picture, 9, gone, 1, out);
    CHECK(near(out[4], (6 + 18 + 0 + 60) / 6.0 + (12 + 24 + 36 + 48) / 12.0));
    for (int i = 0; i < 9; i++)
        CHECK(i == 4 || out[i] == (double)picture[i]);
}

/* A corner has three neighbours: the weights 1/6, 1/6, 1/12 make 5/12. An edge has five: 1/2 and 1/6. */
static void test_border(void)
{
    const float picture[6] = { 50, 1, 2, 3, 4, 6 };
    double out[6];

    if (!begin(2, 3, 1, 1, 0))
        return;
    fill_silent(picture, 6, (const int32_t[]){ 0 }, 1, out);
    CHECK(near(out[0], (1 / 6.0 + 3 / 6.0 + 4 / 12.0) / (5 / 12.0)));
    fill_silent(picture, 6, (const int32_t[]){ 4 }, 1, out);
    CHECK(near(out[4], (3 / 6.0 + 6 / 6.0 + 1 / 6.0 + 50 / 12.0 + 2 / 12.0) / (3 / 6.0 + 2 / 12.0)));
}

/* Pixels that hang together: of a, ?, ?, b in a line the solution is the line between a and b, of each
 * channel by itself. Places may come in any order. */
static void test_line(void)
{
    const float picture[12] = { 3, 0, -3, 9, 9, 9, 9, 9, 9, 9, 6, 3 };
    double out[12];

    if (!begin(1, 4, 3, 1, 0))
        return;
    fill_silent(picture, 12, (const int32_t[]){ 2, 1 }, 2, out);
    CHECK(near(out[3], 5) && near(out[4], 2) && near(out[5], -1));
    CHECK(near(out[6], 7) && near(out[7], 4) && near(out[8], 1));
    CHECK(out[0] == 3 && out[11] == 3);
}

/* 200 sweeps from the mean of what stays: in a line of n unknowns between 0 and 1 they end before the
 * solution does, and never leave [0, 1]. A sweep by hand in another order of loops. */
static void test_sweeps(void)
{
    enum { N = 100 };
    float picture[N] = { 0 };
    int32_t gone[N];
    double out[N], by_hand[N];

    picture[N - 1] = 1;
    by_hand[0] = 0;
    by_hand[N - 1] = 1;
    for (int i = 1; i < N - 1; i++) {
        gone[i - 1] = i;
        by_hand[i] = 0.5;
    }
    for (int s = 0; s < 200; s++)
        for (int i = 1; i < N - 1; i++)
            by_hand[i] = (by_hand[i - 1] + by_hand[i + 1]) / 2;
    if (!begin(1, N, 1, 1, 0))
        return;
    fill_silent(picture, N, gone, N - 2, out);
    for (int i = 0; i < N; i++)
        CHECK_MSG(near(out[i], by_hand[i]), "pixel %d: %g, not %g", i, out[i], by_hand[i]);
    CHECK(out[30] > 0.31 && out[30] < 0.5); /* the solution is 30 / 99 */
}

/* Deviation 0.01, of one pixel the same whatever else is gone, another in each channel, picture and seed. */
static void test_noise(void)
{
    enum { EDGE = 64, PIXELS = EDGE * EDGE };
    static float black[PIXELS * 3], all[PIXELS * 3], some[PIXELS * 3], other[PIXELS * 3];
    static int32_t gone[PIXELS];
    double sum = 0, squares = 0, product = 0;

    for (int i = 0; i < PIXELS; i++)
        gone[i] = i;
    if (!begin(EDGE, EDGE, 3, 7, 5))
        return;
    image_road_fill(road, black, gone, PIXELS - 1, all);
    image_road_fill(road, black, gone + 100, 50, some);
    for (int i = 0; i < 3 * (PIXELS - 1); i++) {
        sum += (double)all[i];
        squares += (double)all[i] * (double)all[i];
        product += i % 3 ? (double)all[i] * (double)all[i - 1] : 0;
        CHECK(some[i] == (i / 3 >= 100 && i / 3 < 150 ? all[i] : 0.0f));
    }
    CHECK(fabs(sum / (3 * PIXELS)) < 0.0003 && fabs(sqrt(squares / (3 * PIXELS)) - 0.01) < 0.0003);
    CHECK(fabs(product / (2 * PIXELS)) < 0.000005);
    image_road_draw(road, 7, 6);
    image_road_fill(road, black, gone, 10, other);
    CHECK(memcmp(other, all, 10 * 3 * sizeof(float)) != 0);
    image_road_draw(road, 8, 5);
    image_road_fill(road, black, gone, 10, other);
    CHECK(memcmp(other, all, 10 * 3 * sizeof(float)) != 0);
    image_road_draw(road, 7, 5);
    image_road_fill(road, black, gone, 10, other);
    CHECK(memcmp(other, all, 10 * 3 * sizeof(float)) == 0);
}

int main(void)
{
    test_middle();
    test_border();
    test_line();
    test_sweeps();
    test_noise();
    image_road_free(road);
    CHECK(mem_live() == 0);
    return check_result("image/road");
}
