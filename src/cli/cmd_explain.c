/* src/cli/cmd_explain.c: one picture: what each precision answers, where it looks, and how the two differ. */
#include <stdio.h>
#include <string.h>

#include "base_option.h"
#include "cmd.h"
#include "explain_agree.h"
#include "phase.h"
#include "phase_calibrate.h"
#include "report.h"

enum { TEXT_MAX = 4 << 20 };

struct settings {
    char model[OPTION_SIZE], job[OPTION_SIZE], network[OPTION_SIZE];
    struct option_files weights;
    char output[OPTION_SIZE], names[OPTION_SIZE], isa[OPTION_SIZE], input[OPTION_SIZE];
    struct model_reading reading;
    char densities[OPTION_SIZE], masks[OPTION_SIZE], suffix[OPTION_SIZE], csv[OPTION_SIZE];
    unsigned methods, maps;
    int engine, winograd, steps, skip;
};

static const struct option_row rows[] = {
    CMD_ROW_MODEL,
    { CMD_ROW("weights", FILES, weights), .values = "[NAME=]FILE",
      .help = "its checkpoint; once more for every further precision, each compared with the first; NAME: "
              "what to call the precision" },
    { CMD_ROW("job", PATH, job), .values = "JOB.conf",
      .help = "in place of the two: every network of a job, where it says quantize as `run` calibrated it, "
              "with its preprocessing and sign rule" },
    { CMD_ROW("network", TEXT, network), .values = "NAME", .help = "of the job's networks this one alone" },
    { CMD_ROW("output", PATH, output), .values = "FILE.png", .letter = 'o',
      .help = "the picture and its maps; empty: the image's name with -NETWORK.png, here" },
    { CMD_ROW("cam.method", LIST, methods), .values = CAM_METHOD_NAMES,
      .help = "maps, a row each; of more than eigen also where people are predicted to look, or did" },
    { CMD_ROW("densities", PATH, densities), .values = "DIR|FILE.h5",
      .help = "how densely people look, a map a picture, in place of the predicted saliency (sr-center)" },
    { CMD_ROW("masks", PATH, masks), .values = "DIR|FILE.h5",
      .help = "objects that people marked, a mask a picture, in its place" },
    { CMD_ROW("suffix", TEXT, suffix), .values = "TEXT",
      .help = "what a density's or mask's name has behind the picture's: _fixMap" },
    { CMD_ROW("csv", PATH, csv), .values = "FILE.csv",
      .help = "SIM, CC and KLD of every map with that saliency, and with the first precision's map: a row a "
              "picture and network" },
    { CMD_ROW("steps", INT, steps), .values = "N", .high = EXPLAIN_STEPS,
      .help = "of deletion and insertion, 0 for no curves" },
    { CMD_ROW("methods", LIST, maps), .values = ATTRIBUTION_NAMES,
      .help = "picture-sized maps too, each drawn into a picture of its own, IMAGE-NETWORK-METHOD.png; as "
              "--job says under [explain], else as run does by default: thousands of runs of the network" },
    CMD_ROW_NAMES("data.synsets of the job, else a deployed file's own, else their numbers"),
    CMD_ROW_INPUT,
    CMD_ROW_SKIP,
    CMD_ROW_LAYER,
    CMD_ROW_STATE,
    CMD_ROW_UNUSED,
    CMD_ROW_RELU6,
    CMD_ROW_ENGINE,
    CMD_ROW_WINOGRAD,
    CMD_ROW_ISA,
};
static const struct option_table table = {
    .usage = "quantcam explain IMAGE... --model M --weights W [--weights W8 ...] | --model NET.tflite | "
             "--job JOB.conf",
    .about =
        "What each precision answers to one picture, where it looks, how far its map and its deletion and\n"
        "insertion curves are from the first's; the picture and its maps as PNG. With --cam.method the maps "
        "of\n"
        "every method, and beside them the saliency of the picture.",
    .row = rows,
    .rows = COUNT_OF(rows),
    .words_low = 1,
    .words_high = 1 << 20,
};

/* ---- the picture ------------------------------------------------------------------------------------------
 */

/* The picture and its maps, `columns` a row. */
static status draw_maps(const struct explain *e, const struct report_map *map, int maps, int columns,
                        const char *path)
{
    const struct model_input *in = &e->set.of[0].model.input;
    struct image crop = { in->width, in->height, NULL };
    status result;

    MEM_TRY(crop.rgb, (size_t)in->width * (size_t)in->height, 3);
    for (int i = 0; i < 3 * in->width * in->height; i++) /* grey in all three */
        crop.rgb[i] = e->pixels[0][in->channels == 3 ? i : i / 3];
    result = report_draw_maps(path, &crop, map, maps, columns);
    mem_free(crop.rgb);
    return result;
}

