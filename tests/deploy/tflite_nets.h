/* tests/deploy/tflite_nets.h: small TFLite networks, written here, of uint8, int8 and real numbers.
 *
 *     write_unsigned();
 *     flat_tflite(&w, &net);      // w.bytes, w.size
 */
#ifndef QUANTCAM_TEST_TFLITE_NETS_H
#define QUANTCAM_TEST_TFLITE_NETS_H

#include "deploy/flat_write.h"
#include "deploy/tflite.h"

/* ---- a network being written ------------------------------------------------------------------------ */

static struct flat_writer w;
static struct flat_tensor tensors[64];
static struct flat_op ops[32];
static struct tflite_writing net;
static uint8_t bytes[1 << 16]; /* of constants */
static size_t used;

static inline void start(void)
{
    memset(tensors, 0, sizeof tensors);
    memset(ops, 0, sizeof ops);
    net = (struct tflite_writing){ .tensor = tensors, .op = ops };
    used = 0;
}

/* Real where scale is 0. */
static inline int add_tensor(const char *name, int type, const int *dim, int rank, double scale, int zero)
{
    struct flat_tensor *t = &tensors[net.tensors];

    *t = (struct flat_tensor){ .name = name,
                               .type = type,
                               .rank = rank,
                               .scales = scale > 0,
                               .scale = { (float)scale },
                               .zero = { zero } };
    memcpy(t->dim, dim, (size_t)rank * sizeof *dim);
    return net.tensors++;
}
#define DIM(...) (int[]){ __VA_ARGS__ }, (int)(sizeof((int[]){ __VA_ARGS__ }) / sizeof(int))

static inline int add_constant(const char *name, int type, const int *dim, int rank, double scale, int zero,
                               const void *data, size_t size)
{
    int t = add_tensor(name, type, dim, rank, scale, zero);

    memcpy(bytes + used, data, size);
    tensors[t].data = bytes + used;
    tensors[t].bytes = size;
    used += (size + 7) / 8 * 8;
    return t;
}

/* Codes first, first + 1, ... */
static inline int add_codes(const char *name, int type, const int *dim, int rank, double scale, int zero,
                            int first)
{
    uint8_t code[4096];
    size_t count = 1;

    for (int i = 0; i < rank; i++)
        count *= (size_t)dim[i];
    for (size_t i = 0; i < count; i++)
        code[i] = (uint8_t)(first + (int)i);
    return add_constant(name, type, dim, rank, scale, zero, code, count);
}

static inline int add_numbers(const char *name, const int *value, int count)
{
    return add_constant(name, TFLITE_I32, DIM(count), 0, 0, value, (size_t)count * 4);
}

static inline struct flat_op *add_op(int code, const int *input, int inputs, int output, int options)
{
    struct flat_op *op = &ops[net.ops++];

    *op = (struct flat_op){
        .code = code, .inputs = inputs, .outputs = 1, .output = { output }, .options = options
    };
    memcpy(op->input, input, (size_t)inputs * sizeof *input);
    return op;
}
#define IN(...) (int[]){ __VA_ARGS__ }, (int)(sizeof((int[]){ __VA_ARGS__ }) / sizeof(int))

static inline void set_option(struct flat_op *op, int field, int size, int64_t value)
{
    op->option[field].bytes = size;
    op->option[field].value = value;
    if (op->fields <= field)
        op->fields = field + 1;
}

/* Padding, strides, activation; dilations stay 1. */
static inline void set_conv(struct flat_op *op, int padding, int stride, int activation, int depthwise)
{
    set_option(op, 0, 1, padding);
    set_option(op, 1, 4, stride);
    set_option(op, 2, 4, stride);
    set_option(op, depthwise ? 4 : 3, 1, activation);
}

static inline void set_pool(struct flat_op *op, int padding, int stride, int kw, int kh)
{
    set_option(op, 0, 1, padding);
    set_option(op, 1, 4, stride);
    set_option(op, 2, 4, stride);
    set_option(op, 3, 4, kw);
    set_option(op, 4, 4, kh);
}

