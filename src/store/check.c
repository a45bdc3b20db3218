/* src/store/check.c: the rows of a group: which claim to be done, and which are by their CRC. */
#include "store_internal.h"

#include <string.h>

enum { PIECE = 1 << 16 };

int store_group_fields(const struct store_schema *schema, enum store_group group, int network, int *field,
                       int *crc, int *row_status)
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
        else if (ds->in_crc)
            field[count++] = d;
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

/* A row's status as it is to be believed: `good` says whether its CRC fits. UNUSED, which one flipped bit
 * makes of OK, is believed of places of a subset alone. */
static uint8_t judge_row(enum store_group group, uint8_t row_status, int good)
{
    int claims = row_status == STORE_OK || row_status == STORE_BAD_IMAGE ||
                 (row_status == STORE_UNUSED && group == STORE_ROWS_SUBSET);

    return row_status == STORE_MISSING ? STORE_MISSING : claims && good ? row_status : STORE_ROW_DAMAGED;
}

void store_count_found(const uint8_t *found, int64_t count, struct store_row_count *sum)
{
    for (int64_t i = 0; i < count; i++) {
        sum->damaged += found[i] == STORE_ROW_DAMAGED;
        sum->done += found[i] == STORE_OK || found[i] == STORE_BAD_IMAGE;
        sum->missing += found[i] == STORE_MISSING || found[i] == STORE_ROW_DAMAGED;
    }
}

status store_check_rows(const struct store_view *view, enum store_group group, int network, int64_t first,
                        int64_t count, uint8_t *found)
{
    int *field = NULL, fields, crc_at, status_at;
    size_t widest = sizeof(uint32_t);
    uint32_t *stored = NULL, *crc = NULL;
    uint8_t *piece = NULL;
    status result = OK;
    int64_t rows;

    MEM_TRY(field, (size_t)view->schema.count, sizeof *field);
    fields = store_group_fields(&view->schema, group, network, field, &crc_at, &status_at);
    if (crc_at < 0 || status_at < 0)
        TRY_OUT(FAIL(ERR_FORMAT, "%s: a row group has no status or crc", view->path));
    for (int f = 0; f < fields; f++)
        if (view->schema.dataset[field[f]].row_bytes > widest)
            widest = view->schema.dataset[field[f]].row_bytes;
    rows = (int64_t)(((size_t)1 << 22) / widest);
    rows = rows < 1 ? 1 : rows > PIECE ? PIECE : rows;
    if (rows > count)
        rows = count > 0 ? count : 1;
    MEM_TRY_OUT(stored, (size_t)rows, sizeof *stored);
    MEM_TRY_OUT(crc, (size_t)rows, sizeof *crc);
    MEM_TRY_OUT(piece, (size_t)rows, widest);
    for (int64_t at = first; at < first + count; at += rows) {
        int64_t n = first + count - at < rows ? first + count - at : rows, claims = 0;
        uint8_t *state = found + (at - first);
        TRY_OUT(comm_signal_status());
        TRY_OUT(store_view_read(view, status_at, at, n, state));
        for (int64_t i = 0; i < n; i++)
            claims += state[i] != STORE_MISSING;
        if (claims) { /* a fresh file is not read at all */
            TRY_OUT(store_view_read(view, crc_at, at, n, stored));
            TRY_OUT(crc_rows(view, field, fields, at, n, piece, crc));
        }
        for (int64_t i = 0; i < n; i++)
            state[i] = judge_row(group, state[i], claims && stored[i] == crc[i]);
    }
out:
    mem_free(field);
    mem_free(stored);
    mem_free(crc);
    mem_free(piece);
    return result;
}

int store_is_row_group(enum store_group group)
{
    return group == STORE_ROWS_IMAGE || group == STORE_ROWS_MODEL || group == STORE_ROWS_SUBSET;
}

int store_is_row_status(const struct store_dataset *ds)
{
    return store_is_row_group(ds->group) && !strcmp(ds->field, "status");
}

status store_check_range(const struct store_view *view, const struct store_dataset *rows_status,
                         int64_t first, int64_t count, struct store_row_count *sum)
{
    status result = OK;
    uint8_t *found;

    MEM_TRY(found, PIECE, 1);
    for (int64_t at = first; at < first + count && result == OK; at += PIECE) {
        int64_t n = first + count - at < PIECE ? first + count - at : PIECE;

        result = store_check_rows(view, rows_status->group, rows_status->network, at, n, found);
        if (result == OK)
            store_count_found(found, n, sum);
    }
    mem_free(found);
    return result;
}

status store_check_all(const struct store_view *view, struct store_row_count *sum, int64_t *all)
{
    memset(sum, 0, sizeof *sum);
    *all = 0;
    for (int d = 0; d < view->schema.count; d++) {
        const struct store_dataset *ds = &view->schema.dataset[d];

        if (!store_is_row_status(ds))
            continue;
        TRY(store_check_range(view, ds, 0, ds->dim[0], sum));
        *all += ds->dim[0];
    }
    return OK;
}
