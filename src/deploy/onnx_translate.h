/* src/deploy/onnx_translate.h: an ONNX graph on its way to a description: which of the sketch's nodes holds
 * what each value of the file stands for.
 *
 * A value of the file is a node's values seen in some order. Our maps are (C, H, W); the file has them as
 * (1, C, H, W), with channels last, as one row, or in the middle of a channel shuffle. And a value is real,
 * codes, or what codes stand for, which no node computes unless an op asks for real numbers.
 */
#ifndef QUANTCAM_ONNX_TRANSLATE_H
#define QUANTCAM_ONNX_TRANSLATE_H

#include "deploy_parts.h"
#include "onnx_parts.h"

enum onnx_order {
    ONNX_MAP,      /* (1, C, H, W) */
    ONNX_LAST,     /* (1, H, W, C) */
    ONNX_ROW,      /* (1, C H W) in the order c, h, w */
    ONNX_LAST_ROW, /* (1, H W C) in the order h, w, c, of more than one position */
    ONNX_POINTS,   /* (H W, C), of more than one position */
    ONNX_SPREAD,   /* (1, C, H W) */
    ONNX_GROUPS,   /* (1, G, C / G, H, W) */
    ONNX_TURNED,   /* (1, C / G, G, H, W) */
    ONNX_LINE      /* (1, 1, C), of one position */
};

enum onnx_form {
    ONNX_NOTHING, /* a constant, or left out */
    ONNX_REAL,
    ONNX_CODES,
    ONNX_SEEN /* real numbers that codes stand for */
};

/* Scale and zero point of codes as they are carried, 0..255: the file's code is that less `offset`. */
struct onnx_quant {
    float scale;
    int zero_point, offset;
};

struct onnx_place {
    enum onnx_form form;
    int node; /* of the sketch */
    enum onnx_order order;
    int groups;                   /* GROUPS, TURNED */
    struct onnx_quant q;          /* CODES, SEEN */
    int top, left, bottom, right; /* zeros around the map that no node has yet */
    int ended;                    /* behind a softmax, which is left out */
    int spread;                   /* seen over a map, of which the node is one position: for onnx_two alone */
};

struct onnx_translation {
    struct onnx x;
    struct sketch *d;
    const struct deploy_options *how;
    struct onnx_place *at; /* (values) */
    uint8_t *done;         /* (nodes): became part of one before it */
    int *real;             /* (sketch's nodes): the dequantize of their codes; 0: none yet */
    /* What was met, for the lines of what was decided. */
    int coded, softmax, halved, few_bits, divided, normed;
};

/* ---- onnx_compose.c: what a file spells in several ops --------------------------------------------------
 */

/* Their nodes become one, LayerNormalization with the axis `along` or Gelu; those that nothing reads any more
 * are done. */
MUST_USE status onnx_compose(struct onnx_translation *t);

/* ---- onnx_place.c: places and nodes ---------------------------------------------------------------------
 */

struct sketch_shape onnx_shape_of(const struct onnx_translation *t, int node);
/* The place of input k. ERR_FORMAT where no node computes it. */
MUST_USE status onnx_get(struct onnx_translation *t, const struct onnx_node *n, int k,
                         struct onnx_place **out);
/* The node of that value as real numbers; padding that it still needs and a dequantize become nodes. */
MUST_USE status onnx_get_real(struct onnx_translation *t, const struct onnx_node *n, int k, int *out);
/* Padding that a place still needs becomes a node; `value` names it. */
MUST_USE status onnx_pad_out(struct onnx_translation *t, int value, struct onnx_place *p);
/* ERR_FORMAT for another order than (1, C, H, W). */
MUST_USE status onnx_need_map(const struct onnx_place *p);
/* The only node that reads a value, or -1: there are others, or it is the output. */
int onnx_only_reader(const struct onnx_translation *t, int value);
/* What a value's node wants to be called (sketch_name): as in the file, without what exporters and quantizers
 * put behind a name. Returns out. */
const char *onnx_wanted(const struct onnx_translation *t, int value, char out[ONNX_MAX_NAME + 1]);
/* A node for what `value` is: real numbers where q is NULL, codes of *q, or of the input's where q->scale is
 * 0. */
MUST_USE status onnx_add(struct onnx_translation *t, const char *op, int value, const int *input, int inputs,
                         struct sketch_shape shape, const struct onnx_quant *q, int *out, const char *format,
                         ...) PRINTF_LIKE(9, 10);
void onnx_put_real(struct onnx_translation *t, int value, int node, enum onnx_order order);

/* ---- onnx_quant.c: codes --------------------------------------------------------------------------------
 */

int onnx_quant_same(struct onnx_quant a, struct onnx_quant b);
int onnx_quant_code(struct onnx_quant q, float real);
/* Inputs k and k + 1 of a node, scale and zero point of an activation. ERR_FORMAT. */
MUST_USE status onnx_quant_read(const struct onnx_translation *t, const struct onnx_node *n, int k,
                                struct onnx_quant *out);
