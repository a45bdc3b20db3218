/* src/cli/explain.c: one picture, asked of the probe in every precision. */
#include "explain.h"

#include <math.h>
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
    return OK;
}

static void take_curves(struct explain *e, int i)
{
    struct explain_side *s = &e->side[i];

    probe_order(e->probe, probe_shown(e->probe, i)->cam.values);
    for (int kind = PROBE_DELETION; kind <= PROBE_INSERTION && !s->odd; kind++) {
        enum probe_state state = PROBE_MORE;

        probe_curve_start(e->probe, i, (enum probe_curve)kind, probe_shown(e->probe, i)->top[0],
                          s->curve[kind], NULL);
        while (state == PROBE_MORE)
            state = probe_curve_next(e->probe);
        s->odd = state == PROBE_ODD;
    }
}

status explain_picture(const char *path, const struct explain_how *how, struct explain *e)
{
    const struct probe_how probe = { .sign = how->sign, .raw = 1, .curves = how->steps };

    BUG_IF(how->steps > EXPLAIN_STEPS);
    TRY(network_set_probe(&e->set, &probe, &e->probe));
    MEM_TRY(e->pixels, image_pipeline_bytes(&e->set.of[0].pipeline), 1);
    TRY(image_load(path, &e->set.of[0].pipeline, e->pixels, &e->info));
    for (int i = 0; i < e->set.count; i++)
        TRY(take_precision(e, i));
    for (int i = 1; i < e->set.count; i++)
        take_measures(e, i, MEASURE_PAIR);
    if (how->steps == 0)
        return OK;
    TRY(probe_picture(e->probe, e->pixels, how->deletion, how->insertion));
    TRY(probe_keep(e->probe, 0));
    for (int i = 0; i < e->set.count; i++)
        take_curves(e, i);
    return OK;
}

void explain_free(struct explain *e)
{
    probe_free(e->probe);
    network_set_close(&e->set);
    mem_free(e->pixels);
    memset(e, 0, sizeof *e);
}
