/* src/probe/road.c: ROAD: the picture without its most, or least, relevant pixels, filled in, through one
 * precision (explanations 3.4). */
#include "probe_parts.h"

#include <string.h>

status probe_road_picture(struct probe *p, uint64_t seed, uint32_t picture)
{
    struct probe_road *road = &p->road;

    BUG_IF(!p->how.road);
    if (road->height != p->height || road->width != p->width || road->channels != p->channels) {
        image_road_free(road->fill);
        *road = (struct probe_road){ .fill = NULL };
        TRY(image_road_make(p->height, p->width, p->channels, p->kernels, &road->fill));
        road->height = p->height;
        road->width = p->width;
        road->channels = p->channels;
    }
    image_road_draw(road->fill, seed, picture);
    return OK;
}

void probe_road_start(struct probe *p, int i, int class_index, float *change)
{
    struct probe_road *road = &p->road;

    BUG_IF(!road->fill || !probe_sees_as(p, i, p->seen));
    accuracy_softmax(p->view[i].shown.logits, p->classes, p->probability);
    road->precision = i;
    road->class_index = class_index;
    road->change = change;
    road->clean = (double)p->probability[class_index];
    road->order = road->step = road->waiting = 0;
}

/* The change at a step's percentile: the largest percentile comes first. 0: no numbers. */
static int keep(struct probe *p, int step, const float *logits)
{
    const struct probe_road *road = &p->road;
    int k = ROAD_PERCENTILES - 1 - step;

    if (!accuracy_finite(logits, p->classes))
        return 0;
    accuracy_softmax(logits, p->classes, p->probability);
    road->change[road->order * ROAD_PERCENTILES + k] =
        (float)((double)p->probability[road->class_index] - road->clean);
    return 1;
}

/* The steps that wait, the last of which is the one in hand. */
static int keep_batch(struct probe *p)
{
    struct probe_road *road = &p->road;
    const struct engine *engine = probe_engine(p, road->precision);
    const float *logits = engine_finish_batch(engine->plan, engine->state);
    int good = 1;

    for (int k = 0; k < road->waiting && good; k++)
        good = keep(p, road->step - road->waiting + 1 + k, logits + (size_t)k * (size_t)p->classes);
    road->waiting = 0;
    return good;
}

/* The removed pixels of a step hold those of the step before: nothing else changes between the two. */
static int score(struct probe *p, const int32_t *gone, int count)
{
    struct probe_road *road = &p->road;
    const struct engine *engine = probe_engine(p, road->precision);

    if (road->step == 0 || p->how.whole) {
        engine_run_real(engine->plan, engine->state, p->work);
        return keep(p, road->step, engine_logits(engine->plan, engine->state));
    }
    road->waiting = engine_batch_changed(engine->plan, engine->state, p->work, gone, count);
    return (road->waiting < ENGINE_BATCH && road->step < ROAD_PERCENTILES - 1) || keep_batch(p);
}

enum probe_state probe_road_next(struct probe *p)
{
    struct probe_road *road = &p->road;
    int pixels = probe_pixels(p), count = road_removed(ROAD_PERCENTILES - 1 - road->step, pixels);
    const int32_t *gone = road->order == 0 ? p->order : p->order + pixels - count;

    image_road_fill(road->fill, p->picture, gone, count, p->work);
    if (!score(p, gone, count))
        return PROBE_ODD;
    if (++road->step < ROAD_PERCENTILES)
        return PROBE_MORE;
    road->step = 0;
    return ++road->order < ROAD_ORDERS ? PROBE_MORE : PROBE_DONE;
}
