/* src/report/html_gallery.c: the pictures of the page: figure 3, and the gallery with maps and answers. */
#include <math.h>
#include <string.h>

#include "html.h"
#include "markup.h"
#include "metric.h"
#include "names.h"
#include "pairs.h"
#include "panel.h"
#include "value.h"

enum {
    QUALITY = 80,
    EXAMPLE_QUALITY = 85,
    MOST = 64,
    KINDS = 3,
    OTHERS = STORE_MAX_PRECISIONS - 1,
    DIFFERENT = 1,
    CONTROL = 2,
    CHANGED = 4
};

static const struct {
    int bit;
    const char *name, *label;
} kinds[KINDS] = {
    { DIFFERENT, "different", "most different" },
    { CONTROL, "control", "random sample" },
    { CHANGED, "changed", "changed answer" },
};

struct item {
    int64_t image;
    unsigned kind;
};
struct gallery {
    struct store_reader *r;
    const struct store_layout *l;
    const struct report_options *options;
    struct panel panel; /* of the network in hand */
    struct panel_missing missing;
    struct item item[KINDS * MOST * OTHERS];
    int items;                 /* of the network in hand */
    struct pairs pair[OTHERS]; /* of each further precision */
    int others;
    size_t bytes; /* spent */
    int shown, left_out;
};

/* ---- pictures ------------------------------------------------------------------------------------------ */

/* An <img>, JPEG inside; kind: further attributes. */
static status add_image(const struct image *im, int quality, const char *kind, const char *words,
                        struct text *out)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    status result = OK;

    TRY(image_encode_jpeg(im, quality, &bytes, &size));
    TRY_OUT(text_add(out, "<img %s", kind));
    TRY_OUT(markup_add(out, " width=\"%d\" height=\"%d\" alt=\"%s\" src=\"data:image/jpeg;base64,", im->width,
                       im->height, words));
    TRY_OUT(markup_base64(out, bytes, size));
    TRY_OUT(text_add(out, "\">\n"));
out:
    mem_free(bytes);
    return result;
}

static status add_rows(const struct example *e, struct text *out)
{
    struct text caption = { .max = 1 << 16 };
    status result = OK;

    TRY(text_add(out, "<ul class=\"note\">\n"));
    for (int k = 0; k < e->rows && result == OK; k++) {
        caption.size = 0;
        TRY_OUT(example_caption(e, k, &caption));
        TRY_OUT(markup_add(out, e->row[k].image < 0 ? "<li>%s%s</li>\n" : "<li>%s<code>%s</code></li>\n",
                           caption.data, e->row[k].path));
    }
    result = text_add(out, "</ul>\n");
out:
    text_free(&caption);
    return result;
}

status html_example(const struct example *e, const char *folder, struct text *out)
{
    struct image im;
    char path[4096];
    status result;

    TRY(text_add(out, "<h3>Figure 3: where quantization moved the box most</h3>\n"));
    if (e->why)
        return text_add(out, "<p class=\"note\">There is none: %s.</p>\n", e->why);
    TRY(markup_add(out, "<p class=\"note\">%s</p>\n", example_rule()));
    TRY(text_path(path, sizeof path, folder, "figure_3.png"));
    TRY(image_read(path, &im));
    result = add_image(&im, EXAMPLE_QUALITY, "class=\"figure\"",
                       "A row a network: the picture, then its maps, with boxes", out);
    image_free(&im);
    TRY(result);
    return add_rows(e, out);
}

status html_gaze(const struct gaze *g, const char *folder, struct text *out)
{
    struct text rule = { .max = 1 << 16 };
    status result = OK;

    if (g->why)
        return OK;
    TRY_OUT(gaze_rule(g, &rule));
    TRY_OUT(markup_add(out,
                       "<h3>Where the networks look, and where people do</h3>\n<p class=\"note\">The second "
                       "study's figure 3. %s</p>\n",
                       rule.data));
    for (int i = 0; i < g->count; i++) {
        const struct gaze_picture *p = &g->picture[i];
        struct image im;
        char path[4096];

        TRY_OUT(text_path(path, sizeof path, folder, p->file));
        TRY_OUT(image_read(path, &im));
        result = add_image(&im, EXAMPLE_QUALITY, "class=\"figure\"",
                           "The picture, where people look, each network's maps", out);
        image_free(&im);
        TRY_OUT(result);
        TRY_OUT(markup_add(out, "<p class=\"note\"><code>%s</code>: mean of 1 - CC %.3f%s</p>\n", p->path,
                           (double)p->apart, p->truth ? "" : "; it has no truth"));
    }
out:
    text_free(&rule);
    return result;
}

