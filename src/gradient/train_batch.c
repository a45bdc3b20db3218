/* src/gradient/train_batch.c: a network's life: made, loaded, prepared, given a batch, freed. */
#include "net.h"

status gradient_net_make(const struct model *m, const struct gradient_settings *s,
                         const struct kernel_table *k, struct gradient_net **out)
{
    struct gradient_net *net;
    status result;

    *out = NULL;
    MEM_TRY(net, 1, sizeof *net);
    net->m = m;
    net->k = k;
    net->settings = *s;
    BUG_IF(s->average > 0 && s->quantizer);
    result = train_plan_make(net);
    if (result == OK)
        *out = net;
    else
        gradient_net_free(net);
    return result;
}

static void free_batch(struct gradient_net *net)
{
    for (int i = 0; i < TRAIN_BRANCHES; i++)
        mem_free(net->values[i]);
    for (int i = 0; i < net->steps; i++) {
        mem_free(net->step[i].norm.factor);
        mem_free(net->step[i].norm.moment);
        net->step[i].norm = (struct train_norm){ 0 };
    }
    mem_free(net->back);
    mem_free(net->sums);
    mem_free(net->chunk_sum);
    mem_free(net->norm_sum);
    mem_free(net->slot);
    mem_free(net->sample);
    mem_free(net->from);
    mem_free(net->to);
    net->values[0] = net->values[1] = net->back = net->sums = NULL;
    net->chunk_sum = net->norm_sum = NULL;
    net->slot = NULL;
    net->sample = NULL;
    net->from = NULL;
    net->to = NULL;
    net->capacity = 0;
    net->bytes = 0;
}

void gradient_net_free(struct gradient_net *net)
{
    if (!net)
        return;
    free_batch(net);
    mem_drop(&net->mem);
    mem_free(net);
}

struct gradient_parameter *gradient_net_parameters(struct gradient_net *net, int *count)
{
    *count = net->parameters;
    return net->parameter;
}

void gradient_net_hold(struct gradient_net *net, int ranges, int norms)
{
    net->hold_ranges = ranges;
    net->hold_norms = norms;
}

struct quant_weights gradient_net_weights(const struct gradient_net *net, int node)
{
    for (int i = 0; i < net->steps; i++)
        if (net->step[i].weight >= 0 && net->step[i].number == node)
            return net->step[i].layer.quantizer;
    return (struct quant_weights){ .bits = 0 };
}

/* ---- from a checkpoint --------------------------------------------------------------------------------- */

static status load(struct gradient_parameter *p, const struct model_binding *b)
{
    const struct tensor *t = model_tensor(b, p->name, "");
    char have[96];

    if (!t && (p->kind == GRADIENT_ALPHA || p->kind == GRADIENT_BIAS || p->kind >= GRADIENT_RANGE_LOW))
        return OK;
    if (!t)
        return FAIL(ERR_MISSING, "%s: no tensor %s%s", b->weights->source, b->prefix, p->name);
    if (tensor_count(t) != p->count)
        return FAIL(ERR_MISMATCH, "%s: tensor %s%s is %s, but its parameter has %lld values",
                    b->weights->source, b->prefix, p->name, tensor_describe(t, have, sizeof have),
                    (long long)p->count);
    if (p->kind < GRADIENT_RANGE_LOW ||
        isfinite(tensor_at(t, 0))) /* torch's observer that saw nothing: infinity */
        tensor_copy_f32(t, p->value);
    return OK;
}

status gradient_net_load(struct gradient_net *net, const struct model_binding *b)
{
    BUG_IF(b->model != net->m);
    if (b->form != PRECISION_REAL || b->folded)
        return FAIL(ERR_MISMATCH, "%s: %s: training begins with real weights and their batch normalisations",
                    b->weights->source,
                    b->folded ? "the batch normalisations are folded" : "the weights are codes");
    for (int i = 0; i < net->parameters; i++)
        TRY(load(&net->parameter[i], b));
    return OK;
}

/* ---- weights of a step --------------------------------------------------------------------------------- */

static status check_finite(const struct gradient_parameter *p)
{
    for (int64_t i = 0; i < p->count; i++)
        if (!isfinite(p->value[i]))
            return FAIL(ERR_NUMERIC, "%s: value %lld is %g, which is not finite", p->name, (long long)i,
                        (double)p->value[i]);
    return OK;
}

