/* src/probe/attribution.c: maps of the picture's size: the methods, and the altered pictures that each runs
 * through one precision. */
#include "probe_parts.h"

#include <string.h>

/* ---- the methods ----------------------------------------------------------------------------------------
 */

const char *attribution_name(enum attribution m)
{
    static const char *const names[ATTRIBUTIONS] = { "scorecam", "rise", "occlusion" };

    BUG_IF((unsigned)m >= ATTRIBUTIONS);
    return names[m];
}

static struct rise rise_of(const struct attribution_how *how, uint32_t key)
{
    return (struct rise){
        .masks = how->masks, .cells = how->cells, .keep = how->keep, .seed = how->seed, .key = key
    };
}

static struct occlusion occlusion_of(const struct attribution_how *how)
{
    return (struct occlusion){ .window = how->window, .stride = how->stride };
}

int attribution_forwards(const struct attribution_how *how, enum attribution m, int channels, int height,
                         int width)
{
    const struct occlusion o = occlusion_of(how);

    switch (m) {
    case ATTRIBUTION_SCORECAM:
        return 1 + (how->channels > 0 && how->channels < channels ? how->channels : channels);
    case ATTRIBUTION_RISE:
        return 1 + how->masks;
    default:
        return 1 + occlusion_windows(&o, height, width);
    }
}

status probe_attribution_picture(struct probe *p, const uint8_t *pixels)
{
    float table[3][256];

    BUG_IF(!p->fill);
    probe_normalize(p, pixels, table);
    return image_substrate(p->how.attribution.fill, p->picture, p->height, p->width, p->channels,
                           (const float(*)[256])table, p->fill);
}

/* ---- altered pictures -----------------------------------------------------------------------------------
 */

/* p->altered becomes the picture times p->mask. */
static void mask_picture(struct probe *p)
{
    int channels = p->channels;

    for (int i = 0; i < probe_pixels(p); i++)
        for (int c = 0; c < channels; c++)
            p->altered[i * channels + c] = p->picture[i * channels + c] * p->mask[i];
}

static void cover_picture(struct probe *p, int k)
{
    const struct occlusion o = occlusion_of(&p->how.attribution);
    size_t line = (size_t)p->width * (size_t)p->channels;
    int32_t edge[4];

    occlusion_window(&o, p->height, p->width, k, edge);
    memcpy(p->altered, p->picture, (size_t)p->height * line * sizeof *p->altered);
    for (int y = edge[1]; y < edge[3]; y++) {
        size_t at = (size_t)y * line + (size_t)edge[0] * (size_t)p->channels;

        memcpy(p->altered + at, p->fill + at,
               (size_t)(edge[2] - edge[0]) * (size_t)p->channels * sizeof *p->altered);
    }
}

/* Altered picture number k of the map under way, into p->altered. */
static void alter(struct probe *p, int k)
{
    const struct probe_attributing *a = &p->attributing;
    const struct rise r = rise_of(&p->how.attribution, a->key);

    switch (a->method) {
    case ATTRIBUTION_SCORECAM:
        scorecam_mask(p->act, p->h, p->w, p->c, p->chosen[k], p->height, p->width, p->mask);
        break;
    case ATTRIBUTION_RISE:
        rise_mask(&r, k, p->height, p->width, p->mask);
        break;
    default:
        cover_picture(p, k);
        return;
    }
    mask_picture(p);
}

/* The pixels that differ from the picture that the engine ran last, into p->scratch; then the altered picture
 * takes its place in p->work. */
static int take_altered(struct probe *p)
{
    size_t bytes = (size_t)p->channels * sizeof(float);
    float *before = p->work;
    int count = 0;

    for (int i = 0; i < probe_pixels(p); i++)
        if (memcmp(p->altered + i * p->channels, before + i * p->channels, bytes) != 0)
            p->scratch[count++] = i;
    p->work = p->altered;
    p->altered = before;
    return count;
}

/* ---- scores ---------------------------------------------------------------------------------------------
 */

/* 0: no numbers. */
static int score_of(struct probe *p, const float *logits, float *score)
{
    const struct probe_attributing *a = &p->attributing;

    if (!accuracy_finite(logits, p->classes))
        return 0;
    *score = logits[a->class_index];
    if (a->method == ATTRIBUTION_SCORECAM)
        return 1;
    accuracy_softmax(logits, p->classes, p->probability);
    *score = p->probability[a->class_index];
    return 1;
}

/* The scores of the altered pictures that wait in the engine. */
static int take_scores(struct probe *p)
{
    struct probe_attributing *a = &p->attributing;
    const struct engine *e = probe_engine(p, a->precision);
    const float *logits = engine_finish_batch(e->plan, e->state);
    int good = 1;

    for (; a->scored < a->next && good; logits += p->classes)
        good = score_of(p, logits, &p->score[a->scored++]);
    return good;
}

