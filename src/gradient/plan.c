/* src/gradient/plan.c: from a bound network and two of its nodes to steps, places for their gradients and
 * packed weights. */
#include <math.h>
#include <string.h>

#include "plan.h"

/* A plan before it is a block. */
struct draft {
    struct mem_set mem;
    const struct model_binding *b;
    const struct kernel_table *k;
    struct gradient_way way;
    struct gradient_head head;
    struct gradient_step *step;   /* (nodes) at most, in the order in which they are walked */
    struct gradient_value *value; /* (nodes) */
    struct engine_buffer *buffer; /* (nodes) at most */
};

/* ---- masks --------------------------------------------------------------------------------------------- */

/* A low-bit network's PACT is one. */
static int has_quantizer(const struct draft *d, const struct model_node *n)
{
    return path_has_quantizer(n) || (d->b->lowbit && model_is_relu(n->op));
}

/* The ends of what passes through a relu, a clip or neither (`node`), and through the node's quantizer where
 * `quantized`. */
static void set_mask(const struct draft *d, int node, int quantized, struct gradient_step *s)
{
    const struct model_binding *b = d->b;
    const struct model_node *cuts = &b->model->node[node];
    struct quant_params q = { 0 };
    int clips = cuts->op == OP_CLIP, below = clips || model_is_relu(cuts->op),
        above = clips || model_relu6_clamps(b, node), low, high;

    s->low = clips ? (float)cuts->low : below ? 0.0f : -INFINITY;
    s->high = clips ? (float)cuts->high : above ? 6.0f : INFINITY;
    if (b->form != PRECISION_REAL)
        q = b->q[s->shown];
    quantized = quantized && q.scale > 0; /* a low-bit network's input and sums have none */
    s->masked = below || quantized;
    if (!(q.scale > 0))
        return;
    low = below ? quantize_params_value(s->low, q) : q.low;
    high = above ? quantize_params_value(s->high, q) : q.high;
    if (below || quantized)
        s->low = dequantize_value(low, q.scale, q.zero_point);
    if (above || quantized)
        s->high = dequantize_value(high, q.scale, q.zero_point);
}

/* ---- steps --------------------------------------------------------------------------------------------- */

static void add_inputs(struct draft *d, struct gradient_step *s)
{
    for (int j = 0; j < s->node.inputs; j++) {
        int in = s->node.input[j];

        s->wanted[j] = d->way.on[in];
        s->moved[j] = d->b->form == PRECISION_REAL || quant_params_same(d->b->q[in], d->b->q[s->number]);
    }
}

static void add_step(struct draft *d, int node, struct gradient_path path)
{
    const struct model_node *n = &d->b->model->node[node];
    struct gradient_step *s = &d->step[d->head.steps++];
    int relu = d->way.relu[node], quantized = d->b->form != PRECISION_REAL && !d->way.open[node];

    *s = (struct gradient_step){ .node = *n, .number = node, .shown = relu >= 0 ? relu : node };
    add_inputs(d, s);
    if (model_is_relu(n->op) && d->way.relu[n->input[0]] == node)
        /* of `to`, fused: its quantizer stands behind the relu */
        set_mask(d, node, quantized && has_quantizer(d, &d->b->model->node[path.to]), s);
    else
        set_mask(d, relu >= 0 ? relu : node, quantized && has_quantizer(d, n), s);
    if (model_has_weights(n) || model_is_affine(n->op) || (n->op == OP_MUL && model_has_constant(n)))
        layer_shape(d->b, d->k, d->way.open[node], s, &d->head);
}

static void add_steps(struct draft *d, struct gradient_path path)
{
    for (int i = path.from; i > path.to; i--)
        if (d->way.on[i] && !path_is_fused(&d->way, &d->b->model->node[i], path))
            add_step(d, i, path);
}

/* ---- places -------------------------------------------------------------------------------------------- */

static void place(struct draft *d, int node, int first, int last)
{
    struct gradient_value *v = &d->value[node];
    struct engine_buffer *b;

    if (v->buffer < 0) {
        v->buffer = d->head.buffers++;
        b = &d->buffer[v->buffer];
        b->bytes = value_count(v) * sizeof(float);
        b->first = first;
        d->head.map_bytes = b->bytes > d->head.map_bytes ? b->bytes : d->head.map_bytes;
    }
    d->buffer[v->buffer].last = last;
}

/* A gradient lives from the first step that adds to it to the one that walks its node; that of `to` stays. */
static status place_values(struct draft *d, struct gradient_path path)
{
    const struct model *m = d->b->model;

    for (int i = 0; i < m->nodes; i++)
        d->value[i] = (struct gradient_value){ m->node[i].c, m->node[i].h, m->node[i].w, -1 };
    place(d, path.from, 0, 0);
    for (int i = 0; i < d->head.steps; i++) {
        const struct gradient_step *s = &d->step[i];

        place(d, s->shown, i, i);
        for (int j = 0; j < s->node.inputs; j++)
            if (s->wanted[j])
                place(d, s->node.input[j], i, i);
        for (int j = 0; path_reads_inputs(s->node.op) && j < s->node.inputs; j++) {
            size_t bytes = value_count(&d->value[s->node.input[j]]) * sizeof(float);

            d->head.map_bytes = bytes > d->head.map_bytes ? bytes : d->head.map_bytes;
        }
    }
    place(d, path.to, 0, d->head.steps);
    return engine_assign(d->buffer, d->head.buffers, &d->head.arena_bytes);
}

