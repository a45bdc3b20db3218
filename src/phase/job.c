/* src/phase/job.c: the table of a job's settings, their defaults and their canonical text. */
#include "phase.h"
#include "probe.h"
#include "saliency.h"

#include "probe_attribution.h"

#include <stddef.h>
#include <string.h>

static const char substrates[] = IMAGE_SUBSTRATE_NAMES;
static const char activations[] = "mean|subset|full";
static const char engines[] = "auto|fbgemm|qnnpack|tflite-reference|tflite-xnnpack|onnxruntime";
static const char published[] = "auto|on|off";
static const char skips[] = "auto|0|1";
static const char isa_names[] = "auto|ref|avx2|avx512vnni";

#define ROW(option, kind_of, class_of, field)                                                                \
    .name = option, .kind = OPTION_##kind_of, .effect = OPTION_##class_of,                                   \
    .where = offsetof(struct job, field)

/* What does not depend on a setting, of the values that one precision of one network has of a picture. */
#define ROWS_STAY      .spares = JOB_ROWS
#define EXPLAINED_STAY .spares = JOB_EXPLAINED
#define ALL_STAY       .spares = JOB_ROWS | JOB_EXPLAINED /* says which values there are, not what they are */

/* The one table: command line, job files, --help, /job. */
static const struct option_row rows[] = {
    { ROW("data.images", PATH, RUN, images), .values = "FOLDER|FILE",
      .help = "the pictures: a folder of class folders, or a flat one with data.labels; or a file of IDX "
              "pictures (MNIST's) or of CIFAR's binary records, packed by gzip or not" },
    { ROW("data.labels", PATH, RUN, labels), .values = "FILE|none",
      .help = "path,class_index or path,wnid lines (a header may name the columns), or "
              "LOC_val_solution.csv; of IDX pictures the IDX file of their labels; none: a flat folder whose "
              "pictures have no classes" },
    { ROW("data.synsets", PATH, RUN, synsets), .values = "FILE",
      .help = "LOC_synset_mapping.txt or imagenet_class_index.json: which class a folder named n01440764, or "
              "such a label, is" },
    { ROW("data.folders", CHOICE, RUN, folders), .values = "auto|text|number",
      .help = "class of a folder: its number, or its place among the sorted names (text); auto: only what is "
              "certain" },
    { ROW("data.boxes", PATH, RUN, boxes), .values = "PATH",
      .help = "true boxes: path,x0,y0,x1,y1 lines, others where a header names the columns, "
              "LOC_val_solution.csv, or a folder of XML annotations" },
    { ROW("data.limit", INT, RUN, limit), .values = "N", .help = "take N pictures; 0 = all" },
    { ROW("data.sample", INT, RUN, sample), .values = "SEED",
      .help = "draw those N at random by this seed; 0 = spread over the list. A result depends on the "
              "pictures, not on how they were chosen: another seed is another list" },
    { ROW("data.max_bad", REAL, RUN, max_bad), .values = "PERCENT", .high = 100,
      .help = "more bad pictures than this end the run with 1" },
    { ROW("data.keep_bad", FLAG, RUN, keep_bad), .help = "do not try bad pictures again at a resume" },
    { ROW("preprocess.resize", TEXT, RESULT, resize), .values = "model|squash|PIXELS",
      .help = "the short side, before the crop; squash: the whole picture to the network's height and width; "
              "model: as the networks' descriptions say" },
    { ROW("preprocess.filter", CHOICE, RESULT, filter), .values = "model|bilinear|bicubic",
      .help = "of the resize; model: as the networks' descriptions say" },
    { ROW("preprocess.pillow", CHOICE, RESULT, pillow), .values = "13|12",
      .help = "whose order of resize passes: 13 the cheaper one first, 12 horizontal first" },
    { ROW("cam.method", LIST, RESULT, methods), ALL_STAY, .values = CAM_METHOD_NAMES,
      .help = "class-activation maps; eigen is always among them, and what selections go by" },
    { ROW("cam.class", CHOICE, RESULT, cam_class), .values = PROBE_CLASS_NAMES "|true",
      .help = "which class the methods with a class explain: the first precision's answer, in all of them, "
              "each precision's own, or the true one (the first's answer where that is unknown)" },
    { ROW("cam.sign", CHOICE, RESULT, sign), .values = "absmax|meanact",
      .help = "rule of a precision's own sign: the first's, to which the others are aligned" },
    { ROW("cam.raw", FLAG, RESULT, raw), .help = "also find the sign that LAPACK gives" },
    { ROW("cam.resize", CHOICE, RESULT, compare_filter), EXPLAINED_STAY, .values = "bilinear|bicubic",
      .help = "of maps that are compared with saliency, to its frame: Pillow's, on real numbers" },
    { ROW("input.map", FLAG, RESULT, input_map), ALL_STAY,
      .help = "of every picture in every precision the map of the input gradient of the class that cam.class "
              "says, absolute, mean over channels, divided by its maximum; compared with the first "
              "precision's" },
    { ROW("input.removal", CHOICE, RESULT, input_removal), EXPLAINED_STAY,
      .values = "none|" IMAGE_SUBSTRATE_NAMES,
      .help = "accuracy while 0, 10 .. 90 % of the pixels are removed by that map, largest first, and what "
              "they become: corner, as the study does, the first pixel's value; else as explain.deletion; "
              "ten runs of the network a picture" },
    { ROW("saliency.compare", FLAG, RESULT, saliency), ALL_STAY,
      .help = "compare every map with what people see in the picture, and with the first precision's" },
    { ROW("saliency.density", PATH, RUN, density), .values = "auto|PREDICTOR|DIR|FILE.h5",
      .help = "how densely people look: maps called as their pictures; or predicted: " SALIENCY_METHOD_NAMES
              "; auto: of the fixations, else of the masks, else sr-center" },
    { ROW("saliency.fixations", PATH, RUN, fixations), .values = "FILE.csv",
      .help = "where people looked, lines image,x,y with a header (NSS, AUC, information gain)" },
    { ROW("saliency.masks", PATH, RUN, masks), .values = "DIR|FILE.h5",
      .help = "objects that people marked, a map of 0 and 255 a picture (MAE, F, S, E)" },
    { ROW("saliency.suffix", TEXT, RUN, suffix), .values = "TEXT",
      .help = "what a density's or mask's name has behind the picture's: _fixMap" },
    { ROW("saliency.origin", INT, RESULT, origin), EXPLAINED_STAY, .values = "0|1", .low = 0, .high = 1,
      .help = "the number that the list of fixations gives the first pixel" },
    { ROW("saliency.sigma", REAL, RESULT, sigma), EXPLAINED_STAY, .values = "PIXELS", .low = 0.5,
      .high = 1000, .help = "of the blur that makes a density of fixations" },
    { ROW("saliency.seed", DECIMAL, RESULT, saliency_seed), EXPLAINED_STAY, .values = "SEED", .low = 0,
      .high = 9.007199254740992e15,
      .help = "of the pixels that AUC-Borji and the shuffled AUC draw; a whole number" },
    { ROW("subset.fraction", DECIMAL, RESULT, fraction), ALL_STAY, .values = "F", .high = 1,
      .help = "of the images, per selection" },
    { ROW("subset.select.by", LIST, RESULT, select_by), ALL_STAY, .values = "raw|resolved|aligned",
      .help = "readings of the RMSE whose largest are selected; beside them a control" },
    { ROW("subset.select.of", TEXT, RESULT, select_of), ALL_STAY, .values = "PRECISION,...",
      .help = "precisions whose readings select, each a subset of its own; not set: the second one's" },
    { ROW("subset.control_seed", INT, RESULT, control_seed), ALL_STAY, .values = "SEED",
      .help = "of the control's random choice" },
    { ROW("explain.steps", INT, RESULT, explain_steps), ROWS_STAY, .values = "N", .high = STORE_MAX_STEPS,
      .help = "steps of deletion and insertion on the selected images; 0 = no curves" },
    { ROW("explain.deletion", CHOICE, RESULT, explain_deletion), ROWS_STAY, .values = substrates,
      .help = "what deleted pixels become: 0 in normalized space, the blurred picture, black, its mean" },
    { ROW("explain.insertion", CHOICE, RESULT, explain_insertion), ROWS_STAY, .values = substrates,
      .help = "what pixels are inserted into" },
    { ROW("explain.class", CHOICE, RESULT, explain_class), ROWS_STAY, .values = "own|true|reference",
      .help = "whose probability: each precision's own answer, the true class (its own answer where "
              "that is unknown), or the first precision's answer for all" },
    { ROW("explain.maps", FLAG, RESULT, explain_maps), ALL_STAY,
      .help = "store the selected images' full-size maps" },
    { ROW("explain.logits", FLAG, RESULT, explain_logits), ALL_STAY,
      .help = "store the logits of every step" },
    { ROW("explain.cross", FLAG, RESULT, explain_cross), ALL_STAY,
      .help = "the first precision's map scored by each other network too, and theirs by its: two to three "
              "times the time of this phase" },
    { ROW("explain.methods", LIST, RESULT, attribution.methods), ALL_STAY, .values = ATTRIBUTION_NAMES,
      .help = "picture-sized maps of the selected images, in every precision, of the class that cam.class "
              "says: from runs of the network, hundreds or thousands a map; the last three from "
              "gradients by the picture" },
    { ROW("explain.scorecam.channels", INT, RESULT, attribution.channels), ROWS_STAY, .values = "N",
      .help = "ScoreCAM's masks: the N channels of the CAM layer that have most energy; 0 = all" },
    { ROW("explain.rise.masks", INT, RESULT, attribution.masks), ROWS_STAY, .values = "N", .low = 1,
      .high = RISE_MOST_MASKS, .help = "RISE's random masks" },
    { ROW("explain.rise.cells", INT, RESULT, attribution.cells), ROWS_STAY, .values = "N", .low = 2,
      .high = RISE_MOST_CELLS, .help = "cells a side of the grid that a mask is enlarged from" },
    { ROW("explain.rise.keep", REAL, RESULT, attribution.keep), ROWS_STAY, .values = "P", .low = 0.001,
      .high = 1, .help = "chance that a cell is kept" },
    { ROW("explain.occlusion.window", INT, RESULT, attribution.window), ROWS_STAY, .values = "PIXELS",
      .low = 1, .high = CAM_MAX_OUT, .help = "side of the window that covers a part of the picture" },
    { ROW("explain.occlusion.stride", INT, RESULT, attribution.stride), ROWS_STAY, .values = "PIXELS",
      .low = 1, .high = CAM_MAX_OUT, .help = "from window to window; at most its side" },
    { ROW("explain.occlusion.fill", CHOICE, RESULT, attribution.fill), ROWS_STAY, .values = substrates,
      .help = "what the window shows: as explain.deletion" },
    { ROW("explain.smoothgrad.samples", INT, RESULT, attribution.samples), ROWS_STAY, .values = "N", .low = 1,
      .high = RISE_MOST_MASKS, .help = "noisy pictures whose gradients are averaged" },
    { ROW("explain.smoothgrad.sigma", REAL, RESULT, attribution.sigma), ROWS_STAY, .values = "SHARE",
      .high = 10,
      .help = "standard deviation of the noise, of the range of the picture's normalized values" },
    { ROW("explain.intgrad.steps", INT, RESULT, attribution.steps), ROWS_STAY, .values = "N", .low = 1,
      .high = RISE_MOST_MASKS, .help = "pictures between baseline and picture whose gradients are averaged" },
    { ROW("explain.intgrad.baseline", CHOICE, RESULT, attribution.baseline), ROWS_STAY, .values = substrates,
      .help = "where the way to the picture begins: as explain.deletion" },
    { ROW("explain.road", FLAG, RESULT, explain_road), ALL_STAY,
      .help = "ROAD of every map in every precision: the most and the least relevant pixels are filled in "
              "from their neighbours, at nine percentiles: 18 fillings and runs of the network a map" },
    { ROW("explain.randomise", INT, RESULT, explain_randomise), ROWS_STAY, .values = "K", .high = 10000,
      .help = "randomisation check: how much of a map stays where the weights of the network's last K layers "
              "are drawn at random, in precisions of real numbers (others' ranges are the true weights'); "
              "costs a second plan of the network; 0 = no check" },
    { ROW("explain.seed", INT, RESULT, explain_seed), ROWS_STAY, .values = "SEED",
      .help = "of RISE's masks, SmoothGrad's and ROAD's noise, and of weights drawn at random" },
    { ROW("wsol.frame", CHOICE, RESULT, wsol_frame), EXPLAINED_STAY, .values = "crop|full",
      .help = "true boxes: cut at the crop that the network sees, or left whole" },
    { ROW("numerics.winograd", CHOICE, RESULT, winograd), .values = "on|off",
      .help = "fp32: Winograd's expression for the 3 x 3 layers that it suits; off: every layer direct, as "
              "version 2 of the numerics" },
    { ROW("numerics.saturate", CHOICE, RESULT, saturate), .values = "off|fbgemm-avx2|fbgemm-vnni|ort-avx2",
      .help = "imitate 16-bit sums (slow): fbgemm's on CPUs without VNNI, or with it, there in depthwise "
              "layers alone; ONNX Runtime's without it, in dense layers of u8 codes by s8 weights" },
    { ROW("quantize.images", PATH, RUN, quantize_images), .values = "FOLDER|FILE", .whole = 1,
      .help = "calibration pictures of the precisions that say quantize" },
    { ROW("quantize.limit", INT, RESULT, quantize_limit), ALL_STAY, .values = "N", .low = 1, .high = 65536,
      .whole = 1, .help = "calibrate on N of them, drawn by the seed" },
    { ROW("quantize.seed", INT, RESULT, quantize_seed), ALL_STAY, .values = "SEED", .whole = 1,
      .help = "of that draw" },
    { ROW("quantize.sensitivity", FLAG, RESULT, sensitivity), ALL_STAY,
      .help =
          "which layer moves the map: every layer of the first precision alone quantized, and all but it, "
          "on pictures of quantize.images" },
    { ROW("quantize.sensitivity.bits", INT, RESULT, sensitivity_bits), ALL_STAY, .values = "N", .low = 2,
      .high = 8, .help = "of their weights and outputs" },
    { ROW("quantize.sensitivity.pictures", INT, RESULT, sensitivity_pictures), ALL_STAY, .values = "N",
      .low = 1, .high = 65536,
      .help = "how many, spread over those that calibrate; each takes about a run of "
              "the network a layer" },
    { ROW("time.runs", INT, RUN, time_runs), .values = "N", .high = 100000,
      .help = "runs timed alone, batch 1, at the end; 0 = none" },
    { ROW("store.out", PATH, RUN, out), .values = "FILE", .letter = 'o', .help = "the result file" },
    { ROW("store.from", PATH, RUN, from), .values = "FILE",
      .help = "a finished result: what it has of the same pictures, networks, precisions and settings is "
              "taken from there, and the rest is computed" },
    { ROW("store.activations", CHOICE, RESULT, activations), ALL_STAY, .values = activations,
      .help = "of the CAM layer: each channel's mean alone, or the selected, or all images' whole too" },
    { ROW("run.isa", CHOICE, RUN, isa), .values = isa_names,
      .help = "instruction set; auto: the fastest here, or QUANTCAM_ISA" },
    { ROW("run.log", CHOICE, RUN, log), .values = "quiet|normal|verbose", .help = "what is said on stderr" },
    { ROW("run.dry-run", FLAG, RUN, dry_run),
      .help = "check everything, print the plan, predict times and memory from a few pictures, and stop" },
    { ROW("run.predict", FLAG, RUN, predict),
      .help = "before working, predict times, memory and bytes from a few pictures; compare at the end" },
    { ROW("run.ranks", INT, RUN, ranks), .values = "N", .high = 100000, .letter = 'j',
      .help = "start N ranks under mpirun; 0 = one, or as mpirun started them; with run.dry-run: predict "
              "for N" },
    { ROW("run.oversubscribe", FLAG, RUN, oversubscribe),
      .help = "start so many ranks even where that is more than 64 a core, or than memory holds" },
    { ROW("run.schedule", CHOICE, RUN, schedule), .values = "static|dynamic",
      .help = "who does what: every rank its share, or rank 0 serves blocks (hosts of unlike speed)" },
    { ROW("run.lock", FLAG, RUN, lock),
      .help = "hold RESULT.lock while at work, so that a second job on this result is refused; off: for file "
              "systems without locks" },
    { ROW("run.watchdog", REAL, RUN, watchdog), .values = "SECONDS", .high = 1e6,
      .help = "a rank that finishes nothing for so long (or 20 times the slowest step so far) ends the job, "
              "resumably; 0 = wait for ever" },
};

