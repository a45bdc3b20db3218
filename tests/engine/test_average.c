/* Averages of codes in deployed files, by hand and as the runtimes have them (golden_deployed.py). */
#include <string.h>

#include "check.h"
#include "engine/plan.h"
#include "golden_deployed.h"

enum { CHANNELS = 6 };

/* The maps of golden_deployed.py. */
static void fill(uint8_t *codes, int count)
{
    for (int i = 0; i < count; i++)
        codes[i] = (uint8_t)((i * 73 + i * i * 31 / 7) % 256);
}

/* A map of size x size in codes `in`, averaged into `out`. */
static void run(enum engine_arithmetic arithmetic, enum model_op op, struct engine_average a,
                const uint8_t *in, uint8_t *out)
{
    const struct model_node n = { .op = op };
    struct engine_head head = { .arithmetic = arithmetic };
    struct engine_plan plan = { .head = &head, .parameters = (const uint8_t *)&a };
    const struct kernel_conv *s = &a.shape;
    size_t ins = (size_t)(s->ih * s->iw * s->ic), outs = (size_t)(s->oh * s->ow * s->ic);
    struct engine_op node = { .in = { { .element = 1 } },
                              .out = { .buffer = 1, .element = 1, .c = s->ic, .h = s->oh, .w = s->ow } };
    const struct engine_buffer buffer[2] = { { .offset = 0 }, { .offset = ins } };
    uint8_t memory[2048];
    struct engine_pass pass = { .plan = &plan, .base = memory, .buffer = buffer };

    node.out.pitch = s->ic;
    memcpy(memory, in, ins);
    CHECK(average_rule(arithmetic, &n, &a) == OK);
    average_run(&pass, &node, (struct kernel_rect){ .y1 = s->oh, .x1 = s->ow });
    memcpy(out, memory + ins, outs);
}

static struct engine_average whole(int size, struct quant_params in, struct quant_params out)
{
    return (struct engine_average){ .shape = { .ih = size,
                                               .iw = size,
                                               .ic = CHANNELS,
                                               .in_pitch = CHANNELS,
                                               .oh = 1,
                                               .ow = 1,
                                               .kh = size,
                                               .kw = size,
                                               .stride = 1 },
                                    .q = in,
                                    .out = out,
                                    .reach_y = size,
                                    .reach_x = size };
}

/* 3 x 3 by steps of 2 over 5 x 5, a border of 1. */
static struct engine_average windows(struct quant_params in, struct quant_params out, int counted)
{
    struct engine_average a = whole(5, in, out);

    a.shape.oh = a.shape.ow = a.shape.kh = a.shape.kw = 3;
    a.shape.stride = 2;
    a.shape.pad_y = a.shape.pad_x = 1;
    a.counted = counted;
    a.reach_y = a.reach_x = 6;
    return a;
}

static void compare(const char *what, enum engine_arithmetic arithmetic, enum model_op op,
                    struct engine_average a, const uint8_t *expected)
{
    uint8_t in[49 * CHANNELS], out[9 * CHANNELS];
    size_t count = (size_t)(a.shape.oh * a.shape.ow * CHANNELS);

    fill(in, a.shape.ih * a.shape.iw * CHANNELS);
    run(arithmetic, op, a, in, out);
    for (size_t i = 0; i < count; i++)
        CHECK_MSG(out[i] == expected[i], "%s: %zu: %d, %d", what, i, out[i], expected[i]);
}

#define COMPARE_TYPE(type)                                                                                   \
    do {                                                                                                     \
        const struct quant_params in = golden_##type##_wide, to = golden_##type##_narrow;                    \
        struct quant_params fine = { (double)0.004f, 128, 0, 255, in.offset };                               \
        compare(#type " mean", ENGINE_TFLITE, OP_MEAN, whole(7, in, to), golden_##type##_tflite_mean);       \
        compare(#type " mean, XNNPACK", ENGINE_XNNPACK, OP_MEAN, whole(7, in, to),                           \
                golden_##type##_xnnpack_mean);                                                               \
        compare(#type " windows", ENGINE_TFLITE, OP_AVGPOOL2D, windows(in, in, 0),                           \
                golden_##type##_tflite_windows);                                                             \
        compare(#type " windows, XNNPACK", ENGINE_XNNPACK, OP_AVGPOOL2D, windows(in, in, 0),                 \
                golden_##type##_xnnpack_windows);                                                            \
        compare(#type " average, ONNX", ENGINE_ORT, OP_AVGPOOL, whole(7, in, to),                            \
                golden_##type##_ort_average);                                                                \
        compare(#type " windows, ONNX", ENGINE_ORT, OP_AVGPOOL2D, windows(in, to, 0),                        \
                golden_##type##_ort_windows);                                                                \
        compare(#type " counted, ONNX", ENGINE_ORT, OP_AVGPOOL2D, windows(in, to, 1),                        \
                golden_##type##_ort_counted);                                                                \
        compare(#type " mean 1", ENGINE_ORT, OP_MEAN, whole(1, in, fine), golden_##type##_ort_mean_1);       \
        compare(#type " mean 2", ENGINE_ORT, OP_MEAN, whole(2, in, fine), golden_##type##_ort_mean_2);       \
        compare(#type " mean 3", ENGINE_ORT, OP_MEAN, whole(3, in, fine), golden_##type##_ort_mean_3);       \
        compare(#type " mean 5", ENGINE_ORT, OP_MEAN, whole(5, in, fine), golden_##type##_ort_mean_5);       \
        compare(#type " mean 7", ENGINE_ORT, OP_MEAN, whole(7, in, fine), golden_##type##_ort_mean_7);       \
    } while (0)

/* Codes 3 and 4 of two cells: 3.5 is 4; as signed ones they are -125 and -124, -124.5, away from zero -125,
 * our
 * 3. By zero point 3 and a factor of 1/2, halved again: (0 + 1) / 2 / 2 = 0.25. */
static void test_hand(void)
{
    struct engine_average a = { .shape = { .ih = 1,
                                           .iw = 2,
                                           .ic = 1,
                                           .in_pitch = 1,
                                           .oh = 1,
                                           .ow = 1,
                                           .kh = 1,
                                           .kw = 2,
                                           .stride = 1 },
                                .q = { 1, 3, 0, 255, 0 },
                                .out = { 1, 3, 0, 255, 0 },
                                .reach_y = 1,
                                .reach_x = 2 };
    const uint8_t in[] = { 3, 4 };
    uint8_t out[1];

    run(ENGINE_TFLITE, OP_AVGPOOL, a, in, out);
    CHECK(out[0] == 4);
    a.q.offset = a.out.offset = 128;
    run(ENGINE_TFLITE, OP_AVGPOOL, a, in, out);
    CHECK(out[0] == 3);
    a.out = (struct quant_params){ 0.25, 100, 0, 255, 0 };
    run(ENGINE_ORT, OP_AVGPOOL, a, in, out);
    CHECK(out[0] == 102);
    run(ENGINE_TFLITE, OP_MEAN, a, in, out);
    CHECK(out[0] == 102);
    run(ENGINE_XNNPACK, OP_MEAN, a, in, out);
    CHECK(out[0] == 102);
}

int main(void)
{
    test_hand();
    COMPARE_TYPE(u8);
    COMPARE_TYPE(s8);
    return check_result("engine/average");
}
