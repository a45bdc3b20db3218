/* Coordinates become pixels; a density is the blur of what was fixated. */
#include <math.h>

#include "check.h"
#include "saliency.h"

static void pixels(void)
{
    struct image_point point[] = { { 1, 1 },  { 3.4, 2.6 }, { 3, 3 },   { 0.2, 1 }, { 4.9, 3.4 }, /* 4 x 3 */
                                   { -1, 1 }, { 6, 1 },     { 2, 4.6 }, { 4, 3 } };
    int first[] = { 0, 0, 9 }, dropped = 0;
    struct image_points p = { 2, first, point, 0 };
    int32_t pixel[9];

    CHECK(saliency_fixated(&p, 0, 1, 4, 3, pixel, &dropped) == 0 && dropped == 0);
    CHECK(saliency_fixated(&p, 1, 1, 4, 3, pixel, &dropped) == 3 && dropped == 3);
    CHECK(pixel[0] == 0 && pixel[1] == 10 && pixel[2] == 11);
    dropped = 0; /* counted from 0: all a pixel further */
    CHECK(saliency_fixated(&p, 1, 0, 4, 3, pixel, &dropped) == 3 && dropped == 3);
    CHECK(pixel[0] == 4 && pixel[1] == 5 && pixel[2] == 11);
}

static void density(void)
{
    static const int32_t one[] = { 10 * 40 + 12 }, two[] = { 5 * 40, 5 * 40 + 4 };
    struct saliency_map m;
    double worst = 0.0;

    CHECK(saliency_density(one, 1, 40, 30, 2, &m) == OK && m.width == 40 && m.height == 30);
    for (int y = 0; y < 30; y++)
        for (int x = 0; x < 40; x++) {
            int dx = abs(x - 12), dy = abs(y - 10);
            double expected = dx > 7 || dy > 7 ? 0 : exp(-(dx * dx + dy * dy) / 8.0);

            worst = fmax(worst, fabs(m.value[y * 40 + x] / m.value[10 * 40 + 12] - expected));
        }
    CHECK_MSG(worst < 1e-6, "%g", worst);
    saliency_free(&m);
    CHECK(saliency_density(two, 2, 40, 30, 2, &m) == OK);
    CHECK(fabs(m.value[5 * 40] / m.value[5 * 40 + 2] - (1 + exp(-2)) / (2 * exp(-0.5))) < 1e-6);
    saliency_free(&m);
}

int main(void)
{
    pixels();
    density();
    CHECK(mem_live() == 0);
    return check_result("saliency/fixations");
}
