#include <math.h>

#include "cam/workspace.h"
#include "check.h"

/* Two pixels of two channels, (1, 4) and (3, 0); g = (1, -3) and (0.5, 0.25). */
static const float act[4 + 16] = { 1, 4, 3, 0 }, gradient[4 + 16] = { 1, -3, 0.5f, 0.25f };
static const float large[4 + 16] = { 1e20f, 1, 1, 1 }, steep[4 + 16] = { 1e30f, 1e30f };
static const float steepest[4 + 16] = { 3e37f, 3e37f };

int main(void)
{
    struct cam_class of = { .gradient = gradient };
    struct cam_workspace *w = NULL;
    float values[2], product[4];
    struct cam_projection p = { .values = values };

    CHECK(cam_workspace_create(2, 2, kernel_select("auto"), &w) == OK);
    CHECK(cam_take(w, act, 1, 2, 2, &of) == OK);
    CHECK(cam_compute(w, CAM_LAYERCAM, CAM_ABSMAX, 0, &p) == OK && values[0] == 1 && values[1] == 1.5f);
    CHECK(p.raw_sign == 1 && !p.constant);
    CHECK(cam_compute(w, CAM_HIRESCAM, CAM_ABSMAX, 0, &p) == OK && values[0] == -11 && values[1] == 1.5f);
    pointwise_scale(w, product);
    CHECK(product[0] == 1 && product[1] == -12 && product[2] == 1.5f && product[3] == 0);
    of.gradient = steepest;
    CHECK(cam_take(w, large, 1, 2, 2, &of) == ERR_NUMERIC);
    of.gradient = steep;
    CHECK(cam_take(w, large, 1, 2, 2, &of) == OK);
    CHECK(cam_compute(w, CAM_HIRESCAM, CAM_ABSMAX, 0, &p) == ERR_NUMERIC);
    cam_workspace_free(w);
    return check_result("cam/pointwise");
}
