#include "fixtures.h"

static int near(float got, double expected)
{
    return fabs(got - expected) <= 1e-6;
}

static void by_hand(void)
{
    /* Ranks 1 2 3 4 and 2 1 4 3; the peaks lie at (1, 1) and (1, 0) of 2 x 2 cells, 10 x 10 pixels. */
    static const float p[4] = { 1, 2, 3, 4 }, q[4] = { 20, 10, 40, 30 }, none[4] = { 0 };
    static float map[100], other[100], zero[100];
    struct compare_side a = { p, map }, b = { q, other }, c = { none, zero };
    struct comparison r;

    for (int i = 0; i < 100; i++) {
        map[i] = (float)i / 100;
        other[i] = i >= 85 && i < 95 ? 1 : 0;
    }
    compare_pair(&a, &b, 2, 2, 10, 10, &r);
    CHECK(near(r.spearman, 0.6) && r.peak_distance == 5);
    CHECK(near(r.top_iou, 5.0 / 15)); /* 90 .. 99 and 85 .. 94 */
    compare_pair(&a, &a, 2, 2, 10, 10, &r);
    CHECK(r.spearman == 1 && r.cosine == 1 && near(r.ssim, 1) && r.top_iou == 1 && r.peak_distance == 0);
    compare_pair(&a, &c, 2, 2, 10, 10, &r);
    CHECK(r.spearman == 0 && r.cosine == 0 && r.top_iou == 0 && r.ssim < 0.5f);
    compare_pair(&c, &c, 2, 2, 10, 10, &r);
    CHECK(r.spearman == 0 && r.cosine == 1 && r.top_iou == 1 && r.ssim == 1 && r.peak_distance == 0);
    /* Equal pixels: the first ones are the largest tenth. */
    for (int i = 0; i < 100; i++)
        other[i] = i >= 50;
    for (int i = 0; i < 100; i++)
        map[i] = i >= 50 && i < 60;
    compare_pair(&a, &b, 2, 2, 10, 10, &r);
    CHECK(r.top_iou == 1);
}

int main(void)
{
    FILE *f = fixture_open("tests/metric/data/compare.bin");
    static float p[2][256], map[2][4096];
    int32_t cases, e[4];
    double want[5];

    by_hand();
    fixture_read(f, &cases, sizeof cases, 1);
    for (int i = 0; i < cases; i++) {
        struct compare_side a = { p[0], map[0] }, b = { p[1], map[1] };
        struct comparison r;

        fixture_read(f, e, sizeof *e, 4);
        for (int k = 0; k < 2; k++)
            fixture_read(f, p[k], sizeof(float), (size_t)e[0] * (size_t)e[1]);
        for (int k = 0; k < 2; k++)
            fixture_read(f, map[k], sizeof(float), (size_t)e[2] * (size_t)e[3]);
        fixture_read(f, want, sizeof *want, 5);
        compare_pair(&a, &b, e[0], e[1], e[2], e[3], &r);
        CHECK_MSG(near(r.spearman, want[0]), "%d: spearman %.8g, not %.8g", i, r.spearman, want[0]);
        CHECK_MSG(near(r.cosine, want[1]), "%d: cosine %.8g, not %.8g", i, r.cosine, want[1]);
        CHECK_MSG(near(r.ssim, want[2]), "%d: ssim %.8g, not %.8g", i, r.ssim, want[2]);
        CHECK_MSG(near(r.top_iou, want[3]), "%d: top_iou %.8g, not %.8g", i, r.top_iou, want[3]);
        CHECK_MSG(fabs(r.peak_distance - want[4]) < 1e-5, "%d: peak_distance %.8g, not %.8g", i,
                  r.peak_distance, want[4]);
    }
    fclose(f);
    return check_result("metric/compare");
}