/* The ends of a Clip, infinities where it has none. */
MUST_USE status onnx_ends(const struct onnx_translation *t, const struct onnx_node *n, float *low,
                          float *high);

/* Where the codes that an op computes go: of a QLinear op its output; of another, whose output one
 * QuantizeLinear reads, at most a Relu or Clip between, that one's. */
struct onnx_goal {
    int value;
    struct onnx_quant q;
    const char *then;  /* relu, relu6, clip: what still has an effect on the codes; or NULL */
    float low, high;   /* clip's */
    int between, last; /* nodes that are done with it, or -1 */
};
/* *is: is there one? scale: the input with the scale of a QLinear op, -1: it is another op. */
MUST_USE status onnx_goal(struct onnx_translation *t, const struct onnx_node *n, int scale,
                          struct onnx_goal *out, int *is);
/* Input k as codes. 0: it is none. Of a QLinear op inputs k + 1 and k + 2 must be the codes' own: ERR_FORMAT.
 */
MUST_USE status onnx_get_codes(struct onnx_translation *t, const struct onnx_node *n, int k, int *node,
                               int *is);
/* The node of codes for a goal, named `words`' way as onnx_add does, and what comes behind it. */
MUST_USE status onnx_add_codes(struct onnx_translation *t, const char *op, const struct onnx_node *n,
                               const struct onnx_goal *g, const int *input, int inputs,
                               struct sketch_shape shape, enum onnx_order order, int *out, const char *format,
                               ...) PRINTF_LIKE(10, 11);
MUST_USE status onnx_quantize(struct onnx_translation *t, const struct onnx_node *n);
MUST_USE status onnx_dequantize(struct onnx_translation *t, const struct onnx_node *n);

/* ---- onnx_weight.c: constants of layers -----------------------------------------------------------------
 */

/* A constant of a layer: real numbers, or codes with their scales. */
struct onnx_weight {
    const struct tensor *is;                 /* NULL: there is none */
    const struct tensor *scale, *zero_point; /* of codes; the latter may be NULL: 0 */
    int axis;                                /* of scales, as the file has the constant */
    int value, type;
};
/* Input k: of a QLinear op codes whose scale and zero point follow; else real numbers, or what
 * DequantizeLinear makes of codes. ERR_FORMAT where it is none. */
MUST_USE status onnx_weight(const struct onnx_translation *t, const struct onnx_node *n, int k,
                            int is_qlinear, struct onnx_weight *out);
/* As real numbers: a view, or, of codes, f32(f32(code - zero point) * scale). */
MUST_USE status onnx_weight_real(struct onnx_translation *t, const struct onnx_weight *w, struct tensor *out);
/* As s8 codes with scales along axis 0, or per tensor. `channels`: the axis of the file's tensor that becomes
 * axis 0. ERR_FORMAT where scales lie along another. */
MUST_USE status onnx_weight_codes(struct onnx_translation *t, const struct onnx_weight *w, int channels,
                                  struct tensor *out);
/* (oc, ic, kh, kw) with zeros (the zero point) between its rows and columns. */
MUST_USE status onnx_weight_widen(struct tensor *w, int dilation_h, int dilation_w);
/* A product's (in, oc) as (oc, in); the inputs, which are in the order h, w, c, in the order c, h, w where
 * the map has more than one position. */
MUST_USE status onnx_weight_rows(struct tensor *w, int turned, int is_last, struct sketch_shape map);

/* ---- ops: onnx_layer.c, onnx_point.c, onnx_two.c, onnx_move.c -------------------------------------------
 */

typedef status onnx_op(struct onnx_translation *t, const struct onnx_node *n);
onnx_op onnx_conv, onnx_product, onnx_batchnorm, onnx_layernorm, onnx_prelu;
onnx_op onnx_same, onnx_clip, onnx_relu, onnx_sigmoid, onnx_tanh, onnx_gelu, onnx_alone, onnx_leaky,
    onnx_hard, onnx_two, onnx_softmax;
onnx_op onnx_pool, onnx_global, onnx_reduce, onnx_pad;
onnx_op onnx_expand, onnx_reshape, onnx_transpose, onnx_concat, onnx_slice, onnx_split, onnx_cast;
MUST_USE status onnx_hard_line(struct onnx_translation *t, const struct onnx_node *n, float alpha,
                               float beta);
/* One number for all, or one for each channel, of a constant that is added to or multiplies a value of `rank`
 * axes in this order. ERR_FORMAT. */
MUST_USE status onnx_spread(const struct onnx_translation *t, const struct tensor *c,
                            const struct onnx_place *p, int rank, float *out);
/* y = scale x + shift of each channel of real numbers, as a batchnorm whose mean is 0 and whose deviation
 * is 1. */
MUST_USE status onnx_affine(struct onnx_translation *t, const struct onnx_node *n, int input,
                            enum onnx_order order, const float *scale, const float *shift);

#endif
