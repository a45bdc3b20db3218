#include <math.h>
#include <string.h>

#include "cam/workspace.h"
#include "check.h"

/* Two pixels of two channels, (1, 4) and (3, 0): S = (4, 4); g = (1, -3) and (0.5, 0.25). */
static const float act[4 + 16] = { 1, 4, 3, 0 }, gradient[4 + 16] = { 1, -3, 0.5f, 0.25f };

static int near(float a, double b)
{
    return fabs(a - b) <= 1e-6 * fabs(b);
}

static void expect(struct cam_workspace *w, enum cam_method m, double left, double right)
{
    float values[2];
    struct cam_projection p = { .values = values };

    CHECK(cam_compute(w, m, CAM_ABSMAX, 1, &p) == OK);
    CHECK_MSG(near(values[0], left) && near(values[1], right), "%s: %g %g, not %g %g", cam_method_name(m),
              values[0], values[1], left, right);
    CHECK(p.raw_sign == 1 && p.sigma_ratio == 0 && p.constant == (left == 0 && right == 0));
    CHECK(!p.flat && p.undefined == 0);
}

/* Weights w0, w1 give w0 + 4 w1 and 3 w0. */
static void weighted(struct cam_workspace *w, enum cam_method m, double w0, double w1)
{
    expect(w, m, w0 + 4 * w1, 3 * w0);
}

static void by_hand(struct cam_workspace *w)
{
    weighted(w, CAM_CAM, 1.5, -2.75);
    weighted(w, CAM_GRADCAM, 0.75, -1.375);
    weighted(w, CAM_GRADCAMPP, 1.0 / 6 + 0.5 / 4, 0.25 / 3);
    weighted(w, CAM_GRADCAMPP_EPS, 1 / (6 + 1e-6) + 0.125 / (0.5 + 0.5 + 1e-6),
             0.015625 / (0.125 + 0.0625 + 1e-6));
    weighted(w, CAM_GRADCAMPP_TORCHCAM, 1.125, 0.015625);
    weighted(w, CAM_XGRADCAM, 2.5 / (4 + 1e-7), -12 / (4 + 1e-7));
}

/* A sum below 0: 2 + S g is 0 or less where g is large. */
static void undefined(struct cam_workspace *w)
{
    const float below[4 + 16] = { -1, 1, -3, 1 }, g[4 + 16] = { 0.5f, 0, 0.25f, -1 };
    struct cam_class of = { .gradient = g };
    float values[2];
    struct cam_projection p = { .values = values };

    CHECK(cam_take(w, below, 1, 2, 2, &of) == OK);
    CHECK(cam_compute(w, CAM_GRADCAMPP, CAM_ABSMAX, 0, &p) == OK);
    CHECK(p.undefined == 1 && values[0] == -0.25f && values[1] == -0.75f);
    CHECK(cam_compute(w, CAM_GRADCAM, CAM_ABSMAX, 0, &p) == OK && p.undefined == 0);
}

static void flat(struct cam_workspace *w)
{
    const float g[4 + 16] = { 0 };
    struct cam_class of = { .gradient = g };
    float values[2];
    struct cam_projection p = { .values = values };

    CHECK(cam_take(w, act, 1, 2, 2, &of) == OK);
    CHECK(cam_compute(w, CAM_GRADCAMPP, CAM_ABSMAX, 0, &p) == OK && p.flat && p.constant);
    CHECK(cam_compute(w, CAM_EIGEN, CAM_ABSMAX, 0, &p) == OK && !p.flat);
}

static void too_large(struct cam_workspace *w)
{
    const float g[4 + 16] = { 1e30f, 1e30f, 1e30f, 1e30f }, a[4 + 16] = { 1e30f, 1, 1, 1 };
    struct cam_class of = { .gradient = g };
    float values[2];
    struct cam_projection p = { .values = values };

    CHECK(cam_take(w, a, 1, 2, 2, &of) == OK);
    CHECK(cam_compute(w, CAM_CAM, CAM_ABSMAX, 1, &p) == ERR_NUMERIC);
}

enum { POSITIONS = 9, CHANNELS = 37 };

/* Position i's gradient of channel k: rows 0, 1, 2, 5 and 8 alike, 3, 4 and 7 without any, 6 another. */
static float gradient_at(int i, int k)
{
    static const float by[POSITIONS] = { 1, 1, 1, 0, 0, 1, -2, 0, 1 };

    return by[i] * (float)((k * 7 + 3) % 11 - 5) / 8;
}

/* The loop over positions and channels as it is written down: the same bits. */
static void runs_of_positions(void)
{
    static float a[POSITIONS * CHANNELS + 16], g[POSITIONS * CHANNELS + 16];
    double weight[CHANNELS] = { 0 }, sum[CHANNELS] = { 0 };
    float values[POSITIONS];
    struct cam_projection p = { .values = values };
    struct cam_class of = { .gradient = g };
    struct cam_workspace *w = NULL;
    int lost = 0;

    for (int i = 0; i < POSITIONS * CHANNELS; i++) {
        a[i] = (float)((i * 13) % 29 - 24) / 7;
        g[i] = gradient_at(i / CHANNELS, i % CHANNELS);
        sum[i % CHANNELS] += a[i];
    }
    for (int i = 0; i < POSITIONS * CHANNELS; i++) {
        double divisor = 2.0 + sum[i % CHANNELS] * g[i];

        lost += g[i] > 0 && !(divisor > 0);
        weight[i % CHANNELS] += g[i] > 0 && divisor > 0 ? g[i] / divisor : 0;
    }
    CHECK(cam_workspace_create(POSITIONS, CHANNELS, kernel_select("auto"), &w) == OK);
    CHECK(cam_take(w, a, 3, 3, CHANNELS, &of) == OK);
    CHECK(cam_compute(w, CAM_GRADCAMPP, CAM_ABSMAX, 0, &p) == OK);
    CHECK_MSG(lost > 0 && p.undefined == lost, "%d undefined, not %d", p.undefined, lost);
    for (int i = 0; i < POSITIONS; i++) {
        float expected = (float)take_dot(weight, a + i * CHANNELS, CHANNELS);

        CHECK_MSG(memcmp(&values[i], &expected, sizeof expected) == 0, "position %d: %a, not %a", i,
                  values[i], expected);
    }
    cam_workspace_free(w);
}

int main(void)
{
    struct cam_class of = { .gradient = gradient };
    struct cam_workspace *w = NULL;

    CHECK(cam_workspace_create(2, 2, kernel_select("auto"), &w) == OK);
    CHECK(cam_take(w, act, 1, 2, 2, &of) == OK);
    by_hand(w);
    /* y = 2 * 2 - 6 * 2 = -8; lost: 4 and -12. */
    of.head = &(
        struct cam_head){ .classes = 1, .channels = 2, .weight = (float[]){ 2, -6 }, .bias = (float[]){ 0 } };
    CHECK(cam_take(w, act, 1, 2, 2, &of) == OK);
    expect(w, CAM_ABLATION, -0.5 + 6, -1.5);
    undefined(w);
    flat(w);
    too_large(w);
    runs_of_positions();
    cam_workspace_free(w);
    return check_result("cam/linear");
}
