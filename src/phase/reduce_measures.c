/* src/phase/reduce_measures.c: /summary/measures and /summary/difference: of every measure of the job what
 * its values are over each set of images, and how surely: mean with its 95 % interval, median, standard
 * deviation; and of each precision's paired difference from the first the mean and its interval. The one
 * reduction of all measures. */
#include "local.h"
#include "match.h"

#include "metric_table.h"
#include "metric_test.h"

#include <math.h>
#include <string.h>

enum { FETCHED = 1 << 20 };

/* What one column of values is, and what is worked out of the values. */
struct subject {
    char group[STORE_PATH]; /* below /summary */
    int difference;         /* of two precisions: no median, no deviation */
    int answer;             /* McNemar's test too */
    double share;           /* a share's value of yes, and its interval is Wilson's; else 0 */
};

struct reduction {
    const struct run *r;
    struct mem_set mem;
    int net, sets;
    const uint32_t *member;       /* (N) bit s: set s holds the image */
    const int32_t *class_index;   /* (N) */
    const uint32_t *place;        /* (S) the same of the subset's places */
    double *first, *other, *less; /* (rows) values of the first precision, of this one, their difference */
    uint8_t *fetched;
    uint8_t *state[TRUTH_KINDS]; /* (N) of the kinds of truths that there are */
    int64_t *next[TRUTH_KINDS];
    /* Columns that are reduced together: they have the same rows, and so the same draws. */
    int columns, most;
    int64_t rows;
    struct subject subject[BOOTSTRAP_COLUMNS];
    uint32_t *in;            /* (rows) bit s: of set s, and has a value */
    double *value;           /* (columns, rows) */
    double *packed, *sorted; /* of one set */
    uint32_t *times;
    double *means;
};

struct figures {
    int64_t images[REDUCE_SETS];
    double mean[REDUCE_SETS], low[REDUCE_SETS], high[REDUCE_SETS], median[REDUCE_SETS], sd[REDUCE_SETS],
        p[REDUCE_SETS];
};

/* ---- values -------------------------------------------------------------------------------------------- */

/* The value that a row of the file gives: what is stored is the value itself where a measure has a row. */
static double value_of(const struct reduction *o, const struct measure *m, int64_t i, const void *row)
{
    struct measure_view view = { .row = row, .class_index = -1, .steps = o->r->layout.steps };

    if (m->of == MEASURE_ONE || m->of == MEASURE_PAIR || m->of == MEASURE_MATCH || m->of == MEASURE_RANDOM)
        return (double)*(const float *)row;
    if (m->of == MEASURE_TRUTH)
        view.class_index = o->class_index[i];
    return measure_value(m, NULL, &view);
}

/* All values of one dataset, in its order; NaN where there is none. */
static status read_values(struct reduction *o, const struct measure *m, const char *path, double *out)
{
    const struct store_dataset *d;
    int64_t count, most;

    d = schema_find(store_schema(o->r->store), path);
    if (!d || d->row_bytes > FETCHED)
        return FAIL(ERR_FORMAT, "%s is absent, or too large", path);
    most = FETCHED / (int64_t)d->row_bytes;
    for (int64_t first = 0; first < d->dim[0]; first += count) {
        count = d->dim[0] - first < most ? d->dim[0] - first : most;
        TRY(store_fetch(o->r->store, path, first, count, o->fetched));
        for (int64_t i = 0; i < count; i++)
            out[first + i] = value_of(o, m, first + i, o->fetched + (size_t)i * d->row_bytes);
    }
    return OK;
}

/* Rows of a map and a truth are values where the picture has the truth; of `shuffled` where another has. */
static status leave_out(const struct reduction *o, const struct measure *m, int shuffled, double *value)
{
    unsigned truths = o->r->layout.truths;
    int kind = (int)truth_kind_of(truths, m);

    if (m->of != MEASURE_MATCH || !(truths >> kind & 1))
        return FAIL(ERR_FORMAT, "/measure names '%s', whose truths are not there", m->name);
    for (int64_t i = 0; i < o->r->layout.images; i++)
        if (!truth_is_there(o->state[kind][i]) || (shuffled && o->next[kind][i] < 0) ||
            (m->needs & MEASURE_GAPS && value[i] == -1))
            value[i] = NAN;
    return OK;
}

