/* src/train/job.c: the settings of training, one table for job files, command line, help and what a result
 * depends on. */
#include "train_parts.h"

#include <stdio.h>
#include <string.h>

static const char isa_names[] = "auto|ref|avx2|avx512vnni";

#define ROW(option, kind_of, class_of, field)                                                                \
    .name = option, .kind = OPTION_##kind_of, .effect = OPTION_##class_of,                                   \
    .where = offsetof(struct train_job, field)

static const struct option_row rows[] = {
    { ROW("data.train", PATH, RUN, train), .values = "FILE|FOLDER",
      .help =
          "the training pictures: an IDX file (MNIST), CIFAR's binary records, gzip or not, or a folder of "
          "class folders; by content. Files may be joined by cat" },
    { ROW("data.train.labels", PATH, RUN, train_labels), .values = "FILE",
      .help = "an IDX file's labels; empty: ..labels-idx1.. beside ..images-idx3..; a flat folder's, as for "
              "run" },
    { ROW("data.test", PATH, RUN, test), .values = "FILE|FOLDER",
      .help = "pictures that the network is tried on after every epoch; they choose nothing" },
    { ROW("data.test.labels", PATH, RUN, test_labels), .values = "FILE", .help = "likewise" },
    { ROW("data.limit", INT, RESULT, limit), .values = "N", .high = TRAIN_MOST_PICTURES,
      .help = "take the first N training pictures; 0 = all" },
    { ROW("data.test.limit", INT, RESULT, test_limit), .values = "N", .high = TRAIN_MOST_PICTURES,
      .help = "and the first N of the test's; 0 = all" },
    { ROW("data.holdout", INT, RESULT, holdout), .values = "N", .high = TRAIN_MOST_PICTURES,
      .help = "hold N of the training pictures out, drawn by the seed, to validate on after every epoch" },
    { ROW("data.crop", FLAG, RESULT, crop),
      .help = "cut each picture's size out anywhere in its padded self, anew every epoch" },
    { ROW("data.crop.padding", INT, RESULT, padding), .values = "PIXELS", .high = 1024,
      .help = "of 0 on each side, for crops to reach into" },
    { ROW("data.crop.margin", INT, RESULT, margin), .values = "PIXELS", .high = 1024,
      .help = "of the picture's own on each side, inside the padding: a folder's pictures are cut so much "
              "larger out of what they are resized to, which must be as large; an even number" },
    { ROW("data.flip", FLAG, RESULT, flip), .help = "mirror each picture or not, anew every epoch" },
    { ROW("data.rotate90", FLAG, RESULT, turn),
      .help = "turn each picture by 0, 1, 2 or 3 quarters, anew every epoch; square ones" },
    { ROW("data.max_bad", REAL, RUN, max_bad), .values = "PERCENT", .high = 100,
      .help = "leave out a folder's pictures that cannot be read, up to so many; how many is said and noted "
              "in OUT. All are read before the first step. 0: none may be bad" },
    { ROW("network.model", PATH, RUN, model), .values = "FILE",
      .help = "the network's description, models/*.model" },
    { ROW("network.weights", PATH, RUN, weights), .values = "FILE",
      .help = "a checkpoint of real weights to go on from; empty: from scratch" },
    { ROW("network.state", TEXT, RESULT, state), .values = "NAME",
      .help = "which state dict of it, as model_ema; empty: the only one" },
    { ROW("network.initial", CHOICE, RESULT, initial), .values = "uniform|normal",
      .help = "from scratch: weights of U(-1, 1) / sqrt(n) as torch's layers have them, n the terms of an "
              "output, or normal ones of the variance 2 / n" },
    { ROW("network.size", INT, RESULT, size), .values = "PIXELS", .high = 4096,
      .help = "train on pictures of so many pixels a side, resized in proportion, where the network pools "
              "globally; 0 = the description's" },
    { ROW("train.epochs", INT, RESULT, epochs), .values = "N", .low = 1, .high = 100000,
      .help = "times through the training pictures" },
    { ROW("train.batch", INT, RESULT, batch), .values = "N", .low = 1, .high = 65536,
      .help = "pictures a step; chunks of 8 are dealt to the ranks" },
    { ROW("train.optimizer", CHOICE, RESULT, optimizer), .values = "sgd|adam|adadelta|adamw",
      .help = "how gradients move the weights" },
    { ROW("train.rate", REAL, RESULT, rate), .values = "RATE", .high = 1000, .help = "learning rate" },
    { ROW("train.momentum", REAL, RESULT, momentum), .values = "SHARE", .high = 1, .help = "of sgd" },
    { ROW("train.decay", REAL, RESULT, decay), .values = "SHARE", .high = 1,
      .help = "weight decay, added to gradients; of adamw: decoupled, times the rate off the values" },
    { ROW("train.decay.of", CHOICE, RESULT, decay_of), .values = "all|matrices",
      .help = "of every parameter, alpha too, or of convolutions' and linear layers' weights alone" },
    { ROW("train.schedule", CHOICE, RESULT, schedule), .values = "constant|step|cosine",
      .help = "learning rate: as it is; times train.factor at each of train.milestones; half a "
              "cosine down to 0" },
    { ROW("train.schedule.by", CHOICE, RESULT, by_step), .values = "epoch|step",
      .help = "whether cosine and warm-up change the rate with every epoch or with every step" },
    { ROW("train.warmup-epochs", INT, RESULT, warmup), .values = "N", .high = 100000,
      .help = "in the first N epochs the rate rises evenly to train.rate; cosine begins behind them" },
    { ROW("train.warmup-start", REAL, RESULT, warmup_start), .values = "SHARE", .high = 1,
      .help = "share of train.rate that the warm-up begins with" },
    { ROW("train.milestones", TEXT, RESULT, milestones), .values = "EPOCHS",
      .help = "of schedule step: after how many epochs, as 60,120" },
    { ROW("train.factor", REAL, RESULT, factor), .values = "FACTOR", .high = 1, .help = "of schedule step" },
    { ROW("train.smoothing", REAL, RESULT, smoothing), .values = "SHARE", .high = 0.999,
      .help = "label smoothing: a share of the target that all classes have alike" },
    { ROW("train.norm", CHOICE, RESULT, norm), .values = "batch|chunk",
      .help =
          "batch normalisation over the whole batch, or over each chunk of 8 pictures, without messages" },
    { ROW("train.seed", INT, RESULT, seed), .values = "SEED",
      .help = "of initial weights, order, crops, masks and dropout" },
    { ROW("train.patience", INT, RESULT, patience), .values = "EPOCHS", .high = 100000,
      .help = "stop after so many epochs without a better accuracy on the pictures held out; 0 = never" },
    { ROW("train.keep", CHOICE, RESULT, keep), .values = "last|best",
      .help =
          "whose weights the result has: the last epoch's, or those of the best on the pictures held out" },
    { ROW("guided.share", REAL, RESULT, share), .values = "SHARE", .high = 1,
      .help = "saliency-guided training: the share of pixels, those of the smallest gradients, that are "
              "masked in a second picture; 0 = plain training" },
    { ROW("guided.lambda", REAL, RESULT, lambda), .values = "WEIGHT", .high = 1000,
      .help = "weight of the divergence between the answers to both pictures" },
    { ROW("guided.ranking", CHOICE, RESULT, ranking), .values = "magnitude|signed",
      .help = "smallest by magnitude, or the most negative, as the method's authors' code has it" },
    { ROW("guided.fill", CHOICE, RESULT, fill), .values = "uniform|mean",
      .help = "masked pixels: drawn between the picture's least and largest value, or its mean, a channel" },
    { ROW("bits.preset", CHOICE, RESULT, preset), .values = QUANT_BITS_NAMES,
      .help = "bits of weights and activations; mixed: the ends 4, all others 2" },
    { ROW("bits.ends", INT, RESULT, ends), .values = "BITS", .high = 8,
      .help = "of the first and the last layer's weights and the first activations; 0 = as the preset" },
    { ROW("bits.layers", TEXT, RESULT, layers), .values = "NODE BITS, ...",
      .help = "bits of single nodes of the description: of a layer's weights, of a relu's activations; 32: "
              "real" },
    { ROW("bits.quantizer", CHOICE, RESULT, form), .values = QUANT_WEIGHTS_NAMES,
      .help =
          "quantizer of weights: SAWB without a zero level, SAWB with one, the largest weight as scale, "
          "DoReFa with its scale put back, or as published; activations are PACT's. affine: PyTorch's fake "
          "quantization of weights and activations, for bits.preset = int8" },
    { ROW("bits.average", REAL, RESULT, average), .values = "SHARE", .high = 1,
      .help = "affine: by so much a batch's least and largest value move an activation's range" },
    { ROW("bits.observer-epochs", INT, RESULT, observer_epochs), .values = "N", .high = 100000,
      .help = "affine: in the first N epochs ranges of activations move, then they stay; 0 = in all" },
    { ROW("bits.norm-epochs", INT, RESULT, norm_epochs), .values = "N", .high = 100000,
      .help = "affine: in the first N epochs batch normalisation is over the batch, then by its running "
              "statistics, which stay; 0 = in all" },
    { ROW("bits.slope", CHOICE, RESULT, slope), .values = "straight|clipped|through",
      .help = "gradient of quantized weights: straight through; 0 beyond the scale (sawb, largest); through "
              "the largest weight too (dorefa)" },
    { ROW("bits.alpha", TEXT, RESULT, alpha), .values = "START",
      .help = "where PACT's alpha begins: a number; least-squares; auto: the checkpoint's own, else least "
              "squares with network.weights and 10 from scratch" },
    { ROW("bits.alpha-slope", CHOICE, RESULT, alpha_through), .values = "published|scale",
      .help = "alpha's gradient: PACT's, or through the rounding's scale besides, as LSQ's" },
    { ROW("store.out", PATH, RUN, out), .values = "FILE", .letter = 'o',
      .help = "the trained weights, .safetensors" },
    { ROW("run.isa", CHOICE, RUN, isa), .values = isa_names,
      .help = "instruction set; auto: the fastest here, or QUANTCAM_ISA" },
    { ROW("run.log", CHOICE, RUN, log), .values = "quiet|normal|verbose", .help = "what is said on stderr" },
    { ROW("run.dry-run", FLAG, RUN, dry_run),
      .help = "read everything, time a few steps, print the plan and how long the job takes, and stop" },
    { ROW("run.steps", INT, RUN, steps), .values = "N", .high = 100000,
      .help = "steps that a dry run times, behind one that it does not; 0 = none" },
    { ROW("run.save", REAL, RUN, save), .values = "SECONDS", .high = 1e9,
      .help =
          "a state is written after every epoch, and so long after the last one; 0 = after epochs alone" },
    { ROW("run.ranks", INT, RUN, ranks), .values = "N", .high = 100000, .letter = 'j',
      .help = "start N ranks under mpirun; 0 = one, or as mpirun started them" },
    { ROW("run.oversubscribe", FLAG, RUN, oversubscribe),
      .help = "start so many ranks even where that is more than 64 a core, or than memory holds" },
    { ROW("run.lock", FLAG, RUN, lock),
      .help = "hold OUT.lock while at work, so that a second job on this result is refused; off: for file "
              "systems without locks" },
    { ROW("run.watchdog", REAL, RUN, watchdog), .values = "SECONDS", .high = 1e6,
      .help = "a rank that finishes nothing for so long (or 20 times the slowest step so far) ends the job, "
              "resumably; 0 = wait for ever" },
};

