/* include/model.h
 * model: what a network is. Reads a description (models/NAME.model), infers shapes, and binds it to a
 * checkpoint's tensors, folding batch normalisation. Knows nothing of kernels or of how files are read.
 *
 *     struct model m = { 0 };
 *     TRY(model_parse("models/resnet18.model", text, size, &m));    // rank 0 reads and broadcasts it
 *     struct model_binding b = { 0 };
 *     TRY(model_bind(&m, &weights, NULL, &b));    // finds out by itself: real, quantized, or QAT state
 *     for each conv or linear node i:
 *         struct model_layer layer = { 0 };
 *         TRY(model_layer_load(&b, i, &layer));    // one layer's folded weights at a time
 *         ... pack ...
 *         model_layer_free(&layer);
 *     model_unbind(&b); model_free(&m);
 *
 * Grammar: models/README.md. One node a line, wired by name, every attribute explicit:
 *     model  resnet18  torchvision resnet18, IMAGENET1K_V1
 *     input  image  3 224 224  resize 256 bilinear  crop 224  mean 0.485 ...  std 0.229 ...  quant quant
 *     conv   conv1   image  out 64 kernel 7 stride 2 pad 3 groups 1  weight conv1  bn bn1 eps 1e-05
 *     relu   relu    conv1
 *     ...
 *     add    layer1.0.add_relu  layer1.0.conv2 maxpool  quant layer1.0.add_relu
 *     relu   layer1.0  layer1.0.add_relu
 *     avgpool avgpool  layer4.1
 *     linear fc      avgpool  out 1000  weight fc
 *     output fc
 *     cam    layer4.1
 */
#ifndef QUANTCAM_MODEL_H
#define QUANTCAM_MODEL_H

#include "base_option.h"
#include "tensor.h"

enum {
    MODEL_MAX_INPUTS = 16, MODEL_MAX_NODES = 4096, MODEL_MAX_IGNORES = 64, MODEL_MAX_ALSO = 16,
    MODEL_NAME = 128,
    MODEL_PREFIX = 576,   /* bytes before a tensor's own name */
    MODEL_TEXT_MAX = 4 << 20    /* bytes of a description */
};

enum model_op {
    OP_INPUT,
    OP_CONV,
    OP_LINEAR,    /* of all values of a map, in torch's order c, h, w */
    OP_BATCHNORM, /* alone, where no convolution before it can take it */
    OP_LAYERNORM, /* of the channels of each position */
    OP_SCALE,     /* times a number for each channel */
    OP_RELU,
    OP_RELU6,
    OP_HARDSWISH,
    OP_HARDSIGMOID,
    OP_SILU,
    OP_SIGMOID,
    OP_TANH,
    OP_GELU,      /* x times the Gaussian's distribution, or torch's form with a tanh */
    OP_CLIP,      /* between two ends */
    OP_LEAKYRELU, /* below 0 times a slope */
    OP_MAXPOOL,
    OP_AVGPOOL2D,  /* over windows; int8: avg_pool2d, keeps scale and zero point */
    OP_AVGPOOL,    /* over the whole map; int8: adaptive_avg_pool2d, keeps scale and zero point */
    OP_MEAN,       /* over the whole map; int8: torch's mean([2,3]) (numerics 2.6); keeps them too */
    OP_ADD,        /* of two inputs, or of one and a constant (model_constant_load) */
    OP_SUB,        /* the same; the first less the second */
    OP_MUL,        /* the same; the second input may be (C, 1, 1): broadcast */
    OP_CAT,        /* along channels */
    OP_SLICE,      /* channels begin .. begin + out - 1 */
    OP_SHORTCUT,   /* every stride-th position as channels begin .. begin + C - 1 of `out`, zeros elsewhere */
    OP_SHUFFLE,    /* groups g: out[i*g + j] = in[j*(C/g) + i] */
    OP_PAD,        /* real 0 around the map; below 0: rows and columns taken off */
    OP_QUANTIZE,   /* real values to codes, or codes to others */
    OP_DEQUANTIZE, /* codes to what they stand for */
    OP_DROPOUT,    /* its input, but in training (gradient_train.h) */
    OP_COUNT
};
const char *model_op_name(enum model_op op);
int model_is_attribute(const char *word); /* `kernel`, `out`, ...: no node is called so */

