#include "made.h"

#include "phase/methods.h"

#include <math.h>

/* Sets: all, raw = {14, 17}, resolved = {6, 13}, control. 18 rows of 20. Methods: layercam, uncentred. */

static int near(double a, double b)
{
    return fabs(a - b) < 1e-6 * (1 + fabs(b));
}

static void test_names(const struct made *m)
{
    const struct store_layout *l = &m->run.layout;

    CHECK(l->methods == 2 && strcmp(l->method[0], "layercam") == 0 && strcmp(l->method[1], "uncentred") == 0);
}

static void test_reduce(struct made *m)
{
    float rmse[MADE_N], correlation[MADE_N];
    uint32_t member[MADE_N];
    double mean[4][2], median[4][2], r[4][2];

    for (int i = 0; i < MADE_N; i++) {
        rmse[i] = (float)i;
        correlation[i] = i % 2 ? 1 : -1;
        member[i] = (uint32_t)((i != MADE_BAD_A && i != MADE_BAD_B) | (i == 14 || i == 17) << 1 |
                               (i == 6 || i == 8 || i == 13) << 2);
    }
    CHECK(store_write(m->run.store, "/models/net/int8/vs_fp32/rmse_uncentred", 0, MADE_N, rmse) == OK);
    CHECK(store_write(m->run.store, "/models/net/int8/vs_fp32/correlation_uncentred", 0, MADE_N,
                      correlation) == OK);
    CHECK(methods_reduce(&m->run, 0, member, 4) == OK);
    if (!made_fetch_ok(m, "/summary/methods/int8/rmse_mean", 1, mean) ||
        !made_fetch_ok(m, "/summary/methods/int8/rmse_median", 1, median) ||
        !made_fetch_ok(m, "/summary/methods/int8/correlation", 1, r))
        return;
    CHECK(mean[0][1] == (190.0 - MADE_BAD_A - MADE_BAD_B) / 18 && mean[1][1] == 15.5 && mean[2][1] == 9);
    CHECK(median[1][1] == 15.5 && median[2][1] == 8 && mean[0][0] == 0);
    CHECK(near(r[0][1], -2.0 / 18) && r[1][1] == 0 && near(r[2][1], -1.0 / 3));
    CHECK(mean[3][1] == 0 && median[3][1] == 0 && r[3][1] == 0); /* an empty set */
}

int main(void)
{
    struct made m = { .methods = 1u << CAM_LAYERCAM | 1u << CAM_UNCENTRED };
    int code = 1;

    CHECK(made_begin(&m, "methods") == OK);
    test_names(&m);
    test_reduce(&m);
    made_end(&m, &code, "phase/methods");
    return code;
}
