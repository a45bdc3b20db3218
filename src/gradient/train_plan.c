/* src/gradient/train_plan.c: from a description to steps, their parameters, and where maps and gradients lie.
 */
#include "net.h"

enum { MOST_DROPOUTS = 32 };

struct draft {
    struct gradient_net *net;
    int *map_of;  /* (nodes) the map that holds the node's output */
    int *maker;   /* (maps) the step that writes it */
    int *users;   /* (nodes) */
    int *readers; /* (maps) steps that read it */
    int dropouts;
};

/* ---- maps and parameters ------------------------------------------------------------------------------- */

static int add_map(struct draft *d, const struct model_node *n)
{
    struct gradient_net *net = d->net;
    struct train_map *m = &net->map[net->maps];

    *m = (struct train_map){ .c = n->c, .h = n->h, .w = n->w, .root = net->maps };
    m->count = (size_t)n->c * (size_t)n->h * (size_t)n->w;
    m->place = net->value_floats;
    net->value_floats += m->count;
    net->largest_map = m->count > net->largest_map ? m->count : net->largest_map;
    d->maker[net->maps] = net->steps - 1;
    return net->maps++;
}

static int add_parameter(struct draft *d, enum gradient_kind kind, int node, const char *prefix,
                         const char *suffix, int rank, const int64_t *dim)
{
    struct gradient_net *net = d->net;
    struct gradient_parameter *p = &net->parameter[net->parameters];

    *p = (struct gradient_parameter){ .kind = kind, .node = node, .rank = rank, .count = 1 };
    snprintf(p->name, sizeof p->name, "%s%s", prefix, suffix);
    for (int i = 0; i < rank; i++) {
        p->dim[i] = dim[i];
        p->count *= dim[i];
    }
    return net->parameters++;
}

static int add_vector(struct draft *d, enum gradient_kind kind, int node, const char *prefix,
                      const char *suffix)
{
    return add_parameter(d, kind, node, prefix, suffix, 1, (int64_t[]){ d->net->m->node[node].c });
}

/* ---- steps --------------------------------------------------------------------------------------------- */

static struct train_step *add_step(struct draft *d, enum train_kind kind, int node)
{
    struct gradient_net *net = d->net;
    const struct model_node *n = &net->m->node[node];
    struct train_step *s = &net->step[net->steps++];

    *s = (struct train_step){ .kind = kind, .node = n, .number = node, .low = -INFINITY, .high = INFINITY };
    s->weight = s->bias = s->gamma = s->beta = s->mean = s->var = s->alpha = s->fake.low = s->fake.high = -1;
    s->inputs = n->inputs;
    for (int j = 0; j < n->inputs; j++)
        s->in[j] = d->map_of[n->input[j]];
    return s;
}

static const struct gradient_quantizer *quantizer_of(const struct draft *d, int node)
{
    static const struct gradient_quantizer none;
    const struct gradient_quantizer *all = d->net->settings.quantizer;

    return all ? &all[node] : &none;
}

/* Batch normalisation of the last map, which becomes another. */
static status add_norm(struct draft *d, int node, const char *prefix, int from)
{
    struct train_step *s = add_step(d, TRAIN_NORM, node);

    s->inputs = 1;
    s->in[0] = from;
    s->gamma = add_vector(d, GRADIENT_GAMMA, node, prefix, ".weight");
    s->beta = add_vector(d, GRADIENT_BETA, node, prefix, ".bias");
    s->mean = add_vector(d, GRADIENT_RUNNING_MEAN, node, prefix, ".running_mean");
    s->var = add_vector(d, GRADIENT_RUNNING_VAR, node, prefix, ".running_var");
    s->out = add_map(d, s->node);
    d->map_of[node] = s->out;
    if (2 * (size_t)s->node->c > d->net->norm_sums)
        d->net->norm_sums = 2 * (size_t)s->node->c;
    return OK;
}

