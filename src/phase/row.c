/* src/phase/row.c: one row of /models/<net>: which field takes what of the probe. */
#include "row.h"

#include <string.h>

_Static_assert(STORE_RULES == (int)WSOL_RULES && STORE_CRITERIA == (int)WSOL_MASKS &&
                   (int)RUN_TOP == (int)PROBE_TOP && (int)STORE_REMOVED == (int)REMOVAL_POINTS,
               "the schema's extents are the metric's");

enum { MOST_MEASURES = 64, SIGNS = 2 };

/* A measure that the file has a column for. */
struct column {
    const struct measure *measure;
    int method, handle;
};

/* Handles of one precision's fields, -1 where the file does not have the field. */
struct columns {
    int top5, score5, logits, cam, raw_sign, own_sign, constant, activation_mean, activation;
    int method[CAM_METHODS], degenerate[CAM_METHODS], undefined;
    int removal_right;
    int iou[SIGNS], box[SIGNS], right[SIGNS]; /* of the map, and of the one in the raw sign */
    struct column measure[MOST_MEASURES];
    int measures;
};

struct row {
    const struct run *r;
    struct store_rows *rows;
    int net;
    struct wsol_box *truth; /* (most boxes of an image) */
    struct columns of[STORE_MAX_PRECISIONS];
};

/* ---- which fields there are ---------------------------------------------------------------------------- */

/* PRECISION/NAME, -1 where the file does not have it. */
static int handle(const struct row *row, const char *precision, const char *name)
{
    const struct store_dataset *d;
    char path[2 * STORE_PATH];

    snprintf(path, sizeof path, "/models/%s/%s/%s", row->r->layout.network[row->net].name, precision, name);
    d = schema_find(store_schema(row->r->store), path);
    return d ? store_rows_handle(row->rows, d->field) : -1;
}

static void add_measure(const struct row *row, struct columns *c, const struct measure *m, int method,
                        const char *group)
{
    const char *name_of = cam_method_name((enum cam_method)method);
    char name[STORE_NAME];
    int at;

    BUG_IF(!measure_text(m->name, name_of, name, sizeof name));
    at = handle(row, group, name);
    if (at < 0)
        return;
    BUG_IF(c->measures == MOST_MEASURES);
    c->measure[c->measures++] = (struct column){ m, method, at };
}

static void find_measures(const struct row *row, struct columns *c, int p)
{
    const char *first = run_precision(row->r, 0), *own = run_precision(row->r, p);
    char group[2 * STORE_NAME + 8];

    for (const struct measure *m = measure_table; m->name; m++) {
        if (m->of != MEASURE_ONE && m->of != MEASURE_PAIR)
            continue;
        if (m->of == MEASURE_ONE)
            snprintf(group, sizeof group, "%s", own);
        else
            snprintf(group, sizeof group, "%s/vs_%s", own, first);
        for (int k = 0; k < (m->needs & MEASURE_METHOD ? CAM_METHODS : 1); k++)
            add_measure(row, c, m, k, group);
    }
}

static void find_columns(const struct row *row, int p, struct columns *c)
{
    static const char *const tail[SIGNS] = { "", "_raw" };
    const char *own = run_precision(row->r, p);
    char name[STORE_NAME];

    c->top5 = handle(row, own, "top5");
    c->score5 = handle(row, own, "score5");
    c->logits = handle(row, own, "logits");
    c->cam = handle(row, own, "cam");
    c->raw_sign = handle(row, own, "raw_sign");
    c->own_sign = handle(row, own, "own_sign");
    c->constant = handle(row, own, "constant");
    c->activation_mean = handle(row, own, "activation_mean");
    c->activation = handle(row, own, "activation");
    for (int m = 0; m < CAM_METHODS; m++) {
        snprintf(name, sizeof name, "cam_%s", cam_method_name((enum cam_method)m));
        c->method[m] = handle(row, own, name);
        snprintf(name, sizeof name, "degenerate_%s", cam_method_name((enum cam_method)m));
        c->degenerate[m] = handle(row, own, name);
    }
    c->undefined = handle(row, own, "undefined_gradcampp");
    c->removal_right = handle(row, own, "removal_right");
    for (int s = 0; s < SIGNS; s++) {
        snprintf(name, sizeof name, "wsol/iou%s", tail[s]);
        c->iou[s] = handle(row, own, name);
        snprintf(name, sizeof name, "wsol/box%s", tail[s]);
        c->box[s] = handle(row, own, name);
        snprintf(name, sizeof name, "wsol/right%s", tail[s]);
        c->right[s] = handle(row, own, name);
    }
    find_measures(row, c, p);
}

status row_create(const struct run *r, struct store_rows *rows, int net, struct row **out)
{
    struct row *row;

    MEM_TRY(*out, 1, sizeof **out);
    row = *out;
    row->r = r;
    row->rows = rows;
    row->net = net;
    MEM_TRY(row->truth, (size_t)run_most_boxes(r), sizeof *row->truth);
    for (int p = 0; p < r->precisions; p++)
        find_columns(row, p, &row->of[p]);
    return OK;
}

void row_free(struct row *row)
{
    if (!row)
        return;
    mem_free(row->truth);
    mem_free(row);
}

