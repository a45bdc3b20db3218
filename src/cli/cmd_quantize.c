/* src/cli/cmd_quantize.c: from an fp32 checkpoint and calibration pictures to a quantized checkpoint, and
 * what it cost, layer by layer; or back, from any quantized checkpoint to the fp32 one of its codes' values.
 */
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base_option.h"
#include "cmd.h"
#include "launch.h"
#include "network.h"
#include "probe.h"
#include "phase.h"
#include "phase_calibrate.h"
#include "quantize_report.h"
#include "weight.h"

enum { REPORT_MAX = 16 << 20, MOST_PICTURES = 65536, MOST_RANKS = 4096 };
enum { AS_THE_PRECISION, PER_CHANNEL, PER_TENSOR }; /* of --per; also 0 of the next two and of bits */
enum { SCALE_MINMAX = 1, SCALE_MSE };
enum { EQUALIZE_OFF = 1, EQUALIZE_ON };

struct settings {
    char model[OPTION_SIZE], weights[OPTION_SIZE], dequantize[OPTION_SIZE], output[OPTION_SIZE];
    char images[OPTION_SIZE], list[OPTION_SIZE], labels[OPTION_SIZE], synsets[OPTION_SIZE];
    char csv[OPTION_SIZE], json[OPTION_SIZE], isa[OPTION_SIZE], precision[OPTION_SIZE];
    struct model_reading reading; /* its relu6 has no option: fp32 has one form of it */
    int limit, folders, engine, arithmetic, per, weight_bits, activation_bits, ends, observer, weight_scale;
    int equalize, correct, sensitivity, choose_bytes, trials, ranks, oversubscribe;
    double percentile, choose_drift;
};

