/* src/phase/reduce_difference.c: /summary/difference and the intervals of /summary/rmse: what the rows say
 * about the difference of two precisions, and how surely. */
#include "run.h"

#include "metric.h"
#include "metric_test.h"
#include "metric_wsol.h"

#include <string.h>

enum { SETS = 1 + STORE_MAX_SELECTIONS, CHUNK = 256 };

/* The measures of one kind have the same rows, and so the same draws. */
enum kind { ANSWERS, MAPS, BOXES, CURVES, CROSS, KINDS };
static const struct {
    const char *measure[BOOTSTRAP_LANES];
    int count, columns; /* the RMSE of MAPS follow the differences */
} kinds[KINDS] = {
    [ANSWERS] = { { "top1", "top5" }, 2, 2 },
    [MAPS] = { { "entropy", "std", "sparsity" }, 3, 3 + STORE_READINGS },
    [BOXES] = { { "iou", "iou_raw" }, 2, 2 },
    [CURVES] = { { "deletion", "insertion", "deletion_raw", "insertion_raw" }, 4, 4 },
    /* On the first precision's network, then on this one's: its name follows. */
    [CROSS] = { { "deletion_on_", "insertion_on_", "deletion_on_", "insertion_on_" }, 4, 4 },
};

struct room {
    const struct run *r;
    int net, p, sets;
    const uint32_t *member;     /* (N) */
    const int32_t *class_index; /* (N) */
    int32_t *const *top5;       /* (N, 5) of each precision */
    int64_t rows;               /* of the kind in hand: N, or the subset's places */
    uint32_t *in;               /* (rows) bit s: of set s, and has a value */
    double *value, *packed;     /* (rows, columns) */
    float *a, *b;               /* columns of the first precision and of this one, curves CHUNK at a time */
    uint8_t *flag;              /* (places) */
    uint32_t *times;
    double *means;
};

struct figures {
    int64_t images[SETS];
    struct bootstrap_interval interval[SETS][BOOTSTRAP_LANES];
};

static status make_room(struct room *o)
{
    const struct store_layout *l = &o->r->layout;
    size_t most = (size_t)(l->images > l->subset ? l->images : l->subset);
    size_t points = CHUNK * (size_t)(l->steps + 1),
           column = most * STORE_RULES > points ? most * STORE_RULES : points;

    MEM_TRY(o->in, most, sizeof *o->in);
    MEM_TRY(o->value, most, BOOTSTRAP_LANES * sizeof *o->value);
    MEM_TRY(o->packed, most, BOOTSTRAP_LANES * sizeof *o->packed);
    MEM_TRY(o->a, column, sizeof *o->a);
    MEM_TRY(o->b, column, sizeof *o->b);
    MEM_TRY(o->flag, (size_t)l->subset, 1);
    MEM_TRY(o->times, most, BOOTSTRAP_TOGETHER * sizeof *o->times);
    MEM_TRY(o->means, BOOTSTRAP_LANES * (size_t)BOOTSTRAP_REPLICATES, sizeof *o->means);
    return OK;
}

static void free_room(struct room *o)
{
    mem_free(o->in);
    mem_free(o->value);
    mem_free(o->packed);
    mem_free(o->a);
    mem_free(o->b);
    mem_free(o->flag);
    mem_free(o->times);
    mem_free(o->means);
}

/* ---- values of a kind ---------------------------------------------------------------------------------- */

static status fetch(const struct room *o, int p, const char *name, int64_t first, int64_t count, void *out)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/models/%s/%s%s", o->r->layout.network[o->net].name,
             p < 0 ? "" : run_precision(o->r, p), name);
    return store_fetch(o->r->store, path, first, count, out);
}

static int place(const struct room *o, int p, int64_t i)
{
    return accuracy_rank(o->top5[p] + i * RUN_TOP, RUN_TOP, o->class_index[i]);
}

/* Per cent; images without a label are left out. */
static void read_answers(struct room *o)
{
    for (int64_t i = 0; i < o->rows; i++) {
        int a, b;

        o->in[i] = o->class_index[i] < 0 ? 0 : o->member[i];
        if (!o->in[i])
            continue;
        a = place(o, 0, i);
        b = place(o, o->p, i);
        o->value[i * 2] = 100 * ((b == 0) - (a == 0));
        o->value[i * 2 + 1] = 100 * ((b >= 0) - (a >= 0));
    }
}

