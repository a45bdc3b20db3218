/* src/phase/reduce_boxes.c: what true boxes say of the maps of a set of images: mean IoU by rule,
 * localization accuracy, the MaxBoxAcc family, and the same of maps that have seen no picture. */
#include "local.h"

#include "metric.h"

#include <math.h>
#include <string.h>

/* How maps of one kind fit the true boxes, in image order: those of one precision and sign, or a trivial
 * one. */
struct columns {
    struct mem_set mem;
    const struct reduce_rows *rows;
    uint8_t *has;                                  /* (N) there is a true box in the frame */
    float (*iou)[WSOL_RULES];                      /* (N) */
    uint8_t (*right)[WSOL_MASKS][WSOL_MASK_BYTES]; /* (N) */
    int32_t (*box)[4];                             /* (N) */
};

static status make_columns(const struct run *r, struct columns *a)
{
    size_t n = (size_t)r->layout.images;

    MEM_TAKE(&a->mem, a->has, n, 1);
    MEM_TAKE(&a->mem, a->iou, n, sizeof *a->iou);
    MEM_TAKE(&a->mem, a->right, n, sizeof *a->right);
    MEM_TAKE(&a->mem, a->box, n, sizeof *a->box);
    return OK;
}

/* Of the set, and with a true box in the frame. */
static int counts(const struct columns *a, int64_t i, int set)
{
    return (a->rows->member[i] >> set & 1) && a->has[i];
}

/* ---- one kind of maps in one set ----------------------------------------------------------------------- */

struct fit {
    double mean[WSOL_RULES], sd[WSOL_RULES]; /* IoU */
    int64_t known, top1, top5;               /* GT-known, Top-1 and Top-5 Loc: t = 0.2, IoU at least 0.5 */
    struct wsol_best best;
};

static void mean_iou(const struct columns *a, int set, int64_t n, struct fit *f)
{
    for (int rule = 0; rule < WSOL_RULES && n > 0; rule++) {
        double sum = 0, squares = 0, mean;
        for (int64_t i = 0; i < a->rows->n; i++)
            sum += counts(a, i, set) ? (double)a->iou[i][rule] : 0;
        mean = sum / (double)n;
        for (int64_t i = 0; i < a->rows->n; i++) {
            double d = counts(a, i, set) ? (double)a->iou[i][rule] - mean : 0;
            squares += d * d;
        }
        f->mean[rule] = mean;
        f->sd[rule] = n > 1 ? sqrt(squares / (double)(n - 1)) : 0;
    }
}

/* n: images that count. top5: the answers beside the maps; NULL: there are none. */
static struct fit fit_of(const struct columns *a, const int32_t *top5, int set, int64_t n)
{
    struct wsol_counts sum = { 0 };
    struct fit f = { 0 };

