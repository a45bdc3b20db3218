/* src/quant/quant_parts.h: what the files of the room share. */
#ifndef QUANT_PARTS_H
#define QUANT_PARTS_H

#include "quant.h"
#include "quant_train.h"

/* ---- observer.c: from values to a range, from a range to scale and zero point ----------------------- */

enum { QUANT_BINS = 4096 };
struct quant_histogram {
    float low, high; /* of all values: low <= 0 <= high, low < high */
    uint64_t bin[QUANT_BINS];
};
/* x: (pixels, channels) with rows `pitch` apart. */
void quant_histogram_add(struct quant_histogram *h, const float *x, int pixels, int channels, int pitch);
/* The shortest range that leaves at most 1 - percentile / 100 of all values outside at each end. */
void quant_range_percentile(const struct quant_histogram *h, double percentile, float *low, float *high);
/* The range whose `levels` + 1 codes have the least squared error, among 64 shares of each end. */
void quant_range_mse(const struct quant_histogram *h, int levels, float *low, float *high);

/* ---- codes.c: weights --------------------------------------------------------------------------------- */

/* Symmetric: max |w| / ((2^bits - 1) / 2) (torch's 127.5 of 8 bits, numerics 1.6), or what of 0.4 (below 8
 * bits 0.1) to 1 times it has the least squared error. At least 2^-23. */
float quant_weight_scale(const float *w, size_t count, int bits, int mse);
/* clamp(rne(w / scale), -2^(bits-1), 2^(bits-1) - 1) by numerics 2.1. */
int quant_weight_code(float w, float inverse_scale, int bits);
/* The codes of all; adds the energies of w and of its error. */
void quant_weight_codes(const float *w, size_t count, float scale, int bits, int16_t *codes, double *signal,
                        double *noise);

/* ---- fold.c: the network that is worked on ------------------------------------------------------------- */

/* Arrays per channel hold the channels of all nodes in turn: node i's begin at first[i]. */
struct quant_work {
    const struct model *source; /* as described */
    const struct quant_options *options;
    const struct quant_pictures *pictures;
    const struct kernel_table *kernels;
    struct model model;          /* without batch normalisation; nodes of `source` first, then watchers */
    int nodes;                   /* of `source` */
    int first_layer, last_layer; /* nodes with weights */
    int *users;                  /* (nodes) inputs that name it */
    int *only;                   /* (nodes) its one user, or -1 */
    int *shown;                  /* (nodes) the relu that is fused into it, else itself */
    size_t *first;               /* (nodes + 1) */
    struct tensor_table
        real; /* empty where this rank follows; folded, equalized fp32: P.weight (oc, kh, kw, ic in memory; a
                 linear layer's as the checkpoint has it), P.bias; a batchnorm's as they are */
    float *low, *high;      /* (first[nodes]) of every channel's fp32 values */
    double *mean;           /* (first[nodes]) of every channel's fp32 values */
    struct quant_params *q; /* (nodes) of those with a scale of their own */
    int *bits;              /* (nodes) chosen for weights; 0: as the options say */
    size_t most_kept;       /* bytes of this rank's pictures' maps that wait between two layers */
};
/* Of a node's weights, and of its output, by the options. */
int quant_weight_bits(const struct quant_work *w, int node);
int quant_activation_bits(const struct quant_work *w, int node);
MUST_USE status quant_fold(const struct model_binding *fp32, struct quant_work *w);
void quant_work_free(struct quant_work *w);
/* One layer's folded weights, written through: contiguous rows in the order of w->real, and (oc). */
float *quant_weights(struct quant_work *w, int node);
float *quant_bias(struct quant_work *w, int node);
size_t quant_row(const struct quant_work *w, int node); /* weights of one output channel */
/* Takes over *t as prefix + suffix; frees it where the table refuses. */
MUST_USE status quant_take(struct tensor_table *table, const char *prefix, const char *suffix,
                           struct tensor *t);
/* Copies a batchnorm's tensors, as they are. */
MUST_USE status quant_take_affine(const struct model_binding *b, int node, struct tensor_table *out);
/* ---- share.c ---------------------------------------------------------------------------------------- */

/* Collective: one outcome for all ranks. */
MUST_USE status quant_agree(const struct quant_pictures *p, status mine);
struct quant_engine {
    struct engine_plan *plan;
    struct engine_state *state;
    struct quant_block block; /* where the plan lies */
};
/* Collective, one outcome for all ranks. b, options: matter where this rank does not follow. */
MUST_USE status quant_open(const struct quant_pictures *p, const struct model_binding *b,
                           const struct engine_options *options, const struct kernel_table *k,
                           struct quant_engine *out);
/* Collective: all ranks see the plan as it was changed. */
void quant_publish(const struct quant_pictures *p, const struct quant_engine *e);
void quant_close(const struct quant_pictures *p,
                 struct quant_engine *e); /* collective; zeroed ones too; zeroes */
