/* src/probe/input.c: the map of the input gradient of the picture that a precision has just run, and what the
 * network answers while pixels are removed by that map (metric_input.h). */
#include "probe_parts.h"

#include <string.h>

status probe_input(struct probe *p, int i, int class_index)
{
    const struct gradient *by = &p->network[p->aim].by_input[i];
    const struct probe_size *s = &p->size[i];
    int pixels = s->height * s->width;
    const float *g;

    BUG_IF(!p->how.input || !by->plan || s->height != p->size[0].height || s->width != p->size[0].width);
    gradient_run(by->plan, by->state, probe_engine(p, i), class_index);
    g = gradient_map(by->plan, by->state);
    if (!accuracy_finite(g, (int64_t)pixels * s->channels))
        return FAIL(ERR_NUMERIC, "%s: an input gradient that is not finite",
                    p->network[p->aim].model[i]->name);
    (void)input_map(g, pixels, s->channels, p->view[i].input);
    return OK;
}

const float *probe_input_map(const struct probe *p, int i)
{
    BUG_IF(!p->how.input);
    return p->view[i].input;
}

status probe_removal(struct probe *p, int i, const uint8_t *pixels, int class_index,
                     uint8_t right[REMOVAL_POINTS])
{
    const struct engine *e = probe_engine(p, i);
    int gone = 0;

    probe_see(p, i);
    TRY(probe_picture(p, pixels, p->how.removed, p->how.removed));
    curve_order(p->view[i].input, probe_pixels(p), p->order, p->scratch);
    memcpy(p->work, p->picture, (size_t)probe_pixels(p) * (size_t)p->channels * sizeof *p->work);
    for (int k = 0; k < REMOVAL_POINTS; k++) {
        int count = removal_pixels(k, probe_pixels(p));
        const float *logits;
        int32_t top;
        float score;

        image_replace(p->work, p->away, p->channels, p->order + gone, count - gone);
        gone = count;
        engine_run_real(e->plan, e->state, p->work);
        logits = engine_logits(e->plan, e->state);
        if (!accuracy_finite(logits, p->classes))
            return FAIL(ERR_NUMERIC, "%s: logits that are not finite", p->network[p->aim].model[i]->name);
        accuracy_top(logits, p->classes, 1, &top, &score);
        right[k] = top == class_index;
    }
    return OK;
}
