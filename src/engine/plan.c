/* src/engine/plan.c: from a bound network to steps, buffers and packed weights.
 *
 *     users and fusions -> cats that are written in place -> one step a node -> the arena -> pointers
 */
#include <math.h>
#include <string.h>

#include "delta.h"

struct plan {
    struct engine *e;
    const struct model_binding *b;
    const struct model *m;
    int *relu;       /* (nodes) the relu that its step includes, or -1 */
    int *taken;      /* (nodes) the cat whose buffer it is written into, or -1 */
    int *taken_at;   /* (nodes) and the channel there */
    int *cat_buffer; /* (nodes) a cat's buffer once there is one, or -1 */
};

static int is_relu(enum model_op op)
{
    return op == OP_RELU || op == OP_RELU6;
}

/* In int8 the binding's quantization of such a node is already its relu's. */
static void find_fusions(struct plan *p)
{
    for (int i = 0; i < p->m->nodes; i++)
        if (p->m->node[i].op != OP_MUL || p->b->form == PRECISION_CODES)
            p->relu[i] = model_fused_relu(p->m, i);
}

/* The node under whose name the step of `node` is seen. */
static int shown(const struct plan *p, int node)
{
    return p->relu[node] >= 0 ? p->relu[node] : node;
}

/* An input of a cat can be written where the cat has it if a step of its own makes it and its codes need no
 * change. */
static void find_cats(struct plan *p)
{
    const struct model *m = p->m;

    for (int i = 0; i < m->nodes; i++) {
        const struct model_node *cat = &m->node[i];

        for (int j = 0, at = 0; cat->op == OP_CAT && j < cat->inputs; at += m->node[cat->input[j]].c, j++) {
            int n = cat->input[j];
            enum model_op op = m->node[n].op;
            const struct quant_params *q = p->b->q;

            if (op == OP_INPUT || op == OP_SLICE || op == OP_CAT || p->taken[n] >= 0)
                continue;
            if (p->b->form == PRECISION_CODES && !quant_params_same(q[n], q[i]))
                continue;
            p->taken[n] = i;
            p->taken_at[n] = at;
        }
    }
}

static int add_buffer(struct engine *e, int c, int h, int w)
{
    struct engine_buffer *b = &e->buffer[e->buffers];

    b->bytes = (size_t)c * (size_t)h * (size_t)w * (e->form == PRECISION_REAL ? sizeof(float) : 1);
    b->first = b->last = e->steps;
    return e->buffers++;
}

/* Where the step of `node`, the next one, writes. */
static struct engine_view place(struct plan *p, int node)
{
    const struct model_node *n = &p->m->node[node];
    struct engine_view v = { .c = n->c, .h = n->h, .w = n->w, .pitch = n->c };
    int name = shown(p, node), cat = n->op == OP_CAT ? node : p->taken[name];

    if (cat < 0) {
        v.buffer = add_buffer(p->e, n->c, n->h, n->w);
    } else {
        if (p->cat_buffer[cat] < 0)
            p->cat_buffer[cat] = add_buffer(p->e, p->m->node[cat].c, n->h, n->w);
        v.buffer = p->cat_buffer[cat];
        v.pitch = p->m->node[cat].c;
        v.first = cat == node ? 0 : (size_t)p->taken_at[name];
    }
    p->e->node[node].view = p->e->node[name].view = v;
    return v;
}

static void use(struct engine *e, int buffer, int step)
{
    if (e->buffer[buffer].last < step)
        e->buffer[buffer].last = step;
}

/* Fills in what every kind of step has; the caller adds the rest. */
static struct engine_step *add_step(struct plan *p, int node)
{
    const struct model_node *n = &p->m->node[node];
    struct engine *e = p->e;
    struct engine_step *s = &e->step[e->steps];

    s->out = place(p, node);
    s->inputs = n->inputs;
    for (int j = 0; j < n->inputs; j++) {
        s->in[j] = e->node[n->input[j]].view;
        use(e, s->in[j].buffer, e->steps);
    }
    use(e, s->out.buffer, e->steps);
    memcpy(s->name, n->name, sizeof s->name);
    s->kernels = e->kernels;
    s->low = p->relu[node] >= 0 || is_relu(n->op) ? 0.0f : -INFINITY;
    s->high = p->m->node[shown(p, node)].op == OP_RELU6 ? 6.0f : INFINITY;
    s->groups = 1;
    e->steps++;
    return s;
}

