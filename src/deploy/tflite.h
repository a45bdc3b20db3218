/* src/deploy/tflite.h: what the files that read TFLite share: the file's tables, checked, and the graph while
 * it is translated. Private to tflite*.c. */
#ifndef DEPLOY_TFLITE_H
#define DEPLOY_TFLITE_H

#include "composed.h"
#include "deploy_parts.h"
#include "flat.h"

enum { TFLITE_MAX_RANK = 5, TFLITE_MAX_TENSORS = 1 << 16, TFLITE_MAX_OPS = 1 << 16, TFLITE_NAME = 4096 };

enum tflite_type {
    TFLITE_F32 = 0,
    TFLITE_F16 = 1,
    TFLITE_I32 = 2,
    TFLITE_U8 = 3,
    TFLITE_I64 = 4,
    TFLITE_I16 = 7,
    TFLITE_I8 = 9,
    TFLITE_I4 = 17
};
enum tflite_code {
    TFLITE_ADD = 0,
    TFLITE_AVERAGE_POOL_2D = 1,
    TFLITE_CONCATENATION = 2,
    TFLITE_CONV_2D = 3,
    TFLITE_DEPTHWISE_CONV_2D = 4,
    TFLITE_DEQUANTIZE = 6,
    TFLITE_FULLY_CONNECTED = 9,
    TFLITE_LOGISTIC = 14,
    TFLITE_MAX_POOL_2D = 17,
    TFLITE_MUL = 18,
    TFLITE_RELU = 19,
    TFLITE_RELU_N1_TO_1 = 20,
    TFLITE_RELU6 = 21,
    TFLITE_RESHAPE = 22,
    TFLITE_SOFTMAX = 25,
    TFLITE_CUSTOM = 32,
    TFLITE_TANH = 28,
    TFLITE_PAD = 34,
    TFLITE_TRANSPOSE = 39,
    TFLITE_BATCH_TO_SPACE_ND = 37,
    TFLITE_SPACE_TO_BATCH_ND = 38,
    TFLITE_MEAN = 40,
    TFLITE_SUB = 41,
    TFLITE_DIV = 42,
    TFLITE_SQUEEZE = 43,
    TFLITE_STRIDED_SLICE = 45,
    TFLITE_SPLIT = 49,
    TFLITE_CAST = 53,
    TFLITE_NEG = 59,
    TFLITE_PADV2 = 60,
    TFLITE_REDUCE_MAX = 82,
    TFLITE_SLICE = 65,
    TFLITE_EXPAND_DIMS = 70,
    TFLITE_SQRT = 75,
    TFLITE_RSQRT = 76,
    TFLITE_POW = 78,
    TFLITE_SQUARE = 92,
    TFLITE_LEAKY_RELU = 98,
    TFLITE_SQUARED_DIFFERENCE = 99,
    TFLITE_SPLIT_V = 102,
    TFLITE_QUANTIZE = 114,
    TFLITE_HARD_SWISH = 117,
    TFLITE_GELU = 150,
    TFLITE_RELU_0_TO_1 = 152
};
/* "CONV_2D"; NULL for a code that is not known. */
const char *tflite_code_name(int code);
/* "float32", "int8"; "type 22". */
const char *tflite_type_name(int type);

/* ---- table: the file --------------------------------------------------------------------------------- */

struct tflite_tensor {
    int type; /* any; tflite_check_tensor says whether it is one of the above */
    struct flat_vector name, shape, scale, zero; /* zero: absent, one, or as many as scales */
    int axis;                                    /* of several scales */
    int unknown;                                 /* an extent depends on others at run time */
    int external, sparse, blocked, kept;         /* forms that are not read; from one run to the next */
    const uint8_t *data;                         /* of a constant; else NULL */
    uint64_t bytes;
    int source; /* the op that writes it, or -1 */
    /* by tflite_check_tensor: */
    int rank, dim[TFLITE_MAX_RANK];
    int64_t count;
};

struct tflite_op {
    int code;
    char custom[64];                  /* name of a custom op; "" */
    struct flat_vector input, output; /* of tensors; an input may be -1, which is absent */
    int options_type;
    struct flat_table options;
};

