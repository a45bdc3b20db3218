/* src/report/gaze.c: the second study's figure 3. */
#include "gaze.h"

#include <math.h>
#include <string.h>

#include "base_option.h"
#include "metric.h"
#include "picture.h"
#include "probe_truth.h"
#include "value.h"

enum { PATH = STORE_PATH + 2 * STORE_NAME, MOST_BYTES = 1 << 30 };

/* ---- what the job compared with --------------------------------------------------------------------------
 */

/* The settings as /provenance has them; texts into `room`. */
struct settings {
    struct truth_how how;
    char density[1024], masks[1024], fixations[1024], suffix[256];
};

static const char *line_of(const char *provenance, const char *key, char *to, size_t size)
{
    to[0] = '\0';
    return text_value(provenance, key, to, size) && to[0] ? to : NULL;
}

static status read_settings(struct store_reader *r, struct settings *s)
{
    char *provenance = NULL, number[32];
    const char *density;
    int method;
    double v;

    memset(s, 0, sizeof *s);
    TRY(value_text(r, "/provenance", &provenance));
    if (!provenance)
        return OK;
    density = line_of(provenance, "saliency.density", s->density, sizeof s->density);
    s->how.from[TRUTH_MASK] = line_of(provenance, "saliency.masks", s->masks, sizeof s->masks);
    s->how.from[TRUTH_FIXATIONS] =
        line_of(provenance, "saliency.fixations", s->fixations, sizeof s->fixations);
    s->how.suffix = line_of(provenance, "saliency.suffix", s->suffix, sizeof s->suffix);
    if (line_of(provenance, "saliency.origin", number, sizeof number) && text_parse_real(number, &v))
        s->how.origin = (int)v;
    if (line_of(provenance, "saliency.sigma", number, sizeof number) && text_parse_real(number, &v))
        s->how.sigma = v;
    method = density ? option_choice_find(SALIENCY_METHOD_NAMES, density) : -1;
    s->how.predicted = method >= 0;
    if (method >= 0)
        s->how.method = (enum saliency_method)method;
    if (density && method < 0 && strcmp(density, "masks") && strcmp(density, "fixations"))
        s->how.from[TRUTH_DENSITY] = density;
    mem_free(provenance);
    return OK;
}

status gaze_truth(struct store_reader *r, char *out, size_t size)
{
    char name[OPTION_NAME];
    struct settings *s;
    status result = OK;

    MEM_TRY(s, 1, sizeof *s);
    TRY_OUT(read_settings(r, s));
    if (s->how.predicted)
        snprintf(out, size, "predicted saliency (%s)",
                 option_choice(SALIENCY_METHOD_NAMES, (int)s->how.method, name));
    else
        snprintf(out, size, "%s",
                 s->how.from[TRUTH_DENSITY]     ? "the densities given"
                 : s->how.from[TRUTH_FIXATIONS] ? "densities of the fixations"
                 : s->how.from[TRUTH_MASK]      ? "the masks"
                                                : "the truth");
out:
    mem_free(s);
    return result;
}

/* ---- which pictures --------------------------------------------------------------------------------------
 */

/* Adds 1 - CC of precision p's maps to sum; usable loses images whose row has no result. */
static status add_pair(struct store_reader *r, int k, int p, const char *method, float *sum, uint8_t *usable,
                       int64_t images)
{
    const struct store_layout *l = store_reader_layout(r);
    char template[PATH], path[PATH];
    uint8_t *state = NULL;
    float *cc = NULL;
    int64_t rows, values;
    status result = OK;

    snprintf(template, sizeof template, "/models/{k}/{p}/vs_{f}/cc_%s", method);
    value_expand(l, k, p, template, path, sizeof path);
    TRY_OUT(store_read_all(r, path, STORE_F32, MOST_BYTES, (void **)&cc, &values));
    value_expand(l, k, p, "/models/{k}/status", path, sizeof path);
    TRY_OUT(store_read_all(r, path, STORE_U8, MOST_BYTES, (void **)&state, &rows));
    if (rows != images || values != images)
        TRY_OUT(FAIL(ERR_MISMATCH, "%s: %lld rows, %lld values of %lld images", path, (long long)rows,
                     (long long)values, (long long)images));
    for (int64_t i = 0; i < images; i++) {
        usable[i] &= state[i] == STORE_OK && isfinite(cc[i]);
        sum[i] += 1 - cc[i];
    }
out:
    mem_free(state);
    mem_free(cc);
    return result;
}