/* In int8 a relu6 clamps where the checkpoint says so. */
static enum engine_relu relu_of(const struct plan *p, int node)
{
    enum model_op op = p->m->node[node].op;

    if (!is_relu(op))
        return ENGINE_NO_RELU;
    return op == OP_RELU6 && (p->e->form == PRECISION_REAL || p->b->relu6_clamps) ? ENGINE_RELU6
                                                                                  : ENGINE_RELU;
}

static enum engine_relu fused_relu(const struct plan *p, int node)
{
    return p->relu[node] >= 0 ? relu_of(p, p->relu[node]) : ENGINE_NO_RELU;
}

static struct quant_params q_of_input(const struct plan *p, int node, int j)
{
    return p->e->form == PRECISION_CODES ? p->b->q[p->m->node[node].input[j]] : (struct quant_params){ 0 };
}

static struct quant_params q_of(const struct plan *p, int node)
{
    return p->e->form == PRECISION_CODES ? p->b->q[node] : (struct quant_params){ 0 };
}

static status add_table(struct engine_step *s, int count)
{
    MEM_TRY(s->table, (size_t)count, sizeof *s->table);
    return OK;
}

static status plan_input(struct plan *p, int node)
{
    struct engine_step *s = add_step(p, node);

    s->run = run_input;
    if (p->e->form == PRECISION_REAL) {
        MEM_TRY(s->input_real, (size_t)s->out.c, sizeof *s->input_real);
        arithmetic_input_real(&p->m->input, s->input_real);
    } else {
        MEM_TRY(s->input_code, (size_t)s->out.c, sizeof *s->input_code);
        arithmetic_input_code(&p->m->input, q_of(p, node), s->input_code);
        s->q = q_of(p, node);
    }
    return OK;
}

/* Convolution, linear and maximum pooling have the same geometry. */
static void geometry(const struct model_node *n, struct engine_step *s)
{
    int window = n->op != OP_LINEAR;

    s->groups = n->op == OP_CONV ? n->groups : 1;
    s->shape = (struct kernel_conv){ .ih = s->in[0].h,
                                     .iw = s->in[0].w,
                                     .ic = s->in[0].c / s->groups,
                                     .in_pitch = s->in[0].pitch,
                                     .oh = n->h,
                                     .ow = n->w,
                                     .oc = n->c / s->groups,
                                     .out_pitch = s->out.pitch,
                                     .kh = window ? n->kernel : 1,
                                     .kw = window ? n->kernel : 1,
                                     .stride = window ? n->stride : 1,
                                     .pad = window ? n->pad : 0 };
}

/* Has fbgemm a kernel of its own for this depthwise convolution, which saturates on every x86? */
static int saturates_always(const struct model_node *n, int ic)
{
    return n->op == OP_CONV && n->groups == ic && n->groups == n->c && n->groups % 8 == 0 &&
           (n->kernel == 3 || n->kernel == 5) && n->stride <= 2 && !n->pad_same &&
           n->pad == (n->kernel - 1) / 2;
}

static status plan_layer(struct plan *p, int node)
{
    const struct model_node *n = &p->m->node[node];
    struct engine *e = p->e;
    struct engine_step *s = add_step(p, node);

    if (n->op == OP_LINEAR && (s->in[0].h != 1 || s->in[0].w != 1))
        return FAIL(ERR_MISMATCH, "%s: a linear layer takes a 1 x 1 map, not %d x %d", n->name, s->in[0].h,
                    s->in[0].w);
    geometry(n, s);
    s->macs = (uint64_t)n->h * (uint64_t)n->w * (uint64_t)n->c * (uint64_t)(s->shape.kh * s->shape.kw) *
              (uint64_t)s->shape.ic;
    s->saturation = KERNEL_EXACT;
    if (e->form == PRECISION_CODES && e->arithmetic == ENGINE_FBGEMM &&
        (e->options.saturate == ENGINE_SATURATE_AVX2 ||
         (e->options.saturate == ENGINE_SATURATE_VNNI && saturates_always(n, s->in[0].c)))) {
        s->saturation = KERNEL_SATURATE_PAIRS;
        s->kernels = kernel_select("ref");
    }
    return pack_layer(e, s, p->b, node, q_of_input(p, node, 0), q_of(p, node), fused_relu(p, node));
}

