/* src/engine/cat.c: concatenations: which inputs are copied, and how their codes change on the way. */
#include <string.h>

#include "draft.h"

/* torch concatenates channels_last tensors by vectors of 8 channels, which dequantize in one fused step; what
 * is left over, and all of a cat that has a part of a tensor (slice) or a shuffled one among its inputs, goes
 * by 2.1. */
static int cat_by_vectors(const struct draft *d, int node)
{
    const struct model_node *n = &d->m->node[node];

    for (int j = 0; j < n->inputs; j++)
        if (d->m->node[n->input[j]].op == OP_SLICE || d->m->node[n->input[j]].op == OP_SHUFFLE)
            return 0;
    return 1;
}

/* Channels from .. from + c - 1 of input j are copied to channel `at` of the output. */
static status add_piece(struct draft *d, struct engine_op *op, struct engine_cat *cat, int node, int j,
                        int from, int c, int at, int fused)
{
    int piece = op->inputs;

    if (c == 0)
        return OK;
    op->in[piece] = d->node[d->m->node[node].input[j]].view;
    op->in[piece].first += (size_t)from;
    op->in[piece].c = c;
    cat->channel[piece] = at + from;
    op->inputs++;
    if (d->b->family && place_is_coded(d, node))
        return place_named(op, tables_join(d->head.arithmetic, place_q_of_input(d, node, j), place_q(d, node),
                                           &cat->table[piece]));
    if (place_is_coded(d, node))
        arithmetic_requantize(place_q_of_input(d, node, j), place_q(d, node), fused, &cat->table[piece]);
    return OK;
}

/* A low-bit network's codes of several PACTs: what they stand for. */
static status add_real(struct draft *d, int node)
{
    const struct model_node *n = &d->m->node[node];

    for (int j = 0, at = 0; j < n->inputs; at += d->m->node[n->input[j]].c, j++) {
        struct engine_view part = d->node[node].view;

        part.first += (size_t)at;
        part.c = d->m->node[n->input[j]].c;
        if (place_is_coded(d, n->input[j]))
            TRY(place_dequantized(d, n->input[j], part));
    }
    return OK;
}

/* Only inputs that are not in place already are copied; where all are, there is no op. */
static status add_copies(struct draft *d, int node)
{
    const struct model_node *n = &d->m->node[node];
    struct engine_op *op = place_op(d, node, KIND_CAT);
    struct engine_cat cat = { .channel = { 0 } };
    int vectors = place_is_coded(d, node) && !d->b->family && cat_by_vectors(d, node);

    op->inputs = 0;
    for (int j = 0, at = 0; j < n->inputs; at += d->m->node[n->input[j]].c, j++) {
        int c = d->m->node[n->input[j]].c, whole = vectors ? c - c % 8 : c;

        if ((d->taken[n->input[j]] == node && d->taken_at[n->input[j]] == at) ||
            place_is_coded(d, n->input[j]) > place_is_coded(d, node))
            continue;
        TRY(add_piece(d, op, &cat, node, j, 0, whole, at, vectors));
        TRY(add_piece(d, op, &cat, node, j, whole, c - whole, at, 0));
    }
    if (op->inputs > 0)
        return place_parameters(d, op, &cat, sizeof cat);
    memset(op, 0, sizeof *op);
    d->head.ops--;
    return OK;
}

status cat_plan(struct draft *d, int node)
{
    TRY(add_copies(d, node));
    return d->b->lowbit && !place_is_coded(d, node) ? add_real(d, node) : OK;
}
