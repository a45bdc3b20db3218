#include "local.h"
#include "locate.h"
#include "measure.h"
#include "methods.h"
#include "reduce.h"
#include "run.h"

#include "metric.h"

#include <math.h>
#include <string.h>

/* One network's rows as rank 0 reads them, in image order. */
struct column_set {
    int64_t n;
    uint8_t *status;                        /* (N) */
    uint32_t *member;                       /* (N) bit 0: all images with a row, bit 1 + s: selection s */
    int32_t *class_index;                   /* (N) */
    int32_t *top5[STORE_MAX_PRECISIONS];    /* (N, 5) */
    int8_t *raw_sign[STORE_MAX_PRECISIONS]; /* (N) */
    float *reading[STORE_READINGS];         /* (N) of the pair in hand */
    float *correlation;
    float *sign_flipped;
    double *values; /* (N) scratch */
};

/* ---- reading ------------------------------------------------------------------------------------------- */

static status make_columns(const struct run *r, struct column_set *a)
{
    size_t n = (size_t)r->layout.images;

    a->n = r->layout.images;
    MEM_TRY(a->status, n, 1);
    MEM_TRY(a->member, n, sizeof *a->member);
    MEM_TRY(a->class_index, n, sizeof *a->class_index);
    for (int p = 0; p < r->precisions; p++) {
        MEM_TRY(a->top5[p], n, RUN_TOP * sizeof(int32_t));
        MEM_TRY(a->raw_sign[p], n, 1);
    }
    for (int k = 0; k < STORE_READINGS; k++)
        MEM_TRY(a->reading[k], n, sizeof(float));
    MEM_TRY(a->correlation, n, sizeof(float));
    MEM_TRY(a->sign_flipped, n, sizeof *a->sign_flipped);
    MEM_TRY(a->values, n, sizeof(double));
    return store_fetch(r->store, "/images/class_index", 0, a->n, a->class_index);
}

static void free_columns(struct column_set *a)
{
    mem_free(a->status);
    mem_free(a->member);
    mem_free(a->class_index);
    for (int p = 0; p < STORE_MAX_PRECISIONS; p++) {
        mem_free(a->top5[p]);
        mem_free(a->raw_sign[p]);
    }
    for (int k = 0; k < STORE_READINGS; k++)
        mem_free(a->reading[k]);
    mem_free(a->correlation);
    mem_free(a->sign_flipped);
    mem_free(a->values);
}

static status fetch(const struct run *r, int net, const char *name, int64_t count, void *out)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/models/%s/%s", r->layout.network[net].name, name);
    return store_fetch(r->store, path, 0, count, out);
}

/* Membership comes from the stored subset, so that it is what a reader of the file sees. */
static status read_members(const struct run *r, int net, struct column_set *a)
{
    int64_t places = r->layout.subset, *image = NULL;
    uint8_t *in = NULL;
    char name[STORE_NAME + 16];
    status result = OK;

    MEM_TRY(image, (size_t)places, sizeof *image);
    in = mem_alloc((size_t)places, 1);
    if (!in)
        result = FAIL(ERR_MEMORY, "no memory for %lld places", (long long)places);
    if (result == OK)
        result = fetch(r, net, "subset/image", places, image);
    for (int64_t i = 0; i < a->n; i++)
        a->member[i] = a->status[i] == STORE_OK;
    for (int s = 0; s < r->layout.selections && result == OK; s++) {
        snprintf(name, sizeof name, "subset/in_%s", r->layout.selection[s]);
        result = fetch(r, net, name, places, in);
        for (int64_t i = 0; i < places && result == OK; i++)
            if (image[i] >= 0 && image[i] < a->n && in[i])
                a->member[image[i]] |= (uint32_t)(2u << s);
    }
    mem_free(image);
    mem_free(in);
    return result;
}

static status read_network(const struct run *r, int net, struct column_set *a)
{
    char name[STORE_NAME + 16];

    TRY(fetch(r, net, "status", a->n, a->status));
    TRY(read_members(r, net, a));
    for (int p = 0; p < r->precisions; p++) {
        snprintf(name, sizeof name, "%s/top5", run_precision(r, p));
        TRY(fetch(r, net, name, a->n, a->top5[p]));
        snprintf(name, sizeof name, "%s/raw_sign", run_precision(r, p));
        TRY(fetch(r, net, name, a->n, a->raw_sign[p]));
    }
    return OK;
}

