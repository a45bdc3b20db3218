/* src/cam/method.c: the methods by name, and the one entrance to all of them. */
#include "workspace.h"

static const struct row {
    const char *name;
    enum cam_needs needs;
} rows[CAM_METHODS] = {
    [CAM_EIGEN] = { "eigen", CAM_NEEDS_NOTHING },
    [CAM_CAM] = { "cam", CAM_NEEDS_GRADIENT },
    [CAM_GRADCAM] = { "gradcam", CAM_NEEDS_GRADIENT },
    [CAM_LAYERCAM] = { "layercam", CAM_NEEDS_GRADIENT },
    [CAM_GRADCAMPP] = { "gradcampp", CAM_NEEDS_GRADIENT },
    [CAM_GRADCAMPP_EPS] = { "gradcampp-eps", CAM_NEEDS_GRADIENT },
    [CAM_GRADCAMPP_TORCHCAM] = { "gradcampp-torchcam", CAM_NEEDS_GRADIENT },
    [CAM_HIRESCAM] = { "hirescam", CAM_NEEDS_GRADIENT },
    [CAM_XGRADCAM] = { "xgradcam", CAM_NEEDS_GRADIENT },
    [CAM_EIGENGRAD] = { "eigengrad", CAM_NEEDS_GRADIENT },
    [CAM_ABLATION] = { "ablation", CAM_NEEDS_HEAD },
    [CAM_UNCENTRED] = { "uncentred", CAM_NEEDS_NOTHING },
};

const char *cam_method_name(enum cam_method m)
{
    BUG_IF((unsigned)m >= CAM_METHODS);
    return rows[m].name;
}

enum cam_needs cam_method_needs(enum cam_method m)
{
    BUG_IF((unsigned)m >= CAM_METHODS);
    return rows[m].needs;
}

int cam_methods_need(unsigned methods, enum cam_needs what)
{
    for (int m = 0; m < CAM_METHODS; m++)
        if (methods >> m & 1 && rows[m].needs == what)
            return 1;
    return 0;
}

/* EigenCAM of g A. */
static status eigengrad(struct cam_workspace *w, enum cam_sign rule, int with_raw, struct cam_projection *out)
{
    pointwise_scale(w, w->scaled);
    return cam_eigen(w, w->scaled, w->h, w->width, w->channels, rule, with_raw, out);
}

static status compute(struct cam_workspace *w, enum cam_method method, enum cam_sign rule, int with_raw,
                      struct cam_projection *out)
{
    switch (method) {
    case CAM_EIGEN:
        return cam_eigen(w, w->act, w->h, w->width, w->channels, rule, with_raw, out);
    case CAM_UNCENTRED:
        return uncentred_compute(w, rule, out);
    case CAM_EIGENGRAD:
        return eigengrad(w, rule, with_raw, out);
    case CAM_LAYERCAM:
    case CAM_HIRESCAM:
        return pointwise_compute(w, method, out);
    default:
        return linear_compute(w, method, out);
    }
}

status cam_compute(struct cam_workspace *w, enum cam_method method, enum cam_sign rule, int with_raw,
                   struct cam_projection *out)
{
    enum cam_needs needs = cam_method_needs(method);
    status s;

    BUG_IF(!w->act || (needs == CAM_NEEDS_GRADIENT && !w->of.gradient) ||
           (needs == CAM_NEEDS_HEAD && !w->of.head));
    out->undefined = 0;
    out->sigma_ratio = 0.0f;
    out->raw_sign = 1;
    out->constant = 1;
    s = compute(w, method, rule, with_raw, out);
    out->flat = needs == CAM_NEEDS_GRADIENT && w->flat;
    return s == OK ? OK : error_prefix(s, "%s", cam_method_name(method));
}
