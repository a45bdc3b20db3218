/* src/engine/pack.c: one layer's parameters, from the checkpoint to what a kernel takes. Layers are loaded
 * one at a time, so that raw and packed copies of a whole network never lie side by side. */
#include <math.h>

#include "step.h"

static size_t lanes(int channels)
{
    return ((size_t)channels + ENGINE_LANES - 1) / ENGINE_LANES * ENGINE_LANES;
}

static int depthwise(const struct engine_step *s)
{
    return s->groups > 1 && s->shape.ic == 1 && s->shape.oc == 1;
}

/* rne(b * inverse) as qint32. */
static int32_t bias_code(float b, float inverse)
{
    float v = b * inverse;

    if (!(v < 2147483648.0f))
        return INT32_MAX;
    return v < -2147483648.0f ? INT32_MIN : (int32_t)lrintf(v);
}

/* numerics 2.2 and 2.3. */
static status requantization(const struct engine *e, struct engine_step *s, const struct model_layer *layer,
                             struct quant_params in, struct quant_params out, enum engine_relu relu)
{
    size_t n = lanes(layer->oc);
    float *multiplier, *bias_real, s_x = (float)in.scale, s_o = (float)out.scale;
    int32_t *bias_int;

    MEM_TRY(s->constants, 3 * n, sizeof(float));
    multiplier = s->constants;
    bias_real = multiplier + n;
    bias_int = (int32_t *)(bias_real + n);
    for (int c = 0; c < layer->oc; c++) {
        double scale = layer->scale[layer->scales == 1 ? 0 : c];
        float t = s_x * (float)scale;

        if (e->arithmetic == ENGINE_QNNPACK) {
            float product = (float)(scale * in.scale);

            multiplier[c] = t * (1.0f / s_o);
            bias_int[c] = bias_code(layer->bias[c], 1.0f / product);
        } else {
            multiplier[c] = t / s_o;
            bias_real[c] = layer->scales == 1 ? layer->bias[c] : layer->bias[c] / t;
            s->requant.inverse = (float)(1.0 / (double)t);
        }
    }
    s->requant.mode = e->arithmetic == ENGINE_QNNPACK ? REQUANT_QNNPACK
                      : layer->scales == 1            ? REQUANT_FBGEMM_TENSOR
                                                      : REQUANT_FBGEMM_CHANNEL;
    s->requant.multiplier = multiplier;
    s->requant.bias_real = bias_real;
    s->requant.bias_int = bias_int;
    s->requant.zero_point_out = out.zero_point;
    s->requant.low = arithmetic_low(out, relu);
    s->requant.high = arithmetic_high(out, relu);
    return OK;
}

static size_t packed_bytes(const struct engine *e, const struct engine_step *s,
                           const struct kernel_conv *shape)
{
    const struct kernel_table *k = s->kernels;

    if (e->form == PRECISION_REAL)
        return depthwise(s) ? k->depthwise_f32_packed_bytes(shape) : k->conv_f32_packed_bytes(shape);
    return depthwise(s) ? k->depthwise_u8_packed_bytes(shape) : k->conv_u8_packed_bytes(shape);
}

static size_t scratch_bytes(const struct engine *e, const struct engine_step *s,
                            const struct kernel_conv *shape)
{
    const struct kernel_table *k = s->kernels;

    if (e->form == PRECISION_REAL)
        return depthwise(s) ? k->depthwise_f32_scratch_bytes(shape) : k->conv_f32_scratch_bytes(shape);
    return depthwise(s) ? k->depthwise_u8_scratch_bytes(shape) : k->conv_u8_scratch_bytes(shape);
}

static void pack_group(const struct engine *e, const struct engine_step *s, const struct kernel_conv *shape,
                       const struct model_layer *layer, int group)
{
    const struct kernel_table *k = s->kernels;
    size_t from = (size_t)group * (size_t)shape->oc,
           each = (size_t)layer->ic * (size_t)layer->kh * (size_t)layer->kw;
    char *to = (char *)s->packed + (size_t)group * s->packed_bytes;

    if (e->form == PRECISION_REAL && depthwise(s))
        k->depthwise_f32_pack(shape, layer->weight_real, layer->bias, to);
    else if (e->form == PRECISION_REAL)
        k->conv_f32_pack(shape, layer->weight_real + from * each, layer->bias + from, to);
    else if (depthwise(s))
        k->depthwise_u8_pack(shape, layer->weight_int, to);
    else
        k->conv_u8_pack(shape, layer->weight_int + from * each, to);
}

static status pack_loaded(struct engine *e, struct engine_step *s, const struct model_layer *layer)
{
    struct kernel_conv shape = s->shape;
    int groups = s->groups;

    if (depthwise(s)) {
        shape.ic = shape.oc = layer->oc;
        groups = 1;
    }
    s->packed_bytes = (packed_bytes(e, s, &shape) + ENGINE_LANES - 1) / ENGINE_LANES * ENGINE_LANES;
    MEM_TRY(s->packed, (size_t)groups, s->packed_bytes);
    for (int g = 0; g < groups; g++)
        pack_group(e, s, &shape, layer, g);
    if (scratch_bytes(e, s, &shape) > e->scratch_bytes)
        e->scratch_bytes = scratch_bytes(e, s, &shape);
    e->weight_bytes +=
        (size_t)groups * s->packed_bytes + (s->constants ? 3 * lanes(layer->oc) * sizeof(float) : 0);
    s->run = depthwise(s) ? run_depthwise : run_conv;
    s->shape = shape;
    s->groups = groups;
    return OK;
}

status pack_layer(struct engine *e, struct engine_step *s, const struct model_binding *b, int node,
                  struct quant_params in, struct quant_params out, enum engine_relu relu)
{
    struct model_layer layer = { 0 };
    status result = OK;

    TRY(model_layer_load(b, node, &layer));
    BUG_IF(layer.oc != s->shape.oc * s->groups || layer.ic != s->shape.ic || layer.kh != s->shape.kh ||
           layer.kw != s->shape.kw);
    s->shape.zero_point_in = in.zero_point;
    if (e->form == PRECISION_CODES)
        TRY_OUT(requantization(e, s, &layer, in, out, relu));
    TRY_OUT(pack_loaded(e, s, &layer));
out:
    model_layer_free(&layer);
    return result;
}
