#include "store_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Attributes are read only where they have the type and size that is expected: nothing of the file decides
 * how much. */

enum { LONGEST = 512 };

static int is_number(hid_t object, const char *name, hid_t file_type, hid_t memory_type, void *out)
{
    hid_t a = H5Aopen(object, name, H5P_DEFAULT), type = -1, space = -1;
    int good = 0;

    if (a >= 0) {
        type = H5Aget_type(a);
        space = H5Aget_space(a);
        good = type >= 0 && space >= 0 && H5Tequal(type, file_type) > 0 &&
               H5Sget_simple_extent_npoints(space) == 1 && H5Aread(a, memory_type, out) >= 0;
    }
    H5E_BEGIN_TRY
    {
        H5Tclose(type);
        H5Sclose(space);
        H5Aclose(a);
    }
    H5E_END_TRY;
    return good;
}

/* text NULL: any text. */
static int is_text(hid_t object, const char *name, const char *text)
{
    hid_t a = H5Aopen(object, name, H5P_DEFAULT), type = -1, space = -1;
    char found[LONGEST + 1] = "";
    int good = 0;

    if (a >= 0) {
        type = H5Aget_type(a);
        space = H5Aget_space(a);
        good = type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING && !H5Tis_variable_str(type) &&
               H5Tget_size(type) <= LONGEST && H5Sget_simple_extent_npoints(space) == 1 &&
               H5Aread(a, type, found) >= 0 && (!text || !strcmp(found, text));
    }
    H5E_BEGIN_TRY
    {
        H5Tclose(type);
        H5Sclose(space);
        H5Aclose(a);
    }
    H5E_END_TRY;
    return good;
}

static int has(hid_t object, const char *name)
{
    return H5Aexists(object, name) > 0;
}

/* How many attributes there are, less those that the HDF5 library manages for axes. */
static int own_attributes(hid_t object)
{
    int managed = has(object, "REFERENCE_LIST") + has(object, "DIMENSION_LIST");
    H5O_info_t info;

    return H5Oget_info2(object, &info, H5O_INFO_NUM_ATTRS) < 0 ? -1 : (int)info.num_attrs - managed;
}

/* The name of the first attribute that is not as the table says; "" if all are. */
static const char *wrong_attribute(hid_t dataset, const struct store_dataset *d)
{
    int count = 1 + (d->unit[0] != 0) + (d->scale_factor != 0);
    double factor = 0;

    if (!is_text(dataset, "long_name", d->long_name))
        return "long_name";
    if (d->unit[0] && !is_text(dataset, "units", d->unit))
        return "units";
    if (d->scale_factor != 0 &&
        (!is_number(dataset, "scale_factor", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &factor) ||
         factor != d->scale_factor))
        return "scale_factor";
    if (d->scale) {
        count += 2;
        if (!is_text(dataset, "CLASS", "DIMENSION_SCALE"))
            return "CLASS";
        if (!is_text(dataset, "NAME", strrchr(d->path, '/') + 1))
            return "NAME";
    }
    if (!strcmp(d->path, "/gallery/palette")) {
        count += 4;
        if (!is_text(dataset, "CLASS", "PALETTE") || !is_text(dataset, "PAL_VERSION", "1.2") ||
            !is_text(dataset, "PAL_COLORMODEL", "RGB") || !is_text(dataset, "PAL_TYPE", "STANDARD8"))
            return "CLASS or PAL_...";
    }
    if (d->picture) {
        count += 4;
        if (!is_text(dataset, "CLASS", "IMAGE") || !is_text(dataset, "IMAGE_VERSION", "1.2") ||
            !is_text(dataset, "IMAGE_SUBCLASS", "IMAGE_INDEXED") || !has(dataset, "PALETTE"))
            return "CLASS, IMAGE_... or PALETTE";
    }
    return own_attributes(dataset) == count ? "" : "number of attributes";
}

/* Do axes hang on it, where the table has any? Which ones is in HDF5's global heap, the one place without a
 * checksum of its own: nothing here reads that. */
static int axes_hang(hid_t dataset, const struct store_dataset *d)
{
    for (int k = 0; k < d->rank; k++)
        if (d->axis[k][0] && strcmp(d->axis[k], d->path) && !has(dataset, "DIMENSION_LIST"))
            return 0;
    return 1;
}

