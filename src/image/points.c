/* src/image/points.c: lists of points in pictures, as fixations are. */
#include <string.h>

#include "image_points.h"
#include "table.h"

struct found {
    int picture;
    struct image_point at;
};
struct reading {
    struct table table;
    struct image_keys keys;
    struct found *found;
    int count, capacity;
};

static status check_columns(const struct table *t)
{
    static const enum table_role needed[] = { TABLE_PATH, TABLE_LEFT, TABLE_TOP };
    static const char *const name[] = { "pictures (path, file, filename, image or ImageId)", "x", "y" };

    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        if (!t->header || !table_has(t, needed[i]))
            return FAIL(ERR_FORMAT,
                        "%s: %s no column of %s: points want a first line such as image,x,y, and lines of "
                        "that form",
                        t->at.file, t->header ? "its header names" : "a list without a header has", name[i]);
        TRY(table_check(t, needed[i]));
    }
    return OK;
}

static status read_row(struct reading *r, int *unmatched)
{
    const struct table *t = &r->table;
    const char *name = table_field(t, TABLE_PATH), *x = table_field(t, TABLE_LEFT),
               *y = table_field(t, TABLE_TOP);
    struct found f;

    if (!text_parse_real(x, &f.at.x) || !text_parse_real(y, &f.at.y))
        return LIST_BAD(&t->at, "'%s,%s' is no point: two numbers are wanted", x, y);
    f.picture = image_keys_find(&r->keys, name);
    if (f.picture == IMAGE_KEY_SEVERAL)
        return LIST_BAD(&t->at, "'%s' fits several pictures of the list by its name: give the path", name);
    if (f.picture == IMAGE_KEY_NONE) {
        *unmatched += 1;
        return OK;
    }
    TRY(mem_room(&r->found, r->count, &r->capacity, sizeof *r->found));
    r->found[r->count++] = f;
    return OK;
}

/* Groups the points by picture, in the order of the file within each. */
static status group_found(const struct reading *r, struct image_points *out)
{
    MEM_TRY(out->first, (size_t)out->pictures + 1, sizeof *out->first);
    MEM_TRY(out->point, (size_t)r->count, sizeof *out->point);
    for (int k = 0; k < r->count; k++)
        out->first[r->found[k].picture + 1]++;
    for (int i = 0; i < out->pictures; i++)
        out->first[i + 1] += out->first[i];
    /* Filled from behind, first[i + 1] comes down to where i's points begin; then all move one place. */
    for (int k = r->count - 1; k >= 0; k--)
        out->point[--out->first[r->found[k].picture + 1]] = r->found[k].at;
    for (int i = 0; i < out->pictures; i++)
        out->first[i] = out->first[i + 1];
    out->first[out->pictures] = r->count;
    return OK;
}

status image_points_read(const char *file, const char *const *picture, int pictures, struct image_points *out)
{
    struct reading r = { .count = 0 };
    status result;
    int more;

    *out = (struct image_points){ .pictures = pictures };
    TRY_OUT(image_keys_make(picture, pictures, &r.keys));
    TRY_OUT(table_open(file, "points", &r.table));
    TRY_OUT(check_columns(&r.table));
    for (;;) {
        TRY_OUT(table_next(&r.table, &more));
        if (!more)
            break;
        TRY_OUT(read_row(&r, &out->unmatched));
    }
    if (r.count == 0 && out->unmatched == 0)
        result = FAIL(ERR_FORMAT, "%s: no points are listed", file);
    else if (r.count == 0)
        result = FAIL(ERR_MISMATCH,
                      "%s: none of its %d points is of a picture of the list, whose first is '%.200s'", file,
                      out->unmatched, pictures ? picture[0] : "");
    else
        result = group_found(&r, out);
out:
    table_close(&r.table);
    image_keys_free(&r.keys);
    mem_free(r.found);
    if (result != OK)
        image_points_free(out);
    return result;
}

void image_points_free(struct image_points *p)
{
    mem_free(p->first);
    mem_free(p->point);
    *p = (struct image_points){ 0 };
}
