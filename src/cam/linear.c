/* src/cam/linear.c: the methods whose map is a weighted sum of the channels (explanations 2.1). */
#include <math.h>
#include <string.h>

#include "workspace.h"

/* What a gradient adds to the weight of a channel with the sum s. */
static double share(enum cam_method method, double g, double s, int *undefined)
{
    double divisor;

    switch (method) {
    case CAM_GRADCAMPP:
        divisor = 2.0 + s * g;
        *undefined += g > 0.0 && !(divisor > 0.0);
        return g > 0.0 && divisor > 0.0 ? g / divisor : 0.0;
    case CAM_GRADCAMPP_EPS:
        divisor = 2.0 * g * g + s * (g * g * g) + 1e-6;
        return g > 0.0 && divisor != 0.0 ? g * (g * g / divisor) : 0.0;
    case CAM_GRADCAMPP_TORCHCAM:
        return g > 0.0 ? g * g * g : 0.0;
    default: /* cam, gradcam, xgradcam */
        return g;
    }
}

/* Returns how many of a position's shares are undefined. */
static int take_shares(struct cam_workspace *w, enum cam_method method, const float *g)
{
    int undefined = 0;

    for (int k = 0; k < w->channels; k++)
        w->share[k] = share(method, g[k], w->sum[k], &undefined);
    return undefined;
}

/* Where pooling follows, one position's gradients are the next one's, too. */
static void fill_weights(struct cam_workspace *w, enum cam_method method, int *undefined)
{
    int pixels = w->h * w->width, channels = w->channels, here = 0;
    const float *g = w->of.gradient, *act = w->act;

    for (int k = 0; k < channels; k++)
        w->weight[k] = 0.0;
    for (int i = 0; i < pixels; i++, g += channels, act += channels) {
        if (i == 0 || memcmp(g, g - channels, (size_t)channels * sizeof *g) != 0)
            here = take_shares(w, method, g);
        for (int k = 0; k < channels; k++)
            w->weight[k] += method == CAM_XGRADCAM ? w->share[k] * act[k] : w->share[k];
        *undefined += here;
    }
    for (int k = 0; k < channels && method == CAM_GRADCAM; k++)
        w->weight[k] /= pixels;
    for (int k = 0; k < channels && method == CAM_XGRADCAM; k++)
        w->weight[k] /= w->sum[k] + 1e-7;
}

status linear_project(struct cam_workspace *w, struct cam_projection *out)
{
    out->sigma_ratio = 0.0f;
    out->raw_sign = 1;
    out->constant = 1;
    for (int i = 0; i < w->h * w->width; i++) {
        out->values[i] = (float)take_dot(w->weight, w->act + (size_t)i * w->channels, w->channels);
        if (!isfinite(out->values[i]))
            return FAIL(ERR_NUMERIC, "the map is not finite");
        out->constant &= out->values[i] == 0.0f;
    }
    return OK;
}

status linear_compute(struct cam_workspace *w, enum cam_method method, struct cam_projection *out)
{
    if (method == CAM_ABLATION)
        TRY(ablation_weights(w));
    else
        fill_weights(w, method, &out->undefined);
    return linear_project(w, out);
}
