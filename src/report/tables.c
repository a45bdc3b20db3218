/* src/report/tables.c: tables, which are data, become grids by one walk over rows and columns. */
#include "study.h"

#include <string.h>

const char tables_sets[] = "every set", tables_selections[] = "every selection";

/* The table in hand. */
struct filling {
    struct store_reader *r;
    const struct store_layout *l;
    const struct table *t;
    const struct study *study; /* whose table it is, or NULL */
    struct grid *g;
    int measured;    /* the file has a measure of it, be it without a value */
    int known;       /* the study's numbers may stand beside the network in hand */
    int unknown;     /* they may not beside one of its name */
    unsigned marked; /* bits of the study's marks that stand in it */
};
/* A row: the key of its values, and how its measures are called there. */
struct row {
    struct value_key key;
    const char *words;
    const char *blind;  /* the map that saw nothing, in front of the measure's name */
    const char *suffix; /* behind it */
    const char *on;     /* the precision whose network scores: "_on_" it, where that is not the map's own */
    int plain;          /* what stands in a column of changes is none: a p */
};

/* ---- cells --------------------------------------------------------------------------------------------- */

static int is_change(const struct row *row, const struct table_column *c)
{
    return !row->plain && (c->show == TABLE_CHANGE || c->show == TABLE_PAIRS);
}

/* The place of a precision, -1 where the job has none of that name. */
static int precision_of(const struct store_layout *l, const char *name)
{
    int p = l->precisions - 1;

    while (p >= 0 && strcmp(l->precision[p].name, name) != 0)
        p--;
    return p;
}

/* The cell's measure of the row, its value or change, and the key of both. set: of a column that stands for
 * every set, else -1. */
static status read_cell(struct filling *f, const struct row *row, const struct table_column *c, int set,
                        char name[2 * STORE_NAME], struct value *v)
{
    const char *selecting = f->study ? f->study->other : f->l->precision[row->key.precision].name;
    const char *stem = row->blind ? c->blind : c->measure ? c->measure : row->key.measure, *on = row->on;
    struct value_key key = row->key;
    int change = is_change(row, c);
    const char *precision;

    key.precision = c->first ? 0 : c->precision ? precision_of(f->l, c->precision) : row->key.precision;
    key.set = set >= 0 ? set : c->set ? value_set(f->l, c->set, selecting) : row->key.set;
    precision = c->precision ? c->precision : f->l->precision[key.precision].name;
    grid_set_key(f->g, (struct grid_key){ f->l->network[key.network].name, row->blind ? NULL : precision,
                                          key.set < 0 ? c->set : value_set_name(f->l, key.set) });
    if (on && !change && strcmp(on, precision) == 0)
        on = NULL;
    snprintf(name, 2 * STORE_NAME, "%s%s%s%s%s", row->blind ? row->blind : "", stem,
             row->suffix ? row->suffix : "", on ? "_on_" : "", on ? on : "");
    key.measure = name;
    if (key.precision < 0)
        *v = (struct value){ .why = "-" };
    else
        TRY(change ? value_difference(f->r, &key, v) : value_read(f->r, &key, v));
    /* A control by itself makes no study's table. */
    if (!f->study || (c->set && strcmp(c->set, "control") != 0))
        f->measured |= !v->why || strcmp(v->why, "-") != 0;
    if (c->scale > 0) {
        v->value *= c->scale;
        v->digits = 4;
    }
    return OK;
}

/* The precision whose map finds the pixels that matter sooner: less deletion, more insertion. */
static const char *better(const struct filling *f, int p, const struct value *v, double sign)
{
    if (v->why || v->images < 2)
        return "-";
    if (sign * v->low > 0 && sign * v->high > 0)
        return f->l->precision[p].name;
    return sign * v->low < 0 && sign * v->high < 0 ? f->l->precision[0].name : "open";
}

static status put_better(struct filling *f, const struct row *row)
{
    static const struct table_column of[] = { { .show = TABLE_CHANGE, .measure = "deletion" },
                                              { .show = TABLE_CHANGE, .measure = "insertion" } };
    char name[2 * STORE_NAME];
    struct value v[2];

    for (int i = 0; i < 2; i++)
        TRY(read_cell(f, row, &of[i], -1, name, &v[i]));
    grid_text(f->g, "%s / %s", better(f, row->key.precision, &v[0], -1),
              better(f, row->key.precision, &v[1], 1));
    return OK;
}

