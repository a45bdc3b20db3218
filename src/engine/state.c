/* src/engine/state.c: the memory of one user of a plan, for whole runs or for curves. */
#include "mask.h"
#include "state.h"

status engine_state_make(const struct engine_plan *plan, struct engine_state **out)
{
    struct engine_state *s;
    status result = OK;

    *out = NULL;
    MEM_TRY(s, 1, sizeof *s);
    s->arena_bytes = plan->head->arena_bytes;
    s->scratch_bytes = plan->head->scratch_bytes;
    s->arena = mem_alloc(s->arena_bytes, 1);
    s->scratch = mem_alloc(s->scratch_bytes + ENGINE_LANES, 1);
    s->logits = mem_alloc((size_t)plan->head->classes, sizeof *s->logits);
    if (!s->arena || !s->scratch || !s->logits) {
        result = FAIL(ERR_MEMORY, "no memory for %zu bytes of maps", s->arena_bytes + s->scratch_bytes);
        engine_state_free(s);
        return result;
    }
    *out = s;
    return OK;
}

void engine_state_free(struct engine_state *s)
{
    if (!s)
        return;
    mem_free(s->delta);
    mem_free(s->arena);
    mem_free(s->scratch);
    mem_free(s->logits);
    mem_free(s);
}

status engine_open(const struct model_binding *b, const struct engine_options *options,
                   const struct kernel_table *k, struct engine *out)
{
    status result;

    *out = (struct engine){ .plan = NULL };
    TRY(engine_plan_make(b, options, k, &out->plan));
    result = engine_state_make(out->plan, &out->state);
    if (result != OK)
        engine_close(out);
    return result;
}

void engine_close(struct engine *e)
{
    engine_state_free(e->state);
    engine_plan_free(e->plan);
    *e = (struct engine){ .plan = NULL };
}

/* Takes `bytes` of the block that begins at `from`, if there is one. */
static void *take(uint8_t *from, size_t *used, size_t bytes)
{
    void *at = from ? from + *used : NULL;

    *used += plan_lanes(bytes);
    return at;
}

/* Where the parts of `d` lie in its block; their size. block NULL: only that. */
static size_t lay_out(const struct engine_plan *plan, uint8_t *block, struct engine_delta *d)
{
    const struct engine_kept *k = &plan->head->kept;
    size_t used = 0, word = sizeof(uint64_t);

    take(block, &used, sizeof *d);
    d->masks = take(block, &used, k->mask_words * word);
    d->wanted = take(block, &used, k->map_words * word);
    d->changed = take(block, &used, k->map_words * word);
    d->work = take(block, &used, k->work_words * word);
    d->open = take(block, &used, (2 * (size_t)k->width + 2) * sizeof *d->open);
    d->in = take(block, &used, k->window_bytes + ENGINE_LANES);
    d->out = take(block, &used, k->out_bytes + ENGINE_LANES);
    d->padded = take(block, &used, ENGINE_BATCH * k->padded_bytes + ENGINE_LANES);
    d->logits = take(block, &used, ENGINE_BATCH * (size_t)plan->head->classes * sizeof *d->logits);
    return used;
}

static status change_arena(struct engine_state *s, size_t bytes)
{
    mem_free(s->arena);
    s->arena = NULL;
    s->arena_bytes = bytes;
    MEM_TRY(s->arena, bytes, 1);
    return OK;
}

status engine_keep(const struct engine_plan *plan, struct engine_state *s)
{
    const struct engine_kept *k = &plan->head->kept;
    struct engine_delta none;

    if (s->delta)
        return OK;
    MEM_TRY(s->delta, lay_out(plan, NULL, &none), 1);
    lay_out(plan, (uint8_t *)s->delta, s->delta);
    s->delta->inside.most = POINTS_MOST;
    s->delta->edge.most = POINTS_EDGES;
    if (k->scratch_bytes > s->scratch_bytes) {
        mem_free(s->scratch);
        s->scratch_bytes = k->scratch_bytes;
        MEM_TRY(s->scratch, s->scratch_bytes + ENGINE_LANES, 1);
    }
    return change_arena(s, k->arena_bytes);
}

status engine_let_go(const struct engine_plan *plan, struct engine_state *s)
{
    if (!s->delta)
        return OK;
    mem_free(s->delta);
    s->delta = NULL;
    return change_arena(s, plan->head->arena_bytes);
}

struct engine_pass state_pass(const struct engine_plan *plan, const struct engine_state *s)
{
    return (struct engine_pass){
        .plan = plan, .base = s->arena, .buffer = s->delta ? plan->kept : plan->buffer, .scratch = s->scratch
    };
}

struct engine_pass state_late_pass(const struct engine_plan *plan, const struct engine_state *s, int picture)
{
    return (struct engine_pass){ .plan = plan,
                                 .base = s->arena + (size_t)picture * plan->head->kept.picture_bytes,
                                 .buffer = plan->late,
                                 .scratch = s->scratch };
}
