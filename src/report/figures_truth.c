/* src/report/figures_truth.c: box plots of how maps agree with the truth, and with those of the first
 * precision. */
#include <math.h>
#include <string.h>

#include "figures_parts.h"
#include "metric.h"
#include "probe_truth.h"
#include "value.h"

#define FURTHEST 1.5 /* of the box's widths: how far whiskers reach (Tukey) */
enum { PATH = STORE_PATH + 2 * STORE_NAME, MOST_BYTES = 1 << 30 };

static const struct {
    const char *name, *label;
} measures[] = { { "sim", "SIM" }, { "cc", "CC" }, { "kld", "KLD" } };

/* ---- values ----------------------------------------------------------------------------------------------
 */

/* Of which pictures a network has values: rows with a result, and of those a truth where `truth` is asked. */
static status read_usable(struct figures_drawing *d, int k, int truth, uint8_t **out, int64_t *images)
{
    uint8_t *state = NULL;
    char path[PATH];
    int64_t count;
    status result = OK;

    value_expand(d->l, k, 0, "/models/{k}/status", path, sizeof path);
    TRY(store_read_all(d->r, path, STORE_U8, MOST_BYTES, (void **)out, images));
    for (int64_t i = 0; i < *images; i++)
        (*out)[i] = (*out)[i] == STORE_OK;
    if (!truth)
        return OK;
    TRY_OUT(store_read_all(d->r, "/images/saliency/state_density", STORE_U8, MOST_BYTES, (void **)&state,
                           &count));
    if (count != *images)
        TRY_OUT(FAIL(ERR_MISMATCH, "/images/saliency/state_density: %lld values of %lld images",
                     (long long)count, (long long)*images));
    for (int64_t i = 0; i < count; i++)
        (*out)[i] &= truth_is_there((enum truth_state)state[i]);
out:
    mem_free(state);
    return result;
}

/* The usable values of a dataset, at the front of *out. */
static status read_values(struct figures_drawing *d, const char *path, const uint8_t *usable, int64_t images,
                          double **out, int64_t *count)
{
    int64_t all;

    *count = 0;
    TRY(store_read_all(d->r, path, STORE_F64, MOST_BYTES, (void **)out, &all));
    if (all != images)
        return FAIL(ERR_MISMATCH, "%s: %lld values of %lld images", path, (long long)all, (long long)images);
    for (int64_t i = 0; i < all; i++)
        if (usable[i] && isfinite((*out)[i]))
            (*out)[(*count)++] = (*out)[i];
    return OK;
}

/* ---- boxes -----------------------------------------------------------------------------------------------
 */

static void fill_box(double *values, int64_t count, const char *name, struct chart_mark *m)
{
    struct metric_quartiles q;
    double reach;
    int64_t beyond = 0;

    metric_quartiles_of(values, count, &q);
    reach = FURTHEST * (q.q3 - q.q1);
    m->value = q.mean;
    m->q1 = m->low = q.q1;
    m->median = q.median;
    m->q3 = m->high = q.q3;
    for (int64_t i = 0; i < count; i++) {
        if (values[i] < q.q1 - reach || values[i] > q.q3 + reach) {
            beyond++;
            continue;
        }
        m->low = fmin(m->low, values[i]);
        m->high = fmax(m->high, values[i]);
    }
    snprintf(m->tip, sizeof m->tip, "%s: mean %.3f, quartiles %.3f, %.3f, %.3f; %lld images, %lld beyond",
             name, q.mean, q.q1, q.median, q.q3, (long long)count, (long long)beyond);
}

/* A network's row: a box a precision. path: of the values. */
static status add_network(struct figures_drawing *d, int k, const char *path, int truth)
{
    const struct store_layout *l = d->l;
    uint8_t *usable = NULL;
    double *values = NULL;
    int64_t images, count;
    char at[PATH];
    int row = -1;
    status result = OK;

    TRY_OUT(read_usable(d, k, truth, &usable, &images));
    for (int p = !truth; p < l->precisions; p++) {
        struct chart_mark *m;

        value_expand(l, k, p, path, at, sizeof at);
        if (!store_reader_find(d->r, at) || d->c->rows == CHART_ROWS)
            continue;
        mem_free(values);
        values = NULL;
        TRY_OUT(read_values(d, at, usable, images, &values, &count));
        if (count == 0)
            continue;
        if (row < 0) {
            row = d->c->rows++;
            snprintf(d->c->row[row], CHART_NAME, "%.24s", l->network[k].name);
        }
        chart_series(d->c, p, l->precision[p].name, NULL, NULL, 0);
        m = chart_mark(d->c, row, p);
        fill_box(values, count, l->precision[p].name, m);
        d->c->x.low = fmin(d->c->x.low, m->low);
        d->c->x.high = fmax(d->c->x.high, m->high);
    }
out:
    mem_free(values);
    mem_free(usable);
    return result;
}

static status draw_one(struct figures_drawing *d, const char *method, int measure, int truth)
{
    char title[2 * STORE_NAME + 64], path[PATH];

    snprintf(path, sizeof path, truth ? "/models/{k}/{p}/truth_%s_%s" : "/models/{k}/{p}/vs_{f}/%s_%s",
             measures[measure].name, method);
    snprintf(title, sizeof title, truth ? "%s with the truth: %s" : "%s with %s's map: %s",
             measures[measure].label, truth ? method : d->l->precision[0].name, method);
    *d->c = (struct chart){ .title = title,
                            .x_label = measures[measure].label,
                            .x = { INFINITY, -INFINITY, 0 },
                            .kind = CHART_BOXES };
    for (int k = 0; k < d->l->networks; k++)
        TRY(add_network(d, k, path, truth));
    return d->c->marks ? chart_draw(d->c, &d->to->section[FIGURES_TRUTH]) : OK;
}

status figures_truth_draw(struct figures_drawing *d)
{
    if (!store_reader_find(d->r, "/images/saliency/state_density"))
        return OK;
    for (int m = -1; m < d->l->methods; m++)
        for (int truth = 1; truth >= 0; truth--)
            for (int i = 0; i < (int)COUNT_OF(measures); i++)
                TRY(draw_one(d, m < 0 ? "eigen" : d->l->method[m], i, truth));
    return OK;
}
