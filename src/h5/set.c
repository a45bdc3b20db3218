/* src/h5/set.c: datasets: opened, created, and their rows read and written. */
#include "h5_parts.h"

#include <errno.h>
#include <string.h>

/* ---- what a dataset is ---------------------------------------------------------------------------- */

static enum h5_kind kind_of(hid_t type)
{
    size_t size = H5Tget_size(type);

    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
        if (H5Tget_sign(type) == H5T_SGN_2)
            return size == 1   ? H5_S8
                   : size == 2 ? H5_S16
                   : size == 4 ? H5_S32
                   : size == 8 ? H5_S64
                               : H5_OTHER;
        return size == 1 ? H5_U8 : size == 4 ? H5_U32 : H5_OTHER;
    case H5T_FLOAT:
        return size == 4 ? H5_F32 : size == 8 ? H5_F64 : H5_OTHER;
    case H5T_ENUM:
        return size == 1 ? H5_NAMES_U8 : H5_OTHER;
    case H5T_STRING:
        return H5Tis_variable_str(type) == 0 ? H5_TEXT : H5_OTHER;
    default:
        return H5_OTHER;
    }
}

/* How rows lie in memory. HDF5 converts between byte orders, not between UTF-8 and ASCII. */
static hid_t memory_type(hid_t type, enum h5_kind kind)
{
    if (kind == H5_TEXT)
        return h5_type_text(H5Tget_size(type), H5T_STR_NULLPAD, H5Tget_cset(type));
    return kind == H5_OTHER || kind == H5_NAMES_U8 ? H5Tcopy(type)
                                                   : h5_type_make(&(struct h5_type){ .kind = kind });
}

static int read_shape(struct h5_set *set)
{
    hsize_t dim[H5S_MAX_RANK];

    set->rank = H5Sget_simple_extent_ndims(set->space);
    if (set->rank < 0 || H5Sget_simple_extent_dims(set->space, dim, NULL) < 0)
        return 0;
    for (int i = 0; i < set->rank && i < H5_MOST_AXES; i++)
        set->dim[i] = dim[i] > INT64_MAX ? INT64_MAX : (int64_t)dim[i];
    return 1;
}

static int describe(struct h5_set *set, const struct h5_type *as)
{
    hid_t type = H5Dget_type(set->id);

    if (type < 0)
        return 0;
    set->space = H5Dget_space(set->id);
    set->kind = kind_of(type);
    set->element = H5Tget_size(type);
    set->memory = as ? h5_type_make(as) : memory_type(type, set->kind);
    H5Tclose(type);
    return set->space >= 0 && set->memory >= 0 && read_shape(set);
}

status h5_set_open(const struct h5_file *file, const char *path, const struct h5_type *as, struct h5_set *set)
{
    *set = (struct h5_set){ .file = file->name, .path = path };
    set->id = H5Dopen2(file->id, path, H5P_DEFAULT);
    if (set->id > 0 && describe(set, as))
        return OK;
    status s = FAIL_H5(set->file, path, "cannot be opened");
    h5_set_close(set);
    return s;
}

int h5_set_is(const struct h5_set *set, const struct h5_type *type)
{
    hid_t expected = h5_type_make(type), found = H5Dget_type(set->id);
    int same = expected >= 0 && found >= 0 && H5Tequal(expected, found) > 0;

    h5_drop(expected);
    h5_drop(found);
    return same;
}

struct h5_place h5_set_place(const struct h5_set *set)
{
    struct h5_place place = { H5_ELSEWHERE, 0, H5Dget_storage_size(set->id) };
    hid_t list = H5Dget_create_plist(set->id);
    H5D_layout_t layout = list >= 0 ? H5Pget_layout(list) : H5D_LAYOUT_ERROR;
    haddr_t at = layout == H5D_CONTIGUOUS ? H5Dget_offset(set->id) : HADDR_UNDEF;

    if (layout == H5D_CHUNKED || layout == H5D_COMPACT ||
        (layout == H5D_CONTIGUOUS && H5Pget_external_count(list) == 0))
        place.how = H5_PIECES;
    if (place.how == H5_PIECES && at != HADDR_UNDEF) {
        place.how = H5_ONE_PIECE;
        place.at = at;
    }
    h5_drop(list);
    return place;
}

/* ---- creating, closing ---------------------------------------------------------------------------- */