status html_sheets(const struct sheets *s, const char *folder, struct text *out)
{
    struct text rule = { .max = 1 << 16 };
    char path[4096], file[STORE_NAME + 16];
    status result = OK;

    if (!s->layout)
        return OK;
    TRY_OUT(sheet_rule(s, &rule));
    TRY_OUT(markup_add(out, "<h3>Maps of the input gradient</h3>\n<p class=\"note\">%s</p>\n", rule.data));
    for (int k = 0; k < s->layout->networks; k++) {
        struct image im;

        if (!s->rows[k])
            continue;
        TRY_OUT(text_path(path, sizeof path, folder, sheet_file(s, k, file)));
        TRY_OUT(image_read(path, &im));
        TRY_OUT(markup_add(out, "<h4>%s</h4>\n", s->layout->network[k].name));
        result = add_image(&im, EXAMPLE_QUALITY, "class=\"figure\"",
                           "A row a picture, then its maps of the input gradient, a column a precision", out);
        image_free(&im);
        TRY_OUT(result);
    }
out:
    text_free(&rule);
    return result;
}

/* ---- which pictures ------------------------------------------------------------------------------------ */

static void add_item(struct gallery *g, int64_t image, unsigned kind)
{
    for (int i = 0; i < g->items; i++)
        if (g->item[i].image == image) {
            g->item[i].kind |= kind;
            return;
        }
    g->item[g->items++] = (struct item){ image, kind };
}

/* The answer of one of the precisions is another. */
static int is_changed(const struct gallery *g, int64_t image)
{
    for (int p = 0; p < g->others; p++)
        if (pairs_changed(&g->pair[p], image))
            return 1;
    return 0;
}

/* The largest aligned RMSE of the precisions. */
static double rmse_of(const struct gallery *g, int64_t image)
{
    double most = 0;

    for (int p = 0; p < g->others; p++)
        most = fmax(most, (double)g->pair[p].rmse[PAIRS_ALIGNED][image]);
    return most;
}

static status choose(struct gallery *g)
{
    int most = g->options->pictures < MOST ? g->options->pictures : MOST, count = 0;
    const struct pairs *a = &g->pair[0];
    int control = value_set(g->l, "control", "");
    int64_t place[MOST];
    uint8_t *changed;
    float *score;

    g->items = 0;
    for (int p = 0; p < g->others; p++) {
        count = metric_largest(g->pair[p].rmse[PAIRS_ALIGNED], a->ok, a->images, most, place);
        for (int i = 0; i < count; i++)
            add_item(g, place[i], DIFFERENT);
    }
    count = 0;
    for (int64_t i = 0; control > 0 && i < a->images && count < most; i++)
        if (pairs_in(a, i, control)) {
            add_item(g, i, CONTROL);
            count++;
        }
    MEM_TRY(changed, (size_t)a->images, 1);
    score = mem_alloc((size_t)a->images, sizeof *score);
    for (int64_t i = 0; score && i < a->images; i++) {
        changed[i] = a->ok[i] && is_changed(g, i);
        score[i] = a->score[0][i][0];
    }
    count = score ? metric_largest(score, changed, a->images, most, place) : 0;
    for (int i = 0; i < count; i++)
        add_item(g, place[i], CHANGED);
    mem_free(changed);
    if (!score)
        return FAIL(ERR_MEMORY, "no memory for %lld images", (long long)a->images);
    mem_free(score);
    return OK;
}

/* ---- one of them --------------------------------------------------------------------------------------- */

static status add_picture(struct gallery *g, int network, int64_t image, const char *name, struct text *out)
{
    struct image im = { 0 };
    char words[1200];
    status result;

    snprintf(words, sizeof words, "%s, then its maps in %s", name, g->l->network[network].name);
    result = panel_picture(&g->panel, image, name, &im, &g->missing);
    if (result == OK)
        result = add_image(&im, QUALITY, "loading=\"lazy\"", words, out);
    image_free(&im);
    return result;
}

