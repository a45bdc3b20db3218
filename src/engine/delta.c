/* src/engine/delta.c: the run that recomputes only what changed pixels reach (DESIGN 6).
 *
 * Every buffer has a mask of the positions whose values differ from the last run's. A step's own mask follows
 * from its inputs' masks through its window; those positions are computed again, compared with what was there
 * and taken out of the mask where nothing changed. Inputs that did not change give the bits that are there,
 * so that computing a few positions too many, to have fewer and larger rectangles, harms nothing.
 */
#include <string.h>

#include "delta.h"
#include "mask.h"

enum {
    /* A rectangle costs what so many more positions cost: its weights pass through the core once more. */
    DELTA_RECT_POSITIONS = 8
};

static uint8_t *at(const struct engine *e, const struct engine_view *v, int position)
{
    return (uint8_t *)v->data + (size_t)position * (size_t)v->pitch * delta_element(e);
}

/* ---- what to compute -------------------------------------------------------------------------------------
 */

/* d->wanted of a step; its inputs' masks are final. */
static void want(const struct engine *e, const struct engine_step *s)
{
    struct engine_delta *d = e->delta;

    mask_clear(d->wanted, s->out.h, s->out.w);
    for (int j = 0; j < s->inputs; j++) {
        const struct engine_view *in = &s->in[j];
        const uint64_t *mask = d->mask[in->buffer];

        if (s->shape.kh > 0)
            mask_window(&s->shape, mask, d->wanted, d->work);
        else if (in->h == s->out.h && in->w == s->out.w)
            mask_join(d->wanted, mask, s->out.h, s->out.w);
        else if (mask_count(mask, in->h, in->w) > 0) /* an average's map, or squeeze-excite's one row */
            mask_fill(d->wanted, s->out.h, s->out.w);
    }
}

/* ---- convolutions: position by position -----------------------------------------------------------------
 */

void delta_run_points(const struct engine *e, const struct engine_step *s, const struct kernel_conv *shape,
                      struct points *p)
{
    if (e->form == PRECISION_REAL)
        s->kernels->points_f32(shape, s->packed, p->real_in, p->real_out, p->count, s->low, s->high);
    else
        s->kernels->points_u8(shape, s->packed, p->code_in, p->code_out, p->count, &s->requant, s->saturation,
                              e->scratch);
    p->count = 0;
}

/* Codes are compared with what was there; of sums of reals hardly any comes out as it was. */
static void run_points(const struct engine *e, const struct engine_step *s, struct points *p,
                       const struct kernel_conv *shape)
{
    struct engine_delta *d = e->delta;
    size_t bytes = (size_t)s->shape.oc;
    int count = p->count;

    delta_run_points(e, s, shape, p);
    for (int i = 0; e->form == PRECISION_CODES && i < count; i++) {
        uint8_t *to = at(e, &s->out, p->place[i]);

        if (memcmp(to, p->code_out[i], bytes) == 0)
            continue;
        memcpy(to, p->code_out[i], bytes);
        mask_set(d->changed, s->out.w, p->place[i]);
    }
}

/* A window whose first tap is (y, x), with what stands outside the picture. */
static void copy_window(const struct engine *e, const struct engine_step *s, int y, int x, uint8_t *to)
{
    const struct kernel_conv *c = &s->shape;
    size_t one = (size_t)c->ic * delta_element(e), row = (size_t)c->kw * one;
    int x0 = x < 0 ? -x : 0, x1 = x + c->kw > c->iw ? c->iw - x : c->kw;

    memset(to, e->form == PRECISION_REAL ? 0 : c->zero_point_in, delta_window(c) * delta_element(e));
    for (int ky = 0; ky < c->kh && x0 < x1; ky++)
        if (y + ky >= 0 && y + ky < c->ih)
            memcpy(to + (size_t)ky * row + (size_t)x0 * one, at(e, &s->in[0], (y + ky) * c->iw + x + x0),
                   (size_t)(x1 - x0) * one);
}

static void add_point(const struct engine *e, const struct engine_step *s, int place, struct points *p,
                      const uint8_t *from)
{
    int i = p->count;

    p->place[i] = place;
    delta_add_point(e, p, from,
                    e->form == PRECISION_REAL ? at(e, &s->out, place)
                                              : p->room + (size_t)i * (size_t)s->shape.oc);
}

