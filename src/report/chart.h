/* chart: drawings as inline SVG in one restrained style: lines, steps, bars, dots with intervals, panels.
 * Colours, lines and letters are the page's classes (page.css), so that a chart reads on light and dark
 * ground; series differ in dashes or shape too, not in colour alone.
 *
 *     struct chart c = { .title = "RMSE", .x_label = "RMSE (0-255)", .y_label = "share (%)",
 *                        .x = { 0, 255 }, .y = { 0, 40 }, .name = { "raw", "aligned" } };
 *     TRY(chart_begin(&c, out));
 *     TRY(chart_line(&c, 0, x, y, n, out));
 *     TRY(chart_end(&c, out));
 */
#ifndef QUANTCAM_REPORT_CHART_H
#define QUANTCAM_REPORT_CHART_H

#include "base.h"

enum { CHART_SERIES = 8, CHART_ROWS = 128, CHART_NAME = 80 };

enum chart_kind { CHART_LINES, CHART_BARS, CHART_MARKS };      /* what the legend shows */
struct chart_axis { double low, high; int log; };              /* log: both ends above 0 */
struct chart {
    const char *title;               /* also the accessible name; escaped here, as every text */
    const char *x_label, *y_label;
    struct chart_axis x, y;          /* chart_begin widens an empty range */
    const char *const *x_name;       /* in place of ticks: plain words, evenly spaced, or NULL */
    int x_names;
    int rows;                        /* > 0: the y axis is so many named rows, top to bottom */
    char row[CHART_ROWS][CHART_NAME];
    enum chart_kind kind;
    const char *name[CHART_SERIES];  /* the legend; NULL: not in it */
    /* chart_begin's: the plot's corner and extents in user units */
    double left, top, width, height;
};

MUST_USE status chart_begin(struct chart *c, struct text *out);
/* Values that are not finite break a line. */
MUST_USE status chart_line(const struct chart *c, int series, const double *x, const double *y, int n,
                           struct text *out);
/* Outline of a histogram: bins of equal width over the x axis. */
MUST_USE status chart_steps(const struct chart *c, int series, const double *y, int bins, struct text *out);
/* A filled bar of a row, from x0 to x1, with a tooltip. */
MUST_USE status chart_bar(const struct chart *c, int series, double x0, double x1, int row, const char *tip,
                          struct text *out);
/* A marker in a row, with its interval and a tooltip; the series decides its shape. */
struct chart_dot { int series; double value, low, high; int interval; char tip[160]; };
MUST_USE status chart_dot(const struct chart *c, const struct chart_dot *d, int row, struct text *out);
MUST_USE status chart_text(const struct chart *c, double x, double y, const char *text, struct text *out);
/* A line of text in the plot's upper right corner. */
MUST_USE status chart_note(const struct chart *c, int line, const char *text, struct text *out);
MUST_USE status chart_end(const struct chart *c, struct text *out);

/* ---- panels: several measures of one thing, each on an axis of its own --------------------------------- */

struct chart_panel {
    char label[CHART_NAME];
    struct chart_axis x;
    int zero;                        /* 0 is marked: what is shown is a difference */
    int dots;                        /* 0: `label` alone, with why */
    const char *why;
    struct chart_dot dot[CHART_SERIES];
};
/* A chart of its own: a panel under the other, a line a dot. */
MUST_USE status chart_panels(const char *title, const char *const name[CHART_SERIES],
                             const struct chart_panel *panel, int panels, struct text *out);

/* Each chart in `charts`, complete ones one after another, as a file FOLDER/<slug>_<n>.svg that needs no
 * page: its colours are the light ones, written out for programs that know no CSS variables. *count: of
 * the files. */
MUST_USE status chart_files(const char *charts, const char *folder, const char *slug, int *count);

#endif
