/* src/cam/cam.c: what all methods share: the workspace. */
#include "cam.h"

#include "workspace.h"

static status allocate(struct cam_workspace *w)
{
    size_t p = (size_t)w->max_pixels;

    MEM_TRY(w->gram, p * p, sizeof(double));
    MEM_TRY(w->vector, p, sizeof(double));
    MEM_TRY(w->scratch, 9 * p, sizeof(double));
    MEM_TRY(w->raw, p, sizeof(float));
    MEM_TRY(w->gram_scratch, w->kernels->gram_f64_scratch_bytes(w->max_pixels, w->max_channels) + 64, 1);
    MEM_TRY(w->sum, (size_t)w->max_channels, sizeof(double));
    MEM_TRY(w->share, (size_t)w->max_channels, sizeof(double));
    MEM_TRY(w->pooled, (size_t)w->max_channels, sizeof(double));
    MEM_TRY(w->weight, (size_t)w->max_channels, sizeof(double));
    MEM_TRY(w->hidden, CAM_MAX_HIDDEN, sizeof(double));
    MEM_TRY(w->scaled, p * (size_t)w->max_channels + 16, sizeof(float));
    return svd_create(w->max_pixels, w->max_channels, &w->svd);
}

status cam_workspace_create(int max_pixels, int max_channels, const struct kernel_table *k,
                            struct cam_workspace **out)
{
    struct cam_workspace *w;
    status result;

    *out = NULL;
    if (max_pixels < 1 || max_pixels > CAM_MAX_PIXELS || max_channels < 1 || max_channels > 1 << 20)
        return FAIL(ERR_RANGE, "a CAM layer of %d pixels and %d channels (at most 4,096 and 1,048,576)",
                    max_pixels, max_channels);
    MEM_TRY(w, 1, sizeof *w);
    w->max_pixels = max_pixels;
    w->max_channels = max_channels;
    w->kernels = k;
    result = allocate(w);
    if (result == OK)
        *out = w;
    else
        cam_workspace_free(w);
    return result;
}

void cam_workspace_free(struct cam_workspace *w)
{
    if (!w)
        return;
    mem_free(w->gram);
    mem_free(w->vector);
    mem_free(w->scratch);
    mem_free(w->raw);
    mem_free(w->gram_scratch);
    mem_free(w->sum);
    mem_free(w->share);
    mem_free(w->pooled);
    mem_free(w->weight);
    mem_free(w->hidden);
    mem_free(w->scaled);
    svd_free(w->svd);
    mem_free(w);
}