#define NET(option, kind_of, class_of, field)                                                                \
    .name = option, .kind = OPTION_##kind_of, .effect = OPTION_##class_of,                                   \
    .where = offsetof(struct job_network, field)

#define HELP_STATE  "which state dict of the checkpoint, as model_ema; empty: the only one"
#define HELP_UNUSED "tensors of the checkpoint that the network does not use"
#define HELP_RELU6  "when quantized; auto: as the checkpoint notes, else relu, as torch's own files want it"
#define HELP_ENGINE                                                                                          \
    "arithmetic of codes; auto: as the checkpoint notes, else fbgemm where weights are per channel"
#define HELP_MODEL "network description, models/*.model, or a TFLite or ONNX file"
#define HELP_INPUT                                                                                           \
    "how a picture becomes its input, in the words of a description's input line, behind the extents: "      \
    "resize 256 bilinear crop 224 mean R G B std R G B; empty: as there, or a deployed file's own pixels' "  \
    "codes"
#define HELP_SKIP                                                                                            \
    "of a deployed file's classes, how many in front are none (background); auto: 1 where there are 1001"
#define HELP_LAYER                                                                                           \
    "of the description, whose activations become the map; NODE before bn: a convolution's before its "      \
    "batch normalisation; empty: the one that it names"
#define OF_NETWORK "; not set: as of the network"

