#include "report.h"

#include "report_fixture.h"

/* A job of three precisions whose third no study knows, and one of the reference alone: every table, figure
 * and form of the report holds them. */

static void add_precision(struct fixture *f)
{
    struct store_layout *l = &f->plan.layout;

    l->precision[2] = l->precision[1];
    snprintf(l->precision[2].name, STORE_NAME, "int4");
    l->precisions = 3;
    for (int k = 0; k < l->networks; k++)
        l->network[k].q[2] = l->network[k].q[1];
}

static status fill(struct store *s)
{
    const double less[2][4] = { { -7.5 } }, low[2][4] = { { -9 } }, high[2][4] = { { -6 } },
                 p[2][4] = { { 1e-7 } };
    const int64_t images[2][4] = { { 18, 2, 2, 2 } }, total = 23;

    TRY(store_write(s, "/summary/difference/int4/top1/images", 0, 2, images));
    TRY(store_write(s, "/summary/difference/int4/top1/difference", 0, 2, less));
    TRY(store_write(s, "/summary/difference/int4/top1/low", 0, 2, low));
    TRY(store_write(s, "/summary/difference/int4/top1/high", 0, 2, high));
    TRY(store_write(s, "/summary/difference/int4/top1/p", 0, 2, p));
    TRY(store_write(s, "/summary/measures/int4/vs_fp32/same_top1/images", 0, 2, images));
    return store_write(s, "/summary/images/total", 0, 1, &total);
}

static char *read_file(const char *folder, const char *name)
{
    char path[700], *text = NULL;
    size_t size = 0;

    CHECK(text_path(path, sizeof path, folder, name) == OK);
    CHECK_MSG(text_read_file(path, 16 << 20, &text, &size) == OK, "%s", error_last()->text);
    return text;
}

static void check_file(const char *folder, const char *name, const char *piece)
{
    char *text = read_file(folder, name);

    if (text)
        CHECK_MSG(strstr(text, piece) != NULL, "%s: no %s", name, piece);
    mem_free(text);
}

static void check_three(struct store_reader *r, const char *folder)
{
    struct report_options options = { .pictures = 2 };
    struct report_summary summary;
    struct text out = { .max = 1 << 20 };
    const struct report_form form = { 0, 80, NULL };
    char report[620], *page;

    snprintf(report, sizeof report, "%s/report", folder);
    options.folder = report;
    CHECK_MSG(report_write(r, &options, &summary) == OK, "%s", error_last()->text);
    check_file(report, "overview.csv", "resnet18,int4,");
    check_file(report, "overview.csv", "\"-7.50 [-9.00, -6.00]\",1e-07,");
    check_file(report, "accuracy.csv", "resnet18,int4,all,");
    check_file(report, "differences.csv", "resnet18,\"top-1, %\",int4,\"-7.50 [-9.00, -6.00]\"");
    check_file(report, "differences.csv", "resnet18,\"top-1, %\",int8,");
    check_file(report, "cost.csv", "resnet18,int4,");
    check_file(report, "figures/summary_1.svg", ">int4<");
    check_file(report, "figures/sigma_1.svg", ">fp32<");
    check_file(report, "figures/sigma_1.svg", "class=\"line s2\"");
    check_file(report, "report.json", "\"precision\": \"int4\"");
    page = read_file(report, "report.html");
    if (page) {
        /* The study's int8 keeps its numbers; no table of it is of int4. */
        CHECK(strstr(page, "Table 2. Accuracy and file size, whole set, int8") &&
              strstr(page, "<td>69.494</td>"));
        CHECK(!strstr(page, "whole set, int4") && strstr(page, "</b> in int4. "));
        HAS(page, "lower: accuracy (-7.5 points)");
        HAS(page, "<br>int4: RMSE ");
    }
    mem_free(page);
    CHECK(report_show_image(r, "c1/i001.jpg", &form, &out) == OK);
    HAS(out.data, "int4");
    CHECK(report_show_worst(r, 2, &form, &out) == OK);
    HAS(out.data, "where int4's map differs most from fp32's");
    CHECK(report_show(r, 80, &out) == OK);
    text_free(&out);
}

int main(int argc, char **argv)
{
    return report_fixture_run(argc, argv,
                              &(struct report_test){ "report/precisions", add_precision, fill, check_three });
}
