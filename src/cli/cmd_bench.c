/* src/cli/cmd_bench.c: how long networks and EigenCAM take on one core. */
#include <errno.h>
#include <ftw.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_option.h"
#include "bench_select.h"
#include "cam.h"
#include "image_synth.h"
#include "bench.h"
#include "cmd.h"

enum { WARM_UP = 3, CAM_REPEATS = 101 };

struct settings {
    char model[OPTION_SIZE], image[OPTION_SIZE], isa[OPTION_SIZE];
    struct option_files weights;
    struct model_reading reading;
    int engine, saturate, repeats, layers, kernels, phases, explain, json;
    double select;
};

static const struct option_row rows[] = {
    { .name = "model",
      .kind = OPTION_PATH,
      .where = offsetof(struct settings, model),
      .values = "FILE",
      .help = "one network's description; without it all of models/" },
    { .name = "weights",
      .kind = OPTION_FILES,
      .where = offsetof(struct settings, weights),
      .values = "[NAME=]FILE",
      .help = "its checkpoint, once more for every further precision; without it random weights, real ones "
              "and codes" },
    CMD_ROW_STATE,
    CMD_ROW_UNUSED,
    CMD_ROW_RELU6,
    { .name = "engine",
      .kind = OPTION_CHOICE,
      .where = offsetof(struct settings, engine),
      .values = "auto|fbgemm|qnnpack",
      .help = "arithmetic of codes" },
    { .name = "numerics.saturate",
      .kind = OPTION_CHOICE,
      .where = offsetof(struct settings, saturate),
      .values = "off|fbgemm-avx2|fbgemm-vnni",
      .help = "imitate fbgemm's 16-bit sums on CPUs without VNNI, or with it: the reference kernels, slow" },
    CMD_ROW_ISA,
    { .name = "repeats",
      .kind = OPTION_INT,
      .where = offsetof(struct settings, repeats),
      .values = "N",
      .help = "timed runs, of which the median counts",
      .low = 1,
      .high = 100000 },
    { .name = "layers",
      .kind = OPTION_FLAG,
      .where = offsetof(struct settings, layers),
      .help = "every layer's time" },
    { .name = "kernels",
      .kind = OPTION_FLAG,
      .where = offsetof(struct settings, kernels),
      .help = "every kernel alone, with its share of this core's measured peak" },
    { .name = "phases",
      .kind = OPTION_FLAG,
      .where = offsetof(struct settings, phases),
      .help = "one picture, part by part, in every precision of --weights" },
    { .name = "explain",
      .kind = OPTION_FLAG,
      .where = offsetof(struct settings, explain),
      .help = "--phases with the curves, which take most of its time" },
    { .name = "image",
      .kind = OPTION_PATH,
      .where = offsetof(struct settings, image),
      .values = "FILE",
      .help = "the picture; without it noise, with --phases a scene of `synth`" },
    { .name = "select",
      .kind = OPTION_REAL,
      .where = offsetof(struct settings, select),
      .values = "COUNT",
      .help = "instead: the 5 % largest of so many values, spread over the ranks that mpirun started (1e8)",
      .high = 1e11 },
    { .name = "json", .kind = OPTION_FLAG, .where = offsetof(struct settings, json), .help = "for programs" },
};
static const struct option_table table = {
    .usage = "quantcam bench [--model M [--weights W ...]] [--kernels | --phases [--image I]]",
    .about =
        "Times networks, batch 1, and EigenCAM of their CAM layer, on one core; or every kernel; or all that "
        "one\npicture costs. GMAC/s are multiply-accumulates of the description, not those that a kernel "
        "pads "
        "to.\n`best` is the rate of the fastest layer.",
    .row = rows,
    .rows = COUNT_OF(rows),
};

/* What was measured of one network in one precision; times in seconds. */
struct measured {
    double median, fastest;
    double cam_map, cam_both; /* without and with the raw sign */
    double *layer;            /* (engine_steps) */
};

