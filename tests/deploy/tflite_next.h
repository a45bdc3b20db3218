/* tests/deploy/tflite_next.h: a block of ConvNeXt as Keras's converter writes it, and metadata of a picture's
 * normalisation. */
#ifndef QUANTCAM_TEST_TFLITE_NEXT_H
#define QUANTCAM_TEST_TFLITE_NEXT_H

#include "deploy/tflite_nets.h"

enum { NEXT_C = 4, NEXT_SIDE = 3 };

static inline int next_map(const char *name, int channels)
{
    return add_tensor(name, TFLITE_F32, DIM(1, NEXT_SIDE, NEXT_SIDE, channels), 0, 0);
}

static inline int next_one(const char *name)
{
    return next_map(name, 1);
}

static inline int next_constant(const char *name, int count, float value)
{
    float values[16];

    for (int i = 0; i < count; i++)
        values[i] = value + (float)i;
    return add_constant(name, TFLITE_F32, DIM(count), 0, 0, values, (size_t)count * sizeof *values);
}

static inline int next_mean(int of, int axes, const char *name)
{
    int t = next_one(name);

    set_option(add_op(TFLITE_MEAN, IN(of, axes), t, 27), 0, 1, 1);
    return t;
}

/* Keras's layer normalisation of x; the number of its first op. */
static inline int write_norm(int x, int *out)
{
    int axes = add_numbers("axis", (int[]){ -1 }, 1), first = net.ops, m = next_mean(x, axes, "m"),
        minus = next_one("minus"), square = next_map("square", NEXT_C), variance, steady = next_one("steady"),
        root = next_one("root"), inverse = next_map("inverse", NEXT_C), shift = next_map("shift", NEXT_C),
        all = next_map("all", NEXT_C), scaled = next_map("scaled", NEXT_C);

    add_op(TFLITE_NEG, IN(m), minus, 0);
    add_op(TFLITE_SQUARED_DIFFERENCE, IN(x, m), square, 0);
    variance = next_mean(square, axes, "variance");
    add_op(TFLITE_ADD, IN(variance, next_constant("eps", 1, 0.5f)), steady, 0);
    add_op(TFLITE_RSQRT, IN(steady), root, 0);
    add_op(TFLITE_MUL, IN(root, next_constant("gamma", NEXT_C, 2)), inverse, 0);
    add_op(TFLITE_MUL, IN(minus, inverse), shift, 0);
    add_op(TFLITE_ADD, IN(shift, next_constant("beta", NEXT_C, 7)), all, 0);
    add_op(TFLITE_MUL, IN(x, inverse), scaled, 0);
    *out = next_map("norm", NEXT_C);
    add_op(TFLITE_ADD, IN(scaled, all), *out, 0);
    return first;
}

/* open: of a file that takes any number of pictures, which leaves rows of positions open. */
static inline void write_next(int open)
{
    int x, k, norm, rows, up, wide, bent, square, cube, part, sum, inner, tanh, share, half, last, y, weight;

    start();
    x = add_tensor("x", TFLITE_F32, DIM(1, NEXT_SIDE, NEXT_SIDE, 3), 0, 0);
    k = add_constant("k", TFLITE_F32, DIM(NEXT_C, 1, 1, 3), 0, 0, (float[NEXT_C * 3]){ 1 }, NEXT_C * 3 * 4);
    y = next_map("conv", NEXT_C);
    set_conv(add_op(TFLITE_CONV_2D, IN(x, k, next_constant("b", NEXT_C, 0)), y, 1), 0, 1, 0, 0);
    write_norm(y, &norm);
    rows = add_tensor("rows", TFLITE_F32, open ? (int[]){ 1, 1 } : (int[]){ NEXT_SIDE * NEXT_SIDE, NEXT_C },
                      2, 0, 0);
    tensors[rows].unknown = open;
    add_op(TFLITE_RESHAPE, IN(norm), rows, 0);
    up = add_tensor("up", TFLITE_F32, open ? (int[]){ 1, 2 } : (int[]){ NEXT_SIDE * NEXT_SIDE, 2 }, 2, 0, 0);
    weight = add_constant("w", TFLITE_F32, DIM(2, NEXT_C), 0, 0, (float[2 * NEXT_C]){ 1 }, 2 * NEXT_C * 4);
    add_op(TFLITE_FULLY_CONNECTED, IN(rows, weight, -1), up, 0);
    wide = next_map("wide", 2);
    add_op(TFLITE_RESHAPE, IN(up), wide, 0);
    bent = next_map("bent", 2);
    set_option(add_op(TFLITE_GELU, IN(wide), bent, 116), 0, 1, 1);
    square = next_map("square", 2), cube = next_map("cube", 2), part = next_map("part", 2),
    sum = next_map("sum", 2), inner = next_map("inner", 2), tanh = next_map("tanh", 2),
    share = next_map("share", 2), half = next_map("half", 2), last = next_map("last", 2);
    add_op(TFLITE_MUL, IN(bent, bent), square, 0);
    add_op(TFLITE_MUL, IN(square, bent), cube, 0);
    add_op(TFLITE_MUL, IN(cube, next_constant("c", 1, 0.044715f)), part, 0);
    add_op(TFLITE_ADD, IN(bent, part), sum, 0);
    add_op(TFLITE_MUL, IN(sum, next_constant("r", 1, 0.797884583f)), inner, 0);
    add_op(TFLITE_TANH, IN(inner), tanh, 0);
    add_op(TFLITE_ADD, IN(tanh, next_constant("u", 1, 1)), share, 0);
    add_op(TFLITE_MUL, IN(share, next_constant("h", 1, 0.5f)), half, 0);
    add_op(TFLITE_MUL, IN(bent, half), last, 0);
    add_head(last, TFLITE_F32, 2, 0, 0);
}

