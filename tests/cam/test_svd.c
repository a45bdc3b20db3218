#include "cam/svd.h"
#include "fixtures.h"

/* The vector itself, not only its sign: s1 u is pytorch-grad-cam's projection. */
static void against_reference(void)
{
    struct cam_fixture x;
    FILE *file = NULL;
    struct svd *s = NULL;
    float u[196];

    CHECK(svd_create(196, 512, &s) == OK);
    while (cam_fixture_next(&file, &x)) {
        int pixels = x.h * x.w;
        double length = 0.0;

        for (int i = 0; i < pixels; i++)
            length += (double)x.projection[i] * x.projection[i];
        CHECK(svd_first(s, x.act, pixels, x.channels, u) == OK);
        for (int i = 0; i < pixels; i++)
            u[i] = (float)(u[i] * sqrt(length));
        CHECK_MSG(cam_distance(u, 1, x.projection, pixels) < 1e-5, "%d x %d x %d: %g", x.h, x.w, x.channels,
                  cam_distance(u, 1, x.projection, pixels));
        cam_fixture_free(&x);
    }
    svd_free(s);
    svd_free(NULL);
}

int main(void)
{
    against_reference();
    CHECK(mem_live() == 0);
    return check_result("cam/svd");
}
