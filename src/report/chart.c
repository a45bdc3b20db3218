#include "chart.h"

#include <math.h>
#include <string.h>

#include "markup.h"

enum { WIDTH = 460, LEFT = 52, RIGHT = 14, TOP = 44, PLOT_H = 168, BOTTOM = 44, ROW_H = 19, ROW_LEFT = 182 };

#define LETTER 6.2 /* mean width */

static double place(const struct chart_axis *a, double v)
{
    if (a->log)
        return (log10(v) - log10(a->low)) / (log10(a->high) - log10(a->low));
    return (v - a->low) / (a->high - a->low);
}

static double at_x(const struct chart *c, double v)
{
    return c->left + c->width * fmin(1, fmax(0, place(&c->x, v)));
}

static double at_y(const struct chart *c, double v)
{
    return c->top + c->height * (1 - fmin(1, fmax(0, place(&c->y, v))));
}

/* 1, 2 or 5 times a power of ten: about `count` of them over the range. */
static double step_of(const struct chart_axis *a, int count)
{
    double rough = (a->high - a->low) / count, power = pow(10, floor(log10(rough))), m = rough / power;

    return power * (m <= 1 ? 1 : m <= 2 ? 2 : m <= 5 ? 5 : 10);
}

static status add_tick(const struct chart *c, int vertical, double v, struct text *out)
{
    if (vertical) {
        double y = at_y(c, v);

        return text_add(out,
                        "<path class=\"grid\" d=\"M%.1f %.1fh%.1f\"/><text class=\"end\" x=\"%.1f\" "
                        "y=\"%.1f\">%.5g</text>\n",
                        c->left, y, c->width, c->left - 6, y + 4, fabs(v) < 1e-12 ? 0 : v);
    }
    return text_add(out,
                    "<path class=\"grid\" d=\"M%.1f %.1fv%.1f\"/><text class=\"mid\" x=\"%.1f\" "
                    "y=\"%.1f\">%.4g</text>\n",
                    at_x(c, v), c->top, c->height, at_x(c, v), c->top + c->height + 15,
                    fabs(v) < 1e-12 ? 0 : v);
}

static status add_ticks(const struct chart *c, int vertical, struct text *out)
{
    const struct chart_axis *a = vertical ? &c->y : &c->x;
    double step;

    for (int i = 0; !vertical && i < c->x_names; i++)
        TRY(text_add(out, "<text class=\"mid\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
                     c->left + c->width * (i + 0.5) / c->x_names, c->top + c->height + 15, c->x_name[i]));
    if (!vertical && c->x_names)
        return OK;
    if (a->log) {
        for (double d = pow(10, ceil(log10(a->low) - 1e-9)); d <= a->high * 1.000001; d *= 10)
            TRY(add_tick(c, vertical, d, out));
        return OK;
    }
    step = step_of(a, vertical ? 4 : 6);
    for (double v = ceil(a->low / step - 1e-9) * step; v <= a->high + step * 1e-6; v += step)
        TRY(add_tick(c, vertical, v, out));
    return OK;
}

static void widen(struct chart_axis *a)
{
    if (a->log) {
        a->low = a->low > 0 && isfinite(a->low) ? a->low : 0.1;
        a->high = a->high > a->low && isfinite(a->high) ? a->high : a->low * 10;
    } else if (!isfinite(a->low) || !isfinite(a->high) || !(a->high > a->low)) {
        a->low = isfinite(a->low) ? a->low : 0;
        a->high = a->low + 1;
    }
}

static status add_rows(const struct chart *c, struct text *out)
{
    for (int r = 0; r < c->rows; r++) {
        double y = c->top + ROW_H * (r + 0.5);

        TRY(text_add(out,
                     "<path class=\"grid\" d=\"M%.1f %.1fh%.1f\"/><text class=\"end\" x=\"%.1f\" "
                     "y=\"%.1f\">",
                     c->left, y, c->width, c->left - 6, y + 4));
        TRY(markup_html(out, c->row[r]));
        TRY(text_add(out, "</text>\n"));
    }
    return OK;
}