/* Of the panels: rows of methods, columns of precisions, behind the first row the saliency. */
static void fill_maps(const struct explain *e, const struct agree *a, int columns, uint8_t *bytes, float *map,
                      struct report_map *out)
{
    const struct model_input *in = &e->set.of[0].model.input;
    int pixels = in->width * in->height, row = 0;

    for (int m = 0; m < CAM_METHODS; m++) {
        if (!(a->methods >> m & 1))
            continue;
        for (int p = 0; p < e->set.count; p++, bytes += pixels) {
            const struct probe_shown *s = probe_shown(e->probe, p);
            const int32_t *b = e->side[p].box;
            struct image_box box = { -1, -1, -1, -1 };

            cam_finish(m == CAM_EIGEN ? s->cam.values : s->method[m].values, s->layer.h, s->layer.w,
                       in->height, in->width, map);
            cam_bytes(map, pixels, bytes);
            if (m == CAM_EIGEN)
                box = (struct image_box){ b[0], b[1], b[2], b[3] };
            out[row * columns + p] = (struct report_map){ bytes, box };
        }
        if (columns > e->set.count && row == 0)
            out[e->set.count] = (struct report_map){ a->seen, { -1, -1, -1, -1 } };
        row++;
    }
}

static int methods_of(const struct agree *a)
{
    int count = 0;

    for (int m = 0; m < CAM_METHODS; m++)
        count += a->methods >> m & 1;
    return count;
}

static status draw(const struct explain *e, const struct agree *a, const char *path)
{
    const struct model_input *in = &e->set.of[0].model.input;
    int pixels = in->width * in->height, columns = e->set.count + (a->truths != NULL),
        maps = methods_of(a) * columns;
    struct mem_set mem = { 0 };
    struct report_map *map = mem_take(&mem, (size_t)maps, sizeof *map);
    uint8_t *bytes = mem_take(&mem, (size_t)pixels, (size_t)maps);
    float *finished = mem_take(&mem, (size_t)pixels, sizeof *finished);
    status result = OK;

    if (!map || !bytes || !finished)
        TRY_OUT(FAIL(ERR_MEMORY, "no memory for %d maps of %d pixels", maps, pixels));
    fill_maps(e, a, columns, bytes, finished, map);
    result = draw_maps(e, map, maps, columns, path);
out:
    mem_drop(&mem);
    return result;
}

/* cat-resnet18.png -> cat-resnet18-rise.png */
static status draw_method(const struct explain *e, enum attribution m, const char *path)
{
    const struct model_input *in = &e->set.of[0].model.input;
    size_t pixels = (size_t)in->width * (size_t)in->height, length = strlen(path);
    char name[2 * OPTION_SIZE + OPTION_NAME];
    struct report_map map[PROBE_PRECISIONS] = { 0 };

    length -= text_ends(path, length, ".png") ? strlen(".png") : 0;
    snprintf(name, sizeof name, "%.*s-%s.png", (int)length, path, attribution_name(m));
    for (int i = 0; i < e->set.count; i++)
        map[i] = (struct report_map){ e->maps + ((size_t)m * (size_t)e->set.count + (size_t)i) * pixels,
                                      { -1, -1, -1, -1 } };
    TRY(draw_maps(e, map, e->set.count, e->set.count, name));
    printf("  picture   %s\n", name);
    return OK;
}

/* photos/cat.jpg -> cat-resnet18.png; with -o and several networks the network goes before ".png". */
static void output_name(const struct settings *set, const char *image, const char *network, int several,
                        char *out, size_t size)
{
    const char *from = set->output[0] ? set->output : strrchr(image, '/') ? strrchr(image, '/') + 1 : image;
    const char *dot = strrchr(from, '.');
    int length = dot && dot > from && !strchr(dot, '/') ? (int)(dot - from) : (int)strlen(from);

    if (set->output[0] && !several)
        snprintf(out, size, "%s", set->output);
    else
        snprintf(out, size, "%.*s-%s.png", length, from, network);
}

/* ---- one network ------------------------------------------------------------------------------------------
 */

/* The precisions of --weights, or of the job, which has keys of its own for how each is read. */
static status open_precisions(const struct settings *set, const struct job *job, int k,
                              struct network_set *out)
{
    const struct deploy_options deploy = CMD_DEPLOY(set, 0);
    struct network_how how = { .model = job->network[k].model,
                               .deploy = &deploy,
                               .isa = set->isa,
                               .reading = &set->reading,
                               .maps = set->maps,
                               .methods = set->methods & ~(1u << CAM_EIGEN),
                               .options = { .arithmetic = (enum engine_arithmetic)job->network[k].engine,
                                            .saturate = (enum engine_saturation)job->saturate,
                                            .direct = job->winograd } };
    char path[CALIBRATE_PATH];

