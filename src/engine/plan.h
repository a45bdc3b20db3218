/* src/engine/plan.h: what a plan is made of. Private to the room.
 *
 * A plan is one block without addresses, so that processes can share it wherever each has it: a head, arrays
 * and parameters by their offsets, the weights last. struct engine_plan is a process's own handle to a block.
 *
 * A node's output is a view of a buffer: its own, its producer's (a relu fused into a convolution, a slice)
 * or a channel range of the cat that takes it. A buffer lives from the op that first writes it to the last
 * that reads it. Where it lies, a layout says: the small one of whole runs, or that of a state that keeps its
 * maps (state.h), with a third one for the late ops of pictures that wait together. */
#ifndef ENGINE_PLAN_H
#define ENGINE_PLAN_H

#include "engine.h"

enum { ENGINE_FOREVER = 1 << 30, ENGINE_LANES = 64, ENGINE_MAX_INPUTS = 2 * MODEL_MAX_INPUTS };

/* Element (y, x, c) lies `first` + (y * w + x) * pitch + c elements from the buffer's start. */
struct engine_view {
    int buffer;
    int element; /* bytes of a value: of codes 1, else 4 */
    size_t first;
    int c, h, w, pitch;
};

/* What is fused into an op, or what it is: RELU6 clamps at 6; a file's whose relu6 is a relu has RELU. */
enum engine_relu { ENGINE_NO_RELU, ENGINE_RELU, ENGINE_RELU6 };

/* A kind of op is a row of the table in run.c, and a block of parameters below. */
enum engine_kind {
    KIND_INPUT,
    KIND_CONV,     /* and linear */
    KIND_WINOGRAD, /* real values alone */
    KIND_DEPTHWISE,
    KIND_UNIT, /* a chain of these that never writes its inner maps */
    KIND_MAXPOOL,
    KIND_AVERAGE, /* over the whole map */
    KIND_MEAN,    /* codes under fbgemm: torch's cascade of real values */
    KIND_AVERAGE_WINDOW,
    KIND_AFFINE, /* batch normalisation alone */
    KIND_LAYERNORM,
    KIND_CLAMP,
    KIND_HARDSWISH,
    KIND_HARDSIGMOID,
    KIND_SILU,
    KIND_SIGMOID,
    KIND_TANH,
    KIND_GELU,
    KIND_GELU_TANH,
    KIND_LOOKUP,
    KIND_ADD,
    KIND_MUL,
    KIND_CAT,
    KIND_SHORTCUT,
    KIND_SHUFFLE,
    KIND_LEAKYRELU, /* of real values */
    KIND_PAD,
    KIND_QUANTIZE, /* real values to codes */
    KIND_DEQUANTIZE,
    KIND_SUM,          /* a deployed file's layer of codes whose sums come out */
    KIND_LOWBIT_REAL,  /* lowbit.c: a layer of real values */
    KIND_LOWBIT_PACT,  /* real values to codes */
    KIND_LOWBIT_CODES, /* parts.c: codes of several PACTs, of what they stand for */
    KIND_LOWBIT_PARTS, /* a layer of these */
    KIND_LOWBIT_ADD,
    KIND_LOWBIT_SUM, /* of a map's codes */
    KIND_LOWBIT_HEAD,
    KIND_COUNT
};

struct engine_op {
    enum engine_kind kind;
    char name[MODEL_NAME];
    uint64_t macs, done; /* of the description; multiplications */
    int inputs;
    struct engine_view in[ENGINE_MAX_INPUTS], out;
    size_t parameters;         /* offset of its kind's block */
    struct kernel_round round; /* what its real values are rounded to; scale 0: they are not */
};

/* ---- parameters ---------------------------------------------------------------------------------------- */

/* A function of one code: an activation, or a cat's input that is requantized on the way. */
struct engine_table {
    int unchanged;
    uint8_t code[256];
};

struct engine_input {
    struct quant_params q; /* codes only, as `code`; else `real` */
    uint8_t code[3][256];
    float real[3][256];
};

/* KIND_MAXPOOL has the shape alone. packed, constants: offsets in the weights. constants: three rows of
 * `lanes` values, the arrays of `requant`, whose pointers are set for each run, of deployed files a fourth
 * one with the weights' zero points. map: of KIND_SUM, offset in the scratch of sums that become codes. */
struct engine_conv {
    struct kernel_conv shape; /* of one group */
    int groups, codes, zero_points;
    int tile;                          /* the side of its Winograd tiles, or 0 */
    enum kernel_saturation saturation; /* imitated by `ref` */
    size_t packed, packed_bytes;       /* of one group */
    size_t constants, lanes;
    struct kernel_requant requant;
    float low, high;
    size_t map;
};

