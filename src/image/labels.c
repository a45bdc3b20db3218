/* src/image/labels.c: a flat folder's label file (DESIGN 7.9). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "synset.h"
#include "table.h"

/* A label file while it is read. */
struct labels {
    struct list *list;
    const struct image_source *source;
    struct table table;
    int path, index, wnid; /* fields of a row, -1 = none */
    int beside;            /* of synset ids that only must have the indices' order */
    int is_loc;            /* LOC_val_solution.csv */
    struct loc loc;
    struct synset *of_entry; /* where rows have synset ids */
    int entries;
    const char *extension; /* put behind names that have none, or NULL */
};

/* ---- which column is which ----------------------------------------------------------------------------- */

static int is_index(const char *field)
{
    int64_t index;

    return text_parse_int(field, INT64_MIN, INT64_MAX, &index);
}

static int is_wnid(const char *field)
{
    return image_is_wnid(field, strlen(field));
}

static status no_columns(const struct table *t)
{
    return FAIL(ERR_FORMAT,
                "%s: its header names no column of %s: a picture's is called path, file, filename, image or "
                "ImageId, its class's class_index, class, label, wnid or synset",
                t->at.file, t->column[TABLE_PATH] < 0 ? "pictures" : "classes");
}

/* By the header, and by the first row where a column may hold indices or ids. */
static status columns_of_header(struct labels *s)
{
    static const enum table_role classes[] = { TABLE_INDEX, TABLE_CLASS, TABLE_SYNSET };
    const struct table *t = &s->table;

    s->path = t->column[TABLE_PATH];
    if (s->path < 0)
        return no_columns(t);
    TRY(table_check(t, TABLE_PATH));
    for (size_t i = 0; i < COUNT_OF(classes); i++) {
        const char *field = table_field(t, classes[i]);
        int *at = field && (is_wnid(field) || classes[i] == TABLE_SYNSET) ? &s->wnid : &s->index;

        if (!field || (at == &s->index && s->index >= 0))
            continue;
        /* Names of classes beside their indices or ids are no labels. */
        if (at == &s->index && !is_index(field) && (table_has(t, TABLE_SYNSET) || table_has(t, TABLE_INDEX)))
            continue;
        TRY(table_check(t, classes[i]));
        *at = t->column[classes[i]];
    }
    return s->index < 0 && s->wnid < 0 ? no_columns(t) : OK;
}

/* `path,class_index[,text...]`, `path,class_index,wnid[,...]`, `path,wnid[,...]`. */
static status columns_of_row(struct labels *s)
{
    const struct table *t = &s->table;
    double number;

    if (t->fields == 1 && (is_index(t->field[0]) || is_wnid(t->field[0])))
        return LIST_BAD(
            &t->at,
            "a bare list of class numbers or synsets names no pictures, and ILSVRC's own numbers are 1-based "
            "and in another order: give lines `path,class_index` with 0-based indices, `path,wnid`, or "
            "LOC_val_solution.csv");
    s->path = 0;
    *(t->fields > 1 && is_wnid(t->field[1]) ? &s->wnid : &s->index) = 1;
    if (s->wnid < 0 && t->fields > 2 && is_wnid(t->field[2]))
        s->wnid = 2;
    if (t->fields > 2 && is_index(t->field[1]) && text_parse_real(t->field[2], &number))
        return LIST_BAD(&t->at,
                        "several numbers behind the name, and no header that says which is the class: begin "
                        "with a line such as `path,class_index`, with a name for every column");
    return OK;
}

static status choose_columns(struct labels *s)
{
    s->path = s->index = s->wnid = s->beside = -1;
    TRY(s->table.header ? columns_of_header(s) : columns_of_row(s));
    if (s->source->synsets && s->wnid < 0 && s->index < s->table.fields && is_index(s->table.field[s->index]))
        return FAIL(ERR_USAGE,
                    "%s: it has class indices, so that --synsets=%s would have no effect: leave it out",
                    s->table.at.file, s->source->synsets);
    if (!s->source->synsets && s->index >= 0) {
        s->beside = s->wnid;
        s->wnid = -1;
    }
    return OK;
}

/* ---- pictures ------------------------------------------------------------------------------------------ */

