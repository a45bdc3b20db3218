/* src/engine/place.c: what is fused into an op, what shares memory, and where the next op reads and writes.
 */
#include <math.h>
#include <string.h>

#include "draft.h"

/* A deployed file's relu may have codes of its own, and a low-bit network's PACT may stand alone. */
static int fused_relu(const struct draft *d, int node)
{
    int relu = model_fused_relu(d->m, node);

    if (relu >= 0 && d->b->lowbit)
        return place_is_coded(d, node) ? relu : -1;
    return relu >= 0 && d->b->family && !quant_params_same(d->b->q[node], d->b->q[relu]) ? -1 : relu;
}

/* In int8 the binding's quantization of such a node is already its relu's. */
static void find_fusions(struct draft *d)
{
    for (int i = 0; i < d->m->nodes; i++)
        if (d->m->node[i].op != OP_MUL || place_is_coded(d, i))
            d->relu[i] = fused_relu(d, i);
}

/* The node under whose name the op of `node` is seen. */
int place_shown(const struct draft *d, int node)
{
    return d->relu[node] >= 0 ? d->relu[node] : node;
}

/* An input of a cat can be written where the cat has it if an op of its own makes it, or it is itself a cat,
 * and its codes need no change: a cat that grows, layer by layer, is one map. */
static void find_cats(struct draft *d)
{
    const struct model *m = d->m;

    for (int i = 0; i < m->nodes; i++) {
        const struct model_node *cat = &m->node[i];

        for (int j = 0, at = 0; cat->op == OP_CAT && j < cat->inputs; at += m->node[cat->input[j]].c, j++) {
            int n = cat->input[j];
            enum model_op op = m->node[n].op;
            const struct quant_params *q = plan_codes(&d->plan) ? d->b->q : d->round;

            if (op == OP_INPUT || op == OP_SLICE || op == OP_DROPOUT || d->taken[n] >= 0)
                continue;
            if (d->options->layers || (q && !quant_params_same(q[n], q[i])))
                continue;
            d->taken[n] = i;
            d->taken_at[n] = at;
        }
    }
}

void place_find(struct draft *d)
{
    find_fusions(d);
    find_cats(d);
}

int place_is_coded(const struct draft *d, int node)
{
    return plan_codes(&d->plan) && d->b->q[node].scale > 0;
}

static int add_buffer(struct draft *d, int c, int h, int w, int element)
{
    struct engine_buffer *b = &d->layout.buffer[d->head.buffers];

    b->bytes = (size_t)c * (size_t)h * (size_t)w * (size_t)element;
    b->first = b->last = d->head.ops;
    return d->head.buffers++;
}

/* Where the op of `node`, the next one, writes. */
static struct engine_view place(struct draft *d, int node)
{
    const struct model_node *n = &d->m->node[node];
    struct engine_view v = { .element = place_is_coded(d, node) ? 1 : (int)sizeof(float),
                             .c = n->c,
                             .h = n->h,
                             .w = n->w,
                             .pitch = n->c };
    int name = place_shown(d, node), cat = name;

    for (; d->taken[cat] >= 0; cat = d->taken[cat])
        v.first += (size_t)d->taken_at[cat];
    if (d->m->node[cat].op != OP_CAT) {
        v.buffer = add_buffer(d, n->c, n->h, n->w, v.element);
    } else {
        if (d->cat_buffer[cat] < 0)
            d->cat_buffer[cat] = add_buffer(d, d->m->node[cat].c, n->h, n->w, v.element);
        v.buffer = d->cat_buffer[cat];
        v.pitch = d->m->node[cat].c;
    }
    d->node[node].view = d->node[name].view = v;
    return v;
}

void place_use(struct draft *d, int buffer, int op)
{
    struct engine_buffer *b = &d->layout.buffer[buffer];

    if (b->last < op)
        b->last = op;
}

