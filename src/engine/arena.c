/* src/engine/arena.c: where each buffer of a plan lies. */
#include "step.h"

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

static void resolve(const struct engine *e, struct engine_view *v)
{
    size_t size = e->precision == MODEL_FP32 ? sizeof(float) : 1;

    v->data = e->arena + e->buffer[v->buffer].offset + v->first * size;
}

status arena_lay_out(struct engine *e)
{
    mem_free(e->arena);
    e->arena = NULL;
    TRY(arena_assign(e->buffer, e->buffers, &e->arena_bytes));
    MEM_TRY(e->arena, e->arena_bytes, 1);
    for (int i = 0; i < e->nodes; i++)
        resolve(e, &e->node[i].view);
    for (int i = 0; i < e->steps; i++) {
        resolve(e, &e->step[i].out);
        for (int j = 0; j < e->step[i].inputs; j++)
            resolve(e, &e->step[i].in[j]);
    }
    return OK;
}
