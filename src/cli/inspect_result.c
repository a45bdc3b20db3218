/* src/cli/inspect_result.c: a result's datasets. */
#include "inspect.h"
#include "store.h"

enum { PATH, DATASET_TYPE, UNIT, MEANING, COLUMNS };
static const struct listing_column columns[COLUMNS] = {
    [PATH] = { "path", "dataset", LISTING_TEXT, LISTING_MIDDLE },
    [DATASET_TYPE] = { "type", "type", LISTING_TEXT, LISTING_WHOLE },
    [UNIT] = { "unit", "unit", LISTING_TEXT, LISTING_WHOLE },
    [MEANING] = { "meaning", "meaning", LISTING_TEXT, LISTING_END },
};

static status add_dataset(struct listing *l, const struct store_dataset *d)
{
    char shape[120];
    int n = snprintf(shape, sizeof shape, "%s (", schema_type_name(d->type));

    for (int k = 0; k < d->rank; k++)
        n += snprintf(shape + n, sizeof shape - (size_t)n, k ? ", %lld" : "%lld", (long long)d->dim[k]);
    TRY(listing_row(l));
    TRY(listing_set(l, PATH, "%s", d->path));
    TRY(listing_set(l, DATASET_TYPE, "%s)", shape));
    TRY(listing_set(l, UNIT, "%s", d->unit));
    return listing_set(l, MEANING, "%s", d->long_name);
}

status inspect_result(const char *path, struct listing *l)
{
    struct store_reader *r = NULL;
    const struct store_schema *schema;
    const struct store_layout *layout;
    char words[STORE_PRECISION_WORDS];
    status result = OK;

    listing_init(l, "datasets", columns, COLUMNS);
    TRY(store_open_read(path, 0, &r));
    schema = store_reader_schema(r);
    TRY_OUT(listing_fact(l, LISTING_TEXT, "result", "%s", path));
    TRY_OUT(listing_fact(l, LISTING_TEXT, "state", store_reader_complete(r) ? "complete" : "not complete"));
    layout = store_reader_layout(r);
    for (int p = 0; p < layout->precisions; p++)
        TRY_OUT(listing_fact(l, LISTING_TEXT, "precision", "%s",
                             store_precision_words(&layout->precision[p], words)));
    for (int i = 0; i < schema->count; i++)
        TRY_OUT(add_dataset(l, &schema->dataset[i]));
out:
    store_close_read(r);
    return result;
}