    mean_iou(a, set, n, &f);
    for (int64_t i = 0; i < a->rows->n; i++) {
        int truth = a->rows->class_index[i], place = -1;

        if (!counts(a, i, set))
            continue;
        wsol_count(&sum, a->right[i]);
        if (a->iou[i][WSOL_T20] < 0.5f)
            continue;
        if (top5 && truth >= 0)
            place = accuracy_rank(top5 + i * RUN_TOP, RUN_TOP, truth);
        f.known++;
        f.top1 += place == 0;
        f.top5 += place >= 0;
    }
    wsol_best_of(&sum, n, &f.best);
    return f;
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

static void put_fit(struct figures *f, int set, int sign, const struct fit *fit)
{
    double share = f->images[set] > 0 ? 100.0 / (double)f->images[set] : 0;

    memcpy(f->mean[set][sign], fit->mean, sizeof fit->mean);
    memcpy(f->sd[set][sign], fit->sd, sizeof fit->sd);
    f->gt_known[set][sign] = share * (double)fit->known;
    f->top1[set][sign] = share * (double)fit->top1;
    f->top5[set][sign] = share * (double)fit->top5;
    f->max_box_acc[set][sign] = fit->best.max_box_acc;
    f->at[set][sign] = fit->best.threshold;
    f->v2[set][sign] = fit->best.max_box_acc_v2;
}

static status reduce_precision(const struct run *r, int net, int p, struct columns *a)
{
    const char *name = run_precision(r, p);
    struct figures f = { 0 };
    const struct run_column column[] = {
        { "images", f.images },
        { "without_box", f.without_box },
        { "no_foreground", f.no_foreground },
        { "iou_mean", f.mean },
        { "iou_sd", f.sd },
        { "gt_known", f.gt_known },
        { "top1_loc", f.top1 },
        { "top5_loc", f.top5 },
        { "max_box_acc", f.max_box_acc },
        { "max_box_acc_at", f.at },
        { "max_box_acc_v2", f.v2 },
    };

    TRY(run_fetch(r, net, 0, a->rows->n, a->box, "%s/wsol/box", name));
    count_images(a, &f);
    for (int sign = 0; sign < STORE_SIGNS; sign++) {
        const char *end = sign ? "_raw" : "";

        TRY(run_fetch(r, net, 0, a->rows->n, a->iou, "%s/wsol/iou%s", name, end));
        TRY(run_fetch(r, net, 0, a->rows->n, a->right, "%s/wsol/right%s", name, end));
        for (int s = 0; s < a->rows->sets; s++) {
            struct fit fit = fit_of(a, a->rows->top5[p], s, f.images[s]);

            put_fit(&f, s, sign, &fit);
        }
    }
    return run_put(r, net, "wsol", name, column, COUNT_OF(column));
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
    struct wsol_workspace *wsol;
    float *map;
    struct wsol_box *truth;
    int32_t *width, *height; /* (N) */
};

static status make_trivial(const struct run *r, int net, struct mem_set *mem, struct trivial *t)
{
    const struct store_network *own = &r->layout.network[net];
    size_t n = (size_t)r->layout.images;

    TRY(wsol_create(own->input_w, own->input_h, &t->wsol));
    MEM_TAKE(mem, t->map, (size_t)own->input_w * (size_t)own->input_h, sizeof *t->map);
    MEM_TAKE(mem, t->truth, (size_t)run_most_boxes(r), sizeof *t->truth);
    MEM_TAKE(mem, t->width, n, sizeof *t->width);
    MEM_TAKE(mem, t->height, n, sizeof *t->height);
    TRY(store_fetch(r->store, "/images/width", 0, r->layout.images, t->width));
    return store_fetch(r->store, "/images/height", 0, r->layout.images, t->height);
}

/* The same map of every image. */
static void fill_trivial(const struct run *r, int net, int kind, struct trivial *t, struct columns *a)
{
    struct wsol_score score;

    trivial_map(kind, r->layout.network[net].input_w, r->layout.network[net].input_h, t->map);
    wsol_scan(t->wsol, t->map);
    for (int64_t i = 0; i < a->rows->n; i++) {
        if (!counts(a, i, 0)) /* set 0 holds all others */
            continue;
        wsol_score(t->wsol, t->truth, run_truth(r, net, i, t->width[i], t->height[i], t->truth), &score);
        memcpy(a->iou[i], score.iou, sizeof score.iou);
        memcpy(a->right[i], score.right, sizeof score.right);
    }
}

static status reduce_trivial(const struct run *r, int net, struct columns *a)
{
    double mean[REDUCE_SETS][STORE_TRIVIALS] = { 0 }, known[REDUCE_SETS][STORE_TRIVIALS] = { 0 },
           most[REDUCE_SETS][STORE_TRIVIALS] = { 0 }, v2[REDUCE_SETS][STORE_TRIVIALS] = { 0 };
    const struct run_column column[] = {
        { "iou_mean", mean }, { "box_acc", known }, { "max_box_acc", most }, { "max_box_acc_v2", v2 }
    };
    int64_t images[REDUCE_SETS] = { 0 };
    struct trivial t = { 0 };
    status result = OK;

    for (int64_t i = 0; i < a->rows->n; i++)
        for (int s = 0; s < a->rows->sets; s++)
            images[s] += counts(a, i, s);
    TRY_OUT(make_trivial(r, net, &a->mem, &t));
    for (int kind = 0; kind < STORE_TRIVIALS; kind++) {
        fill_trivial(r, net, kind, &t, a);
        for (int s = 0; s < a->rows->sets; s++) {
            struct fit fit = fit_of(a, NULL, s, images[s]);

            mean[s][kind] = fit.mean[WSOL_T20];
            known[s][kind] = images[s] ? 100.0 * (double)fit.known / (double)images[s] : 0;
            most[s][kind] = fit.best.max_box_acc;
            v2[s][kind] = fit.best.max_box_acc_v2;
        }
    }
    TRY_OUT(run_put(r, net, "wsol_trivial", NULL, column, COUNT_OF(column)));
out:
    wsol_free(t.wsol);
    return result;
}

status reduce_boxes(const struct run *r, int net, const struct reduce_rows *rows)
{
    struct columns a = { .rows = rows };
    status result = OK;

    TRY_OUT(make_columns(r, &a));
    TRY_OUT(run_fetch(r, net, 0, rows->n, a.iou, "%s/wsol/iou", run_precision(r, 0)));
    for (int64_t i = 0; i < rows->n; i++)
        a.has[i] = a.iou[i][0] >= 0;
    for (int p = 0; p < r->precisions; p++)
        TRY_OUT(reduce_precision(r, net, p, &a));
    TRY_OUT(reduce_trivial(r, net, &a));
out:
    mem_drop(&a.mem);
    return result;
}