struct tflite {
    const uint8_t *bytes;
    uint64_t size;
    struct tflite_tensor *tensor;
    int tensors;
    struct tflite_op *op; /* in order: an op's inputs are constant, the input, or an earlier op's */
    int ops;
    int input, output; /* tensors */
};
/* ERR_FORMAT. The caller frees, also after a failure. */
MUST_USE status tflite_open(const uint8_t *bytes, uint64_t size, struct tflite *out);
void tflite_close(struct tflite *f);
/* A tensor that is used: its type and shape, the size of its bytes, its scales and zero points. */
MUST_USE status tflite_check_tensor(struct tflite *f, int tensor);
/* Its name in the file, cut to TFLITE_NAME; returns out. */
char *tflite_tensor_name(const struct tflite *f, int tensor, char out[TFLITE_NAME]);
int tflite_is_coded(const struct tflite_tensor *t); /* 8 bits or fewer, with a scale */
/* Number i of its zero points as they are carried: of u8 codes where `weights` is 0, of s8 where not. */
int tflite_zero(const struct tflite_tensor *t, int i, int weights);
/* Element i of a constant of whole numbers, i32 or i64. */
int64_t tflite_whole(const struct tflite_tensor *t, int64_t i);

/* ---- weight: constants as our tensors ----------------------------------------------------------------- */

/* Where an element of the file's weight lies. */
enum tflite_layout {
    TFLITE_OHWI,  /* of CONV_2D */
    TFLITE_HWO,   /* of DEPTHWISE_CONV_2D, whose groups have one channel */
    TFLITE_OI,    /* of FULLY_CONNECTED: the input is h x w x c */
    TFLITE_VALUES /* one by one */
};
struct tflite_weight {
    int tensor; /* a constant of f32 or f16, or codes */
    int real;   /* codes are to be dequantized */
    enum tflite_layout layout;
    int o, h, w, i;             /* extents in the file */
    int dilation_h, dilation_w; /* 1: none */
};
/* (oc, ic, kh, kw), or (oc, ic kh kw) of OI, or (oc) of VALUES: f32, or s8 with scales and zero points; what
 * dilation puts between is zero. ERR_FORMAT where a value is not finite. */
MUST_USE status tflite_load_weight(const struct tflite *f, const struct tflite_weight *w, struct tensor *out);
/* (count): s32 as stored, or f32. */
MUST_USE status tflite_load_bias(const struct tflite *f, int tensor, int real, int count, struct tensor *out);

/* ---- metadata -------------------------------------------------------------------------------------------
 */

/* How a picture becomes the input by the file's metadata, as an input line says it; 0: they do not say. */
enum { TFLITE_PIPELINE = 256 };
int tflite_metadata_input(const struct tflite *f, int channels, char out[TFLITE_PIPELINE]);

/* ---- view: the graph while it is translated ------------------------------------------------------------ */

/* How a tensor of the file lies, other than our node's (c, h, w). */
enum tflite_form {
    TFLITE_NOTHING,         /* not computed (yet) */
    TFLITE_CONSTANT,        /* the values of tensor `constant`, dequantized */
    TFLITE_MAP,             /* (1, h, w, c); (1, c) where there is no map */
    TFLITE_PLANES,          /* (1, c, h, w) */
    TFLITE_ROW,             /* (1, h w c) of a map */
    TFLITE_PLANES_ROW,      /* (1, c h w) */
    TFLITE_POINTS,          /* (h w, c), of more than one position */
    TFLITE_GROUPS,          /* (1, h, w, groups, c / groups) */
    TFLITE_SHUFFLED,        /* (1, h, w, c / groups, groups) */
    TFLITE_PLANES_GROUPS,   /* (1, groups, c / groups, h, w) */
    TFLITE_PLANES_SHUFFLED, /* (1, c / groups, groups, h, w) */
    TFLITE_APART,    /* (block block, h / block, w / block, c): a map whose every block-th positions lie
                        together */
    TFLITE_CONVOLVED /* of such a map, by op `constant` */
};
struct tflite_view {
    enum tflite_form form;
    int node;
    int constant;
    int groups;
    int block;                    /* of maps apart */
    int top, left, bottom, right; /* zeros around the node's map, which the next window takes */
};

struct tflite_graph {
    struct tflite *file;
    struct sketch *sketch;
    struct tflite_view *view; /* (tensors) */
    int *readers;             /* (tensors): live ops that read it, and the logits' reader */
    uint8_t *live;            /* (ops) */
    int logits;               /* the tensor */
    int last;                 /* the tensor that logits differ from by form or scale alone */
    int at;                   /* the op that is being translated */
    int together;             /* it stands for a convolution of maps apart and what puts them together, */
    struct sketch_window cut; /* and cuts off their sides */
    int coded;                /* a node has codes */
    struct composed *composed; /* (ops) a layer normalisation or gelu that the op ends; form 0: none */
};

