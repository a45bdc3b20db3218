/* include/quant.h
 * quant: post-training quantization. From a trained fp32 network and calibration pictures to a checkpoint of
 * 2 to 16 bits in torch's form (of 8 bits our engine and torch run it alike), and what it costs layer by
 * layer; and from any quantized checkpoint to the fp32 one of what its codes stand for. Knows nothing of
 * files or MPI: the caller has the pictures and joins what several ranks counted.
 *
 *     struct quant_options options;
 *     quant_preset_options(quant_preset("w4a8"), &options);
 *     struct quant_pictures pictures = { .count = 64, .size = 1, .pixels = pixels };    // one process
 *     struct quant_result q = { 0 };
 *     TRY(quant_network(&binding, &options, &pictures, kernel_select("auto"), &q));
 *     model_bind(&model, &q.table, NULL, &int8);    // or weight_save(path, &q.table, ...)
 *     quant_result_free(&q);
 *
 * What is done, in this order: batch normalisation is folded where a convolution stands before it (numerics
 * 1.6); channels are equalized across layers; the fp32 network runs the pictures and every output's range is
 * chosen, one for a cat and all that it joins (but where a channel shuffle passes parts of it on; numerics
 * 2.8); where it is asked for, each layer's bits are chosen; weights become codes; layer by layer, each bias
 * takes back the mean error of its output in the quantized network up to there.
 *
 * How bits are chosen (quant_options.choose_*; choose.c). All layers begin with weights of 8 bits. Again and
 * again one bit is taken from the layer where that costs least for each byte that it saves, down to 2. The
 * cost is the drift that it adds to the maps of the network as it then is, on the pictures tried; of a layer
 * that the maps do not see, as a classifier behind the CAM layer, the noise that it adds, as a share of the
 * logits' variance over the classes. Costs are measured when bits have changed only as far as needed: the
 * layer that seems the cheapest is measured anew, and taken if it still is. With a size the choice ends once
 * the codes fit; with a drift, when no layer can give a bit without the maps' drift, or of layers that these
 * do not see that share, growing above it. Activations have the options' bits.
 *
 * relu6 stays a clamp: the range of its output is at most 0 .. 6, and the quantized network needs
 * `relu6_clamps` in its binding. The result is the same for any number of ranks and every instruction set:
 * ranges are joined by min and max, histograms by counts, and per-picture doubles in the pictures' order.
 */
#ifndef QUANTCAM_QUANT_H
#define QUANTCAM_QUANT_H

#include "engine.h"

enum quant_observer { QUANT_MINMAX, QUANT_PERCENTILE, QUANT_MSE };
enum { QUANT_SENSITIVITY_OFF, QUANT_SENSITIVITY_ON, QUANT_SENSITIVITY_ONLY };
enum { QUANT_MSE_BITS = 8 }; /* codes of more are finer than the histogram of QUANT_MSE */
enum quant_equalize { QUANT_EQUALIZE_OFF, QUANT_EQUALIZE_ON, QUANT_EQUALIZE_AUTO };

/* A precision by name (preset.c): what a job's `int8 = ...` means unless its file or the job says more. */
struct quant_preset {
    const char *name;
    enum precision_form form;
    int weights, activations; /* bits; 32 = real numbers */
    int per_channel;          /* weights: a scale per output channel, or one a layer */
    enum quant_observer observer;
    int ends; /* quant_options */
};
/* All of them, for help. */
#define QUANT_PRESET_NAMES "fp32, int16, int8, int4, int2, w4a8, w4a2, paper2"
/* NULL where the name is none of the table's. */
const struct quant_preset *quant_preset(const char *name);
/* The first of that form and those bits (of real numbers: of that form); NULL where there is none. */
const struct quant_preset *quant_preset_like(enum precision_form form, int weights, int activations);
/* Name number i of the table, NULL behind its last: what help and suggestions list. */
const char *quant_preset_name(int i);
/* What `quantcam quantize` makes unless told otherwise. */
const struct quant_preset *quant_preset_usual(void);

