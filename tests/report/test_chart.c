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

    CHECK(chart_begin(&c, &out) == OK && chart_line(&c, 0, "s & t", x, y, 4, &out) == OK);
    CHECK(chart_steps(&c, 1, NULL, bins, 2, &out) == OK && chart_end(&c, &out) == OK);
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
    struct chart c = { .title = "", .x_label = "", .y_label = "", .x = { 0, 1, 0 }, .y = { 1, 10000, 1 } };
    const double bins[1] = { 100 }, none[1] = { 0 };

    CHECK(chart_begin(&c, &out) == OK && chart_steps(&c, 0, NULL, bins, 1, &out) == OK);
    HAS("V128.0H446.0"); /* two of four decades */
    CHECK(chart_steps(&c, 0, NULL, none, 1, &out) == OK);
    HAS("V212.0H446.0");
    HAS(">10000<");
    text_free(&out);
}

/* Three rows of 19 from y = 44, from x = 182 to 446. Each series has a shape of its own, its middle at x and
 * half down its row. */
static void check_marks(void)
{
    struct text out = { .max = 1 << 16 };
    struct chart c = { .title = "", .x_label = "", .y_label = "", .x = { 0, 10, 0 }, .rows = 3 };

    CHECK(chart_begin(&c, &out) == OK);
    CHECK(chart_mark(&c, 0, NULL, 5, 1, "<tip>", &out) == OK);
    HAS("<g><title>&lt;tip&gt;</title><circle class=\"mark s0\" cx=\"314.0\" cy=\"72.5\" r=\"4\"/></g>");
    CHECK(chart_mark(&c, 1, NULL, 0, 0, "", &out) == OK);
    HAS("<path class=\"mark s1\" d=\"M182.0 48.5l5 8h-10z\"/>");
    CHECK(chart_mark(&c, 2, NULL, 10, 2, "", &out) == OK);
    HAS("<path class=\"mark s2\" d=\"M442.5 88.0h7v7h-7z\"/>");
    CHECK(chart_mark(&c, 3, NULL, 10, 2, "", &out) == OK);
    HAS("<path class=\"mark s3\" d=\"M446.0 86.5l5 5l-5 5l-5 -5z\"/>");
    text_free(&out);
}

/* Places as in check_places; a text stands 4 above its point. */
static void check_whisker(void)
{
    struct text out = { .max = 1 << 16 };
    struct chart c = { .title = "", .x_label = "", .y_label = "", .x = { 0, 10, 0 }, .y = { 0, 100, 0 } };

    CHECK(chart_begin(&c, &out) == OK && chart_whisker(&c, 5, 0, 50, &out) == OK);
    HAS("<path class=\"whisker\" d=\"M249.0 212.0V128.0M245.0 212.0h8M245.0 128.0h8\"/>");
    CHECK(chart_text(&c, 5, 50, "a < b", &out) == OK);
    HAS("<text class=\"mid soft\" x=\"249.0\" y=\"124.0\">a &lt; b</text>");
    text_free(&out);
}

/* A range that is empty or no range is widened: nothing divides by 0. */
static void check_empty(void)
{
    struct text out = { .max = 1 << 16 };
    struct chart c = { .title = "", .x_label = "", .y_label = "", .x = { 3, 3, 0 }, .y = { 0, NAN, 0 } };
    const double x[1] = { 3 }, y[1] = { 0 };

    CHECK(chart_begin(&c, &out) == OK && chart_line(&c, 0, NULL, x, y, 1, &out) == OK);
    CHECK(!strstr(out.data, "nan") && !strstr(out.data, "inf"));
    text_free(&out);
}

int main(void)
{
    check_places();
    check_log();
    check_marks();
    check_whisker();
    check_empty();
    CHECK(mem_live() == 0);
    return check_result("report/chart");
}
