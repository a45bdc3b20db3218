/* tests/deploy/test_tflite_composed.c: layer normalisation and gelu of a TFLite file, in one op and in
 * several, and linear layers of every position, as Keras writes them. */
#include "deploy/tflite_lines.h"

enum { C = 4, SIDE = 3 };

static const struct deploy_options how = { .input = "resize squash bilinear mean 0 0 0 std 1 1 1",
                                           .skip = -1 };

static int map(const char *name, int channels)
{
    return add_tensor(name, TFLITE_F32, DIM(1, SIDE, SIDE, channels), 0, 0);
}

static int one(const char *name)
{
    return map(name, 1);
}

static int constant(const char *name, int count, float value)
{
    float values[16];

    for (int i = 0; i < count; i++)
        values[i] = value + (float)i;
    return add_constant(name, TFLITE_F32, DIM(count), 0, 0, values, (size_t)count * sizeof *values);
}

static int mean(int of, int axes, const char *name)
{
    int t = one(name);

    set_option(add_op(TFLITE_MEAN, IN(of, axes), t, 27), 0, 1, 1);
    return t;
}

/* Keras's layer normalisation of x; the number of its first op. */
static int write_norm(int x, int *out)
{
    int axes = add_numbers("axis", (int[]){ -1 }, 1), first = net.ops, m = mean(x, axes, "m"),
        minus = one("minus"), square = map("square", C), variance, steady = one("steady"), root = one("root"),
        inverse = map("inverse", C), shift = map("shift", C), all = map("all", C), scaled = map("scaled", C);

    add_op(TFLITE_NEG, IN(m), minus, 0);
    add_op(TFLITE_SQUARED_DIFFERENCE, IN(x, m), square, 0);
    variance = mean(square, axes, "variance");
    add_op(TFLITE_ADD, IN(variance, constant("eps", 1, 0.5f)), steady, 0);
    add_op(TFLITE_RSQRT, IN(steady), root, 0);
    add_op(TFLITE_MUL, IN(root, constant("gamma", C, 2)), inverse, 0);
    add_op(TFLITE_MUL, IN(minus, inverse), shift, 0);
    add_op(TFLITE_ADD, IN(shift, constant("beta", C, 7)), all, 0);
    add_op(TFLITE_MUL, IN(x, inverse), scaled, 0);
    *out = map("norm", C);
    add_op(TFLITE_ADD, IN(scaled, all), *out, 0);
    return first;
}

/* open: of a file that takes any number of pictures, which leaves rows of positions open. */
static void write_next(int open)
{
    int x, k, norm, rows, up, wide, bent, square, cube, part, sum, inner, tanh, share, half, last, y, weight;

    start();
    x = add_tensor("x", TFLITE_F32, DIM(1, SIDE, SIDE, 3), 0, 0);
    k = add_constant("k", TFLITE_F32, DIM(C, 1, 1, 3), 0, 0, (float[C * 3]){ 1 }, C * 3 * 4);
    y = map("conv", C);
    set_conv(add_op(TFLITE_CONV_2D, IN(x, k, constant("b", C, 0)), y, 1), 0, 1, 0, 0);
    write_norm(y, &norm);
    rows = add_tensor("rows", TFLITE_F32, open ? (int[]){ 1, 1 } : (int[]){ SIDE * SIDE, C }, 2, 0, 0);
    tensors[rows].unknown = open;
    add_op(TFLITE_RESHAPE, IN(norm), rows, 0);
    up = add_tensor("up", TFLITE_F32, open ? (int[]){ 1, 2 } : (int[]){ SIDE * SIDE, 2 }, 2, 0, 0);
    weight = add_constant("w", TFLITE_F32, DIM(2, C), 0, 0, (float[2 * C]){ 1 }, 2 * C * 4);
    add_op(TFLITE_FULLY_CONNECTED, IN(rows, weight, -1), up, 0);
    wide = map("wide", 2);
    add_op(TFLITE_RESHAPE, IN(up), wide, 0);
    bent = map("bent", 2);
    set_option(add_op(TFLITE_GELU, IN(wide), bent, 116), 0, 1, 1);
    square = map("square", 2), cube = map("cube", 2), part = map("part", 2), sum = map("sum", 2),
    inner = map("inner", 2), tanh = map("tanh", 2), share = map("share", 2), half = map("half", 2),
    last = map("last", 2);
    add_op(TFLITE_MUL, IN(bent, bent), square, 0);
    add_op(TFLITE_MUL, IN(square, bent), cube, 0);
    add_op(TFLITE_MUL, IN(cube, constant("c", 1, 0.044715f)), part, 0);
    add_op(TFLITE_ADD, IN(bent, part), sum, 0);
    add_op(TFLITE_MUL, IN(sum, constant("r", 1, 0.797884583f)), inner, 0);
    add_op(TFLITE_TANH, IN(inner), tanh, 0);
    add_op(TFLITE_ADD, IN(tanh, constant("u", 1, 1)), share, 0);
    add_op(TFLITE_MUL, IN(share, constant("h", 1, 0.5f)), half, 0);
    add_op(TFLITE_MUL, IN(bent, half), last, 0);
    add_head(last, TFLITE_F32, 2, 0, 0);
}

