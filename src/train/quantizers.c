/* src/train/quantizers.c: which node of the network has how many bits: the preset, the ends, single nodes. */
#include "train_parts.h"

#include <stdio.h>
#include <string.h>

static void set_weights(struct train *t, int node, int bits)
{
    struct quant_weights *q = &t->quantizer[node].weights;

    *q = (struct quant_weights){ 0 };
    if (bits < PRECISION_REAL_BITS)
        *q = (struct quant_weights){ .form = (enum quant_weights_form)t->job->form,
                                     .slope = (enum quant_weights_slope)t->job->slope,
                                     .bits = bits };
}

static void set_activation(struct train *t, int node, int bits)
{
    t->quantizer[node].pact_bits = bits < PRECISION_REAL_BITS ? bits : 0;
    t->quantizer[node].pact_through = t->job->alpha_through;
}

static void set_preset(struct train *t)
{
    char name[OPTION_NAME];
    const struct quant_bits *b = quant_bits_preset(option_choice(QUANT_BITS_NAMES, t->job->preset, name));
    int layers = 0, layer = 0, activation = 0;

    for (int i = 0; i < t->model.nodes; i++)
        layers += model_has_weights(&t->model.node[i]);
    for (int i = 0; i < t->model.nodes; i++) {
        const struct model_node *n = &t->model.node[i];

        if (b->weights == PRECISION_REAL_BITS)
            continue;
        if (model_has_weights(n))
            set_weights(t, i, quant_bits_weights(b, t->job->ends, layer++, layers));
        else if (model_is_relu(n->op))
            set_activation(t, i, quant_bits_activations(b, t->job->ends, activation++));
    }
}

/* "conv1 8": the node's weights, or what a relu lets through. */
static status set_single(struct train *t, char *text)
{
    char *word[2];
    int64_t bits;
    int node;

    if (text_split(text, word, 2) != 2 || !text_parse_int(word[1], 2, PRECISION_REAL_BITS, &bits) ||
        (bits > 8 && bits != PRECISION_REAL_BITS))
        return FAIL(ERR_USAGE,
                    "bits.layers = %s: pairs NODE BITS with commas between are wanted, 2 to 8 bits, or "
                    "32: real",
                    t->job->layers);
    node = model_find(&t->model, word[0]);
    if (node < 0)
        return FAIL(ERR_USAGE, "bits.layers: network %s has no node %s", t->model.name, word[0]);
    if (model_has_weights(&t->model.node[node]))
        set_weights(t, node, (int)bits);
    else if (model_is_relu(t->model.node[node].op))
        set_activation(t, node, (int)bits);
    else
        return FAIL(ERR_USAGE, "bits.layers: %s is of kind %s; conv, linear, relu and relu6 have bits",
                    word[0], model_op_name(t->model.node[node].op));
    return OK;
}

/* What the quantizers have to work on, before a step is taken. */
static status check(const struct train *t)
{
    int activations = 0, wanted = 0;

    for (int i = 0; i < t->model.nodes; i++) {
        const struct gradient_quantizer *q = &t->quantizer[i];

        if (q->weights.bits > 0)
            TRY(error_prefix(quant_weights_check(&q->weights), "%s", t->model.node[i].name));
        activations += q->pact_bits > 0;
        wanted |= q->weights.bits > 0;
    }
    if (wanted && activations == 0 && !t->job->layers[0])
        return FAIL(ERR_USAGE, "network %s has no relu whose activations PACT could quantize", t->model.name);
    return OK;
}

status quantizers_make(struct train *t)
{
    char text[OPTION_SIZE], *rest = text, *pair;

    MEM_TRY(t->quantizer, (size_t)t->model.nodes, sizeof *t->quantizer);
    if (train_job_fakes(t->job)) /* of the whole network */
        return OK;
    set_preset(t);
    snprintf(text, sizeof text, "%s", t->job->layers);
    while (t->job->layers[0] && (pair = strsep(&rest, ",")) != NULL)
        TRY(set_single(t, pair));
    return check(t);
}

void quantizers_say(const struct train *t)
{
    if (train_job_fakes(t->job))
        log_detail("weights and activations of 8 bits, by fake quantization");
    for (int i = 0; i < t->model.nodes; i++) {
        const struct gradient_quantizer *q = &t->quantizer[i];

        if (q->weights.bits > 0)
            log_detail("%s: weights of %d bits", t->model.node[i].name, q->weights.bits);
        if (q->pact_bits > 0)
            log_detail("%s: activations of %d bits", t->model.node[i].name, q->pact_bits);
    }
}
