/* src/quant/fold.c: the network that is worked on: batch normalisation folded, weights writable, and a form
 * of its graph in which every output can be seen. */
#include "quant_parts.h"

#include <string.h>

static int is_end(const struct quant_work *w, int node)
{
    return w->options->ends && (node == w->first_layer || node == w->last_layer);
}

int quant_weight_bits(const struct quant_work *w, int node)
{
    if (w->bits[node])
        return w->bits[node];
    return is_end(w, node) ? w->options->ends : w->options->weight_bits;
}

int quant_activation_bits(const struct quant_work *w, int node)
{
    int end = w->model.node[node].op == OP_INPUT || node == w->last_layer;

    return end && w->options->ends ? w->options->ends : w->options->activation_bits;
}

static struct tensor *entry(struct tensor_table *t, const char *prefix, const char *suffix)
{
    char name[2 * MODEL_NAME];
    const struct tensor *found;

    snprintf(name, sizeof name, "%s%s", prefix, suffix);
    found = table_find(t, name);
    BUG_IF(!found);
    return &t->entry[(const struct tensor_entry *)((const char *)found -
                                                   offsetof(struct tensor_entry, tensor)) -
                     t->entry]
                .tensor;
}

float *quant_weights(struct quant_work *w, int node)
{
    return entry(&w->real, w->model.node[node].weight, ".weight")->data;
}

float *quant_bias(struct quant_work *w, int node)
{
    return entry(&w->real, w->model.node[node].weight, ".bias")->data;
}

size_t quant_row(const struct quant_work *w, int node)
{
    const struct model_node *n = &w->model.node[node], *in = &w->model.node[n->input[0]];

    return n->op == OP_LINEAR ? (size_t)in->c * (size_t)in->h * (size_t)in->w
                              : (size_t)(in->c / n->groups) * (size_t)n->kh * (size_t)n->kw;
}

/* ---- the graph ----------------------------------------------------------------------------------------- */

static status read_graph(struct quant_work *w)
{
    size_t n = (size_t)w->nodes;

    MEM_TRY(w->users, n, sizeof *w->users);
    MEM_TRY(w->only, n, sizeof *w->only);
    MEM_TRY(w->shown, n, sizeof *w->shown);
    MEM_TRY(w->first, n + 1, sizeof *w->first);
    for (int i = 0; i < w->nodes; i++) {
        const struct model_node *node = &w->model.node[i];

        w->first[i + 1] = w->first[i] + (size_t)node->c;
        for (int j = 0; j < node->inputs; j++) {
            w->users[node->input[j]]++;
            w->only[node->input[j]] = i;
        }
    }
    for (int i = 0; i < w->nodes; i++) {
        int relu = model_fused_relu(&w->model, i);

        if (w->users[i] != 1)
            w->only[i] = -1;
        w->shown[i] = relu >= 0 ? relu : i;
    }
    return OK;
}

/* A second user keeps a relu from being fused: all channels of such a node, as a slice that nobody reads. */
static status copy_graph(struct quant_work *w)
{
    const struct model *m = w->source;
    struct model_node *node;

    MEM_TRY(node, 2 * (size_t)m->nodes, sizeof *node);
    memcpy(node, m->node, (size_t)m->nodes * sizeof *node);
    w->model = *m;
    w->model.node = node;
    w->model.ignore = NULL;
    w->model.also = NULL;
    w->model.ignores = w->model.alsos = 0;
    w->nodes = m->nodes;
    for (int i = 0; i < m->nodes; i++) {
        node[i].bn[0] = '\0';
        if (node[i].op == OP_LAYERNORM && w->options->form == PRECISION_CODES)
            return FAIL(ERR_MISMATCH,
                        "%s:%d: layernorm %s has no arithmetic of integers: say arithmetic = rounded "
                        "(--arithmetic=rounded)",
                        m->source, node[i].line, node[i].name);
        if (model_quantizes(node[i].op) && !node[i].quant[0])
            return FAIL(ERR_FORMAT,
                        "%s:%d: %s %s has no attribute 'quant': an int8 file has no name for its scale",
                        m->source, node[i].line, model_op_name(node[i].op), node[i].name);
    }
    TRY(read_graph(w));
    for (int i = 0; i < w->nodes; i++) {
        struct model_node *slice = &node[w->model.nodes];

        if (w->shown[i] == i)
            continue;
        *slice = node[i];
        slice->op = OP_SLICE;
        slice->inputs = 1;
        slice->input[0] = i;
        slice->begin = 0;
        slice->quant[0] = '\0';
        snprintf(slice->name, sizeof slice->name, "seen %d", i);
        slice->quant[0] = '\0';
        w->model.nodes++;
    }
    return OK;
}

/* ---- the weights --------------------------------------------------------------------------------------- */

/* Seen as the checkpoint's (oc, ic, kh, kw) it has the strides of (oc, kh, kw, ic). */
static struct tensor in_file_order(const struct model_node *n, const struct model_layer *l, float *data)
{
    int64_t ic = l->ic, kh = l->kh, kw = l->kw;
    struct tensor t = { .dtype = DTYPE_F32,
                        .rank = n->op == OP_CONV ? 4 : 2,
                        .dim = { l->oc, ic, kh, kw },
                        .stride = { ic * kh * kw, 1, ic * kw, ic },
                        .data = data,
                        .owned = 1 };

    return t;
}

