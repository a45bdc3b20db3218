/* src/model/bind.c: which tensors of a checkpoint are whose, and what the outputs' codes stand for. */
#include "model_parts.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { FULL_NAME = 1200 }; /* more than a tensor's name and a suffix */

static const struct model_node *node_of(const struct model_binding *b, int node)
{
    return &b->model->node[node];
}

/* ---- one layer's tensors --------------------------------------------------------------------------- */

const struct tensor *model_tensor(const struct model_binding *b, const char *prefix, const char *suffix)
{
    char name[FULL_NAME];

    snprintf(name, sizeof name, "%s%s", prefix, suffix);
    return table_find(b->weights, name);
}

/* "CHECKPOINT: tensor NAME is (...), but MODEL:LINE (op node) needs WHAT". */
static status mismatch(const struct model_binding *b, const struct model_node *n, const char *name,
                       const struct tensor *t, const char *needed)
{
    char is[128];

    return FAIL(ERR_MISMATCH, "%s: tensor %s is %s, but %s:%d (%s %s) needs %s", b->weights->source, name,
                tensor_describe(t, is, sizeof is), b->model->source, n->line, model_op_name(n->op), n->name,
                needed);
}

static const char *name_of(const struct model_binding *b, const struct tensor *t)
{
    const struct tensor_entry *entry =
        (const struct tensor_entry *)(const void *)((const char *)t - offsetof(struct tensor_entry, tensor));

    BUG_IF(entry < b->weights->entry || entry >= b->weights->entry + b->weights->count);
    return entry->name;
}

static int is_float(const struct tensor *t)
{
    return t->quantization == TENSOR_REAL && (t->dtype == DTYPE_F32 || t->dtype == DTYPE_F64 ||
                                              t->dtype == DTYPE_F16 || t->dtype == DTYPE_BF16);
}

/* A vector of one real number per output channel. */
static status check_vector(const struct model_binding *b, const struct model_node *n, const struct tensor *t)
{
    char needed[64];

    if (is_float(t) && t->rank == 1 && t->dim[0] == n->c)
        return OK;
    snprintf(needed, sizeof needed, "(%d) f32", n->c);
    return mismatch(b, n, name_of(b, t), t, needed);
}

static status check_codes(const struct model_binding *b, const struct model_node *n, const struct tensor *t)
{
    int per_channel = t->quantization == TENSOR_PER_CHANNEL;

    if (per_channel && (t->axis != 0 || t->channels != n->c))
        return mismatch(b, n, name_of(b, t), t, "its scales on axis 0");
    for (int i = 0; i < t->channels; i++) {
        if (!(t->scale[i] > 0) || !isfinite(t->scale[i]))
            return mismatch(b, n, name_of(b, t), t, "positive scales");
        if (t->zero_point[i] != 0)
            return mismatch(b, n, name_of(b, t), t, "weights with zero point 0");
    }
    return OK;
}

static status check_weight(const struct model_binding *b, const struct model_node *n,
                           const struct model_sources *s)
{
    int codes = b->precision == MODEL_INT8 && !b->qat;
    const struct tensor *t = s->weight;
    int64_t dim[4] = { s->oc, s->ic, s->kh, s->kw };
    int rank = n->op == OP_CONV ? 4 : 2;
    int fits = t->rank == rank && memcmp(t->dim, dim, (size_t)rank * sizeof *dim) == 0;
    char needed[96];

    if (fits && codes && t->dtype == DTYPE_S8 && t->quantization != TENSOR_REAL)
        return check_codes(b, n, t);
    if (fits && !codes && is_float(t))
        return OK;
    if (rank == 4)
        snprintf(needed, sizeof needed, "(%d, %d, %d, %d) %s", s->oc, s->ic, s->kh, s->kw,
                 codes ? "s8, quantized" : "f32");
    else
        snprintf(needed, sizeof needed, "(%d, %d) %s", s->oc, s->ic, codes ? "s8, quantized" : "f32");
    return mismatch(b, n, name_of(b, t), t, needed);
}

