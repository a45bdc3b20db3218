/* src/tensor/quantize.c: a real value as a code (spec numerics 2.1). */
#include "tensor.h"

#include <math.h>

float quantize_inverse(double scale)
{
    return 1.0f / (float)scale;
}

int quantize_value(float x, float inverse_scale, int zero_point, int low, int high)
{
    float rounded = nearbyintf(x * inverse_scale); /* the default mode: half to even */

    /* Beyond these the sum would overflow an int; NaN takes the first branch, as torch's kernels do. */
    if (!(rounded < 1e9f))
        return high;
    if (rounded < -1e9f)
        return low;
    int q = (int)rounded + zero_point;
    return q < low ? low : q > high ? high : q;
}
