/* src/model/graph.c: the ops and what may be asked of a graph of them. */
#include "model_parts.h"

#include <string.h>

#define BIT(attribute) (1u << ATTR_##attribute)

const char *const model_attribute_names[ATTR_COUNT] = {
    [ATTR_OUT] = "out",
    [ATTR_KERNEL] = "kernel",
    [ATTR_STRIDE] = "stride",
    [ATTR_PAD] = "pad",
    [ATTR_CEIL] = "ceil",
    [ATTR_COUNTED] = "count",
    [ATTR_GROUPS] = "groups",
    [ATTR_BEGIN] = "begin",
    [ATTR_WEIGHT] = "weight",
    [ATTR_BN] = "bn",
    [ATTR_EPS] = "eps",
    [ATTR_QUANT] = "quant",
    [ATTR_RATE] = "rate",
    [ATTR_SLOPE] = "slope",
    [ATTR_LOW] = "low",
    [ATTR_HIGH] = "high",
    [ATTR_APPROXIMATE] = "approximate",
};

static const struct model_op_form forms[OP_COUNT] = {
    [OP_INPUT] = { "input", 0, 0, 0, BIT(QUANT) },
    [OP_CONV] = { "conv", 1, 1, BIT(OUT) | BIT(KERNEL) | BIT(STRIDE) | BIT(PAD) | BIT(GROUPS) | BIT(WEIGHT),
                  BIT(BN) | BIT(EPS) | BIT(QUANT) },
    [OP_LINEAR] = { "linear", 1, 1, BIT(OUT) | BIT(WEIGHT), BIT(QUANT) },
    [OP_BATCHNORM] = { "batchnorm", 1, 1, BIT(WEIGHT) | BIT(EPS), BIT(QUANT) },
    [OP_LAYERNORM] = { "layernorm", 1, 1, BIT(WEIGHT) | BIT(EPS), BIT(QUANT) },
    [OP_SCALE] = { "scale", 1, 1, BIT(WEIGHT), BIT(QUANT) },
    [OP_RELU] = { "relu", 1, 1, 0, BIT(QUANT) },
    [OP_RELU6] = { "relu6", 1, 1, 0, BIT(QUANT) },
    [OP_HARDSWISH] = { "hardswish", 1, 1, 0, BIT(QUANT) },
    [OP_HARDSIGMOID] = { "hardsigmoid", 1, 1, 0, BIT(QUANT) },
    [OP_SILU] = { "silu", 1, 1, 0, BIT(QUANT) },
    [OP_SIGMOID] = { "sigmoid", 1, 1, 0, BIT(QUANT) },
    [OP_TANH] = { "tanh", 1, 1, 0, BIT(QUANT) },
    [OP_GELU] = { "gelu", 1, 1, 0, BIT(APPROXIMATE) | BIT(QUANT) },
    [OP_CLIP] = { "clip", 1, 1, BIT(LOW) | BIT(HIGH), BIT(QUANT) },
    [OP_LEAKYRELU] = { "leakyrelu", 1, 1, BIT(SLOPE), BIT(QUANT) },
    [OP_MAXPOOL] = { "maxpool", 1, 1, BIT(KERNEL) | BIT(STRIDE) | BIT(PAD), BIT(CEIL) | BIT(QUANT) },
    [OP_AVGPOOL2D] = { "avgpool2d", 1, 1, BIT(KERNEL) | BIT(STRIDE),
                       BIT(PAD) | BIT(COUNTED) | BIT(CEIL) | BIT(QUANT) },
    [OP_AVGPOOL] = { "avgpool", 1, 1, 0, BIT(QUANT) },
    [OP_MEAN] = { "mean", 1, 1, 0, BIT(QUANT) },
    [OP_ADD] = { "add", 1, 2, 0, BIT(WEIGHT) | BIT(QUANT) },
    [OP_SUB] = { "sub", 1, 2, 0, BIT(WEIGHT) | BIT(QUANT) },
    [OP_MUL] = { "mul", 1, 2, 0, BIT(WEIGHT) | BIT(QUANT) },
    [OP_CAT] = { "cat", 2, MODEL_MAX_INPUTS, 0, BIT(QUANT) },
    [OP_SLICE] = { "slice", 1, 1, BIT(BEGIN) | BIT(OUT), BIT(QUANT) },
    [OP_SHORTCUT] = { "shortcut", 1, 1, BIT(STRIDE) | BIT(BEGIN) | BIT(OUT), BIT(QUANT) },
    [OP_SHUFFLE] = { "shuffle", 1, 1, BIT(GROUPS), BIT(QUANT) },
    [OP_PAD] = { "pad", 1, 1, BIT(PAD), BIT(QUANT) },
    [OP_QUANTIZE] = { "quantize", 1, 1, BIT(QUANT), 0 },
    [OP_DEQUANTIZE] = { "dequantize", 1, 1, 0, 0 },
    [OP_DROPOUT] = { "dropout", 1, 1, BIT(RATE), 0 },
};

