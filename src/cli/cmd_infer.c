/* src/cli/cmd_infer.c: images through one network in several precisions: what the options say, and a line of
 * each. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base_option.h"
#include "cmd.h"
#include "infer.h"

struct settings {
    char model[OPTION_SIZE], pixels[OPTION_SIZE], output[OPTION_SIZE], isa[OPTION_SIZE], resize[OPTION_SIZE],
        gradient[OPTION_SIZE], input[OPTION_SIZE];
    struct option_files weights;
    struct model_reading reading;
    int engine, winograd, cam, of_class, tap, saturate, filter, pillow, skip;
};

static const struct option_row rows[] = {
    CMD_ROW_MODEL,
    { CMD_ROW("weights", FILES, weights), .values = "[NAME=]FILE",
      .help = "its checkpoint, in any precision; once more for every further precision, which NAME calls" },
    { CMD_ROW("output", PATH, output), .values = "FILE", .letter = 'o', .help = "the HDF5 file to write" },
    { CMD_ROW("pixels", PATH, pixels), .values = "FILE",
      .help = "an HDF5 file whose /pixels (N,H,W,channels) u8 stand in place of images" },
    { CMD_ROW("preprocess.resize", TEXT, resize), .values = "model|squash|PIXELS",
      .help = "the short side, before the crop; squash: the whole picture to the network's height and "
              "width; model: as the description says" },
    { CMD_ROW("preprocess.filter", CHOICE, filter), .values = "model|bilinear|bicubic",
      .help = "of the resize; model: as the description says" },
    { CMD_ROW("preprocess.pillow", CHOICE, pillow), .values = "13|12",
      .help = "whose order of resize passes: 13 the cheaper one first, 12 horizontal first" },
    CMD_ROW_INPUT,
    CMD_ROW_SKIP,
    CMD_ROW_LAYER,
    CMD_ROW_STATE,
    CMD_ROW_UNUSED,
    CMD_ROW_RELU6,
    CMD_ROW_ENGINE,
    CMD_ROW_WINOGRAD,
    CMD_ROW_ISA,
    { CMD_ROW("cam", CHOICE, cam), .values = CAM_METHOD_NAMES, .help = "method of /cam" },
    { CMD_ROW("cam.class", CHOICE, of_class), .values = PROBE_CLASS_NAMES,
      .help = "whose answer methods with a class and --gradient explain: the first precision's, in all of "
              "them, or each precision's own" },
    { CMD_ROW("gradient", TEXT, gradient), .values = "NODE",
      .help = "also /gradient (N,C,h,w): of that class's logit by this node's values" },
    { CMD_ROW("tap", CHOICE, tap), .values = "none|all",
      .help = "all: every node of the first image: stored codes, /codes/NODE, or real values, /values/NODE" },
    { CMD_ROW("numerics.saturate", CHOICE, saturate), .values = "off|fbgemm-avx2|fbgemm-vnni|ort-avx2",
      .help = "imitate 16-bit sums: fbgemm's on CPUs without VNNI, or with it (depthwise layers alone); "
              "ONNX Runtime's without it (dense layers of u8 codes by s8 weights)" },
};
static const struct option_table table = {
    .usage =
        "quantcam infer --model M --weights W [--weights W8 ...] | --model NET.tflite  IMAGE... -o OUT.h5",
    .about =
        "Runs images through one network. OUT.h5 gets /path (N), /pixels (N,H,W,channels) as the network saw "
        "them,\n"
        "/logits (N,classes), /last_conv (N,C,h,w) real values, of codes also /last_conv_int with "
        "attributes\n"
        "scale and zero_point, and /cam (N,h,w): the method's projection, un-ReLU'd; EigenCAM's in the sign\n"
        "that numpy gives. Of several precisions each has a group of these by its name, /int8/logits.",
    .row = rows,
    .rows = COUNT_OF(rows),
    .words_low = 0,
    .words_high = 1 << 20,
};

static const struct settings usual = { .isa = "auto", .resize = "model" };

static status check_settings(const struct settings *s, const struct option_words *words)
{
    const struct option_idle idle[] = {
        { s->pixels[0] != 0, "preprocess.resize preprocess.filter preprocess.pillow",
          "--pixels are as the network takes them" },
        { cam_method_needs((enum cam_method)s->cam) == CAM_NEEDS_NOTHING && !s->gradient[0], "cam.class",
          "the map has no class" },
        { s->weights.count < 2, "cam.class", "there is one precision" }
    };

    if (!s->model[0] || s->weights.count == 0)
        return FAIL(ERR_USAGE, "infer: --model and --weights are needed, or one file that is both");
    if (!s->output[0])
        return FAIL(ERR_USAGE, "infer: -o OUT.h5 is needed");
    if (!s->pixels[0] && words->count == 0)
        return FAIL(ERR_USAGE, "infer: no image and no --pixels");
    if (s->pixels[0] && words->count > 0)
        return FAIL(ERR_USAGE, "infer: images and --pixels exclude each other");
    return option_idle_check(&table, s, &usual, idle, COUNT_OF(idle));
}

/* Groups of precisions lie beside what all of them share. */
static status check_names(const struct network_set *set)
{
    for (int i = 0; i < set->count && set->count > 1; i++)
        if (strcmp(set->name[i], "path") == 0 || strcmp(set->name[i], "pixels") == 0)
            return FAIL(ERR_USAGE, "infer: a precision cannot be called %s: /%s is of all", set->name[i],
                        set->name[i]);
    return OK;
}

