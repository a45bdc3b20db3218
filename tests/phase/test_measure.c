/* tests/phase/test_measure.c: means of stored measures over sets of images. */
#include "made.h"

#include "phase/measure.h"

#include <math.h>

/* Means over sets of images: 0 and 3; none; all but the bad ones. Columns as made.h fills them. */
static void test_reduce(const struct made *m)
{
    uint32_t member[MADE_N];
    double ssim[4], entropy[4];

    for (int i = 0; i < MADE_N; i++)
        member[i] = (uint32_t)((i == 0 || i == 3) | (i != MADE_BAD_A && i != MADE_BAD_B) << 2);
    if (m->c.rank == 0)
        CHECK(measure_reduce(&m->run, 0, member, 1 + m->run.layout.selections) == OK);
    comm_wait(&m->c);
    if (m->c.rank != 0 || !made_fetch_ok(m, "/summary/comparison/int8/ssim", 1, ssim) ||
        !made_fetch_ok(m, "/summary/activation/fp32/entropy_real", 1, entropy))
        return;
    CHECK(ssim[0] == 1.5 / 32 && ssim[1] == 0 && ssim[3] == 0);
    CHECK(fabs(ssim[2] - (190 - 12) / 18.0 / 32) < 1e-15); /* 0 + ... + 19 less 5 and 7 */
    CHECK(entropy[0] == 8 && entropy[1] == 0 && entropy[2] == 8);
}

int main(void)
{
    struct made *m = mem_alloc(1, sizeof *m);
    int code;

    CHECK(made_begin(m, "measure") == OK);
    if (!check_failed)
        test_reduce(m);
    made_end(m, &code, "measure");
    mem_free(m);
    return code;
}
