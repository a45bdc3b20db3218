/* tests/probe/test_pair.c: two precisions of the tiny network side by side. */
#include <math.h>

#include "probe_test.h"

static float distance(struct probe *p, int first_negative, int second_negative)
{
    return rmse_maps(probe_map(p, 0, first_negative), probe_map(p, 1, second_negative), PIXELS);
}

/* The three readings by their definition. */
static void test_readings(struct probe *p)
{
    const struct cam_projection *a = &probe_shown(p, 0)->cam, *b = &probe_shown(p, 1)->cam;
    struct comparison alike;
    struct probe_pair pair;
    double product = 0;

    for (int k = 0; k < CELLS; k++)
        product += (double)a->values[k] * b->values[k];
    probe_pair(p, 1, &pair);
    CHECK(pair.rmse.resolved == distance(p, 0, 0));
    CHECK(pair.rmse.raw == distance(p, a->raw_sign < 0, b->raw_sign < 0));
    CHECK(pair.rmse.aligned == distance(p, 0, product < 0));
    CHECK(pair.rmse.sign_flipped == (product * a->raw_sign * b->raw_sign < 0));
    CHECK(pair.rmse.correlation == fabsf(rmse_correlation(a->values, b->values, CELLS)));
    compare_pair(&(struct compare_side){ a->values, probe_map(p, 0, 0) },
                 &(struct compare_side){ b->values, probe_map(p, 1, 0) }, H, W, EDGE, EDGE, &alike);
    CHECK(memcmp(&pair.alike, &alike, sizeof alike) == 0);
}

static void test_methods(struct probe *p)
{
    const float *a = probe_shown(p, 0)->method[CAM_CAM].values,
                *b = probe_shown(p, 1)->method[CAM_CAM].values;
    float first[PIXELS], second[PIXELS];
    struct probe_pair pair;

    cam_finish(a, H, W, EDGE, EDGE, first);
    cam_finish(b, H, W, EDGE, EDGE, second);
    probe_pair(p, 1, &pair);
    CHECK(pair.method_rmse[CAM_CAM] == rmse_maps(first, second, PIXELS));
    CHECK(pair.method_correlation[CAM_CAM] == rmse_correlation(a, b, CELLS));
    CHECK(pair.method_rmse[CAM_LAYERCAM] == 0);
}

/* By hand: 4 x 4 and 4 x 4 pixels that share 2 x 4; one in the other; apart; none. */
static void test_boxes(void)
{
    const int32_t a[] = { 0, 0, 3, 3 }, b[] = { 2, 0, 5, 3 }, in[] = { 1, 1, 2, 2 }, far[] = { 7, 7, 8, 8 },
                  none[] = { -1, -1, -1, -1 };

    CHECK(probe_box_iou(a, b) == (float)(8.0 / 24) && probe_box_iou(b, a) == (float)(8.0 / 24));
    CHECK(probe_box_iou(a, in) == 0.25f && probe_box_iou(a, a) == 1 && probe_box_iou(a, far) == 0);
    CHECK(probe_box_iou(none, none) == 1 && probe_box_iou(a, none) == 0 && probe_box_iou(none, a) == 0);
}

int main(void)
{
    const struct probe_how how = { .sign = CAM_ABSMAX, .raw = 1, .methods = 1u << CAM_CAM };
    struct probed t;
    struct probe *p;

    probed_open(&t);
    p = probed_start(&t, &how);
    for (int picture = 0; picture < 20; picture++) {
        for (int i = 0; i < PIXELS * 3; i++)
            t.pixels[i] = (uint8_t)(t.pixels[i] * 5 + 3 * picture);
        probed_look(p, &t);
        test_readings(p);
        test_methods(p);
    }
    test_boxes();
    probe_free(p);
    probed_close(&t);
    CHECK(mem_live() == 0);
    return check_result("probe/pair");
}
