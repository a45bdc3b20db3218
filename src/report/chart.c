/* src/report/chart.c: every drawing of the report. */
#include "chart.h"

#include <math.h>
#include <string.h>

#include "markup.h"

enum { WIDTH = 460, LEFT = 52, RIGHT = 14, TOP = 28, PLOT_H = 168, BOTTOM = 44, ROW_H = 19, ROW_LEFT = 182 };
enum { LEGEND_H = 16, PANEL_GAP = 26, DOT_H = 14, MARK_H = 8 };

#define LETTER 6.2 /* mean width */

/* A plot: its corner and extents in user units, its axes. */
struct plot {
    double left, top, width, height, row;
    struct chart_axis x, y;
};

/* ---- axes ---------------------------------------------------------------------------------------------- */

static double place(const struct chart_axis *a, double v)
{
    if (a->log)
        return (log10(v) - log10(a->low)) / (log10(a->high) - log10(a->low));
    return (v - a->low) / (a->high - a->low);
}

static double at_x(const struct plot *at, double v)
{
    return at->left + at->width * fmin(1, fmax(0, place(&at->x, v)));
}

static double at_y(const struct plot *at, double v)
{
    return at->top + at->height * (1 - fmin(1, fmax(0, place(&at->y, v))));
}

static double row_y(const struct plot *at, int row)
{
    return at->top + at->row * (row + 0.5);
}

/* 1, 2 or 5 times a power of ten: about `count` of them over the range. */
static double step_of(const struct chart_axis *a, int count)
{
    double rough = (a->high - a->low) / count, power = pow(10, floor(log10(rough))), m = rough / power;

    return power * (m <= 1 ? 1 : m <= 2 ? 2 : m <= 5 ? 5 : 10);
}

static status add_tick(const struct plot *at, int vertical, double v, struct text *out)
{
    double shown = fabs(v) < 1e-12 ? 0 : v;

    if (vertical)
        return text_add(out,
                        "<path class=\"grid\" d=\"M%.1f %.1fh%.1f\"/><text class=\"end\" x=\"%.1f\" "
                        "y=\"%.1f\">%.5g</text>\n",
                        at->left, at_y(at, v), at->width, at->left - 6, at_y(at, v) + 4, shown);
    return text_add(out,
                    "<path class=\"grid\" d=\"M%.1f %.1fv%.1f\"/><text class=\"mid\" x=\"%.1f\" "
                    "y=\"%.1f\">%.4g</text>\n",
                    at_x(at, v), at->top, at->height, at_x(at, v), at->top + at->height + 15, shown);
}

static status add_ticks(const struct plot *at, int vertical, int count, struct text *out)
{
    const struct chart_axis *a = vertical ? &at->y : &at->x;
    double step = step_of(a, count);

    if (a->log)
        for (double d = pow(10, ceil(log10(a->low) - 1e-9)); d <= a->high * 1.000001; d *= 10)
            TRY(add_tick(at, vertical, d, out));
    else
        for (double v = ceil(a->low / step - 1e-9) * step; v <= a->high + step * 1e-6; v += step)
            TRY(add_tick(at, vertical, v, out));
    return OK;
}

/* Words in place of ticks, and numbers at the plot's top. */
static status add_names(const struct chart *c, const struct plot *at, struct text *out)
{
    for (int i = 0; i < c->x_names; i++) {
        double x = at->left + at->width * (i + 0.5) / c->x_names;

        TRY(text_add(out, "<text class=\"mid\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", x,
                     at->top + at->height + 15, c->x_name[i]));
        TRY(text_add(out, "<text class=\"mid soft\" x=\"%.1f\" y=\"%.1f\">%lld</text>\n", x, at->top + 11,
                     (long long)c->x_count[i]));
    }
    return OK;
}

