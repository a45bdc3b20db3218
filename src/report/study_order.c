/* src/report/study_order.c: the order of networks by how much quantization changes them, ours beside a
 * study's.
 */
#include "study.h"

#include <string.h>

#include "metric_saliency.h"

enum { PUBLISHED, CORRECTED, STUDY, SERIES, ENOUGH = 3 };

/* 1 less the measure of each network, NaN-free: has says which there are. */
struct order {
    const struct store_layout *l;
    double value[SERIES][STORE_MAX_NETWORKS];
    int has[SERIES][STORE_MAX_NETWORKS];
    int any; /* one of ours is in the file */
};

static status read_ours(struct store_reader *r, const char *precision, const char *measure, int k, double *to,
                        int *has)
{
    const struct store_layout *l = store_reader_layout(r);
    struct value v = { .why = "-" };
    int p = l->precisions - 1;

    while (p > 0 && strcmp(l->precision[p].name, precision) != 0)
        p--;
    if (p > 0)
        TRY(value_read(r, &(struct value_key){ k, p, 0, measure }, &v));
    *has = !v.why;
    *to = 1 - v.value;
    return OK;
}

static status read_order(struct store_reader *r, const struct study *s, struct order *out)
{
    const struct study_order *of = s->order;

    memset(out, 0, sizeof *out);
    out->l = store_reader_layout(r);
    for (int k = 0; k < out->l->networks; k++) {
        const char *text = study_number(s, out->l->network[k].name, of->precision, of->measure, "all");
        int knows;
        double theirs;

        TRY(study_knows(r, s, k, &knows));
        TRY(read_ours(r, of->published_in ? of->published_in : of->precision, of->measure, k,
                      &out->value[PUBLISHED][k], &out->has[PUBLISHED][k]));
        TRY(read_ours(r, of->precision, of->corrected, k, &out->value[CORRECTED][k],
                      &out->has[CORRECTED][k]));
        out->has[STUDY][k] = text && knows && grid_parse(text, &theirs);
        if (out->has[STUDY][k])
            out->value[STUDY][k] = 1 - theirs;
        out->any |= out->has[PUBLISHED][k] || out->has[CORRECTED][k];
    }
    return OK;
}

/* ---- ranks -----------------------------------------------------------------------------------------------
 */

/* Of network k among those that have both series: 1 = the largest, equal ones share the mean of their ranks.
 */
static double rank_of(const struct order *o, int series, int other, int k)
{
    double rank = 1;

    for (int i = 0; i < o->l->networks; i++) {
        double a = o->value[series][i], b = o->value[series][k];

        if (i != k && o->has[series][i] && o->has[other][i])
            rank += a > b ? 1 : a == b ? 0.5 : 0;
    }
    return rank;
}

/* Spearman's of ours with the study's, over *networks that have both. */
static double correlate(const struct order *o, int series, int *networks)
{
    float ours[STORE_MAX_NETWORKS], theirs[STORE_MAX_NETWORKS];
    struct density_scores scores;
    int n = 0;

    for (int k = 0; k < o->l->networks; k++)
        if (o->has[series][k] && o->has[STUDY][k]) {
            ours[n] = (float)rank_of(o, series, STUDY, k);
            theirs[n++] = (float)rank_of(o, STUDY, series, k);
        }
    *networks = n;
    if (n < ENOUGH)
        return 0;
    density_compare(ours, theirs, n, &scores);
    return scores.cc;
}

/* ---- the table -------------------------------------------------------------------------------------------
 */

static void put(struct grid *g, const struct order *o, int series, int k, const char *measure)
{
    char name[2 * STORE_NAME];

    if (!o->has[series][k]) {
        grid_missing(g, "-");
        grid_missing(g, "-");
        return;
    }
    snprintf(name, sizeof name, "one_less_%s%s", measure, series == STUDY ? "_published" : "");
    grid_number(g, name, o->value[series][k], 4);
    snprintf(name, sizeof name, "rank_%s%s", measure, series == STUDY ? "_published" : "");
    grid_number(g, name, rank_of(o, series, series, k), -3);
}

