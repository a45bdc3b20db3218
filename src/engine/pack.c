/* src/engine/pack.c: one layer's parameters, from the checkpoint to what a kernel takes. Layers are loaded
 * one at a time, real ones in parts, so that raw and packed copies never lie side by side. */
#include <math.h>

#include "plan.h"

/* ---- the packed form ----------------------------------------------------------------------------------- */

size_t pack_take(struct engine_head *head, size_t bytes)
{
    size_t at = head->weight_bytes;

    head->weight_bytes += plan_lanes(bytes);
    return at;
}

const struct kernel_table *pack_kernels(const struct engine_plan *p, const struct engine_conv *c)
{
    return c->saturation == KERNEL_EXACT ? p->kernels : p->reference;
}

struct kernel_requant pack_requant(const struct engine_plan *p, const struct engine_conv *c, int group)
{
    struct kernel_requant q = c->requant;
    const void *constants = p->weights + c->constants;

    q.multiplier = (const float *)constants + group * c->shape.oc;
    q.bias_real = q.multiplier + c->lanes;
    q.fixed = (const int32_t *)constants + group * c->shape.oc;
    q.shift = q.fixed + c->lanes;
    q.bias_int = q.shift + c->lanes;
    q.weight_zero_point = c->zero_points ? q.bias_int + c->lanes : NULL;
    return q;
}

/* Rows of constants: of deployed files there is one more. */
static size_t constant_rows(const struct engine_head *head)
{
    return deployed_family(head->arithmetic) == MODEL_TORCH ? 3 : 4;
}

static size_t packed_bytes(const struct engine_plan *p, const struct engine_conv *c, int depthwise)
{
    const struct kernel_table *k = pack_kernels(p, c);

    if (c->tile)
        return k->winograd_f32_packed_bytes(&c->shape);
    if (c->codes)
        return depthwise ? k->depthwise_u8_packed_bytes(&c->shape) : k->conv_u8_packed_bytes(&c->shape);
    return depthwise ? k->depthwise_f32_packed_bytes(&c->shape) : k->conv_f32_packed_bytes(&c->shape);
}

static size_t scratch_bytes(const struct engine_plan *p, const struct engine_conv *c, int depthwise)
{
    const struct kernel_table *k = pack_kernels(p, c);

    if (c->tile)
        return k->winograd_f32_scratch_bytes(&c->shape);
    if (c->codes)
        return depthwise ? k->depthwise_u8_scratch_bytes(&c->shape) : k->conv_u8_scratch_bytes(&c->shape);
    return depthwise ? k->depthwise_f32_scratch_bytes(&c->shape) : k->conv_f32_scratch_bytes(&c->shape);
}

enum engine_kind pack_shape(struct engine_head *head, const struct engine_plan *p, struct engine_conv *c)
{
    int depthwise = c->groups > 1 && c->shape.ic == 1 && c->shape.oc == 1;
    size_t scratch;

    if (depthwise) {
        c->shape.ic = c->shape.oc = c->groups;
        c->groups = 1;
    }
    c->packed_bytes = plan_lanes(packed_bytes(p, c, depthwise));
    c->packed = pack_take(head, (size_t)c->groups * c->packed_bytes);
    if (c->codes) {
        c->lanes = plan_lanes((size_t)c->shape.oc * (size_t)c->groups);
        c->constants = pack_take(head, constant_rows(head) * c->lanes * sizeof(float));
    }
    scratch = scratch_bytes(p, c, depthwise);
    if (scratch > head->scratch_bytes)
        head->scratch_bytes = scratch;
    return depthwise ? KIND_DEPTHWISE : c->tile ? KIND_WINOGRAD : KIND_CONV;
}

