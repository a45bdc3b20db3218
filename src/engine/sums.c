/* src/engine/sums.c: layers of deployed files whose sums come out of the kernel: TensorFlow Lite's fully
 * connected ones (deployed-files 2.2), and those that give real values (4.2). */
#include <math.h>
#include <string.h>

#include "plan.h"

/* TensorFlow Lite's rule of fully connected layers: double, ties away from zero. */
static uint8_t round_sum(int32_t sum, double ratio, const struct kernel_requant *q)
{
    double v = round((double)sum * ratio) + q->zero_point_out;

    return (uint8_t)(v < q->low ? q->low : v > q->high ? q->high : v);
}

static float real_sum(int32_t sum, float multiplier, const struct engine_conv *c)
{
    float v = (float)sum * multiplier;

    v = v < c->low ? c->low : v;
    return v > c->high ? c->high : v;
}

/* One position's sums, which lie at the place of its real values, or in the scratch. */
static void finish(const struct engine_conv *c, const void *constants, int channels, const int32_t *sum,
                   uint8_t *code, float *real)
{
    for (int i = 0; i < channels; i++) {
        int32_t v;

        memcpy(&v, sum + i, sizeof v);
        if (real)
            real[i] = real_sum(v, ((const float *)constants)[i], c);
        else
            code[i] = round_sum(v, ((const double *)constants)[i], &c->requant);
    }
}

void sums_run(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_conv *c = plan_parameters(p->plan, op);
    const struct kernel_table *k = pack_kernels(p->plan, c);
    const void *constants = p->plan->weights + c->constants;
    int real = op->out.element == (int)sizeof(float);
    uint8_t *out = pass_at(p, &op->out), *sums = real ? out : (uint8_t *)p->scratch + c->map;

    for (int g = 0; g < c->groups; g++) {
        struct kernel_requant requant = pack_requant(p->plan, c, g);

        k->conv_u8(&c->shape, p->plan->weights + c->packed + (size_t)g * c->packed_bytes,
                   pass_at(p, &op->in[0]) + g * c->shape.ic,
                   sums + (size_t)(g * c->shape.oc) * sizeof(int32_t), rect, &requant, c->saturation,
                   p->scratch);
    }
    for (int y = rect.y0; y < rect.y1; y++)
        for (int x = rect.x0; x < rect.x1; x++) {
            size_t first = ((size_t)y * (size_t)op->out.w + (size_t)x) * (size_t)op->out.pitch;
            float *to = (float *)(void *)out + first;

            if (real)
                finish(c, constants, op->out.c, (const int32_t *)(const void *)to, NULL, to);
            else
                finish(c, constants, op->out.c, (const int32_t *)(const void *)sums, out + first, NULL);
        }
}