    if (!set->job[0]) {
        TRY(network_set_files(out, &how, set->weights.file, set->weights.count));
        return network_set_check(out, &how);
    }
    for (int p = 0; p < job->precisions; p++) {
        const struct job_description described = job_description(job, k, p);
        struct model_reading reading = job_reading(job, k, p);

        snprintf(reading.layer, sizeof reading.layer, "%s", described.layer);
        how.model = described.file;
        how.deploy = &described.open;
        how.input = described.open.input;
        how.reading = &reading;
        how.options.arithmetic = job_engine(job, k, p);
        TRY(calibrate_job_find(job, k, p, path));
        TRY(network_set_add(out, &how, job->precision[p].name, path));
        network_set_say(out);
    }
    return OK;
}

/* What maps are compared with. */
struct saliency {
    struct truth_pictures list;
    struct truth_how how;
    struct text csv;
    int asked;
};

static status one_picture(const struct settings *set, const struct explain_how *how, struct explain *e,
                          struct agree *a, const char *image, int i, int several,
                          const struct image_names *names, struct text *csv)
{
    char path[2 * OPTION_SIZE];
    double began = clock_s();

    TRY(explain_picture(image, how, e));
    if (a->truths)
        TRY(explain_agree_picture(a, e, i));
    output_name(set, image, e->set.who, several, path, sizeof path);
    TRY(draw(e, a, path));
    printf("%s: %s, %d x %d pixels\n", e->set.who, image, e->info.width, e->info.height);
    explain_print(e, set->steps, set->maps, names);
    printf("  picture   %s\n", path);
    for (int m = 0; m < ATTRIBUTIONS; m++)
        if (set->maps >> m & 1)
            TRY(draw_method(e, (enum attribution)m, path));
    log_info("%s: %.1f s", e->set.who, clock_s() - began);
    if (!set->csv[0])
        return OK;
    if (csv->size == 0)
        TRY(explain_agree_head(a, e, csv));
    return explain_agree_row(a, e, image, csv);
}

static status explain_one(const struct settings *set, const struct job *job, int k, int several,
                          struct saliency *s, const struct image_names *names)
{
    const struct job_network *n = &job->network[k];
    struct explain_how how = { .sign = (enum cam_sign)job->sign,
                               .methods = set->methods & ~(1u << CAM_EIGEN),
                               .steps = set->steps,
                               .deletion = (enum image_substrate)job->explain_deletion,
                               .insertion = (enum image_substrate)job->explain_insertion,
                               .of_class = (enum probe_class)job->cam_class,
                               .attribution = job->attribution };
    struct agree a = { .methods = set->methods };
    struct image_names own = { 0 };
    struct explain *e;
    status result = OK;

    if (job->cam_class == PROBE_CLASS_TRUE)
        return FAIL(ERR_USAGE, "the job's cam.class = true, but a picture's true class is not known here: "
                               "--cam.class=reference or own");
    how.attribution.methods = set->maps;
    how.attribution.seed = (uint64_t)job->explain_seed;
    MEM_TRY(e, 1, sizeof *e);
    snprintf(e->set.who, sizeof e->set.who, "%s", n->name);
    TRY_OUT(open_precisions(set, job, k, &e->set));
    TRY_OUT(image_names_fit(names, set->names[0] ? set->names : job->synsets, e->set.of[0].model.classes,
                            n->name));
    if (names->count == 0 && e->set.of[0].names.size > 0) {
        const struct text *text = &e->set.of[0].names;

        TRY_OUT(image_names_parse(e->set.of[0].model.source, text->data, text->size, &own));
        names = &own;
    }
    for (int p = 0; p < e->set.count; p++)
        TRY_OUT(image_pipeline_change(&e->set.of[p].pipeline, job->resize, job->filter, job->pillow));
    TRY_OUT(explain_open(&how, e));
    s->how.seen = &e->set.of[0].pipeline;
    if (s->asked)
        TRY_OUT(explain_agree_open(&s->list, &s->how, set->methods, &a));
    for (int i = 0; i < s->list.count; i++)
        TRY_OUT(one_picture(set, &how, e, &a, s->list.path[i], i, several, names, &s->csv));
out:
    explain_agree_close(&a);
    image_names_free(&own);
    explain_free(e);
    mem_free(e);
    return result;
}

/* ---- the command ------------------------------------------------------------------------------------------
 */

