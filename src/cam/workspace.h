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
};

#endif