/* What was decided of the checkpoints is said once they are known to be what the options want. */
static status open_networks(const struct settings *s, struct network_set *set)
{
    const struct deploy_options deploy = CMD_DEPLOY(s, 0);
    const struct network_how how = { .model = s->model,
                                     .deploy = &deploy,
                                     .isa = s->isa,
                                     .reading = &s->reading,
                                     .options = { .arithmetic = (enum engine_arithmetic)s->engine,
                                                  .saturate = (enum engine_saturation)s->saturate,
                                                  .direct = s->winograd,
                                                  .keep = s->tap },
                                     .methods = 1u << s->cam,
                                     .gradient = s->gradient };

    for (int i = 0; i < s->weights.count; i++)
        TRY(network_set_add(set, &how, s->weights.file[i].name, s->weights.file[i].path));
    TRY(network_set_check(set, &how));
    TRY(network_set_one_picture(set));
    TRY(check_names(set));
    for (int i = 0; i < set->count; i++)
        network_say(s->weights.file[i].path, &set->of[i].decided);
    return image_pipeline_change(&set->of[0].pipeline, s->resize, s->filter, s->pillow);
}

static void summary(const struct infer *r, int pictures, const char *out)
{
    for (int i = 0; i < r->set.count; i++) {
        const char *engine = network_engine(&r->set.of[i]);

        printf("%s  %s%s%s  %s  %d %s  %s\n", r->set.of[i].model.name, r->set.name[i], engine ? " " : "",
               engine ? engine : "", r->set.of[i].kernels->isa, pictures, pictures == 1 ? "image" : "images",
               out);
        if (r->undefined[i])
            log_info("infer: the raw sign is undefined for %d images; their /cam has the sign of the rule "
                     "absmax",
                     r->undefined[i]);
    }
}

static status infer(struct cmd_call *call)
{
    struct settings *s = call->set;
    const struct infer_how how = { .cam = (enum cam_method)s->cam,
                                   .of_class = (enum probe_class)s->of_class,
                                   .gradient = s->gradient[0] != 0,
                                   .tap = s->tap };
    struct infer_pictures pictures = { .count = call->words.count,
                                       .path = s->pixels[0] ? NULL : call->words.word,
                                       .pixels = s->pixels };
    struct infer *r;
    status result = OK;

    network_settle(s->model, &s->weights);
    TRY(check_settings(s, &call->words));
    MEM_TRY(r, 1, sizeof *r);
    TRY_OUT(open_networks(s, &r->set));
    TRY_OUT(infer_open(r, &how));
    if (s->pixels[0])
        TRY_OUT(infer_open_pixels(r, &pictures));
    TRY_OUT(infer_write(r, &pictures, s->output));
    summary(r, pictures.count, s->output);
out:
    result = h5_close(&pictures.file, result);
    infer_free(r);
    mem_free(r);
    return result;
}

const struct command cmd_infer = {
    CMD_TABLE, .name = "infer", .run = infer, .guarded = 1,
    .line = "images through one network: logits, activations and map to an HDF5 file"
};
