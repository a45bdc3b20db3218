/* src/cli/bench_phase.c: what one picture costs, part by part, as the job does it. */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "cam.h"
#include "metric.h"
#include "metric_wsol.h"

enum { STEPS = 100 };

/* One precision of the picture. */
struct side {
    struct engine engine;
    struct engine_map map;
    float *act, *projection, *finished;
};

struct picture {
    const struct bench_networks *n;
    const char *path;
    const struct image_pipeline *pipeline;
    int h, w;
    status result; /* of a part that can fail */
    uint8_t *pixels;
    float *real, *away, *blank, *work, *order_map, *probability;
    int32_t *order, *scratch;
    struct cam_workspace *cam;
    struct wsol_workspace *wsol;
    struct side side[2], *now;
    int whole; /* curves recompute everything */
};

/* ---- the parts -------------------------------------------------------------------------------------------
 */

static void load(void *user)
{
    struct picture *p = user;
    struct image_info info;

    p->result = image_load(p->path, p->pipeline, p->pixels, &info);
}

static void run(void *user)
{
    struct picture *p = user;

    engine_run(p->now->engine.plan, p->now->engine.state, p->pixels);
}

static void statistics(void *user)
{
    const struct picture *p = user;
    const struct engine_map *m = &p->now->map;
    struct activation as_int, as_real;

    if (m->codes)
        activation_codes(m->codes, m->h * m->w, m->c, m->pitch, m->q.scale, m->q.zero_point, &as_int,
                         &as_real);
    else
        activation_real(p->now->act, m->h * m->w, m->c, &as_real);
}

static void eigencam(void *user)
{
    struct picture *p = user;
    struct side *s = p->now;
    struct cam_projection out = { .values = s->projection };

    engine_map_copy_real(&s->map, s->act);
    p->result = cam_eigen(p->cam, s->act, s->map.h, s->map.w, s->map.c, CAM_ABSMAX, 0, &out);
    cam_finish(s->projection, s->map.h, s->map.w, p->h, p->w, s->finished);
}

static void raw_sign(void *user)
{
    struct picture *p = user;
    struct side *s = p->now;
    struct cam_projection out = { .values = s->projection };

    p->result = cam_eigen(p->cam, s->act, s->map.h, s->map.w, s->map.c, CAM_ABSMAX, 1, &out);
}

static void localize(void *user)
{
    const struct picture *p = user;
    const struct wsol_box truth = { 40, 40, 180, 180 };
    struct wsol_score score;

    wsol_scan(p->wsol, p->now->finished);
    wsol_score(p->wsol, &truth, 1, &score);
}

static void rmse(void *user)
{
    const struct picture *p = user;
    const struct side *a = &p->side[0], *b = &p->side[1];
    const struct rmse_side first = { a->projection, 0, a->finished, a->finished },
                           second = { b->projection, 0, b->finished, b->finished };
    struct rmse_readings readings;

    rmse_pair(&first, &second, a->map.h * a->map.w, (int64_t)p->h * p->w, &readings);
}

static void compare(void *user)
{
    const struct picture *p = user;
    const struct side *a = &p->side[0], *b = &p->side[1];
    struct comparison comparison;

    compare_pair(&(struct compare_side){ a->projection, a->finished },
                 &(struct compare_side){ b->projection, b->finished }, a->map.h, a->map.w, p->h, p->w,
                 &comparison);
}

/* Decoded, normalized, and what replaces its pixels. */
static status read_picture(struct picture *p)
{
    const struct model_input *in = &p->n->net[0]->model.input;
    struct image_info info;
    float table[3][256];

    TRY(image_load(p->path, p->pipeline, p->pixels, &info));
    image_normalize_table(in->mean, in->std, in->channels, table);
    image_normalize(p->pixels, p->h * p->w, in->channels, (const float(*)[256])table, p->real);
    TRY(image_substrate(IMAGE_SUBSTRATE_ZERO, p->real, p->h, p->w, in->channels, (const float(*)[256])table,
                        p->away));
    return image_substrate(IMAGE_SUBSTRATE_BLUR, p->real, p->h, p->w, in->channels,
                           (const float(*)[256])table, p->blank);
}

