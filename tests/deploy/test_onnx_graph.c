#include "onnx_case.h"

#include <string.h>

static const char softmax[] = "softmax at the end is left out: the output is the logits\n";

static void test_lines(void)
{
    check_lines(
        "torch", softmax,
        "conv batchnormalization2 image  out 8 kernel 3 stride 1 pad 1 groups 1  weight batchnormalization2  "
        "bn batchnormalization2.bn eps 0.00100000005\n"
        "relu relu3 batchnormalization2\n"
        "conv conv4 relu3  out 8 kernel 3 stride 1 pad 1 groups 8  weight conv4\n"
        "relu6 clip5 conv4\n"
        "conv conv6 clip5  out 8 kernel 1x3 stride 1 pad 0,1,0,1 groups 1  weight conv6\n"
        "add add7 relu3 conv6  quant add7\n"
        "hardswish hardswish8 add7  quant hardswish8\n"
        "slice split9_0 hardswish8  begin 0 out 4\n"
        "slice split9_1 hardswish8  begin 4 out 4\n"
        "conv conv10 split9_1  out 4 kernel 5 stride 1 pad 2 groups 1  weight conv10\n"
        "silu mul12 conv10  quant mul12\n"
        "cat concat13 split9_0 mul12  quant concat13\n"
        "shuffle reshape26 concat13  groups 2\n"
        "avgpool globalaveragepool27 reshape26\n"
        "conv conv28 globalaveragepool27  out 4 kernel 1 stride 1 pad 0 groups 1  weight conv28\n"
        "relu relu29 conv28\n"
        "conv conv30 relu29  out 8 kernel 1 stride 1 pad 0 groups 1  weight conv30\n"
        "hardsigmoid hardsigmoid31 conv30\n"
        "mul mul32 reshape26 hardsigmoid31  quant mul32\n"
        "maxpool maxpool33 mul32  kernel 3 stride 2 pad 0 ceil 1\n"
        "avgpool2d averagepool34 maxpool33  kernel 3 stride 1 pad 1 count 1\n"
        "leakyrelu leakyrelu35 averagepool34  slope 0.125\n"
        "slice slice36 leakyrelu35  begin 1 out 7\n"
        "mean reducemean37 slice36\n"
        "linear logits reducemean37  out 5 weight logits\n"
        "output logits\n"
        "cam slice36\n");
    /* SAME_LOWER of a 4 x 4 map, window 3, stride 2: two windows, which lack one row: before the map. */
    check_lines("keras", softmax,
                "batchnorm sub1 image  weight sub1 eps 0.0009765625  quant sub1\n"
                "batchnorm div2 sub1  weight div2 eps 0.0009765625  quant div2\n"
                "conv conv5 div2  out 8 kernel 3 stride 2 pad 0,0,1,1 groups 1  weight conv5\n"
                "clip clip6 conv5  low -1 high 1\n"
                "conv conv7 clip6  out 8 kernel 3 stride 2 pad 1,1,0,0 groups 8  weight conv7\n"
                "batchnorm mul8 conv7  weight mul8 eps 0.0009765625  quant mul8\n"
                "pad pad9 mul8  pad 1,0,1,2\n"
                "maxpool maxpool10 pad9  kernel 2 stride 1 pad 0\n"
                "linear add14 maxpool10  out 6 weight add14\n"
                "relu relu15 add14\n"
                "linear logits relu15  out 5 weight logits\n"
                "output logits\n"
                "cam maxpool10\n");
}