static const struct option_row network_rows[] = {
    { NET("model", PATH, RUN, model), .values = "FILE", .help = HELP_MODEL },
    { NET("input", TEXT, RESULT, input), .values = "PIPELINE", .help = HELP_INPUT },
    { NET("classes.skip", CHOICE, RESULT, skip), .values = skips, .help = HELP_SKIP },
    { NET("cam.layer", TEXT, RESULT, all.layer), .values = "NODE", .help = HELP_LAYER },
    { NET("engine", CHOICE, RESULT, engine), .values = engines, .help = HELP_ENGINE },
    { NET("state", TEXT, RESULT, all.state), .values = "NAME", .help = HELP_STATE },
    { NET("unused", CHOICE, RESULT, all.allow_unused), .values = "refuse|allow", .help = HELP_UNUSED },
    { NET("relu6", CHOICE, RESULT, all.relu6), .values = "auto|relu|clamp", .help = HELP_RELU6 },
    { NET("published", CHOICE, RUN, published), .values = published,
      .help = "whether a study's numbers stand beside this network in the report; auto: where the reference "
              "checkpoint is known by its hash to be the study's; on: it is the study's in another form" },
};

#define OF(option, kind_of, class_of, field)                                                                 \
    .name = option, .kind = OPTION_##kind_of, .effect = OPTION_##class_of,                                   \
    .where = offsetof(struct job_precision_of, field)