struct model_node {
    enum model_op op;
    char name[MODEL_NAME];
    int line;                          /* of the description, for messages */
    int inputs, input[MODEL_MAX_INPUTS];
    int c, h, w;                       /* output shape */
    int kh, kw, stride, groups;        /* conv, pools, shortcut, shuffle */
    int pad_y, pad_x, end_y, end_x;    /* rows above, columns on the left, rows below, columns on the
                                          right; windows may end before the last of these, or behind it */
    int pad_same;                      /* `pad same`: TensorFlow's; the four are then as many as these need */
    int ceil;                          /* pools: torch's ceil_mode */
    int counted;                       /* avgpool2d: what stands in the padding counts as zeros */
    int begin;                         /* slice, shortcut */
    double rate;                       /* dropout: the share that is dropped, below 1 */
    double slope, low, high;           /* leakyrelu; clip */
    int approximate;                   /* gelu: the form with a tanh */
    char weight[MODEL_NAME]; /* conv, linear, batchnorm, layernorm: the checkpoint's prefix; scale: its
                                tensor; add, sub, mul of one input: the constant's prefix */
    char bn[MODEL_NAME];               /* conv: prefix of its batch normalisation in the fp32 file, or ""
                                          (in a QAT state it is WEIGHT.bn) */
    double bn_eps;                     /* of that, of a batchnorm or a layernorm */
    char quant[MODEL_NAME];            /* prefix of the output's scale and zero_point when quantized, "" =
                                          none of its own; where there is a weight: that unless stated */
};

struct model_input {
    int channels, height, width;       /* channels 3, or 1: grey */
    int resize;                        /* short side, then the middle height x width; 0: the whole picture
                                          squashed to height x width */
    char filter[16];                   /* bilinear | bicubic */
    double mean[3], std[3];            /* (channels) */
};

struct model {
    char name[MODEL_NAME];
    char title[256];
    char source[512];                  /* where the text came from, for messages */
    struct model_input input;
    struct model_node *node;           /* in order: inputs before users; node[0] is the input */
    int nodes;
    int output, cam;                   /* node numbers: logits (one position) and the CAM layer */
    int apart;                         /* the batchnorm that model_choose_cam took from the CAM layer, or 0 */
    int classes;
    struct model_also { char part[MODEL_NAME], other[MODEL_NAME]; } *also;
    int alsos;                         /* a tensor whose name has `part` may have `other` there instead */
    char (*ignore)[MODEL_NAME];        /* patterns: tensors that a checkpoint may hold beside the network's */
    int ignores;
    uint8_t sha256[HASH_SIZE];         /* of the text */
};

/* `text` is not modified; `source` is for messages: "SOURCE:LINE: unknown op 'convv' (did you mean 'conv'?)".
 * Shapes are inferred and checked here. ERR_FORMAT. */
MUST_USE status model_parse(const char *source, const char *text, size_t size, struct model *out);
/* The same of a file (text_read_plain's errors). */
MUST_USE status model_read(const char *path, struct model *out);
void model_free(struct model *m);
int model_find(const struct model *m, const char *name);     /* node number or -1 */
/* Another pipeline than the description's, before a checkpoint is bound: what its input line says behind the
 * extents, "resize 256 bilinear crop 224 mean 0.485 ... std 0.229 ...". ERR_USAGE: one sentence. */
MUST_USE status model_choose_input(struct model *m, const char *pipeline);
/* Pictures of side x side in place of the description's, the short side of the resize in proportion (rounded,
 * halves up); 0: as they are. ERR_USAGE: the description's are not square, or a linear layer's weights would
 * be of other extents; ERR_FORMAT: the graph has no maps of that size. */
MUST_USE status model_choose_size(struct model *m, int side);
/* Another CAM layer than the description's, once, before a checkpoint is bound; "": the description's. A
 * convolution with a folded batch normalisation shows what comes behind that, by its own name and by the
 * batch normalisation's. "NODE before bn" is what PyTorch's module NODE gives: the line is taken apart into a
 * convolution and a `batchnorm`, which becomes a node, and all else reads that. ERR_USAGE: no such node (with
 * the nearest name), one without a map, one without a batch normalisation of its own; ERR_MEMORY. */
