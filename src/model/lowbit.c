/* src/model/lowbit.c: trained low-bit networks (saliency-and-training 2.9): which values are codes of a PACT,
 * which stay sums until one makes them codes, and a layer's levels. */
#include "model_parts.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const struct model_node *node_of(const struct model_binding *b, int node)
{
    return &b->model->node[node];
}

/* Does the op only move values? */
static int moves(enum model_op op)
{
    return op == OP_MAXPOOL || op == OP_SHORTCUT || op == OP_SLICE || op == OP_SHUFFLE || op == OP_PAD ||
           op == OP_DROPOUT;
}

static int has_codes(const struct model_binding *b, int node)
{
    return b->q[node].scale > 0;
}

/* The one node that reads this one, which is neither the CAM layer nor the output; or -1. */
static int only_user(const struct model *m, int node)
{
    int user = -1, users = 0;

    for (int i = node + 1; i < m->nodes; i++)
        for (int j = 0; j < m->node[i].inputs; j++)
            if (m->node[i].input[j] == node) {
                user = i;
                users++;
            }
    return users == 1 && node != m->cam && node != m->output ? user : -1;
}

static int has_coded_weight(const struct model_binding *b, int node)
{
    const struct tensor *bias, *weight = model_weight(b, node_of(b, node), &bias);

    return weight && model_has_codes(b, weight);
}

/* The relu with a PACT that alone reads a node, or -1. */
static int pact_behind(const struct model_binding *b, int node)
{
    int relu = model_fused_relu(b->model, node);
    const struct tensor *codes = relu >= 0 ? model_tensor(b, node_of(b, relu)->name, ".codes") : NULL;

    return codes && tensor_count(codes) == 2 && tensor_at(codes, 0) == 0 && tensor_at(codes, 1) == 0 ? -1
                                                                                                     : relu;
}

/* ---- sums ---------------------------------------------------------------------------------------------- */

/* A layer whose sum goes into an addition alone. */
static int is_summand(const struct model_binding *b, int node)
{
    int user = only_user(b->model, node);

    return user >= 0 && b->model->node[user].op == OP_ADD && model_has_weights(node_of(b, node)) &&
           !has_codes(b, node);
}

/* An addition behind which PACT makes codes at once: one side at least is a layer's sum, the other that or
 * codes. */
static int joins_sums(const struct model_binding *b, int node)
{
    const struct model_node *n = node_of(b, node);
    int layers = 0, codes = 0;

    for (int j = 0; j < n->inputs; j++) {
        layers += is_summand(b, n->input[j]);
        codes += has_codes(b, n->input[j]);
    }
    return n->op == OP_ADD && pact_behind(b, node) >= 0 && layers > 0 && layers + codes == 2;
}

int model_lowbit_pact(const struct model_binding *b, int node)
{
    int relu = pact_behind(b, node), user;

    if (relu >= 0)
        return relu;
    user = is_summand(b, node) ? only_user(b->model, node) : -1;
    return user >= 0 && joins_sums(b, user) ? pact_behind(b, user) : -1;
}

/* A layer of levels of the one position of a map's mean. */
static int takes_mean(const struct model_binding *b, int node)
{
    const struct model_node *n = node_of(b, node);

    return (n->op == OP_LINEAR || (n->op == OP_CONV && n->groups == 1 && model_is_pointwise(n))) &&
           has_coded_weight(b, node);
}

/* Is what a node has of a mean read by such layers alone? */
static int goes_to_layers(const struct model_binding *b, int node)
{
    const struct model *m = b->model;
    int readers = 0;

    if (node == m->cam || node == m->output)
        return 0;
    for (int i = node + 1; i < m->nodes; i++)
        for (int j = 0; j < m->node[i].inputs; j++)
            if (m->node[i].input[j] == node) {
                if (!takes_mean(b, i) && !(m->node[i].op == OP_DROPOUT && goes_to_layers(b, i)))
                    return 0;
                readers++;
            }
    return readers > 0;
}

/* The global pool at `node`, or before dropouts there, that has sums of codes; or -1. */
static int find_sums(const struct model_binding *b, int node)
{
    while (node_of(b, node)->op == OP_DROPOUT)
        node = node_of(b, node)->input[0];
    return model_is_global_pool(node_of(b, node)->op) && has_codes(b, node_of(b, node)->input[0]) &&
                   goes_to_layers(b, node)
               ? node
               : -1;
}

int model_lowbit_mean(const struct model_binding *b, int node)
{
    return takes_mean(b, node) ? find_sums(b, node_of(b, node)->input[0]) : -1;
}

int model_lowbit_hides(const struct model_binding *b, int node)
{
    return find_sums(b, node) >= 0 || (is_summand(b, node) && model_lowbit_pact(b, node) >= 0);
}

/* A depthwise kernel has no levels of 9 bits. */
int model_lowbit_integer(const struct model_binding *b, int node)
{
    const struct model_node *n = node_of(b, node), *in = node_of(b, n->input[0]);
    const struct tensor *bias, *weight = model_weight(b, n, &bias);
    int depthwise = n->op == OP_CONV && n->groups > 1 && n->groups == in->c && n->groups == n->c;

    return (has_codes(b, n->input[0]) || model_lowbit_mean(b, node) >= 0) && model_has_codes(b, weight) &&
           !(depthwise && weight->odd && tensor_bits(weight) == 8);
}

