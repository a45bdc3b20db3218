#include "deployed.h"

#include <math.h>

static void parse(const char *text, struct model *m)
{
    CHECK_MSG(model_parse("d.model", text, strlen(text), m) == OK, "%s", error_last()->text);
}

static void test_params(void)
{
    static const struct {
        const char *node;
        struct quant_params q;
    } row[] = {
        { "image", { 0.5, 128, 0, 255, 0 } },
        { "c", { 0.125, 10, 0, 255, 128 } },
        { "r", { 0.25, 0, 0, 255, 128 } },
        { "a", { 0.25, 0, 0, 255, 128 } }, /* its input's */
        { "d", { .scale = 0 } },
        { "n", { .scale = 0 } },
        { "l", { .scale = 0 } },
        { "e", { 0.25, 7, 0, 255, 0 } },
        { "s", { 0.5, 3, 0, 255, 0 } },
        { "p", { 0.375, 4, 0, 255, 0 } },
        { "f", { .scale = 0 } }, /* sums of codes, without a scale */
        { "o", { .scale = 0 } },
    };
    struct tensor_table t = { 0 };
    struct text said = { .max = 4096 };
    struct model_binding b;
    struct model m;

    parse(deployed_description, &m);
    make_deployed(&t, "tflite");
    CHECK_MSG(model_bind(&m, &t, NULL, &b) == OK, "%s", error_last()->text);
    CHECK(b.form == PRECISION_CODES && b.family == MODEL_TFLITE && !b.fbgemm && b.relu6_clamps &&
          b.per_channel);
    CHECK(b.weight_bits == 8 && b.activation_bits == 8 && b.unused == 0 && b.unbiased == 1);
    CHECK(b.parameters == 54 + 2 + 8 + 4 && b.parameter_bytes == 54 + 4 * (2 + 2) + 8 + 4 + 4 * 4);
    for (size_t i = 0; i < COUNT_OF(row); i++) {
        struct quant_params q = b.q[model_find(&m, row[i].node)];

        CHECK_MSG(quant_params_same(q, row[i].q) && q.offset == row[i].q.offset, "%s: %g, %d, %d",
                  row[i].node, q.scale, q.zero_point, q.offset);
    }
    CHECK(model_decided(&b, &said) == OK);
    CHECK_MSG(strcmp(said.data,
                     "f has no bias: taken as 0\nintegers as TensorFlow Lite runs them, 5 of 11 nodes in "
                     "real numbers\n") == 0,
              "%s", said.data);
    text_free(&said);
    model_unbind(&b);
    table_free(&t);
    model_free(&m);
}

static void test_layers(void)
{
    struct tensor_table t = { 0 };
    struct model_binding b;
    struct model_layer l;
    struct model m;

    parse(deployed_description, &m);
    make_deployed(&t, "onnxruntime");
    CHECK_MSG(model_bind(&m, &t, NULL, &b) == OK, "%s", error_last()->text);
    CHECK(b.family == MODEL_ONNXRUNTIME);
    CHECK(model_layer_load(&b, model_find(&m, "c"), &l) == OK);
    CHECK(l.oc == 2 && l.ic == 3 && l.kh == 3 && l.kw == 3 && l.scales == 2 && !l.weight_real);
    CHECK(l.zero_point && l.zero_point[0] == 3 && l.zero_point[1] == 0 && l.scale[1] == 0.25);
    CHECK(l.weight_int[0] == -5 && l.weight_int[1] == 4 && l.weight_int[3] == -4); /* (oc, kh, kw, ic) */
    CHECK(l.bias_int[0] == 100 && l.bias_int[1] == -100);
    CHECK(l.bias[0] == 100 * 0.5f * 0.5f && l.bias[1] == -100 * 0.5f * 0.25f); /* times the input's scale */
    model_layer_free(&l);
    CHECK(model_layer_load(&b, model_find(&m, "f"), &l) == OK);
    CHECK(!l.zero_point && l.bias_int && l.bias_int[3] == 0 && l.scales == 1 && l.weight_int[7] == 2);
    model_layer_free(&l);
    model_unbind(&b);
    table_free(&t);
    model_free(&m);
}

