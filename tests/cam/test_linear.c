#include <math.h>

#include "cam.h"
#include "check.h"

/* Two pixels of two channels, (1, 4) and (3, 0); class 0 has weights (2, -6): g = (1, -3). */
static const float act[4 + 16] = { 1, 4, 3, 0 }, weight[2] = { 2, -6 }, bias[1] = { 0 };
static const float large[2] = { 3e38f, 3e38f };

static int near(float a, double b)
{
    return fabs(a - b) <= 1e-6 * fabs(b);
}

static void expect(struct cam_workspace *w, enum cam_method m, double left, double right)
{
    float values[2];
    struct cam_projection p = { .values = values };

    CHECK(cam_compute(w, m, CAM_ABSMAX, 1, &p) == OK);
    CHECK_MSG(near(values[0], left) && near(values[1], right), "%s: %g %g", cam_method_name(m), values[0],
              values[1]);
    CHECK(p.raw_sign == 1 && p.sigma_ratio == 0 && p.constant == (left == 0 && right == 0));
}

int main(void)
{
    struct cam_head head = { .classes = 1, .channels = 2, .weight = weight, .bias = bias };
    struct cam_workspace *w = NULL;
    float values[2];
    struct cam_projection p = { .values = values };

    CHECK(cam_workspace_create(2, 2, kernel_select("auto"), &w) == OK);
    CHECK(cam_take(w, act, 1, 2, 2, &head, 0) == OK);
    expect(w, CAM_CAM, 2 - 24, 6);
    expect(w, CAM_HIRESCAM, 1 - 12, 3);
    expect(w, CAM_LAYERCAM, 1, 3);
    /* a = 1 / (2 + 4 + 1e-6), over two pixels; the other channel's gradient is negative. */
    expect(w, CAM_GRADCAMPP, 2 / 6.000001, 6 / 6.000001);
    /* y = 2 * 2 - 6 * 2 = -8; lost: 4 and -12. */
    expect(w, CAM_ABLATION, -0.5 + 6, -1.5);
    head.weight = large;
    CHECK(cam_take(w, act, 1, 2, 2, &head, 0) == OK);
    CHECK(cam_compute(w, CAM_CAM, CAM_ABSMAX, 1, &p) == ERR_NUMERIC);
    cam_workspace_free(w);
    return check_result("cam/linear");
}
