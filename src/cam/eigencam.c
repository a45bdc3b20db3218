/* src/cam/eigencam.c: EigenCAM by the Gram matrix (explanations 1.1 and 1.2), and the rules for its sign
 * (1.3). */
#include <math.h>
#include <string.h>

#include "workspace.h"

/* Above this ratio of the singular values the first vector, and so its sign, is an accident of rounding. */
static const float max_sigma_ratio = 0.999f;

/* Beyond this no sum of squares, no mean in float and no projection is sure to be finite. */
static const float largest_activation = 0x1p100f;
static const uint32_t largest_bits = 0x71800000u; /* the same */

/* 1 if NaN, infinity or a value too large is among `count` values; without branches. */
HOT_LOOP static int has_bad(const float *x, size_t count)
{
    uint32_t bits, any = 0;

    for (size_t i = 0; i < count; i++) {
        memcpy(&bits, x + i, sizeof bits);
        any |= (bits & 0x7fffffffu) >= largest_bits;
    }
    return any != 0;
}

status eigencam_check_finite(const char *what, const float *act, int pixels, int channels)
{
    size_t count = (size_t)pixels * (size_t)channels, i = 0;

    if (!has_bad(act, count))
        return OK;
    while (fabsf(act[i]) < largest_activation)
        i++;
    return FAIL(ERR_NUMERIC, "the %s of channel %zu at pixel %zu is %s", what, i % (size_t)channels,
                i / (size_t)channels, isfinite(act[i]) ? "2^100 or more" : "not finite");
}

/* Where the extremes tie, up to rounding, the first of them is made positive. */
static double absmax_sign(const double *u, int pixels)
{
    double largest = 0.0, sign = 1.0;

    for (int i = 0; i < pixels; i++)
        if (fabs(u[i]) > largest * (1.0 + 1e-9)) {
            largest = fabs(u[i]);
            sign = u[i] < 0.0 ? -1.0 : 1.0;
        }
    return sign;
}

static double meanact_sign(const double *u, const float *act, int pixels, int channels)
{
    double sum = 0.0;

    for (int i = 0; i < pixels; i++) {
        double mean = 0.0;

        for (int c = 0; c < channels; c++)
            mean += act[(size_t)i * channels + c];
        sum += u[i] * (mean / channels);
    }
    return sum < 0.0 ? -1.0 : 1.0;
}

static status raw_sign(struct cam_workspace *w, const float *act, int pixels, int channels,
                       const float *values, int *sign)
{
    double product = 0.0;

    TRY(svd_first(w->svd, act, pixels, channels, w->raw));
    for (int i = 0; i < pixels; i++)
        product += (double)w->raw[i] * values[i];
    *sign = product < 0.0 ? -1 : 1;
    return OK;
}

status eigencam_project(struct cam_workspace *w, const float *act, int pixels, int channels,
                        enum cam_sign rule, struct cam_projection *out)
{
    double lambda[2], trace = 0.0, scale;

    out->sigma_ratio = 0.0f;
    out->raw_sign = 0;
    out->constant = 0;
    for (int i = 0; i < pixels; i++)
        trace += w->gram[(size_t)i * pixels + i];
    if (trace == 0.0) { /* exactly: the mean of equal f32 values is exact in double */
        memset(out->values, 0, (size_t)pixels * sizeof *out->values);
        out->constant = 1;
        return OK;
    }
    TRY(cam_eigen_leading(w->gram, pixels, lambda, w->vector, w->scratch));
    scale = sqrt(lambda[0]) * (rule == CAM_ABSMAX ? absmax_sign(w->vector, pixels)
                                                  : meanact_sign(w->vector, act, pixels, channels));
    for (int i = 0; i < pixels; i++)
        out->values[i] = (float)(scale * w->vector[i]);
    out->sigma_ratio = (float)sqrt(fmax(lambda[1], 0.0) / lambda[0]);
    return OK;
}

status cam_eigen(struct cam_workspace *w, const float *act, int h, int width, int channels,
                 enum cam_sign rule, int with_raw, struct cam_projection *out)
{
    int pixels = h * width;

    BUG_IF(h < 1 || width < 1 || channels < 1 || pixels > w->max_pixels || channels > w->max_channels);
    TRY(eigencam_check_finite("activation", act, pixels, channels));
    w->kernels->gram_f64(act, pixels, channels, channels, w->gram, w->gram_scratch);
    TRY(eigencam_project(w, act, pixels, channels, rule, out));
    if (with_raw && !out->constant && out->sigma_ratio <= max_sigma_ratio)
        return raw_sign(w, act, pixels, channels, out->values, &out->raw_sign);
    return OK;
}