/* The first five of each precision; the true class is marked. */
static status add_answers(struct gallery *g, int network, int64_t image, int true_class, struct text *out)
{
    TRY(text_add(out, "<div class=\"tops\">"));
    for (int p = 0; p < g->l->precisions; p++) {
        int32_t top[PAIRS_TOP];
        float score[PAIRS_TOP];
        char name[256];

        TRY(pairs_answer(g->r, network, p, image, top, score));
        TRY(markup_add(out, "<div>%s<ol>", g->l->precision[p].name));
        for (int i = 0; i < PAIRS_TOP; i++) {
            int right = true_class >= 0 && top[i] == true_class;

            TRY(names_class(g->r, g->options->names, top[i], name, sizeof name));
            TRY(markup_add(out,
                           right ? "<li><b>%s</b> <span class=\"soft\">%.1f %%, true</span></li>"
                                 : "<li>%s <span class=\"soft\">%.1f %%</span></li>",
                           name, 100 * (double)score[i]));
        }
        TRY(text_add(out, "</ol></div>"));
    }
    return text_add(out, "</div>");
}

static status add_heads(const struct gallery *g, struct text *out)
{
    TRY(text_add(out, "<div class=\"heads\"><span>picture</span>"));
    for (int p = 0; p < g->l->precisions; p++)
        TRY(markup_add(out, "<span>%s</span>", g->l->precision[p].name));
    return text_add(out, "</div>\n");
}

/* How one precision's map and answer differ from the first's. */
static status add_pair(const struct gallery *g, const struct pairs *a, int64_t i, struct text *out)
{
    return markup_add(out, "<br>%s: RMSE %.1f aligned, %.1f raw%s; |correlation| %.3f; IoU of the boxes %.2f",
                      g->l->precision[a->p].name, (double)a->rmse[PAIRS_ALIGNED][i],
                      (double)a->rmse[PAIRS_RAW][i], a->flipped[i] ? " (opposite)" : "",
                      (double)a->correlation[i], (double)a->box_iou[i]);
}

static status add_caption(struct gallery *g, const struct item *item, const char *name, int missing,
                          struct text *out)
{
    const struct pairs *a = &g->pair[0];
    int64_t i = item->image;
    char true_class[256];

    TRY(names_class(g->r, g->options->names, a->class_index[i], true_class, sizeof true_class));
    TRY(add_heads(g, out));
    TRY(markup_add(out, "<p><b>%s</b> ", g->l->network[a->network].name));
    for (int k = 0; k < KINDS; k++)
        if (item->kind & (unsigned)kinds[k].bit && kinds[k].bit != CHANGED)
            TRY(text_add(out, "<span class=\"tag\">%s</span>", kinds[k].label));
    if (is_changed(g, i))
        TRY(text_add(out, "<span class=\"tag on\">changed answer</span>"));
    for (int p = 0; p < g->others; p++)
        TRY(add_pair(g, &g->pair[p], i, out));
    TRY(markup_add(out, "<br>margin %.2f</p>\n<p><code>%s</code>, true class: %s%s</p>\n", pairs_margin(a, i),
                   name, true_class, missing ? ". The picture was not found: maps alone." : ""));
    return add_answers(g, a->network, i, a->class_index[i], out);
}

static status add_one(struct gallery *g, const struct item *item, struct text *out)
{
    const char *network = g->l->network[g->pair[0].network].name;
    char name[1028];
    size_t before = out->size;
    int missing = g->missing.count, first = 1;

    TRY(store_read_string(g->r, "/images/path", item->image, name, sizeof name));
    TRY(markup_add(out,
                   "<li data-at=\"%d\" data-rmse=\"%.4f\" data-margin=\"%.4f\" data-changed=\"%d\" "
                   "data-net=\"%s\" data-kind=\"",
                   g->shown, rmse_of(g, item->image), pairs_margin(&g->pair[0], item->image),
                   is_changed(g, item->image), network));
    for (int k = 0; k < KINDS; k++)
        if (item->kind & (unsigned)kinds[k].bit) {
            TRY(text_add(out, "%s%s", first ? "" : " ", kinds[k].name));
            first = 0;
        }
    TRY(text_add(out, "\">"));
    TRY(add_picture(g, g->pair[0].network, item->image, name, out));
    TRY(add_caption(g, item, name, g->missing.count > missing, out));
    TRY(text_add(out, "</li>\n"));
    g->bytes += out->size - before;
    g->shown++;
    return OK;
}

