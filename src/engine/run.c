/* src/engine/run.c: one function a kind of step. Each computes the rectangle of its output that it is given
 * from its inputs alone; nothing is allocated. */
#include <math.h>
#include <string.h>

#include "step.h"

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

static float *real_at(const struct engine_view *v, int pixel)
{
    return (float *)v->data + (size_t)pixel * (size_t)v->pitch;
}

static uint8_t *code_at(const struct engine_view *v, int pixel)
{
    return (uint8_t *)v->data + (size_t)pixel * (size_t)v->pitch;
}

struct kernel_rect run_whole(const struct engine_step *s)
{
    return (struct kernel_rect){ .y1 = s->out.h, .x1 = s->out.w };
}

/* quantize_value's results by what vectors have: adding and taking away 1.5 * 2^23 rounds to the nearest,
 * ties to even. NaN fails the first comparison and becomes q.high. */
static void quantize(const float *in, size_t count, struct quant_params q, uint8_t *out)
{
    const float inverse = quantize_inverse(q.scale), magic = 12582912.0f, far = 4096.0f;

    for (size_t i = 0; i < count; i++) {
        float v = in[i] * inverse;
        int code;

        v = v < far ? v : far;
        v = v > -far ? v : -far;
        code = (int)((v + magic) - magic) + q.zero_point;
        code = code < q.low ? q.low : code;
        out[i] = (uint8_t)(code > q.high ? q.high : code);
    }
}

/* One channel: the kernels look three up. */
static void look_up_grey(const struct engine_step *s, const uint8_t *from, int at, int pixels)
{
    for (int i = 0; i < pixels; i++)
        if (s->input_real)
            real_at(&s->out, at)[i] = s->input_real[0][from[i]];
        else
            code_at(&s->out, at)[i] = s->input_code[0][from[i]];
}

void run_input(const struct engine *e, const struct engine_step *s, struct kernel_rect rect)
{
    struct runs r = runs_of(&s->out, rect);
    size_t channels = (size_t)s->out.c;

    for (int i = 0, at = r.first; i < r.count; i++, at += r.stride) {
        size_t first = (size_t)at * channels, count = (size_t)r.pixels * channels;
        const uint8_t *from = e->real ? NULL : e->pixels + first;

        if (e->real && s->input_real)
            memcpy(real_at(&s->out, at), e->real + first, count * sizeof *e->real);
        else if (e->real)
            quantize(e->real + first, count, s->q, code_at(&s->out, at));
        else if (channels == 1)
            look_up_grey(s, from, at, r.pixels);
        else if (s->input_real)
            e->kernels->input_f32(from, real_at(&s->out, at), r.pixels, (const float(*)[256])s->input_real);
        else
            e->kernels->input_u8(from, code_at(&s->out, at), r.pixels, (const uint8_t(*)[256])s->input_code);
    }
}

void run_conv(const struct engine *e, const struct engine_step *s, struct kernel_rect rect)
{
    const struct kernel_conv *shape = &s->shape;

    for (int g = 0; g < s->groups; g++) {
        const char *packed = (const char *)s->packed + (size_t)g * s->packed_bytes;
        struct kernel_requant requant = s->requant;

        if (e->form == PRECISION_REAL) {
            s->kernels->conv_f32(shape, packed, real_at(&s->in[0], 0) + g * shape->ic,
                                 real_at(&s->out, 0) + g * shape->oc, rect, s->low, s->high, e->scratch);
            continue;
        }
        requant.multiplier += g * shape->oc;
        requant.bias_real += g * shape->oc;
        requant.bias_int += g * shape->oc;
        s->kernels->conv_u8(shape, packed, code_at(&s->in[0], 0) + g * shape->ic,
                            code_at(&s->out, 0) + g * shape->oc, rect, &requant, s->saturation, e->scratch);
    }
}

