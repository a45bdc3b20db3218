#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5_hl.h>
#include <string.h>
#include <unistd.h>

/* ---- contents at creation -------------------------------------------------------------------------- */

const void *store_plan_contents(const struct store_plan *plan, const char *path)
{
    for (int i = 0; i < plan->initials; i++)
        if (!strcmp(plan->initial[i].path, path))
            return plan->initial[i].data;
    return NULL;
}

static void fill_names(const struct store_layout *l, const struct store_dataset *d, char *out)
{
    static const char *const readings[STORE_READINGS] = { "raw", "resolved", "aligned" };
    static const char *const statistics[STORE_STATISTICS] = { "median", "q1", "q3", "mean" };
    static const char *const rules[STORE_RULES] = { "t0.15", "t0.20", "t0.50", "otsu", "best" };
    static const char *const signs[STORE_SIGNS] = { "resolved", "raw" };
    static const char *const trivials[STORE_TRIVIALS] = { "frame", "centred", "gauss" };
    static const char *const edges[STORE_EDGES] = { "x0", "y0", "x1", "y1" };
    static const char *const criteria[STORE_CRITERIA] = { "single50", "any30", "any50", "any70" };

    for (int64_t i = 0; i < d->dim[0]; i++) {
        const char *name;
        if (!strcmp(d->path, "/network"))
            name = l->network[i].name;
        else if (!strcmp(d->path, "/precision"))
            name = l->precision[i].name;
        else if (!strcmp(d->path, "/method"))
            name = l->method[i];
        else if (!strcmp(d->path, "/measure"))
            name = l->measure[i].name;
        else if (!strcmp(d->path, "/measures/kind"))
            name = schema_kind_name(l->measure[i].kind);
        else if (!strcmp(d->path, "/measures/unit"))
            name = l->measure[i].unit;
        else if (!strcmp(d->path, "/measures/meaning"))
            name = l->measure[i].meaning;
        else if (!strcmp(d->path, "/set"))
            name = i == 0 ? "all" : l->selection[i - 1];
        else if (!strcmp(d->path, "/rule"))
            name = rules[i];
        else if (!strcmp(d->path, "/sign"))
            name = signs[i];
        else if (!strcmp(d->path, "/trivial"))
            name = trivials[i];
        else if (!strcmp(d->path, "/edge"))
            name = edges[i];
        else if (!strcmp(d->path, "/criterion"))
            name = criteria[i];
        else
            name = !strcmp(d->path, "/reading") ? readings[i] : statistics[i];
        memcpy(out + (size_t)i * d->element, name, strlen(name));
    }
}

/* /models/{net}/{coded}/activation_scale and _zero_point: 1 if d is one of them. */
static int fill_unit(const struct store_layout *l, const struct store_dataset *d, void *out)
{
    const struct store_network *n = d->network < 0 ? NULL : &l->network[d->network];
    char path[STORE_PATH];

    for (int p = 0; n && p < l->precisions; p++) {
        snprintf(path, sizeof path, "/models/%s/%s/activation_scale", n->name, l->precision[p].name);
        if (!strcmp(d->path, path)) {
            memcpy(out, &n->q[p].scale, sizeof n->q[p].scale);
            return 1;
        }
        snprintf(path, sizeof path, "/models/%s/%s/activation_zero_point", n->name, l->precision[p].name);
        if (!strcmp(d->path, path)) {
            memcpy(out, &(int32_t){ n->q[p].zero_point }, sizeof(int32_t));
            return 1;
        }
    }
    return 0;
}

status store_own_contents(const struct store_layout *layout, const struct store_plan *plan,
                          const struct store_dataset *d, void **data)
{
    const char *text = !plan                             ? NULL
                       : !strcmp(d->path, "/job")        ? plan->job
                       : !strcmp(d->path, "/provenance") ? plan->provenance
                                                         : NULL;

    uint8_t unit[sizeof(double)];
    /* The networks' own numbers do not follow from what a file says of itself. */
    int is_unit = plan && fill_unit(layout, d, unit);
    int is_list = !strncmp(d->path, "/measures/", 10);

    *data = NULL;
    if (d->group != STORE_FIXED ||
        (!d->scale && !text && !is_unit && !is_list && strcmp(d->path, "/gallery/palette")))
        return OK;
    MEM_TRY(*data, (size_t)d->dim[0], d->row_bytes);
    if (is_unit)
        memcpy(*data, unit, d->row_bytes);
    else if (text)
        memcpy(*data, text, strnlen(text, d->element));
    else if (!d->scale && !is_list)
        palette_jet((uint8_t (*)[3]) * data);
    else if (d->type == STORE_STRING)
        fill_names(layout, d, *data);
    else
        for (int64_t i = 0; i < d->dim[0]; i++) {
            if (d->type == STORE_S64)
                ((int64_t *)*data)[i] = i;
            else
                ((int32_t *)*data)[i] = (int32_t)i;
        }
    return OK;
}

