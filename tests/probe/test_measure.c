/* tests/probe/test_measure.c: measures of the tiny network's two precisions, against the rooms that define
 * them. */
#include <math.h>

#include "probe_test.h"

static int turned; /* pairs whose own signs are opposite */

static double value(struct probe *p, const char *name, int method, int i)
{
    return probe_measure(p, measure_find(measure_table, name), method, i);
}

static float distance(struct probe *p, int first_negative, int second_negative)
{
    return rmse_maps(probe_map(p, 0, first_negative), probe_map(p, 1, second_negative), PIXELS);
}

/* The three readings by their definition: the second map lies in the sign of the first, both signs relative
 * to it. */
static void test_readings(struct probe *p)
{
    const struct probe_shown *a = probe_shown(p, 0), *b = probe_shown(p, 1);
    struct cam_workspace *w = NULL;
    float own[CELLS];
    struct cam_projection c = { .values = own };
    double product = 0;

    must(cam_workspace_create(CELLS, C, kernel_select("auto"), &w));
    must(cam_eigen(w, b->act, H, W, C, CAM_ABSMAX, 1, &c)); /* looked at last: act is its own */
    for (int k = 0; k < CELLS; k++)
        product += (double)a->cam.values[k] * own[k];
    CHECK(a->own_sign == 1 && b->own_sign == (product < 0 ? -1 : 1));
    CHECK(b->cam.raw_sign == (product < 0 ? -c.raw_sign : c.raw_sign));
    for (int k = 0; k < CELLS; k++)
        CHECK(b->cam.values[k] == b->own_sign * own[k]);
    turned += product < 0;
    CHECK(value(p, "rmse_aligned", 0, 1) == distance(p, 0, 0));
    CHECK(value(p, "rmse_resolved", 0, 1) == distance(p, 0, product < 0));
    CHECK(value(p, "rmse_raw", 0, 1) == distance(p, a->cam.raw_sign < 0, b->cam.raw_sign < 0));
    CHECK(value(p, "sign_flipped", 0, 1) == (a->cam.raw_sign * b->cam.raw_sign < 0));
    CHECK(value(p, "correlation", 0, 1) == fabsf(rmse_correlation(a->cam.values, b->cam.values, CELLS)));
    cam_workspace_free(w);
}

static void test_alike(struct probe *p)
{
    struct comparison alike;
    int32_t a[4], b[4];

    compare_pair(&(struct compare_side){ probe_shown(p, 0)->cam.values, probe_map(p, 0, 0) },
                 &(struct compare_side){ probe_shown(p, 1)->cam.values, probe_map(p, 1, 0) }, H, W, EDGE,
                 EDGE, &alike);
    CHECK(value(p, "ssim", 0, 1) == alike.ssim && value(p, "spearman", 0, 1) == alike.spearman);
    CHECK(value(p, "peak_distance", 0, 1) == alike.peak_distance);
    probe_box(p, 0, 0, NULL, 0, NULL, a);
    probe_box(p, 1, 0, NULL, 0, NULL, b);
    const struct wsol_box first = { a[0], a[1], a[2] + 1, a[3] + 1 },
                          second = { b[0], b[1], b[2] + 1, b[3] + 1 };
    CHECK(value(p, "box_iou", 0, 1) == wsol_iou(&first, &second));
    CHECK(value(p, "same_top1", 0, 1) == (probe_shown(p, 0)->top[0] == probe_shown(p, 1)->top[0] ? 100 : 0));
}

static void test_methods(struct probe *p)
{
    const float *a = probe_shown(p, 0)->method[CAM_CAM].values,
                *b = probe_shown(p, 1)->method[CAM_CAM].values;
    float first[PIXELS], second[PIXELS];

    cam_finish(a, H, W, EDGE, EDGE, first);
    cam_finish(b, H, W, EDGE, EDGE, second);
    CHECK(value(p, "rmse_cam", CAM_CAM, 1) == rmse_maps(first, second, PIXELS));
    CHECK(value(p, "correlation_cam", CAM_CAM, 1) == rmse_correlation(a, b, CELLS));
}