static void add_weight(struct draft *d, struct train_step *s)
{
    const struct model_node *n = s->node, *in = &d->net->m->node[n->input[0]];
    int64_t linear[2] = { n->c, (int64_t)in->c * in->h * in->w },
            conv[4] = { n->c, n->op == OP_CONV ? in->c / n->groups : 0, n->kh, n->kw };
    int is_conv = n->op == OP_CONV;

    s->weight = add_parameter(d, GRADIENT_WEIGHT, s->number, n->weight, ".weight", is_conv ? 4 : 2,
                              is_conv ? conv : linear);
    if (model_has_bias(d->net->m, s->number))
        s->bias = add_vector(d, GRADIENT_BIAS, s->number, n->weight, ".bias");
    for (int p = s->weight; p < d->net->parameters; p++)
        d->net->parameter[p].fan_in =
            (int)(d->net->parameter[s->weight].count / d->net->parameter[s->weight].dim[0]);
    if ((size_t)d->net->parameter[s->weight].count > d->net->largest_weight)
        d->net->largest_weight = (size_t)d->net->parameter[s->weight].count;
}

static status add_layer(struct draft *d, int node)
{
    const struct model_node *n = &d->net->m->node[node];
    struct train_step *s = add_step(d, n->op == OP_LINEAR ? TRAIN_LINEAR : TRAIN_CONV, node);

    s->layer.quantizer = quantizer_of(d, node)->weights;
    if (s->layer.quantizer.bits) {
        status result = quant_weights_check(&s->layer.quantizer);

        if (result != OK)
            return error_prefix(result, "%s:%d: %s", d->net->m->source, n->line, n->name);
    }
    add_weight(d, s);
    s->out = d->map_of[node] = add_map(d, n);
    train_layer_shape(d->net, s);
    if (d->net->settings.average > 0)
        MEM_TAKE(&d->net->mem, s->layer.factor, (size_t)n->c, sizeof *s->layer.factor);
    if (!n->bn[0])
        return OK;
    s->folded = d->net->step + d->net->steps;
    return add_norm(d, node, n->bn, s->out);
}

/* A relu that alone reads what a layer, a batch normalisation or a sum has made becomes part of that. */
static int fuse_relu(struct draft *d, int node)
{
    const struct model_node *n = &d->net->m->node[node];
    struct train_step *s;

    if (d->users[n->input[0]] != 1 || d->maker[d->map_of[n->input[0]]] < 0)
        return 0;
    s = &d->net->step[d->maker[d->map_of[n->input[0]]]];
    if (s->gated || s->number != n->input[0] ||
        (s->kind != TRAIN_CONV && s->kind != TRAIN_LINEAR && s->kind != TRAIN_NORM && s->kind != TRAIN_ADD))
        return 0;
    s->gated = 1;
    s->low = 0.0f;
    s->high = n->op == OP_RELU6 ? 6.0f : INFINITY;
    d->map_of[node] = s->out;
    return 1;
}

static status add_relu(struct draft *d, int node)
{
    const struct gradient_quantizer *q = quantizer_of(d, node);
    struct train_step *s;

    if (q->pact_bits == 0 && fuse_relu(d, node))
        return OK;
    s = add_step(d, q->pact_bits ? TRAIN_PACT : TRAIN_RELU, node);
    s->pact_bits = q->pact_bits;
    s->pact_through = q->pact_through;
    if (q->pact_bits < 0 || q->pact_bits > 16)
        return FAIL(ERR_USAGE, "%s:%d: PACT of %d bits at %s: 1 to 16 are possible", d->net->m->source,
                    s->node->line, q->pact_bits, s->node->name);
    if (q->pact_bits) {
        s->alpha = add_parameter(d, GRADIENT_ALPHA, node, s->node->name, ".alpha", 0, NULL);
        MEM_TAKE(&d->net->mem, s->channel_sum, (size_t)s->node->c, sizeof *s->channel_sum);
    }
    s->out = d->map_of[node] = add_map(d, s->node);
    return OK;
}

static enum train_kind kind_of(enum model_op op)
{
    switch (op) {
    case OP_MAXPOOL:
        return TRAIN_MAXPOOL;
    case OP_AVGPOOL2D:
        return TRAIN_WINDOW;
    case OP_AVGPOOL:
    case OP_MEAN:
        return TRAIN_MEAN;
    case OP_ADD:
        return TRAIN_ADD;
    case OP_MUL:
        return TRAIN_MUL;
    case OP_CAT:
        return TRAIN_CAT;
    case OP_SLICE:
        return TRAIN_SLICE;
    case OP_SHORTCUT:
        return TRAIN_SHORTCUT;
    case OP_SHUFFLE:
        return TRAIN_SHUFFLE;
    case OP_DROPOUT:
        return TRAIN_DROPOUT;
    default:
        return TRAIN_CURVE;
    }
}

