/* src/model/sources.c: a layer's tensors in a checkpoint: in which form they are stored, and whether they
 * fit. */
#include "model_parts.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const struct model_node *node_of(const struct model_binding *b, int node)
{
    return &b->model->node[node];
}

/* A vector of one real number per output channel. */
static status check_vector(const struct model_binding *b, const struct model_node *n, const struct tensor *t)
{
    if (model_is_float(t) && t->rank == 1 && t->dim[0] == n->c)
        return OK;
    return model_mismatch(b, n, t, "(%d) f32", n->c);
}

/* A deployed file's integers have integers for biases, in units of input times weight. */
static status check_bias(const struct model_binding *b, const struct model_node *n,
                         const struct model_sources *s)
{
    if (!b->family || !model_has_codes(b, s->weight))
        return check_vector(b, n, s->bias);
    if (s->bias->dtype == DTYPE_S32 && s->bias->rank == 1 && s->bias->dim[0] == n->c)
        return OK;
    return model_mismatch(b, n, s->bias, "(%d) s32", n->c);
}

static status check_codes(const struct model_binding *b, const struct model_node *n, const struct tensor *t)
{
    if (t->quantization == TENSOR_PER_CHANNEL && (t->axis != 0 || t->channels != n->c))
        return model_mismatch(b, n, t, "its scales on axis 0");
    if (b->lowbit && t->quantization != TENSOR_PER_TENSOR)
        return model_mismatch(b, n, t, "one scale for all");
    if (t->odd && !b->lowbit)
        return model_mismatch(b, n, t, "levels with a zero, or the note quantcam.arithmetic = pact");
    for (int i = 0; i < t->channels; i++) {
        if (!model_is_scale(t->scale[i]))
            return model_mismatch(b, n, t, "positive scales, not %g", t->scale[i]);
        if (!b->family && t->zero_point[i] != 0)
            return model_mismatch(b, n, t, "weights with zero point 0, not %lld",
                                  (long long)t->zero_point[i]);
        if (t->zero_point[i] < INT8_MIN || t->zero_point[i] > INT8_MAX)
            return model_mismatch(b, n, t, "zero points from -128 to 127, not %lld",
                                  (long long)t->zero_point[i]);
    }
    return OK;
}

static status check_weight(const struct model_binding *b, const struct model_node *n,
                           const struct model_sources *s)
{
    const struct tensor *t = s->weight;
    int codes = model_has_codes(b, t), wide = b->form == PRECISION_ROUNDED;
    int rows = n->op == OP_LINEAR || (t->rank == 2 && n->groups == 1 && n->kh * n->kw == 1),
        rank = rows ? 2 : 4;
    int64_t dim[4] = { s->oc, rank == 4 ? s->ic : (int64_t)s->ic * s->kh * s->kw, s->kh, s->kw };
    int fits = t->rank == rank && memcmp(t->dim, dim, (size_t)rank * sizeof *dim) == 0;
    const char *type = !codes ? "f32" : wide ? "s8 or s16, quantized" : "s8, quantized";

    if (fits && codes && (t->dtype == DTYPE_S8 || (wide && t->dtype == DTYPE_S16)) &&
        t->quantization != TENSOR_REAL)
        return check_codes(b, n, t);
    if (fits && !codes && model_is_float(t))
        return OK;
    return rank == 4 ? model_mismatch(b, n, t, "(%d, %d, %d, %d) %s", s->oc, s->ic, s->kh, s->kw, type)
                     : model_mismatch(b, n, t, "(%d, %lld) %s", s->oc, (long long)dim[1], type);
}

/* Quantized linear layers have been stored in three ways, the newest (a tuple) comes first; a float layer
 * that torch fused with its relu lies in a Sequential. */
const struct tensor *model_weight(const struct model_binding *b, const struct model_node *n,
                                  const struct tensor **bias)
{
    static const struct {
        const char *weight, *bias;
        int linear;
    } forms[] = {
        { "._packed_params._packed_params.0", "._packed_params._packed_params.1", 1 },
        { "._packed_params.weight", "._packed_params.bias", 1 },
        { ".weight", ".bias", 0 },
        { ".0.weight", ".0.bias", 0 },
    };

    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        const struct tensor *weight =
            forms[i].linear && n->op != OP_LINEAR ? NULL : model_tensor(b, n->weight, forms[i].weight);

        if (weight) {
            *bias = model_tensor(b, n->weight, forms[i].bias);
            return weight;
        }
    }
    return NULL;
}

/* ---- batch normalisation --------------------------------------------------------------------------- */

static const char *const normalisation[] = { ".weight", ".bias", ".running_mean", ".running_var",
                                             ".num_batches_tracked" };

static void normalisation_prefix(const struct model_binding *b, const struct model_node *n,
                                 char out[MODEL_FULL_NAME])
{
    snprintf(out, MODEL_FULL_NAME, "%s%s", b->qat ? n->weight : n->bn, b->qat ? ".bn" : "");
}

static int has_normalisation(const struct model_binding *b, const struct model_node *n)
{
    char prefix[MODEL_FULL_NAME];

    normalisation_prefix(b, n, prefix);
    for (size_t i = 0; i < COUNT_OF(normalisation); i++)
        if (model_tensor(b, prefix, normalisation[i]))
            return 1;
    return 0;
}

