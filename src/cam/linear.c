/* src/cam/linear.c: the methods whose map is a weighted sum of the channels (explanations 2.1). */
#include <stdint.h>
#include <string.h>

#include "workspace.h"

/* ---- shares -------------------------------------------------------------------------------------------- */

/* What a position's gradients add to the weights of channels with these sums; 0 / 1 where that is nothing, so
 * that all lanes divide. Returns how many are undefined. */
HOT_LOOP static int64_t take_pp(const float *restrict gradient, const double *restrict sum, int channels,
                                double *restrict share)
{
    int64_t undefined = 0;

    for (int k = 0; k < channels; k++) {
        double g = gradient[k], divisor = 2.0 + sum[k] * g, above = g > 0.0 ? g : 0.0;

        undefined += above > 0.0 && !(divisor > 0.0);
        above = divisor > 0.0 ? above : 0.0;
        share[k] = above / (divisor > 0.0 ? divisor : 1.0);
    }
    return undefined;
}

HOT_LOOP static void take_eps(const float *restrict gradient, const double *restrict sum, int channels,
                              double *restrict share)
{
    for (int k = 0; k < channels; k++) {
        double g = gradient[k], divisor = 2.0 * g * g + sum[k] * (g * g * g) + 1e-6,
               above = g > 0.0 ? g : 0.0;

        above = divisor != 0.0 ? above : 0.0;
        share[k] = above * (above * above / (divisor != 0.0 ? divisor : 1.0));
    }
}

/* Returns how many of a position's shares are undefined. */
static int take_shares(struct cam_workspace *w, enum cam_method method, const float *g)
{
    int channels = w->channels;

    switch (method) {
    case CAM_GRADCAMPP:
        return (int)take_pp(g, w->sum, channels, w->share);
    case CAM_GRADCAMPP_EPS:
        take_eps(g, w->sum, channels, w->share);
        return 0;
    case CAM_GRADCAMPP_TORCHCAM:
        for (int k = 0; k < channels; k++)
            w->share[k] = g[k] > 0.0f ? (double)g[k] * g[k] * g[k] : 0.0;
        return 0;
    default: /* cam, gradcam, xgradcam */
        for (int k = 0; k < channels; k++)
            w->share[k] = g[k];
        return 0;
    }
}

/* ---- weights ------------------------------------------------------------------------------------------- */

static int same_row(const float *a, const float *b, int channels)
{
    return memcmp(a, b, (size_t)channels * sizeof *a) == 0;
}

/* Both zeros. */
HOT_LOOP static int is_zero(const float *g, int channels)
{
    int any = 0;

    for (int k = 0; k < channels; k++)
        any |= g[k] != 0.0f;
    return !any;
}

/* The shares of `rows` positions that have the same ones, a few channels at a time, whose sums stay in
 * registers. */
HOT_LOOP static void add_shares(const double *restrict share, int channels, int rows, double *restrict weight)
{
    enum { TOGETHER = 16 };
    int k = 0;

    for (; k + TOGETHER <= channels; k += TOGETHER) {
        double sum[TOGETHER];

        memcpy(sum, weight + k, sizeof sum);
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < TOGETHER; j++)
                sum[j] += share[k + j];
        memcpy(weight + k, sum, sizeof sum);
    }
    for (; k < channels; k++)
        for (int i = 0; i < rows; i++)
            weight[k] += share[k];
}

static void add_scaled(struct cam_workspace *w, const float *act, int rows)
{
    for (int i = 0; i < rows; i++, act += w->channels)
        for (int k = 0; k < w->channels; k++)
            w->weight[k] += w->share[k] * act[k];
}

/* Where pooling follows, one position's gradients are the next one's, too; with a relu in between some are 0
 * as a whole, and add nothing. */
static void fill_weights(struct cam_workspace *w, enum cam_method method, int *undefined)
{
    int pixels = w->h * w->width, channels = w->channels, here = 0, rows;
    const float *taken = NULL;

    for (int k = 0; k < channels; k++)
        w->weight[k] = 0.0;
    for (int i = 0; i < pixels; i += rows) {
        const float *g = w->of.gradient + (size_t)i * (size_t)channels;

        rows = 1;
        while (i + rows < pixels && same_row(g, g + (size_t)rows * (size_t)channels, channels))
            rows++;
        if (is_zero(g, channels))
            continue;
        if (!taken || !same_row(taken, g, channels))
            here = take_shares(w, method, g);
        taken = g;
        if (method == CAM_XGRADCAM)
            add_scaled(w, w->act + (size_t)i * (size_t)channels, rows);
        else
            add_shares(w->share, channels, rows, w->weight);
        *undefined += here * rows;
    }
    for (int k = 0; k < channels && method == CAM_GRADCAM; k++)
        w->weight[k] /= pixels;
    for (int k = 0; k < channels && method == CAM_XGRADCAM; k++)
        w->weight[k] /= w->sum[k] + 1e-7;
}

status linear_compute(struct cam_workspace *w, enum cam_method method, struct cam_projection *out)
{
    if (method == CAM_ABLATION)
        TRY(ablation_weights(w));
    else
        fill_weights(w, method, &out->undefined);
    for (int i = 0; i < w->h * w->width; i++)
        TRY(take_value(w, i, out));
    return OK;
}