/* A measure's values of precision p; a curve's on the network of `scorer`. */
static status read_measure(struct reduction *o, int measure, int p, int scorer, double *out)
{
    const struct store_measure *known = &o->r->layout.measure[measure];
    const struct measure *m = measure_known(known->name);
    const char *name = run_precision(o->r, p);
    char field[STORE_PATH], path[STORE_PATH + STORE_NAME + 16], from[STORE_NAME] = "";

    if (!m)
        return FAIL(ERR_FORMAT, "/measure names '%s', which this program does not know", known->name);
    if (m->from)
        BUG_IF(!measure_text(m->from, measure_method_of(m, known->name), from, sizeof from));
    if (m->of == MEASURE_PAIR)
        snprintf(field, sizeof field, "%s%s/vs_%s/%s", known->kind == STORE_MEASURE_SELECTED ? "subset/" : "",
                 name, run_precision(o->r, 0), known->name);
    else if (m->of == MEASURE_RANDOM)
        snprintf(field, sizeof field, "subset/%s/%s", name, known->name);
    else if (m->of == MEASURE_CURVE && p != scorer)
        snprintf(field, sizeof field, "subset/%s/%s_on_%s", name, from, run_precision(o->r, scorer));
    else
        snprintf(field, sizeof field, "%s%s/%s", m->of == MEASURE_CURVE ? "subset/" : "", name,
                 m->of == MEASURE_ONE || m->of == MEASURE_MATCH ? known->name : from);
    snprintf(path, sizeof path, "/models/%s/%s", o->r->layout.network[o->net].name, field);
    TRY(read_values(o, m, path, out));
    return known->kind == STORE_MEASURE_MATCH ? leave_out(o, m, 0, out) : OK;
}

/* ---- figures of the columns in hand -------------------------------------------------------------------- */

/* Of a difference without the last two; of answers with McNemar's test in their place. */
static status put_figures(const struct reduction *o, const struct subject *s, const struct figures *f)
{
    const struct run_column column[] = {
        { "images", f->images },
        { s->difference ? "difference" : "mean", f->mean },
        { "low", f->low },
        { "high", f->high },
        { s->answer ? "p" : "median", s->answer ? f->p : f->median },
        { "sd", f->sd },
    };

    return run_put(o->r, o->net, s->group, NULL, column, s->answer ? 5 : s->difference ? 4 : 6);
}

/* Order statistics, spread and test of one column's values in one set. */
static void measure_spread(const struct reduction *o, const struct subject *s, int64_t count, int set,
                           struct figures *f)
{
    double squares = 0;
    int64_t better = 0, worse = 0;

    for (int64_t i = 0; i < count; i++) {
        double d = o->sorted[i] - f->mean[set];

        squares += d * d;
        better += o->sorted[i] > 0;
        worse += o->sorted[i] < 0;
    }
    if (s->answer)
        f->p[set] = mcnemar_exact(better, worse);
    if (s->difference || count == 0)
        return;
    f->sd[set] = count > 1 ? sqrt(squares / (double)(count - 1)) : 0;
    metric_sort(o->sorted, count);
    f->median[set] = metric_quantile(o->sorted, count, 0.5);
}

static void measure_share(const double *values, int64_t count, double whole, double *low, double *high)
{
    int64_t yes = 0;

    for (int64_t i = 0; i < count; i++)
        yes += values[i] == whole;
    wilson_interval(yes, count, whole, low, high);
}

static void measure_set(struct reduction *o, int set, struct figures *f)
{
    struct bootstrap_interval interval[BOOTSTRAP_COLUMNS];
    int64_t count = 0, members = 0;

    for (int64_t i = 0; i < o->rows; i++)
        members += o->in[i] >> set & 1;
    for (int64_t i = 0; i < o->rows; i++)
        if (o->in[i] >> set & 1) {
            for (int k = 0; k < o->columns; k++)
                o->packed[bootstrap_place(members, count, k)] = o->value[k * o->rows + i];
            count++;
        }
    bootstrap_means(o->packed, count, o->columns, BOOTSTRAP_SEED, o->times, o->means, interval);
    for (int k = 0; k < o->columns; k++) {
        f[k].images[set] = count;
        f[k].mean[set] = interval[k].mean;
        f[k].low[set] = interval[k].low;
        f[k].high[set] = interval[k].high;
        for (int64_t i = 0; i < count; i++)
            o->sorted[i] = o->packed[bootstrap_place(count, i, k)];
        if (o->subject[k].share > 0)
            measure_share(o->sorted, count, o->subject[k].share, &f[k].low[set], &f[k].high[set]);
        measure_spread(o, &o->subject[k], count, set, &f[k]);
    }
}

