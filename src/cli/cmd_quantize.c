/* src/cli/cmd_quantize.c: from an fp32 checkpoint and calibration pictures to an int8 checkpoint, and what it
 * cost, layer by layer. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base_option.h"
#include "cmd.h"
#include "launch.h"
#include "network.h"
#include "probe.h"
#include "quantize_pictures.h"
#include "quantize_report.h"
#include "weight.h"

enum { MODEL_TEXT_MAX = 1 << 20, REPORT_MAX = 16 << 20, MOST_PICTURES = 65536, MOST_RANKS = 4096 };
enum { ENGINE_CHOSEN_FBGEMM, ENGINE_CHOSEN_QNNPACK };
enum { PER_AUTO, PER_CHANNEL, PER_TENSOR };
enum { SCALE_MINMAX, SCALE_MSE };

struct settings {
    char model[OPTION_SIZE], weights[OPTION_SIZE], output[OPTION_SIZE], images[OPTION_SIZE],
        list[OPTION_SIZE];
    char labels[OPTION_SIZE], synsets[OPTION_SIZE], csv[OPTION_SIZE], json[OPTION_SIZE], isa[OPTION_SIZE];
    struct network_reading reading; /* its relu6 has no option: fp32 has one form of it */
    int limit, folders, engine, per, bits, observer, weight_scale, equalize, correct, sensitivity, ranks;
    int oversubscribe;
    double percentile;
};

#define ROW(NAME, KIND, FIELD) .name = NAME, .kind = OPTION_##KIND, .where = offsetof(struct settings, FIELD)
static const struct option_row rows[] = {
    CMD_ROW_MODEL,
    { ROW("weights", PATH, weights), .values = "FILE", .help = "its fp32 checkpoint" },
    CMD_ROW_STATE,
    CMD_ROW_UNUSED,
    { ROW("output", PATH, output), .values = "FILE", .letter = 'o',
      .help = "the int8 checkpoint to write: .h5 or .safetensors" },
    { ROW("images", PATH, images), .values = "FOLDER",
      .help = "calibration pictures: a flat folder, or class folders, as for run" },
    { ROW("labels", PATH, labels), .values = "FILE",
      .help = "which pictures of the folder, and their classes: path,class_index lines, as for run" },
    { ROW("synsets", PATH, synsets), .values = "FILE",
      .help = "LOC_synset_mapping.txt: which class a folder named n01440764 is, as for run" },
    { ROW("folders", CHOICE, folders), .values = "auto|text|number",
      .help = "class of a folder: its number, or its place among the sorted names (text); auto: only what is "
              "certain" },
    { ROW("list", PATH, list), .values = "FILE",
      .help = "calibration pictures by path, one a line, from the folder if one is given; no classes" },
    { ROW("limit", INT, limit), .values = "N", .low = 1, .high = MOST_PICTURES,
      .help = "take at most N pictures, spread evenly over the list" },
    { ROW("engine", CHOICE, engine), .values = "fbgemm|qnnpack",
      .help = "the arithmetic that will run the file" },
    { ROW("per", CHOICE, per), .values = "auto|channel|tensor",
      .help =
          "one weight scale per output channel or per layer; auto: channel for fbgemm, tensor for qnnpack" },
    { ROW("bits", INT, bits), .values = "N", .low = 7, .high = 8,
      .help = "of activations; 7 never saturates fbgemm's 16-bit sums on CPUs without VNNI" },
    { ROW("observer", CHOICE, observer), .values = "minmax|percentile|mse",
      .help = "range of activations: all values, all but the outermost, or of least squared error" },
    { ROW("percentile", REAL, percentile), .values = "PERCENT", .low = 50, .high = 100,
      .help = "observer percentile: share of the values inside each end" },
    { ROW("weight_scale", CHOICE, weight_scale), .values = "minmax|mse",
      .help = "scale of weights: the largest weight's, or of least squared error" },
    { ROW("equalize", CHOICE, equalize), .values = "off|on|auto",
      .help = "cross-layer equalization; auto: where weights have one scale a layer" },
    { ROW("bias_correction", FLAG, correct),
      .help = "take the mean error of every channel out of the biases, layer by layer" },
    { ROW("sensitivity", FLAG, sensitivity),
      .help = "also run every layer alone quantized, and list the worst first; costs a run per layer" },
    { ROW("csv", PATH, csv), .values = "FILE", .help = "the report as CSV" },
    { ROW("json", PATH, json), .values = "FILE", .help = "the report as JSON" },
    CMD_ROW_ISA,
    { ROW("ranks", INT, ranks), .values = "N", .low = 0, .high = MOST_RANKS, .letter = 'j',
      .help = "start N ranks under mpirun; 0 = one, or as mpirun started them" },
    { ROW("oversubscribe", FLAG, oversubscribe),
      .help = "start so many ranks even where that is more than 64 a core, or than memory holds" },
};
static const struct option_table table = {
    .usage = "quantcam quantize --model M --weights W.pth --images FOLDER -o OUT.safetensors",
    .about =
        "Post-training quantization. Runs the fp32 network over calibration pictures (64 are enough), "
        "chooses "
        "the range of\n"
        "every output, rounds the weights, takes the mean errors out of the biases, and writes an int8 "
        "checkpoint that\n"
        "run and infer take and analysis/load_int8.py loads into torchvision. relu6 stays a clamp, which the "
        "file notes.\n"
        "stdout has a line a layer: the range seen and the one chosen, scale and zero point, signal to "
        "quantization noise\n"
        "of the weights and of the output in the int8 network. Any number of ranks writes the same bytes.",
    .row = rows,
    .rows = COUNT_OF(rows),
};

