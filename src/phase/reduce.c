/* src/phase/reduce.c: /summary from the stored rows, on rank 0. Counts, accuracy, agreement and mean curves
 * stand here; every measure of a picture is reduced in reduce_measures.c, what true boxes say in
 * reduce_boxes.c. */
#include "local.h"

#include "metric.h"
#include "metric_test.h"

#include <math.h>
#include <string.h>

/* ---- reading ------------------------------------------------------------------------------------------- */

static status make_rows(const struct run *r, struct mem_set *mem, struct reduce_rows *a)
{
    size_t n = (size_t)r->layout.images;

    a->sets = 1 + r->layout.selections;
    a->n = r->layout.images;
    MEM_TAKE(mem, a->status, n, 1);
    MEM_TAKE(mem, a->member, n, sizeof *a->member);
    MEM_TAKE(mem, a->class_index, n, sizeof *a->class_index);
    for (int p = 0; p < r->precisions; p++)
        MEM_TAKE(mem, a->top5[p], n, RUN_TOP * sizeof(int32_t));
    TRY(subset_places_make(r, mem, &a->places));
    return store_fetch(r->store, "/images/class_index", 0, a->n, a->class_index);
}

/* Images belong to a selection whether or not they could be explained. */
static status read_network(const struct run *r, int net, struct reduce_rows *a)
{
    struct subset_places *p = &a->places;

    TRY(run_fetch(r, net, 0, a->n, a->status, "status"));
    TRY(subset_places_read(r, net, p));
    for (int64_t i = 0; i < a->n; i++)
        a->member[i] = a->status[i] == STORE_OK;
    for (int64_t i = 0; i < r->layout.subset; i++) {
        if (p->image[i] >= 0 && p->image[i] < a->n)
            a->member[p->image[i]] |= p->in[i];
        p->in[i] = p->status[i] == STORE_OK ? p->in[i] : 0;
    }
    for (int k = 0; k < r->precisions; k++)
        TRY(run_fetch(r, net, 0, a->n, a->top5[k], "%s/top5", run_precision(r, k)));
    return OK;
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
    int64_t bytes = (int64_t)from->file_bytes[p], parameters = (int64_t)from->parameters[p],
            macs = (int64_t)from->macs[p];
    struct accuracy_row row = { 0 };
    char hex[2 * HASH_SIZE + 1];
    const struct run_column column[] = {
        { "images", row.images },
        { "labelled", row.labelled },
        { "top1_count", row.top1_count },
        { "top5_count", row.top5_count },
        { "top1", row.top1 },
        { "top5", row.top5 },
        { "top1_low", row.low },
        { "top1_high", row.high },
        { "weights_bytes", &bytes },
        { "parameters", &parameters },
        { "macs", &macs },
        { "sha256", hash_hex(r->file_hash[net * RUN_FILES + 1 + p], hex) },
    };

    count_accuracy(a, p, &row);
    return run_put(r, net, "accuracy", run_precision(r, p), column, COUNT_OF(column));
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
    int64_t row[COUNT_OF(field)][REDUCE_SETS] = { { 0 } };
    struct run_column column[COUNT_OF(field)];

    for (int64_t i = 0; i < a->n; i++)
        for (int s = 0; s < a->sets; s++)
            if (a->member[i] >> s & 1)
                agreement_add(&sum[s], a->top5[0] + i * RUN_TOP, a->top5[p] + i * RUN_TOP, RUN_TOP,
                              a->class_index[i]);
    for (size_t f = 0; f < COUNT_OF(field); f++) {
        column[f] = (struct run_column){ field[f].name, row[f] };
        for (int s = 0; s < a->sets; s++)
            memcpy(&row[f][s], (const char *)&sum[s] + field[f].where, sizeof row[f][s]);
    }
    return run_put(r, net, "agreement", run_precision(r, p), column, COUNT_OF(column));
}

/* ---- counts -------------------------------------------------------------------------------------------- */

static status write_counts(const struct run *r, int net, const struct reduce_rows *a)
{
    int64_t count[REDUCE_SETS] = { 0 }, in_any = 0, ok = 0, bad = 0;
    double threshold[REDUCE_SETS] = { 0 };
    const struct run_column subset[] = { { "count", count },
                                         { "union", &in_any },
                                         { "threshold", threshold } };
    const struct run_column rows[] = { { "ok", &ok }, { "bad", &bad } };

    for (int64_t i = 0; i < a->n; i++) {
        for (int s = 0; s < a->sets; s++)
            count[s] += a->member[i] >> s & 1;
        in_any += a->member[i] > 1;
        ok += a->status[i] == STORE_OK;
        bad += a->status[i] == STORE_BAD_IMAGE;
    }
    memcpy(threshold + 1, r->threshold[net], sizeof r->threshold[net]);
    TRY(run_put(r, net, "subset", NULL, subset, COUNT_OF(subset)));
    return run_put(r, net, "rows", NULL, rows, COUNT_OF(rows));
}

static status write_images(const struct run *r)
{
    int64_t total = r->layout.images, bad = r->images_bad, ok = total - bad;
    const struct run_column column[] = { { "total", &total }, { "ok", &ok }, { "bad", &bad } };

    return run_put(r, 0, "images", NULL, column, COUNT_OF(column));
}

