/* src/report/panel.c: what a network saw, and its maps. */
#include "panel.h"

#include <math.h>
#include <string.h>

#include "cam.h"
#include "value.h"

enum { SIDE_MOST = 4096, BOXES = 64 }; /* more true boxes of an image are not drawn */

status panel_open(struct store_reader *r, const char *images, int network, struct panel *out)
{
    const struct store_layout *l = store_reader_layout(r);
    const struct store_network *n = &l->network[network];
    char *provenance = NULL, key[STORE_NAME + 24], value[IMAGE_PIPELINE_TEXT] = "", given[sizeof out->root];
    struct image_pipeline *p = &out->pipeline;
    status result = OK;

    memset(out, 0, sizeof *out);
    out->r = r;
    out->l = l;
    out->network = network;
    if (n->input_h < 1 || n->input_w < 1 || n->input_h > SIDE_MOST || n->input_w > SIDE_MOST)
        return FAIL(ERR_FORMAT, "%s: pictures of %d x %d pixels, not of 1 to %d a side", store_reader_path(r),
                    n->input_w, n->input_h, SIDE_MOST);
    TRY_OUT(value_text(r, "/provenance", &provenance));
    snprintf(key, sizeof key, "network.%s.pipeline", n->name);
    (void)text_value(provenance ? provenance : "", key, value, sizeof value);
    TRY_OUT(image_pipeline_read(value, p));
    if (p->height != n->input_h || p->width != n->input_w)
        TRY_OUT(FAIL(ERR_FORMAT, "%s: %s = %s, but its maps are of %d x %d pixels", store_reader_path(r), key,
                     value, n->input_h, n->input_w));
    p->channels = 3; /* shown in colour, whatever the network saw */
    if (!text_value(provenance ? provenance : "", "data.images", given, sizeof given))
        given[0] = '\0';
    image_root(images ? images : given, out->root, sizeof out->root);
out:
    mem_free(provenance);
    return result;
}

/* ---- the picture --------------------------------------------------------------------------------------- */

/* A result file may come from anywhere: a name in it leads to no file outside the pictures' folder. */
static int stays_inside(const char *path)
{
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (!strncmp(part, "..", 2) && (part[2] == '/' || part[2] == '\0'))
            return 0;
    }
    return path[0] != '\0' && path[0] != '/';
}

/* The image's own picture as the network saw it, and its boxes in that frame. A missing file leaves `crop`
 * (freed with image_free) white, without boxes. */
static status read_crop(const struct panel *p, int64_t image, const char *path, struct panel_missing *missing,
                        struct image *crop, struct image_box box[BOXES], int *boxes)
{
    size_t bytes = image_pipeline_bytes(&p->pipeline);
    struct image_info info = { 0 };
    char full[4096];
    int64_t first = 0;
    int32_t count = 0;
    status s;

    *boxes = 0;
    crop->width = p->pipeline.width;
    crop->height = p->pipeline.height;
    MEM_TRY(crop->rgb, bytes, 1);
    s = stays_inside(path) ? text_path(full, sizeof full, p->root, path)
                           : FAIL(ERR_FORMAT, "'%.200s' lies outside the pictures' folder", path);
    if (s != OK || image_load(full, &p->pipeline, crop->rgb, &info) != OK) {
        if (missing->count++ == 0)
            snprintf(missing->first, sizeof missing->first, "%.500s", error_last()->text);
        memset(crop->rgb, 255, bytes);
        return OK;
    }
    TRY(store_read(p->r, "/images/box_first", STORE_S64, image, 1, &first, sizeof first));
    TRY(store_read(p->r, "/images/box_count", STORE_S32, image, 1, &count, sizeof count));
    for (int32_t i = 0; i < count && i < BOXES && first <= INT64_MAX - BOXES; i++) {
        int32_t in[4];
        double edge[4];

        TRY(store_read(p->r, "/images/boxes", STORE_S32, first + i, 1, in, sizeof in));
        if (image_box_in_frame(&(struct image_box){ in[0], in[1], in[2], in[3] }, info.width, info.height,
                               &p->pipeline, 0, edge))
            box[(*boxes)++] =
                (struct image_box){ (int)edge[0], (int)edge[1], (int)fmin(edge[2], p->pipeline.width - 1),
                                    (int)fmin(edge[3], p->pipeline.height - 1) };
    }
    return OK;
}

/* ---- a map --------------------------------------------------------------------------------------------- */

