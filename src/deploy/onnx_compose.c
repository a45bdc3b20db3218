/* Layer normalisation and gelu that a file spells in several ops: its nodes become one, and what nothing
 * reads any more is done. */
#include "onnx_translate.h"

#include <string.h>

#include "composed.h"

struct composing {
    struct onnx_translation *t;
    struct composed *is; /* (values) */
};

static struct composed_operand operand(const struct composing *c, const struct onnx_node *n, int k)
{
    const struct tensor *constant = onnx_constant(&c->t->x, n, k);
    struct composed_operand a = { .value = onnx_input(n, k) };

    if (a.value < 0)
        a.constant = 1;
    else if (!constant)
        a.is = c->is[a.value];
    else
        a.constant = 1;
    a.single = constant && constant->data && tensor_count(constant) == 1;
    if (a.single)
        a.number = tensor_at(constant, 0);
    return a;
}

/* A mean along one axis, whose extent stays. */
static status mean_of(const struct composing *c, const struct onnx_node *n, struct composed *out)
{
    const struct onnx *x = &c->t->x;
    struct onnx_list axes;
    int axis;

    TRY(onnx_list(x, n, 1, "axes", &axes));
    if (axes.count != 1 || !onnx_whole(n, "keepdims", 1))
        return OK;
    TRY(onnx_axis(axes.at[0], onnx_tensor(x, n->input[0])->rank, &axis));
    *out = composed_mean(operand(c, n, 0), axis);
    return OK;
}

/* What the node's output is of a whole. */
static status part_of(const struct composing *c, const struct onnx_node *n, struct composed *out)
{
    static const struct {
        const char *op;
        char how;
        int inputs;
    } rows[] = { { "Add", '+', 2 },  { "Sub", '-', 2 }, { "Mul", '*', 2 },        { "Div", '/', 2 },
                 { "Sqrt", 's', 1 }, { "Neg", 'n', 1 }, { "Reciprocal", 'r', 1 }, { "Erf", 'e', 1 },
                 { "Tanh", 't', 1 }, { "Pow", 'p', 2 } };

    if (onnx_is(n, "ReduceMean") && onnx_input(n, 0) >= 0)
        return mean_of(c, n, out);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct composed_operand b;

        if (!onnx_is(n, rows[i].op) || n->inputs != rows[i].inputs || n->input[0] < 0)
            continue;
        b = operand(c, n, 1);
        *out = rows[i].how == 'p'   ? b.single ? composed_power(operand(c, n, 0), b.number) : *out
               : rows[i].inputs > 1 ? composed_two(rows[i].how, operand(c, n, 0), b)
                                    : composed_one(rows[i].how, operand(c, n, 0));
    }
    return OK;
}

/* The node becomes the whole's. */
static status rewrite(struct onnx_translation *t, struct onnx_node *n, const struct composed *c)
{
    static const char *const names[] = { "epsilon", "along" };
    struct onnx_attribute *a;
    int *input;

    MEM_TAKE(&t->x.set, a, 2, sizeof *a);
    MEM_TAKE(&t->x.set, input, 3, sizeof *input);
    input[0] = c->x;
    input[1] = c->gamma;
    input[2] = c->beta;
    n->op = c->form == COMPOSED_NORM ? "LayerNormalization" : "Gelu";
    n->input = input;
    n->inputs = c->form == COMPOSED_NORM ? 3 : 1;
    n->attribute = a;
    n->attributes = 2;
    for (int i = 0; i < 2; i++)
        a[i] = (struct onnx_attribute){ .name = names[i], .real = (float)c->eps, .whole = c->axis };
    if (c->form == COMPOSED_GELU)
        a[0] = (struct onnx_attribute){ .name = "approximate", .text = c->approximate ? "tanh" : "none" };
    return OK;
}

/* Who reads what, anew: nodes that are read by none are done. */
static void count_readers(struct onnx_translation *t)
{
    struct onnx *x = &t->x;

    for (int i = 0; i < x->value.count; i++) {
        x->of[i].readers = 0;
        x->of[i].reader = -1;
    }
    for (int i = 0; i < x->outputs; i++)
        x->of[x->output[i]].readers++;
    for (int i = x->nodes - 1; i >= 0; i--) {
        const struct onnx_node *n = &x->node[i];
        int read = 0;

        for (int k = 0; k < n->outputs; k++)
            read |= n->output[k] >= 0 && x->of[n->output[k]].readers > 0;
        t->done[i] = !read;
        for (int k = 0; read && k < n->inputs; k++)
            if (n->input[k] >= 0 && x->of[n->input[k]].readers++ == 0)
                x->of[n->input[k]].reader = i;
    }
}

/* Of what each value is, the last that is a whole is one: gamma and beta may follow. */
status onnx_compose(struct onnx_translation *t)
{
    struct composing c = { .t = t };
    struct onnx *x = &t->x;
    int found = 0;

    MEM_TAKE(&x->set, c.is, (size_t)x->value.count, sizeof *c.is);
    for (int i = 0; i < x->nodes; i++)
        if (x->node[i].outputs == 1 && x->node[i].output[0] >= 0 && !x->of[x->node[i].output[0]].constant)
            TRY(error_prefix(part_of(&c, &x->node[i], &c.is[x->node[i].output[0]]), "node %d (%.60s %.200s)",
                             i, x->node[i].op, x->node[i].name));
    for (int i = 0; i < x->nodes; i++) {
        int value = x->node[i].outputs == 1 ? x->node[i].output[0] : -1, reader;
        const struct onnx_node *next;

        if (value < 0 || !composed_is_whole(&c.is[value]))
            continue;
        reader = onnx_only_reader(t, value);
        next = reader >= 0 ? &x->node[reader] : NULL;
        if (next && next->outputs == 1 && composed_is_whole(&c.is[next->output[0]]) &&
            c.is[next->output[0]].x == c.is[value].x)
            continue;
        TRY(rewrite(t, &x->node[i], &c.is[value]));
        found = 1;
    }
    if (found)
        count_readers(t);
    return OK;
}