static const struct option_row rows[] = {
    CMD_ROW_MODEL,
    { CMD_ROW("weights", PATH, weights), .values = "FILE", .help = "its fp32 checkpoint" },
    { CMD_ROW("dequantize", PATH, dequantize), .values = "FILE",
      .help = "a quantized checkpoint: writes the fp32 one of what its codes stand for" },
    CMD_ROW_STATE,
    CMD_ROW_UNUSED,
    { CMD_ROW("output", PATH, output), .values = "FILE", .letter = 'o',
      .help = "the checkpoint to write: .safetensors, or .h5 where it has 8 bits" },
    { CMD_ROW("precision", TEXT, precision), .values = "NAME",
      .help = "a precision that has a name, as jobs have them; the options below say otherwise" },
    { CMD_ROW("weight_bits", INT, weight_bits), .values = "N", .low = 0, .high = 16,
      .help = "of weights: 2 to 8, rounded to 16; 0 = as the precision" },
    { CMD_ROW("activation_bits", INT, activation_bits), .values = "N", .low = 0, .high = 16,
      .help = "of activations, likewise; at 7 fbgemm's 16-bit sums saturate for values beyond the range "
              "alone, of which observer minmax leaves fewest" },
    { CMD_ROW("ends", INT, ends), .values = "N", .low = 0, .high = 16,
      .help = "bits of input, logits, first and last layer's weights; 0 = as the precision" },
    { CMD_ROW("arithmetic", CHOICE, arithmetic), .values = "auto|integer|rounded",
      .help = "codes through integer kernels, or real numbers rounded to codes; auto: as the precision" },
    { CMD_ROW("engine", CHOICE, engine), .values = "fbgemm|qnnpack",
      .help = "the integer arithmetic that will run the file" },
    { CMD_ROW("per", CHOICE, per), .values = "auto|channel|tensor",
      .help =
          "one weight scale per output channel or per layer; auto: as the precision, tensor for qnnpack" },
    { CMD_ROW("observer", CHOICE, observer), .values = "auto|minmax|percentile|mse",
      .help = "range of activations: all values, all but the outermost, or of least squared error; auto: as "
              "the precision, all values of more than 8 bits" },
    { CMD_ROW("percentile", REAL, percentile), .values = "PERCENT", .low = 50, .high = 100,
      .help = "observer percentile: share of the values inside each end" },
    { CMD_ROW("weight_scale", CHOICE, weight_scale), .values = "auto|minmax|mse",
      .help = "scale of weights: the largest weight's, or of least squared error" },
    { CMD_ROW("equalize", CHOICE, equalize), .values = "auto|off|on",
      .help = "cross-layer equalization; auto: where integer weights have one scale a layer" },
    { CMD_ROW("bias_correction", FLAG, correct),
      .help = "take the mean error of every channel out of the biases, layer by layer; integers alone" },
    { CMD_ROW("sensitivity", FLAG, sensitivity),
      .help =
          "which layer moves the map: every layer alone quantized, and all but it, the worst first; about "
          "a run of the network per layer and picture" },
    { CMD_ROW("choose_bytes", INT, choose_bytes), .values = "N", .low = 0, .high = INT_MAX,
      .help =
          "choose weights of 2 to 8 bits layer by layer, so that all codes take at most N bytes; 0: do not" },
    { CMD_ROW("choose_drift", REAL, choose_drift), .values = "D", .low = 0, .high = 1,
      .help =
          "the same, as few bits as keep the maps' drift, 1 - |correlation| with fp32's, at D; 0: do not" },
    { CMD_ROW("trials", INT, trials), .values = "N", .low = 1, .high = MOST_PICTURES,
      .help = "pictures of them, spread over the list, that sensitivity and choice run on" },
    { CMD_ROW("images", PATH, images), .values = "FOLDER",
      .help = "calibration pictures: a flat folder, or class folders, as for run" },
    { CMD_ROW("labels", PATH, labels), .values = "FILE",
      .help = "which pictures of the folder, and their classes: path,class_index lines, as for run" },
    { CMD_ROW("synsets", PATH, synsets), .values = "FILE",
      .help = "LOC_synset_mapping.txt: which class a folder named n01440764 is, as for run" },
    { CMD_ROW("folders", CHOICE, folders), .values = "auto|text|number",
      .help = "class of a folder: its number, or its place among the sorted names (text); auto: only what is "
              "certain" },
    { CMD_ROW("list", PATH, list), .values = "FILE",
      .help = "calibration pictures by path, one a line, from the folder if one is given; no classes" },
    { CMD_ROW("limit", INT, limit), .values = "N", .low = 1, .high = MOST_PICTURES,
      .help = "take at most N pictures, spread evenly over the list" },
    { CMD_ROW("csv", PATH, csv), .values = "FILE", .help = "the report as CSV" },
    { CMD_ROW("json", PATH, json), .values = "FILE", .help = "the report as JSON" },
    CMD_ROW_ISA,
    { CMD_ROW("ranks", INT, ranks), .values = "N", .low = 0, .high = MOST_RANKS, .letter = 'j',
      .help = "start N ranks under mpirun; 0 = one, or as mpirun started them" },
    { CMD_ROW("oversubscribe", FLAG, oversubscribe),
      .help = "start so many ranks even where that is more than 64 a core, or than memory holds" },
};
static const struct option_table table = {
    .usage = "quantcam quantize --model M --weights W.pth --images FOLDER -o OUT.safetensors\n"
             "   or: quantcam quantize --model M --dequantize INT.pth -o OUT.safetensors",
    .about =
        "Post-training quantization. Runs the fp32 network over calibration pictures (64 are enough), "
        "chooses the range of\n"
        "every output, rounds the weights to 2 to 16 bits, takes the mean errors out of the biases, and "
        "writes "
        "a checkpoint that\n"
        "run and infer take and analysis/load_quantized.py loads into torchvision. Weights of up to 4 "
        "bits are packed. relu6\n"
        "stays a clamp, which the file notes. stdout has a line a layer: the range seen and the one chosen, "
        "scale and zero point,\n"
        "signal to quantization noise of the weights and of the output. Any number of ranks writes the same "
        "bytes.\n"
        "--choose-bytes and --choose-drift begin with weights of 8 bits in all layers and take a bit, again "
        "and again, from the layer\n"
        "where that adds least map drift for each byte saved, in the network as it then is; a layer behind "
        "the CAM layer, which moves\n"
        "no map, counts by the noise that it adds to the logits. What seems cheapest is measured anew before "
        "it is taken. Activations\n"
        "stay as the precision has them.",
    .row = rows,
    .rows = COUNT_OF(rows),
};

