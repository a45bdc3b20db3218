/* src/metric/input.c: the map of the input gradient, its entropy, and how two such maps agree. */
#include "metric_input.h"

#include <math.h>

#include "metric_saliency.h"

int input_map(const float *gradient, int pixels, int channels, float *map)
{
    float most = 0;

    for (int i = 0; i < pixels; i++) {
        double sum = 0;

        for (int c = 0; c < channels; c++)
            sum += fabs((double)gradient[(size_t)i * (size_t)channels + (size_t)c]);
        map[i] = (float)(sum / channels);
        most = map[i] > most ? map[i] : most;
    }
    for (int i = 0; i < pixels && most > 0; i++)
        map[i] /= most;
    return most > 0;
}

double input_entropy(const float *map, int64_t count)
{
    double sum = 0, bits = 0;

    for (int64_t i = 0; i < count; i++)
        sum += (double)map[i];
    if (sum <= 0)
        return math_log2((double)count);
    for (int64_t i = 0; i < count; i++)
        if (map[i] > 0)
            bits -= map[i] / sum * math_log2(map[i] / sum);
    return bits;
}

void input_compare(const float *first, const float *other, int height, int width, struct input_agreement *out)
{
    int64_t count = (int64_t)height * width;
    struct density_scores s;

    density_compare(other, first, count, &s);
    *out = (struct input_agreement){ .cc = s.cc,
                                     .sim = s.sim,
                                     .kld = s.kld,
                                     .rmse = (double)rmse_maps(first, other, count) / 255,
                                     .ssim = compare_ssim(first, other, height, width),
                                     .overlap = compare_top_iou(first, other, count) };
}