struct quant_options {
    enum precision_form form;          /* CODES or ROUNDED: how the checkpoint is to run, which it notes */
    enum engine_arithmetic arithmetic; /* CODES: fbgemm or qnnpack, whose rounding biases are corrected for */
    int per_channel;                   /* weights: a scale per output channel, or one a layer */
    int weight_bits;                   /* 2..8, ROUNDED 2..16: codes -2^(b-1) .. 2^(b-1) - 1 */
    int activation_bits;               /* the same: codes 0 .. 2^b - 1; CODES of 7 bits as torch has them:
                                          the calibrated range is 0..127, what lies above it gets 128..255 */
    int ends;                          /* the same: bits of the network's input, of the first and the last
                                          layer's weights and of the logits; 0 = as all others */
    enum quant_observer observer;      /* of activations */
    double percentile;                 /* QUANT_PERCENTILE: per cent of the values inside each end */
    int weight_mse;                    /* weights: the scale of least squared error, else min-max */
    enum quant_equalize equalize;      /* AUTO: where weights are per tensor */
    int correct_bias;                  /* CODES alone: rounded bits are many, or a study's own */
    const struct quant_look *look;     /* NULL: drift and rmse are NaN, and nothing can be chosen */
    /* What follows runs the network in real numbers, layers and outputs rounded to their codes, over
     * `trials` pictures spread over the list (0: all). */
    int trials;
    int sensitivity; /* every layer alone, and all but it: quant_line.alone, others; ONLY: and no table */
    uint64_t choose_bytes; /* weight_bits is chosen layer by layer: so many bytes of codes; 0: not */
    double choose_drift;   /* the same: so much drift; 0: not. Not both */
};
/* What a caller sees in a network's maps. Local functions; they get this rank's own pictures. After start,
 * `real` comes when the first engine has run a picture in fp32, and then or later `now` when the second one
 * has, which may be the same engine, whose network has changed; start may come again. */
struct quant_look {
    status (*start)(void *self, const struct engine *real, const struct engine *now);
    status (*real)(void *self, int picture);
    status (*now)(void *self, int picture, double *drift, double *rmse);
    void *self;
};
/* What the pictures' maps and answers lose against fp32: means, but for sqnr_db and changed. */
struct quant_effect {
    double drift;   /* 1 - |CC| of the maps, as `look` says */
    double rmse;    /* of the aligned maps, 0..255, likewise */
    double sqnr_db; /* of the logits */
    double noise;   /* share of the error in the logits' variance over the classes; trials alone */
    int changed;    /* answers */
};
/* Its observer, or, where its bits were changed to more than QUANT_MSE has, QUANT_MINMAX. */
enum quant_observer quant_preset_observer(const struct quant_preset *p);
/* What is done for a precision that is not real, before a caller says otherwise. */
void quant_preset_options(const struct quant_preset *p, struct quant_options *out);
/* ERR_RANGE: bits that the form has not, an observer or a correction that it cannot have. */
MUST_USE status quant_check_options(const struct quant_options *o);

struct quant_block {
    void *at;     /* 64-byte aligned; zeroed */
    void *handle; /* NULL: there is none */
};

/* The calibration pictures, equal on all ranks but for `pixels`, and how ranks join what they counted and
 * share what takes much memory: what is made of the weights. */
struct quant_pictures {
    int count;                    /* of all ranks together */
    int rank, size;               /* this rank has the pictures rank, rank + size, ... */
    const uint8_t *const *pixels; /* (count) each (height, width, 3), engine_run's; those of others unread */
    const int *label;             /* (count) class or -1; NULL = none */
    /* Collective, in place, on all ranks; NULL where size is 1. */
    void (*sum)(void *self, uint64_t *values, size_t count); /* wraps at 2^64 */
    void (*max)(void *self, uint64_t *values, size_t count);
    status (*agree)(void *self, status mine);
    /* Collective. Memory of a host, of which the rank with follows = 0 says the bytes, and which that rank
     * fills; from publish to publish the others read it. share NULL: every rank has its own, and follows
     * none. */
    int follows;
    status (*share)(void *self, size_t bytes, struct quant_block *out);
    void (*publish)(void *self, const struct quant_block *b);
    void (*release)(void *self, struct quant_block *b);
    void *self;
};

