/* The table of measures: every row by hand from views made here; how a toy measure is added; names. */
#include "check.h"
#include "metric_table.h"

#include <math.h>
#include <string.h>

static double value(const char *name, struct measure_view *first, struct measure_view *other)
{
    const struct measure *m = measure_find(measure_table, name);

    CHECK_MSG(m && !strcmp(m->name, name), "%s is not in the table", name);
    return m ? measure_value(m, first, other) : -1000;
}

static void check(const char *name, struct measure_view *first, struct measure_view *other, double expected)
{
    double got = value(name, first, other);

    CHECK_MSG(fabs(got - expected) < 2e-6 * (1 + fabs(expected)), "%s: %.9g, not %.9g", name, got, expected);
}

static void test_answers(void)
{
    static const int32_t first[5] = { 7, 2, 3, 4, 5 }, other[5] = { 2, 7, 3, 4, 5 };
    struct measure_view a = { .top5 = first, .class_index = 7, .row = first },
                        b = { .top5 = other, .class_index = 7, .row = other };

    check("top1", NULL, &a, 100);
    check("top1", NULL, &b, 0);
    check("top5", NULL, &b, 100);
    check("same_top1", &a, &b, 0);
    check("same_top1", &a, &a, 100);
    b.class_index = 9;
    check("top5", NULL, &b, 0);
    b.class_index = -1;
    CHECK(isnan(value("top1", NULL, &b)) && isnan(value("top5", NULL, &b)));
}

/* (pixel, channel) of 2 x 2; a value is 0.5 (code - 2), the fourth of a pixel is nobody's. Sparsity: one code
 * is 0, five values are. Entropy and deviation: numpy's exp, log2 and std. */
static void test_layer(void)
{
    static const uint8_t codes[16] = { 2, 4, 6, 99, 2, 2, 10, 99, 4, 2, 6, 99, 0, 4, 2, 99 };
    static const float real[12] = { 0, 1, 2, 0, 0, 4, 1, 0, 2, -1, 1, 0 };
    struct measure_view int8 = { .codes = codes,
                                 .pixels = 4,
                                 .channels = 3,
                                 .pitch = 4,
                                 .scale = 0.5,
                                 .zero_point = 2,
                                 .sigma_ratio = 0.25f };
    struct measure_view fp32 = { .act = real, .pixels = 4, .channels = 3 };

    check("entropy_int", NULL, &int8, 0.4794100275796068);
    check("std_int", NULL, &int8, 2.560381915956203);
    check("sparsity_int", NULL, &int8, 100.0 / 12);
    check("sigma_ratio", NULL, &int8, 0.25);
    for (int k = 0; k < 2; k++) {
        check("entropy_real", NULL, k ? &fp32 : &int8, 0.9646257304328368);
        check("std_real", NULL, k ? &fp32 : &int8, 1.2801909579781012);
        check("sparsity_real", NULL, k ? &fp32 : &int8, 500.0 / 12);
    }
}

/* Projections: ranks 4 1 2 3 against 1 2 3 4, 1 - 6 * 12 / 60; their peaks lie a cell of 4 x 4 pixels apart
 * in both directions; their product is 12, so that they agree, but for the raw sign. Maps: cosine 8.5 / 12.5;
 * the largest tenths, 0 to 5 and 3 to 8, share 3 of 9 pixels. ssim: numpy, from the definition in
 * include/metric.h. */
