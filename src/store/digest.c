/* src/store/digest.c: one SHA-256 over all results of a finished file. */
#include "store_internal.h"

#include <stdlib.h>
#include <string.h>

static int by_path(const void *a, const void *b)
{
    return strcmp((*(const struct store_dataset *const *)a)->path,
                  (*(const struct store_dataset *const *)b)->path);
}

/* One line of text a dataset, "path type[length] (d0,d1) sha256", joined into one hash: the data's own hash
 * is the one in /checksums. */
static status add_dataset(struct store_reader *r, const struct store_dataset *d, struct hash *all)
{
    const struct store_view *view = store_reader_view(r);
    char text[STORE_PATH + 256], hex[2 * HASH_SIZE + 1];
    uint8_t hash[HASH_SIZE];
    int n = snprintf(text, sizeof text, "%s %s%zu (", d->path, schema_type_name(d->type), d->element);

    for (int i = 0; i < d->rank; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s%lld", i ? "," : "", (long long)d->dim[i]);
    TRY(store_view_hash(view, (int)(d - view->schema.dataset), hash));
    n += snprintf(text + n, sizeof text - (size_t)n, ") %s\n", hash_hex(hash, hex));
    hash_add(all, text, (size_t)n);
    return OK;
}

status digest_file(const char *path, char hex[2 * HASH_SIZE + 1])
{
    const struct store_dataset **sorted = NULL;
    const struct store_schema *schema;
    struct store_reader *r = NULL;
    uint8_t result_hash[HASH_SIZE];
    struct hash all;
    status result = OK;
    int count = 0;

    hex[0] = '\0';
    TRY(store_open_read(path, 0, &r));
    if (!store_reader_complete(r))
        TRY_OUT(FAIL(ERR_MISMATCH, "%s is not finished: only a finished file has a digest", path));
    schema = store_reader_schema(r);
    MEM_TRY_OUT(sorted, (size_t)schema->count, sizeof *sorted);
    for (int i = 0; i < schema->count; i++)
        if (schema->dataset[i].in_digest)
            sorted[count++] = &schema->dataset[i];
    qsort(sorted, (size_t)count, sizeof(*sorted), by_path);
    hash_start(&all);
    for (int i = 0; i < count; i++)
        TRY_OUT(add_dataset(r, sorted[i], &all));
    hash_result(&all, result_hash);
    hash_hex(result_hash, hex);
out:
    mem_free(sorted);
    store_close_read(r);
    return result;
}
