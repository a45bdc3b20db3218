/* src/metric/rmse.c: how far two maps of one picture lie apart, in the three readings of the sign. */
#include <math.h>

#include "metric.h"

float rmse_maps(const float *a, const float *b, int64_t count)
{
    double sum = 0.0;

    BUG_IF(count < 1);
    for (int64_t i = 0; i < count; i++) {
        float difference = 255.0f * a[i] - 255.0f * b[i];

        sum += (double)difference * difference;
    }
    return (float)sqrt(sum / (double)count);
}

static double scalar_product(const struct rmse_side *a, const struct rmse_side *b, int pixels)
{
    double sum = 0.0;

    for (int i = 0; i < pixels; i++)
        sum += (double)a->projection[i] * b->projection[i];
    return sum;
}

float rmse_correlation(const float *a, const float *b, int pixels)
{
    double mean_a = 0.0, mean_b = 0.0, aa = 0.0, bb = 0.0, ab = 0.0, r;

    for (int i = 0; i < pixels; i++) {
        mean_a += a[i];
        mean_b += b[i];
    }
    mean_a /= pixels;
    mean_b /= pixels;
    for (int i = 0; i < pixels; i++) {
        double x = a[i] - mean_a, y = b[i] - mean_b;

        aa += x * x;
        bb += y * y;
        ab += x * y;
    }
    if (aa <= 0.0 || bb <= 0.0)
        return 0.0f;
    r = ab / (sqrt(aa) * sqrt(bb));
    return (float)(r > 1.0 ? 1.0 : r < -1.0 ? -1.0 : r);
}

void rmse_needs_flipped(const struct rmse_side *fp32, const struct rmse_side *other, int pixels,
                        int *fp32_needs, int *other_needs)
{
    *fp32_needs = fp32->raw_sign < 0;
    *other_needs = other->raw_sign < 0 || scalar_product(fp32, other, pixels) < 0.0;
}

static float distance(const struct rmse_side *a, int flip_a, const struct rmse_side *b, int flip_b,
                      int64_t count)
{
    const float *map_a = flip_a ? a->map_flipped : a->map_resolved,
                *map_b = flip_b ? b->map_flipped : b->map_resolved;

    BUG_IF(!map_a || !map_b);
    return rmse_maps(map_a, map_b, count);
}

void rmse_pair(const struct rmse_side *fp32, const struct rmse_side *other, int pixels, int64_t map_count,
               struct rmse_readings *out)
{
    double product = scalar_product(fp32, other, pixels);
    int flip_fp32 = fp32->raw_sign < 0, flip_other = other->raw_sign < 0, flip_aligned = product < 0.0;

    BUG_IF(pixels < 1);
    out->resolved = distance(fp32, 0, other, 0, map_count);
    /* The same pair of maps is measured once. */
    out->aligned = flip_aligned ? distance(fp32, 0, other, 1, map_count) : out->resolved;
    if (flip_fp32)
        out->raw = distance(fp32, 1, other, flip_other, map_count);
    else
        out->raw = flip_other == flip_aligned ? out->aligned
                   : flip_other               ? distance(fp32, 0, other, 1, map_count)
                                              : out->resolved;
    out->sign_flipped = flip_fp32 == flip_other ? product < 0.0 : product > 0.0;
    out->correlation = fabsf(rmse_correlation(fp32->projection, other->projection, pixels));
}
