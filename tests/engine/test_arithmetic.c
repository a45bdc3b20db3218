#include "check.h"
#include "engine/plan.h"
#include "golden_ops.h"

#include <math.h>
#include <string.h>

/* ---- by hand ---------------------------------------------------------------------------------------- */

static void test_input(void)
{
    struct model_input in = { .channels = 3, .mean = { 0.5, 0.25, 0 }, .std = { 0.5, 0.25, 1 } };
    float real[3][256];
    uint8_t code[3][256];

    arithmetic_input_real(&in, real);
    CHECK(real[0][255] == 1.0f && real[0][0] == -1.0f && real[1][255] == 3.0f && real[2][51] == 0.2f);
    arithmetic_input_code(ENGINE_QNNPACK, &in, (struct quant_params){ 0.03125, 64, 0, 255, 0 }, code);
    CHECK(code[0][255] == 96 && code[0][0] == 32 && code[1][255] == 160 && code[2][0] == 64);
}

static void activation(struct model_node n, struct quant_params in, struct quant_params q,
                       struct engine_table *out)
{
    arithmetic_activation(kernel_select("auto"), ENGINE_FBGEMM, &n, ENGINE_NO_RELU, in, q, out);
}

static void test_tables(void)
{
    const struct quant_params quarters = { 0.25, 10, 0, 255, 0 };
    struct engine_table t;

    arithmetic_relu((struct quant_params){ 1, 10, 0, 255, 0 }, ENGINE_RELU, &t);
    CHECK(t.code[9] == 10 && t.code[10] == 10 && t.code[200] == 200);
    arithmetic_relu((struct quant_params){ 0.25, 10, 0, 255, 0 }, ENGINE_RELU6, &t);
    CHECK(t.code[9] == 10 && t.code[33] == 33 && t.code[34] == 34 && t.code[35] == 34 && t.code[255] == 34);
    activation((struct model_node){ .op = OP_CLIP, .low = -1, .high = 1.25 }, quarters, quarters, &t);
    CHECK(t.code[0] == 6 && t.code[7] == 7 && t.code[15] == 15 && t.code[16] == 15);
    activation((struct model_node){ .op = OP_LEAKYRELU, .slope = 0.5 }, quarters, quarters, &t);
    CHECK(t.code[0] == 5 && t.code[7] == 8 && t.code[10] == 10 && t.code[11] == 11); /* -1.5 to even */
    arithmetic_relu((struct quant_params){ 0.001, 10, 0, 255, 0 }, ENGINE_RELU6, &t);
    CHECK(t.code[0] == 10 && t.code[255] == 255);
    for (int a = ENGINE_FBGEMM; a <= ENGINE_QNNPACK; a++) {
        /* scale 1: codes are the values; 1 * 4 / 6 = 0.67, 2 * 5 / 6 = 1.67 */
        arithmetic_hardswish((enum engine_arithmetic)a, (struct quant_params){ 1, 3, 0, 255, 0 },
                             (struct quant_params){ 1, 0, 0, 255, 0 }, &t);
        CHECK(t.code[0] == 0 && t.code[3] == 0 && t.code[4] == 1 && t.code[5] == 2 && t.code[6] == 3 &&
              t.code[103] == 100);
        /* (x + 3) / 6 * 256, at most 255 */
        arithmetic_hardsigmoid((enum engine_arithmetic)a, (struct quant_params){ 1, 3, 0, 255, 0 },
                               (struct quant_params){ 1.0 / 256, 0, 0, 255, 0 }, &t);
        CHECK(t.code[0] == 0 && t.code[1] == 43 && t.code[3] == 128 && t.code[6] == 255 &&
              t.code[255] == 255);
    }
    /* 1 / (1 + e^-1) = 0.731, times 256 = 187.2; e^-1: 0.269, 68.8; 0.731 * 1 / 0.01 = 73.1; -0.269: -26.9 */
    activation((struct model_node){ .op = OP_SIGMOID }, (struct quant_params){ 1, 3, 0, 255, 0 },
               (struct quant_params){ 1.0 / 256, 0, 0, 255, 0 }, &t);
    CHECK(t.code[3] == 128 && t.code[4] == 187 && t.code[2] == 69 && t.code[255] == 255);
    activation((struct model_node){ .op = OP_SILU }, (struct quant_params){ 1, 100, 0, 255, 0 },
               (struct quant_params){ 0.01, 40, 0, 255, 0 }, &t);
    CHECK(t.code[100] == 40 && t.code[101] == 113 && t.code[99] == 13 && t.code[0] == 40 &&
          t.code[255] == 255);
    /* 1 times 0.8413 and 0.8412, -1 times 0.1587 and 0.1588 */
    for (int approximate = 0; approximate < 2; approximate++) {
        activation((struct model_node){ .op = OP_GELU, .approximate = approximate },
                   (struct quant_params){ 1, 100, 0, 255, 0 }, (struct quant_params){ 0.01, 40, 0, 255, 0 },
                   &t);
        CHECK(t.code[100] == 40 && t.code[101] == 124 && t.code[99] == 24 && t.code[0] == 40 &&
              t.code[255] == 255);
    }
    arithmetic_requantize((struct quant_params){ 0.5, 10, 0, 255, 0 },
                          (struct quant_params){ 1, 0, 0, 255, 0 }, 0, &t);
    CHECK(!t.unchanged && t.code[0] == 0 && t.code[12] == 1 && t.code[13] == 2 && t.code[15] == 2 &&
          t.code[17] == 4);
    arithmetic_requantize((struct quant_params){ 0.5, 10, 0, 255, 0 },
                          (struct quant_params){ 0.5, 10, 0, 255, 0 }, 1, &t);
    CHECK(t.unchanged && t.code[0] == 0 && t.code[255] == 255);
}