/* Where the symmetric codes of int8 leave a relu its work, it is a node. */
static void test_coded_lines(void)
{
    static const char rest[] =
        "conv quantizelinear12 quantizelinear7  out 8 kernel 3 stride 1 pad 1 groups 8  weight "
        "quantizelinear12\n"
        "add quantizelinear15 quantizelinear7 quantizelinear12  quant quantizelinear15\n"
        "avgpool quantizelinear18 quantizelinear15  quant quantizelinear18\n"
        "conv quantizelinear23 quantizelinear18  out 8 kernel 1 stride 1 pad 0 groups 1  weight "
        "quantizelinear23\n"
        "hardsigmoid quantizelinear26 quantizelinear23  quant quantizelinear26\n"
        "mul quantizelinear29 quantizelinear15 quantizelinear26  quant quantizelinear29\n"
        "maxpool maxpool31 quantizelinear29  kernel 2 stride 2 pad 0\n"
        "slice split34_0 maxpool31  begin 0 out 4\n"
        "slice split34_1 maxpool31  begin 4 out 4\n"
        "sigmoid quantizelinear36 split34_1  quant quantizelinear36\n"
        "cat quantizelinear41 split34_0 quantizelinear36  quant quantizelinear41\n"
        "dequantize dequantizelinear42 quantizelinear41\n"
        "mean reducemean43 dequantizelinear42\n"
        "quantize quantizelinear44 reducemean43  quant quantizelinear44\n"
        "linear quantizelinear50 quantizelinear44  out 5 weight quantizelinear50\n"
        "output quantizelinear50\n"
        "cam quantizelinear41\n";
    static const char first[] = "quantize quantizelinear1 image  quant quantizelinear1\n";
    char text[4096];

    snprintf(text, sizeof text, "%s%s%s", first,
             "conv quantizelinear7 quantizelinear1  out 8 kernel 3 stride 1 pad 1 groups 1  weight "
             "quantizelinear7\n",
             rest);
    check_lines("qdq_u8s8", "", text);
    check_lines("qdq_u8u8", "", text);
    snprintf(text, sizeof text, "%s%s%s", first,
             "conv conv5 quantizelinear1  out 8 kernel 3 stride 1 pad 1 groups 1  weight conv5\n"
             "relu quantizelinear7 conv5\n",
             rest);
    check_lines("qdq_s8s8", "", text);
    check_lines(
        "qoperator", "",
        "quantize quantizelinear1 image  quant quantizelinear1\n"
        "conv qlinearconv2 quantizelinear1  out 8 kernel 3 stride 1 pad 1 groups 1  weight qlinearconv2\n"
        "conv qlinearconv3 qlinearconv2  out 8 kernel 3 stride 1 pad 1 groups 8  weight qlinearconv3\n"
        "add qlinearadd4 qlinearconv2 qlinearconv3  quant qlinearadd4\n"
        "avgpool qlinearglobalaveragepool5 qlinearadd4  quant qlinearglobalaveragepool5\n"
        "sigmoid qlinearsigmoid6 qlinearglobalaveragepool5  quant qlinearsigmoid6\n"
        "mul qlinearmul7 qlinearadd4 qlinearsigmoid6  quant qlinearmul7\n"
        "leakyrelu qlinearleakyrelu8 qlinearmul7  slope 0.25  quant qlinearleakyrelu8\n"
        "maxpool maxpool9 qlinearleakyrelu8  kernel 2 stride 2 pad 0\n"
        "avgpool2d qlinearaveragepool10 maxpool9  kernel 3 stride 1 pad 1  quant qlinearaveragepool10\n"
        "cat qlinearconcat11 maxpool9 qlinearaveragepool10  quant qlinearconcat11\n"
        "dequantize dequantizelinear12 qlinearconcat11\n"
        "mean reducemean13 dequantizelinear12\n"
        "quantize quantizelinear14 reducemean13  quant quantizelinear14\n"
        "linear qlinearmatmul15 quantizelinear14  out 5 weight qlinearmatmul15\n"
        "output qlinearmatmul15\n"
        "cam qlinearconcat11\n");
}

/* The runtime rounds between the product and the sum of a batch normalisation: two nodes do. */
static void test_norm(void)
{
    check_lines(
        "qdq_norm", "",
        "quantize quantizelinear1 image  quant quantizelinear1\n"
        "conv quantizelinear6 quantizelinear1  out 8 kernel 3 stride 1 pad 1 groups 1  weight "
        "quantizelinear6\n"
        "dequantize dequantizelinear7 quantizelinear6\n"
        "batchnorm batchnormalization8 dequantizelinear7  weight batchnormalization8 eps 0.0009765625\n"
        "batchnorm batchnormalization8_5 batchnormalization8  weight batchnormalization8_5 eps "
        "0.0009765625\n"
        "relu relu9 batchnormalization8_5\n"
        "quantize quantizelinear10 relu9  quant quantizelinear10\n"
        "avgpool quantizelinear13 quantizelinear10  quant quantizelinear13\n"
        "linear quantizelinear19 quantizelinear13  out 5 weight quantizelinear19\n"
        "output quantizelinear19\n"
        "cam quantizelinear10\n");
}

