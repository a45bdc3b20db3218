/* src/engine/unit.c: chains of layers that are one op: which they are, their parameters, and how they run.
 *
 *     [expand ->] depthwise -> project [-> + what the chain reads]
 *     expand -> depthwise
 *
 * with the relus that are fused, and of real values with what else follows the first two: hardswish, silu. An
 * expansion is a 1 x 1 convolution or, in the first form, the network's first layer. Nobody else reads what
 * lies between, and nobody sees it. The second form, of real values, is that of blocks whose projection waits
 * for squeeze-excite.
 */
#include "draft.h"

/* ---- which ----------------------------------------------------------------------------------------------
 */

/* user: (nodes) the one node that reads it; -1: none or several do, or somebody sees it. */
static void find_users(const struct draft *d, int *user)
{
    enum { NOBODY = -2 };
    const struct model *m = d->m;

    for (int i = 0; i < m->nodes; i++)
        user[i] = NOBODY;
    for (int i = 0; i < m->nodes; i++)
        for (int j = 0; j < m->node[i].inputs; j++) {
            int *of = &user[m->node[i].input[j]];

            *of = *of == NOBODY ? i : -1;
        }
    user[m->cam] = user[m->output] = -1;
    for (int i = 0; i < m->nodes; i++)
        if (user[i] == NOBODY || (d->options->show && d->options->show[i]))
            user[i] = -1;
}

static enum kernel_unit_function function_of(const struct draft *d, int node)
{
    enum model_op op = d->m->node[node].op;

    return plan_codes(&d->plan) ? KERNEL_UNIT_NONE
           : op == OP_SILU      ? KERNEL_UNIT_SILU
           : op == OP_HARDSWISH ? KERNEL_UNIT_HARDSWISH
                                : KERNEL_UNIT_NONE;
}

/* The layer `part` whose values, with what follows it, are node's: one that is in no unit yet. Is there one?
 */
static int find_layer(const struct draft *d, int node, enum kernel_unit_part part, struct draft_chain *c)
{
    const struct model_node *n = &d->m->node[node];
    int layer = node;

    if (function_of(d, node) != KERNEL_UNIT_NONE) {
        c->follows[part] = node;
        layer = n->input[0];
    } else if (model_is_relu(n->op) && d->relu[n->input[0]] == node) {
        layer = n->input[0];
    }
    c->layer[part] = layer;
    return d->m->node[layer].op == OP_CONV && d->unit[layer] < 0;
}

/* Nobody but `reader` needs the layer's values, nobody but itself what it is before its function. */
static int is_inner(const struct draft *d, const int *user, const struct draft_chain *c,
                    enum kernel_unit_part part, int reader)
{
    int layer = c->layer[part], shown = place_shown(d, layer), last = c->follows[part];

    if (shown != layer && user[layer] != shown)
        return 0;
    if (last < 0)
        return reader < 0 || user[shown] == reader;
    return user[shown] == last && (reader < 0 || user[last] == reader);
}

static int is_pointwise(const struct model_node *n)
{
    return n->op == OP_CONV && n->groups == 1 && model_is_pointwise(n);
}

static int is_depthwise(const struct draft *d, const struct model_node *n)
{
    return n->op == OP_CONV && n->groups > 1 && n->groups == n->c && n->c == d->m->node[n->input[0]].c;
}

/* Sums that kernels of units make codes of. */
static int is_exact(const struct draft *d, int node)
{
    const struct model_node *n = &d->m->node[node];

    if (d->b->family && !deployed_is_plain(d->b, node))
        return 0;
    return !place_saturates(d, n, d->m->node[n->input[0]].c);
}

/* fbgemm's sums end in elements of another formula where their count is no multiple of 64. */
static int is_whole_sum(const struct draft *d, const struct model_node *n)
{
    return !plan_codes(&d->plan) || d->head.arithmetic != ENGINE_FBGEMM || n->c * n->h * n->w % 64 == 0;
}

