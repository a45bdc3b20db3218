/* src/engine/arithmetic.c: constants and tables of quantized arithmetic (spec numerics 2), made once a plan.
 * Every step is one rounded f32 operation unless it says double. */
#include <math.h>
#include <string.h>

#include "plan.h"

const char *engine_arithmetic_name(enum engine_arithmetic a)
{
    static const char *const names[] = { "auto",           "fbgemm",      "qnnpack", "tflite-reference",
                                         "tflite-xnnpack", "onnxruntime", "pact" };

    return names[a];
}

int engine_saturates(enum engine_arithmetic a, enum engine_saturation how)
{
    return how == ENGINE_SATURATE_ORT ? a == ENGINE_ORT : how != ENGINE_EXACT && a == ENGINE_FBGEMM;
}

void arithmetic_input_real(const struct model_input *in, float table[][256])
{
    for (int c = 0; c < in->channels; c++)
        for (int i = 0; i < 256; i++) {
            float x = (float)i / 255.0f;

            x = x - (float)in->mean[c];
            table[c][i] = x / (float)in->std[c];
        }
}

void arithmetic_input_code(enum engine_arithmetic a, const struct model_input *in, struct quant_params q,
                           uint8_t table[][256])
{
    const struct kernel_quantize how = deployed_quantize(a, q);
    float real[3][256];

    arithmetic_input_real(in, real);
    for (int c = 0; c < in->channels; c++)
        for (int i = 0; i < 256; i++)
            table[c][i] = kernel_code(real[c][i], &how);
}

int arithmetic_low(struct quant_params q, enum engine_relu relu)
{
    return relu == ENGINE_NO_RELU ? q.low : q.zero_point;
}

/* numerics 2.6: clamp(a, b) is one of the codes of a and b. */
int arithmetic_high(struct quant_params q, enum engine_relu relu)
{
    return relu == ENGINE_RELU6 ? quantize_params_value(6.0f, q) : q.high;
}

/* numerics 2.6: the larger factor gets 21 bits below its highest. */
static status add_qnnpack(struct quant_params qa, struct quant_params qb, struct quant_params qo,
                          struct kernel_add_u8 *out)
{
    float alpha = (float)qa.scale / (float)qo.scale, beta = (float)qb.scale / (float)qo.scale;
    int shift = 21 - ilogbf(alpha > beta ? alpha : beta);

    if (shift < 1 || shift > 31)
        return FAIL(ERR_RANGE,
                    "add: input scales %g and %g against output scale %g are outside qnnpack's range",
                    qa.scale, qb.scale, qo.scale);
    out->shift = shift;
    out->a_multiplier = (int32_t)lrintf(ldexpf(alpha, shift));
    out->b_multiplier = (int32_t)lrintf(ldexpf(beta, shift));
    return OK;
}

status arithmetic_add(enum engine_arithmetic a, struct quant_params qa, struct quant_params qb,
                      struct quant_params qo, enum engine_relu relu, struct kernel_add_u8 *out)
{
    if (deployed_family(a))
        return deployed_add(a, qa, qb, qo, relu, out);
    memset(out, 0, sizeof *out);
    out->mode = a == ENGINE_QNNPACK ? ADD_QNNPACK : ADD_FBGEMM;
    out->scale_a = (float)qa.scale;
    out->scale_b = (float)qb.scale;
    out->offset_a = -((float)qa.scale * (float)qa.zero_point);
    out->offset_b = -((float)qb.scale * (float)qb.zero_point);
    out->inverse_out = quantize_inverse(qo.scale);
    out->relu = relu != ENGINE_NO_RELU;
    out->zero_point_a = qa.zero_point;
    out->zero_point_b = qb.zero_point;
    out->zero_point_out = qo.zero_point;
    out->low = arithmetic_low(qo, relu);
    out->high = arithmetic_high(qo, relu);
    return a == ENGINE_QNNPACK ? add_qnnpack(qa, qb, qo, out) : OK;
}

status arithmetic_less(enum engine_arithmetic a, struct kernel_add_u8 *sum)
{
    if (deployed_family(a) != MODEL_TFLITE)
        return FAIL(ERR_MISMATCH,
                    "a difference of codes is TensorFlow Lite's alone, and the arithmetic is %s",
                    engine_arithmetic_name(a));
    if (a == ENGINE_XNNPACK)
        sum->b_multiplier = -sum->b_multiplier;
    else
        sum->mode = ADD_TFLITE_LESS;
    return OK;
}

uint8_t arithmetic_add_tail(const struct kernel_add_u8 *p, int qa, int qb)
{
    float da = p->scale_a * (float)(qa - p->zero_point_a), db = p->scale_b * (float)(qb - p->zero_point_b),
          c = da + db;

    if (p->relu && c < 0.0f)
        c = 0.0f;
    return (uint8_t)quantize_value(c, p->inverse_out, p->zero_point_out, p->low, p->high);
}

