/* src/phase/reduce_boxes.c: what true boxes say of the maps of a set of images: mean IoU by rule,
 * localization accuracy, the MaxBoxAcc family, and the same of maps that have seen no picture. */
#include "locate.h"
#include "reduce.h"

#include "metric.h"

#include <math.h>
#include <string.h>

/* One precision's and sign's rows, in image order. */
struct columns {
    const struct reduce_rows *rows;
    uint8_t *has;                                  /* (N) there is a true box in the frame */
    float (*iou)[WSOL_RULES];                      /* (N) */
    uint8_t (*right)[WSOL_MASKS][WSOL_MASK_BYTES]; /* (N) */
    int32_t (*box)[4];                             /* (N) */
};

static status make_columns(const struct run *r, struct columns *a)
{
    size_t n = (size_t)r->layout.images;

    MEM_TRY(a->has, n, 1);
    MEM_TRY(a->iou, n, sizeof *a->iou);
    MEM_TRY(a->right, n, sizeof *a->right);
    MEM_TRY(a->box, n, sizeof *a->box);
    return OK;
}

static void free_columns(struct columns *a)
{
    mem_free(a->has);
    mem_free(a->iou);
    mem_free(a->right);
    mem_free(a->box);
}

static status fetch(const struct run *r, int net, int p, const char *name, int sign, void *out)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/models/%s/%s/wsol/%s%s", r->layout.network[net].name, run_precision(r, p),
             name, sign ? "_raw" : "");
    return store_fetch(r->store, path, 0, r->layout.images, out);
}

static status put(const struct run *r, int net, const char *group, const char *name, const void *row)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/summary/%.100s/%s", group, name);
    return store_write(r->store, path, net, 1, row);
}

/* Of the set, and with a true box in the frame. */
static int counts(const struct columns *a, int64_t i, int set)
{
    return (a->rows->member[i] >> set & 1) && a->has[i];
}

/* ---- one precision ------------------------------------------------------------------------------------- */

/* The rows of one table of a network: (set), (set, sign) and (set, sign, rule), without unused sets between.
 */
struct figures {
    int64_t images[REDUCE_SETS], without_box[REDUCE_SETS], no_foreground[REDUCE_SETS];
    double mean[REDUCE_SETS][STORE_SIGNS][WSOL_RULES], sd[REDUCE_SETS][STORE_SIGNS][WSOL_RULES];
    double gt_known[REDUCE_SETS][STORE_SIGNS], top1[REDUCE_SETS][STORE_SIGNS], top5[REDUCE_SETS][STORE_SIGNS];
    double max_box_acc[REDUCE_SETS][STORE_SIGNS], at[REDUCE_SETS][STORE_SIGNS], v2[REDUCE_SETS][STORE_SIGNS];
};

static void count_images(const struct columns *a, struct figures *f)
{
    for (int64_t i = 0; i < a->rows->n; i++)
        for (int s = 0; s < a->rows->sets; s++) {
            f->images[s] += counts(a, i, s);
            f->without_box[s] += (a->rows->member[i] >> s & 1) && !counts(a, i, s);
            f->no_foreground[s] += counts(a, i, s) && a->box[i][0] < 0;
        }
}

static void mean_iou(const struct columns *a, int sign, int set, struct figures *f)
{
    int64_t n = f->images[set];

    for (int rule = 0; rule < WSOL_RULES && n > 0; rule++) {
        double sum = 0, squares = 0, mean;
        for (int64_t i = 0; i < a->rows->n; i++)
            sum += counts(a, i, set) ? (double)a->iou[i][rule] : 0;
        mean = sum / (double)n;
        for (int64_t i = 0; i < a->rows->n; i++) {
            double d = counts(a, i, set) ? (double)a->iou[i][rule] - mean : 0;
            squares += d * d;
        }
        f->mean[set][sign][rule] = mean;
        f->sd[set][sign][rule] = n > 1 ? sqrt(squares / (double)(n - 1)) : 0;
    }
}