static status read_pair(const struct run *r, int net, int p, struct column_set *a)
{
    static const char *const reading[STORE_READINGS] = { "rmse_raw", "rmse_resolved", "rmse_aligned" };
    char name[2 * STORE_NAME + 32];

    for (int k = 0; k < STORE_READINGS; k++) {
        snprintf(name, sizeof name, "%s/vs_%s/%s", run_precision(r, p), run_precision(r, 0), reading[k]);
        TRY(fetch(r, net, name, a->n, a->reading[k]));
    }
    snprintf(name, sizeof name, "%s/vs_%s/correlation", run_precision(r, p), run_precision(r, 0));
    TRY(fetch(r, net, name, a->n, a->correlation));
    snprintf(name, sizeof name, "%s/vs_%s/sign_flipped", run_precision(r, p), run_precision(r, 0));
    return fetch(r, net, name, a->n, a->sign_flipped);
}

/* ---- writing: a table has a row a network, a column a set ------------------------------- */

struct table_row {
    const struct run *r;
    const char *table, *precision; /* "accuracy", "int8" */
    int net;
};

/* Writes a network's whole row. */
static status put_row(const struct table_row *at, const char *name, const void *row)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/summary/%s%s%s/%s", at->table, at->precision ? "/" : "",
             at->precision ? at->precision : "", name);
    return store_write(at->r->store, path, at->net, 1, row);
}

enum { SETS = 1 + STORE_MAX_SELECTIONS };

/* ---- accuracy ------------------------------------------------------------------------------------------ */

struct accuracy_row {
    int64_t images[SETS], labelled[SETS], top1_count[SETS], top5_count[SETS];
    double top1[SETS], top5[SETS], low[SETS], high[SETS];
};

/* Wilson's 95 % interval of a proportion, in per cent. */
static void wilson(int64_t right, int64_t n, double *low, double *high)
{
    const double z = 1.959963984540054;
    double p = (double)right / (double)n, m = (double)n, centre = p + z * z / (2 * m);
    double half = z * sqrt(p * (1 - p) / m + z * z / (4 * m * m)), scale = 100 / (1 + z * z / m);

    *low = right == 0 ? 0 : scale * (centre - half);
    *high = right == n ? 100 : scale * (centre + half);
}

static void count_accuracy(const struct column_set *a, int p, int sets, struct accuracy_row *out)
{
    for (int64_t i = 0; i < a->n; i++) {
        int place =
            a->class_index[i] < 0 ? -1 : accuracy_rank(a->top5[p] + i * RUN_TOP, RUN_TOP, a->class_index[i]);
        for (int s = 0; s < sets; s++) {
            if (!(a->member[i] >> s & 1))
                continue;
            out->images[s]++;
            out->labelled[s] += a->class_index[i] >= 0;
            out->top1_count[s] += place == 0;
            out->top5_count[s] += place >= 0;
        }
    }
    for (int s = 0; s < sets; s++) {
        if (out->labelled[s] == 0)
            continue;
        out->top1[s] = 100.0 * (double)out->top1_count[s] / (double)out->labelled[s];
        out->top5[s] = 100.0 * (double)out->top5_count[s] / (double)out->labelled[s];
        wilson(out->top1_count[s], out->labelled[s], &out->low[s], &out->high[s]);
    }
}

