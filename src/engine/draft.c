/* src/engine/draft.c: from a bound network to ops, buffers and the room for packed weights.
 *
 *     fusions and cats that are written in place (place.c), units (unit.c) -> one op a node or unit -> where
 *     maps lie (layout.c)
 */
#include <string.h>

#include "draft.h"

/* ---- one op a node ------------------------------------------------------------------------------------- */

static status plan_input(struct draft *d, int node)
{
    struct engine_op *op = place_op(d, node, KIND_INPUT);
    struct engine_input in = { .q = place_q(d, node) };

    if (place_is_coded(d, node))
        arithmetic_input_code(d->head.arithmetic, &d->m->input, in.q, in.code);
    else
        arithmetic_input_real(&d->m->input, in.real);
    return place_parameters(d, op, &in, sizeof in);
}

/* Real values that nothing rounds, of one group: by the shape alone. */
static int tile_side(const struct draft *d, const struct engine_conv *c)
{
    if (d->head.form != PRECISION_REAL || d->round || d->options->direct || c->groups > 1)
        return 0;
    return kernel_winograd_side(&c->shape);
}

/* Multiplications of a layer. */
static uint64_t done(const struct engine_conv *c, uint64_t macs)
{
    if (!c->tile)
        return macs;
    return (uint64_t)kernel_winograd_tiles(&c->shape, c->tile) * (uint64_t)((c->tile + 2) * (c->tile + 2)) *
           (uint64_t)c->shape.ic * (uint64_t)c->shape.oc;
}

/* TensorFlow Lite's reference rounds a fully connected layer's sums in double; what has no codes is real. */
static int gives_sums(const struct draft *d, int node)
{
    return place_is_coded(d, d->m->node[node].input[0]) &&
           (!place_is_coded(d, node) ||
            (d->head.arithmetic == ENGINE_TFLITE && d->m->node[node].op == OP_LINEAR));
}

static status plan_sum(struct draft *d, struct engine_op *op, struct engine_conv *c)
{
    if (op->kind != KIND_CONV)
        return FAIL(ERR_MISMATCH, "%s: a depthwise convolution of codes cannot give real numbers", op->name);
    op->kind = KIND_SUM;
    c->map = plan_lanes(pack_kernels(&d->plan, c)->conv_u8_scratch_bytes(&c->shape));
    place_scratch(d, c->map + (size_t)op->out.c * sizeof(int32_t));
    return OK;
}

static status plan_layer(struct draft *d, int node)
{
    const struct model_node *n = &d->m->node[node];
    struct engine_op *op = place_op(d, node, KIND_CONV);
    struct engine_conv c = { .groups = n->op == OP_CONV ? n->groups : 1,
                             .low = place_low(d, node),
                             .high = place_high(d, node) };

    c.saturation = place_saturates(d, n, op->in[0].c) ? KERNEL_SATURATE_PAIRS : KERNEL_EXACT;
    if (n->op == OP_LINEAR && op->in[0].h * op->in[0].w > 1 && c.saturation != KERNEL_EXACT)
        return FAIL(ERR_MISMATCH,
                    "%s: a linear layer on a %d x %d map: which of its products are added in pairs is not "
                    "imitated: leave numerics.saturate out",
                    n->name, op->in[0].h, op->in[0].w);
    c.codes = plan_op_codes(op);
    c.shape = place_geometry(n, op, c.groups);
    c.shape.zero_point_in = place_q_of_input(d, node, 0).zero_point;
    op->macs = (uint64_t)n->h * (uint64_t)n->w * (uint64_t)n->c * (uint64_t)(c.shape.kh * c.shape.kw) *
               (uint64_t)c.shape.ic;
    c.tile = tile_side(d, &c);
    op->done = done(&c, op->macs);
    op->kind = pack_shape(&d->head, &d->plan, &c);
    if (d->b->family && gives_sums(d, node))
        TRY(plan_sum(d, op, &c));
    d->job[d->jobs++] = (struct pack_job){ .node = node,
                                           .op = d->head.ops - 1,
                                           .kind = op->kind,
                                           .in = place_q_of_input(d, node, 0),
                                           .out = place_q(d, node),
                                           .relu = place_fused_relu(d, node) };
    return place_parameters(d, op, &c, sizeof c);
}

