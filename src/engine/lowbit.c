/* src/engine/lowbit.c: what trained low-bit networks have that other integers have not (engine.h,
 * ENGINE_PACT): layers of real values, PACTs that stand alone, sums before a PACT, additions to these, and
 * sums of a map's codes. Layers of codes are KIND_CONV, as everybody's; what no PACT makes codes of is f32,
 * and so are all other ops, which read what codes stand for. */

#include "draft.h"

/* ---- constants ----------------------------------------------------------------------------------------- */

/* The step of what the layer reads: of codes, 1 of real values, and of a map's sums that of its mean. */
static double step_before(const struct model_binding *b, int node)
{
    const struct model *m = b->model;
    int mean = model_lowbit_mean(b, node), of = mean >= 0 ? m->node[mean].input[0] : -1;

    if (of >= 0)
        return b->q[of].scale / ((double)m->node[of].h * m->node[of].w);
    return model_lowbit_integer(b, node) ? b->q[m->node[node].input[0]].scale : 1.0;
}

/* lanes multipliers, then lanes shifts. weight_step: 1 where the dequantized weights have it already. */
static void set_constants(const struct model_binding *b, int node, const struct model_levels *l,
                          double weight_step, size_t lanes, uint8_t *constants)
{
    int pact = model_lowbit_pact(b, node);
    double before = weight_step * step_before(b, node), behind = pact >= 0 ? b->q[pact].scale : 1.0;
    float *multiplier = (float *)(void *)constants, *shift = multiplier + lanes;

    for (int o = 0; o < l->oc; o++) {
        multiplier[o] = (float)(before * l->factor[o] / behind);
        shift[o] = (float)(l->shift[o] / behind);
    }
}

status lowbit_pack_layer(const struct engine_plan *p, const struct model_binding *b,
                         const struct pack_job *job, struct engine_conv *c, uint8_t *weights)
{
    int depthwise = job->kind == KIND_DEPTHWISE;
    const struct kernel_table *k = p->kernels;
    struct model_levels l;
    size_t each;

    TRY(model_levels_load(b, job->node, &l));
    BUG_IF(l.oc != c->shape.oc * c->groups || l.ic != (depthwise ? 1 : c->shape.ic) || l.kh != c->shape.kh ||
           l.kw != c->shape.kw);
    each = (size_t)c->shape.oc * (size_t)l.kh * (size_t)l.kw * (size_t)l.ic;
    set_constants(b, job->node, &l, l.step, c->lanes, weights + c->constants);
    c->requant = (struct kernel_requant){ .mode = job->out.scale > 0 ? REQUANT_PACT : REQUANT_REAL,
                                          .high = job->out.high,
                                          .odd = model_levels_narrow(&l) };
    for (int g = 0; g < c->groups; g++)
        (depthwise ? k->depthwise_u8_pack : k->conv_u8_pack)(
            &c->shape, l.code + (size_t)g * each, weights + c->packed + (size_t)g * c->packed_bytes);
    model_levels_free(&l);
    return OK;
}

status lowbit_pack_real(const struct engine_plan *p, const struct model_binding *b, int node,
                        const struct engine_lowbit_real *a, uint8_t *weights)
{
    const struct kernel_table *k = p->kernels;
    const struct engine_conv *c = &a->conv;
    struct model_levels l;
    size_t count;
    float *real;
    status result = OK;

    TRY(model_levels_load(b, node, &l));
    count = (size_t)l.oc * (size_t)l.kh * (size_t)l.kw * (size_t)l.ic;
    MEM_TRY_OUT(real, count, sizeof *real);
    for (size_t i = 0; i < count; i++)
        real[i] = l.real ? l.real[i] : (float)model_level(&l, i) * (float)l.step;
    for (int g = 0; g < c->groups; g++)
        (a->depthwise ? k->depthwise_f32_pack
                      : k->conv_f32_pack)(&c->shape, real + (size_t)g * (count / (size_t)c->groups), NULL,
                                          weights + c->packed + (size_t)g * c->packed_bytes);
    set_constants(b, node, &l, 1.0, c->lanes, weights + c->constants);
    mem_free(real);
out:
    model_levels_free(&l);
    return result;
}

void lowbit_pack_pact(const struct engine_lowbit_pact *a, uint8_t *weights)
{
    float *scale = (float *)(void *)(weights + a->constants);

    for (size_t i = 0; i < a->lanes; i++) {
        scale[i] = a->scale;
        scale[a->lanes + i] = 0;
    }
}

status lowbit_pack_head(const struct model_binding *b, int node, const struct engine_lowbit_head *a,
                        uint8_t *weights)
{
    int16_t *level = (int16_t *)(void *)(weights + a->levels);
    struct model_levels l;

    TRY(model_levels_load(b, node, &l));
    BUG_IF(l.ic != a->columns || l.kh * l.kw != 1);
    for (size_t i = 0; i < (size_t)l.oc * (size_t)l.ic; i++)
        level[i] = (int16_t)model_level(&l, i);
    set_constants(b, node, &l, l.step, a->lanes, weights + a->constants);
    model_levels_free(&l);
    return OK;
}

