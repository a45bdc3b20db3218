/* src/cli/explain.c: one picture, asked of the probe in every precision. */
#include "explain.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A layer's measures are asked before another precision is looked at, a pair's when both have been. */
static void take_measures(struct explain *e, int i, enum measure_of of)
{
    for (int k = 0; measure_table[k].name; k++) {
        BUG_IF(k == EXPLAIN_MEASURES);
        if (measure_table[k].of == of && probe_has_measure(e->probe, &measure_table[k], i))
            e->side[i].value[k] = probe_measure(e->probe, &measure_table[k], 0, i);
    }
}

static status take_precision(struct explain *e, int i)
{
    for (int k = 0; k < EXPLAIN_MEASURES; k++)
        e->side[i].value[k] = NAN;
    probe_run(e->probe, i, e->pixels[i]);
    TRY(probe_answer(e->probe, i));
    TRY(probe_look(e->probe, i));
    probe_box(e->probe, i, 0, NULL, 0, NULL, e->side[i].box);
    take_measures(e, i, MEASURE_ONE);
    return probe_methods(e->probe, i, probe_class(e->probe, i, -1));
}

static void take_curves(struct explain *e, int i)
{
    struct explain_side *s = &e->side[i];

    probe_order(e->probe, i, probe_shown(e->probe, i)->cam.values);
    for (int kind = PROBE_DELETION; kind <= PROBE_INSERTION && !s->odd; kind++) {
        enum probe_state state = PROBE_MORE;

        probe_curve_start(e->probe, i, (enum probe_curve)kind, probe_shown(e->probe, i)->top[0],
                          s->curve[kind], NULL);
        while (state == PROBE_MORE)
            state = probe_curve_next(e->probe);
        s->odd = state == PROBE_ODD;
    }
}

/* ---- picture-sized maps -------------------------------------------------------------------------------- */

static status take_map(struct explain *e, int i, enum attribution m, int class_index)
{
    static const char *const stem[2] = { "rmse", "correlation" };
    const struct model_input *in = &e->set.of[0].model.input;
    size_t pixels = (size_t)in->height * (size_t)in->width,
           place = (size_t)m * (size_t)e->set.count + (size_t)i;
    const uint8_t *hash = e->info.sha256;
    enum probe_state state = PROBE_MORE;
    char name[64];

    /* As a job keys it: the hash's first 32 bits. */
    probe_attribution_start(e->probe, i, m, class_index,
                            (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 |
                                hash[3]);
    while (state == PROBE_MORE)
        state = probe_attribution_next(e->probe);
    if (state == PROBE_ODD)
        return FAIL(ERR_NUMERIC, "%s: no map by %s: logits that are not finite", e->set.name[i],
                    attribution_name(m));
    cam_bytes(probe_attribution_map(e->probe, m, i), (int)pixels, e->maps + place * pixels);
    for (int k = 0; k < 2; k++) {
        snprintf(name, sizeof name, "%s_%s", stem[k], attribution_name(m));
        e->side[i].maps[m][k] = i > 0 ? probe_attribution_measure(e->probe, measure_known(name), m, i) : NAN;
    }
    return OK;
}

static status take_maps(struct explain *e, const struct attribution_how *how)
{
    for (int i = 0; i < e->set.count; i++) {
        probe_see(e->probe, i);
        TRY(probe_attribution_picture(e->probe, e->pixels[i]));
        for (int m = 0; m < ATTRIBUTIONS; m++)
            if (how->methods >> m & 1)
                TRY(take_map(e, i, (enum attribution)m, probe_class(e->probe, i, -1)));
    }
    return OK;
}

/* ---- all ------------------------------------------------------------------------------------------------
 */

/* Maps lie over each other. */
static status check_sight(const struct explain_how *how, const struct explain *e, int i)
{
    const struct image_pipeline *first = &e->set.of[0].pipeline, *own = &e->set.of[i].pipeline;
    char a[IMAGE_PIPELINE_TEXT], b[IMAGE_PIPELINE_TEXT];

    if (!image_pipeline_one_part(first, own))
        return FAIL(
            ERR_USAGE,
            "%s (%s) and %s (%s) see different parts of a picture, so that their maps cannot be compared: "
            "--input, or a job's preprocess.resize, can make them one",
            e->set.name[0], image_pipeline_write(first, a), e->set.name[i], image_pipeline_write(own, b));
    if (how->attribution.methods && (own->height != first->height || own->width != first->width))
        return FAIL(ERR_USAGE,
                    "%s sees %d x %d pixels and %s %d x %d: maps as large as the picture cannot be compared",
                    e->set.name[i], own->height, own->width, e->set.name[0], first->height, first->width);
    return OK;
}

status explain_open(const struct explain_how *how, struct explain *e)
{
    const struct model_input *in = &e->set.of[0].model.input;
    const struct probe_how probe = { .sign = how->sign,
                                     .raw = 1,
                                     .methods = how->methods,
                                     .of_class = how->of_class,
                                     .curves = how->steps,
                                     .attribution = how->attribution };

    BUG_IF(how->steps > EXPLAIN_STEPS);
    for (int i = 1; i < e->set.count; i++)
        TRY(check_sight(how, e, i));
    TRY(network_set_probe(&e->set, &probe, &e->probe));
    for (int i = 0; i < e->set.count; i++)
        MEM_TRY(e->pixels[i], image_pipeline_bytes(&e->set.of[i].pipeline), 1);
    if (how->attribution.methods)
        MEM_TRY(e->maps, ATTRIBUTIONS * (size_t)e->set.count, (size_t)in->height * (size_t)in->width);
    return OK;
}

static status load(const char *path, struct explain *e)
{
    struct image im;
    status result = OK;

    TRY(image_read_info(path, &im, &e->info));
    for (int i = 0; i < e->set.count && result == OK; i++)
        result = image_preprocess(&im, &e->set.of[i].pipeline, e->pixels[i]);
    image_free(&im);
    return result;
}

status explain_picture(const char *path, const struct explain_how *how, struct explain *e)
{
    TRY(load(path, e));
    for (int i = 0; i < e->set.count; i++) {
        e->side[i].odd = 0;
        TRY(take_precision(e, i));
    }
    for (int i = 1; i < e->set.count; i++)
        take_measures(e, i, MEASURE_PAIR);
    if (how->steps > 0 || how->attribution.methods)
        TRY(probe_keep(e->probe, 0));
    if (how->attribution.methods)
        TRY(take_maps(e, &how->attribution));
    if (how->steps == 0)
        return OK;
    for (int i = 0; i < e->set.count; i++) {
        probe_see(e->probe, i);
        TRY(probe_picture(e->probe, e->pixels[i], how->deletion, how->insertion));
        take_curves(e, i);
    }
    return OK;
}

void explain_free(struct explain *e)
{
    probe_free(e->probe);
    network_set_close(&e->set);
    for (int i = 0; i < PROBE_PRECISIONS; i++)
        mem_free(e->pixels[i]);
    mem_free(e->maps);
    memset(e, 0, sizeof *e);
}