MUST_USE status model_choose_cam(struct model *m, const char *node);
/* ERR_USAGE where the CAM layer is "NODE before bn" and the form integers, which have it folded. */
MUST_USE status model_cam_allows(const struct model *m, enum precision_form form);
/* "layer4.2.conv3, after layer4.2.bn3", "layer4.2.conv3, before layer4.2.bn3", or the name alone. Returns
 * out. */
enum { MODEL_CAM_WORDS = 2 * MODEL_NAME + 16 };
char *model_cam_words(const struct model *m, char *out, size_t size);
int model_has_relu6(const struct model *m);
int model_has_weights(const struct model_node *n);           /* conv, linear */
int model_has_constant(const struct model_node *n);          /* add, sub, mul of one input */
int model_is_affine(enum model_op op); /* batchnorm, layernorm, scale: a factor and a shift a channel */
/* Does such a layer need a bias? Not where a batch normalisation behind it has one. */
int model_has_bias(const struct model *m, int node);
/* Does an op's output have a scale of its own in a quantized network? */
int model_quantizes(enum model_op op);
int model_is_relu(enum model_op op);        /* relu, relu6 */
int model_is_global_pool(enum model_op op); /* avgpool, mean */
/* Does a convolution look at one position alone, that of its output? */
int model_is_pointwise(const struct model_node *n);

/* The relu or relu6 that becomes part of a conv's, linear's, batchnorm's, add's or mul's step, or -1: the one
 * user of a node that is neither the CAM layer nor the output, which show their own values, and without a
 * `quant` of its own. In a quantized file the node's scale and zero point are then the relu's. (fp32 leaves a
 * mul's alone.) */
int model_fused_relu(const struct model *m, int node);

/* What relu6 does when quantized: as the checkpoint notes (torch's notes nothing: relu), or as asked. */
enum model_relu6 { MODEL_RELU6_AUTO, MODEL_RELU6_RELU, MODEL_RELU6_CLAMP };
const char *model_relu6_name(enum model_relu6 r);    /* "auto", "relu", "clamp" */

/* How a description and a checkpoint of it are to be read, as commands' options and jobs say it; zeros where
 * nobody says otherwise. */
struct model_reading {
    char layer[OPTION_SIZE];        /* model_choose_cam's node */
    char state[OPTION_SIZE];        /* which state dict of the checkpoint (weight_load); "" = the only one */
    int allow_unused;               /* tensors that the network does not use are no error */
    enum model_relu6 relu6;
    enum precision_form form;       /* CODES or ROUNDED: how a quantized checkpoint is to run; REAL: as its
                                       note quantcam.arithmetic says, "integer" or "rounded", and without one
                                       as codes, or rounded if these have 16 bits */
};

/* The codes of a QAT state's quantizer. */
struct model_range {
    int low, high;
    int symmetric;                  /* else affine */
    int fused;                      /* written by torch's FusedMovingAvgObsFakeQuantize, not FakeQuantize */
};

/* Whose integers a checkpoint's are, as its note quantcam.engine says: "tflite", "onnxruntime", else torch's.
 */
enum model_family { MODEL_TORCH, MODEL_TFLITE, MODEL_ONNXRUNTIME };
const char *model_family_name(enum model_family family); /* "PyTorch", ... */

