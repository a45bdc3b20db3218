/* src/engine/delta.c: the run that recomputes only what changed pixels reach (DESIGN 6).
 *
 * Every buffer has a mask of the positions whose values differ from the last run's. An op's own mask follows
 * from its inputs' masks through its window; those positions are computed again, compared with what was there
 * and taken out of the mask where nothing changed. Inputs that did not change give the bits that are there,
 * so that computing a few positions too many, to have fewer and larger rectangles, harms nothing.
 */
#include <string.h>

#include "mask.h"
#include "state.h"
#include "tiles.h"

enum {
    /* A rectangle costs what so many more positions cost: its weights pass through the core once more. */
    DELTA_RECT_POSITIONS = 8,
    /* A unit's costs what so many more rows and columns cost. */
    DELTA_UNIT_ROWS = 1,
    DELTA_UNIT_COLUMNS = 5
};

/* An op in hand. Positions of its output lie `pitch` bytes apart from `out` on. */
struct work {
    struct engine_pass pass;
    const struct engine_op *op;
    struct engine_delta *d;
    uint8_t *out;
    size_t pitch, element, element_in; /* bytes of a value, and of input 0's */
    int compares; /* run_is_compared */
};

static struct work work_of(const struct engine_plan *plan, const struct engine_state *state,
                           const struct engine_op *op)
{
    struct work w = { .pass = state_pass(plan, state), .op = op, .d = state->delta };

    w.element = (size_t)op->out.element;
    w.element_in = op->inputs > 0 ? (size_t)op->in[0].element : 0;
    w.out = pass_at(&w.pass, &op->out);
    w.pitch = (size_t)op->out.pitch * w.element;
    w.compares = run_is_compared(plan, op);
    return w;
}

static uint8_t *at(const struct work *w, int position)
{
    return w->out + (size_t)position * w->pitch;
}

/* ---- what to compute -----------------------------------------------------------------------------------
 */

/* All outputs of every tile whose patch meets the mask: their last bits depend on all of it. d->changed is
 * free until something is computed. */
static void want_tiles(const struct work *w, const struct kernel_conv *patch, const uint64_t *mask)
{
    const struct engine_view *out = &w->op->out;
    uint64_t *tiles = w->d->changed;

    mask_clear(tiles, patch->oh, patch->ow);
    mask_window(patch, mask, tiles, w->d->work);
    mask_tiles(tiles, patch->stride, w->d->wanted, out->h, out->w);
}

/* d->wanted; the inputs' masks are final. */
static void want(const struct work *w)
{
    const struct engine_plan *plan = w->pass.plan;
    const struct engine_op *op = w->op;
    struct engine_delta *d = w->d;

    mask_clear(d->wanted, op->out.h, op->out.w);
    for (int j = 0; j < op->inputs; j++) {
        const struct engine_view *in = &op->in[j];
        const uint64_t *mask = d->masks + plan->mask[in->buffer];
        struct kernel_conv window = run_reach(plan, op, j);

        if (run_tile(plan, op) > 1)
            want_tiles(w, &window, mask);
        else if (window.kh > 0)
            mask_window(&window, mask, d->wanted, d->work);
        else if (mask_count(mask, in->h, in->w) > 0)
            mask_fill(d->wanted, op->out.h, op->out.w);
    }
}

/* ---- dense layers: position by position ----------------------------------------------------------------
 */

static void run_points(const struct work *w, struct points *p, const struct kernel_conv *shape)
{
    size_t bytes = (size_t)w->op->out.c * w->element;
    int count = p->count;

    points_run(&w->pass, w->op, shape, p);
    for (int i = 0; w->compares && i < count; i++) {
        const uint8_t *from = p->room + (size_t)i * bytes;
        uint8_t *to = at(w, p->place[i]);

        if (memcmp(to, from, bytes) == 0)
            continue;
        memcpy(to, from, bytes);
        mask_set(w->d->changed, w->op->out.w, p->place[i]);
    }
}

/* A window whose first tap is (y, x), with what stands outside the picture. */
static void copy_window(const struct work *w, const struct kernel_conv *c, int y, int x, const uint8_t *in,
                        uint8_t *to)
{
    size_t one = (size_t)c->ic * w->element_in, row = (size_t)c->kw * one;
    int x0 = x < 0 ? -x : 0, x1 = x + c->kw > c->iw ? c->iw - x : c->kw;

    memset(to, plan_op_codes(w->op) ? c->zero_point_in : 0, points_window(c) * w->element_in);
    for (int ky = 0; ky < c->kh && x0 < x1; ky++)
        if (y + ky >= 0 && y + ky < c->ih)
            memcpy(to + (size_t)ky * row + (size_t)x0 * one,
                   in + (size_t)((y + ky) * c->iw + x + x0) * (size_t)c->in_pitch * w->element_in,
                   (size_t)(x1 - x0) * one);
}