int model_lowbit_integers(const struct model_binding *b, int *layers)
{
    int integers = 0;

    *layers = 0;
    for (int i = 0; i < b->model->nodes; i++)
        if (model_has_weights(node_of(b, i))) {
            ++*layers;
            integers += model_lowbit_integer(b, i);
        }
    return integers;
}

/* ---- what is refused ----------------------------------------------------------------------------------- */

/* A layer, or an addition, would be computed in another way if it were to be seen. */
status model_lowbit_check_cam(const struct model_binding *b)
{
    const struct model *m = b->model;
    const struct model_node *cam = &m->node[m->cam];
    int reader = -1, readers = 0;

    for (int i = m->cam + 1; i < m->nodes; i++)
        for (int j = 0; j < m->node[i].inputs; j++)
            if (m->node[i].input[j] == m->cam) {
                reader = i;
                readers++;
            }
    if (readers != 1 || !(model_has_weights(cam) || cam->op == OP_ADD))
        return OK;
    if (m->node[reader].op == OP_ADD && model_fused_relu(m, reader) >= 0)
        reader = model_fused_relu(m, reader);
    if (!model_is_relu(m->node[reader].op))
        return OK;
    return FAIL(ERR_USAGE,
                "%s: the CAM layer %s stands before its PACT, where a trained low-bit network has no codes: "
                "name the relu behind it, --cam.layer=%s",
                b->weights->source, cam->name, m->node[reader].name);
}

/* Of |level| <= most, of codes up to `high`, at `taps` places. (Behind a mean they have 64 bits.) */
status model_lowbit_check_sums(const struct model_binding *b, int node, const struct model_sources *s)
{
    const struct model_node *n = node_of(b, node);
    int bits = tensor_bits(s->weight);
    double taps = (double)s->ic * s->kh * s->kw, most = s->weight->odd ? (1 << bits) - 1 : 1 << (bits - 1);

    if (taps * most * b->q[n->input[0]].high < 0x1p31)
        return OK;
    return MODEL_FAIL(b, ERR_MISMATCH, "%s: a sum of %g products of its codes may leave 32 bits", n->name,
                      taps);
}

/* ---- activations --------------------------------------------------------------------------------------- */

/* NODE.alpha, and NODE.codes: 0 and n; or 0 and 0 alone. */
static status read_pact(const struct model_binding *b, const struct model_node *n, struct quant_params *out)
{
    const struct tensor *alpha, *codes;
    double value, high;

    TRY(model_need(b, &codes, n->name, ".codes"));
    if (tensor_count(codes) == 2 && tensor_at(codes, 0) == 0 && tensor_at(codes, 1) == 0)
        return OK;
    TRY(model_need(b, &alpha, n->name, ".alpha"));
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

/* Codes of one PACT alone stay codes side by side. */
static int is_of_one(const struct model_binding *b, const struct model_node *cat)
{
    for (int j = 1; j < cat->inputs; j++)
        if (!quant_params_same(b->q[cat->input[0]], b->q[cat->input[j]]))
            return 0;
    return 1;
}

status model_lowbit_params(const struct model_binding *b, int node, struct quant_params *out)
{
    const struct model_node *n = node_of(b, node);
    int relu = model_is_relu(n->op)                          ? node
               : model_has_weights(n) || joins_sums(b, node) ? pact_behind(b, node)
                                                             : -1;

    *out = (struct quant_params){ .scale = 0 };
    if (relu >= 0)
        return read_pact(b, node_of(b, relu), out);
    if (moves(n->op) || (n->op == OP_CAT && is_of_one(b, n)))
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

static status load(const struct model_binding *b, int node, const struct model_sources *s,
                   struct model_levels *l)
{
    struct tensor view = model_in_sum_order(s);
    int codes = model_has_codes(b, s->weight);

    if (!codes)
        TRY(model_check_values(b, s->weight, 0));
    TRY(model_check_values(b, s->bias, 0));
    TRY(model_check_values(b, s->gamma, 0));
    TRY(model_check_values(b, s->beta, 0));
    TRY(model_check_values(b, s->mean, 0));
    TRY(model_check_values(b, s->variance, 1));
    if (codes)
        MEM_TRY(l->code, (size_t)tensor_count(s->weight), 1);
    else
        MEM_TRY(l->real, (size_t)tensor_count(s->weight), sizeof *l->real);
    MEM_TRY(l->factor, (size_t)s->oc, sizeof *l->factor);
    MEM_TRY(l->shift, (size_t)s->oc, sizeof *l->shift);
    if (codes) {
        TRY(tensor_copy_bytes(&view, l->code));
        l->odd = s->weight->odd;
        l->step = s->weight->scale[0];
    } else {
        tensor_copy_f32(&view, l->real);
    }
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
    mem_free(l->real);
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
        out->weight_real[i] =
            (float)((l.real ? (double)l.real[i] : model_level(&l, i) * l.step) * l.factor[i / run]);
    for (int o = 0; o < l.oc; o++)
        out->bias[o] = (float)l.shift[o];
out:
    model_levels_free(&l);
    return result;
}
