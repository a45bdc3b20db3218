/* tests/kernel/test_conv_u8.c: convolution in int8 (conv_u8_test.h). */
enum { DEPTHWISE = 0 };
#include "conv_u8_test.h"

static void test_isa(const struct kernel_table *ref, const struct kernel_table *isa)
{
    for (int oc = 1; oc <= 80; oc++) {
        int w = oc % 23 + 1;

        compare(ref, isa, (struct kernel_conv){ 2, w, 5, 5, 2, w, oc, oc, 1, 1, 1, 0, 77 }, oc % 4,
                oc / 4 % 4);
        compare(ref, isa, (struct kernel_conv){ 3, w, 3, 3, 3, w, oc, oc + 3, 3, 3, 1, 1, 130 }, oc % 4,
                oc / 4 % 4);
    }
    for (int ic = 1; ic <= 40; ic++)
        compare(ref, isa, (struct kernel_conv){ 1, 9, ic, ic + 1, 1, 9, 20, 20, 1, 1, 1, 0, 3 }, ic % 4, 0);
    for (int i = 0; i < 400; i++)
        compare(ref, isa, test_shape(DEPTHWISE), i % 4, i / 4 % 4);
    for (int i = 0; i < 4; i++) {
        compare(ref, isa, (struct kernel_conv){ 1, 1, 1280, 1280, 1, 1, 100, 100, 1, 1, 1, 0, 0 }, i, i);
        compare(ref, isa, (struct kernel_conv){ 7, 7, 320, 320, 7, 7, 72, 72, 1, 1, 1, 0, 9 }, i, i);
        compare(ref, isa, (struct kernel_conv){ 7, 7, 130, 130, 4, 4, 40, 40, 3, 3, 2, 1, 200 }, i, i);
    }
}

int main(void)
{
    test_hand();
    test_ref();
    test_every_isa(test_isa);
    return check_result("kernel/conv_u8");
}
