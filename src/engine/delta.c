/* src/engine/delta.c: the run that recomputes only what changed pixels reach (DESIGN 6).
 *
 * Every buffer has a mask of the positions whose values differ from the last run's. A step's own mask follows
 * from its inputs' masks through its window; those positions are computed again, compared with what was there
 * and taken out of the mask where nothing changed. Inputs that did not change give the bits that are there,
 * so that computing a few positions too many, to have fewer and larger rectangles, harms nothing.
 */
#include <string.h>

#include "mask.h"
#include "step.h"

enum {
    /* A rectangle costs what so many more positions cost: its weights pass through the core once more. */
    DELTA_RECT_POSITIONS = 8,
    DELTA_BLOCK_BYTES = 1 << 18, /* of one kept copy; fits the second-level cache */
    DELTA_BLOCK_POSITIONS = 240  /* full tiles on every instruction set */
};

struct engine_delta {
    int *last;       /* (buffers) their lives without engine_keep */
    uint64_t **mask; /* (buffers) positions that differ from the last run */
    uint64_t *masks; /* they lie here */
    size_t mask_words;
    uint64_t *wanted;  /* of the step in hand: positions to compute */
    uint64_t *changed; /* and those of them that came out different */
    uint64_t *work;    /* of mask_window */
    int32_t *place;    /* positions of a block */
    struct kernel_rect *open;
    uint8_t *in, *out; /* a block's inputs and outputs, gathered; out also keeps what was there */
};

static size_t element(const struct engine *e)
{
    return e->precision == MODEL_FP32 ? sizeof(float) : 1;
}

static uint8_t *at(const struct engine *e, const struct engine_view *v, int position)
{
    return (uint8_t *)v->data + (size_t)position * (size_t)v->pitch * element(e);
}

/* ---- what to compute -------------------------------------------------------------------------------- */

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

/* ---- the steps whose output positions read one input position: gathered, run as one row ------------- */

static int is_pointwise(const struct engine_step *s)
{
    return s->run == run_conv && s->groups == 1 && s->shape.kh == 1 && s->shape.kw == 1 && s->shape.pad == 0;
}

static int block_positions(const struct engine *e, const struct engine_step *s)
{
    int widest = s->shape.ic > s->shape.oc ? s->shape.ic : s->shape.oc;
    int fit = (int)(DELTA_BLOCK_BYTES / ((size_t)widest * element(e)));

    return fit < 1 ? 1 : fit < DELTA_BLOCK_POSITIONS ? fit : DELTA_BLOCK_POSITIONS;
}

static struct kernel_conv row_shape(const struct engine_step *s, int count)
{
    struct kernel_conv row = s->shape;

    row.ih = row.oh = row.stride = 1;
    row.iw = row.ow = count;
    row.in_pitch = row.ic;
    row.out_pitch = row.oc;
    return row;
}

static void run_block(const struct engine *e, const struct engine_step *s, int count)
{
    const struct engine_delta *d = e->delta;
    size_t in_bytes = (size_t)s->shape.ic * element(e), out_bytes = (size_t)s->shape.oc * element(e);
    struct kernel_conv row = row_shape(s, count);
    struct engine_step one = *s;

    for (int i = 0; i < count; i++) {
        int y = d->place[i] / s->out.w * s->shape.stride, x = d->place[i] % s->out.w * s->shape.stride;

        memcpy(d->in + (size_t)i * in_bytes, at(e, &s->in[0], y * s->in[0].w + x), in_bytes);
    }
    one.shape = row;
    one.in[0].data = d->in;
    one.out.data = d->out;
    run_conv(e, &one, (struct kernel_rect){ .y1 = 1, .x1 = count });
    for (int i = 0; i < count; i++) {
        uint8_t *to = at(e, &s->out, d->place[i]);
        const uint8_t *from = d->out + (size_t)i * out_bytes;

        if (memcmp(to, from, out_bytes) == 0)
            continue;
        memcpy(to, from, out_bytes);
        mask_set(d->changed, s->out.w, d->place[i]);
    }
}

static void run_gathered(const struct engine *e, const struct engine_step *s)
{
    struct engine_delta *d = e->delta;
    int block = block_positions(e, s), count = 0, w = s->out.w;
    const uint64_t *row = d->wanted;

    for (int y = 0; y < s->out.h; y++, row += mask_words(w))
        for (int x = mask_next(row, w, 0); x < w; x = mask_next(row, w, x + 1)) {
            d->place[count++] = y * w + x;
            if (count == block) {
                run_block(e, s, count);
                count = 0;
            }
        }
    if (count > 0)
        run_block(e, s, count);
}

/* ---- the others: rectangles ------------------------------------------------------------------------- */

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
    return e->precision == MODEL_INT8 || s->inputs == 0;
}

