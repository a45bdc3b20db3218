/* chart: drawings as inline SVG in one restrained style. A chart is filled whole, then drawn by one call:
 * lines or steps over two axes, bars, dots or boxes in named rows. Colours, lines and letters are the page's
 * classes (page.css), so that a chart reads on light and dark ground; series differ in dashes or shape too,
 * not in colour alone.
 *
 *     struct chart c = { .title = "RMSE", .x_label = "RMSE (0-255)", .y_label = "share (%)",
 *                        .x = { 0, 255 }, .y = { 0, 40 }, .kind = CHART_STEPS };
 *     c.series[0] = (struct chart_series){ "raw", .y = shares, .n = 34 };
 *     TRY(chart_draw(&c, out));
 */
#ifndef QUANTCAM_REPORT_CHART_H
#define QUANTCAM_REPORT_CHART_H

#include "base.h"

enum { CHART_SERIES = 8, CHART_ROWS = 128, CHART_NAME = 80, CHART_MARKS_MOST = CHART_ROWS * CHART_SERIES };

enum chart_kind {
    CHART_LINES,   /* through a series' points; values that are not finite break a line */
    CHART_STEPS,   /* outline of a histogram: n equal bins over the x axis */
    CHART_BARS,    /* of a row, from low to high of each mark */
    CHART_MARKS,   /* a dot in a row, with its interval; the series decides its shape */
    CHART_BOXES    /* the same, the dot a mean; a box from q1 to q3, the median, whiskers to low and high */
};
struct chart_axis { double low, high; int log; };              /* log: both ends above 0 */
struct chart_series {
    char name[CHART_NAME];           /* the legend; "": not in it */
    const double *x, *y;             /* (n), borrowed; steps have no x */
    int n;
};
struct chart_mark {
    int row, series;
    double value, low, high;
    int interval;
    char tip[160];
    double q1, median, q3;           /* of boxes */
};
struct chart {
    const char *title;               /* also the accessible name; escaped here, as every text */
    const char *x_label, *y_label;
    struct chart_axis x, y;          /* an empty range is widened */
    const char *const *x_name;       /* in place of ticks: plain words, evenly spaced, or NULL */
    const int64_t *x_count;          /* numbers above them */
    int x_names;
    enum chart_kind kind;
    struct chart_series series[CHART_SERIES];
    int rows;                        /* of bars and dots, top to bottom */
    char row[CHART_ROWS][CHART_NAME];
    int marks;
    struct chart_mark mark[CHART_MARKS_MOST];
    char note[2][CHART_NAME];        /* in the plot's upper right corner */
};

MUST_USE status chart_draw(const struct chart *c, struct text *out);
/* Sets a series, its name copied; n = 0: in the legend alone. */
void chart_series(struct chart *c, int series, const char *name, const double *x, const double *y, int n);
/* The next mark, zeroed. */
struct chart_mark *chart_mark(struct chart *c, int row, int series);

/* Several measures of one thing, each on an axis of its own: a panel under the other, a line a dot. */
struct chart_panel {
    char label[CHART_NAME];
    struct chart_axis x;
    int zero;                        /* 0 is marked: what is shown is a difference */
    int dots;                        /* 0: `label` alone, with why */
    const char *why;
    struct chart_mark dot[CHART_SERIES];
};
MUST_USE status chart_panels(const char *title, const struct chart_series series[CHART_SERIES],
                             const struct chart_panel *panel, int panels, struct text *out);

/* Each chart in `charts`, complete ones one after another, as a file FOLDER/<slug>_<n>.svg that needs no
 * page: its colours are the light ones, written out for programs that know no CSS variables. words: what
 * they show, each file's description. *count: of the files. */
MUST_USE status chart_files(const char *charts, const char *folder, const char *slug, const char *words,
                            int *count);

#endif