static status write_accuracy(const struct run *r, int net, int p, const struct column_set *a, int sets)
{
    const struct run_network *from = &r->network[net];
    struct accuracy_row row = { 0 };
    struct table_row at = { .r = r, .table = "accuracy", .precision = run_precision(r, p), .net = net };
    char hex[2 * HASH_SIZE + 1];

    count_accuracy(a, p, sets, &row);
    TRY(put_row(&at, "images", row.images));
    TRY(put_row(&at, "labelled", row.labelled));
    TRY(put_row(&at, "top1_count", row.top1_count));
    TRY(put_row(&at, "top5_count", row.top5_count));
    TRY(put_row(&at, "top1", row.top1));
    TRY(put_row(&at, "top5", row.top5));
    TRY(put_row(&at, "top1_low", row.low));
    TRY(put_row(&at, "top1_high", row.high));
    TRY(put_row(&at, "weights_bytes", &(int64_t){ (int64_t)from->file_bytes[p] }));
    TRY(put_row(&at, "parameters", &(int64_t){ (int64_t)from->parameters[p] }));
    TRY(put_row(&at, "macs", &(int64_t){ (int64_t)from->macs[p] }));
    return put_row(&at, "sha256", hash_hex(r->file_hash[net * RUN_FILES + 1 + p], hex));
}

/* ---- rmse and agreement of a pair ---------------------------------------------------------------------- */

/* The set's values of one column, in image order; returns how many. */
static int64_t pick(const struct column_set *a, const float *column, int set)
{
    int64_t count = 0;

    for (int64_t i = 0; i < a->n; i++)
        if (a->member[i] >> set & 1)
            a->values[count++] = column[i];
    return count;
}

static double mean_of(const double *values, int64_t count)
{
    double sum = 0;

    for (int64_t i = 0; i < count; i++)
        sum += values[i];
    return count > 0 ? sum / (double)count : 0;
}

static status write_rmse(const struct run *r, int net, int p, const struct column_set *a, int sets)
{
    double mean[SETS][STORE_READINGS] = { 0 }, median[SETS][STORE_READINGS] = { 0 },
           correlation[SETS] = { 0 };
    int64_t flipped[SETS] = { 0 }, undefined[SETS] = { 0 };
    struct table_row at = { .r = r, .table = "rmse", .precision = run_precision(r, p), .net = net };

    for (int s = 0; s < sets; s++) {
        for (int k = 0; k < STORE_READINGS; k++) {
            struct metric_quartiles q;
            int64_t count = pick(a, a->reading[k], s);
            if (count == 0)
                continue;
            mean[s][k] = mean_of(a->values, count); /* before the sort below */
            metric_quartiles_of(a->values, count, &q);
            median[s][k] = q.median;
        }
        correlation[s] = mean_of(a->values, pick(a, a->correlation, s));
        for (int64_t i = 0; i < a->n; i++) {
            flipped[s] += (a->member[i] >> s & 1) && a->sign_flipped[i] > 0;
            undefined[s] += (a->member[i] >> s & 1) && (!a->raw_sign[0][i] || !a->raw_sign[p][i]);
        }
    }
    TRY(put_row(&at, "mean", mean));
    TRY(put_row(&at, "median", median));
    TRY(put_row(&at, "sign_flipped", flipped));
    TRY(put_row(&at, "raw_undefined", undefined));
    return put_row(&at, "correlation", correlation);
}

static status write_agreement(const struct run *r, int net, int p, const struct column_set *a, int sets)
{
    struct agreement sum[SETS] = { 0 };
    static const struct {
        const char *name;
        size_t where;
    } field[] = {
        { "images", offsetof(struct agreement, images) },
        { "labelled", offsetof(struct agreement, labelled) },
        { "same_top1", offsetof(struct agreement, same_top1) },
        { "same_top5_set", offsetof(struct agreement, same_top5_set) },
        { "both_right", offsetof(struct agreement, both_right) },
        { "only_first", offsetof(struct agreement, only_first) },
        { "only_second", offsetof(struct agreement, only_second) },
        { "both_wrong", offsetof(struct agreement, both_wrong) },
    };
    struct table_row at = { .r = r, .table = "agreement", .precision = run_precision(r, p), .net = net };

    for (int64_t i = 0; i < a->n; i++)
        for (int s = 0; s < sets; s++)
            if (a->member[i] >> s & 1)
                agreement_add(&sum[s], a->top5[0] + i * RUN_TOP, a->top5[p] + i * RUN_TOP, RUN_TOP,
                              a->class_index[i]);
    for (size_t f = 0; f < COUNT_OF(field); f++) {
        int64_t row[SETS];
        for (int s = 0; s < sets; s++)
            memcpy(&row[s], (const char *)&sum[s] + field[f].where, sizeof row[s]);
        TRY(put_row(&at, field[f].name, row));
    }
    return OK;
}