struct quantize {
    struct settings set;
    status said; /* of the options */
    const struct comm *c;
    const struct kernel_table *kernels;
    struct model model;
    struct tensor_table weights;
    struct model_binding binding;
    struct calibrate_pictures pictures;
    struct quant_options options;
    struct quant_result result;
};

static void set_defaults(struct settings *s)
{
    struct quant_options o;

    quant_preset_options(quant_preset_usual(), &o);
    *s = (struct settings){
        .isa = "auto", .limit = 512, .percentile = o.percentile, .correct = 1, .trials = 64
    };
    snprintf(s->precision, sizeof s->precision, "%s", quant_preset_usual()->name);
}

/* ---- what was asked for -------------------------------------------------------------------------------- */

static status find_precision(const char *name, const struct quant_preset **out)
{
    struct text names = { .max = 1024 };
    status result = OK;

    *out = quant_preset(name);
    if (*out && (*out)->form != PRECISION_REAL)
        return OK;
    for (int i = 0; quant_preset_name(i) && result == OK; i++)
        if (quant_preset(quant_preset_name(i))->form != PRECISION_REAL)
            result = text_add(&names, "%s%s", names.size ? ", " : "", quant_preset_name(i));
    if (result == OK)
        result = FAIL(ERR_USAGE, "quantize: --precision=%s is none of %s", name, names.data);
    text_free(&names);
    return result;
}

static int or_usual(int chosen, int usual)
{
    return chosen ? chosen : usual;
}

/* The precision's, but for what the command line says. */
static status set_options(const struct settings *s, struct quant_options *out)
{
    const struct quant_preset *preset;

    TRY(find_precision(s->precision, &preset));
    struct quant_preset p = *preset;

    p.form = (enum precision_form)or_usual(s->arithmetic, (int)p.form);
    p.weights = or_usual(s->weight_bits, p.weights);
    p.activations = or_usual(s->activation_bits, p.activations);
    p.ends = or_usual(s->ends, p.ends);
    p.observer = s->observer ? (enum quant_observer)(s->observer - 1) : quant_preset_observer(&p);
    if (s->per)
        p.per_channel = s->per == PER_CHANNEL;
    else if (s->engine && p.form == PRECISION_CODES)
        p.per_channel = 0;
    quant_preset_options(&p, out);
    out->arithmetic = s->engine ? ENGINE_QNNPACK : ENGINE_FBGEMM;
    out->percentile = s->percentile;
    out->weight_mse = s->weight_scale ? s->weight_scale == SCALE_MSE
                                      : preset->observer == QUANT_MSE && p.weights <= QUANT_MSE_BITS;
    if (s->equalize)
        out->equalize = s->equalize == EQUALIZE_ON ? QUANT_EQUALIZE_ON : QUANT_EQUALIZE_OFF;
    out->correct_bias &= s->correct;
    out->sensitivity = s->sensitivity;
    out->choose_bytes = (uint64_t)s->choose_bytes;
    out->choose_drift = s->choose_drift;
    out->trials = s->trials;
    return OK;
}

