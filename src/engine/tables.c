/* src/engine/tables.c: functions of one code in deployed files, as tables (deployed-files 2.4, 2.5, 2.7, 3.4,
 * 4.2). Every step is one rounded f32 operation unless it says otherwise. */
#include <math.h>

#include "plan.h"

static uint8_t clamp_code(int code, struct deployed_ends e)
{
    return (uint8_t)(code < e.low ? e.low : code > e.high ? e.high : code);
}

static struct deployed_ends all_codes(struct quant_params q)
{
    return (struct deployed_ends){ q.low, q.high };
}

static float real_of(struct quant_params q, int code)
{
    return (float)(code - q.zero_point) * (float)q.scale;
}

/* ---- TensorFlow Lite ----------------------------------------------------------------------------------- */

/* A code of another scale: kernel_fixed, or with the second rounding upward, as the optimized kernels have
 * it. */
static int rescaled(int32_t v, int32_t multiplier, int32_t shift, int upward)
{
    int left = shift > 0 ? shift : 0, right = left - shift;
    int32_t high;

    if (!upward || right == 0)
        return kernel_fixed(v, multiplier, shift);
    high = kernel_high_product((int32_t)((uint32_t)v << left), multiplier);
    return (int32_t)(((int64_t)high + (INT64_C(1) << (right - 1))) >> right);
}

static status rescale(double factor, struct quant_params in, struct quant_params out, int upward,
                      struct deployed_ends ends, struct engine_table *t)
{
    int32_t multiplier, shift;

    TRY(deployed_fixed(factor, &multiplier, &shift));
    for (int i = 0; i < 256; i++)
        t->code[i] =
            clamp_code(rescaled(i - in.zero_point, multiplier, shift, upward) + out.zero_point, ends);
    return OK;
}

/* XNNPACK's requantization of codes of one type, below the zero point by another factor: eight bits behind
 * the point. */
static void rescale_xnnpack(float above, float below, struct quant_params in, struct quant_params out,
                            struct engine_table *t)
{
    int64_t upper = llrintf(256.0f * above), lower = llrintf(256.0f * below);

    for (int i = 0; i < 256; i++) {
        int64_t factor = i < in.zero_point ? lower : upper,
                v = ((i - in.zero_point) * factor + out.zero_point * 256 + 128) >> 8;

        t->code[i] = (uint8_t)(v < out.low ? out.low : v > out.high ? out.high : v);
    }
}

/* A concatenation's unsigned codes. */
static void join_tflite(struct quant_params in, struct quant_params out, struct engine_table *t)
{
    float inverse = 1.0f / (float)out.scale, scale = (float)in.scale * inverse,
          from = (float)-in.zero_point * scale;

    for (int i = 0; i < 256; i++) {
        float product = (float)i * scale;

        t->code[i] = clamp_code((int)roundf(product + from) + out.zero_point, all_codes(out));
    }
}

/* Of the logistic function, or of the hyperbolic tangent. */
static float curve(enum model_op op, float d)
{
    float e;

    if (op == OP_TANH)
        return (float)math_tanh((double)d);
    e = (float)math_exp(fmin(-(double)d, 88.0));
    return 1.0f / (1.0f + e);
}

static void look_up(enum model_op op, struct quant_params in, struct quant_params out, struct engine_table *t)
{
    float inverse = 1.0f / (float)out.scale;

    for (int i = 0; i < 256; i++)
        t->code[i] =
            clamp_code((int)roundf(curve(op, real_of(in, i)) * inverse) + out.zero_point, all_codes(out));
}

/* ---- 2.5, in 16 bits */

static int saturate(int64_t v)
{
    return v < -32768 ? -32768 : v > 32767 ? 32767 : (int)v;
}

static int high_product(int a, int b)
{
    return saturate(((int64_t)a * b + (1 << 14)) >> 15);
}

static int narrow(int32_t multiplier)
{
    return saturate(((int64_t)multiplier + (1 << 15)) >> 16);
}

struct hardswish {
    int to_out, out_shift, to_three, three_shift;
};

static int hardswish_of(const struct hardswish *h, int difference)
{
    int u = difference * 128, a = high_product(u, h->to_out), b = u, c;

    if (h->three_shift > 0)
        b = saturate((int64_t)b * (1 << (h->three_shift - 1)));
    b = high_product(b, h->to_three);
    if (h->three_shift > 0)
        b = saturate((int64_t)b * 2);
    else if (h->three_shift < 0)
        b = kernel_shift_away(b, -h->three_shift);
    b = (b + 32768) >> 1;
    c = a * b / 32768;
    return kernel_shift_away(c, -h->out_shift);
}

static status hardswish(struct quant_params in, struct quant_params out, struct engine_table *t)
{
    float fine = (1.0f / 128.0f) * (float)in.scale, to_out = fine / (float)out.scale,
          to_three = fine / (3.0f / 32768.0f);
    struct hardswish h;
    int32_t p, r;

    TRY(deployed_fixed((double)to_out, &p, &h.out_shift));
    TRY(deployed_fixed((double)to_three, &r, &h.three_shift));
    if (h.out_shift > 0 || h.three_shift > 16)
        return FAIL(ERR_RANGE, "a hardswish from scale %g to %g is outside TensorFlow Lite's range", in.scale,
                    out.scale);
    h.to_out = narrow(p);
    h.to_three = narrow(r);
    for (int i = 0; i < 256; i++)
        t->code[i] = clamp_code(hardswish_of(&h, i - in.zero_point) + out.zero_point, all_codes(out));
    return OK;
}