/* Quantized linear layers have been stored in three ways; the newest (a tuple) comes first. */
static status find_weight(const struct model_binding *b, const struct model_node *n, struct model_sources *s)
{
    static const char *const forms[][2] = { { "._packed_params._packed_params.0",
                                              "._packed_params._packed_params.1" },
                                            { "._packed_params.weight", "._packed_params.bias" } };

    for (size_t i = 0; n->op == OP_LINEAR && !s->weight && i < COUNT_OF(forms); i++) {
        s->weight = model_tensor(b, n->weight, forms[i][0]);
        s->bias = model_tensor(b, n->weight, forms[i][1]);
    }
    if (s->weight)
        return OK;
    s->bias = model_tensor(b, n->weight, ".bias");
    return table_get(b->weights, &s->weight, "%s.weight", n->weight);
}

static status find_normalisation(const struct model_binding *b, const struct model_node *n,
                                 struct model_sources *s)
{
    char prefix[FULL_NAME];

    snprintf(prefix, sizeof prefix, "%s%s", b->qat ? n->weight : n->bn, b->qat ? ".bn" : "");
    TRY(table_get(b->weights, &s->gamma, "%s.weight", prefix));
    TRY(table_get(b->weights, &s->beta, "%s.bias", prefix));
    TRY(table_get(b->weights, &s->mean, "%s.running_mean", prefix));
    TRY(table_get(b->weights, &s->variance, "%s.running_var", prefix));
    TRY(check_vector(b, n, s->gamma));
    TRY(check_vector(b, n, s->beta));
    TRY(check_vector(b, n, s->mean));
    return check_vector(b, n, s->variance);
}

static status find_observer(const struct model_binding *b, const struct model_node *n,
                            struct model_sources *s)
{
    const char *p = n->weight;
    int64_t count;

    TRY(table_get(b->weights, &s->low, "%s.weight_fake_quant.activation_post_process.min_val", p));
    TRY(table_get(b->weights, &s->high, "%s.weight_fake_quant.activation_post_process.max_val", p));
    TRY(table_get(b->weights, &s->observing, "%s.weight_fake_quant.observer_enabled", p));
    count = tensor_count(s->low);
    if ((count != 1 && count != s->oc) || !is_float(s->low))
        return mismatch(b, n, name_of(b, s->low), s->low, "one value, or one a channel");
    if (tensor_count(s->high) != count || !is_float(s->high))
        return mismatch(b, n, name_of(b, s->high), s->high, "as many values as min_val");
    if (tensor_count(s->observing) != 1)
        return mismatch(b, n, name_of(b, s->observing), s->observing, "one value");
    return OK;
}

status model_find_sources(const struct model_binding *b, int node, struct model_sources *s)
{
    const struct model_node *n = node_of(b, node);

    BUG_IF(n->op != OP_CONV && n->op != OP_LINEAR);
    *s = (struct model_sources){ .oc = n->c, .ic = node_of(b, n->input[0])->c, .kh = 1, .kw = 1 };
    if (n->op == OP_CONV) {
        s->ic /= n->groups;
        s->kh = s->kw = n->kernel;
    }
    TRY(find_weight(b, n, s));
    TRY(check_weight(b, n, s));
    if (s->bias)
        TRY(check_vector(b, n, s->bias));
    if (n->bn[0] && (b->precision == MODEL_FP32 || b->qat))
        TRY(find_normalisation(b, n, s));
    return b->qat ? find_observer(b, n, s) : OK;
}

/* ---- scales and zero points of activations --------------------------------------------------------- */

static status check_one(const struct model_binding *b, const struct model_node *n, const struct tensor *t)
{
    return tensor_count(t) == 1 ? OK : mismatch(b, n, name_of(b, t), t, "one value");
}

/* Numerics 1.6, step 4: from the observed range, in float, as torch's observer computes them. */
static struct quant_params params_of_range(float low, float high)
{
    struct quant_params q = { 1, 0 };
    float scale;

