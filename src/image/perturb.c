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

void image_normalize(const uint8_t *pixels, int count, const float table[3][256], float *out)
{
    for (int i = 0; i < count; i++)
        for (int c = 0; c < 3; c++)
            out[3 * i + c] = table[c][pixels[3 * i + c]];
}

/* One line, horizontally; outside it there are zeros. */
static void blur_line(const float *in, int width, double *out)
{
    for (int x = 0; x < width; x++) {
        double sum[3] = { 0 };

        for (int t = 0; t < TAPS; t++) {
            int from = x + t - REACH;

            for (int c = 0; c < 3 && from >= 0 && from < width; c++)
                sum[c] += taps[t] * (double)in[3 * from + c];
        }
        memcpy(out + 3 * x, sum, sizeof sum);
    }
}

static status blur(const float *picture, int height, int width, float *out)
{
    size_t line = (size_t)width * 3;
    double *across = NULL, *sum = NULL;

    MEM_TRY(across, (size_t)height * line, sizeof *across);
    sum = mem_alloc(line, sizeof *sum);
    if (!sum) {
        mem_free(across);
        return FAIL(ERR_MEMORY, "no memory for a line of %d pixels", width);
    }
    for (int y = 0; y < height; y++)
        blur_line(picture + (size_t)y * line, width, across + (size_t)y * line);
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
    mem_free(across);
    mem_free(sum);
    return OK;
}

static void fill(const float colour[3], int count, float *out)
{
    for (int i = 0; i < count; i++)
        memcpy(out + 3 * i, colour, 3 * sizeof *colour);
}

static void mean_colour(const float *picture, int count, float colour[3])
{
    double sum[3] = { 0 };

    for (int i = 0; i < count; i++)
        for (int c = 0; c < 3; c++)
            sum[c] += (double)picture[3 * i + c];
    for (int c = 0; c < 3; c++)
        colour[c] = (float)(sum[c] / count);
}

status image_substrate(enum image_substrate kind, const float *picture, int height, int width,
                       const float table[3][256], float *out)
{
    float colour[3] = { 0 };

    BUG_IF(height < 1 || width < 1);
    if (kind == IMAGE_SUBSTRATE_BLUR)
        return blur(picture, height, width, out);
    if (kind == IMAGE_SUBSTRATE_MEAN)
        mean_colour(picture, height * width, colour);
    for (int c = 0; c < 3 && kind == IMAGE_SUBSTRATE_BLACK; c++)
        colour[c] = table[c][0];
    fill(colour, height * width, out);
    return OK;
}

void image_replace(float *picture, const float *substrate, const int32_t *place, int count)
{
    for (int i = 0; i < count; i++)
        memcpy(picture + 3 * (size_t)place[i], substrate + 3 * (size_t)place[i], 3 * sizeof *picture);
}
