#include "fixtures.h"

static void by_hand(void)
{
    static const float a[4] = { 0, 1, 0.5f, 0 }, b[4] = { 0, 0, 0.5f, 1 }, p[2] = { 1, -1 }, q[2] = { 3, -3 };
    static const float left[2] = { 1, 0 }, right[2] = { 0, 1 }, none[2] = { 0, 0 };
    struct rmse_side fp32 = { p, 1, 1, left, NULL }, other = { q, -1, -1, left, right };
    struct rmse_readings r;

    CHECK(rmse_maps(a, a, 4) == 0);
    CHECK(fabsf(rmse_maps(a, b, 4) - 255 * sqrtf(0.5f)) < 1e-4f);
    CHECK(rmse_needs_flipped(&fp32) == 0 && rmse_needs_flipped(&other) == 1);
    /* By its own rule and by LAPACK the other is turned: resolved and raw see 255, aligned the same map. */
    rmse_pair(&fp32, &other, 2, 2, &r);
    CHECK(r.resolved == 255 && r.raw == 255 && r.aligned == 0 && r.sign_flipped == 1 &&
          fabsf(r.correlation - 1) < 1e-6f);
    other.raw_sign = 1;
    CHECK(rmse_needs_flipped(&other) == 1);
    rmse_pair(&fp32, &other, 2, 2, &r);
    CHECK(r.resolved == 255 && r.raw == 0 && r.aligned == 0 && r.sign_flipped == 0);
    other.raw_sign = -1;
    other.own_sign = 1;
    rmse_pair(&fp32, &other, 2, 2, &r);
    CHECK(r.resolved == 0 && r.raw == 255 && r.aligned == 0 && r.sign_flipped == 1);
    /* Both raw signs are turned: the raw pair points the same way. */
    fp32.raw_sign = -1;
    fp32.map_flipped = right;
    rmse_pair(&fp32, &other, 2, 2, &r);
    CHECK(r.raw == 0 && r.sign_flipped == 0);
    fp32.raw_sign = 1;
    other = (struct rmse_side){ none, 0, 0, none, NULL };
    CHECK(rmse_needs_flipped(&other) == 0);
    rmse_pair(&fp32, &other, 2, 2, &r);
    CHECK(fabsf(r.raw - 255 * sqrtf(0.5f)) < 1e-4f && r.raw == r.resolved && r.correlation == 0 &&
          r.sign_flipped == 0);
}

/* The fixture's second side is in its own sign: turned to the first. */
static void align(float *first, struct rmse_side *b, float *values, int pixels)
{
    const float *map = b->map;
    double product = 0;

    for (int i = 0; i < pixels; i++)
        product += (double)first[i] * values[i];
    b->own_sign = 1;
    if (product >= 0)
        return;
    for (int i = 0; i < pixels; i++)
        values[i] = -values[i];
    b->raw_sign = -b->raw_sign;
    b->own_sign = -1;
    b->map = b->map_flipped;
    b->map_flipped = map;
}

int main(void)
{
    FILE *f = fixture_open("tests/metric/data/maps.bin");
    int32_t head[3], sign[2], flipped;
    static float p[2][64], map[4][256];
    double expected[3], correlation;

    by_hand();
    CHECK(rmse_correlation((float[]){ 1, 2, 3 }, (float[]){ 5, 1, -3 }, 3) == -1);
    CHECK(rmse_correlation((float[]){ 1, 2, 3 }, (float[]){ 7, 7, 7 }, 3) == 0);
    CHECK(fabsf(rmse_correlation((float[]){ 0, 0, 8, 0 }, (float[]){ 8, 0, 0, 0 }, 4) + 1.0f / 3) < 1e-7f);
    fixture_read(f, head, sizeof(int32_t), 3);
    for (int i = 0; i < head[0]; i++) {
        struct rmse_readings r;
        struct rmse_side a, b;

        for (int k = 0; k < 2; k++)
            fixture_read(f, p[k], sizeof(float), (size_t)head[1]);
        for (int k = 0; k < 4; k++)
            fixture_read(f, map[k], sizeof(float), (size_t)head[2]);
        fixture_read(f, sign, sizeof(int32_t), 2);
        fixture_read(f, expected, sizeof(double), 3);
        fixture_read(f, &flipped, sizeof(int32_t), 1);
        fixture_read(f, &correlation, sizeof(double), 1);
        a = (struct rmse_side){ p[0], sign[0], 1, map[0], map[1] };
        b = (struct rmse_side){ p[1], sign[1], 1, map[2], map[3] };
        align(p[0], &b, p[1], head[1]);
        if (!rmse_needs_flipped(&a))
            a.map_flipped = NULL; /* a missing one that is read would abort */
        if (!rmse_needs_flipped(&b))
            b.map_flipped = NULL;
        rmse_pair(&a, &b, head[1], head[2], &r);
        CHECK_MSG(fabs(r.raw - expected[0]) < 1e-4, "pair %d: %g, not %g", i, r.raw, expected[0]);
        CHECK_MSG(fabs(r.resolved - expected[1]) < 1e-4, "pair %d: %g, not %g", i, r.resolved, expected[1]);
        CHECK_MSG(fabs(r.aligned - expected[2]) < 1e-4, "pair %d: %g, not %g", i, r.aligned, expected[2]);
        CHECK_MSG(r.sign_flipped == flipped, "pair %d", i);
        CHECK_MSG(fabs(r.correlation - correlation) < 1e-6, "pair %d: %g, not %g", i, r.correlation,
                  correlation);
    }
    fclose(f);
    return check_result("metric/rmse");
}
