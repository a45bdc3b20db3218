/* src/h5/attribute.c: attributes and dimension scales. Read only where type and size are what is expected:
 * nothing of the file decides how much. */
#include "h5_parts.h"

#include <hdf5_hl.h>
#include <string.h>

struct h5_set h5_root(const struct h5_file *file)
{
    return (struct h5_set){ .file = file->name, .path = "/", .id = file->id };
}

/* ---- reading -------------------------------------------------------------------------------------- */

/* An open attribute; all -1 where there is none. */
struct attribute {
    hid_t id, type;
    int64_t values;
};

static struct attribute look(hid_t id)
{
    struct attribute a = { id, id < 0 ? -1 : H5Aget_type(id), -1 };
    hid_t space = id < 0 ? -1 : H5Aget_space(id);

    if (space >= 0) {
        a.values = H5Sget_simple_extent_npoints(space);
        H5Sclose(space);
    }
    return a;
}

static void leave(const struct attribute *a)
{
    h5_drop(a->type);
    h5_drop(a->id);
    H5Eclear2(H5E_DEFAULT);
}

/* One text of a fixed size below `size`, whatever its letters are called. */
static int read_text(const struct attribute *a, char *out, size_t size)
{
    hid_t as = -1;
    int good = a->type >= 0 && H5Tget_class(a->type) == H5T_STRING && H5Tis_variable_str(a->type) == 0 &&
               H5Tget_size(a->type) < size && a->values == 1;

    memset(out, 0, size);
    if (good)
        as = h5_type_text(size, H5T_STR_NULLTERM, H5Tget_cset(a->type));
    good = good && as >= 0 && H5Aread(a->id, as, out) >= 0;
    h5_drop(as);
    return good;
}

int h5_has(const struct h5_set *set, const char *name)
{
    return H5Aexists(set->id, name) > 0;
}

int64_t h5_attributes(const struct h5_set *set)
{
    H5O_info_t info;

    return H5Oget_info2(set->id, &info, H5O_INFO_NUM_ATTRS) < 0 ? -1 : (int64_t)info.num_attrs;
}

status h5_attribute_read(const struct h5_set *set, const char *name, enum h5_kind kind, int64_t count,
                         void *out)
{
    struct attribute a = look(H5Aopen(set->id, name, H5P_DEFAULT));
    hid_t type = h5_type_make(&(struct h5_type){ .kind = kind });
    int good = type >= 0 && a.type >= 0 && a.values == count && H5Tequal(a.type, type) > 0;
    status s = !good ? FAIL(ERR_FORMAT, "attribute %s is not %lld values of the type that is expected", name,
                            (long long)count)
               : H5Aread(a.id, type, out) < 0 ? FAIL_H5(set->file, set->path, "attribute %s", name)
                                              : OK;

    h5_drop(type);
    leave(&a);
    return s;
}

status h5_attribute_text(const struct h5_set *set, const char *name, char *out, size_t size)
{
    struct attribute a = look(H5Aopen(set->id, name, H5P_DEFAULT));
    int good = read_text(&a, out, size);

    leave(&a);
    return good ? OK : FAIL(ERR_FORMAT, "attribute %s is no text below %zu bytes", name, size);
}

status h5_attribute_at(const struct h5_set *set, int64_t i, char *name, size_t name_size, char *out,
                       size_t size)
{
    struct attribute a = look(
        H5Aopen_by_idx(set->id, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, (hsize_t)i, H5P_DEFAULT, H5P_DEFAULT));
    ssize_t length = a.id < 0 ? -1 : H5Aget_name(a.id, name_size, name);
    int good = length >= 0 && (size_t)length < name_size && read_text(&a, out, size);

    leave(&a);
    return good ? OK
                : FAIL(ERR_FORMAT, "attribute number %lld is no text below %zu bytes", (long long)i, size);
}

/* ---- writing -------------------------------------------------------------------------------------- */

static status write(const struct h5_set *set, const char *name, hid_t type, int64_t count, const void *values)
{
    hsize_t extent = (hsize_t)count;
    hid_t space = count ? H5Screate_simple(1, &extent, NULL) : H5Screate(H5S_SCALAR);
    hid_t a = type >= 0 && space >= 0 ? H5Acreate2(set->id, name, type, space, H5P_DEFAULT, H5P_DEFAULT) : -1;
    int good = a >= 0 && H5Awrite(a, type, values) >= 0;

    good = (a < 0 || H5Aclose(a) >= 0) && good;
    status s = good ? OK : FAIL_H5(set->file, set->path, "attribute %s cannot be written", name);
    h5_drop(space);
    return s;
}

static status write_as(const struct h5_set *set, const char *name, const struct h5_type *as, int64_t count,
                       const void *values)
{
    hid_t type = h5_type_make(as);
    status s = write(set, name, type, count, values);

    h5_drop(type);
    return s;
}

status h5_attribute_write(const struct h5_set *set, const char *name, enum h5_kind kind, int64_t count,
                          const void *values)
{
    return write_as(set, name, &(struct h5_type){ .kind = kind }, count, values);
}

status h5_attribute_write_text(const struct h5_set *set, const char *name, enum h5_kind kind,
                               const char *text)
{
    return write_as(set, name, &(struct h5_type){ kind, strlen(text) + (kind != H5_TEXT), NULL }, 0, text);
}

status h5_attribute_refer(const struct h5_set *set, const char *name, const struct h5_file *file,
                          const char *path)
{
    hobj_ref_t to;

    if (H5Rcreate(&to, file->id, path, H5R_OBJECT, -1) < 0)
        return FAIL_H5(set->file, set->path, "attribute %s cannot name %s", name, path);
    return write(set, name, H5T_STD_REF_OBJ, 1, &to);
}

/* ---- axes ----------------------------------------------------------------------------------------- */

status h5_axis_make(const struct h5_set *set)
{
    const char *slash = strrchr(set->path, '/');

    return H5DSset_scale(set->id, slash ? slash + 1 : set->path) < 0
               ? FAIL_H5(set->file, set->path, "cannot become an axis")
               : OK;
}

status h5_axis_attach(const struct h5_set *set, int k, const struct h5_file *file, const char *axis)
{
    hid_t scale = H5Dopen2(file->id, axis, H5P_DEFAULT);
    status s = scale >= 0 && H5DSattach_scale(set->id, scale, (unsigned)k) >= 0
                   ? OK
                   : FAIL_H5(set->file, set->path, "the axis %s cannot be attached", axis);

    h5_drop(scale);
    return s;
}