struct model_binding {
    const struct model *model;
    const struct tensor_table *weights;
    struct model_reading how;
    char prefix[MODEL_PREFIX];      /* that a wrapper put before all names of the network: "module."; or "" */
    enum precision_form form;       /* REAL where the checkpoint's weights are real, else as how.form says */
    int weight_bits, activation_bits;    /* not REAL: the fewest that any layer's weights, any output has */
    int qat;                        /* the quantized form is an unconverted QAT state dict (numerics 1.6) */
    enum model_family family;       /* not MODEL_TORCH: a quantized deployed file, CODES. Nodes may be real:
                                       their q.scale is 0. Weights are codes where the layer's input is; such
                                       a layer without a scale of its own is real, what its sums stand for.
                                       Every other op of codes has its quant's, or its input's */
    int lowbit;                     /* CODES: a trained low-bit network (saliency-and-training 2.9), as its
                                       note quantcam.arithmetic = pact says: the values behind a relu are
                                       codes of its PACT, NODE.alpha and NODE.codes, 0 .. n, and so is what
                                       moves these; all others are real, their q.scale 0: the input, sums,
                                       logits, functions, products, codes of several PACTs side by side, and
                                       what a relu without a PACT lets through, whose NODE.codes are 0 and 0.
                                       Weights are codes, or real */
    struct model_range *output_range, *weight_range;    /* QAT: (nodes) of outputs and of weights */
    int unstated;                   /* QAT: the quantizers have no scale and zero point to tell their codes */
    int observing;                  /* QAT: observers of weights are on: convert runs them once more */
    int folded;                     /* the checkpoint has its batch normalisations folded already */
    int unbiased;                   /* layers with no bias, whose output no batch normalisation shifts */
    int per_channel;                /* any weight is per channel */
    int fbgemm;                     /* CODES: the engine `auto` is fbgemm, not qnnpack: as the checkpoint's
                                       note quantcam.engine says, else where any weight is per channel */
    int relu6_clamps;               /* not REAL: relu6 clamps at 6 (how.relu6, or the checkpoint's note
                                       quantcam.relu6 is "clamp", as our own quantization writes); else it
                                       runs as relu, which is what torch makes of it */
    /* (nodes) not REAL: of each node's output: PREFIX.scale, .zero_point and, where they are not torch's
     * 0..255, .codes, s32 (2), the lowest and the highest. relu, pools, slice, shortcut and shuffle keep
     * their input's; a conv, batchnorm, add or mul that only a relu follows has the fused output's, as the
     * file says; hardsigmoid, sigmoid: 1/256, 0 (of b bits 1/2^b). Of a deployed file as `family` says. */
    struct quant_params *q;
    int unused;                     /* tensors that nothing needs, where these are allowed */
    int ignored;                    /* others that lines `ignore PATTERN` name */
    uint64_t parameter_bytes;       /* folded weights, their scales (f32) and biases (f32); what a batchnorm
                                       multiplies by and adds (f32) */
    uint64_t parameters;            /* the elements of these but for the scales */
    uint64_t macs;                  /* multiply-accumulates of one image */
    struct model_draws *draws;      /* model_randomise's, or NULL */
};
/* A prefix that all names have which the graph needs is taken off; ERR_MISMATCH where two would fit. Every
 * tensor that the graph needs must exist with the right shape: ERR_MISSING, ERR_MISMATCH (a wrong class
 * count is one) with the checkpoint's path, the tensor and both shapes. Every other tensor means that the
 * checkpoint is of another network: ERR_MISMATCH with their number and the first names, unless `how` (NULL:
 * zeros) allows them, a line `ignore` of the description names them, or they are bookkeeping: counters,
 * observers of the network's own modules, what a quantized file says of additions that never ran. relu6:
 * ERR_USAGE where the network has none, ERR_MISMATCH where the checkpoint notes the other. how->form:
 * ERR_USAGE where the checkpoint is real or low-bit, ERR_MISMATCH for integers of more than 8 bits. A low-bit
 * network: ERR_USAGE where its CAM layer stands before its PACT. The binding borrows model and weights. */
MUST_USE status model_bind(const struct model *m, const struct tensor_table *weights,
                           const struct model_reading *how, struct model_binding *out);
void model_unbind(struct model_binding *b);
/* The node with which the last `layers` nodes with weights begin, -1 where there are fewer; all: how many
 * there are, or NULL. */
int model_last_layers(const struct model *m, int layers, int *all);
/* Do the values of a node hang on weights of the nodes from `first` on? */
int model_hangs_on(const struct model *m, int node, int first);
/* The randomisation check: from now on the last `layers` convolutions and linear layers, in the order of the
 * description, are loaded with draws in the place of the checkpoint's weights: normal ones with the mean and
 * the deviation of the layer's own, m + d z, z keyed by (seed, 131, node, the weight's place in the order of
 * sums), before batch normalisation is folded. Biases and batch normalisations stay. Of a REAL
 * binding, once. ERR_RANGE where the network has fewer such layers; ERR_MEMORY. Source: Adebayo et al. 2018,
 * whose cascade from the top ends at one depth here. */
