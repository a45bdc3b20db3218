/* src/phase/reduce.c: /summary from the stored rows, on rank 0. Counts, accuracy, agreement and mean curves
 * stand here; every measure of a picture is reduced in reduce_measures.c, what true boxes say in
 * reduce_boxes.c. */
#include "local.h"
#include "reduce.h"

#include "metric.h"
#include "metric_test.h"

#include <math.h>
#include <string.h>

/* ---- reading ------------------------------------------------------------------------------------------- */

static status make_rows(const struct run *r, struct reduce_rows *a)
{
    size_t n = (size_t)r->layout.images;

    a->sets = 1 + r->layout.selections;
    a->n = r->layout.images;
    MEM_TRY(a->status, n, 1);
    MEM_TRY(a->member, n, sizeof *a->member);
    MEM_TRY(a->class_index, n, sizeof *a->class_index);
    for (int p = 0; p < r->precisions; p++)
        MEM_TRY(a->top5[p], n, RUN_TOP * sizeof(int32_t));
    return store_fetch(r->store, "/images/class_index", 0, a->n, a->class_index);
}

static void free_rows(struct reduce_rows *a)
{
    mem_free(a->status);
    mem_free(a->member);
    mem_free(a->class_index);
    for (int p = 0; p < STORE_MAX_PRECISIONS; p++)
        mem_free(a->top5[p]);
}

static status read_members(const struct run *r, int net, struct reduce_rows *a)
{
    int64_t places = r->layout.subset, *image = NULL;
    uint32_t *place = NULL;
    uint8_t *in = NULL;
    status result = OK;

    image = mem_alloc((size_t)places, sizeof *image);
    place = mem_alloc((size_t)places, sizeof *place);
    in = mem_alloc((size_t)places, 1);
    if (!image || !place || !in)
        TRY_OUT(FAIL(ERR_MEMORY, "no memory for %lld places", (long long)places));
    TRY_OUT(reduce_fetch(r, net, "subset/image", 0, places, image));
    TRY_OUT(reduce_selections(r, net, in, place));
    for (int64_t i = 0; i < a->n; i++)
        a->member[i] = a->status[i] == STORE_OK;
    for (int64_t i = 0; i < places; i++)
        if (image[i] >= 0 && image[i] < a->n)
            a->member[image[i]] |= place[i];
out:
    mem_free(image);
    mem_free(place);
    mem_free(in);
    return result;
}

static status read_network(const struct run *r, int net, struct reduce_rows *a)
{
    char name[STORE_NAME + 16];

    TRY(reduce_fetch(r, net, "status", 0, a->n, a->status));
    TRY(read_members(r, net, a));
    for (int p = 0; p < r->precisions; p++) {
        snprintf(name, sizeof name, "%s/top5", run_precision(r, p));
        TRY(reduce_fetch(r, net, name, 0, a->n, a->top5[p]));
    }
    return OK;
}

/* ---- writing: a table has a row a network, a column a set ---------------------------------------------- */

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

/* ---- accuracy ------------------------------------------------------------------------------------------ */

struct accuracy_row {
    int64_t images[REDUCE_SETS], labelled[REDUCE_SETS], top1_count[REDUCE_SETS], top5_count[REDUCE_SETS];
    double top1[REDUCE_SETS], top5[REDUCE_SETS], low[REDUCE_SETS], high[REDUCE_SETS];
};

static void count_accuracy(const struct reduce_rows *a, int p, struct accuracy_row *out)
{
    for (int64_t i = 0; i < a->n; i++) {
        int place =
            a->class_index[i] < 0 ? -1 : accuracy_rank(a->top5[p] + i * RUN_TOP, RUN_TOP, a->class_index[i]);
        for (int s = 0; s < a->sets; s++) {
            if (!(a->member[i] >> s & 1))
                continue;
            out->images[s]++;
            out->labelled[s] += a->class_index[i] >= 0;
            out->top1_count[s] += place == 0;
            out->top5_count[s] += place >= 0;
        }
    }
    for (int s = 0; s < a->sets; s++) {
        if (out->labelled[s] == 0)
            continue;
        out->top1[s] = 100.0 * (double)out->top1_count[s] / (double)out->labelled[s];
        out->top5[s] = 100.0 * (double)out->top5_count[s] / (double)out->labelled[s];
        wilson_interval(out->top1_count[s], out->labelled[s], 100, &out->low[s], &out->high[s]);
    }
}

