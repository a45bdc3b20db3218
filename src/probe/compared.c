/* src/probe/compared.c: maps in the frames in which they are compared with what people see. */
#include "probe_parts.h"

const float *probe_positive(struct probe *p, int i, int method)
{
    const struct probe_shown *s = &p->view[i].shown;
    const float *values = method == CAM_EIGEN ? s->cam.values : s->method[method].values;

    BUG_IF(method != CAM_EIGEN && !(p->how.methods >> method & 1));
    for (int k = 0; k < p->size[i].h * p->size[i].w; k++)
        p->negative[k] = values[k] > 0.0f ? values[k] : 0.0f;
    return p->negative;
}

/* Between the least and the largest value; a constant map becomes 0. */
static void scale(float *v, int64_t count)
{
    float low, high;

    tensor_range(v, count, &low, &high);
    for (int64_t i = 0; i < count; i++)
        v[i] = high - low > 0.0f ? (v[i] - low) / (high - low) : 0.0f;
}

status probe_compared(struct probe *p, int i, int method, enum image_filter filter, int width, int height,
                      float *out)
{
    const struct probe_size *s = &p->size[i];

    (void)probe_positive(p, i, method);
    scale(p->negative, (int64_t)s->h * s->w);
    TRY(image_resize_values(p->negative, s->w, s->h, width, height, filter, out));
    scale(out, (int64_t)width * height);
    return OK;
}