/* Of a linear layer that reads a map: (oc, kh, kw, ic) to the file's columns (ic, kh, kw). */
static status in_columns(struct model_layer *l)
{
    size_t window = (size_t)l->kh * (size_t)l->kw, ic = (size_t)l->ic, at = 0;
    float *columns;

    MEM_TRY(columns, (size_t)l->oc * ic * window, sizeof *columns);
    for (size_t o = 0; o < (size_t)l->oc; o++)
        for (size_t c = 0; c < ic; c++)
            for (size_t k = 0; k < window; k++)
                columns[at++] = l->weight_real[(o * window + k) * ic + c];
    mem_free(l->weight_real);
    l->weight_real = columns;
    l->ic *= l->kh * l->kw;
    l->kh = l->kw = 1;
    return OK;
}

status quant_take(struct tensor_table *table, const char *prefix, const char *suffix, struct tensor *t)
{
    char name[2 * MODEL_NAME];
    status result;

    snprintf(name, sizeof name, "%s%s", prefix, suffix);
    result = table_take(table, name, t);
    if (result != OK)
        tensor_free(t);
    return result;
}

/* Folded weights and biases of a layer, real numbers. */
static status take_layer(const struct model_binding *b, int node, struct tensor_table *out)
{
    const struct model_node *n = &b->model->node[node];
    struct model_layer l = { 0 };
    struct tensor t;
    status result;

    TRY(model_layer_load(b, node, &l));
    BUG_IF(!l.weight_real);
    result = n->op == OP_LINEAR && l.kh * l.kw > 1 ? in_columns(&l) : OK;
    if (result == OK) {
        t = in_file_order(n, &l, l.weight_real);
        l.weight_real = NULL;
        result = quant_take(out, n->weight, ".weight", &t);
    }
    if (result == OK) {
        t = (struct tensor){
            .dtype = DTYPE_F32, .rank = 1, .dim = { l.oc }, .stride = { 1 }, .data = l.bias, .owned = 1
        };
        l.bias = NULL;
        result = quant_take(out, n->weight, ".bias", &t);
    }
    model_layer_free(&l);
    return result == OK ? OK : error_prefix(result, "%s: two layers with one weight", b->model->source);
}

status quant_take_affine(const struct model_binding *b, int node, struct tensor_table *out)
{
    const struct tensor *from;
    const char *suffix;

    for (int i = 0; (from = model_affine_tensor(b, node, i, &suffix)); i++) {
        struct tensor t = { 0 };

        TRY(tensor_alloc(&t, DTYPE_F32, from->rank, from->dim));
        tensor_copy_f32(from, t.data);
        TRY(quant_take(out, b->model->node[node].weight, suffix, &t));
    }
    return OK;
}

static status take_layers(const struct model_binding *b, struct tensor_table *out)
{
    out->source = mem_strdup(b->weights->source ? b->weights->source : "checkpoint");
    if (!out->source)
        return FAIL(ERR_MEMORY, "no memory for a name");
    for (int i = 0; i < b->model->nodes; i++) {
        if (model_has_weights(&b->model->node[i]))
            TRY(take_layer(b, i, out));
        else if (model_is_affine(b->model->node[i].op))
            TRY(quant_take_affine(b, i, out));
        table_rest(b->weights);
    }
    return OK;
}

status quant_dequantize(const struct model_binding *quantized, struct tensor_table *out)
{
    struct model_binding rounded = *quantized;
    status result;

    *out = (struct tensor_table){ 0 };
    if (quantized->form == PRECISION_REAL)
        return FAIL(ERR_MISMATCH, "%s: its weights are real numbers already", quantized->weights->source);
    rounded.form = PRECISION_ROUNDED;
    result = take_layers(&rounded, out);
    if (result != OK)
        table_free(out);
    return result;
}

status quant_check_source(const struct model_binding *fp32)
{
    if (fp32->form != PRECISION_REAL)
        return FAIL(
            ERR_MISMATCH,
            "%s: a quantized checkpoint; quantize takes the fp32 one, which --dequantize can make of it",
            fp32->weights->source);
    return OK;
}

status quant_fold(const struct model_binding *fp32, struct quant_work *w)
{
    size_t channels;

    w->source = fp32->model;
    TRY(quant_check_source(fp32));
    TRY(copy_graph(w));
    channels = w->first[w->nodes];
    MEM_TRY(w->low, channels, sizeof *w->low);
    MEM_TRY(w->high, channels, sizeof *w->high);
    MEM_TRY(w->mean, channels, sizeof *w->mean);
    MEM_TRY(w->q, (size_t)w->nodes, sizeof *w->q);
    MEM_TRY(w->bits, (size_t)w->nodes, sizeof *w->bits);
    w->first_layer = -1;
    for (int i = 0; i < w->nodes; i++)
        if (model_has_weights(&w->model.node[i])) {
            w->first_layer = w->first_layer < 0 ? i : w->first_layer;
            w->last_layer = i;
        }
    return w->pictures->follows ? OK : take_layers(fp32, &w->real);
}

void quant_work_free(struct quant_work *w)
{
    table_free(&w->real);
    model_free(&w->model);
    mem_free(w->users);
    mem_free(w->only);
    mem_free(w->shown);
    mem_free(w->first);
    mem_free(w->low);
    mem_free(w->high);
    mem_free(w->mean);
    mem_free(w->q);
    mem_free(w->bits);
    *w = (struct quant_work){ 0 };
}

status quant_plan_real(struct quant_work *w, const struct quant_params *round, struct quant_engine *out)
{
    struct engine_options options = { .direct = 1, .keep = 1, .round = round };
    const struct quant_pictures *p = w->pictures;
    struct model_binding b = { 0 };
    status result = quant_agree(p, p->follows ? OK : model_bind(&w->model, &w->real, NULL, &b));

    *out = (struct quant_engine){ .plan = NULL };
    if (result == OK)
        result = quant_open(p, &b, &options, w->kernels, out);
    model_unbind(&b);
    return result;
}
