/* src/cam/workspace.h: the memory of one caller's maps. Local. */
#ifndef QUANTCAM_CAM_WORKSPACE_H
#define QUANTCAM_CAM_WORKSPACE_H

#include "cam.h"
#include "svd.h"

struct cam_workspace {
    const struct kernel_table *kernels;
    int max_pixels, max_channels;
    double *gram, *vector, *scratch; /* (p, p), (p), (9 p) */
    float *raw;                      /* (p) */
    void *gram_scratch;
    struct svd *svd;

    /* The picture taken (cam_take). */
    const float *act;
    int h, width, channels;
    struct cam_class of;
    int flat;       /* the gradient is 0 everywhere */
    double *sum;    /* (max_channels): S */
    double *share;  /* (max_channels): what a position adds to the weights */
    double *weight; /* (max_channels): a method's weights */
    double *pooled; /* (max_channels): P, of ablation */
    double *hidden; /* (CAM_MAX_HIDDEN): z, of ablation */
    float *scaled;  /* (max_pixels, max_channels) and room behind */
};

/* eigencam.c: ERR_NUMERIC, naming the place, if there is NaN or infinity among the layer's `what`. */
MUST_USE status eigencam_check_finite(const char *what, const float *values, int pixels, int channels);
/* eigencam.c: the projection from w->gram, (pixels, pixels), which is destroyed: values, sigma_ratio and
 * constant; act for the rule alone. */
MUST_USE status eigencam_project(struct cam_workspace *w, const float *act, int pixels, int channels,
                                 enum cam_sign rule, struct cam_projection *out);
/* uncentred.c: CAM_UNCENTRED of the picture taken. */
MUST_USE status uncentred_compute(struct cam_workspace *w, enum cam_sign rule, struct cam_projection *out);
/* take.c: sum of a * b in eight interleaved sums: one order, that compilers can keep in registers. */
double take_dot(const double *a, const float *b, int count);
/* take.c: position i's value from w->weight, and whether the map is constant so far. ERR_NUMERIC where that
 * is not finite. */
MUST_USE status take_value(const struct cam_workspace *w, int i, struct cam_projection *out);
/* linear.c: the maps that are weighted sums of channels. */
MUST_USE status linear_compute(struct cam_workspace *w, enum cam_method method, struct cam_projection *out);
/* pointwise.c: the maps that weigh each position by itself, and g A as (pixels, channels). */
MUST_USE status pointwise_compute(struct cam_workspace *w, enum cam_method method,
                                  struct cam_projection *out);
void pointwise_scale(struct cam_workspace *w, float *out);
/* ablation.c: w->weight of CAM_ABLATION. ERR_NUMERIC where the score is not finite. */
MUST_USE status ablation_weights(struct cam_workspace *w);

#endif
