/* src/probe/measure.c: the measures of the one table, of a precision and of its pair with the first. */
#include "probe_parts.h"

/* The precision's view, made once after probe_look. */
static struct measure_view *view_of(struct probe *p, int i)
{
    struct probe_view *v = &p->view[i];
    const struct probe_shown *s = &v->shown;
    const struct probe_size *size = &p->size[i];

    if (v->viewed)
        return &v->measured;
    v->measured = (struct measure_view){ .top5 = s->top,
                                         .class_index = -1,
                                         .act = s->act,
                                         .codes = s->layer.codes,
                                         .pixels = size->h * size->w,
                                         .channels = size->c,
                                         .pitch = s->layer.pitch,
                                         .scale = s->layer.q.scale,
                                         .zero_point = s->layer.q.zero_point,
                                         .sigma_ratio = s->cam.sigma_ratio,
                                         .projection = s->cam.values,
                                         .h = size->h,
                                         .w = size->w,
                                         .raw_sign = s->cam.raw_sign,
                                         .own_sign = s->own_sign,
                                         .map = probe_map(p, i, 0),
                                         .map_h = p->size[0].height,
                                         .map_w = p->size[0].width,
                                         .box = v->box,
                                         .input = v->input };
    if (!probe_one_grid(p, i))
        probe_to_grid(&v->measured, p->size[0].h, p->size[0].w, v->grid);
    v->viewed = 1;
    return &v->measured;
}

static void find_box(struct probe *p, int i)
{
    int32_t box[4];

    if (!p->view[i].boxed)
        probe_box(p, i, 0, NULL, 0, NULL, box);
}

/* What a pair needs beside the views: boxes, and maps of the negative projections where a reading asks. */
static void prepare(struct probe *p, const struct measure *m, int i)
{
    struct measure_view *first = view_of(p, 0), *other = view_of(p, i);
    const struct rmse_side a = { .raw_sign = first->raw_sign, .own_sign = first->own_sign },
                           b = { .raw_sign = other->raw_sign, .own_sign = other->own_sign };

    if (m->needs & MEASURE_BOX) {
        find_box(p, 0);
        find_box(p, i);
    }
    if (rmse_needs_flipped(&a))
        first->map_flipped = probe_map(p, 0, 1);
    if (rmse_needs_flipped(&b))
        other->map_flipped = probe_map(p, i, 1);
}

/* A method's projection and its finished map, in place 0 or 1. */
static struct measure_view method_view(struct probe *p, int method, int i, int place)
{
    const struct probe_size *own = &p->size[i], *first = &p->size[0];
    struct measure_view v = *view_of(p, i);

    v.projection = p->view[i].shown.method[method].values;
    cam_finish(v.projection, own->h, own->w, first->height, first->width, p->finished[place]);
    v.map = p->finished[place];
    if (!probe_one_grid(p, i)) {
        v.h = own->h;
        v.w = own->w;
        probe_to_grid(&v, first->h, first->w, p->negative);
    }
    return v;
}

static double measure_method(struct probe *p, const struct measure *m, int method, int i)
{
    struct measure_view first, other;

    BUG_IF(!(p->how.methods >> method & 1));
    first = method_view(p, method, 0, 0);
    other = method_view(p, method, i, 1);
    return measure_value(m, &first, &other);
}

double probe_measure(struct probe *p, const struct measure *m, int method, int i)
{
    BUG_IF(i < 0 || i >= p->network[p->aim].precisions || (m->of != MEASURE_ONE && m->of != MEASURE_PAIR));
    if (m->of == MEASURE_ONE)
        return measure_value(m, NULL, view_of(p, i));
    BUG_IF(i == 0);
    if (m->needs & MEASURE_METHOD)
        return measure_method(p, m, method, i);
    prepare(p, m, i);
    return measure_value(m, view_of(p, 0), view_of(p, i));
}

void probe_measure_again(struct probe *p, int i)
{
    p->view[i].viewed = 0;
}

int probe_has_measure(const struct probe *p, const struct measure *m, int i)
{
    return !(m->needs & MEASURE_METHOD) && !(m->needs & MEASURE_INPUT && !p->how.input) &&
           (!(m->needs & MEASURE_CODES) || probe_shown(p, i)->layer.codes != NULL);
}