/* All averages. A mean's shape is that of the whole map, too. reach_y, reach_x: the positions, padding
 * included, where windows end; counted: those of the padding count as zeros. */
enum average_rule {
    AVERAGE_KERNEL,  /* real values, torch's codes */
    AVERAGE_CODES,   /* average.c: TensorFlow Lite's pools: of codes, by whole numbers */
    AVERAGE_FIXED,   /* its mean: fixed, shift */
    AVERAGE_SUM,     /* a sum of codes times the factor */
    AVERAGE_BIASED,  /* XNNPACK's mean: the same of the file's own codes, zero points and all in the bias */
    AVERAGE_TERMS,   /* ONNX Runtime's windows: real values */
    AVERAGE_REDUCED, /* its ReduceMean */
};
struct engine_average {
    struct kernel_conv shape;
    struct quant_params q, out;
    float factor, bias;
    int counted, reach_y, reach_x;
    enum average_rule rule;
    int32_t fixed, shift;
};

/* constants: offset in the weights of `channels` scales, then as many shifts, `lanes` apart. */
struct engine_affine {
    size_t constants, lanes;
    struct kernel_affine_u8 codes; /* its pointers are set for each run */
    float low, high, eps;          /* eps: KIND_LAYERNORM's */
};

/* The input's channels are those from `begin` on; the others' bytes are `fill`. */
struct engine_shortcut {
    struct kernel_conv shape;
    int begin, fill;
};

/* Also KIND_CLAMP's. less: the first operand less the second. constant: offset in the weights of (channels)
 * codes that are added where there is one input; first: these are the first operand. */
struct engine_add {
    struct kernel_add_u8 codes;
    float low, high;
    int less, first;
    size_t constant;
};

/* constant: as a sum's. */
struct engine_mul {
    struct kernel_mul_u8 codes;
    size_t constant;
};

/* window: of the unit's input. Of a layer of codes there are the constants and the requantization. packed:
 * offset in the weights of all parts. */
struct engine_unit {
    struct kernel_conv window;
    struct kernel_unit shape;
    struct engine_conv layer[KERNEL_UNIT_PARTS];
    struct kernel_add_u8 add; /* of shape.added_pitch > 0; the unit's input is added */
    struct kernel_unit_f32 ends;
    size_t packed;
};

/* constants: offset in the weights of `lanes` multipliers, then as many shifts. map: offset in the scratch of
 * the sums, whose map the shape is of. */
struct engine_lowbit_real {
    struct engine_conv conv;
    int depthwise, high;
    size_t map;
};
struct engine_lowbit_pact {
    int high;
    float scale;
    size_t constants, lanes;
};
struct engine_lowbit_add {
    int layer, high; /* layer: which input is the layer's sum */
    float scale; /* of the other's codes; 0: it is a layer's sum, too */
};
/* constants: offset in the weights of `lanes` inverse steps, as many zeros, and where each channel goes. */
struct engine_lowbit_codes {
    size_t constants, lanes;
};
/* shape: of all channels. ones: offset in the weights of `lanes` ones and as many zeros. map, other: offsets
 * in the scratch of the sums, and of a part's. */
struct engine_lowbit_parts {
    struct kernel_conv shape;
    int parts, high;
    struct engine_conv conv[MODEL_LOWBIT_PARTS];
    size_t ones, lanes, map, other;
};
/* levels: offset in the weights of (outputs, columns) s16. */
struct engine_lowbit_head {
    int columns, high;
    size_t levels, constants, lanes;
};

/* The values around the map are `fill`'s bytes: 0, or zero points. */
struct engine_pad {
    struct kernel_conv shape;
    int fill;
};

struct engine_cat {
    int channel[ENGINE_MAX_INPUTS]; /* first channel of each input in the output */
    struct engine_table table[ENGINE_MAX_INPUTS];
};

/* ---- the block ----------------------------------------------------------------------------------------- */

struct engine_node {
    struct engine_view view;
    struct quant_params q;
    int hidden; /* a low-bit network's sums, which stand for no values */
};

/* What the late ops of pictures that wait together do with a buffer. */
enum { BATCH_READS = 1, BATCH_WRITES = 2 };

/* What a state that keeps its maps needs (state.h). The ops before `whole` compute what differs, the others
 * run whole, from `batch` on together. */
struct engine_kept {
    int whole, batch;
    size_t arena_bytes, picture_bytes; /* from one waiting picture's place to the next's */
    size_t scratch_bytes, mask_words, map_words, work_words, window_bytes, out_bytes, padded_bytes;
    int width;
};

