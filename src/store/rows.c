/* src/store/rows.c: rows gathered in memory and committed: payload, CRC, what lies on the disk, then the
 * status. */
#include "store_internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const double commit_s = 5;

/* Of the payload in CRC order, then those beside it. */
struct column {
    int dataset;
    uint8_t *data; /* (capacity, row_bytes); row `used` is the one in hand */
};

struct store_rows {
    struct mem_set mem;
    struct store *s;
    enum store_group group;
    int capacity, used;
    int fields, columns, columns_most; /* of the payload; with those beside; room */
    struct column *column;
    int crc_at, status_at;
    int64_t *index;
    uint32_t *crc;
    uint8_t *row_status;
    uint8_t *before; /* room for what the file says of these rows */
    double since;    /* of the oldest row that is not committed */
};

static const struct store_dataset *dataset_of(const struct store_rows *rows, int c)
{
    return &rows->s->view.schema.dataset[rows->column[c].dataset];
}

static status add_column(struct store_rows *rows, int dataset)
{
    struct column *c;

    TRY(mem_room(&rows->column, rows->columns, &rows->columns_most, sizeof *c));
    c = &rows->column[rows->columns];
    c->dataset = dataset;
    MEM_TAKE(&rows->mem, c->data, (size_t)rows->capacity, rows->s->view.schema.dataset[dataset].row_bytes);
    rows->columns++;
    return OK;
}

static status make_columns(struct store_rows *rows, int network)
{
    size_t n = (size_t)rows->capacity;
    int *field;
    status result = OK;

    MEM_TAKE(&rows->mem, rows->index, n, sizeof *rows->index);
    MEM_TAKE(&rows->mem, rows->crc, n, sizeof *rows->crc);
    MEM_TAKE(&rows->mem, rows->row_status, n, 1);
    MEM_TAKE(&rows->mem, rows->before, n, 1);
    MEM_TRY(field, (size_t)rows->s->view.schema.count, sizeof *field);
    rows->fields = store_group_fields(&rows->s->view.schema, rows->group, network, field, &rows->crc_at,
                                      &rows->status_at);
    BUG_IF(rows->crc_at < 0 || rows->status_at < 0);
    for (int f = 0; f < rows->fields && result == OK; f++)
        result = add_column(rows, field[f]);
    mem_free(field);
    return result;
}

status store_rows_create(struct store *s, enum store_group group, int network, int capacity,
                         struct store_rows **out)
{
    struct store_rows *rows;
    status result;

    *out = NULL;
    BUG_IF(capacity < 1 || !store_is_row_group(group));
    MEM_TRY(rows, 1, sizeof *rows);
    *rows = (struct store_rows){ .s = s, .group = group, .capacity = capacity };
    result = make_columns(rows, network);
    if (result != OK)
        store_rows_free(rows);
    else
        *out = rows;
    return result;
}

void store_rows_free(struct store_rows *rows)
{
    if (!rows)
        return;
    mem_drop(&rows->mem);
    mem_free(rows->column);
    mem_free(rows);
}

const struct store_dataset *store_rows_dataset(const struct store_rows *rows, int handle)
{
    return handle < rows->fields ? dataset_of(rows, handle) : NULL;
}

int store_rows_handle(const struct store_rows *rows, const char *field)
{
    for (int f = 0; f < rows->fields; f++)
        if (!strcmp(dataset_of(rows, f)->field, field))
            return f;
    fprintf(stderr, "quantcam: no payload field '%s' in the row group %s\n", field,
            schema_group_name(rows->group));
    BUG_IF(!"the schema has this field");
    return -1;
}

void *store_rows_at(struct store_rows *rows, int handle)
{
    BUG_IF(handle < 0 || handle >= rows->columns);
    return rows->column[handle].data + (size_t)rows->used * dataset_of(rows, handle)->row_bytes;
}

void *store_rows_field(struct store_rows *rows, const char *field)
{
    return store_rows_at(rows, store_rows_handle(rows, field));
}

status store_rows_beside(struct store_rows *rows, const char *path, int *handle)
{
    int d = store_view_find(&rows->s->view, path);

    BUG_IF(d < 0 ||
           rows->s->view.schema.dataset[d].dim[0] != rows->s->view.schema.dataset[rows->crc_at].dim[0]);
    *handle = rows->columns;
    return add_column(rows, d);
}

/* Is field f of a bad row zeroed? Measured values are; the image's number and its selections, which have no
 * '/' in their names, stay. */
static int zeroed_if_bad(const struct store_rows *rows, int f)
{
    return rows->group == STORE_ROWS_MODEL ||
           (rows->group == STORE_ROWS_SUBSET && strchr(dataset_of(rows, f)->field, '/') != NULL);
}