/* Codes 0..15: everything that comes out stays inside of them. */
static void test_four_bits(void)
{
    const struct quant_params in = { 1, 3, 0, 15, 0 }, q = { 0.5, 4, 0, 15, 0 };
    struct model_input input = { .channels = 3, .std = { 0.05, 0.05, 0.05 } };
    struct kernel_add_u8 add;
    struct kernel_mul_u8 mul;
    struct engine_table t;
    uint8_t code[3][256];

    CHECK(arithmetic_low(q, ENGINE_NO_RELU) == 0 && arithmetic_low(q, ENGINE_RELU) == 4);
    CHECK(arithmetic_high(q, ENGINE_NO_RELU) == 15 && arithmetic_high(q, ENGINE_RELU6) == 15 &&
          arithmetic_high(in, ENGINE_RELU6) == 9);
    arithmetic_input_code(ENGINE_QNNPACK, &input, in, code); /* 255 is 20, 128 is 10.04 */
    CHECK(code[0][0] == 3 && code[1][128] == 13 && code[2][255] == 15);
    CHECK(arithmetic_add(ENGINE_FBGEMM, in, in, q, ENGINE_RELU, &add) == OK);
    CHECK(add.low == 4 && add.high == 15);
    CHECK(arithmetic_add_tail(&add, 15, 15) == 15 && arithmetic_add_tail(&add, 0, 0) == 4);
    CHECK(arithmetic_add(ENGINE_FBGEMM, in, in, q, ENGINE_NO_RELU, &add) == OK);
    CHECK(arithmetic_add_tail(&add, 0, 0) == 0 && arithmetic_add_tail(&add, 3, 4) == 6);
    CHECK(arithmetic_mul(ENGINE_QNNPACK, in, in, q, (enum engine_relu)ENGINE_NO_RELU, &mul) == OK);
    CHECK(mul.low == 0 && mul.high == 15);
    for (int a = ENGINE_FBGEMM; a <= ENGINE_QNNPACK; a++) {
        arithmetic_hardswish((enum engine_arithmetic)a, in, q, &t);
        CHECK(t.code[3] == 4 && t.code[15] == 15);
        /* (x + 3) / 6 in sixteenths, at most 15 of them */
        arithmetic_hardsigmoid((enum engine_arithmetic)a, in, (struct quant_params){ 1.0 / 16, 0, 0, 15, 0 },
                               &t);
        CHECK(t.code[0] == 0 && t.code[3] == 8 && t.code[6] == 15);
    }
    arithmetic_requantize(in, q, 0, &t);
    CHECK(t.code[0] == 0 && t.code[3] == 4 && t.code[15] == 15);
    arithmetic_requantize(in, (struct quant_params){ 1, 3, 0, 255, 0 }, 0, &t);
    CHECK(!t.unchanged && t.code[200] == 200);
}

