/* Functions of one code in deployed files, by hand and as the runtimes have all 256 (golden_deployed.py). */
#include <string.h>

#include "check.h"
#include "engine/plan.h"
#include "golden_deployed.h"

static const struct quant_params all = { 1, 0, 0, 255, 0 };

static struct engine_table make(enum engine_arithmetic a, enum model_op op, struct quant_params in,
                                struct quant_params out)
{
    struct model_node n = { .op = op, .slope = (double)0.1f };
    struct engine_table t = { .unchanged = 1 };

    CHECK(tables_make(a, &n,
                      op == OP_RELU6 ? deployed_relu(a, out, ENGINE_RELU6)
                                     : deployed_relu(a, out, ENGINE_NO_RELU),
                      in, out, &t) == OK &&
          !t.unchanged);
    return t;
}

static void same(const char *what, const struct engine_table *t, const uint8_t expected[256])
{
    int wrong = 0;

    for (int i = 0; i < 256; i++)
        wrong += t->code[i] != expected[i];
    CHECK_MSG(wrong == 0, "%s: %d wrong", what, wrong);
}

#define COMPARE(type, name, engine, op, to)                                                                  \
    do {                                                                                                     \
        struct engine_table made = make(engine, op, golden_##type##_wide, golden_##type##_##to);             \
        same(#type " " #name, &made, golden_##type##_##name);                                                \
    } while (0)
#define COMPARE_TYPE(type)                                                                                   \
    do {                                                                                                     \
        COMPARE(type, tflite_hardswish, ENGINE_TFLITE, OP_HARDSWISH, narrow);                                \
        COMPARE(type, xnnpack_hardswish, ENGINE_XNNPACK, OP_HARDSWISH, narrow);                              \
        COMPARE(type, tflite_leakyrelu, ENGINE_TFLITE, OP_LEAKYRELU, narrow);                                \
        COMPARE(type, xnnpack_leakyrelu, ENGINE_XNNPACK, OP_LEAKYRELU, narrow);                              \
        COMPARE(type, tflite_sigmoid, ENGINE_TFLITE, OP_SIGMOID, gate);                                      \
        COMPARE(type, xnnpack_sigmoid, ENGINE_XNNPACK, OP_SIGMOID, gate);                                    \
        COMPARE(type, tflite_relu6, ENGINE_TFLITE, OP_RELU6, narrow);                                        \
        COMPARE(type, xnnpack_relu6, ENGINE_XNNPACK, OP_RELU6, narrow);                                      \
        COMPARE(type, ort_sigmoid, ENGINE_ORT, OP_SIGMOID, gate);                                            \
        COMPARE(type, ort_leakyrelu, ENGINE_ORT, OP_LEAKYRELU, narrow);                                      \
        COMPARE(type, ort_hardsigmoid, ENGINE_ORT, OP_HARDSIGMOID, gate);                                    \
        COMPARE(type, ort_hardswish, ENGINE_ORT, OP_HARDSWISH, narrow);                                      \
    } while (0)

static void quantized(const char *what, enum engine_arithmetic a, struct quant_params in,
                      struct quant_params out, const uint8_t expected[256])
{
    struct engine_table t;

    CHECK(tables_quantize(a, in, out, &t) == OK);
    same(what, &t, expected);
}

static void test_quantize(void)
{
    quantized("u8", ENGINE_TFLITE, golden_u8_wide, golden_u8_narrow, golden_u8_tflite_quantize);
    quantized("s8", ENGINE_TFLITE, golden_s8_wide, golden_s8_narrow, golden_s8_tflite_quantize);
    quantized("u8 to s8", ENGINE_TFLITE, golden_u8_wide, golden_s8_narrow, golden_u8_tflite_change);
    quantized("s8 to u8", ENGINE_TFLITE, golden_s8_wide, golden_u8_narrow, golden_s8_tflite_change);
    quantized("u8, XNNPACK", ENGINE_XNNPACK, golden_u8_wide, golden_u8_narrow, golden_u8_xnnpack_quantize);
    quantized("s8, XNNPACK", ENGINE_XNNPACK, golden_s8_wide, golden_s8_narrow, golden_s8_xnnpack_quantize);
    quantized("u8 to s8, XNNPACK", ENGINE_XNNPACK, golden_u8_wide, golden_s8_narrow,
              golden_u8_xnnpack_change);
    quantized("s8 to u8, XNNPACK", ENGINE_XNNPACK, golden_s8_wide, golden_u8_narrow,
              golden_s8_xnnpack_change);
    quantized("u8, ONNX", ENGINE_ORT, golden_u8_wide, golden_u8_narrow, golden_u8_ort_quantize);
    quantized("s8, ONNX", ENGINE_ORT, golden_s8_wide, golden_s8_narrow, golden_s8_ort_quantize);
}

/* Scale 1/2 to 1: 3 / 2 is 2; 5 / 2 is 3 away from zero, 2 to even. */
static void test_hand(void)
{
    const struct quant_params half = { 0.5, 0, 0, 255, 0 }, signed_half = { 0.5, 128, 0, 255, 128 };
    struct engine_table t;

    CHECK(tables_join(ENGINE_TFLITE, half, all, &t) == OK && !t.unchanged && t.code[3] == 2 &&
          t.code[5] == 3 && t.code[255] == 128);
    CHECK(tables_join(ENGINE_ORT, half, all, &t) == OK && t.code[3] == 2 && t.code[5] == 2);
    CHECK(tables_join(ENGINE_TFLITE, half, half, &t) == OK && t.unchanged && t.code[77] == 77);
    CHECK(tables_join(ENGINE_TFLITE, signed_half, (struct quant_params){ 1, 128, 0, 255, 128 }, &t) ==
          ERR_MISMATCH);
    t = make(ENGINE_ORT, OP_RELU, half, all);
    CHECK(t.code[0] == 0 && t.code[3] == 2 && t.code[5] == 2);
    t = make(ENGINE_TFLITE, OP_RELU, (struct quant_params){ 0.5, 9, 0, 255, 0 }, all);
    CHECK(t.code[9] == 0 && t.code[12] == 2 && t.code[14] == 3);
    CHECK(tables_make(ENGINE_TFLITE, &(struct model_node){ .op = OP_SILU },
                      deployed_relu(ENGINE_TFLITE, all, ENGINE_NO_RELU), half, all, &t) == ERR_MISMATCH);
}

int main(void)
{
    test_hand();
    COMPARE_TYPE(u8);
    COMPARE_TYPE(s8);
    test_quantize();
    return check_result("engine/tables");
}