/* The step of a node of that name. */
int quant_step_of(const struct engine_plan *plan, const char *name);

/* Collective. An fp32 engine on w->real in which every node's own output can be seen, also under a fused
 * relu. round: (nodes) what values are rounded to, scale 0: they are not; NULL: none is. */
MUST_USE status quant_plan_real(struct quant_work *w, const struct quant_params *round,
                                struct quant_engine *out);

/* ---- equalize.c ---------------------------------------------------------------------------------------- */

/* Local. Needs w->high (before relu6) of the pictures. *pairs: how many were scaled. */
MUST_USE status quant_equalize(struct quant_work *w, int *pairs);

/* ---- calibrate.c: passes over the pictures ---------------------------------------------------------- */

/* Collective. total (values) += what `one` gives for each picture, in the pictures' order; `one` gets a
 * zeroed row. */
typedef status quant_picture_function(void *self, int picture, double *row);
MUST_USE status quant_sum_pictures(const struct quant_pictures *p, size_t values, quant_picture_function *one,
                                   void *self, double *total);
/* Collective. Fills w->low, high and mean. ERR_NUMERIC. */
MUST_USE status quant_observe(struct quant_work *w);
/* Collective. Fills w->q and the lines' ranges (by node). */
MUST_USE status quant_choose_ranges(struct quant_work *w, struct quant_line *line, int lines);

/* ---- convert.c ----------------------------------------------------------------------------------------- */

/* The quantized checkpoint of w->real and w->q, and what the weights lost. */
MUST_USE status quant_convert(struct quant_work *w, struct quant_result *out);
/* The quantized network, without watchers; *m and the table outlive the binding. */
MUST_USE status quant_bind_codes(const struct quant_work *w, const struct tensor_table *table,
                                 struct model *m, struct model_binding *out);
/* Collective. An engine of it that keeps every output. */
MUST_USE status quant_plan_codes(const struct quant_work *w, const struct tensor_table *table,
                                 struct quant_engine *out);

/* ---- correct.c -------------------------------------------------------------------------------------- */

/* Collective. Changes the biases in out->table and notes the largest changes in out->line. */
MUST_USE status quant_correct_bias(struct quant_work *w, struct quant_result *out);

/* ---- quant.c ---------------------------------------------------------------------------------------- */

/* out->line: the outputs that have a scale of their own. */
MUST_USE status quant_list(const struct quant_work *w, struct quant_result *out);

/* ---- trial.c ---------------------------------------------------------------------------------------- */

enum { QUANT_MOST_BITS = 16 };
/* The network in real numbers, of which single layers are rounded to their codes and become real again: one
 * plan for all that is tried. */
struct quant_trial {
    struct quant_work *w;
    const struct quant_line *line;
    int lines, pictures;
    uint8_t *taken; /* (pictures of the list) 1: it is tried on */
    struct model model;
    struct model_binding binding;
    struct quant_engine e;
    int *step;     /* (lines) */
    float **scale; /* (lines, QUANT_MOST_BITS + 1) of weights, found once; NULL: not yet */
    float *logits; /* (pictures of the list, classes) of fp32: this rank's own */
    void **live;   /* (pictures of the list) maps before the step `kept`, from where the next runs begin */
    int kept;      /* 0: none are */
    int at, keep;  /* of the run in hand: a step; whether the maps before it are kept */
};
/* Collective; all is real at first. Close it in any case. */
MUST_USE status quant_trial_open(struct quant_work *w, const struct quant_line *line, int lines,
                                 struct quant_trial *t);
void quant_trial_close(struct quant_trial *t);
/* Collective. Line i's weights, where it has any, of so many bits, its output rounded; bits 0: both real. */
MUST_USE status quant_trial_set(struct quant_trial *t, int i, int bits);
/* Collective. The bits that the options, or the choice, give a line. */
int quant_trial_bits(const struct quant_trial *t, int i);
/* Collective. What the network as it is now costs. Maps are kept before line `before` (-1: none are), so that
 * runs after changes behind it cost less. */
MUST_USE status quant_trial_run(struct quant_trial *t, int before, struct quant_effect *out);

/* ---- sensitivity.c, choose.c ------------------------------------------------------------------------ */

/* Collective. The lines' alone and others. */
MUST_USE status quant_sensitivity(struct quant_work *w, struct quant_result *out);
/* Collective. w->bits, by the rule in quant.h. ERR_RANGE: it cannot be had. */
MUST_USE status quant_choose(struct quant_work *w, struct quant_result *out);

/* ---- judge.c ---------------------------------------------------------------------------------------- */

/* The class of the largest logit, the first of equal ones. */
int quant_answer(const float *logits, int classes);

/* 10 log10(signal / noise); +inf without noise. */
double quant_decibel(double signal, double noise);
/* Collective. Output SQNR, right answers, and what the maps lose. */
MUST_USE status quant_judge(struct quant_work *w, struct quant_result *out);

#endif