static void test_next(void)
{
    static const char lines[] = "conv conv x  out 4 kernel 1 stride 1 pad 0 groups 1  weight conv\n"
                                "layernorm norm conv  weight norm eps 0.5  quant norm\n"
                                "conv up norm  out 2 kernel 1 stride 1 pad 0 groups 1  weight up\n"
                                "gelu bent up  approximate 1  quant bent\n"
                                "gelu last bent  approximate 1  quant last\n"
                                "mean mean last\n"
                                "linear logits mean  out 2  weight logits\n"
                                "output logits\n"
                                "cam last\n";
    const struct tensor *t;
    struct deploy_network n;

    for (int open = 0; open < 2; open++) {
        write_next(open);
        check_lines(&how, lines);
    }
    CHECK(read_net(&how, &n) == OK);
    t = table_find(&n.weights, "norm.weight");
    CHECK(t && tensor_count(t) == C && tensor_at(t, 0) == 2 && tensor_at(t, 3) == 5);
    t = table_find(&n.weights, "norm.bias");
    CHECK(t && tensor_at(t, 0) == 7 && tensor_at(t, 3) == 10);
    t = table_find(&n.weights, "up.weight");
    CHECK(t && t->rank == 2 && t->dim[0] == 2 && t->dim[1] == C);
    deploy_free(&n);
}

static void test_refused(void)
{
    int first = 1;

    write_next(0);
    tensors[ops[first].input[1]].data = (const uint8_t *)(int[]){ 1 }; /* along rows */
    check_refused("op 11 (ADD): it normalises over another axis than the channels");
    write_next(0);
    set_option(&ops[first + 2], 0, 1, 0); /* the square of another difference */
    ops[first + 2].input[0] = ops[0].input[0];
    check_refused(
        "(MEAN): it is over other extents than both of a map, and no part of a layer normalisation");
    write_next(0);
    set_option(&ops[first + 4], 0, 1, 1); /* a relu within */
    ops[first + 4].options = 11;
    check_refused(
        "(MEAN): it is over other extents than both of a map, and no part of a layer normalisation");
    write_next(0);
    tensors[ops[first + 6].input[1]].dim[0] = 2; /* gamma */
    tensors[ops[first + 6].input[1]].bytes = 8;
    check_refused("op 11 (ADD): it normalises with a constant of 2 values of float32");
    write_next(0);
    set_option(&ops[first + 14], 0, 1, 2);
    check_refused("(GELU): approximation 2 is not from 0 to 1");
}

int main(void)
{
    test_next();
    test_refused();
    return check_result("deploy/tflite_composed");
}
