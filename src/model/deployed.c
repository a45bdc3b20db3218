/* src/model/deployed.c: files of other runtimes (deploy.h): which of their nodes have codes, which real
 * values, and what the codes stand for. */
#include "model_parts.h"

#include <string.h>

enum { WIDEST_PRODUCT = 255 * 255 };

static const struct model_node *node_of(const struct model_binding *b, int node)
{
    return &b->model->node[node];
}

#define REFUSE(b, n, ...)                                                                                    \
    error_prefix(FAIL(ERR_MISMATCH, __VA_ARGS__), "%s: %s:%d: %s %s", (b)->weights->source,                  \
                 (b)->model->source, (n)->line, model_op_name((n)->op), (n)->name)

status model_find_family(struct model_binding *b)
{
    const char *note = table_note(b->weights, "quantcam.engine");

    b->family = !note                              ? MODEL_TORCH
                : strcmp(note, "tflite") == 0      ? MODEL_TFLITE
                : strcmp(note, "onnxruntime") == 0 ? MODEL_ONNXRUNTIME
                                                   : MODEL_TORCH;
    if (b->family && b->how.form == PRECISION_ROUNDED)
        return MODEL_FAIL(b, ERR_USAGE, "a deployed file runs as integers: leave arithmetic = rounded out");
    return OK;
}

/* ---- what an output's codes stand for ------------------------------------------------------------------ */

/* Does the op only move values? */
static int moves(enum model_op op)
{
    return op == OP_MAXPOOL || op == OP_SLICE || op == OP_SHORTCUT || op == OP_SHUFFLE || op == OP_PAD ||
           op == OP_DROPOUT;
}

/* P.offset or P.weight_offset: 0 where there is none, else that or `otherwise`. */
static status read_offset(const struct model_binding *b, const struct model_node *n, const char *suffix,
                          int otherwise, int *out)
{
    const struct tensor *offset = model_tensor(b, n->quant, suffix);

    *out = 0;
    if (!offset)
        return OK;
    if (tensor_count(offset) != 1 || (tensor_at(offset, 0) != 0 && tensor_at(offset, 0) != otherwise))
        return model_mismatch(b, n, offset, otherwise > 0 ? "0 or 128" : "0 or -128");
    *out = (int)tensor_at(offset, 0);
    return OK;
}

static status read_own(const struct model_binding *b, const struct model_node *n, struct quant_params *q)
{
    TRY(model_read_params(b, n, q));
    return read_offset(b, n, ".offset", 128, &q->offset);
}

/* Codes of codes by coded weights; a layer without a scale of its own gives the sums' real values. */
static status layer_params(const struct model_binding *b, int node, struct quant_params *out)
{
    const struct model_node *n = node_of(b, node), *in = node_of(b, n->input[0]);
    int reads_codes = b->q[n->input[0]].scale > 0, has_scale = model_tensor(b, n->quant, ".scale") != NULL;
    struct model_sources s;
    int coded, weight_offset;

    TRY(model_find_sources(b, node, &s));
    TRY(read_offset(b, n, ".weight_offset", -128, &weight_offset));
    coded = model_has_codes(b, s.weight);
    if (reads_codes != coded)
        return REFUSE(b, n,
                      "its weights are %s and its input %s %s, which only a quantize or dequantize joins",
                      coded ? "codes" : "real numbers", in->name, coded ? "real numbers" : "codes");
    if (!coded && has_scale)
        return REFUSE(
            b, n, "it has a scale, and its weights and its input are real numbers: a quantize gives codes");
    if (coded && (double)s.ic * s.kh * s.kw * WIDEST_PRODUCT >= 0x1p31)
        return REFUSE(b, n, "a sum of %d x %d x %d products may leave 32 bits", s.ic, s.kh, s.kw);
    return has_scale ? read_own(b, n, out) : OK;
}