status arithmetic_mul(enum engine_arithmetic a, struct quant_params qa, struct quant_params qb,
                      struct quant_params qo, enum engine_relu relu, struct kernel_mul_u8 *out)
{
    float product = (float)qa.scale * (float)qb.scale;

    if (deployed_family(a))
        return deployed_mul(a, qa, qb, qo, relu, out);
    memset(out, 0, sizeof *out);
    out->multiplier = product * quantize_inverse(qo.scale);
    out->zero_point_a = qa.zero_point;
    out->zero_point_b = qb.zero_point;
    out->zero_point_out = qo.zero_point;
    out->low = arithmetic_low(qo, relu);
    out->high = arithmetic_high(qo, relu);
    return OK;
}

void arithmetic_relu(struct quant_params q, enum engine_relu relu, struct engine_table *out)
{
    int low = arithmetic_low(q, relu), high = arithmetic_high(q, relu);

    out->unchanged = 0;
    for (int i = 0; i < 256; i++)
        out->code[i] = (uint8_t)(i < low ? low : i > high ? high : i);
}

static void table_clip(struct quant_params q, float low, float high, struct engine_table *out)
{
    int least = quantize_params_value(low, q), most = quantize_params_value(high, q);

    out->unchanged = 0;
    for (int i = 0; i < 256; i++)
        out->code[i] = (uint8_t)(i < least ? least : i > most ? most : i);
}

static void table_leakyrelu(struct quant_params q, float slope, struct engine_table *out)
{
    out->unchanged = 0;
    for (int i = 0; i < 256; i++) {
        float x = dequantize_value(i, q.scale, q.zero_point);

        out->code[i] = (uint8_t)(x < 0 ? quantize_params_value(x * slope, q) : i);
    }
}

static float clamp06(float x)
{
    return x < 0.0f ? 0.0f : x > 6.0f ? 6.0f : x;
}

/* The real value of a code: qnnpack subtracts first, the others fuse. */
static float real_of(enum engine_arithmetic a, struct quant_params q, int code)
{
    float s = (float)q.scale, offset;

    if (a == ENGINE_QNNPACK)
        return s * (float)(code - q.zero_point);
    offset = -(s * (float)q.zero_point);
    return fmaf(s, (float)code, offset);
}

void arithmetic_hardswish(enum engine_arithmetic a, struct quant_params in, struct quant_params q,
                          struct engine_table *out)
{
    float inverse = quantize_inverse(q.scale), low = (float)q.low, high = (float)q.high;

    out->unchanged = 0;
    for (int i = 0; i < 256; i++) {
        float x = real_of(a, in, i), u = clamp06(x + 3.0f), h = x * u;

        h = h / 6.0f;
        if (a == ENGINE_QNNPACK) {
            float y = inverse * h;

            y = y + (float)q.zero_point;
            y = y < low ? low : y > high ? high : y;
            out->code[i] = (uint8_t)lrintf(y);
        } else {
            out->code[i] = (uint8_t)quantize_value(h, inverse, q.zero_point, q.low, q.high);
        }
    }
}

void arithmetic_hardsigmoid(enum engine_arithmetic a, struct quant_params in, struct quant_params q,
                            struct engine_table *out)
{
    float inverse = quantize_inverse(q.scale);

    out->unchanged = 0;
    for (int i = 0; i < 256; i++) {
        float x = real_of(a, in, i), u = clamp06(x + 3.0f) / 6.0f;

        out->code[i] = (uint8_t)quantize_value(u, inverse, q.zero_point, q.low, q.high);
    }
}

/* numerics 2.8: x / (1 + e^-x) and 1 / (1 + e^-x) in double, rounded once to f32. */
static float gated(struct quant_params in, int code, int silu)
{
    const double far = 700; /* e^700 makes 0 of every f32 */
    double x = (double)real_of(ENGINE_QNNPACK, in, code);

    return (float)((silu ? x : 1.0) / (1.0 + math_exp(fmin(-x, far))));
}

static void table_silu(struct quant_params in, struct quant_params q, struct engine_table *out)
{
    out->unchanged = 0;
    for (int i = 0; i < 256; i++)
        out->code[i] = (uint8_t)quantize_params_value(gated(in, i, 1), q);
}

static void table_tanh(struct quant_params in, struct quant_params q, struct engine_table *out)
{
    out->unchanged = 0;
    for (int i = 0; i < 256; i++) {
        double x = (double)dequantize_value((uint8_t)i, in.scale, in.zero_point);

        out->code[i] = (uint8_t)quantize_params_value((float)math_tanh(x), q);
    }
}

