/* src/model/lowbit.c: trained low-bit networks (saliency-and-training 2.9): which values are codes of a PACT,
 * which stay sums until one makes them codes, and which layers sum integers. */
#include "model_parts.h"

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

/* ---- several PACTs side by side -------------------------------------------------------------------------
 */

/* The channel of input *input of a cat that is its channel c. */
static int cat_channel(const struct model *m, const struct model_node *cat, int c, int *input)
{
    for (*input = 0; c >= m->node[cat->input[*input]].c; ++*input)
        c -= m->node[cat->input[*input]].c;
    return c;
}

double model_lowbit_step(const struct model_binding *b, int node, int channel)
{
    while (!has_codes(b, node)) {
        const struct model_node *n = node_of(b, node);
        int j = 0;

        if (n->op == OP_CAT)
            channel = cat_channel(b->model, n, channel, &j);
        else if (n->op == OP_SLICE)
            channel += n->begin;
        else if (n->op == OP_SHUFFLE)
            channel = channel % n->groups * (n->c / n->groups) + channel / n->groups;
        else if (n->op != OP_MAXPOOL && n->op != OP_DROPOUT)
            return 0;
        node = n->input[j];
    }
    return b->q[node].scale;
}

int model_lowbit_parts(const struct model_binding *b, int node, int *part)
{
    const struct model_node *n = node_of(b, node);
    double step[MODEL_LOWBIT_PARTS];
    int parts = 0;

    if ((n->op == OP_CONV && n->groups > 1) || has_codes(b, n->input[0]))
        return 0;
    for (int c = 0; c < node_of(b, n->input[0])->c; c++) {
        double s = model_lowbit_step(b, n->input[0], c);
        int p = 0;

        while (p < parts && step[p] != s)
            p++;
        if (!(s > 0) || p == MODEL_LOWBIT_PARTS)
            return 0;
        if (p == parts)
            step[parts++] = s;
        if (part)
            part[c] = p;
    }
    return parts;
}

/* ---- integers or real numbers -------------------------------------------------------------------------- */

/* A depthwise kernel has no levels of 9 bits. */
int model_lowbit_integer(const struct model_binding *b, int node)
{
    const struct model_node *n = node_of(b, node), *in = node_of(b, n->input[0]);
    const struct tensor *bias, *weight = model_weight(b, n, &bias);
    int depthwise = n->op == OP_CONV && n->groups > 1 && n->groups == in->c && n->groups == n->c;

    return (has_codes(b, n->input[0]) || model_lowbit_mean(b, node) >= 0 ||
            model_lowbit_parts(b, node, NULL) > 0) &&
           model_has_codes(b, weight) && !(depthwise && weight->odd && tensor_bits(weight) == 8);
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

    int high = model_lowbit_parts(b, node, NULL) > 0 ? 255 : b->q[n->input[0]].high;

    if (taps * most * high < 0x1p31)
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