/* Axes and colours follow from the layout. */
static status contents_good(const struct store_reader *r, int at, int *good)
{
    const struct store_view *view = store_reader_view(r);
    const struct store_dataset *d = &view->schema.dataset[at];
    void *expected = NULL, *found = NULL;
    status result = OK;

    *good = 1;
    TRY(store_own_contents(store_reader_layout(r), NULL, d, &expected));
    if (!expected)
        return OK;
    found = mem_alloc((size_t)d->dim[0], d->row_bytes);
    if (!found)
        result = FAIL(ERR_MEMORY, "no memory for %s", d->path);
    else if (store_view_read(view, at, 0, d->dim[0], found) != OK)
        *good = 0;
    else
        *good = !memcmp(found, expected, (size_t)d->dim[0] * d->row_bytes);
    mem_free(expected);
    mem_free(found);
    return result;
}

/* ---- /provenance, which nothing else in the file repeats: its last line is the sum of those before -------
 */

static const char seal_key[] = "provenance.crc32 = ";
enum { SEAL_LENGTH = sizeof seal_key - 1 + 8 + 1 };

static void write_seal(const char *text, size_t n, char line[SEAL_LENGTH + 1])
{
    snprintf(line, SEAL_LENGTH + 1, "%s%08" PRIx32 "\n", seal_key, hash_crc32(0, text, n));
}

status store_seal_text(const char *text, char **sealed)
{
    size_t n = strlen(text);

    MEM_TRY(*sealed, n + SEAL_LENGTH + 1, 1);
    memcpy(*sealed, text, n);
    write_seal(text, n, *sealed + n);
    return OK;
}

static status provenance_good(struct store_reader *r, int *good)
{
    const struct store_dataset *d = store_reader_find(r, "/provenance");
    char line[SEAL_LENGTH + 1];
    char *text = NULL;
    int64_t count;
    size_t n;

    *good = 0;
    if (!d || d->type != STORE_STRING || d->element < SEAL_LENGTH)
        return OK;
    if (store_read_all(r, "/provenance", STORE_STRING, STORE_LONGEST_TEXT, (void **)&text, &count) != OK)
        return error_last()->status == ERR_MEMORY ? ERR_MEMORY : OK;
    n = d->element - SEAL_LENGTH;
    write_seal(text, n, line);
    *good = count == 1 && !memcmp(text + n, line, SEAL_LENGTH);
    mem_free(text);
    return OK;
}

static int root_good(hid_t file, int expected)
{
    hid_t root = H5Gopen2(file, "/", H5P_DEFAULT);
    int version = 0;
    int good = root >= 0 && is_text(root, "title", NULL) && is_text(root, "Conventions", "CF-1.8") &&
               is_text(root, "quantcam_version", NULL) &&
               is_number(root, "schema_version", H5T_STD_I32LE, H5T_NATIVE_INT, &version) &&
               version == expected && own_attributes(root) == 4;

    if (root >= 0)
        H5Gclose(root);
    return good;
}

status store_check_form(struct store_reader *r, char *what, size_t size)
{
    const struct store_view *view = store_reader_view(r);
    struct store_schema known = { 0 };
    status result = OK;
    int good;

    what[0] = '\0';
    if (schema_expand(store_reader_layout(r), &known) != OK) {
        if (error_last()->status == ERR_MEMORY)
            return ERR_MEMORY;
        snprintf(what, size, "%s", error_last()->text);
        return OK;
    }
    if (!root_good(view->file, store_reader_layout(r)->version))
        snprintf(what, size, "the attributes of the root are not a result's");
    for (int d = 0; d < view->schema.count && !what[0]; d++) {
        const struct store_dataset *ds = &view->schema.dataset[d];
        const char *wrong;
        if (!schema_find(&known, ds->path)) {
            snprintf(what, size, "%s is not in the table of datasets", ds->path);
            break;
        }
        wrong = wrong_attribute(view->dataset[d], ds);
        if (wrong[0])
            snprintf(what, size, "%s: %s is not what the table says", ds->path, wrong);
        else if (!axes_hang(view->dataset[d], ds))
            snprintf(what, size, "%s: an axis is missing", ds->path);
        TRY_OUT(contents_good(r, d, &good));
        if (!good && !what[0])
            snprintf(what, size, "%s does not hold what its axis or palette is", ds->path);
    }
    if (!what[0]) {
        TRY_OUT(provenance_good(r, &good));
        if (!good)
            snprintf(what, size, "/provenance does not fit the sum in its last line");
    }
out:
    H5Eclear2(H5E_DEFAULT);
    schema_free(&known);
    return result;
}
