/* tests/deploy/test_tflite.c: small TFLite files written here, and what they become by hand: lines, weights,
 * scales; and what is refused, with its sentence. */
#include "deploy/tflite_lines.h"

static const struct tensor *find(const struct deploy_network *n, const char *name)
{
    const struct tensor *t = table_find(&n->weights, name);

    CHECK_MSG(t != NULL, "%s", name);
    return t;
}

/* ---- tests ------------------------------------------------------------------------------------------ */

static void test_unsigned(void)
{
    static const char text[] =
        "model net  TFLite, uint8\n"
        "input in_put  3 4 6  resize squash bilinear  mean 0.50196078431372548 0.50196078431372548 "
        "0.50196078431372548  std 0.50196078431372548 0.50196078431372548 0.50196078431372548  quant in_put\n"
        "conv net.conv.Relu6.conv in_put  out 2 kernel 3 stride 2 pad 0,0,1,1 groups 1  weight net.conv.Relu6"
        "  quant net.conv.Relu6\n"
        "relu6 net.conv.Relu6 net.conv.Relu6.conv\n"
        "mean mean net.conv.Relu6  quant mean\n"
        "linear logits mean  out 2  weight logits  quant logits\n"
        "output logits\n"
        "cam net.conv.Relu6\n";
    const struct tensor *t;
    struct deploy_network n;

    write_unsigned();
    CHECK(read_net(NULL, &n) == OK);
    CHECK_MSG(strcmp(n.description, text) == 0, "\n%s", n.description);
    t = find(&n, "net.conv.Relu6.weight"); /* (2, 3, 3, 3): the file has (o, h, w, i), codes from 10 on */
    CHECK(t->dtype == DTYPE_S8 && t->rank == 4 && t->quantization == TENSOR_PER_TENSOR);
    CHECK(t->scale[0] == .5 && t->zero_point[0] == 120 - 128);
    CHECK(tensor_at(t, 0) == 10 - 128);               /* 0 0 0 0 */
    CHECK(tensor_at(t, 1) == 10 + 3 - 128);           /* o 0 i 0 y 0 x 1 */
    CHECK(tensor_at(t, 9) == 10 + 1 - 128);           /* i 1 */
    CHECK(tensor_at(t, 27 + 3) == 10 + 27 + 9 - 128); /* o 1 y 1 */
    t = find(&n, "net.conv.Relu6.bias");
    CHECK(t->dtype == DTYPE_S32 && tensor_at(t, 0) == 7 && tensor_at(t, 1) == -9);
    CHECK(tensor_at(find(&n, "net.conv.Relu6.scale"), 0) == .125);
    CHECK(tensor_at(find(&n, "net.conv.Relu6.zero_point"), 0) == 3);
    CHECK(!table_find(&n.weights, "net.conv.Relu6.offset"));
    CHECK(tensor_at(find(&n, "in_put.zero_point"), 0) == 128);
    t = find(&n, "logits.weight");
    CHECK(t->rank == 2 && t->dim[1] == 2 && tensor_at(t, 3) == 3 - 128 && t->zero_point[0] == 1 - 128);
    CHECK(!table_find(&n.weights, "logits.bias"));
    CHECK(strcmp(table_note(&n.weights, "tensor.net.conv.Relu6"), "net/conv/Relu6;net/conv/BiasAdd") == 0);
    CHECK(strcmp(table_note(&n.weights, "quantcam.engine"), "tflite") == 0);
    CHECK(strstr(n.decided.data, "softmax at the end is taken off"));
    deploy_free(&n);
}

