/* src/cam/gradient.c: a picture's activations, and the gradient of its class's score by the pooled channels
 * (explanations 2.2). */
#include <math.h>

#include "workspace.h"

double gradient_dot(const double *a, const float *b, int count)
{
    enum { LANES = 8 };
    double sum[LANES] = { 0.0 }, total = 0.0;
    int i = 0;

    for (; i + LANES <= count; i += LANES)
        for (int k = 0; k < LANES; k++)
            sum[k] += a[i + k] * b[i + k];
    for (int k = 0; k < LANES; k++)
        total += sum[k];
    for (; i < count; i++)
        total += a[i] * b[i];
    return total;
}

static void pool(struct cam_workspace *w)
{
    int pixels = w->h * w->width, channels = w->channels;

    for (int k = 0; k < channels; k++)
        w->pooled[k] = 0.0;
    for (int i = 0; i < pixels; i++)
        for (int k = 0; k < channels; k++)
            w->pooled[k] += w->act[(size_t)i * channels + k];
    for (int k = 0; k < channels; k++)
        w->pooled[k] /= pixels;
}

static void one_layer(struct cam_workspace *w)
{
    const float *row = w->head->weight + (size_t)w->class_index * w->channels;

    for (int k = 0; k < w->channels; k++)
        w->gradient[k] = row[k];
    w->score = gradient_dot(w->pooled, row, w->channels) + w->head->bias[w->class_index];
}

/* At the corners, where there is none, torch's. */
static double hardswish_slope(double z)
{
    return z <= -3.0 ? 0.0 : z < 3.0 ? z / 3.0 + 0.5 : 1.0;
}

static void two_layers(struct cam_workspace *w)
{
    const struct cam_head *head = w->head;
    const float *row = head->weight + (size_t)w->class_index * head->hidden;

    w->score = head->bias[w->class_index];
    for (int k = 0; k < w->channels; k++)
        w->gradient[k] = 0.0;
    for (int j = 0; j < head->hidden; j++) {
        const float *first = head->first_weight + (size_t)j * w->channels;
        double z = gradient_dot(w->pooled, first, w->channels) + head->first_bias[j];
        double slope = hardswish_slope(z) * row[j];

        w->hidden[j] = z;
        w->score += row[j] * gradient_hardswish(z);
        if (slope == 0.0)
            continue;
        for (int k = 0; k < w->channels; k++)
            w->gradient[k] += slope * first[k];
    }
}

status cam_take(struct cam_workspace *w, const float *act, int h, int width, int channels,
                const struct cam_head *head, int class_index)
{
    BUG_IF(h < 1 || width < 1 || channels < 1 || h * width > w->max_pixels || channels > w->max_channels);
    TRY(eigencam_check_finite(act, h * width, channels));
    w->act = act;
    w->h = h;
    w->width = width;
    w->channels = channels;
    w->head = NULL;
    if (!head)
        return OK;
    BUG_IF(class_index < 0 || class_index >= head->classes);
    if (head->channels != channels)
        return FAIL(ERR_MISMATCH, "the classifier takes %d channels, the CAM layer has %d", head->channels,
                    channels);
    if (head->hidden > CAM_MAX_HIDDEN)
        return FAIL(ERR_RANGE, "the classifier's first layer is %d wide, at most %d are taken", head->hidden,
                    CAM_MAX_HIDDEN);
    w->head = head;
    w->class_index = class_index;
    pool(w);
    if (head->hidden)
        two_layers(w);
    else
        one_layer(w);
    return isfinite(w->score) ? OK : FAIL(ERR_NUMERIC, "the score of class %d is not finite", class_index);
}