static struct chart_axis widened(struct chart_axis a)
{
    if (a.log) {
        a.low = a.low > 0 && isfinite(a.low) ? a.low : 0.1;
        a.high = a.high > a.low && isfinite(a.high) ? a.high : a.low * 10;
    } else if (!isfinite(a.low) || !isfinite(a.high) || !(a.high > a.low)) {
        a.low = isfinite(a.low) ? a.low : 0;
        a.high = a.low + 1;
    }
    return a;
}

/* ---- frame and legend ---------------------------------------------------------------------------------- */

/* Four shapes, filled and then open: eight series differ without their colours. */
static status add_shape(int series, double x, double y, struct text *out)
{
    static const struct {
        double x, y; /* where its path begins, from its middle */
        const char *path;
    } shape[] = { { -4, 0, "a4 4 0 1 1 8 0a4 4 0 1 1 -8 0z" },
                  { 0, -5, "l5 8h-10z" },
                  { -3.5, -3.5, "h7v7h-7z" },
                  { 0, -5, "l5 5l-5 5l-5 -5z" } };
    int i = series % (int)COUNT_OF(shape);

    return text_add(out, "<path class=\"mark%s s%d\" d=\"M%.1f %.1f%s\"/>",
                    series < (int)COUNT_OF(shape) ? "" : " open", series, x + shape[i].x, y + shape[i].y,
                    shape[i].path);
}

/* The names in lines of the drawing's width, from under the title on; how many lines. out NULL: counts. */
static status add_legend(const struct chart_series series[CHART_SERIES], enum chart_kind kind, int *lines,
                         struct text *out)
{
    double x = 2, y = TOP;

    *lines = 0;
    for (int s = 0; s < CHART_SERIES; s++) {
        const char *name = series[s].name;
        double wide = 40 + LETTER * (double)strlen(name);

        if (!name[0])
            continue;
        if (*lines == 0 || x + wide > WIDTH) {
            x = 2;
            y = TOP + LEGEND_H * (*lines)++;
        }
        if (out) {
            if (kind >= CHART_MARKS)
                TRY(add_shape(s, x + 9, y, out));
            else
                TRY(text_add(out,
                             kind == CHART_BARS ? "<path class=\"bar s%d\" d=\"M%.1f %.1fh14v10h-14z\"/>"
                                                : "<path class=\"line s%d\" d=\"M%.1f %.1fh20\"/>",
                             s, x, kind == CHART_BARS ? y - 5 : y));
            TRY(markup_add(out, "<text x=\"%.1f\" y=\"%.1f\">%s</text>\n", x + 24, y + 4, name));
        }
        x += wide;
    }
    return OK;
}

static status add_frame(const char *title, double height, struct text *out)
{
    return markup_add(out,
                      "<svg class=\"chart\" viewBox=\"0 0 %d %.0f\" role=\"img\"><title>%s</title>\n"
                      "<text class=\"head\" x=\"2\" y=\"14\">%s</text>\n",
                      WIDTH, height, title, title);
}

static status add_rows(const struct chart *c, const struct plot *at, struct text *out)
{
    for (int r = 0; r < c->rows; r++) {
        double y = row_y(at, r);

        TRY(markup_add(out,
                       "<path class=\"grid\" d=\"M%.1f %.1fh%.1f\"/><text class=\"end\" x=\"%.1f\" "
                       "y=\"%.1f\">%s</text>\n",
                       at->left, y, at->width, at->left - 6, y + 4, c->row[r]));
    }
    return OK;
}

static status add_labels(const struct chart *c, const struct plot *at, struct text *out)
{
    TRY(markup_add(out, "<text class=\"mid soft\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
                   at->left + at->width / 2, at->top + at->height + 33, c->x_label));
    if (c->rows)
        return OK;
    return markup_add(out,
                      "<text class=\"mid soft\" transform=\"translate(12 %.1f) rotate(-90)\">%s</text>\n",
                      at->top + at->height / 2, c->y_label);
}

/* ---- what stands in it --------------------------------------------------------------------------------- */

