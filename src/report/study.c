/* src/report/study.c: our numbers as a study read them, its own, the difference, and the corrected reading.
 */
#include "study.h"

#include <math.h>
#include <string.h>

const struct study *const study_all[] = { &rogers2023 };
const int study_count = COUNT_OF(study_all);

const char *study_number(const struct study *s, const char *network, const char *precision,
                         const char *measure, const char *set)
{
    for (int n = 0; n < STUDY_NETWORKS && s->network[n]; n++)
        for (int i = 0; i < s->numbers && strcmp(s->network[n], network) == 0; i++)
            if (strcmp(s->number[i].precision, precision) == 0 &&
                strcmp(s->number[i].measure, measure) == 0 && strcmp(s->number[i].set, set) == 0)
                return s->number[i].text[n];
    return NULL;
}

const struct study *study_of(const struct grid *g)
{
    for (int i = 0; i < study_count; i++)
        if (strncmp(g->id, study_all[i]->id, strlen(study_all[i]->id)) == 0)
            return study_all[i];
    return NULL;
}

/* ---- a table ------------------------------------------------------------------------------------------- */

static status read_place(struct store_reader *r, const struct study *s, const struct study_quantity *q,
                         const struct study_place *at, struct value_key key, struct value *v)
{
    double scale = q->scale > 0 ? q->scale : 1;

    key.measure = at->measure;
    key.set = value_set(store_reader_layout(r), at->set, s->other);
    TRY(value_read(r, &key, v));
    v->interval = 0;
    v->value *= scale;
    v->digits = scale < 1 ? 4 : v->digits;
    return OK;
}

static status add_quantity(struct store_reader *r, const struct study *s, const struct study_table *t,
                           const struct study_quantity *q, struct value_key key, struct grid *g)
{
    const struct store_layout *l = store_reader_layout(r);
    const char *published =
        study_number(s, l->network[key.network].name, t->precision, q->ours.measure, q->ours.set);
    struct value v;
    double theirs;

    TRY(read_place(r, s, q, &q->ours, key, &v));
    grid_set_of(g, q->ours.set);
    value_put(g, &v, q->ours.measure, 0);
    if (published)
        grid_quoted(g, "published", published);
    else
        grid_missing(g, "-");
    if (published && !v.why && text_parse_real(published, &theirs))
        grid_signed(g, "difference", v.value - theirs, v.digits);
    else
        grid_missing(g, "-");
    for (int i = 0; i < 2; i++) {
        const struct study_place *at = i ? &q->control : &q->corrected;

        if (!at->measure)
            continue;
        TRY(read_place(r, s, q, at, key, &v));
        grid_set_of(g, at->set);
        value_put(g, &v, at->measure, 0);
    }
    return OK;
}

static void add_columns(const struct study_table *t, struct grid *g)
{
    grid_column(g, "network", "");
    for (int i = 0; i < STUDY_QUANTITIES && t->quantity[i].head; i++) {
        const struct study_quantity *q = &t->quantity[i];

        grid_column(g, q->head, q->corrected.measure ? "as published" : "ours");
        grid_column(g, q->head, "the study");
        grid_column(g, q->head, "difference");
        if (q->corrected.measure)
            grid_column(g, q->head, "corrected");
        if (q->control.measure)
            grid_column(g, q->head, "control");
    }
    grid_column(g, "images", "");
}

static int precision_of(const struct store_layout *l, const char *name)
{
    for (int p = 0; p < l->precisions; p++)
        if (strcmp(l->precision[p].name, name) == 0)
            return p;
    return -1;
}

/* Has the file a measure of the table, be it without a value? Without curves it has no areas. */
static status is_measured(struct store_reader *r, const struct study *s, const struct study_table *t,
                          struct value_key key, int *measured)
{
    struct value v;

    *measured = 0;
    for (key.network = 0; key.network < store_reader_layout(r)->networks; key.network++)
        for (int i = 0; i < STUDY_QUANTITIES && t->quantity[i].head; i++) {
            TRY(read_place(r, s, &t->quantity[i], &t->quantity[i].ours, key, &v));
            *measured |= !v.why || strcmp(v.why, "-") != 0;
            if (!t->quantity[i].corrected.measure)
                continue;
            TRY(read_place(r, s, &t->quantity[i], &t->quantity[i].corrected, key, &v));
            *measured |= !v.why || strcmp(v.why, "-") != 0;
        }
    return OK;
}

static status add_table(struct store_reader *r, const struct study *s, const struct study_table *t,
                        struct tables *all)
{
    const struct store_layout *l = store_reader_layout(r);
    struct value_key key = { .precision = precision_of(l, t->precision) };
    char id[GRID_ID];
    struct grid *g;
    int measured;

    if (key.precision < 0)
        return OK;
    TRY(is_measured(r, s, t, key, &measured));
    if (!measured)
        return OK;
    TRY(tables_grid(all, &g));
    snprintf(id, sizeof id, "%s_%s", s->id, t->id);
    grid_init(g, id, "%s", t->title);
    add_columns(t, g);
    for (key.network = 0; key.network < l->networks; key.network++) {
        struct value first;

        TRY(grid_row(
            g, (struct grid_key){ .network = l->network[key.network].name, .precision = t->precision }));
        grid_text(g, "%s", l->network[key.network].name);
        for (int i = 0; i < STUDY_QUANTITIES && t->quantity[i].head; i++)
            TRY(add_quantity(r, s, t, &t->quantity[i], key, g));
        TRY(read_place(r, s, &t->quantity[0], &t->quantity[0].ours, key, &first));
        grid_count(g, "images", first.images);
    }
    grid_note(g, "%s", t->sentence);
    return OK;
}

status study_tables(struct store_reader *r, struct tables *t)
{
    for (int s = 0; s < study_count; s++)
        for (int i = 0; i < study_all[s]->tables; i++)
            TRY(add_table(r, study_all[s], &study_all[s]->table[i], t));
    return OK;
}
