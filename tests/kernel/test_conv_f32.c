/* tests/kernel/test_conv_f32.c: convolution in fp32 (conv_f32_test.h). */
enum { DEPTHWISE = 0 };
#include "conv_f32_test.h"

/* Parts of the output channels, packed one behind the other, are the whole. */
static void test_parts(const struct kernel_table *k, int oc)
{
    struct kernel_conv whole = { 3, 3, 5, 5, 3, 3, oc, oc, 3, 3, 1, 1, 1, 0 }, part = whole;
    size_t bytes = k->conv_f32_packed_bytes(&whole), each = 3 * 3 * 5;
    float *weight = test_memory((size_t)oc * each * sizeof *weight),
          *bias = test_memory((size_t)oc * sizeof *bias);
    uint8_t *at_once = test_memory(bytes), *in_parts = test_memory(bytes), *to = in_parts;

    for (size_t i = 0; i < (size_t)oc * each; i++)
        weight[i] = (float)i;
    for (int i = 0; i < oc; i++)
        bias[i] = (float)-i;
    k->conv_f32_pack(&whole, weight, bias, at_once);
    for (int first = 0; first < oc; first += KERNEL_CONV_F32_PART, to += k->conv_f32_packed_bytes(&part)) {
        part.oc = oc - first < KERNEL_CONV_F32_PART ? oc - first : KERNEL_CONV_F32_PART;
        k->conv_f32_pack(&part, weight + (size_t)first * each, bias + first, to);
    }
    CHECK_MSG((size_t)(to - in_parts) == bytes && memcmp(at_once, in_parts, bytes) == 0, "%s, %d", k->isa,
              oc);
    free(weight);
    free(bias);
    free(at_once);
    free(in_parts);
}

static void test_isa(const struct kernel_table *ref, const struct kernel_table *isa)
{
    for (int oc = 1; oc <= 80; oc++) {
        int w = oc % 23 + 1;

        compare(ref, isa, (struct kernel_conv){ 2, w, 5, 5, 2, w, oc, oc, 1, 1, 1, 0, 0, 0 }, 0);
        compare(ref, isa, (struct kernel_conv){ 3, w, 3, 3, 3, w, oc, oc + 3, 3, 3, 1, 1, 1, 0 }, 0);
        compare(ref, isa, (struct kernel_conv){ 1, w, 31 + w, 32 + w, 1, w, oc, oc, 1, 1, 1, 0, 0, 0 }, 0);
    }
    for (int ic = 1; ic <= 40; ic++)
        compare(ref, isa, (struct kernel_conv){ 1, 9, ic, ic + 1, 1, 9, 20, 20, 1, 1, 1, 0, 0, 0 }, 0);
    for (int oc = KERNEL_CONV_F32_PART - 1; oc <= 3 * KERNEL_CONV_F32_PART + 40; oc += 31)
        test_parts(isa, oc);
    for (int i = 0; i < 300; i++)
        compare(ref, isa, test_shape(DEPTHWISE), i % 2);
    compare(ref, isa, (struct kernel_conv){ 1, 1, 1280, 1280, 1, 1, 100, 100, 1, 1, 1, 0, 0, 0 }, 0);
    compare(ref, isa, (struct kernel_conv){ 7, 7, 320, 320, 7, 7, 72, 72, 1, 1, 1, 0, 0, 0 }, 0);
    compare(ref, isa, (struct kernel_conv){ 7, 7, 130, 130, 4, 4, 40, 40, 3, 3, 2, 1, 1, 0 }, 0);
}

int main(void)
{
    test_hand();
    test_ref();
    test_parts(kernel_select("ref"), 300);
    test_every_isa(test_isa);
    return check_result("kernel/conv_f32");
}
