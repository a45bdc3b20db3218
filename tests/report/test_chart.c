#include <math.h>
#include <string.h>

#include "check.h"
#include "report/chart.h"

#define HAS(piece) CHECK_MSG(strstr(out.data, piece) != NULL, "no \"%s\" in %s", piece, out.data)

/* The plot of a chart without rows: from (52, 44), 394 x 168. */
static void check_places(void)
{
    struct text out = { .max = 1 << 16 };
    struct chart c = { .title = "<a>",
                       .x_label = "x",
                       .y_label = "y",
                       .x = { 0, 10, 0 },
                       .y = { 0, 100, 0 },
                       .name = { "s & t" } };
    const double x[4] = { 0, 5, 10, 10 }, y[4] = { 0, 50, NAN, 200 }, bins[2] = { 25, 100 };

    CHECK(chart_begin(&c, &out) == OK && chart_line(&c, 0, x, y, 4, &out) == OK);
    CHECK(chart_steps(&c, 1, bins, 2, &out) == OK && chart_end(&c, &out) == OK);
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
    struct chart c = {
        .title = "", .x_label = "", .y_label = "", .x = { 0, 1, 0 }, .y = { 1, 10000, 1 }, .name = { "n" }
    };
    const double bins[1] = { 100 }, none[1] = { 0 };

    CHECK(chart_begin(&c, &out) == OK && chart_steps(&c, 0, bins, 1, &out) == OK);
    HAS("V128.0H446.0"); /* two of four decades */
    CHECK(chart_steps(&c, 0, none, 1, &out) == OK);
    HAS("V212.0H446.0");
    HAS(">10000<");
    text_free(&out);
}

/* Three rows of 19 from y = 44 (one line of names), from x = 182 to 446. Each series has a shape of its own,
 * its middle at x and half down its row. */
static void check_marks(void)
{
    struct text out = { .max = 1 << 16 };
    struct chart c = { .title = "",
                       .x_label = "",
                       .y_label = "",
                       .x = { 0, 10, 0 },
                       .rows = 3,
                       .kind = CHART_MARKS,
                       .name = { "a" } };
    struct chart_dot dot = { 0, 5, 2.5, 7.5, 0, "<tip>" };

    CHECK(chart_begin(&c, &out) == OK && chart_dot(&c, &dot, 1, &out) == OK);
    HAS("<g><title>&lt;tip&gt;</title><circle class=\"mark s0\" cx=\"314.0\" cy=\"72.5\" r=\"4\"/></g>");
    dot = (struct chart_dot){ 1, 0, 0, 0, 0, "" };
    CHECK(chart_dot(&c, &dot, 0, &out) == OK);
    HAS("<path class=\"mark s1\" d=\"M182.0 48.5l5 8h-10z\"/>");
    dot = (struct chart_dot){ 6, 10, 0, 0, 0, "" };
    CHECK(chart_dot(&c, &dot, 2, &out) == OK);
    HAS("<path class=\"mark s6\" d=\"M442.5 88.0h7v7h-7z\"/>");
    dot = (struct chart_dot){ 3, 10, 2.5, 7.5, 1, "" };
    CHECK(chart_dot(&c, &dot, 2, &out) == OK);
    HAS("<path class=\"reach s3\" d=\"M248.0 91.5H380.0M248.0 88.5v6M380.0 88.5v6\"/>");
    HAS("<path class=\"mark s3\" d=\"M446.0 86.5l5 5l-5 5l-5 -5z\"/>");
    CHECK(chart_bar(&c, 0, 0, 5, 1, "tip", &out) == OK); /* 0.7 of the row's height */
    HAS("<path class=\"bar s0\" d=\"M182.0 65.8H314.0V79.1H182.0z\"><title>tip</title></path>");
    text_free(&out);
}

/* Eight long names take more than one line; the plot begins below them. */
static void check_legend(void)
{
    struct text out = { .max = 1 << 16 };
    struct chart c = { .title = "", .x_label = "", .y_label = "", .x = { 0, 10, 0 }, .y = { 0, 1, 0 } };

    for (int s = 0; s < CHART_SERIES; s++)
        c.name[s] = "a name of twenty letters";
    CHECK(chart_begin(&c, &out) == OK);
    CHECK_MSG(c.top == 28 + 4 * 16, "%g", c.top); /* 40 + 24 x 6.2 = 188.8: two fit into 460 */
    text_free(&out);
}

/* A difference's axis holds 0, which is marked; a measure that nobody has says why. */
static void check_panels(void)
{
    const char *name[CHART_SERIES] = { [1] = "int8", [2] = "int4" };
    static const struct chart_panel panel[2] = {
        { "points", { -0.4, 5.4, 0 }, 1, 2, NULL, { { 1, 2, 1, 3, 1, "tip" }, { 2, 4, 3, 5, 1, "" } } },
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

/* Without names the plot stands higher: its top is 28. A text stands 4 above its point. */
static void check_text(void)
{
    struct text out = { .max = 1 << 16 };
    struct chart c = { .title = "", .x_label = "", .y_label = "", .x = { 0, 10, 0 }, .y = { 0, 100, 0 } };

    CHECK(chart_begin(&c, &out) == OK && chart_text(&c, 5, 50, "a < b", &out) == OK);
    HAS("<text class=\"mid soft\" x=\"249.0\" y=\"108.0\">a &lt; b</text>");
    text_free(&out);
}

/* A range that is empty or no range is widened: nothing divides by 0. */
static void check_empty(void)
{
    struct text out = { .max = 1 << 16 };
    struct chart c = { .title = "", .x_label = "", .y_label = "", .x = { 3, 3, 0 }, .y = { 0, NAN, 0 } };
    const double x[1] = { 3 }, y[1] = { 0 };

    CHECK(chart_begin(&c, &out) == OK && chart_line(&c, 0, x, y, 1, &out) == OK);
    CHECK(!strstr(out.data, "nan") && !strstr(out.data, "inf"));
    text_free(&out);
}

int main(void)
{
    check_places();
    check_log();
    check_marks();
    check_legend();
    check_panels();
    check_text();
    check_empty();
    CHECK(mem_live() == 0);
    return check_result("report/chart");
}
