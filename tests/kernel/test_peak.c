/* tests/kernel/test_peak.c: the loops do what they say they did: their sums are worked out by hand. */
#include "kernel_test.h"

static void test_table(const struct kernel_table *ref, const struct kernel_table *k)
{
    (void)ref;
    for (uint64_t rounds = 1; rounds <= 1000; rounds *= 10) {
        float a = 1, b = 1;
        uint64_t one = k->peak_f32(1, &a), many;

        a = 1;
        many = k->peak_f32(rounds, &a);
        CHECK_MSG(one > 0 && many == rounds * one, "%s: %llu", k->isa, (unsigned long long)many);
        CHECK(k->peak_u8(rounds, &b) == rounds * k->peak_u8(1, &(float){ 1 }));
        CHECK(isfinite(a) && isfinite(b));
    }
}

int main(void)
{
    float zero = 0, one = 1;

    /* Eight sums 0 to 7, to each ten times 1 * 1; codes 3 times -2, ten times, in eight sums. */
    CHECK(kernel_select("ref")->peak_f32(10, &one) == 80 && one == 1 + 28 + 80);
    CHECK(kernel_select("ref")->peak_u8(10, &zero) == 80 && zero == -480);
    test_every_isa(test_table);
    return check_result("kernel/peak");
}