static void fill_pixels(uint8_t *pixels, size_t size)
{
    struct random r = { .seed = 1 };

    for (size_t i = 0; i < size; i++)
        pixels[i] = (uint8_t)random_below(&r, 256);
}

/* ---- measuring -------------------------------------------------------------------------------------- */

static status measure_runs(const struct engine *e, const uint8_t *pixels, int repeats, struct measured *m)
{
    double *times;

    MEM_TRY(times, (size_t)repeats, sizeof *times);
    for (int i = 0; i < WARM_UP; i++)
        engine_run(e->plan, e->state, pixels);
    for (int i = 0; i < repeats; i++) {
        double from = clock_s();

        engine_run(e->plan, e->state, pixels);
        times[i] = clock_s() - from;
    }
    qsort(times, (size_t)repeats, sizeof *times, bench_ascending);
    m->median = times[repeats / 2];
    m->fastest = times[0];
    mem_free(times);
    return engine_profile(e->plan, e->state, pixels, repeats, m->layer);
}

static status median_cam(struct cam_workspace *w, const struct engine_map *a, const float *act, int raw,
                         float *values, double *out)
{
    double times[CAM_REPEATS];

    for (int i = 0; i < CAM_REPEATS; i++) {
        struct cam_projection p = { .values = values };
        double from = clock_s();

        TRY(cam_eigen(w, act, a->h, a->w, a->c, CAM_ABSMAX, raw, &p));
        times[i] = clock_s() - from;
    }
    qsort(times, CAM_REPEATS, sizeof *times, bench_ascending);
    *out = times[CAM_REPEATS / 2];
    return OK;
}

static status measure_cam(const struct network *net, struct measured *m)
{
    struct engine_map a = engine_cam_map(net->engine.plan, net->engine.state);
    size_t pixels = (size_t)a.h * (size_t)a.w;
    struct cam_workspace *w = NULL;
    float *act = mem_alloc(pixels * (size_t)a.c, sizeof *act), *values = mem_alloc(pixels, sizeof *values);
    status result = OK;

    if (!act || !values)
        TRY_OUT(FAIL(ERR_MEMORY, "no memory for activations"));
    TRY_OUT(cam_workspace_create((int)pixels, a.c, net->kernels, &w));
    engine_map_copy_real(&a, act);
    TRY_OUT(median_cam(w, &a, act, 0, values, &m->cam_map));
    TRY_OUT(median_cam(w, &a, act, 1, values, &m->cam_both));
out:
    cam_workspace_free(w);
    mem_free(act);
    mem_free(values);
    return result;
}

static status measure(const struct network *net, const char *image, int repeats, struct measured *m)
{
    struct image_info info;
    size_t size = image_pipeline_bytes(&net->pipeline);
    uint8_t *pixels;
    status result = OK;

    memset(m, 0, sizeof *m);
    MEM_TRY(pixels, size, 1);
    fill_pixels(pixels, size);
    if (image[0])
        TRY_OUT(image_load(image, &net->pipeline, pixels, &info));
    m->layer = mem_alloc((size_t)engine_steps(net->engine.plan), sizeof *m->layer);
    if (!m->layer)
        TRY_OUT(FAIL(ERR_MEMORY, "no memory for the times of the layers"));
    TRY_OUT(measure_runs(&net->engine, pixels, repeats, m));
    TRY_OUT(measure_cam(net, m));
out:
    mem_free(pixels);
    return result;
}

/* ---- printing --------------------------------------------------------------------------------------- */