static const struct option_row precision_rows[] = {
    { OF("", PATH, RUN, from), .values = "FILE|quantize",
      .help =
          "the network's checkpoint in this precision (a name that is built in: " QUANT_PRESET_NAMES
          "; or one with a section [precision NAME]), or a TFLite or ONNX file, which needs no model; the "
          "first is the reference" },
    { OF("model", PATH, RUN, model), .values = "FILE", .help = HELP_MODEL OF_NETWORK },
    { OF("input", TEXT, RESULT, input), .values = "PIPELINE", .help = HELP_INPUT OF_NETWORK },
    { OF("classes.skip", CHOICE, RESULT, skip), .values = skips, .help = HELP_SKIP OF_NETWORK },
    { OF("cam.layer", TEXT, RESULT, reading.layer), .values = "NODE", .help = HELP_LAYER OF_NETWORK },
    { OF("engine", CHOICE, RESULT, engine), .values = engines, .help = HELP_ENGINE OF_NETWORK },
    { OF("state", TEXT, RESULT, reading.state), .values = "NAME", .help = HELP_STATE OF_NETWORK },
    { OF("unused", CHOICE, RESULT, reading.allow_unused), .values = "auto|allow|refuse",
      .help = HELP_UNUSED "; auto: as of the network" },
    { OF("relu6", CHOICE, RESULT, reading.relu6), .values = "auto|relu|clamp",
      .help = HELP_RELU6 OF_NETWORK },
};

