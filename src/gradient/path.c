/* src/gradient/path.c: which nodes lie between two, and whose values a backward pass between them reads. */
#include <string.h>

#include "plan.h"

int path_has_quantizer(const struct model_node *n)
{
    if (n->op == OP_MAXPOOL || n->op == OP_SLICE || n->op == OP_SHORTCUT || n->op == OP_SHUFFLE ||
        n->op == OP_PAD)
        return 0; /* they move their input's */
    return model_quantizes(n->op) || n->op == OP_SIGMOID || n->op == OP_HARDSIGMOID || n->quant[0];
}

int path_reads_inputs(enum model_op op)
{
    return op == OP_MAXPOOL || op == OP_MUL || op == OP_HARDSWISH || op == OP_HARDSIGMOID || op == OP_SILU ||
           op == OP_SIGMOID || op == OP_TANH || op == OP_LEAKYRELU || op == OP_GELU || op == OP_LAYERNORM;
}

static void mark_between(const struct model *m, struct gradient_path path, uint8_t *on)
{
    on[path.to] = 1;
    for (int i = path.to + 1; i <= path.from; i++)
        for (int j = 0; j < m->node[i].inputs; j++)
            on[i] |= on[m->node[i].input[j]];
}

/* Takes out what does not reach `from`. */
static void mark_reaching(const struct model *m, struct gradient_path path, uint8_t *reaches, uint8_t *on)
{
    reaches[path.from] = 1;
    for (int i = path.from; i > path.to; i--)
        for (int j = 0; reaches[i] && j < m->node[i].inputs; j++)
            reaches[m->node[i].input[j]] = 1;
    for (int i = 0; i < m->nodes; i++)
        on[i] &= reaches[i];
}

/* `from`, and the nodes before it whose codes it only moves or averages. */
static void mark_open(const struct model *m, int from, uint8_t *open)
{
    open[from] = 1;
    while (!path_has_quantizer(&m->node[from])) {
        from = m->node[from].input[0];
        open[from] = 1;
    }
}

static status find(const struct model *m, enum precision_form form, struct gradient_path path,
                   struct gradient_way *way)
{
    size_t nodes = (size_t)m->nodes;
    uint8_t *reaches;

    BUG_IF(path.to < 0 || path.to >= m->nodes || path.from < 0 || path.from >= m->nodes);
    MEM_TAKE(&way->mem, way->on, nodes, 1);
    MEM_TAKE(&way->mem, way->open, nodes, 1);
    MEM_TAKE(&way->mem, way->relu, nodes, sizeof *way->relu);
    MEM_TAKE(&way->mem, reaches, nodes, 1);
    mark_between(m, path, way->on);
    mark_reaching(m, path, reaches, way->on);
    mark_open(m, path.from, way->open);
    for (int i = 0; i < m->nodes; i++) {
        int relu = m->node[i].op != OP_MUL || form == PRECISION_CODES ? model_fused_relu(m, i) : -1;

        way->relu[i] = relu >= 0 && way->on[i] && way->on[relu] ? relu : -1;
    }
    if (path.to >= path.from || !way->on[path.from])
        return FAIL(ERR_MISMATCH,
                    "%s: nothing of the node %s reaches %s: its gradient is 0 for every picture", m->source,
                    m->node[path.to].name, m->node[path.from].name);
    return OK;
}

status path_find(const struct model *m, enum precision_form form, struct gradient_path path,
                 struct gradient_way *out)
{
    *out = (struct gradient_way){ .on = NULL };
    return find(m, form, path, out);
}

int path_is_fused(const struct gradient_way *way, const struct model_node *n, struct gradient_path path)
{
    return model_is_relu(n->op) && n->input[0] != path.to && way->relu[n->input[0]] >= 0;
}

status gradient_check(const struct model *m, struct gradient_path path)
{
    struct gradient_way way;
    status result = path_find(m, PRECISION_REAL, path, &way);

    mem_drop(&way.mem);
    return result;
}

status gradient_shows(const struct model *m, enum precision_form form, struct gradient_path path,
                      uint8_t *show)
{
    struct gradient_way way;
    status result = path_find(m, form, path, &way);

    for (int i = path.to + 1; result == OK && i <= path.from; i++) {
        const struct model_node *n = &m->node[i];

        if (!way.on[i])
            continue;
        if (model_is_relu(n->op) || n->op == OP_CLIP ||
            (form != PRECISION_REAL && path_has_quantizer(n) && !way.open[i]))
            show[i] = 1;
        for (int j = 0; path_reads_inputs(n->op) && j < n->inputs; j++)
            show[n->input[j]] = 1;
    }
    mem_drop(&way.mem);
    return result;
}
