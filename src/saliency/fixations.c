/* src/saliency/fixations.c: lists of fixations become pixels, and a density. */
#include <math.h>
#include <stdlib.h>

#include "plane.h"

static int ascending(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

    return (x > y) - (x < y);
}

/* A coordinate's pixel, or -1. */
static int pixel_of(double v, int origin, int n)
{
    double at = floor(v + 0.5) - origin;

    return at < -1 || at > n ? -1 : at < 0 ? 0 : at >= n ? n - 1 : (int)at;
}

int saliency_fixated(const struct image_points *points, int i, int origin, int width, int height,
                     int32_t *pixel, int *dropped)
{
    int count = 0, different = 0;

    for (int k = points->first[i]; k < points->first[i + 1]; k++) {
        int x = pixel_of(points->point[k].x, origin, width), y = pixel_of(points->point[k].y, origin, height);

        if (x < 0 || y < 0)
            *dropped += 1;
        else
            pixel[count++] = y * width + x;
    }
    qsort(pixel, (size_t)count, sizeof *pixel, ascending);
    for (int k = 0; k < count; k++)
        if (k == 0 || pixel[k] != pixel[k - 1])
            pixel[different++] = pixel[k];
    return different;
}

status saliency_density(const int32_t *pixel, int count, int width, int height, double sigma,
                        struct saliency_map *out)
{
    int radius = (int)rint(3.5 * sigma);
    struct plane p = { 0 };
    double *tap;
    status result;

    *out = (struct saliency_map){ 0 };
    MEM_TRY(tap, 2 * (size_t)radius + 1, sizeof *tap);
    TRY_OUT(plane_alloc(width, height, &p));
    for (int k = 0; k < count; k++)
        p.v[pixel[k]] = 1;
    plane_gaussian(sigma, radius, tap);
    TRY_OUT(plane_blur(&p, tap, radius, PLANE_ZEROS));
    result = plane_finish(&p, out);
out:
    mem_free(tap);
    plane_free(&p);
    return result;
}