int place_reads_real(const struct model_binding *b, int node)
{
    const struct model_node *n = &b->model->node[node];

    if (!b->lowbit || n->op == OP_INPUT || n->op == OP_CAT) /* which takes each as it is */
        return 0;
    if (model_has_weights(n))
        return !model_lowbit_integer(b, node);
    return model_is_relu(n->op) || (!(b->q[node].scale > 0) && !model_lowbit_hides(b, node));
}

struct engine_op *place_op_of(struct draft *d, int node, enum engine_kind kind, const int *input, int inputs)
{
    struct engine_op *op = &d->op[d->head.ops];

    op->kind = kind;
    op->out = place(d, node);
    op->inputs = inputs;
    for (int j = 0; j < inputs; j++) {
        op->in[j] = d->real[input[j]].c > 0 && place_reads_real(d->b, node) ? d->real[input[j]]
                                                                            : d->node[input[j]].view;
        place_use(d, op->in[j].buffer, d->head.ops);
    }
    place_use(d, op->out.buffer, d->head.ops);
    memcpy(op->name, d->m->node[node].name, sizeof op->name);
    d->head.ops++;
    return op;
}

/* Fills in what every kind of op has; the caller adds its parameters. */
struct engine_op *place_op(struct draft *d, int node, enum engine_kind kind)
{
    const struct model_node *n = &d->m->node[node];

    return place_op_of(d, node, kind, n->input, n->inputs);
}

/* The next op, of a node's values into `out`. */
static struct engine_op *place_seen(struct draft *d, int node, enum engine_kind kind, struct engine_view out)
{
    struct engine_op *op = &d->op[d->head.ops];

    op->kind = kind;
    op->in[0] = d->node[node].view;
    op->inputs = 1;
    op->out = out;
    place_use(d, op->in[0].buffer, d->head.ops);
    place_use(d, op->out.buffer, d->head.ops);
    memcpy(op->name, d->m->node[node].name, sizeof op->name);
    d->head.ops++;
    return op;
}

/* A map of its own for a node's values in another form. */
static struct engine_view another(struct draft *d, int node, int element)
{
    struct engine_view v = d->node[node].view;

    v.first = 0;
    v.pitch = v.c;
    v.element = element;
    v.buffer = add_buffer(d, v.c, v.h, v.w, v.element);
    return v;
}

status place_dequantized(struct draft *d, int node, struct engine_view out)
{
    struct engine_op *op = place_seen(d, node, KIND_DEQUANTIZE, out);

    return place_parameters(d, op, &d->b->q[node], sizeof d->b->q[node]);
}

status place_real(struct draft *d, int node)
{
    if (d->real[node].c > 0)
        return OK;
    d->real[node] = another(d, node, (int)sizeof(float));
    return place_dequantized(d, node, d->real[node]);
}

void place_scratch(struct draft *d, size_t bytes)
{
    if (bytes > d->head.scratch_bytes)
        d->head.scratch_bytes = bytes;
}

void place_job(struct draft *d, int node, enum engine_kind kind)
{
    d->job[d->jobs++] = (struct pack_job){ .node = node, .op = d->head.ops - 1, .kind = kind };
}

struct engine_op *place_codes(struct draft *d, int node, enum engine_kind kind)
{
    return place_seen(d, node, kind, another(d, node, 1));
}

/* Copies them behind the others'. */
status place_parameters(struct draft *d, struct engine_op *op, const void *parameters, size_t bytes)
{
    size_t whole = plan_lanes(bytes);

    if (d->used + whole > d->room) {
        size_t room = 2 * (d->used + whole);
        uint8_t *grown = mem_grow(d->parameters, d->used, room, 1);

        if (!grown)
            return FAIL(ERR_MEMORY, "no memory for %zu bytes of parameters", room);
        d->parameters = grown;
        d->plan.parameters = grown;
        d->room = room;
    }
    op->parameters = d->used;
    memcpy(d->parameters + d->used, parameters, bytes);
    d->used += whole;
    return OK;
}

status place_named(const struct engine_op *op, status s)
{
    return s == OK ? OK : error_prefix(s, "%s", op->name);
}

