/* src/engine/average.c: averages of codes in deployed files (deployed-files 2.4, 2.7, 3.4, 4.2). */
#include <math.h>
#include <string.h>

#include "plan.h"

enum { CHANNELS = 256 /* at a time */ };

/* The cells of a window that lie in the map, and what their sum is divided by. */
struct window {
    int y0, y1, x0, x1, count;
};

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

/* One axis: the cells inside, and how many count. */
static int axis(int first, int kernel, int size, int pad, int reach, int counted, int *from, int *to)
{
    *from = most(first, 0);
    *to = least(first + kernel, size);
    return counted ? least(first + kernel, reach) - most(first, -pad) : *to - *from;
}

static struct window window_of(const struct engine_average *a, int y, int x)
{
    const struct kernel_conv *s = &a->shape;
    struct window w;
    int rows = axis(y * s->stride - s->pad_y, s->kh, s->ih, s->pad_y, a->reach_y, a->counted, &w.y0, &w.y1),
        columns =
            axis(x * s->stride - s->pad_x, s->kw, s->iw, s->pad_x, a->reach_x, a->counted, &w.x0, &w.x1);

    w.count = rows * columns;
    return w;
}

/* The cells of a window, one after another: NULL behind the last. */
static const uint8_t *cell(const struct engine_average *a, const struct window *w, const uint8_t *in, int i)
{
    int columns = w->x1 - w->x0, y = w->y0 + i / columns, x = w->x0 + i % columns;

    return y < w->y1 ? in + ((size_t)y * (size_t)a->shape.iw + (size_t)x) * (size_t)a->shape.in_pitch : NULL;
}

/* ---- of sums of codes ---------------------------------------------------------------------------------- */

static uint8_t clamped(const struct engine_average *a, int64_t code)
{
    return (uint8_t)(code < a->out.low ? a->out.low : code > a->out.high ? a->out.high : code);
}

/* Half away from zero of the file's own codes. */
static int64_t of_codes(const struct engine_average *a, int32_t sum, int count)
{
    int32_t own = sum - a->q.offset * count;

    return (own > 0 ? own + count / 2 : own - count / 2) / count + a->q.offset;
}

static uint8_t of_sum(const struct engine_average *a, int32_t sum, int count)
{
    int32_t less = sum - a->q.zero_point * count;
    float v;

    if (a->rule == AVERAGE_CODES)
        return clamped(a, of_codes(a, sum, count));
    if (a->rule == AVERAGE_FIXED)
        return clamped(a, (int64_t)kernel_fixed(less, a->fixed, a->shift) + a->out.zero_point);
    if (a->rule == AVERAGE_BIASED) { /* rounded in every step, so that what is a tie depends on the bias */
        v = (float)(sum - a->q.offset * count) * a->factor;
        v = v + a->bias;
    } else {
        v = (float)less * a->factor;
    }
    v = v < -65536.0f ? -65536.0f : v > 65536.0f ? 65536.0f : v;
    return clamped(a, lrintf(v) + (a->rule == AVERAGE_BIASED ? a->out.offset : a->out.zero_point));
}

HOT_LOOP static void add_codes(const uint8_t *restrict code, int channels, int32_t *restrict sum)
{
    for (int c = 0; c < channels; c++)
        sum[c] += code[c];
}

static void sum_codes(const struct engine_average *a, const struct window *w, const uint8_t *in, int channels,
                      uint8_t *out)
{
    int inside = (w->y1 - w->y0) * (w->x1 - w->x0);
    int32_t sum[CHANNELS];
    const uint8_t *at;

    for (int c = 0; c < channels; c++) /* padding that counts is real zeros */
        sum[c] = a->q.zero_point * (w->count - inside);
    for (int i = 0; (at = cell(a, w, in, i)); i++)
        add_codes(at, channels, sum);
    for (int c = 0; c < channels; c++)
        out[c] = of_sum(a, sum[c], w->count);
}

/* ---- of sums of real values, ONNX Runtime's ------------------------------------------------------------ */

static float real_of(const struct engine_average *a, int code)
{
    return (float)(code - a->q.zero_point) * (float)a->q.scale;
}

/* A window's average: the zero point is added before the rounding. */
static uint8_t of_term(const struct engine_average *a, float sum, int count)
{
    float y = sum / (float)count, v = y / (float)a->out.scale;

    v = v + (float)(a->out.zero_point - a->out.offset);
    v = v < -65536.0f ? -65536.0f : v > 65536.0f ? 65536.0f : v;
    return clamped(a, lrintf(v) + a->out.offset);
}

