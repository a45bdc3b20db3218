/* src/report/figures_input.c: charts of the input gradient's map: accuracy while pixels are removed by it,
 * and how it agrees with the first precision's. */
#include <math.h>
#include <string.h>

#include "figures_parts.h"
#include "metric_input.h"

static status draw_removal(struct figures_drawing *d, int network)
{
    const struct store_layout *l = d->l;
    double x[STORE_REMOVED], y[STORE_MAX_PRECISIONS][STORE_REMOVED];
    char measure[STORE_NAME];

    *d->c = (struct chart){ .title = l->network[network].name,
                            .x_label = "pixels removed (%)",
                            .y_label = "top-1 (%)",
                            .x = { 0, 90, 0 },
                            .y = { 0, 100, 0 } };
    for (int p = 0; p < l->precisions; p++) {
        for (int k = 0; k < STORE_REMOVED; k++) {
            struct value v;

            snprintf(measure, sizeof measure, "removal_%d", removal_percent(k));
            TRY(value_read(d->r, &(struct value_key){ network, p, 0, measure }, &v));
            x[k] = removal_percent(k);
            y[p][k] = v.why ? NAN : v.value;
        }
        chart_series(d->c, p, l->precision[p].name, x, y[p], STORE_REMOVED);
    }
    return chart_draw(d->c, &d->to->section[FIGURES_REMOVAL]);
}

/* A row a network, a dot a precision. */
static status draw_agreement(struct figures_drawing *d, const char *measure, const char *title)
{
    const struct store_layout *l = d->l;
    struct chart *c = d->c;

    *c = (struct chart){ .title = title, .x_label = title, .x = { 1, 1, 0 }, .kind = CHART_MARKS };
    for (int k = 0; k < l->networks; k++) {
        snprintf(c->row[c->rows++], CHART_NAME, "%.30s", l->network[k].name);
        for (int p = 1; p < l->precisions; p++) {
            struct chart_mark *mark;
            struct value v;

            TRY(value_read(d->r, &(struct value_key){ k, p, 0, measure }, &v));
            if (v.why)
                continue;
            chart_series(c, p, l->precision[p].name, NULL, NULL, 0);
            c->x.low = fmin(c->x.low, v.low - 0.02);
            mark = chart_mark(c, c->rows - 1, p);
            mark->value = v.value;
            mark->low = v.low;
            mark->high = v.high;
            mark->interval = v.interval && v.images > 1;
            snprintf(mark->tip, sizeof mark->tip, "%s: %.4f [%.4f, %.4f]", l->precision[p].name, v.value,
                     v.low, v.high);
        }
    }
    return c->marks ? chart_draw(c, &d->to->section[FIGURES_INPUT]) : OK;
}

status figures_input_draw(struct figures_drawing *d)
{
    TRY(draw_agreement(d, "input_cc", "CC"));
    TRY(draw_agreement(d, "input_sim", "SIM"));
    TRY(draw_agreement(d, "input_ssim", "SSIM"));
    for (int k = 0; k < d->l->networks && d->l->removal; k++)
        TRY(draw_removal(d, k));
    return OK;
}