/* Every position of d->wanted. d->changed: out, of codes. */
static void run_conv_points(const struct engine *e, const struct engine_step *s)
{
    struct engine_delta *d = e->delta;
    const struct kernel_conv *c = &s->shape;
    struct kernel_conv edge = *c;
    const uint64_t *row = d->wanted;

    edge.iw = c->kw;
    edge.in_pitch = c->ic;
    d->inside.room = d->out;
    d->edge.room = d->out + (size_t)DELTA_POINTS * (size_t)c->oc;
    for (int oy = 0; oy < s->out.h; oy++, row += mask_words(s->out.w))
        for (int ox = mask_next(row, s->out.w, 0); ox < s->out.w; ox = mask_next(row, s->out.w, ox + 1)) {
            int y = oy * c->stride - c->pad, x = ox * c->stride - c->pad;

            if (y >= 0 && x >= 0 && y + c->kh <= c->ih && x + c->kw <= c->iw) {
                add_point(e, s, oy * s->out.w + ox, &d->inside, at(e, &s->in[0], y * c->iw + x));
                if (d->inside.count == d->inside.most)
                    run_points(e, s, &d->inside, c);
            } else {
                uint8_t *window = d->in + (size_t)d->edge.count * delta_window(c) * delta_element(e);

                copy_window(e, s, y, x, window);
                add_point(e, s, oy * s->out.w + ox, &d->edge, window);
                if (d->edge.count == d->edge.most)
                    run_points(e, s, &d->edge, &edge);
            }
        }
    if (d->inside.count > 0)
        run_points(e, s, &d->inside, c);
    if (d->edge.count > 0)
        run_points(e, s, &d->edge, &edge);
}

/* ---- the others: rectangles ------------------------------------------------------------------------------
 */

static int area(struct kernel_rect r)
{
    return (r.y1 - r.y0) * (r.x1 - r.x0);
}

static struct kernel_rect hull(struct kernel_rect a, struct kernel_rect b)
{
    return (struct kernel_rect){ .y0 = a.y0 < b.y0 ? a.y0 : b.y0,
                                 .y1 = a.y1 > b.y1 ? a.y1 : b.y1,
                                 .x0 = a.x0 < b.x0 ? a.x0 : b.x0,
                                 .x1 = a.x1 > b.x1 ? a.x1 : b.x1 };
}

static int is_compared(const struct engine *e, const struct engine_step *s)
{
    return e->form == PRECISION_CODES || s->inputs == 0;
}

/* Computes a rectangle in place. A position may lie in two rectangles: the first finds that it changed. */
static void run_rect(const struct engine *e, const struct engine_step *s, struct kernel_rect r)
{
    struct engine_delta *d = e->delta;
    size_t bytes = (size_t)s->out.c * delta_element(e);
    uint8_t *kept = d->out;

    for (int y = r.y0; y < r.y1; y++)
        for (int x = r.x0; x < r.x1; x++, kept += bytes)
            memcpy(kept, at(e, &s->out, y * s->out.w + x), bytes);
    s->run(e, s, r);
    kept = d->out;
    for (int y = r.y0; y < r.y1; y++)
        for (int x = r.x0; x < r.x1; x++, kept += bytes)
            if (memcmp(kept, at(e, &s->out, y * s->out.w + x), bytes) != 0)
                mask_set(d->changed, s->out.w, y * s->out.w + x);
}

/* In bands that the kept copy has room for. Only codes and pixels are compared: a sum of reals of which one
 * changed hardly ever comes out as it was, and looking would cost more than it saves. */
static void run_bands(const struct engine *e, const struct engine_step *s, struct kernel_rect r)
{
    size_t row = (size_t)(r.x1 - r.x0) * (size_t)s->out.c * delta_element(e);
    int rows = (int)(DELTA_BLOCK_BYTES / row);

    if (!is_compared(e, s)) {
        s->run(e, s, r);
        return;
    }
    rows = rows < 1 ? 1 : rows;
    for (int y = r.y0; y < r.y1; y += rows) {
        struct kernel_rect band = r;

        band.y0 = y;
        band.y1 = y + rows < r.y1 ? y + rows : r.y1;
        run_rect(e, s, band);
    }
}

