/* src/train/train_parts.h: what train's own files share. Private to the room. */
#ifndef TRAIN_PARTS_H
#define TRAIN_PARTS_H

#include "gradient_train.h"
#include "image.h"
#include "train.h"

/* ---- data (data.c, idx.c, unpack.c) ---------------------------------------------------------------------
 */

enum { TRAIN_MOST_PICTURES = 100000000 };

struct train_source {
    const char *key;                /* "data.train": for messages */
    const char *path, *labels;      /* labels "": found or in the file */
    int limit;                      /* the first so many; 0 = all */
    struct image_pipeline pipeline; /* what the network takes */
    int margin; /* pixels more on each side, of a folder's pictures alone; even, so that the middle stays */
    int classes;
    const char *network;
};
struct train_data {
    int count, height, width, channels, margin;
    uint8_t *pixels; /* (count, height + 2 margin, width + 2 margin, channels), or NULL: a folder that is too
                        large to keep */
    uint8_t *have;   /* of a folder: which are decoded */
    int *label;
    struct image_manifest list; /* of a folder */
    struct image_pipeline pipeline;
    uint8_t sha256[HASH_SIZE]; /* of unpacked pictures and labels; of a folder's list, and of what was left
                                  out of it */
    int left_out;
};
/* Local. ERR_MISSING, ERR_IO, ERR_FORMAT, ERR_MISMATCH, ERR_USAGE, each with the path. */
MUST_USE status train_data_read(const struct train_source *s, struct train_data *out);
void train_data_free(struct train_data *d);
size_t train_data_bytes(const struct train_data *d); /* of a picture with its margin */
/* Picture i, (height + 2 margin, width + 2 margin, channels). A folder's pictures may fail: image_load's
 * errors. */
MUST_USE status train_data_picture(struct train_data *d, int i, uint8_t *out);
/* Collective. Leaves out a folder's pictures that cannot be read, of all ranks alike: each reads its share.
 * ERR_FORMAT where they are more than max_bad per cent; ERR_MEMORY. */
MUST_USE status train_data_leave_out(const struct comm *c, const char *key, double max_bad,
                                     struct train_data *d);

/* ---- draws (draw.c) -------------------------------------------------------------------------------------
 */

/* The samples in the order of an epoch. ERR_MEMORY. */
MUST_USE status draw_order(uint64_t seed, int epoch, const uint32_t *sample, int count, uint32_t *out);
/* sample (count): the `held` held out, then the others, each ascending. ERR_MEMORY. */
MUST_USE status draw_holdout(uint64_t seed, int count, int held, uint32_t *sample);
/* What is done to pictures; reach: how far a crop may lie from the middle, pixels. */
struct draw_moves {
    int reach, flip, turn;
};
/* Of one picture: mirrored, cut at (x, y) from the middle, then turned by so many quarters, counterclockwise,
 * as torch.rot90 of (height, width). */
struct draw_shift {
    int mirror, turns, x, y;
};
struct draw_shift draw_shift(const struct draw_moves *how, uint64_t seed, int epoch, uint32_t sample);
/* in (h + 2 margin, w + 2 margin, c), out (h, w, c); zeros beyond the picture. Turned: h = w. */
void draw_shifted(const uint8_t *in, int h, int w, int c, int margin, struct draw_shift s, uint8_t *out);
enum draw_filling { DRAW_FILL_UNIFORM, DRAW_FILL_MEAN };
/* x (pixels, channels) normalized: masked pixels become draws between the picture's least and largest value
 * of the channel, or its mean. */
void draw_fill(uint64_t seed, int epoch, uint32_t sample, enum draw_filling how, const uint8_t *masked,
               int pixels, int channels, float *x);
enum draw_initial { DRAW_UNIFORM, DRAW_NORMAL };
void draw_initial(uint64_t seed, uint32_t tensor, enum draw_initial how, int fan_in, int64_t count,
                  float *out);

/* ---- mask (mask.c) --------------------------------------------------------------------------------------
 */

enum mask_ranking { MASK_MAGNITUDE, MASK_SIGNED };
int mask_size(double share, int pixels); /* floor(share * pixels) */
/* The mean of g over channels, f32, ascending; its magnitude unless signed. */
float mask_score(const float *g, int channels, enum mask_ranking ranking);
/* masked (pixels) = 1 for the n pixels of the smallest scores, ties to the lower; key: room for pixels. */
void mask_smallest(const float *g, int pixels, int channels, enum mask_ranking ranking, int n, uint32_t *key,
                   uint8_t *masked);

