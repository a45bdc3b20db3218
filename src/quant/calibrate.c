/* src/quant/calibrate.c: passes over the calibration pictures, and what ranks join. */
#include "quant_parts.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 32, TORCHS_REDUCED_BITS = 7, TORCHS_HIGHEST = 255 };

/* ---- doubles, in the pictures' order ------------------------------------------------------------------- */

/* Every picture's row is some rank's alone and zero bits elsewhere: summed as integers, all ranks have it. */
static status sum_block(const struct quant_pictures *p, int begin, int end, size_t values,
                        quant_picture_function *one, void *self, double *rows)
{
    size_t count = (size_t)(end - begin) * values;
    status result = OK;

    memset(rows, 0, count * sizeof *rows);
    for (int i = begin; i < end && result == OK; i++)
        if (i % p->size == p->rank)
            result = one(self, i, rows + (size_t)(i - begin) * values);
    TRY(quant_agree(p, result));
    if (p->sum)
        p->sum(p->self, (uint64_t *)rows, count);
    return OK;
}

status quant_sum_pictures(const struct quant_pictures *p, size_t values, quant_picture_function *one,
                          void *self, double *total)
{
    double *rows = mem_alloc(BLOCK * values, sizeof *rows);
    status result = rows ? OK : FAIL(ERR_MEMORY, "no memory for %zu sums of %d pictures", values, (int)BLOCK);

    result = quant_agree(p, result);
    for (int begin = 0; begin < p->count && result == OK; begin += BLOCK) {
        int end = begin + BLOCK < p->count ? begin + BLOCK : p->count;

        result = sum_block(p, begin, end, values, one, self, rows);
        for (int i = 0; i < end - begin && result == OK; i++)
            for (size_t j = 0; j < values; j++)
                total[j] += rows[(size_t)i * values + j];
    }
    mem_free(rows);
    return result;
}

/* ---- ranges -------------------------------------------------------------------------------------------- */

/* Keys that order as the numbers do, so that ranks can join them by an integer maximum. */
static uint64_t key_of(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits >> 31 ? (uint64_t)(uint32_t)~bits : (uint64_t)(bits | 0x80000000u);
}

