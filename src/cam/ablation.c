/* src/cam/ablation.c: AblationCAM's weights (Desai & Ramaswamy 2020): how much of the score is lost without a
 * channel, from the classifier alone (explanations 2.2). */
#include <math.h>

#include "workspace.h"

static double hardswish(double z)
{
    double inner = z + 3.0;

    return z * (inner < 0.0 ? 0.0 : inner > 6.0 ? 6.0 : inner) / 6.0;
}

/* y_c, and of two layers z. */
static double score(struct cam_workspace *w)
{
    const struct cam_head *head = w->of.head;
    const float *row =
        head->weight + (size_t)w->of.index * (size_t)(head->hidden ? head->hidden : w->channels);
    double sum = head->bias[w->of.index];

    if (!head->hidden)
        return take_dot(w->pooled, row, w->channels) + sum;
    for (int j = 0; j < head->hidden; j++) {
        const float *first = head->first_weight + (size_t)j * w->channels;

        w->hidden[j] = take_dot(w->pooled, first, w->channels) + head->first_bias[j];
        sum += row[j] * hardswish(w->hidden[j]);
    }
    return sum;
}

/* The score without channel k, for all k at once: by the layer between, whose rows are then read in order. */
static void scores_without(struct cam_workspace *w, double *without)
{
    const struct cam_head *head = w->of.head;
    const float *row = head->weight + (size_t)w->of.index * head->hidden;

    for (int k = 0; k < w->channels; k++)
        without[k] = head->bias[w->of.index];
    for (int j = 0; j < head->hidden; j++) {
        const float *first = head->first_weight + (size_t)j * w->channels;
        double z = w->hidden[j], out = row[j];

        for (int k = 0; k < w->channels; k++)
            without[k] += out * hardswish(z - first[k] * w->pooled[k]);
    }
}

status ablation_weights(struct cam_workspace *w)
{
    const struct cam_head *head = w->of.head;
    const float *row = head->weight + (size_t)w->of.index * w->channels;
    double whole;

    for (int k = 0; k < w->channels; k++)
        w->pooled[k] = w->sum[k] / (w->h * w->width);
    whole = score(w);
    if (!isfinite(whole))
        return FAIL(ERR_NUMERIC, "the score of class %d is not finite", w->of.index);
    if (head->hidden)
        scores_without(w, w->weight);
    for (int k = 0; k < w->channels; k++) {
        double lost = head->hidden ? whole - w->weight[k] : row[k] * w->pooled[k];

        w->weight[k] = whole != 0.0 ? lost / whole : 0.0;
    }
    return OK;
}