/* A layer of real numbers among integers. */
static void test_real_layer(void)
{
    static const char text[] =
        "model d\ninput image 3 4 4 resize squash bilinear mean 0 0 0 std 1 1 1\n"
        "conv c image out 2 kernel 1 stride 1 pad 0 groups 1 weight c\nquantize e c quant e\n"
        "avgpool p e\nlinear f p out 4 weight f\noutput f\ncam e\n";
    struct tensor_table t = { .source = mem_strdup("x.onnx") };
    struct model_binding b;
    struct model_layer l;
    struct model m;

    parse(text, &m);
    ((float *)put(&t, DTYPE_F32, "c.weight", 4, (int64_t[]){ 2, 3, 1, 1 })->data)[4] = 1.5f;
    put_codes(&t, "f.weight", 2, (int64_t[]){ 4, 2 }, 1);
    put_params(&t, "e", 0.25, 7, 0);
    put_params(&t, "f", 0.5, 100, 128);
    CHECK(table_add_note(&t, "quantcam.engine", "onnxruntime") == OK);
    CHECK_MSG(model_bind(&m, &t, NULL, &b) == OK, "%s", error_last()->text);
    CHECK(b.q[0].scale == 0 && b.q[1].scale == 0 && b.q[2].scale == 0.25 && b.q[4].scale == 0.5);
    CHECK(b.parameter_bytes == 6 * 4 + 8 + 4 && b.macs == 6 * 16 + 8);
    CHECK(model_layer_load(&b, 1, &l) == OK && l.weight_real && l.weight_real[4] == 1.5f && !l.weight_int);
    CHECK(!l.bias_int && l.bias[1] == 0);
    model_layer_free(&l);
    model_unbind(&b);
    table_free(&t);
    model_free(&m);
}

static void refused(const char *text, void (*change)(struct tensor_table *t), const struct model_reading *how,
                    status code, const char *expected)
{
    struct tensor_table t = { 0 };
    struct model_binding b;
    struct model m;
    status is;

    parse(text ? text : deployed_description, &m);
    make_deployed(&t, "tflite");
    if (change)
        change(&t);
    is = model_bind(&m, &t, how, &b);
    CHECK_MSG(is == code && strcmp(error_last()->text, expected) == 0, "\n  is     %s\n  should %s",
              is == OK ? "accepted" : error_last()->text, expected);
    if (is == OK)
        model_unbind(&b);
    table_free(&t);
    model_free(&m);
}

static void constants(struct tensor_table *t)
{
    put_codes(t, "k.weight", 1, (int64_t[]){ 1 }, 1);
    get(t, "k.weight")->zero_point[0] = -3;
    *(int8_t *)get(t, "k.weight")->data = -7;
    put_codes(t, "v.weight", 1, (int64_t[]){ 2 }, 1);
    memcpy(get(t, "v.weight")->data, (int8_t[]){ -128, 127 }, 2);
    put_params(t, "m", 0.25, 9, 128);
}

static void constant_of_three(struct tensor_table *t)
{
    put_codes(t, "k.weight", 1, (int64_t[]){ 3 }, 1);
}

static void real_weight(struct tensor_table *t)
{
    struct tensor *w = get(t, "f.weight");

    tensor_free(w);
    CHECK(tensor_alloc(w, DTYPE_F32, 4, (int64_t[]){ 4, 2, 1, 1 }) == OK);
}

static void real_bias(struct tensor_table *t)
{
    struct tensor *w = get(t, "c.bias");

    tensor_free(w);
    CHECK(tensor_alloc(w, DTYPE_F32, 1, (int64_t[]){ 2 }) == OK);
}

static void far_zero(struct tensor_table *t)
{
    get(t, "c.weight")->zero_point[1] = 128;
}

static void odd_offset(struct tensor_table *t)
{
    *(int32_t *)get(t, "c.offset")->data = 127;
}

static void odd_weight_offset(struct tensor_table *t)
{
    *(int32_t *)put(t, DTYPE_S32, "c.weight_offset", 0, NULL)->data = 128;
}

/* Carried as u8; one value is every channel's. */
static void test_constants(void)
{
    static const char text[] =
        "model d\ninput image 3 4 4 resize squash bilinear mean 0 0 0 std 1 1 1 quant q\n"
        "conv c image out 2 kernel 3 stride 1 pad 1 groups 1 weight c\n"
        "mul m c weight k quant m\nadd a m weight v\nrelu r a\n"
        "avgpool p r\nconv f p out 4 kernel 1 stride 1 pad 0 groups 1 weight f\noutput f\ncam r\n";
    const struct model_reading any = { .allow_unused = 1 }; /* the other network's */
    struct tensor_table t = { 0 };
    struct model_binding b;
    struct quant_params q;
    uint8_t code[2];
    struct model m;

    parse(text, &m);
    make_deployed(&t, "tflite");
    constants(&t);
    CHECK_MSG(model_bind(&m, &t, &any, &b) == OK, "%s", error_last()->text);
    CHECK(b.unused == 17 && model_has_constant(&m.node[2]) && !model_has_constant(&m.node[1]));
    CHECK(b.q[2].scale == 0.25 && b.q[3].scale == 0.25 && b.q[3].zero_point == 9);
    CHECK(model_constant_load(&b, 2, code, &q) == OK && code[0] == 128 - 7 && code[1] == 128 - 7);
    CHECK(q.scale == 0.5 && q.zero_point == 128 - 3 && q.low == 0 && q.high == 255 && q.offset == 128);
    CHECK(model_constant_load(&b, 3, code, &q) == OK && code[0] == 0 && code[1] == 255);
    CHECK(model_fused_relu(&m, 3) == 4);
    model_unbind(&b);
    table_free(&t);
    model_free(&m);
}