    if (!(low <= high)) /* +inf, -inf: never observed */
        return q;
    low = fminf(low, 0);
    high = fmaxf(high, 0);
    scale = fmaxf((high - low) / 255.0f, 0x1p-23f);
    q.scale = scale;
    q.zero_point = quantize_value(-low / scale, 1.0f, 0, 0, 255);
    return q;
}

static status read_params(const struct model_binding *b, const struct model_node *n, struct quant_params *out)
{
    const struct tensor *a, *z;
    double zero_point;

    if (!n->quant[0])
        return FAIL(ERR_MISSING, "%s:%d: %s %s has no attribute 'quant', which an int8 checkpoint needs",
                    b->model->source, n->line, model_op_name(n->op), n->name);
    if (b->qat) {
        static const char *const inner = "activation_post_process.activation_post_process";
        TRY(table_get(b->weights, &a, "%s.%s.min_val", n->quant, inner));
        TRY(table_get(b->weights, &z, "%s.%s.max_val", n->quant, inner));
    } else {
        TRY(table_get(b->weights, &a, "%s.scale", n->quant));
        TRY(table_get(b->weights, &z, "%s.zero_point", n->quant));
    }
    TRY(check_one(b, n, a));
    TRY(check_one(b, n, z));
    if (b->qat) {
        *out = params_of_range((float)tensor_at(a, 0), (float)tensor_at(z, 0));
    } else {
        zero_point = tensor_at(z, 0);
        if (!(zero_point >= 0 && zero_point <= 255))
            return mismatch(b, n, name_of(b, z), z, "a value from 0 to 255");
        *out = (struct quant_params){ tensor_at(a, 0), (int)zero_point };
    }
    if (!(out->scale > 0) || !isfinite(out->scale))
        return mismatch(b, n, name_of(b, a), a, b->qat ? "a finite range" : "a positive scale");
    return OK;
}

static status node_params(const struct model_binding *b, const struct model_node *n, struct quant_params *out)
{
    switch (n->op) {
    case OP_RELU:
    case OP_RELU6:
    case OP_MAXPOOL:
    case OP_AVGPOOL:
    case OP_MEAN:
    case OP_SLICE:
    case OP_SHUFFLE:
        *out = b->q[n->input[0]];
        return OK;
    case OP_HARDSIGMOID:
        *out = (struct quant_params){ 1.0 / 256, 0 };
        return OK;
    default:
        return read_params(b, n, out);
    }
}

/* ---- the whole ------------------------------------------------------------------------------------- */

static int has_weights(const struct model_node *n)
{
    return n->op == OP_CONV || n->op == OP_LINEAR;
}

/* The first layer tells: fake quantization beside it, quantized weights, or neither. */
static status detect_precision(struct model_binding *b)
{
    const struct model_node *n = b->model->node;
    struct model_sources s = { 0 };

    while (!has_weights(n))
        n++; /* model_parse saw to it that there is one */
    b->qat = model_tensor(b, n->weight, ".weight_fake_quant.activation_post_process.min_val") != NULL;
    TRY(find_weight(b, n, &s));
    b->precision = b->qat || s.weight->quantization != TENSOR_REAL ? MODEL_INT8 : MODEL_FP32;
    return OK;
}

/* Our own quantization notes what relu6 does in its files; torch's say nothing and run it as relu. */
static status read_relu6(struct model_binding *b)
{
    enum model_relu6 asked = b->how.relu6;
    const char *note = table_note(b->weights, "quantcam.relu6");
    enum model_relu6 noted = !note                        ? MODEL_RELU6_AUTO
                             : strcmp(note, "clamp") == 0 ? MODEL_RELU6_CLAMP
                                                          : MODEL_RELU6_RELU;

    if (asked && !model_has_relu6(b->model))
        return FAIL(ERR_USAGE, "relu6 = %s has no effect: %s has no relu6", model_relu6_name(asked),
                    b->model->source);
    if (b->precision != MODEL_INT8)
        return OK;
    if (noted == MODEL_RELU6_RELU && strcmp(note, "relu") != 0)
        return FAIL(ERR_FORMAT, "%s: its note quantcam.relu6 is '%.40s', not clamp or relu",
                    b->weights->source, note);
    if (asked && noted && asked != noted)
        return FAIL(ERR_MISMATCH, "%s: it notes that its relu6 is %s, and relu6 = %s contradicts it",
                    b->weights->source, note, model_relu6_name(asked));
    b->relu6_clamps = (asked ? asked : noted) == MODEL_RELU6_CLAMP;
    return OK;
}