/* The table of presets, then the job's own. */
static const char *precision_name(const void *settings, int i)
{
    const struct job *job = settings;
    int presets = 0;

    while (quant_preset_name(presets))
        presets++;
    return i < presets                   ? quant_preset_name(i)
           : i - presets < job->sections ? job->section[i - presets].name
                                         : NULL;
}

static const struct option_group precisions_of_network = {
    .section = "PRECISION",
    .row = precision_rows,
    .rows = COUNT_OF(precision_rows),
    .count_where = offsetof(struct job_network, precisions),
    .where = offsetof(struct job_network, precision),
    .stride = sizeof(struct job_precision_of),
    .name_where = offsetof(struct job_precision_of, name),
    .most = JOB_MAX_PRECISIONS,
    .name = precision_name,
};

#define SECTION(option, kind_of, field)                                                                      \
    .name = option, .kind = OPTION_##kind_of, .effect = OPTION_RESULT,                                       \
    .where = offsetof(struct job_section, field)

static const struct option_row section_rows[] = {
    { SECTION("preset", TEXT, preset), .values = "NAME",
      .help = "what is not said here is as in this precision: " QUANT_PRESET_NAMES
              "; empty: bits alone are integers as the usual precision's, or rounded above 8 bits" },
    { SECTION("weights", INT, weights), .values = "BITS", .high = 16,
      .help = "bits of weights; 0 = as the preset" },
    { SECTION("activations", INT, activations), .values = "BITS", .high = 16,
      .help = "bits of activations; 0 = as the preset" },
    { SECTION("arithmetic", CHOICE, arithmetic), .values = "auto|integer|rounded",
      .help = "codes of at most 8 bits through integer kernels, or real numbers of which every quantized "
              "output is "
              "rounded to its codes; auto: as the preset, else as the file" },
    { SECTION("per", CHOICE, per), .values = "auto|channel|tensor",
      .help = "scales of weights; auto: as the preset" },
    { SECTION("observer", CHOICE, observer), .values = "auto|minmax|percentile|mse",
      .help = "how the range of activations is chosen; auto: as the preset" },
    { SECTION("ends", INT, ends), .values = "BITS", .high = 16,
      .help = "bits of the first and the last layer; 0 = as the preset" },
};

