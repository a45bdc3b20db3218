#include "store_internal.h"

#include <string.h>

enum { MOST_FIELDS = 512 };

int store_group_fields(const struct store_schema *schema, enum store_group group, int network, int *field,
                       int most, int *crc, int *row_status)
{
    int count = 0;

    *crc = *row_status = -1;
    for (int d = 0; d < schema->count; d++) {
        const struct store_dataset *ds = &schema->dataset[d];
        if (ds->group != group || (group != STORE_ROWS_IMAGE && ds->network != network))
            continue;
        if (!strcmp(ds->field, "crc"))
            *crc = d;
        else if (!strcmp(ds->field, "status"))
            *row_status = d;
        else if (ds->in_crc) {
            BUG_IF(count >= most);
            field[count++] = d;
        }
    }
    return count;
}

uint32_t store_row_crc_start(int64_t index)
{
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)index >> 8 * i);
    return hash_crc32(0, bytes, sizeof bytes);
}

/* CRCs of `count` rows, field after field, so that one field's piece is in memory at a time. */
static status crc_rows(const struct store_view *view, const int *field, int fields, int64_t first,
                       int64_t count, uint8_t *piece, uint32_t *crc)
{
    for (int64_t i = 0; i < count; i++)
        crc[i] = store_row_crc_start(first + i);
    for (int f = 0; f < fields; f++) {
        size_t bytes = view->schema.dataset[field[f]].row_bytes;
        TRY(store_view_read(view, field[f], first, count, piece));
        for (int64_t i = 0; i < count; i++)
            crc[i] = hash_crc32(crc[i], piece + (size_t)i * bytes, bytes);
    }
    return OK;
}

/* Only a place of a subset can be unused: one flipped bit makes it of OK. */
static void count_row(enum store_group group, uint8_t row_status, int good, int retry_bad, uint8_t *missing,
                      struct store_row_count *sum)
{
    int claims = row_status == STORE_OK || row_status == STORE_BAD_IMAGE ||
                 (row_status == STORE_UNUSED && group == STORE_ROWS_SUBSET);

    sum->damaged += (claims && !good) || (!claims && row_status != STORE_MISSING);
    sum->done += good && (row_status == STORE_OK || row_status == STORE_BAD_IMAGE);
    sum->bad += good && row_status == STORE_BAD_IMAGE;
    sum->unused += good && row_status == STORE_UNUSED;
    sum->missing += !claims || !good;
    if (missing)
        *missing = !claims || !good || (retry_bad && row_status == STORE_BAD_IMAGE);
}

status store_check_rows(const struct store_view *view, enum store_group group, int network, int64_t first,
                        int64_t count, int retry_bad, uint8_t *missing, struct store_row_count *sum)
{
    int field[MOST_FIELDS], crc_at, status_at;
    int fields = store_group_fields(&view->schema, group, network, field, MOST_FIELDS, &crc_at, &status_at);
    size_t widest = sizeof(uint32_t);
    uint32_t *stored = NULL, *found = NULL;
    uint8_t *state = NULL, *piece = NULL;
    status result = OK;
    int64_t rows;

    if (crc_at < 0 || status_at < 0)
        return FAIL(ERR_FORMAT, "%s: a row group has no status or crc", view->path);
    for (int f = 0; f < fields; f++)
        if (view->schema.dataset[field[f]].row_bytes > widest)
            widest = view->schema.dataset[field[f]].row_bytes;
    rows = (int64_t)(((size_t)1 << 22) / widest);
    rows = rows < 1 ? 1 : rows > 1 << 16 ? 1 << 16 : rows;
    if (rows > count)
        rows = count > 0 ? count : 1;
    stored = mem_alloc((size_t)rows, sizeof *stored);
    found = mem_alloc((size_t)rows, sizeof *found);
    state = mem_alloc((size_t)rows, 1);
    piece = mem_alloc((size_t)rows, widest);
    if (!stored || !found || !state || !piece) {
        result = FAIL(ERR_MEMORY, "no memory for %lld rows to check", (long long)rows);
        goto out;
    }
    for (int64_t at = first; at < first + count; at += rows) {
        int64_t n = first + count - at < rows ? first + count - at : rows, claims = 0;
        TRY_OUT(comm_signal_status());
        TRY_OUT(store_view_read(view, status_at, at, n, state));
        for (int64_t i = 0; i < n; i++)
            claims += state[i] != STORE_MISSING;
        if (claims) { /* a fresh file is not read at all */
            TRY_OUT(store_view_read(view, crc_at, at, n, stored));
            TRY_OUT(crc_rows(view, field, fields, at, n, piece, found));
        }
        for (int64_t i = 0; i < n; i++)
            count_row(group, state[i], claims && stored[i] == found[i], retry_bad,
                      missing ? missing + at + i : NULL, sum);
    }
out:
    mem_free(stored);
    mem_free(found);
    mem_free(state);
    mem_free(piece);
    return result;
}

status store_check_all(const struct store_view *view, int rank, int size, struct store_row_count *sum,
                       int64_t *all)
{
    memset(sum, 0, sizeof *sum);
    *all = 0;
    for (int d = 0; d < view->schema.count; d++) {
        const struct store_dataset *ds = &view->schema.dataset[d];
        int64_t first, count;
        int rows =
            ds->group == STORE_ROWS_IMAGE || ds->group == STORE_ROWS_MODEL || ds->group == STORE_ROWS_SUBSET;
        if (!rows || strcmp(ds->field, "status"))
            continue;
        partition_range(ds->dim[0], rank, size, &first, &count);
        TRY(store_check_rows(view, ds->group, ds->network, first, count, 0, NULL, sum));
        *all += ds->dim[0];
    }
    return OK;
}
