#include "figure.h"

#include "chart.h"
#include "collect.h"
#include "published.h"

#include <math.h>
#include <string.h>

enum { BINS = 256, PLOT_W = 384, PLOT_H = 150, LEFT = 48, TOP = 56, CELL_W = 470, CELL_H = 240, HEAD = 40 };

static const char *const colour[2] = { "#1f77b4", "#d95f02" };

/* One plot: both precisions' histograms of one selection. */
struct plot {
    const char *network, *selection, *range; /* "raw", "own" */
    int k, set;
    int64_t images, bins[2][BINS];
    double dice, low[2], high[2];
};

static status read_plot(struct store_reader *r, int p, struct plot *plot)
{
    const struct store_layout *l = store_reader_layout(r);
    int64_t images[1 + STORE_MAX_SELECTIONS];
    double value[1 + STORE_MAX_SELECTIONS];
    static int64_t all[1 + STORE_MAX_SELECTIONS][BINS];
    char path[STORE_PATH];

    TRY(store_read(r, "/summary/histogram/images", STORE_S64, plot->k, 1, images, sizeof images));
    plot->images = images[plot->set];
    for (int side = 0; side < 2; side++) {
        const char *precision = l->precision[side ? p : 0].name;

        snprintf(path, sizeof path, "/summary/histogram/%s/%s", precision, plot->range);
        TRY(store_read(r, path, STORE_S64, plot->k, 1, all, sizeof all));
        memcpy(plot->bins[side], all[plot->set], sizeof all[0]);
        snprintf(path, sizeof path, "/summary/histogram/%s/low", precision);
        TRY(store_read(r, path, STORE_F64, plot->k, 1, value, sizeof value));
        plot->low[side] = value[plot->set];
        snprintf(path, sizeof path, "/summary/histogram/%s/high", precision);
        TRY(store_read(r, path, STORE_F64, plot->k, 1, value, sizeof value));
        plot->high[side] = value[plot->set];
    }
    snprintf(path, sizeof path, "/summary/histogram/%s/dice_%s", l->precision[p].name, plot->range);
    TRY(store_read(r, path, STORE_F64, plot->k, 1, value, sizeof value));
    plot->dice = value[plot->set];
    return OK;
}

/* Decades of the count axis. */
static int decades(const struct plot *plot)
{
    int64_t most = 1, edge = 1;
    int n = 0;

    for (int side = 0; side < 2; side++)
        for (int b = 0; b < BINS; b++)
            most = plot->bins[side][b] > most ? plot->bins[side][b] : most;
    for (; edge <= most; edge *= 10)
        n++;
    return n;
}

/* A count's height: none at the axis, one half a decade above it. */
static double height(int64_t count, int n)
{
    return count < 1 ? 0 : PLOT_H * (0.5 + log10((double)count)) / (0.5 + n);
}

static status add_axes(const struct plot *plot, int n, struct text *out)
{
    double low = 0, high = 1;
    int64_t count = 1;

    if (strcmp(plot->range, "common") == 0) {
        low = plot->low[0] < plot->low[1] ? plot->low[0] : plot->low[1];
        high = plot->high[0] > plot->high[1] ? plot->high[0] : plot->high[1];
    }
    for (int d = 0; d <= n; d++, count *= 10) {
        double y = PLOT_H - height(count, n);
        TRY(text_add(out, "<line x1=\"0\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>", PLOT_W, y,
                     y));
        TRY(text_add(out, "<text x=\"-4\" y=\"%.1f\" text-anchor=\"end\">%lld</text>\n", y + 4,
                     (long long)count));
    }
    for (int i = 0; i <= 4; i++)
        TRY(text_add(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%.2f</text>\n", i * PLOT_W / 4,
                     PLOT_H + 15, low + (high - low) * i / 4));
    return text_add(out, "<rect width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#444\"/>\n", PLOT_W,
                    PLOT_H);
}

static status add_steps(const int64_t bins[BINS], int n, const char *stroke, struct text *out)
{
    TRY(text_add(out, "<path fill=\"none\" stroke=\"%s\" d=\"M0 %d", stroke, PLOT_H));
    for (int b = 0; b < BINS; b++)
        TRY(text_add(out, "V%.1fH%.1f", PLOT_H - height(bins[b], n), (b + 1) * (double)PLOT_W / BINS));
    return text_add(out, "V%d\"/>\n", PLOT_H);
}