status store_rows_add(struct store_rows *rows, int64_t index, enum store_status row_status)
{
    int k = rows->used;
    uint32_t crc = store_row_crc_start(index);
    double start = clock_s();

    BUG_IF(row_status == STORE_MISSING || index < 0 ||
           index >= rows->s->view.schema.dataset[rows->crc_at].dim[0]);
    for (int f = 0; f < rows->fields; f++) {
        size_t bytes = dataset_of(rows, f)->row_bytes;
        uint8_t *row = rows->column[f].data + (size_t)k * bytes;
        if (row_status == STORE_BAD_IMAGE && zeroed_if_bad(rows, f))
            memset(row, 0, bytes);
        crc = hash_crc32(crc, row, bytes);
    }
    rows->index[k] = index;
    rows->crc[k] = crc;
    rows->row_status[k] = (uint8_t)row_status;
    if (k == 0)
        rows->since = start;
    rows->used++;
    store_io_since(start);
    if (rows->used == rows->capacity || start - rows->since > commit_s)
        return store_rows_commit(rows);
    return OK;
}

/* Rows that follow each other in the file go out in one call: from k on, how many? */
static int run_length(const struct store_rows *rows, int k)
{
    int n = 1;

    while (k + n < rows->used && rows->index[k + n] == rows->index[k] + n)
        n++;
    return n;
}

static status write_runs(const struct store_rows *rows, int dataset, const uint8_t *data, size_t row_bytes)
{
    for (int k = 0, n; k < rows->used; k += n) {
        n = run_length(rows, k);
        TRY(store_view_write(&rows->s->view, dataset, rows->index[k], n, data + (size_t)k * row_bytes));
    }
    return OK;
}

/* A row that is done over again with another outcome (a bad image that can be read now) first becomes
 * MISSING: else a kill between its new CRC and its new status leaves a sound row of the old status. */
static status unclaim(struct store_rows *rows)
{
    int claims = 0;

    for (int k = 0, n; k < rows->used; k += n) {
        n = run_length(rows, k);
        TRY(store_view_read(&rows->s->view, rows->status_at, rows->index[k], n, rows->before + k));
    }
    for (int k = 0; k < rows->used; k++) {
        if (rows->before[k] == rows->row_status[k] || rows->before[k] == STORE_MISSING)
            continue;
        rows->before[k] = STORE_MISSING;
        claims = 1;
    }
    if (!claims)
        return OK;
    TRY(write_runs(rows, rows->status_at, rows->before, 1));
    return store_sync(rows->s);
}

status store_rows_commit(struct store_rows *rows)
{
    if (rows->used == 0)
        return OK;
    rows->s->changed[rows->status_at] = 1;
    TRY(unclaim(rows));
    for (int c = 0; c < rows->columns; c++)
        TRY(write_runs(rows, rows->column[c].dataset, rows->column[c].data, dataset_of(rows, c)->row_bytes));
    TRY(write_runs(rows, rows->crc_at, (const uint8_t *)rows->crc, sizeof *rows->crc));
    /* Only what is on the disk may be called done. */
    TRY(store_sync(rows->s));
    TRY(write_runs(rows, rows->status_at, rows->row_status, 1));
    rows->s->committed += rows->used;
    for (int c = 0; c < rows->columns; c++)
        memset(rows->column[c].data, 0, (size_t)rows->used * dataset_of(rows, c)->row_bytes);
    rows->used = 0;
    return OK;
}

int64_t store_rows_committed(const struct store *s)
{
    return s->committed;
}

/* ---- what is not a row ----------------------------------------------------------------------------- */

/* Datasets of a row group that are written by whole pieces, outside of store_rows. Rows of the piece may be
 * done already: where the file holds equal bytes nothing is written, and store_count_rows need not look
 * again. */
static status write_where_other(struct store *s, int d, int64_t first, int64_t count, const void *data)
{
    const struct store_dataset *ds = &s->view.schema.dataset[d];
    uint8_t *there;
    int equal;

    MEM_TRY(there, (size_t)(count > 0 ? count : 1), ds->row_bytes);
    status result = store_view_read(&s->view, d, first, count, there);
    equal = result == OK && !memcmp(there, data, (size_t)count * ds->row_bytes);
    mem_free(there);
    if (result != OK || equal)
        return result;
    s->changed[store_group_status(s, ds->group, ds->network)] = 1;
    return store_view_write(&s->view, d, first, count, data);
}

status store_write(struct store *s, const char *path, int64_t first, int64_t count, const void *data)
{
    int d = store_view_find(&s->view, path);

    if (d < 0)
        return FAIL(ERR_MISSING, "%s: the schema has no dataset %s", s->out, path);
    BUG_IF(s->view.schema.dataset[d].group == STORE_FIXED ||
           s->view.schema.dataset[d].group == STORE_CLOSING);
    if (s->recheck)
        return store_recheck_rows(s, d, first, count, data);
    if (store_is_row_group(s->view.schema.dataset[d].group))
        return write_where_other(s, d, first, count, data);
    return store_view_write(&s->view, d, first, count, data);
}

status store_fetch(struct store *s, const char *path, int64_t first, int64_t count, void *out)
{
    int d = store_view_find(&s->view, path);

    if (d < 0)
        return FAIL(ERR_MISSING, "%s: the schema has no dataset %s", s->out, path);
    return store_view_read(&s->view, d, first, count, out);
}
