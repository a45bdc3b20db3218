/* src/engine/step.c: a picture step by step: what is live between two steps, and a layer packed once more. */
#include <string.h>

#include "draft.h"
#include "state.h"

void engine_step_run(const struct engine_plan *plan, struct engine_state *state, const uint8_t *pixels,
                     int begin, int end)
{
    struct engine_pass pass = state_pass(plan, state);

    BUG_IF(state->delta || begin < 0 || end > plan->head->ops);
    pass.pixels = pixels;
    for (int i = begin; i < end; i++)
        run_op(&pass, &plan->op[i], run_whole(&plan->op[i]));
    if (end == plan->head->ops)
        run_logits(plan, pass_at(&pass, &plan->node[plan->head->output].view), state->logits);
}

struct engine_map engine_step_map(const struct engine_plan *plan, const struct engine_state *state, int step)
{
    const struct engine_view *v = &plan->op[step].out;
    struct engine_pass pass = state_pass(plan, state);
    struct engine_map m = { .c = v->c, .h = v->h, .w = v->w, .pitch = v->pitch };

    if (v->element == 1)
        m.codes = pass_at(&pass, v);
    else
        m.real = (const float *)(const void *)pass_at(&pass, v);
    return m;
}

static int is_live(const struct engine_buffer *b, int step)
{
    return b->first < step && b->last >= step;
}

size_t engine_step_live(const struct engine_plan *plan, int step)
{
    size_t bytes = 0;

    for (int i = 0; i < plan->head->buffers; i++)
        if (is_live(&plan->buffer[i], step))
            bytes += plan->buffer[i].bytes;
    return bytes;
}

void engine_step_save(const struct engine_plan *plan, const struct engine_state *state, int step, void *out)
{
    uint8_t *to = out;

    for (int i = 0; i < plan->head->buffers; i++) {
        const struct engine_buffer *b = &plan->buffer[i];

        if (!is_live(b, step))
            continue;
        memcpy(to, state->arena + b->offset, b->bytes);
        to += b->bytes;
    }
}

void engine_step_load(const struct engine_plan *plan, struct engine_state *state, int step, const void *in)
{
    const uint8_t *from = in;

    for (int i = 0; i < plan->head->buffers; i++) {
        const struct engine_buffer *b = &plan->buffer[i];

        if (!is_live(b, step))
            continue;
        memcpy(state->arena + b->offset, from, b->bytes);
        from += b->bytes;
    }
}

static uint8_t *block_of(struct engine_plan *plan)
{
    return (uint8_t *)(uintptr_t)plan->head;
}

void engine_step_round(struct engine_plan *plan, int step, struct quant_params q)
{
    struct engine_op *op = (struct engine_op *)(void *)(block_of(plan) + plan->head->op) + step;

    BUG_IF(plan->head->form != PRECISION_REAL || step < 0 || step >= plan->head->ops);
    op->round = place_round(q);
}

status engine_step_pack(struct engine_plan *plan, int step, const struct model_binding *b, int node)
{
    const struct engine_op *op = &plan->op[step];
    int relu = model_fused_relu(b->model, node);
    struct pack_job job = {
        .node = node, .op = step, .kind = op->kind, .relu = relu < 0 ? ENGINE_NO_RELU : place_relu(b, relu)
    };
    uint8_t *block = block_of(plan);

    BUG_IF(op->kind != KIND_CONV && op->kind != KIND_DEPTHWISE);
    if (plan_codes(plan)) {
        job.in = b->q[b->model->node[node].input[0]];
        job.out = b->q[node];
    }
    return pack_layer(plan, b, &job, (void *)(block + plan->head->parameters + op->parameters),
                      block + plan->head->weights);
}
