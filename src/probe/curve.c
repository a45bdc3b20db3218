/* src/probe/curve.c: deletion and insertion: one picture, altered step by step, through one precision. */
#include "probe_parts.h"

#include <string.h>

/* ---- the picture and its order ------------------------------------------------------------------------- */

status probe_keep(struct probe *p, int network)
{
    for (int i = 0; i < p->network[network].precisions; i++)
        TRY(engine_keep(p->network[network].engine[i].plan, p->network[network].engine[i].state));
    return OK;
}

status probe_let_go(struct probe *p, int network)
{
    for (int i = 0; i < p->network[network].precisions; i++)
        TRY(engine_let_go(p->network[network].engine[i].plan, p->network[network].engine[i].state));
    return OK;
}

void probe_normalize(struct probe *p, const uint8_t *pixels, float table[3][256])
{
    const struct model_input *in = &p->network[p->aim].model[p->seen]->input;

    BUG_IF(!p->picture);
    image_normalize_table(in->mean, in->std, in->channels, table);
    image_normalize(pixels, probe_pixels(p), in->channels, (const float(*)[256])table, p->picture);
}

status probe_picture(struct probe *p, const uint8_t *pixels, enum image_substrate deletion,
                     enum image_substrate insertion)
{
    float table[3][256];

    BUG_IF(!p->away);
    probe_normalize(p, pixels, table);
    TRY(image_substrate(deletion, p->picture, p->height, p->width, p->channels, (const float(*)[256])table,
                        p->away));
    return image_substrate(insertion, p->picture, p->height, p->width, p->channels,
                           (const float(*)[256])table, p->blank);
}

void probe_order_of(struct probe *p, const float *values, int h, int w)
{
    BUG_IF(!p->order);
    cam_resize(values, h, w, p->height, p->width, p->finished[0]);
    curve_order(p->finished[0], probe_pixels(p), p->order, p->scratch);
}

void probe_order(struct probe *p, int i, const float *projection)
{
    probe_order_of(p, projection, p->size[i].h, p->size[i].w);
}

/* ---- one curve ----------------------------------------------------------------------------------------- */

void probe_curve_start(struct probe *p, int i, enum probe_curve kind, int class_index, float *curve,
                       float *logits)
{
    const float *from = kind == PROBE_DELETION ? p->picture : p->blank;

    BUG_IF(!p->away || !probe_sees_as(p, i, p->seen));
    memcpy(p->work, from, (size_t)probe_pixels(p) * (size_t)p->channels * sizeof *from);
    p->walk = (struct probe_walk){ .precision = i,
                                   .class_index = class_index,
                                   .clean_step = kind == PROBE_DELETION ? 0 : p->how.curves,
                                   .to = kind == PROBE_DELETION ? p->away : p->picture,
                                   .curve = curve,
                                   .logits = logits };
}

/* The class's probability at a step. 0: no numbers. */
static int keep_step(struct probe *p, int step, const float *logits)
{
    struct probe_walk *w = &p->walk;
    size_t classes = (size_t)p->classes;

    if (!accuracy_finite(logits, p->classes))
        return 0;
    accuracy_softmax(logits, p->classes, p->probability);
    w->curve[step] = p->probability[w->class_index];
    if (w->logits)
        memcpy(w->logits + (size_t)step * classes, logits, classes * sizeof *logits);
    return 1;
}

/* The steps that wait, which are the last ones before `step`. */
static int keep_batch(struct probe *p, int step)
{
    struct probe_walk *w = &p->walk;
    const float *logits = w->waiting > 0 ? engine_finish_batch(probe_engine(p, w->precision)->plan,
                                                               probe_engine(p, w->precision)->state)
                                         : NULL;
    int good = 1;

    for (int k = 0; k < w->waiting && good; k++)
        good = keep_step(p, step - w->waiting + k, logits + (size_t)k * (size_t)p->classes);
    w->waiting = 0;
    return good;
}

/* Only a curve's first run is of the whole picture; the others wait until the engine's batch is full. The
 * clean picture has been run already. */
static int score(struct probe *p, const int32_t *changed, int count)
{
    struct probe_walk *w = &p->walk;
    const struct engine *engine = probe_engine(p, w->precision);

    if (w->step == w->clean_step)
        return keep_batch(p, w->step) && keep_step(p, w->step, p->view[w->precision].shown.logits);
    if (!w->begun || p->how.whole) {
        w->begun = 1;
        engine_run_real(engine->plan, engine->state, p->work);
        return keep_step(p, w->step, engine_logits(engine->plan, engine->state));
    }
    w->waiting = engine_batch_changed(engine->plan, engine->state, p->work, changed, count);
    if (w->waiting < ENGINE_BATCH && w->step < p->how.curves)
        return 1;
    return keep_batch(p, w->step + 1);
}

enum probe_state probe_curve_next(struct probe *p)
{
    struct probe_walk *w = &p->walk;
    int steps = p->how.curves, pixels = probe_pixels(p);
    int before = w->step > 0 ? curve_pixels(w->step - 1, steps, pixels) : 0,
        now = curve_pixels(w->step, steps, pixels);

    image_replace(p->work, w->to, p->channels, p->order + before, now - before);
    if (!score(p, p->order + before, now - before))
        return PROBE_ODD;
    return w->step++ < steps ? PROBE_MORE : PROBE_DONE;
}
