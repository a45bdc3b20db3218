/* src/cli/cmd_explain.c: one picture: what each precision answers, where it looks, and how the two differ. */
#include <stdio.h>
#include <string.h>

#include "base_option.h"
#include "cmd.h"
#include "explain.h"
#include "phase.h"
#include "phase_calibrate.h"
#include "report.h"

enum { TEXT_MAX = 4 << 20 };

struct settings {
    char model[OPTION_SIZE], job[OPTION_SIZE], network[OPTION_SIZE];
    struct option_files weights;
    char output[OPTION_SIZE], names[OPTION_SIZE], isa[OPTION_SIZE];
    struct model_reading reading;
    int engine, winograd, steps;
    unsigned maps;
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
    { CMD_ROW("steps", INT, steps), .values = "N", .high = EXPLAIN_STEPS,
      .help = "of deletion and insertion, 0 for no curves" },
    { CMD_ROW("methods", LIST, maps), .values = ATTRIBUTION_NAMES,
      .help = "picture-sized maps too, each drawn into a picture of its own, IMAGE-NETWORK-METHOD.png; as "
              "--job says under [explain], else as run does by default: thousands of runs of the network" },
    CMD_ROW_NAMES("data.synsets of the job, else their numbers"),
    CMD_ROW_LAYER,
    CMD_ROW_STATE,
    CMD_ROW_UNUSED,
    CMD_ROW_RELU6,
    CMD_ROW_ENGINE,
    CMD_ROW_WINOGRAD,
    CMD_ROW_ISA,
};
static const struct option_table table = {
    .usage = "quantcam explain IMAGE --model M --weights W [--weights W8 ...] | --job JOB.conf",
    .about =
        "What each precision answers to one picture, where it looks, how far its map and its deletion and\n"
        "insertion curves are from the first's; the picture and its maps as PNG.",
    .row = rows,
    .rows = COUNT_OF(rows),
    .words_low = 1,
    .words_high = 1,
};

/* ---- the picture ------------------------------------------------------------------------------------------
 */

/* The picture and a map of each precision, (count, height, width), with EigenCAM's boxes or without. */
static status draw_maps(const struct explain *e, const uint8_t *maps, int boxes, const char *path)
{
    const struct model_input *in = &e->set.of[0].model.input;
    struct image crop = { in->width, in->height, NULL };
    struct report_map map[PROBE_PRECISIONS] = { 0 };
    int pixels = in->width * in->height;
    status result;

    MEM_TRY(crop.rgb, (size_t)pixels, 3);
    for (int i = 0; i < 3 * pixels; i++) /* grey in all three */
        crop.rgb[i] = e->pixels[in->channels == 3 ? i : i / 3];
    for (int i = 0; i < e->set.count; i++) {
        const int32_t *b = e->side[i].box;

        map[i] =
            (struct report_map){ maps + (size_t)i * (size_t)pixels, { boxes ? b[0] : -1, b[1], b[2], b[3] } };
    }
    result = report_draw_maps(path, &crop, map, e->set.count);
    mem_free(crop.rgb);
    return result;
}

static status draw(const struct explain *e, const char *path)
{
    const struct model_input *in = &e->set.of[0].model.input;
    int pixels = in->width * in->height;
    uint8_t *bytes;
    status result;

    MEM_TRY(bytes, (size_t)pixels, (size_t)e->set.count);
    for (int i = 0; i < e->set.count; i++)
        cam_bytes(probe_map(e->probe, i, 0), pixels, bytes + i * pixels);
    result = draw_maps(e, bytes, 1, path);
    mem_free(bytes);
    return result;
}

/* cat-resnet18.png -> cat-resnet18-rise.png */
static status draw_method(const struct explain *e, enum attribution m, const char *path)
{
    const struct model_input *in = &e->set.of[0].model.input;
    size_t pixels = (size_t)in->width * (size_t)in->height, length = strlen(path);
    char name[2 * OPTION_SIZE + OPTION_NAME];

    length -= text_ends(path, length, ".png") ? strlen(".png") : 0;
    snprintf(name, sizeof name, "%.*s-%s.png", (int)length, path, attribution_name(m));
    TRY(draw_maps(e, e->maps + (size_t)m * (size_t)e->set.count * pixels, 0, name));
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
    struct network_how how = { .model = job->network[k].model,
                               .isa = set->isa,
                               .reading = &set->reading,
                               .maps = set->maps,
                               .options = { .arithmetic = (enum engine_arithmetic)job->network[k].engine,
                                            .saturate = (enum engine_saturation)job->saturate,
                                            .direct = job->winograd } };
    char path[CALIBRATE_PATH];

    if (!set->job[0]) {
        TRY(network_set_files(out, &how, set->weights.file, set->weights.count));
        return network_set_check(out, &how);
    }
    for (int p = 0; p < job->precisions; p++) {
        const struct model_reading reading = job_reading(job, k, p);

        how.reading = &reading;
        how.options.arithmetic = job_engine(job, k, p);
        TRY(calibrate_job_find(job, k, p, path));
        TRY(network_set_add(out, &how, job->precision[p].name, path));
        network_set_say(out);
    }
    return OK;
}