static void table_gelu(const struct kernel_table *k, int approximate, struct quant_params in,
                       struct quant_params q, struct engine_table *out)
{
    float x[256], y[256];

    out->unchanged = 0;
    for (int i = 0; i < 256; i++)
        x[i] = dequantize_value((uint8_t)i, in.scale, in.zero_point);
    (approximate ? k->gelu_tanh_f32 : k->gelu_f32)(x, 256, y, 256, 1, 256);
    for (int i = 0; i < 256; i++)
        out->code[i] = (uint8_t)quantize_params_value(y[i], q);
}

static void table_sigmoid(struct quant_params in, struct quant_params q, struct engine_table *out)
{
    out->unchanged = 0;
    for (int i = 0; i < 256; i++)
        out->code[i] = (uint8_t)quantize_params_value(gated(in, i, 0), q);
}

void arithmetic_activation(const struct kernel_table *k, enum engine_arithmetic a, const struct model_node *n,
                           enum engine_relu relu, struct quant_params in, struct quant_params q,
                           struct engine_table *out)
{
    if (n->op == OP_CLIP)
        table_clip(q, (float)n->low, (float)n->high, out);
    else if (n->op == OP_LEAKYRELU)
        table_leakyrelu(q, (float)n->slope, out);
    else if (model_is_relu(n->op))
        arithmetic_relu(q, relu, out);
    else if (n->op == OP_HARDSWISH)
        arithmetic_hardswish(a, in, q, out);
    else if (n->op == OP_HARDSIGMOID)
        arithmetic_hardsigmoid(a, in, q, out);
    else if (n->op == OP_SILU)
        table_silu(in, q, out);
    else if (n->op == OP_TANH)
        table_tanh(in, q, out);
    else if (n->op == OP_GELU)
        table_gelu(k, n->approximate, in, q, out);
    else
        table_sigmoid(in, q, out);
}

void arithmetic_requantize(struct quant_params in, struct quant_params q, int fused, struct engine_table *out)
{
    float inverse = quantize_inverse(q.scale);

    out->unchanged = quant_params_same(in, q);
    for (int i = 0; i < 256; i++) {
        float x = real_of(fused ? ENGINE_FBGEMM : ENGINE_QNNPACK, in, i);

        out->code[i] =
            (uint8_t)(out->unchanged ? i : quantize_value(x, inverse, q.zero_point, q.low, q.high));
    }
}

float arithmetic_average_factor(enum engine_arithmetic a, struct quant_params q, int pixels)
{
    float s = (float)q.scale, product;

    if (a != ENGINE_QNNPACK)
        return 1.0f / (float)pixels;
    product = s * (float)pixels;
    return s / product;
}

/* torch's cascade_sum for up to 65,536 rows: blocks of 16 into the first accumulator, which is carried to the
 * second after each block, that to the third after 16 blocks, and so on; at the end the first takes the
 * others in turn. */
enum { CASCADE_LEVELS = 4, CASCADE_BLOCK = 16, CASCADE_CHANNELS = 64 };

static void cascade(const uint8_t *in, int pixels, int channels, int pitch, struct quant_params q,
                    float acc[CASCADE_LEVELS][CASCADE_CHANNELS])
{
    float s = (float)q.scale;

    memset(acc, 0, sizeof(float) * CASCADE_LEVELS * CASCADE_CHANNELS);
    for (int i = 0; i < pixels; i++) {
        const uint8_t *row = in + (size_t)i * (size_t)pitch;
        int done = i + 1;

        for (int c = 0; c < channels; c++)
            acc[0][c] += s * (float)(row[c] - q.zero_point);
        for (int level = 1; level < CASCADE_LEVELS && done % CASCADE_BLOCK == 0;
             level++, done /= CASCADE_BLOCK)
            for (int c = 0; c < channels; c++) {
                acc[level][c] += acc[level - 1][c];
                acc[level - 1][c] = 0.0f;
            }
    }
    for (int level = 1; level < CASCADE_LEVELS; level++)
        for (int c = 0; c < channels; c++)
            acc[0][c] += acc[level][c];
}

void arithmetic_mean(const uint8_t *in, int pixels, int channels, int pitch, struct quant_params q,
                     uint8_t *out)
{
    float acc[CASCADE_LEVELS][CASCADE_CHANNELS], inverse = quantize_inverse(q.scale);

    for (int first = 0; first < channels; first += CASCADE_CHANNELS) {
        int count = channels - first < CASCADE_CHANNELS ? channels - first : CASCADE_CHANNELS;

        cascade(in + first, pixels, count, pitch, q, acc);
        for (int c = 0; c < count; c++)
            out[first + c] =
                (uint8_t)quantize_value(acc[0][c] / (float)pixels, inverse, q.zero_point, q.low, q.high);
    }
}