/* One output that has a scale of its own: the input, conv, linear, batchnorm, add, mul, cat, hardswish, silu.
 * Where only a relu follows, it is the relu's output. */
struct quant_line {
    int node;
    double seen_low, seen_high; /* real: all values of the fp32 network on the pictures */
    double low, high;           /* real: what the codes 0 and 2^bits - 1 stand for */
    struct quant_params q;
    int activation_bits, weight_bits; /* weight_bits 0: has no weights */
    int scales;                   /* of the weights: 0 (none), 1 or the output channels */
    double scale_low, scale_high; /* of the weights */
    double weight_sqnr_db;        /* 10 log10(sum of w^2 / sum of (w - its code's value)^2); +inf = exact */
    double output_sqnr_db;        /* the same for the output in the whole quantized network against fp32's */
    double bias_shift;            /* real: the largest change of a bias by correction */
    struct quant_effect alone;    /* sensitivity: of this layer's weights and output, all else fp32 */
    struct quant_effect others;   /* the same of all but this one */
};

struct quant_result {
    struct tensor_table table; /* torch's names: P.weight s8, P.bias f32, P.scale, P.zero_point */
    struct quant_line *line;   /* (lines) in the network's order */
    int lines;
    int equalized;  /* pairs of layers */
    int judged;     /* pictures with a label, or all where there are none */
    int real_right; /* of the judged, in fp32; without labels: judged */
    int right;      /* quantized; without labels: those with fp32's answer */
    int changed;    /* pictures, judged or not, whose answer is not fp32's */
    double logits_sqnr_db; /* of the last layer's output, as quant_line.output_sqnr_db */
    struct quant_effect whole; /* of the quantized network, on all pictures */
    int trials;                /* pictures of quant_line.alone and of the choice */
    int tried;                 /* networks that the choice has run */
};

/* Local. ERR_MISMATCH where the checkpoint is no fp32 one. */
MUST_USE status quant_check_source(const struct model_binding *fp32);
/* Collective if pictures->size > 1; the same result on all ranks but those that follow, which have neither
 * the table nor what lines say of weights and biases. `fp32` is the binding of an fp32 checkpoint
 * (ERR_MISMATCH else). ERR_RANGE: no pictures, or as quant_check_options; ERR_NUMERIC: a value
 * that is not finite, with its node; ERR_MEMORY. Several nodes may not share one weight (ERR_FORMAT).
 * Sources: Nagel et al. 2019 (Data-Free Quantization: equalization, bias correction, here empirical);
 * Jacob et al. 2018 (affine codes); torch 2.15's observers for the formulas of scale and zero point. */
MUST_USE status quant_network(const struct model_binding *fp32, const struct quant_options *options,
                              const struct quant_pictures *pictures, const struct kernel_table *k,
                              struct quant_result *out);
void quant_result_free(struct quant_result *r); /* idempotent */

struct quant_range {
    float low, high;
};
/* Local. The int8 checkpoint of a network that was trained by fake quantization (gradient_train.h), as
 * torch's convert makes it (numerics 1.6): of the fp32 checkpoint that was trained, and of the range that
 * each output with a scale of its own had; range: (nodes), others unread. Its notes say that it is fbgemm's
 * and that relu6 clamps. *out owns its tensors. ERR_NUMERIC: nothing was observed; ERR_MISMATCH: no fp32
 * checkpoint; ERR_MEMORY, ERR_FORMAT as for quant_network. */
MUST_USE status quant_trained(const struct model_binding *master, const struct quant_range *range,
                              struct tensor_table *out);

/* Local. The fp32 checkpoint of what a quantized one's codes stand for: P.weight and P.bias of every layer,
 * batch normalisation folded, which model_bind knows. *out owns its tensors. ERR_MISMATCH: real weights;
 * ERR_MEMORY; ERR_FORMAT as for quant_network. */
MUST_USE status quant_dequantize(const struct model_binding *quantized, struct tensor_table *out);

#endif