static status plan_pool(struct plan *p, int node)
{
    const struct model_node *n = &p->m->node[node];
    struct engine_step *s = add_step(p, node);

    if (n->op == OP_MAXPOOL) {
        s->run = run_maxpool;
        geometry(n, s);
        return OK;
    }
    s->q = q_of_input(p, node, 0);
    s->factor = p->e->form == PRECISION_CODES
                    ? arithmetic_average_factor(p->e->arithmetic, s->q, s->in[0].h * s->in[0].w)
                    : 0.0f;
    s->run = n->op == OP_MEAN && p->e->form == PRECISION_CODES && p->e->arithmetic == ENGINE_FBGEMM
                 ? run_mean_cascade
                 : run_average;
    return OK;
}

static status plan_activation(struct plan *p, int node)
{
    enum model_op op = p->m->node[node].op;
    struct engine_step *s = add_step(p, node);

    if (p->e->form == PRECISION_REAL) {
        s->run = is_relu(op) ? run_clamp : op == OP_HARDSWISH ? run_hardswish : run_hardsigmoid;
        return OK;
    }
    TRY(add_table(s, 1));
    s->run = run_lookup;
    if (is_relu(op))
        arithmetic_relu(q_of(p, node), relu_of(p, node), s->table);
    else if (op == OP_HARDSWISH)
        arithmetic_hardswish(p->e->arithmetic, q_of_input(p, node, 0), q_of(p, node), s->table);
    else
        arithmetic_hardsigmoid(p->e->arithmetic, q_of_input(p, node, 0), q_of(p, node), s->table);
    return OK;
}

static status plan_add(struct plan *p, int node)
{
    struct engine_step *s = add_step(p, node);

    s->run = run_add;
    if (p->e->form == PRECISION_REAL)
        return OK;
    if (arithmetic_add(p->e->arithmetic, q_of_input(p, node, 0), q_of_input(p, node, 1), q_of(p, node),
                       fused_relu(p, node), &s->add) != OK)
        return error_prefix(ERR_RANGE, "%s", s->name);
    return OK;
}

/* The second input may be one row for all positions. */
static status plan_mul(struct plan *p, int node)
{
    struct engine_step *s = add_step(p, node);

    s->run = run_mul;
    if (s->in[1].h * s->in[1].w < s->out.h * s->out.w)
        s->in[1].pitch = 0;
    if (p->e->form == PRECISION_CODES)
        arithmetic_mul(q_of_input(p, node, 0), q_of_input(p, node, 1), q_of(p, node), fused_relu(p, node),
                       &s->mul);
    return OK;
}

/* torch concatenates channels_last tensors by vectors of 8 channels, which dequantize in one fused step; what
 * is left over, and all of a cat that has a part of a tensor (slice) or a shuffled one among its inputs, goes
 * by 2.1. */
static int cat_by_vectors(const struct plan *p, int node)
{
    const struct model_node *n = &p->m->node[node];

    for (int j = 0; j < n->inputs; j++)
        if (p->m->node[n->input[j]].op == OP_SLICE || p->m->node[n->input[j]].op == OP_SHUFFLE)
            return 0;
    return 1;
}

/* Channels from .. from + c - 1 of input j are copied to channel `at` of the output. */
static void add_piece(struct plan *p, struct engine_step *s, int node, int j, int from, int c, int at,
                      int fused)
{
    int piece = s->inputs;

    if (c == 0)
        return;
    s->in[piece] = p->e->node[p->m->node[node].input[j]].view;
    s->in[piece].first += (size_t)from;
    s->in[piece].c = c;
    s->channel[piece] = at + from;
    if (p->e->form == PRECISION_CODES)
        arithmetic_requantize(q_of_input(p, node, j), q_of(p, node), fused, &s->table[piece]);
    s->inputs++;
}

/* Only inputs that are not in place already are copied; where all are, there is no step. */
static status plan_cat(struct plan *p, int node)
{
    const struct model_node *n = &p->m->node[node];
    struct engine_step *s = add_step(p, node);
    int vectors = p->e->form == PRECISION_CODES && cat_by_vectors(p, node);

    s->run = run_cat;
    s->inputs = 0;
    TRY(add_table(s, ENGINE_MAX_INPUTS));
    for (int j = 0, at = 0; j < n->inputs; at += p->m->node[n->input[j]].c, j++) {
        int c = p->m->node[n->input[j]].c, whole = vectors ? c - c % 8 : c;

        if (p->taken[n->input[j]] == node && p->taken_at[n->input[j]] == at)
            continue;
        add_piece(p, s, node, j, 0, whole, at, vectors);
        add_piece(p, s, node, j, whole, c - whole, at, 0);
    }
    if (s->inputs == 0) {
        mem_free(s->table);
        memset(s, 0, sizeof *s);
        p->e->steps--;
    }
    return OK;
}

