/* src/model/lowbit.c: trained low-bit networks (saliency-and-training 2.9): which values are codes of a PACT,
 * what the integer form does not have, and a layer's levels. */
#include "model_parts.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const struct model_node *node_of(const struct model_binding *b, int node)
{
    return &b->model->node[node];
}

/* Does the op only move codes? */
static int moves(enum model_op op)
{
    return op == OP_MAXPOOL || op == OP_SHORTCUT || op == OP_SLICE || op == OP_SHUFFLE || op == OP_DROPOUT;
}

static int has_codes(const struct model_binding *b, int node)
{
    return b->q[node].scale > 0;
}

int model_lowbit_pact(const struct model_binding *b, int node)
{
    const struct model *m = b->model;
    int relu = model_fused_relu(m, node), user = -1, users = 0;

    if (relu >= 0)
        return relu;
    for (int i = node + 1; i < m->nodes; i++)
        for (int j = 0; j < m->node[i].inputs; j++)
            if (m->node[i].input[j] == node) {
                user = i;
                users++;
            }
    return users == 1 && m->node[user].op == OP_ADD ? model_fused_relu(m, user) : -1;
}

/* ---- what the integer form does not have --------------------------------------------------------------- */

#define REFUSE(b, n, ...)                                                                                    \
    FAIL(ERR_MISMATCH, "%s:%d: %s %s: a trained low-bit network has no integer form where " __VA_ARGS__,     \
         (b)->model->source, (n)->line, model_op_name((n)->op), (n)->name)

/* A depthwise convolution's kernels have levels of 8 bits, and codes behind them. */
static status check_depthwise(const struct model_binding *b, int node)
{
    const struct model_node *n = node_of(b, node);
    struct model_sources s;

    TRY(model_find_sources(b, node, &s));
    if (s.weight->odd && tensor_bits(s.weight) == 8)
        return REFUSE(b, n, "a depthwise convolution has 8 bits without a zero level");
    return model_fused_relu(b->model, node) >= 0
               ? OK
               : REFUSE(b, n, "a depthwise convolution has no relu behind it alone");
}

static status check_layer(const struct model_binding *b, int node)
{
    const struct model_node *n = node_of(b, node), *in = node_of(b, n->input[0]);

    if (n->op == OP_CONV && n->groups > 1 && !has_codes(b, n->input[0]))
        return REFUSE(b, n, "a convolution of real values has groups");
    if (n->op == OP_CONV && n->groups > 1 && n->groups == in->c && n->groups == n->c)
        TRY(check_depthwise(b, node));
    if (!has_codes(b, n->input[0]) && in->op != OP_INPUT &&
        !(n->op == OP_LINEAR && model_is_global_pool(in->op)))
        return REFUSE(b, n, "a layer reads what no PACT made codes of, and is not the first");
    if (node == b->model->output || model_lowbit_pact(b, node) >= 0)
        return OK;
    return REFUSE(b, n, "a layer has neither a relu behind it alone nor an addition with a relu");
}

/* One side at least is a layer's sum before its PACT, the other that or codes. */
static status check_add(const struct model_binding *b, int node)
{
    const struct model_node *n = node_of(b, node);
    int codes = has_codes(b, n->input[0]) + has_codes(b, n->input[1]), layers = 0;

    if (model_fused_relu(b->model, node) < 0)
        return REFUSE(b, n, "an addition has no relu behind it alone");
    for (int i = 0; i < 2; i++)
        layers += !has_codes(b, n->input[i]) && model_has_weights(node_of(b, n->input[i]));
    if (codes == 2 || codes + layers < 2)
        return REFUSE(b, n, "neither a layer and codes nor two layers are added");
    return OK;
}

static status check_pool(const struct model_binding *b, int node)
{
    const struct model *m = b->model;
    const struct model_node *n = node_of(b, node);

    if (!has_codes(b, n->input[0]))
        return REFUSE(b, n, "the mean is not of a PACT's codes");
    for (int i = node + 1; i < m->nodes; i++)
        for (int j = 0; j < m->node[i].inputs; j++)
            if (m->node[i].input[j] == node && m->node[i].op != OP_LINEAR)
                return REFUSE(b, n, "another than a linear layer reads the mean of a map");
    return OK;
}