/* Every group on the way to a dataset, without times. */
static status make_groups(const struct h5_file *file, const char *path)
{
    hid_t list = H5Pcreate(H5P_GROUP_CREATE);
    char part[512];
    status result = h5_plain_group(list) ? OK : FAIL_H5(file->name, path, "groups");

    for (const char *slash = strchr(path + 1, '/'); slash && result == OK; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        htri_t there = H5Lexists(file->id, part, H5P_DEFAULT);
        hid_t group = there == 0 ? H5Gcreate2(file->id, part, H5P_DEFAULT, list, H5P_DEFAULT) : -1;
        if (there < 0 || (there == 0 && group < 0))
            result = FAIL_H5(file->name, part, "this group cannot be made");
        h5_drop(group);
    }
    H5Pclose(list);
    return result;
}

/* Small datasets are written as fill values, large ones only reserved: an unwritten one reads as zeros all
 * the same. Without times. */
static hid_t creation_list(hid_t type, enum h5_fill fill)
{
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    int64_t minus_one = -1;

    if (list >= 0 &&
        (H5Pset_layout(list, H5D_CONTIGUOUS) < 0 || H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY) < 0 ||
         H5Pset_obj_track_times(list, 0) < 0 ||
         H5Pset_fill_time(list, fill == H5_UNFILLED ? H5D_FILL_TIME_NEVER : H5D_FILL_TIME_ALLOC) < 0 ||
         (fill == H5_MINUS_ONES && H5Pset_fill_value(list, type, &minus_one) < 0))) {
        H5Pclose(list);
        return -1;
    }
    return list;
}

status h5_set_create(const struct h5_file *file, const char *path, const struct h5_type *type, int rank,
                     const int64_t *dim, enum h5_fill fill, struct h5_set *set)
{
    hsize_t extent[H5_MOST_AXES];
    hid_t list;
    status result = OK;

    BUG_IF(rank > H5_MOST_AXES);
    *set = (struct h5_set){ .file = file->name, .path = path };
    for (int i = 0; i < rank; i++)
        extent[i] = (hsize_t)dim[i];
    TRY(make_groups(file, path));
    set->memory = h5_type_make(type);
    set->space = rank ? H5Screate_simple(rank, extent, NULL) : H5Screate(H5S_SCALAR);
    list = creation_list(set->memory, fill);
    if (set->memory >= 0 && set->space >= 0 && list >= 0)
        set->id = H5Dcreate2(file->id, path, set->memory, set->space, H5P_DEFAULT, list, H5P_DEFAULT);
    if (set->id < 0 || !read_shape(set))
        result = FAIL_H5(file->name, path, "cannot be created");
    set->kind = type->kind;
    set->element = set->memory >= 0 ? H5Tget_size(set->memory) : 0;
    h5_drop(list);
    if (result != OK)
        h5_set_close(set);
    return result;
}

status h5_set_finish(struct h5_set *set, status before)
{
    int failed = set->id > 0 && H5Dclose(set->id) < 0;

    if (set->space > 0)
        H5Sclose(set->space);
    if (set->memory > 0)
        H5Tclose(set->memory);
    set->id = set->space = set->memory = 0;
    return failed && before == OK ? FAIL_H5(set->file, set->path, "cannot be closed") : before;
}

void h5_set_close(struct h5_set *set)
{
    if (h5_set_finish(set, OK) != OK)
        log_detail("%s", error_last()->text);
}

/* ---- rows ----------------------------------------------------------------------------------------- */

/* Selects the rows in the file's space and makes the memory's. */
static status select_rows(const struct h5_set *set, int64_t first, int64_t count, hid_t *memory)
{
    hsize_t start[H5_MOST_AXES] = { (hsize_t)first }, extent[H5_MOST_AXES] = { (hsize_t)count };
    int64_t rows = set->rank ? set->dim[0] : 1;

    BUG_IF(set->rank > H5_MOST_AXES);
    if (first < 0 || count < 1 || first > rows || count > rows - first)
        return FAIL(ERR_RANGE, "%s: %s has no %lld rows from %lld on", set->file, set->path,
                    (long long)count, (long long)first);
    for (int i = 1; i < set->rank; i++)
        extent[i] = (hsize_t)set->dim[i];
    *memory = set->rank ? H5Screate_simple(set->rank, extent, NULL) : H5Screate(H5S_SCALAR);
    if (*memory >= 0 &&
        (!set->rank || H5Sselect_hyperslab(set->space, H5S_SELECT_SET, start, NULL, extent, NULL) >= 0))
        return OK;
    status s = FAIL_H5(set->file, set->path, "selecting rows");
    h5_drop(*memory);
    return s;
}