/* Ids, as LOC_val_solution.csv has them, are names without an extension: the first that the folder has for
 * the first id serves for all. NULL where names are whole. */
static const char *find_extension(const char *root, const char *id, const char *otherwise)
{
    static const char *const extension[] = { ".JPEG", ".jpg", ".jpeg", ".png", ".JPG", ".PNG" };
    char path[4096];

    if (text_path(path, sizeof path, root, id) == OK && access(path, F_OK) == 0)
        return NULL;
    for (size_t i = 0; i < COUNT_OF(extension); i++) {
        int n = snprintf(path, sizeof path, "%s/%s%s", root, id, extension[i]);
        if (n > 0 && (size_t)n < sizeof path && access(path, F_OK) == 0)
            return extension[i];
    }
    return otherwise;
}

static status add(struct labels *s, const char *path, const char *wnid, int index)
{
    const struct list_at *at = &s->table.at;
    char name[LIST_MAX_NAME + 16];
    int whole = image_list_is_picture(path);

    if (!whole && s->list->count == 0)
        s->extension = find_extension(s->source->root, path, s->is_loc ? ".JPEG" : NULL);
    if (strlen(path) > LIST_MAX_NAME || whole || !s->extension)
        whole = 1;
    snprintf(name, sizeof name, "%.*s%s", LIST_MAX_NAME, path, whole ? "" : s->extension);
    TRY(mem_room(&s->of_entry, s->list->count, &s->entries, sizeof *s->of_entry));
    snprintf(s->of_entry[s->list->count].wnid, sizeof s->of_entry->wnid, "%s", wnid);
    s->of_entry[s->list->count].index = index;
    return image_list_add(s->list, at->file, at->line, strlen(path) > LIST_MAX_NAME ? path : name, index);
}

/* One row of `path,class`. */
static status read_row(struct labels *s)
{
    const struct table *t = &s->table;
    const char *path = s->path < t->fields ? t->field[s->path] : "";
    const char *index = s->index >= 0 && s->index < t->fields ? t->field[s->index] : NULL;
    int at_wnid = s->wnid >= 0 ? s->wnid : s->beside;
    const char *wnid = at_wnid >= 0 && at_wnid < t->fields ? t->field[at_wnid] : NULL;
    int64_t number = -1;

    if (s->wnid >= 0 && (!wnid || (!is_wnid(wnid) && strcmp(wnid, "-1") != 0)))
        return LIST_BAD(&t->at, "'%.40s' is not a synset id such as n01440764 (-1 = not labelled)",
                        wnid ? wnid : path);
    if (s->index >= 0 && (!index || !text_parse_int(index, -1, LIST_MAX_CLASS, &number)))
        return LIST_BAD(&t->at, "'%.40s' is no class index (0 to %d; -1 = not labelled)%s",
                        index ? index : path, LIST_MAX_CLASS,
                        t->header || t->fields < 3 ? "" : "; a name with a comma in it stands in quotes");
    if (number >= s->list->classes)
        s->list->classes = (int)number + 1;
    return add(s, path, wnid && is_wnid(wnid) ? wnid : "", (int)number);
}

static status read_plain(struct labels *s)
{
    int more;

    TRY(table_next(&s->table, &more));
    if (more)
        TRY(choose_columns(s));
    for (; more;) {
        TRY(read_row(s));
        TRY(table_next(&s->table, &more));
    }
    return OK;
}

/* Rows of LOC_val_solution.csv; its boxes are read elsewhere. */
static status read_loc(struct labels *s)
{
    int more;

    for (;;) {
        TRY(loc_next(&s->table, &s->loc, &more));
        if (!more)
            break;
        for (int i = 1; i < s->loc.count; i++)
            if (strcmp(s->loc.box[i].wnid, s->loc.box[0].wnid) != 0)
                return LIST_BAD(&s->table.at, "boxes of two classes, %s and %s", s->loc.box[0].wnid,
                                s->loc.box[i].wnid);
        TRY(add(s, s->table.field[s->loc.path], s->loc.box[0].wnid, -1));
    }
    s->wnid = s->loc.text;
    s->index = -1;
    return OK;
}

/* ---- classes ------------------------------------------------------------------------------------------- */

