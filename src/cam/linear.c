/* src/cam/linear.c: the methods whose map is a weighted sum of the channels (explanations 2.1). */
#include <math.h>

#include "workspace.h"

/* Chattopadhay et al. 2018 as pytorch-grad-cam computes it; `sum` of the channel over the map. */
static double gradcampp_weight(double g, double sum, int pixels)
{
    double divisor = 2.0 * g * g + sum * (g * g * g) + 1e-6;

    return g > 0.0 && divisor != 0.0 ? pixels * (g * (g * g / divisor)) : 0.0;
}

static void fill_weights(struct cam_workspace *w, enum cam_method method)
{
    int pixels = w->h * w->width;

    if (method == CAM_ABLATION) {
        ablation_weights(w);
        return;
    }
    for (int k = 0; k < w->channels; k++) {
        double g = w->gradient[k] / pixels;

        switch (method) {
        case CAM_CAM:
            w->weight[k] = w->gradient[k];
            break;
        case CAM_LAYERCAM:
            w->weight[k] = g > 0.0 ? g : 0.0;
            break;
        case CAM_GRADCAMPP:
            w->weight[k] = gradcampp_weight(g, w->pooled[k] * pixels, pixels);
            break;
        default:
            w->weight[k] = g;
        }
    }
}

status linear_compute(struct cam_workspace *w, enum cam_method method, struct cam_projection *out)
{
    int pixels = w->h * w->width;

    fill_weights(w, method);
    out->sigma_ratio = 0.0f;
    out->raw_sign = 1;
    out->constant = 1;
    for (int i = 0; i < pixels; i++) {
        out->values[i] = (float)gradient_dot(w->weight, w->act + (size_t)i * w->channels, w->channels);
        if (!isfinite(out->values[i]))
            return FAIL(ERR_NUMERIC, "the map is not finite");
        out->constant &= out->values[i] == 0.0f;
    }
    return OK;
}