/* ---- one map --------------------------------------------------------------------------------------------
 */

static struct probe_attributed *place_of(struct probe *p, enum attribution m, int i)
{
    BUG_IF((unsigned)m >= ATTRIBUTIONS || !(p->how.attribution.methods >> m & 1));
    return &p->attributed[m][i > 0];
}

void probe_attribution_start(struct probe *p, int i, enum attribution m, int class_index, uint32_t key)
{
    struct probe_attributed *to = place_of(p, m, i);
    int on_layer = m == ATTRIBUTION_SCORECAM;

    BUG_IF(class_index < 0 || class_index >= p->classes);
    p->attributing = (struct probe_attributing){
        .precision = i,
        .method = m,
        .class_index = class_index,
        .key = key,
        .next = -1,
        .count = attribution_forwards(&p->how.attribution, m, p->c, p->height, p->width) - 1,
    };
    to->h = on_layer ? p->h : p->height;
    to->w = on_layer ? p->w : p->width;
}

/* The clean picture: what the altered ones are compared with, and the layer that ScoreCAM's masks are of. */
static int run_clean(struct probe *p)
{
    struct probe_attributing *a = &p->attributing;
    const struct engine *e = probe_engine(p, a->precision);
    struct engine_map layer;

    engine_run_real(e->plan, e->state, p->picture);
    memcpy(p->work, p->picture, (size_t)probe_pixels(p) * (size_t)p->channels * sizeof *p->work);
    a->next = 0;
    if (a->method == ATTRIBUTION_SCORECAM) {
        layer = engine_cam_map(e->plan, e->state);
        engine_map_copy_real(&layer, p->act);
        scorecam_choose(p->act, p->h * p->w, p->c, p->how.attribution.channels, p->sum, p->chosen);
    }
    return score_of(p, engine_logits(e->plan, e->state), &a->clean);
}

/* All scores are there. */
static void make_map(struct probe *p)
{
    const struct probe_attributing *a = &p->attributing;
    const struct rise r = rise_of(&p->how.attribution, a->key);
    const struct occlusion o = occlusion_of(&p->how.attribution);
    struct probe_attributed *to = place_of(p, a->method, a->precision);

    switch (a->method) {
    case ATTRIBUTION_SCORECAM:
        scorecam_map(p->act, p->h * p->w, p->c, p->chosen, a->count, p->score, p->sum, to->values);
        cam_finish(to->values, p->h, p->w, p->height, p->width, to->map);
        return;
    case ATTRIBUTION_RISE:
        rise_map(&r, p->height, p->width, p->score, p->mask, p->sum, to->values);
        break;
    default:
        occlusion_map(&o, p->height, p->width, a->clean, p->score, to->values);
        break;
    }
    cam_scale(to->values, probe_pixels(p), to->map);
}

enum probe_state probe_attribution_next(struct probe *p)
{
    struct probe_attributing *a = &p->attributing;
    const struct engine *e = probe_engine(p, a->precision);
    int changed, waiting;

    if (a->next < 0)
        return run_clean(p) ? PROBE_MORE : PROBE_ODD;
    alter(p, a->next);
    changed = take_altered(p);
    waiting = engine_batch_changed(e->plan, e->state, p->work, p->scratch, changed);
    a->next++;
    if (waiting < ENGINE_BATCH && a->next < a->count)
        return PROBE_MORE;
    if (!take_scores(p))
        return PROBE_ODD;
    if (a->next < a->count)
        return PROBE_MORE;
    make_map(p);
    return PROBE_DONE;
}

int probe_attribution_done(const struct probe *p)
{
    return p->attributing.next + 1;
}

/* ---- what was made --------------------------------------------------------------------------------------
 */

const float *probe_attribution_map(struct probe *p, enum attribution m, int i)
{
    return place_of(p, m, i)->map;
}

const float *probe_attribution_values(struct probe *p, enum attribution m, int i, int *h, int *w)
{
    const struct probe_attributed *of = place_of(p, m, i);

    *h = of->h;
    *w = of->w;
    return of->values;
}

static struct measure_view view_of(struct probe *p, enum attribution m, int i)
{
    const struct probe_attributed *of = place_of(p, m, i);

    return (struct measure_view){ .projection = of->values,
                                  .h = of->h,
                                  .w = of->w,
                                  .map = of->map,
                                  .map_h = p->height,
                                  .map_w = p->width,
                                  .class_index = -1 };
}

double probe_attribution_measure(struct probe *p, const struct measure *measure, enum attribution m, int i)
{
    struct measure_view first = view_of(p, m, 0), other = view_of(p, m, i);

    BUG_IF(i == 0 || measure->of != MEASURE_PAIR || !(measure->needs & MEASURE_METHOD));
    return measure_value(measure, &first, &other);
}