static void substrates(void *user)
{
    struct picture *p = user;

    p->result = read_picture(p);
}

static void score(struct picture *p, const float *logits, int steps)
{
    int classes = engine_classes(p->now->engine.plan);

    for (int k = 0; k < steps; k++)
        accuracy_softmax(logits + (size_t)k * (size_t)classes, classes, p->probability);
}

/* From one picture to the other, most important pixels first. */
static void curve(struct picture *p, const float *from, const float *to)
{
    const struct engine *e = &p->now->engine;
    int pixels = p->h * p->w;

    memcpy(p->work, from, image_pipeline_bytes(p->pipeline) * sizeof *from);
    engine_run_real(e->plan, e->state, p->work);
    score(p, engine_logits(e->plan, e->state), 1);
    for (int step = 1, before = 0; step <= STEPS; step++) {
        int until = curve_pixels(step, STEPS, pixels), waiting;

        image_replace(p->work, to, p->pipeline->channels, p->order + before, until - before);
        if (p->whole) {
            engine_run_real(e->plan, e->state, p->work);
            score(p, engine_logits(e->plan, e->state), 1);
        } else {
            waiting = engine_batch_changed(e->plan, e->state, p->work, p->order + before, until - before);
            if (waiting == ENGINE_BATCH || step == STEPS)
                score(p, engine_finish_batch(e->plan, e->state), waiting);
        }
        before = until;
    }
}

static void curves(void *user)
{
    struct picture *p = user;

    cam_resize(p->now->projection, p->now->map.h, p->now->map.w, p->h, p->w, p->order_map);
    curve_order(p->order_map, p->h * p->w, p->order, p->scratch);
    curve(p, p->real, p->away);
    curve(p, p->blank, p->real);
}

/* ---- in order --------------------------------------------------------------------------------------------
 */

static void print(const char *part, const char *precision, double seconds, int json)
{
    if (json)
        printf("{\"part\": \"%s\", \"precision\": \"%s\", \"ms\": %.4f}\n", part, precision, seconds * 1e3);
    else
        printf("%-34s %-5s %10.3f ms\n", part, precision, seconds * 1e3);
}

static status measure(struct picture *p, const char *part, const char *precision, void (*work)(void *user),
                      int repeats, int json, double *sum)
{
    double seconds;

    TRY(bench_median(work, p, repeats, &seconds));
    TRY(p->result);
    print(part, precision, seconds, json);
    *sum += seconds;
    return OK;
}

static status one_precision(struct picture *p, int i, int repeats, int json, double *sum)
{
    static const char *const names[] = { "fp32", "int8" };

    p->now = &p->side[i];
    TRY(measure(p, "network", names[i], run, repeats, json, sum));
    TRY(measure(p, "EigenCAM, 224 x 224 map", names[i], eigencam, repeats, json, sum));
    TRY(measure(p, "activation statistics", names[i], statistics, repeats, json, sum));
    TRY(measure(p, "EigenCAM, raw sign with it", names[i], raw_sign, repeats, json, sum));
    return measure(p, "localization", names[i], localize, repeats, json, sum);
}

static status explain(struct picture *p, int repeats, int json)
{
    static const char *const names[] = { "fp32", "int8" };
    int few = repeats < 10 ? 1 : repeats / 10;
    double picture = 0, sum[2];

    TRY(measure(p, "picture and substrates", "", substrates, repeats, json, &picture));
    sum[0] = sum[1] = picture;
    for (int i = 0; i < 2; i++) {
        p->now = &p->side[i];
        p->whole = 1;
        TRY(measure(p, "both curves, every step whole", names[i], curves, few, json, &sum[0]));
        p->whole = 0;
        TRY(engine_keep(p->now->engine.plan, p->now->engine.state));
        TRY(measure(p, "both curves, what changed alone", names[i], curves, few, json, &sum[1]));
    }
    print("explain, every step whole", "both", sum[0], json);
    print("explain", "both", sum[1], json);
    return OK;
}