static void test_maps(void)
{
    static const float a[4] = { 4, -1, 2, 3 }, b[4] = { -1, 2, 3, 4 };
    static const int32_t left[4] = { 0, 0, 3, 3 }, right[4] = { 2, 2, 5, 5 }, apart[4] = { 6, 0, 7, 7 };
    static const int32_t none[4] = { -1, -1, -1, -1 };
    static float map[2][64], black[64];
    struct measure_view first = {
        .projection = a, .h = 2, .w = 2, .raw_sign = 1, .map = map[0], .map_h = 8, .map_w = 8, .box = left
    };
    struct measure_view other = first;
    double sum = 0, raw = 0;

    for (int i = 0; i < 64; i++) {
        double d;

        map[0][i] = i < 6 ? 1 : i < 32 ? 0.5f : 0;
        map[1][i] = i >= 3 && i < 9 ? 1 : i >= 16 && i < 42 ? 0.5f : 0;
        d = 255 * (double)(map[0][i] - map[1][i]);
        sum += d * d;
        raw += 255.0 * 255 * (double)map[0][i] * (double)map[0][i];
    }
    other.projection = b;
    other.map = map[1];
    other.box = right;
    other.raw_sign = -1;
    other.map_flipped = black;
    check("rmse_resolved", &first, &other, sqrt(sum / 64));
    check("rmse_aligned", &first, &other, sqrt(sum / 64));
    check("rmse_raw", &first, &other, sqrt(raw / 64));
    check("sign_flipped", &first, &other, 1);
    check("raw_undefined", &first, &other, 0);
    check("correlation", &first, &other, 4.0 / 14); /* both less 2: 2 -3 0 1 and -3 0 1 2, |-4| / 14 */
    check("spearman", &first, &other, -0.2);
    check("peak_distance", &first, &other, sqrt(32));
    check("cosine", &first, &other, 8.5 / 12.5);
    check("top_iou", &first, &other, 3.0 / 9);
    check("ssim", &first, &other, 0.3802113646584367);
    check("rmse_{method}", &first, &other, sqrt(sum / 64));
    check("correlation_{method}", &first, &other, -4.0 / 14);
    check("box_iou", &first, &other, 4.0 / 28); /* 4 of 16 pixels each are shared */
    other.box = apart;
    check("box_iou", &first, &other, 0);
    other.box = none;
    check("box_iou", &first, &other, 0);
    first.box = none;
    check("box_iou", &first, &other, 1);
    other.raw_sign = 0;
    check("raw_undefined", &first, &other, 1);
}

/* A map, the same turned to twice its size, and another: what stays. */
static void test_random(void)
{
    static const float projection[4] = { 0, 1, 2, 5 }, twice[4] = { 0, -2, -4, -10 },
                       other_one[4] = { 5, 2, 1, 0 };
    static const float map[4] = { 0, 0.25f, 0.5f, 1 }, turned[4] = { 1, 0.5f, 0.25f, 0 }, constant[4] = { 0 };
    struct measure_view a = { .projection = projection, .map = map, .h = 2, .w = 2, .map_h = 2, .map_w = 2 },
                        b = a;

    check("random_cc_{method}", &a, &b, 1);
    check("random_ssim_{method}", &a, &b, 1);
    b.projection = twice;
    check("random_correlation_{method}", &a, &b, 1);
    check("random_stays_{method}", &a, &b, 1);
    b.projection = other_one; /* products of deviations: -12 + 0 + 0 - 6 of 14 */
    b.map = turned;
    CHECK(fabs(value("random_correlation_{method}", &a, &b) - 12.0 / 14) < 1e-6);
    CHECK(value("random_stays_{method}", &a, &b) == 0 && value("random_cc_{method}", &a, &b) < -0.8);
    b.map = constant;
    check("random_cc_{method}", &a, &b, 0);
}

static void test_truth_and_curves(void)
{
    static const float at[5] = { 0.1f, 0.5f, 0.9f, 0.2f, 0.95f }, none[5] = { -1, -1, -1, -1, -1 };
    static const float curve[3] = { 1, 0.5f, 0 };
    float changes[ROAD_CHANGES] = { 0 };
    struct measure_view v = { .row = at, .steps = 2 };

    for (int k = 0; k < ROAD_PERCENTILES; k++) {
        changes[k] = k % 2 ? -0.25f : -0.7f; /* four of nine, five of nine: -0.5 */
        changes[ROAD_PERCENTILES + k] = (float)(k - 4);
    }
    check("iou", NULL, &v, 0.5);
    check("iou_raw", NULL, &v, 0.5);
    v.row = none;
    CHECK(isnan(value("iou", NULL, &v)) && isnan(value("iou_raw", NULL, &v)));
    v.row = curve;
    check("deletion", NULL, &v, 0.5);
    v.row = changes;
    check("road_{method}", NULL, &v, 0.25);
    check("morf_{method}", NULL, &v, -0.5);
    check("lerf_{method}", NULL, &v, 0);
    v.row = curve;
    check("insertion", NULL, &v, 0.5);
    check("deletion_raw", NULL, &v, 0.5);
    check("insertion_raw", NULL, &v, 0.5);
}