static void print_json(const struct network_set *set, const struct measured *m)
{
    const struct network *net = &set->of[0];
    const struct engine *e = &net->engine;
    struct engine_memory memory = engine_memory_used(e->plan, e->state);

    printf("{\"model\": \"%s\", \"precision\": \"%s\", \"isa\": \"%s\", \"ms\": %.4f, \"ms_fastest\": %.4f, "
           "\"macs\": %llu, ",
           net->model.name, set->name[0], net->kernels->isa, m->median * 1e3, m->fastest * 1e3,
           (unsigned long long)net->macs);
    printf("\"cam_map_ms\": %.4f, \"cam_raw_sign_ms\": %.4f, \"weight_bytes\": %zu, \"arena_bytes\": %zu, "
           "\"scratch_bytes\": %zu, ",
           m->cam_map * 1e3, (m->cam_both - m->cam_map) * 1e3, memory.weights, memory.arena, memory.scratch);
    printf("\"layers\": [");
    for (int i = 0; i < engine_steps(e->plan); i++)
        printf("%s{\"name\": \"%s\", \"ms\": %.5f, \"macs\": %llu}", i ? ", " : "",
               engine_step_name(e->plan, i), m->layer[i] * 1e3,
               (unsigned long long)engine_step_macs(e->plan, i));
    printf("]}\n");
}

static void print_table(const struct network_set *set, const struct measured *m, int layers)
{
    const struct network *net = &set->of[0];
    const struct engine *e = &net->engine;
    double best = 0;

    for (int i = 0; i < engine_steps(e->plan); i++) {
        double rate = m->layer[i] > 0 ? (double)engine_step_macs(e->plan, i) / m->layer[i] / 1e9 : 0;

        best = rate > best ? rate : best;
    }
    printf("%-20s %s %-10s %9.3f ms %8.1f GMAC/s  best %8.1f  cam %6.3f ms  raw sign %6.3f ms\n",
           net->model.name, set->name[0], net->kernels->isa, m->median * 1e3,
           (double)net->macs / m->median / 1e9, best, m->cam_map * 1e3, (m->cam_both - m->cam_map) * 1e3);
    for (int i = 0; layers && i < engine_steps(e->plan); i++)
        printf("    %-36s %9.4f ms %10.3f MMAC %8.1f GMAC/s\n", engine_step_name(e->plan, i),
               m->layer[i] * 1e3, (double)engine_step_macs(e->plan, i) / 1e6,
               (double)engine_step_macs(e->plan, i) / m->layer[i] / 1e9);
}

/* ---- the command ------------------------------------------------------------------------------------ */

static status bench_one(const struct settings *s, const char *model, const struct option_file *file)
{
    struct engine_options options = { .arithmetic = (enum engine_arithmetic)s->engine,
                                      .saturate = (enum engine_saturation)s->saturate };
    struct network_set *set;
    struct measured m = { 0 };
    status result = OK;

    MEM_TRY(set, 1, sizeof *set);
    TRY_OUT(network_set_add(set, file->name, model, file->path, &s->reading, &options, s->isa));
    if (strcmp(file->path, NETWORK_RANDOM_REAL) != 0)
        TRY_OUT(network_set_check(set, &s->reading, &options));
    TRY_OUT(measure(&set->of[0], s->image, s->repeats, &m));
    if (s->json)
        print_json(set, &m);
    else
        print_table(set, &m, s->layers);
out:
    mem_free(m.layer);
    network_set_close(set);
    mem_free(set);
    return result;
}

/* One picture of `synth` under `folder`, which is made: its path. */
static status draw_image(char *folder, char *path, size_t size)
{
    char set[64], name[64];

    if (!mkdtemp(folder))
        return FAIL(ERR_IO, "%s: %s", folder, strerror(errno));
    snprintf(set, sizeof set, "%s/set", folder);
    TRY(synth_write(set, &(struct synth_options){ .images = 1, .seed = 1 }));
    snprintf(name, sizeof name, "%s/img_000000.JPEG", synth_class_name(0));
    return text_path(path, size, set, name);
}

static int remove_one(const char *name, const struct stat *info, int kind, struct FTW *where)
{
    return remove(name);
}

static status bench_picture(const struct settings *s, const char *model, const struct option_files *files)
{
    struct engine_options options = { .arithmetic = (enum engine_arithmetic)s->engine };
    struct network_set *set;
    char folder[] = "/tmp/quantcam-bench-XXXXXX", drawn[128];
    status result = OK;

    MEM_TRY(set, 1, sizeof *set);
    if (!s->image[0])
        TRY_OUT(draw_image(folder, drawn, sizeof drawn));
    for (int i = 0; i < files->count; i++)
        TRY_OUT(network_set_add(set, files->file[i].name, model, files->file[i].path, &s->reading, &options,
                                s->isa));
    TRY_OUT(bench_phase_run(set, s->image[0] ? s->image : drawn, s->repeats, s->explain, s->json));
out:
    network_set_close(set);
    mem_free(set);
    if (!s->image[0])
        nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return result;
}