static status check_settings(const struct settings *s)
{
    const char *end = strrchr(s->output, '.');
    struct quant_options options = { 0 };
    struct settings usual;
    int back = s->dequantize[0] != 0;

    set_defaults(&usual);
    if (!back)
        TRY(set_options(s, &options));
    const struct option_idle idle[] = {
        { back,
          "precision weight_bits activation_bits ends arithmetic engine per observer percentile weight_scale "
          "equalize bias_correction sensitivity choose_bytes choose_drift trials images labels synsets "
          "folders list limit csv json isa ranks "
          "weights",
          "--dequantize needs no pictures and chooses nothing" },
        { s->observer != QUANT_PERCENTILE + 1, "percentile", "--observer is not percentile" },
        { s->ranks < 2, "oversubscribe", "--ranks starts none" },
        { s->choose_bytes > 0, "choose_drift weight_bits", "--choose-bytes chooses the bits" },
        { s->choose_drift > 0, "choose_bytes weight_bits", "--choose-drift chooses the bits" },
        { !s->sensitivity && !s->choose_bytes && s->choose_drift <= 0, "trials",
          "--sensitivity, --choose-bytes or --choose-drift runs them" },
        { options.form == PRECISION_ROUNDED, "engine", "rounded arithmetic has no engine" },
    };

    TRY(option_idle_check(&table, s, &usual, idle, COUNT_OF(idle)));
    if (!s->model[0] || (!s->weights[0] && !back))
        return FAIL(ERR_USAGE, "quantize: --model and --weights are needed");
    if (!s->output[0] || !end || (strcmp(end, ".h5") != 0 && strcmp(end, ".safetensors") != 0))
        return FAIL(ERR_USAGE, "quantize: -o OUT.h5 or -o OUT.safetensors is needed");
    if (!s->images[0] && !s->list[0] && !back)
        return FAIL(ERR_USAGE, "quantize: --images FOLDER or --list FILE is needed");
    if (s->labels[0] && (!s->images[0] || s->list[0]))
        return FAIL(ERR_USAGE, "quantize: --labels name pictures of --images and exclude --list");
    if ((s->synsets[0] || s->folders) && s->list[0])
        return FAIL(ERR_USAGE,
                    "quantize: --synsets and --folders say the classes of --images and exclude --list");
    return OK;
}

/* ---- what goes in -------------------------------------------------------------------------------------- */

static status bind(struct quantize *q)
{
    int back = q->set.dequantize[0] != 0;
    const char *file = back ? q->set.dequantize : q->set.weights;
    struct text decided = { .max = 1 << 16 };
    status result = OK;

    TRY(weight_load(file, q->set.reading.state, &q->weights));
    TRY(model_bind(&q->model, &q->weights, &q->set.reading, &q->binding));
    if (!back)
        TRY(quant_check_source(&q->binding));
    result = model_decided(&q->binding, &decided);
    network_say(file, &decided);
    text_free(&decided);
    return result;
}

static status load_network(struct quantize *q)
{
    TRY(describe_read(q->c, q->set.model, NULL, &q->model));
    return comm_agree(q->c, bind(q));
}

static status load_pictures(struct quantize *q)
{
    const struct calibrate_source source = {
        .images = q->set.images,
        .labels = q->set.labels,
        .list = q->set.list,
        .said = "",
        .limit = q->set.limit,
        .synsets = q->set.synsets,
        .folders = q->set.folders,
        .classes = q->model.classes,
        .network = q->model.name,
    };
    const struct image_pipeline pipeline = probe_pipeline(&q->model);

    TRY(calibrate_pictures_list(q->c, &source, &q->pictures));
    return calibrate_pictures_read(q->c, &pipeline, &q->pictures);
}

/* ---- what comes out ------------------------------------------------------------------------------------ */

/* path: "" = stdout. */
static status write_report(const char *path, const struct quantize_report *r, enum listing_form form)
{
    struct text text = { .max = REPORT_MAX };
    status result = quantize_report(r, form, &text);

    if (result == OK && path[0])
        result = text_write_file(path, text.data, text.size);
    else if (result == OK)
        fputs(text.data, stdout);
    text_free(&text);
    return result;
}