static void test_signed(void)
{
    static const char lines[] =
        "conv y x  out 2 kernel 1x3 stride 2 pad 1,3,2,4 groups 1  weight y  quant y\n"
        "conv z.conv y  out 4 kernel 3x1 stride 1 pad 0 groups 2  weight z  quant z\n"
        "relu z z.conv\n"
        "linear logits z  out 1  weight logits  quant logits\n"
        "quantize codes logits  quant codes\n"
        "output codes\n"
        "cam z\n";
    const struct tensor *t;
    struct deploy_network n;

    write_signed();
    check_lines(NULL, lines);
    CHECK(read_net(NULL, &n) == OK);
    CHECK(tensor_at(find(&n, "x.zero_point"), 0) == 0 && tensor_at(find(&n, "x.offset"), 0) == 128);
    CHECK(tensor_at(find(&n, "y.zero_point"), 0) == 138);
    CHECK(!table_find(&n.weights, "codes.offset"));
    t = find(&n, "y.weight"); /* (2, 1, 1, 3) of codes -2 .. 3 */
    CHECK(t->dim[2] == 1 && t->dim[3] == 3 && tensor_at(t, 0) == -2 && tensor_at(t, 5) == 3);
    t = find(&n, "z.weight"); /* (4, 1, 3, 1): taps 0 and 2 are the file's (y, o), codes 1 .. 8 */
    CHECK(t->quantization == TENSOR_PER_CHANNEL && t->axis == 0 && t->scale[3] == 4);
    CHECK(t->dim[0] == 4 && t->dim[1] == 1 && t->dim[2] == 3 && t->dim[3] == 1);
    for (int o = 0; o < 4; o++)
        CHECK(tensor_at(t, 3 * o) == 1 + o && tensor_at(t, 3 * o + 1) == 0 &&
              tensor_at(t, 3 * o + 2) == 5 + o);
    t = find(&n, "logits.weight"); /* c, h, w of the file's h, w, c, extents 2, 5, 4 */
    for (int c = 0; c < 4; c++)
        for (int at = 0; at < 10; at++)
            CHECK(tensor_at(t, c * 10 + at) == at * 4 + c);
    deploy_free(&n);
}

static void test_real(void)
{
    static const char lines[] = "conv y.conv x  out 4 kernel 1 stride 1 pad 0 groups 1  weight y\n"
                                "clip y y.conv  low -1 high 1\n"
                                "slice a y  begin 0 out 2\n"
                                "slice b y  begin 2 out 2\n"
                                "leakyrelu leaky b  slope 0.125\n"
                                "cat cat leaky a  quant cat\n"
                                "shuffle shuffled cat  groups 2\n"
                                "avgpool last shuffled\n"
                                "sigmoid one last\n"
                                "mul gate shuffled one  quant gate\n"
                                "maxpool top gate  kernel 2x1 stride 2 pad 0\n"
                                "mean mean top\n"
                                "linear logits mean  out 2  weight logits\n"
                                "output logits\n"
                                "cam gate\n";
    const struct deploy_options how = { .input = "resize 9 bicubic crop 2 mean 0 0 0 std 1 1 1", .skip = -1 };
    const struct tensor *t;
    struct deploy_network n;

    write_real();
    CHECK(read_net(NULL, &n) == ERR_USAGE);
    check_lines(&how, lines);
    CHECK(read_net(&how, &n) == OK);
    CHECK(strstr(n.description, "input x  3 2 2  resize 9 bicubic crop 2 mean 0 0 0 std 1 1 1  quant x\n"));
    t = find(&n, "y.weight");
    CHECK(t->dtype == DTYPE_F32 && tensor_at(t, 0) == 1 && tensor_at(t, 1) == -2 && tensor_at(t, 2) == .5);
    CHECK(tensor_at(t, 3) == 0x1p-24);
    CHECK(!table_find(&n.weights, "y.scale"));
    deploy_free(&n);
}