/* ---- ops ----------------------------------------------------------------------------------------------- */

static status plan_real(struct draft *d, int node)
{
    const struct model_node *n = &d->m->node[node];
    struct engine_op *op = place_op(d, node, KIND_LOWBIT_REAL);
    struct engine_lowbit_real a = { .high = d->b->q[node].high };
    struct engine_conv *c = &a.conv;
    size_t scratch;

    c->groups = n->op == OP_CONV ? n->groups : 1;
    c->shape = place_geometry(n, op, c->groups);
    c->shape.out_pitch = n->c;
    op->macs = op->done = (uint64_t)n->h * (uint64_t)n->w * (uint64_t)n->c *
                          (uint64_t)(c->shape.kh * c->shape.kw) * (uint64_t)c->shape.ic;
    a.map = plan_lanes(d->plan.kernels->conv_f32_scratch_bytes(&c->shape));
    a.depthwise = pack_shape(&d->head, &d->plan, c) == KIND_DEPTHWISE;
    if (a.depthwise)
        a.map = plan_lanes(d->plan.kernels->depthwise_f32_scratch_bytes(&c->shape));
    c->lanes = plan_lanes((size_t)n->c);
    c->constants = pack_take(&d->head, 2 * c->lanes * sizeof(float));
    scratch = a.map + (size_t)n->h * (size_t)n->w * (size_t)n->c * sizeof(float) + ENGINE_LANES;
    place_scratch(d, scratch);
    place_job(d, node, KIND_LOWBIT_REAL);
    return place_parameters(d, op, &a, sizeof a);
}

/* A PACT by itself: training's f32(n / alpha). */
static status plan_pact(struct draft *d, int node)
{
    struct engine_op *op = place_op(d, node, KIND_LOWBIT_PACT);
    struct quant_params q = d->b->q[node];
    struct engine_lowbit_pact a = { .high = q.high, .scale = (float)q.high / (float)(q.scale * q.high) };

    a.lanes = plan_lanes((size_t)op->out.c);
    a.constants = pack_take(&d->head, 2 * a.lanes * sizeof(float));
    place_job(d, node, KIND_LOWBIT_PACT);
    return place_parameters(d, op, &a, sizeof a);
}

static status plan_add(struct draft *d, int node)
{
    const struct model_binding *b = d->b;
    const int *in = d->m->node[node].input;
    struct engine_op *op = place_op(d, node, KIND_LOWBIT_ADD);
    struct engine_lowbit_add a = { .layer = b->q[in[0]].scale > 0, .high = b->q[node].high };

    a.scale = (float)(b->q[in[!a.layer]].scale / b->q[node].scale); /* 0: two layers */
    return place_parameters(d, op, &a, sizeof a);
}

static status plan_head(struct draft *d, int node)
{
    const struct model_node *n = &d->m->node[node];
    struct engine_op *op = place_op(d, node, KIND_LOWBIT_HEAD);
    struct engine_lowbit_head a = { .columns = op->in[0].c, .high = d->b->q[node].high };

    op->macs = op->done = (uint64_t)n->c * (uint64_t)a.columns;
    a.lanes = plan_lanes((size_t)n->c);
    a.levels = pack_take(&d->head, (size_t)n->c * (size_t)a.columns * sizeof(int16_t));
    a.constants = pack_take(&d->head, 2 * a.lanes * sizeof(float));
    place_job(d, node, KIND_LOWBIT_HEAD);
    return place_parameters(d, op, &a, sizeof a);
}

static status read_real(struct draft *d, int node)
{
    const struct model_node *n = &d->m->node[node];

    for (int j = 0; j < n->inputs; j++)
        if (place_is_coded(d, n->input[j]))
            TRY(place_real(d, n->input[j]));
    return OK;
}

status lowbit_node(struct draft *d, int node, int *is)
{
    const struct model_node *n = &d->m->node[node];
    const struct model_binding *b = d->b;

    *is = 0;
    if (!b->lowbit || (model_is_relu(n->op) && d->relu[n->input[0]] == node))
        return OK;
    if (place_reads_real(b, node))
        TRY(read_real(d, node));
    *is = 1;
    if (model_is_relu(n->op))
        return plan_pact(d, node);
    if (n->op == OP_ADD && place_is_coded(d, node))
        return plan_add(d, node);
    if (model_has_weights(n) && !model_lowbit_integer(b, node))
        return plan_real(d, node);
    if (model_has_weights(n) && model_lowbit_mean(b, node) >= 0)
        return plan_head(d, node);
    if (model_has_weights(n) && !place_is_coded(d, n->input[0]))
        return parts_plan(d, node);
    *is = model_is_global_pool(n->op) && model_lowbit_hides(b, node);
    if (*is)
        place_op(d, node, KIND_LOWBIT_SUM);
    return OK;
}
