/* src/train/alpha.c: where PACT's alpha begins by least squares: layer by layer in forward order, what lies
 * before already quantized, on the first training pictures (spec saliency-and-training 2.6). */
#include "train_parts.h"

#include <string.h>

enum { PICTURES = 256 };

static struct gradient_parameter *alpha_of(struct train *t, int node)
{
    for (int i = 0; i < t->parameters; i++)
        if (t->parameter[i].node == node && t->parameter[i].kind == GRADIENT_ALPHA)
            return &t->parameter[i];
    BUG_IF(1);
    return NULL;
}

/* The largest of all ranks': floats that are not negative are ordered as their bits. */
static float largest_of(const struct train *t, const float *x, size_t count)
{
    float largest = 0.0f;
    uint32_t bits;
    uint64_t most;

    for (size_t i = 0; i < count; i++)
        largest = x[i] > largest ? x[i] : largest;
    memcpy(&bits, &largest, sizeof bits);
    most = bits;
    comm_max_u64(t->c, &most, 1);
    bits = (uint32_t)most;
    memcpy(&largest, &bits, sizeof bits);
    return largest;
}

static status start_node(struct train *t, int node, struct gradient_run run, int count, float *x,
                         double *error)
{
    const struct model_node *n = &t->model.node[node];
    size_t each = (size_t)n->c * (size_t)n->h * (size_t)n->w;
    struct gradient_parameter *p = alpha_of(t, node);
    double sum[PACT_STARTS];
    float largest;

    TRY(gradient_net_prepare(t->net));
    gradient_net_forward(t->net, GRADIENT_EVAL, 0, t->x);
    gradient_net_activation_input(t->net, node, x);
    largest = largest_of(t, x, (size_t)count * each);
    memset(error, 0, (size_t)run.count * PACT_STARTS * sizeof *error);
    for (int i = 0; i < count; i++)
        pact_start_errors(x + (size_t)i * each, (int64_t)each, largest, t->quantizer[node].pact_bits,
                          error + i / GRADIENT_CHUNK * PACT_STARTS);
    sum_chunks(&t->sum, run, error, PACT_STARTS, sum);
    p->value[0] = pact_start_choose(largest, sum);
    log_detail("%s begins at %g, the largest value is %g", p->name, (double)p->value[0], (double)largest);
    comm_alive();
    return OK;
}

/* Values of the largest map that a PACT reads. */
static size_t most_values(const struct train *t)
{
    size_t most = 1;

    for (int i = 0; i < t->model.nodes; i++) {
        const struct model_node *n = &t->model.node[i];
        size_t each = (size_t)n->c * (size_t)n->h * (size_t)n->w;

        if (t->quantizer[i].pact_bits > 0 && each > most)
            most = each;
    }
    return most;
}

static status load(struct train *t, struct gradient_run run, int samples, int *count, float **x,
                   double **error)
{
    struct gradient_batch b = { .samples = samples, .first = run.first, .chunks = run.count };

    *count = gradient_batch_samples(&b);
    TRY(step_room(t, *count));
    MEM_TRY(*x, (size_t)*count + 1, most_values(t) * sizeof **x);
    MEM_TRY(*error, (size_t)run.count + 1, PACT_STARTS * sizeof **error);
    memcpy(t->taken, t->sample + t->held + run.first * GRADIENT_CHUNK, (size_t)*count * sizeof *t->taken);
    TRY(step_load(t, &t->data, *count, -1));
    return gradient_net_batch(t->net, &b);
}

status alpha_start(struct train *t)
{
    int samples = t->trained < PICTURES ? t->trained : PICTURES, count = 0;
    struct gradient_run run = sum_run(t->c, t->c->rank, (samples + GRADIENT_CHUNK - 1) / GRADIENT_CHUNK);
    double *error = NULL;
    float *x = NULL;
    status result = OK;

    TRY_OUT(comm_agree(t->c, load(t, run, samples, &count, &x, &error)));
    for (int i = 0; i < t->model.nodes && result == OK; i++)
        if (t->quantizer[i].pact_bits > 0)
            result = start_node(t, i, run, count, x, error);
out:
    mem_free(x);
    mem_free(error);
    return result;
}