static const struct settings usual = { .isa = "auto", .repeats = 20, .explain = 1 };

/* Three ways, each with options that the others do not read. */
static status check_idle(const struct settings *s)
{
    static const char selects[] = "--select times no network", kernels[] = "--kernels runs no network",
                      phases[] = "--phases has its own parts", plain[] = "it is of --phases";
    const int select = s->select >= 1;
    const struct option_idle idle[] = { { select, "model", selects },
                                        { select, "weights", selects },
                                        { select, "image", selects },
                                        { select, "engine", selects },
                                        { select, "numerics.saturate", selects },
                                        { select, "isa", selects },
                                        { select, "repeats", selects },
                                        { select, "layers", selects },
                                        { select, "kernels", selects },
                                        { select, "phases", selects },
                                        { select, "explain", selects },
                                        { select, "json", selects },
                                        { s->kernels, "model", kernels },
                                        { s->kernels, "weights", kernels },
                                        { s->kernels, "image", kernels },
                                        { s->kernels, "engine", kernels },
                                        { s->kernels, "layers", kernels },
                                        { s->kernels, "numerics.saturate", kernels },
                                        { s->kernels, "phases", kernels },
                                        { s->kernels, "explain", kernels },
                                        { s->phases, "layers", phases },
                                        { s->phases, "numerics.saturate", phases },
                                        { !s->phases, "explain", plain },
                                        { s->json, "layers", "--json has every layer" } };

    return option_idle_check(&table, s, &usual, idle, COUNT_OF(idle));
}

static status run(const struct settings *s)
{
    static const char *const all[] = { "models/resnet18.model", "models/shufflenet_v2_x0_5.model",
                                       "models/mobilenet_v2.model", "models/mobilenet_v3_large.model" };

    static const struct option_files random = {
        .count = 2, .file = { { .path = NETWORK_RANDOM_REAL }, { .path = NETWORK_RANDOM_CODES } }
    };
    const struct option_files *files = s->weights.count > 0 ? &s->weights : &random;
    const int given = s->weights.count > 0;

    TRY(check_idle(s));
    if (given && !s->model[0])
        return FAIL(ERR_USAGE, "bench: --weights needs --model");
    if ((s->reading.state[0] || s->reading.allow_unused) && !given)
        return FAIL(ERR_USAGE, "bench: --state and --unused are of --weights, and there are none");
    if (s->reading.relu6 && (s->kernels || !s->model[0]))
        return FAIL(ERR_USAGE, "bench: --relu6 is of one network: --model is needed, and no --kernels");
    if (s->kernels) {
        const struct kernel_table *k;

        TRY(network_kernels(s->isa, &k));
        return bench_kernel_run(k, s->repeats, s->json);
    }
    for (size_t i = 0; i < (s->model[0] ? 1 : COUNT_OF(all)); i++) {
        const char *model = s->model[0] ? s->model : all[i];

        if (s->phases)
            TRY(bench_picture(s, model, files));
        for (int k = 0; !s->phases && k < files->count; k++)
            TRY(bench_one(s, model, &files->file[k]));
    }
    return OK;
}

int cmd_bench(int argc, char **argv)
{
    struct settings s = usual;
    struct option_words words = { 0 };
    status result = option_read_args(&table, &s, argc, argv, &words);

    if (result == OK && words.help) {
        option_help(&table, &s, words.help, stdout);
        return 0;
    }
    if (result == OK && s.select >= 1)
        result = check_idle(&s);
    if (result == OK && s.select >= 1)
        return bench_select((int64_t)s.select);
    if (result == OK)
        result = run(&s);
    return log_exit(result);
}