static const struct settings usual = { .isa = "auto", .methods = 1u << CAM_EIGEN, .steps = 100 };

static status check_settings(const struct settings *set)
{
    const struct option_idle idle[] = {
        { set->job[0] != 0, "engine numerics.winograd cam.layer input classes.skip",
          "--job says the networks' own" },
        { !set->job[0], "network", "it chooses of a job's networks" },
        { !set->densities[0] && !set->masks[0], "suffix", "there are no --densities and no --masks" }
    };

    TRY(option_idle_check(&table, set, &usual, idle, COUNT_OF(idle)));
    if (!(set->methods >> CAM_EIGEN & 1))
        return FAIL(ERR_USAGE,
                    "explain: --cam.method: eigen must be in the list, answers are compared by it");
    if (set->densities[0] && set->masks[0])
        return FAIL(ERR_USAGE,
                    "explain: --densities and --masks exclude each other: one saliency stands beside "
                    "the maps");
    if (!set->job[0] == !set->model[0])
        return FAIL(ERR_USAGE, "explain: either --job, or --model and --weights");
    if (!set->job[0] && set->weights.count == 0)
        return FAIL(ERR_USAGE, "explain: --weights is needed beside --model");
    if (set->job[0] && set->weights.count > 0)
        return FAIL(ERR_USAGE, "explain: --job names the weights; --weights goes with --model");
    if (set->job[0] && (set->reading.state[0] || set->reading.allow_unused || set->reading.relu6))
        return FAIL(ERR_USAGE,
                    "explain: --job says how weights are read; --state, --unused and --relu6 go with "
                    "--model");
    return OK;
}

/* The networks: of the job file, or the one that the options name, called by its description's file name
 * without the end: mobilenet_v2. */
static status read_job(const struct settings *set, struct job *job)
{
    struct job_network *only = &job->network[0];
    const char *base = strrchr(set->model, '/') ? strrchr(set->model, '/') + 1 : set->model,
               *end = strrchr(base, '.');
    char *text = NULL, *dot;
    size_t size = 0;
    status result;

    job_defaults(job);
    TRY(check_settings(set));
    if (set->job[0]) {
        TRY(text_read_plain(set->job, TEXT_MAX, &text, &size));
        result = option_read_text(job_table(), job, set->job, text, size);
        mem_free(text);
        return result == OK ? job_settle(job) : result;
    }
    job->networks = 1;
    job->winograd = set->winograd;
    only->engine = set->engine;
    snprintf(only->model, sizeof only->model, "%s", set->model);
    snprintf(only->name, sizeof only->name, "%.*s", end ? (int)(end - base) : (int)strlen(base), base);
    while ((dot = strchr(only->name, '.'))) /* which stand between a network and its precision */
        *dot = '_';
    return OK;
}

static status explain(struct cmd_call *call)
{
    struct settings *set = call->set;
    struct saliency s = { .list = { call->words.count, NULL, (const char *const *)call->words.word },
                          .how = { .from = { [TRUTH_DENSITY] = text_or_null(set->densities),
                                             [TRUTH_MASK] = text_or_null(set->masks) },
                                   .predicted = !set->densities[0] && !set->masks[0],
                                   .method = SALIENCY_SR_CENTER,
                                   .suffix = set->suffix },
                          .csv = { .max = (size_t)256 << 20 },
                          .asked = set->methods != usual.methods || set->densities[0] || set->masks[0] ||
                                   set->csv[0] };
    struct image_names names = { 0 };
    struct job *job;
    int done = 0, several;
    status result = OK;

    if (set->output[0] && call->words.count > 1)
        return FAIL(ERR_USAGE, "explain: --output names one picture, and there are %d", call->words.count);
    MEM_TRY(job, 1, sizeof *job);
    network_settle(set->model, &set->weights);
    TRY_OUT(read_job(set, job));
    several = job->networks > 1 && !set->network[0];
    TRY_OUT(image_names_read(set->names[0] ? set->names : job->synsets, &names));
    for (int k = 0; k < job->networks; k++) {
        if (set->network[0] && strcmp(set->network, job->network[k].name) != 0)
            continue;
        TRY_OUT(explain_one(set, job, k, several, &s, &names));
        done++;
    }
    if (!done)
        result = FAIL(ERR_USAGE, "%s: no network '%s'", set->job, set->network);
    if (result == OK && set->csv[0])
        result = text_write_file(set->csv, s.csv.data, s.csv.size);
out:
    text_free(&s.csv);
    image_names_free(&names);
    mem_free(job);
    return result;
}

const struct command cmd_explain = { CMD_TABLE, .name = "explain", .run = explain, .guarded = 1,
                                     .line = "one picture: answers, maps and curves of each precision" };
