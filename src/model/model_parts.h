/* What the files of the model room share. */
#ifndef QUANTCAM_MODEL_PARTS_H
#define QUANTCAM_MODEL_PARTS_H

#include "model.h"

enum { MODEL_FULL_NAME = MODEL_PREFIX + 2 * MODEL_NAME + 512 }; /* of a tensor in a checkpoint */

enum model_attribute {
    ATTR_OUT,
    ATTR_KERNEL,
    ATTR_STRIDE,
    ATTR_PAD,
    ATTR_CEIL,
    ATTR_COUNTED,
    ATTR_GROUPS,
    ATTR_BEGIN,
    ATTR_WEIGHT,
    ATTR_BN,
    ATTR_EPS,
    ATTR_QUANT,
    ATTR_RATE,
    ATTR_SLOPE,
    ATTR_LOW,
    ATTR_HIGH,
    ATTR_APPROXIMATE,
    ATTR_COUNT
};
extern const char *const model_attribute_names[ATTR_COUNT];

/* What an op's line must and may say; masks of 1 << attribute. */
struct model_op_form {
    const char *name;
    int least_inputs, most_inputs;
    unsigned required, optional;
};
const struct model_op_form *model_op_form(enum model_op op);

/* Sets n's output shape from its inputs'. ERR_FORMAT with SOURCE:LINE. */
MUST_USE status model_infer_shape(const struct model *m, struct model_node *n);

/* What only the whole graph can tell; counts the classes. ERR_FORMAT. */
MUST_USE status model_check_whole(struct model *m);

/* A quantizer of a QAT state. */
struct model_quantizer {
    const struct tensor *low, *high;             /* what it saw: one value, or of weights one a channel */
    const struct tensor *scale, *zero_point;     /* what training made of these: as many values */
    const struct tensor *observing;              /* still on? */
    float eps;                                   /* the least scale */
};

/* The checkpoint's tensors of one convolution or linear layer, their shapes checked; NULL = not there. */
struct model_sources {
    int oc, ic, kh, kw;               /* ic of one group */
    const struct tensor *weight;      /* (oc, ic, kh, kw), or (oc, ic) */
    const struct tensor *bias;        /* (oc) */
    const struct tensor *gamma, *beta, *mean, *variance;     /* (oc), all or none */
    struct model_quantizer quantizer;                        /* QAT: of the weight; .low NULL where not */
};
MUST_USE status model_find_sources(const struct model_binding *b, int node, struct model_sources *out);

/* Does batch normalisation alone (OP_BATCHNORM), which has a shift, read a layer's output, wherever it goes?
 * Then it needs no bias, as DenseNet's have none. */
int model_is_shifted(const struct model *m, int node);

/* FAIL of a checkpoint, whose path the sentence begins with. */
#define MODEL_FAIL(b, code, ...) error_prefix(FAIL(code, __VA_ARGS__), "%s", (b)->weights->source)

/* sources.c: model_tensor, but ERR_MISSING with the nearest name. */
MUST_USE status model_need(const struct model_binding *b, const struct tensor **out, const char *prefix,
                           const char *suffix);
/* The weight of a convolution or linear layer in whatever form it is stored, and its bias; or NULL. */
const struct tensor *model_weight(const struct model_binding *b, const struct model_node *n,
                                  const struct tensor **bias);
/* ERR_MISMATCH: "CHECKPOINT: tensor NAME is (...), but MODEL:LINE (op node) needs WHAT". */
MUST_USE status model_mismatch(const struct model_binding *b, const struct model_node *n,
                               const struct tensor *t, const char *needed, ...) PRINTF_LIKE(4, 5);
/* A batchnorm's four tensors, their shapes checked. */
MUST_USE status model_find_affine(const struct model_binding *b, int node, const struct tensor *out[4]);
/* Are the checkpoint's weights codes? Else they are real, to be quantized yet where b->qat. */
int model_stores_codes(const struct model_binding *b);
/* Is this weight codes? Of a deployed file some may be. */
int model_has_codes(const struct model_binding *b, const struct tensor *weight);
const char *model_name_of(const struct model_binding *b, const struct tensor *t);
int model_is_float(const struct tensor *t);
int model_is_scale(double scale);
/* Sets b->folded; ERR_MISMATCH where some batch normalisations are folded and others are not. */
MUST_USE status model_find_folded(struct model_binding *b);
int model_bits_of(int low, int high);    /* that codes low..high take */
/* params.c: P.scale, P.zero_point and P.codes of the node's `quant`. */
MUST_USE status model_read_params(const struct model_binding *b, const struct model_node *n,
                                  struct quant_params *out);
