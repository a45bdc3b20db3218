/* src/report/study_groups.c: how a study's rows do over groups of networks that were trained alike from
 * different random numbers, and which of them changed the map more than training longer, or again, did; what
 * others printed, with its source. */
#include "study.h"

#include <string.h>

#include "metric_table.h"

enum { PRECISIONS = STORE_MAX_PRECISIONS };

/* One measure over one group, as the file has it. */
struct group_value {
    int64_t networks[PRECISIONS];
    double mean[PRECISIONS], low[PRECISIONS], high[PRECISIONS];
    double less[3][PRECISIONS * PRECISIONS]; /* of two precisions: difference, low, high */
};

static const char *const shown[] = { "top1",          "input_cc",      "input_sim",
                                     "input_kld",     "input_rmse",    "input_ssim",
                                     "input_overlap", "input_entropy", "removal" };

static status read_group(struct store_reader *r, const char *measure, int g, struct group_value *v)
{
    const size_t p = (size_t)store_reader_layout(r)->precisions;
    const struct {
        const char *name;
        enum store_type type;
        void *to;
        size_t count;
    } part[] = { { "networks", STORE_S64, v->networks, p },
                 { "mean", STORE_F64, v->mean, p },
                 { "low", STORE_F64, v->low, p },
                 { "high", STORE_F64, v->high, p },
                 { "difference", STORE_F64, v->less[0], p * p },
                 { "difference_low", STORE_F64, v->less[1], p * p },
                 { "difference_high", STORE_F64, v->less[2], p * p } };
    char path[STORE_PATH];

    memset(v, 0, sizeof *v);
    for (size_t i = 0; i < COUNT_OF(part); i++) {
        snprintf(path, sizeof path, "/summary/groups/%s/%s", measure, part[i].name);
        TRY(store_read(r, path, part[i].type, g, 1, part[i].to, part[i].count * sizeof(double)));
    }
    return OK;
}

static status add_grid(struct tables *out, const struct study *s, const char *id, struct grid **g)
{
    BUG_IF(out->grids == TABLES_MOST);
    MEM_TRY(*g, 1, sizeof **g);
    out->grid[out->grids++] = *g;
    grid_init(*g, id, "%s", "");
    snprintf((*g)->id, GRID_ID, "%s_%s", s->id, id);
    return OK;
}

static void put_number(struct grid *g, const char *measure, int64_t networks, const double value[3],
                       int is_signed)
{
    const struct measure *m = measure_known(measure);
    char name[GRID_MEASURE];

    snprintf(name, sizeof name, "group_%s", measure);
    if (networks < 1)
        grid_missing(g, "-");
    else if (networks > 1)
        grid_interval(g, name, value, m->digits, is_signed);
    else if (is_signed)
        grid_signed(g, name, value[0], m->digits);
    else
        grid_number(g, name, value[0], m->digits);
}

/* ---- means over the networks --------------------------------------------------------------------------- */

static status add_means(struct store_reader *r, const struct study *s, struct tables *out)
{
    const struct store_layout *l = store_reader_layout(r);
    struct grid *g;

    TRY(add_grid(out, s, "groups", &g));
    snprintf(g->title, sizeof g->title,
             "Over the networks of each group, which differ in their random numbers");
    grid_column(g, "group", "");
    grid_column(g, "precision", "");
    grid_column(g, "networks", "");
    for (size_t k = 0; k < COUNT_OF(shown); k++)
        if (value_measure(l, shown[k]) >= 0)
            grid_column(g, measure_known(shown[k])->label, measure_known(shown[k])->unit);
    for (int i = 0; i < l->groups; i++)
        for (int p = 0; p < l->precisions; p++) {
            struct group_value v;

            TRY(read_group(r, "top1", i, &v));
            TRY(grid_row(g, (struct grid_key){ l->group[i].name, l->precision[p].name, "all" }));
            grid_text(g, "%s", l->group[i].name);
            grid_text(g, "%s", l->precision[p].name);
            grid_count(g, "networks", v.networks[p]);
            for (size_t k = 0; k < COUNT_OF(shown); k++) {
                if (value_measure(l, shown[k]) < 0)
                    continue;
                TRY(read_group(r, shown[k], i, &v));
                put_number(g, shown[k], v.networks[p], (double[3]){ v.mean[p], v.low[p], v.high[p] }, 0);
            }
        }
    grid_note(g, "Means of the networks' means over all images, brackets: 95 %% intervals, mean +- t sd / "
                 "sqrt(n), Student's t with n - 1 degrees of freedom (4.303 for three networks, 2.776 for "
                 "five). One network has no interval: nothing is said of another training.");
    return OK;
}