static status check_node(const struct model_binding *b, int node)
{
    const struct model_node *n = node_of(b, node);

    if (model_has_weights(n))
        return check_layer(b, node);
    if (n->op == OP_ADD)
        return check_add(b, node);
    if (model_is_global_pool(n->op))
        return check_pool(b, node);
    if (model_is_relu(n->op)) {
        enum model_op before = node_of(b, n->input[0])->op;

        if (model_fused_relu(b->model, n->input[0]) != node || before == OP_MUL || before == OP_BATCHNORM)
            return REFUSE(b, n, "a relu does not follow a layer or an addition alone");
    } else if (moves(n->op) ? !has_codes(b, n->input[0]) : n->op != OP_INPUT) {
        return moves(n->op) ? REFUSE(b, n, "values are moved that no PACT made codes of")
                            : REFUSE(b, n, "there is such an op");
    }
    return OK;
}

status model_lowbit_check(const struct model_binding *b)
{
    const struct model *m = b->model;
    const struct model_node *out = &m->node[m->output], *cam = &m->node[m->cam];

    if (!has_codes(b, m->cam) || model_has_weights(cam) || cam->op == OP_ADD)
        return FAIL(
            ERR_USAGE,
            "%s: the CAM layer %s stands before its PACT, where a trained low-bit network has no codes: "
            "name the relu behind it, --cam.layer=NODE",
            b->weights->source, cam->name);
    for (int i = 0; i < m->nodes; i++)
        TRY(check_node(b, i));
    return out->op == OP_LINEAR ? OK : REFUSE(b, out, "the logits are not a linear layer's");
}

/* ---- activations --------------------------------------------------------------------------------------- */

/* NODE.alpha, and NODE.codes: 0 and n. */
static status read_pact(const struct model_binding *b, const struct model_node *n, struct quant_params *out)
{
    const struct tensor *alpha, *codes;
    double value, high;

    TRY(model_need(b, &alpha, n->name, ".alpha"));
    TRY(model_need(b, &codes, n->name, ".codes"));
    if (!model_is_float(alpha) || tensor_count(alpha) != 1)
        return model_mismatch(b, n, alpha, "one real value");
    high = tensor_count(codes) == 2 && tensor_at(codes, 0) == 0 ? tensor_at(codes, 1) : 0;
    if (!(high >= 1 && high <= 255) || high != (double)(int)high)
        return model_mismatch(b, n, codes, "0 and the highest code, 1 to 255");
    value = (double)(float)tensor_at(alpha, 0);
    if (!model_is_scale(value / high) || !model_is_scale(high / value))
        return model_mismatch(b, n, alpha, "a positive alpha, not %g", value);
    *out = (struct quant_params){ value / high, 0, 0, (int)high, 0 };
    return OK;
}

status model_lowbit_params(const struct model_binding *b, int node, struct quant_params *out)
{
    const struct model_node *n = node_of(b, node);
    int relu = model_is_relu(n->op) ? node : model_fused_relu(b->model, node);

    *out = (struct quant_params){ .scale = 0 };
    if (relu >= 0)
        return read_pact(b, node_of(b, relu), out);
    if (moves(n->op))
        *out = b->q[n->input[0]];
    return OK;
}

/* ---- levels -------------------------------------------------------------------------------------------- */

/* 2.9: gamma / sigma and h in double; 1 and the bias where there is no batch normalisation. */
static void normalisation(const struct model_sources *s, double eps, struct model_levels *l)
{
    for (int o = 0; o < s->oc; o++) {
        double bias = s->bias ? (double)(float)tensor_at(s->bias, o) : 0.0;

        l->factor[o] = 1.0;
        l->shift[o] = bias;
        if (!s->gamma)
            continue;
        l->factor[o] = tensor_at(s->gamma, o) / sqrt(tensor_at(s->variance, o) + eps);
        l->shift[o] = tensor_at(s->beta, o) + (bias - tensor_at(s->mean, o)) * l->factor[o];
    }
}

