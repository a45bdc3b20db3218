/* src/cli/cmd_bench.c: what is timed, and on which networks. */
#include <errno.h>
#include <ftw.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_option.h"
#include "bench.h"
#include "cmd.h"
#include "image_synth.h"

struct settings {
    char model[OPTION_SIZE], image[OPTION_SIZE], isa[OPTION_SIZE], input[OPTION_SIZE];
    struct option_files weights;
    struct model_reading reading;
    int engine, winograd, saturate, repeats, layers, kernels, phases, explain, json, skip;
    double select;
};

static const struct option_row rows[] = {
    { CMD_ROW("model", PATH, model), .values = "FILE",
      .help = "one network's description; without it all of models/" },
    { CMD_ROW("weights", FILES, weights), .values = "[NAME=]FILE",
      .help = "its checkpoint, once more for every further precision; without it random weights, real "
              "ones and codes" },
    CMD_ROW_INPUT,
    CMD_ROW_SKIP,
    CMD_ROW_STATE,
    CMD_ROW_UNUSED,
    CMD_ROW_RELU6,
    { CMD_ROW("engine", CHOICE, engine),
      .values = "auto|fbgemm|qnnpack|tflite-reference|tflite-xnnpack|onnxruntime",
      .help = "arithmetic of codes" },
    CMD_ROW_WINOGRAD,
    { CMD_ROW("numerics.saturate", CHOICE, saturate), .values = "off|fbgemm-avx2|fbgemm-vnni|ort-avx2",
      .help = "imitate 16-bit sums, fbgemm's on CPUs without VNNI or with it, ONNX Runtime's without it: the "
              "reference kernels, slow" },
    CMD_ROW_ISA,
    { CMD_ROW("repeats", INT, repeats), .values = "N", .low = 1, .high = 100000,
      .help = "timed runs, of which the median counts" },
    { CMD_ROW("layers", FLAG, layers), .help = "every layer's time" },
    { CMD_ROW("kernels", FLAG, kernels),
      .help = "every kernel alone, with its share of this core's measured peak" },
    { CMD_ROW("phases", FLAG, phases), .help = "one picture, part by part, in every precision of --weights" },
    { CMD_ROW("explain", FLAG, explain), .help = "--phases with the curves, which take most of its time" },
    { CMD_ROW("image", PATH, image), .values = "FILE",
      .help = "the picture; without it noise, with --phases a scene of `synth`" },
    { CMD_ROW("select", REAL, select), .values = "COUNT", .high = 1e11,
      .help = "instead: the 5 % largest of so many values, spread over the ranks that mpirun started (1e8)" },
    { CMD_ROW("json", FLAG, json), .help = "for programs" },
};
static const struct option_table table = {
    .usage = "quantcam bench [--model M [--weights W ...]] [--kernels | --phases [--image I]]",
    .about =
        "Times networks, batch 1, and EigenCAM of their CAM layer, on one core; or every kernel; or all that "
        "one\npicture costs. GMAC/s are multiply-accumulates of the description, not those that a kernel "
        "pads "
        "to;\n`done` counts the multiplications that a Winograd layer does in their place. `best` is the "
        "rate of the\nlayer that does most.",
    .row = rows,
    .rows = COUNT_OF(rows),
};

/* ---- a drawn picture ------------------------------------------------------------------------------------
 */

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

/* ---- the command ----------------------------------------------------------------------------------------
 */

static const struct settings usual = { .isa = "auto", .repeats = 20, .explain = 1 };

/* The networks of one description, from the files on. */
static status open_files(const struct settings *s, const char *model, const struct option_file *file,
                         int count, struct network_set *set)
{
    const struct deploy_options deploy = CMD_DEPLOY(s, 0);
    const struct network_how how = { .model = model,
                                     .deploy = &deploy,
                                     .isa = s->isa,
                                     .reading = &s->reading,
                                     .methods = s->phases ? 1u << CAM_GRADCAMPP : 0,
                                     .options = { .arithmetic = (enum engine_arithmetic)s->engine,
                                                  .saturate = (enum engine_saturation)s->saturate,
                                                  .direct = s->winograd } };

    TRY(network_set_files(set, &how, file, count));
    if (s->phases || strcmp(file->path, NETWORK_RANDOM_REAL) == 0)
        return OK;
    TRY(network_set_check(set, &how));
    return network_set_one_picture(set);
}