/* ---- attributes ------------------------------------------------------------------------------------ */

static herr_t write_attribute(hid_t object, const char *name, hid_t type, hid_t space, const void *data)
{
    hid_t a = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    herr_t e = a < 0 ? -1 : H5Awrite(a, type, data);

    if (a >= 0 && H5Aclose(a) < 0)
        e = -1;
    return e;
}

static herr_t write_text(hid_t object, const char *name, const char *text)
{
    hid_t type = store_h5_file_type(STORE_STRING, strlen(text) ? strlen(text) : 1),
          space = H5Screate(H5S_SCALAR);
    herr_t e = type < 0 || space < 0 ? -1 : write_attribute(object, name, type, space, text);

    H5Tclose(type);
    H5Sclose(space);
    return e;
}

static herr_t write_number(hid_t object, const char *name, hid_t file_type, hid_t memory_type,
                           const void *value)
{
    hid_t space = H5Screate(H5S_SCALAR),
          a = H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    herr_t e = a < 0 ? -1 : H5Awrite(a, memory_type, value);

    if (a >= 0 && H5Aclose(a) < 0)
        e = -1;
    H5Sclose(space);
    return e;
}

/* As HDF5's Image convention wants its texts: H5IMis_image knows NUL-terminated ones only. */
static herr_t write_terminated(hid_t object, const char *name, const char *text)
{
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    herr_t e = type < 0 || space < 0 || H5Tset_size(type, strlen(text) + 1) < 0
                   ? -1
                   : write_attribute(object, name, type, space, text);

    H5Tclose(type);
    H5Sclose(space);
    return e;
}

/* HDF5's Image and Palette conventions, by hand: the library's own calls store times. */
static herr_t write_picture_attributes(hid_t file, hid_t dataset, const struct store_dataset *d)
{
    hobj_ref_t palette;
    hid_t space;
    herr_t e;

    if (!strcmp(d->path, "/gallery/palette"))
        return write_terminated(dataset, "CLASS", "PALETTE") < 0 ||
                       write_terminated(dataset, "PAL_VERSION", "1.2") < 0 ||
                       write_terminated(dataset, "PAL_COLORMODEL", "RGB") < 0 ||
                       write_terminated(dataset, "PAL_TYPE", "STANDARD8") < 0
                   ? -1
                   : 0;
    if (!d->picture)
        return 0;
    if (write_terminated(dataset, "CLASS", "IMAGE") < 0 ||
        write_terminated(dataset, "IMAGE_VERSION", "1.2") < 0 ||
        write_terminated(dataset, "IMAGE_SUBCLASS", "IMAGE_INDEXED") < 0 ||
        H5Rcreate(&palette, file, "/gallery/palette", H5R_OBJECT, -1) < 0)
        return -1;
    space = H5Screate_simple(1, (hsize_t[]){ 1 }, NULL);
    e = write_attribute(dataset, "PALETTE", H5T_STD_REF_OBJ, space, &palette);
    H5Sclose(space);
    return e;
}

static status write_attributes(hid_t dataset, const char *path, const struct store_dataset *d)
{
    if (write_text(dataset, "long_name", d->long_name) < 0 ||
        (d->unit[0] && write_text(dataset, "units", d->unit) < 0) ||
        (d->scale_factor != 0 &&
         write_number(dataset, "scale_factor", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &d->scale_factor) < 0))
        return FAIL_H5("%s: attributes of %s", path, d->path);
    return OK;
}