static status explain_one(const struct settings *set, const struct job *job, int k, int several,
                          const char *image, const struct image_names *names)
{
    const struct job_network *n = &job->network[k];
    struct explain_how how = { .sign = (enum cam_sign)job->sign,
                               .steps = set->steps,
                               .deletion = (enum image_substrate)job->explain_deletion,
                               .insertion = (enum image_substrate)job->explain_insertion,
                               .of_class = (enum probe_class)job->cam_class,
                               .attribution = job->attribution };
    char path[2 * OPTION_SIZE];
    struct explain *e;
    double began = clock_s();
    status result = OK;

    how.attribution.methods = set->maps;
    how.attribution.seed = (uint64_t)job->explain_seed;
    MEM_TRY(e, 1, sizeof *e);
    snprintf(e->set.who, sizeof e->set.who, "%s", n->name);
    TRY_OUT(open_precisions(set, job, k, &e->set));
    TRY_OUT(image_names_fit(names, set->names[0] ? set->names : job->synsets, e->set.of[0].model.classes,
                            n->name));
    TRY_OUT(image_pipeline_change(&e->set.of[0].pipeline, job->resize, job->filter, job->pillow));
    TRY_OUT(explain_picture(image, &how, e));
    output_name(set, image, n->name, several, path, sizeof path);
    TRY_OUT(draw(e, path));
    printf("%s: %s, %d x %d pixels\n", n->name, image, e->info.width, e->info.height);
    explain_print(e, set->steps, set->maps, names);
    printf("  picture   %s\n", path);
    for (int m = 0; m < ATTRIBUTIONS; m++)
        if (set->maps >> m & 1)
            TRY_OUT(draw_method(e, (enum attribution)m, path));
    log_info("%s: %.1f s", n->name, clock_s() - began);
out:
    explain_free(e);
    mem_free(e);
    return result;
}

/* ---- the command ------------------------------------------------------------------------------------------
 */

static const struct settings usual = { .isa = "auto", .steps = 100 };

static status check_settings(const struct settings *set)
{
    const struct option_idle idle[] = { { set->job[0] != 0, "engine numerics.winograd cam.layer",
                                          "--job says the networks' own" },
                                        { !set->job[0], "network", "it chooses of a job's networks" } };

    TRY(option_idle_check(&table, set, &usual, idle, COUNT_OF(idle)));
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
    const char *base = strrchr(set->model, '/') ? strrchr(set->model, '/') + 1 : set->model;
    char *text = NULL;
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
    snprintf(only->name, sizeof only->name, "%.*s", (int)strcspn(base, "."), base);
    return OK;
}

static status explain(struct cmd_call *call)
{
    const struct settings *set = call->set;
    const char *image = call->words.word[0];
    struct image_names names = { 0 };
    struct job *job;
    int done = 0, several;
    status result = OK;

    MEM_TRY(job, 1, sizeof *job);
    TRY_OUT(read_job(set, job));
    several = job->networks > 1 && !set->network[0];
    TRY_OUT(image_names_read(set->names[0] ? set->names : job->synsets, &names));
    for (int k = 0; k < job->networks; k++) {
        if (set->network[0] && strcmp(set->network, job->network[k].name) != 0)
            continue;
        TRY_OUT(explain_one(set, job, k, several, image, &names));
        done++;
    }
    if (!done)
        result = FAIL(ERR_USAGE, "%s: no network '%s'", set->job, set->network);
out:
    image_names_free(&names);
    mem_free(job);
    return result;
}

const struct command cmd_explain = { CMD_TABLE, .name = "explain", .run = explain, .guarded = 1,
                                     .line = "one picture: answers, maps and curves of each precision" };
