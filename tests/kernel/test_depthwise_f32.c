/* tests/kernel/test_depthwise_f32.c: depthwise convolution in fp32 (conv_f32_test.h). */
enum { DEPTHWISE = 1 };
#include "conv_f32_test.h"

static void test_isa(const struct kernel_table *ref, const struct kernel_table *isa)
{
    for (int c = 1; c <= 140; c++) {
        int w = c % 23 + 1;

        compare(ref, isa, (struct kernel_conv){ 4, w, c, c, 4, w, c, c, 3, 3, 1, 1, 1, 77 }, 0);
        compare(ref, isa,
                (struct kernel_conv){ 5, w, c, c + 1, 3, (w - 1) / 2 + 1, c, c + 3, 5, 5, 2, 2, 2, 130 },
                c % 2);
        compare(ref, isa, (struct kernel_conv){ 9, w, c, c, 9, w, c, c, 7, 7, 1, 3, 3, 3 }, c % 2);
        compare(ref, isa, (struct kernel_conv){ 8, w, c, c, 4, (w - 1) / 2 + 1, c, c, 7, 7, 2, 3, 3, 3 }, 0);
        compare(ref, isa, (struct kernel_conv){ 6, w, c, c, 3, (w - 1) / 2 + 1, c, c, 3, 3, 2, 1, 1, 255 },
                0);
    }
    for (int i = 0; i < 400; i++)
        compare(ref, isa, test_shape(DEPTHWISE), i % 2);
}

int main(void)
{
    test_hand();
    test_ref();
    test_every_isa(test_isa);
    return check_result("kernel/depthwise_f32");
}