/* FAIL with the op's number and name before the sentence. */
#define TFLITE_FAIL(g, ...) (tflite_blame((g), FAIL(ERR_FORMAT, __VA_ARGS__)), ERR_FORMAT)
status tflite_blame(const struct tflite_graph *g, status result);

const struct tflite_op *tflite_here(const struct tflite_graph *g);
/* Tensor of input or output number k; -1 where it is absent. */
int tflite_in(const struct tflite_graph *g, int k);
int tflite_out(const struct tflite_graph *g, int k);
const struct tflite_tensor *tflite_in_tensor(const struct tflite_graph *g, int k);
const struct tflite_tensor *tflite_out_tensor(const struct tflite_graph *g, int k);
/* The options of the op, whose type must be this; absent ones read as defaults. */
MUST_USE status tflite_options(const struct tflite_graph *g, int type, struct flat_table *out);
/* One of the options, from low to high. */
MUST_USE status tflite_option(const struct tflite_graph *g, const struct flat_table *options, int field,
                              enum flat_type type, const char *what, int absent, int low, int high, int *out);

/* Input number k as a node's output: one of the forms in the mask 1 << form. Zeros around it are refused
 * unless `padded`. */
MUST_USE status tflite_value(const struct tflite_graph *g, int k, unsigned forms, int padded,
                             struct tflite_view *out);
struct sketch_shape tflite_shape(const struct tflite_graph *g, const struct tflite_view *v);
/* Input number k as a constant of whole numbers. */
MUST_USE status tflite_numbers(const struct tflite_graph *g, int k, const char *what,
                               const struct tflite_tensor **out);
/* Of the same type, with equal scales and zero points? */
int tflite_same_params(const struct tflite_tensor *a, const struct tflite_tensor *b);
/* Output number k is a view of a node that there is already. */
MUST_USE status tflite_alias(struct tflite_graph *g, int k, struct tflite_view view);

/* A node for output number k. */
struct tflite_node {
    const char *op;
    int inputs, input[MODEL_MAX_INPUTS]; /* nodes */
    struct sketch_shape shape;
    enum tflite_form form; /* of the output: MAP, PLANES, or the input's */
    int keeps;             /* 1 + the input whose scale and zero point it has; 0: its own */
    int activation;        /* fused: the file's code */
    int sums;              /* a sum, of which a stored range that begins at 0 makes a relu */
    char words[SKETCH_WORDS];
};
/* The name that the node will have, and its tensors. */
char *tflite_name(const struct tflite_graph *g, int k, char out[MODEL_NAME]);
/* Adds the node, a fused activation behind it, scale, zero point and origin. The output's extents must be the
 * file's. */
MUST_USE status tflite_add_node(struct tflite_graph *g, int k, const struct tflite_node *n);

/* ---- ops ------------------------------------------------------------------------------------------------
 */

/* Which ops end a layer normalisation or gelu of several ops: g->composed. */
MUST_USE status tflite_compose(struct tflite_graph *g);
/* Is a constant one number, or one for each of c channels? */
int tflite_fits_channels(const struct tflite_tensor *t, enum tflite_form form, int c);

/* Of each op one function; they translate the op g->at. */
MUST_USE status tflite_composed(struct tflite_graph *g);
MUST_USE status tflite_conv(struct tflite_graph *g);
MUST_USE status tflite_fully_connected(struct tflite_graph *g);
MUST_USE status tflite_pool(struct tflite_graph *g);
MUST_USE status tflite_reduce(struct tflite_graph *g);
MUST_USE status tflite_binary(struct tflite_graph *g);
MUST_USE status tflite_unary(struct tflite_graph *g);
MUST_USE status tflite_concatenation(struct tflite_graph *g);
MUST_USE status tflite_dequantize(struct tflite_graph *g);
MUST_USE status tflite_cast(struct tflite_graph *g);
MUST_USE status tflite_quantize(struct tflite_graph *g);
MUST_USE status tflite_reshape(struct tflite_graph *g);
MUST_USE status tflite_transpose(struct tflite_graph *g);
MUST_USE status tflite_pad(struct tflite_graph *g);
MUST_USE status tflite_apart(struct tflite_graph *g);
MUST_USE status tflite_together(struct tflite_graph *g);
MUST_USE status tflite_split(struct tflite_graph *g);
MUST_USE status tflite_slice(struct tflite_graph *g);

#endif
