/* src/engine/step.h: what a plan is made of. Private to the room.
 *
 * A node's output is a view of a buffer: its own, its producer's (a relu fused into a convolution, a slice)
 * or a channel range of the cat that takes it. A buffer lives from the step that first writes it to the last
 * that reads it. */
#ifndef ENGINE_STEP_H
#define ENGINE_STEP_H

#include "engine.h"

enum { ENGINE_FOREVER = 1 << 30, ENGINE_LANES = 64, ENGINE_MAX_INPUTS = 2 * MODEL_MAX_INPUTS };

/* first, last: numbers of steps, both included. */
struct engine_buffer {
    size_t bytes, offset;
    int first, last;
};

/* Element (y, x, c) lies at data[(y * w + x) * pitch + c]; data is filled when the arena is there. */
struct engine_view {
    int buffer;
    size_t first; /* elements from the buffer's start */
    int c, h, w, pitch;
    void *data;
};

/* What is fused into a step, or what it is: RELU6 clamps at 6 (the codes of a file whose relu6 runs as relu,
 * as torch has it, are RELU's). */
enum engine_relu { ENGINE_NO_RELU, ENGINE_RELU, ENGINE_RELU6 };

/* A cat input that is requantized on the way, or a table of one code. */
struct engine_table {
    int unchanged;
    uint8_t code[256];
};

struct engine_step {
    void (*run)(const struct engine *e, const struct engine_step *s, struct kernel_rect rect);
    char name[MODEL_NAME];
    uint64_t macs;
    int inputs;
    struct engine_view in[ENGINE_MAX_INPUTS], out;
    int channel[ENGINE_MAX_INPUTS]; /* cat: first channel of each input in the output */

    /* convolution, linear, pooling */
    const struct kernel_table *kernels; /* `ref` for layers whose saturation is imitated */
    enum kernel_saturation saturation;
    struct kernel_conv shape; /* of one group */
    int groups;
    void *packed;
    size_t packed_bytes; /* of one group */
    struct kernel_requant requant;
    float *constants; /* owns requant's arrays */
    float low, high;

    /* element-wise, averages, input */
    struct kernel_add_u8 add;
    struct kernel_mul_u8 mul;
    int begin, shuffle_groups;
    float factor;
    struct quant_params q;      /* of the input, and of the average that goes through real values */
    struct engine_table *table; /* one an input, or one */
    float (*input_real)[256];
    uint8_t (*input_code)[256];
};

struct engine_node {
    struct engine_view view; /* buffer -1: fused away */
    struct quant_params q;
};

/* After this step the view's real values are rounded to what codes stand for. */
struct engine_rounding {
    int step;
    struct engine_view view;
    struct quant_params q;
};

struct engine {
    const struct kernel_table *kernels;
    enum precision_form form;
    enum engine_arithmetic arithmetic;
    struct engine_options options;
    struct engine_step *step;
    int steps;
    struct engine_node *node;
    int nodes, output, cam, classes;
    struct engine_buffer *buffer;
    int buffers;
    uint8_t *arena;
    size_t arena_bytes, scratch_bytes, weight_bytes;
    void *scratch;
    float *logits;
    const uint8_t *pixels;           /* borrowed during engine_run */
    const float *real;               /* borrowed during engine_run_real, which has no pixels */
    struct engine_delta *delta;      /* NULL until engine_keep */
    struct engine_rounding rounding; /* engine_round_node's; scale 0: none */
};

/* ---- arena.c */
/* Gives every buffer its offset so that no two that live at the same time overlap; returns the arena's size,
 * which ends in 64 bytes that may be read. Largest first, each at the lowest free place. */
MUST_USE status arena_assign(struct engine_buffer *buffer, int count, size_t *bytes);

/* Places the buffers, allocates the arena and points every view into it; again where the buffers' lives have
 * changed, and then what the arena held is gone. */
MUST_USE status arena_lay_out(struct engine *e);