/* ---- metadata */

static struct flat_writer meta;

/* A table of one offset, in field `field`, from `from`; returns where that offset lies. */
static inline size_t meta_table(size_t from, int field)
{
    size_t place[FLAT_FIELDS];
    int sizes[FLAT_FIELDS] = { 0 };

    sizes[field] = 4;
    flat_link(&meta, from, flat_begin(&meta, sizes, field + 1, place));
    return place[field];
}

/* A list of one table, linked from `from`; returns where the table's offset lies. */
static inline size_t meta_list(size_t from)
{
    size_t list = flat_list(&meta, 1);

    flat_link(&meta, from, list);
    return list + 4;
}

static inline int64_t meta_bits(float value)
{
    uint32_t u;

    memcpy(&u, &value, sizeof u);
    return u;
}

static inline void write_metadata(const float *mean, const float *std, int count)
{
    size_t place[FLAT_FIELDS], options[FLAT_FIELDS], at;
    int64_t value[4];

    meta.size = 0;
    flat_add(&meta, 4, 0);
    flat_add(&meta, 4, 'M' | '0' << 8 | '0' << 16 | '1' << 24);
    at = meta_list(meta_table(0, 3));  /* graphs */
    at = meta_list(meta_table(at, 2)); /* inputs */
    at = meta_list(meta_table(at, 4)); /* process units */
    flat_link(&meta, at, flat_begin(&meta, (int[]){ 1, 4 }, 2, place));
    flat_put(&meta, place[0], 1, 1);
    flat_link(&meta, place[1], flat_begin(&meta, (int[]){ 4, 4 }, 2, options));
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < count; i++)
            value[i] = meta_bits(k ? std[i] : mean[i]);
        flat_link(&meta, options[k], flat_numbers(&meta, 4, value, count));
    }
    net.metadata = meta.bytes;
    net.metadata_bytes = meta.size;
}

/* A convolution of one position and the head. */
static inline void write_plain(int type)
{
    int x, y, k;

    start();
    x = add_tensor("x", type, DIM(1, 4, 4, 3), 0, 0);
    if (type == TFLITE_U8) {
        int real = add_tensor("real", TFLITE_F32, DIM(1, 4, 4, 3), 0, 0);

        add_op(TFLITE_CAST, IN(x), real, 0);
        x = real;
    }
    k = add_constant("k", TFLITE_F32, DIM(3, 1, 1, 3), 0, 0, (float[9]){ 1 }, 36);
    y = add_tensor("y", TFLITE_F32, DIM(1, 4, 4, 3), 0, 0);
    set_conv(add_op(TFLITE_CONV_2D, IN(x, k, -1), y, 1), 0, 1, 0, 0);
    add_head(y, TFLITE_F32, 3, 0, 0);
}

#endif