/* The sum of the projection and of the values that the chain reads. */
static int find_add(const struct draft *d, const int *user, const struct draft_chain *c)
{
    int project = c->layer[KERNEL_UNIT_PROJECT], add = user[project];
    const struct model_node *n = &d->m->node[add < 0 ? 0 : add];

    if (n->op != OP_ADD || n->inputs != 2 || d->relu[project] >= 0 || !is_whole_sum(d, n))
        return -1;
    if (d->head.arithmetic == ENGINE_ORT && n->input[0] == project)
        return -1; /* its rounding is that of the operands' order */
    return n->input[n->input[0] == project] == c->reads ? add : -1;
}

/* The expansion of what a chain's depthwise convolution reads. */
static void find_expand(const struct draft *d, const int *user, struct draft_chain *c)
{
    const struct model_node *node = d->m->node;
    struct draft_chain with = *c;
    int expand;

    if (!find_layer(d, c->reads, KERNEL_UNIT_EXPAND, &with))
        return;
    expand = with.layer[KERNEL_UNIT_EXPAND];
    if (node[expand].groups != 1 || !is_exact(d, expand) ||
        !is_inner(d, user, &with, KERNEL_UNIT_EXPAND, c->layer[KERNEL_UNIT_DEPTHWISE]) ||
        (!is_pointwise(&node[expand]) && node[node[expand].input[0]].op != OP_INPUT))
        return;
    with.reads = node[expand].input[0];
    *c = with;
}

/* The depthwise convolution whose values, with what follows, are node's and read by `reader`, -1: by any;
 * and its expansion. Is there one? */
static int find_depthwise(const struct draft *d, const int *user, int node, int reader, struct draft_chain *c)
{
    const enum kernel_unit_part part = KERNEL_UNIT_DEPTHWISE;

    if (!find_layer(d, node, part, c) || !is_depthwise(d, &d->m->node[c->layer[part]]) ||
        !is_inner(d, user, c, part, reader) || !is_exact(d, c->layer[part]))
        return 0;
    c->reads = d->m->node[c->layer[part]].input[0];
    find_expand(d, user, c);
    return 1;
}

static struct draft_chain no_chain(void)
{
    return (struct draft_chain){ .layer = { -1, -1, -1 }, .follows = { -1, -1, -1 }, .add = -1 };
}

/* The chain that a node projects. Is there one? */
static int find_projected(const struct draft *d, const int *user, int project, struct draft_chain *c)
{
    const struct model_node *n = &d->m->node[project];

    *c = no_chain();
    if (!is_pointwise(n) || !is_exact(d, project) || d->unit[project] >= 0 ||
        !find_depthwise(d, user, n->input[0], project, c))
        return 0;
    c->layer[KERNEL_UNIT_PROJECT] = project;
    c->add = find_add(d, user, c);
    c->last = c->add >= 0 ? c->add : project;
    return 1;
}

/* The chain that ends with the depthwise convolution of a node's values. Is there one? */
static int find_unprojected(const struct draft *d, const int *user, int node, struct draft_chain *c)
{
    int next = user[place_shown(d, node)];

    *c = no_chain();
    if (plan_codes(&d->plan) || !find_depthwise(d, user, node, -1, c) ||
        (next >= 0 && c->follows[KERNEL_UNIT_DEPTHWISE] < 0 && function_of(d, next) != KERNEL_UNIT_NONE))
        return 0;
    c->last = c->follows[KERNEL_UNIT_DEPTHWISE] >= 0 ? node : c->layer[KERNEL_UNIT_DEPTHWISE];
    return c->layer[KERNEL_UNIT_EXPAND] >= 0 && is_pointwise(&d->m->node[c->layer[KERNEL_UNIT_EXPAND]]);
}

/* ---- its parameters -------------------------------------------------------------------------------------
 */

static struct kernel_conv shape_of(const struct draft *d, int node)
{
    const struct model_node *n = &d->m->node[node], *in = &d->m->node[n->input[0]];