static status reduce_columns(struct reduction *o)
{
    struct figures *f = NULL;
    status result = OK;

    if (o->columns == 0)
        return OK;
    TRY(comm_signal_status()); /* seconds for many images; the next start does it over */
    MEM_TRY(f, (size_t)o->columns, sizeof *f);
    for (int s = 0; s < o->sets; s++)
        measure_set(o, s, f);
    for (int k = 0; k < o->columns && result == OK; k++)
        result = put_figures(o, &o->subject[k], &f[k]);
    o->columns = 0;
    mem_free(f);
    return result;
}

/* One more column; first what there is, where the column has other rows. */
static status add_column(struct reduction *o, const struct subject *s, int of_places, const double *value)
{
    const uint32_t *member = of_places ? o->place : o->member;
    int64_t rows = of_places ? o->r->layout.subset : o->r->layout.images;
    int same = o->columns > 0 && o->columns < o->most && rows == o->rows;

    for (int64_t i = 0; i < rows && same; i++)
        same = o->in[i] == (isnan(value[i]) ? 0 : member[i]);
    if (!same) {
        TRY(reduce_columns(o));
        o->rows = rows;
        for (int64_t i = 0; i < rows; i++)
            o->in[i] = isnan(value[i]) ? 0 : member[i];
    }
    memcpy(o->value + o->columns * rows, value, (size_t)rows * sizeof *value);
    o->subject[o->columns++] = *s;
    return OK;
}

/* ---- a measure ----------------------------------------------------------------------------------------- */

static status add_measure(struct reduction *o, const char *who, const char *name, int of_places,
                          const double *value)
{
    const struct measure *m = measure_known(name);
    struct subject s = { .difference = 0 };

    if (m && m->needs & MEASURE_SHARE)
        s.share = strcmp(m->unit, "%") == 0 ? 100 : 1;
    snprintf(s.group, sizeof s.group, "measures/%s/%s", who, name);
    return add_column(o, &s, of_places, value);
}

/* Has precision p a difference from the first in a measure? Not of activations of layers of other extents. */
static int differs(const struct reduction *o, int p, const char *name)
{
    const struct measure *m = measure_known(name);

    return !m || !(m->needs & MEASURE_LAYER) || store_layers_alike(&o->r->layout, o->net, p, 0);
}

static status add_difference(struct reduction *o, int p, const char *name, enum store_measure_kind kind,
                             const double *value, const double *base)
{
    int of_places = kind >= STORE_MEASURE_CURVE;
    int64_t rows = of_places ? o->r->layout.subset : o->r->layout.images;
    struct subject s = { .difference = 1, .answer = kind == STORE_MEASURE_ANSWER };

    for (int64_t i = 0; i < rows; i++)
        o->less[i] = differs(o, p, name) ? value[i] - base[i] : NAN;
    snprintf(s.group, sizeof s.group, "difference/%s/%s", run_precision(o->r, p), name);
    return add_column(o, &s, of_places, o->less);
}

static status reduce_measure(struct reduction *o, int measure)
{
    const struct store_measure *m = &o->r->layout.measure[measure];
    int of_places = m->kind >= STORE_MEASURE_CURVE;
    char who[2 * STORE_NAME + 8];

    for (int p = 0; p < o->r->precisions; p++) {
        double *value = p == 0 ? o->first : o->other;
        int pair = m->kind == STORE_MEASURE_PAIR || m->kind == STORE_MEASURE_SELECTED;

        if (!schema_measured(&o->r->layout, measure, p))
            continue;
        TRY(read_measure(o, measure, p, p, value));
        snprintf(who, sizeof who, pair ? "%s/vs_%s" : "%s", run_precision(o->r, p), run_precision(o->r, 0));
        TRY(add_measure(o, who, m->name, of_places, value));
        if (p > 0 && !pair && m->kind != STORE_MEASURE_CODES && m->kind != STORE_MEASURE_RANDOM)
            TRY(add_difference(o, p, m->name, m->kind, value, o->first));
    }
    return OK;
}

