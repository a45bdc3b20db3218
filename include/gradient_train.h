/* include/gradient_train.h
 * A network in training form: batch normalisation stands on its own, dropout is at work, weights and
 * activations pass through quantizers of few bits, and one batch gives the gradients of all parameters. One
 * rank's view; knows nothing of MPI, losses, optimizers or files.
 *
 *     struct gradient_net *net = NULL;
 *     TRY(gradient_net_make(&model, &settings, kernel_select("auto"), &net));    // the model is borrowed
 *     struct gradient_parameter *p = gradient_net_parameters(net, &count);
 *     ... fill p[i].value: by key, or gradient_net_load(net, &binding) ...
 *     for each batch:
 *         TRY(gradient_net_prepare(net));                    // values have changed: quantizes and packs
 *         TRY(gradient_net_batch(net, &batch));              // which chunks are this rank's
 *         gradient_net_forward(net, GRADIENT_EVAL, 0, x);    // guided training: the gradient of the input
 *         gradient_net_backward_input(net, one_hot, dx);
 *         gradient_net_forward(net, GRADIENT_TRAIN, 0, x);
 *         gradient_net_forward(net, GRADIENT_TRAIN, 1, masked);
 *         gradient_net_backward(net, dlogits, masked_dlogits);
 *         ... p[i].value -= lr * p[i].gradient, the same on every rank ...
 *     gradient_net_free(net);
 *
 * A batch of B samples is cut into chunks of GRADIENT_CHUNK, the last one may be shorter; a rank holds a run
 * of chunks, also none. All maps are (samples, h, w, c) f32, the samples those of the rank's run.
 *
 * Definitions (spec saliency-and-training 2.8), equal bits on every instruction set and for any runs:
 *  - A sum over chunks is that of a fixed binary tree: node (0, c) is chunk c, node (l, j) is node (l-1, 2j)
 *    + node (l-1, 2j+1), or the left one alone where there is no right one. A rank adds the complete nodes of
 *    its run; settings.sum joins the ranks'.
 *  - Forward: one f32 accumulator an output from the bias, terms by (kh, kw, c) ascending, one fma each, as
 *    the engine's direct convolutions; a tap outside the picture is a term 0 * w.
 *  - Gradient of a layer's input: one f32 accumulator from 0, terms by the output positions that the value
 *    reaches in raster order, then output channels ascending, one fma each: the order of gradient.h, so that
 *    one convolution with the turned kernel serves both (2.8 names (kh, kw, channel) ascending instead).
 *    Several users of a node add their parts from the last user to the first.
 *  - Gradient of a weight: a chunk's is one f32 accumulator from 0, terms by (branch, sample, y, x), one fma
 *    each, fma(x, dy, sum), a tap outside the picture a term of x = 0; then the tree, in f32.
 *  - Of bias and alpha: a chunk's sums are in double, one a channel, terms by (branch, sample, y, x); alpha's
 *    are added by channel ascending at the chunk's end, and its learned-scale variant takes a sample's terms
 *    inside the range before those at alpha; then the tree, in double, rounded once.
 *  - Batch normalisation: S = sum x, Q = sum x^2 as those sums. N = values a channel; mean = S / N, var =
 *    max(Q / N - mean^2, 0) in double; inv = 1 / sqrt(var + eps); s = gamma inv, t = beta - mean s in double,
 *    rounded once; y = fma(x, s, t). Backward: S1 = sum dy, T = sum dy x, S2 = (T - mean S1) inv, a branch;
 *    dbeta = sum of S1, dgamma = sum of S2, by branch, rounded once; dx = fma(dy, s, fma(x, a, b)),
 *    a = -gamma inv^2 S2 / N, b = -gamma inv S1 / N - a mean in double, rounded once. Running statistics in
 *    double from f32 values, rounded once: r += 0.1 (v - r), v of the variance times N / (N - 1). CHUNK: the
 *    same a chunk, without exchange; running statistics take the chunks' means and variances, weighted by
 *    samples, added by the tree.
 *  - Fake quantization (numerics 1.6; quant_train.h, affine.c): the input and every output that has a scale
 * of its own in a quantized network, behind the relu that is fused into it (model_fused_relu), is rounded to
 * codes 0
 *    .. 255 between the ends of a moving average of each TRAIN forward's least and largest value, that
 * forward's counted; sigmoid's and hardsigmoid's outputs to codes of 1/256. Where nothing was seen yet,
 * values pass as they are. A layer computes with fq(w f) / f, a channel's f = f32(gamma f32(1 / f32(sqrt(var
 * + eps)))) of the batch normalisation of its line by the running variance at gradient_net_prepare, as
 * torch's ConvBn2d has it (1 without one; f = 0: with w). Backward: by x g where its code, before it is
 * clamped, exists; by w the same of w f; gamma's has besides sum of g' (m w - fq(w f) / f), in double, over
 * gamma, m = 1 where w passes, g' the gradient by what the layer computes with.
 *  - EVAL: running statistics, no dropout; otherwise the same, straight through all quantizers.
 *  - Dropout l (the l-th of the description, from 0): key (64 + 2 l + branch, epoch, sample), counter =
 *    (y w + x) c + channel; kept where (u64 >> 11) 2^-53 >= rate, then times f32(1 / (1 - rate)).
 *  - Slopes of activations and pools are gradient.h's; PACT's and the weights' are quant_train.h's.
 */