    return (struct kernel_conv){ .ih = in->h,
                                 .iw = in->w,
                                 .ic = in->c,
                                 .in_pitch = in->c,
                                 .oh = n->h,
                                 .ow = n->w,
                                 .oc = n->c,
                                 .out_pitch = n->c,
                                 .kh = n->kh,
                                 .kw = n->kw,
                                 .stride = n->stride,
                                 .pad_y = n->pad_y,
                                 .pad_x = n->pad_x,
                                 .zero_point_in = place_q_of_input(d, node, 0).zero_point };
}

/* Pitches as if every map lay alone. */
static struct kernel_unit unit_of(const struct draft *d, const struct draft_chain *c)
{
    struct kernel_unit u = { .expands = c->layer[KERNEL_UNIT_EXPAND] >= 0,
                             .projects = c->layer[KERNEL_UNIT_PROJECT] >= 0 };

    for (int i = 0; i < KERNEL_UNIT_PARTS; i++)
        if (c->layer[i] >= 0)
            u.part[i] = shape_of(d, c->layer[i]);
    for (int i = 0; i < KERNEL_UNIT_PROJECT; i++)
        u.function[i] = c->follows[i] >= 0 ? function_of(d, c->follows[i]) : KERNEL_UNIT_NONE;
    u.added_pitch = c->add >= 0 ? d->m->node[c->reads].c : 0;
    return u;
}

/* What one output reads of the unit's input. */
static struct kernel_conv window_of(const struct kernel_unit *u)
{
    struct kernel_conv w = u->part[KERNEL_UNIT_DEPTHWISE], e = u->part[KERNEL_UNIT_EXPAND];

    if (!u->expands)
        return w;
    w.ih = e.ih;
    w.iw = e.iw;
    w.kh = (w.kh - 1) * e.stride + e.kh;
    w.kw = (w.kw - 1) * e.stride + e.kw;
    w.pad_y = w.pad_y * e.stride + e.pad_y;
    w.pad_x = w.pad_x * e.stride + e.pad_x;
    w.stride *= e.stride;
    return w;
}

static uint64_t macs_of(const struct kernel_conv *s, int channels)
{
    return (uint64_t)(s->oh * s->ow) * (uint64_t)s->oc * (uint64_t)(s->kh * s->kw) * (uint64_t)channels;
}

static void add_job(struct draft *d, int node, enum kernel_unit_part part)
{
    d->job[d->jobs++] = (struct pack_job){ .node = node,
                                           .op = d->head.ops - 1,
                                           .kind = KIND_UNIT,
                                           .in = place_q_of_input(d, node, 0),
                                           .out = place_q(d, node),
                                           .relu = place_fused_relu(d, node),
                                           .part = part };
}

static status plan_sum(struct draft *d, const struct draft_chain *c, struct engine_unit *u)
{
    u->ends.add_low = place_low(d, c->add);
    u->ends.add_high = place_high(d, c->add);
    if (plan_codes(&d->plan) &&
        arithmetic_add(d->head.arithmetic, place_q(d, c->reads), place_q(d, c->layer[KERNEL_UNIT_PROJECT]),
                       place_q(d, c->add), place_fused_relu(d, c->add), &u->add) != OK)
        return error_prefix(ERR_RANGE, "%s", d->m->node[c->add].name);
    return OK;
}

static status plan_chain(struct draft *d, const struct draft_chain *c)
{
    struct engine_unit u = { .shape = unit_of(d, c) };
    int first = u.shape.expands ? KERNEL_UNIT_EXPAND : KERNEL_UNIT_DEPTHWISE;
    int last = u.shape.projects ? KERNEL_UNIT_PROJECT : KERNEL_UNIT_DEPTHWISE;
    struct engine_op *op = place_op_of(d, c->last, KIND_UNIT, &c->reads, 1);

    snprintf(op->name, sizeof op->name, "%.60s to %.60s", d->m->node[c->layer[first]].name,
             d->m->node[c->last].name);
    u.shape.part[first].in_pitch = op->in[0].pitch;
    u.shape.part[last].out_pitch = op->out.pitch;
    u.shape.added_pitch = c->add >= 0 ? op->in[0].pitch : 0;
    u.window = window_of(&u.shape);
    for (int i = first; i <= last; i++) {
        u.ends.low[i] = place_low(d, c->layer[i]);
        u.ends.high[i] = place_high(d, c->layer[i]);
        op->macs += macs_of(&u.shape.part[i], i == KERNEL_UNIT_DEPTHWISE ? 1 : u.shape.part[i].ic);
        add_job(d, c->layer[i], (enum kernel_unit_part)i);
    }
    op->done = op->macs;
    if (c->add >= 0)
        TRY(plan_sum(d, c, &u));
    pack_unit_room(&d->head, &d->plan, &u);
    return place_parameters(d, op, &u, sizeof u);
}

