/* src/image/labels.c: a flat folder's label file (DESIGN 7.9). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "list.h"

/* Sorted synset ids and their class indices. */
struct synset {
    char wnid[16];
    int index;
};

static int by_wnid(const void *a, const void *b)
{ return strcmp(((const struct synset *)a)->wnid, ((const struct synset *)b)->wnid); }

/* LOC_synset_mapping.txt: `n01440764 tench, Tinca tinca`; the class index is the place in the file. */
static status read_mapping(const char *file, struct synset **out, int *count)
{
    status result = OK;
    struct list_lines lines;
    int capacity = 0;
    char *line;

    TRY(image_lines_open(file, &lines));
    while ((line = image_lines_next(&lines))) {
        size_t n = strcspn(line, " \t,");
        if (n != 9 || line[0] != 'n') {
            result =
                FAIL(ERR_FORMAT, "%s:%d: a line begins with a synset id such as n01440764", file, lines.line);
            goto out;
        }
        TRY_OUT(image_list_grow((void **)out, *count, &capacity, sizeof **out));
        memcpy((*out)[*count].wnid, line, 9);
        (*out)[*count].index = *count;
        ++*count;
    }
    if (*count == 0)
        result = FAIL(ERR_FORMAT, "%s: no synset ids", file);
    else
        qsort(*out, (size_t)*count, sizeof **out, by_wnid);
out:
    image_lines_close(&lines);
    return result;
}

/* The sorted different ids of the list itself: entry i's lies in of_entry[i]. */
static void sort_unique(const struct synset *of_entry, int entries, struct synset *out, int *count)
{
    memcpy(out, of_entry, (size_t)entries * sizeof *out);
    qsort(out, (size_t)entries, sizeof *out, by_wnid);
    *count = 0;
    for (int i = 0; i < entries; i++)
        if (*count == 0 || strcmp(out[*count - 1].wnid, out[i].wnid) != 0) {
            out[*count] = out[i];
            out[*count].index = *count;
            ++*count;
        }
}

static status set_classes(struct list *l, const struct image_source *source, const struct synset *of_entry)
{
    status result = OK;
    struct synset *table = NULL;
    int count = 0;

    if (source->synsets) {
        TRY_OUT(read_mapping(source->synsets, &table, &count));
    } else {
        MEM_TRY(table, (size_t)l->count, sizeof *table);
        sort_unique(of_entry, l->count, table, &count);
    }
    for (int i = 0; i < l->count; i++) {
        const struct synset *s = bsearch(&of_entry[i], table, (size_t)count, sizeof *table, by_wnid);
        if (!s) {
            result = FAIL(ERR_MISMATCH, "%s:%d: %s is not in %s", source->labels, l->entry[i].line,
                          of_entry[i].wnid, source->synsets);
            goto out;
        }
        l->entry[i].class_index = s->index;
    }
    l->classes = count;
out:
    mem_free(table);
    return result;
}

/* LOC_val_solution.csv names pictures without an extension: the first that the folder has for the first id
 * serves for all. */
static const char *find_extension(const char *root, const char *id)
{
    static const char *const extension[] = { ".JPEG", ".jpg", ".jpeg", ".png", ".JPG", ".PNG" };
    char path[4096];

    for (size_t i = 0; i < COUNT_OF(extension); i++) {
        int n = snprintf(path, sizeof path, "%s/%s%s", root, id, extension[i]);
        if (n > 0 && (size_t)n < sizeof path && access(path, F_OK) == 0)
            return extension[i];
    }
    return extension[0];
}

static status read_loc(struct list *l, const struct image_source *source, struct list_lines *lines,
                       char *line)
{
    status result = OK;
    struct list_loc *group = NULL;
    struct synset *of_entry = NULL;
    int count, capacity = 0, entries = 0;
    const char *extension = NULL;
    char name[LIST_MAX_NAME + 16], *id;

    if (image_loc_is_header(line))
        line = image_lines_next(lines);
    for (; line; line = image_lines_next(lines)) {
        TRY_OUT(image_loc_parse(lines, line, &id, &group, &count, &capacity));
        for (int i = 1; i < count; i++)
            if (strcmp(group[i].wnid, group[0].wnid) != 0) {
                result = FAIL(ERR_FORMAT, "%s:%d: boxes of two classes, %s and %s", lines->file, lines->line,
                              group[0].wnid, group[i].wnid);
                goto out;
            }
        if (!extension)
            extension = find_extension(source->root, id);
        snprintf(name, sizeof name, "%.*s%s", LIST_MAX_NAME, id, extension);
        TRY_OUT(image_list_grow((void **)&of_entry, l->count, &entries, sizeof *of_entry));
        memcpy(of_entry[l->count].wnid, group[0].wnid, sizeof group[0].wnid);
        TRY_OUT(image_list_add(l, lines->file, lines->line, name, -1));
    }
    if (l->count > 0)
        result = set_classes(l, source, of_entry);
out:
    mem_free(group);
    mem_free(of_entry);
    return result;
}

static status bare_number(const struct list_lines *at)
{
    return FAIL(ERR_FORMAT,
                "%s:%d: a bare list of class numbers names no pictures, and ILSVRC's own ids are 1-based and "
                "in another "
                "order: give lines `path,class_index` with 0-based indices, or LOC_val_solution.csv",
                at->file, at->line);
}

/* `path,class_index[,...]` or `path class_index`, cut in place. *index is NULL where there is no second
 * field. */
static void split_line(char *line, char **path, char **index)
{
    char *comma = strchr(line, ','), *blank = strrchr(line, ' '), *tab = strrchr(line, '\t');
    char *cut = comma ? comma : blank > tab ? blank : tab;

    *path = line;
    *index = NULL;
    if (!cut)
        return;
    *cut = '\0';
    *index = cut + 1;
    (*index)[strcspn(*index, ",")] = '\0';
    *path = text_trim(line);
    *index = text_trim(*index);
}

static status read_plain(struct list *l, struct list_lines *lines, char *line)
{
    for (int first = 1; line; line = image_lines_next(lines), first = 0) {
        char *path, *word;
        int64_t index;

        split_line(line, &path, &word);
        if (!word && text_parse_int(path, INT64_MIN, INT64_MAX, &index))
            return bare_number(lines);
        if (!word || !text_parse_int(word, -1, LIST_MAX_CLASS, &index)) {
            if (first && !image_list_is_picture(path))
                continue; /* the header */
            return FAIL(ERR_FORMAT, "%s:%d: '%s' is no class index (0 to %d; -1 = not labelled)", lines->file,
                        lines->line, word ? word : path, LIST_MAX_CLASS);
        }
        TRY(image_list_add(l, lines->file, lines->line, path, (int)index));
        if (index >= l->classes)
            l->classes = (int)index + 1;
    }
    return OK;
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

status image_list_read_labels(struct list *l, const struct image_source *source)
{
    status result = OK;
    struct list_lines lines;
    char *line;

    TRY(image_lines_open(source->labels, &lines));
    line = image_lines_next(&lines);
    if (line && image_loc_is(line))
        TRY_OUT(read_loc(l, source, &lines, line));
    else if (line)
        TRY_OUT(read_plain(l, &lines, line));
    if (l->count == 0) {
        result = FAIL(ERR_FORMAT, "%s: no pictures are listed", source->labels);
        goto out;
    }
    TRY_OUT(image_list_check_duplicates(l, source->labels));
    result = check_present(l, source);
out:
    image_lines_close(&lines);
    return result;
}
