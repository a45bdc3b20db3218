/* src/train/loss.c: cross-entropy of a sample's logits and the divergence between its two branches, in
 * double, with the gradients by the logits. */
#include "train_parts.h"

#include <math.h>

/* p = softmax(z), l = log p; 0 where a logit is not finite. */
static int softmax(const float *z, int classes, double *p, double *l)
{
    double most, sum = 0.0, log_sum;

    for (int j = 0; j < classes; j++)
        if (!isfinite(z[j]))
            return 0;
    most = (double)z[0];
    for (int j = 1; j < classes; j++)
        most = (double)z[j] > most ? (double)z[j] : most;
    for (int j = 0; j < classes; j++) {
        p[j] = math_exp((double)z[j] - most);
        sum += p[j];
    }
    log_sum = math_log(sum);
    for (int j = 0; j < classes; j++) {
        l[j] = (double)z[j] - most - log_sum;
        p[j] /= sum;
    }
    return 1;
}

double loss_sample(const struct loss_how *how, const float *z, const float *masked, int label, double *room,
                   float *dz, float *dmasked)
{
    int classes = how->classes;
    double *p = room, *l = room + classes, *q = room + 2 * classes, *m = room + 3 * classes;
    double even = how->smoothing / classes, entropy = 0.0, divergence = 0.0;

    if (!softmax(z, classes, p, l) || (masked && !softmax(masked, classes, q, m)))
        return NAN;
    for (int j = 0; j < classes; j++)
        entropy -= (even + (j == label ? 1.0 - how->smoothing : 0.0)) * l[j];
    for (int j = 0; masked && j < classes; j++)
        divergence += p[j] * (l[j] - m[j]);
    for (int j = 0; dz && j < classes; j++) {
        double d = p[j] - (even + (j == label ? 1.0 - how->smoothing : 0.0));

        if (masked) {
            d += how->lambda * (p[j] * (l[j] - m[j] - divergence));
            dmasked[j] = (float)(how->lambda * (q[j] - p[j]) / how->batch);
        }
        dz[j] = (float)(d / how->batch);
    }
    return entropy + (masked ? how->lambda * divergence : 0.0);
}

int loss_answer(const float *z, int classes)
{
    int best = 0;

    for (int j = 1; j < classes; j++)
        if (z[j] > z[best])
            best = j;
    return best;
}