static status choose(struct store_reader *r, struct gaze *g)
{
    const struct store_layout *l = g->layout;
    int pairs = l->networks * (l->precisions - 1);
    int64_t place[GAZE_PICTURES];
    uint8_t *usable = NULL;
    float *sum = NULL;
    status result = OK;

    MEM_TRY_OUT(sum, (size_t)l->images + 1, sizeof *sum);
    MEM_TRY_OUT(usable, (size_t)l->images + 1, 1);
    memset(usable, 1, (size_t)l->images);
    for (int k = 0; k < l->networks; k++)
        for (int p = 1; p < l->precisions; p++)
            TRY_OUT(add_pair(r, k, p, g->method, sum, usable, l->images));
    g->count = metric_largest(sum, usable, l->images, GAZE_PICTURES, place);
    for (int i = 0; i < g->count; i++) {
        struct gaze_picture *to = &g->picture[i];

        to->image = place[i];
        to->apart = sum[place[i]] / (float)pairs;
        TRY_OUT(store_read_string(r, "/images/path", place[i], to->path, sizeof to->path));
        snprintf(to->file, sizeof to->file, "gaze_%d.png", i + 1);
    }
out:
    mem_free(usable);
    mem_free(sum);
    return result;
}

/* ---- the truth -------------------------------------------------------------------------------------------
 */

/* Of the chosen pictures: opened with them alone, so that no other file is looked for. */
struct truths {
    struct settings settings;
    const char *path[GAZE_PICTURES];
    struct truth_pictures list;
    struct truth_set *set;
};

/* A truth that cannot be opened leaves set NULL: the figure stands without. */
static status open_truths(struct store_reader *r, const struct gaze *g, const struct panel *first,
                          struct truths *t)
{
    TRY(read_settings(r, &t->settings));
    for (int i = 0; i < g->count; i++)
        t->path[i] = g->picture[i].path;
    t->list = (struct truth_pictures){ g->count, first->root, t->path };
    t->settings.how.seen = &first->pipeline;
    if (!t->settings.how.predicted && !t->settings.how.from[TRUTH_DENSITY] &&
        !t->settings.how.from[TRUTH_FIXATIONS] && !t->settings.how.from[TRUTH_MASK])
        return OK;
    if (truth_open(&t->list, &t->settings.how, &t->set) == OK) {
        for (int i = 0; i < g->count; i++)
            truth_measure(t->set, i);
        if (truth_find(t->set) == OK)
            return OK;
    }
    log_info("%s: the figures stand without what the maps are compared with", error_last()->text);
    truth_close(t->set);
    t->set = NULL;
    return OK;
}

/* The kind that densities are made of. */
static enum truth_kind kind_of(const struct truths *t)
{
    return truth_has(t->set, TRUTH_DENSITY)     ? TRUTH_DENSITY
           : truth_has(t->set, TRUTH_FIXATIONS) ? TRUTH_FIXATIONS
                                                : TRUTH_MASK;
}

/* Its values from least to most as bytes, in the panel's size. */
static status scale_truth(const struct saliency_map *map, int width, int height, uint8_t *out)
{
    struct saliency_map there = { 0 };
    float low, high;

    TRY(saliency_resize(map, width, height, &there));
    tensor_range(there.value, (int64_t)width * height, &low, &high);
    for (int i = 0; i < width * height; i++)
        out[i] = high > low
                     ? (uint8_t)(255 * ((double)there.value[i] - (double)low) / ((double)high - (double)low))
                     : 0;
    saliency_free(&there);
    return OK;
}

/* *drawn: there is a truth of picture i, and it stands there. */
static status draw_truth(struct truths *t, int i, const struct image *crop, const struct picture_panel *at,
                         struct image *im, int *drawn)
{
    struct truth truth = { 0 };
    struct image picture = { 0 };
    uint8_t *bytes = NULL;
    status result = OK;

    *drawn = 0;
    if (!t->set || truth_picture(&t->list, i, &picture) != OK)
        goto out;
    if (truth_read(t->set, kind_of(t), i, &picture, &truth) != OK || !truth_is_there(truth.state))
        goto out;
    MEM_TRY_OUT(bytes, (size_t)at->width * (size_t)at->height, 1);
    TRY_OUT(scale_truth(&truth.map, at->width, at->height, bytes));
    picture_map(im, at, crop, bytes);
    *drawn = 1;
out:
    mem_free(bytes);
    image_free(&picture);
    truth_free(&truth);
    return result;
}

/* ---- the figures -----------------------------------------------------------------------------------------
 */