#ifndef QUANTCAM_GRADIENT_TRAIN_H
#define QUANTCAM_GRADIENT_TRAIN_H

#include "kernel.h"
#include "model.h"
#include "quant_train.h"

enum { GRADIENT_CHUNK = 8 };

/* ---- the tree ------------------------------------------------------------------------------------------ */

/* Chunks first .. first + count - 1 of `total`; count may be 0. */
struct gradient_run {
    int first, count, total;
};
/* A node of the tree: of chunks place * 2^level and the 2^level - 1 behind it that there are. */
struct gradient_node {
    int level, place;
};
enum { GRADIENT_MAX_NODES = 64 };
/* The largest complete nodes inside a run, from left to right; how many. The whole is one: (level, 0). */
int gradient_run_nodes(struct gradient_run run, struct gradient_node node[GRADIENT_MAX_NODES]);
/* values (run.count, count), a row a chunk, become those of the run's nodes: the first rows; how many. */
int gradient_join_chunks(struct gradient_run run, double *values, size_t count);
/* The tree's sum of nodes that cover all chunks, from left to right: values (nodes, count); the sum is the
 * first row then. Of f32, or of double. `node` is overwritten. */
void gradient_join_f32(struct gradient_node *node, int nodes, int total, float *values, size_t count);
void gradient_join_f64(struct gradient_node *node, int nodes, int total, double *values, size_t count);

/* Joins the ranks: `values` (nodes, count) are those of gradient_run_nodes(run), from left to right, `size`
 * bytes each, 4: f32, 8: double; the tree's sum over all ranks replaces the first row, for which there is
 * room where a rank has no nodes. Collective over the ranks, who all call with the same size and count. */
typedef void gradient_sum(void *context, struct gradient_run run, int size, void *values, size_t count);

/* ---- networks ------------------------------------------------------------------------------------------ */

enum gradient_norm { GRADIENT_NORM_BATCH, GRADIENT_NORM_CHUNK };

/* Of one node. */
struct gradient_quantizer {
    struct quant_weights weights; /* conv, linear: form, slope and bits; bits 0: real */
    int pact_bits;                /* relu, relu6: PACT in its place; 0: none */
    int pact_through;             /* the learned-scale variant */
};

/* Each of `values` becomes the largest of all ranks'. Collective. */
typedef void gradient_most(void *context, float *values, size_t count);

struct gradient_settings {
    enum gradient_norm norm;
    const struct gradient_quantizer *quantizer; /* (nodes) or NULL: none */
    float average;       /* above 0: fake quantization of the whole network, whose ranges move by that share;
                            quantizer is then NULL */
    gradient_sum *sum;   /* NULL: one rank */
    gradient_most *most; /* likewise; of fake quantization alone */
    void *context;
};

