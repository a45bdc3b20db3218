#include <string.h>

#include "check.h"
#include "report/study.h"

/* Relations that the first study itself states about its numbers catch a mistyped digit (spec: paper-tables).
 */
static double value(const char *network, const char *precision, const char *measure, const char *set)
{
    const char *text = study_number(&rogers2023, network, precision, measure, set);
    double v = 0;

    CHECK_MSG(text && text_parse_real(text, &v), "%s %s %s %s", network, precision, measure, set);
    return v;
}

#define NEAR(a, b, tolerance)                                                                                \
    CHECK_MSG((d = (a) - (b)) < (tolerance) && d > -(tolerance), "%s: %g against %g", n, (double)(a),        \
              (double)(b))
#define LESS(measure, set, sign) (sign * (value(n, "fp32", measure, set) - value(n, "int8", measure, set)))

static void check_relations(void)
{
    static const double top1[] = { 0.220, 1.038, 0.264, 2.58 }, top5[] = { 0.136, 0.482, 0.196, 1.966 },
                        subset_top1[] = { 0.28, 2.24, 0.8, 2.675 }, subset_top5[] = { 0, 1, 0.360, 2.554 },
                        inference[] = { 2.69, 1.55, 1.61, 1.21 }, cam[] = { 1.7, 2.29, 2.86, 1.5 },
                        total[] = { 2.26, 1.63, 1.9, 1.23 }, entropy[] = { 8.728, 5.296, 4.104, 8.962 },
                        deviation[] = { 17.313, 10.838, 6.884, 4.811 },
                        wsol[] = { 0.016, 0.106, 0.102, 0.105 };
    double d;

    for (int i = 0; rogers2023.network[i]; i++) {
        const char *n = rogers2023.network[i];

        NEAR(LESS("top1", "all", 1), top1[i], 1e-9);
        NEAR(LESS("top5", "all", 1), top5[i], 1e-9);
        NEAR(LESS("top1", "raw", 1), subset_top1[i], 1e-9);
        NEAR(LESS("top5", "raw", 1), subset_top5[i], 1e-9);
        NEAR(value(n, "fp32", "inference", "all") / value(n, "int8", "inference", "all"), inference[i], 0.01);
        NEAR(value(n, "fp32", "cam", "all") / value(n, "int8", "cam", "all"), cam[i], 0.01);
        NEAR(value(n, "fp32", "total", "all") / value(n, "int8", "total", "all"), total[i], 0.01);
        NEAR(value(n, "fp32", "entropy_real", "raw") - value(n, "int8", "entropy_int", "raw"), entropy[i],
             1e-9);
        NEAR(value(n, "int8", "std_int", "raw") - value(n, "fp32", "std_real", "raw"), deviation[i], 1e-9);
        NEAR(LESS("iou_raw", "raw", -1), wsol[i], 1e-9);
        CHECK(value(n, "int8", "rmse_raw", "raw") > value(n, "int8", "rmse_raw", "all"));
    }
}

/* Every column of the study's has a number, every number stands in a column. */
static void check_tables(const struct study *s)
{
    int used = 0;

    for (int n = 0; s->network[n]; n++)
        for (int i = 0; i < s->numbers; i++)
            CHECK_MSG(s->number[i].text[n] != NULL, "%s: number %d of %s", s->id, i, s->network[n]);
    for (int t = 0; t < s->tables; t++)
        for (const struct table_column *c = s->table[t].column; c->head; c++) {
            CHECK(c < s->table[t].column + TABLE_COLUMNS);
            if (c->show != TABLE_PUBLISHED)
                continue;
            CHECK_MSG(study_number(s, s->network[0], s->table[t].precision, c->measure, c->set) != NULL,
                      "%s: %s %s", s->table[t].id, c->measure, c->set);
            used++;
        }
    CHECK_MSG(used == s->numbers, "%s: %d columns, %d numbers", s->id, used, s->numbers);
}

static int marked(const char *sign, const char *network, const char *precision, const char *measure,
                  int impossible)
{
    const struct study_mark *m;

    for (int from = 0; (m = study_mark(&kerkouri2024, from, network, precision, measure)) != NULL;
         from = (int)(m - kerkouri2024.mark) + 1)
        if (strcmp(m->sign, sign) == 0)
            return m->impossible == impossible;
    return 0;
}

/* The second study's cells that cannot be, and those that can: each with its number as printed (spec:
 * paper-tables). */
static void check_marks(void)
{
    static const char maps[] = "_gradcampp-torchcam";
    double sum = 0, v;

    CHECK(marked("a", "vgg16", "int16", "truth_sim_gradcampp-torchcam", 1));
    CHECK(marked("a", "efficientnet_b0", "int8", "truth_sim_gradcampp-torchcam", 1));
    CHECK(!marked("a", "squeezenet1_1", "int8", "truth_sim_gradcampp-torchcam", 1));
    CHECK(!marked("a", "vgg16", "fp32", "truth_sim_gradcampp-torchcam", 1));
    CHECK(!marked("a", "vgg16", "int8", "truth_cc_gradcampp-torchcam", 1));
    CHECK(!marked("a", "vgg16", "int8", "sim_gradcampp-torchcam", 1));
    CHECK(marked("b", "squeezenet1_1", "int16", "cc_gradcampp-torchcam", 1));
    CHECK(!marked("b", "vgg16", "int8", "cc_gradcampp-torchcam", 1));
    CHECK(!marked("b", "vgg16", "int16", "truth_cc_gradcampp-torchcam", 1));
    CHECK(marked("c", "squeezenet1_1", "fp32", "truth_kld_gradcampp-torchcam", 0));
    CHECK(!study_mark(&kerkouri2024, 0, "vgg16", "int8", "cc_gradcampp-torchcam"));
    for (int i = 0; i < kerkouri2024.marks; i++) {
        const char *why = kerkouri2024.mark[i].why;

        CHECK(why[strlen(why) - 1] == '.' && strlen(why) < 300);
    }
    /* Every number is a mean and a deviation; all ninety means together as the spec's table adds up. */
    for (int i = 0; i < kerkouri2024.numbers; i++)
        for (int n = 0; kerkouri2024.network[n]; n++) {
            const char *text = kerkouri2024.number[i].text[n];

            CHECK(strlen(text) == 14 && grid_parse(text, &v));
            CHECK(strstr(kerkouri2024.number[i].measure, maps) != NULL);
            sum += v;
        }
    CHECK_MSG(sum > 55.827 - 1e-6 && sum < 55.827 + 1e-6, "%.6f", sum);
}

int main(void)
{
    static const struct grid ours = { .id = "accuracy" }, theirs = { .id = "rogers2023_table_1" };

    check_relations();
    for (int i = 0; i < study_count; i++)
        check_tables(study_all[i]);
    CHECK(study_of(&theirs) == &rogers2023 && study_of(&ours) == NULL);
    check_marks();
    /* By name alone: neither another network nor another precision has a number. */
    CHECK(!study_number(&rogers2023, "vgg16", "int8", "rmse_raw", "all"));
    CHECK(!study_number(&rogers2023, "resnet18", "int4", "rmse_raw", "all"));
    CHECK(!study_number(&rogers2023, "resnet18", "int8", "rmse_raw", "control"));
    CHECK(strcmp(study_number(&rogers2023, "mobilenet_v3_large", "int8", "entropy_int", "raw"), "0.30") == 0);
    return check_result("report/study");
}
