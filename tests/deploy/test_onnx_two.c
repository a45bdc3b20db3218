/* Sums and products with constants, and what is spread over a map, against ONNX Runtime's bits. */
#include "onnx_case.h"

/* On either side of sums and products; a difference is one of real numbers. */
static void test_lines(void)
{
    check_lines("constants_u8", "",
                "quantize quantizelinear1 image  quant quantizelinear1\n"
                "conv quantizelinear6 quantizelinear1  out 8 kernel 3 stride 1 pad 1 groups 1  weight "
                "quantizelinear6\n"
                "add quantizelinear10 quantizelinear6  weight quantizelinear10  quant quantizelinear10\n"
                "mul quantizelinear14 quantizelinear10  weight quantizelinear14  quant quantizelinear14\n"
                "dequantize dequantizelinear15 quantizelinear14\n"
                "batchnorm sub16 dequantizelinear15  weight sub16 eps 0.0009765625\n"
                "quantize quantizelinear17 sub16  quant quantizelinear17\n"
                "add add20 quantizelinear17  weight add20  quant add20\n"
                "relu quantizelinear22 add20\n"
                "avgpool quantizelinear25 quantizelinear22  quant quantizelinear25\n"
                "mul quantizelinear29 quantizelinear25  weight quantizelinear29  quant quantizelinear29\n"
                "linear quantizelinear35 quantizelinear29  out 5 weight quantizelinear35\n"
                "add quantizelinear39 quantizelinear35  weight quantizelinear39  quant quantizelinear39\n"
                "output quantizelinear39\n"
                "cam quantizelinear22\n");
    check_lines("eca", "",
                "conv conv11 image  out 8 kernel 3 stride 2 pad 0,0,1,1 groups 1  weight conv11\n"
                "conv slice12 conv11  out 8 kernel 2 stride 1 pad 0 groups 8  weight slice12\n"
                "conv slice13 slice12  out 8 kernel 1x3 stride 2 pad 0 groups 8  weight slice13\n"
                "mean reducemean14 slice13\n"
                "conv conv16 reducemean14  out 8 kernel 1 stride 1 pad 0 groups 1  weight conv16\n"
                "sigmoid sigmoid17 conv16\n"
                "mul mul21 slice13 sigmoid17  quant mul21\n"
                "avgpool globalaveragepool22 mul21\n"
                "linear logits globalaveragepool22  out 5 weight logits\n"
                "output logits\n"
                "cam mul21\n");
}

/* Codes of a type are carried as they are, one for each channel or one; a gate's kernel is a band of a
 * matrix. */
static void test_tensors(void)
{
    struct deploy_network net;
    const struct tensor *w;
    char shape[96];

    load("constants_s8", &net);
    w = table_find(&net.weights, "quantizelinear10.weight");
    CHECK(w && strcmp(tensor_describe(w, shape, sizeof shape), "(8) s8, per tensor") == 0 &&
          w->zero_point[0] == 0);
    w = table_find(&net.weights, "quantizelinear29.weight");
    CHECK(w && strcmp(tensor_describe(w, shape, sizeof shape), "(1) s8, per tensor") == 0 &&
          tensor_at(w, 0) == 120);
    deploy_free(&net);
    load("constants_u8", &net);
    w = table_find(&net.weights, "quantizelinear29.weight");
    CHECK(w && tensor_at(w, 0) == 120 && w->zero_point[0] == 0); /* 248 and 128 in the file */
    deploy_free(&net);
    /* The runtime's first operand: one for each channel of one position that comes first, and a scalar behind
     * one. */
    load("constants_qop", &net);
    CHECK(!table_find(&net.weights, "qlinearadd3.first") && !table_find(&net.weights, "qlinearadd6.first") &&
          !table_find(&net.weights, "qlinearmul7.first"));
    w = table_find(&net.weights, "qlinearadd8.first");
    CHECK(w && tensor_at(w, 0) == 1 && table_find(&net.weights, "qlinearadd9.first"));
    deploy_free(&net);
    load("eca", &net);
    w = table_find(&net.weights, "conv16.weight");
    CHECK(w && strcmp(tensor_describe(w, shape, sizeof shape), "(8, 8, 1, 1) f32") == 0);
    for (int64_t i = 0; w && i < 64; i++) {
        int64_t k = i % 8 - i / 8 + 1; /* 8 channels, 3 taps, the second on the channel itself */

        CHECK(k < 0 || k > 2 ? tensor_at(w, i) == 0 : tensor_at(w, i) == tensor_at(w, k + 8));
    }
    deploy_free(&net);
}

static void refuse_op(const char *op, const char *inputs, const char *expected)
{
    node(op, inputs, "y");
    give("y");
    check_refused(&how, expected);
}

static void test_refused(void)
{
    start(3);
    zeros("w", 3, 1, 1, 3);
    node("GlobalAveragePool", "x", "p");
    constant("line", 3, INT64_C(1), INT64_C(1), INT64_C(-1));
    node("Reshape", "p line", "s");
    refuse_op("Conv", "s w", "it makes 1 channels of 3, and as many are translated");
    start(3);
    zeros("w", 3, 1, 1, 3);
    node("GlobalAveragePool", "x", "p");
    constant("line", 3, INT64_C(1), INT64_C(1), INT64_C(-1));
    node("Reshape", "p line", "s");
    wholes("strides", 1, INT64_C(2));
    refuse_op("Conv", "s w", "one of its strides is 2");
    start(3);
    node("GlobalAveragePool", "x", "p");
    node("Shape", "x", "s");
    node("Expand", "p s", "e");
    refuse_op("Relu", "e", "it reads a value that is spread over a map");
    start(3);
    zeros("c", 0);
    node("GlobalAveragePool", "x", "p");
    node("Shape", "x", "s");
    node("Expand", "p s", "e");
    node("Add", "e c", "f");
    node("Mul", "f p", "g");
    refuse_op("Relu", "g", "it reads a value that is spread over a map");
    start(3);
    node("GlobalAveragePool", "x", "p");
    node("Shape", "x", "s");
    node("Expand", "p s", "e");
    refuse_op("Mul", "e e", "both inputs are values that are spread over a map");
    start(3);
    constant("s", 4, INT64_C(2), INT64_C(3), INT64_C(5), INT64_C(6));
    node("Expand", "x s", "e");
    give("e");
    check_refused(&how, "it repeats other than one position over a map");
    start(3);
    zeros("nothing", 1, 0);
    constant("rows", 8, INT64_C(0), INT64_C(0), INT64_C(1), INT64_C(1), INT64_C(0), INT64_C(0), INT64_C(1),
             INT64_C(1));
    refuse_op("Pad", "x rows nothing", "it pads otherwise than with zeros");
    start(3);
    zeros("nothing", 1, 0);
    zeros("one", 1, 1);
    node("Clip", "one nothing", "e");
    refuse_op("Relu", "x", "its ends are no numbers");
    start(3);
    node("GlobalAveragePool", "x", "p");
    refuse_op("MatMul", "p x", "it multiplies two values that come from the picture, as attention does");
    start(3);
    node("Relu", "x", "r");
    zeros("w", 4, 3, 3, 1, 1);
    refuse_op("Relu", "w",
              "its input w does not come from the picture: let ONNX Runtime compute what constants");
}

int main(void)
{
    test_lines();
    test_tensors();
    test_refused();
    check_values("constants_u8", 0);
    check_values("constants_s8", 0);
    check_values("constants_qop", 0);
    check_values("eca", 1e-4);
    CHECK(mem_live() == 0);
    return check_result("deploy/onnx_two");
}
