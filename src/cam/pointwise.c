/* src/cam/pointwise.c: the methods that weigh each position by its own gradient (explanations 2.1). */
#include <math.h>

#include "workspace.h"

void pointwise_scale(struct cam_workspace *w, float *out)
{
    size_t count = (size_t)w->h * (size_t)w->width * (size_t)w->channels;

    for (size_t i = 0; i < count; i++)
        out[i] = w->of.gradient[i] * w->act[i];
}

status pointwise_compute(struct cam_workspace *w, enum cam_method method, struct cam_projection *out)
{
    int pixels = w->h * w->width, channels = w->channels, positive = method == CAM_LAYERCAM;

    out->sigma_ratio = 0.0f;
    out->raw_sign = 1;
    out->constant = 1;
    for (int i = 0; i < pixels; i++) {
        const float *g = w->of.gradient + (size_t)i * (size_t)channels;

        for (int k = 0; k < channels; k++)
            w->weight[k] = positive && g[k] < 0.0f ? 0.0 : g[k];
        out->values[i] = (float)take_dot(w->weight, w->act + (size_t)i * (size_t)channels, channels);
        if (!isfinite(out->values[i]))
            return FAIL(ERR_NUMERIC, "the map is not finite");
        out->constant &= out->values[i] == 0.0f;
    }
    return OK;
}
