/* src/image/boxes.c: boxes matched to the pictures of a list: by relative path, else by the file name without
 * its extension. */
#include <string.h>
#include <sys/stat.h>

#include "annotation.h"
#include "image_points.h"
#include "table.h"

struct found {
    int entry;
    struct image_box box;
};
struct matcher {
    struct list *list;
    struct image_keys keys;
    struct found *found;
    int count, capacity;
};

static status make_keys(struct matcher *m)
{
    const char **path;
    status result;

    MEM_TRY(path, (size_t)m->list->count, sizeof *path);
    for (int i = 0; i < m->list->count; i++)
        path[i] = image_list_path(m->list, i);
    result = image_keys_make(path, m->list->count, &m->keys);
    mem_free(path);
    return result;
}

/* *entry = -1 if no picture has the name. */
static status find_entry(const struct list_at *at, const struct image_keys *keys, const char *name,
                         int *entry)
{
    while (name[0] == '.' && name[1] == '/')
        name += 2;
    *entry = image_keys_find(keys, name);
    if (*entry == IMAGE_KEY_SEVERAL)
        return LIST_BAD(at, "'%s' fits several pictures of the list by its name: give the path", name);
    return OK;
}

static status add_found(struct matcher *m, int entry, struct image_box box)
{
    if (entry < 0) {
        m->list->boxes_unmatched++;
        return OK;
    }
    TRY(mem_room(&m->found, m->count, &m->capacity, sizeof *m->found));
    m->found[m->count++] = (struct found){ entry, box };
    return OK;
}

/* ---- lists --------------------------------------------------------------------------------------------- */

static status read_loc(struct matcher *m, struct table *t, struct loc *l)
{
    int entry, more;

    for (;;) {
        TRY(loc_next(t, l, &more));
        if (!more)
            return OK;
        TRY(find_entry(&t->at, &m->keys, t->field[l->path], &entry));
        for (int i = 0; i < l->count; i++)
            TRY(add_found(m, entry, l->box[i].box));
    }
}

/* Where a row has its path and its four numbers; sizes: BOX_WIDTH where the fourth column is a width. */
struct columns {
    enum table_role role[5];
    int sizes;
};

/* One axis: two edges, or an edge and a size. A size beside two edges is the picture's, or says the same. */
static int choose_axis(const struct table *t, int vertical, struct columns *c)
{
    enum table_role low = vertical ? TABLE_TOP : TABLE_LEFT, one = vertical ? TABLE_Y1 : TABLE_X1;
    enum table_role high = vertical ? TABLE_BOTTOM : TABLE_RIGHT,
                    size = vertical ? TABLE_HEIGHT : TABLE_WIDTH;
    int has_low = table_has(t, low), has_one = table_has(t, one), has_high = table_has(t, high);

    c->role[1 + vertical] = has_low ? low : one;
    c->role[3 + vertical] = has_high ? high : has_one ? one : size;
    if (has_low + has_one + has_high == 2)
        return 1;
    c->sizes |= vertical ? BOX_HEIGHT : BOX_WIDTH;
    return has_low && !has_one && !has_high && table_has(t, size);
}

static status choose_columns(const struct table *t, struct columns *c)
{
    int x, y;

    *c = (struct columns){ .role = { TABLE_PATH } };
    x = choose_axis(t, 0, c);
    y = choose_axis(t, 1, c);
    if (!table_has(t, TABLE_PATH) || !x || !y)
        return FAIL(
            ERR_FORMAT,
            "%s: its header names no column of %s: wanted are path (or file, filename, image, ImageId) "
            "and x0,y0,x1,y1, xmin,ymin,xmax,ymax, left,top,right,bottom or x,y,width,height",
            t->at.file,
            !table_has(t, TABLE_PATH) ? "pictures"
            : !x                      ? "left and right edges that is sure"
                                      : "upper and lower edges that is sure");
    for (int i = 0; i < 5; i++)
        TRY(table_check(t, c->role[i]));
    return OK;
}

static status read_plain(struct matcher *m, struct table *t)
{
    struct columns c = { 0 };
    int entry, more;

    if (t->header) {
        TRY(choose_columns(t, &c));
        TRY(image_list_decide(m->list,
                              "boxes.columns = path from '%s', x0 '%s', y0 '%s', x1 %s'%s', y1 %s'%s'",
                              t->name[TABLE_PATH], t->name[c.role[1]], t->name[c.role[2]],
                              c.sizes & BOX_WIDTH ? "x0 - 1 + " : "", t->name[c.role[3]],
                              c.sizes & BOX_HEIGHT ? "y0 - 1 + " : "", t->name[c.role[4]]));
    }
    for (;;) {
        const char *word[5];
        struct image_box box;

        TRY(table_next(t, &more));
        if (!more)
            return OK;
        if (!t->header && t->fields != 5)
            return LIST_BAD(&t->at, "`path,x0,y0,x1,y1` expected, or a header that names the columns");
        for (int i = 0; i < 5; i++)
            word[i] = t->header ? table_field(t, c.role[i]) : t->field[i];
        TRY(image_box_parse(&t->at, word + 1, c.sizes, &box));
        TRY(find_entry(&t->at, &m->keys, word[0], &entry));
        TRY(add_found(m, entry, box));
    }
}

static status read_file(struct matcher *m, const char *file)
{
    struct table t = { 0 };
    struct loc l = { 0 };
    status result = table_open(file, "boxes", &t);

    if (result == OK)
        result = loc_is(&t, &l) ? read_loc(m, &t, &l) : read_plain(m, &t);
    mem_free(l.box);
    table_close(&t);
    return result;
}

/* ---- annotations --------------------------------------------------------------------------------------- */

/* The picture of an annotation: of the same path but for the extension, else of the same name. */
static status find_annotated(const struct list_at *at, const struct image_keys *keys, const char *name,
                             int *entry)
{
    static const char *const extension[] = { "JPEG", "jpg", "jpeg", "png", "JPG", "PNG" };
    char path[2 * LIST_MAX_NAME + 512];
    int stem = (int)strlen(name) - (int)strlen("xml");

    for (size_t i = 0; i < COUNT_OF(extension); i++) {
        snprintf(path, sizeof path, "%.*s%s", stem, name, extension[i]);
        *entry = image_keys_find(keys, path);
        if (*entry >= 0)
            return OK;
    }
    return find_entry(at, keys, name, entry);
}

static status read_annotation(struct matcher *m, const char *folder, const char *name)
{
    char path[4096 + LIST_MAX_NAME];
    struct list_at at = { .file = path, .line = 1 };
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

/* ---- either -------------------------------------------------------------------------------------------- */

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
    struct stat st;
    int folder = stat(file, &st) == 0 && S_ISDIR(st.st_mode);

    TRY_OUT(make_keys(&m));
    TRY_OUT(folder ? read_folder(&m, file) : read_file(&m, file));
    if (m.count == 0 && l->boxes_unmatched == 0)
        result = FAIL(ERR_FORMAT, "%s: no boxes are listed", file);
    else if (m.count == 0)
        result = FAIL(ERR_MISMATCH,
                      "%s: none of its %d boxes is of a picture of the list, whose first is '%.200s'", file,
                      l->boxes_unmatched, image_list_path(l, 0));
    else
        result = group_found(&m);
out:
    image_keys_free(&m.keys);
    mem_free(m.found);
    return result;
}
