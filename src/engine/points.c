/* src/engine/points.c: positions of a dense layer, and inputs with a border. */
#include <string.h>

#include "points.h"

void points_run(const struct engine_pass *pass, const struct engine_op *op, const struct kernel_conv *shape,
                struct points *p)
{
    const struct engine_plan *plan = pass->plan;
    const struct engine_conv *c = plan_parameters(plan, op);
    const struct kernel_table *k = pack_kernels(plan, c);
    const uint8_t *packed = plan->weights + c->packed;
    int count = p->count;

    p->count = 0;
    if (plan_op_codes(op)) {
        struct kernel_requant requant = pack_requant(plan, c, 0);

        k->points_u8(shape, packed, p->in.code, p->out.code, count, &requant, c->saturation, pass->scratch);
    } else {
        k->points_f32(shape, packed, p->in.real, p->out.real, count, c->low, c->high);
        for (int i = 0; op->round.scale > 0 && i < count; i++)
            plan->kernels->round_f32(p->out.real[i], op->out.c, p->out.real[i], op->out.c, 1, op->out.c,
                                     &op->round);
    }
}

int points_is_padded(const struct kernel_conv *c)
{
    return !kernel_is_direct(c);
}

/* The part of the input that windows reach. */
static int side(int out, int window, int stride)
{
    return (out - 1) * stride + window;
}

struct kernel_conv points_padded(const struct kernel_conv *c)
{
    struct kernel_conv shape = *c;

    shape.ih = side(c->oh, c->kh, c->stride);
    shape.iw = side(c->ow, c->kw, c->stride);
    shape.in_pitch = c->ic;
    return shape;
}

size_t points_padded_bytes(const struct engine_op *op, const struct kernel_conv *c)
{
    struct kernel_conv shape = points_padded(c);

    return (size_t)shape.ih * (size_t)shape.iw * (size_t)shape.ic * (size_t)op->in[0].element;
}

void points_pad(const struct engine_op *op, const struct kernel_conv *c, const uint8_t *in, uint8_t *out)
{
    struct kernel_conv shape = points_padded(c);
    size_t element = (size_t)op->in[0].element, one = (size_t)c->ic * element,
           pitch = (size_t)c->in_pitch * element;

    memset(out, plan_op_codes(op) ? c->zero_point_in : 0, points_padded_bytes(op, c));
    for (int y = 0; y < shape.ih; y++)
        for (int x = 0; x < shape.iw; x++) {
            int iy = y - c->pad_y, ix = x - c->pad_x;

            if (iy >= 0 && iy < c->ih && ix >= 0 && ix < c->iw)
                memcpy(out + ((size_t)y * (size_t)shape.iw + (size_t)x) * one,
                       in + ((size_t)iy * (size_t)c->iw + (size_t)ix) * pitch, one);
        }
}