/* GT-known, Top-1 and Top-5 Loc: t = 0.2, IoU at least 0.5. */
static void count_located(const struct columns *a, const int32_t *top5, int sign, int set, struct figures *f)
{
    int64_t known = 0, first = 0, among = 0;

    for (int64_t i = 0; i < a->rows->n; i++) {
        int place;
        if (!counts(a, i, set) || a->iou[i][WSOL_T20] < 0.5f)
            continue;
        place = a->rows->class_index[i] < 0
                    ? -1
                    : accuracy_rank(top5 + i * RUN_TOP, RUN_TOP, a->rows->class_index[i]);
        known++;
        first += place == 0;
        among += place >= 0;
    }
    if (f->images[set] > 0) {
        double scale = 100.0 / (double)f->images[set];
        f->gt_known[set][sign] = scale * (double)known;
        f->top1[set][sign] = scale * (double)first;
        f->top5[set][sign] = scale * (double)among;
    }
}

static void count_right(const struct columns *a, int sign, int set, struct figures *f)
{
    struct wsol_counts sum = { 0 };
    struct wsol_best best;

    for (int64_t i = 0; i < a->rows->n; i++)
        if (counts(a, i, set))
            wsol_count(&sum, a->right[i]);
    wsol_best_of(&sum, f->images[set], &best);
    f->max_box_acc[set][sign] = best.max_box_acc;
    f->at[set][sign] = best.threshold;
    f->v2[set][sign] = best.max_box_acc_v2;
}

static status put_figures(const struct run *r, int net, int p, const struct figures *f)
{
    const struct {
        const char *name;
        const void *row;
    } table[] = {
        { "images", f->images },
        { "without_box", f->without_box },
        { "no_foreground", f->no_foreground },
        { "iou_mean", f->mean },
        { "iou_sd", f->sd },
        { "gt_known", f->gt_known },
        { "top1_loc", f->top1 },
        { "top5_loc", f->top5 },
        { "max_box_acc", f->max_box_acc },
        { "max_box_acc_at", f->at },
        { "max_box_acc_v2", f->v2 },
    };
    char group[STORE_NAME];

    snprintf(group, sizeof group, "wsol/%s", run_precision(r, p));
    for (size_t i = 0; i < COUNT_OF(table); i++)
        TRY(put(r, net, group, table[i].name, table[i].row));
    return OK;
}

static status reduce_precision(const struct run *r, int net, int p, struct columns *a)
{
    struct figures f = { 0 };

    TRY(fetch(r, net, p, "box", 0, a->box));
    count_images(a, &f);
    for (int sign = 0; sign < STORE_SIGNS; sign++) {
        TRY(fetch(r, net, p, "iou", sign, a->iou));
        TRY(fetch(r, net, p, "right", sign, a->right));
        for (int s = 0; s < a->rows->sets; s++) {
            mean_iou(a, sign, s, &f);
            count_located(a, a->rows->top5[p], sign, s, &f);
            count_right(a, sign, s, &f);
        }
    }
    return put_figures(r, net, p, &f);
}

/* ---- trivial maps -------------------------------------------------------------------------------------- */

/* Whole frame; a centred box of 180 / 224 of each extent; a Gaussian about the centre. */
static void trivial_map(int kind, int width, int height, float *map)
{
    int dx = width * 22 / 224, dy = height * 22 / 224;

    if (kind == 2) {
        wsol_centre_map(width, height, map);
        return;
    }
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            map[(size_t)y * (size_t)width + (size_t)x] =
                kind == 0 || (x >= dx && x < width - dx && y >= dy && y < height - dy);
}

struct trivial {
    double sum[REDUCE_SETS];
    int64_t known[REDUCE_SETS];
    struct wsol_counts counts[REDUCE_SETS];
};

struct trivial_room {
    struct wsol_workspace *wsol;
    float *map;
    struct wsol_box *truth;
    int32_t *width, *height; /* (N) */
    struct trivial *sums;
};

