/* src/report/figures_sets.c: charts with a row a network and set. */
#include <math.h>

#include "figures_parts.h"
#include "value.h"

/* The next row's name; 0 where there is no room. */
static int add_row(struct figures_drawing *d, int network, int set)
{
    if (d->c->rows == CHART_ROWS)
        return 0;
    snprintf(d->c->row[d->c->rows++], CHART_NAME, "%.16s %.13s", d->l->network[network].name,
             value_set_name(d->l, set));
    return 1;
}

/* A measure, a dot a precision. */
static status draw_measure(struct figures_drawing *d, const char *measure, const char *title,
                           const char *label, int log)
{
    const struct store_layout *l = d->l;
    struct chart *c = d->c;

    *c = (struct chart){ .title = title, .x_label = label, .x = { INFINITY, 0, log }, .kind = CHART_MARKS };
    for (int k = 0; k < l->networks; k++)
        for (int s = 0; s <= l->selections && add_row(d, k, s); s++)
            for (int p = 0; p < l->precisions; p++) {
                struct chart_mark *mark;
                struct value v;

                TRY(value_read(d->r, &(struct value_key){ k, p, s, measure }, &v));
                if (v.why || (log && v.value <= 0))
                    continue;
                chart_series(d->c, p, d->l->precision[p].name, NULL, NULL, 0);
                c->x.high = fmax(c->x.high, (log ? 1.1 : 1.02) * v.value);
                c->x.low = fmin(c->x.low, log ? v.value / 1.3 : 0.98 * v.value);
                mark = chart_mark(c, c->rows - 1, p);
                mark->value = v.value;
                snprintf(mark->tip, sizeof mark->tip, "%s: %.4g", l->precision[p].name, v.value);
            }
    return c->marks ? chart_draw(c, &d->to->section[FIGURES_ACTIVATION]) : OK;
}

static status draw_activation(struct figures_drawing *d)
{
    TRY(draw_measure(d, "entropy_real", "Entropy of the channels, real values", "bit", 0));
    TRY(draw_measure(d, "entropy_int", "Entropy of the channels, stored integers", "bit", 0));
    TRY(draw_measure(d, "std_real", "Standard deviation, real values", "units of the layer (logarithmic)",
                     1));
    return draw_measure(d, "std_int", "Standard deviation, stored integers", "codes (logarithmic)", 1);
}

/* One bar: right and wrong answers of the first precision and p. */
static status add_agreement(struct figures_drawing *d, int network, int p, int set)
{
    static const struct {
        const char *measure;
        int series;
    } answers[] = { { "both_right", 0 }, { "only_first", 2 }, { "only_second", 1 }, { "both_wrong", 3 } };
    double from = 0;

    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct chart_mark *mark;
        struct value v;

        TRY(value_read(d->r, &(struct value_key){ network, p, set, answers[i].measure }, &v));
        if (v.why || (i == 0 && !add_row(d, network, set)))
            return OK;
        mark = chart_mark(d->c, d->c->rows - 1, answers[i].series);
        mark->low = from;
        mark->high = from += 100 * v.value / (double)v.images;
        snprintf(mark->tip, sizeof mark->tip, "%s: %s %.0f of %lld", d->c->row[mark->row],
                 d->c->series[mark->series].name, v.value, (long long)v.images);
    }
    return OK;
}

static status draw_agreement(struct figures_drawing *d, int p)
{
    static const char *const name[] = { "both right", "only %s", "only %s", "both wrong" };
    const struct store_layout *l = d->l;
    char title[STORE_NAME + 64];

    snprintf(title, sizeof title, "Right and wrong answers, %s", l->precision[p].name);
    *d->c = (struct chart){
        .title = title, .x_label = "images of the set (%)", .x = { 0, 100, 0 }, .kind = CHART_BARS
    };
    for (int i = 0; i < 4; i++)
        snprintf(d->c->series[i].name, CHART_NAME, name[i], l->precision[i == 1 ? p : 0].name);
    for (int k = 0; k < l->networks; k++)
        for (int s = 0; s <= l->selections; s++)
            TRY(add_agreement(d, k, p, s));
    return d->c->rows ? chart_draw(d->c, &d->to->section[FIGURES_AGREEMENT]) : OK;
}

status figures_sets_draw(struct figures_drawing *d)
{
    TRY(draw_activation(d));
    for (int p = 1; p < d->l->precisions; p++)
        TRY(draw_agreement(d, p));
    return OK;
}
