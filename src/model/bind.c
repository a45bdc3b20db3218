/* src/model/bind.c: which tensors of a checkpoint are whose, and what the outputs' codes stand for. */
#include "model_parts.h"

#include <string.h>

static const struct model_node *node_of(const struct model_binding *b, int node)
{
    return &b->model->node[node];
}

/* ---- scales and zero points of activations --------------------------------------------------------- */

static status node_params(const struct model_binding *b, int node, struct quant_params *out)
{
    const struct model_node *n = node_of(b, node);
    struct model_quantizer q;

    if (b->family)
        return model_deployed_params(b, node, out);
    if (b->lowbit)
        return model_lowbit_params(b, node, out);
    if (n->op == OP_HARDSIGMOID || n->op == OP_SIGMOID) { /* torch's 1/256 of 8 bits */
        int high = b->q[n->input[0]].high;

        *out = (struct quant_params){ 1.0 / (high + 1), 0, 0, high, 0 };
        return OK;
    }
    if (!model_quantizes(n->op)) { /* as its input has it */
        *out = b->q[n->input[0]];
        return OK;
    }
    TRY(model_check_quant(b, n));
    if (!b->qat)
        return model_read_params(b, n, out);
    TRY(model_find_quantizer(b, n, n->quant, ".activation_post_process", &q));
    *out = model_output_params(&q, &b->output_range[node], b->form);
    return OK;
}

/* ---- the whole ------------------------------------------------------------------------------------- */

static int is_pact(const struct model_binding *b)
{
    const char *note = table_note(b->weights, "quantcam.arithmetic");

    return note && strcmp(note, "pact") == 0;
}

/* Of a quantized checkpoint. */
static status choose_form(struct model_binding *b, const struct tensor *weight)
{
    const char *note = table_note(b->weights, "quantcam.arithmetic");

    b->lowbit = is_pact(b);
    if (b->lowbit && (b->qat || b->how.form == PRECISION_ROUNDED))
        return MODEL_FAIL(b, ERR_USAGE, "a trained low-bit network runs as integers");
    b->form = b->how.form ? b->how.form
              : note      ? strcmp(note, "rounded") == 0 ? PRECISION_ROUNDED : PRECISION_CODES
              : weight->dtype == DTYPE_S16 ? PRECISION_ROUNDED
                                           : PRECISION_CODES;
    if (note && !b->lowbit && strcmp(note, "rounded") != 0 && strcmp(note, "integer") != 0)
        return MODEL_FAIL(b, ERR_FORMAT,
                          "its note quantcam.arithmetic is '%.40s', not integer, rounded or pact", note);
    if (weight->odd && !b->lowbit)
        return MODEL_FAIL(
            b, ERR_MISMATCH,
            "weights without a zero level, which a note quantcam.arithmetic = pact must go with");
    if (b->form == PRECISION_CODES && weight->dtype == DTYPE_S16)
        return MODEL_FAIL(b, ERR_MISMATCH,
                          "weights of 16 bits, and integers have up to 8: they run as rounded");
    return OK;
}

/* The first layer tells: fake quantization beside it, quantized weights, or neither. */
static status detect_precision(struct model_binding *b)
{
    const struct model_node *n = b->model->node;
    const struct tensor *weight, *bias;

    b->form = PRECISION_CODES;
    if (b->family)
        return OK;
    while (!model_has_weights(n))
        n++; /* model_parse saw to it that there is one */
    b->qat = model_tensor(b, n->weight, ".weight_fake_quant.activation_post_process.min_val") != NULL;
    weight = model_weight(b, n, &bias);
    if (!weight)
        TRY(model_need(b, &weight, n->weight, ".weight"));
    if (b->qat || weight->quantization != TENSOR_REAL || is_pact(b))
        return choose_form(b, weight);
    b->form = PRECISION_REAL;
    return b->how.form
               ? MODEL_FAIL(b, ERR_USAGE, "arithmetic = %s has no effect: its weights are real numbers",
                            b->how.form == PRECISION_ROUNDED ? "rounded" : "integer")
               : OK;
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
    if (asked && b->lowbit)
        return FAIL(ERR_USAGE, "relu6 = %s has no effect: PACT has relu6's place in %s",
                    model_relu6_name(asked), b->weights->source);
    if (b->form == PRECISION_REAL || b->lowbit)
        return OK;
    if (noted == MODEL_RELU6_RELU && strcmp(note, "relu") != 0)
        return MODEL_FAIL(b, ERR_FORMAT, "its note quantcam.relu6 is '%.40s', not clamp or relu", note);
    if (asked && noted && asked != noted)
        return MODEL_FAIL(b, ERR_MISMATCH, "it notes that its relu6 is %s, and relu6 = %s contradicts it",
                          note, model_relu6_name(asked));
    if (asked && b->family && asked != MODEL_RELU6_CLAMP)
        return MODEL_FAIL(b, ERR_MISMATCH, "its relu6 clamps at 6, and relu6 = %s contradicts it",
                          model_relu6_name(asked));
    b->relu6_clamps = b->family || (asked ? asked : noted) == MODEL_RELU6_CLAMP;
    return OK;
}