static status plan_node(struct plan *p, int node)
{
    const struct model_node *n = &p->m->node[node];
    struct engine_view *v = &p->e->node[node].view;

    switch (n->op) {
    case OP_INPUT:
        return plan_input(p, node);
    case OP_CONV:
    case OP_LINEAR:
        return plan_layer(p, node);
    case OP_RELU:
    case OP_RELU6:
        return p->relu[n->input[0]] == node ? OK : plan_activation(p, node);
    case OP_HARDSWISH:
    case OP_HARDSIGMOID:
        return plan_activation(p, node);
    case OP_MAXPOOL:
    case OP_AVGPOOL:
    case OP_MEAN:
        return plan_pool(p, node);
    case OP_ADD:
        return plan_add(p, node);
    case OP_MUL:
        return plan_mul(p, node);
    case OP_CAT:
        return plan_cat(p, node);
    case OP_SLICE:
        *v = p->e->node[n->input[0]].view;
        v->first += (size_t)n->begin;
        v->c = n->c;
        return OK;
    case OP_SHUFFLE: {
        struct engine_step *s = add_step(p, node);

        s->run = run_shuffle;
        s->shuffle_groups = n->groups;
        return OK;
    }
    case OP_COUNT:
        break;
    }
    BUG_IF(1);
}

static status lay_out(struct plan *p)
{
    struct engine *e = p->e;

    use(e, e->node[e->output].view.buffer, ENGINE_FOREVER);
    use(e, e->node[e->cam].view.buffer, ENGINE_FOREVER);
    for (int i = 0; e->options.keep && i < e->buffers; i++)
        e->buffer[i].last = ENGINE_FOREVER;
    TRY(arena_lay_out(e));
    MEM_TRY(e->scratch, e->scratch_bytes + ENGINE_LANES, 1);
    MEM_TRY(e->logits, (size_t)e->classes, sizeof *e->logits);
    return OK;
}

static status plan_all(struct plan *p)
{
    struct engine *e = p->e;
    size_t n = (size_t)p->m->nodes;

    MEM_TRY(e->node, n, sizeof *e->node);
    MEM_TRY(e->step, n, sizeof *e->step);
    MEM_TRY(e->buffer, n, sizeof *e->buffer);
    MEM_TRY(p->relu, 4 * n, sizeof *p->relu);
    p->taken = p->relu + n;
    p->taken_at = p->taken + n;
    p->cat_buffer = p->taken_at + n;
    for (size_t i = 0; i < n; i++)
        p->relu[i] = p->taken[i] = p->cat_buffer[i] = -1;
    e->nodes = p->m->nodes;
    e->output = p->m->output;
    e->cam = p->m->cam;
    e->classes = p->m->classes;
    find_fusions(p);
    find_cats(p);
    for (int i = 0; i < p->m->nodes; i++) {
        TRY(plan_node(p, i));
        e->node[i].q = q_of(p, i);
    }
    return lay_out(p);
}

status engine_plan(const struct model_binding *b, const struct engine_options *options,
                   const struct kernel_table *k, struct engine **out)
{
    struct plan p = { .b = b, .m = b->model };
    status result;

    *out = NULL;
    MEM_TRY(p.e, 1, sizeof *p.e);
    p.e->kernels = k;
    p.e->form = b->form;
    p.e->options = *options;
    p.e->arithmetic = options->arithmetic != ENGINE_AUTO ? options->arithmetic
                      : b->fbgemm                        ? ENGINE_FBGEMM
                                                         : ENGINE_QNNPACK;
    result = plan_all(&p);
    mem_free(p.relu);
    if (result != OK) {
        engine_free(p.e);
        return result;
    }
    *out = p.e;
    return OK;
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    for (int i = 0; i < e->steps; i++) {
        mem_free(e->step[i].packed);
        mem_free(e->step[i].constants);
        mem_free(e->step[i].table);
        mem_free(e->step[i].input_real);
        mem_free(e->step[i].input_code);
    }
    keep_free(e->delta);
    mem_free(e->step);
    mem_free(e->node);
    mem_free(e->buffer);
    mem_free(e->arena);
    mem_free(e->scratch);
    mem_free(e->logits);
    mem_free(e);
}