static status write_all(struct quantize *q)
{
    struct quantize_report report = { .model = &q->model,
                                      .precision = q->set.precision,
                                      .options = &q->options,
                                      .pictures = q->pictures.count,
                                      .labels = q->pictures.label != NULL,
                                      .source_bytes = q->weights.file_bytes,
                                      .result = &q->result };

    TRY(calibrate_save(q->set.output, &q->binding, &q->options, &q->result, NULL));
    report.bytes = launch_file_bytes(q->set.output);
    if (q->set.csv[0])
        TRY(write_report(q->set.csv, &report, LISTING_CSV));
    if (q->set.json[0])
        TRY(write_report(q->set.json, &report, LISTING_JSON));
    return write_report("", &report, LISTING_TERMINAL);
}

/* ---- the command --------------------------------------------------------------------------------------- */

static status write_real(struct quantize *q)
{
    char hex[2 * HASH_SIZE + 1];
    const struct weight_note notes[] = { { "quantcam.model", q->model.name },
                                         { "quantcam.dequantized", hash_hex(q->weights.sha256, hex) } };
    struct tensor_table real;
    status result;

    TRY(quant_dequantize(&q->binding, &real));
    if (model_has_relu6(&q->model) && !q->binding.relu6_clamps)
        log_info("relu6, which runs as relu in this checkpoint, clamps at 6 in every fp32 one");
    result = weight_save(q->set.output, &real, notes, COUNT_OF(notes));
    table_free(&real);
    return result;
}

static status make(struct quantize *q, struct comm *c)
{
    q->c = c;
    TRY(comm_agree(c, c->rank == 0 ? q->said : OK));
    comm_broadcast(c, &q->set, sizeof q->set); /* rank 0's environment says what its paths are */
    TRY(launch_check(q->set.ranks, c));
    TRY(comm_agree(c, network_kernels(q->set.isa, &q->kernels)));
    TRY(load_network(q));
    if (q->set.dequantize[0]) {
        TRY(comm_agree(c, c->rank == 0 ? write_real(q) : OK));
        log_info("the fp32 checkpoint is %s: what the codes stand for; its outputs are not rounded",
                 q->set.output);
        return OK;
    }
    TRY(load_pictures(q));
    TRY(set_options(&q->set, &q->options));
    TRY(calibrate_network(c, &q->binding, &q->options, &q->pictures, q->kernels, &q->result));
    TRY(comm_agree(c, c->rank == 0 ? write_all(q) : OK));
    fflush(stdout); /* the report comes before the line that ends it, where both go to one file */
    log_info("the quantized checkpoint is %s", q->set.output);
    return OK;
}

static status run(struct comm *c, void *self)
{
    struct quantize *q = self;
    status result = make(q, c);

    quant_result_free(&q->result);
    calibrate_pictures_free(&q->pictures);
    model_unbind(&q->binding);
    table_free(&q->weights);
    model_free(&q->model);
    return result;
}

static status quantize(struct cmd_call *call)
{
    struct quantize q = { 0 };
    struct launch wanted = { 0 };

    set_defaults(&q.set);
    q.said = option_read_args(&table, &q.set, call->argc, call->argv, &call->words);
    if (q.said == OK && call->words.help) {
        option_help(&table, &q.set, call->words.help, stdout);
        return OK;
    }
    if (q.said == OK)
        q.said = check_settings(&q.set);
    if (q.said == OK)
        wanted = (struct launch){ q.set.ranks, q.set.oversubscribe, launch_file_bytes(q.set.weights) };
    call->code = launch_command(&wanted, call->argc, call->argv, run, &q);
    return OK;
}

const struct command cmd_quantize = {
    .name = "quantize",
    .run = quantize,
    .line = "fp32 weights and pictures to weights of 2 to 16 bits, and what each layer costs"
};
