/* src/store/list.c: what a file holds, whoever wrote it: every name, type and size is bounded before anything
 * is read. */
#include "store_internal.h"

#include <string.h>

enum { MOST_DATASETS = 16384, LONGEST_ELEMENT = 16 << 20 };
static const double largest_row = 1 << 30, largest_dataset = 36028797018963968.0;

static int classify(const struct h5_set *set, struct store_dataset *d)
{
    for (int t = STORE_U8; t <= STORE_STATUS; t++) {
        if (store_view_type((enum store_type)t, 0).kind != set->kind)
            continue;
        d->type = (enum store_type)t;
        d->element = set->element;
        return set->element <= LONGEST_ELEMENT;
    }
    return 0;
}

/* Data in other files, or made up of other datasets, are not a result's. The strongest deflate gives 1,032
 * bytes for one: what claims more of the bytes that are there would keep a reader busy for ever. */
static int bytes_are_there(const struct h5_set *set, double all)
{
    struct h5_place place = h5_set_place(set);

    return place.how != H5_ELSEWHERE && all <= 1100.0 * (double)place.bytes + (1 << 20);
}

static int bounded(const struct h5_set *set, struct store_dataset *d)
{
    double row = (double)set->element;

    d->rank = set->rank;
    if (!classify(set, d) || d->rank < 1 || d->rank > STORE_MAX_RANK)
        return 0;
    for (int i = 0; i < d->rank; i++) {
        d->dim[i] = set->dim[i];
        if (d->dim[i] < 1 || d->dim[i] >= INT64_C(1) << 55)
            return 0;
        row *= i > 0 ? (double)d->dim[i] : 1;
    }
    if (row > largest_row || row * (double)d->dim[0] > largest_dataset)
        return 0;
    d->row_bytes = (size_t)row;
    return bytes_are_there(set, row * (double)d->dim[0]);
}

static status describe(const struct h5_file *file, const char *path, struct store_dataset *d)
{
    struct h5_set set;
    int good;

    snprintf(d->path, sizeof d->path, "%s", path);
    d->field = d->path;
    d->network = -1;
    d->group = STORE_SUMMARY;
    d->in_digest = 1;
    good = h5_set_open(file, path, NULL, &set) == OK && bounded(&set, d);
    h5_set_close(&set);
    if (!good && h5_trouble()[0])
        return FAIL(ERR_IO, "%s: the dataset %s cannot be read: %s", file->name, path, h5_trouble());
    return good ? OK
                : FAIL(ERR_FORMAT, "%s: the dataset %s is damaged, or of a type or size that no result has",
                       file->name, path);
}

struct listing {
    const struct h5_file *file;
    struct store_schema schema;
    int capacity;
};

static status add(void *user, const char *name)
{
    struct listing *list = user;
    char path[STORE_PATH];

    if (!text_is_printable(name, strlen(name)))
        return FAIL(ERR_FORMAT, "%s: a dataset's name has control characters, or is not UTF-8: '%s'",
                    list->file->name, name);
    if (snprintf(path, sizeof path, "/%s", name) >= (int)sizeof path || list->schema.count >= MOST_DATASETS)
        return FAIL(ERR_FORMAT, "%s: a dataset's name is too long, or there are too many", list->file->name);
    TRY(mem_room(&list->schema.dataset, list->schema.count, &list->capacity, sizeof *list->schema.dataset));
    TRY(describe(list->file, path, &list->schema.dataset[list->schema.count]));
    list->schema.count++;
    return OK;
}

status store_list(const struct h5_file *file, struct store_schema *out)
{
    struct listing list = { .file = file };
    status s = h5_visit(file, add, &list);

    *out = list.schema;
    if (s != OK)
        return s;
    return list.schema.count ? OK : FAIL(ERR_FORMAT, "%s: there is no dataset in it", file->name);
}
