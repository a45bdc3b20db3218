/* src/engine/deployed.c: constants of the arithmetics of deployed files (deployed-files 2 and 4): layers,
 * sums and products. Every step is one rounded f32 operation unless it says double. */
#include <math.h>
#include <string.h>

#include "plan.h"

enum model_family deployed_family(enum engine_arithmetic a)
{
    return a == ENGINE_TFLITE || a == ENGINE_XNNPACK ? MODEL_TFLITE
           : a == ENGINE_ORT                         ? MODEL_ONNXRUNTIME
                                                     : MODEL_TORCH;
}

status deployed_fixed(double factor, int32_t *multiplier, int32_t *shift)
{
    int exponent;
    int64_t m;

    if (!(factor < 0x1p31))
        return FAIL(ERR_RANGE, "a factor of %g between its scales is beyond 2^31", factor);
    m = llround(frexp(factor, &exponent) * 0x1p31);
    if (m == INT64_C(1) << 31) {
        m /= 2;
        exponent++;
    }
    if (exponent < -31)
        m = exponent = 0;
    *multiplier = (int32_t)m;
    *shift = exponent;
    return OK;
}

struct kernel_quantize deployed_quantize(enum engine_arithmetic a, struct quant_params q)
{
    enum kernel_quantize_mode mode = a == ENGINE_TFLITE    ? QUANTIZE_TFLITE
                                     : a == ENGINE_XNNPACK ? QUANTIZE_XNNPACK
                                     : a == ENGINE_ORT     ? QUANTIZE_ORT
                                                           : QUANTIZE_TORCH;
    int divides = mode == QUANTIZE_ORT || mode == QUANTIZE_TFLITE;

    return (struct kernel_quantize){ mode, divides ? (float)q.scale : quantize_inverse(q.scale), q.zero_point,
                                     q.low, q.high };
}

int deployed_code(enum engine_arithmetic a, float x, struct quant_params q)
{
    const struct kernel_quantize how = deployed_quantize(a, q);

    return kernel_code(x, &how);
}

/* The code of an activation's end: TensorFlow Lite's, whatever runs it. */
static int end_of(enum engine_arithmetic a, float x, struct quant_params q)
{
    return deployed_code(a == ENGINE_ORT ? a : ENGINE_TFLITE, x, q);
}

struct deployed_ends deployed_ends(enum engine_arithmetic a, struct quant_params q, float low, float high)
{
    return (struct deployed_ends){ end_of(a, low, q), end_of(a, high, q) };
}

struct deployed_ends deployed_relu(enum engine_arithmetic a, struct quant_params q, enum engine_relu relu)
{
    return deployed_ends(a, q, relu == ENGINE_NO_RELU ? -INFINITY : 0.0f,
                         relu == ENGINE_RELU6 ? 6.0f : INFINITY);
}

/* ---- layers -------------------------------------------------------------------------------------------- */

static int at(const struct model_layer *l, int channel)
{
    return l->scales == 1 ? 0 : channel;
}

/* TensorFlow Lite rounds the product of the scales of layers with unsigned codes. */
static double tflite_factor(struct quant_params in, double weight, struct quant_params out)
{
    float product = (float)in.scale * (float)weight;

    return in.offset ? in.scale * weight / out.scale : (double)product / out.scale;
}

/* Whatever a sum and its bias are, less than 2^31 each: half of that is within 32 bits. */
#define MOST_MULTIPLIER 0.5f

/* May a sum times its multiplier leave 32 bits? */
static int overflows(const struct model_layer *l, int channel, float multiplier)
{
    double terms = (double)l->ic * l->kh * l->kw * (255.0 * 255.0) + fabs((double)l->bias_int[channel]);

    return !(terms * (double)multiplier < 0x1p31);
}

int deployed_is_plain(const struct model_binding *b, int node)
{
    const struct model_node *n = &b->model->node[node];
    const struct tensor *weight = model_tensor(b, n->weight, ".weight");
    float in = (float)b->q[n->input[0]].scale, out = (float)b->q[node].scale;

    if (in == 0 || out == 0 || !weight || weight->quantization == TENSOR_REAL)
        return 0;
    for (int i = 0; i < weight->channels; i++) {
        float product = in * (float)weight->scale[i], multiplier = product / out;

        if (weight->zero_point[i] != 0 || !(multiplier < MOST_MULTIPLIER))
            return 0;
    }
    return 1;
}

static status constants_of(enum engine_arithmetic a, const struct model_layer *l, const struct pack_job *job,
                           int channel, struct engine_conv *c, uint8_t *constants)
{
    double weight = l->scale[at(l, channel)];
    float product = (float)job->in.scale * (float)weight, *multiplier = (float *)(void *)constants;
    int32_t *fixed = (int32_t *)(void *)constants;

    if (job->out.scale == 0) {
        multiplier[channel] = product;
    } else if (a == ENGINE_TFLITE && job->kind == KIND_SUM) {
        ((double *)(void *)constants)[channel] = job->in.scale * weight / job->out.scale;
    } else if (a == ENGINE_TFLITE) {
        TRY(deployed_fixed(tflite_factor(job->in, weight, job->out), &fixed[channel],
                           &fixed[c->lanes + (size_t)channel]));
    } else {
        multiplier[channel] = product / (float)job->out.scale;
        c->requant.nearest |= overflows(l, channel, multiplier[channel]);
    }
    return OK;
}

status deployed_layer(enum engine_arithmetic a, const struct model_layer *l, const struct pack_job *job,
                      struct engine_conv *c, uint8_t *constants)
{
    int32_t *bias = (int32_t *)(void *)constants + 2 * c->lanes, *zero_point = bias + c->lanes;
    struct deployed_ends ends = { 0, 255 };