static int all_finite(const double *x, int count)
{
    int odd = 0;

    for (int i = 0; i < count; i++)
        odd |= !isfinite(x[i]) || fabs(x[i]) > (double)FLT_MAX;
    return !odd;
}

/* Sums must fit 32 bits: of |level| <= most, of codes up to `high`, at `taps` places. (Behind a mean they
 * have 64.) */
static status check_sums(const struct model_binding *b, int node, const struct model_sources *s)
{
    const struct model_node *n = node_of(b, node), *in = node_of(b, n->input[0]);
    int bits = tensor_bits(s->weight);
    double taps = (double)s->ic * s->kh * s->kw, most = s->weight->odd ? (1 << bits) - 1 : 1 << (bits - 1);

    if (taps * most * b->q[n->input[0]].high < 0x1p31 || model_is_global_pool(in->op))
        return OK;
    return REFUSE(b, n, "a sum may leave 32 bits");
}

static status load(const struct model_binding *b, int node, const struct model_sources *s,
                   struct model_levels *l)
{
    struct tensor view = model_in_sum_order(s);

    TRY(check_sums(b, node, s));
    TRY(model_check_values(b, s->bias, 0));
    TRY(model_check_values(b, s->gamma, 0));
    TRY(model_check_values(b, s->beta, 0));
    TRY(model_check_values(b, s->mean, 0));
    TRY(model_check_values(b, s->variance, 1));
    MEM_TRY(l->code, (size_t)tensor_count(s->weight), 1);
    MEM_TRY(l->factor, (size_t)s->oc, sizeof *l->factor);
    MEM_TRY(l->shift, (size_t)s->oc, sizeof *l->shift);
    TRY(tensor_copy_bytes(&view, l->code));
    l->odd = s->weight->odd;
    l->step = s->weight->scale[0];
    normalisation(s, node_of(b, node)->bn_eps, l);
    if (all_finite(l->factor, s->oc) && all_finite(l->shift, s->oc))
        return OK;
    return MODEL_FAIL(b, ERR_NUMERIC, "%s: its batch normalisation overflows", model_name_of(b, s->weight));
}

status model_levels_load(const struct model_binding *b, int node, struct model_levels *out)
{
    struct model_sources s;
    status result;

    *out = (struct model_levels){ 0 };
    BUG_IF(!b->lowbit);
    TRY(model_find_sources(b, node, &s));
    out->oc = s.oc;
    out->ic = s.ic;
    out->kh = s.kh;
    out->kw = s.kw;
    result = load(b, node, &s, out);
    if (result != OK)
        model_levels_free(out);
    return result;
}

void model_levels_free(struct model_levels *l)
{
    mem_free(l->code);
    mem_free(l->factor);
    mem_free(l->shift);
    *l = (struct model_levels){ 0 };
}

/* Real weights with the batch normalisation folded, once rounded. */
status model_lowbit_layer(const struct model_binding *b, int node, struct model_layer *out)
{
    struct model_levels l;
    size_t run, count;
    status result = OK;

    TRY(model_levels_load(b, node, &l));
    run = (size_t)l.ic * (size_t)l.kh * (size_t)l.kw;
    count = run * (size_t)l.oc;
    MEM_TRY_OUT(out->weight_real, count, sizeof *out->weight_real);
    MEM_TRY_OUT(out->bias, (size_t)l.oc, sizeof *out->bias);
    for (size_t i = 0; i < count; i++)
        out->weight_real[i] = (float)(model_level(&l, i) * l.step * l.factor[i / run]);
    for (int o = 0; o < l.oc; o++)
        out->bias[o] = (float)l.shift[o];
out:
    model_levels_free(&l);
    return result;
}