static void add_point(const struct work *w, int place, struct points *p, const uint8_t *from,
                      const struct kernel_conv *shape)
{
    size_t bytes = (size_t)w->op->out.c * w->element;

    p->place[p->count] = place;
    points_add(w->op, p, from, w->compares ? p->room + (size_t)p->count * bytes : at(w, place));
    if (p->count == p->most)
        run_points(w, p, shape);
}

/* Every position of d->wanted. d->changed: out, where outputs are compared. */
static void run_all_points(const struct work *w)
{
    const struct kernel_conv *c = plan_parameters(w->pass.plan, w->op);
    const struct engine_view *out = &w->op->out;
    const uint8_t *in = pass_at(&w->pass, &w->op->in[0]);
    struct kernel_conv edge = *c;
    struct engine_delta *d = w->d;
    const uint64_t *row = d->wanted;

    edge.iw = c->kw;
    edge.in_pitch = c->ic;
    d->inside.room = d->out;
    d->edge.room = d->out + POINTS_MOST * (size_t)c->oc * w->element_in;
    for (int oy = 0; oy < out->h; oy++, row += mask_words(out->w))
        for (int ox = mask_next(row, out->w, 0); ox < out->w; ox = mask_next(row, out->w, ox + 1)) {
            int y = oy * c->stride - c->pad_y, x = ox * c->stride - c->pad_x, place = oy * out->w + ox;

            if (y >= 0 && x >= 0 && y + c->kh <= c->ih && x + c->kw <= c->iw) {
                add_point(w, place, &d->inside,
                          in + (size_t)(y * c->iw + x) * (size_t)c->in_pitch * w->element_in, c);
            } else {
                uint8_t *window = d->in + (size_t)d->edge.count * points_window(c) * w->element_in;

                copy_window(w, c, y, x, in, window);
                add_point(w, place, &d->edge, window, &edge);
            }
        }
    if (d->inside.count > 0)
        run_points(w, &d->inside, c);
    if (d->edge.count > 0)
        run_points(w, &d->edge, &edge);
}

/* ---- Winograd layers: tile by tile ---------------------------------------------------------------------
 */

/* d->wanted holds whole tiles. */
static void run_all_tiles(const struct work *w)
{
    const struct engine_view *out = &w->op->out;
    int side = run_tile(w->pass.plan, w->op);
    const uint64_t *row = w->d->wanted;
    struct tiles tiles = { .count = 0 };

    for (int y = 0; y < out->h; y += side, row += side * mask_words(out->w))
        for (int x = mask_next(row, out->w, 0); x < out->w; x = mask_next(row, out->w, x + side))
            tiles_add(&w->pass, w->op, y / side, x / side, &tiles);
    tiles_run(&w->pass, w->op, &tiles);
}

/* ---- the others: rectangles ----------------------------------------------------------------------------
 */

/* The time of a rectangle in positions of a large one. A unit expands what its windows read beyond it, and
 * fills tiles with its rows. */
static int cost(const struct work *w, struct kernel_rect r)
{
    int rows = r.y1 - r.y0, columns = r.x1 - r.x0;

    return w->op->kind == KIND_UNIT ? (rows + DELTA_UNIT_ROWS) * (columns + DELTA_UNIT_COLUMNS)
                                    : rows * columns + DELTA_RECT_POSITIONS;
}

static struct kernel_rect hull(struct kernel_rect a, struct kernel_rect b)
{
    return (struct kernel_rect){ .y0 = a.y0 < b.y0 ? a.y0 : b.y0,
                                 .y1 = a.y1 > b.y1 ? a.y1 : b.y1,
                                 .x0 = a.x0 < b.x0 ? a.x0 : b.x0,
                                 .x1 = a.x1 > b.x1 ? a.x1 : b.x1 };
}

/* Computes a rectangle in place. A position may lie in two rectangles: the first finds that it changed. */
static void run_rect(const struct work *w, struct kernel_rect r)
{
    size_t bytes = (size_t)w->op->out.c * w->element;
    uint8_t *kept = w->d->out;
    int width = w->op->out.w;

    for (int y = r.y0; y < r.y1; y++)
        for (int x = r.x0; x < r.x1; x++, kept += bytes)
            memcpy(kept, at(w, y * width + x), bytes);
    run_op(&w->pass, w->op, r);
    kept = w->d->out;
    for (int y = r.y0; y < r.y1; y++)
        for (int x = r.x0; x < r.x1; x++, kept += bytes)
            if (memcmp(kept, at(w, y * width + x), bytes) != 0)
                mask_set(w->d->changed, width, y * width + x);
}

