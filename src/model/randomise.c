/* src/model/randomise.c: the last layers' weights as draws, for the randomisation check of maps. */
#include "model_parts.h"

#include <math.h>

struct model_draws {
    uint64_t seed;
    int first; /* the first node that is drawn */
    struct {
        double mean, deviation;
    } of[]; /* (nodes) */
};

int model_last_layers(const struct model *m, int layers, int *all)
{
    int at = -1, count = 0;

    for (int i = m->nodes - 1; i >= 0; i--)
        if (model_has_weights(&m->node[i]) && ++count == layers)
            at = i;
    if (all)
        *all = count;
    return at;
}

/* Lines name nodes that stand before them, so that no node before `first` hangs on what follows it. */
int model_hangs_on(const struct model *m, int node, int first)
{
    const struct model_node *n = &m->node[node];
    int hangs = node >= first && model_has_weights(n);

    for (int i = 0; i < n->inputs && node >= first && !hangs; i++)
        hangs = model_hangs_on(m, n->input[i], first);
    return hangs;
}

/* In the order in which the file counts the weights. */
static status measure(const struct model_binding *b, int node, double *mean, double *deviation)
{
    struct model_sources s;
    double sum = 0, squares = 0;
    int64_t count;

    TRY(model_find_sources(b, node, &s));
    count = tensor_count(s.weight);
    for (int64_t i = 0; i < count; i++)
        sum += tensor_at(s.weight, i);
    *mean = sum / (double)count;
    for (int64_t i = 0; i < count; i++) {
        double d = tensor_at(s.weight, i) - *mean;

        squares += d * d;
    }
    *deviation = sqrt(squares / (double)count);
    return OK;
}

status model_randomise(struct model_binding *b, int layers, uint64_t seed)
{
    const struct model *m = b->model;
    int all, first = model_last_layers(m, layers, &all);
    struct model_draws *draws;
    status result = OK;

    BUG_IF(layers < 1 || b->form != PRECISION_REAL || b->draws);
    if (first < 0)
        return FAIL(ERR_RANGE, "%s: %d layers cannot be randomised: the network has %d with weights", m->name,
                    layers, all);
    MEM_TRY(draws, 1, sizeof *draws + (size_t)m->nodes * sizeof draws->of[0]);
    draws->seed = seed;
    draws->first = first;
    for (int i = first; i < m->nodes && result == OK; i++)
        if (model_has_weights(&m->node[i]))
            result = measure(b, i, &draws->of[i].mean, &draws->of[i].deviation);
    if (result == OK)
        b->draws = draws;
    else
        mem_free(draws);
    return result;
}

void model_draw(const struct model_binding *b, int node, int64_t first, int64_t count, float *weight)
{
    const struct model_draws *d = b->draws;
    uint64_t stream = random_stream(RANDOM_WEIGHTS, 0, (uint32_t)node);

    if (!d || node < d->first)
        return;
    for (int64_t i = 0; i < count; i++) {
        struct random random = { d->seed, stream, 2 * (uint64_t)(first + i) };

        weight[i] = (float)(d->of[node].mean + d->of[node].deviation * random_normal(&random));
    }
}