/* All inputs are codes, or none is. */
static status check_inputs(const struct model_binding *b, const struct model_node *n)
{
    for (int j = 1; j < n->inputs; j++) {
        int codes = b->q[n->input[0]].scale > 0;

        if (codes != (b->q[n->input[j]].scale > 0))
            return REFUSE(b, n, "%s is %s and %s is not: a quantize or dequantize must stand between",
                          node_of(b, n->input[0])->name, codes ? "codes" : "real numbers",
                          node_of(b, n->input[j])->name);
    }
    return OK;
}

status model_constant_load(const struct model_binding *b, int node, uint8_t *code, struct quant_params *q)
{
    const struct model_node *n = node_of(b, node);
    const struct quant_params *in = &b->q[n->input[0]];
    const struct tensor *t;

    *q = (struct quant_params){ 0 };
    TRY(model_need(b, &t, n->weight, ".weight"));
    if (in->scale == 0)
        return REFUSE(b, n, "its input is real numbers: a batchnorm adds to these and multiplies them");
    if (t->dtype != DTYPE_S8 || t->quantization != TENSOR_PER_TENSOR || t->rank != 1 ||
        (t->dim[0] != 1 && t->dim[0] != n->c) || !model_is_scale(t->scale[0]) ||
        t->zero_point[0] < INT8_MIN || t->zero_point[0] > INT8_MAX)
        return model_mismatch(b, n, t, "(1) or (%d) s8 with one scale and zero point", n->c);
    *q = (struct quant_params){ t->scale[0], (int)t->zero_point[0] + 128, 0, 255, in->offset };
    for (int i = 0; code && i < n->c; i++)
        code[i] = (uint8_t)((int)tensor_at(t, t->dim[0] > 1 ? i : 0) + 128);
    return OK;
}

status model_deployed_params(const struct model_binding *b, int node, struct quant_params *out)
{
    const struct model_node *n = node_of(b, node);
    struct quant_params in = { 0 }, constant;

    *out = (struct quant_params){ 0 };
    if (n->op == OP_INPUT || n->op == OP_QUANTIZE)
        return n->quant[0] ? read_own(b, n, out) : OK;
    if (model_has_weights(n))
        return layer_params(b, node, out);
    TRY(check_inputs(b, n));
    if (model_has_constant(n))
        TRY(model_constant_load(b, node, NULL, &constant));
    in = b->q[n->input[0]];
    if (in.scale == 0) {
        if (n->op == OP_DEQUANTIZE)
            return REFUSE(b, n, "its input is real numbers already");
        return n->quant[0] && !model_is_affine(n->op)
                   ? REFUSE(b, n, "it has a scale and real inputs: a quantize gives codes")
                   : OK;
    }
    if (n->op == OP_BATCHNORM)
        return REFUSE(b, n, "a batch normalisation of codes is folded in a deployed file");
    if (model_is_affine(n->op))
        return REFUSE(b, n, "a layer normalisation or scale of codes is none of a deployed file's");
    if (n->op == OP_DEQUANTIZE)
        return OK;
    *out = in;
    if (n->quant[0])
        TRY(read_own(b, n, out));
    if (moves(n->op) && !quant_params_same(*out, in))
        return REFUSE(b, n, "it has another scale or zero point than %s, whose codes it moves",
                      node_of(b, n->input[0])->name);
    return OK;
}

/* ---- in words ------------------------------------------------------------------------------------------ */

const char *model_family_name(enum model_family family)
{
    static const char *const names[] = { "PyTorch", "TensorFlow Lite", "ONNX Runtime" };

    return names[family];
}

status model_deployed_decided(const struct model_binding *b, struct text *out)
{
    int real = 0;

    for (int i = 1; i < b->model->nodes; i++)
        real += b->q[i].scale == 0;
    TRY(text_add(out, "integers as %s runs them", model_family_name(b->family)));
    return real ? text_add(out, ", %d of %d nodes in real numbers\n", real, b->model->nodes - 1)
                : text_add(out, "\n");
}