/* Computes a rectangle in place. A position may lie in two rectangles: the first finds that it changed. */
static void run_rect(const struct engine *e, const struct engine_step *s, struct kernel_rect r)
{
    struct engine_delta *d = e->delta;
    size_t bytes = (size_t)s->out.c * element(e);
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
    size_t row = (size_t)(r.x1 - r.x0) * (size_t)s->out.c * element(e);
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

/* ---- the run ---------------------------------------------------------------------------------------- */

/* How many eighths of a map make the whole map the cheaper way: an element-wise step or a depthwise
 * convolution computes a position in the time that it takes to find it. */
static int whole_eighths(const struct engine_step *s)
{
    return s->run == run_conv ? 7 : s->run == run_depthwise ? 4 : 2;
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
    } else if (is_pointwise(s)) {
        mask_clear(d->changed, h, w);
        run_gathered(e, s);
        changed = d->changed;
    } else {
        mask_clear(d->changed, h, w);
        run_rectangles(e, s);
        changed = is_compared(e, s) ? d->changed : d->wanted;
    }
    mask_join(d->mask[s->out.buffer], changed, h, w);
}

void engine_run_changed(struct engine *e, const float *real, const int32_t *changed, int count)
{
    struct engine_delta *d = e->delta;

    BUG_IF(!d || e->rounding.q.scale > 0);
    e->real = real;
    memset(d->masks, 0, d->mask_words * sizeof *d->masks);
    for (int i = 0; i < e->steps; i++) {
        const struct engine_step *s = &e->step[i];

        want(e, s);
        for (int j = 0; s->inputs == 0 && j < count; j++)
            mask_set(d->wanted, s->out.w, changed[j]);
        run_step(e, s);
    }
    e->real = NULL;
    run_logits(e);
}

/* ---- making it ready -------------------------------------------------------------------------------- */

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static status raise_scratch(struct engine *e, const struct engine_step *s)
{
    struct kernel_conv row = row_shape(s, block_positions(e, s));
    size_t bytes = e->precision == MODEL_FP32 ? s->kernels->conv_f32_scratch_bytes(&row)
                                              : s->kernels->conv_u8_scratch_bytes(&row);

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

/* Room for the largest step. */
static status make_room(struct engine *e, struct engine_delta *d)
{
    size_t in = 1, out = DELTA_BLOCK_BYTES, words = 1, work = 1, width = 1;

    for (int i = 0; i < e->steps; i++) {
        const struct engine_step *s = &e->step[i];
        size_t block = is_pointwise(s) ? (size_t)block_positions(e, s) : 0;

        words = larger(words, mask_size(s->out.h, s->out.w));
        width = larger(width, (size_t)s->out.w);
        work = larger(work, 2 * (size_t)mask_words(s->shape.iw) + 2);
        in = larger(in, block * (size_t)s->shape.ic * element(e));
        out = larger(out, larger(block, (size_t)s->out.w) * (size_t)s->out.c * element(e));
        if (block > 0)
            TRY(raise_scratch(e, s));
    }
    MEM_TRY(d->wanted, words, sizeof *d->wanted);
    MEM_TRY(d->changed, words, sizeof *d->changed);
    MEM_TRY(d->work, work, sizeof *d->work);
    MEM_TRY(d->place, DELTA_BLOCK_POSITIONS, sizeof *d->place);
    MEM_TRY(d->open, 2 * width + 2, sizeof *d->open);
    MEM_TRY(d->in, in + ENGINE_LANES, 1);
    MEM_TRY(d->out, out + ENGINE_LANES, 1);
    return make_masks(e, d);
}

void delta_free(struct engine_delta *d)
{
    if (!d)
        return;
    mem_free(d->last);
    mem_free(d->mask);
    mem_free(d->masks);
    mem_free(d->wanted);
    mem_free(d->changed);
    mem_free(d->work);
    mem_free(d->place);
    mem_free(d->open);
    mem_free(d->in);
    mem_free(d->out);
    mem_free(d);
}

status engine_keep(struct engine *e)
{
    if (e->delta)
        return OK;
    MEM_TRY(e->delta, 1, sizeof *e->delta);
    MEM_TRY(e->delta->last, (size_t)e->buffers, sizeof *e->delta->last);
    for (int i = 0; i < e->buffers; i++) {
        e->delta->last[i] = e->buffer[i].last;
        e->buffer[i].last = ENGINE_FOREVER;
    }
    TRY(arena_lay_out(e));
    return make_room(e, e->delta);
}

status engine_let_go(struct engine *e)
{
    if (!e->delta)
        return OK;
    for (int i = 0; i < e->buffers; i++)
        e->buffer[i].last = e->delta->last[i];
    delta_free(e->delta);
    e->delta = NULL;
    return arena_lay_out(e);
}