/* Ops that training does not have: those of other runtimes alone, layer normalisation, gelu and scale. */
static int is_untrained(const struct model_node *n)
{
    return n->op == OP_LAYERNORM || n->op == OP_SCALE || n->op == OP_GELU || n->op == OP_CLIP ||
           n->op == OP_TANH || n->op == OP_LEAKYRELU || n->op == OP_PAD || n->op == OP_QUANTIZE ||
           n->op == OP_DEQUANTIZE || n->op == OP_SUB || model_has_constant(n) ||
           (n->op == OP_AVGPOOL2D && (n->ceil || n->pad_y + n->pad_x + n->end_y + n->end_x > 0));
}

static status add_plain(struct draft *d, int node)
{
    const struct model_node *n = &d->net->m->node[node];
    struct train_step *s;

    if (is_untrained(n))
        return FAIL(ERR_MISMATCH, "%s:%d: networks with %s are not trained here", d->net->m->source, n->line,
                    n->op == OP_AVGPOOL2D ? "averages over the edge of a map" : model_op_name(n->op));
    s = add_step(d, kind_of(n->op), node);
    s->out = d->map_of[node] = add_map(d, s->node);
    if (s->kind == TRAIN_DROPOUT)
        s->dropout = d->dropouts++;
    if (d->dropouts > MOST_DROPOUTS)
        return FAIL(ERR_MISMATCH, "%s:%d: more than %d dropouts", d->net->m->source, s->node->line,
                    MOST_DROPOUTS);
    return OK;
}

static status add_node(struct draft *d, int node)
{
    const struct model_node *n = &d->net->m->node[node];
    const struct gradient_quantizer *q = quantizer_of(d, node);
    int is_relu = model_is_relu(n->op);

    if ((q->weights.bits && !model_has_weights(n)) || (q->pact_bits && !is_relu))
        return FAIL(ERR_USAGE, "%s:%d: the %s %s has no %s to quantize", d->net->m->source, n->line,
                    model_op_name(n->op), n->name, q->weights.bits ? "weights" : "relu");
    if (n->op == OP_INPUT) {
        d->map_of[node] = add_map(d, n);
        return OK;
    }
    if (model_has_weights(n))
        return add_layer(d, node);
    if (n->op == OP_BATCHNORM)
        return add_norm(d, node, n->weight, d->map_of[n->input[0]]);
    return is_relu ? add_relu(d, node) : add_plain(d, node);
}

/* Fake quantization of what the node leaves, behind a relu that is fused into it. */
static status add_fake(struct draft *d, int node)
{
    static const char low[] = ".activation_post_process.min_val", high[] = ".activation_post_process.max_val";
    const struct gradient_net *net = d->net;
    int owner = train_fake_node(net, node);
    const struct model_node *n = &net->m->node[owner >= 0 ? owner : node];
    struct train_step *s;

    if (owner < 0)
        return OK;
    if (model_quantizes(n->op) && !n->quant[0])
        return FAIL(ERR_USAGE, "%s:%d: %s %s has no attribute 'quant', which names the range of its codes",
                    net->m->source, n->line, model_op_name(n->op), n->name);
    s = add_step(d, TRAIN_FAKE, node);
    s->inputs = 1;
    s->in[0] = d->map_of[node];
    s->fake.seen[0] = INFINITY;
    s->fake.seen[1] = -INFINITY;
    if (model_quantizes(n->op)) {
        s->fake.low = add_parameter(d, GRADIENT_RANGE_LOW, owner, n->quant, low, 0, NULL);
        s->fake.high = add_parameter(d, GRADIENT_RANGE_HIGH, owner, n->quant, high, 0, NULL);
    }
    s->out = d->map_of[node] = add_map(d, s->node);
    if (n->op == OP_INPUT)
        d->net->picture = s->out;
    return OK;
}

