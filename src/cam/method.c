/* src/cam/method.c: the methods by name, and the one entrance to all of them. */
#include "workspace.h"

const char *cam_method_name(enum cam_method m)
{
    static const char *const names[CAM_METHODS] = { "eigen",    "cam",       "layercam", "gradcampp",
                                                    "hirescam", "eigengrad", "ablation", "uncentred" };

    BUG_IF((unsigned)m >= CAM_METHODS);
    return names[m];
}

int cam_method_needs_head(enum cam_method m)
{
    return m != CAM_EIGEN && m != CAM_UNCENTRED;
}

/* EigenCAM of g A. */
static status eigengrad(struct cam_workspace *w, enum cam_sign rule, int with_raw, struct cam_projection *out)
{
    int pixels = w->h * w->width, channels = w->channels;

    for (int i = 0; i < pixels; i++)
        for (int k = 0; k < channels; k++)
            w->scaled[(size_t)i * channels + k] =
                (float)(w->gradient[k] / pixels * w->act[(size_t)i * channels + k]);
    return cam_eigen(w, w->scaled, w->h, w->width, channels, rule, with_raw, out);
}

status cam_compute(struct cam_workspace *w, enum cam_method method, enum cam_sign rule, int with_raw,
                   struct cam_projection *out)
{
    BUG_IF(!w->act || (unsigned)method >= CAM_METHODS || (cam_method_needs_head(method) && !w->head));
    if (method == CAM_EIGEN)
        return cam_eigen(w, w->act, w->h, w->width, w->channels, rule, with_raw, out);
    if (method == CAM_UNCENTRED)
        return uncentred_compute(w, rule, out);
    if (method == CAM_EIGENGRAD)
        return eigengrad(w, rule, with_raw, out);
    status s = linear_compute(w, method, out);
    return s == OK ? OK : error_prefix(s, "%s", cam_method_name(method));
}