static const char other_weights[] = "other weights";

/* The signs of a published number's marks, "a, c"; 1 = one says that it cannot be. */
static int put_signs(struct filling *f, const char *network, const char *measure, char *out, size_t size)
{
    const struct study_mark *m;
    int impossible = 0;
    size_t used = 0;

    out[0] = '\0';
    for (int from = 0; (m = study_mark(f->study, from, network, f->t->precision, measure)) != NULL;
         from = (int)(m - f->study->mark) + 1) {
        used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", m->sign);
        f->marked |= 1u << (m - f->study->mark);
        impossible |= m->impossible;
    }
    return impossible;
}

/* What a study printed, or ours less it. */
static void put_published(struct filling *f, const struct row *row, const struct table_column *c,
                          const struct value *v)
{
    const char *network = f->l->network[row->key.network].name;
    const char *text = study_number(f->study, network, f->t->precision, c->measure, c->set);
    char name[2 * STORE_NAME], signs[64];
    double theirs;

    f->unknown |= text && !f->known;
    if (!text || !f->known) {
        grid_missing(f->g, text ? other_weights : "-");
        return;
    }
    snprintf(name, sizeof name, "%s_%s", c->measure, c->show == TABLE_APART ? "less_published" : "published");
    if (put_signs(f, network, c->measure, signs, sizeof signs) && c->show == TABLE_APART) {
        grid_missing(f->g, "-");
    } else if (c->show == TABLE_PUBLISHED) {
        grid_quoted(f->g, name, text);
        if (signs[0])
            grid_remark(f->g, signs);
    } else if (!v->why && grid_parse(text, &theirs)) {
        grid_signed(f->g, name, v->value - theirs, v->digits);
    } else {
        grid_missing(f->g, "-");
    }
}

static status put_measure(struct filling *f, const struct row *row, const struct table_column *c, int set)
{
    char name[2 * STORE_NAME];
    struct value v;

    if (row->blind && !c->blind) {
        grid_missing(f->g, "");
        return OK;
    }
    TRY(read_cell(f, row, c, set, name, &v));
    if (c->show == TABLE_PUBLISHED || c->show == TABLE_APART) {
        put_published(f, row, c, &v);
    } else if (c->show == TABLE_COUNT || c->show == TABLE_PAIRS) {
        snprintf(name + strlen(name), sizeof name - strlen(name), "_images");
        grid_count(f->g, c->name ? c->name : name, v.images);
    } else {
        v.interval &= c->show != TABLE_PLAIN;
        if (c->show == TABLE_SD) {
            snprintf(name + strlen(name), sizeof name - strlen(name), "_sd");
            v = (struct value){ .value = v.sd, .images = v.images, .digits = v.digits, .why = v.why };
        }
        if (c->show == TABLE_SPREAD && !v.why) {
            grid_spread(f->g, name, v.value, v.sd, v.digits);
            return OK;
        }
        if (c->measure && is_change(row, c))
            snprintf(name + strlen(name), sizeof name - strlen(name), "_difference");
        value_put(f->g, &v, name, is_change(row, c));
    }
    return OK;
}

static status put(struct filling *f, const struct row *row, const struct table_column *c, int set)
{
    const char *const words[] = {
        [TABLE_NETWORK] = f->l->network[row->key.network].name,
        [TABLE_PRECISION] = row->blind ? "-" : f->l->precision[row->key.precision].name,
        [TABLE_SET] = value_set_name(f->l, row->key.set),
        [TABLE_WORDS] = row->words,
    };

    if (c->show == TABLE_BETTER)
        return put_better(f, row);
    if (c->show > TABLE_WORDS)
        return put_measure(f, row, c, set);
    grid_text(f->g, "%s", words[c->show]);
    return OK;
}

/* ---- columns ------------------------------------------------------------------------------------------- */

static int is_repeated(const struct table_column *c)
{
    return c->set == tables_sets || c->set == tables_selections;
}

static void head(struct filling *f, const struct table_column *c, int set, int leads)
{
    char unit[GRID_UNIT];

    value_expand(f->l, 0, 0, c->unit, unit, sizeof unit);
    grid_column(f->g, set < 0 ? c->head : leads ? value_set_name(f->l, set) : "", unit);
}

