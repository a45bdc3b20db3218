/* src/engine/batch.c: the last ops of several pictures together (state.h). */
#include <string.h>

#include "state.h"
#include "tiles.h"

/* All positions of a picture. */
static void add_points(const struct engine_pass *pass, const struct engine_op *op,
                       const struct kernel_conv *shape, const uint8_t *in, struct points *p)
{
    size_t from = (size_t)shape->stride * (size_t)shape->in_pitch * (size_t)op->in[0].element;
    size_t to = (size_t)op->out.pitch * (size_t)op->out.element;
    uint8_t *out = pass_at(pass, &op->out);

    for (int y = 0; y < op->out.h; y++)
        for (int x = 0; x < op->out.w; x++, out += to) {
            points_add(op, p, in + ((size_t)y * (size_t)shape->iw + (size_t)x) * from, out);
            if (p->count == p->most)
                points_run(pass, op, shape, p);
        }
}

static void run_together(const struct engine_plan *plan, const struct engine_state *state,
                         const struct engine_op *op)
{
    struct engine_delta *d = state->delta;
    const struct kernel_conv *plain = plan_parameters(plan, op);
    struct kernel_conv shape = points_is_padded(plain) ? points_padded(plain) : *plain;
    struct engine_pass pass = { 0 };

    d->inside.count = 0;
    for (int k = 0; k < d->waiting; k++) {
        const uint8_t *in;

        pass = state_late_pass(plan, state, k);
        in = pass_at(&pass, &op->in[0]);
        if (points_is_padded(plain)) {
            uint8_t *padded = d->padded + (size_t)k * points_padded_bytes(op, plain);

            points_pad(op, plain, in, padded);
            in = padded;
        }
        add_points(&pass, op, &shape, in, &d->inside);
    }
    if (d->inside.count > 0)
        points_run(&pass, op, &shape, &d->inside);
}

static void run_tiles_together(const struct engine_plan *plan, const struct engine_state *state,
                               const struct engine_op *op)
{
    struct tiles tiles = { .count = 0 };
    struct engine_pass pass = { 0 };

    for (int k = 0; k < state->delta->waiting; k++) {
        pass = state_late_pass(plan, state, k);
        tiles_add_rect(&pass, op, run_whole(op), &tiles);
    }
    tiles_run(&pass, op, &tiles);
}

void batch_carry(const struct engine_plan *plan, const struct engine_state *state, int picture)
{
    uint8_t *place = state_late_pass(plan, state, picture).base;

    for (int i = 0; i < plan->head->buffers; i++)
        if (plan->use[i] && plan->kept[i].first < plan->head->kept.batch)
            memcpy(place + plan->late[i].offset, state->arena + plan->kept[i].offset, plan->kept[i].bytes);
}

void batch_run(const struct engine_plan *plan, const struct engine_state *state)
{
    struct engine_delta *d = state->delta;
    size_t classes = (size_t)plan->head->classes;

    for (int i = plan->head->kept.batch; i < plan->head->ops; i++) {
        const struct engine_op *op = &plan->op[i];

        if (d->waiting > 1 && run_is_dense(plan, op)) {
            run_together(plan, state, op);
            continue;
        }
        if (run_tile(plan, op) > 1) {
            run_tiles_together(plan, state, op);
            continue;
        }
        for (int k = 0; k < d->waiting; k++) {
            struct engine_pass pass = state_late_pass(plan, state, k);

            run_op(&pass, op, run_whole(op));
        }
    }
    for (int k = 0; k < d->waiting; k++) {
        struct engine_pass pass = state_late_pass(plan, state, k);

        run_logits(plan, pass_at(&pass, &plan->node[plan->head->output].view),
                   d->logits + (size_t)k * classes);
    }
}
