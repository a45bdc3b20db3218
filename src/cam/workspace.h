/* src/cam/workspace.h: the memory of one caller's maps. Local. */
#ifndef QUANTCAM_CAM_WORKSPACE_H
#define QUANTCAM_CAM_WORKSPACE_H

#include "cam.h"
#include "svd.h"

struct cam_workspace {
    const struct kernel_table *kernels;
    int max_pixels, max_channels;
    double *gram, *vector, *scratch;    /* (p, p), (p), (9 p) */
    float *raw;                         /* (p) */
    void *gram_scratch;
    struct svd *svd;

    /* The picture taken (cam_take). */
    const float *act;
    int h, width, channels;
    const struct cam_head *head; /* or NULL */
    int class_index;
    double score;                        /* y_c */
    double *pooled, *gradient, *weight;  /* (max_channels): P, G, and a method's weights */
    double *hidden;                      /* (CAM_MAX_HIDDEN): z */
    float *scaled;                       /* (max_pixels, max_channels) and room behind */
};

/* eigencam.c: ERR_NUMERIC, naming the place, if there is NaN or infinity. */
MUST_USE status eigencam_check_finite(const float *act, int pixels, int channels);
/* eigencam.c: the projection from w->gram, (pixels, pixels), which is destroyed: values, sigma_ratio and
 * constant; act for the rule alone. */
MUST_USE status eigencam_project(struct cam_workspace *w, const float *act, int pixels, int channels,
                                 enum cam_sign rule, struct cam_projection *out);
/* uncentred.c: CAM_UNCENTRED of the picture taken. */
MUST_USE status uncentred_compute(struct cam_workspace *w, enum cam_sign rule, struct cam_projection *out);
/* gradient.c: sum of a * b in eight interleaved sums: one order, that compilers can keep in registers. */
double gradient_dot(const double *a, const float *b, int count);
static inline double gradient_hardswish(double z)
{
    double inner = z + 3.0;

    return z * (inner < 0.0 ? 0.0 : inner > 6.0 ? 6.0 : inner) / 6.0;
}
/* linear.c: the maps that are weighted sums of channels. */
MUST_USE status linear_compute(struct cam_workspace *w, enum cam_method method, struct cam_projection *out);
/* ablation.c: w->weight of CAM_ABLATION. */
void ablation_weights(struct cam_workspace *w);

#endif