/* Every column of a row, of the heads where row is NULL. Neighbours that stand for every set stand together.
 */
static status walk(struct filling *f, const struct row *row)
{
    const struct table_column *end;

    for (const struct table_column *c = f->t->column; c->head; c = end) {
        int repeated = is_repeated(c), from = repeated ? c->set == tables_selections : -1;

        for (end = c + 1; repeated && end->head && end->set == c->set; end++)
            ;
        for (int s = from; s <= (repeated ? f->l->selections : -1); s++)
            for (const struct table_column *d = c; d < end; d++) {
                if (row)
                    TRY(put(f, row, d, s));
                else
                    head(f, d, s, d == c);
            }
    }
    return OK;
}

static status add(struct filling *f, struct row row)
{
    TRY(grid_row(f->g, (struct grid_key){ NULL }));
    return walk(f, &row);
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

static int is_raw(const struct filling *f, int set)
{
    return set > 0 && strncmp(f->l->selection[set - 1], "raw", 3) == 0;
}

static status add_network(struct filling *f, int k)
{
    for (int p = 0; p < f->l->precisions; p++)
        if (strcmp(f->l->precision[p].name, f->t->precision) == 0)
            TRY(add(f, (struct row){ .key = { k, p, 0, NULL } }));
    return OK;
}

static status add_precisions(struct filling *f, int k)
{
    int sets = f->t->rows == TABLE_ANSWERS ? f->l->selections : 0;

    for (int s = 0; s <= sets; s++)
        for (int p = f->t->rows == TABLE_OTHERS; p < f->l->precisions; p++)
            TRY(add(f, (struct row){ .key = { k, p, s, NULL } }));
    return OK;
}

/* What maps reach that have seen no picture: on the whole set. */
static status add_maps(struct filling *f, int k)
{
    static const char *const blind[][2] = { { "frame_", "whole frame" },
                                            { "centred_", "centred box" },
                                            { "gauss_", "Gauss" } };

    for (int s = 0; s <= f->l->selections; s++)
        for (int p = 0; p < f->l->precisions; p++) {
            if (!is_raw(f, s))
                TRY(add(f, (struct row){ { k, p, s, NULL }, .words = "aligned" }));
            if (is_raw(f, s) || s == 0)
                TRY(add(f, (struct row){ { k, p, s, NULL }, "raw", .suffix = "_raw" }));
        }
    for (size_t i = 0; i < COUNT_OF(blind); i++)
        TRY(add(f, (struct row){ { k, 0, 0, NULL }, blind[i][1], .blind = blind[i][0] }));
    return OK;
}

/* Every map of the layer, and what is no map of the picture: the centre, and the next picture's truth. */
static status add_matches(struct filling *f, int k)
{
    static const char *const blind[][2] = { { "center_", "the centre" }, { "shuffled_", "another's truth" } };
    int pairs = f->t->rows == TABLE_MATES, blinds = 0;

    for (const struct table_column *c = f->t->column; c->head; c++)
        blinds |= c->blind != NULL;
    for (int m = -1; m < f->l->methods; m++)
        for (int p = pairs; p < f->l->precisions; p++) {
            const char *method = m < 0 ? "eigen" : f->l->method[m];
            char suffix[STORE_NAME + 2];

            snprintf(suffix, sizeof suffix, "_%s", method);
            TRY(add(f, (struct row){ { k, p, 0, NULL }, method, .suffix = suffix }));
        }
    for (size_t i = 0; i < COUNT_OF(blind) && blinds; i++)
        TRY(add(f, (struct row){ { k, 0, 0, NULL }, blind[i][1], .blind = blind[i][0] }));
    return OK;
}

static status add_scorers(struct filling *f, int k)
{
    for (int p = 1; p < f->l->precisions && f->l->cross; p++)
        for (int side = 0; side < 2; side++)
            for (int s = 1; s <= f->l->selections; s++) {
                const char *on = f->l->precision[side ? p : 0].name;

                if (!is_raw(f, s))
                    TRY(add(f, (struct row){ { k, p, s, NULL }, on, .on = on }));
            }
    return OK;
}

/* A row of the measure, where the file has it. */
static status add_measure(struct filling *f, int k, int p, const char *measure)
{
    struct value_key key = { k, p, 0, measure };
    char label[GRID_CELL];

    if (!value_present(f->r, &key, f->t->rows == TABLE_CHANGES))
        return OK;
    value_label(measure, label, sizeof label);
    return add(f, (struct row){ key, .words = label });
}

/* McNemar's test of an answer's change. */
static status add_test(struct filling *f, int k, int p, const char *measure)
{
    char name[STORE_NAME + 2], label[GRID_CELL];

    snprintf(name, sizeof name, "%s_p", measure);
    snprintf(label, sizeof label, "%s: McNemar's p", measure);
    return add(f, (struct row){ { k, p, 0, name }, label, .plain = 1 });
}

static status add_measures(struct filling *f, int k)
{
    int pairs = f->t->rows == TABLE_TWOS, changes = f->t->rows == TABLE_CHANGES;

    for (int m = 0; m < f->l->measures; m++)
        for (int p = pairs || changes; p < f->l->precisions; p++) {
            const struct store_measure *of = &f->l->measure[m];
            int answer = of->kind == STORE_MEASURE_ANSWER;
            int pair = of->kind == STORE_MEASURE_PAIR || of->kind == STORE_MEASURE_SELECTED;

            /* What compares maps with truths has tables of its own, changes among them. */
            if (of->kind == STORE_MEASURE_MATCH || of->kind == STORE_MEASURE_BASELINE)
                continue;
            /* The accuracy has a table of its own, its changes have not. */
            if (pair != pairs || (answer && !changes))
                continue;
            TRY(add_measure(f, k, p, of->name));
            if (answer)
                TRY(add_test(f, k, p, of->name));
        }
    return OK;
}

/* ---- tables -------------------------------------------------------------------------------------------- */

/* The reasons of the marks that stand in the table, and why numbers of the study's do not. */
static void note_marks(struct filling *f)
{
    for (int m = 0; f->study && m < f->study->marks; m++)
        if (f->marked >> m & 1)
            grid_note(f->g, " [%s] %s", f->study->mark[m].sign, f->study->mark[m].why);
    if (f->unknown)
        grid_note(f->g,
                  " %s: the network has the name of the study's, but its reference checkpoint is not "
                  "known to be the study's; network.NAME.published = on in a job says that it is.",
                  other_weights);
}

static status fill(struct filling *f)
{
    static status (*const add_rows[])(struct filling * f, int k) = {
        [TABLE_NETWORKS] = add_network,  [TABLE_PRECISIONS] = add_precisions,
        [TABLE_OTHERS] = add_precisions, [TABLE_ANSWERS] = add_precisions,
        [TABLE_MAPS] = add_maps,         [TABLE_SCORERS] = add_scorers,
        [TABLE_MATCHES] = add_matches,   [TABLE_MATES] = add_matches,
        [TABLE_ONES] = add_measures,     [TABLE_TWOS] = add_measures,
        [TABLE_CHANGES] = add_measures,
    };
    char text[sizeof f->g->note];

    value_expand(f->l, 0, 0, f->t->title, text, sizeof text);
    grid_init(f->g, f->t->id, "%s", text);
    if (f->study)
        snprintf(f->g->id, GRID_ID, "%s_%s", f->study->id, f->t->id);
    TRY(walk(f, NULL));
    for (int k = 0; k < f->l->networks; k++) {
        if (f->study)
            TRY(study_knows(f->r, f->study, k, &f->known));
        TRY(add_rows[f->t->rows](f, k));
    }
    value_expand(f->l, 0, 0, f->t->note ? f->t->note : "", text, sizeof text);
    grid_note(f->g, "%s", text);
    note_marks(f);
    return f->t->remark ? f->t->remark(f->r, f->g) : OK;
}

status tables_add(struct store_reader *r, const struct table *t, const struct study *study,
                  struct tables *out)
{
    struct filling f = { .r = r, .l = store_reader_layout(r), .t = t, .study = study };

    BUG_IF(out->grids == TABLES_MOST);
    MEM_TRY(f.g, 1, sizeof *f.g);
    out->grid[out->grids++] = f.g;
    TRY(fill(&f));
    if (f.measured)
        return OK;
    grid_release(f.g);
    mem_free(f.g);
    out->grids--;
    return OK;
}