static status make_trivial_room(const struct run *r, int net, struct trivial_room *t)
{
    const struct store_network *own = &r->layout.network[net];
    size_t n = (size_t)r->layout.images;

    TRY(wsol_create(own->input_w, own->input_h, &t->wsol));
    MEM_TRY(t->map, (size_t)own->input_w * (size_t)own->input_h, sizeof *t->map);
    MEM_TRY(t->truth, (size_t)locate_most_boxes(r), sizeof *t->truth);
    MEM_TRY(t->width, n, sizeof *t->width);
    MEM_TRY(t->height, n, sizeof *t->height);
    MEM_TRY(t->sums, 1, sizeof *t->sums);
    TRY(store_fetch(r->store, "/images/width", 0, r->layout.images, t->width));
    return store_fetch(r->store, "/images/height", 0, r->layout.images, t->height);
}

static void sum_trivial(const struct run *r, int net, const struct columns *a, const struct trivial_room *t)
{
    memset(t->sums, 0, sizeof *t->sums);
    for (int64_t i = 0; i < a->rows->n; i++) {
        struct wsol_score score;
        if (!counts(a, i, 0)) /* set 0 holds all others */
            continue;
        wsol_score(t->wsol, t->truth, locate_truth(r, net, i, t->width[i], t->height[i], t->truth), &score);
        for (int s = 0; s < a->rows->sets; s++) {
            if (!counts(a, i, s))
                continue;
            t->sums->sum[s] += (double)score.iou[WSOL_T20];
            t->sums->known[s] += score.iou[WSOL_T20] >= 0.5f;
            wsol_count(&t->sums->counts[s], score.right);
        }
    }
}

static status reduce_trivial(const struct run *r, int net, const struct columns *a)
{
    double mean[REDUCE_SETS][STORE_TRIVIALS] = { 0 }, known[REDUCE_SETS][STORE_TRIVIALS] = { 0 },
           most[REDUCE_SETS][STORE_TRIVIALS] = { 0 }, v2[REDUCE_SETS][STORE_TRIVIALS] = { 0 };
    int64_t images[REDUCE_SETS] = { 0 };
    struct trivial_room t = { 0 };
    status result = OK;

    for (int64_t i = 0; i < a->rows->n; i++)
        for (int s = 0; s < a->rows->sets; s++)
            images[s] += counts(a, i, s);
    TRY_OUT(make_trivial_room(r, net, &t));
    for (int kind = 0; kind < STORE_TRIVIALS; kind++) {
        trivial_map(kind, r->layout.network[net].input_w, r->layout.network[net].input_h, t.map);
        wsol_scan(t.wsol, t.map);
        sum_trivial(r, net, a, &t);
        for (int s = 0; s < a->rows->sets; s++) {
            struct wsol_best best;
            wsol_best_of(&t.sums->counts[s], images[s], &best);
            mean[s][kind] = images[s] ? t.sums->sum[s] / (double)images[s] : 0;
            known[s][kind] = images[s] ? 100.0 * (double)t.sums->known[s] / (double)images[s] : 0;
            most[s][kind] = best.max_box_acc;
            v2[s][kind] = best.max_box_acc_v2;
        }
    }
    TRY_OUT(put(r, net, "wsol_trivial", "iou_mean", mean));
    TRY_OUT(put(r, net, "wsol_trivial", "box_acc", known));
    TRY_OUT(put(r, net, "wsol_trivial", "max_box_acc", most));
    TRY_OUT(put(r, net, "wsol_trivial", "max_box_acc_v2", v2));
out:
    wsol_free(t.wsol);
    mem_free(t.map);
    mem_free(t.truth);
    mem_free(t.width);
    mem_free(t.height);
    mem_free(t.sums);
    return result;
}

status reduce_boxes(const struct run *r, int net, const struct reduce_rows *rows)
{
    struct columns a = { .rows = rows };
    status result = OK;

    TRY_OUT(make_columns(r, &a));
    TRY_OUT(fetch(r, net, 0, "iou", 0, a.iou));
    for (int64_t i = 0; i < rows->n; i++)
        a.has[i] = a.iou[i][0] >= 0;
    for (int p = 0; p < r->precisions; p++)
        TRY_OUT(reduce_precision(r, net, p, &a));
    TRY_OUT(reduce_trivial(r, net, &a));
out:
    free_columns(&a);
    return result;
}
