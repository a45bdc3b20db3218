/* What the files of the ONNX reader share: the file as it is (onnx_read.c, onnx_tensor.c), the constants and
 * shapes that follow from it (onnx_fold.c, onnx_shape.c), and the translation (onnx_graph.c and what it
 * calls).
 */
#ifndef QUANTCAM_ONNX_PARTS_H
#define QUANTCAM_ONNX_PARTS_H

#include "protobuf.h"
#include "tensor.h"

enum {
    ONNX_MAX_NODES = 1 << 15,
    ONNX_MAX_VALUES = 1 << 17,
    ONNX_MAX_NAME = 1000,
    ONNX_MAX_FILES = 16,
    ONNX_MAX_FOLDED = 4096,      /* elements of a constant that is computed */
    ONNX_MAX_REPEATED = 1 << 25, /* of one that is a number again and again */
    ONNX_OPSET_LOW = 7,
    ONNX_OPSET_HIGH = 25
};

enum onnx_type {
    ONNX_NO_TYPE = 0,
    ONNX_F32 = 1,
    ONNX_U8 = 2,
    ONNX_S8 = 3,
    ONNX_U16 = 4,
    ONNX_S16 = 5,
    ONNX_S32 = 6,
    ONNX_S64 = 7,
    ONNX_TEXT = 8,
    ONNX_BOOL = 9,
    ONNX_F16 = 10,
    ONNX_F64 = 11,
    ONNX_BF16 = 16,
    ONNX_U4 = 21,
    ONNX_S4 = 22
};
const char *onnx_type_name(int type); /* "float", "uint8": as ONNX calls it */
int onnx_is_real(int type);           /* of 16, 32 or 64 bits */
/* The tensors' type that holds it, -1: none does (text, float8, 16 bits without a sign). */
int onnx_type_dtype(int type);

/* The values of an attribute, zeros and NULL where it has none. */
struct onnx_attribute {
    const char *name;
    int64_t whole;
    float real;
    const char *text;
    int count; /* of wholes or reals */
    int64_t *wholes;
    float *reals;
    struct tensor *tensor; /* in onnx.held */
    int type;              /* the tensor's */
};

struct onnx_node {
    const char *name, *op, *domain; /* domain "" is ai.onnx */
    int inputs, *input;             /* values; -1: absent */
    int outputs, *output;
    int attributes;
    struct onnx_attribute *attribute;
};

/* What is known of entry i of onnx.value beside its name, shape and, of a constant, elements. */
struct onnx_value {
    int type;
    int maker;   /* the node that computes it, -1: none */
    int readers; /* inputs of nodes; that the graph gives it out is one too */
    int reader;  /* the last node of these, -1: the graph's output */
    int constant;
    int shaped; /* is the shape known? */
};

struct onnx {
    const char *path;
    struct mem_set set;        /* everything but values */
    struct tensor_table value; /* names, shapes and constants */
    struct onnx_value *of;     /* (value.count) */
    int capacity;
    struct onnx_node *node;
    int nodes, node_capacity;
    int *given, givens, given_capacity; /* the graph's inputs */
    int *output, outputs, output_capacity;
    struct tensor **held; /* of attributes */
    int helds, held_capacity;
    int64_t opset; /* of ai.onnx */
    const char *producer;
    struct onnx_file { /* with tensors that lie beside the model */
        const char *name;
        int fd;
        uint64_t size;
    } file[ONNX_MAX_FILES];
    int files;
    uint64_t copied; /* bytes of tensors that are no views: of those there, and of constants */
};

/* ---- onnx_read.c, onnx_tensor.c: the file ------------------------------------------------------------ */

/* The graph of the model, checked: names are defined before they are used, and once; views of `bytes`. The
 * caller frees, also after a failure. ERR_FORMAT, ERR_MEMORY. `path` is that of the model, for tensors beside
 * it. */