/* Of maps that have seen nothing, once a picture, over the network's sets. */
static status reduce_baselines(struct reduction *o, const char *name)
{
    const struct measure *m = measure_known(name);
    char path[STORE_PATH];

    if (!m)
        return FAIL(ERR_FORMAT, "/measure names '%s', which this program does not know", name);
    for (int b = 0; b < MATCH_BASELINES; b++) {
        struct subject s = { .difference = 0 };

        snprintf(path, sizeof path, "/images/saliency/%s/%s", match_baseline_name(b), name);
        TRY(read_values(o, m, path, o->first));
        TRY(leave_out(o, m, b == MATCH_SHUFFLED, o->first));
        snprintf(s.group, sizeof s.group, "baselines/%s/%s", match_baseline_name(b), name);
        TRY(add_column(o, &s, 0, o->first));
    }
    return OK;
}

/* Maps of p and of the first precision, both on the network of `scorer`, which is one of the two. */
static status cross_measure(struct reduction *o, int measure, int p, int scorer)
{
    const struct store_measure *m = &o->r->layout.measure[measure];
    int guest = scorer == 0 ? p : 0;
    char name[2 * STORE_NAME + 8];

    TRY(read_measure(o, measure, 0, scorer, o->first));
    TRY(read_measure(o, measure, p, scorer, o->other));
    snprintf(name, sizeof name, "%s_on_%s", m->name, run_precision(o->r, scorer));
    TRY(add_measure(o, run_precision(o->r, guest), name, 1, guest == 0 ? o->first : o->other));
    return add_difference(o, p, name, m->kind, o->other, o->first);
}

static status reduce_all(struct reduction *o)
{
    const struct store_layout *l = &o->r->layout;

    for (int m = 0; m < l->measures; m++)
        TRY(l->measure[m].kind == STORE_MEASURE_BASELINE ? reduce_baselines(o, l->measure[m].name)
                                                         : reduce_measure(o, m));
    for (int m = 0; m < l->measures; m++)
        for (int p = 1; p < l->precisions && l->measure[m].kind == STORE_MEASURE_CROSSED; p++) {
            TRY(cross_measure(o, m, p, 0));
            TRY(cross_measure(o, m, p, p));
        }
    return reduce_columns(o);
}

/* ---- all ----------------------------------------------------------------------------------------------- */

static status make_room(struct reduction *o)
{
    const struct store_layout *l = &o->r->layout;
    size_t rows = (size_t)(l->images > l->subset ? l->images : l->subset);

    o->most = BOOTSTRAP_COLUMNS;
    while (o->most > BOOTSTRAP_LANES && rows * (size_t)o->most * 2 * sizeof *o->value > REDUCE_HELD)
        o->most /= 2;
    MEM_TAKE(&o->mem, o->first, rows, sizeof *o->first);
    MEM_TAKE(&o->mem, o->other, rows, sizeof *o->other);
    MEM_TAKE(&o->mem, o->less, rows, sizeof *o->less);
    MEM_TAKE(&o->mem, o->fetched, FETCHED, 1);
    for (int kind = 0; kind < TRUTH_KINDS; kind++) {
        if (!(l->truths >> kind & 1))
            continue;
        MEM_TAKE(&o->mem, o->state[kind], rows, 1);
        MEM_TAKE(&o->mem, o->next[kind], rows, sizeof *o->next[kind]);
        TRY(reduce_saliency_read(o->r, kind, o->state[kind], o->next[kind]));
    }
    MEM_TAKE(&o->mem, o->in, rows, sizeof *o->in);
    MEM_TAKE(&o->mem, o->value, rows, (size_t)o->most * sizeof *o->value);
    MEM_TAKE(&o->mem, o->packed, rows, (size_t)o->most * sizeof *o->packed);
    MEM_TAKE(&o->mem, o->sorted, rows, sizeof *o->sorted);
    MEM_TAKE(&o->mem, o->times, rows, BOOTSTRAP_TOGETHER * sizeof *o->times);
    MEM_TAKE(&o->mem, o->means, BOOTSTRAP_COLUMNS * (size_t)BOOTSTRAP_REPLICATES, sizeof *o->means);
    return OK;
}

status reduce_measures(const struct run *r, int net, const struct reduce_rows *rows)
{
    struct reduction o = { .r = r,
                           .net = net,
                           .sets = rows->sets,
                           .member = rows->member,
                           .class_index = rows->class_index,
                           .place = rows->places.in };
    status result = make_room(&o);

    if (result == OK)
        result = reduce_all(&o);
    mem_drop(&o.mem);
    return result;
}
