/* tests/kernel/test_conv_u8.c: convolution in int8 (conv_u8_test.h). */
enum { DEPTHWISE = 0 };
#include "conv_u8_test.h"

/* 3 levels of 2 bits, 2 w + 1 of w = -2, 0, 1, by codes 3, 1, 2: -9 + 1 + 6 = -2, that is 2 (-4) + 6. */
static void test_levels_by_hand(const struct kernel_table *k)
{
    const uint8_t in[64 + 3] = { 3, 1, 2 };
    const int8_t weight[] = { -2, 0, 1 };
    const float multiplier = -1.25f, bias = 0.25f;
    struct kernel_conv s = { 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0 };
    struct kernel_requant q = {
        .mode = REQUANT_REAL, .multiplier = &multiplier, .bias_real = &bias, .high = 3, .odd = 1
    };
    struct kernel_rect all = { 0, 1, 0, 1 };
    uint8_t *out = run(k, &s, weight, in, &all, 1, &q, KERNEL_EXACT);
    float v;

    memcpy(&v, out, sizeof v);
    CHECK_MSG(v == 2.75f, "%s: %g", k->isa, (double)v);
    free(out);
    q.mode = REQUANT_PACT; /* rne(2.75) = 3; at most 2 */
    out = run(k, &s, weight, in, &all, 1, &q, KERNEL_EXACT);
    CHECK(out[0] == 3);
    free(out);
    q.high = 2;
    out = run(k, &s, weight, in, &all, 1, &q, KERNEL_EXACT);
    CHECK(out[0] == 2);
    free(out);
    q.odd = 0; /* -6 + 0 + 2 = -4: 5.25 */
    q.mode = REQUANT_REAL;
    out = run(k, &s, weight, in, &all, 1, &q, KERNEL_EXACT);
    memcpy(&v, out, sizeof v);
    CHECK_MSG(v == 5.25f, "%s: %g", k->isa, (double)v);
    free(out);
}

/* deployed-files 2.1 of the sums -5, 5 and 6, the weight 9 with zero point 10 being -1. Halves are rounded up
 * the first time, -2, 3 and 3, then by 1/2 away from zero, -1, 2 and 2, or by 1/4, -1, 1 and 1; by 3/4 the
 * sums become -4, 4 and 5, then by 1/2 -2, 2 and 3. */
static void test_fixed_by_hand(const struct kernel_table *k)
{
    const uint8_t in[64 + 3] = { 105, 95, 94 };
    const int8_t weight[] = { 9 };
    const int32_t bias = 0, zero_point = 10, fixed[] = { 1 << 30, 3 << 29 };
    const struct {
        int fixed, shift, code[3];
    } by[] = { { 0, 0, { 198, 203, 203 } },
               { 0, -1, { 199, 202, 202 } },
               { 0, -2, { 199, 201, 201 } },
               { 0, 1, { 195, 205, 206 } },
               { 1, -1, { 198, 202, 203 } } };
    struct kernel_conv s = { 1, 3, 1, 1, 1, 3, 1, 1, 1, 1, 1, 0, 0, 100 };
    struct kernel_rect all = { 0, 1, 0, 3 };

    for (size_t i = 0; i < sizeof by / sizeof by[0]; i++) {
        struct kernel_requant q = { .mode = REQUANT_TFLITE,
                                    .bias_int = &bias,
                                    .zero_point_out = 200,
                                    .high = 255,
                                    .fixed = &fixed[by[i].fixed],
                                    .shift = &by[i].shift,
                                    .weight_zero_point = &zero_point };
        uint8_t *out = run(k, &s, weight, in, &all, 1, &q, KERNEL_EXACT);

        for (int j = 0; j < 3; j++)
            CHECK_MSG(out[j] == by[i].code[j], "%s: case %zu: %d", k->isa, i, out[j]);
        free(out);
    }
}

static void compare_levels(const struct kernel_table *ref, const struct kernel_table *isa,
                           struct kernel_conv s, int i)
{
    s.zero_point_in = 0;
    compare_case(ref, isa, s, i % 4, i / 4 % 4, requant_case_pact(&s, i & 1));
    compare_case(ref, isa, s, i % 4, i / 4 % 4, requant_case_pact(&s, ~i & 1));
}

static void test_isa(const struct kernel_table *ref, const struct kernel_table *isa)
{
    for (int oc = 1; oc <= 80; oc++) {
        int w = oc % 23 + 1;

        compare(ref, isa, (struct kernel_conv){ 2, w, 5, 5, 2, w, oc, oc, 1, 1, 1, 0, 0, 77 }, oc % 4,
                oc / 4 % 4);
        compare(ref, isa, (struct kernel_conv){ 3, w, 3, 3, 3, w, oc, oc + 3, 3, 3, 1, 1, 1, 130 }, oc % 4,
                oc / 4 % 4);
    }
    for (int ic = 1; ic <= 40; ic++)
        compare(ref, isa, (struct kernel_conv){ 1, 9, ic, ic + 1, 1, 9, 20, 20, 1, 1, 1, 0, 0, 3 }, ic % 4,
                0);
    for (int i = 0; i < 400; i++)
        compare(ref, isa, test_shape(DEPTHWISE), i % 4, i / 4 % 4);
    for (int i = 0; i < 400; i++)
        compare_deployed(ref, isa, test_shape(DEPTHWISE), i);
    for (int oc = 1; oc <= 80; oc++)
        compare_deployed(ref, isa, (struct kernel_conv){ 3, oc, 7, 7, 3, oc, oc, oc, 1, 1, 1, 0, 0, 200 },
                         oc);
    test_levels_by_hand(isa);
    test_fixed_by_hand(isa);
    for (int i = 0; i < 300; i++)
        compare_levels(ref, isa, test_shape(DEPTHWISE), i);
    for (int oc = 1; oc <= 80; oc++)
        compare_levels(ref, isa, (struct kernel_conv){ 3, 14, 3, 3, 3, 14, oc, oc + 3, 3, 3, 1, 1, 1, 0 },
                       oc);
    for (int i = 0; i < 4; i++) {
        compare(ref, isa, (struct kernel_conv){ 1, 1, 1280, 1280, 1, 1, 100, 100, 1, 1, 1, 0, 0, 0 }, i, i);
        compare(ref, isa, (struct kernel_conv){ 7, 7, 320, 320, 7, 7, 72, 72, 1, 1, 1, 0, 0, 9 }, i, i);
        compare(ref, isa, (struct kernel_conv){ 7, 7, 130, 130, 4, 4, 40, 40, 3, 3, 2, 1, 1, 200 }, i, i);
    }
}

int main(void)
{
    test_hand();
    test_deployed_of_ref();
    test_fixed_by_hand(kernel_select("ref"));
    test_ref();
    test_levels_by_hand(kernel_select("ref"));
    test_levels_of_ref();
    test_every_isa(test_isa);
    return check_result("kernel/conv_u8");
}
