/* src/model/head.c: the classifier's weights in real values (explanations 2.2). */
#include <string.h>

#include "model.h"

static int is_pool_of_cam(const struct model *m, int node)
{
    const struct model_node *n = &m->node[node];

    return model_is_global_pool(n->op) && n->input[0] == m->cam;
}

static int is_layer(const struct model *m, int node)
{
    const struct model_node *n = &m->node[node], *in = &m->node[n->input[0]];

    return n->op == OP_LINEAR ||
           (n->op == OP_CONV && n->groups == 1 && model_is_pointwise(n) && in->h * in->w == 1);
}

/* The node whose values these are, with or without codes; *begin: what slices leave out in front. */
static int origin(const struct model *m, int node, int *begin)
{
    for (;; node = m->node[node].input[0]) {
        const struct model_node *n = &m->node[node];

        if (n->op == OP_SLICE)
            *begin += n->begin;
        else if (n->op != OP_QUANTIZE && n->op != OP_DEQUANTIZE)
            return node;
    }
}

/* The nodes of the last and the first linear layer; *first = -1 where there is one layer; the last one's
 * outputs from *begin on are the classes. */
static status find_layers(const struct model *m, int *last, int *first, int *begin)
{
    int at, none = 0;

    *begin = 0;
    *last = at = origin(m, m->output, begin);
    *first = -1;
    if (is_layer(m, at))
        at = origin(m, m->node[at].input[0], &none);
    if (m->node[at].op == OP_HARDSWISH && is_layer(m, origin(m, m->node[at].input[0], &none))) {
        *first = origin(m, m->node[at].input[0], &none);
        at = origin(m, m->node[*first].input[0], &none);
    }
    if (is_layer(m, *last) && is_pool_of_cam(m, at) && none == 0)
        return OK;
    return FAIL(ERR_MISMATCH,
                "%s:%d: ablation needs a classifier of global pooling of the CAM layer %s and one "
                "linear layer, or two with a hardswish between: the %s %s does not fit",
                m->source, m->node[at].line, m->node[m->cam].name, model_op_name(m->node[at].op),
                m->node[at].name);
}

/* Moves the bias and real weights, those of `rows` outputs from `begin` on. */
static status take_layer(const struct model_binding *b, int node, int begin, int rows, float **weight,
                         float **bias)
{
    struct model_layer l;
    status result = OK;
    size_t run, from;

    TRY(model_layer_load(b, node, &l));
    run = (size_t)l.ic * (size_t)l.kh * (size_t)l.kw;
    from = (size_t)begin * run;
    *bias = l.bias;
    memmove(*bias, *bias + begin, (size_t)rows * sizeof **bias);
    l.bias = NULL;
    *weight = l.weight_real;
    l.weight_real = NULL;
    if (l.weight_int)
        MEM_TRY_OUT(*weight, (size_t)rows * run, sizeof **weight);
    for (size_t i = 0; i < (size_t)rows * run; i++)
        (*weight)[i] = l.weight_int ? model_weight_real(&l, (from + i) / run, from + i) : (*weight)[from + i];
out:
    model_layer_free(&l);
    return result;
}

status model_head_load(const struct model_binding *b, struct model_head *out)
{
    const struct model *m = b->model;
    struct model_head head = { .classes = m->classes, .channels = m->node[m->cam].c };
    int last, first, begin;
    status result = OK;

    memset(out, 0, sizeof *out);
    TRY(find_layers(m, &last, &first, &begin));
    TRY_OUT(take_layer(b, last, begin, m->classes, &head.weight, &head.bias));
    if (first >= 0) {
        head.hidden = m->node[first].c;
        TRY_OUT(take_layer(b, first, 0, head.hidden, &head.first_weight, &head.first_bias));
    }
    *out = head;
    head = (struct model_head){ 0 };
out:
    model_head_free(&head);
    return result;
}

void model_head_free(struct model_head *head)
{
    mem_free(head->weight);
    mem_free(head->bias);
    mem_free(head->first_weight);
    mem_free(head->first_bias);
    memset(head, 0, sizeof *head);
}
