#include <math.h>
#include <string.h>

#include "check.h"
#include "report/chart.h"

#define HAS(piece) CHECK_MSG(strstr(out.data, piece) != NULL, "no \"%s\" in %s", piece, out.data)

/* The plot of a chart without rows: from (52, 44), 394 x 168. */
static void check_places(void)
{
    struct text out = { .max = 1 << 16 };
    struct chart c = {
        .title = "<a>", .x_label = "x", .y_label = "y", .x = { 0, 10, 0 }, .y = { 0, 100, 0 }
    };
    const double x[4] = { 0, 5, 10, 10 }, y[4] = { 0, 50, NAN, 200 }, bins[2] = { 25, 100 };

    c.series[0] = (struct chart_series){ "s & t", x, y, 4 };
    CHECK(chart_draw(&c, &out) == OK);
    c.kind = CHART_STEPS;
    c.series[0].n = 0;
    c.series[1] = (struct chart_series){ "", NULL, bins, 2 };
    CHECK(chart_draw(&c, &out) == OK);
    HAS("&lt;a&gt;");
    HAS("s &amp; t");
    CHECK(!strstr(out.data, "<a>"));
    HAS("M52.0 212.0L249.0 128.0M446.0 44.0"); /* not a number: a gap; above the axis: at its end */
    HAS("M52.0 212.0V170.0H249.0V44.0H446.0V212.0");
    text_free(&out);
}

static void check_log(void)
{
    struct text out = { .max = 1 << 16 };
    struct chart c = { .title = "",
                       .x_label = "",
                       .y_label = "",
                       .kind = CHART_STEPS,
                       .x = { 0, 1, 0 },
                       .y = { 1, 10000, 1 },
                       .note = { "a", "<b>" } };
    const double bins[2] = { 100, 0 };

    c.series[0] = (struct chart_series){ "n", NULL, bins, 2 };
    CHECK(chart_draw(&c, &out) == OK);
    HAS("V128.0H249.0V212.0H446.0"); /* two of four decades, none */
    HAS(">10000<");
    HAS("<text class=\"end\" x=\"440.0\" y=\"58.0\">a</text>"); /* notes: 14 and 29 under the plot's top */
    HAS("y=\"73.0\">&lt;b&gt;</text>");
    text_free(&out);
}

/* A point whose neighbours are none: a dash of four, its middle at the point. */
static void check_alone(void)
{
    struct text out = { .max = 1 << 16 };
    struct chart c = { .title = "", .x_label = "", .y_label = "", .x = { 0, 10, 0 }, .y = { 0, 100, 0 } };
    const double x[3] = { 0, 5, 10 }, y[3] = { NAN, 50, NAN };

    c.series[0] = (struct chart_series){ "", x, y, 3 };
    CHECK(chart_draw(&c, &out) == OK);
    HAS("d=\"M249.0 112.0m-2 0h4m-2 0\"/>");
    text_free(&out);
}

/* One row, its middle at 53.5; x from 182 on, 26.4 a unit. */
static void check_boxes(void)
{
    struct text out = { .max = 1 << 16 };
    static struct chart c = { .title = "", .x_label = "", .x = { 0, 10, 0 }, .rows = 1, .kind = CHART_BOXES };
    struct chart_mark *m = chart_mark(&c, 0, 2);

    c.series[2].name[0] = 'a';
    *m = (struct chart_mark){
        .series = 2, .value = 5, .low = 1, .high = 10, .q1 = 2.5, .median = 6, .q3 = 7.5
    };
    snprintf(m->tip, sizeof m->tip, "a tip");
    CHECK(chart_draw(&c, &out) == OK);
    HAS("<path class=\"reach s2\" d=\"M208.4 53.5H248.0M380.0 53.5H446.0M248.0 50.5H380.0v6H248.0zM340.4 "
        "50.5v6\"/>"
        "<g><title>a tip</title><path class=\"mark s2\" d=\"M310.5 50.0h7v7h-7z\"/></g>");
    text_free(&out);
}

/* Two named series: rows of 8 + 8 + 6, from y = 44; the dots 4 above and 4 below the row's middle at 55. The
 * fifth series has the first's shape, open. */
static void check_pairs(void)
{
    struct text out = { .max = 1 << 16 };
    static struct chart c = { .title = "", .x_label = "", .x = { 0, 10, 0 }, .rows = 1, .kind = CHART_MARKS };

    c.series[0].name[0] = 'a';
    c.series[4].name[0] = 'b';
    chart_mark(&c, 0, 0)->value = 5;
    chart_mark(&c, 0, 4)->value = 5;
    CHECK(chart_draw(&c, &out) == OK);
    HAS("<path class=\"mark s0\" d=\"M310.0 51.0a4 4 0 1 1 8 0a4 4 0 1 1 -8 0z\"/>");
    HAS("<path class=\"mark open s4\" d=\"M310.0 59.0a4 4 0");
    HAS("class=\"axis\" d=\"M182.0 44.0v22.0");
    text_free(&out);
}

/* Three rows of 19 from y = 44 (one line of names), from x = 182 to 446. Each series has a shape of its own,
 * its middle at x and half down its row. */