/* The next run of wanted positions in a row from x on, short gaps included; empty at the row's end. */
static struct kernel_rect next_span(const struct engine_delta *d, const struct engine_view *v, int y, int x)
{
    const uint64_t *row = d->wanted + (size_t)y * (size_t)mask_words(v->w);
    struct kernel_rect r = { .y0 = y, .y1 = y + 1 };

    r.x0 = r.x1 = mask_next(row, v->w, x);
    for (int next = r.x0; next < v->w && next - r.x1 <= DELTA_RECT_POSITIONS;
         next = mask_next(row, v->w, r.x1))
        r.x1 = mask_end(row, v->w, next);
    return r;
}

/* Rows' spans grow downwards into rectangles as long as that is cheaper than one more rectangle. */
static void run_rectangles(const struct engine *e, const struct engine_step *s)
{
    struct engine_delta *d = e->delta;
    struct kernel_rect *open = d->open;
    int count = 0;

    for (int y = 0; y < s->out.h; y++) {
        int fresh = count;

        for (struct kernel_rect r = next_span(d, &s->out, y, 0); r.x0 < r.x1;
             r = next_span(d, &s->out, y, r.x1)) {
            int i = 0;

            while (i < fresh && (open[i].y1 < y ||
                                 area(hull(open[i], r)) > area(open[i]) + area(r) + DELTA_RECT_POSITIONS))
                i++;
            if (i < fresh)
                open[i] = hull(open[i], r);
            else
                open[count++] = r;
        }
        for (int i = 0; i < count;)
            if (open[i].y1 <= y) { /* nothing was added: it is done */
                run_bands(e, s, open[i]);
                open[i] = open[--count];
            } else {
                i++;
            }
    }
    for (int i = 0; i < count; i++)
        run_bands(e, s, open[i]);
}

/* ---- the run ---------------------------------------------------------------------------------------------
 */

/* How many eighths of a map make the whole map the cheaper way: an element-wise step or a depthwise
 * convolution computes a position in the time that it takes to find it. */
static int whole_eighths(const struct engine_step *s)
{
    return delta_takes_points(s) ? 8 : s->run == run_conv ? 7 : s->run == run_depthwise ? 4 : 2;
}

static void run_step(const struct engine *e, const struct engine_step *s)
{
    struct engine_delta *d = e->delta;
    int h = s->out.h, w = s->out.w, count = mask_count(d->wanted, h, w);
    const uint64_t *changed = d->wanted;

    if (count == 0)
        return;
    if (count * 8 >= h * w * whole_eighths(s)) {
        s->run(e, s, run_whole(s));
    } else if (delta_takes_points(s)) {
        mask_clear(d->changed, h, w);
        run_conv_points(e, s);
        changed = e->form == PRECISION_CODES ? d->changed : d->wanted;
    } else {
        mask_clear(d->changed, h, w);
        run_rectangles(e, s);
        changed = is_compared(e, s) ? d->changed : d->wanted;
    }
    mask_join(d->mask[s->out.buffer], changed, h, w);
}

int engine_batch_changed(struct engine *e, const float *real, const int32_t *changed, int count)
{
    struct engine_delta *d = e->delta;

    BUG_IF(!d || e->rounding.q.scale > 0 || d->waiting == ENGINE_BATCH);
    e->real = real;
    memset(d->masks, 0, d->mask_words * sizeof *d->masks);
    for (int i = 0; i < d->whole; i++) {
        const struct engine_step *s = &e->step[i];

        want(e, s);
        for (int j = 0; s->inputs == 0 && j < count; j++)
            mask_set(d->wanted, s->out.w, changed[j]);
        run_step(e, s);
    }
    for (int i = d->whole; i < d->batch; i++)
        e->step[i].run(e, &e->step[i], run_whole(&e->step[i]));
    e->real = NULL;
    batch_carry(e, d->waiting);
    return ++d->waiting;
}

const float *engine_finish_batch(struct engine *e)
{
    struct engine_delta *d = e->delta;
    size_t classes = (size_t)e->classes;

    BUG_IF(d->waiting < 1);
    batch_run(e);
    memcpy(e->logits, d->logits + (size_t)(d->waiting - 1) * classes, classes * sizeof *e->logits);
    d->waiting = 0;
    return d->logits;
}

void engine_run_changed(struct engine *e, const float *real, const int32_t *changed, int count)
{
    BUG_IF(!e->delta || e->delta->waiting > 0);
    (void)engine_batch_changed(e, real, changed, count);
    (void)engine_finish_batch(e);
}
