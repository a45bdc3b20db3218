/* src/probe/compared.c: maps in the frames in which they are compared with what people see. */
#include "probe_parts.h"

const float *probe_positive(struct probe *p, int i, int method)
{
    const struct probe_shown *s = &p->view[i].shown;
    const float *values = method == CAM_EIGEN ? s->cam.values : s->method[method].values;

    BUG_IF(method != CAM_EIGEN && !(p->how.methods >> method & 1));
    for (int k = 0; k < p->h * p->w; k++)
        p->negative[k] = values[k] > 0.0f ? values[k] : 0.0f;
    return p->negative;
}

/* Between the least and the largest value; a constant map becomes 0. */
static void scale(float *v, int64_t count)
{
    enum { BLOCK = 8 };
    float least[BLOCK], most[BLOCK], range;
    int64_t i = 0;

    for (int k = 0; k < BLOCK; k++)
        least[k] = most[k] = v[0];
    for (; i + BLOCK <= count; i += BLOCK)
        for (int k = 0; k < BLOCK; k++) {
            least[k] = v[i + k] < least[k] ? v[i + k] : least[k];
            most[k] = v[i + k] > most[k] ? v[i + k] : most[k];
        }
    for (; i < count; i++) {
        least[0] = v[i] < least[0] ? v[i] : least[0];
        most[0] = v[i] > most[0] ? v[i] : most[0];
    }
    for (int k = 1; k < BLOCK; k++) {
        least[0] = least[k] < least[0] ? least[k] : least[0];
        most[0] = most[k] > most[0] ? most[k] : most[0];
    }
    range = most[0] - least[0];
    for (i = 0; i < count; i++)
        v[i] = range > 0.0f ? (v[i] - least[0]) / range : 0.0f;
}

status probe_compared(struct probe *p, int i, int method, enum image_filter filter, int width, int height,
                      float *out)
{
    (void)probe_positive(p, i, method);
    scale(p->negative, (int64_t)p->h * p->w);
    TRY(image_resize_values(p->negative, p->w, p->h, width, height, filter, out));
    scale(out, (int64_t)width * height);
    return OK;
}
