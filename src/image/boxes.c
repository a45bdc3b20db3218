/* src/image/boxes.c: boxes matched to the pictures of a list: by relative path, else by the file name without
 * its extension. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "annotation.h"

/* A picture by one of its keys. */
struct key {
    const char *text;
    size_t size;
    int entry;
};
struct keys {
    struct key *path, *stem;
    int count;
};
struct found {
    int entry;
    struct image_box box;
};
struct matcher {
    struct list *list;
    struct keys keys;
    struct found *found;
    int count, capacity;
};

static int by_text(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    int order = memcmp(x->text, y->text, x->size < y->size ? x->size : y->size);

    return order ? order : (x->size > y->size) - (x->size < y->size);
}

static struct key key_of(const char *text, int stem)
{
    const char *slash = strrchr(text, '/'), *dot;
    struct key k = { text, strlen(text), 0 };

    if (!stem)
        return k;
    k.text = slash ? slash + 1 : text;
    dot = strrchr(k.text, '.');
    k.size = dot && dot != k.text ? (size_t)(dot - k.text) : strlen(k.text);
    return k;
}

static status make_keys(const struct list *l, struct keys *out)
{
    out->count = l->count;
    MEM_TRY(out->path, (size_t)l->count, sizeof *out->path);
    MEM_TRY(out->stem, (size_t)l->count, sizeof *out->stem);
    for (int i = 0; i < l->count; i++) {
        out->path[i] = key_of(image_list_path(l, i), 0);
        out->stem[i] = key_of(image_list_path(l, i), 1);
        out->path[i].entry = out->stem[i].entry = i;
    }
    qsort(out->path, (size_t)l->count, sizeof *out->path, by_text);
    qsort(out->stem, (size_t)l->count, sizeof *out->stem, by_text);
    return OK;
}

static const struct key *find_path(const struct keys *keys, const char *name)
{
    struct key whole = key_of(name, 0);

    return bsearch(&whole, keys->path, (size_t)keys->count, sizeof whole, by_text);
}

/* *entry = -1 if no picture has the name. A name that fits several pictures without being the path of one is
 * an error. */
static status find_entry(const struct list_lines *at, const struct keys *keys, const char *name, int *entry)
{
    struct key stem;
    const struct key *k;

    while (name[0] == '.' && name[1] == '/')
        name += 2;
    stem = key_of(name, 1);
    *entry = -1;
    k = find_path(keys, name);
    if (!k) {
        k = bsearch(&stem, keys->stem, (size_t)keys->count, sizeof *k, by_text);
        if (k && ((k > keys->stem && by_text(k - 1, k) == 0) ||
                  (k + 1 < keys->stem + keys->count && by_text(k, k + 1) == 0)))
            return FAIL(ERR_FORMAT,
                        "%s:%d: '%s' fits several pictures of the list by its name: give the path", at->file,
                        at->line, name);
    }
    if (k)
        *entry = k->entry;
    return OK;
}

static status add_found(struct matcher *m, int entry, struct image_box box)
{
    if (entry < 0) {
        m->list->boxes_unmatched++;
        return OK;
    }
    TRY(image_list_grow((void **)&m->found, m->count, &m->capacity, sizeof *m->found));
    m->found[m->count++] = (struct found){ entry, box };
    return OK;
}

static status read_loc(struct matcher *m, struct list_lines *lines, char *line)
{
    status result = OK;
    struct list_loc *group = NULL;
    int count, capacity = 0, entry;
    char *id;

    if (image_loc_is_header(line))
        line = image_lines_next(lines);
    for (; line; line = image_lines_next(lines)) {
        TRY_OUT(image_loc_parse(lines, line, &id, &group, &count, &capacity));
        TRY_OUT(find_entry(lines, &m->keys, id, &entry));
        for (int i = 0; i < count; i++)
            TRY_OUT(add_found(m, entry, group[i].box));
    }
out:
    mem_free(group);
    return result;
}