struct quantize {
    struct settings set;
    const struct comm *c;
    const struct kernel_table *kernels;
    struct model model;
    struct tensor_table weights;
    struct model_binding binding;
    struct quantize_pictures pictures;
    struct quant_options options;
    struct quant_result result;
};

static void set_defaults(struct settings *s)
{
    struct quant_options o;

    quant_defaults(&o);
    *s = (struct settings){ .isa = "auto",
                            .limit = 512,
                            .bits = o.activation_bits,
                            .observer = o.observer,
                            .percentile = o.percentile,
                            .weight_scale = o.weight_mse ? SCALE_MSE : SCALE_MINMAX,
                            .equalize = o.equalize,
                            .correct = o.correct_bias };
}

static status check_settings(const struct settings *s)
{
    const char *end = strrchr(s->output, '.');
    const struct option_idle idle[] = {
        { s->observer != QUANT_PERCENTILE, "percentile", "--observer is not percentile" },
        { s->ranks < 2, "oversubscribe", "--ranks starts none" },
    };
    struct settings usual;

    set_defaults(&usual);
    TRY(option_idle_check(&table, s, &usual, idle, COUNT_OF(idle)));
    if (!s->model[0] || !s->weights[0])
        return FAIL(ERR_USAGE, "quantize: --model and --weights are needed");
    if (!s->output[0] || !end || (strcmp(end, ".h5") != 0 && strcmp(end, ".safetensors") != 0))
        return FAIL(ERR_USAGE, "quantize: -o OUT.h5 or -o OUT.safetensors is needed");
    if (!s->images[0] && !s->list[0])
        return FAIL(ERR_USAGE, "quantize: --images FOLDER or --list FILE is needed");
    if (s->labels[0] && (!s->images[0] || s->list[0]))
        return FAIL(ERR_USAGE, "quantize: --labels name pictures of --images and exclude --list");
    if ((s->synsets[0] || s->folders) && s->list[0])
        return FAIL(ERR_USAGE,
                    "quantize: --synsets and --folders say the classes of --images and exclude --list");
    return OK;
}

/* ---- what goes in -------------------------------------------------------------------------------------- */

static status load_network(struct quantize *q)
{
    struct text decided = { .max = 1 << 16 };
    char *text = NULL;
    void *bytes;
    size_t size = 0;
    status result = q->c->rank == 0 ? text_read_plain(q->set.model, MODEL_TEXT_MAX, &text, &size) : OK;

    bytes = text;
    TRY(comm_agree(q->c, result));
    TRY(comm_broadcast_bytes(q->c, &bytes, &size));
    result = model_parse(q->set.model, bytes, size, &q->model);
    mem_free(bytes);
    TRY(comm_agree(q->c, result));
    result = network_load(&q->model, q->set.weights, &q->set.reading, &q->weights, &q->binding);
    if (result == OK)
        result = quant_check_source(&q->binding);
    if (result == OK)
        result = model_decided(&q->binding, &decided);
    network_say(q->set.weights, &decided);
    text_free(&decided);
    return comm_agree(q->c, result);
}

static status load_pictures(struct quantize *q)
{
    const struct quantize_source source = {
        .images = q->set.images,
        .labels = q->set.labels,
        .list = q->set.list,
        .limit = q->set.limit,
        .synsets = q->set.synsets,
        .folders = q->set.folders,
        .classes = q->model.classes,
        .network = q->model.name,
    };
    const struct image_pipeline pipeline = probe_pipeline(&q->model);

    return quantize_pictures_read(q->c, &source, &pipeline, &q->pictures);
}

