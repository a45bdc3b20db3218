/* src/cam/uncentred.c: EigenCAM without centring, as its paper has it (explanations 1.3, `uncentred`). */
#include "workspace.h"

/* With A = C + 1 m^T, C centred: A A^T = C C^T + (C m) 1^T + 1 (C m)^T + |m|^2 1 1^T: the kernel's Gram
 * matrix serves. */
static void add_means(struct cam_workspace *w)
{
    int pixels = w->h * w->width, channels = w->channels;
    double *along = w->scratch, square = 0.0;

    for (int k = 0; k < channels; k++)
        w->weight[k] = 0.0;
    for (int i = 0; i < pixels; i++)
        for (int k = 0; k < channels; k++)
            w->weight[k] += w->act[(size_t)i * channels + k];
    for (int k = 0; k < channels; k++) {
        w->weight[k] /= pixels;
        square += w->weight[k] * w->weight[k];
    }
    for (int i = 0; i < pixels; i++)
        along[i] = take_dot(w->weight, w->act + (size_t)i * channels, channels) - square;
    for (int i = 0; i < pixels; i++)
        for (int j = 0; j < pixels; j++)
            w->gram[(size_t)i * pixels + j] += along[i] + along[j] + square;
}

status uncentred_compute(struct cam_workspace *w, enum cam_sign rule, struct cam_projection *out)
{
    int pixels = w->h * w->width;

    w->kernels->gram_f64(w->act, pixels, w->channels, w->channels, w->gram, w->gram_scratch);
    add_means(w);
    TRY(eigencam_project(w, w->act, pixels, w->channels, rule, out));
    out->raw_sign = 1;
    return OK;
}
