/* src/probe/show.c: what one precision shows: answer, CAM layer, projections, maps, box. */
#include "probe_parts.h"

#include <string.h>

const struct probe_shown *probe_shown(const struct probe *p, int i)
{
    BUG_IF(i < 0 || i >= p->network[p->aim].precisions);
    return &p->view[i].shown;
}

/* ---- answer -------------------------------------------------------------------------------------------- */

void probe_ran(struct probe *p, int i)
{
    const struct engine *e = probe_engine(p, i);

    memcpy(p->view[i].shown.logits, engine_logits(e->plan, e->state), (size_t)p->classes * sizeof(float));
    p->view[i].shown.layer = engine_cam_map(e->plan, e->state);
}

status probe_answer(struct probe *p, int i)
{
    struct probe_shown *s = &p->view[i].shown;

    if (!accuracy_finite(s->logits, p->classes))
        return FAIL(ERR_NUMERIC, "%s: logits that are not finite", p->network[p->aim].model[i]->name);
    s->tops = p->classes < PROBE_TOP ? p->classes : PROBE_TOP;
    accuracy_top(s->logits, p->classes, s->tops, s->top, s->score);
    accuracy_softmax(s->logits, p->classes, p->probability);
    for (int k = 0; k < PROBE_TOP; k++) {
        s->score[k] = k < s->tops ? p->probability[s->top[k]] : 0.0f;
        s->top[k] = k < s->tops ? s->top[k] : -1;
    }
    return OK;
}

void probe_run(struct probe *p, int i, const uint8_t *pixels)
{
    const struct engine *e = probe_engine(p, i);

    engine_run(e->plan, e->state, pixels);
    probe_ran(p, i);
}

void probe_ahead(struct probe *p, int i, int k, const uint8_t *pixels)
{
    struct engine_group *g = p->group[p->aim][i];

    BUG_IF(k < 0 || k >= p->how.together);
    if (g)
        engine_group_run(g, probe_engine(p, i)->state, k, pixels);
}

void probe_ahead_finish(struct probe *p, int i)
{
    if (p->group[p->aim][i])
        engine_group_finish(p->group[p->aim][i]);
}

void probe_ahead_take(struct probe *p, int i, int k, const uint8_t *pixels)
{
    struct engine_group *g = p->group[p->aim][i];

    if (!g) {
        probe_run(p, i, pixels);
        return;
    }
    engine_group_show(g, probe_engine(p, i)->state, k);
    probe_ran(p, i);
}

/* ---- CAM layer ----------------------------------------------------------------------------------------- */

/* Where the grids differ, the scalar product is that on the first's. */
static int turn(struct probe *p, int i)
{
    const struct probe_size *own = &p->size[i], *first = &p->size[0];
    float *values = p->view[i].shown.cam.values, *grid = p->view[i].grid;
    int turned;

    if (probe_one_grid(p, i))
        return cam_align(p->view[0].shown.cam.values, values, own->h * own->w) < 0;
    cam_resize(values, own->h, own->w, first->h, first->w, grid);
    turned = cam_align(p->view[0].shown.cam.values, grid, first->h * first->w) < 0;
    for (int k = 0; k < own->h * own->w && turned; k++)
        values[k] = -values[k];
    return turned;
}

static void align(struct probe *p, int i)
{
    struct probe_shown *s = &p->view[i].shown;

    s->own_sign = !s->cam.constant;
    if (i == 0 || !turn(p, i))
        return;
    s->cam.raw_sign = -s->cam.raw_sign;
    s->own_sign = -1;
}

status probe_look(struct probe *p, int i)
{
    struct probe_view *v = &p->view[i];
    const struct probe_size *s = &p->size[i];

    probe_forget(v);
    v->shown.act = p->act;
    engine_map_copy_real(&v->shown.layer, p->act);
    TRY(cam_eigen(p->cam, p->act, s->h, s->w, s->c, p->how.sign, p->how.raw, &v->shown.cam));
    align(p, i);
    return OK;
}

struct gradient_path probe_path(const struct model *m)
{
    return (struct gradient_path){ .from = m->output, .to = m->cam };
}

status probe_shows(const struct model_binding *b, unsigned methods, uint8_t *show)
{
    if (!cam_methods_need(methods, CAM_NEEDS_GRADIENT))
        return OK;
    return gradient_shows(b->model, b->form, probe_path(b->model), show);
}

int probe_class(const struct probe *p, int i, int truth)
{
    if (p->how.of_class == PROBE_CLASS_TRUE && truth >= 0)
        return truth;
    return p->view[p->how.of_class == PROBE_CLASS_OWN ? i : 0].shown.top[0];
}