void pack_unit_room(struct engine_head *head, const struct engine_plan *p, struct engine_unit *u)
{
    const struct kernel_table *k = p->kernels;
    size_t scratch =
        plan_codes(p) ? k->unit_u8_scratch_bytes(&u->shape) : k->unit_f32_scratch_bytes(&u->shape);

    u->packed = pack_take(head, plan_codes(p) ? k->unit_u8_packed_bytes(&u->shape)
                                              : k->unit_f32_packed_bytes(&u->shape));
    for (int i = 0; plan_codes(p) && i < KERNEL_UNIT_PARTS; i++) {
        u->layer[i].lanes = plan_lanes((size_t)u->shape.part[i].oc);
        u->layer[i].constants = pack_take(head, constant_rows(head) * u->layer[i].lanes * sizeof(float));
    }
    if (scratch > head->scratch_bytes)
        head->scratch_bytes = scratch;
}

void pack_affine_room(struct engine_head *head, int channels, struct engine_affine *a)
{
    a->lanes = plan_lanes((size_t)channels);
    a->constants = pack_take(head, 2 * a->lanes * sizeof(float));
}

/* ---- a layer's values ---------------------------------------------------------------------------------- */

/* rne(b * inverse) as qint32. */
static int32_t bias_code(float b, float inverse)
{
    float v = b * inverse;

    if (!(v < 2147483648.0f))
        return INT32_MAX;
    return v < -2147483648.0f ? INT32_MIN : (int32_t)lrintf(v);
}

/* numerics 2.2 and 2.3. constants: three rows of c->lanes. */
static void torch_requantization(const struct engine_plan *p, const struct model_layer *layer,
                                 struct quant_params in, struct quant_params out, enum engine_relu relu,
                                 struct engine_conv *c, uint8_t *constants)
{
    int qnnpack = p->head->arithmetic == ENGINE_QNNPACK;
    float *multiplier = (float *)(void *)constants, *bias_real = multiplier + c->lanes;
    float s_x = (float)in.scale, s_o = (float)out.scale;
    int32_t *bias_int = (int32_t *)(void *)constants + 2 * c->lanes;

    for (int i = 0; i < layer->oc; i++) {
        double scale = layer->scale[layer->scales == 1 ? 0 : i];
        float t = s_x * (float)scale;

        if (qnnpack) {
            float product = (float)(scale * in.scale);

            multiplier[i] = t * (1.0f / s_o);
            bias_int[i] = bias_code(layer->bias[i], 1.0f / product);
        } else {
            multiplier[i] = t / s_o;
            bias_real[i] = layer->scales == 1 ? layer->bias[i] : layer->bias[i] / t;
            c->requant.inverse = (float)(1.0 / (double)t);
        }
    }
    c->requant.mode = qnnpack              ? REQUANT_QNNPACK
                      : layer->scales == 1 ? REQUANT_FBGEMM_TENSOR
                                           : REQUANT_FBGEMM_CHANNEL;
    c->requant.zero_point_out = out.zero_point;
    c->requant.low = arithmetic_low(out, relu);
    c->requant.high = arithmetic_high(out, relu);
}

static status requantization(const struct engine_plan *p, const struct model_binding *b,
                             const struct model_layer *layer, const struct pack_job *job,
                             struct engine_conv *c, uint8_t *constants)
{
    if (deployed_family(p->head->arithmetic) == MODEL_TORCH)
        torch_requantization(p, layer, job->in, job->out, job->relu, c, constants);
    else if (deployed_layer(p->head->arithmetic, layer, job, c, constants) != OK)
        return error_prefix(ERR_RANGE, "%s", b->model->node[job->node].name);
    return OK;
}

static void pack_group(const struct engine_plan *p, const struct engine_conv *c,
                       const struct model_layer *layer, int depthwise, int group, uint8_t *to)
{
    const struct kernel_table *k = pack_kernels(p, c);
    size_t from = (size_t)group * (size_t)c->shape.oc,
           each = (size_t)layer->ic * (size_t)layer->kh * (size_t)layer->kw;

    if (c->codes && depthwise)
        k->depthwise_u8_pack(&c->shape, layer->weight_int, to);
    else if (c->codes)
        k->conv_u8_pack(&c->shape, layer->weight_int + from * each, to);
    else if (depthwise)
        k->depthwise_f32_pack(&c->shape, layer->weight_real, layer->bias, to);
    else
        k->conv_f32_pack(&c->shape, layer->weight_real + from * each, layer->bias + from, to);
}