static void sum_terms(const struct engine_average *a, const struct window *w, const uint8_t *in, int channels,
                      uint8_t *out)
{
    float sum[CHANNELS] = { 0 };
    const uint8_t *at;

    for (int i = 0; (at = cell(a, w, in, i)); i++)
        for (int c = 0; c < channels; c++)
            sum[c] += real_of(a, at[c]);
    for (int c = 0; c < channels; c++)
        out[c] = of_term(a, sum[c], w->count);
}

/* The values of a plane in raster order. */
static float value(const struct engine_average *a, const uint8_t *plane, int i)
{
    return real_of(a, plane[(size_t)i * (size_t)a->shape.in_pitch]);
}

enum { LANES = 4 };

/* lane += the packet of four values from i on. */
static void add_packet(const struct engine_average *a, const uint8_t *plane, int i, float lane[LANES])
{
    for (int j = 0; j < LANES; j++)
        lane[j] += value(a, plane, i + j);
}

static float add_each(const struct engine_average *a, const uint8_t *plane, int from, int to, float sum)
{
    for (int i = from; i < to; i++)
        sum += value(a, plane, i);
    return sum;
}

/* ReduceMean's order, in plane `number` of `count` values: packets of four from the first aligned value on,
 * every second one apart, an odd last one behind them; then what lies before them and behind, one by one. */
static float reduced(const struct engine_average *a, const uint8_t *plane, int number, int count)
{
    int before = (int)((LANES - (int64_t)number * count % LANES) % LANES), packets = (count - before) / LANES,
        pairs = packets / 2 * 2;
    float even[LANES] = { 0 }, odd[LANES] = { 0 };

    if (count < before + LANES)
        return add_each(a, plane, 1, count, value(a, plane, 0));
    for (int p = 0; p < pairs; p++)
        add_packet(a, plane, before + p * LANES, p % 2 ? odd : even);
    for (int j = 0; j < LANES; j++)
        even[j] += odd[j];
    if (pairs < packets)
        add_packet(a, plane, before + pairs * LANES, even);
    return add_each(a, plane, before + packets * LANES, count,
                    add_each(a, plane, 0, before, (even[0] + even[2]) + (even[1] + even[3])));
}

static void reduce(const struct engine_average *a, const uint8_t *in, int first, int channels, uint8_t *out)
{
    int count = a->shape.ih * a->shape.iw;

    for (int c = 0; c < channels; c++)
        out[c] =
            (uint8_t)deployed_code(ENGINE_ORT, reduced(a, in + c, first + c, count) / (float)count, a->out);
}

/* ---- all ----------------------------------------------------------------------------------------------- */

status average_rule(enum engine_arithmetic a, const struct model_node *n, struct engine_average *out)
{
    int count = out->shape.kh * out->shape.kw, k = 0;
    float in = (float)out->q.scale, to = (float)out->out.scale;
    int32_t multiplier, shift;

    if (n->op != OP_MEAN && a != ENGINE_ORT) {
        out->rule = AVERAGE_CODES;
    } else if (a == ENGINE_TFLITE) {
        out->rule = AVERAGE_FIXED;
        TRY(deployed_fixed(out->q.scale / out->out.scale, &multiplier, &shift));
        while (k < 32 && k < 31 + shift && count >> (k + 1) > 0)
            k++;
        out->fixed = (int32_t)(((int64_t)multiplier << k) / count);
        out->shift = shift - k;
    } else if (a == ENGINE_XNNPACK) {
        float ratio = in / to, each = 1.0f / (float)count, zeros;

        out->rule = AVERAGE_BIASED;
        out->factor = ratio * each;
        zeros = (float)(count * (out->q.zero_point - out->q.offset)) * out->factor;
        out->bias = (float)(out->out.zero_point - out->out.offset) - zeros;
    } else if (n->op == OP_AVGPOOL) {
        float whole = to * (float)count;

        out->rule = AVERAGE_SUM;
        out->factor = in / whole;
    } else {
        out->rule = n->op == OP_MEAN ? AVERAGE_REDUCED : AVERAGE_TERMS;
    }
    return OK;
}

void average_run(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_average *a = plan_parameters(p->plan, op);
    const uint8_t *in = pass_at(p, &op->in[0]);

    for (int y = rect.y0; y < rect.y1; y++)
        for (int x = rect.x0; x < rect.x1; x++) {
            struct window w = window_of(a, y, x);
            uint8_t *out =
                pass_at(p, &op->out) + ((size_t)y * (size_t)op->out.w + (size_t)x) * (size_t)op->out.pitch;

            for (int c = 0; c < op->out.c; c += CHANNELS) {
                int channels = least(CHANNELS, op->out.c - c);

                if (a->rule == AVERAGE_REDUCED)
                    reduce(a, in + c, c, channels, out + c);
                else if (a->rule == AVERAGE_TERMS)
                    sum_terms(a, &w, in + c, channels, out + c);
                else
                    sum_codes(a, &w, in + c, channels, out + c);
            }
        }
}
