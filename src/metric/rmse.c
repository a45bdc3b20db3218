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

int rmse_needs_flipped(const struct rmse_side *side)
{
    return side->raw_sign < 0 || side->own_sign < 0;
}

/* The same pair of maps is measured once. */
struct distances {
    const struct rmse_side *first, *other;
    int64_t count;
    int known[2][2];
    float value[2][2];
};

static float distance(struct distances *d, int flip_first, int flip_other)
{
    const float *a = flip_first ? d->first->map_flipped : d->first->map,
                *b = flip_other ? d->other->map_flipped : d->other->map;

    BUG_IF(!a || !b);
    if (!d->known[flip_first][flip_other])
        d->value[flip_first][flip_other] = rmse_maps(a, b, d->count);
    d->known[flip_first][flip_other] = 1;
    return d->value[flip_first][flip_other];
}

void rmse_pair(const struct rmse_side *first, const struct rmse_side *other, int pixels, int64_t map_count,
               struct rmse_readings *out)
{
    struct distances d = { .first = first, .other = other, .count = map_count };
    double product = scalar_product(first, other, pixels);
    int raw_first = first->raw_sign < 0, raw_other = other->raw_sign < 0;

    BUG_IF(pixels < 1);
    out->aligned = distance(&d, 0, 0);
    out->resolved = distance(&d, first->own_sign < 0, other->own_sign < 0);
    out->raw = distance(&d, raw_first, raw_other);
    out->sign_flipped = raw_first == raw_other ? product < 0.0 : product > 0.0;
    out->correlation = fabsf(rmse_correlation(first->projection, other->projection, pixels));
}
