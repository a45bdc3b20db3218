/* src/metric/removal.c: accuracy while pixels are removed, largest of a map first (saliency-and-training 2.2,
 * 2.6). */
#include "metric_input.h"

int removal_percent(int k)
{
    return 100 * k / REMOVAL_POINTS;
}

int removal_pixels(int k, int pixels)
{
    return curve_pixels(k, REMOVAL_POINTS, pixels);
}

double removal_area(const uint8_t right[REMOVAL_POINTS])
{
    float curve[REMOVAL_POINTS];

    for (int k = 0; k < REMOVAL_POINTS; k++)
        curve[k] = right[k];
    return 100 * curve_auc(curve, REMOVAL_POINTS - 1);
}
