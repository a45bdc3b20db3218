#include "locate.h"

#include <string.h>

_Static_assert(STORE_RULES == (int)WSOL_RULES && WSOL_MASKS == 4 && WSOL_MASK_BYTES == 13,
               "the schema's extents are the metric's");

struct locate {
    const struct run *r;
    struct wsol_workspace *wsol;
    struct wsol_box *truth; /* (most boxes of an image) */
    float *flipped, *map;   /* a projection's negative; (H, W) */
};

int locate_most_boxes(const struct run *r)
{
    int most = 1;

    for (int i = 0; i < r->list.count; i++)
        most = r->list.entry[i].boxes > most ? r->list.entry[i].boxes : most;
    return most;
}

int locate_truth(const struct run *r, int64_t image, int width, int height, struct wsol_box *truth)
{
    const struct image_entry *entry = &r->list.entry[image];
    int count = 0;

    for (int i = 0; i < entry->boxes; i++) {
        double e[4];
        if (image_box_in_frame(&r->list.box[entry->box_first + i], width, height, &r->pipeline,
                               r->job->wsol_frame == JOB_FRAME_FULL, e))
            truth[count++] = (struct wsol_box){ e[0], e[1], e[2], e[3] };
    }
    return count;
}

static status make_room(struct locate *l)
{
    const struct run *r = l->r;
    size_t values = 1;

    for (int i = 0; i < r->networks; i++) {
        size_t hw = (size_t)r->layout.network[i].h * (size_t)r->layout.network[i].w;
        values = hw > values ? hw : values;
    }
    MEM_TRY(l->truth, (size_t)locate_most_boxes(r), sizeof *l->truth);
    MEM_TRY(l->flipped, values, sizeof *l->flipped);
    MEM_TRY(l->map, (size_t)r->input_h * (size_t)r->input_w, sizeof *l->map);
    return wsol_create(r->input_w, r->input_h, &l->wsol);
}

status locate_create(const struct run *r, struct locate **out)
{
    status s;

    MEM_TRY(*out, 1, sizeof **out);
    (*out)->r = r;
    s = make_room(*out);
    if (s != OK) {
        locate_free(*out);
        *out = NULL;
    }
    return s;
}

void locate_free(struct locate *l)
{
    if (!l)
        return;
    wsol_free(l->wsol);
    mem_free(l->truth);
    mem_free(l->flipped);
    mem_free(l->map);
    mem_free(l);
}

static void *field(struct store_rows *rows, const char *precision, const char *name)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "%s/%s", precision, name);
    return store_rows_field(rows, path);
}

/* One sign's three fields. */
struct located {
    float *iou;
    int32_t *box;
    uint8_t *right;
};

static void locate_map(struct locate *l, int net, const float *projection, int boxes,
                       const struct located *out)
{
    const struct store_network *n = &l->r->layout.network[net];
    struct wsol_score score;

    cam_finish(projection, n->h, n->w, l->r->input_h, l->r->input_w, l->map);
    wsol_scan(l->wsol, l->map);
    wsol_score(l->wsol, l->truth, boxes, &score);
    wsol_pixels(l->wsol, WSOL_T20, out->box);
    memcpy(out->iou, score.iou, sizeof score.iou);
    memcpy(out->right, score.right, sizeof score.right);
}

void locate_row(struct locate *l, struct store_rows *rows, int net, const char *precision, int64_t image,
                const struct image_info *info)
{
    const struct store_network *n = &l->r->layout.network[net];
    const float *cam = field(rows, precision, "cam");
    int boxes = locate_truth(l->r, image, info->width, info->height, l->truth);
    struct located resolved = { field(rows, precision, "wsol/iou"), field(rows, precision, "wsol/box"),
                                field(rows, precision, "wsol/right") };
    struct located raw = { field(rows, precision, "wsol/iou_raw"), field(rows, precision, "wsol/box_raw"),
                           field(rows, precision, "wsol/right_raw") };

    locate_map(l, net, cam, boxes, &resolved);
    if (*(const int8_t *)field(rows, precision, "raw_sign") < 0) {
        for (int i = 0; i < n->h * n->w; i++)
            l->flipped[i] = -cam[i];
        locate_map(l, net, l->flipped, boxes, &raw);
        return;
    }
    memcpy(raw.iou, resolved.iou, WSOL_RULES * sizeof *raw.iou);
    memcpy(raw.box, resolved.box, 4 * sizeof *raw.box);
    memcpy(raw.right, resolved.right, (size_t)WSOL_MASKS * WSOL_MASK_BYTES);
}