/* ---- loss (loss.c) --------------------------------------------------------------------------------------
 */

struct loss_how {
    int classes, batch; /* batch: samples that the mean is over */
    double smoothing, lambda;
};
/* Cross-entropy of z against the label, plus lambda KL(p || p~) where there is a masked branch; NAN where a
 * logit is not finite. dz, dmasked: by the logits, of the batch's mean; dz NULL: the value alone. room: 4 *
 * classes. */
double loss_sample(const struct loss_how *how, const float *z, const float *masked, int label, double *room,
                   float *dz, float *dmasked);
int loss_answer(const float *z, int classes); /* the largest, ties to the lower */

/* ---- optimizers and rates (optimizer.c) -----------------------------------------------------------------
 */

enum optimizer_kind { OPTIMIZER_SGD, OPTIMIZER_ADAM, OPTIMIZER_ADADELTA, OPTIMIZER_ADAMW };
struct optimizer {
    enum optimizer_kind kind;
    double lr, momentum, decay;
    uint64_t step; /* steps before this one */
};
struct optimizer_range {
    float *value;
    const float *gradient;
    float *first, *second; /* the optimizer's vectors, 0 before the first step; second: not SGD's */
    int64_t count;
};
enum { DECAY_ALL, DECAY_MATRICES };              /* train.decay.of */
int optimizer_vectors(enum optimizer_kind kind); /* 1 or 2 */
void optimizer_step(const struct optimizer *o, const struct optimizer_range *r);

enum schedule_kind { SCHEDULE_CONSTANT, SCHEDULE_STEP, SCHEDULE_COSINE };
enum { SCHEDULE_MOST = 16 };
struct schedule {
    enum schedule_kind kind;
    int epochs, milestones, milestone[SCHEDULE_MOST]; /* from these epochs on times factor, from 0 */
    double factor;
    int warmup;   /* epochs */
    double start; /* the first share of the rate */
    int steps;    /* of an epoch, 1: a rate holds for a whole epoch */
};
/* The rate of a step, by t = epoch steps + step of W = warmup steps and T = epochs steps. In the warm-up lr
 * (start + (1 - start) t / W), as torch's LinearLR; behind it, cosine: lr (1 + cos(pi (t - W) / (T - W))) /
 * 2, as CosineAnnealingLR, the two joined by SequentialLR at W. Milestones are counted from the beginning. */
double schedule_rate(const struct schedule *s, double lr, int epoch, int step);

/* ---- what a job says (job_read.c) ------------------------------------------------------------------------
 */

MUST_USE status train_job_schedule(const struct train_job *job, struct schedule *out); /* ERR_USAGE */
/* Is it trained by fake quantization of 8 bits? */
int train_job_fakes(const struct train_job *job);
enum train_alpha { ALPHA_AUTO, ALPHA_LEAST_SQUARES, ALPHA_NUMBER };
/* value: the number, 10 where none is said. ERR_USAGE. */
MUST_USE status train_job_alpha(const struct train_job *job, enum train_alpha *how, float *value);

/* ---- sums over ranks (sum.c) ----------------------------------------------------------------------------
 */

struct train_sum {
    const struct comm *c;
    char *room;
    size_t room_bytes;
    struct gradient_node *node, *joined;
    int *nodes;
    size_t *bytes, *in_bytes, *at;
};
MUST_USE status sum_open(const struct comm *c, struct train_sum *out); /* sum_close after a failure too */
void sum_close(struct train_sum *s);
struct gradient_run sum_run(const struct comm *c, int rank, int total); /* which chunks are a rank's */
/* gradient_sum's; self: a struct train_sum. Collective. */
void sum_ranks(void *self, struct gradient_run run, int size, void *values, size_t count);
/* gradient_most's; self: likewise. Collective. */
void sum_most(void *self, float *values, size_t count);
/* Collective. The tree's sum of `width` doubles a chunk, of this rank's run: chunk (run.count, width), at
 * least one row, is overwritten. */
void sum_chunks(struct train_sum *s, struct gradient_run run, double *chunk, int width, double *out);

/* ---- a job under way ------------------------------------------------------------------------------------
 */

/* What an epoch came to: a line of the curve. Shares are of 1, NAN: none. */
struct train_line {
    double epoch, rate, loss, accuracy, held_loss, held_accuracy, test_loss, test_accuracy, raised;
};
enum { TRAIN_LINE_VALUES = sizeof(struct train_line) / sizeof(double) };