static status write_root(hid_t file, const char *path, const struct store_plan *plan)
{
    int version = plan->layout.version ? plan->layout.version : STORE_SCHEMA_VERSION;
    hid_t root = H5Gopen2(file, "/", H5P_DEFAULT);
    int good = root >= 0 && write_text(root, "title", plan->title ? plan->title : "quantcam") >= 0 &&
               write_text(root, "Conventions", "CF-1.8") >= 0 &&
               write_text(root, "quantcam_version", plan->version ? plan->version : "unknown") >= 0 &&
               write_number(root, "schema_version", H5T_STD_I32LE, H5T_NATIVE_INT, &version) >= 0;

    if (root >= 0)
        H5Gclose(root);
    return good ? OK : FAIL_H5("%s: attributes of the root", path);
}

/* ---- objects --------------------------------------------------------------------------------------- */

/* Groups keep their links in their header: HDF5 1.10 frees memory twice where the heap of a large group is
 * damaged. */
static herr_t plain_group(hid_t list)
{
    return H5Pset_link_phase_change(list, 32768, 0) < 0 || H5Pset_obj_track_times(list, 0) < 0 ? -1 : 0;
}

/* Every group on the way to a dataset, without times. */
static status make_groups(hid_t file, const char *path, const char *dataset)
{
    char part[STORE_PATH];
    hid_t list = H5Pcreate(H5P_GROUP_CREATE);
    status result = plain_group(list) < 0 ? FAIL_H5("%s: groups", path) : OK;

    for (const char *slash = strchr(dataset + 1, '/'); slash && result == OK;
         slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - dataset), dataset);
        htri_t there = H5Lexists(file, part, H5P_DEFAULT);
        hid_t group = there == 0 ? H5Gcreate2(file, part, H5P_DEFAULT, list, H5P_DEFAULT) : -1;
        if (there < 0 || (there == 0 && group < 0))
            result = FAIL_H5("%s: group %s", path, part);
        if (group >= 0)
            H5Gclose(group);
    }
    H5Pclose(list);
    return result;
}

/* Small datasets are written as fill values, large ones only reserved: an unwritten one reads as zeros all
 * the same. */
static hid_t creation_list(const struct store_dataset *d, hid_t type)
{
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    int64_t minus_one = -1;
    int small = d->type == STORE_STATUS || d->initial != 0;

    if (list < 0 || H5Pset_layout(list, H5D_CONTIGUOUS) < 0 ||
        H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY) < 0 || H5Pset_obj_track_times(list, 0) < 0 ||
        H5Pset_fill_time(list, small ? H5D_FILL_TIME_ALLOC : H5D_FILL_TIME_NEVER) < 0 ||
        (d->initial == -1 && H5Pset_fill_value(list, type, &minus_one) < 0)) {
        H5Pclose(list);
        return -1;
    }
    return list;
}

