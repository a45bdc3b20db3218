#include "fixtures.h"

static int near(float got, double expected)
{
    return fabs(got - expected) <= 1e-6 * fmax(1.0, fabs(expected));
}

static void by_hand(void)
{
    /* Two pixels of two channels: equal values, 1 bit; and a difference of ln 3: P = 3/4, 1/4. */
    static const float x[4] = { 0, 0, 1.0986123f, 0 }, constant[3] = { 7, 7, 7 },
                       far[3] = { -3e38f, 3e38f, 0 };
    /* A pitch of 3: the third code of a line belongs to something else. */
    static const uint8_t codes[6] = { 3, 3, 9, 0, 3, 9 };
    struct activation a, i, r;

    activation_real(x, 2, 2, &a);
    CHECK(near(a.entropy, (1 + 0.8112781244591328) / 2) && a.sparsity == 75);
    CHECK(near(a.std, 1.0986123 * sqrt(3) / 4));
    activation_real(constant, 1, 3, &a);
    CHECK(near(a.entropy, log2(3)) && a.std == 0 && a.sparsity == 0);
    activation_real(far, 1, 3, &a);
    CHECK(a.entropy < 1e-30f && isfinite(a.std));
    activation_codes(codes, 2, 2, 3, 0.5, 3, &i, &r);
    CHECK(i.sparsity == 25 && r.sparsity == 75);
    CHECK(near(i.std, sqrt(27.0 / 16)) && near(r.std, 0.5 * sqrt(27.0 / 16)));
    CHECK(i.entropy > 0.5f && r.entropy > i.entropy && r.entropy < 1);
}

int main(void)
{
    FILE *f = fixture_open("tests/metric/data/activation.bin");
    static float x[49 * 1280];
    static uint8_t q[49 * 1280], wide[49 * 1300];
    int32_t cases, head[4];
    double scale, want[9];

    by_hand();
    fixture_read(f, &cases, sizeof cases, 1);
    for (int i = 0; i < cases; i++) {
        struct activation got[3];
        size_t n;

        fixture_read(f, head, sizeof *head, 4);
        fixture_read(f, &scale, sizeof scale, 1);
        n = (size_t)head[0] * (size_t)head[1];
        fixture_read(f, x, sizeof *x, n);
        fixture_read(f, q, 1, n);
        fixture_read(f, want, sizeof *want, 9);
        for (int p = 0; p < head[0]; p++)
            memcpy(wide + p * (head[1] + 20), q + p * head[1], (size_t)head[1]);
        activation_real(x, head[0], head[1], &got[0]);
        activation_codes(wide, head[0], head[1], head[1] + 20, scale, head[2], &got[1], &got[2]);
        for (int k = 0; k < 3; k++) {
            CHECK_MSG(near(got[k].entropy, want[3 * k]), "%d.%d: entropy %.8g, not %.8g", i, k,
                      got[k].entropy, want[3 * k]);
            CHECK_MSG(near(got[k].std, want[3 * k + 1]), "%d.%d: std %.8g, not %.8g", i, k, got[k].std,
                      want[3 * k + 1]);
            CHECK_MSG(near(got[k].sparsity, want[3 * k + 2]), "%d.%d: sparsity %.8g, not %.8g", i, k,
                      got[k].sparsity, want[3 * k + 2]);
        }
    }
    fclose(f);
    return check_result("metric/activation");
}