status chart_begin(struct chart *c, struct text *out)
{
    widen(&c->x);
    widen(&c->y);
    c->left = c->rows ? ROW_LEFT : LEFT;
    c->top = TOP;
    c->width = WIDTH - RIGHT - c->left;
    c->height = c->rows ? ROW_H * c->rows : PLOT_H;
    c->named = 0;
    TRY(text_add(out, "<svg class=\"chart\" viewBox=\"0 0 %d %.0f\" role=\"img\"><title>", WIDTH,
                 TOP + c->height + BOTTOM));
    TRY(markup_html(out, c->title));
    TRY(text_add(out, "</title>\n<text class=\"head\" x=\"2\" y=\"14\">"));
    TRY(markup_html(out, c->title));
    TRY(text_add(out, "</text>\n"));
    TRY(add_ticks(c, 0, out));
    if (c->rows)
        TRY(add_rows(c, out));
    else
        TRY(add_ticks(c, 1, out));
    TRY(text_add(out, "<text class=\"mid soft\" x=\"%.1f\" y=\"%.1f\">", c->left + c->width / 2,
                 c->top + c->height + 33));
    TRY(markup_html(out, c->x_label));
    TRY(text_add(out, "</text>\n"));
    if (c->rows)
        return OK;
    TRY(text_add(out, "<text class=\"mid soft\" transform=\"translate(12 %.1f) rotate(-90)\">",
                 c->top + c->height / 2));
    TRY(markup_html(out, c->y_label));
    return text_add(out, "</text>\n");
}

static status add_shape(int series, double x, double y, const char *class, struct text *out)
{
    switch (series) {
    case 0:
        return text_add(out, "<circle class=\"%s s0\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>", class, x, y);
    case 1:
        return text_add(out, "<path class=\"%s s1\" d=\"M%.1f %.1fl5 8h-10z\"/>", class, x, y - 5);
    case 2:
        return text_add(out, "<path class=\"%s s2\" d=\"M%.1f %.1fh7v7h-7z\"/>", class, x - 3.5, y - 3.5);
    default:
        return text_add(out, "<path class=\"%s s3\" d=\"M%.1f %.1fl5 5l-5 5l-5 -5z\"/>", class, x, y - 5);
    }
}

/* The legend stands in a line under the title, as the series come. kind: 'l' line, 'b' bar, 'm' mark. */
static status add_name(struct chart *c, int series, char kind, const char *name, struct text *out)
{
    double x = 2 + c->named;

    if (!name)
        return OK;
    c->named += 40 + LETTER * (double)strlen(name);
    if (kind == 'm')
        TRY(add_shape(series, x + 9, 28, "mark", out));
    else
        TRY(text_add(out,
                     kind == 'b' ? "<path class=\"bar s%d\" d=\"M%.1f 23h14v10h-14z\"/>"
                                 : "<path class=\"line s%d\" d=\"M%.1f 28h20\"/>",
                     series, x));
    TRY(text_add(out, "<text x=\"%.1f\" y=\"32\">", x + 24));
    TRY(markup_html(out, name));
    return text_add(out, "</text>\n");
}

status chart_line(struct chart *c, int series, const char *name, const double *x, const double *y, int n,
                  struct text *out)
{
    int down = 0;

    TRY(text_add(out, "<path class=\"line s%d\" d=\"", series));
    for (int i = 0; i < n; i++) {
        int good = isfinite(x[i]) && isfinite(y[i]);

        if (good)
            TRY(text_add(out, "%c%.1f %.1f", down ? 'L' : 'M', at_x(c, x[i]), at_y(c, y[i])));
        down = good;
    }
    TRY(text_add(out, "\"/>\n"));
    return add_name(c, series, 'l', name, out);
}

status chart_band(struct chart *c, int series, const double *x, const double *low, const double *high, int n,
                  struct text *out)
{
    TRY(text_add(out, "<path class=\"band s%d\" d=\"", series));
    for (int i = 0; i < n; i++)
        TRY(text_add(out, "%c%.1f %.1f", i ? 'L' : 'M', at_x(c, x[i]), at_y(c, high[i])));
    for (int i = n - 1; i >= 0; i--)
        TRY(text_add(out, "L%.1f %.1f", at_x(c, x[i]), at_y(c, low[i])));
    return text_add(out, "z\"/>\n");
}

status chart_steps(struct chart *c, int series, const char *name, const double *y, int bins, struct text *out)
{
    double width = c->width / bins;

    TRY(text_add(out, "<path class=\"line s%d\" d=\"M%.1f %.1f", series, c->left, at_y(c, c->y.low)));
    for (int b = 0; b < bins; b++)
        TRY(text_add(out, "V%.1fH%.1f", at_y(c, y[b]), c->left + (b + 1) * width));
    TRY(text_add(out, "V%.1f\"/>\n", at_y(c, c->y.low)));
    return add_name(c, series, 'l', name, out);
}

status chart_bar(struct chart *c, int series, const char *name, double x0, double x1, double y0, double y1,
                 const char *tip, struct text *out)
{
    double left = at_x(c, x0), right = at_x(c, x1);
    double top = c->rows ? c->top + ROW_H * y0 : at_y(c, y1);
    double bottom = c->rows ? c->top + ROW_H * y1 : at_y(c, y0);

    TRY(text_add(out, "<path class=\"bar s%d\" d=\"M%.1f %.1fH%.1fV%.1fH%.1fz\"><title>", series, left, top,
                 right, bottom, left));
    TRY(markup_html(out, tip));
    TRY(text_add(out, "</title></path>\n"));
    return add_name(c, series, 'b', name, out);
}

