/* src/cam/linear.c: the methods whose map is a weighted sum of the channels (explanations 2.1). */
#include <math.h>

#include "workspace.h"

/* What a gradient that is not 0 adds to the weight of a channel with the sum s. */
static struct cam_share share(enum cam_method method, float gradient, double s)
{
    double g = gradient, divisor;
    struct cam_share out = { .gradient = gradient, .value = g };

    switch (method) {
    case CAM_GRADCAMPP:
        divisor = 2.0 + s * g;
        out.undefined = g > 0.0 && !(divisor > 0.0);
        out.value = g > 0.0 && divisor > 0.0 ? g / divisor : 0.0;
        break;
    case CAM_GRADCAMPP_EPS:
        divisor = 2.0 * g * g + s * (g * g * g) + 1e-6;
        out.value = g > 0.0 && divisor != 0.0 ? g * (g * g / divisor) : 0.0;
        break;
    case CAM_GRADCAMPP_TORCHCAM:
        out.value = g > 0.0 ? g * g * g : 0.0;
        break;
    default: /* cam, gradcam, xgradcam */
        break;
    }
    return out;
}

/* One position's shares; of xgradcam times its activations. */
static void add_position(struct cam_workspace *w, enum cam_method method, const float *g, const float *act,
                         int *undefined)
{
    for (int k = 0; k < w->channels; k++) {
        struct cam_share *last = &w->share[k];

        if (g[k] == 0.0f)
            continue;
        if (g[k] != last->gradient)
            *last = share(method, g[k], w->sum[k]);
        w->weight[k] += act ? last->value * act[k] : last->value;
        *undefined += last->undefined;
    }
}

static void fill_weights(struct cam_workspace *w, enum cam_method method, int *undefined)
{
    int pixels = w->h * w->width, channels = w->channels;

    for (int k = 0; k < channels; k++) {
        w->weight[k] = 0.0;
        w->share[k] = (struct cam_share){ .value = 0.0 };
    }
    for (int i = 0; i < pixels; i++) {
        size_t at = (size_t)i * (size_t)channels;

        add_position(w, method, w->of.gradient + at, method == CAM_XGRADCAM ? w->act + at : NULL, undefined);
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
