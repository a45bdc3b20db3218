/* The table: every row by a view made here, what has no value, what is computed once. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "metric_saliency.h"

static double value(const char *name, struct saliency_view *v)
{
    char known[64], alone[SALIENCY_MEASURE];
    const struct measure *m;
    struct measure_view of = { .saliency = v };

    snprintf(known, sizeof known, "truth_%s_hirescam", name);
    m = measure_known(known);
    CHECK_MSG(m && m->of == MEASURE_MATCH && !strcmp(saliency_measure(m, alone), name),
              "%s is not in the table", name);
    snprintf(known, sizeof known, "truth_%s", name); /* of baselines */
    CHECK(measure_known(known) == m && !*measure_method_of(m, known));
    return m ? measure_value(m, NULL, &of) : -1000;
}

static void check(const char *name, struct saliency_view *v, double expected)
{
    double got = value(name, v);

    CHECK_MSG(fabs(got - expected) < 1e-12, "%s: %.15g, not %.15g", name, got, expected);
}

/* Two maps, and one alone. */
static void pairs(const float *map, const float *first, const float *constant)
{
    static const float zero[4];
    struct saliency_view v = { .map = map, .width = 2, .height = 2, .density = first },
                         blank = { .map = zero, .width = 2, .height = 2 },
                         flat = { .map = constant, .width = 2, .height = 2 };
    struct measure_view a = { 0 }, of = { .saliency = &v };
    const struct measure *is_blank = measure_known("blank_eigen"), *is_flat = measure_known("flat_eigen");

    CHECK(!strcmp(measure_method_of(is_blank, "blank_eigen"), "eigen"));
    CHECK(fabs(measure_value(measure_known("cc_cam"), &a, &of) + 1) < 1e-12);
    CHECK(fabs(measure_value(measure_known("sim_cam"), &a, &of) - 1 / 3.0) < 1e-12); /* 1/6 twice */
    CHECK(measure_value(measure_known("kld_cam"), &a, &of) > 1);
    CHECK(measure_value(is_blank, NULL, &of) == 0 && measure_value(is_flat, NULL, &of) == 0);
    of.saliency = &blank;
    CHECK(measure_value(is_blank, NULL, &of) == 1 && measure_value(is_flat, NULL, &of) == 0);
    of.saliency = &flat;
    CHECK(measure_value(is_blank, NULL, &of) == 0 && measure_value(is_flat, NULL, &of) == 1);
    CHECK(!measure_known("truth_si") && !measure_known("sim") && !measure_known("truth_sim_"));
}

int main(void)
{
    static const float map[] = { 0, 1, 2, 3 }, density[] = { 3, 2, 1, 0 }, mask[] = { 0, 0, 0, 1 },
                       flat[] = { 1, 1, 1, 1 };
    static const int32_t pixel[] = { 3 };
    int32_t drawn[] = { 0, 1 }, reached[1];
    float room[1];
    struct draws d = { 2, 1, drawn };
    struct saliency_view v = { .map = map,
                               .width = 2,
                               .height = 2,
                               .density = density,
                               .mask = mask,
                               .pixel = pixel,
                               .pixels = 1,
                               .baseline = flat,
                               .uniform = &d,
                               .room = { room, reached } };
    int rows = 0, matches = 0;

    check("sim", &v, 1 / 3.0);
    check("cc", &v, -1);
    CHECK(v.shared.have_density && !v.shared.have_object);
    v.shared.density.kld = 77; /* made once */
    check("kld", &v, 77);
    check("nss", &v, 1.5 / sqrt(5 / 3.0));
    check("auc_judd", &v, 1);
    check("auc_borji", &v, 1);
    CHECK(isnan(value("auc_shuffled", &v)));
    v.pooled = &d;
    check("auc_shuffled", &v, 1);
    check("gain", &v, 1);
    check("mae", &v, 1 / 4.0);
    check("f_largest", &v, 1);
    check("f_adaptive", &v, 1);
    check("e_largest", &v, 4 / 3.0);
    check("e_adaptive", &v, 4 / 3.0);
    CHECK(value("s_measure", &v) == v.shared.object.s_measure && v.shared.object.s_measure > 0.5);
    /* Levels 0, then 85 each that take 3, 2, 1 of the 4 pixels. */
    check("f_mean", &v, (1.3 / 4 / (0.3 / 4 + 1) + 85 * (1.3 / 3 / 1.1 + 0.65 / 1.15 + 1)) / 256);
    check("e_mean", &v, (1 / 3.0 + 85 * (2 * 0.64 + pow(25 / 13.0, 2) / 4 + 0.01 + 2 * 0.81 + 4) / 3) / 256);
    v.pixels = 4;
    CHECK(isnan(value("auc_judd", &v))); /* nothing is left to compare with */
    for (const struct measure *m = saliency_measures; m->name; m++, rows++) {
        int truths = m->needs & (MEASURE_DENSITY | MEASURE_FIXATIONS | MEASURE_MASK);

        CHECK(m->needs & MEASURE_MAPS && m->meaning && m->label && m->digits == 4);
        CHECK_MSG(m->of == MEASURE_ONE ? !truths : truths && !(truths & (truths - 1)), "%s", m->name);
        matches += m->of == MEASURE_MATCH;
    }
    CHECK(rows == 21 && matches == 16);
    pairs(map, density, flat);
    return check_result("metric/saliency");
}
