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

/* Four pixels of three channels, 2 x 2; of class 1 the weights are (1, -1, 2): LayerCAM is (A_0 + 2 A_2) / 4.
 * Uncentred's first vector is the brightest channel: 1 in fp32, 0 in int8. */
static void test_row(struct made *m)
{
    static float weight[6] = { 9, 9, 9, 1, -1, 2 }, bias[2] = { 0, 0 };
    static const float act[2][12 + 16] = { { 4, 0, 0, 0, 0, 2, 0, 8, 0, 0, 0, 0 },
                                           { 8, 0, 0, 0, 0, 4, 0, 4, 0, 0, 0, 0 } };
    struct run *r = &m->run;
    struct cam_workspace *w = NULL;
    struct store_rows *rows = NULL;
    float map[2][MADE_EDGE * MADE_EDGE], *const maps[2] = { map[0], map[1] };
    const float *layer, *other, *uncentred;

    for (int p = 0; p < 2; p++)
        r->network[0].head[p] = (struct model_head){
            .classes = 2, .channels = 3, .weight = weight, .bias = bias
        };
    CHECK(cam_workspace_create(4, 3, r->kernels, &w) == OK);
    CHECK(store_rows_create(r->store, STORE_ROWS_MODEL, 0, 1, &rows) == OK);
    for (int p = 0; p < 2; p++)
        CHECK(methods_compute(r, w, 0, p, act[p], 1, rows) == OK);
    layer = store_rows_field(rows, "fp32/cam_layercam");
    other = store_rows_field(rows, "int8/cam_layercam");
    uncentred = store_rows_field(rows, "fp32/cam_uncentred");
    CHECK(layer[0] == 1 && layer[1] == 1 && layer[2] == 0 && layer[3] == 0);
    CHECK(other[0] == 2 && other[1] == 2 && other[2] == 0 && other[3] == 0);
    CHECK(near(uncentred[0], 0) && near(uncentred[1], 0) && near(uncentred[2], 8) && near(uncentred[3], 0));
    methods_compare(r, 0, 1, rows, maps);
    /* The same map but for its scale; uncentred lights one pixel of the first, another of the second. */
    CHECK(*(float *)store_rows_field(rows, "int8/vs_fp32/rmse_layercam") < 1e-3f);
    CHECK(*(float *)store_rows_field(rows, "int8/vs_fp32/correlation_layercam") == 1);
    CHECK(*(float *)store_rows_field(rows, "int8/vs_fp32/rmse_uncentred") > 50);
    CHECK(near(*(float *)store_rows_field(rows, "int8/vs_fp32/correlation_uncentred"), -1.0 / 3));
    store_rows_free(rows);
    cam_workspace_free(w);
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
    test_row(&m);
    test_reduce(&m);
    made_end(&m, &code, "phase/methods");
    return code;
}
