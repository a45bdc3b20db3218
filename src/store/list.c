#include "store_internal.h"

#include <string.h>

/* What a file holds, whoever wrote it: every name, type and size is bounded before anything is read. */

enum { MOST_DATASETS = 16384, LONGEST_ELEMENT = 16 << 20 };
static const double largest_row = 1 << 30, largest_dataset = 36028797018963968.0;

static int classify(hid_t type, struct store_dataset *d)
{
    size_t size = H5Tget_size(type);
    int is_signed;

    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
        is_signed = H5Tget_sign(type) == H5T_SGN_2;
        if (size == 1)
            d->type = is_signed ? STORE_S8 : STORE_U8;
        else if (size == 4)
            d->type = is_signed ? STORE_S32 : STORE_U32;
        else if (size == 8 && is_signed)
            d->type = STORE_S64;
        else
            return 0;
        break;
    case H5T_FLOAT:
        if (size != 4 && size != 8)
            return 0;
        d->type = size == 4 ? STORE_F32 : STORE_F64;
        break;
    case H5T_ENUM:
        d->type = STORE_STATUS;
        if (size != 1)
            return 0;
        break;
    case H5T_STRING:
        if (H5Tis_variable_str(type) != 0 || size > LONGEST_ELEMENT)
            return 0;
        d->type = STORE_STRING;
        break;
    default: return 0;
    }
    d->element = size;
    return 1;
}

/* Data in other files, or made up of other datasets, are not a result's. */
static int stored_here(hid_t dataset)
{
    hid_t list = H5Dget_create_plist(dataset);
    H5D_layout_t layout = list >= 0 ? H5Pget_layout(list) : H5D_LAYOUT_ERROR;
    int good = (layout == H5D_CONTIGUOUS || layout == H5D_CHUNKED || layout == H5D_COMPACT) &&
               (layout != H5D_CONTIGUOUS || H5Pget_external_count(list) == 0);

    if (list >= 0)
        H5Pclose(list);
    return good;
}

/* The strongest deflate gives 1,032 bytes for one: what claims more of the bytes that are there would keep a
 * reader busy for ever. */
static int bytes_are_there(hid_t dataset, double all)
{
    return all <= 1100.0 * (double)H5Dget_storage_size(dataset) + (1 << 20);
}

static status describe(hid_t file, const char *source, const char *path, struct store_dataset *d)
{
    hsize_t dim[STORE_MAX_RANK] = { 0 };
    hid_t dataset = H5Dopen2(file, path, H5P_DEFAULT), type = -1, space = -1;
    double row = 0, all = 0;
    int good = 0;

    snprintf(d->path, sizeof d->path, "%s", path);
    d->field = d->path;
    d->network = -1;
    d->group = STORE_SUMMARY;
    d->in_digest = 1;
    if (dataset >= 0) {
        type = H5Dget_type(dataset);
        space = H5Dget_space(dataset);
    }
    if (type >= 0 && space >= 0 && classify(type, d) && stored_here(dataset)) {
        d->rank = H5Sget_simple_extent_ndims(space);
        good = d->rank >= 1 && d->rank <= STORE_MAX_RANK &&
               H5Sget_simple_extent_dims(space, dim, NULL) == d->rank;
        row = (double)d->element;
        for (int i = 0; i < d->rank && good; i++) {
            d->dim[i] = (int64_t)dim[i];
            good = dim[i] >= 1 && dim[i] < (hsize_t)1 << 55;
            row *= i > 0 ? (double)dim[i] : 1;
        }
        all = row * (double)dim[0];
        good = good && row <= largest_row && all <= largest_dataset && bytes_are_there(dataset, all);
        if (good)
            d->row_bytes = (size_t)row;
    }
    H5E_BEGIN_TRY
    {
        H5Tclose(type);
        H5Sclose(space);
        H5Dclose(dataset);
    }
    H5E_END_TRY;
    if (!good && store_trouble()[0])
        return FAIL(ERR_IO, "%s: the dataset %s cannot be read: %s", source, path, store_trouble());
    return good ? OK
                : FAIL(ERR_FORMAT, "%s: the dataset %s is damaged, or of a type or size that no result has",
                       source, path);
}

struct listing {
    struct store_schema schema;
    int capacity;
    const char *source;
    status failure;
};

static herr_t visit(hid_t root, const char *name, const H5O_info_t *info, void *user)
{
    struct listing *list = user;
    char path[STORE_PATH];

    if (info->type != H5O_TYPE_DATASET)
        return 0;
    if (!text_is_printable(name, strlen(name))) {
        list->failure = FAIL(ERR_FORMAT, "%s: a dataset's name has control characters, or is not UTF-8: '%s'",
                             list->source, name);
        return -1;
    }
    if (snprintf(path, sizeof path, "/%s", name) >= (int)sizeof path || list->schema.count >= MOST_DATASETS) {
        list->failure =
            FAIL(ERR_FORMAT, "%s: a dataset's name is too long, or there are too many", list->source);
        return -1;
    }
    if (list->schema.count == list->capacity) {
        int more = list->capacity ? 2 * list->capacity : 64;
        struct store_dataset *grown =
            mem_grow(list->schema.dataset, (size_t)list->capacity, (size_t)more, sizeof *grown);
        if (!grown) {
            list->failure = FAIL(ERR_MEMORY, "no memory for %d datasets", more);
            return -1;
        }
        list->schema.dataset = grown;
        list->capacity = more;
    }
    list->failure = describe(root, list->source, path, &list->schema.dataset[list->schema.count]);
    if (list->failure != OK)
        return -1;
    list->schema.count++;
    return 0;
}

status store_list(hid_t file, const char *source, struct store_schema *out)
{
    struct listing list = { .source = source };
    herr_t e = H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, visit, &list);

    *out = list.schema;
    if (list.failure != OK)
        return list.failure;
    if (e < 0)
        return FAIL_H5("%s: listing the datasets", source);
    return list.schema.count ? OK : FAIL(ERR_FORMAT, "%s: there is no dataset in it", source);
}
