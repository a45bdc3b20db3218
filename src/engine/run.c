/* src/engine/run.c: the table of ops: how each kind computes a rectangle of its output, and what an output
 * reads. */
#include <string.h>

#include "tiles.h"

/* ---- where values lie ---------------------------------------------------------------------------------- */

/* A rectangle as runs of consecutive positions: one if it spans the width, else one a row. */
struct runs {
    int count, pixels, first, stride;
};

static struct runs runs_of(const struct engine_view *out, struct kernel_rect r)
{
    struct runs runs = {
        .count = r.y1 - r.y0, .pixels = r.x1 - r.x0, .first = r.y0 * out->w + r.x0, .stride = out->w
    };

    if (r.x0 == 0 && r.x1 == out->w) {
        runs.pixels *= runs.count;
        runs.count = runs.count > 0;
    }
    return runs;
}

static float *real_at(const struct engine_pass *p, const struct engine_view *v, int pixel)
{
    return (float *)(void *)pass_at(p, v) + (size_t)pixel * (size_t)v->pitch;
}

static uint8_t *code_at(const struct engine_pass *p, const struct engine_view *v, int pixel)
{
    return pass_at(p, v) + (size_t)pixel * (size_t)v->pitch;
}

struct kernel_rect run_whole(const struct engine_op *op)
{
    return (struct kernel_rect){ .y1 = op->out.h, .x1 = op->out.w };
}

/* ---- kinds --------------------------------------------------------------------------------------------- */

/* One channel: the kernels look three up. */
static void look_up_grey(const struct engine_pass *p, const struct engine_op *op, const uint8_t *from, int at,
                         int pixels)
{
    const struct engine_input *in = plan_parameters(p->plan, op);

    for (int i = 0; i < pixels; i++)
        if (op->out.element == 1)
            code_at(p, &op->out, at)[i] = in->code[0][from[i]];
        else
            real_at(p, &op->out, at)[i] = in->real[0][from[i]];
}

static void run_input(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_input *in = plan_parameters(p->plan, op);
    const struct kernel_table *k = p->plan->kernels;
    struct runs r = runs_of(&op->out, rect);
    size_t channels = (size_t)op->out.c;
    int codes = op->out.element == 1;
    const struct kernel_quantize how =
        codes ? deployed_quantize(p->plan->head->arithmetic, in->q) : (struct kernel_quantize){ 0 };

    for (int i = 0, at = r.first; i < r.count; i++, at += r.stride) {
        size_t first = (size_t)at * channels, count = (size_t)r.pixels * channels;
        const uint8_t *from = p->real ? NULL : p->pixels + first;

        if (p->real && !codes)
            memcpy(real_at(p, &op->out, at), p->real + first, count * sizeof *p->real);
        else if (p->real)
            k->quantize_u8(p->real + first, op->out.c, code_at(p, &op->out, at), op->out.c, r.pixels,
                           op->out.c, &how);
        else if (channels == 1)
            look_up_grey(p, op, from, at, r.pixels);
        else if (!codes)
            k->input_f32(from, real_at(p, &op->out, at), r.pixels, in->real);
        else
            k->input_u8(from, code_at(p, &op->out, at), r.pixels, in->code);
    }
}

static void run_conv(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_conv *c = plan_parameters(p->plan, op);
    const struct kernel_table *k = pack_kernels(p->plan, c);
    const struct kernel_conv *shape = &c->shape;

    for (int g = 0; g < c->groups; g++) {
        const uint8_t *packed = p->plan->weights + c->packed + (size_t)g * c->packed_bytes;
        struct kernel_requant requant;

        if (!plan_op_codes(op)) {
            k->conv_f32(shape, packed, real_at(p, &op->in[0], 0) + g * shape->ic,
                        real_at(p, &op->out, 0) + g * shape->oc, rect, c->low, c->high, p->scratch);
            continue;
        }
        requant = pack_requant(p->plan, c, g);
        k->conv_u8(shape, packed, code_at(p, &op->in[0], 0) + g * shape->ic,
                   pass_at(p, &op->out) + g * shape->oc * op->out.element, rect, &requant, c->saturation,
                   p->scratch);
    }
}