static status plan_maxpool(struct draft *d, int node)
{
    struct engine_op *op = place_op(d, node, KIND_MAXPOOL);
    struct kernel_conv shape = place_geometry(&d->m->node[node], op, 1);

    return place_parameters(d, op, &shape, sizeof shape);
}

static status plan_average(struct draft *d, int node)
{
    const struct model_node *n = &d->m->node[node];
    int mean = n->op == OP_MEAN && place_is_coded(d, node) && d->head.arithmetic == ENGINE_FBGEMM;
    enum engine_kind kind = mean                      ? KIND_MEAN
                            : n->op == OP_AVGPOOL2D ? KIND_AVERAGE_WINDOW
                                                      : KIND_AVERAGE;
    struct engine_op *op = place_op(d, node, kind);
    struct engine_average a = { .shape = place_geometry(n, op, 1), .q = place_q_of_input(d, node, 0) };

    a.shape.zero_point_in = a.q.zero_point;
    a.out = place_q(d, node);
    a.counted = n->counted;
    a.reach_y = a.shape.ih + n->end_y;
    a.reach_x = a.shape.iw + n->end_x;
    place_scratch(d, ops_average_scratch_bytes(&a, op->in[0].element));
    a.factor = 1.0f / (float)(a.shape.kh * a.shape.kw);
    if (d->b->family && place_is_coded(d, node)) {
        TRY(place_named(op, average_rule(d->head.arithmetic, n, &a)));
        return place_parameters(d, op, &a, sizeof a);
    }
    if (place_is_coded(d, node) && kind == KIND_AVERAGE)
        a.factor = arithmetic_average_factor(d->head.arithmetic, a.q, a.shape.kh * a.shape.kw);
    return place_parameters(d, op, &a, sizeof a);
}

static status plan_affine(struct draft *d, int node)
{
    enum engine_kind kind = d->m->node[node].op == OP_LAYERNORM ? KIND_LAYERNORM : KIND_AFFINE;
    struct engine_op *op = place_op(d, node, kind);
    struct quant_params in = place_q_of_input(d, node, 0), out = place_q(d, node);
    enum engine_relu relu = place_fused_relu(d, node);
    struct engine_affine a = { .low = place_low(d, node),
                               .high = place_high(d, node),
                               .eps = (float)d->m->node[node].bn_eps };

    if (place_is_coded(d, node) && kind == KIND_LAYERNORM)
        return FAIL(ERR_MISMATCH,
                    "%s: a layer normalisation has no arithmetic of integers: say arithmetic = rounded",
                    op->name);
    if (place_is_coded(d, node))
        a.codes = (struct kernel_affine_u8){ .zero_point_in = in.zero_point,
                                             .zero_point_out = out.zero_point,
                                             .low = arithmetic_low(out, relu),
                                             .high = arithmetic_high(out, relu) };
    pack_affine_room(&d->head, op->out.c, &a);
    d->job[d->jobs++] = (struct pack_job){
        .node = node, .op = d->head.ops - 1, .kind = KIND_AFFINE, .in = in, .out = out, .relu = relu
    };
    return place_parameters(d, op, &a, sizeof a);
}

static status plan_shortcut(struct draft *d, int node)
{
    const struct model_node *n = &d->m->node[node];
    struct engine_op *op = place_op(d, node, KIND_SHORTCUT);
    struct engine_shortcut s = { .shape = place_geometry(n, op, 1),
                                 .begin = n->begin,
                                 .fill = place_q_of_input(d, node, 0).zero_point };

    return place_parameters(d, op, &s, sizeof s);
}

static status plan_real_activation(struct draft *d, int node)
{
    enum model_op what = d->m->node[node].op;
    enum engine_kind gelu = d->m->node[node].approximate ? KIND_GELU_TANH : KIND_GELU;
    struct engine_op *op = place_op(d, node,
                                    model_is_relu(what)      ? KIND_CLAMP
                                    : what == OP_CLIP        ? KIND_CLAMP
                                    : what == OP_LEAKYRELU   ? KIND_LEAKYRELU
                                    : what == OP_HARDSWISH   ? KIND_HARDSWISH
                                    : what == OP_HARDSIGMOID ? KIND_HARDSIGMOID
                                    : what == OP_SILU        ? KIND_SILU
                                    : what == OP_TANH        ? KIND_TANH
                                    : what == OP_GELU        ? gelu
                                                             : KIND_SIGMOID);
    struct engine_add a = { .low = place_low(d, node), .high = place_high(d, node) };
    float slope = (float)d->m->node[node].slope;

    return what == OP_LEAKYRELU ? place_parameters(d, op, &slope, sizeof slope)
                                : place_parameters(d, op, &a, sizeof a);
}