enum gradient_kind {
    GRADIENT_WEIGHT,
    GRADIENT_BIAS,
    GRADIENT_GAMMA,
    GRADIENT_BETA,
    GRADIENT_ALPHA,
    GRADIENT_RUNNING_MEAN, /* from here on: not learned */
    GRADIENT_RUNNING_VAR,
    GRADIENT_RANGE_LOW, /* of an output, by torch's name of its observer; low 1, high -1: nothing was seen */
    GRADIENT_RANGE_HIGH
};
struct gradient_parameter {
    char name[2 * MODEL_NAME]; /* as in a checkpoint: "conv1.weight", "bn1.running_mean"; "relu1.alpha" */
    enum gradient_kind kind;
    int node; /* of the description: the layer, the batch normalisation's, the relu */
    int rank; /* shape as torch's: (oc, ic / groups, kh, kw), (out, in), (c); alpha: 1 value, rank 0 */
    int64_t dim[4], count;
    int fan_in;      /* weight, bias: the terms of an output */
    float *value;    /* in torch's order; the caller's to change, followed by gradient_net_prepare */
    float *gradient; /* after gradient_net_backward, the same on every rank; NULL: not learned */
};

struct gradient_net;
/* Values: weights and biases 0, gamma and running variance 1, beta and running mean 0, alpha 10.
 * ERR_MISMATCH: an op that has no training form; ERR_USAGE: a quantizer where there can be none, or
 * quant_weights_check's; ERR_MEMORY. */
MUST_USE status gradient_net_make(const struct model *m, const struct gradient_settings *s,
                                  const struct kernel_table *k, struct gradient_net **out);
void gradient_net_free(struct gradient_net *net);
/* In the order of the description; a layer's weight, bias, gamma, beta, running mean, running variance. */
struct gradient_parameter *gradient_net_parameters(struct gradient_net *net, int *count);
/* The checkpoint's values of all parameters but alphas and ranges, and of those of these that it holds.
 * ERR_MISMATCH: the batch normalisations are folded, or the weights are codes; ERR_MISSING. */
MUST_USE status gradient_net_load(struct gradient_net *net, const struct model_binding *b);

/* Measures the weights' quantizers, and packs. To be called after values have changed. ERR_NUMERIC: a value
 * that is not finite, with its name; an alpha that is not at least PACT_LEAST_ALPHA is a bug. */
MUST_USE status gradient_net_prepare(struct gradient_net *net);
/* From now on: ranges of outputs stay (torch's disable_observer); batch normalisation is by running
 * statistics, which stay, also in TRAIN (torch's freeze_bn_stats). */
void gradient_net_hold(struct gradient_net *net, int ranges, int norms);
/* What gradient_net_prepare made of the node's weights: scale and steps; bits 0: real. */
struct quant_weights gradient_net_weights(const struct gradient_net *net, int node);

struct gradient_batch {
    int samples;            /* B, of all ranks */
    int first, chunks;      /* this rank's run of ceil(B / GRADIENT_CHUNK) */
    const uint32_t *sample; /* index in the data set of each of the run's samples, for dropout; NULL: without
                               dropout */
    int epoch;              /* below 2^24 */
    uint64_t seed;
};
/* The run's samples. */
int gradient_batch_samples(const struct gradient_batch *b);
/* What follows is of this batch. Takes memory where the run is the largest yet: ERR_MEMORY. */
MUST_USE status gradient_net_batch(struct gradient_net *net, const struct gradient_batch *b);
/* Bytes taken so far. */
size_t gradient_net_bytes(const struct gradient_net *net);

enum gradient_mode { GRADIENT_EVAL, GRADIENT_TRAIN };
/* branch 0: X, 1: X~. x: (run's samples, h, w, c) normalized, copied. TRAIN moves the running statistics, and
 * calls settings.sum once a batch normalisation. */
void gradient_net_forward(struct gradient_net *net, enum gradient_mode mode, int branch, const float *x);
/* (run's samples, classes), of the last forward of the branch. */
const float *gradient_net_logits(const struct gradient_net *net, int branch);
/* dL/dx (run's samples, h, w, c) from dL/dlogits, after an EVAL forward of branch 0. */
void gradient_net_backward_input(struct gradient_net *net, const float *dlogits, float *dx);
/* Gradients of all parameters, after TRAIN forwards of branch 0 and, unless `masked` is NULL, branch 1.
 * dlogits: (run's samples, classes). Calls settings.sum once a batch normalisation (BATCH; both
 * branches), once for all weights and once for all others. */
void gradient_net_backward(struct gradient_net *net, const float *dlogits, const float *masked);

/* What the relu `node`, which is PACT, read in the last forward of branch 0: (run's samples, h * w * c) into
 * out. */
void gradient_net_activation_input(const struct gradient_net *net, int node, float *out);

#endif