/* Of the precision looked at last, whose real values are still there, and of one with codes. */
static void test_layer(struct probe *p, const struct probed *t)
{
    struct engine_map m = engine_cam_map(t->network.engine[1].plan, t->network.engine[1].state);
    struct activation as_int, as_real;
    float act[CELLS * C];

    activation_codes(m.codes, CELLS, C, m.pitch, m.q.scale, m.q.zero_point, &as_int, &as_real);
    CHECK(value(p, "entropy_int", 0, 1) == as_int.entropy && value(p, "std_int", 0, 1) == as_int.std);
    CHECK(value(p, "entropy_real", 0, 1) == as_real.entropy &&
          value(p, "sparsity_real", 0, 1) == as_real.sparsity);
    CHECK(value(p, "sigma_ratio", 0, 1) == probe_shown(p, 1)->cam.sigma_ratio);
    must(probe_look(p, 0));
    m = engine_cam_map(t->network.engine[0].plan, t->network.engine[0].state);
    engine_map_copy_real(&m, act);
    activation_real(act, CELLS, C, &as_real);
    CHECK(value(p, "entropy_real", 0, 0) == as_real.entropy && value(p, "std_real", 0, 0) == as_real.std);
}

/* Pairs with a first precision that was looked at before, and of which only what a file keeps is known. */
static void test_recall(struct probe *p, const struct probed *t)
{
    const struct probe_shown *first = probe_shown(p, 0);
    float cam[CELLS], method[CELLS];
    struct probe_memory m = { .cam = cam, .raw_sign = first->cam.raw_sign, .own_sign = first->own_sign };
    int32_t top[PROBE_TOP];
    double expected[64];
    int pairs = 0, at = 0;

    memcpy(cam, first->cam.values, sizeof cam);
    memcpy(method, first->method[CAM_CAM].values, sizeof method);
    memcpy(top, first->top, sizeof top);
    m.top = top;
    m.method[CAM_CAM] = method;
    for (const struct measure *e = measure_table; e->name; e++)
        if (e->of == MEASURE_PAIR && !(e->needs & MEASURE_INPUT))
            expected[pairs++] = probe_measure(p, e, CAM_CAM, 1);
    memset(first->cam.values, 0, sizeof cam);
    memset(first->method[CAM_CAM].values, 0, sizeof method);
    probe_aim(p, 0);
    probe_recall(p, 0, &m);
    probe_run(p, 1, t->pixels);
    must(probe_answer(p, 1));
    must(probe_look(p, 1));
    must(probe_methods(p, 1, probe_shown(p, 1)->top[0]));
    for (const struct measure *e = measure_table; e->name; e++)
        if (e->of == MEASURE_PAIR && !(e->needs & MEASURE_INPUT)) {
            CHECK_MSG(probe_measure(p, e, CAM_CAM, 1) == expected[at], "%s", e->name);
            at++;
        }
    CHECK(pairs > 10);
}

/* Codes are the second precision's alone, and a method's measures are nobody's without the method. */
static void test_has(const struct probe *p)
{
    const struct measure *codes = measure_find(measure_table, "entropy_int"),
                         *real = measure_find(measure_table, "entropy_real"),
                         *method = measure_find(measure_table, "rmse_{method}");

    CHECK(!probe_has_measure(p, codes, 0) && probe_has_measure(p, codes, 1));
    CHECK(probe_has_measure(p, real, 0) && probe_has_measure(p, real, 1));
    CHECK(!probe_has_measure(p, method, 1));
}

int main(void)
{
    const struct probe_how how = { .sign = CAM_ABSMAX, .raw = 1, .methods = 1u << CAM_CAM };
    struct probed t;
    struct probe *p;

    probed_open(&t);
    p = probed_start(&t, &how);
    for (int picture = 0; picture < 20; picture++) {
        for (int i = 0; i < PIXELS * 3; i++)
            t.pixels[i] = (uint8_t)(t.pixels[i] * 5 + 3 * picture);
        probed_look(p, &t);
        test_has(p);
        test_readings(p);
        test_alike(p);
        test_methods(p);
        test_layer(p, &t);
        probed_look(p, &t);
        test_recall(p, &t);
    }
    CHECK_MSG(turned > 0 && turned < 20, "%d", turned);
    probe_free(p);
    probed_close(&t);
    CHECK(mem_live() == 0);
    return check_result("probe/measure");
}