MUST_USE status model_randomise(struct model_binding *b, int layers, uint64_t seed);
/* The checkpoint's tensor called PREFIX SUFFIX behind b->prefix, or NULL. */
const struct tensor *model_tensor(const struct model_binding *b, const char *prefix, const char *suffix);
/* Adds a line for everything that was decided where the checkpoint leaves a choice: the state dict of
 * several, a prefix, tensors left out, batch normalisation found folded, layers without a bias, a QAT state's
 * codes, what relu6 does. ERR_MEMORY. */
MUST_USE status model_decided(const struct model_binding *b, struct text *out);

/* "4 bits (8 in 2 of 21 layers)": the fewest that codes of a quantized checkpoint's weights have, or of its
 * outputs, and how many have more. Returns out. */
enum { MODEL_BITS_WORDS = 200 };
char *model_bits_words(const struct model_binding *b, int weights, char *out, size_t size);

/* Does a relu6 clamp at 6, and not as its codes do or not at all? */
int model_relu6_clamps(const struct model_binding *b, int node);

/* What one node costs; zeros for a node without parameters. `b` may be NULL: then fp32, with a bias wherever
 * no batch normalisation follows. */
struct model_cost {
    uint64_t parameters;    /* as trained, as torch counts them: weights, biases, and batch normalisation's
                               scale and shift, also of a quantized file, where these are folded */
    uint64_t bytes;         /* of weights, scales (f32) and biases (f32) as they are run, folded */
    uint64_t macs;          /* multiply-accumulates of one image */
};
MUST_USE status model_cost(const struct model *m, const struct model_binding *b, int node,
                           struct model_cost *out);

/* One convolution's or linear layer's parameters, contiguous, in the order in which sums are taken:
 * (oc, kh, kw, ic / groups). A linear layer's window is the whole map. */
struct model_layer {
    int oc, ic, kh, kw;             /* ic = input channels of one group */
    float *bias;                    /* (oc), f32, zeros if the file has none */
    int32_t *bias_int;              /* (oc) of a deployed file's layer of codes, as stored; else NULL */
    float *weight_real; /* REAL, and a deployed file's layer of real numbers: batch normalisation folded by
                           numerics 1.6's formula; ROUNDED: what the codes stand for; else NULL */
    int8_t *weight_int; /* CODES, else NULL */
    int scales;                     /* 1 (per tensor) or oc */
    double *scale;                  /* (scales) of weight_int */
    int *zero_point;                /* (scales) of weight_int; NULL: all are 0, as in every file of torch's */
};
/* ERR_NUMERIC where a value is not finite, with the tensor and the first such value. */
MUST_USE status model_layer_load(const struct model_binding *b, int node, struct model_layer *out);
/* At most `most` of its output channels, from `first` on: a large layer never lies in memory as a whole. Of a
 * checkpoint whose weights are not REAL all of them; first is then 0. */
MUST_USE status model_layer_rows(const struct model_binding *b, int node, int first, int most,
                                 struct model_layer *out);
void model_layer_free(struct model_layer *layer);
/* What element i of weight_int stands for, which lies in output channel `row`. */
static inline float model_weight_real(const struct model_layer *l, size_t row, size_t i)
{
    size_t scale = l->scales > 1 ? row : 0;

    return (float)(l->scale[scale] * (l->weight_int[i] - (l->zero_point ? l->zero_point[scale] : 0)));
}

/* A layer of a trained low-bit network as integers run it; its weights are level * step. (model_layer_load of
 * one gives weight_real: batch normalisation folded in double, rounded once.) */
struct model_levels {
    int oc, ic, kh, kw;
    float *real;  /* (oc, kh, kw, ic) of weights that are real, which have no levels; or NULL */
    int8_t *code; /* (oc, kh, kw, ic); the level is the code, or of odd ones 2 code + 1 */
    int odd;
    double step;
    double *factor, *shift; /* (oc): batch normalisation's gamma / sigma and h; else 1 and the bias */
};
/* ERR_NUMERIC; ERR_MISMATCH where sums may leave 32 bits. */
MUST_USE status model_levels_load(const struct model_binding *b, int node, struct model_levels *out);
void model_levels_free(struct model_levels *l);
/* Makes codes the levels where these are within s8, odd ones up to 7 bits. Returns whether they are not, and
 * the levels of odd codes are to be made yet. */
