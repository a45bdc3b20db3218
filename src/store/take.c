/* src/store/take.c: rows of a finished result, checked, into the rows of another. */
#include "store_internal.h"

#include <string.h>

/* ---- a sound result ------------------------------------------------------------------------------------ */

/* This rank's range of the rows whose status is dataset d. */
static status check_rows(const struct comm *c, const struct store_reader *r, int d)
{
    const struct store_view *view = store_reader_view(r);
    const struct store_dataset *ds = &view->schema.dataset[d];
    struct store_row_count sum = { 0 };
    int64_t first, count;

    partition_range(ds->dim[0], c->rank, c->size, &first, &count);
    TRY(store_check_range(view, ds, first, count, &sum));
    if (sum.missing > 0)
        return FAIL(ERR_MISMATCH, "%s is damaged: a row's CRC does not fit %s", view->path, ds->path);
    return OK;
}

/* Of the datasets of rows, and of those that name them; each by one rank. */
static status check_sums(const struct comm *c, const struct store_reader *r)
{
    const struct store_schema *schema = store_reader_schema(r);

    for (int d = 0; d < schema->count; d++) {
        enum store_group group = schema->dataset[d].group;

        if (d % c->size == c->rank && (group == STORE_FIXED || store_is_row_group(group)))
            TRY(store_reader_check(r, d));
    }
    return OK;
}

static status check_crcs(const struct comm *c, const struct store_reader *r)
{
    const struct store_schema *schema = store_reader_schema(r);

    for (int d = 0; d < schema->count; d++)
        if (store_is_row_status(&schema->dataset[d]))
            TRY(check_rows(c, r, d));
    return OK;
}

static status open_one(const char *path, uint8_t id[HASH_SIZE], struct store_reader **out)
{
    struct store_reader *r;

    TRY(store_open_read(path, 0, out));
    r = *out;
    if (store_reader_layout(r)->networks == 0)
        return FAIL(ERR_MISMATCH, "%s is no result of quantcam run", path);
    if (!store_reader_complete(r))
        return FAIL(ERR_MISMATCH, "%s is not finished: the command that began it goes on", path);
    if (store_reader_problem(r)[0])
        return FAIL(ERR_MISMATCH, "%s is damaged: %s", path, store_reader_problem(r));
    return store_view_hash(store_reader_view(r), store_view_find(store_reader_view(r), "/checksums"), id);
}

/* Another node may have another file of that name. */
static status check_id(const struct comm *c, const char *path, const uint8_t id[HASH_SIZE])
{
    uint8_t first[HASH_SIZE];

    memcpy(first, id, HASH_SIZE);
    comm_broadcast(c, first, sizeof first);
    if (memcmp(first, id, HASH_SIZE) != 0)
        return FAIL(ERR_MISMATCH, "%s: rank %d on %s sees another file than rank 0", path, c->rank, c->host);
    return OK;
}

status store_open_finished(const struct comm *c, const char *path, uint8_t id[HASH_SIZE],
                           struct store_reader **out)
{
    status result = OK;

    *out = NULL;
    TRY_OUT(comm_agree(c, open_one(path, id, out)));
    TRY_OUT(comm_agree(c, check_id(c, path, id)));
    return OK;
out:
    store_close_read(*out);
    *out = NULL;
    return result;
}

status store_check_finished(const struct comm *c, const struct store_reader *r)
{
    TRY(comm_agree(c, check_sums(c, r)));
    return comm_agree(c, check_crcs(c, r));
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

enum { PIECE_BYTES = 1 << 16, PIECE_ROWS = 256 };

/* One field, with a piece of its dataset in memory: rows are mostly taken in order. */
struct taken {
    int handle, dataset; /* of the rows; of the other result */
    size_t bytes;
    int64_t rows, first, count; /* room; what is there */
    uint8_t *piece;
};

struct store_take {
    struct store_rows *rows;
    const struct store_view *from;
    int fields;
    struct taken field[];
};

static int has_prefix(const struct store_dataset *d, const char *prefix)
{
    return strncmp(d->field, prefix, strlen(prefix)) == 0;
}

/* The same but for how many rows there are. */
static int same_rows(const struct store_dataset *a, const struct store_dataset *b)
{
    return a->type == b->type && a->element == b->element && a->rank == b->rank && a->group == b->group &&
           memcmp(a->dim + 1, b->dim + 1, (size_t)(a->rank - 1) * sizeof a->dim[0]) == 0;
}

const char *store_take_lacks(const struct store_schema *schema, enum store_group group, int network,
                             const char *prefix, const struct store_reader *from)
{
    for (int d = 0; d < schema->count; d++) {
        const struct store_dataset *ds = &schema->dataset[d], *other;

        if (ds->group != group || ds->network != network || !has_prefix(ds, prefix))
            continue;
        other = store_reader_find(from, ds->path);
        if (!other || !same_rows(ds, other))
            return ds->path;
    }
    return NULL;
}

static status add_field(struct store_take *take, int handle, const struct store_dataset *d)
{
    struct taken *f = &take->field[take->fields];

    f->handle = handle;
    f->dataset = store_view_find(take->from, d->path);
    BUG_IF(f->dataset < 0 || !same_rows(d, &take->from->schema.dataset[f->dataset]));
    f->bytes = d->row_bytes;
    f->rows = (int64_t)(PIECE_BYTES / f->bytes);
    f->rows = f->rows < 1 ? 1 : f->rows > PIECE_ROWS ? PIECE_ROWS : f->rows;
    MEM_TRY(f->piece, (size_t)f->rows, f->bytes);
    take->fields++;
    return OK;
}

status store_take_create(struct store_rows *rows, const char *prefix, struct store_reader *from,
                         struct store_take **out)
{
    const struct store_dataset *d;
    struct store_take *take;
    int most = 0;
    status result = OK;

    *out = NULL;
    while (store_rows_dataset(rows, most))
        most++;
    MEM_TRY(take, 1, sizeof *take + (size_t)most * sizeof take->field[0]);
    take->rows = rows;
    take->from = store_reader_view(from);
    for (int h = 0; h < most && result == OK; h++) {
        d = store_rows_dataset(rows, h);
        if (has_prefix(d, prefix))
            result = add_field(take, h, d);
    }
    if (result == OK)
        *out = take;
    else
        store_take_free(take);
    return result;
}

static status fetch_piece(const struct store_take *take, struct taken *f, int64_t index)
{
    int64_t left = take->from->schema.dataset[f->dataset].dim[0] - index;

    f->first = index;
    f->count = 0; /* until they are there */
    TRY(store_view_read(take->from, f->dataset, index, left < f->rows ? left : f->rows, f->piece));
    f->count = left < f->rows ? left : f->rows;
    return OK;
}

status store_take_row(struct store_take *take, int64_t index)
{
    for (int i = 0; i < take->fields; i++) {
        struct taken *f = &take->field[i];

        if (index < f->first || index >= f->first + f->count)
            TRY(fetch_piece(take, f, index));
        memcpy(store_rows_at(take->rows, f->handle), f->piece + (size_t)(index - f->first) * f->bytes,
               f->bytes);
    }
    return OK;
}

void store_take_free(struct store_take *take)
{
    if (!take)
        return;
    for (int i = 0; i < take->fields; i++)
        mem_free(take->field[i].piece);
    mem_free(take);
}