status chart_whisker(struct chart *c, double x, double low, double high, struct text *out)
{
    double at = at_x(c, x);

    return text_add(out, "<path class=\"whisker\" d=\"M%.1f %.1fV%.1fM%.1f %.1fh8M%.1f %.1fh8\"/>\n", at,
                    at_y(c, low), at_y(c, high), at - 4, at_y(c, low), at - 4, at_y(c, high));
}

status chart_mark(struct chart *c, int series, const char *name, double x, int row, const char *tip,
                  struct text *out)
{
    TRY(text_add(out, "<g><title>"));
    TRY(markup_html(out, tip));
    TRY(text_add(out, "</title>"));
    TRY(add_shape(series, at_x(c, x), c->top + ROW_H * (row + 0.5), "mark", out));
    TRY(text_add(out, "</g>\n"));
    return add_name(c, series, 'm', name, out);
}

status chart_text(struct chart *c, double x, double y, const char *text, struct text *out)
{
    TRY(text_add(out, "<text class=\"mid soft\" x=\"%.1f\" y=\"%.1f\">", at_x(c, x), at_y(c, y) - 4));
    TRY(markup_html(out, text));
    return text_add(out, "</text>\n");
}

status chart_note(struct chart *c, int line, const char *text, struct text *out)
{
    TRY(text_add(out, "<text class=\"end\" x=\"%.1f\" y=\"%.1f\">", c->left + c->width - 6,
                 c->top + 14 + 15.0 * line));
    TRY(markup_html(out, text));
    return text_add(out, "</text>\n");
}

status chart_end(struct chart *c, struct text *out)
{
    return text_add(out, "<path class=\"axis\" d=\"M%.1f %.1fv%.1fh%.1f\"/>\n</svg>\n", c->left, c->top,
                    c->height, c->width);
}

/* ---- files ----------------------------------------------------------------------------------------------
 */

/* html_style's rules for a chart, with the light colours in place of the variables. */
static const char file_head[] =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" font-family=\"sans-serif\" font-size=\"11.5\" ";
static const char file_style[] =
    "<style>text{fill:#1c2126}.soft{fill:#5a6570}.head{font-weight:600;font-size:13px}"
    ".mid{text-anchor:middle}.end{text-anchor:end}.grid{stroke:#d9dee3;stroke-width:1}"
    ".axis{stroke:#5a6570;fill:none}.line{fill:none;stroke-width:2}.band{opacity:.18}"
    ".bar{stroke:#fff;stroke-width:1}.whisker{fill:none;stroke:#1c2126;stroke-width:1.3}"
    ".line.s0{stroke:#0072b2}.line.s1{stroke:#d55e00;stroke-dasharray:6 3}"
    ".line.s2{stroke:#008a63;stroke-dasharray:2 3}.line.s3{stroke:#b0528f;stroke-dasharray:9 3 2 3}"
    ".band.s0,.bar.s0,.mark.s0{fill:#0072b2}.band.s1,.bar.s1,.mark.s1{fill:#d55e00}"
    ".band.s2,.bar.s2,.mark.s2{fill:#008a63}.band.s3,.bar.s3,.mark.s3{fill:#b0528f}</style>"
    "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";

/* One chart, from behind its "<svg " to the end of "</svg>". */
static status write_one(const char *from, const char *to, const char *path)
{
    const char *body = strchr(from, '>') + 1;
    struct text out = { .max = 4 << 20 };
    status result = OK;

    TRY_OUT(text_add_bytes(&out, file_head, strlen(file_head)));
    TRY_OUT(text_add_bytes(&out, from, (size_t)(body - from)));
    TRY_OUT(text_add_bytes(&out, file_style, strlen(file_style)));
    TRY_OUT(text_add_bytes(&out, body, (size_t)(to - body)));
    TRY_OUT(text_add(&out, "\n"));
    TRY_OUT(text_write_file(path, out.data, out.size));
out:
    text_free(&out);
    return result;
}

status chart_files(const char *charts, const char *folder, const char *slug)
{
    static const char begin[] = "<svg ", end[] = "</svg>";
    int n = 0;

    for (const char *p = strstr(charts, begin); p; p = strstr(p, begin)) {
        const char *to = strstr(p, end);
        char name[64], path[4096];

        BUG_IF(!to);
        snprintf(name, sizeof name, "%.40s_%d.svg", slug, ++n);
        TRY(text_path(path, sizeof path, folder, name));
        p += strlen(begin);
        to += strlen(end);
        TRY(write_one(p, to, path));
        p = to;
    }
    return OK;
}