static status add_row(struct grid *g, const struct order *o, const struct study_order *of, int k)
{
    const char *network = o->l->network[k].name;
    const char *const in[SERIES] = { of->published_in ? of->published_in : of->precision, of->precision,
                                     of->precision };

    TRY(grid_row(g, (struct grid_key){ NULL }));
    grid_text(g, "%s", network);
    for (int s = 0; s < SERIES; s++) {
        grid_set_key(g, (struct grid_key){ network, in[s], "all" });
        put(g, o, s, k, s == CORRECTED ? of->corrected : of->measure);
    }
    return OK;
}

static status add_correlations(struct grid *g, const struct order *o)
{
    static const char *const name[] = { "spearman_as_published", "spearman_corrected" };

    TRY(grid_row(g, (struct grid_key){ NULL, NULL, "all" }));
    grid_text(g, "rank correlation");
    for (int s = 0; s < STUDY; s++) {
        int networks;
        double rho = correlate(o, s, &networks);

        grid_missing(g, "");
        if (networks < ENOUGH)
            grid_missing(g, "too few");
        else
            grid_number(g, name[s], rho, 2);
    }
    grid_missing(g, "");
    grid_missing(g, "");
    return OK;
}

static status fill(struct grid *g, const struct order *o, const struct study *s)
{
    static const char *const head[SERIES] = { "as published", "corrected", "the study" };

    grid_init(g, s->order->id, "%s", s->order->title);
    snprintf(g->id, GRID_ID, "%s_%s", s->id, s->order->id);
    grid_column(g, "network", "");
    for (int i = 0; i < SERIES; i++) {
        grid_column(g, head[i], "1 - CC");
        grid_column(g, head[i], "rank");
    }
    for (int k = 0; k < o->l->networks; k++)
        TRY(add_row(g, o, s->order, k));
    TRY(add_correlations(g, o));
    grid_note(g, "%s", s->order->note);
    return OK;
}

status study_order_add(struct store_reader *r, const struct study *s, struct tables *out)
{
    struct order o;
    struct grid *g;

    if (!s->order)
        return OK;
    TRY(read_order(r, s, &o));
    if (!o.any)
        return OK;
    BUG_IF(out->grids == TABLES_MOST);
    MEM_TRY(g, 1, sizeof *g);
    out->grid[out->grids++] = g;
    return fill(g, &o, s);
}

/* ---- in words --------------------------------------------------------------------------------------------
 */

/* "a > b > c": the networks that have the series, the largest first. */
static status say_networks(const struct order *o, int series, struct text *out)
{
    int said[STORE_MAX_NETWORKS] = { 0 };

    for (int n = 0; n < o->l->networks; n++) {
        int most = -1;

        for (int k = 0; k < o->l->networks; k++)
            if (!said[k] && o->has[series][k] && (most < 0 || o->value[series][k] > o->value[series][most]))
                most = k;
        if (most < 0)
            return OK;
        said[most] = 1;
        TRY(text_add(out, "%s%s (%.4f)", n ? " > " : "", o->l->network[most].name, o->value[series][most]));
    }
    return OK;
}

status study_order_say(struct store_reader *r, const struct study *s, struct text *out)
{
    struct order o;
    int networks, series;
    double rho;

    if (!s->order)
        return OK;
    TRY(read_order(r, s, &o));
    if (!o.any)
        return OK;
    series = CORRECTED;
    for (int k = 0, corrected = 0; k < o.l->networks; k++) {
        corrected |= o.has[CORRECTED][k];
        series = corrected ? CORRECTED : PUBLISHED;
    }
    rho = correlate(&o, series, &networks);
    TRY(text_add(out, "Sensitivity (1 - CC of %s's maps with the first precision's, %s): ",
                 s->order->precision, series == CORRECTED ? "corrected" : "as published"));
    TRY(say_networks(&o, series, out));
    if (networks < ENOUGH)
        return text_add(
            out,
            "; with the study's order it cannot be compared: %d of its networks %s here with known "
            "weights.",
            networks, networks == 1 ? "is" : "are");
    return text_add(out, "; its rank correlation with the study's order is %.2f over %d networks.", rho,
                    networks);
}
