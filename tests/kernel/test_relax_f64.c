/* tests/kernel/test_relax_f64.c: a pixel by hand, and equal on every instruction set. The solution is
 * tests/image/test_road.c's. */
#include "kernel_test.h"

enum { LINE = 23, LINES = 9, PIXELS = LINE * LINES };

/* The left neighbour is the new one of two side by side. */
static void test_hand(void)
{
    static double value[3 * 4 * 4];
    const struct kernel_run run = { 5, 2, 1.0 }, share = { 5, 1, 0.5 };

    for (int i = 0; i < 12; i++)
        value[4 * i] = 12 * i;
    kernel_select("ref")->relax_f64(value, 4, &run, 1);
    CHECK(fabs(value[4 * 5] - 60) < 1e-9 && fabs(value[4 * 6] - 72) < 1e-9 && value[4 * 5 + 1] == 0);
    value[4 * 4] += 6;
    kernel_select("ref")->relax_f64(value, 4, &run, 1);
    CHECK(fabs(value[4 * 5] - 61) < 1e-9 && fabs(value[4 * 6] - 72 - 1.0 / 6) < 1e-9);
    kernel_select("ref")->relax_f64(value, 4, &share, 1);
    CHECK(fabs(value[4 * 5] - 2 * (61 + 1.0 / 36)) < 1e-9);
}

static void test_isa(const struct kernel_table *ref, const struct kernel_table *k)
{
    for (int round = 0; round < 200; round++) {
        double *a = test_memory(PIXELS * 4 * sizeof *a), *b = test_memory(PIXELS * 4 * sizeof *b);
        struct kernel_run run[PIXELS];
        int runs = 0, odd = 0;

        for (int i = 0; i < PIXELS * 4; i++)
            a[i] = b[i] = (double)test_real() * (round % 3 ? 1 : 1e300);
        for (int y = 1; y < LINES - 1; y++)
            for (int x = 1; x < LINE - 1; x += run[runs++].length + test_between(0, 3))
                run[runs] = (struct kernel_run){ y * LINE + x, test_between(1, LINE - 1 - x),
                                                 test_between(0, 3) ? 1.0 : 2.0 / 3 };
        for (int sweep = 0; sweep < 3; sweep++) {
            ref->relax_f64(a, LINE, run, runs);
            k->relax_f64(b, LINE, run, runs);
        }
        for (int i = 0; i < PIXELS * 4; i++)
            odd += memcmp(&a[i], &b[i], sizeof *a) != 0;
        CHECK_MSG(odd == 0, "%s: %d values of round %d differ", k->isa, odd, round);
        free(a);
        free(b);
    }
}

int main(void)
{
    test_hand();
    test_every_isa(test_isa);
    return check_result("kernel/relax_f64");
}