/* Channels first, as converters of PyTorch's networks write it; codes with real numbers at both ends. */
static void test_planes(void)
{
    static const char lines[] = "quantize q x  quant q\n"
                                "maxpool pool q  kernel 2 stride 2 pad 0\n"
                                "dequantize real pool\n"
                                "relu6 six real\n"
                                "linear logits six  out 2  weight logits\n"
                                "output logits\n"
                                "cam six\n";
    const struct deploy_options how = { .input = "resize squash bilinear mean 0 0 0 std 1 1 1", .skip = -1 };
    const struct tensor *t;
    struct deploy_network n;
    float weight[24];
    int x, order, last, q, pool, real, six, back, first, shape, row, k, logits;

    start();
    for (int i = 0; i < 24; i++)
        weight[i] = (float)i;
    x = add_tensor("x", TFLITE_F32, DIM(1, 3, 4, 4), 0, 0);
    order = add_numbers("order", (int[]){ 0, 2, 3, 1 }, 4);
    last = add_tensor("last", TFLITE_F32, DIM(1, 4, 4, 3), 0, 0);
    add_op(TFLITE_TRANSPOSE, IN(x, order), last, 0);
    q = add_tensor("q", TFLITE_I8, DIM(1, 4, 4, 3), .5, 0);
    add_op(TFLITE_QUANTIZE, IN(last), q, 0);
    pool = add_tensor("pool", TFLITE_I8, DIM(1, 2, 2, 3), .5, 0);
    set_pool(add_op(TFLITE_MAX_POOL_2D, IN(q), pool, 5), 1, 2, 2, 2);
    real = add_tensor("real", TFLITE_F32, DIM(1, 2, 2, 3), 0, 0);
    add_op(TFLITE_DEQUANTIZE, IN(pool), real, 0);
    six = add_tensor("six", TFLITE_F32, DIM(1, 2, 2, 3), 0, 0);
    add_op(TFLITE_RELU6, IN(real), six, 0);
    back = add_numbers("back", (int[]){ 0, 3, 1, 2 }, 4);
    first = add_tensor("first", TFLITE_F32, DIM(1, 3, 2, 2), 0, 0);
    add_op(TFLITE_TRANSPOSE, IN(six, back), first, 0);
    shape = add_numbers("shape", (int[]){ 1, 12 }, 2);
    row = add_tensor("row", TFLITE_F32, DIM(1, 12), 0, 0);
    add_op(TFLITE_RESHAPE, IN(first, shape), row, 0);
    k = add_constant("k", TFLITE_F32, DIM(2, 12), 0, 0, weight, sizeof weight);
    logits = add_tensor("logits", TFLITE_F32, DIM(1, 2), 0, 0);
    add_op(TFLITE_FULLY_CONNECTED, IN(row, k, -1), logits, 0);
    net.output = logits;
    check_lines(&how, lines);
    CHECK(read_net(&how, &n) == OK);
    t = find(&n, "logits.weight"); /* c, h, w already */
    for (int i = 0; i < 24; i++)
        CHECK(tensor_at(t, i) == i);
    deploy_free(&n);
}

/* Sums and products with constants, as files have them whose batch normalisation or preprocessing is not
 * folded. */
static void test_constants(void)
{
    static const char lines[] =
        "batchnorm less x  weight less eps 0.0009765625  quant less\n"
        "batchnorm times.batchnorm less  weight times eps 0.0009765625  quant times.batchnorm\n"
        "relu times times.batchnorm\n"
        "batchnorm from times  weight from eps 0.0009765625  quant from\n"
        "mean mean from\n"
        "linear logits mean  out 2  weight logits\n"
        "output logits\n"
        "cam from\n";
    static const struct {
        const char *name;
        float value[3];
    } expected[] = {
        { "less.weight", { 1, 1, 1 } },
        { "less.bias", { -.5f, -.5f, -.5f } },
        { "times.weight", { 2, 3, 4 } },
        { "times.bias", { 0, 0, 0 } },
        { "from.weight", { -1, -1, -1 } },
        { "from.bias", { 2, 3, 4 } },
        { "from.running_mean", { 0 } },
        { "from.running_var", { 1 - 0x1p-10f, 1 - 0x1p-10f, 1 - 0x1p-10f } },
    };
    const struct deploy_options how = { .input = "resize squash bilinear mean 0 0 0 std 1 1 1", .skip = -1 };
    struct deploy_network n;
    int x, one, three, less, times, from;

    start();
    x = add_tensor("x", TFLITE_F32, DIM(1, 2, 2, 3), 0, 0);
    one = add_constant("one", TFLITE_F32, DIM(1), 0, 0, (float[]){ .5f }, 4);
    three = add_constant("three", TFLITE_F32, DIM(1, 1, 3), 0, 0, (float[]){ 2, 3, 4 }, 12);
    less = add_tensor("less", TFLITE_F32, DIM(1, 2, 2, 3), 0, 0);
    add_op(TFLITE_SUB, IN(x, one), less, 28);
    times = add_tensor("times", TFLITE_F32, DIM(1, 2, 2, 3), 0, 0);
    set_option(add_op(TFLITE_MUL, IN(three, less), times, 21), 0, 1, 1);
    from = add_tensor("from", TFLITE_F32, DIM(1, 2, 2, 3), 0, 0);
    add_op(TFLITE_SUB, IN(three, times), from, 28);
    add_head(from, TFLITE_F32, 3, 0, 0);
    check_lines(&how, lines);
    CHECK(read_net(&how, &n) == OK);
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        for (int c = 0; c < 3; c++)
            CHECK(tensor_at(find(&n, expected[i].name), c) == expected[i].value[c]);
    deploy_free(&n);
    tensors[three].dim[2] = 2;
    tensors[three].bytes = 8;
    check_refused("op 1 (MUL): it takes a constant of 2 values; one, or one a channel");
}