static status read_rows(const struct h5_set *set, hid_t type, int64_t first, int64_t count, void *out)
{
    hid_t memory;

    TRY(select_rows(set, first, count, &memory));
    status s = H5Dread(set->id, type, memory, set->space, H5P_DEFAULT, out) < 0
                   ? FAIL_H5(set->file, set->path, "reading")
                   : OK; /* before HDF5 forgets why */
    H5Sclose(memory);
    return s;
}

status h5_read(const struct h5_set *set, int64_t first, int64_t count, void *out)
{
    return read_rows(set, set->memory, first, count, out);
}

status h5_read_as(const struct h5_set *set, enum h5_kind kind, int64_t first, int64_t count, void *out)
{
    hid_t type = h5_type_make(&(struct h5_type){ .kind = kind });
    status s;

    if (type < 0)
        return FAIL_H5(set->file, set->path, "reading");
    s = read_rows(set, type, first, count, out);
    H5Tclose(type);
    return s;
}

status h5_write(const struct h5_set *set, int64_t first, int64_t count, const void *data)
{
    hid_t memory;
    status s = OK;

    TRY(select_rows(set, first, count, &memory));
    errno = 0; /* MPI-IO tells a full disk and a broken one apart in no other way */
    if (H5Dwrite(set->id, set->memory, memory, set->space, H5P_DEFAULT, data) < 0) {
        int why = errno; /* before HDF5 forgets why */
        s = FAIL_H5(set->file, set->path, "writing%s%s", why ? ": " : "", why ? strerror(why) : "");
    }
    H5Sclose(memory);
    return s;
}

/* ---- by path, one call each ----------------------------------------------------------------------- */

static int64_t rows_of(const struct h5_set *set)
{
    return set->rank ? set->dim[0] : 1;
}

status h5_add(const struct h5_file *file, const char *path, enum h5_kind kind, size_t size, int rank,
              const int64_t *dim)
{
    struct h5_set set;

    TRY(h5_set_create(file, path, &(struct h5_type){ kind, size, NULL }, rank, dim, H5_UNFILLED, &set));
    return h5_set_finish(&set, OK);
}

static status put(const struct h5_file *file, const char *path, const struct h5_type *as, int64_t row,
                  const void *data)
{
    struct h5_set set;

    TRY(h5_set_open(file, path, as, &set));
    return h5_set_finish(&set, h5_write(&set, row < 0 ? 0 : row, row < 0 ? rows_of(&set) : 1, data));
}

status h5_put(const struct h5_file *file, const char *path, int64_t row, const void *data)
{
    return put(file, path, NULL, row, data);
}

status h5_put_text(const struct h5_file *file, const char *path, int64_t row, const char *text)
{
    return put(file, path, &(struct h5_type){ H5_TEXT, strlen(text), NULL }, row, text);
}

status h5_get(const struct h5_file *file, const char *path, enum h5_kind kind, int64_t row, void *out)
{
    int64_t first = row < 0 ? 0 : row;
    struct h5_set set;

    TRY(h5_set_open(file, path, NULL, &set));
    int64_t count = row < 0 ? rows_of(&set) : 1;
    status s = set.rank > H5_MOST_AXES || (kind == H5_TEXT) != (set.kind == H5_TEXT)
                   ? FAIL(ERR_MISMATCH, "%s: %s has %d axes, or another type than is read", file->name, path,
                          set.rank)
               : kind == H5_TEXT ? h5_read(&set, first, count, out)
                                 : h5_read_as(&set, kind, first, count, out);
    h5_set_close(&set);
    return s;
}

status h5_shape(const struct h5_file *file, const char *path, int rank, int64_t dim[H5_MOST_AXES])
{
    struct h5_set set;

    TRY(h5_set_open(file, path, NULL, &set));
    memcpy(dim, set.dim, sizeof set.dim);
    h5_set_close(&set);
    return set.rank == rank
               ? OK
               : FAIL(ERR_MISMATCH, "%s: %s has %d axes, not %d", file->name, path, set.rank, rank);
}
