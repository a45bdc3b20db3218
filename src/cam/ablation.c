/* src/cam/ablation.c: AblationCAM's weights (Desai & Ramaswamy 2020): how much of the score is lost without a
 * channel, from the classifier alone (explanations 2.2). */
#include "workspace.h"

/* The score without channel k, for all k at once: by the layer between, whose rows are then read in order. */
static void scores_without(struct cam_workspace *w, double *score)
{
    const struct cam_head *head = w->head;
    const float *row = head->weight + (size_t)w->class_index * head->hidden;

    for (int k = 0; k < w->channels; k++)
        score[k] = head->bias[w->class_index];
    for (int j = 0; j < head->hidden; j++) {
        const float *first = head->first_weight + (size_t)j * w->channels;
        double z = w->hidden[j], out = row[j];

        for (int k = 0; k < w->channels; k++)
            score[k] += out * gradient_hardswish(z - first[k] * w->pooled[k]);
    }
}

void ablation_weights(struct cam_workspace *w)
{
    int defined = w->score != 0.0;

    if (w->head->hidden)
        scores_without(w, w->weight);
    for (int k = 0; k < w->channels; k++) {
        double lost = w->head->hidden ? w->score - w->weight[k] : w->gradient[k] * w->pooled[k];

        w->weight[k] = defined ? lost / w->score : 0.0;
    }
}
