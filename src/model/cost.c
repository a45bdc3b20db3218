/* src/model/cost.c: what a layer costs, in parameters, bytes and multiply-accumulates. */
#include "model_parts.h"

/* A layer's own vectors beside its weights: as trained, and once batch normalisation is folded. */
static status count_vectors(const struct model_binding *b, int node, const struct model_node *n,
                            uint64_t *trained, uint64_t *folded, uint64_t *scales, int *codes)
{
    struct model_sources s;
    uint64_t oc = (uint64_t)n->c;

    *trained = n->bn[0] ? 2 * oc : oc; /* without a checkpoint: a bias where no normalisation has one */
    *folded = oc;
    *scales = 0;
    *codes = 0;
    if (!b)
        return OK;
    TRY(model_find_sources(b, node, &s));
    *codes = b->form == PRECISION_CODES &&
             (b->lowbit ? model_lowbit_integer(b, node) : b->qat || model_has_codes(b, s.weight));
    if (b->qat || model_has_codes(b, s.weight))
        *scales = b->lowbit ? oc : (uint64_t)(b->qat ? tensor_count(s.quantizer.low) : s.weight->channels);
    if (!model_stores_codes(b) || b->lowbit)
        *trained = (s.bias ? oc : 0) + (s.gamma ? 2 * oc : 0);
    else if (!n->bn[0])
        *trained = s.bias ? oc : 0;
    *folded = s.bias || s.gamma ? oc : 0;
    return OK;
}

status model_cost(const struct model *m, const struct model_binding *b, int node, struct model_cost *out)
{
    const struct model_node *n = &m->node[node];
    uint64_t weights, trained, folded, scales;
    int codes;

    *out = (struct model_cost){ 0 };
    BUG_IF(b && b->model != m);
    if (model_is_affine(n->op)) {
        out->parameters = (n->op == OP_SCALE ? 1 : 2) * (uint64_t)n->c;
        out->bytes = out->parameters * sizeof(float);
    }
    if (!model_has_weights(n))
        return OK;
    weights = (uint64_t)m->node[n->input[0]].c * (uint64_t)n->c;
    if (n->op == OP_LINEAR)
        weights *= (uint64_t)m->node[n->input[0]].h * (uint64_t)m->node[n->input[0]].w;
    if (n->op == OP_CONV)
        weights = weights / (uint64_t)n->groups * (uint64_t)n->kh * (uint64_t)n->kw;
    TRY(count_vectors(b, node, n, &trained, &folded, &scales, &codes));
    out->parameters = weights + trained;
    out->bytes = weights * (codes ? 1 : sizeof(float)) + (folded + scales) * sizeof(float);
    out->macs = weights * (uint64_t)n->h * (uint64_t)n->w;
    return OK;
}