static status time_phases(const struct settings *s, const struct network_set *set)
{
    char folder[] = "/tmp/quantcam-bench-XXXXXX", drawn[128];
    struct bench_parts parts = { 0 };
    status result = OK;

    if (!s->image[0])
        TRY_OUT(draw_image(folder, drawn, sizeof drawn));
    if (!s->json)
        printf("%s, %s, one picture on one core\n", set->of[0].model.name, set->of[0].kernels->isa);
    result = bench_phase_run(set, s->image[0] ? s->image : drawn, s->repeats, s->explain, &parts);
    bench_phase_print(set, &parts, s->json);
out:
    if (!s->image[0])
        nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return result;
}

/* The precisions together, part by part, or each alone. */
static status bench_model(const struct settings *s, const char *model, const struct option_files *files)
{
    int together = s->phases ? files->count : 1;
    struct network_set *set;
    status result = OK;

    MEM_TRY(set, 1, sizeof *set);
    for (int i = 0; i < files->count && result == OK; i += together) {
        result = open_files(s, model, &files->file[i], together, set);
        if (result == OK)
            result = s->phases
                         ? time_phases(s, set)
                         : bench_network(&set->of[0], set->name[0], s->image, s->repeats, s->layers, s->json);
        network_set_close(set);
    }
    mem_free(set);
    return result;
}

/* Four ways, each with options that the others do not read. */
static status check_settings(const struct settings *s)
{
    const int given = s->weights.count > 0;
    const struct option_idle idle[] = {
        { s->select >= 1,
          "model weights input classes.skip image engine numerics.winograd numerics.saturate isa repeats "
          "layers kernels phases "
          "explain json",
          "--select times no network" },
        { s->kernels,
          "model weights input classes.skip image engine layers numerics.winograd numerics.saturate phases "
          "explain",
          "--kernels runs no network" },
        { s->phases, "layers numerics.saturate", "--phases has its own parts" },
        { !s->phases, "explain", "it is of --phases" },
        { s->json, "layers", "--json has every layer" },
    };

    TRY(option_idle_check(&table, s, &usual, idle, COUNT_OF(idle)));
    if (s->select >= 1)
        return OK;
    if (given && !s->model[0])
        return FAIL(ERR_USAGE, "bench: --weights needs --model");
    if ((s->reading.state[0] || s->reading.allow_unused) && !given)
        return FAIL(ERR_USAGE, "bench: --state and --unused are of --weights, and there are none");
    if (s->reading.relu6 && (s->kernels || !s->model[0]))
        return FAIL(ERR_USAGE, "bench: --relu6 is of one network: --model is needed, and no --kernels");
    return OK;
}

static status bench(struct cmd_call *call)
{
    static const char *const all[] = { "models/resnet18.model", "models/shufflenet_v2_x0_5.model",
                                       "models/mobilenet_v2.model", "models/mobilenet_v3_large.model" };
    static const struct option_files random = {
        .count = 2, .file = { { .path = NETWORK_RANDOM_REAL }, { .path = NETWORK_RANDOM_CODES } }
    };
    struct settings *s = call->set;
    const struct option_files *files;
    const struct kernel_table *k;

    network_settle(s->model, &s->weights);
    files = s->weights.count > 0 ? &s->weights : &random;
    TRY(check_settings(s));
    if (s->select >= 1) {
        call->code = bench_select((int64_t)s->select);
        return OK;
    }
    if (s->kernels) {
        TRY(network_kernels(s->isa, &k));
        return bench_kernel_run(k, s->repeats, s->json);
    }
    if (s->model[0])
        return bench_model(s, s->model, files);
    for (size_t i = 0; i < COUNT_OF(all); i++)
        TRY(bench_model(s, all[i], files));
    return OK;
}

const struct command cmd_bench = { CMD_TABLE, .name = "bench", .run = bench,
                                   .line = "time networks and kernels on this machine" };
