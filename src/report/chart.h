/* chart: drawings as inline SVG in one restrained style. Colours, lines and letters are the page's classes
 * (html_style.h), so that a chart reads on light and dark ground; series differ in dashes and shape too, not
 * in colour alone.
 *
 *     struct chart c = { .title = "RMSE", .x_label = "RMSE (0-255)", .y_label = "share (%)",
 *                        .x = { 0, 255 }, .y = { 0, 40 } };
 *     TRY(chart_begin(&c, out));
 *     TRY(chart_line(&c, 0, "raw", x, y, n, out));         // series 0..3
 *     TRY(chart_end(&c, out));
 */
#ifndef QUANTCAM_REPORT_CHART_H
#define QUANTCAM_REPORT_CHART_H

#include "base.h"

enum { CHART_SERIES = 4, CHART_ROWS = 96, CHART_NAME = 80 };

struct chart_axis { double low, high; int log; };      /* log: both ends above 0 */
struct chart {
    const char *title;               /* also the accessible name; escaped here, as every text */
    const char *x_label, *y_label;
    struct chart_axis x, y;          /* chart_begin widens an empty range */
    const char *const *x_name;       /* in place of ticks: plain words, evenly spaced, or NULL */
    int x_names;
    int rows;                        /* > 0: the y axis is so many named rows, top to bottom */
    char row[CHART_ROWS][CHART_NAME];
    /* chart_begin's: the plot's corner and extents in user units */
    double left, top, width, height;
    double named;                    /* where the legend's next name begins */
};

MUST_USE status chart_begin(struct chart *c, struct text *out);
/* Values that are not finite break a line. name NULL: not in the legend. */
MUST_USE status chart_line(struct chart *c, int series, const char *name, const double *x, const double *y,
                           int n, struct text *out);
MUST_USE status chart_band(struct chart *c, int series, const double *x, const double *low,
                           const double *high, int n, struct text *out);
/* Outline of a histogram: bins of equal width over the x axis. */
MUST_USE status chart_steps(struct chart *c, int series, const char *name, const double *y, int bins,
                            struct text *out);
/* A filled bar from x0 to x1 and from y0 to y1, with a tooltip. */
MUST_USE status chart_bar(struct chart *c, int series, const char *name, double x0, double x1, double y0,
                          double y1, const char *tip, struct text *out);
/* A vertical line with end strokes. */
MUST_USE status chart_whisker(struct chart *c, double x, double low, double high, struct text *out);
/* A marker in a row; the series decides its shape. */
MUST_USE status chart_mark(struct chart *c, int series, const char *name, double x, int row, const char *tip,
                           struct text *out);
MUST_USE status chart_text(struct chart *c, double x, double y, const char *text, struct text *out);
/* A line of text in the plot's upper right corner. */
MUST_USE status chart_note(struct chart *c, int line, const char *text, struct text *out);
MUST_USE status chart_end(struct chart *c, struct text *out);
/* Each chart in `charts`, complete ones one after another, as a file FOLDER/<slug>_<n>.svg that needs no
 * page: its colours are the light ones, written out for programs that know no CSS variables. */
MUST_USE status chart_files(const char *charts, const char *folder, const char *slug);

#endif