/* torch's files do not say which engine they were made for. */
static status choose_engine(struct model_binding *b)
{
    const char *note = table_note(b->weights, "quantcam.engine");

    if (b->family)
        return OK;
    b->fbgemm = note ? strcmp(note, "fbgemm") == 0 : b->per_channel;
    if (note && !b->fbgemm && strcmp(note, "qnnpack") != 0)
        return MODEL_FAIL(b, ERR_FORMAT,
                          "its note quantcam.engine is '%.40s', not fbgemm, qnnpack, tflite or onnxruntime",
                          note);
    return OK;
}

static void mark(const struct model_binding *b, uint8_t *used, const struct tensor *t)
{
    if (t)
        used[(size_t)((const char *)t - (const char *)&b->weights->entry[0].tensor) /
             sizeof(struct tensor_entry)] = 1;
}

static void fewest(int *bits, int is)
{
    *bits = *bits == 0 || is < *bits ? is : *bits;
}

static status bind_layer(struct model_binding *b, int node, uint8_t *used)
{
    const struct model_node *n = node_of(b, node);
    struct model_sources s;
    uint64_t weights, biases, scales = 0;
    int codes, integers = 1;

    TRY(model_find_sources(b, node, &s));
    mark(b, used, s.weight);
    mark(b, used, s.bias);
    mark(b, used, s.gamma);
    mark(b, used, s.beta);
    mark(b, used, s.mean);
    mark(b, used, s.variance);
    weights = (uint64_t)s.oc * (uint64_t)s.ic * (uint64_t)s.kh * (uint64_t)s.kw;
    biases = s.bias || s.gamma ? (uint64_t)s.oc : 0;
    b->unbiased += !biases && !model_is_shifted(b->model, node);
    codes = model_has_codes(b, s.weight);
    if (codes || b->qat) {
        const struct model_range *r = b->qat ? &b->weight_range[node] : NULL;

        integers = !b->lowbit || model_lowbit_integer(b, node);
        if (b->lowbit && integers)
            TRY(model_lowbit_check_sums(b, node, &s));
        scales = b->lowbit ? (uint64_t)s.oc
                           : (uint64_t)(b->qat ? tensor_count(s.quantizer.low) : s.weight->channels);
        b->per_channel |= b->qat ? scales > 1 : s.weight->quantization == TENSOR_PER_CHANNEL;
        fewest(&b->weight_bits, r ? model_bits_of(r->low, r->high) : tensor_bits(s.weight));
    }
    b->parameters += weights + biases;
    b->parameter_bytes +=
        weights * (b->form == PRECISION_CODES && integers && (codes || b->qat) ? 1 : sizeof(float)) +
        (biases + scales) * sizeof(float);
    b->macs += weights * (uint64_t)n->h * (uint64_t)n->w;
    return OK;
}

static status bind_affine(struct model_binding *b, int node, uint8_t *used)
{
    const struct tensor *t[4];
    uint64_t parameters = (node_of(b, node)->op == OP_SCALE ? 1 : 2) * (uint64_t)node_of(b, node)->c;

    TRY(model_find_affine(b, node, t));
    for (int i = 0; i < 4; i++)
        mark(b, used, t[i]);
    b->parameters += parameters;
    b->parameter_bytes += parameters * sizeof(float);
    return OK;
}

/* What tells of a node's codes. */
static void mark_params(const struct model_binding *b, const struct model_node *n, uint8_t *used)
{
    static const char *const suffixes[] = { ".scale",  ".zero_point",    ".codes",
                                            ".offset", ".weight_offset", ".first" };

    for (size_t i = 0; !b->lowbit && i < COUNT_OF(suffixes); i++)
        mark(b, used, model_tensor(b, n->quant, suffixes[i]));
    if (b->lowbit && model_is_relu(n->op)) {
        mark(b, used, model_tensor(b, n->name, ".alpha"));
        mark(b, used, model_tensor(b, n->name, ".codes"));
    }
}

static status bind_all(struct model_binding *b, uint8_t *used)
{
    const struct model *m = b->model;

    for (int i = 0; i < m->nodes; i++) {
        const struct model_node *n = &m->node[i];
        if (model_has_weights(n))
            TRY(bind_layer(b, i, used));
        if (model_is_affine(n->op))
            TRY(bind_affine(b, i, used));
        if (b->form != PRECISION_REAL) {
            TRY(node_params(b, i, &b->q[i]));
            if (b->lowbit || b->family ? b->q[i].scale > 0 : model_quantizes(n->op))
                fewest(&b->activation_bits, model_bits_of(b->q[i].low, b->q[i].high));
            mark_params(b, n, used);
            if (model_has_constant(n))
                mark(b, used, model_tensor(b, n->weight, ".weight"));
        }
    }
    return choose_engine(b);
}