static int is_point(const struct chart_series *s, int i)
{
    return i >= 0 && i < s->n && isfinite(s->x[i]) && isfinite(s->y[i]);
}

static status add_series(const struct chart *c, const struct plot *at, int series, struct text *out)
{
    const struct chart_series *s = &c->series[series];
    double foot = at_y(at, at->y.low), width = at->width / s->n;
    int down = 0;

    TRY(text_add(out, "<path class=\"line s%d\" d=\"", series));
    if (c->kind == CHART_STEPS)
        TRY(text_add(out, "M%.1f %.1f", at->left, foot));
    for (int i = 0; i < s->n; i++) {
        if (c->kind == CHART_STEPS)
            TRY(text_add(out, "V%.1fH%.1f", at_y(at, s->y[i]), at->left + (i + 1) * width));
        else if (is_point(s, i))
            TRY(text_add(out, "%c%.1f %.1f", down ? 'L' : 'M', at_x(at, s->x[i]), at_y(at, s->y[i])));
        down = c->kind == CHART_LINES && is_point(s, i);
        if (down && !is_point(s, i - 1) && !is_point(s, i + 1)) /* a point by itself is a dash */
            TRY(text_add(out, "m-2 0h4m-2 0"));
    }
    return c->kind == CHART_STEPS ? text_add(out, "V%.1f\"/>\n", foot) : text_add(out, "\"/>\n");
}

static status add_bar(const struct plot *at, const struct chart_mark *m, struct text *out)
{
    double left = at_x(at, m->low), top = row_y(at, m->row) - 0.35 * ROW_H;

    return markup_add(out,
                      "<path class=\"bar s%d\" d=\"M%.1f %.1fH%.1fV%.1fH%.1fz\"><title>%s</title></path>\n",
                      m->series, left, top, at_x(at, m->high), top + 0.7 * ROW_H, left, m->tip);
}

static status add_dot(const struct plot *at, const struct chart_mark *m, double y, struct text *out)
{
    TRY(markup_add(out, "<g><title>%s</title>", m->tip));
    if (m->interval)
        TRY(text_add(out, "<path class=\"reach s%d\" d=\"M%.1f %.1fH%.1fM%.1f %.1fv6M%.1f %.1fv6\"/>",
                     m->series, at_x(at, m->low), y, at_x(at, m->high), at_x(at, m->low), y - 3,
                     at_x(at, m->high), y - 3));
    TRY(add_shape(m->series, at_x(at, m->value), y, out));
    return text_add(out, "</g>\n");
}

static status add_box(const struct plot *at, const struct chart_mark *m, double y, struct text *out)
{
    double q1 = at_x(at, m->q1), q3 = at_x(at, m->q3);

    TRY(text_add(out, "<path class=\"reach s%d\" d=\"M%.1f %.1fH%.1fM%.1f %.1fH%.1fM%.1f %.1fH%.1fv6H%.1fz",
                 m->series, at_x(at, m->low), y, q1, q3, y, at_x(at, m->high), q1, y - 3, q3, q1));
    TRY(text_add(out, "M%.1f %.1fv6\"/>", at_x(at, m->median), y - 3));
    return add_dot(at, m, y, out);
}

static int named(const struct chart *c, int below)
{
    int n = 0;

    for (int s = 0; s < below; s++)
        n += c->series[s].name[0] != '\0';
    return n;
}

/* Of several series the dots of a row stand under one another. */
static double mark_y(const struct chart *c, const struct plot *at, const struct chart_mark *m)
{
    int n = named(c, CHART_SERIES);

    return row_y(at, m->row) + (n > 1 ? MARK_H * (named(c, m->series) - (n - 1) / 2.0) : 0);
}