static status check_names(const struct gradient_net *net)
{
    for (int i = 0; i < net->parameters; i++)
        for (int j = 0; j < i; j++)
            if (strcmp(net->parameter[i].name, net->parameter[j].name) == 0)
                return FAIL(ERR_MISMATCH, "%s: two layers share the tensor %s: it cannot be trained",
                            net->m->source, net->parameter[i].name);
    return OK;
}

/* ---- gradients' places --------------------------------------------------------------------------------- */

static int works_in_place(enum train_kind kind)
{
    return kind == TRAIN_NORM || kind == TRAIN_RELU || kind == TRAIN_PACT || kind == TRAIN_CURVE ||
           kind == TRAIN_DROPOUT || kind == TRAIN_ADD || kind == TRAIN_FAKE;
}

/* Inputs that nothing else reads have their gradient where the output's is. */
static void share(struct draft *d)
{
    struct gradient_net *net = d->net;

    for (int i = 0; i < net->steps; i++)
        for (int j = 0; j < net->step[i].inputs; j++)
            d->readers[net->step[i].in[j]]++;
    for (int i = net->steps - 1; i >= 0; i--) {
        const struct train_step *s = &net->step[i];
        int shared = 0;

        for (int j = 0; j < s->inputs && works_in_place(s->kind) && !shared; j++)
            if (d->readers[s->in[j]] == 1 && s->in[j] != 0) {
                net->map[s->in[j]].root = net->map[s->out].root;
                shared = 1;
            }
    }
}

static void set_adds(struct draft *d)
{
    struct gradient_net *net = d->net;
    int *seen = d->readers;

    memset(seen, 0, (size_t)net->maps * sizeof *seen);
    for (int i = net->steps - 1; i >= 0; i--)
        for (int j = net->step[i].inputs - 1; j >= 0; j--)
            net->step[i].adds[j] = (uint8_t)(seen[net->step[i].in[j]]++ > 0);
}

static void use(struct gradient_net *net, struct engine_buffer *buffer, int map, int time)
{
    const struct train_map *m = &net->map[map];
    struct engine_buffer *b = &buffer[m->root];
    size_t bytes = m->count * sizeof(float);

    b->first = b->bytes == 0 || time < b->first ? time : b->first;
    b->last = b->bytes == 0 || time > b->last ? time : b->last;
    b->bytes = bytes > b->bytes ? bytes : b->bytes;
}

/* Times are runs of ops that are walked together: within one all gradients lie apart. */
static status place_gradients(struct draft *d)
{
    struct gradient_net *net = d->net;
    struct engine_buffer *buffer;
    size_t bytes = 0;
    int time = 0;

    MEM_TAKE(&net->mem, buffer, (size_t)net->maps, sizeof *buffer);
    use(net, buffer, net->output, 0);
    for (int i = 0; i < net->backwards; i++) {
        const struct train_op *op = &net->backward[i];

        time += i > 0 && (!op->one || !op[-1].one);
        use(net, buffer, op->step->out, time);
        for (int j = 0; j < op->step->inputs; j++)
            use(net, buffer, op->step->in[j], time);
    }
    use(net, buffer, 0, time + 1);
    for (int i = 0; i < net->maps; i++) /* of others' roots: nothing */
        if (buffer[i].bytes == 0)
            buffer[i].first = buffer[i].last = 0;
    TRY(engine_assign(buffer, net->maps, &bytes));
    net->back_floats = bytes / sizeof(float);
    for (int i = 0; i < net->maps; i++)
        net->map[i].back = buffer[i].offset / sizeof(float);
    return OK;
}