int model_levels_narrow(struct model_levels *l);
static inline int model_level(const struct model_levels *l, size_t i)
{
    return l->odd ? 2 * l->code[i] + 1 : l->code[i];
}
/* Of a low-bit network. The relu whose PACT makes codes of a layer's or an addition's sum at once, also of a
 * layer's behind an addition; -1: what comes out is real. */
int model_lowbit_pact(const struct model_binding *b, int node);
/* The step of the PACT whose codes channel `channel` of a node's values are, moved or side by side with
 * others'; 0: of none. */
double model_lowbit_step(const struct model_binding *b, int node, int channel);
/* Of a layer of one group whose input is codes of several PACTs: how many, and which channel is whose, by the
 * first channel of each: part (channels) or NULL. 0: some channels are no codes, or of more PACTs than PARTS.
 */
enum { MODEL_LOWBIT_PARTS = 16 };
int model_lowbit_parts(const struct model_binding *b, int node, int *part);
/* Sums a layer integers? Others sum real values: with such inputs or weights, and depthwise ones with levels
 * of 9 bits. */
int model_lowbit_integer(const struct model_binding *b, int node);
int model_lowbit_integers(const struct model_binding *b, int *layers); /* how many do, of how many */
/* The global pool whose sums of codes a layer reads in the place of the mean, through dropouts; or -1. */
int model_lowbit_mean(const struct model_binding *b, int node);
/* Has the node sums, which stand for no values: of a map's codes, or of a layer in steps of the PACT behind?
 */
int model_lowbit_hides(const struct model_binding *b, int node);

/* A batchnorm's parameters (numerics 2.8): out = in * scale + shift, real values, (channels) each, with
 * r = 1 / sqrt(var + eps), scale = r * gamma and shift = beta - (mean * r) * gamma, every operation rounded
 * to f32, as torch 2.15 has them. A layernorm's and a scale's are the checkpoint's own, a shift that is not
 * there 0. */
struct model_affine {
    int channels;
    float *scale, *shift;
};
/* ERR_NUMERIC as model_layer_load, and where either is not finite. */
MUST_USE status model_affine_load(const struct model_binding *b, int node, struct model_affine *out);
void model_affine_free(struct model_affine *affine);
/* The checkpoint's tensors of a batchnorm: P.weight, P.bias, P.running_mean, P.running_var; of the others
 * those that there are; NULL behind the last. *suffix: ".weight" ... Their shapes are checked by model_bind.
 */
const struct tensor *model_affine_tensor(const struct model_binding *b, int node, int i, const char **suffix);

/* What a node of a deployed file's codes adds, takes off or multiplies by: `code` (C), carried as its input's
 * codes are, of P.weight s8 (1) or (C), code - 128, with one scale and zero point; and what these stand for.
 * code may be NULL. ERR_MISMATCH where the tensor is another, or the input real: of real numbers a batchnorm
 * does the same. */
MUST_USE status model_constant_load(const struct model_binding *b, int node, uint8_t *code,
                                    struct quant_params *q);

/* The classifier behind the CAM layer in real values, for ablation: global pooling of that layer
 * and one linear layer, or two with a hardswish between; convolutions of the one position are such layers,
 * too, and a slice leaves classes out. CODES: the codes times their scale. */
struct model_head {
    int classes, channels;          /* channels: of the CAM layer */
    int hidden;                     /* outputs of the first of two layers; 0 = there is one layer */
    float *weight, *bias;           /* of the last layer: (classes, hidden or channels), (classes) */
    float *first_weight, *first_bias;    /* (hidden, channels), (hidden); NULL where hidden = 0 */
};
/* ERR_MISMATCH where the classifier is another. The head outlives binding and checkpoint. */
MUST_USE status model_head_load(const struct model_binding *b, struct model_head *out);
void model_head_free(struct model_head *head);

#endif
