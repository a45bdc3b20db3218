/* src/engine/batch.c: the last steps of several pictures together (delta.h). */
#include <string.h>

#include "delta.h"

/* A step whose maps are larger is not for a batch: those of all pictures would not stay in the cache. */
enum { BATCH_MAP_BYTES = 1 << 19 };

/* ---- where the parts begin -------------------------------------------------------------------------------
 */

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* The side of the part of the picture that one position of a step's output sees. seen: (buffers). */
static int sees(const struct engine_step *s, int side, const int *seen)
{
    int most = 1;

    for (int j = 0; j < s->inputs; j++) {
        const struct engine_view *in = &s->in[j];
        int longest = larger(in->h, in->w), window = larger(s->shape.kh, s->shape.kw);

        if (s->shape.kh == 0 && (in->h != s->out.h || in->w != s->out.w)) /* averages, squeeze-excite */
            return side;
        most = larger(most, seen[in->buffer] + (s->shape.kh > 0 ? (window - 1) * (side / longest) : 0));
    }
    return most;
}

static status find_whole(const struct engine *e, struct engine_delta *d)
{
    int side = larger(e->step[0].out.h, e->step[0].out.w), *seen;

    MEM_TRY(seen, (size_t)e->buffers, sizeof *seen);
    for (d->whole = 0; d->whole < e->steps; d->whole++) {
        const struct engine_step *s = &e->step[d->whole];
        int most = sees(s, side, seen);

        if (most >= side)
            break;
        seen[s->out.buffer] = larger(seen[s->out.buffer], most);
    }
    mem_free(seen);
    return OK;
}

static size_t map_bytes(const struct engine *e, const struct engine_step *s)
{
    size_t bytes = e->buffer[s->out.buffer].bytes;

    for (int j = 0; j < s->inputs; j++)
        bytes += e->buffer[s->in[j].buffer].bytes;
    return bytes;
}

status batch_plan(struct engine *e, struct engine_delta *d)
{
    TRY(find_whole(e, d));
    d->batch = e->steps - 1;
    while (e->step[d->batch].out.buffer != e->node[e->output].view.buffer)
        d->batch--;
    while (d->batch > d->whole && map_bytes(e, &e->step[d->batch - 1]) <= BATCH_MAP_BYTES)
        d->batch--;
    if (d->whole > d->batch)
        d->whole = d->batch;
    MEM_TRY(d->use, (size_t)e->buffers, 1);
    MEM_TRY(d->place, (size_t)e->buffers, sizeof *d->place);
    for (int i = d->batch; i < e->steps; i++) {
        const struct engine_step *s = &e->step[i];

        d->use[s->out.buffer] |= BATCH_WRITES;
        for (int j = 0; j < s->inputs; j++)
            d->use[s->in[j].buffer] |= BATCH_READS;
    }
    return OK;
}

/* ---- a step of all pictures ------------------------------------------------------------------------------
 */

static int is_padded(const struct kernel_conv *c)
{
    return c->kh > 1 || c->kw > 1 || c->pad > 0;
}

/* The part of the input that windows reach, with what stands outside the picture. */
static int padded_side(int out, int window, int stride)
{
    return (out - 1) * stride + window;
}

static size_t padded_bytes(const struct engine *e, const struct kernel_conv *c)
{
    return (size_t)padded_side(c->oh, c->kh, c->stride) * (size_t)padded_side(c->ow, c->kw, c->stride) *
           (size_t)c->ic * delta_element(e);
}

status batch_make_room(const struct engine *e, struct engine_delta *d)
{
    size_t most = 0;

    for (int i = d->batch; i < e->steps; i++) {
        const struct engine_step *s = &e->step[i];

        if (delta_is_dense(s) && is_padded(&s->shape) && padded_bytes(e, &s->shape) > most)
            most = padded_bytes(e, &s->shape);
    }
    MEM_TRY(d->padded, ENGINE_BATCH * most + ENGINE_LANES, 1);
    MEM_TRY(d->logits, (size_t)ENGINE_BATCH * (size_t)e->classes, sizeof *d->logits);
    return OK;
}

