/* src/cam/pointwise.c: the methods that weigh each position by its own gradient (explanations 2.1). */
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

    for (int i = 0; i < pixels; i++) {
        const float *g = w->of.gradient + (size_t)i * (size_t)channels;

        for (int k = 0; k < channels; k++)
            w->weight[k] = positive && g[k] < 0.0f ? 0.0 : g[k];
        TRY(take_value(w, i, out));
    }
    return OK;
}
