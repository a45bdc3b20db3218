/* src/store/view.c: a result file with all datasets of its schema open, and their rows. */
#include "store_internal.h"

#include <string.h>

struct h5_type store_view_type(enum store_type type, size_t element)
{
    static const char *const statuses[] = { "MISSING", "OK", "BAD_IMAGE", "UNUSED", NULL };
    static const enum h5_kind kinds[] = {
        [STORE_U8] = H5_U8,   [STORE_S8] = H5_S8,       [STORE_S32] = H5_S32,
        [STORE_U32] = H5_U32, [STORE_S64] = H5_S64,     [STORE_F32] = H5_F32,
        [STORE_F64] = H5_F64, [STORE_STRING] = H5_TEXT, [STORE_STATUS] = H5_NAMES_U8
    };

    return (struct h5_type){ kinds[type], element, statuses };
}

/* ---- what a dataset carries --------------------------------------------------------------------------- */

int store_notes(const struct store_dataset *d, struct store_note out[STORE_MOST_NOTES])
{
    const int palette = !strcmp(d->path, "/gallery/palette");
    const struct {
        int has;
        struct store_note note;
    } known[] = {
        { 1, { "long_name", d->long_name, 0 } },
        { d->unit[0] != 0, { "units", d->unit, 0 } },
        { palette, { "CLASS", "PALETTE", 1 } },
        { palette, { "PAL_VERSION", "1.2", 1 } },
        { palette, { "PAL_COLORMODEL", "RGB", 1 } },
        { palette, { "PAL_TYPE", "STANDARD8", 1 } },
        { d->picture, { "CLASS", "IMAGE", 1 } },
        { d->picture, { "IMAGE_VERSION", "1.2", 1 } },
        { d->picture, { "IMAGE_SUBCLASS", "IMAGE_INDEXED", 1 } },
    };
    int count = 0;

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (known[i].has)
            out[count++] = known[i].note;
    return count;
}

int store_same_form(const struct store_dataset *a, const struct store_dataset *b)
{
    return a->type == b->type && a->element == b->element && a->rank == b->rank &&
           !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof a->dim[0]);
}

/* ---- opening, closing ------------------------------------------------------------------------------ */

/* A file that another program wrote may have any type or shape under a known name. */
static status check_dataset(const struct store_view *view, int d, const struct h5_type *type)
{
    const struct store_dataset *ds = &view->schema.dataset[d];
    const struct h5_set *set = &view->set[d];

    if (!h5_set_is(set, type))
        return FAIL(ERR_MISMATCH, "%s: %s is not of type %s", view->path, ds->path,
                    schema_type_name(ds->type));
    if (set->rank != ds->rank || memcmp(set->dim, ds->dim, (size_t)ds->rank * sizeof ds->dim[0]))
        return FAIL(ERR_MISMATCH, "%s: %s has another shape than this job gives it", view->path, ds->path);
    return OK;
}

status store_view_open(struct store_view *view, int strict)
{
    MEM_TRY(view->set, (size_t)view->schema.count, sizeof *view->set);
    for (int d = 0; d < view->schema.count; d++) {
        const struct store_dataset *ds = &view->schema.dataset[d];
        struct h5_type type = store_view_type(ds->type, ds->element);
        TRY(h5_set_open(&view->file, ds->path, &type, &view->set[d]));
        if (strict)
            TRY(check_dataset(view, d, &type));
    }
    return OK;
}

void store_view_forget(struct store_view *view)
{
    for (int d = 0; view->set && d < view->schema.count; d++)
        h5_set_close(&view->set[d]);
    mem_free(view->set);
    view->set = NULL;
    schema_free(&view->schema);
}

status store_view_close(struct store_view *view)
{
    status result;

    store_view_forget(view);
    result = h5_close(&view->file, OK);
    if (result != OK)
        comm_skip_finalize();
    return result;
}

int store_view_find(const struct store_view *view, const char *path)
{
    const struct store_dataset *ds = schema_find(&view->schema, path);

    return ds ? (int)(ds - view->schema.dataset) : -1;
}

/* ---- rows ------------------------------------------------------------------------------------------ */

static double spent_s;

double store_io_s(void)
{
    return spent_s;
}

void store_io_since(double start)
{
    spent_s += clock_s() - start;
}

status store_view_read_as(const struct store_view *view, int d, enum store_type type, int64_t first,
                          int64_t count, void *out)
{
    const struct h5_set *set = &view->set[d];
    double start = clock_s();
    status s;

    if (count == 0)
        return OK;
    comm_alive();
    s = type == view->schema.dataset[d].type
            ? h5_read(set, first, count, out)
            : h5_read_as(set, store_view_type(type, 0).kind, first, count, out);
    store_io_since(start);
    return s;
}

status store_view_read(const struct store_view *view, int d, int64_t first, int64_t count, void *out)
{
    return store_view_read_as(view, d, view->schema.dataset[d].type, first, count, out);
}

status store_view_write(const struct store_view *view, int d, int64_t first, int64_t count, const void *data)
{
    double start = clock_s();
    status s;

    if (count == 0)
        return OK;
    comm_alive();
    s = h5_write(&view->set[d], first, count, data);
    store_io_since(start);
    return s;
}

status store_view_scan(const struct store_view *view, int d,
                       status (*each)(void *user, int64_t first, int64_t count, const void *data), void *user)
{
    const struct store_dataset *ds = &view->schema.dataset[d];
    int64_t rows = (int64_t)(((size_t)1 << 22) / ds->row_bytes);
    status result = OK;
    void *piece = NULL;

    rows = rows < 1 ? 1 : rows > ds->dim[0] ? ds->dim[0] : rows;
    MEM_TRY(piece, (size_t)rows, ds->row_bytes);
    for (int64_t at = 0; at < ds->dim[0]; at += rows) {
        int64_t count = ds->dim[0] - at < rows ? ds->dim[0] - at : rows;
        TRY_OUT(comm_signal_status()); /* minutes of a large file */
        TRY_OUT(store_view_read(view, d, at, count, piece));
        TRY_OUT(each(user, at, count, piece));
    }
out:
    mem_free(piece);
    return result;
}

struct hash_user {
    struct hash h;
    size_t row_bytes;
};

static status hash_piece(void *user, int64_t first, int64_t count, const void *data)
{
    struct hash_user *u = user;

    hash_add(&u->h, data, (size_t)count * u->row_bytes);
    return OK;
}

status store_view_hash(const struct store_view *view, int d, uint8_t out[HASH_SIZE])
{
    struct hash_user u = { .row_bytes = view->schema.dataset[d].row_bytes };

    hash_start(&u.h);
    status s = store_view_scan(view, d, hash_piece, &u);
    hash_result(&u.h, out);
    return s;
}