static const struct option_row group_rows[] = {
    { .name = "networks", .kind = OPTION_TEXT, .effect = OPTION_RESULT,
      .where = offsetof(struct job_group, networks), .values = "NETWORK,...",
      .help = "that were trained alike from different random numbers: means over them with their intervals, "
              "and the paired differences of any two precisions" },
};

static const struct option_group groups[] = {
    {
        .section = "network",
        .row = network_rows,
        .rows = COUNT_OF(network_rows),
        .count_where = offsetof(struct job, networks),
        .where = offsetof(struct job, network),
        .stride = sizeof(struct job_network),
        .name_where = offsetof(struct job_network, name),
        .most = JOB_MAX_NETWORKS,
        .part = &precisions_of_network,
    },
    {
        .section = "precision",
        .row = section_rows,
        .rows = COUNT_OF(section_rows),
        .count_where = offsetof(struct job, sections),
        .where = offsetof(struct job, section),
        .stride = sizeof(struct job_section),
        .name_where = offsetof(struct job_section, name),
        .most = JOB_MAX_PRECISIONS,
    },
    {
        .section = "group",
        .row = group_rows,
        .rows = COUNT_OF(group_rows),
        .count_where = offsetof(struct job, groups),
        .where = offsetof(struct job, group),
        .stride = sizeof(struct job_group),
        .name_where = offsetof(struct job_group, name),
        .most = JOB_MAX_GROUPS,
    },
};

static const struct option_table table = {
    .usage = "quantcam run JOB.conf [options]",
    .about =
        "Runs the job: every picture through every network in every precision, with a map of each. The same\n"
        "command resumes a job that was stopped or killed. JOB.conf holds `key = value` lines under\n"
        "[sections]; every key is also an option, --section.key=value, or --key=value where only one\n"
        "section has it. Networks are sections [network NAME], each with its description and the same 1 to "
        "8\n"
        "precisions, PRECISION = FILE, or = quantize, which makes them of the first, the reference. A "
        "TFLite\n"
        "or ONNX file is its own description. Relative\n"
        "paths start at the current directory, in job files too; ~/, $NAME/ and ${NAME}/ at a path's start "
        "are the environment's.",
    .row = rows,
    .rows = COUNT_OF(rows),
    .group = groups,
    .groups = COUNT_OF(groups),
    .words_low = 1,
    .words_high = 1,
};

const struct option_table *job_table(void)
{
    return &table;
}