/* Below zero by another factor. */
static status leaky(float slope, struct quant_params in, struct quant_params out, struct engine_table *t)
{
    float ratio = (float)in.scale / (float)out.scale, below = (float)in.scale * slope;
    struct engine_table lower;

    below = below / (float)out.scale;
    TRY(rescale((double)ratio, in, out, 0, all_codes(out), t));
    TRY(rescale((double)below, in, out, 0, all_codes(out), &lower));
    for (int i = 0; i < in.zero_point; i++)
        t->code[i] = lower.code[i];
    return OK;
}

static status of_tflite(enum engine_arithmetic a, const struct model_node *n, struct quant_params in,
                        struct quant_params out, struct deployed_ends ends, struct engine_table *t)
{
    float ratio = (float)in.scale / (float)out.scale;

    switch (n->op) {
    case OP_RELU:
    case OP_RELU6:
    case OP_CLIP:
        return rescale((double)ratio, in, out, 0, ends, t);
    case OP_HARDSWISH:
        return hardswish(in, out, t);
    case OP_LEAKYRELU:
        if (a == ENGINE_TFLITE)
            return leaky((float)n->slope, in, out, t);
        rescale_xnnpack(ratio, ratio * (float)n->slope, in, out, t);
        return OK;
    case OP_SIGMOID:
    case OP_TANH:
        look_up(n->op, in, out, t);
        return OK;
    default:
        return FAIL(ERR_MISMATCH, "TensorFlow Lite has no %s of codes", model_op_name(n->op));
    }
}

/* ---- ONNX Runtime: through real values ----------------------------------------------------------------- */

static float polynomial(float t, const float *term, int terms)
{
    float p = term[0];

    for (int i = 1; i < terms; i++)
        p = fmaf(p, t, term[i]);
    return p;
}

static float sigmoid_ort(float x)
{
    static const float above[] = { 4.37031012579801e-11f, 1.15627324459942e-07f, 6.08574864600143e-05f,
                                   8.51377133304701e-03f, 2.48287947061529e-01f },
                       below[] = { 6.10247389755681e-13f, 5.76102136993427e-09f, 6.29106785017040e-06f,
                                   1.70198817374094e-03f, 1.16817656904453e-01f, 9.93151921023180e-01f };
    float v = x < -18.0f ? -18.0f : x > 18.0f ? 18.0f : x, t = v * v, p = polynomial(t, above, 5) * v, y;

    y = p / polynomial(t, below, 6) + 0.5f;
    return y < 0.0f ? 0.0f : y > 1.0f ? 1.0f : y;
}

static float hardsigmoid_ort(float x)
{
    float y = x * (1.0f / 6.0f) + 0.5f;

    return y < 0.0f ? 0.0f : y > 1.0f ? 1.0f : y;
}

static float function_of(const struct model_node *n, float x)
{
    switch (n->op) {
    case OP_RELU:
        return x < 0.0f ? 0.0f : x;
    case OP_RELU6:
        return x < 0.0f ? 0.0f : x > 6.0f ? 6.0f : x;
    case OP_CLIP:
        return x < (float)n->low ? (float)n->low : x > (float)n->high ? (float)n->high : x;
    case OP_LEAKYRELU:
        return x < 0.0f ? (float)n->slope * x : x;
    case OP_SIGMOID:
        return sigmoid_ort(x);
    case OP_TANH:
        return (float)math_tanh((double)x);
    case OP_SILU:
        return x * sigmoid_ort(x);
    case OP_HARDSIGMOID:
        return hardsigmoid_ort(x);
    case OP_HARDSWISH:
        return x * hardsigmoid_ort(x);
    default:
        return x;
    }
}

/* ---- all ----------------------------------------------------------------------------------------------- */

status tables_make(enum engine_arithmetic a, const struct model_node *n, struct deployed_ends ends,
                   struct quant_params in, struct quant_params out, struct engine_table *t)
{
    t->unchanged = 0;
    if (a != ENGINE_ORT)
        return of_tflite(a, n, in, out, ends, t);
    for (int i = 0; i < 256; i++)
        t->code[i] = (uint8_t)deployed_code(a, function_of(n, real_of(in, i)), out);
    return OK;
}

/* Between signed and unsigned codes XNNPACK's reading has the optimized kernels, whose last (numel mod 16)
 * elements are those of the reference; that is not reproduced. */
status tables_quantize(enum engine_arithmetic a, struct quant_params in, struct quant_params out,
                       struct engine_table *t)
{
    float ratio = (float)in.scale / (float)out.scale;

    t->unchanged = 0;
    if (a == ENGINE_XNNPACK && in.offset == out.offset) {
        rescale_xnnpack(ratio, ratio, in, out, t);
        return OK;
    }
    if (a != ENGINE_ORT)
        return rescale(in.scale / out.scale, in, out, a == ENGINE_XNNPACK, all_codes(out), t);
    for (int i = 0; i < 256; i++)
        t->code[i] = (uint8_t)deployed_code(a, real_of(in, i), out);
    return OK;
}

status tables_join(enum engine_arithmetic a, struct quant_params in, struct quant_params out,
                   struct engine_table *t)
{
    t->unchanged = quant_params_same(in, out);
    if (t->unchanged)
        for (int i = 0; i < 256; i++)
            t->code[i] = (uint8_t)i;
    else if (a == ENGINE_ORT)
        return tables_quantize(a, in, out, t);
    else if (in.offset)
        return FAIL(ERR_MISMATCH, "TensorFlow Lite joins signed codes of one scale and zero point alone");
    else
        join_tflite(in, out, t);
    return OK;
}