static status add_plot(const struct plot *plot, int column, struct text *out)
{
    const char *published = column == 0 ? published_value(plot->network, PUBLISHED_DICE) : NULL;
    int n = decades(plot);

    TRY(text_add(out, "<g transform=\"translate(%d %d)\">\n", LEFT + column * CELL_W,
                 HEAD + TOP + plot->k * CELL_H));
    TRY(text_add(out, "<text y=\"-24\" font-weight=\"bold\">%s</text>", plot->network));
    TRY(text_add(out, "<text y=\"-8\">%s: %s subset, %lld images, %s</text>\n",
                 column ? "corrected" : "as published", plot->selection,
                 (long long)plot->images,
                 column ? "common range, real values" : "each over its own range"));
    TRY(add_axes(plot, n, out));
    for (int side = 0; side < 2; side++)
        TRY(add_steps(plot->bins[side], n, colour[side], out));
    TRY(text_add(out, "<text x=\"%d\" y=\"18\" text-anchor=\"end\">Dice %.3f %%</text>\n", PLOT_W - 8,
                 plot->dice));
    if (published)
        TRY(text_add(out,
                     "<text x=\"%d\" y=\"34\" text-anchor=\"end\" fill=\"#777\">the study %s %%</text>\n",
                     PLOT_W - 8, published));
    return text_add(out, "</g>\n");
}

status figure_histograms(struct store_reader *r, int p, struct text *out)
{
    static const char *const selection[2] = { "raw", "resolved" }, *const range[2] = { "own", "common" };
    const struct store_layout *l = store_reader_layout(r);

    TRY(text_add(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                      "font-family=\"sans-serif\" font-size=\"11\">\n"
                      "<title>Figure 2. Histograms of the mean activation tensor</title>\n"
                      "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
                 2 * CELL_W, HEAD + l->networks * CELL_H));
    TRY(text_add(out,
                 "<text x=\"%d\" y=\"22\" font-size=\"14\">Mean activation of the CAM layer, its "
                 "channels and pixels in 256 bins, logarithmic counts: <tspan fill=\"%s\">%s</tspan> "
                 "<tspan fill=\"%s\">%s</tspan></text>\n",
                 LEFT, colour[0], l->precision[0].name, colour[1], l->precision[p].name));
    for (int k = 0; k < l->networks; k++)
        for (int column = 0; column < 2; column++) {
            static struct plot plot;

            plot = (struct plot){ .network = l->network[k].name, .selection = selection[column],
                                  .range = range[column], .k = k };
            plot.set = collect_set(l, selection[column]);
            if (plot.set < 0)
                continue;
            TRY(read_plot(r, p, &plot));
            if (plot.images > 0)
                TRY(add_plot(&plot, column, out));
        }
    return text_add(out, "</svg>\n");
}

/* ---- on the page --------------------------------------------------------------------------------------- */

static status add_chart(const struct store_layout *l, int p, const struct plot *plot, const char *what,
                        struct text *out)
{
    const char *published = published_value(plot->network, PUBLISHED_DICE);
    int common = strcmp(plot->range, "common") == 0;
    double bins[BINS];
    char title[STORE_NAME + 64], dice[64];
    struct chart c = { .title = title,
                       .x_label = common ? "mean activation (one range, real values)"
                                         : "mean activation (each precision's own range)",
                       .y_label = "elements", .y = { 0.5, pow(10, decades(plot)), 1 }, .x = { 0, 1, 0 } };

    snprintf(title, sizeof title, "%s, %s", plot->network, what);
    snprintf(dice, sizeof dice, "Dice %.3f %%", plot->dice);
    if (common) {
        c.x.low = fmin(plot->low[0], plot->low[1]);
        c.x.high = fmax(plot->high[0], plot->high[1]);
    }
    TRY(chart_begin(&c, out));
    for (int side = 0; side < 2; side++) {
        for (int b = 0; b < BINS; b++)
            bins[b] = (double)plot->bins[side][b];
        TRY(chart_steps(&c, side, l->precision[side ? p : 0].name, bins, BINS, out));
    }
    TRY(chart_note(&c, 0, dice, out));
    if (published && !common) {
        snprintf(dice, sizeof dice, "the study %s %%", published);
        TRY(chart_note(&c, 1, dice, out));
    }
    return chart_end(&c, out);
}

status figure_charts(struct store_reader *r, int p, struct text *out)
{
    static const struct {
        const char *selection, *range, *what;
    } wanted[] = { { "raw", "own", "as published" }, { "resolved", "common", "corrected" },
                   { "control", "common", "control" } };
    const struct store_layout *l = store_reader_layout(r);

    for (int k = 0; k < l->networks; k++)
        for (size_t i = 0; i < COUNT_OF(wanted); i++) {
            static struct plot plot;

            plot = (struct plot){ .network = l->network[k].name, .selection = wanted[i].selection,
                                  .range = wanted[i].range, .k = k,
                                  .set = collect_set(l, wanted[i].selection) };
            if (plot.set < 0)
                continue;
            TRY(read_plot(r, p, &plot));
            if (plot.images > 0)
                TRY(add_chart(l, p, &plot, wanted[i].what, out));
        }
    return OK;
}