/* map: (height, width) u8. name: of its projections, "cam". */
static status read_map(const struct panel *p, int precision, const char *name, int64_t image, uint8_t *map)
{
    const struct store_layer n = store_layer(p->l, p->network, precision);
    int height = p->pipeline.height, width = p->pipeline.width;
    size_t cells = (size_t)n.h * (size_t)n.w, pixels = (size_t)height * (size_t)width;
    char path[STORE_PATH + 2 * STORE_NAME], template[STORE_PATH];
    float *values;
    status result = OK;

    MEM_TRY(values, cells + pixels, sizeof *values);
    snprintf(template, sizeof template, "/models/{k}/{p}/%s", name);
    value_expand(p->l, p->network, precision, template, path, sizeof path);
    TRY_OUT(store_read(p->r, path, STORE_F32, image, 1, values, cells * sizeof *values));
    for (size_t i = 0; i < cells; i++)
        if (!isfinite(values[i]))
            values[i] = 0;
    cam_finish(values, n.h, n.w, height, width, values + cells);
    cam_bytes(values + cells, (int)pixels, map);
out:
    mem_free(values);
    return result;
}

static status draw_map(const struct panel *p, int precision, int64_t image, const uint8_t own[3],
                       const struct image *crop, const struct picture_panel *at, struct image *im)
{
    char path[STORE_PATH + 2 * STORE_NAME];
    int32_t edge[4];
    uint8_t *map;
    status result = OK;

    MEM_TRY(map, (size_t)crop->width * (size_t)crop->height, 1);
    TRY_OUT(read_map(p, precision, "cam", image, map));
    picture_map(im, at, crop, map);
    value_expand(p->l, p->network, precision, "/models/{k}/{p}/wsol/box", path, sizeof path);
    TRY_OUT(store_read(p->r, path, STORE_S32, image, 1, edge, sizeof edge));
    if (edge[0] >= 0)
        picture_frame(im, at, &(struct image_box){ edge[0], edge[1], edge[2], edge[3] }, own);
out:
    mem_free(map);
    return result;
}

void panel_size(const struct store_layout *l, int network, int *width, int *height)
{
    *width = l->network[network].input_w * (1 + l->precisions) + PICTURE_GAP * l->precisions;
    *height = l->network[network].input_h;
}

status panel_draw(const struct panel *p, int64_t image, const char *path, const uint8_t (*own)[3], int y,
                  struct image *im, struct panel_missing *missing)
{
    static const uint8_t white[3] = { 255, 255, 255 };
    struct picture_panel at = { 0, y, p->pipeline.width, p->pipeline.height };
    struct image_box box[BOXES];
    struct image crop = { 0 };
    int boxes = 0;
    status result = OK;

    TRY_OUT(read_crop(p, image, path, missing, &crop, box, &boxes));
    picture_crop(im, &at, &crop);
    for (int k = -1; k < p->l->precisions; k++) {
        at.x = (k + 1) * (at.width + PICTURE_GAP);
        if (k >= 0)
            TRY_OUT(draw_map(p, k, image, own ? own[k] : picture_orange, &crop, &at, im));
        for (int i = 0; i < boxes; i++)
            picture_frame(im, &at, &box[i], white);
    }
out:
    image_free(&crop);
    return result;
}

status panel_saw(const struct panel *p, int64_t image, const char *path, struct panel_missing *missing,
                 struct image *crop)
{
    struct image_box box[BOXES];
    int boxes;

    return read_crop(p, image, path, missing, crop, box, &boxes);
}

status panel_map(const struct panel *p, int precision, const char *method, int64_t image,
                 const struct image *crop, const struct picture_panel *at, struct image *im)
{
    char name[STORE_NAME + 8];
    uint8_t *map;
    status result = OK;

    snprintf(name, sizeof name, strcmp(method, "eigen") == 0 ? "cam" : "cam_%s", method);
    MEM_TRY(map, (size_t)crop->width * (size_t)crop->height, 1);
    TRY_OUT(read_map(p, precision, name, image, map));
    picture_map(im, at, crop, map);
out:
    mem_free(map);
    return result;
}

status panel_picture(const struct panel *p, int64_t image, const char *path, struct image *im,
                     struct panel_missing *missing)
{
    int width, height;

    panel_size(p->l, p->network, &width, &height);
    TRY(picture_blank(im, width, height));
    return panel_draw(p, image, path, NULL, 0, im, missing);
}
