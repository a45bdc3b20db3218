/* The spectral residual of one bright pixel: its spectrum is flat, so that only the blur is left. */
#include <math.h>

#include "pictures.h"
#include "saliency/methods.h"

/* A dot far from the edge: at distance d the blur's tap over its middle one. */
static void dot(int opencv)
{
    struct image im = picture(64, 64, 0);
    struct plane p;
    double worst = 0.0;

    disc(&im, 30, 20, 0, 255, 255, 255);
    CHECK(spectral_residual(&im, opencv, 64, 64, &p) == OK && p.width == 64 && p.height == 64);
    for (int y = 0; y < 64; y++)
        for (int x = 0; x < 64; x++) {
            int dx = abs(x - 30), dy = abs(y - 20), far = dx > dy ? dx : dy;
            double square = dx * dx + dy * dy,
                   expected = opencv ? (far <= 2 ? exp(-2 * square / (2 * 8 * 8)) : 0)
                                     : (far <= 8 ? exp(-square / (2 * 2.5 * 2.5)) : 0);

            worst = fmax(worst, fabs(p.v[y * 64 + x] - expected));
        }
    CHECK_MSG(worst < 1e-9, "%g", worst);
    plane_free(&p);
    image_free(&im);
}

/* A dot near the corner: beyond the edge the blur is mirrored. */
static void corner(void)
{
    struct image im = picture(64, 64, 0);
    struct plane p;
    double at_edge, at_dot;

    disc(&im, 1, 40, 0, 255, 255, 255);
    CHECK(spectral_residual(&im, 0, 64, 64, &p) == OK);
    at_edge = 2 * exp(-1 / 12.5); /* column 0 sees the dot from both sides */
    at_dot = 1 + exp(-4 / 12.5);
    CHECK(fabs(p.v[40 * 64 + 1] / p.v[40 * 64] - at_dot / at_edge) < 1e-9);
    CHECK(fabs(p.v[40 * 64] - 1) < 1e-12); /* the largest */
    plane_free(&p);
    image_free(&im);
}

/* Sizes: what is shown is the same picture, four times as large. */
static void sizes(void)
{
    struct image small = noise(64, 64, 3), large = picture(128, 256, 0);
    struct plane a, b;
    double worst = 0.0;

    for (int y = 0; y < 256; y++)
        for (int x = 0; x < 128; x++)
            for (int c = 0; c < 3; c++)
                large.rgb[3 * (y * 128 + x) + c] = small.rgb[3 * (y / 4 * 64 + x / 2) + c];
    CHECK(spectral_residual(&small, 0, 40, 30, &a) == OK && spectral_residual(&large, 0, 40, 30, &b) == OK);
    for (int i = 0; i < 40 * 30; i++)
        worst = fmax(worst, fabs(a.v[i] - b.v[i]));
    CHECK_MSG(worst < 1e-12, "%g", worst);
    CHECK(plane_max(&a) <= 1 && plane_max(&a) > 0.5);
    plane_free(&a);
    plane_free(&b);
    image_free(&small);
    image_free(&large);
}

/* Nothing to see: black has no spectrum at all. */
static void black(void)
{
    struct image im = picture(10, 10, 0);
    struct plane p;

    for (int opencv = 0; opencv < 2; opencv++) {
        CHECK(spectral_residual(&im, opencv, 8, 8, &p) == OK);
        for (int i = 0; i < 64; i++)
            CHECK(p.v[i] >= 0 && p.v[i] <= 1);
        plane_free(&p);
    }
    image_free(&im);
}

int main(void)
{
    dot(0);
    dot(1);
    corner();
    sizes();
    black();
    CHECK(mem_live() == 0);
    return check_result("saliency/spectral");
}