static void run_depthwise(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_conv *c = plan_parameters(p->plan, op);
    const struct kernel_table *k = pack_kernels(p->plan, c);
    const uint8_t *packed = p->plan->weights + c->packed;
    struct kernel_requant requant;

    if (!plan_op_codes(op)) {
        k->depthwise_f32(&c->shape, packed, real_at(p, &op->in[0], 0), real_at(p, &op->out, 0), rect, c->low,
                         c->high, p->scratch);
        return;
    }
    requant = pack_requant(p->plan, c, 0);
    k->depthwise_u8(&c->shape, packed, code_at(p, &op->in[0], 0), code_at(p, &op->out, 0), rect, &requant,
                    c->saturation, p->scratch);
}

static void run_maxpool(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct kernel_conv *shape = plan_parameters(p->plan, op);

    if (plan_op_codes(op))
        p->plan->kernels->maxpool_u8(shape, code_at(p, &op->in[0], 0), code_at(p, &op->out, 0), rect);
    else
        p->plan->kernels->maxpool_f32(shape, real_at(p, &op->in[0], 0), real_at(p, &op->out, 0), rect);
}

static void run_mean(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_average *a = plan_parameters(p->plan, op);
    const struct engine_view *in = &op->in[0];

    if (rect.y0 < rect.y1 && rect.x0 < rect.x1)
        arithmetic_mean(code_at(p, in, 0), in->h * in->w, in->c, in->pitch, a->q, code_at(p, &op->out, 0));
}

/* One function over a map of real values. */
static void each_real(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect,
                      kernel_map_f32 *function)
{
    struct runs r = runs_of(&op->out, rect);

    for (int i = 0, at = r.first; i < r.count; i++, at += r.stride)
        function(real_at(p, &op->in[0], at), op->in[0].pitch, real_at(p, &op->out, at), op->out.pitch,
                 r.pixels, op->out.c);
}

static void run_hardswish(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    each_real(p, op, rect, p->plan->kernels->hardswish_f32);
}

static void run_hardsigmoid(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    each_real(p, op, rect, p->plan->kernels->hardsigmoid_f32);
}

static void run_silu(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    each_real(p, op, rect, p->plan->kernels->silu_f32);
}

static void run_sigmoid(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    each_real(p, op, rect, p->plan->kernels->sigmoid_f32);
}

static void run_gelu(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct kernel_table *k = p->plan->kernels;

    each_real(p, op, rect, op->kind == KIND_GELU ? k->gelu_f32 : k->gelu_tanh_f32);
}

static void run_layernorm(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_affine *a = plan_parameters(p->plan, op);
    const float *scale = (const float *)(const void *)(p->plan->weights + a->constants);
    struct runs r = runs_of(&op->out, rect);

    for (int i = 0, at = r.first; i < r.count; i++, at += r.stride)
        p->plan->kernels->layernorm_f32(real_at(p, &op->in[0], at), op->in[0].pitch, real_at(p, &op->out, at),
                                        op->out.pitch, r.pixels, op->out.c, scale, scale + a->lanes, a->eps);
}

static void run_affine(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_affine *a = plan_parameters(p->plan, op);
    const float *scale = (const float *)(const void *)(p->plan->weights + a->constants);
    const struct engine_view *in = &op->in[0], *out = &op->out;
    struct kernel_affine_u8 codes = a->codes;
    struct runs r = runs_of(out, rect);

    codes.scale = scale;
    codes.shift = scale + a->lanes;
    for (int i = 0, at = r.first; i < r.count; i++, at += r.stride)
        if (plan_op_codes(op))
            p->plan->kernels->affine_u8(code_at(p, in, at), in->pitch, code_at(p, out, at), out->pitch,
                                        r.pixels, out->c, &codes);
        else
            p->plan->kernels->affine_f32(real_at(p, in, at), in->pitch, real_at(p, out, at), out->pitch,
                                         r.pixels, out->c, codes.scale, codes.shift, a->low, a->high);
}

static void run_clamp(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_add *a = plan_parameters(p->plan, op);
    struct runs r = runs_of(&op->out, rect);

    for (int i = 0, at = r.first; i < r.count; i++, at += r.stride)
        p->plan->kernels->clamp_f32(real_at(p, &op->in[0], at), op->in[0].pitch, real_at(p, &op->out, at),
                                    op->out.pitch, r.pixels, op->out.c, a->low, a->high);
}