/* A checkpoint that has none of the batch normalisations, but a bias for each, has them folded already. */
status model_find_folded(struct model_binding *b)
{
    const struct model_node *bare = NULL, *whole = NULL;
    int biases = 0, convs = 0;

    for (int i = 0; i < b->model->nodes; i++) {
        const struct model_node *n = node_of(b, i);
        const struct tensor *bias = NULL;

        if (!n->bn[0])
            continue;
        convs++;
        if (has_normalisation(b, n)) {
            whole = n;
        } else if (model_weight(b, n, &bias) && bias) {
            bare = bare ? bare : n;
            biases++;
        }
    }
    b->folded = biases > 0 && biases == convs;
    if (bare && whole)
        return FAIL(
            ERR_MISMATCH,
            "%s: %s%s has a bias and no batch normalisation, as if that were folded already, but %s%s "
            "has one: all must be folded, or none",
            b->weights->source, b->prefix, bare->weight, b->prefix, whole->weight);
    return OK;
}

static status find_normalisation(const struct model_binding *b, const struct model_node *n,
                                 struct model_sources *s)
{
    const struct tensor **const part[] = { &s->gamma, &s->beta, &s->mean, &s->variance };
    char prefix[MODEL_FULL_NAME];

    normalisation_prefix(b, n, prefix);
    for (size_t i = 0; i < COUNT_OF(part); i++)
        TRY(model_need(b, part[i], prefix, normalisation[i]));
    for (size_t i = 0; i < COUNT_OF(part); i++)
        TRY(check_vector(b, n, *part[i]));
    return OK;
}

/* A scale's tensor may have rows and columns of 1. */
static status check_scale(const struct model_binding *b, const struct model_node *n, const struct tensor *t)
{
    for (int i = 1; i < t->rank; i++)
        if (t->dim[i] != 1)
            return model_mismatch(b, n, t, "(%d, 1, 1) f32", n->c);
    return model_is_float(t) && t->rank > 0 && t->dim[0] == n->c ? OK
                                                                 : model_mismatch(b, n, t, "(%d) f32", n->c);
}

status model_find_affine(const struct model_binding *b, int node, const struct tensor *out[4])
{
    const struct model_node *n = node_of(b, node);
    int wanted = n->op == OP_BATCHNORM ? 4 : 1;

    memset(out, 0, 4 * sizeof *out);
    if (n->op == OP_SCALE) {
        TRY(model_need(b, out, n->weight, ""));
        return check_scale(b, n, *out);
    }
    for (int i = 0; i < wanted; i++)
        TRY(model_need(b, &out[i], n->weight, normalisation[i]));
    if (n->op == OP_LAYERNORM)
        out[1] = model_tensor(b, n->weight, normalisation[1]);
    for (int i = 0; i < 4; i++)
        if (out[i])
            TRY(check_vector(b, n, out[i]));
    return OK;
}

const struct tensor *model_affine_tensor(const struct model_binding *b, int node, int i, const char **suffix)
{
    const struct model_node *n = node_of(b, node);

    if (i >= (n->op == OP_BATCHNORM ? 4 : n->op == OP_LAYERNORM ? 2 : 1))
        return NULL;
    *suffix = n->op == OP_SCALE ? "" : normalisation[i];
    return model_tensor(b, n->weight, *suffix);
}

/* One range for the layer, or one a channel. */
static status find_observer(const struct model_binding *b, const struct model_node *n,
                            struct model_sources *s)
{
    const struct tensor *low;

    TRY(model_find_quantizer(b, n, n->weight, ".weight_fake_quant", &s->quantizer));
    low = s->quantizer.low;
    if (tensor_count(low) != 1 && tensor_count(low) != s->oc)
        return model_mismatch(b, n, low, "one value, or one a channel");
    return OK;
}

status model_find_sources(const struct model_binding *b, int node, struct model_sources *s)
{
    const struct model_node *n = node_of(b, node), *in = node_of(b, n->input[0]);

    BUG_IF(!model_has_weights(n));
    *s = (struct model_sources){ .oc = n->c, .ic = in->c, .kh = in->h, .kw = in->w };
    if (n->op == OP_CONV) {
        s->ic /= n->groups;
        s->kh = n->kh;
        s->kw = n->kw;
    }
    s->weight = model_weight(b, n, &s->bias);
    if (!s->weight)
        TRY(model_need(b, &s->weight, n->weight, ".weight"));
    TRY(check_weight(b, n, s));
    if (s->bias)
        TRY(check_bias(b, n, s));
    if (n->bn[0] && model_has_norms(b))
        TRY(find_normalisation(b, n, s));
    return b->qat ? find_observer(b, n, s) : OK;
}

/* ---- values ---------------------------------------------------------------------------------------- */

struct tensor model_in_sum_order(const struct model_sources *s)
{
    const struct tensor *weight = s->weight;
    struct tensor view = *weight;

    if (weight->rank == 2 && s->kh * s->kw > 1) {
        const int64_t dim[4] = { weight->dim[0], s->kh, s->kw, s->ic }, step = weight->stride[1],
                      stride[4] = { weight->stride[0], step * s->kw, step, step * s->kh * s->kw };

        view.rank = 4;
        memcpy(view.dim, dim, sizeof dim);
        memcpy(view.stride, stride, sizeof stride);
    }
    if (weight->rank == 4) {
        static const int order[4] = { 0, 2, 3, 1 };
        for (int i = 0; i < 4; i++) {
            view.dim[i] = weight->dim[order[i]];
            view.stride[i] = weight->stride[order[i]];
        }
    }
    return view;
}

status model_check_values(const struct model_binding *b, const struct tensor *t, int least_is_zero)
{
    for (int64_t i = 0; t && i < tensor_count(t); i++) {
        float x = (float)tensor_at(t, i);

        if (!isfinite(x) || (least_is_zero && x < 0))
            return MODEL_FAIL(b, ERR_NUMERIC, "value %lld of tensor %s is %g: %s", (long long)i,
                              model_name_of(b, t), (double)x,
                              isfinite(x) ? "a variance is not negative" : "weights must be finite");
    }
    return OK;
}