static status plan_pad(struct draft *d, int node)
{
    struct engine_op *op = place_op(d, node, KIND_PAD);
    struct engine_pad a = { .shape = place_geometry(&d->m->node[node], op, 1),
                            .fill = place_q_of_input(d, node, 0).zero_point };

    return place_parameters(d, op, &a, sizeof a);
}

/* Real values to codes, or codes to real values. */
static status plan_convert(struct draft *d, int node)
{
    int quantizes = place_is_coded(d, node);
    struct quant_params q = quantizes ? place_q(d, node) : place_q_of_input(d, node, 0);
    struct engine_op *op = place_op(d, node, quantizes ? KIND_QUANTIZE : KIND_DEQUANTIZE);

    return place_parameters(d, op, &q, sizeof q);
}

static status make_table(const struct draft *d, int node, struct engine_table *out)
{
    const struct model_node *n = &d->m->node[node];
    enum engine_arithmetic a = d->head.arithmetic;
    struct quant_params in = place_q_of_input(d, node, 0), q = place_q(d, node);

    if (d->b->family && n->op == OP_QUANTIZE)
        return tables_quantize(a, in, q, out);
    if (d->b->family)
        return tables_make(a, n,
                           n->op == OP_CLIP ? deployed_ends(a, q, (float)n->low, (float)n->high)
                                            : deployed_relu(a, q, place_relu(d->b, node)),
                           in, q, out);
    arithmetic_activation(d->plan.kernels, a, n, place_relu(d->b, node), in, q, out);
    return OK;
}

static status plan_activation(struct draft *d, int node)
{
    struct engine_table table;
    struct engine_op *op;

    if (!place_is_coded(d, node))
        return plan_real_activation(d, node);
    op = place_op(d, node, KIND_LOOKUP);
    TRY(place_named(op, make_table(d, node, &table)));
    return place_parameters(d, op, &table, sizeof table);
}

/* What the second operand's codes stand for: an input's, or a constant's, which gets its place. */
static status second_operand(struct draft *d, int node, const struct engine_op *op, struct quant_params *q,
                             size_t *constant)
{
    if (!model_has_constant(&d->m->node[node])) {
        *q = place_q_of_input(d, node, 1);
        return OK;
    }
    *constant = pack_take(&d->head, (size_t)op->out.c);
    d->job[d->jobs++] =
        (struct pack_job){ .node = node, .op = d->head.ops - 1, .kind = op->kind, .constant = *constant };
    return model_constant_load(d->b, node, NULL, q);
}

static status plan_add(struct draft *d, int node)
{
    struct engine_op *op = place_op(d, node, KIND_ADD);
    struct engine_add a = { .low = place_low(d, node),
                            .high = place_high(d, node),
                            .less = d->m->node[node].op == OP_SUB };
    const struct model_node *n = &d->m->node[node];
    struct quant_params q = place_q_of_input(d, node, 0), second;

    TRY(second_operand(d, node, op, &second, &a.constant));
    a.first = model_has_constant(n) && model_tensor(d->b, n->weight, ".first");
    if (place_is_coded(d, node))
        TRY(place_named(op, arithmetic_add(d->head.arithmetic, a.first ? second : q, a.first ? q : second,
                                           place_q(d, node), place_fused_relu(d, node), &a.codes)));
    if (place_is_coded(d, node) && a.less)
        TRY(place_named(op, arithmetic_less(d->head.arithmetic, &a.codes)));
    return place_parameters(d, op, &a, sizeof a);
}

/* The second input may be one row for all positions. */
static status plan_mul(struct draft *d, int node)
{
    struct engine_op *op = place_op(d, node, KIND_MUL);
    struct engine_mul a = { 0 };
    struct quant_params second;

    if (op->inputs > 1 && op->in[1].h * op->in[1].w < op->out.h * op->out.w)
        op->in[1].pitch = 0;
    TRY(second_operand(d, node, op, &second, &a.constant));
    if (place_is_coded(d, node))
        TRY(place_named(op, arithmetic_mul(d->head.arithmetic, place_q_of_input(d, node, 0), second,
                                           place_q(d, node), place_fused_relu(d, node), &a.codes)));
    return place_parameters(d, op, &a, sizeof a);
}

