/* src/quant/choose.c: each layer's bits for a size or a drift, by the greedy rule in quant.h. */
#include "quant_parts.h"

enum { MOST = 8, LEAST = 2 };
static const double news_s = 10;

struct candidate {
    uint64_t weights;
    int seen;    /* the map follows from it */
    int bits;    /* it has; 0: it has no weights */
    int changes; /* bits taken from others before it was measured */
    int closed;
    double cost; /* drift for each weight of one bit less, so that an eighth of a byte counts in full */
    struct quant_effect then; /* of the network with that */
};

struct choice {
    struct quant_trial t;
    struct quant_result *out;
    struct candidate *line; /* (lines) */
    struct quant_effect now;
    uint64_t bytes;
    int changes;
    double said_s;
};

/* What the CAM layer's values follow from. */
static status mark_seen(struct choice *k)
{
    const struct model *m = &k->t.model;
    uint8_t *seen = mem_alloc((size_t)m->nodes, 1);

    if (!seen)
        return FAIL(ERR_MEMORY, "no memory for %d nodes", m->nodes);
    seen[m->cam] = 1;
    for (int i = m->cam; i >= 0; i--)
        for (int j = 0; j < m->node[i].inputs && seen[i]; j++)
            seen[m->node[i].input[j]] = 1;
    for (int i = 0; i < k->t.lines; i++)
        k->line[i].seen = seen[k->t.line[i].node];
    mem_free(seen);
    return OK;
}

static status list_candidates(struct choice *k)
{
    const struct quant_work *w = k->t.w;

    MEM_TRY(k->line, (size_t)k->t.lines, sizeof *k->line);
    for (int i = 0; i < k->t.lines; i++) {
        int node = k->t.line[i].node;
        struct candidate *c = &k->line[i];

        if (!model_has_weights(&w->model.node[node]))
            continue;
        *c = (struct candidate){ .weights = (uint64_t)w->model.node[node].c * quant_row(w, node),
                                 .bits = MOST };
        k->bytes += tensor_packed_bytes(c->weights, MOST);
    }
    return mark_seen(k);
}

/* What the rule looks at. */
static double value(const struct quant_effect *e, int seen)
{
    return seen ? e->drift : e->noise;
}

/* One bit less, and back. */
static status measure(struct choice *k, int i)
{
    struct candidate *c = &k->line[i];
    double most = k->t.w->options->choose_drift;
    const struct quant_effect *e = &c->then;

    TRY(quant_trial_set(&k->t, i, c->bits - 1));
    TRY(quant_trial_run(&k->t, i, &c->then));
    TRY(quant_trial_set(&k->t, i, c->bits));
    k->out->tried++;
    c->cost = (value(e, c->seen) - value(&k->now, c->seen)) / (double)c->weights;
    c->changes = k->changes;
    c->closed = most > 0 && value(e, c->seen) > most;
    return OK;
}

static int cheapest(const struct choice *k)
{
    int best = -1;

    for (int i = 0; i < k->t.lines; i++)
        if (k->line[i].bits > LEAST && !k->line[i].closed &&
            (best < 0 || k->line[i].cost < k->line[best].cost))
            best = i;
    return best;
}

static status take_bit(struct choice *k, int i)
{
    struct candidate *c = &k->line[i];

    k->bytes -= tensor_packed_bytes(c->weights, c->bits) - tensor_packed_bytes(c->weights, c->bits - 1);
    c->bits--;
    k->changes++;
    k->now = c->then;
    return quant_trial_set(&k->t, i, c->bits);
}

static void say(struct choice *k)
{
    if (clock_s() < k->said_s + news_s)
        return;
    k->said_s = clock_s();
    log_info("choose: %llu bytes of codes, map drift %.4f, %d networks tried", (unsigned long long)k->bytes,
             k->now.drift, k->out->tried);
}

static int fits(const struct choice *k)
{
    uint64_t most = k->t.w->options->choose_bytes;

    return most > 0 && k->bytes <= most;
}

static status begin(struct choice *k)
{
    const struct quant_options *o = k->t.w->options;
    uint64_t least = 0;

    for (int i = 0; i < k->t.lines; i++) {
        least += tensor_packed_bytes(k->line[i].weights, LEAST);
        TRY(quant_trial_set(&k->t, i, MOST));
    }
    if (o->choose_bytes && o->choose_bytes < least)
        return FAIL(ERR_RANGE,
                    "a choice of %llu bytes: codes of %d bits in every layer take %llu already: ask for more",
                    (unsigned long long)o->choose_bytes, (int)LEAST, (unsigned long long)least);
    TRY(quant_trial_run(&k->t, -1, &k->now));
    if (o->choose_drift > 0 && k->now.drift > o->choose_drift)
        return FAIL(ERR_RANGE,
                    "a choice of drift %g: with weights of %d bits in every layer the maps drift by %.3g "
                    "already: ask for more",
                    o->choose_drift, (int)MOST, k->now.drift);
    return OK;
}

/* Every layer once, in their order; then what seems the cheapest, anew. */
static status choose(struct choice *k)
{
    for (int i = 0; i < k->t.lines && !fits(k); i++)
        if (k->line[i].bits)
            TRY(measure(k, i));
    while (!fits(k)) {
        int i = cheapest(k);

        if (i < 0)
            break;
        if (k->line[i].changes < k->changes)
            TRY(measure(k, i));
        else
            TRY(take_bit(k, i));
        say(k);
    }
    return OK;
}

status quant_choose(struct quant_work *w, struct quant_result *out)
{
    struct choice k = { .out = out, .said_s = clock_s() };
    status result = OK;

    TRY_OUT(quant_trial_open(w, out->line, out->lines, &k.t));
    out->trials = k.t.pictures;
    TRY_OUT(quant_agree(w->pictures, list_candidates(&k)));
    TRY_OUT(begin(&k));
    TRY_OUT(choose(&k));
    for (int i = 0; i < out->lines; i++)
        w->bits[out->line[i].node] = k.line[i].bits;
out:
    mem_free(k.line);
    quant_trial_close(&k.t);
    return result;
}