static status read_plain(struct matcher *m, struct list_lines *lines, char *line)
{
    for (int first = 1; line; line = image_lines_next(lines), first = 0) {
        char *word[6] = { line };
        int words = 1, entry;
        int64_t number;
        struct image_box box;

        for (char *c = line; (c = strchr(c, ',')) && words < 6; words++) {
            *c++ = '\0';
            word[words] = c;
        }
        if (first && words > 1 && !text_parse_int(text_trim(word[1]), INT64_MIN, INT64_MAX, &number) &&
            !image_list_is_picture(word[0]))
            continue; /* the header */
        if (words != 5)
            return FAIL(ERR_FORMAT, "%s:%d: `path,x0,y0,x1,y1` expected", lines->file, lines->line);
        TRY(image_box_parse(lines, word + 1, &box));
        TRY(find_entry(lines, &m->keys, text_trim(word[0]), &entry));
        TRY(add_found(m, entry, box));
    }
    return OK;
}

/* The picture of an annotation: of the same path but for the extension, else of the same name. */
static status find_annotated(const struct list_lines *at, const struct keys *keys, const char *name,
                             int *entry)
{
    static const char *const extension[] = { "JPEG", "jpg", "jpeg", "png", "JPG", "PNG" };
    char path[2 * LIST_MAX_NAME + 512];
    int stem = (int)strlen(name) - (int)strlen("xml");

    for (size_t i = 0; i < COUNT_OF(extension); i++) {
        const struct key *k;
        snprintf(path, sizeof path, "%.*s%s", stem, name, extension[i]);
        k = find_path(keys, path);
        if (k) {
            *entry = k->entry;
            return OK;
        }
    }
    return find_entry(at, keys, name, entry);
}

static status read_annotation(struct matcher *m, const char *folder, const char *name)
{
    char path[4096 + LIST_MAX_NAME];
    struct list_lines at = { .file = path, .line = 1 };
    struct image_box *box = NULL;
    int count = 0, entry;
    status result = OK;

    TRY(text_path(path, sizeof path, folder, name));
    TRY(image_annotation_read(path, &box, &count));
    TRY_OUT(find_annotated(&at, &m->keys, name, &entry));
    for (int i = 0; i < count; i++)
        TRY_OUT(add_found(m, entry, box[i]));
out:
    mem_free(box);
    return result;
}

static status read_folder(struct matcher *m, const char *folder)
{
    char **names = NULL;
    int count = 0;
    status result = image_annotation_files(folder, &names, &count);

    for (int i = 0; i < count && result == OK; i++)
        result = read_annotation(m, folder, names[i]);
    for (int i = 0; i < count; i++)
        mem_free(names[i]);
    mem_free(names);
    return result;
}

static status read_file(struct matcher *m, struct list_lines *lines)
{
    char *line = image_lines_next(lines);

    if (!line)
        return FAIL(ERR_FORMAT, "%s: no boxes are listed", lines->file);
    return image_loc_is(line) ? read_loc(m, lines, line) : read_plain(m, lines, line);
}

/* Groups the boxes by picture, in the order of the file within each. */
static status group_found(const struct matcher *m)
{
    struct list *l = m->list;
    int at = 0;

    if (m->count > 0)
        MEM_TRY(l->box, (size_t)m->count, sizeof *l->box);
    l->boxes = m->count;
    for (int i = 0; i < m->count; i++)
        l->entry[m->found[i].entry].boxes++;
    for (int i = 0; i < l->count; i++) {
        l->entry[i].box_first = at;
        at += l->entry[i].boxes;
        l->entry[i].boxes = 0;
    }
    for (int i = 0; i < m->count; i++) {
        struct list_entry *e = &l->entry[m->found[i].entry];
        l->box[e->box_first + e->boxes++] = m->found[i].box;
    }
    return OK;
}

status image_list_read_boxes(struct list *l, const char *file)
{
    status result = OK;
    struct matcher m = { .list = l };
    struct list_lines lines = { 0 };
    struct stat st;
    int folder = stat(file, &st) == 0 && S_ISDIR(st.st_mode);

    if (!folder)
        TRY(image_lines_open(file, &lines));
    TRY_OUT(make_keys(l, &m.keys));
    TRY_OUT(folder ? read_folder(&m, file) : read_file(&m, &lines));
    result = group_found(&m);
out:
    if (!folder)
        image_lines_close(&lines);
    mem_free(m.keys.path);
    mem_free(m.keys.stem);
    mem_free(m.found);
    return result;
}
