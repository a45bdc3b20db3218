/* The table: every row by a view made here, what has no value, what is computed once. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "metric_saliency.h"

static double value(const char *name, struct saliency_view *v)
{
    const struct measure *m = measure_find(saliency_measures, name);
    struct measure_view of = { .saliency = v };

    CHECK_MSG(m && !strcmp(m->name, name), "%s is not in the table", name);
    return m ? measure_value(m, NULL, &of) : -1000;
}

static void check(const char *name, struct saliency_view *v, double expected)
{
    double got = value(name, v);

    CHECK_MSG(fabs(got - expected) < 1e-12, "%s: %.15g, not %.15g", name, got, expected);
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
    int rows = 0;

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
    for (const struct measure *m = saliency_measures; m->name; m++, rows++)
        CHECK(m->of == MEASURE_TRUTH && m->meaning && m->label && m->digits == 4 &&
              (m->needs == MEASURE_DENSITY || m->needs == MEASURE_FIXATIONS || m->needs == MEASURE_MASK));
    CHECK(rows == 16);
    return check_result("metric/saliency");
}
