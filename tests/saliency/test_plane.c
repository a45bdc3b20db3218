/* Means, resizes, mirrors and blurs by hand. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "saliency/plane.h"

static struct plane plane(int width, int height, const double *v)
{
    struct plane p;

    CHECK(plane_alloc(width, height, &p) == OK);
    memcpy(p.v, v, (size_t)width * (size_t)height * sizeof *v);
    return p;
}

static void is(struct plane *p, int width, int height, const double *v)
{
    CHECK(p->width == width && p->height == height);
    for (int i = 0; i < width * height; i++)
        CHECK_MSG(fabs(p->v[i] - v[i]) < 1e-14, "%d: %.17g, not %.17g", i, p->v[i], v[i]);
    plane_free(p);
}
#define V(...)                                                                                               \
    (double[])                                                                                               \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

int main(void)
{
    static const uint8_t red[3] = { 255, 0, 0 }, green[3] = { 0, 255, 0 }, blue[3] = { 0, 0, 255 },
                         white[3] = { 255, 255, 255 };
    struct plane in, out;
    struct saliency_map map = { 0 };
    double tap[3];

    CHECK(plane_grey_of(red) == 76 && plane_grey_of(green) == 150 && plane_grey_of(blue) == 29);
    CHECK(plane_grey_of(white) == 255);
    in = plane(3, 2, V(1, 2, 3, 4, 5, 6));
    CHECK(plane_max(&in) == 6);
    CHECK(plane_mean(&in, 2, 1, &out) == OK);
    is(&out, 2, 1, V(17 / 6.0, 25 / 6.0));
    CHECK(plane_mean(&in, 3, 4, &out) == OK); /* more cells than pixels */
    is(&out, 3, 4, V(1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6));
    CHECK(plane_resize(&in, 6, 2, &out) == OK);
    is(&out, 6, 2, V(1, 1.25, 1.75, 2.25, 2.75, 3, 4, 4.25, 4.75, 5.25, 5.75, 6));
    CHECK(plane_resize(&in, 1, 1, &out) == OK);
    is(&out, 1, 1, V(3.5));
    plane_free(&in);
    in = plane(1, 1, V(7));
    CHECK(plane_resize(&in, 2, 3, &out) == OK);
    is(&out, 2, 3, V(7, 7, 7, 7, 7, 7));
    plane_free(&in);
    CHECK(plane_mirror(-1, 4) == 1 && plane_mirror(4, 4) == 2 && plane_mirror(-5, 3) == 1);
    CHECK(plane_mirror(-9, 1) == 0 && plane_mirror(2, 4) == 2 && plane_mirror(-1, 2) == 1);
    in = plane(2, 1, V(4, 8));
    CHECK(plane_blur(&in, V(0.25, 0.5, 0.25), 1, PLANE_MIRROR) == OK);
    is(&in, 2, 1, V(6, 6));
    in = plane(2, 2, V(4, 8, 0, 16));
    CHECK(plane_blur(&in, V(0.25, 0.5, 0.25), 1, PLANE_ZEROS) == OK); /* rows 4 5, 4 8 */
    is(&in, 2, 2, V(3, 4.5, 3, 5.25));
    plane_gaussian(1, 1, tap);
    CHECK(fabs(tap[0] - 0.27406861906119617) < 1e-15 && tap[0] == tap[2]);
    CHECK(fabs(tap[1] - 1 / (1 + 2 * exp(-0.5))) < 1e-15);
    in = plane(2, 1, V(0.1, 3));
    CHECK(plane_finish(&in, &map) == OK && !in.v && map.width == 2 && map.height == 1);
    CHECK(map.value[0] == 0.1f && map.value[1] == 3);
    saliency_free(&map);
    CHECK(mem_live() == 0);
    return check_result("saliency/plane");
}