static void run_lookup(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_table *table = plan_parameters(p->plan, op);
    struct runs r = runs_of(&op->out, rect);

    for (int i = 0, at = r.first; i < r.count; i++, at += r.stride)
        p->plan->kernels->lookup_u8(code_at(p, &op->in[0], at), op->in[0].pitch, code_at(p, &op->out, at),
                                    op->out.pitch, r.pixels, op->out.c, table->code);
}

/* numerics 2.6: fbgemm's vectors leave the last (numel mod 64) elements of the channels_last tensor to
 * another formula. */
static void add_tail(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_add *a = plan_parameters(p->plan, op);
    int c = op->out.c, count = op->out.h * op->out.w * c;

    for (int i = count - count % 64; i < count; i++) {
        int pixel = i / c, y = pixel / op->out.w, x = pixel % op->out.w, channel = i % c;

        if (y >= rect.y0 && y < rect.y1 && x >= rect.x0 && x < rect.x1)
            code_at(p, &op->out, pixel)[channel] = arithmetic_add_tail(
                &a->codes, code_at(p, &op->in[0], pixel)[channel], code_at(p, &op->in[1], pixel)[channel]);
    }
}

/* The second operand's codes at a position: an input's, or the constant, which all positions have (its pitch
 * is 0). */
static const uint8_t *second_at(const struct engine_pass *p, const struct engine_op *op, size_t constant,
                                int pixel)
{
    return op->inputs > 1 ? code_at(p, &op->in[1], pixel) : p->plan->weights + constant;
}

static void run_add(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_add *a = plan_parameters(p->plan, op);
    const struct kernel_table *k = p->plan->kernels;
    const struct engine_view *x = &op->in[0], *y = &op->in[1], *out = &op->out;
    struct runs r = runs_of(out, rect);

    for (int i = 0, at = r.first; i < r.count; i++, at += r.stride)
        if (plan_op_codes(op) && a->first)
            k->add_u8(second_at(p, op, a->constant, at), y->pitch, code_at(p, x, at), x->pitch,
                      code_at(p, out, at), out->pitch, r.pixels, out->c, &a->codes);
        else if (plan_op_codes(op))
            k->add_u8(code_at(p, x, at), x->pitch, second_at(p, op, a->constant, at), y->pitch,
                      code_at(p, out, at), out->pitch, r.pixels, out->c, &a->codes);
        else
            (a->less ? k->sub_f32 : k->add_f32)(real_at(p, x, at), x->pitch, real_at(p, y, at), y->pitch,
                                                real_at(p, out, at), out->pitch, r.pixels, out->c, a->low,
                                                a->high);
    if (plan_op_codes(op) && a->codes.mode == ADD_FBGEMM)
        add_tail(p, op, rect);
}

/* in[1] is a map, or one row for all positions (then its pitch is 0). */
static void run_mul(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_mul *a = plan_parameters(p->plan, op);
    const struct kernel_table *k = p->plan->kernels;
    const struct engine_view *x = &op->in[0], *y = &op->in[1], *out = &op->out;
    struct runs r = runs_of(out, rect);

    for (int i = 0, at = r.first; i < r.count; i++, at += r.stride)
        if (plan_op_codes(op))
            k->mul_u8(code_at(p, x, at), x->pitch, second_at(p, op, a->constant, at), y->pitch,
                      code_at(p, out, at), out->pitch, r.pixels, out->c, &a->codes);
        else
            k->mul_f32(real_at(p, x, at), x->pitch, real_at(p, y, at), y->pitch, real_at(p, out, at),
                       out->pitch, r.pixels, out->c);
}

static void run_cat(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_cat *cat = plan_parameters(p->plan, op);
    const struct kernel_table *k = p->plan->kernels;
    struct runs r = runs_of(&op->out, rect);

    for (int j = 0; j < op->inputs; j++) {
        const struct engine_view *in = &op->in[j];

        for (int i = 0, at = r.first; i < r.count; i++, at += r.stride)
            if (!plan_op_codes(op))
                k->copy_f32(real_at(p, in, at), in->pitch, real_at(p, &op->out, at) + cat->channel[j],
                            op->out.pitch, r.pixels, in->c);
            else if (cat->table[j].unchanged)
                k->copy_u8(code_at(p, in, at), in->pitch, code_at(p, &op->out, at) + cat->channel[j],
                           op->out.pitch, r.pixels, in->c);
            else
                k->lookup_u8(code_at(p, in, at), in->pitch, code_at(p, &op->out, at) + cat->channel[j],
                             op->out.pitch, r.pixels, in->c, cat->table[j].code);
    }
}

