/* src/engine/tiles.c: lists of a Winograd layer's tiles. */
#include "tiles.h"

void tiles_run(const struct engine_pass *pass, const struct engine_op *op, struct tiles *t)
{
    const struct engine_plan *plan = pass->plan;
    const struct engine_conv *c = plan_parameters(plan, op);

    if (t->count == 0)
        return;
    plan->kernels->winograd_f32(&c->shape, plan->weights + c->packed, t->tile, t->count, c->low, c->high,
                                pass->scratch);
    t->count = 0;
}

void tiles_add(const struct engine_pass *pass, const struct engine_op *op, int y, int x, struct tiles *t)
{
    if (t->count == TILES_MOST)
        tiles_run(pass, op, t);
    t->tile[t->count++] = (struct kernel_tile){ .in = (const float *)(void *)pass_at(pass, &op->in[0]),
                                                .out = (float *)(void *)pass_at(pass, &op->out),
                                                .y = y,
                                                .x = x };
}

void tiles_add_rect(const struct engine_pass *pass, const struct engine_op *op, struct kernel_rect rect,
                    struct tiles *t)
{
    const struct engine_conv *c = plan_parameters(pass->plan, op);

    for (int y = rect.y0 / c->tile; y * c->tile < rect.y1; y++)
        for (int x = rect.x0 / c->tile; x * c->tile < rect.x1; x++)
            tiles_add(pass, op, y, x, t);
}

void tiles_run_rect(const struct engine_pass *pass, const struct engine_op *op, struct kernel_rect rect)
{
    struct tiles tiles = { .count = 0 };

    tiles_add_rect(pass, op, rect, &tiles);
    tiles_run(pass, op, &tiles);
}

struct kernel_conv tiles_reach(const struct engine_plan *plan, const struct engine_op *op, int input)
{
    const struct engine_conv *c = plan_parameters(plan, op);
    struct kernel_conv patch = c->shape;

    (void)input;
    patch.oh = (patch.oh + c->tile - 1) / c->tile;
    patch.ow = (patch.ow + c->tile - 1) / c->tile;
    patch.kh = patch.kw = c->tile + 2;
    patch.stride = c->tile;
    return patch;
}