/* Real weights, some output channels at a time. */
static status pack_parts(const struct engine_plan *p, const struct model_binding *b, int node,
                         const struct engine_conv *c, uint8_t *to)
{
    const struct kernel_table *k = pack_kernels(p, c);
    struct kernel_conv part = c->shape;
    struct model_layer layer;

    for (int first = 0; first < c->shape.oc; first += KERNEL_CONV_F32_PART) {
        TRY(model_layer_rows(b, node, first, KERNEL_CONV_F32_PART, &layer));
        BUG_IF(layer.ic != part.ic || layer.kh != part.kh || layer.kw != part.kw);
        part.oc = layer.oc;
        if (c->tile) {
            k->winograd_f32_pack(&c->shape, first, part.oc, layer.weight_real, layer.bias, to);
        } else {
            k->conv_f32_pack(&part, layer.weight_real, layer.bias, to);
            to += k->conv_f32_packed_bytes(&part);
        }
        model_layer_free(&layer);
        table_rest(b->weights);
    }
    return OK;
}

status pack_layer(const struct engine_plan *p, const struct model_binding *b, const struct pack_job *job,
                  struct engine_conv *c, uint8_t *weights)
{
    int depthwise = job->kind == KIND_DEPTHWISE;
    struct model_layer layer = { 0 };
    status result = OK;

    if (b->form == PRECISION_REAL && c->groups == 1 && !depthwise)
        return pack_parts(p, b, job->node, c, weights + c->packed);
    TRY(model_layer_load(b, job->node, &layer));
    BUG_IF(layer.oc != c->shape.oc * c->groups || layer.ic != (depthwise ? 1 : c->shape.ic) ||
           layer.kh != c->shape.kh || layer.kw != c->shape.kw);
    if (c->codes)
        TRY_OUT(requantization(p, b, &layer, job, c, weights + c->constants));
    for (int g = 0; g < c->groups; g++)
        pack_group(p, c, &layer, depthwise, g, weights + c->packed + (size_t)g * c->packed_bytes);
out:
    model_layer_free(&layer);
    return result;
}

status pack_unit(const struct engine_plan *p, const struct model_binding *b, const struct pack_job *job,
                 struct engine_unit *u, uint8_t *weights)
{
    const struct kernel_conv *s = &u->shape.part[job->part];
    struct engine_conv *c = &u->layer[job->part];
    struct model_layer layer = { 0 };
    status result = OK;

    TRY(model_layer_load(b, job->node, &layer));
    BUG_IF(layer.oc != s->oc || layer.ic != (job->part == KERNEL_UNIT_DEPTHWISE ? 1 : s->ic) ||
           layer.kh != s->kh || layer.kw != s->kw);
    if (plan_codes(p)) {
        TRY_OUT(requantization(p, b, &layer, job, c, weights + c->constants));
        p->kernels->unit_u8_pack(&u->shape, job->part, layer.weight_int, weights + u->packed);
    } else {
        p->kernels->unit_f32_pack(&u->shape, job->part, layer.weight_real, layer.bias, weights + u->packed);
    }
out:
    model_layer_free(&layer);
    return result;
}

/* numerics 2.8: a = k * (s_i / s_o), b = shift / s_o; the ratio and its product with k in double, as torch
 * has them. */
status pack_affine(const struct engine_plan *p, const struct model_binding *b, const struct pack_job *job,
                   const struct engine_affine *a, uint8_t *weights)
{
    float *scale = (float *)(void *)(weights + a->constants), *shift = scale + a->lanes;
    double ratio = job->in.scale / job->out.scale;
    float s_o = (float)job->out.scale;
    struct model_affine affine = { 0 };

    TRY(model_affine_load(b, job->node, &affine));
    for (int c = 0; c < affine.channels; c++) {
        scale[c] = job->out.scale > 0 ? (float)((double)affine.scale[c] * ratio) : affine.scale[c];
        shift[c] = job->out.scale > 0 ? affine.shift[c] / s_o : affine.shift[c];
    }
    model_affine_free(&affine);
    return OK;
}
