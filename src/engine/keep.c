/* src/engine/keep.c: an engine that keeps its maps from one run to the next, and back. */
#include "delta.h"
#include "mask.h"

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static status raise_scratch(struct engine *e, const struct engine_step *s)
{
    size_t bytes =
        e->form == PRECISION_REAL ? 0 : s->kernels->points_u8_scratch_bytes(&s->shape, DELTA_POINTS);

    if (bytes <= e->scratch_bytes)
        return OK;
    mem_free(e->scratch);
    e->scratch_bytes = bytes;
    MEM_TRY(e->scratch, bytes + ENGINE_LANES, 1);
    return OK;
}

/* A mask for every buffer. */
static status make_masks(struct engine *e, struct engine_delta *d)
{
    size_t at = 0;

    for (int i = 0; i < e->steps; i++)
        d->mask_words += mask_size(e->step[i].out.h, e->step[i].out.w);
    MEM_TRY(d->mask, (size_t)e->buffers, sizeof *d->mask);
    MEM_TRY(d->masks, d->mask_words, sizeof *d->masks);
    for (int i = 0; i < e->steps; i++) {
        const struct engine_view *v = &e->step[i].out;

        if (d->mask[v->buffer]) /* the parts of a cat */
            continue;
        d->mask[v->buffer] = d->masks + at;
        at += mask_size(v->h, v->w);
    }
    return OK;
}

/* Room for the largest step. A batch computes positions in the same calls. */
static status make_room(struct engine *e, struct engine_delta *d)
{
    size_t in = 1, out = DELTA_BLOCK_BYTES, words = 1, work = 1, width = 1;

    for (int i = 0; i < e->steps; i++) {
        const struct engine_step *s = &e->step[i];
        words = larger(words, mask_size(s->out.h, s->out.w));
        width = larger(width, (size_t)s->out.w);
        work = larger(work, 2 * (size_t)mask_words(s->shape.iw) + 2);
        out = larger(out, (size_t)s->out.w * (size_t)s->out.c * delta_element(e));
        if (delta_is_dense(s))
            TRY(raise_scratch(e, s));
        if (!delta_takes_points(s))
            continue;
        in = larger(in, DELTA_EDGES * delta_window(&s->shape) * delta_element(e));
        out = larger(out, (DELTA_POINTS + DELTA_EDGES) * (size_t)s->shape.oc);
    }
    MEM_TRY(d->wanted, words, sizeof *d->wanted);
    MEM_TRY(d->changed, words, sizeof *d->changed);
    MEM_TRY(d->work, work, sizeof *d->work);
    d->inside.most = DELTA_POINTS;
    d->edge.most = DELTA_EDGES;
    MEM_TRY(d->open, 2 * width + 2, sizeof *d->open);
    MEM_TRY(d->in, in + ENGINE_LANES, 1);
    MEM_TRY(d->out, out + ENGINE_LANES, 1);
    return make_masks(e, d);
}

void keep_free(struct engine_delta *d)
{
    if (!d)
        return;
    mem_free(d->last);
    mem_free(d->mask);
    mem_free(d->masks);
    mem_free(d->wanted);
    mem_free(d->changed);
    mem_free(d->work);
    mem_free(d->open);
    mem_free(d->in);
    mem_free(d->out);
    mem_free(d->use);
    mem_free(d->place);
    mem_free(d->padded);
    mem_free(d->logits);
    mem_free(d);
}

/* Whether an early buffer passes values on and need not keep them: a real map of one step, of which the
 * others read only the positions that were just computed. */
static int passes(const struct engine *e, int buffer)
{
    int writers = 0, last = e->delta->whole;

    for (int i = 0; i < e->steps; i++) {
        const struct engine_step *s = &e->step[i];
        const struct kernel_conv *c = &s->shape;

        writers += s->out.buffer == buffer;
        for (int j = 0; j < s->inputs; j++)
            if (s->in[j].buffer == buffer && (i >= last || !delta_takes_points(s) || c->kh > 1 || c->kw > 1 ||
                                              c->stride > 1 || c->pad > 0))
                return 0;
    }
    return e->form == PRECISION_REAL && writers == 1 && e->buffer[buffer].last < ENGINE_FOREVER;
}

status engine_keep(struct engine *e)
{
    if (e->delta)
        return OK;
    MEM_TRY(e->delta, 1, sizeof *e->delta);
    MEM_TRY(e->delta->last, (size_t)e->buffers, sizeof *e->delta->last);
    TRY(batch_plan(e, e->delta));
    for (int i = 0; i < e->buffers; i++) {
        e->delta->last[i] = e->buffer[i].last;
        if (e->buffer[i].first < e->delta->whole && !passes(e, i))
            e->buffer[i].last = ENGINE_FOREVER;
    }
    TRY(arena_lay_out(e));
    TRY(batch_make_room(e, e->delta));
    return make_room(e, e->delta);
}

status engine_let_go(struct engine *e)
{
    if (!e->delta)
        return OK;
    for (int i = 0; i < e->buffers; i++)
        e->buffer[i].last = e->delta->last[i];
    keep_free(e->delta);
    e->delta = NULL;
    return arena_lay_out(e);
}