/* ---- rooms --------------------------------------------------------------------------------------------- */

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static status take_layers(struct gradient_net *net)
{
    size_t scratch = GRADIENT_LANES, spread = 1;

    for (int i = 0; i < net->steps; i++) {
        struct train_layer *l = &net->step[i].layer;

        if (net->step[i].weight < 0)
            continue;
        scratch = larger(scratch, l->depthwise ? larger(net->k->depthwise_f32_scratch_bytes(&l->forward),
                                                        net->k->depthwise_f32_scratch_bytes(&l->turned))
                                               : larger(net->k->conv_f32_scratch_bytes(&l->forward),
                                                        net->k->conv_f32_scratch_bytes(&l->turned)));
        scratch = larger(scratch, net->k->wgrad_f32_scratch_bytes(&l->forward));
        if (l->spread)
            spread = larger(spread, (size_t)l->turned.ih * (size_t)l->turned.iw * (size_t)l->turned.in_pitch);
        MEM_TAKE(&net->mem, l->packed, (size_t)l->groups * l->each, 1);
        MEM_TAKE(&net->mem, l->turned_packed, (size_t)l->groups * l->each_turned, 1);
    }
    MEM_TAKE(&net->mem, net->scratch, scratch, 1);
    MEM_TAKE(&net->mem, net->spread, spread + GRADIENT_LANES, sizeof *net->spread);
    MEM_TAKE(&net->mem, net->part, net->largest_map + GRADIENT_LANES, sizeof *net->part);
    MEM_TAKE(&net->mem, net->work, net->largest_map + GRADIENT_LANES, sizeof *net->work);
    for (int i = 0; i < 2; i++)
        MEM_TAKE(&net->mem, net->layer_work[i], net->largest_weight + GRADIENT_LANES,
                 sizeof *net->layer_work[i]);
    return OK;
}

static float start_of(enum gradient_kind kind)
{
    switch (kind) {
    case GRADIENT_GAMMA:
    case GRADIENT_RUNNING_VAR:
    case GRADIENT_RANGE_LOW: /* above its end: nothing was seen */
        return 1.0f;
    case GRADIENT_RANGE_HIGH:
        return -1.0f;
    case GRADIENT_ALPHA:
        return 10.0f;
    default:
        return 0.0f;
    }
}

static status take_parameters(struct gradient_net *net)
{
    for (int i = 0; i < net->parameters; i++) {
        struct gradient_parameter *p = &net->parameter[i];

        MEM_TAKE(&net->mem, p->value, (size_t)p->count + GRADIENT_LANES, sizeof *p->value);
        for (int64_t j = 0; j < p->count; j++)
            p->value[j] = start_of(p->kind);
        if (p->kind < GRADIENT_RUNNING_MEAN)
            MEM_TAKE(&net->mem, p->gradient, (size_t)p->count + GRADIENT_LANES, sizeof *p->gradient);
    }
    for (int i = 0; i < net->steps; i++) {
        struct train_step *s = &net->step[i];

        s->chunk_sum = net->chunk_sums;
        net->chunk_sums += s->bias >= 0 ? (size_t)s->node->c : s->alpha >= 0 ? 1 : 0;
    }
    return OK;
}

static status take_draft(struct draft *d)
{
    struct gradient_net *net = d->net;
    size_t nodes = (size_t)net->m->nodes, most = 3 * nodes;

    MEM_TAKE(&net->mem, d->map_of, nodes, sizeof *d->map_of);
    MEM_TAKE(&net->mem, d->users, nodes, sizeof *d->users);
    MEM_TAKE(&net->mem, d->maker, most, sizeof *d->maker);
    MEM_TAKE(&net->mem, d->readers, most, sizeof *d->readers);
    MEM_TAKE(&net->mem, net->map, most, sizeof *net->map);
    MEM_TAKE(&net->mem, net->step, most, sizeof *net->step);
    MEM_TAKE(&net->mem, net->forward, 3 * most, sizeof *net->forward);
    MEM_TAKE(&net->mem, net->backward, 3 * most, sizeof *net->backward);
    MEM_TAKE(&net->mem, net->parameter, 8 * nodes, sizeof *net->parameter);
    for (size_t i = 0; i < nodes; i++)
        for (int j = 0; j < net->m->node[i].inputs; j++)
            d->users[net->m->node[i].input[j]]++;
    d->users[net->m->output]++;
    return OK;
}

status train_plan_make(struct gradient_net *net)
{
    struct draft d = { .net = net };

    TRY(take_draft(&d));
    for (int i = 0; i < net->m->nodes; i++) {
        TRY(add_node(&d, i));
        if (net->settings.average > 0)
            TRY(add_fake(&d, i));
    }
    net->output = d.map_of[net->m->output];
    TRY(check_names(net));
    share(&d);
    set_adds(&d);
    train_order_ops(net);
    TRY(place_gradients(&d));
    TRY(take_parameters(net));
    return take_layers(net);
}