/* ---- arithmetic.c: constants of numerics 2, made once */
void arithmetic_input_real(const struct model_input *in, float table[][256]);
void arithmetic_input_code(const struct model_input *in, struct quant_params q, uint8_t table[][256]);
MUST_USE status arithmetic_add(enum engine_arithmetic a, struct quant_params qa, struct quant_params qb,
                               struct quant_params qo, enum engine_relu relu, struct kernel_add_u8 *out);
void arithmetic_mul(struct quant_params qa, struct quant_params qb, struct quant_params qo,
                    enum engine_relu relu, struct kernel_mul_u8 *out);
/* The least and the largest code that come out. */
int arithmetic_low(struct quant_params q, enum engine_relu relu);
int arithmetic_high(struct quant_params q, enum engine_relu relu);
void arithmetic_relu(struct quant_params q, enum engine_relu relu, struct engine_table *out);
void arithmetic_hardswish(enum engine_arithmetic a, struct quant_params in, struct quant_params q,
                          struct engine_table *out);
void arithmetic_hardsigmoid(enum engine_arithmetic a, struct quant_params in, struct quant_params q,
                            struct engine_table *out);
/* A cat's input. fused: dequantized in one fused step, as vectors do, else by 2.1. */
void arithmetic_requantize(struct quant_params in, struct quant_params q, int fused,
                           struct engine_table *out);
float arithmetic_average_factor(enum engine_arithmetic a, struct quant_params q, int pixels);
/* torch's mean([2,3]) of a channels_last quantized tensor under fbgemm: real values, summed in its cascade.
 */
void arithmetic_mean(const uint8_t *in, int pixels, int channels, int pitch, struct quant_params q,
                     uint8_t *out);
/* The last (numel mod 64) elements of a sum under fbgemm take the unfused dequantization. */
uint8_t arithmetic_add_tail(const struct kernel_add_u8 *p, int qa, int qb);

/* ---- pack.c */
/* Loads one convolution's or linear layer's parameters and packs them; s->shape, groups, low and high are
 * set. in and out: the quantization of input and output, int8 only. Adds to e->weight_bytes and raises
 * e->scratch_bytes. */
MUST_USE status pack_layer(struct engine *e, struct engine_step *s, const struct model_binding *b, int node,
                           struct quant_params in, struct quant_params out, enum engine_relu relu);

/* ---- run.c: one function a kind of step */
void run_input(const struct engine *e, const struct engine_step *s, struct kernel_rect rect);
void run_conv(const struct engine *e, const struct engine_step *s, struct kernel_rect rect);
void run_depthwise(const struct engine *e, const struct engine_step *s, struct kernel_rect rect);
void run_maxpool(const struct engine *e, const struct engine_step *s, struct kernel_rect rect);
void run_average(const struct engine *e, const struct engine_step *s, struct kernel_rect rect);
void run_mean_cascade(const struct engine *e, const struct engine_step *s, struct kernel_rect rect);
void run_clamp(const struct engine *e, const struct engine_step *s, struct kernel_rect rect);
void run_hardswish(const struct engine *e, const struct engine_step *s, struct kernel_rect rect);
void run_hardsigmoid(const struct engine *e, const struct engine_step *s, struct kernel_rect rect);
void run_lookup(const struct engine *e, const struct engine_step *s, struct kernel_rect rect);
void run_add(const struct engine *e, const struct engine_step *s, struct kernel_rect rect);
void run_mul(const struct engine *e, const struct engine_step *s, struct kernel_rect rect);
void run_cat(const struct engine *e, const struct engine_step *s, struct kernel_rect rect);
void run_shuffle(const struct engine *e, const struct engine_step *s, struct kernel_rect rect);
/* (classes) real values of the output node's, which lie at `values`. */
void run_logits(const struct engine *e, const void *values, float *logits);
/* A step's whole output. */
struct kernel_rect run_whole(const struct engine_step *s);

struct engine_delta; /* delta.h */

#endif