/* One: the picture over its truth, then a column a network. panel: (networks). */
static status draw_one(const struct report_options *options, const struct panel *panel, struct gaze *g, int i,
                       struct truths *t, struct panel_missing *missing)
{
    const struct store_layout *l = g->layout;
    struct gaze_picture *of = &g->picture[i];
    int rows = l->precisions > 2 ? l->precisions : 2, width = panel->pipeline.width, height = 0;
    struct picture_panel at = { 0, 0, panel->pipeline.width, panel->pipeline.height };
    struct image im = { 0 }, crop = { 0 };
    struct panel_missing again = { 0 };
    char path[4096];
    status result = OK;

    for (int k = 0; k < l->networks; k++) {
        width += PICTURE_GAP + panel[k].pipeline.width;
        height = panel[k].pipeline.height > height ? panel[k].pipeline.height : height;
    }
    TRY_OUT(picture_blank(&im, width, rows * height + (rows - 1) * PICTURE_GAP));
    TRY_OUT(panel_saw(&panel[0], of->image, of->path, missing, &crop));
    picture_crop(&im, &at, &crop);
    at.y = height + PICTURE_GAP;
    TRY_OUT(draw_truth(t, i, &crop, &at, &im, &of->truth));
    at.x = at.width + PICTURE_GAP;
    for (int k = 0; k < l->networks; k++) {
        image_free(&crop);
        TRY_OUT(panel_saw(&panel[k], of->image, of->path, &again, &crop));
        at.width = crop.width;
        at.height = crop.height;
        for (int p = 0; p < l->precisions; p++) {
            at.y = p * (height + PICTURE_GAP);
            TRY_OUT(panel_map(&panel[k], p, g->method, of->image, &crop, &at, &im));
        }
        at.x += at.width + PICTURE_GAP;
    }
    TRY_OUT(text_path(path, sizeof path, options->folder, of->file));
    TRY_OUT(image_write_png(path, &im));
out:
    image_free(&crop);
    image_free(&im);
    return result;
}

static status draw_all(struct store_reader *r, const struct report_options *options,
                       struct panel_missing *missing, struct gaze *g)
{
    struct panel *panel = NULL;
    struct truths *t = NULL;
    status result = OK;

    MEM_TRY_OUT(panel, (size_t)g->layout->networks, sizeof *panel);
    MEM_TRY_OUT(t, 1, sizeof *t);
    for (int k = 0; k < g->layout->networks; k++)
        TRY_OUT(panel_open(r, options->images, k, &panel[k]));
    TRY_OUT(open_truths(r, g, &panel[0], t));
    for (int i = 0; i < g->count; i++)
        TRY_OUT(draw_one(options, panel, g, i, t, missing));
out:
    if (t)
        truth_close(t->set);
    mem_free(t);
    mem_free(panel);
    return result;
}

status gaze_write(struct store_reader *r, const struct report_options *options, struct panel_missing *missing,
                  struct gaze *out)
{
    memset(out, 0, sizeof *out);
    out->layout = store_reader_layout(r);
    out->method = value_method(out->layout);
    out->why = !store_reader_find(r, "/images/saliency/state_density") ? "the job compares with no truth"
               : out->layout->precisions < 2                           ? "the job has one precision"
                                                                       : NULL;
    if (out->why)
        return OK;
    TRY(gaze_truth(r, out->truth, sizeof out->truth));
    TRY(choose(r, out));
    if (out->count == 0)
        out->why = "no image has a result in every network";
    return out->why ? OK : draw_all(r, options, missing, out);
}

/* ---- in words --------------------------------------------------------------------------------------------
 */

status gaze_rule(const struct gaze *g, struct text *out)
{
    const struct store_layout *l = g->layout;

    TRY(text_add(out, "At the left the picture, under it %s; then a column a network (", g->truth));
    for (int k = 0; k < l->networks; k++)
        TRY(text_add(out, "%s%s", k ? ", " : "", l->network[k].name));
    TRY(text_add(out, "), a row a precision ("));
    for (int p = 0; p < l->precisions; p++)
        TRY(text_add(out, "%s%s", p ? ", " : "", l->precision[p].name));
    return text_add(
        out,
        "): the map by %s. The pictures whose maps differ most between precisions, by the mean of "
        "1 - CC over networks and precisions: the extreme, not the typical ones.",
        g->method);
}

status gaze_markdown(const struct gaze *g, struct text *out)
{
    if (g->why)
        return OK;
    TRY(text_add(out, "## Where the networks look, and where people do\n\n"));
    TRY(gaze_rule(g, out));
    TRY(text_add(out, "\n\n"));
    for (int i = 0; i < g->count; i++)
        TRY(text_add(out, "![%s](%s)\n\n`%s`: mean of 1 - CC %.3f\n\n", g->truth, g->picture[i].file,
                     g->picture[i].path, (double)g->picture[i].apart));
    return OK;
}