/* ---- mean curves --------------------------------------------------------------------------------------- */

enum { CURVES = 256, CURVE_KINDS = 2 };
static const char *const curve_kind[CURVE_KINDS] = { "deletion_curve", "insertion_curve" };

struct mean_curve {
    int points;
    const uint32_t *place;     /* (S) */
    float *curve;              /* (CURVES, points) */
    double *mean[CURVE_KINDS]; /* (sets, points) */
    int64_t images[REDUCE_SETS];
};

/* Sums in the order of the places, which is that of the images. */
static status average_curves(const struct run *r, int net, int p, int kind, struct mean_curve *a)
{
    int64_t places = r->layout.subset, count;
    double *mean = a->mean[kind];

    memset(mean, 0, REDUCE_SETS * (size_t)a->points * sizeof *mean);
    for (int64_t first = 0; first < places; first += count) {
        count = places - first < CURVES ? places - first : CURVES;
        TRY(run_fetch(r, net, first, count, a->curve, "subset/%s/%s", run_precision(r, p), curve_kind[kind]));
        for (int64_t i = 0; i < count; i++)
            for (int s = 0; s <= r->layout.selections; s++)
                for (int t = 0; t < a->points && a->place[first + i] >> s & 1; t++)
                    mean[s * a->points + t] += (double)a->curve[i * a->points + t];
    }
    for (int s = 0; s <= r->layout.selections; s++)
        for (int t = 0; t < a->points && a->images[s] > 0; t++)
            mean[s * a->points + t] /= (double)a->images[s];
    return OK;
}

static status reduce_curves(const struct run *r, int net, const struct reduce_rows *rows)
{
    struct mean_curve a = { .points = r->layout.steps + 1, .place = rows->places.in };
    status result = OK;

    if (r->layout.steps == 0)
        return OK;
    MEM_TRY_OUT(a.curve, CURVES, (size_t)a.points * sizeof *a.curve);
    for (int k = 0; k < CURVE_KINDS; k++)
        MEM_TRY_OUT(a.mean[k], REDUCE_SETS, (size_t)a.points * sizeof(double));
    for (int64_t i = 0; i < r->layout.subset; i++)
        for (int s = 0; s <= r->layout.selections; s++)
            a.images[s] += a.place[i] >> s & 1;
    for (int p = 0; p < r->precisions; p++) {
        const struct run_column column[] = { { "images", a.images },
                                             { curve_kind[0], a.mean[0] },
                                             { curve_kind[1], a.mean[1] } };

        for (int k = 0; k < CURVE_KINDS; k++)
            TRY_OUT(average_curves(r, net, p, k, &a));
        TRY_OUT(run_put(r, net, "curves", run_precision(r, p), column, COUNT_OF(column)));
    }
out:
    mem_free(a.curve);
    for (int k = 0; k < CURVE_KINDS; k++)
        mem_free(a.mean[k]);
    return result;
}

/* ---- accuracy under removal ---------------------------------------------------------------------------- */

static status write_removal(const struct run *r, int net, int p, const struct reduce_rows *a,
                            uint8_t (*right)[STORE_REMOVED])
{
    double accuracy[REDUCE_SETS][STORE_REMOVED] = { { 0 } };
    int64_t images[REDUCE_SETS] = { 0 };
    const struct run_column column = { "accuracy", accuracy };

    TRY(run_fetch(r, net, 0, a->n, right, "%s/removal_right", run_precision(r, p)));
    for (int64_t i = 0; i < a->n; i++)
        for (int s = 0; s < a->sets; s++) {
            if (!(a->member[i] >> s & 1) || a->class_index[i] < 0)
                continue;
            images[s]++;
            for (int k = 0; k < STORE_REMOVED; k++)
                accuracy[s][k] += right[i][k];
        }
    for (int s = 0; s < a->sets; s++)
        for (int k = 0; k < STORE_REMOVED && images[s] > 0; k++)
            accuracy[s][k] = 100 * accuracy[s][k] / (double)images[s];
    TRY(run_put(r, net, "removal", NULL, &(struct run_column){ "images", images }, 1));
    return run_put(r, net, "removal", run_precision(r, p), &column, 1);
}

static status reduce_removal(const struct run *r, int net, const struct reduce_rows *a)
{
    uint8_t(*right)[STORE_REMOVED] = NULL;
    status result = OK;

    if (!r->layout.removal)
        return OK;
    MEM_TRY(right, (size_t)a->n, sizeof *right);
    for (int p = 0; p < r->precisions && result == OK; p++)
        result = write_removal(r, net, p, a, right);
    mem_free(right);
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
    TRY(reduce_saliency(r, net, a));
    TRY(reduce_boxes(r, net, a));
    TRY(reduce_removal(r, net, a));
    return reduce_curves(r, net, a);
}

status reduce_tables(const struct run *r)
{
    struct reduce_rows a = { 0 };
    struct mem_set mem = { 0 };
    status result = OK;

    TRY_OUT(make_rows(r, &mem, &a));
    TRY_OUT(write_images(r));
    for (int net = 0; net < r->networks; net++)
        TRY_OUT(reduce_network(r, net, &a));
    result = reduce_groups(r);
out:
    mem_drop(&mem);
    return result;
}