/* Copies one position of the input among channels that are zero. */
static void run_shortcut(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_shortcut *s = plan_parameters(p->plan, op);
    const struct engine_view *in = &op->in[0], *out = &op->out;
    size_t element = (size_t)op->out.element;

    for (int y = rect.y0; y < rect.y1; y++)
        for (int x = rect.x0; x < rect.x1; x++) {
            size_t from = (size_t)(y * in->w + x) * (size_t)s->shape.stride * (size_t)in->pitch;
            uint8_t *to = pass_at(p, out) + (size_t)(y * out->w + x) * (size_t)out->pitch * element;

            memset(to, s->fill, (size_t)out->c * element);
            memcpy(to + (size_t)s->begin * element, pass_at(p, in) + from * element, (size_t)in->c * element);
        }
}

static void run_shuffle(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const int *groups = plan_parameters(p->plan, op);
    const struct kernel_table *k = p->plan->kernels;
    struct runs r = runs_of(&op->out, rect);

    for (int i = 0, at = r.first; i < r.count; i++, at += r.stride)
        if (plan_op_codes(op))
            k->shuffle_u8(code_at(p, &op->in[0], at), op->in[0].pitch, code_at(p, &op->out, at),
                          op->out.pitch, r.pixels, op->out.c, *groups);
        else
            k->shuffle_f32(real_at(p, &op->in[0], at), op->in[0].pitch, real_at(p, &op->out, at),
                           op->out.pitch, r.pixels, op->out.c, *groups);
}

/* ---- the table ----------------------------------------------------------------------------------------- */

/* What lies at the same position, or all of a map of another size: an average's, or squeeze-excite's row. */
static struct kernel_conv reach_position(const struct engine_plan *p, const struct engine_op *op, int input)
{
    const struct engine_view *in = &op->in[input], *out = &op->out;

    (void)p;
    if (in->h != out->h || in->w != out->w)
        return (struct kernel_conv){ .ih = in->h, .iw = in->w };
    return (struct kernel_conv){
        .ih = in->h, .iw = in->w, .oh = out->h, .ow = out->w, .kh = 1, .kw = 1, .stride = 1
    };
}

static struct kernel_conv reach_window(const struct engine_plan *p, const struct engine_op *op, int input)
{
    const struct kernel_conv *shape = plan_parameters(p, op);

    (void)input;
    return *shape;
}

static int conv_takes_points(const struct engine_plan *p, const struct engine_op *op)
{
    const struct engine_conv *c = plan_parameters(p, op);

    return c->groups == 1 && (c->shape.kw == 1 || c->shape.in_pitch == c->shape.ic);
}

/* eighths: an element-wise op or a depthwise convolution computes a position in the time that it takes to
 * find it. */