const struct model_op_form *model_op_form(enum model_op op)
{
    BUG_IF((unsigned)op >= OP_COUNT);
    return &forms[op];
}

const char *model_op_name(enum model_op op)
{
    return model_op_form(op)->name;
}

int model_find(const struct model *m, const char *name)
{
    for (int i = 0; i < m->nodes; i++)
        if (strcmp(m->node[i].name, name) == 0)
            return i;
    return -1;
}

int model_is_relu(enum model_op op)
{
    return op == OP_RELU || op == OP_RELU6;
}

int model_is_global_pool(enum model_op op)
{
    return op == OP_AVGPOOL || op == OP_MEAN;
}

int model_is_pointwise(const struct model_node *n)
{
    return n->kh * n->kw == 1 && n->stride == 1 && n->pad_y + n->pad_x + n->end_y + n->end_x == 0;
}

int model_has_weights(const struct model_node *n)
{
    return n->op == OP_CONV || n->op == OP_LINEAR;
}

int model_has_constant(const struct model_node *n)
{
    return (n->op == OP_ADD || n->op == OP_SUB || n->op == OP_MUL) && n->weight[0];
}

int model_is_affine(enum model_op op)
{
    return op == OP_BATCHNORM || op == OP_LAYERNORM || op == OP_SCALE;
}

int model_has_bias(const struct model *m, int node)
{
    return !m->node[node].bn[0] && !model_is_shifted(m, node);
}

int model_has_relu6(const struct model *m)
{
    for (int i = 0; i < m->nodes; i++)
        if (m->node[i].op == OP_RELU6)
            return 1;
    return 0;
}

const char *model_relu6_name(enum model_relu6 r)
{
    static const char *const names[] = { "auto", "relu", "clamp" };

    return names[r];
}

int model_fused_relu(const struct model *m, int node)
{
    enum model_op op = m->node[node].op;
    int users = 0, user = -1;

    if ((op != OP_CONV && op != OP_LINEAR && op != OP_BATCHNORM && op != OP_ADD && op != OP_SUB &&
         op != OP_MUL) ||
        node == m->cam || node == m->output)
        return -1;
    for (int i = node + 1; i < m->nodes; i++)
        for (int j = 0; j < m->node[i].inputs; j++)
            if (m->node[i].input[j] == node) {
                users++;
                user = i;
            }
    return users == 1 && model_is_relu(m->node[user].op) && !m->node[user].quant[0] ? user : -1;
}

void model_free(struct model *m)
{
    mem_free(m->node);
    mem_free(m->also);
    mem_free(m->ignore);
    *m = (struct model){ 0 };
}

int model_quantizes(enum model_op op)
{
    return op == OP_INPUT || op == OP_CONV || op == OP_LINEAR || model_is_affine(op) || op == OP_ADD ||
           op == OP_SUB || op == OP_MUL || op == OP_CAT || op == OP_HARDSWISH || op == OP_SILU ||
           op == OP_TANH || op == OP_GELU;
}

/* Ops that take no constant away which a later one adds. */
static int passes_shift(enum model_op op)
{
    return op == OP_CAT || op == OP_SLICE || op == OP_SHUFFLE || op == OP_AVGPOOL2D || op == OP_MAXPOOL;
}

int model_is_shifted(const struct model *m, int node)
{
    uint8_t read[MODEL_MAX_NODES] = { 0 }, lost[MODEL_MAX_NODES] = { 0 };

    for (int i = m->nodes - 1; i > node; i--) {
        const struct model_node *n = &m->node[i];
        int shifted = n->op == OP_BATCHNORM || (passes_shift(n->op) && read[i] && !lost[i]);

        for (int j = 0; j < n->inputs; j++) {
            read[n->input[j]] = 1;
            lost[n->input[j]] |= !shifted;
        }
    }
    return read[node] && !lost[node];
}