enum engine_relu place_relu(const struct model_binding *b, int node)
{
    if (!model_is_relu(b->model->node[node].op))
        return ENGINE_NO_RELU;
    return model_relu6_clamps(b, node) ? ENGINE_RELU6 : ENGINE_RELU;
}

enum engine_relu place_fused_relu(const struct draft *d, int node)
{
    return d->relu[node] >= 0 ? place_relu(d->b, d->relu[node]) : ENGINE_NO_RELU;
}

/* The ends of a node's real values. */
float place_low(const struct draft *d, int node)
{
    const struct model_node *n = &d->m->node[place_shown(d, node)];

    return n->op == OP_CLIP ? (float)n->low : model_is_relu(n->op) ? 0.0f : -INFINITY;
}

float place_high(const struct draft *d, int node)
{
    const struct model_node *n = &d->m->node[place_shown(d, node)];

    if (n->op == OP_CLIP)
        return (float)n->high;
    return place_relu(d->b, place_shown(d, node)) == ENGINE_RELU6 ? 6.0f : INFINITY;
}

struct quant_params place_q(const struct draft *d, int node)
{
    return plan_codes(&d->plan) ? d->b->q[node] : (struct quant_params){ 0 };
}

struct quant_params place_q_of_input(const struct draft *d, int node, int j)
{
    return place_q(d, d->m->node[node].input[j]);
}

/* Has fbgemm a kernel of its own for this depthwise convolution, which saturates on every x86? */
static int saturates_always(const struct model_node *n, int ic)
{
    return n->op == OP_CONV && n->groups == ic && n->groups == n->c && n->groups % 8 == 0 &&
           (n->kh == 3 || n->kh == 5) && n->kw == n->kh && n->stride <= 2 && !n->pad_same &&
           n->pad_y == (n->kh - 1) / 2 && n->pad_x == n->pad_y;
}

struct kernel_round place_round(struct quant_params q)
{
    return (struct kernel_round){ .scale = (float)q.scale,
                                  .inverse = q.scale > 0 ? quantize_inverse(q.scale) : 0,
                                  .zero_point = q.zero_point,
                                  .low = q.low,
                                  .high = q.high };
}

int place_saturates(const struct draft *d, const struct model_node *n, int ic)
{
    if (d->head.arithmetic == ENGINE_ORT)
        return d->options->saturate == ENGINE_SATURATE_ORT && d->b->q[n->input[0]].scale > 0 &&
               d->b->q[n->input[0]].offset == 0 && !model_tensor(d->b, n->weight, ".weight_offset") &&
               !(n->op == OP_CONV && n->groups > 1 && n->groups == ic);
    return plan_codes(&d->plan) && d->head.arithmetic == ENGINE_FBGEMM &&
           (d->options->saturate == ENGINE_SATURATE_AVX2 ||
            (d->options->saturate == ENGINE_SATURATE_VNNI && saturates_always(n, ic)));
}

/* Of everything that has windows: of a linear layer and of global pooling these are the whole map, of a
 * shortcut and of padding one position. */
struct kernel_conv place_geometry(const struct model_node *n, const struct engine_op *op, int groups)
{
    int whole = n->op == OP_LINEAR || model_is_global_pool(n->op),
        one = n->op == OP_SHORTCUT || n->op == OP_PAD;

    return (struct kernel_conv){ .ih = op->in[0].h,
                                 .iw = op->in[0].w,
                                 .ic = op->in[0].c / groups,
                                 .in_pitch = op->in[0].pitch,
                                 .oh = n->h,
                                 .ow = n->w,
                                 .oc = n->c / groups,
                                 .out_pitch = op->out.pitch,
                                 .kh = whole ? op->in[0].h
                                       : one ? 1
                                             : n->kh,
                                 .kw = whole ? op->in[0].w
                                       : one ? 1
                                             : n->kw,
                                 .stride = whole || n->op == OP_PAD ? 1 : n->stride,
                                 .pad_y = n->pad_y,
                                 .pad_x = n->pad_x };
}