struct engine_head {
    size_t bytes; /* of the block */
    char isa[16];
    enum precision_form form;
    enum engine_arithmetic arithmetic;
    int ops, nodes, buffers;
    int output, cam, classes;
    size_t op, node, buffer, kept_buffer, late_buffer, use, mask, parameters, weights; /* offsets */
    size_t arena_bytes, scratch_bytes, weight_bytes;
    struct engine_kept kept;
};

struct engine_plan {
    const struct kernel_table *kernels, *reference;
    const struct engine_head *head; /* where the block begins */
    const struct engine_op *op;
    const struct engine_node *node;
    const struct engine_buffer *buffer; /* of whole runs */
    const struct engine_buffer *kept;   /* of a state that keeps its maps */
    const struct engine_buffer *late;   /* its first waiting picture's; offsets only */
    const uint8_t *use;                 /* (buffers) BATCH_READS, BATCH_WRITES */
    const size_t *mask;                 /* (buffers) where the mask begins, in words */
    const uint8_t *parameters, *weights;
    void *owned; /* the block, where nobody else has it */
};

/* Bytes, or values, to whole vectors of the widest kind. */
static inline size_t plan_lanes(size_t count)
{
    return (count + ENGINE_LANES - 1) / ENGINE_LANES * ENGINE_LANES;
}

/* The same of a map: a vector may be read past the last element. */
static inline size_t plan_room(size_t bytes)
{
    return plan_lanes(bytes + ENGINE_LANES);
}

static inline const void *plan_parameters(const struct engine_plan *p, const struct engine_op *op)
{
    return p->parameters + op->parameters;
}

static inline int plan_codes(const struct engine_plan *p)
{
    return p->head->form == PRECISION_CODES;
}

/* Does an op compute with codes? Its first input's values tell; a network of codes may have real ones, too.
 */
static inline int plan_op_codes(const struct engine_op *op)
{
    return (op->inputs > 0 ? op->in[0].element : op->out.element) == 1;
}

/* ---- a picture on its way ------------------------------------------------------------------------------ */

/* The memory of one picture: base + buffer[i].offset. */
struct engine_pass {
    const struct engine_plan *plan;
    uint8_t *base;
    const struct engine_buffer *buffer;
    void *scratch;
    const uint8_t *pixels; /* borrowed during engine_run */
    const float *real;     /* borrowed during engine_run_real, which has no pixels */
};

static inline uint8_t *pass_at(const struct engine_pass *p, const struct engine_view *v)
{
    return p->base + p->buffer[v->buffer].offset + v->first * (size_t)v->element;
}

/* ---- layout.c ------------------------------------------------------------------------------------------ */

/* What a plan's maps need, all of it found from ops, nodes and the lives of buffers. */
struct engine_layout {
    struct engine_buffer *buffer, *kept, *late; /* (buffers); of `buffer` the lives are given */
    uint8_t *use;
    size_t *mask;
};
MUST_USE status layout_make(const struct engine_plan *p, struct engine_head *head, struct engine_layout *out);

/* ---- arithmetic.c: constants of numerics 2, made once -------------------------------------------------- */

void arithmetic_input_real(const struct model_input *in, float table[][256]);
void arithmetic_input_code(enum engine_arithmetic a, const struct model_input *in, struct quant_params q,
                           uint8_t table[][256]);
MUST_USE status arithmetic_add(enum engine_arithmetic a, struct quant_params qa, struct quant_params qb,
                               struct quant_params qo, enum engine_relu relu, struct kernel_add_u8 *out);
MUST_USE status arithmetic_mul(enum engine_arithmetic a, struct quant_params qa, struct quant_params qb,
                               struct quant_params qo, enum engine_relu relu, struct kernel_mul_u8 *out);
/* A sum's constants become a difference's. ERR_MISMATCH where the arithmetic has none of codes. */
MUST_USE status arithmetic_less(enum engine_arithmetic a, struct kernel_add_u8 *sum);
/* The least and the largest code that come out. */
int arithmetic_low(struct quant_params q, enum engine_relu relu);
int arithmetic_high(struct quant_params q, enum engine_relu relu);
void arithmetic_relu(struct quant_params q, enum engine_relu relu, struct engine_table *out);
void arithmetic_hardswish(enum engine_arithmetic a, struct quant_params in, struct quant_params q,
                          struct engine_table *out);
void arithmetic_hardsigmoid(enum engine_arithmetic a, struct quant_params in, struct quant_params q,
                            struct engine_table *out);
/* An activation by torch's way; a clip and a leakyrelu keep their input's scale. */
void arithmetic_activation(const struct kernel_table *k, enum engine_arithmetic a, const struct model_node *n,
                           enum engine_relu relu, struct quant_params in, struct quant_params q,
                           struct engine_table *out);
