/* src/engine/lowbit_run.c: how the ops that low-bit networks alone have compute their output (lowbit.c). */
#include <math.h>
#include <string.h>

#include "plan.h"

/* Elements from the map's start to a position. */
static size_t place_of(const struct engine_view *v, int y, int x)
{
    return ((size_t)y * (size_t)v->w + (size_t)x) * (size_t)v->pitch;
}

/* So many sums are still in the cache when they become codes. */
enum { STRIP = 8192 };

/* The sums of a strip of rows. */
static void sum_real(const struct engine_pass *p, const struct engine_lowbit_real *a, const float *in,
                     float *sums, struct kernel_rect rect)
{
    const struct engine_conv *c = &a->conv;
    const struct kernel_table *k = p->plan->kernels;

    for (int g = 0; g < c->groups; g++)
        (a->depthwise ? k->depthwise_f32 : k->conv_f32)(
            &c->shape, p->plan->weights + c->packed + (size_t)g * c->packed_bytes, in + g * c->shape.ic,
            sums + g * c->shape.oc, rect, -INFINITY, INFINITY, p->scratch);
}

void lowbit_run_real(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_lowbit_real *a = plan_parameters(p->plan, op);
    const struct kernel_table *k = p->plan->kernels;
    const float *scale = (const float *)(const void *)(p->plan->weights + a->conv.constants),
                *shift = scale + a->conv.lanes;
    const float *in = (const float *)(const void *)pass_at(p, &op->in[0]);
    float *sums = (float *)(void *)((uint8_t *)p->scratch + a->map);
    int oc = op->out.c, width = rect.x1 - rect.x0, rows = width > 0 ? STRIP / (width * oc) + 1 : 1;

    for (int y = rect.y0; y < rect.y1; y++) {
        const float *from = sums + ((size_t)y * (size_t)op->out.w + (size_t)rect.x0) * (size_t)oc;
        uint8_t *to = pass_at(p, &op->out) + place_of(&op->out, y, rect.x0) * (size_t)op->out.element;

        if ((y - rect.y0) % rows == 0)
            sum_real(p, a, in, sums,
                     (struct kernel_rect){ y, y + rows < rect.y1 ? y + rows : rect.y1, rect.x0, rect.x1 });
        if (op->out.element == 1)
            k->levels_u8(from, oc, to, op->out.pitch, width, oc, scale, shift, a->high);
        else
            k->affine_f32(from, oc, (float *)(void *)to, op->out.pitch, width, oc, scale, shift, -INFINITY,
                          INFINITY);
    }
}

void lowbit_run_pact(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_lowbit_pact *a = plan_parameters(p->plan, op);
    const float *scale = (const float *)(const void *)(p->plan->weights + a->constants);
    const struct engine_view *in = &op->in[0], *out = &op->out;

    for (int y = rect.y0; y < rect.y1; y++)
        p->plan->kernels->levels_u8((const float *)(const void *)pass_at(p, in) + place_of(in, y, rect.x0),
                                    in->pitch, pass_at(p, out) + place_of(out, y, rect.x0), out->pitch,
                                    rect.x1 - rect.x0, out->c, scale, scale + a->lanes, a->high);
}

static uint8_t level_of(float v, int high)
{
    return (uint8_t)(v > 0 ? lrintf(v < (float)high ? v : (float)high) : 0);
}

static void add_sums(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect,
                     int high)
{
    const struct engine_view *in = op->in, *out = &op->out;

    for (int y = rect.y0; y < rect.y1; y++)
        for (int x = rect.x0; x < rect.x1; x++) {
            const float *a = (const float *)(const void *)pass_at(p, &in[0]) + place_of(&in[0], y, x);
            const float *b = (const float *)(const void *)pass_at(p, &in[1]) + place_of(&in[1], y, x);
            uint8_t *to = pass_at(p, out) + place_of(out, y, x);

            for (int c = 0; c < out->c; c++)
                to[c] = level_of(a[c] + b[c], high);
        }
}

void lowbit_run_add(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_lowbit_add *a = plan_parameters(p->plan, op);
    const struct engine_view *sum = &op->in[a->layer], *code = &op->in[!a->layer], *out = &op->out;

    if (!(a->scale > 0)) {
        add_sums(p, op, rect, a->high);
        return;
    }
    for (int y = rect.y0; y < rect.y1; y++)
        p->plan->kernels->residual_u8((const float *)(const void *)pass_at(p, sum) +
                                          place_of(sum, y, rect.x0),
                                      sum->pitch, pass_at(p, code) + place_of(code, y, rect.x0), code->pitch,
                                      pass_at(p, out) + place_of(out, y, rect.x0), out->pitch,
                                      rect.x1 - rect.x0, out->c, a->scale, a->high);
}

void lowbit_run_sum(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_view *in = &op->in[0];
    const uint8_t *from = pass_at(p, in);
    int32_t *sum = (int32_t *)(void *)pass_at(p, &op->out);

    if (rect.y0 >= rect.y1 || rect.x0 >= rect.x1)
        return;
    memset(sum, 0, (size_t)op->out.c * sizeof *sum);
    for (int i = 0; i < in->h * in->w; i++, from += in->pitch)
        for (int c = 0; c < in->c; c++)
            sum[c] += from[c];
}

void lowbit_run_head(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_lowbit_head *a = plan_parameters(p->plan, op);
    const int16_t *level = (const int16_t *)(const void *)(p->plan->weights + a->levels);
    const float *scale = (const float *)(const void *)(p->plan->weights + a->constants),
                *shift = scale + a->lanes;
    const int32_t *in = (const int32_t *)(const void *)pass_at(p, &op->in[0]);
    uint8_t *out = pass_at(p, &op->out);

    if (rect.y0 >= rect.y1 || rect.x0 >= rect.x1)
        return;
    for (int o = 0; o < op->out.c; o++, level += a->columns) {
        int64_t acc = 0;
        float v;

        for (int c = 0; c < a->columns; c++)
            acc += (int64_t)level[c] * in[c];
        v = fmaf((float)acc, scale[o], shift[o]);
        if (op->out.element > 1)
            ((float *)(void *)out)[o] = v;
        else
            out[o] = level_of(v, a->high);
    }
}
