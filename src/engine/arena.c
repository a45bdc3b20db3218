/* src/engine/arena.c: where each buffer of a plan lies. */
#include <string.h>

#include "delta.h"

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

/* A vector may be read past the last element. */
static size_t room(const struct engine_buffer *b)
{
    return (b->bytes + 2 * ENGINE_LANES - 1) / ENGINE_LANES * ENGINE_LANES;
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
        if (at + room(b) <= other->offset)
            break;
        if (other->offset + room(other) > at)
            at = other->offset + room(other);
    }
    return at;
}

status arena_assign(struct engine_buffer *buffer, int count, size_t *bytes)
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
        if (b->offset + room(b) > *bytes)
            *bytes = b->offset + room(b);
        for (; j > 0 && buffer[placed[j - 1]].offset > b->offset; j--)
            placed[j] = placed[j - 1];
        placed[j] = order[i];
    }
    *bytes += ENGINE_LANES;
    mem_free(order);
    return OK;
}

/* Places the buffers of the steps before a batch, or those that a batch uses; the others take no room. */
static status assign_some(struct engine *e, int late, size_t *bytes)
{
    const struct engine_delta *d = e->delta;
    struct engine_buffer *some;
    status result;

    MEM_TRY(some, (size_t)e->buffers, sizeof *some);
    memcpy(some, e->buffer, (size_t)e->buffers * sizeof *some);
    for (int i = 0; d && i < e->buffers; i++) {
        int early = some[i].first < d->batch;

        if (late ? !d->use[i] : !early)
            some[i].bytes = 0;
        if (late && early) /* its copy */
            some[i].first = d->batch;
        if (!late && some[i].first < d->whole && some[i].last == ENGINE_FOREVER) /* from the run before */
            some[i].first = 0;
    }
    result = arena_assign(some, e->buffers, bytes);
    for (int i = 0; i < e->buffers; i++)
        if (late)
            d->place[i] = some[i].offset;
        else
            e->buffer[i].offset = some[i].offset;
    mem_free(some);
    return result;
}

/* Behind the earlier steps' maps, ENGINE_BATCH pictures' places for the late ones'. */
static status assign_batch(struct engine *e)
{
    struct engine_delta *d = e->delta;

    TRY(assign_some(e, 1, &d->picture_bytes));
    for (int i = 0; i < e->buffers; i++)
        d->place[i] += e->arena_bytes;
    e->arena_bytes += ENGINE_BATCH * d->picture_bytes;
    return OK;
}

static void resolve(const struct engine *e, struct engine_view *v, int late)
{
    size_t offset = late ? e->delta->place[v->buffer] : e->buffer[v->buffer].offset;

    v->data = e->arena + offset + v->first * delta_element(e);
}

status arena_lay_out(struct engine *e)
{
    const struct engine_delta *d = e->delta;

    mem_free(e->arena);
    e->arena = NULL;
    TRY(assign_some(e, 0, &e->arena_bytes));
    if (d)
        TRY(assign_batch(e));
    MEM_TRY(e->arena, e->arena_bytes, 1);
    for (int i = 0; i < e->nodes; i++) {
        int buffer = e->node[i].view.buffer;

        resolve(e, &e->node[i].view, d && (d->use[buffer] & BATCH_WRITES));
    }
    for (int i = 0; i < e->steps; i++) {
        int late = d && i >= d->batch;

        resolve(e, &e->step[i].out, late);
        for (int j = 0; j < e->step[i].inputs; j++)
            resolve(e, &e->step[i].in[j], late);
    }
    return OK;
}
