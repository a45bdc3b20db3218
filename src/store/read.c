/* src/store/read.c: a result for those who read: datasets by name, checked by sums. */
#include "store_internal.h"

#include <string.h>

/* ---- asking ---------------------------------------------------------------------------------------- */

const char *store_reader_path(const struct store_reader *r)
{
    return r->view.path;
}

const struct store_schema *store_reader_schema(const struct store_reader *r)
{
    return &r->view.schema;
}

const struct store_layout *store_reader_layout(const struct store_reader *r)
{
    return &r->layout;
}

const struct store_view *store_reader_view(const struct store_reader *r)
{
    return &r->view;
}

const char *store_reader_problem(const struct store_reader *r)
{
    return r->problem;
}

int store_reader_complete(const struct store_reader *r)
{
    return r->complete;
}

const struct store_dataset *store_reader_find(const struct store_reader *r, const char *path)
{
    return schema_find(&r->view.schema, path);
}

/* A line with whatever its room holds behind it: a bit that changed anywhere in it is damage. */
static int is_line(const char *line, size_t room, const char *hex, const char *path)
{
    char whole[2 * HASH_SIZE + 2 + STORE_PATH];
    size_t n = (size_t)snprintf(whole, sizeof whole, "%s  %s", hex, path);

    if (n > room || memcmp(line, whole, n))
        return 0;
    while (n < room && line[n] == '\0')
        n++;
    return n == room;
}

int store_reader_checksum_fits(const struct store_reader *r, const char *path, const uint8_t hash[HASH_SIZE])
{
    char hex[2 * HASH_SIZE + 1];

    hash_hex(hash, hex);
    for (int64_t i = 0; i < r->checksum_rows; i++)
        if (is_line(r->checksums + (size_t)i * r->checksum_bytes, r->checksum_bytes, hex, path))
            return 1;
    return 0;
}

status store_reader_check(const struct store_reader *r, int d)
{
    const char *path = r->view.schema.dataset[d].path;
    uint8_t hash[HASH_SIZE];

    TRY(store_view_hash(&r->view, d, hash));
    if (!store_reader_checksum_fits(r, path, hash))
        return FAIL(ERR_MISMATCH, "%s: %s is damaged: its checksum does not fit", r->view.path, path);
    return OK;
}

/* Once a dataset. */
static status check_dataset(struct store_reader *r, int d)
{
    if (!r->checked || !r->complete || r->good[d] || r->view.schema.dataset[d].group == STORE_CLOSING)
        return OK;
    TRY(store_reader_check(r, d));
    r->good[d] = 1;
    return OK;
}

/* ---- reading --------------------------------------------------------------------------------------- */

static size_t element_as(const struct store_dataset *ds, enum store_type type)
{
    return type == STORE_STRING ? ds->element : schema_type_size(type);
}

status store_read(struct store_reader *r, const char *path, enum store_type type, int64_t first,
                  int64_t count, void *out, size_t out_bytes)
{
    int d = store_view_find(&r->view, path);
    const struct store_dataset *ds;
    size_t row;

    if (d < 0)
        return FAIL(ERR_MISSING, "%s: there is no dataset %s", r->view.path, path);
    ds = &r->view.schema.dataset[d];
    if ((type == STORE_STRING) != (ds->type == STORE_STRING))
        return FAIL(ERR_MISMATCH, "%s: %s is of type %s", r->view.path, path, schema_type_name(ds->type));
    if (first < 0 || count < 0 || first > ds->dim[0] || count > ds->dim[0] - first)
        return FAIL(ERR_RANGE, "%s: %s has no %lld rows from %lld on", r->view.path, path, (long long)count,
                    (long long)first);
    row = ds->row_bytes / ds->element * element_as(ds, type);
    if ((double)row * (double)count > (double)out_bytes)
        return FAIL(ERR_RANGE, "%s: %lld rows of %s do not fit in %zu bytes", r->view.path, (long long)count,
                    path, out_bytes);
    TRY(check_dataset(r, d));
    /* An enumeration in a byte is that byte. */
    return store_view_read_as(&r->view, d, type == STORE_U8 && ds->type == STORE_STATUS ? STORE_STATUS : type,
                              first, count, out);
}

status store_read_all(struct store_reader *r, const char *path, enum store_type type, size_t max_bytes,
                      void **out, int64_t *count)
{
    const struct store_dataset *ds = store_reader_find(r, path);
    double bytes;

    *out = NULL;
    *count = 0;
    if (!ds)
        return FAIL(ERR_MISSING, "%s: there is no dataset %s", r->view.path, path);
    bytes = (double)(ds->row_bytes / ds->element) * (double)element_as(ds, type) * (double)ds->dim[0];
    if (bytes > (double)max_bytes)
        return FAIL(ERR_MEMORY, "%s: %s has %.0f bytes, at most %zu are read", r->view.path, path, bytes,
                    max_bytes);
    MEM_TRY(*out, (size_t)bytes, 1);
    status s = store_read(r, path, type, 0, ds->dim[0], *out, (size_t)bytes);
    if (s != OK) {
        mem_free(*out);
        *out = NULL;
        return s;
    }
    *count = ds->dim[0] * (int64_t)(ds->row_bytes / ds->element);
    return OK;
}

status store_read_text(struct store_reader *r, const char *path, int64_t index, char **out)
{
    const struct store_dataset *ds = store_reader_find(r, path);
    status s;

    *out = NULL;
    if (!ds)
        return FAIL(ERR_MISSING, "%s: there is no dataset %s", r->view.path, path);
    if (ds->type != STORE_STRING || ds->rank != 1)
        return FAIL(ERR_MISMATCH, "%s: %s is no list of strings", r->view.path, path);
    MEM_TRY(*out, ds->element + 1, 1);
    s = store_read(r, path, STORE_STRING, index, 1, *out, ds->element);
    if (s != OK) {
        mem_free(*out);
        *out = NULL;
    }
    return s;
}

status store_read_string(struct store_reader *r, const char *path, int64_t index, char *out, size_t size)
{
    char *element;

    BUG_IF(size < 1);
    out[0] = '\0';
    TRY(store_read_text(r, path, index, &element));
    snprintf(out, size, "%s", element);
    text_make_printable(out, "\n");
    mem_free(element);
    return OK;
}