void job_defaults(struct job *job)
{
    memset(job, 0, sizeof *job);
    job->quantize_limit = 512;
    job->quantize_seed = 1;
    job->sensitivity_bits = 8;
    job->sensitivity_pictures = 64;
    snprintf(job->resize, sizeof job->resize, "model");
    job->max_bad = 1;
    job->methods = 1u << CAM_EIGEN;
    job->raw = 1;
    job->sign = CAM_ABSMAX;
    job->input_removal = 1 + IMAGE_SUBSTRATE_CORNER;
    snprintf(job->fraction, sizeof job->fraction, "0.05");
    job->select_by = 1u << 0 | 1u << 2; /* raw, aligned */
    job->control_seed = 1;
    job->explain_steps = 100;
    job->explain_deletion = IMAGE_SUBSTRATE_ZERO;
    job->explain_insertion = IMAGE_SUBSTRATE_BLUR;
    job->explain_maps = 1;
    job->explain_seed = 1;
    job->attribution.masks = 4000;
    job->attribution.cells = 7;
    job->attribution.keep = 0.5;
    job->attribution.window = 32;
    job->attribution.stride = 16;
    job->attribution.fill = IMAGE_SUBSTRATE_ZERO;
    job->attribution.samples = 50;
    job->attribution.sigma = 0.15;
    job->attribution.steps = 50;
    job->attribution.baseline = IMAGE_SUBSTRATE_BLACK;
    job->activations = STORE_ACTIVATIONS_SUBSET;
    snprintf(job->density, sizeof job->density, "auto");
    job->origin = 1;
    job->sigma = 24;
    snprintf(job->saliency_seed, sizeof job->saliency_seed, "1");
    job->time_runs = 50;
    job->log = LOG_NORMAL;
    job->lock = 1;
    job->watchdog = 60;
}

const char *job_published(const struct job_network *n, char name[OPTION_NAME])
{
    return n->published ? option_choice(published, n->published, name) : NULL;
}

const char *job_isa(const struct job *job)
{
    static char name[OPTION_NAME];

    return option_choice(isa_names, job->isa, name);
}

/* precision "": the network's. */
static status add_description(const char *network, const char *precision, const uint8_t file[HASH_SIZE],
                              struct text *out)
{
    static const uint8_t none[HASH_SIZE] = { 0 };
    char hex[2 * HASH_SIZE + 1];

    if (memcmp(file, none, HASH_SIZE) == 0)
        return OK;
    return text_add(out, "network.%s.%s%smodel.sha256 = %s\n", network, precision, precision[0] ? "." : "",
                    hash_hex(file, hex));
}

status job_canonical(const struct job *job, const uint8_t list[HASH_SIZE], const uint8_t (*files)[HASH_SIZE],
                     struct text *out)
{
    char hex[2 * HASH_SIZE + 1];

    TRY(option_write(&table, job, OPTION_RESULT, out));
    TRY(text_add(out, "numerics.version = %d\n", NUMERICS_VERSION));
    TRY(text_add(out, "data.sha256 = %s\n", hash_hex(list, hex)));
    for (int i = 0; i < job->networks; i++) {
        const char *name = job->network[i].name;
        const uint8_t(*file)[HASH_SIZE] = files + i * JOB_FILES,
              (*own)[HASH_SIZE] = file + 1 + JOB_MAX_PRECISIONS;

        TRY(add_description(name, "", file[0], out));
        for (int p = 0; p < job->precisions; p++) {
            TRY(text_add(out, "network.%s.%s.sha256 = %s\n", name, job->precision[p].name,
                         hash_hex(file[1 + p], hex)));
            if (job->network[i].precision[p].deployed)
                TRY(text_add(out, "network.%s.%s.numerics = %d\n", name, job->precision[p].name,
                             NUMERICS_DEPLOYED));
        }
        for (int p = 0; p < job->precisions; p++)
            TRY(add_description(name, job->precision[p].name, own[p], out));
    }
    return OK;
}

int64_t job_subset_size(const char *fraction, int64_t n)
{
    unsigned __int128 numerator = 0, denominator = 1, k;
    int decimals = 0;

    if (n < 1)
        return 0;
    for (const char *p = fraction; *p; p++) {
        if (*p == '.') {
            decimals = 1;
            continue;
        }
        numerator = numerator * 10 + (unsigned)(*p - '0');
        if (decimals)
            denominator *= 10;
    }
    k = (2 * numerator * (unsigned __int128)n + denominator) / (2 * denominator);
    return k < 1 ? 1 : k > (unsigned __int128)n ? n : (int64_t)k;
}