static status add_content(const struct chart *c, const struct plot *at, struct text *out)
{
    for (int s = 0; s < CHART_SERIES; s++)
        if (c->series[s].n)
            TRY(add_series(c, at, s, out));
    for (int i = 0; i < c->marks; i++)
        TRY(c->kind == CHART_BARS    ? add_bar(at, &c->mark[i], out)
            : c->kind == CHART_BOXES ? add_box(at, &c->mark[i], mark_y(c, at, &c->mark[i]), out)
                                     : add_dot(at, &c->mark[i], mark_y(c, at, &c->mark[i]), out));
    for (int i = 0; i < 2 && c->note[i][0]; i++)
        TRY(markup_add(out, "<text class=\"end\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", at->left + at->width - 6,
                       at->top + 14 + 15.0 * i, c->note[i]));
    return OK;
}

status chart_draw(const struct chart *c, struct text *out)
{
    struct plot at = { .left = c->rows ? ROW_LEFT : LEFT, .x = widened(c->x), .y = widened(c->y) };
    int lines;

    TRY(add_legend(c->series, c->kind, &lines, NULL));
    at.top = TOP + LEGEND_H * lines;
    at.width = WIDTH - RIGHT - at.left;
    at.row = c->kind >= CHART_MARKS ? fmax(ROW_H, MARK_H * named(c, CHART_SERIES) + 6) : ROW_H;
    at.height = c->rows ? at.row * c->rows : PLOT_H;
    TRY(add_frame(c->title, at.top + at.height + BOTTOM, out));
    TRY(add_legend(c->series, c->kind, &lines, out));
    TRY(c->x_names ? add_names(c, &at, out) : add_ticks(&at, 0, 6, out));
    TRY(c->rows ? add_rows(c, &at, out) : add_ticks(&at, 1, 4, out));
    TRY(add_labels(c, &at, out));
    TRY(add_content(c, &at, out));
    return text_add(out, "<path class=\"axis\" d=\"M%.1f %.1fv%.1fh%.1f\"/>\n</svg>\n", at.left, at.top,
                    at.height, at.width);
}

void chart_series(struct chart *c, int series, const char *name, const double *x, const double *y, int n)
{
    struct chart_series *s = &c->series[series];

    *s = (struct chart_series){ "", x, y, n };
    snprintf(s->name, sizeof s->name, "%s", name);
}

struct chart_mark *chart_mark(struct chart *c, int row, int series)
{
    BUG_IF(c->marks == CHART_MARKS_MOST);
    c->mark[c->marks] = (struct chart_mark){ .row = row, .series = series };
    return &c->mark[c->marks++];
}

/* ---- panels -------------------------------------------------------------------------------------------- */

static double panel_height(const struct chart_panel *p)
{
    return DOT_H * (p->dots > 0 ? p->dots : 1) + PANEL_GAP;
}

static status add_panel(const struct chart_panel *p, double top, struct text *out)
{
    struct plot at = { .left = ROW_LEFT,
                       .top = top,
                       .width = WIDTH - RIGHT - ROW_LEFT,
                       .height = panel_height(p) - PANEL_GAP,
                       .x = widened(p->x) };
    double middle = top + at.height / 2 + 4;

    TRY(markup_add(out, "<text class=\"end\" x=\"%d\" y=\"%.1f\">%s</text>\n", ROW_LEFT - 8, middle,
                   p->label));
    if (p->dots == 0)
        return markup_add(out, "<text class=\"soft\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", at.left, middle,
                          p->why ? p->why : "-");
    TRY(add_ticks(&at, 0, 4, out));
    if (p->zero)
        TRY(text_add(out, "<path class=\"zero\" d=\"M%.1f %.1fv%.1f\"/>\n", at_x(&at, 0), top, at.height));
    for (int i = 0; i < p->dots; i++)
        TRY(add_dot(&at, &p->dot[i], top + DOT_H * (i + 0.5), out));
    return text_add(out, "<path class=\"axis\" d=\"M%.1f %.1fh%.1f\"/>\n", at.left, top + at.height,
                    at.width);
}