    if (job->out.scale > 0)
        ends = deployed_relu(a, job->out, job->relu);
    for (int i = 0; i < l->oc; i++) {
        bias[i] = l->bias_int[i];
        zero_point[i] = l->zero_point ? l->zero_point[at(l, i)] : 0;
        c->zero_points |= zero_point[i] != 0;
        TRY(constants_of(a, l, job, i, c, constants));
    }
    c->requant.mode = job->kind == KIND_SUM ? REQUANT_SUM
                      : a == ENGINE_TFLITE  ? REQUANT_TFLITE
                                            : REQUANT_QNNPACK;
    c->requant.zero_point_out = job->out.zero_point;
    c->requant.low = ends.low;
    c->requant.high = ends.high;
    return OK;
}

/* ---- sums and products --------------------------------------------------------------------------------- */

static status add_tflite(struct quant_params qa, struct quant_params qb, struct quant_params qo,
                         struct kernel_add_u8 *out)
{
    float larger = qa.scale > qb.scale ? (float)qa.scale : (float)qb.scale, twice = 2.0f * larger,
          unit = 0x1p20f * (float)qo.scale;

    TRY(deployed_fixed(qa.scale / (double)twice, &out->a_multiplier, &out->a_shift));
    TRY(deployed_fixed(qb.scale / (double)twice, &out->b_multiplier, &out->b_shift));
    return deployed_fixed((double)twice / (double)unit, &out->out_multiplier, &out->shift);
}

static status add_xnnpack(struct quant_params qa, struct quant_params qb, struct quant_params qo,
                          struct kernel_add_u8 *out)
{
    float a = (float)qa.scale / (float)qo.scale, b = (float)qb.scale / (float)qo.scale,
          larger = a > b ? a : b, smaller = a > b ? b : a;

    if (!(smaller >= 0x1p-10f && larger < 0x1p8f))
        return FAIL(ERR_RANGE,
                    "input scales %g and %g against output scale %g are outside XNNPACK's range, and what "
                    "takes its place is not imitated: use engine = tflite-reference",
                    qa.scale, qb.scale, qo.scale);
    out->shift = 20 - ilogbf(larger);
    out->a_multiplier = (int32_t)lrintf(ldexpf(a, out->shift));
    out->b_multiplier = (int32_t)lrintf(ldexpf(b, out->shift));
    return OK;
}

/* Zero points are those of the file's codes, and so is what the sum is rounded to. */
static void add_ort(struct quant_params qa, struct quant_params qb, struct quant_params qo,
                    struct kernel_add_u8 *out)
{
    float a = (float)qa.scale / (float)qo.scale, b = (float)qb.scale / (float)qo.scale;
    float from_b = b * (float)(qb.zero_point - qb.offset),
          from = fmaf(a, (float)(qa.zero_point - qa.offset), from_b);

    out->scale_a = a;
    out->scale_b = b;
    out->offset_a = (float)(qo.zero_point - qo.offset) - from;
    out->zero_point_a = qa.offset;
    out->zero_point_b = qb.offset;
    out->zero_point_out = qo.offset;
}

status deployed_add(enum engine_arithmetic a, struct quant_params qa, struct quant_params qb,
                    struct quant_params qo, enum engine_relu relu, struct kernel_add_u8 *out)
{
    struct deployed_ends ends = deployed_relu(a, qo, relu);

    *out = (struct kernel_add_u8){ .mode = a == ENGINE_TFLITE    ? ADD_TFLITE
                                           : a == ENGINE_XNNPACK ? ADD_XNNPACK
                                                                 : ADD_ORT,
                                   .zero_point_a = qa.zero_point,
                                   .zero_point_b = qb.zero_point,
                                   .zero_point_out = qo.zero_point,
                                   .low = ends.low,
                                   .high = ends.high };
    if (a == ENGINE_TFLITE)
        return add_tflite(qa, qb, qo, out);
    if (a == ENGINE_XNNPACK)
        return add_xnnpack(qa, qb, qo, out);
    add_ort(qa, qb, qo, out);
    return OK;
}

status deployed_mul(enum engine_arithmetic a, struct quant_params qa, struct quant_params qb,
                    struct quant_params qo, enum engine_relu relu, struct kernel_mul_u8 *out)
{
    struct deployed_ends ends = deployed_relu(a, qo, relu);
    float product = (float)qa.scale * (float)qb.scale;

    *out = (struct kernel_mul_u8){ .mode = a == ENGINE_TFLITE    ? MUL_TFLITE
                                           : a == ENGINE_XNNPACK ? MUL_PLAIN
                                                                 : MUL_ORT,
                                   .multiplier = product / (float)qo.scale,
                                   .zero_point_a = qa.zero_point,
                                   .zero_point_b = qb.zero_point,
                                   .zero_point_out = qo.zero_point,
                                   .low = ends.low,
                                   .high = ends.high };
    if (a == ENGINE_XNNPACK && !(out->multiplier >= 0x1p-16f && out->multiplier < 0x1p8f))
        return FAIL(
            ERR_RANGE,
            "the product of input scales %g and %g against output scale %g is outside XNNPACK's range, "
            "and what takes its place is not imitated: use engine = tflite-reference",
            qa.scale, qb.scale, qo.scale);
    if (a == ENGINE_ORT) {
        out->added = (float)(qo.zero_point - qo.offset);
        out->zero_point_out = qo.offset;
    }
    return a == ENGINE_TFLITE ? deployed_fixed((double)out->multiplier, &out->fixed, &out->shift) : OK;
}