status gradient_net_prepare(struct gradient_net *net)
{
    for (int i = 0; i < net->parameters; i++)
        TRY(check_finite(&net->parameter[i]));
    for (int i = 0; i < net->steps; i++) {
        struct train_step *s = &net->step[i];

        if (s->alpha >= 0) {
            float alpha = net->parameter[s->alpha].value[0];

            BUG_IF(alpha < PACT_LEAST_ALPHA);
            s->pact = pact_of(alpha, s->pact_bits);
        }
        if (s->weight >= 0)
            TRY(train_layer_prepare(net, s));
    }
    return OK;
}

/* ---- batches ------------------------------------------------------------------------------------------- */

int gradient_batch_samples(const struct gradient_batch *b)
{
    int64_t first = (int64_t)b->first * GRADIENT_CHUNK,
            last = ((int64_t)b->first + b->chunks) * GRADIENT_CHUNK;

    last = last < b->samples ? last : b->samples;
    return b->chunks > 0 ? (int)(last - first) : 0;
}

static status take(struct gradient_net *net, void *pointer, size_t count, size_t size)
{
    void *block;

    MEM_TRY(block, count ? count : 1, size);
    memcpy(pointer, &block, sizeof block);
    net->bytes += count * size;
    return OK;
}

static status take_norms(struct gradient_net *net, size_t chunks)
{
    size_t each = net->settings.norm == GRADIENT_NORM_CHUNK ? chunks : 1;

    for (int i = 0; i < net->steps; i++) {
        struct train_norm *norm = &net->step[i].norm;
        size_t c = (size_t)net->step[i].node->c, lanes = (size_t)kernel_lanes((int)c);

        if (net->step[i].kind != TRAIN_NORM)
            continue;
        TRY(take(net, &norm->factor, TRAIN_BRANCHES * each * TRAIN_FACTORS * lanes, sizeof *norm->factor));
        TRY(take(net, &norm->moment, TRAIN_BRANCHES * each * 2 * c, sizeof *norm->moment));
        norm->capacity = (int)each;
    }
    return OK;
}

/* For a run of `chunks`, wherever it lies. */
static status grow(struct gradient_net *net, int chunks)
{
    size_t rows = (size_t)chunks > 0 ? (size_t)chunks : 1, samples = rows * GRADIENT_CHUNK, slots = 2;

    for (size_t n = rows; n > 1; n /= 2)
        slots += 2;
    free_batch(net);
    for (int i = 0; i < TRAIN_BRANCHES; i++)
        TRY(take(net, &net->values[i], samples * net->value_floats + GRADIENT_LANES, sizeof(float)));
    TRY(take(net, &net->back, TRAIN_BRANCHES * samples * net->back_floats + GRADIENT_LANES, sizeof(float)));
    TRY(take(net, &net->sums, slots * net->weight_sums + GRADIENT_LANES, sizeof(float)));
    TRY(take(net, &net->chunk_sum, rows * net->chunk_sums, sizeof(double)));
    TRY(take(net, &net->norm_sum, rows * TRAIN_BRANCHES * net->norm_sums, sizeof(double)));
    TRY(take(net, &net->slot, rows, sizeof *net->slot));
    TRY(take(net, &net->sample, samples, sizeof *net->sample));
    TRY(take(net, &net->from, TRAIN_BRANCHES * samples, sizeof *net->from));
    TRY(take(net, &net->to, TRAIN_BRANCHES * samples, sizeof *net->to));
    TRY(take_norms(net, rows));
    net->capacity = (int)samples;
    net->chunk_capacity = (int)rows;
    net->slot_capacity = (int)slots;
    return OK;
}

status gradient_net_batch(struct gradient_net *net, const struct gradient_batch *b)
{
    int total = (int)(((int64_t)b->samples + GRADIENT_CHUNK - 1) / GRADIENT_CHUNK);

    BUG_IF(b->samples < 1 || b->first < 0 || b->chunks < 0 || b->first + b->chunks > total);
    BUG_IF(!net->settings.sum && b->chunks != total);
    if (b->chunks > TRAIN_MOST_SAMPLES / GRADIENT_CHUNK)
        return FAIL(ERR_RANGE, "%d samples of a batch on one rank: %d are possible",
                    gradient_batch_samples(b), TRAIN_MOST_SAMPLES);
    if (net->capacity == 0 || b->chunks > net->chunk_capacity)
        TRY(grow(net, b->chunks));
    net->batch = *b;
    net->run = (struct gradient_run){ b->first, b->chunks, total };
    net->samples = gradient_batch_samples(b);
    for (int i = 0; b->sample && i < net->samples; i++)
        net->sample[i] = b->sample[i];
    BUG_IF(train_tree_slots(net->run, net->slot) > net->slot_capacity || net->slot_capacity > TRAIN_SLOTS);
    return OK;
}

size_t gradient_net_bytes(const struct gradient_net *net)
{
    return net->bytes;
}
