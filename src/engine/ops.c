/* src/engine/ops.c: ops that no kernel computes, or not all of: what stands around a map, real values and
 * codes, averages over windows that reach over the edge. */
#include <string.h>

#include "plan.h"

/* Where position (y, x) lies. */
static void *at(const struct engine_pass *p, const struct engine_view *v, int y, int x)
{
    return pass_at(p, v) + ((size_t)y * (size_t)v->w + (size_t)x) * (size_t)v->pitch * (size_t)v->element;
}

/* ---- averages ------------------------------------------------------------------------------------------ */

/* Of `shape`, whose windows lie inside what it reads; positions `rect`. */
static void average(const struct engine_pass *p, const struct engine_op *op, const struct kernel_conv *shape,
                    const void *in, void *out, struct kernel_rect rect)
{
    const struct engine_average *a = plan_parameters(p->plan, op);
    const struct kernel_table *k = p->plan->kernels;
    int taps = shape->kh * shape->kw, whole = a->shape.kh * a->shape.kw;

    if (plan_op_codes(op))
        k->average_u8(shape, in, out, rect, taps == whole ? a->factor : 1.0f / (float)taps);
    else
        k->average_f32(shape, in, out, rect);
}

/* The part of a window along one axis that counts. */
static void clip(int first, int kernel, int low, int high, int *from, int *to)
{
    *from = first > low ? first : low;
    *to = first + kernel < high ? first + kernel : high;
}

/* A window with the padding that counts: `shape` is that of the copy. */
static void copy_window(const struct engine_pass *p, const struct engine_op *op, int y, int x,
                        struct kernel_conv *shape)
{
    const struct engine_average *a = plan_parameters(p->plan, op);
    size_t one = (size_t)shape->ic * (size_t)op->in[0].element;
    uint8_t *to = p->scratch;

    shape->in_pitch = shape->ic;
    shape->ih = shape->kh;
    shape->iw = shape->kw;
    memset(to, plan_op_codes(op) ? a->q.zero_point : 0, (size_t)shape->kh * (size_t)shape->kw * one);
    for (int i = 0; i < shape->kh * shape->kw; i++) {
        int iy = y + i / shape->kw, ix = x + i % shape->kw;

        if (iy >= 0 && iy < op->in[0].h && ix >= 0 && ix < op->in[0].w)
            memcpy(to + (size_t)i * one, at(p, &op->in[0], iy, ix), one);
    }
}

/* One position whose window reaches over the edge. */
static void average_edge(const struct engine_pass *p, const struct engine_op *op, int y, int x)
{
    const struct engine_average *a = plan_parameters(p->plan, op);
    struct kernel_conv shape = a->shape;
    int low_y = a->counted ? -shape.pad_y : 0, low_x = a->counted ? -shape.pad_x : 0, y0, y1, x0, x1;

    clip(y * shape.stride - shape.pad_y, shape.kh, low_y, a->counted ? a->reach_y : shape.ih, &y0, &y1);
    clip(x * shape.stride - shape.pad_x, shape.kw, low_x, a->counted ? a->reach_x : shape.iw, &x0, &x1);
    shape.kh = y1 - y0;
    shape.kw = x1 - x0;
    shape.oh = shape.ow = shape.stride = 1;
    if (a->counted)
        copy_window(p, op, y0, x0, &shape);
    average(p, op, &shape, a->counted ? p->scratch : at(p, &op->in[0], y0, x0), at(p, &op->out, y, x),
            (struct kernel_rect){ .y1 = 1, .x1 = 1 });
}

/* Takes the positions of one axis away, *from to *to, whose windows are not inside; `first` is the first that
 * is. */
static void inside(int stride, int pad, int kernel, int size, int first, int *from, int *to)
{
    int last = size + pad < kernel ? 0 : (size + pad - kernel) / stride + 1;

    *from = *from > first ? *from : first;
    *to = *to < last ? *to : last;
}

