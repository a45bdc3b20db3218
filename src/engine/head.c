/* src/engine/head.c: several pictures whose last layers run together. */
#include <string.h>

#include "state.h"

/* Maps are copied out of the arena and back: worth it where the weights are so many times their bytes. */
enum { WORTH = 10 };

/* FILLED: its head is still to run. DONE: it ran when heads ran last. */
enum place_is { EMPTY, FILLED, DONE };

/* The head: the last steps, whose outputs are one position each, from a dense one on. */
struct engine_group {
    const struct engine_plan *plan;
    int head, most;
    size_t live, picture;         /* bytes of a picture: what lives before the head; the head's own maps */
    struct engine_buffer *buffer; /* (buffers) of the head: where each lies in a picture's place */
    uint8_t *lives, *place;       /* (most, live), (most, picture) */
    uint8_t *place_is;            /* (most) enum place_is */
    void *scratch;
    float *logits; /* (most, classes) */
    struct points points;
};

static int is_one_position(const struct engine_plan *plan, const struct engine_op *op)
{
    const struct kernel_conv *shape = plan_parameters(plan, op);

    return run_is_dense(plan, op) && op->in[0].h == 1 && op->in[0].w == 1 && !points_is_padded(shape);
}

/* Where the head begins, and the bytes of its dense layers' weights. */
static int find_head(const struct engine_plan *plan, size_t *weights)
{
    int head = plan->head->ops;

    *weights = 0;
    for (int i = head - 1; i >= 0 && plan->op[i].out.h == 1 && plan->op[i].out.w == 1; i--)
        if (is_one_position(plan, &plan->op[i])) {
            const struct engine_conv *c = plan_parameters(plan, &plan->op[i]);

            head = i;
            *weights += c->packed_bytes;
        }
    return head;
}

/* Every map that the head reads or writes has a place of its own: they are small. */
static void lay_out(struct engine_group *g)
{
    const struct engine_plan *plan = g->plan;

    for (int i = 0; i < plan->head->buffers; i++)
        g->buffer[i].offset = SIZE_MAX;
    for (int i = g->head; i < plan->head->ops; i++)
        for (int j = -1; j < plan->op[i].inputs; j++) {
            const struct engine_view *v = j < 0 ? &plan->op[i].out : &plan->op[i].in[j];
            struct engine_buffer *b = &g->buffer[v->buffer];

            if (b->offset < SIZE_MAX)
                continue;
            *b = plan->buffer[v->buffer];
            b->offset = g->picture;
            g->picture += plan_room(b->bytes);
        }
}

/* Points of codes take more of it than whole layers on some instruction sets. */
static size_t scratch_bytes(const struct engine_group *g)
{
    const struct engine_plan *plan = g->plan;
    size_t most = plan->head->scratch_bytes;

    for (int i = g->head; i < plan->head->ops; i++)
        if (is_one_position(plan, &plan->op[i]) && plan_op_codes(&plan->op[i])) {
            const struct engine_conv *c = plan_parameters(plan, &plan->op[i]);
            size_t bytes = pack_kernels(plan, c)->points_u8_scratch_bytes(&c->shape, g->most);

            most = bytes > most ? bytes : most;
        }
    return most + ENGINE_LANES;
}

static status make_room(struct engine_group *g)
{
    size_t most = (size_t)g->most;

    MEM_TRY(g->scratch, scratch_bytes(g), 1);
    MEM_TRY(g->buffer, (size_t)g->plan->head->buffers, sizeof *g->buffer);
    lay_out(g);
    MEM_TRY(g->lives, most * g->live, 1);
    MEM_TRY(g->place, most * g->picture + ENGINE_LANES, 1);
    MEM_TRY(g->place_is, most, sizeof *g->place_is);
    MEM_TRY(g->logits, most * (size_t)g->plan->head->classes, sizeof *g->logits);
    return OK;
}