/* In bands that the kept copy has room for. */
static void run_bands(const struct work *w, struct kernel_rect r)
{
    size_t row = (size_t)(r.x1 - r.x0) * (size_t)w->op->out.c * w->element;
    int rows = (int)(STATE_BLOCK_BYTES / row);

    if (!w->compares) {
        run_op(&w->pass, w->op, r);
        return;
    }
    rows = rows < 1 ? 1 : rows;
    for (int y = r.y0; y < r.y1; y += rows) {
        struct kernel_rect band = r;

        band.y0 = y;
        band.y1 = y + rows < r.y1 ? y + rows : r.y1;
        run_rect(w, band);
    }
}

/* The next run of wanted positions in a row from x on, short gaps included; empty at the row's end. */
static struct kernel_rect next_span(const struct work *w, int y, int x)
{
    const struct engine_view *v = &w->op->out;
    const uint64_t *row = w->d->wanted + (size_t)y * (size_t)mask_words(v->w);
    int gap = w->op->kind == KIND_UNIT ? DELTA_UNIT_COLUMNS : DELTA_RECT_POSITIONS;
    struct kernel_rect r = { .y0 = y, .y1 = y + 1 };

    r.x0 = r.x1 = mask_next(row, v->w, x);
    for (int next = r.x0; next < v->w && next - r.x1 <= gap; next = mask_next(row, v->w, r.x1))
        r.x1 = mask_end(row, v->w, next);
    return r;
}

/* Rows' spans grow downwards into rectangles as long as that is cheaper than one more rectangle. */
static void run_rectangles(const struct work *w)
{
    const struct engine_view *out = &w->op->out;
    struct kernel_rect *open = w->d->open;
    int count = 0;

    for (int y = 0; y < out->h; y++) {
        int fresh = count;

        for (struct kernel_rect r = next_span(w, y, 0); r.x0 < r.x1; r = next_span(w, y, r.x1)) {
            int i = 0;

            while (i < fresh && (open[i].y1 < y || cost(w, hull(open[i], r)) > cost(w, open[i]) + cost(w, r)))
                i++;
            if (i < fresh)
                open[i] = hull(open[i], r);
            else
                open[count++] = r;
        }
        for (int i = 0; i < count;)
            if (open[i].y1 <= y) { /* nothing was added: it is done */
                run_bands(w, open[i]);
                open[i] = open[--count];
            } else {
                i++;
            }
    }
    for (int i = 0; i < count; i++)
        run_bands(w, open[i]);
}

/* ---- the run -------------------------------------------------------------------------------------------
 */

static void run_wanted(const struct work *w)
{
    const struct engine_plan *plan = w->pass.plan;
    struct engine_delta *d = w->d;
    int h = w->op->out.h, width = w->op->out.w, count = mask_count(d->wanted, h, width);
    const uint64_t *changed = w->compares ? d->changed : d->wanted;

    if (count == 0)
        return;
    if (count * 8 >= h * width * run_whole_eighths(plan, w->op)) {
        run_op(&w->pass, w->op, run_whole(w->op));
        changed = d->wanted;
    } else {
        mask_clear(d->changed, h, width);
        if (run_takes_points(plan, w->op))
            run_all_points(w);
        else if (run_tile(plan, w->op) > 1)
            run_all_tiles(w);
        else
            run_rectangles(w);
    }
    mask_join(d->masks + plan->mask[w->op->out.buffer], changed, h, width);
}

int engine_batch_changed(const struct engine_plan *plan, struct engine_state *state, const float *real,
                         const int32_t *changed, int count)
{
    const struct engine_kept *kept = &plan->head->kept;
    struct engine_delta *d = state->delta;
    struct engine_pass pass = state_pass(plan, state);

    BUG_IF(!d || d->waiting == ENGINE_BATCH);
    memset(d->masks, 0, kept->mask_words * sizeof *d->masks);
    for (int i = 0; i < kept->whole; i++) {
        struct work w = work_of(plan, state, &plan->op[i]);

        w.pass.real = real;
        want(&w);
        for (int j = 0; w.op->inputs == 0 && j < count; j++)
            mask_set(d->wanted, w.op->out.w, changed[j]);
        run_wanted(&w);
    }
    pass.real = real;
    for (int i = kept->whole; i < kept->batch; i++)
        run_op(&pass, &plan->op[i], run_whole(&plan->op[i]));
    batch_carry(plan, state, d->waiting);
    return ++d->waiting;
}

const float *engine_finish_batch(const struct engine_plan *plan, struct engine_state *state)
{
    struct engine_delta *d = state->delta;
    size_t classes = (size_t)plan->head->classes;

    BUG_IF(d->waiting < 1);
    batch_run(plan, state);
    memcpy(state->logits, d->logits + (size_t)(d->waiting - 1) * classes, classes * sizeof *state->logits);
    d->waiting = 0;
    return d->logits;
}