static double number(const struct deploy_network *net, const char *name, int64_t i)
{
    const struct tensor *t = table_find(&net->weights, name);

    CHECK_MSG(t && i < tensor_count(t), "%s", name);
    return t && i < tensor_count(t) ? tensor_at(t, i) : NAN;
}

/* Codes of uint8 are 128 less, with their zero points; of int8 activations the offset is said. */
static void test_codes(void)
{
    struct deploy_network net;
    const struct tensor *w;
    char shape[96];

    load("qdq_u8s8", &net);
    w = table_find(&net.weights, "quantizelinear12.weight");
    CHECK(w && strcmp(tensor_describe(w, shape, sizeof shape), "(8, 1, 3, 3) s8, per channel") == 0 &&
          w->channels == 8);
    w = table_find(&net.weights, "quantizelinear12.bias");
    CHECK(w && strcmp(tensor_describe(w, shape, sizeof shape), "(8) s32") == 0 &&
          !table_find(&net.weights, "quantizelinear12.weight_offset"));
    CHECK(number(&net, "quantizelinear1.zero_point", 0) == 128 &&
          number(&net, "quantizelinear1.codes", 1) == 255 &&
          !table_find(&net.weights, "quantizelinear1.offset"));
    CHECK(number(&net, "quantizelinear7.scale", 0) == (double).02f);
    CHECK(strcmp(table_note(&net.weights, "quantcam.engine"), "onnxruntime") == 0 &&
          strcmp(table_note(&net.weights, "quantcam.deployed"), "onnx") == 0 &&
          strcmp(table_note(&net.weights, "tensor.quantizelinear7"), "quantizelinear7") == 0);
    /* The runtime has no codes behind MaxPool but those of the QuantizeLinear, which are the same. */
    CHECK(strcmp(table_note(&net.weights, "tensor.maxpool31"), "quantizelinear32") == 0);
    deploy_free(&net);
    load("qdq_u8u8", &net);
    w = table_find(&net.weights, "quantizelinear50.weight");
    CHECK(w && strcmp(tensor_describe(w, shape, sizeof shape), "(5, 8) s8, per tensor") == 0);
    CHECK(w && w->zero_point[0] > -128 && w->zero_point[0] < 127 &&
          number(&net, "quantizelinear50.weight_offset", 0) == -128);
    deploy_free(&net);
    load("qdq_s8s8", &net);
    CHECK(number(&net, "quantizelinear1.zero_point", 0) == 128 &&
          number(&net, "quantizelinear1.offset", 0) == 128);
    deploy_free(&net);
    load("torch", &net);
    CHECK(!table_note(&net.weights, "quantcam.engine") &&
          strstr(net.description, "ONNX, opset 17, fixtures"));
    deploy_free(&net);
}

/* What exporters and quantizers put behind a name is no part of ours. */
static void test_names(void)
{
    struct sketch d = { .path = "names.onnx" };
    struct deploy_network net = { 0 };
    const struct wire *model;

    start(3);
    zeros("w", 2, 2, 3);
    node("Relu", "x", "/layer1/Relu_output_0");
    node("GlobalAveragePool", "/layer1/Relu_output_0", "pool_quantized");
    node("Flatten", "pool_quantized", "flat");
    whole("transB", 1);
    node("Gemm", "flat w", "/fc/Gemm_output_0_QuantizeLinear_Output");
    give("/fc/Gemm_output_0_QuantizeLinear_Output");
    model = model_of(17);
    CHECK_MSG(onnx_read(model->bytes, model->size, &how, &d, &net) == OK, "%s", error_last()->text);
    CHECK_MSG(net.size && strstr(net.description, "relu layer1.Relu x\navgpool pool layer1.Relu\n"
                                                  "linear fc.Gemm pool  out 2 weight fc.Gemm\n"
                                                  "output fc.Gemm\ncam layer1.Relu\n"),
              "%s", net.description);
    CHECK(strcmp(table_note(&net.weights, "tensor.layer1.Relu"), "/layer1/Relu_output_0") == 0);
    sketch_free(&d);
    deploy_free(&net);
}