/* ---- the block ----------------------------------------------------------------------------------------- */

static status draft_steps(struct draft *d, struct gradient_path path)
{
    size_t nodes = (size_t)d->b->model->nodes;

    TRY(path_find(d->b->model, d->b->form, path, &d->way));
    MEM_TAKE(&d->mem, d->step, nodes, sizeof *d->step);
    MEM_TAKE(&d->mem, d->value, nodes, sizeof *d->value);
    MEM_TAKE(&d->mem, d->buffer, nodes, sizeof *d->buffer);
    snprintf(d->head.isa, sizeof d->head.isa, "%s", d->k->isa);
    d->head.path = path;
    d->head.nodes = d->b->model->nodes;
    add_steps(d, path);
    return place_values(d, path);
}

static size_t section(struct gradient_head *h, size_t bytes)
{
    size_t at = h->bytes;

    h->bytes = (at + bytes + GRADIENT_LANES - 1) / GRADIENT_LANES * GRADIENT_LANES;
    return at;
}

static status draft_make(const struct model_binding *b, struct gradient_path path,
                         const struct kernel_table *k, struct draft *d)
{
    struct gradient_head *h = &d->head;

    *d = (struct draft){ .b = b, .k = k };
    TRY(draft_steps(d, path));
    section(h, sizeof *h);
    h->step = section(h, (size_t)h->steps * sizeof *d->step);
    h->value = section(h, (size_t)h->nodes * sizeof *d->value);
    h->buffer = section(h, (size_t)h->buffers * sizeof *d->buffer);
    h->weights = section(h, h->weight_bytes + GRADIENT_LANES);
    return OK;
}

static void draft_free(struct draft *d)
{
    mem_drop(&d->way.mem);
    mem_drop(&d->mem);
}

static struct gradient_plan handle(const uint8_t *block, const struct kernel_table *k)
{
    const struct gradient_head *h = (const void *)block;

    return (struct gradient_plan){ .kernels = k,
                                   .head = h,
                                   .step = (const void *)(block + h->step),
                                   .value = (const void *)(block + h->value),
                                   .buffer = (const void *)(block + h->buffer),
                                   .weights = block + h->weights };
}

static status fill(const struct draft *d, uint8_t *block)
{
    const struct gradient_head *h = &d->head;

    memcpy(block, h, sizeof *h);
    memcpy(block + h->step, d->step, (size_t)h->steps * sizeof *d->step);
    memcpy(block + h->value, d->value, (size_t)h->nodes * sizeof *d->value);
    memcpy(block + h->buffer, d->buffer, (size_t)h->buffers * sizeof *d->buffer);
    for (int i = 0; i < h->steps; i++)
        if (d->step[i].layer.form != GRADIENT_NO_WEIGHTS)
            TRY(layer_pack(d->b, d->k, &d->step[i], block + h->weights));
    return OK;
}

/* ---- the room's ---------------------------------------------------------------------------------------- */

status gradient_plan_bytes(const struct model_binding *b, struct gradient_path path,
                           const struct kernel_table *k, size_t *bytes)
{
    struct draft d;
    status result = draft_make(b, path, k, &d);

    *bytes = d.head.bytes;
    draft_free(&d);
    return result;
}

status gradient_plan_into(const struct model_binding *b, struct gradient_path path,
                          const struct kernel_table *k, void *block, struct gradient_plan **out)
{
    struct draft d;
    status result = draft_make(b, path, k, &d);

    *out = NULL;
    if (result == OK)
        result = fill(&d, block);
    draft_free(&d);
    return result == OK ? gradient_plan_take(block, k, out) : result;
}

status gradient_plan_make(const struct model_binding *b, struct gradient_path path,
                          const struct kernel_table *k, struct gradient_plan **out)
{
    size_t bytes;
    void *block;
    status result;

    *out = NULL;
    TRY(gradient_plan_bytes(b, path, k, &bytes));
    MEM_TRY(block, bytes, 1);
    result = gradient_plan_into(b, path, k, block, out);
    if (result == OK)
        (*out)->owned = block;
    else
        mem_free(block);
    return result;
}

status gradient_plan_take(const void *block, const struct kernel_table *k, struct gradient_plan **out)
{
    const struct gradient_head *h = block;

    *out = NULL;
    if (strcmp(h->isa, k->isa) != 0)
        return FAIL(ERR_MISMATCH, "a backward pass for the instruction set %s cannot run on %s", h->isa,
                    k->isa);
    MEM_TRY(*out, 1, sizeof **out);
    **out = handle(block, k);
    return OK;
}

void gradient_plan_free(struct gradient_plan *plan)
{
    if (!plan)
        return;
    mem_free(plan->owned);
    mem_free(plan);
}

size_t gradient_plan_size(const struct gradient_plan *plan)
{
    return plan->head->bytes;
}