static void set_options(struct quantize *q)
{
    const struct settings *s = &q->set;
    int fbgemm = s->engine == ENGINE_CHOSEN_FBGEMM;

    q->options = (struct quant_options){ .arithmetic = fbgemm ? ENGINE_FBGEMM : ENGINE_QNNPACK,
                                         .per_channel = s->per == PER_AUTO ? fbgemm : s->per == PER_CHANNEL,
                                         .weight_bits = 8,
                                         .activation_bits = s->bits,
                                         .observer = (enum quant_observer)s->observer,
                                         .percentile = s->percentile,
                                         .weight_mse = s->weight_scale == SCALE_MSE,
                                         .equalize = (enum quant_equalize)s->equalize,
                                         .correct_bias = s->correct,
                                         .sensitivity = s->sensitivity };
}

/* ---- what comes out ------------------------------------------------------------------------------------ */

static status write_text(const char *path, const struct quantize_report *r,
                         status (*fill)(const struct quantize_report *r, struct text *out))
{
    struct text text = { .max = REPORT_MAX };
    status result = fill(r, &text);

    if (result == OK && path[0])
        result = text_write_file(path, text.data, text.size);
    else if (result == OK)
        fputs(text.data, stdout);
    text_free(&text);
    return result;
}

static status write_all(struct quantize *q, const struct quant_pictures *pictures)
{
    const struct quantize_report report = {
        .model = &q->model, .options = &q->options, .pictures = pictures, .result = &q->result
    };
    const struct weight_note notes[] = {
        { "quantcam.model", q->model.name },
        { "quantcam.engine", engine_arithmetic_name(q->options.arithmetic) },
        { "quantcam.bits", q->options.activation_bits == 7 ? "7" : "8" },
        { "quantcam.relu6", "clamp" },
    };

    TRY(weight_save(q->set.output, &q->result.table, notes, COUNT_OF(notes)));
    if (q->set.csv[0])
        TRY(write_text(q->set.csv, &report, quantize_report_csv));
    if (q->set.json[0])
        TRY(write_text(q->set.json, &report, quantize_report_json));
    return write_text("", &report, quantize_report_text);
}

/* ---- the command --------------------------------------------------------------------------------------- */

static void sum(void *self, uint64_t *values, size_t count)
{
    comm_sum_u64(self, values, count);
}

static void most(void *self, uint64_t *values, size_t count)
{
    comm_max_u64(self, values, count);
}

static status agree(void *self, status mine)
{
    return comm_agree(self, mine);
}

static status run(struct quantize *q, struct comm *c)
{
    struct quant_pictures pictures = {
        .rank = c->rank, .size = c->size, .sum = sum, .max = most, .agree = agree, .self = c
    };

    q->c = c;
    TRY(comm_agree(c, network_kernels(q->set.isa, &q->kernels)));
    TRY(load_network(q));
    TRY(load_pictures(q));
    set_options(q);
    pictures.count = q->pictures.count;
    pictures.pixels = (const uint8_t *const *)q->pictures.pixels;
    pictures.label = q->pictures.label;
    TRY(quant_network(&q->binding, &q->options, &pictures, q->kernels, &q->result));
    TRY(comm_agree(c, c->rank == 0 ? write_all(q, &pictures) : OK));
    fflush(stdout); /* the report comes before the line that ends it, where both go to one file */
    log_info("the int8 checkpoint is %s", q->set.output);
    return OK;
}

static void close_all(struct quantize *q)
{
    quant_result_free(&q->result);
    quantize_pictures_free(&q->pictures);
    model_unbind(&q->binding);
    table_free(&q->weights);
    model_free(&q->model);
}

int cmd_quantize(int argc, char **argv)
{
    struct quantize q = { 0 };
    struct option_words words = { 0 };
    struct comm c = { 0 };
    status result;
    int code;

    set_defaults(&q.set);
    result = option_read_args(&table, &q.set, argc, argv, &words);
    if (result == OK && words.help) {
        option_help(&table, &q.set, words.help, stdout);
        return 0;
    }
    if (result == OK)
        result = check_settings(&q.set);
    if (result == OK && !comm_launched() && q.set.ranks > 1) {
        const struct launch start = { q.set.ranks, q.set.oversubscribe, launch_file_bytes(q.set.weights) };

        return launch_ranks(&start, argc, argv);
    }
    status started = comm_init(NULL, NULL, &c);
    if (started == OK) {
        log_init(LOG_NORMAL, c.rank, c.host);
        result = comm_agree(&c, c.rank == 0 ? result : OK);
        comm_broadcast(&c, &q.set, sizeof q.set); /* rank 0's environment says what its paths are */
    }
    if (result == OK && started == OK)
        result = launch_check(q.set.ranks, &c);
    if (result == OK)
        result = started == OK ? run(&q, &c) : started;
    code = log_exit(result);
    close_all(&q);
    comm_finish(&c);
    return code;
}