/* Differences of the activation's measures; the RMSE, a measure of the pair, as it is. */
static status read_maps(struct room *o)
{
    static const char *const single[] = { "/entropy_real", "/std_real", "/sparsity_real" };
    static const char *const pair[] = { "rmse_raw", "rmse_resolved", "rmse_aligned" };
    enum { COLUMNS = COUNT_OF(single) + COUNT_OF(pair) };
    int64_t n = o->rows;

    memcpy(o->in, o->member, (size_t)n * sizeof *o->in);
    for (size_t k = 0; k < COUNT_OF(single); k++) {
        TRY(fetch(o, 0, single[k], 0, n, o->a));
        TRY(fetch(o, o->p, single[k], 0, n, o->b));
        for (int64_t i = 0; i < n; i++)
            o->value[i * COLUMNS + (int64_t)k] = (double)o->b[i] - (double)o->a[i];
    }
    for (size_t k = 0; k < COUNT_OF(pair); k++) {
        char name[STORE_NAME + 32];

        snprintf(name, sizeof name, "/vs_%s/%s", run_precision(o->r, 0), pair[k]);
        TRY(fetch(o, o->p, name, 0, n, o->b));
        for (int64_t i = 0; i < n; i++)
            o->value[i * COLUMNS + (int64_t)(COUNT_OF(single) + k)] = (double)o->b[i];
    }
    return OK;
}

/* IoU at t = 0.2; images without a true box are left out. */
static status read_boxes(struct room *o)
{
    static const char *const name[] = { "/wsol/iou", "/wsol/iou_raw" };

    for (int k = 0; k < 2; k++) {
        TRY(fetch(o, 0, name[k], 0, o->rows, o->a));
        TRY(fetch(o, o->p, name[k], 0, o->rows, o->b));
        for (int64_t i = 0; i < o->rows; i++) {
            const float *a = o->a + i * STORE_RULES, *b = o->b + i * STORE_RULES;

            if (k == 0)
                o->in[i] = a[0] < 0 ? 0 : o->member[i];
            o->value[i * 2 + k] = (double)b[WSOL_T20] - (double)a[WSOL_T20];
        }
    }
    return OK;
}

/* The field of precision p's map with an area in this column. */
static void name_curve(const struct room *o, enum kind kind, int p, int column, char *path, size_t size)
{
    static const char *const curve[] = { "deletion_curve", "insertion_curve", "deletion_curve_raw",
                                         "insertion_curve_raw" };
    int scorer = column < 2 ? 0 : o->p;

    if (kind == CURVES)
        snprintf(path, size, "subset/%s/%s", run_precision(o->r, p), curve[column]);
    else if (p == scorer)
        snprintf(path, size, "subset/%s/%s", run_precision(o->r, p), curve[column % 2]);
    else
        snprintf(path, size, "subset/%s/%s_on_%s", run_precision(o->r, p), curve[column % 2],
                 run_precision(o->r, scorer));
}

static status read_areas(struct room *o, enum kind kind, int column, int64_t first, int64_t count)
{
    int steps = o->r->layout.steps;
    char path[2 * STORE_NAME + 40];

    name_curve(o, kind, 0, column, path, sizeof path);
    TRY(fetch(o, -1, path, first, count, o->a));
    name_curve(o, kind, o->p, column, path, sizeof path);
    TRY(fetch(o, -1, path, first, count, o->b));
    for (int64_t i = 0; i < count; i++)
        o->value[(first + i) * 4 + column] =
            curve_auc(o->b + i * (steps + 1), steps) - curve_auc(o->a + i * (steps + 1), steps);
    return OK;
}

static status read_curves(struct room *o, enum kind kind)
{
    const struct store_layout *l = &o->r->layout;
    char path[STORE_NAME + 32];

    memset(o->in, 0, (size_t)o->rows * sizeof *o->in);
    for (int s = 0; s < l->selections; s++) {
        snprintf(path, sizeof path, "subset/in_%s", l->selection[s]);
        TRY(fetch(o, -1, path, 0, o->rows, o->flag));
        for (int64_t i = 0; i < o->rows; i++)
            o->in[i] |= (uint32_t)(o->flag[i] ? 2u << s : 0);
    }
    TRY(fetch(o, -1, "subset/status", 0, o->rows, o->flag));
    for (int64_t i = 0; i < o->rows; i++)
        o->in[i] = o->flag[i] == STORE_OK ? o->in[i] : 0;
    for (int k = 0; k < 4; k++)
        for (int64_t i = 0; i < o->rows; i += CHUNK)
            TRY(read_areas(o, kind, k, i, o->rows - i < CHUNK ? o->rows - i : CHUNK));
    return OK;
}