static float of_key(uint64_t key)
{
    uint32_t bits = (uint32_t)key;
    float x;

    bits = bits >> 31 ? bits & 0x7fffffffu : ~bits;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static status join_ranges(struct quant_work *w)
{
    const struct quant_pictures *p = w->pictures;
    size_t channels = w->first[w->nodes];
    uint64_t *key = mem_alloc(2 * channels, sizeof *key);
    status result = quant_agree(p, key ? OK : FAIL(ERR_MEMORY, "no memory for %zu ranges", channels));

    for (size_t i = 0; i < channels && result == OK; i++) {
        key[i] = key_of(-w->low[i]);
        key[channels + i] = key_of(w->high[i]);
    }
    if (result == OK && p->max)
        p->max(p->self, key, 2 * channels);
    for (size_t i = 0; i < channels && result == OK; i++) {
        w->low[i] = -of_key(key[i]);
        w->high[i] = of_key(key[channels + i]);
    }
    mem_free(key);
    return result;
}

struct observer {
    struct quant_work *w;
    struct quant_engine e;
};

/* NaN fails every comparison, so that it leaves the range as it was; its sum is not finite. */
static void observe_node(struct quant_work *w, const struct engine_map *m, int node, double *row)
{
    size_t first = w->first[node];
    float *low = w->low + first, *high = w->high + first;
    double *mean = row + first;

    for (int i = 0; i < m->h * m->w; i++) {
        const float *x = m->real + (size_t)i * (size_t)m->pitch;

        for (int c = 0; c < m->c; c++) {
            low[c] = x[c] < low[c] ? x[c] : low[c];
            high[c] = x[c] > high[c] ? x[c] : high[c];
            mean[c] += (double)x[c];
        }
    }
    for (int c = 0; c < m->c; c++)
        mean[c] /= m->h * m->w;
}

static status observe_picture(void *self, int picture, double *row)
{
    struct observer *o = self;

    engine_run(o->e.plan, o->e.state, o->w->pictures->pixels[picture]);
    for (int i = 0; i < o->w->nodes; i++) {
        struct engine_map m = engine_node_map(o->e.plan, o->e.state, i);

        BUG_IF(!m.real);
        observe_node(o->w, &m, i, row);
    }
    return OK;
}

static status check_finite(const struct quant_work *w)
{
    for (int i = 0; i < w->nodes; i++)
        for (size_t c = w->first[i]; c < w->first[i + 1]; c++)
            if (!isfinite(w->mean[c]) || !isfinite(w->low[c]) || !isfinite(w->high[c]))
                return FAIL(ERR_NUMERIC,
                            "%s: %s %s has values that are not finite on the calibration pictures",
                            w->real.source, model_op_name(w->model.node[i].op), w->model.node[i].name);
    return OK;
}

status quant_observe(struct quant_work *w)
{
    size_t channels = w->first[w->nodes];
    struct observer o = { .w = w };
    status result = quant_plan_real(w, NULL, &o.e);

    for (size_t i = 0; i < channels; i++) {
        w->low[i] = INFINITY;
        w->high[i] = -INFINITY;
        w->mean[i] = 0;
    }
    if (result == OK)
        result = quant_sum_pictures(w->pictures, channels, observe_picture, &o, w->mean);
    quant_close(w->pictures, &o.e);
    TRY(result);
    TRY(join_ranges(w));
    for (size_t i = 0; i < channels; i++)
        w->mean[i] /= w->pictures->count;
    return check_finite(w);
}

/* ---- histograms ---------------------------------------------------------------------------------------- */

struct counter {
    struct quant_work *w;
    struct quant_engine e;
    const struct quant_line *line;
    int lines;
    struct quant_histogram *histogram; /* (lines) */
};

static status count_picture(void *self, int picture, double *row)
{
    struct counter *k = self;

    (void)row;
    engine_run(k->e.plan, k->e.state, k->w->pictures->pixels[picture]);
    for (int i = 0; i < k->lines; i++) {
        struct engine_map m = engine_node_map(k->e.plan, k->e.state, k->w->shown[k->line[i].node]);

        if (k->histogram[i].high > k->histogram[i].low)
            quant_histogram_add(&k->histogram[i], m.real, m.h * m.w, m.c, m.pitch);
    }
    return OK;
}

static status count_values(struct counter *k)
{
    const struct quant_pictures *p = k->w->pictures;
    double none = 0;
    status result = quant_plan_real(k->w, NULL, &k->e);

    if (result == OK)
        result = quant_sum_pictures(p, 1, count_picture, k, &none);
    quant_close(p, &k->e);
    for (int i = 0; i < k->lines && result == OK && p->sum; i++)
        p->sum(p->self, k->histogram[i].bin, QUANT_BINS);
    return result;
}

static void seen_range(const struct quant_work *w, struct quant_line *line)
{
    int node = w->shown[line->node];

    line->seen_low = INFINITY;
    line->seen_high = -INFINITY;
    for (size_t c = w->first[node]; c < w->first[node + 1]; c++) {
        line->seen_low = fmin(line->seen_low, (double)w->low[c]);
        line->seen_high = fmax(line->seen_high, (double)w->high[c]);
    }
}

static int levels_of(const struct quant_work *w, const struct quant_line *line)
{
    return (1 << quant_activation_bits(w, line->node)) - 1;
}

/* line->low, high. */
static void choose(const struct quant_work *w, const struct quant_histogram *h, struct quant_line *line)
{
    const struct quant_options *options = w->options;
    float low = h->low, high = h->high;

    if (h->high > h->low && options->observer == QUANT_PERCENTILE)
        quant_range_percentile(h, options->percentile, &low, &high);
    if (h->high > h->low && options->observer == QUANT_MSE)
        quant_range_mse(h, levels_of(w, line), &low, &high);
    line->low = (double)low;
    line->high = (double)high;
}

static void set_codes(struct quant_work *w, struct quant_line *line)
{
    const struct quant_options *options = w->options;
    int bits = quant_activation_bits(w, line->node), levels = levels_of(w, line);

    line->activation_bits = bits;
    line->q = quant_params_of_range((float)line->low, (float)line->high, levels);
    if (bits == TORCHS_REDUCED_BITS && options->form == PRECISION_CODES)
        line->q.high = TORCHS_HIGHEST;
    line->low = -line->q.scale * line->q.zero_point;
    line->high = line->q.scale * (levels - line->q.zero_point);
    w->q[line->node] = line->q;
}

/* ---- one scale for a cat and what it joins (numerics 2.8) ---------------------------------------------- */

static struct quant_line *line_of(struct quant_line *line, int node)
{
    while (line->node != node)
        line++;
    return line;
}

/* The node whose scale a node's codes have, through what keeps both; or -1. */
static int owner(const struct quant_work *w, int node)
{
    const struct model_node *n = &w->model.node[node];

    while (!model_quantizes(n->op)) {
        if (!model_is_relu(n->op) && n->op != OP_MAXPOOL && n->op != OP_AVGPOOL2D && n->op != OP_SHORTCUT &&
            n->op != OP_DROPOUT)
            return -1;
        node = n->input[0];
        n = &w->model.node[node];
    }
    return node;
}

/* A cat that is shuffled, or that joins parts of one map, passes half of it on: one scale for all would go
 * through the whole stage. */
static int shares(const struct quant_work *w, int cat)
{
    const struct model_node *n = &w->model.node[cat];
    int shares = n->op == OP_CAT;

    for (int j = 0; j < n->inputs && shares; j++)
        shares = owner(w, n->input[j]) >= 0;
    for (int i = cat + 1; i < w->nodes && shares; i++)
        shares = w->model.node[i].op != OP_SHUFFLE || w->model.node[i].input[0] != cat;
    return shares;
}

/* What a cat and its inputs reach becomes the range of all; 0 where it was already. */
static int join_range(const struct quant_work *w, int cat, struct quant_line *line)
{
    const struct model_node *n = &w->model.node[cat];
    struct quant_line *own = line_of(line, cat);
    int changed = 0;

    for (int pass = 0; pass < 2; pass++)
        for (int j = 0; j < n->inputs; j++) {
            struct quant_line *in = line_of(line, owner(w, n->input[j]));
            double low = fmin(own->low, in->low), high = fmax(own->high, in->high);

            changed |= own->low != low || own->high != high || in->low != low || in->high != high;
            own->low = in->low = low;
            own->high = in->high = high;
        }
    return changed;
}

/* Until nothing changes: an input may be a cat, or have other users. */
static void share_ranges(const struct quant_work *w, struct quant_line *line)
{
    for (int changed = 1; changed;) {
        changed = 0;
        for (int i = 0; i < w->nodes; i++)
            if (shares(w, i))
                changed |= join_range(w, i, line);
    }
}

status quant_choose_ranges(struct quant_work *w, struct quant_line *line, int lines)
{
    struct counter k = { .w = w, .line = line, .lines = lines };
    status result = OK;

    k.histogram = mem_alloc((size_t)lines, sizeof *k.histogram);
    TRY(quant_agree(w->pictures, k.histogram ? OK : FAIL(ERR_MEMORY, "no memory for %d histograms", lines)));
    for (int i = 0; i < lines; i++) {
        seen_range(w, &line[i]);
        k.histogram[i].low = fminf((float)line[i].seen_low, 0);
        k.histogram[i].high = fmaxf((float)line[i].seen_high, 0);
    }
    if (w->options->observer != QUANT_MINMAX)
        result = count_values(&k);
    for (int i = 0; i < lines && result == OK; i++)
        choose(w, &k.histogram[i], &line[i]);
    if (result == OK)
        share_ranges(w, line);
    for (int i = 0; i < lines && result == OK; i++)
        set_codes(w, &line[i]);
    mem_free(k.histogram);
    return result;
}
