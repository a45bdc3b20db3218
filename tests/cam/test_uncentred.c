#include <math.h>

#include "cam.h"
#include "check.h"

static float values[4];

static status compute(struct cam_workspace *w, const float *act, enum cam_sign rule, struct cam_projection *p)
{
    TRY(cam_take(w, act, 1, 2, 2, NULL));
    return cam_compute(w, CAM_UNCENTRED, rule, 1, p);
}

/* (3, 4) and (6, 8) lie on one line through the origin: p = 5, 10. (2, 0) and (0, 1): singular values 2 and
 * 1, p = (2, 0). */
int main(void)
{
    static const float line[4 + 16] = { 3, 4, 6, 8 }, corner[4 + 16] = { 2, 0, 0, 1 };
    static const float below[4 + 16] = { -3, -4, -6, -8 }, equal[4 + 16] = { 3, 4, 3, 4 };
    static const float none[4 + 16] = { 0 };
    struct cam_projection p = { .values = values };
    struct cam_workspace *w = NULL;

    CHECK(cam_workspace_create(2, 2, kernel_select("auto"), &w) == OK);
    CHECK(compute(w, line, CAM_ABSMAX, &p) == OK);
    CHECK(fabsf(values[0] - 5) < 1e-5f && fabsf(values[1] - 10) < 1e-5f && p.sigma_ratio < 1e-6f);
    CHECK(p.raw_sign == 1 && !p.constant);
    CHECK(compute(w, corner, CAM_ABSMAX, &p) == OK);
    CHECK(fabsf(values[0] - 2) < 1e-6f && fabsf(values[1]) < 1e-6f && fabsf(p.sigma_ratio - 0.5f) < 1e-6f);
    CHECK(compute(w, below, CAM_ABSMAX, &p) == OK);
    CHECK(fabsf(values[1] - 10) < 1e-5f);
    CHECK(compute(w, below, CAM_MEANACT, &p) == OK && fabsf(values[1] + 10) < 1e-5f);
    /* Equal everywhere: constant once centred, not here. */
    CHECK(compute(w, equal, CAM_ABSMAX, &p) == OK);
    CHECK(fabsf(values[0] - 5) < 1e-5f && fabsf(values[1] - 5) < 1e-5f && !p.constant);
    CHECK(compute(w, none, CAM_ABSMAX, &p) == OK);
    CHECK(values[0] == 0 && values[1] == 0 && p.constant && p.raw_sign == 1);
    cam_workspace_free(w);
    return check_result("cam/uncentred");
}
