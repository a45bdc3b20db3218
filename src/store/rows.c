#include "store_internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { MOST_FIELDS = 512, MOST_BESIDE = 8 };
static const double commit_s = 5;

struct store_rows {
    struct store *s;
    enum store_group group;
    int capacity, used;
    int fields, field[MOST_FIELDS]; /* datasets of the payload, in CRC order */
    int crc_at, status_at;
    uint8_t *data[MOST_FIELDS]; /* (capacity, row_bytes) each; row `used` is the one in hand */
    int64_t *index;
    uint32_t *crc;
    uint8_t *row_status;
    uint8_t *before; /* room for what the file says of these rows */
    double since;    /* of the oldest row that is not committed */
    int besides;
    struct beside {
        int dataset;
        float *value; /* (capacity) */
    } beside[MOST_BESIDE];
};

static const struct store_dataset *dataset_of(const struct store_rows *rows, int f)
{
    return &rows->s->view.schema.dataset[rows->field[f]];
}

status store_rows_create(struct store *s, enum store_group group, int network, int capacity,
                         struct store_rows **out)
{
    struct store_rows *rows;
    status result = OK;

    *out = NULL;
    BUG_IF(capacity < 1 || !store_is_row_group(group));
    MEM_TRY(rows, 1, sizeof *rows);
    rows->s = s;
    rows->group = group;
    rows->capacity = capacity;
    rows->fields = store_group_fields(&s->view.schema, group, network, rows->field, MOST_FIELDS,
                                      &rows->crc_at, &rows->status_at);
    BUG_IF(rows->crc_at < 0 || rows->status_at < 0);
    rows->index = mem_alloc((size_t)capacity, sizeof *rows->index);
    rows->crc = mem_alloc((size_t)capacity, sizeof *rows->crc);
    rows->row_status = mem_alloc((size_t)capacity, 1);
    rows->before = mem_alloc((size_t)capacity, 1);
    if (!rows->index || !rows->crc || !rows->row_status || !rows->before)
        result = FAIL(ERR_MEMORY, "no memory for %d rows", capacity);
    for (int f = 0; f < rows->fields && result == OK; f++) {
        rows->data[f] = mem_alloc((size_t)capacity, dataset_of(rows, f)->row_bytes);
        if (!rows->data[f])
            result = FAIL(ERR_MEMORY, "no memory for %d rows of %s", capacity, dataset_of(rows, f)->path);
    }
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
    for (int f = 0; f < rows->fields; f++)
        mem_free(rows->data[f]);
    for (int b = 0; b < rows->besides; b++)
        mem_free(rows->beside[b].value);
    mem_free(rows->index);
    mem_free(rows->crc);
    mem_free(rows->row_status);
    mem_free(rows->before);
    mem_free(rows);
}

size_t store_rows_bytes(const struct store_rows *rows)
{
    size_t sum = 0;

    for (int f = 0; f < rows->fields; f++)
        sum += dataset_of(rows, f)->row_bytes;
    return sum;
}

void *store_rows_field(struct store_rows *rows, const char *field)
{
    for (int f = 0; f < rows->fields; f++)
        if (!strcmp(dataset_of(rows, f)->field, field))
            return rows->data[f] + (size_t)rows->used * dataset_of(rows, f)->row_bytes;
    fprintf(stderr, "quantcam: no payload field '%s' in the row group %s\n", field,
            schema_group_name(rows->group));
    BUG_IF(!"the schema has this field");
    return NULL;
}

status store_rows_beside(struct store_rows *rows, const char *path, float value)
{
    int b = 0, d = store_view_find(&rows->s->view, path);

    BUG_IF(d < 0 || rows->s->view.schema.dataset[d].row_bytes != sizeof value ||
           rows->s->view.schema.dataset[d].dim[0] != rows->s->view.schema.dataset[rows->crc_at].dim[0]);
    while (b < rows->besides && rows->beside[b].dataset != d)
        b++;
    BUG_IF(b == MOST_BESIDE);
    if (b == rows->besides) {
        MEM_TRY(rows->beside[b].value, (size_t)rows->capacity, sizeof value);
        rows->beside[rows->besides++].dataset = d;
    }
    rows->beside[b].value[rows->used] = value;
    return OK;
}

/* Of a bad row what was measured is dropped; which image it is stays. */
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
        uint8_t *row = rows->data[f] + (size_t)k * bytes;
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
    for (int f = 0; f < rows->fields; f++)
        TRY(write_runs(rows, rows->field[f], rows->data[f], dataset_of(rows, f)->row_bytes));
    for (int b = 0; b < rows->besides; b++)
        TRY(write_runs(rows, rows->beside[b].dataset, (const uint8_t *)rows->beside[b].value,
                       sizeof *rows->beside[b].value));
    TRY(write_runs(rows, rows->crc_at, (const uint8_t *)rows->crc, sizeof *rows->crc));
    /* Only what is on the disk may be called done. */
    TRY(store_sync(rows->s));
    TRY(write_runs(rows, rows->status_at, rows->row_status, 1));
    rows->s->committed += rows->used;
    for (int f = 0; f < rows->fields; f++)
        memset(rows->data[f], 0, (size_t)rows->used * dataset_of(rows, f)->row_bytes);
    for (int b = 0; b < rows->besides; b++)
        memset(rows->beside[b].value, 0, (size_t)rows->used * sizeof *rows->beside[b].value);
    rows->used = 0;
    return OK;
}

int64_t store_rows_committed(const struct store *s)
{
    return s->committed;
}

/* ---- what is not a row ----------------------------------------------------------------------------- */

/* Part of rows that may be done: what is there already leaves them as they were found. */
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

status store_sync(struct store *s)
{
    double start = clock_s();
    status result = place_sync(s->view.path, s->fd, PLACE_DATA);

    store_io_since(start);
    return result;
}