static void check_marks(void)
{
    struct text out = { .max = 1 << 16 };
    static struct chart c = { .title = "", .x_label = "", .x = { 0, 10, 0 }, .rows = 3, .kind = CHART_MARKS };
    struct chart_mark *mark;

    c.series[0].name[0] = 'a';
    mark = chart_mark(&c, 1, 0);
    mark->value = 5;
    snprintf(mark->tip, sizeof mark->tip, "<tip>");
    chart_mark(&c, 0, 1);
    chart_mark(&c, 2, 6)->value = 10;
    mark = chart_mark(&c, 2, 3);
    *mark = (struct chart_mark){ 2, 3, 10, 2.5, 7.5, .interval = 1 };
    CHECK(c.marks == 4 && chart_draw(&c, &out) == OK);
    HAS("<g><title>&lt;tip&gt;</title><path class=\"mark s0\" d=\"M310.0 72.5a4 4 0 1 1 8 0a4 4 0 1 1 -8 "
        "0z\"/></g>");
    HAS("<path class=\"mark s1\" d=\"M182.0 48.5l5 8h-10z\"/>");
    HAS("<path class=\"mark open s6\" d=\"M442.5 88.0h7v7h-7z\"/>");
    HAS("<path class=\"reach s3\" d=\"M248.0 91.5H380.0M248.0 88.5v6M380.0 88.5v6\"/>");
    HAS("<path class=\"mark s3\" d=\"M446.0 86.5l5 5l-5 5l-5 -5z\"/>");
    c.marks = 0;
    c.kind = CHART_BARS;
    *chart_mark(&c, 1, 0) = (struct chart_mark){ 1, .high = 5, .tip = "tip" };
    CHECK(chart_draw(&c, &out) == OK); /* 0.7 of the row's height */
    HAS("<path class=\"bar s0\" d=\"M182.0 65.8H314.0V79.1H182.0z\"><title>tip</title></path>");
    text_free(&out);
}

/* Eight long names take more than one line; the plot begins below them. */
static void check_legend(void)
{
    struct text out = { .max = 1 << 16 };
    struct chart c = { .title = "", .x_label = "", .y_label = "", .x = { 0, 10, 0 }, .y = { 0, 1, 0 } };

    for (int s = 0; s < CHART_SERIES; s++)
        snprintf(c.series[s].name, CHART_NAME, "a name of twenty letters");
    CHECK(chart_draw(&c, &out) == OK);
    HAS("class=\"axis\" d=\"M52.0 92.0v168.0"); /* 40 + 24 x 6.2 = 188.8: two fit into 460; 28 + 4 x 16 */
    text_free(&out);
}

/* A difference's axis holds 0, which is marked; a measure that nobody has says why. */
static void check_panels(void)
{
    static const struct chart_series name[CHART_SERIES] = {
        [1] = { .name = "int8" }, [2] = { .name = "int4" }
    };
    static const struct chart_panel panel[2] = {
        { "points",
          { -0.4, 5.4, 0 },
          1,
          2,
          NULL,
          { { 0, 1, 2, 1, 3, 1, .tip = "tip" }, { 0, 2, 4, 3, 5, .interval = 1 } } },
        { "top-1", { 0, 1, 0 }, 1, 0, "no labels", { { 0 } } },
    };
    struct text out = { .max = 1 << 16 };

    CHECK(chart_panels("net <", name, panel, 2, &out) == OK);
    /* From -0.4 to 5.4 over 264: 0 at 18.2 of it; two lines of 14 from y = 44 on. */
    HAS("<path class=\"zero\" d=\"M200.2 44.0v28.0\"/>");
    HAS("<path class=\"reach s1\" d=\"M245.7 51.0H336.8");
    HAS("class=\"mark s1\"");
    HAS("class=\"mark s2\"");
    HAS(">no labels</text>");
    HAS("net &lt;");
    text_free(&out);
}

/* Words in place of ticks in the middle of each of two halves, numbers 11 under the plot's top. */
static void check_words(void)
{
    static const char *const name[2] = { "low", "high" };
    const int64_t count[2] = { 7, 12 };
    struct text out = { .max = 1 << 16 };
    struct chart c = { .title = "",
                       .x_label = "",
                       .y_label = "",
                       .x = { 0, 2, 0 },
                       .y = { 0, 100, 0 },
                       .x_name = name,
                       .x_count = count,
                       .x_names = 2 };

    CHECK(chart_draw(&c, &out) == OK);
    HAS("<text class=\"mid\" x=\"150.5\" y=\"211.0\">low</text>"); /* no legend: the plot's top is 28 */
    HAS("<text class=\"mid soft\" x=\"347.5\" y=\"39.0\">12</text>");
    text_free(&out);
}

/* A range that is empty or no range is widened: nothing divides by 0. */
static void check_empty(void)
{
    struct text out = { .max = 1 << 16 };
    struct chart c = { .title = "", .x_label = "", .y_label = "", .x = { 3, 3, 0 }, .y = { 0, NAN, 0 } };
    const double x[1] = { 3 }, y[1] = { 0 };

    c.series[0] = (struct chart_series){ "", x, y, 1 };
    CHECK(chart_draw(&c, &out) == OK);
    CHECK(!strstr(out.data, "nan") && !strstr(out.data, "inf"));
    text_free(&out);
}

int main(void)
{
    check_places();
    check_log();
    check_alone();
    check_pairs();
    check_boxes();
    check_marks();
    check_legend();
    check_panels();
    check_words();
    check_empty();
    CHECK(mem_live() == 0);
    return check_result("report/chart");
}
