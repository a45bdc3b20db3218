/* src/report/example.c: figure 3. */
#include "example.h"

#include <math.h>
#include <string.h>

#include "pairs.h"
#include "picture.h"
#include "value.h"

enum { AT_20 = 1, ROWS_MAX_BYTES = 1 << 30 };

/* A selection by the corrected reading. */
static int is_corrected(const char *selection)
{
    return strncmp(selection, "aligned", 7) == 0;
}

/* ---- which picture ------------------------------------------------------------------------------------- */

/* The pair's rows hold who is selected; iou[p]: (images), of precision p's box at each threshold. */
static void choose(const struct store_layout *l, const struct pairs *a, const uint8_t *explained,
                   float (*const iou[])[STORE_RULES], struct example_row *row)
{
    double most = -1;

    row->image = -1;
    for (int64_t i = 0; i < a->images; i++) {
        double low = 1, high = 0;
        int member = 0;

        for (int s = 0; s < l->selections; s++)
            member |= is_corrected(l->selection[s]) && pairs_in(a, i, 1 + s);
        if (!member || explained[a->place[i]] != STORE_OK)
            continue;
        for (int p = 0; p < l->precisions; p++) {
            low = fmin(low, (double)iou[p][i][AT_20]);
            high = fmax(high, (double)iou[p][i][AT_20]);
        }
        if (!(low >= 0) || high - low <= most)
            continue;
        most = high - low;
        row->image = i;
        for (int p = 0; p < l->precisions; p++)
            row->iou[p] = iou[p][i][AT_20];
    }
}

static status find_row(struct store_reader *r, int network, struct example_row *row)
{
    const struct store_layout *l = store_reader_layout(r);
    float(*iou[STORE_MAX_PRECISIONS])[STORE_RULES] = { NULL };
    uint8_t *explained = NULL;
    struct pairs a = { 0 };
    char path[STORE_PATH + 2 * STORE_NAME];
    int64_t count;
    status result = OK;

    TRY_OUT(pairs_read(r, network, 1, &a));
    value_expand(l, network, 0, "/models/{k}/subset/status", path, sizeof path);
    TRY_OUT(store_read_all(r, path, STORE_U8, ROWS_MAX_BYTES, (void **)&explained, &count));
    for (int p = 0; p < l->precisions; p++) {
        value_expand(l, network, p, "/models/{k}/{p}/wsol/iou", path, sizeof path);
        TRY_OUT(store_read_all(r, path, STORE_F32, ROWS_MAX_BYTES, (void **)&iou[p], &count));
        if (count != a.images * STORE_RULES)
            TRY_OUT(FAIL(ERR_MISMATCH, "%s: %lld values of %lld images", path, (long long)count,
                         (long long)a.images));
    }
    choose(l, &a, explained, iou, row);
    if (row->image < 0)
        goto out;
    TRY_OUT(store_read_string(r, "/images/path", row->image, row->path, sizeof row->path));
    for (int p = 0; p < l->precisions; p++) {
        value_expand(l, network, p, "/models/{k}/{p}/wsol/box", path, sizeof path);
        TRY_OUT(store_read(r, path, STORE_S32, row->image, 1, row->box[p], sizeof row->box[p]));
    }
out:
    for (int p = 0; p < l->precisions; p++)
        mem_free(iou[p]);
    mem_free(explained);
    pairs_free(&a);
    return result;
}

/* ---- the figure ---------------------------------------------------------------------------------------- */

int example_better(const struct example *e, int network, int p)
{
    const struct example_row *row = &e->row[network];

    for (int other = 0; other < e->layout->precisions; other++)
        if (row->iou[other] > row->iou[p])
            return 0;
    return 1;
}

/* A row a network, each of its own size. */
static status draw_figure(struct store_reader *r, const struct report_options *options,
                          struct panel_missing *missing, const struct example *e)
{
    uint8_t own[STORE_MAX_PRECISIONS][3];
    int width = 0, height = 0, w, h;
    struct image im = { 0 };
    struct panel *panel;
    char path[4096];
    status result = OK;

