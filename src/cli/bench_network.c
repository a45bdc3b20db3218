/* src/cli/bench_network.c: how long one network and EigenCAM of its CAM layer take on one core. */
#include <stdio.h>
#include <string.h>

#include "bench.h"

enum { WARM_UP = 3, CAM_REPEATS = 101 };

/* What was measured of one network in one precision; times in seconds. */
struct measured {
    const struct network *net;
    uint8_t *pixels;
    struct cam_workspace *cam;
    struct engine_map map;
    float *act, *values; /* of the CAM layer, (h * w, c); (h * w) */
    int raw;             /* of the map in hand */
    status result;
    struct bench_time run, cam_map, cam_both; /* cam_map: without, cam_both: with the raw sign */
    double *layer;                            /* (engine_steps) */
};

/* ---- measuring -------------------------------------------------------------------------------------- */

static status choose_pixels(const struct network *net, const char *image, uint8_t *pixels)
{
    struct random r = { .seed = 1 };
    struct image_info info;
    size_t size = image_pipeline_bytes(&net->pipeline);

    if (image[0])
        return image_load(image, &net->pipeline, pixels, &info);
    for (size_t i = 0; i < size; i++)
        pixels[i] = (uint8_t)random_below(&r, 256);
    return OK;
}

static void run(void *user)
{
    const struct measured *m = user;

    engine_run(m->net->engine.plan, m->net->engine.state, m->pixels);
}

static void take_cam(void *user)
{
    struct measured *m = user;
    struct cam_projection p = { .values = m->values };
    status result = cam_eigen(m->cam, m->act, m->map.h, m->map.w, m->map.c, CAM_ABSMAX, m->raw, &p);

    m->result = m->result == OK ? result : m->result;
}

static status measure_cam(struct measured *m)
{
    const struct engine *e = &m->net->engine;
    size_t pixels;

    m->map = engine_cam_map(e->plan, e->state);
    pixels = (size_t)m->map.h * (size_t)m->map.w;
    MEM_TRY(m->act, pixels * (size_t)m->map.c, sizeof *m->act);
    MEM_TRY(m->values, pixels, sizeof *m->values);
    TRY(cam_workspace_create((int)pixels, m->map.c, m->net->kernels, &m->cam));
    engine_map_copy_real(&m->map, m->act);
    TRY(bench_time(take_cam, m, 0, CAM_REPEATS, &m->cam_map));
    m->raw = 1;
    TRY(bench_time(take_cam, m, 0, CAM_REPEATS, &m->cam_both));
    return m->result;
}

static status measure(struct measured *m, const char *image, int repeats)
{
    const struct engine *e = &m->net->engine;

    MEM_TRY(m->pixels, image_pipeline_bytes(&m->net->pipeline), 1);
    TRY(choose_pixels(m->net, image, m->pixels));
    MEM_TRY(m->layer, (size_t)engine_steps(e->plan), sizeof *m->layer);
    TRY(bench_time(run, m, WARM_UP, repeats, &m->run));
    TRY(engine_profile(e->plan, e->state, m->pixels, repeats, m->layer));
    return measure_cam(m);
}

/* ---- printing --------------------------------------------------------------------------------------- */

static double raw_sign_ms(const struct measured *m)
{
    return (m->cam_both.median - m->cam_map.median) * 1e3;
}

/* Multiplications that the network's steps do. */
static uint64_t done(const struct measured *m)
{
    const struct engine_plan *plan = m->net->engine.plan;
    uint64_t sum = 0;

    for (int i = 0; i < engine_steps(plan); i++)
        sum += engine_step_done(plan, i);
    return sum;
}

static void print_json(const struct measured *m, const char *name)
{
    const struct engine *e = &m->net->engine;
    struct engine_memory memory = engine_memory_used(e->plan, e->state);

    printf("{\"model\": \"%s\", \"precision\": \"%s\", \"isa\": \"%s\", \"ms\": %.4f, \"ms_fastest\": %.4f, "
           "\"macs\": %llu, \"multiplications\": %llu, ",
           m->net->model.name, name, m->net->kernels->isa, m->run.median * 1e3, m->run.fastest * 1e3,
           (unsigned long long)m->net->macs, (unsigned long long)done(m));
    printf("\"cam_map_ms\": %.4f, \"cam_raw_sign_ms\": %.4f, \"weight_bytes\": %zu, \"arena_bytes\": %zu, "
           "\"scratch_bytes\": %zu, ",
           m->cam_map.median * 1e3, raw_sign_ms(m), memory.weights, memory.arena, memory.scratch);
    printf("\"layers\": [");
    for (int i = 0; i < engine_steps(e->plan); i++)
        printf("%s{\"name\": \"%s\", \"ms\": %.5f, \"macs\": %llu, \"multiplications\": %llu}", i ? ", " : "",
               engine_step_name(e->plan, i), m->layer[i] * 1e3,
               (unsigned long long)engine_step_macs(e->plan, i),
               (unsigned long long)engine_step_done(e->plan, i));
    printf("]}\n");
}

static void print_table(const struct measured *m, const char *name, int layers)
{
    const struct engine_plan *plan = m->net->engine.plan;
    double best = 0;

    for (int i = 0; i < engine_steps(plan); i++) {
        double rate = m->layer[i] > 0 ? (double)engine_step_done(plan, i) / m->layer[i] / 1e9 : 0;

        best = rate > best ? rate : best;
    }
    printf("%-20s %s %-10s %9.3f ms %8.1f GMAC/s  done %8.1f  best %8.1f  cam %6.3f ms  raw sign %6.3f ms\n",
           m->net->model.name, name, m->net->kernels->isa, m->run.median * 1e3,
           (double)m->net->macs / m->run.median / 1e9, (double)done(m) / m->run.median / 1e9, best,
           m->cam_map.median * 1e3, raw_sign_ms(m));
    for (int i = 0; layers && i < engine_steps(plan); i++)
        printf("    %-36s %9.4f ms %10.3f MMAC %8.1f GMAC/s  done %8.1f\n", engine_step_name(plan, i),
               m->layer[i] * 1e3, (double)engine_step_macs(plan, i) / 1e6,
               (double)engine_step_macs(plan, i) / m->layer[i] / 1e9,
               (double)engine_step_done(plan, i) / m->layer[i] / 1e9);
}

status bench_network(const struct network *net, const char *name, const char *image, int repeats, int layers,
                     int json)
{
    struct measured m = { .net = net };
    status result = measure(&m, image, repeats);

    if (result == OK && json)
        print_json(&m, name);
    else if (result == OK)
        print_table(&m, name, layers);
    cam_workspace_free(m.cam);
    mem_free(m.pixels);
    mem_free(m.act);
    mem_free(m.values);
    mem_free(m.layer);
    return result;
}
