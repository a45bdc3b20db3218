#include "album.h"

#include <string.h>

#include "metric.h"
#include "picture.h"
#include "viridis.h"

enum {
    TEXT_MAX = 16 << 20,
    ROWS_MAX_BYTES = 1 << 30,
    MOST = 64,
    SIDE_MOST = 4096,
    RESIZE_MOST = 16384
};

/* The images of one network whose maps differ most, largest RMSE first. */
struct shelf {
    int64_t image[MOST];
    float *rmse;
    uint8_t *row_status;
    int count;
};

static status shelf_read(struct store_reader *r, int network, int most, struct shelf *s)
{
    const struct store_layout *layout = store_reader_layout(r);
    const char *name = layout->network[network].name;
    char path[STORE_PATH + STORE_NAME];
    int64_t rows = 0, count = 0;

    snprintf(path, sizeof path, "/models/%s/%s/vs_%s/rmse_aligned", name, layout->precision[1].name,
             layout->precision[0].name);
    TRY(store_read_all(r, path, STORE_F32, ROWS_MAX_BYTES, (void **)&s->rmse, &rows));
    snprintf(path, sizeof path, "/models/%s/status", name);
    TRY(store_read_all(r, path, STORE_U8, ROWS_MAX_BYTES, (void **)&s->row_status, &count));
    if (count != rows)
        return FAIL(ERR_MISMATCH, "%s: %lld rows where the RMSE has %lld", path, (long long)count,
                    (long long)rows);
    for (int64_t i = 0; i < count; i++)
        s->row_status[i] = s->row_status[i] == STORE_OK;
    s->count = metric_largest(s->rmse, s->row_status, rows, most, s->image);
    return OK;
}

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

status album_crop(struct store_reader *r, const struct image_pipeline *p, const char *root, int64_t image,
                  struct album *g, const char *path, struct image *crop, struct image_box box[ALBUM_BOXES],
                  int *boxes)
{
    char full[4096];
    struct image_info info = { 0 };
    int64_t first = 0;
    int32_t count = 0;
    status s;

    *boxes = 0;
    crop->width = p->width;
    crop->height = p->height;
    MEM_TRY(crop->rgb, image_pipeline_bytes(p), 1);
    memset(crop->rgb, 255, image_pipeline_bytes(p));
    s = stays_inside(path) ? text_path(full, sizeof full, root, path)
                           : FAIL(ERR_FORMAT, "'%.200s' lies outside the pictures' folder", path);
    if (s != OK || image_load(full, p, crop->rgb, &info) != OK) {
        if (g->missing++ == 0)
            snprintf(g->first_missing, sizeof g->first_missing, "%.500s", error_last()->text);
        memset(crop->rgb, 255, image_pipeline_bytes(p));
        return OK;
    }
    TRY(store_read(r, "/images/box_first", STORE_S64, image, 1, &first, sizeof first));
    TRY(store_read(r, "/images/box_count", STORE_S32, image, 1, &count, sizeof count));
    for (int32_t i = 0; i < count && i < ALBUM_BOXES && first <= INT64_MAX - ALBUM_BOXES; i++) {
        int32_t edge[4];
        struct image_box stored;

        TRY(store_read(r, "/images/boxes", STORE_S32, first + i, 1, edge, sizeof edge));
        stored = (struct image_box){ edge[0], edge[1], edge[2], edge[3] };
        *boxes += picture_box_in_crop(&stored, info.width, info.height, p, &box[*boxes]);
    }
    return OK;
}

/* One picture of the gallery: its place on the shelf, its maps, its file. */
static status write_picture(struct store_reader *r, const struct report_options *options,
                            const struct image_pipeline *p, const char *root, const uint8_t palette[256][3],
                            struct album *g, struct album_picture *picture)
{
    const struct store_layout *layout = store_reader_layout(r);
    const char *name = layout->network[picture->network].name;
    struct image crop = { 0 }, out = { 0 };
    struct image_box box[ALBUM_BOXES];
    uint8_t *map[STORE_MAX_PRECISIONS] = { 0 };
    char path[4096];
    int boxes = 0;
    status result = OK;

    TRY_OUT(store_read_string(r, "/images/path", picture->image, picture->path, sizeof picture->path));
    TRY_OUT(album_crop(r, p, root, picture->image, g, picture->path, &crop, box, &boxes));
    for (int i = 0; i < layout->precisions; i++) {
        int64_t count = 0;

        snprintf(path, sizeof path, "/gallery/%s_top%02d_%s", name, picture->place,
                 layout->precision[i].name);
        TRY_OUT(store_read_all(r, path, STORE_U8, TEXT_MAX, (void **)&map[i], &count));
        if (count != (int64_t)p->width * p->height) {
            result =
                FAIL(ERR_MISMATCH, "%s: %lld pixels, not %d x %d", path, (long long)count, p->width,
                     p->height);
            goto out;
        }
    }
    TRY_OUT(
        picture_compose(&crop, box, boxes, (const uint8_t *const *)map, layout->precisions, palette, &out));
    snprintf(picture->file, sizeof picture->file, "gallery/%s_top%02d.png", name, picture->place);
    TRY_OUT(text_path(path, sizeof path, options->folder, picture->file));
    TRY_OUT(image_write_png(path, &out));
out:
    for (int i = 0; i < layout->precisions; i++)
        mem_free(map[i]);
    image_free(&crop);
    image_free(&out);
    return result;
}