static const struct option_table table = {
    .usage = "quantcam train JOB.conf [options]",
    .about =
        "Trains a network of a description: to real weights, with PACT and SAWB or DoReFa to few bits, or "
        "to int8 by\n"
        "fake quantization as PyTorch's; plain or\n"
        "guided by saliency. Any number of ranks and every instruction set give the same weights, bit "
        "for bit. The "
        "same\n"
        "command resumes a job that was stopped or killed. JOB.conf holds `key = value` lines under "
        "[sections]; every\n"
        "key is also an option, --section.key=value, or --key=value where only one section has it. "
        "stdout has the\n"
        "learning curve at the end; OUT.curve.csv has it after every epoch.",
    .row = rows,
    .rows = COUNT_OF(rows),
    .words_low = 1,
    .words_high = 1,
};

const struct option_table *train_job_table(void)
{
    return &table;
}

void train_job_defaults(struct train_job *job)
{
    *job = (struct train_job){
        .epochs = 5,
        .batch = 128,
        .optimizer = OPTIMIZER_SGD,
        .rate = 0.01,
        .momentum = 0.9,
        .factor = 0.1,
        .warmup_start = 0.01,
        .padding = 4,
        .seed = 1,
        .lambda = 1,
        .alpha = "auto",
        .average = QUANT_AVERAGE,
        .log = LOG_NORMAL,
        .lock = 1,
        .steps = 7,
        .watchdog = 60,
        .save = 300,
    };
}

const char *train_job_isa(const struct train_job *job)
{
    static char name[OPTION_NAME];

    return option_choice(isa_names, job->isa, name);
}
