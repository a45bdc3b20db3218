/* src/model/head.c: the classifier's weights in real values (explanations 2.2). */
#include <string.h>

#include "model.h"

static int is_pool_of_cam(const struct model *m, int node)
{
    const struct model_node *n = &m->node[node];

    return model_is_global_pool(n->op) && n->input[0] == m->cam;
}

/* The nodes of the last and the first linear layer; *first = -1 where there is one layer. */
static status find_layers(const struct model *m, int *last, int *first)
{
    int at = m->output;

    *last = m->output;
    *first = -1;
    if (m->node[at].op == OP_LINEAR)
        at = m->node[at].input[0];
    if (m->node[at].op == OP_HARDSWISH && m->node[m->node[at].input[0]].op == OP_LINEAR) {
        *first = m->node[at].input[0];
        at = m->node[*first].input[0];
    }
    if (m->node[m->output].op == OP_LINEAR && is_pool_of_cam(m, at))
        return OK;
    return FAIL(ERR_MISMATCH,
                "%s:%d: ablation needs a classifier of global pooling of the CAM layer %s and one "
                "linear layer, or two with a hardswish between: the %s %s does not fit",
                m->source, m->node[at].line, m->node[m->cam].name, model_op_name(m->node[at].op),
                m->node[at].name);
}

/* Moves the bias, and makes real weights of codes. */
static status take_layer(const struct model_binding *b, int node, float **weight, float **bias)
{
    struct model_layer l;
    status result = OK;
    size_t run;

    TRY(model_layer_load(b, node, &l));
    run = (size_t)l.ic * (size_t)l.kh * (size_t)l.kw;
    *bias = l.bias;
    l.bias = NULL;
    *weight = l.weight_real;
    l.weight_real = NULL;
    if (l.weight_int)
        MEM_TRY_OUT(*weight, (size_t)l.oc * run, sizeof **weight);
    for (size_t i = 0; l.weight_int && i < (size_t)l.oc * run; i++)
        (*weight)[i] = (float)(l.scale[l.scales > 1 ? i / run : 0] * l.weight_int[i]);
out:
    model_layer_free(&l);
    return result;
}

status model_head_load(const struct model_binding *b, struct model_head *out)
{
    const struct model *m = b->model;
    struct model_head head = { .classes = m->classes, .channels = m->node[m->cam].c };
    int last, first;
    status result = OK;

    memset(out, 0, sizeof *out);
    TRY(find_layers(m, &last, &first));
    TRY_OUT(take_layer(b, last, &head.weight, &head.bias));
    if (first >= 0) {
        head.hidden = m->node[first].c;
        TRY_OUT(take_layer(b, first, &head.first_weight, &head.first_bias));
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