/* ---- filling them -------------------------------------------------------------------------------------- */

static void put(struct row *row, int at, const void *from, size_t bytes)
{
    memcpy(store_rows_at(row->rows, at), from, bytes);
}

static void put_measures(struct row *row, struct probe *p, int precision, enum measure_of of)
{
    const struct columns *c = &row->of[precision];

    for (int k = 0; k < c->measures; k++) {
        const struct column *m = &c->measure[k];

        if (m->measure->of == of)
            *(float *)store_rows_at(row->rows, m->handle) =
                (float)probe_measure(p, m->measure, m->method, precision);
    }
}

/* The map in the raw sign is the map itself, but where that sign is the other one. */
static void put_boxes(struct row *row, struct probe *p, int precision, int64_t image,
                      const struct image_info *info)
{
    const struct columns *c = &row->of[precision];
    int boxes = run_truth(row->r, row->net, image, info->width, info->height, row->truth);
    struct wsol_score score;
    int32_t box[4];

    for (int s = 0; s < SIGNS; s++) {
        if (s == 0 || probe_shown(p, precision)->cam.raw_sign < 0)
            probe_box(p, precision, s, row->truth, boxes, &score, box);
        put(row, c->iou[s], score.iou, sizeof score.iou);
        put(row, c->box[s], box, sizeof box);
        put(row, c->right[s], score.right, sizeof score.right);
    }
}

/* Why there is nothing to be seen of a map. */
static uint8_t degenerate(const struct cam_projection *p, int cells)
{
    float low, high;

    tensor_range(p->values, cells, &low, &high);
    return p->flat ? ROW_FLAT : high <= 0.0f || low == high ? ROW_EMPTY : 0;
}

static status put_methods(struct row *row, struct probe *p, int precision, int truth)
{
    const struct store_layer n = store_layer(&row->r->layout, row->net, precision);
    const struct columns *c = &row->of[precision];
    const struct probe_shown *s = probe_shown(p, precision);

    TRY(probe_methods(p, precision, probe_class(p, precision, truth)));
    for (int m = 0; m < CAM_METHODS; m++) {
        if (c->method[m] < 0)
            continue;
        put(row, c->method[m], s->method[m].values, (size_t)(n.h * n.w) * sizeof(float));
        *(uint8_t *)store_rows_at(row->rows, c->degenerate[m]) = degenerate(&s->method[m], n.h * n.w);
    }
    if (c->undefined >= 0)
        put(row, c->undefined, &s->method[CAM_GRADCAMPP].undefined, sizeof(int32_t));
    return OK;
}

static status put_removal(struct row *row, struct probe *p, int precision, int truth, const uint8_t *pixels)
{
    int at = row->of[precision].removal_right;

    if (at < 0 || truth < 0)
        return OK;
    return probe_removal(p, precision, pixels, truth, store_rows_at(row->rows, at));
}

status row_precision(struct row *row, struct probe *p, int precision, int64_t image,
                     const struct image_info *info, const uint8_t *pixels)
{
    int truth = row->r->list.entry[image].class_index;
    const struct columns *c = &row->of[precision];
    const struct probe_shown *s = probe_shown(p, precision);
    size_t cells = (size_t)s->layer.h * (size_t)s->layer.w;

    put(row, c->top5, s->top, sizeof s->top);
    put(row, c->score5, s->score, sizeof s->score);
    put(row, c->logits, s->logits, (size_t)s->classes * sizeof *s->logits);
    put(row, c->cam, s->cam.values, cells * sizeof(float));
    *(int8_t *)store_rows_at(row->rows, c->raw_sign) = (int8_t)s->cam.raw_sign;
    *(int8_t *)store_rows_at(row->rows, c->own_sign) = (int8_t)s->own_sign;
    *(uint8_t *)store_rows_at(row->rows, c->constant) = (uint8_t)s->cam.constant;
    probe_channel_means(&s->layer, store_rows_at(row->rows, c->activation_mean));
    if (c->activation >= 0)
        probe_layer_copy(&s->layer, store_rows_at(row->rows, c->activation));
    if (row->r->job->input_map)
        TRY(probe_input(p, precision, probe_class(p, precision, truth)));
    put_measures(row, p, precision, MEASURE_ONE);
    TRY(put_methods(row, p, precision, truth));
    put_boxes(row, p, precision, image, info);
    return put_removal(row, p, precision, truth, pixels);
}

void row_recall(struct row *row, struct probe *p, int precision)
{
    const struct columns *c = &row->of[precision];
    struct probe_memory m = { .top = store_rows_at(row->rows, c->top5),
                              .cam = store_rows_at(row->rows, c->cam),
                              .raw_sign = *(int8_t *)store_rows_at(row->rows, c->raw_sign),
                              .own_sign = *(int8_t *)store_rows_at(row->rows, c->own_sign) };

    for (int k = 0; k < CAM_METHODS; k++)
        if (c->method[k] >= 0)
            m.method[k] = store_rows_at(row->rows, c->method[k]);
    probe_recall(p, precision, &m);
}

void row_pair(struct row *row, struct probe *p, int precision)
{
    put_measures(row, p, precision, MEASURE_PAIR);
}