/* An output with a scale of its own must have a name for it, `quant`: ERR_MISSING. */
MUST_USE status model_check_quant(const struct model_binding *b, const struct model_node *n);

/* Does the checkpoint have the batch normalisations of convolutions? Of a deployed file, none. */
int model_has_norms(const struct model_binding *b);

/* sources.c: the file's (oc, ic, kh, kw), or (oc, ic * kh * kw), whatever its strides, seen as (oc, kh, kw,
 * ic).
 */
struct tensor model_in_sum_order(const struct model_sources *s);
/* ERR_NUMERIC: the first of t's values, in the order in which the file counts them, that cannot be. t may be
 * NULL. */
MUST_USE status model_check_values(const struct model_binding *b, const struct tensor *t, int least_is_zero);

/* deployed.c: sets b->family. ERR_USAGE where how.form is not its. */
MUST_USE status model_find_family(struct model_binding *b);
/* What an output's codes stand for; those of nodes before it are known. scale 0: it has real values.
 * ERR_MISMATCH where codes and real values meet. */
MUST_USE status model_deployed_params(const struct model_binding *b, int node, struct quant_params *out);
MUST_USE status model_deployed_decided(const struct model_binding *b, struct text *out);

/* lowbit.c: what an output's codes stand for; those of nodes before it are known. scale 0: it has none. */
MUST_USE status model_lowbit_params(const struct model_binding *b, int node, struct quant_params *out);
MUST_USE status model_lowbit_check_cam(const struct model_binding *b);
/* Sums of integers must fit 32 bits: ERR_MISMATCH. */
MUST_USE status model_lowbit_check_sums(const struct model_binding *b, int node,
                                        const struct model_sources *s);
MUST_USE status model_lowbit_layer(const struct model_binding *b, int node, struct model_layer *out);

/* qat.c: MODULE KIND of the state, its range checked: it must have run. */
MUST_USE status model_find_quantizer(const struct model_binding *b, const struct model_node *n,
                                     const char *module, const char *kind, struct model_quantizer *out);
/* Fills b->output_range, b->weight_range, b->unstated, b->observing. ERR_MISMATCH where scale and zero point
 * follow from the range by no codes, or by several that differ. */
MUST_USE status model_find_ranges(struct model_binding *b);
/* fold.c: observers of weights that are on are run once more. ERR_MISMATCH where they may be other than
 * moving averages: no weight of the network reaches beyond what they saw. */
MUST_USE status model_check_observers(const struct model_binding *b);
/* What convert computes of a range. */
float model_observed_scale(float low, float high, const struct model_range *r, float eps);
int model_observed_zero(float low, float scale, const struct model_range *r);
/* Codes 0..255 in form CODES, whatever was meant, as torch's convert has them. */
struct quant_params model_output_params(const struct model_quantizer *q, const struct model_range *r,
                                        enum precision_form form);

/* randomise.c: `count` weights of a node, from place `first` on in the order of sums, become its draws, where
 * it has any. */
void model_draw(const struct model_binding *b, int node, int64_t first, int64_t count, float *weight);

/* prefix.c: what may stand before the names of a description in a checkpoint. */
enum { MODEL_PREFIXES = 8 };
struct model_prefixes {
    int count;                       /* 1, or, where each makes all weights' names complete, more */
    char prefix[MODEL_PREFIXES][MODEL_PREFIX];
};
/* "" where the names are complete as they are; else all prefixes that make them so; else the one that finds
 * most. Tensors that lines `ignore` name are left aside. */
void model_find_prefixes(const struct model *m, const struct tensor_table *weights,
                         struct model_prefixes *out);
/* unused.c: does a line `ignore` name it? */
int model_ignores(const struct model *m, const char *name);
/* unused.c: counts b->unused and b->ignored among the tensors whose flag in `used` (weights->count) is 0.
 * ERR_MISMATCH where there are unused ones and b->how does not allow them. */
MUST_USE status model_count_unused(struct model_binding *b, const uint8_t *used);

#endif