static status read_kind(struct room *o, enum kind kind)
{
    o->rows = kind == CURVES || kind == CROSS ? o->r->layout.subset : o->r->layout.images;
    switch (kind) {
    case ANSWERS:
        read_answers(o);
        return OK;
    case MAPS:
        return read_maps(o);
    case BOXES:
        return read_boxes(o);
    default:
        return read_curves(o, kind);
    }
}

/* ---- figures of a kind --------------------------------------------------------------------------------- */

static void measure_set(struct room *o, int columns, int set, struct figures *f)
{
    int64_t count = 0;

    for (int64_t i = 0; i < o->rows; i++)
        if (o->in[i] >> set & 1)
            memcpy(o->packed + count++ * BOOTSTRAP_LANES, o->value + i * columns,
                   (size_t)columns * sizeof *o->packed);
    f->images[set] = count;
    bootstrap_means(o->packed, count, columns, BOOTSTRAP_SEED, o->times, o->means, f->interval[set]);
}

static status put(const struct room *o, const char *measure, const char *name, const void *row)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/summary/difference/%s/%s/%s", run_precision(o->r, o->p), measure, name);
    return store_write(o->r->store, path, o->net, 1, row);
}

static status put_measure(const struct room *o, const char *measure, int column, const struct figures *f)
{
    double mean[SETS], low[SETS], high[SETS];

    for (int s = 0; s < o->sets; s++) {
        mean[s] = f->interval[s][column].mean;
        low[s] = f->interval[s][column].low;
        high[s] = f->interval[s][column].high;
    }
    TRY(put(o, measure, "images", f->images));
    TRY(put(o, measure, "difference", mean));
    TRY(put(o, measure, "low", low));
    return put(o, measure, "high", high);
}

static status put_rmse(const struct room *o, const struct figures *f)
{
    double low[SETS][STORE_READINGS], high[SETS][STORE_READINGS];
    char path[STORE_PATH];

    for (int s = 0; s < o->sets; s++)
        for (int k = 0; k < STORE_READINGS; k++) {
            low[s][k] = f->interval[s][kinds[MAPS].count + k].low;
            high[s][k] = f->interval[s][kinds[MAPS].count + k].high;
        }
    snprintf(path, sizeof path, "/summary/rmse/%s/mean_low", run_precision(o->r, o->p));
    TRY(store_write(o->r->store, path, o->net, 1, low));
    snprintf(path, sizeof path, "/summary/rmse/%s/mean_high", run_precision(o->r, o->p));
    return store_write(o->r->store, path, o->net, 1, high);
}

/* Discordant pairs by the sign of their difference. */
static status put_test(const struct room *o, const char *measure, int column)
{
    double p[SETS];

    for (int s = 0; s < o->sets; s++) {
        int64_t better = 0, worse = 0;

        for (int64_t i = 0; i < o->rows; i++)
            if (o->in[i] >> s & 1) {
                better += o->value[i * 2 + column] > 0;
                worse += o->value[i * 2 + column] < 0;
            }
        p[s] = mcnemar_exact(better, worse);
    }
    return put(o, measure, "p", p);
}

static status reduce_kind(struct room *o, enum kind kind)
{
    struct figures f = { 0 };

    TRY(read_kind(o, kind));
    for (int s = 0; s < o->sets; s++)
        measure_set(o, kinds[kind].columns, s, &f);
    for (int k = 0; k < kinds[kind].count; k++) {
        char measure[STORE_NAME + 32];

        snprintf(measure, sizeof measure, "%s%s", kinds[kind].measure[k],
                 kind == CROSS ? run_precision(o->r, k < 2 ? 0 : o->p) : "");
        TRY(put_measure(o, measure, k, &f));
        if (kind == ANSWERS)
            TRY(put_test(o, measure, k));
    }
    return kind == MAPS ? put_rmse(o, &f) : OK;
}

status reduce_difference(const struct run *r, int net, const uint32_t *member, int sets,
                         const int32_t *class_index, int32_t *const top5[STORE_MAX_PRECISIONS])
{
    struct room o = {
        .r = r, .net = net, .sets = sets, .member = member, .class_index = class_index, .top5 = top5
    };
    status result = OK;

    TRY_OUT(make_room(&o));
    for (o.p = 1; o.p < r->precisions; o.p++)
        for (int kind = 0; kind < KINDS; kind++)
            if (kind == CURVES ? r->layout.steps > 0 : kind != CROSS || r->layout.cross)
                TRY_OUT(reduce_kind(&o, (enum kind)kind));
out:
    free_room(&o);
    return result;
}