/* Of torch's checkpoints, where ops have the scales that torch gives them. */
static status check_quants(const struct model_binding *b)
{
    for (int i = 0; i < b->model->nodes; i++) {
        const struct model_node *n = node_of(b, i);

        if (n->op == OP_QUANTIZE || n->op == OP_DEQUANTIZE)
            return FAIL(ERR_MISMATCH,
                        "%s:%d: %s %s is of a deployed file, and %s is a checkpoint: leave it out",
                        b->model->source, n->line, model_op_name(n->op), n->name, b->weights->source);
        if (model_has_constant(n))
            return FAIL(
                ERR_MISMATCH,
                "%s:%d: the constant of %s %s is of a deployed file, and %s is a checkpoint: leave it out",
                b->model->source, n->line, model_op_name(n->op), n->name, b->weights->source);
        if (n->quant[0] && !model_quantizes(n->op))
            return FAIL(ERR_MISMATCH,
                        "%s:%d: the 'quant' of %s %s has no effect in %s, where it has no scale of its own: "
                        "leave it out",
                        b->model->source, n->line, model_op_name(n->op), n->name, b->weights->source);
    }
    return OK;
}

/* Integers have no value before a batch normalisation, and a checkpoint may have it folded already. */
static status check_apart(const struct model_binding *b)
{
    const struct model *m = b->model;
    const char *bn = m->node[m->apart].name;
    status result = model_cam_allows(m, b->form);

    if (result != OK)
        return error_prefix(result, "%s", b->weights->source);
    if (!m->apart || model_tensor(b, bn, ".weight"))
        return OK;
    return MODEL_FAIL(
        b, ERR_MISMATCH,
        "it has no %s, which is folded: say cam.layer = %s, or take an fp32 checkpoint (of which a "
        "job makes rounded numbers by `quantize`)",
        bn, m->node[m->cam].name);
}

/* With b->prefix before every name. *used is the caller's, also after a failure. */
static status bind_by_prefix(struct model_binding *b, uint8_t **used)
{
    TRY(model_find_family(b));
    if (!b->family)
        TRY(check_quants(b));
    TRY(detect_precision(b));
    TRY(check_apart(b));
    TRY(read_relu6(b));
    if (!model_stores_codes(b) || b->lowbit)
        TRY(model_find_folded(b));
    if (b->qat)
        TRY(model_find_ranges(b));
    MEM_TRY(b->q, (size_t)b->model->nodes, sizeof *b->q);
    MEM_TRY(*used, (size_t)b->weights->count, 1);
    TRY(bind_all(b, *used));
    if (b->lowbit)
        TRY(model_lowbit_check_cam(b));
    return b->observing ? model_check_observers(b) : OK;
}

/* Several prefixes make all names complete: one of them must bind, and only one. */
static status choose_prefix(const struct model_binding *start, const struct model_prefixes *all, int *out)
{
    *out = -1;
    for (int i = 0; i < all->count; i++) {
        struct model_binding b = *start;
        uint8_t *used = NULL;
        status result;

        strcpy(b.prefix, all->prefix[i]);
        result = bind_by_prefix(&b, &used);
        mem_free(used);
        model_unbind(&b);
        if (result == OK && *out >= 0)
            return MODEL_FAIL(start, ERR_MISMATCH,
                              "two networks fit, %s* and %s*: which is meant the file does not say; save one "
                              "alone, or name the other in the description, `ignore %s*`",
                              all->prefix[*out], all->prefix[i], all->prefix[i]);
        if (result == OK)
            *out = i;
    }
    *out = *out < 0 ? 0 : *out;
    return OK;
}

status model_bind(const struct model *m, const struct tensor_table *weights, const struct model_reading *how,
                  struct model_binding *out)
{
    struct model_binding b = { .model = m, .weights = weights };
    struct model_prefixes all = { 0 };
    uint8_t *used = NULL;
    status result = OK;
    int chosen = 0;

    *out = (struct model_binding){ 0 };
    if (how)
        b.how = *how;
    model_find_prefixes(m, weights, &all);
    if (all.count > 1)
        TRY(choose_prefix(&b, &all, &chosen));
    strcpy(b.prefix, all.prefix[chosen]);
    TRY_OUT(bind_by_prefix(&b, &used));
    TRY_OUT(model_count_unused(&b, used));
    *out = b;
    b = (struct model_binding){ 0 };
out:
    mem_free(used);
    model_unbind(&b);
    return result;
}

void model_unbind(struct model_binding *b)
{
    mem_free(b->q);
    mem_free(b->output_range);
    mem_free(b->draws);
    *b = (struct model_binding){ 0 };
}