    for (int k = 0; k < e->rows; k++) {
        panel_size(e->layout, k, &w, &h);
        width = w > width ? w : width;
        height += h + (k ? PICTURE_GAP : 0);
    }
    MEM_TRY(panel, 1, sizeof *panel);
    TRY_OUT(picture_blank(&im, width, height));
    for (int k = 0, y = 0; k < e->rows; k++, y += h + PICTURE_GAP) {
        panel_size(e->layout, k, &w, &h);
        if (e->row[k].image < 0)
            continue;
        for (int p = 0; p < e->layout->precisions; p++)
            memcpy(own[p], example_better(e, k, p) ? "\x00\xDC\x00" : "\xE6\x00\x00", 3); /* green, red */
        TRY_OUT(panel_open(r, options->images, k, panel));
        TRY_OUT(
            panel_draw(panel, e->row[k].image, e->row[k].path, (const uint8_t(*)[3])own, y, &im, missing));
    }
    TRY_OUT(text_path(path, sizeof path, options->folder, "figure_3.png"));
    TRY_OUT(image_write_png(path, &im));
out:
    mem_free(panel);
    image_free(&im);
    return result;
}

static const char *why_none(const struct store_layout *layout)
{
    if (layout->precisions < 2)
        return "the job has one precision";
    for (int s = 0; s < layout->selections; s++)
        if (is_corrected(layout->selection[s]))
            return NULL;
    return "the job has no selection by the aligned maps";
}

status example_write(struct store_reader *r, const struct report_options *options,
                     struct panel_missing *missing, struct example *out)
{
    const struct store_layout *layout = store_reader_layout(r);
    int found = 0;

    memset(out, 0, sizeof *out);
    out->layout = layout;
    out->why = why_none(layout);
    if (out->why)
        return OK;
    for (int k = 0; k < layout->networks; k++) {
        TRY(find_row(r, k, &out->row[k]));
        found += out->row[k].image >= 0;
    }
    if (!found) {
        out->why = "no image of the aligned selections has a true box in the frame";
        return OK;
    }
    out->rows = layout->networks;
    return draw_figure(r, options, missing, out);
}

/* ---- the caption --------------------------------------------------------------------------------------- */

status example_caption(const struct example *e, int network, struct text *out)
{
    const struct example_row *row = &e->row[network];

    TRY(text_add(out, "%s: ", e->layout->network[network].name));
    if (row->image < 0)
        return text_add(out, "no image of its selection has a true box in the frame");
    for (int p = 0; p < e->layout->precisions; p++) {
        const char *colour = example_better(e, network, p) ? "green" : "red";

        TRY(text_add(out, "%s IoU %.3f (%s), ", e->layout->precision[p].name, (double)row->iou[p],
                     row->box[p][0] < 0 ? "no foreground, no box" : colour));
    }
    return OK;
}

const char *example_rule(void)
{
    return "A row a network: the picture with its true boxes (white), then each precision's map. Green: the "
           "map's box with the largest IoU, red: with a smaller one, all green where they are equal. Of the "
           "aligned subsets the picture whose IoU (threshold 0.2) differs most between two precisions, the "
           "first where several are equal: the extreme, not the typical one.";
}

status example_markdown(const struct example *e, struct text *out)
{
    if (e->why)
        return text_add(out, "There is no figure 3: %s.\n\n", e->why);
    TRY(text_add(out,
                 "![Figure 3. Where quantization moved the box most](figure_3.png)\n\n"
                 "Figure 3. %s\n\n",
                 example_rule()));
    for (int k = 0; k < e->rows; k++) {
        TRY(text_add(out, "- "));
        TRY(example_caption(e, k, out));
        TRY(text_add(out, e->row[k].image < 0 ? "\n" : "`%s`\n", e->row[k].path));
    }
    return text_add(out, "\n");
}