/* A cat's input. fused: dequantized in one fused step, as vectors do, else by 2.1. */
void arithmetic_requantize(struct quant_params in, struct quant_params q, int fused,
                           struct engine_table *out);
/* Over a whole map of so many pixels. */
float arithmetic_average_factor(enum engine_arithmetic a, struct quant_params q, int pixels);
/* torch's mean([2,3]) of a channels_last quantized tensor under fbgemm: real values, summed in its cascade.
 */
void arithmetic_mean(const uint8_t *in, int pixels, int channels, int pitch, struct quant_params q,
                     uint8_t *out);
/* The last (numel mod 64) elements of a sum under fbgemm take the unfused dequantization. */
uint8_t arithmetic_add_tail(const struct kernel_add_u8 *p, int qa, int qb);

/* ---- deployed.c: the same of deployed files (deployed-files 2 and 4) -------------------------------------
 */

/* The runtime whose arithmetic it is. */
enum model_family deployed_family(enum engine_arithmetic a);
/* factor = multiplier / 2^31 * 2^shift, for kernel_fixed. ERR_RANGE. */
MUST_USE status deployed_fixed(double factor, int32_t *multiplier, int32_t *shift);
/* How real values become codes; of one the code. */
struct kernel_quantize deployed_quantize(enum engine_arithmetic a, struct quant_params q);
int deployed_code(enum engine_arithmetic a, float x, struct quant_params q);
/* A layer of codes by weights without zero points, to codes whose products stay within 32 bits. */
int deployed_is_plain(const struct model_binding *b, int node);
/* The codes of low and high. */
struct deployed_ends {
    int low, high;
};
struct deployed_ends deployed_ends(enum engine_arithmetic a, struct quant_params q, float low, float high);
struct deployed_ends deployed_relu(enum engine_arithmetic a, struct quant_params q, enum engine_relu relu);
/* ERR_RANGE where a scale is outside the runtime's range. */
MUST_USE status deployed_add(enum engine_arithmetic a, struct quant_params qa, struct quant_params qb,
                             struct quant_params qo, enum engine_relu relu, struct kernel_add_u8 *out);
MUST_USE status deployed_mul(enum engine_arithmetic a, struct quant_params qa, struct quant_params qb,
                             struct quant_params qo, enum engine_relu relu, struct kernel_mul_u8 *out);

/* sums.c: KIND_SUM's row in the table of ops. */
void sums_run(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect);

/* ---- tables.c: functions of one code in deployed files ------------------------------------------------ */

/* An activation, whose ends are among the codes. ERR_MISMATCH where the runtime has none, ERR_RANGE. */
MUST_USE status tables_make(enum engine_arithmetic a, const struct model_node *n, struct deployed_ends ends,
                            struct quant_params in, struct quant_params out, struct engine_table *t);
/* Codes of another scale; a cat's input. */
MUST_USE status tables_quantize(enum engine_arithmetic a, struct quant_params in, struct quant_params out,
                                struct engine_table *t);
MUST_USE status tables_join(enum engine_arithmetic a, struct quant_params in, struct quant_params out,
                            struct engine_table *t);

/* ---- average.c ----------------------------------------------------------------------------------------- */

/* The rule of a node's average of codes. ERR_RANGE. */
MUST_USE status average_rule(enum engine_arithmetic a, const struct model_node *n,
                             struct engine_average *out);
void average_run(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect);

/* ---- pack.c -------------------------------------------------------------------------------------------- */

/* A convolution, linear layer, batch normalisation or constant whose parameters are still to be packed. in
 * and out: the quantization of input and output, codes only. */
struct pack_job {
    int node, op;
    enum engine_kind kind;
    struct quant_params in, out;
    enum engine_relu relu;
    enum kernel_unit_part part; /* of a KIND_UNIT */
    size_t constant;            /* KIND_ADD, KIND_MUL: where it lies in the weights */
};

/* deployed.c: a deployed file's constants, four rows of c->lanes, and what c has of them. ERR_RANGE. */
MUST_USE status deployed_layer(enum engine_arithmetic a, const struct model_layer *l,
                               const struct pack_job *job, struct engine_conv *c, uint8_t *constants);
/* The kernels that compute a layer, and its requantization from group `group` on. */
const struct kernel_table *pack_kernels(const struct engine_plan *p, const struct engine_conv *c);
struct kernel_requant pack_requant(const struct engine_plan *p, const struct engine_conv *c, int group);
/* Takes room for so many bytes in the weights. */
size_t pack_take(struct engine_head *head, size_t bytes);
/* Finds the packed form: c->shape and groups are those of the plain layer, and become the kernels'. Takes
 * room in the weights and raises the scratch that `head` counts. Returns the op's kind. */