status probe_methods(struct probe *p, int i, int class_index)
{
    const struct probe_network *n = &p->network[p->aim];
    const struct model_head *from = n->head[i];
    const struct gradient *g = &n->gradient[i];
    struct cam_class of = { .index = class_index };
    struct cam_head head;

    if (p->how.methods == 0)
        return OK;
    if (from) {
        head = (struct cam_head){ .classes = from->classes,
                                  .channels = from->channels,
                                  .hidden = from->hidden,
                                  .weight = from->weight,
                                  .bias = from->bias,
                                  .first_weight = from->first_weight,
                                  .first_bias = from->first_bias };
        of.head = &head;
    }
    if (g->plan) {
        gradient_run(g->plan, g->state, &n->engine[i], class_index);
        of.gradient = gradient_map(g->plan, g->state);
    }
    TRY(cam_take(p->cam, p->act, p->size[i].h, p->size[i].w, p->size[i].c, &of));
    for (int m = 0; m < CAM_METHODS; m++)
        if (p->how.methods >> m & 1)
            TRY(cam_compute(p->cam, (enum cam_method)m, p->how.sign, p->how.method_raw,
                            &p->view[i].shown.method[m]));
    return OK;
}

void probe_recall(struct probe *p, int i, const struct probe_memory *m)
{
    struct probe_view *v = &p->view[i];
    size_t bytes = (size_t)p->size[i].h * (size_t)p->size[i].w * sizeof(float);

    probe_forget(v);
    v->shown.layer = (struct engine_map){ 0 };
    v->shown.act = NULL;
    memcpy(v->shown.top, m->top, sizeof v->shown.top);
    memcpy(v->shown.cam.values, m->cam, bytes);
    v->shown.cam.raw_sign = m->raw_sign;
    v->shown.own_sign = m->own_sign;
    for (int k = 0; k < CAM_METHODS; k++)
        if (p->how.methods >> k & 1)
            memcpy(v->shown.method[k].values, m->method[k], bytes);
}

void probe_channel_means(const struct engine_map *layer, float *mean)
{
    enum { TOGETHER = 64 };
    const struct quant_params *q = &layer->q;
    int pixels = layer->h * layer->w;

    for (int first = 0; first < layer->c; first += TOGETHER) {
        int count = layer->c - first < TOGETHER ? layer->c - first : TOGETHER;
        double sum[TOGETHER] = { 0 };

        for (int i = 0; i < pixels; i++) {
            size_t at = (size_t)i * (size_t)layer->pitch + (size_t)first;

            for (int c = 0; c < count; c++)
                sum[c] +=
                    layer->codes ? (double)layer->codes[at + (size_t)c] : (double)layer->real[at + (size_t)c];
        }
        for (int c = 0; c < count; c++)
            mean[first + c] =
                (float)(layer->codes ? q->scale * (sum[c] / pixels - q->zero_point) : sum[c] / pixels);
    }
}

void probe_layer_copy(const struct engine_map *layer, void *out)
{
    uint8_t *codes = out;
    float *real = out;

    for (int c = 0; c < layer->c; c++)
        for (int i = 0; i < layer->h * layer->w; i++) {
            size_t at = (size_t)i * (size_t)layer->pitch + (size_t)c;

            if (layer->codes)
                *codes++ = layer->codes[at];
            else
                *real++ = layer->real[at];
        }
}

/* ---- maps ---------------------------------------------------------------------------------------------- */

const float *probe_map(struct probe *p, int i, int negative)
{
    struct probe_view *v = &p->view[i];
    const struct probe_size *own = &p->size[i], *first = &p->size[0];
    const float *values = v->shown.cam.values;
    int which = negative != 0;

    if (v->made[which])
        return v->map[which];
    if (negative) {
        for (int k = 0; k < own->h * own->w; k++)
            p->negative[k] = -values[k];
        values = p->negative;
    }
    cam_finish(values, own->h, own->w, first->height, first->width, v->map[which]);
    v->made[which] = 1;
    return v->map[which];
}

void probe_box(struct probe *p, int i, int negative, const struct wsol_box *truth, int boxes,
               struct wsol_score *score, int32_t box[4])
{
    struct wsol_workspace *w = probe_frame(p);
    struct probe_view *v = &p->view[i];

    wsol_scan(w, probe_map(p, i, negative));
    if (score)
        wsol_score(w, truth, boxes, score);
    (void)wsol_pixels(w, WSOL_T20, box);
    if (!negative) {
        memcpy(v->box, box, sizeof v->box);
        v->boxed = 1;
    }
}