static status make_dataset(hid_t file, const char *path, const struct store_plan *plan,
                           const struct store_layout *layout, const struct store_dataset *d)
{
    hsize_t dim[STORE_MAX_RANK];
    hid_t type = -1, memory = -1, space = -1, list = -1, dataset = -1;
    status result = OK;
    void *own = NULL;
    const void *data;

    BUG_IF(d->initial != 0 && d->type != STORE_S64);
    for (int i = 0; i < d->rank; i++)
        dim[i] = (hsize_t)d->dim[i];
    TRY_OUT(make_groups(file, path, d->path));
    type = store_h5_file_type(d->type, d->element);
    memory = store_h5_memory_type(d->type, d->element);
    space = H5Screate_simple(d->rank, dim, NULL);
    list = creation_list(d, memory);
    if (type >= 0 && memory >= 0 && space >= 0 && list >= 0)
        dataset = H5Dcreate2(file, d->path, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    if (dataset < 0) {
        result = FAIL_H5("%s: creating %s", path, d->path);
        goto out;
    }
    TRY_OUT(write_attributes(dataset, path, d));
    if (d->scale && H5DSset_scale(dataset, strrchr(d->path, '/') + 1) < 0) {
        result = FAIL_H5("%s: axis %s", path, d->path);
        goto out;
    }
    TRY_OUT(store_own_contents(layout, plan, d, &own));
    data = own ? own : store_plan_contents(plan, d->path);
    if (d->group == STORE_FIXED && !data)
        result = FAIL(ERR_MISSING, "%s: nobody gave the contents of %s", path, d->path);
    else if (data && H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        result = FAIL_H5("%s: writing %s", path, d->path);
out:
    mem_free(own);
    if (dataset >= 0 && H5Dclose(dataset) < 0 && result == OK)
        result = FAIL_H5("%s: closing %s", path, d->path);
    H5Pclose(list);
    H5Sclose(space);
    H5Tclose(memory);
    H5Tclose(type);
    return result;
}

/* The axes come before the pictures' attributes: H5DSattach_scale leaks a handle where it finds another CLASS
 * than its own. */
static status attach_axes(hid_t file, const char *path, const struct store_schema *schema)
{
    for (int i = 0; i < schema->count; i++) {
        const struct store_dataset *d = &schema->dataset[i];
        hid_t dataset = H5Dopen2(file, d->path, H5P_DEFAULT);
        int good = dataset >= 0;
        for (int k = 0; k < d->rank && good; k++) {
            if (!d->axis[k][0])
                continue;
            hid_t axis = H5Dopen2(file, d->axis[k], H5P_DEFAULT);
            good = axis >= 0 && H5DSattach_scale(dataset, axis, (unsigned)k) >= 0;
            if (axis >= 0)
                H5Dclose(axis);
        }
        good = good && write_picture_attributes(file, dataset, d) >= 0;
        if (dataset >= 0)
            H5Dclose(dataset);
        if (!good)
            return FAIL_H5("%s: the axes of %s", path, d->path);
    }
    return OK;
}

static status create_file(const char *path, hid_t *out)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), creation = H5Pcreate(H5P_FILE_CREATE), file = -1;

    /* V18, not later: a superblock without the "not closed" flag that a kill would leave set (spec 3). */
    /* SEMI: closing fails where a handle is still open, instead of going on behind our back. */
    if (H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_SEMI) >= 0 && H5Pset_alignment(access, 4096, 4096) >= 0 &&
        plain_group(creation) >= 0)
        file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
    status s = file < 0 ? FAIL_H5("%s cannot be created", path) : OK;
    H5Pclose(access);
    H5Pclose(creation);
    *out = file;
    return s;
}

static status fill_file(const char *path, const struct store_schema *schema, const struct store_plan *plan,
                        const struct store_layout *layout)
{
    status result = OK;
    hid_t file;

    TRY(create_file(path, &file));
    TRY_OUT(write_root(file, path, plan));
    for (int i = 0; i < schema->count; i++) {
        TRY_OUT(comm_signal_status());
        TRY_OUT(make_dataset(file, path, plan, layout, &schema->dataset[i]));
        comm_alive();
    }
    TRY_OUT(attach_axes(file, path, schema));
out:
    /* HDF5 1.10 crashes over a file whose close has failed: flush first, and then rather leave its handle
     * open. */
    if (H5Fflush(file, H5F_SCOPE_LOCAL) < 0 || H5Fclose(file) < 0) {
        if (result == OK)
            result = FAIL_H5("%s: closing", path);
        comm_skip_finalize();
    }
    return result;
}

status store_create(const char *path, const struct store_schema *schema, const struct store_plan *plan)
{
    char creating[STORE_FILE_NAME];
    status result = OK;
    int fd = -1;

    if (snprintf(creating, sizeof creating, "%s.creating", path) >= (int)sizeof creating)
        return FAIL(ERR_RANGE, "%s: the path is too long", path);
    if (unlink(creating) != 0 && errno != ENOENT)
        return FAIL(ERR_IO, "%s: %s", creating, strerror(errno));
    TRY(place_check_room(path, creating, (double)schema_bytes(schema)));
    TRY_OUT(fill_file(creating, schema, plan, &plan->layout));
    fd = open(creating, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        result = FAIL(ERR_IO, "%s: %s", creating, strerror(errno));
        goto out;
    }
    TRY_OUT(place_reserve(creating, fd));
    TRY_OUT(place_sync(creating, fd, PLACE_WHOLE));
    if (rename(creating, path) != 0) {
        result = FAIL(ERR_IO, "%s: %s", creating, strerror(errno));
        goto out;
    }
    TRY_OUT(place_sync_folder(path));
out:
    if (fd >= 0)
        close(fd);
    if (result != OK)
        unlink(creating);
    return result;
}