static status plan_shuffle(struct draft *d, int node)
{
    struct engine_op *op = place_op(d, node, KIND_SHUFFLE);

    return place_parameters(d, op, &d->m->node[node].groups, sizeof d->m->node[node].groups);
}

static status plan_node(struct draft *d, int node)
{
    const struct model_node *n = &d->m->node[node];
    struct engine_view *v = &d->node[node].view;
    int is = 0;

    if (d->unit[node] >= 0)
        return unit_plan(d, node);
    TRY(lowbit_node(d, node, &is));
    if (is)
        return OK;
    switch (n->op) {
    case OP_INPUT:
        return plan_input(d, node);
    case OP_CONV:
    case OP_LINEAR:
        return plan_layer(d, node);
    case OP_RELU:
    case OP_RELU6:
        return d->relu[n->input[0]] == node ? OK : plan_activation(d, node);
    case OP_HARDSWISH:
    case OP_HARDSIGMOID:
    case OP_SILU:
    case OP_SIGMOID:
    case OP_TANH:
    case OP_GELU:
    case OP_CLIP:
    case OP_LEAKYRELU:
        return plan_activation(d, node);
    case OP_BATCHNORM:
    case OP_LAYERNORM:
    case OP_SCALE:
        return plan_affine(d, node);
    case OP_MAXPOOL:
        return plan_maxpool(d, node);
    case OP_AVGPOOL2D:
    case OP_AVGPOOL:
    case OP_MEAN:
        return plan_average(d, node);
    case OP_ADD:
    case OP_SUB:
        return plan_add(d, node);
    case OP_MUL:
        return plan_mul(d, node);
    case OP_CAT:
        return cat_plan(d, node);
    case OP_SLICE:
        *v = d->node[n->input[0]].view;
        v->first += (size_t)n->begin;
        v->c = n->c;
        return OK;
    case OP_DROPOUT:
        *v = d->node[n->input[0]].view;
        return OK;
    case OP_SHORTCUT:
        return plan_shortcut(d, node);
    case OP_SHUFFLE:
        return plan_shuffle(d, node);
    case OP_PAD:
        return plan_pad(d, node);
    case OP_QUANTIZE:
        return place_is_coded(d, n->input[0]) ? plan_activation(d, node) : plan_convert(d, node);
    case OP_DEQUANTIZE:
        return plan_convert(d, node);
    case OP_COUNT:
        break;
    }
    BUG_IF(1);
}

/* What only moves values leaves those on the grid of its input. */
static int moves(const struct draft *d, int node)
{
    const struct model_node *n = &d->m->node[node];

    return (n->op == OP_RELU || n->op == OP_MAXPOOL || n->op == OP_SHORTCUT || n->op == OP_SHUFFLE) &&
           quant_params_same(d->round[node], d->round[n->input[0]]);
}