/* A one-element text dataset, NUL-terminated. */
static status read_text(struct store_reader *r, const char *path, char **out)
{
    const struct store_dataset *d = store_reader_find(r, path);

    if (!d || d->element < 1 || d->element > TEXT_MAX)
        return FAIL(ERR_FORMAT, "%s: %s is missing or not a text of at most 16 MiB", store_reader_path(r),
                    path);
    MEM_TRY(*out, d->element + 1, 1);
    return store_read_string(r, path, 0, *out, d->element + 1);
}

status album_pipeline(struct store_reader *r, int network, struct image_pipeline *p, char *root,
                      size_t root_size)
{
    const struct store_layout *layout = store_reader_layout(r);
    char *provenance = NULL, key[STORE_NAME + 24], value[IMAGE_PIPELINE_TEXT] = "";
    status result = OK;

    if (layout->input_h != layout->input_w || layout->input_h < 1 || layout->input_h > SIDE_MOST)
        return FAIL(ERR_FORMAT, "%s: pictures of %d x %d pixels, not square with at most %d",
                    store_reader_path(r), layout->input_w, layout->input_h, SIDE_MOST);
    TRY_OUT(read_text(r, "/provenance", &provenance));
    snprintf(key, sizeof key, "network.%s.pipeline", layout->network[network].name);
    (void)text_value(provenance, key, value, sizeof value);
    TRY_OUT(image_pipeline_read(value, p));
    if (p->height != layout->input_h || p->width != layout->input_w)
        TRY_OUT(FAIL(ERR_FORMAT, "%s: %s = %s, but its maps are of %d x %d pixels", store_reader_path(r), key,
                     value, layout->input_h, layout->input_w));
    p->channels = 3; /* shown in colour, whatever the network saw */
    if (!text_value(provenance, "data.images", root, root_size))
        root[0] = '\0';
out:
    mem_free(provenance);
    return result;
}

static status write_shelf(struct store_reader *r, const struct report_options *options,
                          const struct image_pipeline *p, const char *root, const uint8_t palette[256][3],
                          int network, struct album *g)
{
    const struct store_layout *layout = store_reader_layout(r);
    int most = layout->pictures < options->pictures ? layout->pictures : options->pictures;
    struct shelf shelf = { 0 };
    status result = OK;

    TRY_OUT(shelf_read(r, network, most < MOST ? most : MOST, &shelf));
    for (int i = 0; i < shelf.count; i++) {
        struct album_picture *picture = &g->picture[g->count];

        picture->network = network;
        picture->place = i + 1;
        picture->image = shelf.image[i];
        picture->rmse = shelf.rmse[shelf.image[i]];
        TRY_OUT(write_picture(r, options, p, root, palette, g, picture));
        g->count++;
    }
out:
    mem_free(shelf.rmse);
    mem_free(shelf.row_status);
    return result;
}

status album_write(struct store_reader *r, const struct report_options *options, struct album *out)
{
    const struct store_layout *layout = store_reader_layout(r);
    struct image_pipeline pipeline;
    uint8_t palette[256][3];
    char folder[4096], root[4096];

    memset(out, 0, sizeof *out);
    out->layout = layout;
    if (layout->pictures < 1 || options->pictures < 1 || layout->precisions < 2 ||
        !store_reader_find(r, "/gallery/palette"))
        return OK;
    TRY(text_path(folder, sizeof folder, options->folder, "gallery"));
    TRY(text_make_folder(folder));
    viridis_fill(palette);
    TRY(album_pipeline(r, 0, &pipeline, root, sizeof root));
    MEM_TRY(out->picture, (size_t)layout->networks * MOST, sizeof *out->picture);
    for (int k = 0; k < layout->networks; k++)
        TRY(write_shelf(r, options, &pipeline, options->images ? options->images : root, palette, k, out));
    return OK;
}

status album_markdown(const struct album *g, struct text *out)
{
    int network = -1;

    for (int i = 0; i < g->count; i++) {
        const struct album_picture *p = &g->picture[i];

        if (p->network != network) {
            network = p->network;
            TRY(text_add(out,
                         "\n## %s: the images whose maps differ most\n\n"
                         "Picture with its true box, then the map of",
                         g->layout->network[network].name));
            for (int k = 0; k < g->layout->precisions; k++)
                TRY(text_add(out, "%s %s", k ? "," : "", g->layout->precision[k].name));
            TRY(text_add(out, ".\n\n"));
        }
        TRY(text_add(out, "![%s](%s) RMSE %.2f, `%s`\n\n", p->file, p->file, (double)p->rmse, p->path));
    }
    if (g->missing)
        TRY(text_add(out, "%d pictures could not be read, their maps stand alone; the first: %s\n",
                     g->missing, g->first_missing));
    return OK;
}

void album_free(struct album *g)
{
    mem_free(g->picture);
    g->picture = NULL;
    g->count = 0;
}