/* torch's files do not say which engine they were made for. */
static status choose_engine(struct model_binding *b)
{
    const char *note = table_note(b->weights, "quantcam.engine");

    b->fbgemm = note ? strcmp(note, "fbgemm") == 0 : b->per_channel;
    if (note && !b->fbgemm && strcmp(note, "qnnpack") != 0)
        return FAIL(ERR_FORMAT, "%s: its note quantcam.engine is '%.40s', not fbgemm or qnnpack",
                    b->weights->source, note);
    return OK;
}

static void mark(const struct model_binding *b, uint8_t *used, const struct tensor *t)
{
    if (t)
        used[(size_t)((const char *)t - (const char *)&b->weights->entry[0].tensor) /
             sizeof(struct tensor_entry)] = 1;
}

static status bind_layer(struct model_binding *b, int node, uint8_t *used)
{
    const struct model_node *n = node_of(b, node);
    struct model_sources s;
    uint64_t weights, biases, scales = 0;

    TRY(model_find_sources(b, node, &s));
    mark(b, used, s.weight);
    mark(b, used, s.bias);
    mark(b, used, s.gamma);
    mark(b, used, s.beta);
    mark(b, used, s.mean);
    mark(b, used, s.variance);
    weights = (uint64_t)s.oc * (uint64_t)s.ic * (uint64_t)s.kh * (uint64_t)s.kw;
    biases = s.bias || s.gamma ? (uint64_t)s.oc : 0;
    if (b->precision == MODEL_INT8) {
        scales = (uint64_t)(s.low ? tensor_count(s.low) : s.weight->channels);
        b->per_channel |= s.low ? scales > 1 : s.weight->quantization == TENSOR_PER_CHANNEL;
    }
    b->parameters += weights + biases;
    b->parameter_bytes +=
        weights * (b->precision == MODEL_INT8 ? 1 : sizeof(float)) + (biases + scales) * sizeof(float);
    b->macs += weights * (uint64_t)n->h * (uint64_t)n->w;
    return OK;
}

static status bind_all(struct model_binding *b, uint8_t *used)
{
    const struct model *m = b->model;

    for (int i = 0; i < m->nodes; i++) {
        const struct model_node *n = &m->node[i];
        if (has_weights(n))
            TRY(bind_layer(b, i, used));
        if (b->precision == MODEL_INT8) {
            TRY(node_params(b, n, &b->q[i]));
            mark(b, used, model_tensor(b, n->quant, ".scale"));
            mark(b, used, model_tensor(b, n->quant, ".zero_point"));
        }
    }
    return choose_engine(b);
}

status model_bind(const struct model *m, const struct tensor_table *weights, const struct model_reading *how,
                  struct model_binding *out)
{
    static const struct model_reading usual = { 0 };
    struct model_binding b = { .model = m, .weights = weights, .how = how ? *how : usual };
    uint8_t *used = NULL;
    status result = OK;

    *out = (struct model_binding){ 0 };
    TRY_OUT(detect_precision(&b));
    TRY_OUT(read_relu6(&b));
    b.q = mem_alloc((size_t)m->nodes, sizeof *b.q);
    used = mem_alloc((size_t)weights->count, 1);
    if (!b.q || !used) {
        result = FAIL(ERR_MEMORY, "no memory to bind %s", m->source);
        goto out;
    }
    TRY_OUT(bind_all(&b, used));
    TRY_OUT(model_count_unused(&b, used));
    *out = b;
    b.q = NULL;
out:
    mem_free(used);
    mem_free(b.q);
    return result;
}

void model_unbind(struct model_binding *b)
{
    mem_free(b->q);
    *b = (struct model_binding){ 0 };
}