/* Windows inside are the kernel's, which knows of no padding: it begins at the first of them. */
void ops_run_average(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_average *a = plan_parameters(p->plan, op);
    const struct kernel_conv *s = &a->shape;
    int y = (s->pad_y + s->stride - 1) / s->stride, x = (s->pad_x + s->stride - 1) / s->stride;
    struct kernel_rect r = rect;

    if (a->rule != AVERAGE_KERNEL) {
        average_run(p, op, rect);
        return;
    }
    inside(s->stride, s->pad_y, s->kh, s->ih, y, &r.y0, &r.y1);
    inside(s->stride, s->pad_x, s->kw, s->iw, x, &r.x0, &r.x1);
    if (r.y0 < r.y1 && r.x0 < r.x1)
        average(p, op, s, at(p, &op->in[0], y * s->stride - s->pad_y, x * s->stride - s->pad_x),
                at(p, &op->out, y, x),
                (struct kernel_rect){ .y0 = r.y0 - y, .y1 = r.y1 - y, .x0 = r.x0 - x, .x1 = r.x1 - x });
    for (int oy = rect.y0; oy < rect.y1; oy++)
        for (int ox = rect.x0; ox < rect.x1; ox++)
            if (oy < r.y0 || oy >= r.y1 || ox < r.x0 || ox >= r.x1)
                average_edge(p, op, oy, ox);
}

size_t ops_average_scratch_bytes(const struct engine_average *a, int element)
{
    return a->counted ? (size_t)a->shape.kh * (size_t)a->shape.kw * (size_t)a->shape.ic * (size_t)element : 0;
}

/* ---- what moves ---------------------------------------------------------------------------------------- */

void ops_run_pad(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_pad *a = plan_parameters(p->plan, op);
    const struct engine_view *in = &op->in[0];
    size_t bytes = (size_t)in->c * (size_t)in->element;

    for (int y = rect.y0; y < rect.y1; y++)
        for (int x = rect.x0; x < rect.x1; x++) {
            int iy = y - a->shape.pad_y, ix = x - a->shape.pad_x;

            if (iy >= 0 && iy < in->h && ix >= 0 && ix < in->w)
                memcpy(at(p, &op->out, y, x), at(p, in, iy, ix), bytes);
            else
                memset(at(p, &op->out, y, x), a->fill, bytes);
        }
}

/* ---- real values and codes ----------------------------------------------------------------------------- */

void ops_run_quantize(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct quant_params *q = plan_parameters(p->plan, op);
    const struct kernel_quantize how = deployed_quantize(p->plan->head->arithmetic, *q);

    for (int y = rect.y0; y < rect.y1; y++)
        p->plan->kernels->quantize_u8(at(p, &op->in[0], y, rect.x0), op->in[0].pitch,
                                      at(p, &op->out, y, rect.x0), op->out.pitch, rect.x1 - rect.x0,
                                      op->out.c, &how);
}

void ops_run_dequantize(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct quant_params *q = plan_parameters(p->plan, op);

    for (int y = rect.y0; y < rect.y1; y++)
        p->plan->kernels->dequantize_u8(at(p, &op->in[0], y, rect.x0), op->in[0].pitch,
                                        at(p, &op->out, y, rect.x0), op->out.pitch, rect.x1 - rect.x0,
                                        op->out.c, (float)q->scale, q->zero_point);
}

void ops_run_tanh(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    for (int y = rect.y0; y < rect.y1; y++)
        for (int x = rect.x0; x < rect.x1; x++) {
            const float *from = at(p, &op->in[0], y, x);
            float *to = at(p, &op->out, y, x);

            for (int c = 0; c < op->out.c; c++)
                to[c] = (float)math_tanh((double)from[c]);
        }
}

void ops_run_leakyrelu(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const float *slope = plan_parameters(p->plan, op);

    for (int y = rect.y0; y < rect.y1; y++)
        p->plan->kernels->leakyrelu_f32(at(p, &op->in[0], y, rect.x0), op->in[0].pitch,
                                        at(p, &op->out, y, rect.x0), op->out.pitch, rect.x1 - rect.x0,
                                        op->out.c, *slope);
}
