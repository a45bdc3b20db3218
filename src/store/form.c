/* src/store/form.c: is a file what the table makes of its layout? */
#include "store_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 512 };

/* text NULL: any text. */
static int is_text(const struct h5_set *set, const char *name, const char *text)
{
    char found[LONGEST + 1];

    return h5_attribute_text(set, name, found, sizeof found) == OK && (!text || !strcmp(found, text));
}

/* How many attributes there are, less those that the HDF5 library manages for axes. */
static int64_t own_attributes(const struct h5_set *set)
{
    return h5_attributes(set) - h5_has(set, "REFERENCE_LIST") - h5_has(set, "DIMENSION_LIST");
}

/* The name of the first attribute that is not as the table says; "" if all are. */
static const char *wrong_attribute(const struct h5_set *set, const struct store_dataset *d)
{
    struct store_note note[STORE_MOST_NOTES];
    int notes = store_notes(d, note), count = notes + (d->scale_factor != 0) + 2 * d->scale + d->picture;
    double factor = 0;

    for (int i = 0; i < notes; i++)
        if (!is_text(set, note[i].name, note[i].text))
            return note[i].name;
    if (d->scale_factor != 0 &&
        (h5_attribute_read(set, "scale_factor", H5_F64, 1, &factor) != OK || factor != d->scale_factor))
        return "scale_factor";
    if (d->scale && !is_text(set, "CLASS", "DIMENSION_SCALE"))
        return "CLASS";
    if (d->scale && !is_text(set, "NAME", strrchr(d->path, '/') + 1))
        return "NAME";
    if (d->picture && !h5_has(set, "PALETTE"))
        return "PALETTE";
    return own_attributes(set) == count ? "" : "number of attributes";
}

/* Has the dataset a DIMENSION_LIST, where the table gives it axes? The list itself lies in HDF5's global
 * heap, the one place of the file without a checksum, and is not read. */
static int axes_hang(const struct h5_set *set, const struct store_dataset *d)
{
    for (int k = 0; k < d->rank; k++)
        if (d->axis[k][0] && strcmp(d->axis[k], d->path) && !h5_has(set, "DIMENSION_LIST"))
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
    char line[SEAL_LENGTH + 1], *text;
    size_t n;

    *good = 0;
    if (!d || d->element < SEAL_LENGTH || d->dim[0] != 1)
        return OK;
    if (store_read_text(r, "/provenance", 0, &text) != OK)
        return error_last()->status == ERR_MEMORY ? ERR_MEMORY : OK;
    n = d->element - SEAL_LENGTH;
    write_seal(text, n, line);
    *good = !memcmp(text + n, line, SEAL_LENGTH);
    mem_free(text);
    return OK;
}

static int root_good(const struct h5_file *file, int expected)
{
    struct h5_set root = h5_root(file);
    int32_t version = 0;

    return is_text(&root, "title", NULL) && is_text(&root, "Conventions", "CF-1.8") &&
           is_text(&root, "quantcam_version", NULL) &&
           h5_attribute_read(&root, "schema_version", H5_S32, 1, &version) == OK && version == expected &&
           own_attributes(&root) == 4;
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
    if (!root_good(&view->file, store_reader_layout(r)->version))
        snprintf(what, size, "the attributes of the root are not a result's");
    for (int d = 0; d < view->schema.count && !what[0]; d++) {
        const struct store_dataset *ds = &view->schema.dataset[d];
        const char *wrong;
        if (!schema_find(&known, ds->path)) {
            snprintf(what, size, "%s is not in the table of datasets", ds->path);
            break;
        }
        wrong = wrong_attribute(&view->set[d], ds);
        if (wrong[0])
            snprintf(what, size, "%s: %s is not what the table says", ds->path, wrong);
        else if (!axes_hang(&view->set[d], ds))
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
    schema_free(&known);
    return result;
}
