#include "explain.h"

#include <string.h>

#include "metric_wsol.h"

/* What one precision's curves need beside the results. */
struct work {
    const struct explain_how *how;
    struct explain_side *side;
    int pixels, classes, class_index, begun;
    const float *to;
    float *act, *picture, *away, *blank, *altered, *resized, *all;
    int32_t *order, *scratch;
};

static status make_room(struct explain *e, const struct explain_how *how, struct work *w)
{
    size_t pixels = (size_t)e->height * (size_t)e->width, values = 0, classes = 0;
    size_t seen = image_pipeline_bytes(&e->side[0].net.pipeline);

    for (int s = 0; s < how->sides; s++) {
        struct engine_map m = engine_cam_map(e->side[s].net.engine.plan, e->side[s].net.engine.state);
        size_t n = (size_t)m.h * (size_t)m.w * (size_t)m.c + 64,
               c = (size_t)engine_classes(e->side[s].net.engine.plan);

        values = n > values ? n : values;
        classes = c > classes ? c : classes;
        MEM_TRY(e->side[s].cam.values, (size_t)m.h * (size_t)m.w, sizeof(float));
        MEM_TRY(e->side[s].map, pixels, sizeof(float));
        MEM_TRY(e->side[s].flipped, pixels, sizeof(float));
    }
    MEM_TRY(e->pixels, seen, 1);
    MEM_TRY(w->act, values, sizeof(float));
    MEM_TRY(w->picture, seen, sizeof(float));
    MEM_TRY(w->away, seen, sizeof(float));
    MEM_TRY(w->blank, seen, sizeof(float));
    MEM_TRY(w->altered, seen, sizeof(float));
    MEM_TRY(w->resized, pixels, sizeof(float));
    MEM_TRY(w->all, classes, sizeof(float));
    MEM_TRY(w->order, pixels, sizeof *w->order);
    MEM_TRY(w->scratch, pixels, sizeof *w->scratch);
    return OK;
}

static void clear(struct work *w)
{
    void *const block[] = { w->act,     w->picture, w->away,  w->blank,  w->altered,
                            w->resized, w->all,     w->order, w->scratch };

    for (size_t i = 0; i < COUNT_OF(block); i++)
        mem_free(block[i]);
}

/* ---- answer and map --------------------------------------------------------------------------------- */

static status answer(struct explain_side *s, struct work *w)
{
    const float *logits = engine_logits(s->net.engine.plan, s->net.engine.state);

    w->classes = engine_classes(s->net.engine.plan);
    if (!accuracy_finite(logits, w->classes))
        return FAIL(ERR_NUMERIC, "%s: logits that are not finite", s->net.model.name);
    s->top_count = w->classes < EXPLAIN_TOP ? w->classes : EXPLAIN_TOP;
    accuracy_softmax(logits, w->classes, w->all);
    accuracy_top(logits, w->classes, s->top_count, s->top, s->probability);
    for (int i = 0; i < s->top_count; i++)
        s->probability[i] = w->all[s->top[i]];
    w->class_index = s->top[0];
    return OK;
}

static status look(const struct explain *e, struct explain_side *s, struct work *w)
{
    struct engine_map m = engine_cam_map(s->net.engine.plan, s->net.engine.state);
    struct cam_workspace *cam = NULL;
    struct wsol_workspace *wsol = NULL;
    int cells = m.h * m.w;
    status result = OK;

    engine_map_copy_real(&m, w->act);
    TRY_OUT(cam_workspace_create(cells, m.c, s->net.kernels, &cam));
    TRY_OUT(cam_eigen(cam, w->act, m.h, m.w, m.c, w->how->sign, 1, &s->cam));
    cam_finish(s->cam.values, m.h, m.w, e->height, e->width, s->map);
    for (int i = 0; i < cells; i++)
        w->act[i] = -s->cam.values[i];
    cam_finish(w->act, m.h, m.w, e->height, e->width, s->flipped);
    TRY_OUT(wsol_create(e->width, e->height, &wsol));
    wsol_scan(wsol, s->map);
    (void)wsol_pixels(wsol, WSOL_T20, s->box);
    cam_resize(s->cam.values, m.h, m.w, e->height, e->width, w->resized);
    curve_order(w->resized, w->pixels, w->order, w->scratch);
out:
    cam_workspace_free(cam);
    wsol_free(wsol);
    return result;
}

/* ---- curves ----------------------------------------------------------------------------------------- */

static int score(void *user, int step, const int32_t *changed, int count, float *out)
{
    struct work *w = user;
    const struct engine *engine = &w->side->net.engine;

    (void)step;
    image_replace(w->altered, w->to, w->side->net.pipeline.channels, changed, count);
    if (w->begun)
        engine_run_changed(engine->plan, engine->state, w->altered, changed, count);
    else
        engine_run_real(engine->plan, engine->state, w->altered);
    w->begun = 1;
    if (!accuracy_finite(engine_logits(engine->plan, engine->state), w->classes)) {
        w->side->odd = 1;
        return 0;
    }
    accuracy_softmax(engine_logits(engine->plan, engine->state), w->classes, w->all);
    *out = w->all[w->class_index];
    return 1;
}

