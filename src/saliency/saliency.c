/* src/saliency/saliency.c: predictors by name, the centre, maps of other sizes. */
#include <math.h>
#include <string.h>

#include "methods.h"

void saliency_free(struct saliency_map *m)
{
    mem_free(m->value);
    *m = (struct saliency_map){ 0 };
}

status saliency_resize(const struct saliency_map *in, int width, int height, struct saliency_map *out)
{
    struct plane whole, sized;
    status result;

    *out = (struct saliency_map){ 0 };
    TRY(plane_alloc(in->width, in->height, &whole));
    for (int64_t i = 0; i < (int64_t)in->width * in->height; i++)
        whole.v[i] = in->value[i];
    result = plane_resize(&whole, width, height, &sized);
    plane_free(&whole);
    return result == OK ? plane_finish(&sized, out) : result;
}

int saliency_frame_height(int width, int height)
{
    double exact = (double)SALIENCY_FRAME * height / width;

    return exact < 1 ? 1 : (int)rint(exact);
}

/* A Gaussian about the middle of n pixels, n / 4 wide. */
static double bell(int at, int n)
{
    double away = at - (n - 1) / 2.0, deviation = n / 4.0;

    return math_exp(-away * away / (2 * deviation * deviation));
}

static status centre(int width, int height, struct plane *out)
{
    TRY(plane_alloc(width, height, out));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            out->v[(int64_t)y * width + x] = bell(x, width) * bell(y, height);
    return OK;
}

status saliency_center(int width, int height, struct saliency_map *out)
{
    struct plane p;

    *out = (struct saliency_map){ 0 };
    TRY(centre(width, height, &p));
    return plane_finish(&p, out);
}

static status residual_about_centre(const struct image *picture, int height, struct plane *out)
{
    TRY(spectral_residual(picture, 0, SALIENCY_FRAME, height, out));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < SALIENCY_FRAME; x++) {
            double *v = &out->v[(int64_t)y * SALIENCY_FRAME + x];

            *v = (*v + 0.05) * (bell(x, SALIENCY_FRAME) * bell(y, height));
        }
    return OK;
}

/* Predictors that look at the picture in its frame: Pillow's bilinear resize. */
static status predict_in_frame(status (*predictor)(const struct image *frame, struct plane *out),
                               const struct image *picture, int height, struct plane *out)
{
    struct image frame;
    status result;

    TRY(image_resize(picture, SALIENCY_FRAME, height, IMAGE_BILINEAR, IMAGE_ORDER_PILLOW13, &frame));
    result = predictor(&frame, out);
    image_free(&frame);
    return result;
}

static status predict(enum saliency_method method, const struct image *picture, int height, struct plane *out)
{
    switch (method) {
    case SALIENCY_SR:
    case SALIENCY_SR_OPENCV:
        return spectral_residual(picture, method == SALIENCY_SR_OPENCV, SALIENCY_FRAME, height, out);
    case SALIENCY_FINEGRAINED:
        return predict_in_frame(finegrained, picture, height, out);
    case SALIENCY_ITTI:
        return predict_in_frame(itti, picture, height, out);
    case SALIENCY_CENTER:
        return centre(SALIENCY_FRAME, height, out);
    default:
        return residual_about_centre(picture, height, out);
    }
}

status saliency_predict(enum saliency_method method, const struct image *picture, struct saliency_map *out)
{
    int height = saliency_frame_height(picture->width, picture->height);
    struct plane p = { 0 };
    status result;

    *out = (struct saliency_map){ 0 };
    BUG_IF((int)method < 0 || method >= SALIENCY_METHODS);
    if (height > SALIENCY_MAX_HEIGHT)
        return FAIL(ERR_RANGE, "a picture of %d x %d pixels is too narrow: its frame would be %d x %d",
                    picture->width, picture->height, SALIENCY_FRAME, height);
    result = predict(method, picture, height, &p);
    if (result == OK)
        return plane_finish(&p, out);
    plane_free(&p);
    return result;
}
