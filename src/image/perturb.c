/* src/image/perturb.c: what deletion and insertion put in a pixel's place (explanations 3.1, DESIGN 7.3). */
#include <string.h>

#include "image.h"

/* RISE's kernel: scipy's gaussian_filter1d (sigma 5, truncate 4, reflecting) of a delta of 11, which the
 * reflections flatten. Its two-dimensional kernel is the outer product. */
enum { TAPS = 11, REACH = TAPS / 2 };
static const double taps[TAPS] = { 0.08795814577727815, 0.08889611977709484, 0.09047419654910865,
                                   0.09219111781938806, 0.09348938844291409, 0.09398206326843249,
                                   0.09348938844291409, 0.09219111781938806, 0.09047419654910865,
                                   0.08889611977709484, 0.08795814577727815 };

void image_normalize(const uint8_t *pixels, int count, int channels, const float table[][256], float *out)
{
    for (int i = 0; i < count; i++)
        for (int c = 0; c < channels; c++)
            out[channels * i + c] = table[c][pixels[channels * i + c]];
}

/* One line, horizontally; outside it there are zeros. */
static void blur_line(const float *in, int width, int channels, double *out)
{
    for (int x = 0; x < width; x++) {
        double sum[3] = { 0 };

        for (int t = 0; t < TAPS; t++) {
            int from = x + t - REACH;

            for (int c = 0; c < channels && from >= 0 && from < width; c++)
                sum[c] += taps[t] * (double)in[channels * from + c];
        }
        memcpy(out + channels * x, sum, (size_t)channels * sizeof *sum);
    }
}

static status blur(const float *picture, int height, int width, int channels, float *out)
{
    size_t line = (size_t)width * (size_t)channels;
    double *across = NULL, *sum = NULL;
    status result = OK;

    MEM_TRY_OUT(across, (size_t)height * line, sizeof *across);
    MEM_TRY_OUT(sum, line, sizeof *sum);
    for (int y = 0; y < height; y++)
        blur_line(picture + (size_t)y * line, width, channels, across + (size_t)y * line);
    for (int y = 0; y < height; y++) {
        memset(sum, 0, line * sizeof *sum);
        for (int t = 0; t < TAPS; t++) {
            int from = y + t - REACH;

            if (from < 0 || from >= height)
                continue;
            for (size_t i = 0; i < line; i++)
                sum[i] += taps[t] * across[(size_t)from * line + i];
        }
        for (size_t i = 0; i < line; i++)
            out[(size_t)y * line + i] = (float)sum[i];
    }
out:
    mem_free(across);
    mem_free(sum);
    return result;
}

static void mean_colour(const float *picture, int count, int channels, float colour[3])
{
    double sum[3] = { 0 };

    for (int i = 0; i < count; i++)
        for (int c = 0; c < channels; c++)
            sum[c] += (double)picture[channels * i + c];
    for (int c = 0; c < channels; c++)
        colour[c] = (float)(sum[c] / count);
}

status image_substrate(enum image_substrate kind, const float *picture, int height, int width, int channels,
                       const float table[][256], float *out)
{
    int count = height * width;
    float colour[3] = { 0 };

    BUG_IF(height < 1 || width < 1 || (channels != 1 && channels != 3));
    if (kind == IMAGE_SUBSTRATE_BLUR)
        return blur(picture, height, width, channels, out);
    if (kind == IMAGE_SUBSTRATE_MEAN)
        mean_colour(picture, count, channels, colour);
    for (int c = 0; c < channels && kind == IMAGE_SUBSTRATE_BLACK; c++)
        colour[c] = table[c][0];
    for (int c = 0; c < channels && kind == IMAGE_SUBSTRATE_CORNER; c++)
        colour[c] = picture[c];
    for (int i = 0; i < count; i++)
        memcpy(out + channels * i, colour, (size_t)channels * sizeof *colour);
    return OK;
}

void image_replace(float *picture, const float *substrate, int channels, const int32_t *place, int count)
{
    size_t n = (size_t)channels;

    for (int i = 0; i < count; i++)
        memcpy(picture + n * (size_t)place[i], substrate + n * (size_t)place[i], n * sizeof *picture);
}
