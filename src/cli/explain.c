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
    probe_run(e->probe, i, e->pixels);
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
    TRY(probe_attribution_picture(e->probe, e->pixels));
    for (int i = 0; i < e->set.count; i++)
        for (int m = 0; m < ATTRIBUTIONS; m++)
            if (how->methods >> m & 1)
                TRY(take_map(e, i, (enum attribution)m, probe_class(e->probe, i, -1)));
    return OK;
}

/* ---- all ------------------------------------------------------------------------------------------------
 */

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
    TRY(network_set_probe(&e->set, &probe, &e->probe));
    MEM_TRY(e->pixels, image_pipeline_bytes(&e->set.of[0].pipeline), 1);
    if (how->attribution.methods)
        MEM_TRY(e->maps, ATTRIBUTIONS * (size_t)e->set.count, (size_t)in->height * (size_t)in->width);
    return OK;
}

status explain_picture(const char *path, const struct explain_how *how, struct explain *e)
{
    TRY(image_load(path, &e->set.of[0].pipeline, e->pixels, &e->info));
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
    TRY(probe_picture(e->probe, e->pixels, how->deletion, how->insertion));
    for (int i = 0; i < e->set.count; i++)
        take_curves(e, i);
    return OK;
}

void explain_free(struct explain *e)
{
    probe_free(e->probe);
    network_set_close(&e->set);
    mem_free(e->pixels);
    mem_free(e->maps);
    memset(e, 0, sizeof *e);
}