enum engine_kind pack_shape(struct engine_head *head, const struct engine_plan *p, struct engine_conv *c);
/* The same of a unit, whose shape and saturation are given. */
void pack_unit_room(struct engine_head *head, const struct engine_plan *p, struct engine_unit *u);
/* Loads the parameters of a unit's layer and packs them. */
MUST_USE status pack_unit(const struct engine_plan *p, const struct model_binding *b,
                          const struct pack_job *job, struct engine_unit *u, uint8_t *weights);
/* Takes room for a batch normalisation's constants. */
void pack_affine_room(struct engine_head *head, int channels, struct engine_affine *a);
/* Loads them to where there is room in `weights`. */
MUST_USE status pack_affine(const struct engine_plan *p, const struct model_binding *b,
                            const struct pack_job *job, const struct engine_affine *a, uint8_t *weights);
/* Loads the layer's parameters and packs them to where pack_shape found room in `weights`. */
MUST_USE status pack_layer(const struct engine_plan *p, const struct model_binding *b,
                           const struct pack_job *job, struct engine_conv *c, uint8_t *weights);

/* ---- lowbit.c: trained low-bit networks -------------------------------------------------------------------
 */

MUST_USE status lowbit_pack_layer(const struct engine_plan *p, const struct model_binding *b,
                                  const struct pack_job *job, struct engine_conv *c, uint8_t *weights);
MUST_USE status lowbit_pack_real(const struct engine_plan *p, const struct model_binding *b, int node,
                                 const struct engine_lowbit_real *a, uint8_t *weights);
void lowbit_pack_pact(const struct engine_lowbit_pact *a, uint8_t *weights);
/* parts.c */
MUST_USE status parts_pack_codes(const struct model_binding *b, int node, const struct engine_lowbit_codes *a,
                                 uint8_t *weights);
MUST_USE status parts_pack(const struct engine_plan *p, const struct model_binding *b, int node,
                           struct engine_lowbit_parts *a, uint8_t *weights);
MUST_USE status lowbit_pack_head(const struct model_binding *b, int node, const struct engine_lowbit_head *a,
                                 uint8_t *weights);
/* lowbit_run.c: their rows in the table of ops. */
void lowbit_run_real(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect);
void lowbit_run_pact(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect);
void parts_run_codes(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect);
void parts_run(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect);
void lowbit_run_add(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect);
void lowbit_run_sum(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect);
void lowbit_run_head(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect);

/* ---- ops.c: ops that no kernel computes, or not all of ---------------------------------------------------
 */

void ops_run_average(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect);
void ops_run_leakyrelu(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect);
void ops_run_tanh(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect);
void ops_run_pad(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect);
void ops_run_quantize(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect);
void ops_run_dequantize(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect);
/* Bytes of the copy of a window with its padding. */
size_t ops_average_scratch_bytes(const struct engine_average *a, int element);

/* ---- unit.c -------------------------------------------------------------------------------------------- */

void unit_run(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect);

/* ---- run.c: the table of ops --------------------------------------------------------------------------- */

/* Computes a rectangle of the output from its inputs alone; nothing is allocated. An op that has tiles
 * computes all of those that the rectangle meets. */
void run_op(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect);
struct kernel_rect run_whole(const struct engine_op *op);
/* The side of the tiles in which the op computes its output; 1: positions. */
int run_tile(const struct engine_plan *p, const struct engine_op *op);
/* What one position, or tile, of the output reads of an input, as a window: ih to ow, kh to pad. kh = 0: all
 * of it. */
struct kernel_conv run_reach(const struct engine_plan *p, const struct engine_op *op, int input);
/* A linear layer, or a convolution of one group: its positions can be computed in any order, if each window's
 * rows lie without gaps. */
int run_is_dense(const struct engine_plan *p, const struct engine_op *op);
/* One that computes its positions where its input lies. */
int run_takes_points(const struct engine_plan *p, const struct engine_op *op);
/* Whether outputs that came out as they were are worth finding: codes, rounded values and pixels. Of sums of
 * reals hardly any does, and looking would cost more than it saves. */
int run_is_compared(const struct engine_plan *p, const struct engine_op *op);
/* How many eighths of a map make the whole map the cheaper way. */
int run_whole_eighths(const struct engine_plan *p, const struct engine_op *op);
/* (classes) real values of the output node's, which lie at `values`. */
void run_logits(const struct engine_plan *p, const void *values, float *logits);

#endif
