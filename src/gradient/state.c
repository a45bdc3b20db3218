/* src/gradient/state.c: the memory of one user of a plan. */
#include "plan.h"

static status make(const struct gradient_plan *plan, struct gradient_state *s)
{
    const struct gradient_head *h = plan->head;

    MEM_TRY(s->arena, h->arena_bytes, 1);
    MEM_TRY(s->written, (size_t)h->nodes, 1);
    MEM_TRY(s->other, h->map_bytes + GRADIENT_LANES, 1);
    MEM_TRY(s->seen[0], h->map_bytes + GRADIENT_LANES, 1);
    MEM_TRY(s->seen[1], h->map_bytes + GRADIENT_LANES, 1);
    MEM_TRY(s->spread, h->spread_bytes + GRADIENT_LANES, 1);
    MEM_TRY(s->scratch, h->scratch_bytes + GRADIENT_LANES, 1);
    return OK;
}

status gradient_state_make(const struct gradient_plan *plan, struct gradient_state **out)
{
    struct gradient_state *s;
    status result;

    *out = NULL;
    MEM_TRY(s, 1, sizeof *s);
    result = make(plan, s);
    if (result == OK)
        *out = s;
    else
        gradient_state_free(s);
    return result;
}

void gradient_state_free(struct gradient_state *s)
{
    if (!s)
        return;
    mem_free(s->arena);
    mem_free(s->written);
    mem_free(s->other);
    mem_free(s->seen[0]);
    mem_free(s->seen[1]);
    mem_free(s->spread);
    mem_free(s->scratch);
    mem_free(s);
}

size_t gradient_state_size(const struct gradient_plan *plan)
{
    const struct gradient_head *h = plan->head;

    return h->arena_bytes + 3 * h->map_bytes + h->spread_bytes + h->scratch_bytes;
}

status gradient_open(const struct model_binding *b, struct gradient_path path, const struct kernel_table *k,
                     struct gradient *out)
{
    status result;

    *out = (struct gradient){ .plan = NULL };
    TRY(gradient_plan_make(b, path, k, &out->plan));
    result = gradient_state_make(out->plan, &out->state);
    if (result != OK)
        gradient_close(out);
    return result;
}

void gradient_close(struct gradient *g)
{
    gradient_state_free(g->state);
    gradient_plan_free(g->plan);
    *g = (struct gradient){ .plan = NULL };
}