/* Behind a tensor of (1, h, w, c): the mean, a linear layer of two classes, softmax. */
static inline void add_head(int map, int type, int c, double scale, int zero)
{
    int axes = add_numbers("axes", (int[]){ 1, 2 }, 2);
    int mean = add_tensor("mean", type, DIM(1, c), scale, zero);
    int fc = type == TFLITE_F32
                 ? add_constant("fc/w", TFLITE_F32, DIM(2, c), 0, 0, (float[256]){ 1 }, (size_t)c * 8)
                 : add_codes("fc/w", type, DIM(2, c), .25, type == TFLITE_U8 ? 1 : 0, 0);
    int logits = add_tensor("logits", type, DIM(1, 2), scale, 5);
    int soft = add_tensor("soft", type, DIM(1, 2), scale, zero);

    add_op(TFLITE_MEAN, IN(map, axes), mean, 0);
    add_op(TFLITE_FULLY_CONNECTED, IN(mean, fc, -1), logits, 0);
    add_op(TFLITE_SOFTMAX, IN(logits), soft, 0);
    net.output = soft;
}

/* ---- some of them ----------------------------------------------------------------------------------- */

/* uint8 throughout: a convolution with an odd padding and relu6. */
static inline void write_unsigned(void)
{
    int x, k, b, y;

    start();
    x = add_tensor("in put", TFLITE_U8, DIM(1, 4, 6, 3), 1.0 / 128, 128);
    k = add_codes("k", TFLITE_U8, DIM(2, 3, 3, 3), .5, 120, 10);
    b = add_constant("b", TFLITE_I32, DIM(2), 1, 0, (int32_t[]){ 7, -9 }, 8);
    y = add_tensor("net/conv/Relu6;net/conv/BiasAdd", TFLITE_U8, DIM(1, 2, 3, 2), .125, 3);
    set_conv(add_op(TFLITE_CONV_2D, IN(x, k, b), y, 1), 0, 2, 3, 0);
    add_head(y, TFLITE_U8, 2, .125, 3);
}

/* int8: padding before a convolution without it, a depthwise one of two channels each with dilation and
 * scales of channels, a linear layer of a whole map. */
static inline void write_signed(void)
{
    int x, pads, padded, k, b, y, dk, z, shape, row, fk, logits, codes;
    struct flat_op *op;

    start();
    x = add_tensor("x", TFLITE_I8, DIM(1, 4, 4, 1), 1, -128);
    pads = add_numbers("pads", (int[]){ 0, 0, 1, 2, 3, 4, 0, 0 }, 8);
    padded = add_tensor("padded", TFLITE_I8, DIM(1, 7, 11, 1), 1, -128);
    add_op(TFLITE_PAD, IN(x, pads), padded, 0);
    k = add_codes("k", TFLITE_I8, DIM(2, 1, 3, 1), .5, 0, -2);
    b = add_constant("b", TFLITE_I32, DIM(2), 1, 0, (int32_t[]){ 1, 2 }, 8);
    y = add_tensor("y", TFLITE_I8, DIM(1, 4, 5, 2), .5, 10);
    set_conv(add_op(TFLITE_CONV_2D, IN(padded, k, b), y, 1), 1, 2, 0, 0);
    dk = add_codes("dk", TFLITE_I8, DIM(1, 2, 1, 4), .5, 0, 1);
    tensors[dk].scales = 4;
    tensors[dk].axis = 3;
    memcpy(tensors[dk].scale, (float[]){ 1, 2, 3, 4 }, 16);
    z = add_tensor("z", TFLITE_I8, DIM(1, 2, 5, 4), .5, -128);
    op = add_op(TFLITE_DEPTHWISE_CONV_2D, IN(y, dk, -1), z, 2);
    set_conv(op, 1, 1, 0, 1);
    set_option(op, 5, 4, 2);
    set_option(op, 6, 4, 2);
    shape = add_tensor("shape", TFLITE_I32, DIM(4), 0, 0);
    add_op(77, IN(z), shape, 0); /* SHAPE, which nothing but the reshape reads */
    row = add_tensor("row", TFLITE_I8, DIM(1, 40), .5, -128);
    add_op(TFLITE_RESHAPE, IN(z, shape), row, 0);
    fk = add_codes("fk", TFLITE_I8, DIM(1, 40), .5, 0, 0);
    logits = add_tensor("logits", TFLITE_I8, DIM(1, 1), .5, -128);
    add_op(TFLITE_FULLY_CONNECTED, IN(row, fk, -1), logits, 0);
    codes = add_tensor("codes", TFLITE_U8, DIM(1, 1), .5, 0);
    add_op(TFLITE_QUANTIZE, IN(logits), codes, 0);
    net.output = codes;
}

