/* src/phase/explain_road.c: ROAD of one selected picture (explain.road): what the explained score does where
 * the pixels that a map ranks highest, or lowest, are filled in. */
#include "explain_road.h"

#include "probe_attribution.h"

#include <stdio.h>

/* ROAD along the order that the probe has. MORE: the loop dropped the row. */
static enum probe_state along_order(const struct explain_road *e, int p, const char *map)
{
    enum probe_state state = PROBE_MORE;
    char path[STORE_PATH];

    snprintf(path, sizeof path, "%s/road_%s", run_precision(e->r, p), map);
    probe_road_start(e->probe, p, e->class_index, store_rows_field(e->rows, path));
    while (state == PROBE_MORE && !comm_loop_drops(e->loop))
        state = probe_road_next(e->probe);
    return state;
}

/* A map of the layer, the precision's own, EigenCAM's in the aligned sign. */
static status of_layer(const struct explain_road *e, int p, enum cam_method m, enum probe_state *state)
{
    const char *precision = run_precision(e->r, p);

    if (m == CAM_EIGEN)
        TRY(run_fetch(e->r, e->net, e->image, 1, e->projection, "%s/cam", precision));
    else
        TRY(run_fetch(e->r, e->net, e->image, 1, e->projection, "%s/cam_%s", precision, cam_method_name(m)));
    probe_order(e->probe, p, e->projection);
    *state = along_order(e, p, cam_method_name(m));
    return OK;
}

/* A picture-sized map. One that is made in part alone, for a prediction, has the order of the map before. */
static void of_picture(const struct explain_road *e, int p, enum attribution m, enum probe_state *state)
{
    int h, w;

    if (!e->r->sampled) {
        const float *values = probe_attribution_values(e->probe, m, p, &h, &w);

        probe_order_of(e->probe, values, h, w);
    }
    *state = along_order(e, p, attribution_name(m));
}

status explain_road_make(const struct explain_road *e, int p, enum probe_state *state)
{
    double start = clock_s();

    *state = PROBE_DONE;
    for (int m = 0; m < CAM_METHODS && *state == PROBE_DONE; m++)
        if (m == CAM_EIGEN || (e->r->job->methods >> m & 1))
            TRY(of_layer(e, p, (enum cam_method)m, state));
    for (int m = 0; m < ATTRIBUTIONS && *state == PROBE_DONE; m++)
        if (e->r->job->attribution.methods >> m & 1)
            of_picture(e, p, (enum attribution)m, state);
    e->r->controls_s += clock_s() - start;
    return OK;
}