status engine_group_make(const struct engine_plan *plan, int most, struct engine_group **out)
{
    struct engine_group *g;
    size_t weights, live;
    int head = find_head(plan, &weights);
    status result;

    BUG_IF(most < 1 || most > POINTS_MOST);
    *out = NULL;
    live = head > 0 && head < plan->head->ops ? engine_step_live(plan, head) : 0;
    if (live == 0 || weights < WORTH * live)
        return OK;
    MEM_TRY(g, 1, sizeof *g);
    g->plan = plan;
    g->head = head;
    g->most = most;
    g->live = live;
    g->points.most = most;
    result = make_room(g);
    if (result != OK) {
        engine_group_free(g);
        return result;
    }
    *out = g;
    return OK;
}

void engine_group_free(struct engine_group *g)
{
    if (!g)
        return;
    mem_free(g->buffer);
    mem_free(g->lives);
    mem_free(g->place);
    mem_free(g->place_is);
    mem_free(g->scratch);
    mem_free(g->logits);
    mem_free(g);
}

static struct engine_pass head_pass(const struct engine_group *g, int i)
{
    return (struct engine_pass){
        .plan = g->plan, .base = g->place + (size_t)i * g->picture, .buffer = g->buffer, .scratch = g->scratch
    };
}

void engine_group_run(struct engine_group *g, struct engine_state *state, int i, const uint8_t *pixels)
{
    const struct engine_plan *plan = g->plan;
    struct engine_pass pass = head_pass(g, i);

    BUG_IF(i < 0 || i >= g->most);
    engine_step_run(plan, state, pixels, 0, g->head);
    engine_step_save(plan, state, g->head, g->lives + (size_t)i * g->live);
    for (int b = 0; b < plan->head->buffers; b++)
        if (g->buffer[b].offset < SIZE_MAX && plan->buffer[b].first < g->head)
            memcpy(pass.base + g->buffer[b].offset, state->arena + plan->buffer[b].offset,
                   plan->buffer[b].bytes);
    g->place_is[i] = FILLED;
}

static void run_layer(struct engine_group *g, const struct engine_op *op)
{
    const struct kernel_conv *shape = plan_parameters(g->plan, op);
    struct engine_pass pass = { 0 };

    for (int i = 0; i < g->most; i++) {
        if (g->place_is[i] != FILLED)
            continue;
        pass = head_pass(g, i);
        points_add(op, &g->points, pass_at(&pass, &op->in[0]), pass_at(&pass, &op->out));
    }
    if (g->points.count > 0)
        points_run(&pass, op, shape, &g->points);
}

void engine_group_finish(struct engine_group *g)
{
    const struct engine_plan *plan = g->plan;

    for (int i = g->head; i < plan->head->ops; i++) {
        const struct engine_op *op = &plan->op[i];

        if (is_one_position(plan, op)) {
            run_layer(g, op);
            continue;
        }
        for (int k = 0; k < g->most; k++) {
            struct engine_pass pass = head_pass(g, k);

            if (g->place_is[k] == FILLED)
                run_op(&pass, op, run_whole(op));
        }
    }
    for (int k = 0; k < g->most; k++) {
        struct engine_pass pass = head_pass(g, k);

        if (g->place_is[k] == FILLED)
            run_logits(plan, pass_at(&pass, &plan->node[plan->head->output].view),
                       g->logits + (size_t)k * (size_t)plan->head->classes);
        g->place_is[k] = g->place_is[k] == FILLED ? DONE : EMPTY;
    }
}

void engine_group_show(const struct engine_group *g, struct engine_state *state, int i)
{
    const struct engine_plan *plan = g->plan;
    struct engine_pass pass = head_pass(g, i);

    BUG_IF(i < 0 || i >= g->most || g->place_is[i] != DONE);
    engine_step_load(plan, state, g->head, g->lives + (size_t)i * g->live);
    for (int b = 0; b < plan->head->buffers; b++)
        if (g->buffer[b].offset < SIZE_MAX && plan->buffer[b].last == ENGINE_FOREVER)
            memcpy(state->arena + plan->buffer[b].offset, pass.base + g->buffer[b].offset,
                   plan->buffer[b].bytes);
    memcpy(state->logits, g->logits + (size_t)i * (size_t)plan->head->classes,
           (size_t)plan->head->classes * sizeof *state->logits);
}