void run_depthwise(const struct engine *e, const struct engine_step *s, struct kernel_rect rect)
{
    if (e->form == PRECISION_REAL)
        s->kernels->depthwise_f32(&s->shape, s->packed, s->in[0].data, s->out.data, rect, s->low, s->high,
                                  e->scratch);
    else
        s->kernels->depthwise_u8(&s->shape, s->packed, s->in[0].data, s->out.data, rect, &s->requant,
                                 s->saturation, e->scratch);
}

void run_maxpool(const struct engine *e, const struct engine_step *s, struct kernel_rect rect)
{
    if (e->form == PRECISION_REAL)
        e->kernels->maxpool_f32(&s->shape, s->in[0].data, s->out.data, rect);
    else
        e->kernels->maxpool_u8(&s->shape, s->in[0].data, s->out.data, rect);
}

void run_average(const struct engine *e, const struct engine_step *s, struct kernel_rect rect)
{
    const struct engine_view *in = &s->in[0];

    if (rect.y0 >= rect.y1 || rect.x0 >= rect.x1)
        return;
    if (e->form == PRECISION_REAL)
        e->kernels->average_f32(in->data, in->h * in->w, in->c, in->pitch, s->out.data);
    else
        e->kernels->average_u8(in->data, in->h * in->w, in->c, in->pitch, s->q.zero_point, s->factor,
                               s->out.data);
}

void run_mean_cascade(const struct engine *e, const struct engine_step *s, struct kernel_rect rect)
{
    const struct engine_view *in = &s->in[0];

    if (rect.y0 < rect.y1 && rect.x0 < rect.x1)
        arithmetic_mean(in->data, in->h * in->w, in->c, in->pitch, s->q, s->out.data);
}

/* One function over a map of real values. */
static void each_real(const struct engine_step *s, struct kernel_rect rect,
                      void (*function)(const float *in, int in_pitch, float *out, int out_pitch, int pixels,
                                       int channels))
{
    struct runs r = runs_of(&s->out, rect);

    for (int i = 0, at = r.first; i < r.count; i++, at += r.stride)
        function(real_at(&s->in[0], at), s->in[0].pitch, real_at(&s->out, at), s->out.pitch, r.pixels,
                 s->out.c);
}

void run_hardswish(const struct engine *e, const struct engine_step *s, struct kernel_rect rect)
{
    each_real(s, rect, e->kernels->hardswish_f32);
}

void run_hardsigmoid(const struct engine *e, const struct engine_step *s, struct kernel_rect rect)
{
    each_real(s, rect, e->kernels->hardsigmoid_f32);
}

void run_clamp(const struct engine *e, const struct engine_step *s, struct kernel_rect rect)
{
    struct runs r = runs_of(&s->out, rect);

    for (int i = 0, at = r.first; i < r.count; i++, at += r.stride)
        e->kernels->clamp_f32(real_at(&s->in[0], at), s->in[0].pitch, real_at(&s->out, at), s->out.pitch,
                              r.pixels, s->out.c, s->low, s->high);
}

void run_lookup(const struct engine *e, const struct engine_step *s, struct kernel_rect rect)
{
    struct runs r = runs_of(&s->out, rect);

    for (int i = 0, at = r.first; i < r.count; i++, at += r.stride)
        e->kernels->lookup_u8(code_at(&s->in[0], at), s->in[0].pitch, code_at(&s->out, at), s->out.pitch,
                              r.pixels, s->out.c, s->table->code);
}

/* numerics 2.6: fbgemm's vectors leave the last (numel mod 64) elements of the channels_last tensor to
 * another formula. */
static void add_tail(const struct engine_step *s, struct kernel_rect rect)
{
    int c = s->out.c, count = s->out.h * s->out.w * c;

    for (int i = count - count % 64; i < count; i++) {
        int pixel = i / c, y = pixel / s->out.w, x = pixel % s->out.w, channel = i % c;

        if (y >= rect.y0 && y < rect.y1 && x >= rect.x0 && x < rect.x1)
            code_at(&s->out, pixel)[channel] = arithmetic_add_tail(
                &s->add, code_at(&s->in[0], pixel)[channel], code_at(&s->in[1], pixel)[channel]);
    }
}