static void round_output(struct draft *d, int node, struct engine_op *op)
{
    if (d->round && !moves(d, node))
        op->round = place_round(d->round[place_shown(d, node)]);
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static status make_room(struct draft *d, size_t n)
{
    struct engine_layout *l = &d->layout;

    size_t most = n; /* ops, buffers: a low-bit network's codes and real values may be seen as the others */

    for (int i = 0; d->b->lowbit && i < d->m->nodes; i++)
        most += 2 + (size_t)d->m->node[i].inputs;
    MEM_TRY(d->node, n, sizeof *d->node);
    MEM_TRY(d->real, n, sizeof *d->real);
    MEM_TRY(d->op, most, sizeof *d->op);
    MEM_TRY(d->job, most, sizeof *d->job);
    MEM_TRY(l->buffer, 3 * most, sizeof *l->buffer);
    MEM_TRY(l->use, most, sizeof *l->use);
    MEM_TRY(l->mask, most, sizeof *l->mask);
    MEM_TRY(d->relu, 5 * n, sizeof *d->relu);
    l->kept = l->buffer + most;
    l->late = l->kept + most;
    d->taken = d->relu + n;
    d->taken_at = d->taken + n;
    d->cat_buffer = d->taken_at + n;
    d->unit = d->cat_buffer + n;
    for (size_t i = 0; i < n; i++)
        d->relu[i] = d->taken[i] = d->cat_buffer[i] = d->unit[i] = -1;
    d->plan.op = d->op;
    d->plan.node = d->node;
    return OK;
}

static void set_head(struct draft *d, const struct kernel_table *k)
{
    struct engine_head *h = &d->head;

    snprintf(h->isa, sizeof h->isa, "%s", k->isa);
    h->form = d->b->form;
    h->arithmetic = d->b->lowbit                            ? ENGINE_PACT
                    : d->options->arithmetic != ENGINE_AUTO ? d->options->arithmetic
                    : d->b->family == MODEL_TFLITE          ? ENGINE_TFLITE
                    : d->b->family == MODEL_ONNXRUNTIME     ? ENGINE_ORT
                    : d->b->fbgemm                          ? ENGINE_FBGEMM
                                                            : ENGINE_QNNPACK;
    h->nodes = d->m->nodes;
    h->output = d->m->output;
    h->cam = d->m->cam;
    h->classes = d->m->classes;
    d->plan.kernels = k;
    d->plan.reference = kernel_select("ref");
    d->plan.head = h;
}

/* Is the arithmetic, and what saturates, of the runtime whose file it is? */
static status check_family(const struct model_binding *b, const struct engine_options *options)
{
    enum engine_arithmetic a = options->arithmetic;

    if (b->form == PRECISION_CODES && a != ENGINE_AUTO && deployed_family(a) != b->family)
        return FAIL(ERR_MISMATCH,
                    "%s: its integers are those of %s, and %s is arithmetic of %s: leave engine "
                    "out",
                    b->weights->source, model_family_name(b->family), engine_arithmetic_name(a),
                    model_family_name(deployed_family(a)));
    if (b->family && options->saturate != ENGINE_EXACT &&
        !engine_saturates(b->family == MODEL_ONNXRUNTIME ? ENGINE_ORT : ENGINE_TFLITE, options->saturate))
        return FAIL(ERR_MISMATCH, "%s: sums of %s do not saturate in that way: leave numerics.saturate out",
                    b->weights->source, model_family_name(b->family));
    return OK;
}

status draft_make(const struct model_binding *b, const struct engine_options *options,
                  const struct kernel_table *k, struct draft *d)
{
    *d = (struct draft){ .b = b, .m = b->model, .options = options };
    if (b->lowbit && options->arithmetic != ENGINE_AUTO)
        return FAIL(ERR_MISMATCH,
                    "%s: a trained low-bit network has an arithmetic of its own, pact: leave engine out",
                    b->weights->source);
    TRY(check_family(b, options));
    d->round = b->form == PRECISION_ROUNDED ? b->q : b->form == PRECISION_REAL ? options->round : NULL;
    set_head(d, k);
    TRY(make_room(d, (size_t)d->m->nodes));
    place_find(d);
    TRY(unit_find(d));
    for (int i = 0; i < d->m->nodes; i++) {
        int op = d->head.ops;

        TRY(plan_node(d, i));
        if (d->head.form != PRECISION_REAL)
            d->node[i].q = b->q[i];
        d->node[i].hidden = b->lowbit && model_lowbit_hides(b, i);
        if (op < d->head.ops)
            round_output(d, i, &d->op[op]);
    }
    place_use(d, d->node[d->head.output].view.buffer, ENGINE_FOREVER);
    place_use(d, d->node[d->head.cam].view.buffer, ENGINE_FOREVER);
    for (int i = 0; options->keep && i < d->head.buffers; i++)
        d->layout.buffer[i].last = ENGINE_FOREVER;
    for (int i = 0; options->show && i < d->m->nodes; i++)
        if (options->show[i])
            place_use(d, d->node[i].view.buffer, ENGINE_FOREVER);
    return layout_make(&d->plan, &d->head, &d->layout);
}

void draft_free(struct draft *d)
{
    mem_free(d->op);
    mem_free(d->node);
    mem_free(d->real);
    mem_free(d->job);
    mem_free(d->layout.buffer);
    mem_free(d->layout.use);
    mem_free(d->layout.mask);
    mem_free(d->parameters);
    mem_free(d->relu);
    mem_free(d->chain);
}
