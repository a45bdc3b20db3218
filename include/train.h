/* include/train.h
 * train: trains a network of a description, to real weights or to few bits, on any number of ranks with the
 * same bits (spec saliency-and-training 2). Data, loss, saliency-guided masks, optimizers, the epochs, their
 * checkpoints and the resume; forward and backward passes are gradient's.
 *
 *     struct train_job *job = NULL;
 *     TRY(train_job_read(&c, argc, argv, &job, &words));    // collective: file and command line
 *     TRY(train_run(&c, job));                              // collective: one status for all ranks
 *     mem_free(job);
 *
 * Every rank holds all weights and the optimizer's vectors; a batch is cut into chunks of GRADIENT_CHUNK
 * samples, dealt to the ranks in contiguous runs, and all sums over chunks are one fixed tree's. Random
 * numbers are keyed by (seed, epoch, sample, ...), so a state needs no generator's.
 *
 * A picture of an epoch e: mirrored, cut, turned, then normalized; the draws are u64 of the stream key(2, e,
 * sample). Counter 0, its top bit: mirrored. 1 and 2: the crop lies x and y, (n u64 >> 64) - reach, n = 2
 * reach
 * + 1, reach = data.crop.padding + data.crop.margin, from the middle. 3, its top two bits: quarter turns,
 * counterclockwise.
 *
 * Files: OUT, the trained weights by the checkpoint's names (safetensors, whose notes have the settings),
 * there only once the job is done; of a quantized network STEM.safetensors beside it STEM.packed.safetensors,
 * which the engine runs as integers. OUT.state.safetensors, all that a resume needs, rewritten by rename
 * after every epoch, every run.save seconds and at a stop; removed at the end. OUT.curve.csv, a line an
 * epoch, and OUT.log.jsonl, a line a start with the steps so far, stay. OUT.lock, while the job runs.
 */
#ifndef QUANTCAM_TRAIN_H
#define QUANTCAM_TRAIN_H

#include "base_option.h"
#include "comm.h"

struct train_job {
    char train[OPTION_SIZE], train_labels[OPTION_SIZE], test[OPTION_SIZE], test_labels[OPTION_SIZE];
    int limit, test_limit; /* the first pictures of each; 0 = all */
    int holdout;           /* training pictures, drawn, that are held out to validate on */
    int crop, padding, margin, flip, turn; /* pixels of padding, of the picture's own beside the middle */
    double max_bad;                        /* per cent of a folder's pictures that may be left out */
    char model[OPTION_SIZE];   /* the description */
    char weights[OPTION_SIZE]; /* "": from scratch */
    char state[OPTION_SIZE];   /* which state dict of it */
    int initial;               /* enum draw_initial */
    int size;                  /* of a picture's side, 0: the description's */
    int epochs, batch, norm;   /* norm: enum gradient_norm */
    int optimizer, schedule;   /* enum optimizer_kind, schedule_kind */
    double rate, momentum, decay, factor, smoothing;
    int decay_of, by_step;        /* decay of matrices alone; the rate changes by steps, not by epochs */
    int warmup;                   /* epochs */
    double warmup_start;          /* share of the rate */
    char milestones[OPTION_SIZE]; /* epochs, "60,120" */
    int seed, patience, keep;     /* keep: 0 the last epoch's weights, 1 the best's */
    double share, lambda;         /* of pixels masked, 0: not guided; of the divergence */
    int ranking, fill;            /* enum mask_ranking, draw_filling */
    int preset, ends;             /* place in QUANT_BITS_NAMES; bits, 0 = as the preset */
    int form, slope;              /* enum quant_weights_form, quant_weights_slope */
    double average;               /* of fake quantization's ranges */
    int observer_epochs, norm_epochs; /* that ranges and running statistics move in, 0: all */
    char alpha[OPTION_SIZE];      /* "auto", "least-squares" or a number */
    int alpha_through;            /* the learned-scale variant */
    char layers[OPTION_SIZE];     /* "conv1 8, relu1 4": bits of nodes */
    char out[OPTION_SIZE];
    int isa, log, dry_run, steps, ranks, oversubscribe, lock;
    double watchdog, save; /* seconds */
};

const struct option_table *train_job_table(void);
void train_job_defaults(struct train_job *job);
/* Local. Are the settings complete, and does each have an effect? ERR_USAGE, one sentence with the key. */
MUST_USE status train_job_check(const struct train_job *job);
/* Collective. Defaults, then the job file that argv names, then the command line: rank 0 reads, all have
 * them. words->help: nothing was read. *job from mem_alloc. ERR_USAGE. */
MUST_USE status train_job_read(const struct comm *c, int argc, char **argv, struct train_job **job,
                               struct option_words *words);
/* Local, before MPI starts: the settings as far as they can be read, zeros else. */
void train_job_peek(int argc, char **argv, struct train_job *job);
/* The name of the instruction set: "auto", "ref", ... */
const char *train_job_isa(const struct train_job *job);

/* Collective. The whole job; stdout has the learning curve. OK also where OUT is finished already;
 * ERR_STOPPED where a signal ended it, resumably; ERR_NUMERIC: a loss that is not finite, with the step; else
 * what failed, the same on all ranks. */
MUST_USE status train_run(const struct comm *c, const struct train_job *job);

#endif