void run_add(const struct engine *e, const struct engine_step *s, struct kernel_rect rect)
{
    struct runs r = runs_of(&s->out, rect);

    for (int i = 0, at = r.first; i < r.count; i++, at += r.stride)
        if (e->form == PRECISION_REAL)
            e->kernels->add_f32(real_at(&s->in[0], at), s->in[0].pitch, real_at(&s->in[1], at),
                                s->in[1].pitch, real_at(&s->out, at), s->out.pitch, r.pixels, s->out.c,
                                s->low, s->high);
        else
            e->kernels->add_u8(code_at(&s->in[0], at), s->in[0].pitch, code_at(&s->in[1], at), s->in[1].pitch,
                               code_at(&s->out, at), s->out.pitch, r.pixels, s->out.c, &s->add);
    if (e->form == PRECISION_CODES && s->add.mode == ADD_FBGEMM)
        add_tail(s, rect);
}

/* in[1] is a map, or one row for all positions (then its pitch is 0). */
void run_mul(const struct engine *e, const struct engine_step *s, struct kernel_rect rect)
{
    struct runs r = runs_of(&s->out, rect);

    for (int i = 0, at = r.first; i < r.count; i++, at += r.stride)
        if (e->form == PRECISION_REAL)
            e->kernels->mul_f32(real_at(&s->in[0], at), s->in[0].pitch, real_at(&s->in[1], at),
                                s->in[1].pitch, real_at(&s->out, at), s->out.pitch, r.pixels, s->out.c);
        else
            e->kernels->mul_u8(code_at(&s->in[0], at), s->in[0].pitch, code_at(&s->in[1], at), s->in[1].pitch,
                               code_at(&s->out, at), s->out.pitch, r.pixels, s->out.c, &s->mul);
}

void run_cat(const struct engine *e, const struct engine_step *s, struct kernel_rect rect)
{
    struct runs r = runs_of(&s->out, rect);

    for (int j = 0; j < s->inputs; j++) {
        const struct engine_view *in = &s->in[j];

        for (int i = 0, at = r.first; i < r.count; i++, at += r.stride)
            if (e->form == PRECISION_REAL)
                e->kernels->copy_f32(real_at(in, at), in->pitch, real_at(&s->out, at) + s->channel[j],
                                     s->out.pitch, r.pixels, in->c);
            else if (s->table[j].unchanged)
                e->kernels->copy_u8(code_at(in, at), in->pitch, code_at(&s->out, at) + s->channel[j],
                                    s->out.pitch, r.pixels, in->c);
            else
                e->kernels->lookup_u8(code_at(in, at), in->pitch, code_at(&s->out, at) + s->channel[j],
                                      s->out.pitch, r.pixels, in->c, s->table[j].code);
    }
}

void run_shuffle(const struct engine *e, const struct engine_step *s, struct kernel_rect rect)
{
    struct runs r = runs_of(&s->out, rect);

    for (int i = 0, at = r.first; i < r.count; i++, at += r.stride)
        if (e->form == PRECISION_REAL)
            e->kernels->shuffle_f32(real_at(&s->in[0], at), s->in[0].pitch, real_at(&s->out, at),
                                    s->out.pitch, r.pixels, s->out.c, s->shuffle_groups);
        else
            e->kernels->shuffle_u8(code_at(&s->in[0], at), s->in[0].pitch, code_at(&s->out, at), s->out.pitch,
                                   r.pixels, s->out.c, s->shuffle_groups);
}

void run_logits(const struct engine *e, const void *values, float *logits)
{
    struct quant_params q = e->node[e->output].q;

    if (e->form == PRECISION_REAL) {
        memcpy(logits, values, (size_t)e->classes * sizeof *logits);
        return;
    }
    for (int i = 0; i < e->classes; i++)
        logits[i] = dequantize_value(((const uint8_t *)values)[i], q.scale, q.zero_point);
}