static void test_constants(void)
{
    struct kernel_add_u8 add;
    struct kernel_mul_u8 mul;
    struct quant_params a = { 0.5, 3, 0, 255, 0 }, b = { 0.25, 4, 0, 255, 0 }, o = { 0.5, 5, 0, 255, 0 };

    CHECK(arithmetic_add(ENGINE_QNNPACK, a, b, o, 1, &add) == OK);
    CHECK(add.mode == ADD_QNNPACK && add.shift == 21 && add.a_multiplier == 1 << 21 &&
          add.b_multiplier == 1 << 20);
    CHECK(add.low == 5 && add.zero_point_a == 3 && add.zero_point_b == 4 && add.zero_point_out == 5);
    CHECK(arithmetic_add(ENGINE_FBGEMM, a, b, o, 0, &add) == OK);
    CHECK(add.mode == ADD_FBGEMM && add.offset_a == -1.5f && add.offset_b == -1.0f &&
          add.inverse_out == 2.0f && add.low == 0);
    CHECK(arithmetic_add_tail(&add, 5, 8) == 9);
    CHECK(add.high == 255 && arithmetic_add(ENGINE_FBGEMM, a, b, o, ENGINE_RELU6, &add) == OK);
    CHECK(add.relu && add.low == 5 && add.high == 17); /* 6 / 0.5 + 5 */
    CHECK(arithmetic_add_tail(&add, 15, 8) == 17 && arithmetic_add_tail(&add, 14, 8) == 17 &&
          arithmetic_add_tail(&add, 12, 8) == 16);
    CHECK(arithmetic_add(ENGINE_QNNPACK, (struct quant_params){ 1e9, 0, 0, 255, 0 }, b, o, 0, &add) ==
          ERR_RANGE);
    CHECK(arithmetic_mul(ENGINE_QNNPACK, a, b, o, (enum engine_relu)1, &mul) == OK);
    CHECK(mul.multiplier == 0.25f && mul.low == 5 && mul.zero_point_a == 3 && mul.zero_point_b == 4);
    CHECK(arithmetic_average_factor(ENGINE_FBGEMM, a, 4) == 0.25f);
    CHECK(arithmetic_average_factor(ENGINE_QNNPACK, a, 4) == 0.25f);
}

/* ---- what PyTorch gives
 * ------------------------------------------------------------------------------------ */

enum { C = 10, PIXELS = 35, MAP = C * PIXELS, SPARE = 64 }; /* kernels may read 63 bytes on */

static void inputs(int count, int j, uint8_t *out)
{
    for (int i = 0; i < count; i++)
        out[i] = (uint8_t)((i * 73 + i * i * 31 / 7 + j * 57) % 256);
}

static void same(const char *what, const uint8_t *ours, const uint8_t *theirs, int count)
{
    for (int i = 0; i < count; i++)
        CHECK_MSG(ours[i] == theirs[i], "%s[%d]: %d, torch %d", what, i, ours[i], theirs[i]);
}

struct golden {
    const uint8_t *add, *add_relu, *mul, *mul_row, *hardswish, *hardsigmoid, *cat, *average[3], *mean[3];
};