/* Codes take codes of their kind. */
static void test_coded_constants(void)
{
    static const char lines[] = "sub less x  weight less  quant less\n"
                                "mul times.mul less  weight times  quant times\n"
                                "relu6 times times.mul\n"
                                "mean mean times  quant mean\n"
                                "linear logits mean  out 2  weight logits  quant logits\n"
                                "output logits\n"
                                "cam times\n";
    const struct tensor *t;
    struct deploy_network n;
    int one;

    write_coded();
    one = ops[0].input[1];
    check_lines(NULL, lines);
    CHECK(read_net(NULL, &n) == OK);
    t = find(&n, "less.weight");
    CHECK(t->rank == 1 && t->dim[0] == 1 && t->dtype == DTYPE_S8 && tensor_at(t, 0) == 200 - 128);
    CHECK(t->quantization == TENSOR_PER_TENSOR && t->scale[0] == .25 && t->zero_point[0] == 3 - 128);
    t = find(&n, "times.weight");
    CHECK(t->rank == 1 && t->dim[0] == 3 && tensor_at(t, 0) == -128 && tensor_at(t, 2) == 127);
    deploy_free(&n);
    ops[0].input[0] = one;
    ops[0].input[1] = 0;
    check_refused("op 0 (SUB): it takes codes off a constant");
    tensors[one].type = TFLITE_I8;
    check_refused("op 0 (SUB): it takes a constant of int8 and a map of uint8");
}

static void test_int4(void)
{
    const struct tensor *t;
    struct deploy_network n;
    int k;

    write_signed();
    k = 3; /* "k": codes of six weights in three bytes, the low half first */
    CHECK(strcmp(tensors[k].name, "k") == 0);
    tensors[k].type = TFLITE_I4;
    tensors[k].data = "\x21\xf8\x7e";
    tensors[k].bytes = 3;
    CHECK(read_net(NULL, &n) == OK);
    t = find(&n, "y.weight");
    CHECK(tensor_at(t, 0) == 1 && tensor_at(t, 1) == 2 && tensor_at(t, 2) == -8 && tensor_at(t, 3) == -1);
    CHECK(tensor_at(t, 4) == -2 && tensor_at(t, 5) == 7);
    deploy_free(&n);
    tensors[k].bytes = 4;
    check_refused("its 6 values of 4 bits lie in 4 bytes");
}