static const struct row {
    void (*run)(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect);
    struct kernel_conv (*reach)(const struct engine_plan *p, const struct engine_op *op, int input);
    int eighths;
    int (*takes_points)(const struct engine_plan *p, const struct engine_op *op); /* NULL: none of them */
} rows[KIND_COUNT] = {
    [KIND_INPUT] = { run_input, reach_position, 2, NULL },
    [KIND_CONV] = { run_conv, reach_window, 7, conv_takes_points },
    [KIND_WINOGRAD] = { tiles_run_rect, tiles_reach, 8, NULL },
    [KIND_DEPTHWISE] = { run_depthwise, reach_window, 4, NULL },
    [KIND_UNIT] = { unit_run, reach_window, 6, NULL },
    [KIND_MAXPOOL] = { run_maxpool, reach_window, 2, NULL },
    [KIND_AVERAGE_WINDOW] = { ops_run_average, reach_window, 2, NULL },
    [KIND_AFFINE] = { run_affine, reach_position, 2, NULL },
    [KIND_LAYERNORM] = { run_layernorm, reach_position, 2, NULL },
    [KIND_AVERAGE] = { ops_run_average, reach_position, 2, NULL },
    [KIND_MEAN] = { run_mean, reach_position, 2, NULL },
    [KIND_CLAMP] = { run_clamp, reach_position, 2, NULL },
    [KIND_HARDSWISH] = { run_hardswish, reach_position, 2, NULL },
    [KIND_HARDSIGMOID] = { run_hardsigmoid, reach_position, 2, NULL },
    [KIND_SILU] = { run_silu, reach_position, 2, NULL },
    [KIND_SIGMOID] = { run_sigmoid, reach_position, 2, NULL },
    [KIND_TANH] = { ops_run_tanh, reach_position, 2, NULL },
    [KIND_GELU] = { run_gelu, reach_position, 2, NULL },
    [KIND_GELU_TANH] = { run_gelu, reach_position, 2, NULL },
    [KIND_LOOKUP] = { run_lookup, reach_position, 2, NULL },
    [KIND_ADD] = { run_add, reach_position, 2, NULL },
    [KIND_MUL] = { run_mul, reach_position, 2, NULL },
    [KIND_CAT] = { run_cat, reach_position, 2, NULL },
    [KIND_SHORTCUT] = { run_shortcut, reach_window, 2, NULL },
    [KIND_SHUFFLE] = { run_shuffle, reach_position, 2, NULL },
    [KIND_LEAKYRELU] = { ops_run_leakyrelu, reach_position, 2, NULL },
    [KIND_PAD] = { ops_run_pad, reach_window, 2, NULL },
    [KIND_QUANTIZE] = { ops_run_quantize, reach_position, 2, NULL },
    [KIND_SUM] = { sums_run, reach_window, 7, NULL },
    [KIND_DEQUANTIZE] = { ops_run_dequantize, reach_position, 2, NULL },
    [KIND_LOWBIT_REAL] = { lowbit_run_real, reach_window, 6, NULL },
    [KIND_LOWBIT_PACT] = { lowbit_run_pact, reach_position, 2, NULL },
    [KIND_LOWBIT_CODES] = { parts_run_codes, reach_position, 2, NULL },
    [KIND_LOWBIT_PARTS] = { parts_run, reach_window, 6, NULL },
    [KIND_LOWBIT_ADD] = { lowbit_run_add, reach_position, 2, NULL },
    [KIND_LOWBIT_SUM] = { lowbit_run_sum, reach_position, 2, NULL },
    [KIND_LOWBIT_HEAD] = { lowbit_run_head, reach_position, 2, NULL },
};

static void round_values(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    struct runs r = runs_of(&op->out, rect);

    for (int i = 0, at = r.first; i < r.count; i++, at += r.stride) {
        float *x = real_at(p, &op->out, at);

        p->plan->kernels->round_f32(x, op->out.pitch, x, op->out.pitch, r.pixels, op->out.c, &op->round);
    }
}

void run_op(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    rows[op->kind].run(p, op, rect);
    if (op->round.scale > 0)
        round_values(p, op, rect);
}

int run_is_compared(const struct engine_plan *p, const struct engine_op *op)
{
    return plan_codes(p) || op->inputs == 0 || op->round.scale > 0;
}

struct kernel_conv run_reach(const struct engine_plan *p, const struct engine_op *op, int input)
{
    return rows[op->kind].reach(p, op, input);
}

int run_tile(const struct engine_plan *p, const struct engine_op *op)
{
    const struct engine_conv *c = plan_parameters(p, op);

    return op->kind == KIND_WINOGRAD ? c->tile : 1;
}

int run_is_dense(const struct engine_plan *p, const struct engine_op *op)
{
    const struct engine_conv *c = plan_parameters(p, op);

    return op->kind == KIND_CONV && c->groups == 1;
}

int run_takes_points(const struct engine_plan *p, const struct engine_op *op)
{
    return rows[op->kind].takes_points && rows[op->kind].takes_points(p, op);
}

int run_whole_eighths(const struct engine_plan *p, const struct engine_op *op)
{
    return run_takes_points(p, op) ? 8 : rows[op->kind].eighths;
}

void run_logits(const struct engine_plan *p, const void *values, float *logits)
{
    struct quant_params q = p->node[p->head->output].q;
    int classes = p->head->classes;

    if (p->node[p->head->output].view.element > 1) {
        memcpy(logits, values, (size_t)classes * sizeof *logits);
        return;
    }
    for (int i = 0; i < classes; i++)
        logits[i] = dequantize_value(((const uint8_t *)values)[i], q.scale, q.zero_point);
}