static status add_network(struct gallery *g, int network, size_t share, struct text *out)
{
    size_t from = g->bytes, largest = 0;
    status result = OK;

    memset(g->pair, 0, sizeof g->pair);
    TRY(panel_open(g->r, g->options->images, network, &g->panel));
    for (int p = 0; p < g->others; p++)
        TRY_OUT(pairs_read(g->r, network, 1 + p, &g->pair[p]));
    TRY_OUT(choose(g));
    for (int i = 0; i < g->items; i++) {
        size_t before = g->bytes;

        if (g->bytes - from + largest > share) {
            g->left_out++;
            continue;
        }
        TRY_OUT(add_one(g, &g->item[i], out));
        if (g->bytes - before > largest)
            largest = g->bytes - before;
    }
out:
    for (int p = 0; p < g->others; p++)
        pairs_free(&g->pair[p]);
    return result;
}

/* ---- the page's part -------------------------------------------------------------------------------------
 */

static status add_tools(const struct gallery *g, struct text *out)
{
    TRY(text_add(out,
                 "<div class=\"tools\"><label>network <select id=\"net\"><option value=\"\">all</option>"));
    for (int k = 0; k < g->l->networks; k++)
        TRY(markup_add(out, "<option>%s</option>", g->l->network[k].name));
    TRY(text_add(out, "</select></label>\n<label>kind <select id=\"kind\"><option value=\"\">all</option>"));
    for (int k = 0; k < KINDS; k++)
        TRY(text_add(out, "<option value=\"%s\">%s</option>", kinds[k].name, kinds[k].label));
    return text_add(out,
                    "</select></label>\n<label>answer <select id=\"changed\"><option value=\"\">any</option>"
                    "<option value=\"1\">changed</option><option value=\"0\">the same</option></select>"
                    "</label>\n<label>RMSE from <select id=\"least\"><option>0</option><option>10</option>"
                    "<option>25</option><option>50</option><option>100</option></select></label>\n"
                    "<label>order <select id=\"sort\"><option value=\"at\">by network and kind</option>"
                    "<option value=\"rmse\">largest RMSE first</option><option value=\"rising\">smallest "
                    "RMSE first</option><option value=\"margin\">smallest margin first</option></select>"
                    "</label>\n<span id=\"shown\" role=\"status\"></span></div>\n");
}

status html_gallery(struct store_reader *r, const struct report_options *options, size_t bytes,
                    struct report_summary *summary, struct text *out)
{
    struct gallery *g;
    status result = OK;

    MEM_TRY(g, 1, sizeof *g);
    g->r = r;
    g->l = store_reader_layout(r);
    g->options = options;
    g->others = g->l->precisions - 1;
    if (options->pictures < 1 || g->l->precisions < 2) {
        TRY_OUT(text_add(out, "<p>No pictures were asked for, or there is one precision.</p>\n"));
        goto out;
    }
    TRY_OUT(add_tools(g, out));
    TRY_OUT(text_add(out, "<ul class=\"gallery\" id=\"pictures\">\n"));
    for (int k = 0; k < g->l->networks; k++)
        TRY_OUT(add_network(g, k, bytes / (size_t)g->l->networks, out));
    TRY_OUT(text_add(out, "</ul>\n<p class=\"note\">%d pictures", g->shown));
    if (g->left_out)
        TRY_OUT(text_add(out, "; %d more would have made the page too large", g->left_out));
    if (g->missing.count)
        TRY_OUT(markup_add(out, "; of %d the file was not found or not readable, the first: %s",
                           g->missing.count, g->missing.first));
    TRY_OUT(text_add(out, ".</p>\n"));
    summary->page_pictures = g->shown;
    summary->page_missing = g->missing.count;
out:
    mem_free(g);
    return result;
}
