/* src/engine/lowbit.c: what trained low-bit networks have that other integers have not (engine.h,
 * ENGINE_PACT): a layer of real values before the codes, sums before a PACT, additions to these, and real
 * logits. Layers of codes are KIND_CONV, as everybody's; their sums before an addition, and logits, are f32.
 */

#include "draft.h"

int lowbit_hides(const struct model_binding *b, int node)
{
    const struct model_node *n = &b->model->node[node];

    return b->lowbit && n->op != OP_INPUT && node != b->model->output && !(b->q[node].scale > 0);
}

/* ---- constants ----------------------------------------------------------------------------------------- */

/* The step of what the layer reads: of codes, 1 of the input, and of a map's sums that of its mean. */
static double step_before(const struct model_binding *b, int node)
{
    const struct model *m = b->model;
    int in = m->node[node].input[0], of = m->node[in].input[0];

    if (model_is_global_pool(m->node[in].op))
        return b->q[of].scale / ((double)m->node[of].h * m->node[of].w);
    return b->q[in].scale > 0 ? b->q[in].scale : 1.0;
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

/* The levels as s8: of odd ones up to 7 bits these themselves, of 8 the codes. Returns whether the kernel is
 * to make levels of them yet. */
static int pack_levels(struct model_levels *l)
{
    size_t count = (size_t)l->oc * (size_t)l->kh * (size_t)l->kw * (size_t)l->ic;
    int wide = 0;

    for (size_t i = 0; i < count; i++)
        wide |= model_level(l, i) < INT8_MIN || model_level(l, i) > INT8_MAX;
    for (size_t i = 0; !wide && i < count; i++)
        l->code[i] = (int8_t)model_level(l, i);
    return wide;
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
                                          .odd = pack_levels(&l) };
    for (int g = 0; g < c->groups; g++)
        (depthwise ? k->depthwise_u8_pack : k->conv_u8_pack)(
            &c->shape, l.code + (size_t)g * each, weights + c->packed + (size_t)g * c->packed_bytes);
    model_levels_free(&l);
    return OK;
}

status lowbit_pack_real(const struct engine_plan *p, const struct model_binding *b, int node,
                        const struct engine_lowbit_real *a, uint8_t *weights)
{
    struct model_levels l;
    size_t count;
    float *real;
    status result = OK;

    TRY(model_levels_load(b, node, &l));
    count = (size_t)l.oc * (size_t)l.kh * (size_t)l.kw * (size_t)l.ic;
    MEM_TRY_OUT(real, count, sizeof *real);
    for (size_t i = 0; i < count; i++)
        real[i] = (float)model_level(&l, i) * (float)l.step;
    p->kernels->conv_f32_pack(&a->shape, real, NULL, weights + a->packed);
    set_constants(b, node, &l, 1.0, a->lanes, weights + a->constants);
    mem_free(real);
out:
    model_levels_free(&l);
    return result;
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

static void add_job(struct draft *d, int node, enum engine_kind kind)
{
    d->job[d->jobs++] = (struct pack_job){ .node = node, .op = d->head.ops - 1, .kind = kind };
}

static status plan_real(struct draft *d, int node)
{
    const struct kernel_table *k = d->plan.kernels;
    struct engine_op *op = place_op(d, node, KIND_LOWBIT_REAL);
    struct engine_lowbit_real a = { .shape = place_geometry(&d->m->node[node], op, 1),
                                    .high = d->b->q[node].high };
    struct kernel_conv *s = &a.shape;
    size_t map = (size_t)s->oh * (size_t)s->ow * (size_t)s->oc * sizeof(float), scratch;

    s->out_pitch = s->oc;
    op->macs = op->done =
        (uint64_t)(s->oh * s->ow) * (uint64_t)s->oc * (uint64_t)(s->kh * s->kw) * (uint64_t)s->ic;
    a.lanes = plan_lanes((size_t)s->oc);
    a.packed = pack_take(&d->head, k->conv_f32_packed_bytes(s));
    a.constants = pack_take(&d->head, 2 * a.lanes * sizeof(float));
    a.map = plan_lanes(k->conv_f32_scratch_bytes(s));
    scratch = a.map + map + ENGINE_LANES;
    d->head.scratch_bytes = scratch > d->head.scratch_bytes ? scratch : d->head.scratch_bytes;
    add_job(d, node, KIND_LOWBIT_REAL);
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
    add_job(d, node, KIND_LOWBIT_HEAD);
    return place_parameters(d, op, &a, sizeof a);
}

status lowbit_node(struct draft *d, int node, int *is)
{
    const struct model_node *n = &d->m->node[node];
    int in = n->input[0];

    *is = d->b->lowbit && (n->op == OP_ADD || model_is_global_pool(n->op) ||
                           (model_has_weights(n) && !(d->b->q[in].scale > 0)));
    if (!*is)
        return OK;
    if (n->op == OP_ADD)
        return plan_add(d, node);
    if (model_is_global_pool(n->op)) {
        place_op(d, node, KIND_LOWBIT_SUM);
        return OK;
    }
    return model_is_global_pool(d->m->node[in].op) ? plan_head(d, node) : plan_real(d, node);
}