static status write_accuracy(const struct run *r, int net, int p, const struct reduce_rows *a)
{
    const struct run_network *from = &r->network[net];
    struct accuracy_row row = { 0 };
    struct table_row at = { .r = r, .table = "accuracy", .precision = run_precision(r, p), .net = net };
    char hex[2 * HASH_SIZE + 1];

    count_accuracy(a, p, &row);
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

/* ---- agreement ----------------------------------------------------------------------------------------- */

static status write_agreement(const struct run *r, int net, int p, const struct reduce_rows *a)
{
    struct agreement sum[REDUCE_SETS] = { 0 };
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
        for (int s = 0; s < a->sets; s++)
            if (a->member[i] >> s & 1)
                agreement_add(&sum[s], a->top5[0] + i * RUN_TOP, a->top5[p] + i * RUN_TOP, RUN_TOP,
                              a->class_index[i]);
    for (size_t f = 0; f < COUNT_OF(field); f++) {
        int64_t row[REDUCE_SETS];
        for (int s = 0; s < a->sets; s++)
            memcpy(&row[s], (const char *)&sum[s] + field[f].where, sizeof row[s]);
        TRY(put_row(&at, field[f].name, row));
    }
    return OK;
}

/* ---- counts -------------------------------------------------------------------------------------------- */

static status write_counts(const struct run *r, int net, const struct reduce_rows *a)
{
    int64_t count[REDUCE_SETS] = { 0 }, in_any = 0, ok = 0, bad = 0;
    double threshold[REDUCE_SETS] = { 0 };
    struct table_row subset = { .r = r, .table = "subset", .net = net },
                     rows = { .r = r, .table = "rows", .net = net };

    for (int64_t i = 0; i < a->n; i++) {
        for (int s = 0; s < a->sets; s++)
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

/* ---- mean curves --------------------------------------------------------------------------------------- */

struct mean_curve {
    int points;
    uint32_t *place; /* (S) */
    float *curve;    /* (CURVES, points) */
    double *mean;    /* (sets, points) */
    int64_t images[REDUCE_SETS];
};
enum { CURVES = 256 };

/* Sums in the order of the places, which is that of the images. */
static status sum_curves(const struct run *r, int net, const char *name, struct mean_curve *a)
{
    int64_t places = r->layout.subset, count;

    memset(a->mean, 0, REDUCE_SETS * (size_t)a->points * sizeof *a->mean);
    for (int64_t first = 0; first < places; first += count) {
        count = places - first < CURVES ? places - first : CURVES;
        TRY(reduce_fetch(r, net, name, first, count, a->curve));
        for (int64_t i = 0; i < count; i++)
            for (int s = 0; s <= r->layout.selections; s++)
                for (int t = 0; t < a->points && a->place[first + i] >> s & 1; t++)
                    a->mean[s * a->points + t] += (double)a->curve[i * a->points + t];
    }
    for (int s = 0; s <= r->layout.selections; s++)
        for (int t = 0; t < a->points && a->images[s] > 0; t++)
            a->mean[s * a->points + t] /= (double)a->images[s];
    return OK;
}

static status write_curves(const struct run *r, int net, struct mean_curve *a)
{
    static const char *const kind[] = { "deletion_curve", "insertion_curve" };
    char name[STORE_NAME + 32];

    for (int64_t i = 0; i < r->layout.subset; i++)
        for (int s = 0; s <= r->layout.selections; s++)
            a->images[s] += a->place[i] >> s & 1;
    for (int p = 0; p < r->precisions; p++) {
        struct table_row at = { .r = r, .table = "curves", .precision = run_precision(r, p), .net = net };

        TRY(put_row(&at, "images", a->images));
        for (size_t k = 0; k < COUNT_OF(kind); k++) {
            snprintf(name, sizeof name, "subset/%s/%s", run_precision(r, p), kind[k]);
            TRY(sum_curves(r, net, name, a));
            TRY(put_row(&at, kind[k], a->mean));
        }
    }
    return OK;
}

static status reduce_curves(const struct run *r, int net)
{
    struct mean_curve a = { .points = r->layout.steps + 1 };
    status result = OK;

    if (r->layout.steps == 0)
        return OK;
    a.place = mem_alloc((size_t)r->layout.subset, sizeof *a.place);
    a.curve = mem_alloc(CURVES * (size_t)a.points, sizeof *a.curve);
    a.mean = mem_alloc(REDUCE_SETS * (size_t)a.points, sizeof *a.mean);
    if (!a.place || !a.curve || !a.mean)
        TRY_OUT(FAIL(ERR_MEMORY, "no memory for the mean curves"));
    TRY_OUT(reduce_places(r, net, a.place));
    TRY_OUT(write_curves(r, net, &a));
out:
    mem_free(a.place);
    mem_free(a.curve);
    mem_free(a.mean);
    return result;
}

/* ---- all ----------------------------------------------------------------------------------------------- */

static status reduce_network(const struct run *r, int net, struct reduce_rows *a)
{
    TRY(comm_signal_status()); /* seconds a network; the next start does it over */
    TRY(read_network(r, net, a));
    TRY(write_counts(r, net, a));
    for (int p = 0; p < r->precisions; p++)
        TRY(write_accuracy(r, net, p, a));
    for (int p = 1; p < r->precisions; p++)
        TRY(write_agreement(r, net, p, a));
    TRY(reduce_measures(r, net, a));
    TRY(reduce_boxes(r, net, a));
    return reduce_curves(r, net);
}

status reduce_tables(const struct run *r)
{
    struct reduce_rows a = { 0 };
    status result = OK;

    TRY_OUT(make_rows(r, &a));
    TRY_OUT(write_images(r));
    for (int net = 0; net < r->networks; net++)
        TRY_OUT(reduce_network(r, net, &a));
out:
    free_rows(&a);
    return result;
}

status reduce_summary(struct run *r)
{
    return comm_agree(r->c, r->c->rank == 0 ? reduce_tables(r) : OK);
}