/* Four bits are widened: -7..7, a scale each channel. */
static void test_few_bits(void)
{
    struct deploy_network net;
    const struct tensor *w;
    int low = 0, high = 0;

    load("qdq_u8s4", &net);
    CHECK(strncmp(net.decided.data, "weights of 4 bits in 4 layers are", 33) == 0);
    w = table_find(&net.weights, "quantizelinear7.weight");
    CHECK(w && w->dtype == DTYPE_S8 && w->channels == 8);
    for (int64_t i = 0; w && i < tensor_count(w); i++) {
        low = fmin(low, tensor_at(w, i));
        high = fmax(high, tensor_at(w, i));
    }
    CHECK(low >= -7 && low < -4 && high <= 7 && high > 4);
    deploy_free(&net);
}

/* Tensors beside the model are those of the model that holds them itself; the sum is over both files. */
static void test_beside(void)
{
    struct deploy_network one, two;
    const char *lines;

    load("torch", &one);
    load("beside", &two);
    lines = strchr(one.description, '\n');
    CHECK(strcmp(lines, strchr(two.description, '\n')) == 0 && one.weights.count == two.weights.count);
    for (int i = 0; i < one.weights.count && i < two.weights.count; i++) {
        const struct tensor *a = &one.weights.entry[i].tensor, *b = &two.weights.entry[i].tensor;

        CHECK(tensor_count(a) == tensor_count(b));
        for (int64_t k = 0; k < tensor_count(a) && k < tensor_count(b); k++)
            CHECK(tensor_at(a, k) == tensor_at(b, k));
    }
    CHECK(memcmp(one.weights.sha256, two.weights.sha256, HASH_SIZE) != 0);
    CHECK(two.weights.file_bytes > two.weights.mapping_size &&
          one.weights.file_bytes == one.weights.mapping_size);
    deploy_free(&one);
    deploy_free(&two);
}

/* keras' first product reads a map whose channels are last: input (c, h, w) is the file's (h, w, c). */
static void test_order(void)
{
    struct deploy_network net;
    const struct tensor *w;

    load("keras", &net);
    w = table_find(&net.weights, "add14.weight");
    CHECK(w && w->rank == 2 && w->dim[0] == 6 && w->dim[1] == 72);
    deploy_free(&net);
}

/* ---- what is not translated ------------------------------------------------------------------------------
 */

/* One op on the picture, whose value is given out. */
static void check_op(const char *op, const char *inputs, const char *expected)
{
    node(op, inputs, "y");
    give("y");
    check_refused(&how, expected);
}