/* All that a resume needs beside the parameters and the optimizer's vectors. */
struct train_place {
    int64_t epoch, batch; /* the next */
    int64_t step, lines;
    double loss, right, seen, raised; /* of this epoch so far */
    double best;                      /* the best held-out accuracy, -1: none */
    int64_t best_epoch;
};

struct train {
    const struct comm *c;
    const struct train_job *job;
    const struct kernel_table *kernels;
    struct model model;
    struct train_data data, test;
    uint32_t *sample; /* (data.count): held out, then those trained on */
    uint32_t *order;
    int held, trained, batches;           /* batches an epoch */
    struct gradient_quantizer *quantizer; /* (nodes) */
    struct gradient_net *net;
    struct gradient_parameter *parameter;
    int parameters;
    int64_t values;  /* of all parameters together */
    int64_t learned; /* of those with gradients */
    struct train_sum sum;
    struct schedule schedule;
    float table[3][256];
    float *first, *second; /* (learned) */
    float *best;           /* (values), where the best is kept */
    struct train_place at;
    struct train_line *line; /* (epochs) */
    /* Room for a batch's run. */
    int room_samples;
    float *x, *masked, *dx, *dz, *dz_masked;
    uint8_t *picture, *shifted, *mask;
    struct draw_moves moves;
    uint32_t *key, *taken;
    int *label;
    double *chunk, *loss_room;
    int measures_alpha; /* alphas begin by least squares */
    char *settings;     /* what OUT depends on, as text */
    status trouble;     /* rank 0's, of a state that could not be written: told at the next step */
    int at_work;
    char where[128]; /* "step 17 (epoch 1, batch 3)" */
    double saved, reported, began; /* clock */
    int64_t began_step;
};

/* step.c: one step; collective. ERR_STOPPED at a signal, before the step; ERR_NUMERIC. */
MUST_USE status step_run(struct train *t);
/* Room for the run of a batch of `samples`, of this rank's at most. ERR_MEMORY. */
MUST_USE status step_room(struct train *t, int samples);
void step_free(struct train *t);
/* Samples [first, first + count) of t->taken, normalized, into t->x; epoch < 0: as they are. */
MUST_USE status step_load(struct train *t, struct train_data *d, int count, int epoch);

/* validate.c: loss and share of right answers of `count` samples, NULL: 0, 1, ...; collective. */
MUST_USE status validate_run(struct train *t, struct train_data *d, const uint32_t *sample, int count,
                             double *loss, double *accuracy);

/* alpha.c: the start of every PACT by least squares on the first pictures; collective. */
MUST_USE status alpha_start(struct train *t);

/* predict.c: times run.steps steps and says on stdout how long the job takes; collective. */
MUST_USE status predict_run(struct train *t);

/* setup.c: from the job to a network that is ready; collective. */
MUST_USE status setup_open(struct train *t);
void setup_close(struct train *t); /* after a failure of setup_open too */

/* quantizers.c: which node has how many bits, as the job says; local. ERR_USAGE, ERR_MEMORY. */
MUST_USE status quantizers_make(struct train *t);
void quantizers_say(const struct train *t);

/* checkpoint.c. */
MUST_USE status checkpoint_settings(struct train *t,
                                    const uint8_t weights[HASH_SIZE]); /* local: t->settings */
/* Local, rank 0's: the state by rename; the trained weights as OUT, after which the state goes. */
MUST_USE status checkpoint_save(const struct train *t);
MUST_USE status checkpoint_finish(const struct train *t);
/* Local. The parameters' values by their names, as views; with or without alphas. */
MUST_USE status checkpoint_parameters(const struct train *t, int alphas, struct tensor_table *table);
/* Collective. What is there: nothing, a state, which is taken up, a finished OUT. ERR_MISMATCH: of other
 * settings; ERR_FORMAT: damaged. */
enum checkpoint_found { CHECKPOINT_NONE, CHECKPOINT_RESUMED, CHECKPOINT_FINISHED };
MUST_USE status checkpoint_find(struct train *t, enum checkpoint_found *found);
/* Local. All parameters' values to or from one row. */
void checkpoint_gather(const struct train *t, float *values);
void checkpoint_scatter(struct train *t, const float *values);

/* packed.c. Local: of a quantized network OUT less its ending .packed.safetensors. Weights that are all 0 by
 * now are said, and are no failure. */
MUST_USE status packed_check(const struct train *t); /* before a step is taken: will there be one? */
MUST_USE status packed_save(const struct train *t);

/* curve.c */
MUST_USE status curve_write(const struct train *t); /* local: OUT.curve.csv */
void curve_say(const struct train *t, const struct train_line *l);
void curve_print(const struct train *t); /* stdout */

#endif
