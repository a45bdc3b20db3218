/* src/quant/affine.c: PyTorch's fake quantization: what its observers and FakeQuantize compute. */
#include "quant_train.h"

#include <math.h>
#include <string.h>

enum { NEAR = 2 }; /* in steps of the last place */

struct quant_params quant_params_of_range(float low, float high, int levels)
{
    struct quant_params q;
    float scale;

    low = fminf(low, 0);
    high = fmaxf(high, 0);
    scale = fmaxf((high - low) / (float)levels, 0x1p-23f);
    q.scale = scale;
    q.zero_point = quantize_value(-low / scale, 1.0f, 0, 0, levels);
    q.low = 0;
    q.high = levels;
    return q;
}

float quant_scale_of_largest(float largest, int bits)
{
    return fmaxf(largest / ((float)(1 << (bits - 1)) - 0.5f), 0x1p-23f);
}

void quant_range_move(float *low, float *high, const float seen[2], float average)
{
    if (*low > *high) {
        *low = seen[0];
        *high = seen[1];
        return;
    }
    *low += average * (seen[0] - *low);
    *high += average * (seen[1] - *high);
}

static int is_beyond(uint32_t bits, float inverse, float last)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return rintf(x * inverse) > last;
}

/* The smallest x >= 0 with rne(x inverse) > last: numbers that are not negative are ordered as their bits. It
 * lies near the half behind `last`. */
static float reach(float inverse, float last)
{
    uint32_t inside = 0, beyond = 0x7f800000u, near; /* 0, infinity */
    float x = (last + 0.5f) / inverse;

    memcpy(&near, &x, sizeof near);
    if (near > NEAR && near < beyond - NEAR && !is_beyond(near - NEAR, inverse, last) &&
        is_beyond(near + NEAR, inverse, last)) {
        inside = near - NEAR;
        beyond = near + NEAR;
    }
    while (beyond - inside > 1) {
        uint32_t middle = inside + (beyond - inside) / 2;

        if (is_beyond(middle, inverse, last))
            beyond = middle;
        else
            inside = middle;
    }
    memcpy(&x, &beyond, sizeof x);
    return x;
}

void quant_range_inside(struct quant_params q, float *low, float *high)
{
    float inverse = quantize_inverse(q.scale);

    *low = -reach(inverse, (float)(q.zero_point - q.low));
    *high = reach(inverse, (float)(q.high - q.zero_point));
}
