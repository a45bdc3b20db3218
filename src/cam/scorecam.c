/* src/cam/scorecam.c: channels as masks of the picture, and the map of what is answered to them. */
#include "cam_forward.h"

enum { MOST_CELLS = 4096 };

int scorecam_choose(const float *act, int cells, int channels, int most, double *energy, int32_t *chosen)
{
    int count = 0;

    for (int k = 0; k < channels; k++)
        energy[k] = 0;
    for (int i = 0; i < cells; i++)
        for (int k = 0; k < channels; k++)
            energy[k] += (double)act[i * channels + k] * act[i * channels + k];
    for (int k = 0; k < channels; k++) {
        int before = 0;

        for (int j = 0; j < channels && most > 0; j++)
            before += energy[j] > energy[k] || (energy[j] == energy[k] && j < k);
        if (most <= 0 || before < most)
            chosen[count++] = k;
    }
    return count;
}

/* Corners on corners: output i is (1 - part) * in[from] + part * in[from + 1]. */
static void place(int i, int in, int out, int *from, float *part)
{
    double at = out > 1 ? (double)i * (in - 1) / (out - 1) : 0;

    *from = (int)at;
    if (*from > in - 2)
        *from = in > 1 ? in - 2 : 0;
    *part = (float)(at - *from);
}

static void scale(int count, float *mask)
{
    float low, high, divisor;

    tensor_range(mask, count, &low, &high);
    divisor = high - low + 1e-8f;
    for (int i = 0; i < count; i++)
        mask[i] = (mask[i] - low) / divisor;
}

void scorecam_mask(const float *act, int h, int w, int channels, int k, int height, int width, float *mask)
{
    float plane[MOST_CELLS], line[MOST_CELLS + 1], part[CAM_MAX_OUT];
    int from[CAM_MAX_OUT];

    BUG_IF(h < 1 || w < 1 || h * w > MOST_CELLS || width > CAM_MAX_OUT);
    for (int i = 0; i < h * w; i++)
        plane[i] = act[i * channels + k];
    for (int x = 0; x < width; x++)
        place(x, w, width, &from[x], &part[x]);
    for (int y = 0; y < height; y++) {
        float *out = mask + (size_t)y * (size_t)width, below;
        int above;

        place(y, h, height, &above, &below);
        for (int x = 0; x < w; x++)
            line[x] =
                plane[above * w + x] * (1.0f - below) + plane[(h > 1 ? above + 1 : above) * w + x] * below;
        line[w] = 0.0f; /* read with the weight 0, of a map one cell wide */
        for (int x = 0; x < width; x++)
            out[x] = line[from[x]] * (1.0f - part[x]) + line[from[x] + 1] * part[x];
    }
    scale(height * width, mask);
}

void scorecam_map(const float *act, int cells, int channels, const int32_t *chosen, int count,
                  const float *score, double *weight, float *values)
{
    float largest = score[0];
    double sum = 0;

    for (int k = 1; k < count; k++)
        largest = score[k] > largest ? score[k] : largest;
    for (int k = 0; k < count; k++) {
        weight[k] = math_exp((double)score[k] - largest);
        sum += weight[k];
    }
    for (int i = 0; i < cells; i++) {
        double value = 0;

        for (int k = 0; k < count; k++)
            value += weight[k] * act[i * channels + chosen[k]];
        values[i] = (float)(value / sum);
    }
}
