/* tests/kernel/test_depthwise_u8.c: depthwise convolution in int8 (conv_u8_test.h). */
enum { DEPTHWISE = 1 };
#include "conv_u8_test.h"

/* Of PACT's networks: no zero points, levels as they are. */
static void compare_levels(const struct kernel_table *ref, const struct kernel_table *isa,
                           struct kernel_conv s, int i)
{
    struct requant_case q = requant_case_pact(&s, i % 3 == 0);

    s.zero_point_in = q.requant.odd = 0;
    compare_case(ref, isa, s, i % 4, i / 4 % 4, q);
}

static void test_isa(const struct kernel_table *ref, const struct kernel_table *isa)
{
    for (int c = 1; c <= 140; c++) {
        int w = c % 23 + 1;

        compare(ref, isa, (struct kernel_conv){ 4, w, c, c, 4, w, c, c, 3, 3, 1, 1, 1, 77 }, c % 4,
                c / 4 % 4);
        compare(ref, isa,
                (struct kernel_conv){ 5, w, c, c + 1, 3, (w - 1) / 2 + 1, c, c + 3, 5, 5, 2, 2, 2, 130 },
                c / 4 % 4, c % 4);
        compare(ref, isa, (struct kernel_conv){ 6, w, c, c, 3, (w - 1) / 2 + 1, c, c, 3, 3, 2, 1, 1, 255 },
                c % 4, 0);
    }
    for (int i = 0; i < 400; i++)
        compare(ref, isa, test_shape(DEPTHWISE), i % 4, i / 4 % 4);
    for (int i = 0; i < 400; i++)
        compare_levels(ref, isa, test_shape(DEPTHWISE), i);
    for (int i = 0; i < 400; i++)
        compare_deployed(ref, isa, test_shape(DEPTHWISE), i);
    for (int c = 1; c <= 140; c++)
        compare_deployed(ref, isa, (struct kernel_conv){ 4, 9, c, c, 4, 9, c, c, 3, 3, 1, 1, 1, 77 }, c);
}

int main(void)
{
    test_hand();
    test_ref();
    test_levels_of_ref();
    test_deployed_of_ref();
    test_every_isa(test_isa);
    return check_result("kernel/depthwise_u8");
}