MUST_USE status onnx_open(const char *path, const uint8_t *bytes, uint64_t size, struct onnx *out);
void onnx_close(struct onnx *x);
/* A TensorProto. *name: in the set, "" where it has none. */
MUST_USE status onnx_tensor_read(struct onnx *x, struct protobuf m, struct tensor *out, int *type,
                                 const char **name);
/* Counts bytes that a tensor takes beside the file; ERR_MEMORY above 2 GiB. */
MUST_USE status onnx_copied(struct onnx *x, uint64_t bytes);
/* A text of the field in the set, printable; ERR_FORMAT. */
MUST_USE status onnx_text(struct onnx *x, const struct protobuf_field *f, const char **out);

/* ---- onnx_node.c: what a node says ------------------------------------------------------------------- */

int onnx_is(const struct onnx_node *n, const char *op); /* of ai.onnx, or a runtime's own called so */
const struct onnx_attribute *onnx_attribute(const struct onnx_node *n, const char *name); /* or NULL */
int64_t onnx_whole(const struct onnx_node *n, const char *name, int64_t otherwise);
float onnx_real(const struct onnx_node *n, const char *name, float otherwise);
const char *onnx_words(const struct onnx_node *n, const char *name); /* "" where it has none */
/* Value number k of a node, -1 where it is absent. */
int onnx_input(const struct onnx_node *n, int k);
const char *onnx_name(const struct onnx *x, int value);
/* Its shape, and of a constant its elements. */
const struct tensor *onnx_tensor(const struct onnx *x, int value);
/* The constant that is input k, or NULL. */
const struct tensor *onnx_constant(const struct onnx *x, const struct onnx_node *n, int k);
/* Element i of a constant of whole numbers. */
int64_t onnx_element(const struct tensor *t, int64_t i);
/* Whole numbers that are input k or, in older opsets, the attribute `name`: at most TENSOR_MAX_RANK. *count
 * is -1 where neither is there; ERR_FORMAT where the input is no constant. */
struct onnx_list {
    int count;
    int64_t at[TENSOR_MAX_RANK];
};
MUST_USE status onnx_list(const struct onnx *x, const struct onnx_node *n, int k, const char *name,
                          struct onnx_list *out);
/* An axis of `rank`, negative ones counted from the end. ERR_FORMAT. */
MUST_USE status onnx_axis(int64_t axis, int rank, int *out);
/* Of Slice on extents dim: which axes it cuts, all others from 0 to the end; a step below 0 goes backward.
 * ERR_FORMAT. */
struct onnx_cut {
    int64_t begin[TENSOR_MAX_RANK], count[TENSOR_MAX_RANK], step[TENSOR_MAX_RANK];
};
MUST_USE status onnx_cut(const struct onnx *x, const struct onnx_node *n, const struct tensor *shape,
                         struct onnx_cut *out);

/* ---- onnx_window.c, onnx_shape.c, onnx_fold.c: what follows from the graph
 * ------------------------------------------- */

/* A window of Conv and pools over a map, padding as numbers. */
struct onnx_window {
    int kh, kw, stride_h, stride_w, dilation_h, dilation_w, top, left, bottom, right, ceil;
    int h, w; /* of the output */
};
/* `weight`: Conv's, which may say the kernel; or NULL. ERR_FORMAT. */
MUST_USE status onnx_window(const struct onnx_node *n, const struct tensor *in, const struct tensor *weight,
                            struct onnx_window *out);
/* Of a convolution along (N, 1, L) by one kernel, steps of 1: zeros before it, and the output's L.
 * ERR_FORMAT. */
MUST_USE status onnx_line(const struct onnx_node *n, const struct tensor *in, const struct tensor *weight,
                          int *before, int *length);
/* The shapes of the node's outputs, from its inputs'. ERR_FORMAT for an op that is not known. */
MUST_USE status onnx_shape(struct onnx *x, int node);
/* Shapes and constants of all values: what depends on constants and shapes alone becomes one. The input's
 * shape is known. */
MUST_USE status onnx_fold(struct onnx *x);

#endif