/* ---- the plan -------------------------------------------------------------------------------------------
 */

/* Nodes, and the relus under whose names they are seen. */
static void claim(struct draft *d, const struct draft_chain *c, int unit)
{
    for (int i = 0; i < KERNEL_UNIT_PARTS; i++) {
        if (c->layer[i] >= 0)
            d->unit[c->layer[i]] = d->unit[place_shown(d, c->layer[i])] = unit;
        if (c->follows[i] >= 0)
            d->unit[c->follows[i]] = unit;
    }
    if (c->add >= 0)
        d->unit[c->add] = d->unit[place_shown(d, c->add)] = unit;
    d->chain[unit] = *c;
}

/* An expansion that is Winograd's has other bits. */
static int pays(const struct draft *d, const struct kernel_unit *u)
{
    if (!kernel_unit_window(&u->part[KERNEL_UNIT_DEPTHWISE]))
        return 0;
    if (plan_codes(&d->plan))
        return d->plan.kernels->unit_u8_pays(u);
    return !kernel_winograd_side(&u->part[KERNEL_UNIT_EXPAND]) && d->plan.kernels->unit_f32_pays(u);
}

status unit_find(struct draft *d)
{
    static int (*const find[])(const struct draft *, const int *, int,
                               struct draft_chain *) = { find_projected, find_unprojected };
    int *user;

    MEM_TRY(d->chain, (size_t)d->m->nodes, sizeof *d->chain);
    if (d->options->layers || d->options->keep || d->round || d->b->lowbit ||
        d->head.arithmetic == ENGINE_TFLITE)
        return OK;
    MEM_TRY(user, (size_t)d->m->nodes, sizeof *user);
    find_users(d, user);
    for (size_t f = 0; f < COUNT_OF(find); f++)
        for (int i = 0; i < d->m->nodes; i++) {
            struct draft_chain c;
            struct kernel_unit shape;

            if (!find[f](d, user, i, &c))
                continue;
            shape = unit_of(d, &c);
            if (pays(d, &shape))
                claim(d, &c, i);
        }
    mem_free(user);
    return OK;
}

status unit_plan(struct draft *d, int node)
{
    const struct draft_chain *c = &d->chain[d->unit[node]];
    const struct model_node *n = &d->m->node[node];

    if (node == c->last)
        return plan_chain(d, c);
    if (node != place_shown(d, c->last))
        d->node[node].view = (struct engine_view){ .buffer = -1, .c = n->c, .h = n->h, .w = n->w };
    return OK;
}

/* ---- its run --------------------------------------------------------------------------------------------
 */

void unit_run(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_unit *u = plan_parameters(p->plan, op);
    const uint8_t *packed = p->plan->weights + u->packed;
    uint8_t *in = pass_at(p, &op->in[0]), *out = pass_at(p, &op->out);
    struct kernel_unit_u8 how = { .add = u->add };

    if (!plan_codes(p->plan)) {
        const float *real = (const float *)(const void *)in;

        p->plan->kernels->unit_f32(&u->shape, packed, real, real, (float *)(void *)out, rect, &u->ends,
                                   p->scratch);
        return;
    }
    for (int i = 0; i < KERNEL_UNIT_PARTS; i++)
        how.requant[i] = pack_requant(p->plan, &u->layer[i], 0);
    p->plan->kernels->unit_u8(&u->shape, packed, in, in, out, rect, &how, p->scratch);
}