static uint8_t *of_picture(const struct engine *e, const struct engine_view *v, int picture)
{
    return (uint8_t *)v->data + (size_t)picture * e->delta->picture_bytes;
}

static void pad(const struct engine *e, const struct kernel_conv *c, const uint8_t *in, uint8_t *out)
{
    int h = padded_side(c->oh, c->kh, c->stride), w = padded_side(c->ow, c->kw, c->stride);
    size_t one = (size_t)c->ic * delta_element(e), pitch = (size_t)c->in_pitch * delta_element(e);

    memset(out, e->form == PRECISION_REAL ? 0 : c->zero_point_in, (size_t)h * (size_t)w * one);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            int iy = y - c->pad, ix = x - c->pad;

            if (iy >= 0 && iy < c->ih && ix >= 0 && ix < c->iw)
                memcpy(out + ((size_t)y * (size_t)w + (size_t)x) * one,
                       in + ((size_t)iy * (size_t)c->iw + (size_t)ix) * pitch, one);
        }
}

/* All positions of a picture. */
static void add_points(const struct engine *e, const struct engine_step *s, const struct kernel_conv *shape,
                       const uint8_t *in, uint8_t *out, struct points *p)
{
    size_t from = (size_t)s->shape.stride * (size_t)shape->in_pitch * delta_element(e);
    size_t to = (size_t)s->out.pitch * delta_element(e);

    for (int y = 0; y < s->out.h; y++)
        for (int x = 0; x < s->out.w; x++, out += to) {
            delta_add_point(e, p, in + ((size_t)y * (size_t)shape->iw + (size_t)x) * from, out);
            if (p->count == DELTA_POINTS)
                delta_run_points(e, s, shape, p);
        }
}

static void run_together(const struct engine *e, const struct engine_step *s)
{
    struct engine_delta *d = e->delta;
    struct kernel_conv shape = s->shape;
    struct points *p = &d->inside;

    if (is_padded(&shape)) {
        shape.iw = padded_side(shape.ow, shape.kw, shape.stride);
        shape.in_pitch = shape.ic;
    }
    p->count = 0;
    for (int k = 0; k < d->waiting; k++) {
        const uint8_t *in = of_picture(e, &s->in[0], k);

        if (is_padded(&shape)) {
            uint8_t *padded = d->padded + (size_t)k * padded_bytes(e, &shape);

            pad(e, &s->shape, in, padded);
            in = padded;
        }
        add_points(e, s, &shape, in, of_picture(e, &s->out, k), p);
    }
    if (p->count > 0)
        delta_run_points(e, s, &shape, p);
}

static void run_one_by_one(const struct engine *e, const struct engine_step *s)
{
    for (int k = 0; k < e->delta->waiting; k++) {
        struct engine_step its = *s;

        its.out.data = of_picture(e, &s->out, k);
        for (int j = 0; j < s->inputs; j++)
            its.in[j].data = of_picture(e, &s->in[j], k);
        its.run(e, &its, run_whole(&its));
    }
}

void batch_carry(const struct engine *e, int picture)
{
    const struct engine_delta *d = e->delta;
    uint8_t *place = e->arena + (size_t)picture * d->picture_bytes;

    for (int i = 0; i < e->buffers; i++)
        if (d->use[i] && e->buffer[i].first < d->batch)
            memcpy(place + d->place[i], e->arena + e->buffer[i].offset, e->buffer[i].bytes);
}

void batch_run(struct engine *e)
{
    struct engine_delta *d = e->delta;

    for (int i = d->batch; i < e->steps; i++)
        if (d->waiting > 1 && delta_is_dense(&e->step[i]))
            run_together(e, &e->step[i]);
        else
            run_one_by_one(e, &e->step[i]);
    for (int k = 0; k < d->waiting; k++)
        run_logits(e, of_picture(e, &e->node[e->output].view, k), d->logits + (size_t)k * (size_t)e->classes);
}