status chart_panels(const char *title, const struct chart_series series[CHART_SERIES],
                    const struct chart_panel *panel, int panels, struct text *out)
{
    double top, height = 8;
    int lines;

    TRY(add_legend(series, CHART_MARKS, &lines, NULL));
    top = TOP + LEGEND_H * lines;
    for (int i = 0; i < panels; i++)
        height += panel_height(&panel[i]);
    TRY(add_frame(title, top + height, out));
    TRY(add_legend(series, CHART_MARKS, &lines, out));
    for (int i = 0; i < panels; i++) {
        TRY(add_panel(&panel[i], top, out));
        top += panel_height(&panel[i]);
    }
    return text_add(out, "</svg>\n");
}

/* ---- files --------------------------------------------------------------------------------------------- */

/* page.css's rules for a chart, with the light colours in place of the variables. */
static const char file_head[] =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" font-family=\"sans-serif\" font-size=\"11.5\" ";
static const char file_style[] =
    "<style>text{fill:#1c2126}.soft{fill:#5a6570}.head{font-weight:600;font-size:13px}"
    ".mid{text-anchor:middle}.end{text-anchor:end}.grid{stroke:#d9dee3;stroke-width:1}"
    ".axis{stroke:#5a6570;fill:none}.zero{stroke:#1c2126;stroke-width:1.3}"
    ".line,.reach{fill:none;stroke-width:2}.bar{stroke:#fff;stroke-width:1}.open{stroke-width:2}";
static const char *const file_colour[CHART_SERIES] = { "#0072b2", "#d55e00", "#008a63", "#b0528f",
                                                       "#7a6000", "#5b5fc7", "#a03030", "#4d6a79" };
static const char *const file_dash[CHART_SERIES] = { "none", "6 3", "2 3", "9 3 2 3",
                                                     "12 3", "4 2", "1 2", "9 2 9 5" };

/* One chart, from behind its "<svg " to the end of "</svg>". */
static status write_one(const char *from, const char *to, const char *words, const char *path)
{
    const char *body = strchr(from, '>') + 1;
    struct text out = { .max = 4 << 20 };
    status result = OK;

    TRY_OUT(text_add_bytes(&out, file_head, strlen(file_head)));
    TRY_OUT(text_add_bytes(&out, from, (size_t)(body - from)));
    TRY_OUT(markup_add(&out, "<desc>%s</desc>", words));
    TRY_OUT(text_add_bytes(&out, file_style, strlen(file_style)));
    for (int s = 0; s < CHART_SERIES; s++)
        TRY_OUT(text_add(&out,
                         ".line.s%d{stroke:%s;stroke-dasharray:%s}.reach.s%d,.open.s%d{stroke:%s}"
                         ".bar.s%d,.mark.s%d{fill:%s}",
                         s, file_colour[s], file_dash[s], s, s, file_colour[s], s, s,
                         s < 4 ? file_colour[s] : "#fff"));
    TRY_OUT(text_add(&out, "</style><rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"));
    TRY_OUT(text_add_bytes(&out, body, (size_t)(to - body)));
    TRY_OUT(text_add(&out, "\n"));
    TRY_OUT(text_write_file(path, out.data, out.size));
out:
    text_free(&out);
    return result;
}

status chart_files(const char *charts, const char *folder, const char *slug, const char *words, int *count)
{
    static const char begin[] = "<svg ", end[] = "</svg>";

    *count = 0;
    for (const char *p = strstr(charts, begin); p; p = strstr(p, begin)) {
        const char *to = strstr(p, end);
        char name[64], path[4096];

        BUG_IF(!to);
        to += strlen(end);
        snprintf(name, sizeof name, "%s_%d.svg", slug, ++*count);
        TRY(text_path(path, sizeof path, folder, name));
        TRY(write_one(p + strlen(begin), to, words, path));
        p = to;
    }
    return OK;
}
