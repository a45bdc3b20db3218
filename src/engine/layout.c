/* src/engine/layout.c: where each buffer of a plan lies: in whole runs, and in a state that keeps its maps,
 * whose three parts state.h names. */
#include <string.h>

#include "mask.h"
#include "state.h"

/* An op whose maps are larger is not for a batch: those of all pictures would not stay in the cache. */
enum { BATCH_MAP_BYTES = 1 << 19 };

/* ---- offsets ------------------------------------------------------------------------------------------- */

/* Numbers of the buffers, largest first; among equals the earlier, so that a plan is the same everywhere. */
static void sort_by_size(const struct engine_buffer *buffer, int count, int *order)
{
    for (int i = 0; i < count; i++) {
        int j = i;

        for (; j > 0 && buffer[order[j - 1]].bytes < buffer[i].bytes; j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
}

/* Placed buffers stay sorted by offset: the first gap among those that live at the same time is the lowest
 * place. */
static size_t lowest_place(const struct engine_buffer *buffer, const int *placed, int count,
                           const struct engine_buffer *b)
{
    size_t at = 0;

    for (int i = 0; i < count; i++) {
        const struct engine_buffer *other = &buffer[placed[i]];

        if (other->last < b->first || other->first > b->last)
            continue;
        if (at + plan_room(b->bytes) <= other->offset)
            break;
        if (other->offset + plan_room(other->bytes) > at)
            at = other->offset + plan_room(other->bytes);
    }
    return at;
}

status engine_assign(struct engine_buffer *buffer, int count, size_t *bytes)
{
    int *order, *placed;

    *bytes = 0;
    MEM_TRY(order, (size_t)count * 2 + 1, sizeof *order);
    placed = order + count;
    sort_by_size(buffer, count, order);
    for (int i = 0; i < count; i++) {
        struct engine_buffer *b = &buffer[order[i]];
        int j = i;

        b->offset = lowest_place(buffer, placed, i, b);
        if (b->offset + plan_room(b->bytes) > *bytes)
            *bytes = b->offset + plan_room(b->bytes);
        for (; j > 0 && buffer[placed[j - 1]].offset > b->offset; j--)
            placed[j] = placed[j - 1];
        placed[j] = order[i];
    }
    *bytes += ENGINE_LANES;
    mem_free(order);
    return OK;
}

/* ---- the parts of a kept run --------------------------------------------------------------------------- */

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static int longest(const struct engine_view *v)
{
    return v->h > v->w ? v->h : v->w;
}

/* The side of the part of the picture that one position of an op's output sees. seen: (buffers). */
static int sees(const struct engine_plan *p, const struct engine_op *op, int side, const int *seen)
{
    int most = 1;

    for (int j = 0; j < op->inputs; j++) {
        struct kernel_conv window = run_reach(p, op, j);
        int tall = window.kh > window.kw ? window.kh : window.kw, now;

        if (window.kh == 0)
            return side;
        now = seen[op->in[j].buffer] + (tall - 1) * (side / longest(&op->in[j]));
        most = now > most ? now : most;
    }
    return most;
}

static status find_whole(const struct engine_plan *p, struct engine_kept *k)
{
    int side = longest(&p->op[0].out), *seen;

    MEM_TRY(seen, (size_t)p->head->buffers, sizeof *seen);
    for (k->whole = 0; k->whole < p->head->ops; k->whole++) {
        const struct engine_op *op = &p->op[k->whole];
        int most = sees(p, op, side, seen);

        if (most >= side)
            break;
        if (seen[op->out.buffer] < most)
            seen[op->out.buffer] = most;
    }
    mem_free(seen);
    return OK;
}

static size_t map_bytes(const struct engine_layout *l, const struct engine_op *op)
{
    size_t bytes = l->buffer[op->out.buffer].bytes;

    for (int j = 0; j < op->inputs; j++)
        bytes += l->buffer[op->in[j].buffer].bytes;
    return bytes;
}

static status find_parts(const struct engine_plan *p, struct engine_layout *l, struct engine_kept *k)
{
    TRY(find_whole(p, k));
    k->batch = p->head->ops - 1;
    while (p->op[k->batch].out.buffer != p->node[p->head->output].view.buffer)
        k->batch--;
    while (k->batch > k->whole && map_bytes(l, &p->op[k->batch - 1]) <= BATCH_MAP_BYTES)
        k->batch--;
    if (k->whole > k->batch)
        k->whole = k->batch;
    for (int i = k->batch; i < p->head->ops; i++) {
        const struct engine_op *op = &p->op[i];

        l->use[op->out.buffer] |= BATCH_WRITES;
        for (int j = 0; j < op->inputs; j++)
            l->use[op->in[j].buffer] |= BATCH_READS;
    }
    return OK;
}

/* ---- a kept run's maps --------------------------------------------------------------------------------- */

/* Whether an early buffer passes values on and need not keep them: a map of one op that is not compared, of
 * which the others read only the positions that were just computed. */
static int passes(const struct engine_plan *p, const struct engine_layout *l, int whole, int buffer)
{
    int writers = 0;

    for (int i = 0; i < p->head->ops; i++) {
        const struct engine_op *op = &p->op[i];

        if (op->out.buffer == buffer && (run_is_compared(p, op) || writers++ > 0))
            return 0;
        for (int j = 0; j < op->inputs; j++) {
            struct kernel_conv c = run_reach(p, op, j);

            if (op->in[j].buffer == buffer &&
                (i >= whole || !run_takes_points(p, op) || c.stride > 1 || !kernel_is_direct(&c)))
                return 0;
        }
    }
    return l->buffer[buffer].last < ENGINE_FOREVER;
}

/* The maps of the ops before the batch; the others take no room. */
static status place_early(const struct engine_plan *p, struct engine_layout *l, struct engine_kept *k)
{
    for (int i = 0; i < p->head->buffers; i++) {
        struct engine_buffer *b = &l->kept[i];

        *b = l->buffer[i];
        if (b->first < k->whole && !passes(p, l, k->whole, i))
            b->last = ENGINE_FOREVER;
        if (b->first >= k->batch)
            b->bytes = 0;
        if (b->first < k->whole && b->last == ENGINE_FOREVER) /* from the run before */
            b->first = 0;
    }
    TRY(engine_assign(l->kept, p->head->buffers, &k->arena_bytes));
    for (int i = 0; i < p->head->buffers; i++) {
        l->kept[i].bytes = l->buffer[i].bytes;
        l->kept[i].first = l->buffer[i].first;
    }
    return OK;
}

/* Behind them ENGINE_BATCH pictures' places for the late ops' maps, and copies of what these read. */
static status place_late(const struct engine_plan *p, struct engine_layout *l, struct engine_kept *k)
{
    for (int i = 0; i < p->head->buffers; i++) {
        struct engine_buffer *b = &l->late[i];

        *b = l->kept[i];
        if (!l->use[i])
            b->bytes = 0;
        if (b->first < k->batch)
            b->first = k->batch;
    }
    TRY(engine_assign(l->late, p->head->buffers, &k->picture_bytes));
    for (int i = 0; i < p->head->buffers; i++)
        l->late[i].offset += k->arena_bytes;
    k->arena_bytes += ENGINE_BATCH * k->picture_bytes;
    return OK;
}

/* ---- a kept run's room --------------------------------------------------------------------------------- */

static void place_masks(const struct engine_plan *p, struct engine_layout *l, struct engine_kept *k)
{
    for (int i = 0; i < p->head->buffers; i++)
        l->mask[i] = SIZE_MAX;
    for (int i = 0; i < p->head->ops; i++) {
        const struct engine_view *v = &p->op[i].out;

        if (l->mask[v->buffer] < SIZE_MAX) /* the parts of a cat */
            continue;
        l->mask[v->buffer] = k->mask_words;
        k->mask_words += mask_size(v->h, v->w);
    }
}

/* Room for the positions of a dense layer. A batch computes positions in the same calls. */
static void raise_points(const struct engine_plan *p, int i, struct engine_kept *k)
{
    const struct engine_op *op = &p->op[i];
    const struct engine_conv *c = plan_parameters(p, op);
    size_t in = (size_t)op->in[0].element, out = (size_t)op->out.element;

    if (plan_op_codes(op))
        k->scratch_bytes =
            larger(k->scratch_bytes, pack_kernels(p, c)->points_u8_scratch_bytes(&c->shape, POINTS_MOST));
    if (i >= k->batch && points_is_padded(&c->shape))
        k->padded_bytes = larger(k->padded_bytes, points_padded_bytes(op, &c->shape));
    if (!run_takes_points(p, op))
        return;
    k->window_bytes = larger(k->window_bytes, POINTS_EDGES * points_window(&c->shape) * in);
    if (run_is_compared(p, op))
        k->out_bytes = larger(k->out_bytes, (POINTS_MOST + POINTS_EDGES) * (size_t)c->shape.oc * out);
}

static void find_room(const struct engine_plan *p, struct engine_kept *k)
{
    k->out_bytes = STATE_BLOCK_BYTES;
    for (int i = 0; i < p->head->ops; i++) {
        const struct engine_op *op = &p->op[i];

        k->map_words = larger(k->map_words, mask_size(op->out.h, op->out.w));
        k->width = (int)larger((size_t)k->width, (size_t)op->out.w);
        for (int j = 0; j < op->inputs; j++) {
            struct kernel_conv window = run_reach(p, op, j);

            k->work_words = larger(k->work_words, mask_work(&window));
        }
        k->out_bytes = larger(k->out_bytes, (size_t)op->out.w * (size_t)op->out.c * (size_t)op->out.element);
        if (run_is_dense(p, op))
            raise_points(p, i, k);
    }
}

status layout_make(const struct engine_plan *p, struct engine_head *head, struct engine_layout *l)
{
    struct engine_kept *k = &head->kept;

    TRY(engine_assign(l->buffer, head->buffers, &head->arena_bytes));
    k->scratch_bytes = head->scratch_bytes;
    TRY(find_parts(p, l, k));
    TRY(place_early(p, l, k));
    TRY(place_late(p, l, k));
    place_masks(p, l, k);
    find_room(p, k);
    return OK;
}