static void test_refused(void)
{
    start(3);
    check_op("Erf", "x",
             "node 0 (Erf the node): it is part of no layer normalisation or gelu of real numbers");
    start(3);
    check_op("Sin", "x", "node 0 (Sin the node): the op Sin is not translated");
    start(3);
    check_op("LayerNormalization", "x", "it normalises over other axes than the channels of each position");
    start(3);
    constant("i", 3, INT64_C(0), INT64_C(2), INT64_C(1));
    check_op("Gather", "x i", "it chooses values of a map, which is not translated");
    start(3);
    check_op("DynamicQuantizeLinear", "x", "the op DynamicQuantizeLinear is not translated");
    start(3);
    give("x");
    check_op("Relu", "x", "it has 2 outputs, and one, the classes', is translated: cut the others off");
    start(4);
    check_op("Relu", "x", "its input has 4 channels, and pictures have 3, or 1");
    start(3);
    check_op("Relu", "x", "its output is a map of 3x5x6");
    start(3);
    node("Relu", "x", "y");
    give("y");
    check_refused(&(struct deploy_options){ .skip = -1 },
                  "the file does not say how a picture becomes these: say ");
    start(3);
    check_op("Sum", "x x x", "it adds 3 values, and sums of two are translated");
    start(3);
    node("GlobalAveragePool", "x", "p");
    check_op("Sub", "x p", "the difference of a map and one position is not translated");
    start(3);
    node("Sigmoid", "x", "s");
    check_op("Div", "x s", "the quotient of two maps is not translated");
    start(3);
    check_op("Softmax", "x", "it is a softmax over a map");
    start(3);
    node("GlobalAveragePool", "x", "p");
    node("Softmax", "p", "s");
    check_op("Relu", "s",
             "node 2 (Relu the node): it follows a softmax, which is translated only at the end");
    start(3);
    whole("alpha", 0);
    check_op("PRelu", "x x", "its input x is computed from the picture: it must be a constant here");
    start(3);
    wholes("perm", 4, INT64_C(0), INT64_C(1), INT64_C(3), INT64_C(2));
    check_op("Transpose", "x", "it changes the order of axes otherwise");
    start(3);
    wholes("axes", 1, INT64_C(1));
    check_op("ReduceMean", "x", "it is a mean over other axes");
    start(3);
    zeros("w", 4, 3, 3, 1, 1);
    wholes("strides", 2, INT64_C(1), INT64_C(2));
    check_op("Conv", "x w", "its strides are 1 and 2, and equal ones are run");
    start(3);
    words("mode", "reflect");
    wholes("pads", 8, INT64_C(0), INT64_C(0), INT64_C(1), INT64_C(1), INT64_C(0), INT64_C(0), INT64_C(1),
           INT64_C(1));
    check_op("Pad", "x", "it pads otherwise than with zeros");
    start(3);
    whole("to", ONNX_S32);
    check_op("Cast", "x", "it makes values int32, and casts to real numbers are translated");
}

static void test_refused_codes(void)
{
    start(3);
    zeros("s", 0);
    check_op("QuantizeLinear", "x s", "its scale is 0");
    start(3);
    zeros("s", 1, 3);
    check_op("QuantizeLinear", "x s", "its activations have 3 scales, and one is translated");
    start(3);
    zeros("s", 0);
    constant("z", 0, INT64_C(0));
    check_op("QuantizeLinear", "x s z",
             "its codes are int64, and activations of uint8 and int8 are translated");
    start(3);
    zeros("s", 0);
    whole("block_size", 2);
    check_op("QuantizeLinear", "x s", "a scale for each block of codes");
    start(3);
    zeros("s", 0);
    check_op("DequantizeLinear", "x s", "its input x is no codes");
    start(3);
    node("GlobalAveragePool", "x", "s");
    check_op("QuantizeLinear", "x s", "dynamic quantization is not translated: quantize statically");
}

/* A file cut anywhere, and one with any byte turned over, is translated or refused. */
static void test_damaged(void)
{
    char *bytes = NULL;
    size_t size = 0;

    CHECK(text_read_file("tests/deploy/data/qoperator.onnx", 1 << 16, &bytes, &size) == OK);
    for (size_t i = 0; i < 2 * size; i++) {
        struct sketch d = { .path = "case.onnx" };
        struct deploy_network net = { 0 };
        size_t cut = i < size ? i : size;
        uint8_t *copy = mem_alloc(cut + 1, 1);

        memcpy(copy, bytes, cut);
        if (i >= size)
            copy[i - size] ^= 255;
        d.weights.mapping = copy;
        d.weights.mapping_size = cut;
        CHECK(onnx_read(copy, cut, &how, &d, &net) == OK ? net.size > 0 : *error_last()->text != 0);
        d.weights.mapping = net.weights.mapping = NULL;
        sketch_free(&d);
        deploy_free(&net);
        mem_free(copy);
    }
    mem_free(bytes);
}

int main(void)
{
    test_lines();
    test_coded_lines();
    test_norm();
    test_codes();
    test_names();
    test_few_bits();
    test_beside();
    test_order();
    check_values("torch", 1e-4);
    check_values("keras", 1e-4);
    check_values("qdq_u8s8", 0);
    check_values("qdq_u8u8", 0);
    check_values("qdq_s8s8", 0);
    check_values("qdq_norm", 0);
    check_values("qoperator", 0);
    check_values("qdq_u8s4",
                 .1); /* the runtime convolves these in real numbers: a step of the logits is 0.01 */
    test_refused();
    test_refused_codes();
    test_damaged();
    CHECK(mem_live() == 0);
    return check_result("deploy/onnx_graph");
}
