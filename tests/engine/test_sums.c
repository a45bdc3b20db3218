/* Layers of deployed files whose sums come out, by hand and on every instruction set. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "engine/plan.h"

enum { IN = 3, OUT = 2 };

/* 10 - 5, 20 - 5, 30 - 5 by 1 2 3 and by -1 0 2, and biases: 210 and -51, scales 1/2 and 1/4. */
static void test_layer(const struct kernel_table *k, enum engine_arithmetic a, struct quant_params to,
                       const float *real, const uint8_t *code)
{
    static const int8_t weight[OUT * IN] = { 1, 2, 3, -1, 0, 2 };
    static const uint8_t in[IN + 64] = { 10, 20, 30 };
    static int32_t bias[OUT] = { 100, -96 };
    static double scale[1] = { 0.25 };
    const struct model_layer layer = {
        .oc = OUT, .ic = IN, .kh = 1, .kw = 1, .bias_int = bias, .scales = 1, .scale = scale
    };
    const struct pack_job job = { .kind = KIND_SUM, .in = { 0.5, 5, 0, 255, 0 }, .out = to };
    struct engine_conv c = { .shape = { .ih = 1,
                                        .iw = 1,
                                        .ic = IN,
                                        .in_pitch = IN,
                                        .oh = 1,
                                        .ow = 1,
                                        .oc = OUT,
                                        .out_pitch = OUT,
                                        .kh = 1,
                                        .kw = 1,
                                        .stride = 1,
                                        .zero_point_in = 5 },
                             .groups = 1,
                             .codes = 1,
                             .lanes = ENGINE_LANES,
                             .low = -INFINITY,
                             .high = 20,
                             .constants = 0,
                             .packed = 4 * ENGINE_LANES * sizeof(float),
                             .map = 4096 };
    _Alignas(64) static uint8_t weights[16384], scratch[16384];
    _Alignas(64) uint8_t memory[256] = { 0 };
    struct engine_head head = { .arithmetic = a };
    struct engine_plan plan = {
        .kernels = k, .reference = k, .head = &head, .weights = weights, .parameters = (const uint8_t *)&c
    };
    const int element = to.scale > 0 ? 1 : (int)sizeof(float);
    const struct engine_op op = {
        .in = { { .element = 1, .h = 1, .w = 1, .c = IN, .pitch = IN } },
        .out = { .buffer = 1, .element = element, .h = 1, .w = 1, .c = OUT, .pitch = OUT }
    };
    const struct engine_buffer buffer[2] = { { .offset = 0 }, { .offset = 128 } };
    struct engine_pass pass = { .plan = &plan, .base = memory, .buffer = buffer, .scratch = scratch };

    memcpy(memory, in, IN);
    CHECK(k->conv_u8_packed_bytes(&c.shape) + c.packed <= sizeof weights &&
          k->conv_u8_scratch_bytes(&c.shape) <= c.map);
    k->conv_u8_pack(&c.shape, weight, weights + c.packed);
    CHECK(deployed_layer(a, &layer, &job, &c, weights) == OK);
    sums_run(&pass, &op, (struct kernel_rect){ .y1 = 1, .x1 = 1 });
    for (int i = 0; i < OUT; i++)
        if (real)
            CHECK_MSG(((const float *)(const void *)(memory + 128))[i] == real[i], "%s: %d", k->isa, i);
        else
            CHECK_MSG(memory[128 + i] == code[i], "%s: %d: %d", k->isa, i, memory[128 + i]);
    CHECK(memory[128 + OUT * element] == 0);
}

int main(void)
{
    const char *names[8];
    int usable[8], count = kernel_list(names, usable);

    for (int i = 0; i < count; i++) {
        const struct kernel_table *k = usable[i] ? kernel_select(names[i]) : NULL;

        if (!k)
            continue;
        /* 210 / 8, at most 20, and -51 / 8 */
        test_layer(k, ENGINE_ORT, (struct quant_params){ 0 }, (const float[]){ 20, -6.375f }, NULL);
        /* halves: 105, and -25.5, away from zero -26 */
        test_layer(k, ENGINE_TFLITE, (struct quant_params){ 0.25, 100, 0, 255, 0 }, NULL,
                   (const uint8_t[]){ 205, 74 });
        test_layer(k, ENGINE_TFLITE, (struct quant_params){ 0.125, 100, 0, 255, 0 }, NULL,
                   (const uint8_t[]){ 255, 49 });
    }
    return check_result("engine/sums");
}