static void more(struct tensor_table *t)
{
    put_params(t, "a", 0.25, 0, 0);
    put_params(t, "m", 0.25, 1, 0);
    put_params(t, "l", 0.25, 1, 0);
}

/* The description with `line` and what hangs on it in the place of the branch's. */
#define HEAD                                                                                                 \
    "model d\ninput image 3 4 4 resize squash bilinear mean 0 0 0 std 1 1 1 quant q\n"                       \
    "conv c image out 2 kernel 3 stride 1 pad 1 groups 1 weight c\n"
#define TAIL(node) "avgpool p " node "\nlinear f p out 4 weight f\noutput f\ncam c\n"

static void test_refusals(void)
{
    const struct model_reading rounded = { .form = PRECISION_ROUNDED }, relu = { .relu6 = MODEL_RELU6_RELU };

    refused(NULL, NULL, &rounded, ERR_USAGE,
            "x.tflite: a deployed file runs as integers: leave arithmetic = rounded out");
    refused(NULL, NULL, &relu, ERR_MISMATCH,
            "x.tflite: its relu6 clamps at 6, and relu6 = relu contradicts it");
    refused(NULL, real_weight, NULL, ERR_MISMATCH,
            "x.tflite: d.model:12: conv f: its weights are real numbers and its input p codes, which only a "
            "quantize or dequantize joins");
    refused(NULL, real_bias, NULL, ERR_MISMATCH,
            "x.tflite: tensor c.bias is (2) f32, but d.model:3 (conv c) needs (2) s32");
    refused(NULL, far_zero, NULL, ERR_MISMATCH,
            "x.tflite: tensor c.weight is (2, 3, 3, 3) s8, per channel, but d.model:3 (conv c) needs zero "
            "points from -128 to 127, not 128");
    refused(NULL, odd_offset, NULL, ERR_MISMATCH,
            "x.tflite: tensor c.offset is () s32, but d.model:3 (conv c) needs 0 or 128");
    refused(NULL, odd_weight_offset, NULL, ERR_MISMATCH,
            "x.tflite: tensor c.weight_offset is () s32, but d.model:3 (conv c) needs 0 or -128");
    refused(
        HEAD "dequantize d c\nadd s c d\n" TAIL("s"), NULL, NULL, ERR_MISMATCH,
        "x.tflite: d.model:5: add s: c is codes and d is not: a quantize or dequantize must stand between");
    refused(HEAD "dequantize d c\ndequantize g d\n" TAIL("g"), NULL, NULL, ERR_MISMATCH,
            "x.tflite: d.model:5: dequantize g: its input is real numbers already");
    refused(
        HEAD "add s c weight k\n" TAIL("s"), constant_of_three, NULL, ERR_MISMATCH,
        "x.tflite: tensor k.weight is (3) s8, per tensor, but d.model:4 (add s) needs (1) or (2) s8 with one "
        "scale and zero point");
    refused(HEAD "dequantize d c\nmul s d weight k\n" TAIL("s"), constants, NULL, ERR_MISMATCH,
            "x.tflite: d.model:5: mul s: its input is real numbers: a batchnorm adds to these and multiplies "
            "them");
    refused(HEAD "batchnorm n c weight n eps 1e-5\n" TAIL("n"), NULL, NULL, ERR_MISMATCH,
            "x.tflite: d.model:4: batchnorm n: a batch normalisation of codes is folded in a deployed file");
    refused(
        HEAD "maxpool m c kernel 2 stride 2 pad 0 quant m\n" TAIL("m"), more, NULL, ERR_MISMATCH,
        "x.tflite: d.model:4: maxpool m: it has another scale or zero point than c, whose codes it moves");
    refused(HEAD "dequantize d c\nrelu l d quant l\n" TAIL("l"), more, NULL, ERR_MISMATCH,
            "x.tflite: d.model:5: relu l: it has a scale and real inputs: a quantize gives codes");
    refused(
        "model d\ninput image 3 4 4 resize squash bilinear mean 0 0 0 std 1 1 1\n"
        "conv c image out 2 kernel 3 stride 1 pad 1 groups 1 weight c\n" TAIL("c"),
        NULL, NULL, ERR_MISMATCH,
        "x.tflite: d.model:3: conv c: its weights are codes and its input image real numbers, which only a "
        "quantize or dequantize joins");
}

int main(void)
{
    test_params();
    test_layers();
    test_real_layer();
    test_constants();
    test_refusals();
    CHECK(mem_live() == 0);
    return check_result("model/deployed");
}