static status measure_all(struct picture *p, int repeats, int with_curves, int json)
{
    double sum = 0;

    TRY(measure(p, "decode and preprocess", "", load, repeats, json, &sum));
    for (int i = 0; i < 2; i++)
        TRY(one_precision(p, i, repeats, json, &sum));
    TRY(measure(p, "RMSE of the maps", "", rmse, repeats, json, &sum));
    TRY(measure(p, "further measures of the pair", "", compare, repeats, json, &sum));
    print("evaluate", "both", sum, json);
    return with_curves ? explain(p, repeats, json) : OK;
}

/* ---- making ready ----------------------------------------------------------------------------------------
 */

static status make_side(struct side *s, struct network *net, int pixels)
{
    size_t hw;

    s->engine = net->engine;
    s->map = engine_cam_map(s->engine.plan, s->engine.state);
    hw = (size_t)s->map.h * (size_t)s->map.w;
    MEM_TRY(s->act, hw * (size_t)s->map.c + 64, sizeof *s->act);
    MEM_TRY(s->projection, hw, sizeof *s->projection);
    MEM_TRY(s->finished, (size_t)pixels, sizeof *s->finished);
    return OK;
}

static status make_room(struct picture *p)
{
    size_t pixels = (size_t)p->h * (size_t)p->w, seen = image_pipeline_bytes(p->pipeline);

    for (int i = 0; i < 2; i++)
        TRY(make_side(&p->side[i], p->n->net[i], (int)pixels));
    MEM_TRY(p->pixels, seen, 1);
    MEM_TRY(p->real, seen, sizeof *p->real);
    MEM_TRY(p->away, seen, sizeof *p->away);
    MEM_TRY(p->blank, seen, sizeof *p->blank);
    MEM_TRY(p->work, seen, sizeof *p->work);
    MEM_TRY(p->order_map, pixels, sizeof *p->order_map);
    MEM_TRY(p->probability, (size_t)engine_classes(p->side[0].engine.plan), sizeof *p->probability);
    MEM_TRY(p->order, pixels, sizeof *p->order);
    MEM_TRY(p->scratch, pixels, sizeof *p->scratch);
    TRY(wsol_create(p->w, p->h, &p->wsol));
    return cam_workspace_create(p->side[0].map.h * p->side[0].map.w, p->side[0].map.c, p->n->net[0]->kernels,
                                &p->cam);
}

static void clear(struct picture *p)
{
    void *const block[] = { p->pixels,    p->real,  p->away,    p->blank,      p->work,
                            p->order_map, p->order, p->scratch, p->probability };

    for (size_t i = 0; i < COUNT_OF(block); i++)
        mem_free(block[i]);
    for (int i = 0; i < 2; i++) {
        mem_free(p->side[i].act);
        mem_free(p->side[i].projection);
        mem_free(p->side[i].finished);
    }
    cam_workspace_free(p->cam);
    wsol_free(p->wsol);
}

status bench_phase_run(const struct bench_networks *n, const char *image, int repeats, int with_curves,
                       int json)
{
    const struct model_input *in = &n->net[0]->model.input;
    struct picture p = {
        .n = n, .path = image, .pipeline = &n->net[0]->pipeline, .h = in->height, .w = in->width
    };
    status result = OK;

    if (!json)
        printf("%s, %s, one picture on one core\n", n->net[0]->model.name, n->net[0]->kernels->isa);
    TRY_OUT(make_room(&p));
    TRY_OUT(read_picture(&p));
    TRY_OUT(measure_all(&p, repeats, with_curves, json));
out:
    clear(&p);
    return result;
}