static void one_curve(struct work *w, int kind, const float *from, const float *to)
{
    const struct curve_scorer scorer = { score, w };

    memcpy(w->altered, from, image_pipeline_bytes(&w->side->net.pipeline) * sizeof *from);
    w->to = to;
    w->begun = 0;
    if (curve_run(w->order, w->pixels, w->how->steps, &scorer, w->side->curve[kind]))
        w->side->area[kind] = curve_auc(w->side->curve[kind], w->how->steps);
}

static status both_curves(const struct explain *e, struct work *w)
{
    const struct model_input *in = &w->side->net.model.input;
    float table[3][256];

    image_normalize_table(in->mean, in->std, in->channels, table);
    image_normalize(e->pixels, w->pixels, in->channels, (const float(*)[256])table, w->picture);
    TRY(image_substrate(w->how->deletion, w->picture, e->height, e->width, in->channels,
                        (const float(*)[256])table, w->away));
    TRY(image_substrate(w->how->insertion, w->picture, e->height, e->width, in->channels,
                        (const float(*)[256])table, w->blank));
    TRY(engine_keep(w->side->net.engine.plan, w->side->net.engine.state));
    one_curve(w, 0, w->picture, w->away);
    one_curve(w, 1, w->blank, w->picture);
    return OK;
}

/* ---- the pair --------------------------------------------------------------------------------------- */

static double overlap(const int32_t a[4], const int32_t b[4])
{
    const struct wsol_box first = { a[0], a[1], a[2] + 1, a[3] + 1 },
                          second = { b[0], b[1], b[2] + 1, b[3] + 1 };

    if (a[0] < 0 || b[0] < 0)
        return a[0] < 0 && b[0] < 0;
    return wsol_iou(&first, &second);
}

static void compare(struct explain *e)
{
    const struct explain_side *a = &e->side[0], *b = &e->side[1];
    const struct rmse_side first = { a->cam.values, a->cam.raw_sign, a->map, a->flipped },
                           second = { b->cam.values, b->cam.raw_sign, b->map, b->flipped };
    struct engine_map m = engine_cam_map(a->net.engine.plan, a->net.engine.state);

    rmse_pair(&first, &second, m.h * m.w, (int64_t)e->height * e->width, &e->rmse);
    compare_pair(&(struct compare_side){ a->cam.values, a->map },
                 &(struct compare_side){ b->cam.values, b->map }, m.h, m.w, e->height, e->width,
                 &e->comparison);
    e->box_iou = overlap(a->box, b->box);
}

static status check_pair(const struct explain *e)
{
    const struct model_input *a = &e->side[0].net.model.input, *b = &e->side[1].net.model.input;
    struct engine_map m = engine_cam_map(e->side[0].net.engine.plan, e->side[0].net.engine.state),
                      n = engine_cam_map(e->side[1].net.engine.plan, e->side[1].net.engine.state);

    if (a->height != b->height || a->width != b->width || m.h != n.h || m.w != n.w)
        return FAIL(ERR_MISMATCH, "%s: the two forms have other inputs or other maps",
                    e->side[0].net.model.name);
    return OK;
}

status explain_picture(const char *path, const struct explain_how *how, struct explain *e)
{
    struct work w = { .how = how };
    status result = OK;

    BUG_IF(how->sides < 1 || how->sides > EXPLAIN_SIDES || how->steps > EXPLAIN_STEPS);
    e->height = e->side[0].net.model.input.height;
    e->width = e->side[0].net.model.input.width;
    w.pixels = e->height * e->width;
    if (how->sides > 1)
        TRY_OUT(check_pair(e));
    TRY_OUT(make_room(e, how, &w));
    TRY_OUT(image_load(path, &e->side[0].net.pipeline, e->pixels, &e->info));
    for (int s = 0; s < how->sides; s++) {
        w.side = &e->side[s];
        engine_run(w.side->net.engine.plan, w.side->net.engine.state, e->pixels);
        TRY_OUT(answer(w.side, &w));
        TRY_OUT(look(e, w.side, &w));
        if (how->steps > 0)
            TRY_OUT(both_curves(e, &w));
    }
    if (how->sides > 1)
        compare(e);
out:
    clear(&w);
    return result;
}

void explain_free(struct explain *e)
{
    for (int s = 0; s < EXPLAIN_SIDES; s++) {
        mem_free(e->side[s].cam.values);
        mem_free(e->side[s].map);
        mem_free(e->side[s].flipped);
        network_close(&e->side[s].net);
    }
    mem_free(e->pixels);
    memset(e, 0, sizeof *e);
}
