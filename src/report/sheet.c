/* src/report/sheet.c: sheets of the input gradient's maps. */
#include "sheet.h"

#include <string.h>

enum { SIDE = 96, NAME = STORE_PATH + 2 * STORE_NAME };

char *sheet_file(const struct sheets *s, int network, char out[STORE_NAME + 16])
{
    snprintf(out, STORE_NAME + 16, "sheet_%s.png", s->layout->network[network].name);
    return out;
}

/* ---- which pictures ------------------------------------------------------------------------------------ */

/* The first places of the control whose rows are good; returns how many. */
static status choose(struct store_reader *r, int network, int64_t place[SHEET_ROWS], int *count)
{
    const struct store_layout *l = store_reader_layout(r);
    const char *of = l->network[network].name;
    uint8_t in, state;
    char path[NAME];

    *count = 0;
    for (int64_t i = 0; i < l->subset && *count < SHEET_ROWS; i++) {
        snprintf(path, sizeof path, "/models/%s/subset/in_control", of);
        TRY(store_read(r, path, STORE_U8, i, 1, &in, sizeof in));
        snprintf(path, sizeof path, "/models/%s/subset/status", of);
        TRY(store_read(r, path, STORE_U8, i, 1, &state, sizeof state));
        if (in && state == STORE_OK)
            place[(*count)++] = i;
    }
    return OK;
}

/* ---- one row ------------------------------------------------------------------------------------------- */

static status enlarge(const struct image *in, int times, struct image *out)
{
    *out = (struct image){ in->width * times, in->height * times, NULL };
    MEM_TRY(out->rgb, (size_t)out->width * (size_t)out->height, 3);
    for (int y = 0; y < out->height; y++)
        for (int x = 0; x < out->width; x++)
            memcpy(out->rgb + 3 * ((size_t)y * (size_t)out->width + (size_t)x),
                   in->rgb + 3 * ((size_t)(y / times) * (size_t)in->width + (size_t)(x / times)), 3);
    return OK;
}

/* A precision's map, as it is stored, over the enlarged picture. */
static status draw_map(const struct panel *p, int precision, int64_t place, int times,
                       const struct image *crop, const struct picture_panel *at, struct image *im)
{
    int width = p->pipeline.width, height = p->pipeline.height;
    uint8_t *map, *large = NULL;
    char path[NAME];
    status result = OK;

    MEM_TRY(map, (size_t)width, (size_t)height);
    MEM_TRY_OUT(large, (size_t)crop->width, (size_t)crop->height);
    snprintf(path, sizeof path, "/models/%s/subset/%s/map_gradient", p->l->network[p->network].name,
             p->l->precision[precision].name);
    TRY_OUT(store_read(p->r, path, STORE_U8, place, 1, map, (size_t)width * (size_t)height));
    for (int y = 0; y < crop->height; y++)
        for (int x = 0; x < crop->width; x++)
            large[y * crop->width + x] = map[y / times * width + x / times];
    picture_map(im, at, crop, large);
out:
    mem_free(map);
    mem_free(large);
    return result;
}

static status draw_row(const struct panel *p, int64_t place, int times, int y, struct panel_missing *missing,
                       struct image *im)
{
    struct picture_panel at = { 0, y, p->pipeline.width * times, p->pipeline.height * times };
    struct image saw = { 0 }, crop = { 0 };
    char path[NAME], name[1024 + 8];
    status result = OK;
    int64_t image;

    snprintf(path, sizeof path, "/models/%s/subset/image", p->l->network[p->network].name);
    TRY(store_read(p->r, path, STORE_S64, place, 1, &image, sizeof image));
    TRY(store_read_string(p->r, "/images/path", image, name, sizeof name));
    TRY_OUT(panel_saw(p, image, name, missing, &saw));
    TRY_OUT(enlarge(&saw, times, &crop));
    picture_crop(im, &at, &crop);
    for (int k = 0; k < p->l->precisions; k++) {
        at.x += at.width + PICTURE_GAP;
        TRY_OUT(draw_map(p, k, place, times, &crop, &at, im));
    }
out:
    image_free(&saw);
    image_free(&crop);
    return result;
}

/* ---- a sheet ------------------------------------------------------------------------------------------- */

static status draw_sheet(struct store_reader *r, const struct report_options *options, int network,
                         struct panel_missing *missing, struct sheets *s)
{
    struct panel *p = NULL;
    struct image im = { 0 };
    int64_t place[SHEET_ROWS];
    char path[4096], file[STORE_NAME + 16];
    int times, width, height, rows;
    status result = OK;

    TRY(choose(r, network, place, &rows));
    if (rows == 0)
        return OK;
    MEM_TRY(p, 1, sizeof *p);
    TRY_OUT(panel_open(r, options->images, network, p));
    times = p->pipeline.width < SIDE ? (SIDE + p->pipeline.width - 1) / p->pipeline.width : 1;
    width = p->pipeline.width * times;
    height = p->pipeline.height * times;
    TRY_OUT(picture_blank(&im, width + s->layout->precisions * (width + PICTURE_GAP),
                          rows * height + (rows - 1) * PICTURE_GAP));
    for (int i = 0; i < rows; i++)
        TRY_OUT(draw_row(p, place[i], times, i * (height + PICTURE_GAP), missing, &im));
    TRY_OUT(text_path(path, sizeof path, options->folder, sheet_file(s, network, file)));
    TRY_OUT(image_write_png(path, &im));
    s->rows[network] = rows;
out:
    image_free(&im);
    mem_free(p);
    return result;
}

status sheet_write(struct store_reader *r, const struct report_options *options,
                   struct panel_missing *missing, struct sheets *out)
{
    const struct store_layout *l = store_reader_layout(r);
    int has = 0;

    memset(out, 0, sizeof *out);
    for (int m = 0; m < l->maps; m++)
        has |= strcmp(l->map[m], "gradient") == 0;
    if (!has || options->pictures < 1)
        return OK;
    out->layout = l;
    for (int k = 0; k < l->networks; k++)
        TRY(draw_sheet(r, options, k, missing, out));
    return OK;
}

/* ---- in words ------------------------------------------------------------------------------------------ */

status sheet_rule(const struct sheets *s, struct text *out)
{
    TRY(text_add(out, "A sheet a network, a picture a row: what the network saw, then the map in "));
    for (int p = 0; p < s->layout->precisions; p++)
        TRY(text_add(out, "%s%s", p ? ", " : "", s->layout->precision[p].name));
    return text_add(out,
                    ", from dark violet (0) to yellow (1), over the picture in grey. The first pictures of "
                    "the control, which are drawn at random.");
}

status sheet_markdown(const struct sheets *s, struct text *out)
{
    char file[STORE_NAME + 16];

    if (!s->layout)
        return OK;
    TRY(text_add(out, "## Maps of the input gradient\n\n"));
    TRY(sheet_rule(s, out));
    TRY(text_add(out, "\n\n"));
    for (int k = 0; k < s->layout->networks; k++)
        if (s->rows[k])
            TRY(text_add(out, "![%s](%s)\n\n", s->layout->network[k].name, sheet_file(s, k, file)));
    return OK;
}