/* As include/metric_table.h says: a row, a function, a check. */
static double toy_second_class(struct measure_view *first, struct measure_view *other)
{
    return first->top5[1] - other->top5[1];
}

static const struct measure toy_table[] = {
    { "second_class", "1", MEASURE_PAIR, 0, toy_second_class, NULL, "second", "classes apart in place two", 0,
      MEASURE_NEITHER },
    { .name = NULL },
};

static void test_toy(void)
{
    static const int32_t first[5] = { 7, 2 }, other[5] = { 7, 9 };
    struct measure_view a = { .top5 = first }, b = { .top5 = other };
    const struct measure *m = measure_find(toy_table, "second_class");

    CHECK(m == toy_table && measure_value(m, &a, &b) == -7 && measure_value(m, &b, &a) == 7);
    CHECK(!measure_find(measure_table, "second_class"));
}

/* Every row is whole, no name stands twice, what has no row of its own says where its values come from. */
static void test_rows(void)
{
    for (const struct measure *m = measure_table; m->name; m++) {
        CHECK_MSG(m->unit && m->value && m->label && m->meaning && m->digits >= 0, "%s", m->name);
        CHECK_MSG((m->from != NULL) == (m->of == MEASURE_TRUTH || m->of == MEASURE_CURVE), "%s", m->name);
        CHECK_MSG(!(m->needs & MEASURE_CODES) || m->of == MEASURE_ONE, "%s", m->name);
        CHECK_MSG(!(m->needs & MEASURE_CROSS) || m->of == MEASURE_CURVE, "%s", m->name);
        CHECK_MSG(!(m->needs & MEASURE_SHARE) || m->of == MEASURE_TRUTH || m->of == MEASURE_PAIR ||
                      m->of == MEASURE_RANDOM || m->needs & MEASURE_INPUT,
                  "%s", m->name);
        CHECK_MSG(!(m->needs & (MEASURE_METHOD | MEASURE_MAPS)) == !strstr(m->name, "{method}"), "%s",
                  m->name);
        CHECK_MSG(measure_find(measure_table, m->name) == m, "%s", m->name);
        CHECK_MSG(strlen(m->name) < 32 && strlen(m->meaning) < 80 && strlen(m->unit) < 16, "%s", m->name);
    }
}

static void test_names(void)
{
    char text[32];

    CHECK(!strcmp(measure_find(measure_table, "rmse_gradcam")->name, "rmse_{method}"));
    CHECK(!strcmp(measure_find(measure_table, "rmse_raw")->name, "rmse_raw"));
    CHECK(!strcmp(measure_find(measure_table, "deletion_on_fp32")->name, "deletion"));
    CHECK(!measure_find(measure_table, "deletion_on_") && !measure_find(measure_table, "iou_on_fp32"));
    CHECK(!measure_find(measure_table, "rmse_") && !measure_find(measure_table, "rms") &&
          !measure_find(measure_table, ""));
    CHECK(measure_text("RMSE, {method} x", "xgradcam", text, sizeof text) &&
          !strcmp(text, "RMSE, xgradcam x"));
    CHECK(measure_text("iou", "", text, 4) && !strcmp(text, "iou") && !measure_text("iou", "", text, 3));
    CHECK(!measure_text("rmse_{method}", "layercam", text, 13));
}

int main(void)
{
    test_answers();
    test_layer();
    test_maps();
    test_random();
    test_truth_and_curves();
    test_toy();
    test_rows();
    test_names();
    return check_result("measure");
}