/* Real numbers: half weights, a pool, a shuffle, parts of channels and their row, leaky relu, products. */
static inline void write_real(void)
{
    static const uint16_t half[] = { 0x3c00, 0xc000, 0x3800, 0x0001, 0, 0, 0, 0, 0, 0, 0, 0 };
    float slope = .125f;
    uint32_t bits;
    int x, h, k, y, axis, a, b, leaky, cat, five, five_b, groups, shuffled, order, s5, last, one, gate, out;
    struct flat_op *op;

    start();
    memcpy(&bits, &slope, 4);
    x = add_tensor("x", TFLITE_F32, DIM(1, 2, 2, 3), 0, 0);
    h = add_constant("h", TFLITE_F16, DIM(4, 1, 1, 3), 0, 0, half, sizeof half);
    k = add_tensor("k", TFLITE_F32, DIM(4, 1, 1, 3), 0, 0);
    add_op(TFLITE_DEQUANTIZE, IN(h), k, 0);
    y = add_tensor("y", TFLITE_F32, DIM(1, 2, 2, 4), 0, 0);
    set_conv(add_op(TFLITE_CONV_2D, IN(x, k, -1), y, 1), 0, 1, 2, 0);
    axis = add_numbers("axis", (int[]){ -1 }, 1);
    a = add_tensor("a", TFLITE_F32, DIM(1, 2, 2, 2), 0, 0);
    b = add_tensor("b", TFLITE_F32, DIM(1, 2, 2, 2), 0, 0);
    op = add_op(TFLITE_SPLIT, IN(axis, y), a, 35);
    set_option(op, 0, 4, 2);
    op->outputs = 2;
    op->output[1] = b;
    leaky = add_tensor("leaky", TFLITE_F32, DIM(1, 2, 2, 2), 0, 0);
    set_option(add_op(TFLITE_LEAKY_RELU, IN(b), leaky, 75), 0, 4, bits);
    cat = add_tensor("cat", TFLITE_F32, DIM(1, 2, 2, 4), 0, 0);
    set_option(add_op(TFLITE_CONCATENATION, IN(leaky, a), cat, 10), 0, 4, 3);
    five = add_numbers("five", (int[]){ 1, 2, 2, 2, 2 }, 5);
    groups = add_tensor("groups", TFLITE_F32, DIM(1, 2, 2, 2, 2), 0, 0);
    add_op(TFLITE_RESHAPE, IN(cat, five), groups, 0);
    order = add_numbers("order", (int[]){ 0, 1, 2, 4, 3 }, 5);
    s5 = add_tensor("s5", TFLITE_F32, DIM(1, 2, 2, 2, 2), 0, 0);
    add_op(TFLITE_TRANSPOSE, IN(groups, order), s5, 0);
    five_b = add_numbers("five_b", (int[]){ 1, 2, 2, 4 }, 4);
    shuffled = add_tensor("shuffled", TFLITE_F32, DIM(1, 2, 2, 4), 0, 0);
    add_op(TFLITE_RESHAPE, IN(s5, five_b), shuffled, 0);
    last = add_tensor("last", TFLITE_F32, DIM(1, 1, 1, 4), 0, 0);
    set_pool(add_op(TFLITE_AVERAGE_POOL_2D, IN(shuffled), last, 5), 1, 1, 2, 2);
    one = add_tensor("one", TFLITE_F32, DIM(1, 1, 1, 4), 0, 0);
    add_op(TFLITE_LOGISTIC, IN(last), one, 0);
    gate = add_tensor("gate", TFLITE_F32, DIM(1, 2, 2, 4), 0, 0);
    add_op(TFLITE_MUL, IN(one, shuffled), gate, 21);
    out = add_tensor("top", TFLITE_F32, DIM(1, 1, 2, 4), 0, 0);
    set_pool(add_op(TFLITE_MAX_POOL_2D, IN(gate), out, 5), 0, 2, 1, 2);
    tensors[out].dim[2] = 1;
    add_head(out, TFLITE_F32, 4, 0, 0);
}

/* uint8: differences and products with constants. */
static inline void write_coded(void)
{
    int x, one, three, less, times;

    start();
    x = add_tensor("x", TFLITE_U8, DIM(1, 2, 2, 3), 1, 128);
    one = add_constant("one", TFLITE_U8, DIM(1), .25, 3, (uint8_t[]){ 200 }, 1);
    three = add_constant("three", TFLITE_U8, DIM(3), .125, 128, (uint8_t[]){ 0, 130, 255 }, 3);
    less = add_tensor("less", TFLITE_U8, DIM(1, 2, 2, 3), .5, 7);
    add_op(TFLITE_SUB, IN(x, one), less, 28);
    times = add_tensor("times", TFLITE_U8, DIM(1, 2, 2, 3), .5, 0);
    set_option(add_op(TFLITE_MUL, IN(three, less), times, 21), 0, 1, 3);
    add_head(times, TFLITE_U8, 3, .5, 0);
}

