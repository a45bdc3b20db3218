/* src/cam/take.c: a picture's activations and the gradient of its class, checked and summed once, and
 * taken with weights. */
#include <math.h>
#include <string.h>

#include "workspace.h"

HOT_LOOP double take_dot(const double *a, const float *b, int count)
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

status take_value(const struct cam_workspace *w, int i, struct cam_projection *out)
{
    out->values[i] = (float)take_dot(w->weight, w->act + (size_t)i * (size_t)w->channels, w->channels);
    if (!isfinite(out->values[i]))
        return FAIL(ERR_NUMERIC, "the map is not finite");
    out->constant &= out->values[i] == 0.0f;
    return OK;
}

HOT_LOOP static void add_row(const float *restrict act, int channels, double *restrict sum)
{
    for (int k = 0; k < channels; k++)
        sum[k] += act[k];
}

static void sum_up(struct cam_workspace *w)
{
    int pixels = w->h * w->width, channels = w->channels;

    memset(w->sum, 0, (size_t)channels * sizeof *w->sum);
    for (int i = 0; i < pixels; i++)
        add_row(w->act + (size_t)i * (size_t)channels, channels, w->sum);
}

static status take_gradient(struct cam_workspace *w)
{
    size_t count = (size_t)w->h * (size_t)w->width * (size_t)w->channels;
    size_t i = 0;

    TRY(eigencam_check_finite("gradient", w->of.gradient, w->h * w->width, w->channels));
    while (i < count && w->of.gradient[i] == 0.0f)
        i++;
    w->flat = i == count;
    return OK;
}

static status check_head(const struct cam_workspace *w)
{
    const struct cam_head *head = w->of.head;

    BUG_IF(w->of.index < 0 || w->of.index >= head->classes);
    if (head->channels != w->channels)
        return FAIL(ERR_MISMATCH, "the classifier takes %d channels, the CAM layer has %d", head->channels,
                    w->channels);
    if (head->hidden > CAM_MAX_HIDDEN)
        return FAIL(ERR_RANGE, "the classifier's first layer is %d wide, at most %d are taken", head->hidden,
                    CAM_MAX_HIDDEN);
    return OK;
}

status cam_take(struct cam_workspace *w, const float *act, int h, int width, int channels,
                const struct cam_class *of)
{
    BUG_IF(h < 1 || width < 1 || channels < 1 || h * width > w->max_pixels || channels > w->max_channels);
    TRY(eigencam_check_finite("activation", act, h * width, channels));
    w->act = act;
    w->h = h;
    w->width = width;
    w->channels = channels;
    w->of = of ? *of : (struct cam_class){ .gradient = NULL };
    w->flat = 0;
    sum_up(w);
    if (w->of.gradient)
        TRY(take_gradient(w));
    return w->of.head ? check_head(w) : OK;
}