/* ---- against the controls ------------------------------------------------------------------------------ */

/* Which way the difference of the maps' agreement goes, as far as the interval tells. */
static const char *verdict(const struct group_value *v, int at)
{
    return v->less[2][at] < 0   ? "changed the map more than"
           : v->less[1][at] > 0 ? "changed the map less than"
                                : "cannot be told from";
}

static void put_words(struct grid *g, const struct store_layout *l, const struct group_value *v, int p)
{
    char text[GRID_CELL] = "";
    size_t n = 0;

    for (int c = 1; c < l->precisions && n < sizeof text; c++)
        if (value_is_control(l, c))
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s %s", n ? "; " : "",
                                  verdict(v, p * l->precisions + c), l->precision[c].name);
    grid_text(g, "%s%s", v->networks[p] > 1 ? "" : "one training, no interval: ", text);
}

static status add_against(struct store_reader *r, const struct study *s, struct tables *out)
{
    const struct store_layout *l = store_reader_layout(r);
    struct grid *g;

    TRY(add_grid(out, s, "against", &g));
    snprintf(g->title, sizeof g->title, "Did it change the map more than training longer, or again, did?");
    grid_column(g, "group", "");
    grid_column(g, "precision", "");
    for (int c = 1; c < l->precisions; c++)
        if (value_is_control(l, c)) {
            char head[GRID_HEAD];

            snprintf(head, sizeof head, "less %.50s", l->precision[c].name);
            grid_column(g, head, measure_known(s->changed_by)->label);
            grid_column(g, head, "top-1, points");
        }
    grid_column(g, "in words", "");
    for (int i = 0; i < l->groups; i++)
        for (int p = 1; p < l->precisions; p++) {
            struct group_value map, top1;

            if (value_is_control(l, p))
                continue;
            TRY(read_group(r, s->changed_by, i, &map));
            TRY(read_group(r, "top1", i, &top1));
            TRY(grid_row(g, (struct grid_key){ l->group[i].name, l->precision[p].name, "all" }));
            grid_text(g, "%s", l->group[i].name);
            grid_text(g, "%s", l->precision[p].name);
            for (int c = 1; c < l->precisions; c++) {
                int at = p * l->precisions + c;

                if (!value_is_control(l, c))
                    continue;
                put_number(g, s->changed_by, map.networks[p],
                           (double[3]){ map.less[0][at], map.less[1][at], map.less[2][at] }, 1);
                put_number(g, "top1", top1.networks[p],
                           (double[3]){ top1.less[0][at], top1.less[1][at], top1.less[2][at] }, 1);
            }
            put_words(g, l, &map, p);
        }
    grid_note(g,
              "Paired: of each network the precision's agreement with the map of %s, less that of the "
              "control's; mean over the group's networks, brackets: 95 %% intervals by Student's t. Below 0: "
              "it changed the map more than the control did. An interval that holds 0 leaves it open.",
              l->precision[0].name);
    return OK;
}

/* ---- all ----------------------------------------------------------------------------------------------- */

static status add_quotes(const struct study *s, struct tables *out)
{
    struct grid *g;

    TRY(add_grid(out, s, "yardsticks", &g));
    snprintf(g->title, sizeof g->title, "What others printed of the method");
    grid_column(g, "what", "");
    grid_column(g, "number", "");
    grid_column(g, "source", "");
    for (int i = 0; i < s->quotes; i++) {
        TRY(grid_row(g, (struct grid_key){ NULL }));
        grid_text(g, "%s", s->quote[i].what);
        grid_text(g, "%s", s->quote[i].text);
        grid_text(g, "%s", s->quote[i].source);
    }
    grid_note(
        g,
        "Exactly as printed, of other trainings, most of them longer: no target, and none of the study's "
        "own. %s",
        s->quoted);
    return OK;
}

status study_groups_add(struct store_reader *r, const struct study *s, struct tables *out)
{
    const struct store_layout *l = store_reader_layout(r);
    int controls = 0, judged = 0;

    if (!s->changed_by || value_measure(l, s->changed_by) < 0)
        return OK;
    for (int p = 1; p < l->precisions; p++) {
        controls += value_is_control(l, p);
        judged += !value_is_control(l, p);
    }
    if (l->groups > 0)
        TRY(add_means(r, s, out));
    if (l->groups > 0 && controls > 0 && judged > 0)
        TRY(add_against(r, s, out));
    return add_quotes(s, out);
}