static void test_golden(const struct kernel_table *k, enum engine_arithmetic a, const struct golden *g)
{
    uint8_t x[MAP + SPARE], y[MAP + SPARE], row[C + SPARE], out[2 * MAP + SPARE];
    struct kernel_add_u8 add;
    struct kernel_mul_u8 mul;
    struct engine_table t;

    inputs(MAP, 0, x);
    inputs(MAP, 1, y);
    inputs(C, 2, row);
    for (int relu = 0; relu < 2; relu++) {
        CHECK(arithmetic_add(a, golden_a, golden_b, golden_o, relu, &add) == OK);
        k->add_u8(x, C, y, C, out, C, PIXELS, C, &add);
        for (int i = MAP - MAP % 64; a == ENGINE_FBGEMM && i < MAP; i++)
            out[i] = arithmetic_add_tail(&add, x[i], y[i]);
        same(relu ? "add_relu" : "add", out, relu ? g->add_relu : g->add, MAP);
    }
    CHECK(arithmetic_mul(ENGINE_QNNPACK, golden_a, golden_b, golden_o, (enum engine_relu)0, &mul) == OK);
    k->mul_u8(x, C, y, C, out, C, PIXELS, C, &mul);
    same("mul", out, g->mul, MAP);
    k->mul_u8(x, C, row, 0, out, C, PIXELS, C, &mul);
    same("mul_row", out, g->mul_row, MAP);
    arithmetic_hardswish(a, golden_a, golden_o, &t);
    same("hardswish", t.code, g->hardswish, 256);
    arithmetic_hardsigmoid(a, golden_a, (struct quant_params){ 1.0 / 256, 0, 0, 255, 0 }, &t);
    same("hardsigmoid", t.code, g->hardsigmoid, 256);
    for (int fused = 1; fused >= 0; fused--) { /* channels 0 .. 7 by vectors, then 8 and 9 */
        int from = fused ? 0 : 8;

        arithmetic_requantize(golden_a, golden_o, fused, &t);
        k->lookup_u8(x + from, C, out + from, 2 * C, PIXELS, fused ? 8 : 2, t.code);
        arithmetic_requantize(golden_b, golden_o, fused, &t);
        k->lookup_u8(y + from, C, out + C + from, 2 * C, PIXELS, fused ? 8 : 2, t.code);
    }
    same("cat", out, g->cat, 2 * MAP);
}

static void test_golden_averages(const struct kernel_table *k, enum engine_arithmetic a,
                                 const struct golden *g)
{
    static uint8_t map[28 * 28 * 6 + SPARE];
    uint8_t out[6];

    for (int i = 0; i < 3; i++) {
        int pixels = (7 << i) * (7 << i);
        float factor = arithmetic_average_factor(a, golden_a, pixels);
        const struct kernel_conv s = { 1, pixels, 6, 6, 1, 1, 6, 6, 1, pixels, 1, 0, 0, golden_a.zero_point };

        inputs(pixels * 6, 3, map);
        k->average_u8(&s, map, out, (struct kernel_rect){ 0, 1, 0, 1 }, factor);
        same("average", out, g->average[i], 6);
        if (a == ENGINE_FBGEMM)
            arithmetic_mean(map, pixels, 6, 6, golden_a, out);
        same("mean", out, g->mean[i], 6);
    }
}

/* More channels than a block, a pitch, and sums that are exact in f32. */
static void test_mean(void)
{
    uint8_t map[9 * 101], out[100];
    struct quant_params q = { 0.5, 7, 0, 255, 0 };

    for (int i = 0; i < 9; i++)
        for (int c = 0; c < 101; c++)
            map[i * 101 + c] = (uint8_t)(c + (i % 3 == 0 ? 3 : 0));
    arithmetic_mean(map, 9, 100, 101, q, out);
    for (int c = 0; c < 100; c++)
        CHECK(out[c] == c + 1);
}

#define GOLDEN(e)                                                                                            \
    {                                                                                                        \
        golden_##e##_add, golden_##e##_add_relu, golden_##e##_mul, golden_##e##_mul_row,                     \
            golden_##e##_hardswish, golden_##e##_hardsigmoid, golden_##e##_cat,                              \
            { golden_##e##_average_7, golden_##e##_average_14, golden_##e##_average_28 },                    \
        {                                                                                                    \
            golden_##e##_mean_7, golden_##e##_mean_14, golden_##e##_mean_28                                  \
        }                                                                                                    \
    }

int main(void)
{
    static const struct golden fbgemm = GOLDEN(fbgemm), qnnpack = GOLDEN(qnnpack);
    const char *names[8];
    int usable[8], count = kernel_list(names, usable);

    test_input();
    test_tables();
    test_four_bits();
    test_constants();
    test_mean();
    for (int i = 0; i < count; i++) {
        const struct kernel_table *k = kernel_select(names[i]);

        if (!k) {
            check_skip(names[i], "not on this CPU");
            continue;
        }
        test_golden(k, ENGINE_FBGEMM, &fbgemm);
        test_golden(k, ENGINE_QNNPACK, &qnnpack);
        test_golden_averages(k, ENGINE_FBGEMM, &fbgemm);
        test_golden_averages(k, ENGINE_QNNPACK, &qnnpack);
    }
    CHECK(mem_live() == 0);
    return check_result("engine/arithmetic");
}