/* Everything of the network stays but one thing. */
static void test_refused(void)
{
    const int op_conv = 0, op_mean = 1, x = 0, k = 1, b = 2, y = 3;

#define BAD(words, ...) (write_unsigned(), __VA_ARGS__, check_refused(words))
    BAD("op 0 (GATHER): it is not translated", ops[op_conv].code = 36);
    BAD("op 0 (code 206): it is not translated", ops[op_conv].code = 206);
    BAD("op 0 (CUSTOM): it is a custom op ('Mine')", ops[op_conv].code = 32, ops[op_conv].custom = "Mine");
    BAD("compiled for the Edge TPU", ops[op_conv].code = 32, ops[op_conv].custom = "edgetpu-custom-op");
    BAD("op 0 (CONV_2D): its options are of type 9, not 1", ops[op_conv].options = 9);
    BAD("padding 2 is not from 0 to 1", ops[op_conv].option[0].value = 2);
    BAD("stride 0 is not from 1", ops[op_conv].option[1].value = 0);
    BAD("its strides 2 down and 1 across differ", ops[op_conv].option[1].value = 1);
    BAD("its fused activation, code 4", ops[op_conv].option[3].value = 4);
    BAD("op 0: its input is tensor 99", ops[op_conv].input[0] = 99);
    BAD("op 0: its input is tensor -2", ops[op_conv].input[0] = -2);
    BAD("op 0: its output is tensor 99", ops[op_conv].output[0] = 99);
    BAD("op 0: it writes tensor 1, which has values already", ops[op_conv].output[0] = k);
    BAD("op 0: it reads tensor 3, which no op before it writes", ops[op_conv].input[0] = y);
    BAD("op 0: it keeps tensor 3 from one run to the next, as recurrent networks do",
        ops[op_conv].input[0] = y, tensors[y].kept = 1);
    BAD("op 0 (CUSTOM odd): it reads tensor 3, which", ops[op_conv].input[0] = y,
        ops[op_conv].code = TFLITE_CUSTOM, ops[op_conv].custom = "odd");
    BAD("op 0 (CONV_2D): tensor 1 (k): it has 6 extents", tensors[k].rank = 5, tensors[k].rank = 6);
    BAD("extent 0 is not from 1", tensors[k].dim[1] = 0);
    BAD("extent 2097152 is not from 1", tensors[k].dim[1] = 1 << 21);
    BAD("more than 2^30 elements", tensors[k].dim[1] = 1 << 20, tensors[k].dim[2] = 1 << 20);
    BAD("its 54 values of 8 bits lie in 53 bytes", tensors[k].bytes = 53);
    BAD("tensor 3 (net/conv/Relu6;net/conv/BiasAdd): it is of int16", tensors[y].type = TFLITE_I16);
    BAD("its output is of uint8, without one scale", tensors[y].scales = 0);
    BAD("scale 0 is 0, not above 0", tensors[y].scale[0] = 0);
    BAD("scale 0 is inf, not above 0", tensors[y].scale[0] = 1.0f / 0.0f);
    BAD("it has 3 scales for 1 channels", tensors[y].scales = 3);
    BAD("zero point 256 is not from 0 to 255", tensors[y].zero[0] = 256);
    BAD("other extents in the file than 2x2x3", tensors[y].dim[1] = 3, tensors[y].dim[2] = 2);
    BAD("its output has 18 elements in the file, and 12 follow", tensors[y].dim[1] = 3);
    BAD("its input is of uint8 and its weights of int8", tensors[k].type = TFLITE_I8, tensors[k].zero[0] = 0);
    BAD("its input is of uint8 and its weights float32", tensors[k].type = TFLITE_F32, tensors[k].scales = 0,
        tensors[k].bytes = 216);
    BAD("its bias has 2 values of float32", tensors[b].type = TFLITE_F32);
    BAD("its weights of 2 outputs and 2 inputs do not divide 3 channels", tensors[k].dim[3] = 2,
        tensors[k].bytes = 36);
    BAD("dynamic range", tensors[x].type = TFLITE_F32, tensors[x].scales = 0);
    BAD("its input has 3 extents", tensors[x].rank = 3);
    BAD("its input's extents are left open; convert the network for one size", tensors[x].unknown = 1);
    BAD("its input has 4 channels", tensors[x].dim[3] = 4, tensors[x].dim[1] = 5, tensors[x].dim[2] = 7);
    BAD("its input is of int32", tensors[x].type = TFLITE_I32);
    BAD("input 1 is missing", ops[op_conv].inputs = 1);
    BAD("it is over other extents than both of a map", tensors[4].bytes = 4, tensors[4].dim[0] = 1);
    BAD("op 1 (MEAN): it has no input or no output", ops[op_mean].inputs = 0);
    BAD("its output is a map of 2x2x3", net.output = y);
    BAD("no op makes its output in put", net.output = x);
#undef BAD
}

/* Cut at every byte, and every byte inverted: a sentence, or a network; no read outside. */
static void test_damage(void)
{
    const struct deploy_options how = { .input = "resize squash bilinear mean 0 0 0 std 1 1 1", .skip = -1 };
    static uint8_t whole[FLAT_MOST];
    long good = 0;

    write_signed();
    flat_tflite(&w, &net);
    memcpy(whole, w.bytes, w.size);
    for (size_t at = 0; at < 2 * w.size; at++) {
        size_t size = at < w.size ? at : w.size;
        uint8_t *copy = malloc(size ? size : 1);
        struct sketch d = { .path = "net" };
        struct deploy_network n = { 0 };
        status result;

        memcpy(copy, whole, size);
        if (at >= w.size)
            copy[at - w.size] ^= 0xff;
        result = tflite_read(copy, size, &how, &d, &n);
        /* The last tables are of buffers that nothing reads. */
        CHECK_MSG(at + 32 > w.size || result != OK, "cut at %zu", at);
        good += result == OK;
        sketch_free(&d);
        deploy_free(&n);
        free(copy);
    }
    CHECK_MSG(good > 100, "%ld", good);
}

int main(void)
{
    test_unsigned();
    test_signed();
    test_real();
    test_planes();
    test_constants();
    test_coded_constants();
    test_int4();
    test_refused();
    test_damage();
    CHECK(mem_live() == 0);
    return check_result("deploy/tflite");
}