/* int8: a crop, every second position, padding with the least code, the largest of a map, an extent that the
 * file does not know. */
static inline void write_moves(void)
{
    int x, crop, half, padded, pads, pool, most, axes, row, shape, k, logits, least;

    start();
    x = add_tensor("x", TFLITE_I8, DIM(1, 8, 7, 3), 1, 0);
    crop = add_tensor("crop", TFLITE_I8, DIM(1, 5, 6, 3), 1, 0);
    add_op(TFLITE_SLICE,
           IN(x, add_numbers("b", (int[]){ 0, 1, 0, 0 }, 4), add_numbers("s", (int[]){ 1, 5, 6, -1 }, 4)),
           crop, 0);
    half = add_tensor("half", TFLITE_I8, DIM(1, 3, 3, 3), 1, 0);
    set_option(
        add_op(TFLITE_STRIDED_SLICE,
               IN(crop, add_numbers("b2", (int[]){ 0, 0, 0, 0 }, 4),
                  add_numbers("e2", (int[]){ 0, 0, 0, 0 }, 4), add_numbers("s2", (int[]){ 1, 2, 2, 1 }, 4)),
               half, 32),
        1, 4, 15);
    pads = add_numbers("pads", (int[]){ 0, 0, 1, 1, 0, 1, 0, 0 }, 8);
    least = add_constant("least", TFLITE_I8, DIM(1), .5, 0, (int8_t[]){ -128 }, 1);
    padded = add_tensor("padded", TFLITE_I8, DIM(1, 5, 4, 3), 1, 0);
    add_op(TFLITE_PADV2, IN(half, pads, least), padded, 0);
    pool = add_tensor("pool", TFLITE_I8, DIM(1, 4, 3, 3), 1, 0);
    set_pool(add_op(TFLITE_MAX_POOL_2D, IN(padded), pool, 5), 1, 1, 2, 2);
    axes = add_numbers("axes", (int[]){ 2, 1 }, 2);
    most = add_tensor("most", TFLITE_I8, DIM(1, 3), 1, 0);
    add_op(TFLITE_REDUCE_MAX, IN(pool, axes), most, 0);
    shape = add_numbers("shape", (int[]){ -1, 3 }, 2);
    row = add_tensor("row", TFLITE_I8, DIM(1, 1), 1, 0);
    tensors[row].unknown = 1;
    add_op(TFLITE_RESHAPE, IN(most, shape), row, 0);
    k = add_codes("k", TFLITE_I8, DIM(2, 3), .5, 0, 0);
    logits = add_tensor("logits", TFLITE_I8, DIM(1, 2), 1, 0);
    add_op(TFLITE_FULLY_CONNECTED, IN(row, k, -1), logits, 0);
    net.output = logits;
}

/* int8: a convolution among batches of every second position, as converters write dilation. */
static inline void write_apart(void)
{
    int x = 0, block, pads, crops, apart, k, b, y, whole;

    start();
    x = add_tensor("x", TFLITE_I8, DIM(1, 5, 6, 1), 1, -128);
    block = add_numbers("block", (int[]){ 2, 2 }, 2);
    pads = add_numbers("pads", (int[]){ 2, 3, 1, 1 }, 4);
    crops = add_numbers("crops", (int[]){ 0, 1, 0, 1 }, 4);
    apart = add_tensor("apart", TFLITE_I8, DIM(4, 5, 4, 1), 1, -128);
    add_op(TFLITE_SPACE_TO_BATCH_ND, IN(x, block, pads), apart, 0);
    k = add_codes("k", TFLITE_I8, DIM(2, 3, 3, 1), .5, 0, 1);
    b = add_constant("b", TFLITE_I32, DIM(2), 1, 0, (int32_t[]){ 7, -9 }, 8);
    y = add_tensor("y", TFLITE_I8, DIM(4, 3, 2, 2), .5, 3);
    set_conv(add_op(TFLITE_CONV_2D, IN(apart, k, b), y, 1), 1, 1, 0, 0);
    whole = add_tensor("whole", TFLITE_I8, DIM(1, 5, 3, 2), .5, 3);
    add_op(TFLITE_BATCH_TO_SPACE_ND, IN(y, block, crops), whole, 0);
    add_head(whole, TFLITE_I8, 2, .5, 3);
}

#endif
