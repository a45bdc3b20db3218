/* src/probe/attribution.c: maps of the picture's size: the methods, and one map from its start to its end. */
#include "attribution.h"

#include "metric_saliency.h"

#include <string.h>

/* ---- the methods ----------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    const struct attribution_method *method;
} rows[ATTRIBUTIONS] = {
    [ATTRIBUTION_SCORECAM] = { "scorecam", &attribution_scorecam },
    [ATTRIBUTION_RISE] = { "rise", &attribution_rise },
    [ATTRIBUTION_OCCLUSION] = { "occlusion", &attribution_occlusion },
    [ATTRIBUTION_GRADIENT] = { "gradient", &attribution_gradient },
    [ATTRIBUTION_SMOOTHGRAD] = { "smoothgrad", &attribution_smoothgrad },
    [ATTRIBUTION_INTGRAD] = { "intgrad", &attribution_intgrad },
};

const char *attribution_name(enum attribution m)
{
    BUG_IF((unsigned)m >= ATTRIBUTIONS);
    return rows[m].name;
}

int attribution_needs_gradient(unsigned methods)
{
    for (int m = 0; m < ATTRIBUTIONS; m++)
        if (methods >> m & 1 && rows[m].method->by_gradient)
            return 1;
    return 0;
}

int attribution_forwards(const struct attribution_how *how, enum attribution m, int channels, int height,
                         int width)
{
    return 1 + rows[m].method->altered(how, channels, height, width);
}

struct gradient_path attribution_path(const struct model *m)
{
    return (struct gradient_path){ .from = m->output, .to = 0 };
}

status probe_attribution_picture(struct probe *p, const uint8_t *pixels)
{
    const struct attribution_how *how = &p->how.attribution;
    float table[3][256];

    BUG_IF(!p->fill);
    probe_normalize(p, pixels, table);
    TRY(image_substrate(how->fill, p->picture, p->height, p->width, p->channels, (const float(*)[256])table,
                        p->fill));
    return image_substrate(how->baseline, p->picture, p->height, p->width, p->channels,
                           (const float(*)[256])table, p->base);
}

/* ---- altered pictures -----------------------------------------------------------------------------------
 */

static int differ(const float *a, const float *b, int count)
{
    uint32_t x, y;
    int found = 0;

    for (int i = 0; i < count; i++) {
        memcpy(&x, a + i, sizeof x);
        memcpy(&y, b + i, sizeof y);
        found |= x != y;
    }
    return found;
}

/* The pixels that differ from the picture that the engine ran last, into p->scratch; then the altered picture
 * takes its place in p->work. */
static int take_altered(struct probe *p)
{
    float *before = p->work;
    int count = 0;

    for (int i = 0; i < probe_pixels(p); i++) {
        p->scratch[count] = i;
        count += differ(p->altered + i * p->channels, before + i * p->channels, p->channels);
    }
    p->work = p->altered;
    p->altered = before;
    return count;
}

/* ---- scores and gradients -------------------------------------------------------------------------------
 */

/* 0: no numbers. */
static int score_of(struct probe *p, const float *logits, float *score)
{
    const struct probe_attributing *a = &p->attributing;

    if (!accuracy_finite(logits, p->classes))
        return 0;
    *score = logits[a->class_index];
    if (rows[a->method].method->by_logit)
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

/* The altered picture's score, unless it waits for others; 0: no numbers. */
static int run_altered(struct probe *p)
{
    struct probe_attributing *a = &p->attributing;
    const struct engine *e = probe_engine(p, a->precision);
    int changed = take_altered(p),
        waiting = engine_batch_changed(e->plan, e->state, p->work, p->scratch, changed);

    a->next++;
    return waiting < ENGINE_BATCH && a->next < a->count ? 1 : take_scores(p);
}

/* The gradient of the class's logit by the altered picture is added to p->sum; 0: no numbers. */
static int add_gradient(struct probe *p)
{
    struct probe_attributing *a = &p->attributing;
    const struct engine *e = probe_engine(p, a->precision);
    const struct gradient *by = &p->network[p->aim].by_input[a->precision];
    const float *g;
    float score;

    engine_run_real(e->plan, e->state, p->altered);
    if (!score_of(p, engine_logits(e->plan, e->state), &score))
        return 0;
    gradient_run(by->plan, by->state, e, a->class_index);
    g = gradient_map(by->plan, by->state);
    if (!accuracy_finite(g, (int64_t)probe_pixels(p) * p->channels))
        return 0;
    for (int i = 0; i < probe_pixels(p) * p->channels; i++)
        p->sum[i] += (double)g[i];
    a->next++;
    return 1;
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
    const struct attribution_method *method = rows[m].method;

    BUG_IF(class_index < 0 || class_index >= p->classes || !probe_sees_as(p, i, p->seen));
    BUG_IF(method->by_gradient && !p->network[p->aim].by_input[i].plan);
    p->attributing = (struct probe_attributing){
        .precision = i,
        .method = m,
        .class_index = class_index,
        .key = key,
        .next = -1,
        .count = method->altered(&p->how.attribution, p->size[i].c, p->height, p->width),
    };
    to->h = method->on_layer ? p->size[i].h : p->height;
    to->w = method->on_layer ? p->size[i].w : p->width;
}

/* The clean picture: what the altered ones are compared with, and the layer that masks are of. */
static int run_clean(struct probe *p)
{
    struct probe_attributing *a = &p->attributing;
    const struct attribution_method *method = rows[a->method].method;
    const struct engine *e = probe_engine(p, a->precision);
    size_t values = (size_t)probe_pixels(p) * (size_t)p->channels;

    engine_run_real(e->plan, e->state, p->picture);
    memcpy(p->work, p->picture, values * sizeof *p->work);
    a->next = 0;
    if (method->by_gradient)
        memset(p->sum, 0, values * sizeof *p->sum);
    if (method->begin)
        method->begin(p);
    return score_of(p, engine_logits(e->plan, e->state), &a->clean);
}

static void finish_map(struct probe *p)
{
    const struct probe_attributing *a = &p->attributing;
    const struct attribution_method *method = rows[a->method].method;
    struct probe_attributed *to = place_of(p, a->method, a->precision);

    method->finish(p, to->values);
    if (method->on_layer)
        cam_finish(to->values, to->h, to->w, p->height, p->width, to->map);
    else
        cam_scale(to->values, probe_pixels(p), to->map);
}

enum probe_state probe_attribution_next(struct probe *p)
{
    struct probe_attributing *a = &p->attributing;
    const struct attribution_method *method = rows[a->method].method;

    if (a->next < 0)
        return run_clean(p) ? PROBE_MORE : PROBE_ODD;
    method->alter(p, a->next);
    if (!(method->by_gradient ? add_gradient(p) : run_altered(p)))
        return PROBE_ODD;
    if (a->next < a->count)
        return PROBE_MORE;
    finish_map(p);
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
    struct saliency_view pair = {
        .map = other.map, .width = p->width, .height = p->height, .density = first.map
    };

    BUG_IF(i == 0 || measure->of != MEASURE_PAIR);
    if (other.h != first.h || other.w != first.w)
        probe_to_grid(&other, first.h, first.w, p->negative);
    other.saliency = &pair;
    return measure_value(measure, &first, &other);
}