/* Ids that are sorted are the classes only where all of them are there. */
static status check_sorted(const struct labels *s, int ids)
{
    if (s->source->classes == 0 || ids == s->source->classes)
        return OK;
    return FAIL(
        ERR_MISMATCH,
        "%s: %d different synsets, but network %s has %d classes, so that their order does not tell the "
        "classes: --synsets=LOC_synset_mapping.txt does",
        s->table.at.file, ids, s->source->network, s->source->classes);
}

/* Class indices of synset ids, which must agree with indices that stand beside them. */
static status set_classes(struct labels *s)
{
    struct synsets table = { 0 };
    struct list *l = s->list;
    status result = OK;

    if (s->source->synsets)
        TRY_OUT(synset_read(l, s->source, &table));
    else
        TRY_OUT(synset_sort(s->of_entry, l->count, &table));
    if (!s->source->synsets)
        TRY_OUT(check_sorted(s, table.count));
    for (int i = 0; i < l->count && result == OK; i++) {
        const char *wnid = s->of_entry[i].wnid;
        int index = wnid[0] ? synset_find(&table, wnid) : -1, stated = l->entry[i].class_index;

        if (wnid[0] && index < 0)
            result = FAIL(ERR_MISMATCH, "%s:%d: %s is not in %s", s->source->labels, l->entry[i].line, wnid,
                          s->source->synsets);
        else if (s->index >= 0 && stated != index)
            result = FAIL(ERR_MISMATCH, "%s:%d: class %d, but %s is class %d in %s", s->source->labels,
                          l->entry[i].line, stated, wnid[0] ? wnid : "a picture without a synset", index,
                          s->source->synsets);
        l->entry[i].class_index = index;
    }
    l->classes = table.count;
out:
    synset_free(&table);
    return result;
}

/* A wrong folder is told from the first names, before any work. */
static status check_present(const struct list *l, const struct image_source *source)
{
    char path[4096 + LIST_MAX_NAME];

    for (int i = 0; i < l->count && i < 16; i++) {
        TRY(text_path(path, sizeof path, source->root, image_list_path(l, i)));
        if (access(path, F_OK) == 0)
            return OK;
    }
    return FAIL(ERR_MISSING, "%s: none of the first pictures of %s is there (the first is '%s')",
                source->root, source->labels, image_list_path(l, 0));
}

/* What the columns were taken for. */
static status decide(const struct labels *s)
{
    const struct table *t = &s->table;
    const char *by = s->list->classes == 0 ? "none, every picture is listed as -1"
                     : s->wnid < 0         ? "indices as listed"
                     : s->source->synsets  ? "synsets, by their places in data.synsets"
                                           : "synsets, as many as classes, in their order";
    static const enum table_role classes[] = { TABLE_INDEX, TABLE_CLASS, TABLE_SYNSET };

    TRY(image_list_decide(s->list, "classes = %s", by));
    if (!t->header || table_has(t, TABLE_PREDICTION))
        return OK;
    for (size_t i = 0; i < COUNT_OF(classes); i++)
        if (table_has(t, classes[i]) && t->column[classes[i]] == (s->wnid >= 0 ? s->wnid : s->index))
            return image_list_decide(s->list, "labels.columns = path from '%s', class from '%s'",
                                     t->name[TABLE_PATH], t->name[classes[i]]);
    return OK;
}

status image_list_read_labels(struct list *l, const struct image_source *source)
{
    struct labels s = { .list = l, .source = source, .beside = -1 };
    status result = OK;

    TRY_OUT(table_open(source->labels, "pictures", &s.table));
    s.is_loc = loc_is(&s.table, &s.loc);
    TRY_OUT(s.is_loc ? read_loc(&s) : read_plain(&s));
    if (l->count == 0)
        TRY_OUT(FAIL(ERR_FORMAT, "%s: no pictures are listed", source->labels));
    TRY_OUT(image_list_check_duplicates(l, source->labels));
    TRY_OUT(check_present(l, source));
    if (s.wnid >= 0)
        TRY_OUT(set_classes(&s));
    else if (s.beside >= 0)
        TRY_OUT(synset_check_order(s.of_entry, l->count, source->labels));
    result = decide(&s);
out:
    table_close(&s.table);
    mem_free(s.of_entry);
    mem_free(s.loc.box);
    return result;
}
