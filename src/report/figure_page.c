/* src/report/figure_page.c: figures from /summary alone, in the page's style. */
#include <math.h>
#include <string.h>

#include "chart.h"
#include "collect.h"
#include "figure.h"

enum { SETS = 1 + STORE_MAX_SELECTIONS };

/* ---- entropy and deviation ----------------------------------------------------------------------------- */

typedef double table[STORE_MAX_NETWORKS][SETS];

static status read_domains(struct store_reader *r, int p, const char *measure, table value[3],
                           int64_t count[STORE_MAX_NETWORKS][SETS])
{
    const struct store_layout *l = store_reader_layout(r);
    int sets = 1 + l->selections;

    TRY(collect_matrix(r, STORE_S64, sets, SETS, count, "/summary/subset/count"));
    TRY(collect_matrix(r, STORE_F64, sets, SETS, value[0], "/summary/activation/%s/%s_real",
                       l->precision[0].name, measure));
    TRY(collect_matrix(r, STORE_F64, sets, SETS, value[1], "/summary/activation/%s/%s_real",
                       l->precision[p].name, measure));
    return collect_matrix(r, STORE_F64, sets, SETS, value[2], "/summary/activation/%s/%s_int",
                          l->precision[p].name, measure);
}

static status draw_statistic(struct store_reader *r, int p, const char *measure, const char *title,
                             const char *label, int log, struct text *out)
{
    static const char *const set_name[] = { "raw", "resolved", "control" };
    static const char *const domain[] = { "real", "real", "integers" };
    static int64_t count[STORE_MAX_NETWORKS][SETS];
    static table value[3];
    const struct store_layout *l = store_reader_layout(r);
    static struct chart c;
    int named[3] = { 0 }, row = 0;

    TRY(read_domains(r, p, measure, value, count));
    c = (struct chart){
        .title = title, .x_label = label, .y_label = "", .x = { log ? INFINITY : 0, 0, log }
    };
    for (int k = 0; k < l->networks; k++)
        for (size_t s = 0; s < COUNT_OF(set_name); s++) {
            int set = collect_set(l, set_name[s]);

            if (set < 0)
                continue;
            snprintf(c.row[c.rows++], CHART_NAME, "%.20s %s", l->network[k].name, set_name[s]);
            for (int d = 0; d < 3; d++) {
                double v = value[d][k][set];

                c.x.high = fmax(c.x.high, 1.1 * v);
                if (log && v > 0)
                    c.x.low = fmin(c.x.low, v / 1.3);
            }
        }
    TRY(chart_begin(&c, out));
    for (int k = 0; k < l->networks; k++)
        for (size_t s = 0; s < COUNT_OF(set_name); s++) {
            int set = collect_set(l, set_name[s]);

            if (set < 0)
                continue;
            for (int d = 0; d < 3 && count[k][set] > 0; d++) {
                char name[STORE_NAME + 16], tip[256];
                double v = value[d][k][set];

                snprintf(name, sizeof name, "%s %s", l->precision[d ? p : 0].name, domain[d]);
                snprintf(tip, sizeof tip, "%s, %s: %s %.4g", l->network[k].name, set_name[s], name, v);
                if (!log || v > 0)
                    TRY(chart_mark(&c, d, named[d]++ ? NULL : name, v, row, tip, out));
            }
            row++;
        }
    return chart_end(&c, out);
}

status figure_page_statistics(struct store_reader *r, int p, struct text *out)
{
    TRY(draw_statistic(r, p, "entropy", "Entropy of the channels", "bit", 0, out));
    return draw_statistic(r, p, "std", "Standard deviation",
                          "units of the layer, or of its codes (logarithmic)", 1, out);
}

/* ---- agreement ----------------------------------------------------------------------------------------- */

status figure_page_agreement(struct store_reader *r, int p, struct text *out)
{
    static const char *const field[] = { "both_right", "only_first", "only_second", "both_wrong" },
                             *const set_name[] = { "all", "raw", "resolved", "control" };
    static const int series[] = { 0, 2, 1, 3 };
    static int64_t n[COUNT_OF(field)][STORE_MAX_NETWORKS][SETS], labelled[STORE_MAX_NETWORKS][SETS];
    static struct chart c;
    const struct store_layout *l = store_reader_layout(r);
    int row = 0, any = 0;

    for (size_t i = 0; i < COUNT_OF(field); i++)
        TRY(collect_matrix(r, STORE_S64, 1 + l->selections, SETS, n[i], "/summary/agreement/%s/%s",
                           l->precision[p].name, field[i]));
    TRY(collect_matrix(r, STORE_S64, 1 + l->selections, SETS, labelled, "/summary/agreement/%s/labelled",
                       l->precision[p].name));
    c = (struct chart){ .title = "Right and wrong answers",
                        .x_label = "images of the set (%)",
                        .y_label = "",
                        .x = { 0, 100, 0 } };
    for (int k = 0; k < l->networks; k++)
        for (size_t s = 0; s < COUNT_OF(set_name); s++) {
            int set = s ? collect_set(l, set_name[s]) : 0;

            if (set < 0 || labelled[k][set] == 0)
                continue;
            snprintf(c.row[c.rows++], CHART_NAME, "%.20s %s", l->network[k].name, set_name[s]);
        }
    if (c.rows == 0)
        return OK;
    TRY(chart_begin(&c, out));
    for (int k = 0; k < l->networks; k++)
        for (size_t s = 0; s < COUNT_OF(set_name); s++) {
            int set = s ? collect_set(l, set_name[s]) : 0;
            double from = 0;

            if (set < 0 || labelled[k][set] == 0)
                continue;
            for (size_t i = 0; i < COUNT_OF(field); i++) {
                double to = from + 100 * (double)n[i][k][set] / (double)labelled[k][set];
                const char *name[] = { "both right", l->precision[0].name, l->precision[p].name,
                                       "both wrong" };
                char label[STORE_NAME + 16], tip[256];

                snprintf(label, sizeof label, i == 1 || i == 2 ? "only %s" : "%s", name[i]);
                snprintf(tip, sizeof tip, "%s, %s: %s %lld of %lld", l->network[k].name, set_name[s], label,
                         (long long)n[i][k][set], (long long)labelled[k][set]);
                TRY(chart_bar(&c, series[i], any < (int)COUNT_OF(field) ? label : NULL, from, to, row + 0.15,
                              row + 0.85, tip, out));
                any++;
                from = to;
            }
            row++;
        }
    return chart_end(&c, out);
}
