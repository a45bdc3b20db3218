/* src/model/decided.c: what binding chose where a checkpoint leaves a choice, in words. */
#include "model_parts.h"

enum { NAMED = 4, USUAL_BITS = 8, WIDEST = 16 };

static status add_names(const struct model_binding *b, struct text *out)
{
    const struct tensor_table *w = b->weights;

    if (w->remark)
        TRY(text_add(out, "%s\n", w->remark));
    if (w->state || w->other_states)
        TRY(text_add(out, "state dict %s is read%s%s\n", w->state ? w->state : "(the file itself)",
                     w->other_states ? ", beside it lie " : "", w->other_states ? w->other_states : ""));
    if (b->prefix[0])
        TRY(text_add(out, "the prefix %s is taken off all names\n", b->prefix));
    if (b->ignored > 0)
        TRY(text_add(out, "tensors left out by the description's lines `ignore`: %d\n", b->ignored));
    if (b->unused > 0)
        TRY(text_add(out, "tensors that the network does not use, as unused = allow permits: %d\n",
                     b->unused));
    return OK;
}

static status add_relu6(const struct model_binding *b, struct text *out)
{
    const char *does = b->relu6_clamps ? "clamps at 6" : "runs as relu";

    if (b->how.relu6)
        return text_add(out, "relu6 %s, as relu6 = %s says\n", does, model_relu6_name(b->how.relu6));
    if (table_note(b->weights, "quantcam.relu6"))
        return text_add(out, "relu6 %s, as the checkpoint notes\n", does);
    return text_add(out,
                    "relu6 %s, as torch's own files want it; if the network was exported with a clamp, say "
                    "relu6 = clamp\n",
                    does);
}

/* "0..127", or, where quantizers differ, "of several kinds". */
static void describe_codes(const struct model_binding *b, const struct model_range *range, int weights,
                           char out[32])
{
    const struct model_range *first = NULL;

    snprintf(out, 32, "of several kinds");
    for (int i = 0; i < b->model->nodes; i++) {
        const struct model_node *n = &b->model->node[i];

        if (!(weights ? model_has_weights(n) : model_quantizes(n->op)))
            continue;
        first = first ? first : &range[i];
        if (range[i].low != first->low || range[i].high != first->high ||
            range[i].symmetric != first->symmetric)
            return;
    }
    if (first)
        snprintf(out, 32, "%d..%d%s", first->low, first->high,
                 first->symmetric && !weights ? " symmetric" : "");
}

static status add_qat(const struct model_binding *b, struct text *out)
{
    char outputs[32], weights[32];

    describe_codes(b, b->output_range, 0, outputs);
    describe_codes(b, b->weight_range, 1, weights);
    TRY(text_add(out, "QAT state, converted as PyTorch does: codes of outputs %s, of weights %s per %s%s\n",
                 outputs, weights, b->per_channel ? "channel" : "tensor",
                 b->unstated ? ", the usual 8 bits, since the state has no scales and zero points that would "
                               "tell: if it was trained for others (0..127), give the converted network"
                             : ""));
    if (b->observing)
        TRY(text_add(out,
                     "observers of weights are still on and look once more, as moving averages of constant "
                     "0.01\n"));
    return OK;
}

/* What has neither a bias nor a batch normalisation, whose shift is one, may have lost it. */
static status add_biases(const struct model_binding *b, struct text *out)
{
    int normalised = model_has_norms(b), named = 0;

    for (int i = 0; i < b->model->nodes && named < b->unbiased && named < NAMED; i++) {
        const struct model_node *n = &b->model->node[i];
        const struct tensor *bias = NULL;

        if (model_has_weights(n) && !(n->bn[0] && normalised) && model_weight(b, n, &bias) && !bias &&
            !model_is_shifted(b->model, i))
            TRY(text_add(out, "%s%s", named++ ? ", " : "", n->weight));
    }
    if (b->unbiased > NAMED)
        TRY(text_add(out, " and %d more", b->unbiased - NAMED));
    return named ? text_add(out, " %s no bias: taken as 0\n", named > 1 ? "have" : "has") : OK;
}

/* Bits of the codes of a node's weights, or of its output; 0: it has none of its own. */
static int bits_of(const struct model_binding *b, int node, int weights)
{
    const struct model_node *n = &b->model->node[node];
    const struct tensor *bias, *weight;

    if (!weights && b->lowbit)
        return model_is_relu(n->op) ? model_bits_of(0, b->q[node].high) : 0;
    if (!weights && b->family)
        return b->q[node].scale > 0 ? model_bits_of(b->q[node].low, b->q[node].high) : 0;
    if (!weights)
        return model_quantizes(n->op) ? model_bits_of(b->q[node].low, b->q[node].high) : 0;
    if (!model_has_weights(n))
        return 0;
    if (b->qat)
        return model_bits_of(b->weight_range[node].low, b->weight_range[node].high);
    weight = model_weight(b, n, &bias);
    return weight && model_has_codes(b, weight) ? tensor_bits(weight) : 0;
}

char *model_bits_words(const struct model_binding *b, int weights, char *out, size_t size)
{
    int count[WIDEST + 1] = { 0 }, all = 0, least = weights ? b->weight_bits : b->activation_bits;
    size_t used = (size_t)snprintf(out, size, "%d bits", least);
    const char *before = " (";

    for (int i = 0; i < b->model->nodes; i++) {
        int bits = bits_of(b, i, weights);

        all += bits > 0;
        count[bits < WIDEST ? bits : WIDEST]++;
    }
    for (int bits = least + 1; bits <= WIDEST && used < size; bits++)
        if (count[bits]) {
            used += (size_t)snprintf(out + used, size - used, "%s%d in %d", before, bits, count[bits]);
            before = ", ";
        }
    if (*before == ',' && used < size)
        snprintf(out + used, size - used, " of %d%s)", all, weights ? " layers" : "");
    return out;
}

status model_decided(const struct model_binding *b, struct text *out)
{
    char weights[MODEL_BITS_WORDS], outputs[MODEL_BITS_WORDS];
    int layers = 0, integers = b->lowbit ? model_lowbit_integers(b, &layers) : 0;

    TRY(add_names(b, out));
    if (b->folded)
        TRY(text_add(out, "batch normalisations are folded into the weights already\n"));
    TRY(add_biases(b, out));
    if (b->qat)
        TRY(add_qat(b, out));
    if (b->family)
        TRY(model_deployed_decided(b, out));
    if (b->lowbit)
        TRY(text_add(out,
                     "a trained low-bit network: %d of %d layers as integers, the others in real numbers\n",
                     integers, layers));
    if (b->form == PRECISION_ROUNDED)
        TRY(text_add(out, "runs in real numbers, every output rounded to its codes\n"));
    if (model_stores_codes(b) && (b->weight_bits != USUAL_BITS || b->activation_bits != USUAL_BITS))
        TRY(text_add(out, "codes of weights have %s, of outputs %s\n",
                     model_bits_words(b, 1, weights, sizeof weights),
                     model_bits_words(b, 0, outputs, sizeof outputs)));
    if (b->form != PRECISION_REAL && !b->lowbit && !b->family && model_has_relu6(b->model))
        TRY(add_relu6(b, out));
    return OK;
}