/* ---- counts -------------------------------------------------------------------------------------------- */

static status write_counts(const struct run *r, int net, const struct column_set *a, int sets)
{
    int64_t count[SETS] = { 0 }, in_any = 0, ok = 0, bad = 0;
    double threshold[SETS] = { 0 };
    struct table_row subset = { .r = r, .table = "subset", .net = net },
                     rows = { .r = r, .table = "rows", .net = net };

    for (int64_t i = 0; i < a->n; i++) {
        for (int s = 0; s < sets; s++)
            count[s] += a->member[i] >> s & 1;
        in_any += a->member[i] > 1;
        ok += a->status[i] == STORE_OK;
        bad += a->status[i] == STORE_BAD_IMAGE;
    }
    memcpy(threshold + 1, r->threshold[net], sizeof r->threshold[net]);
    TRY(put_row(&subset, "count", count));
    TRY(put_row(&subset, "union", &in_any));
    TRY(put_row(&subset, "threshold", threshold));
    TRY(put_row(&rows, "ok", &ok));
    return put_row(&rows, "bad", &bad);
}

static status write_images(const struct run *r)
{
    int64_t total = r->layout.images, bad = r->images_bad, ok = total - bad;
    struct table_row at = { .r = r, .table = "images" };

    TRY(put_row(&at, "total", &total));
    TRY(put_row(&at, "ok", &ok));
    return put_row(&at, "bad", &bad);
}

status reduce_places(const struct run *r, int net, uint32_t *place)
{
    int64_t places = r->layout.subset;
    uint8_t *flag = NULL;
    char name[STORE_NAME + 16];
    status result = OK;

    memset(place, 0, (size_t)places * sizeof *place);
    MEM_TRY(flag, (size_t)places, 1);
    for (int s = 0; s < r->layout.selections; s++) {
        snprintf(name, sizeof name, "subset/in_%s", r->layout.selection[s]);
        TRY_OUT(fetch(r, net, name, places, flag));
        for (int64_t i = 0; i < places; i++)
            place[i] |= flag[i] ? 2u << s : 0;
    }
    TRY_OUT(fetch(r, net, "subset/status", places, flag));
    for (int64_t i = 0; i < places; i++)
        place[i] = flag[i] == STORE_OK ? place[i] : 0;
out:
    mem_free(flag);
    return result;
}

status reduce_tables(const struct run *r)
{
    struct column_set a = { 0 };
    int sets = 1 + r->layout.selections;
    status result = OK;

    TRY_OUT(make_columns(r, &a));
    TRY_OUT(write_images(r));
    for (int net = 0; net < r->networks; net++) {
        TRY_OUT(comm_signal_status()); /* seconds a network; the next start does it over */
        TRY_OUT(read_network(r, net, &a));
        TRY_OUT(write_counts(r, net, &a, sets));
        TRY_OUT(measure_reduce(r, net, a.member, sets));
        TRY_OUT(locate_reduce(r, net, a.member, sets, a.class_index, a.top5));
        TRY_OUT(methods_reduce(r, net, a.member, sets));
        TRY_OUT(curves_reduce(r, net));
        TRY_OUT(reduce_measures(
            r, net, &(struct reduce_rows){ .sets = sets, .member = a.member, .class_index = a.class_index }));
        TRY_OUT(reduce_difference(r, net, a.member, sets, a.class_index, a.top5));
        for (int p = 0; p < r->precisions; p++)
            TRY_OUT(write_accuracy(r, net, p, &a, sets));
        for (int p = 1; p < r->precisions; p++) {
            TRY_OUT(read_pair(r, net, p, &a));
            TRY_OUT(write_rmse(r, net, p, &a, sets));
            TRY_OUT(write_agreement(r, net, p, &a, sets));
        }
    }
out:
    free_columns(&a);
    return result;
}

status reduce_summary(struct run *r)
{
    return comm_agree(r->c, r->c->rank == 0 ? reduce_tables(r) : OK);
}
