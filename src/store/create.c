/* src/store/create.c: makes the whole file of a job, serially, and gives it its name when it is on the disk.
 */
#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
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
    static const char *const statistics[STORE_STATISTICS] = { "median", "q1", "q3", "mean" };
    static const char *const rules[STORE_RULES] = { "t0.15", "t0.20", "t0.50", "otsu", "best" };
    static const char *const signs[STORE_SIGNS] = { "aligned", "raw" };
    static const char *const trivials[STORE_TRIVIALS] = { "frame", "centred", "gauss" };
    static const char *const edges[STORE_EDGES] = { "x0", "y0", "x1", "y1" };
    static const char *const orders[STORE_ORDERS] = { "most", "least" };
    static const char *const operands[STORE_OPERANDS] = { "weights", "outputs" };
    static const char *const states[STORE_STATES] = { "none",     "there",      "other_size", "zero",
                                                      "constant", "not_finite", "unreadable" };
    static const char *const criteria[STORE_CRITERIA] = { "single50", "any30", "any50", "any70" };

    for (int64_t i = 0; i < d->dim[0]; i++) {
        const char *name;
        if (!strcmp(d->path, "/network"))
            name = l->network[i].name;
        else if (!strcmp(d->path, "/group"))
            name = l->group[i].name;
        else if (!strcmp(d->path, "/precision"))
            name = l->precision[i].name;
        else if (!strcmp(d->path, "/precision_form"))
            name = store_form_name(l->precision[i].form);
        else if (!strcmp(d->path, "/operand"))
            name = operands[i];
        else if (!strcmp(d->path, "/method"))
            name = l->method[i];
        else if (!strcmp(d->path, "/map"))
            name = l->map[i];
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
        else if (!strcmp(d->path, "/relevant"))
            name = orders[i];
        else if (!strcmp(d->path, "/truth_state"))
            name = states[i];
        else if (!strcmp(d->path, "/criterion"))
            name = criteria[i];
        else
            name = statistics[i];
        memcpy(out + (size_t)i * d->element, name, strlen(name));
    }
}

static void fill_bits(const struct store_layout *l, int32_t *out)
{
    for (int p = 0; p < l->precisions; p++) {
        out[STORE_OPERANDS * p] = l->precision[p].weight_bits;
        out[STORE_OPERANDS * p + 1] = l->precision[p].activation_bits;
    }
}

static void fill_members(const struct store_layout *l, uint8_t *out)
{
    for (int g = 0; g < l->groups; g++)
        for (int i = 0; i < l->networks; i++)
            out[g * l->networks + i] = l->group[g].member >> i & 1;
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
    int is_list = !strncmp(d->path, "/measures/", 10) || !strcmp(d->path, "/precision_form");
    int is_members = !strcmp(d->path, "/group_member");
    int is_bits = !strcmp(d->path, "/precision_bits"), is_palette = !strcmp(d->path, "/gallery/palette");

    *data = NULL;
    if (d->group != STORE_FIXED ||
        !(d->scale || text || is_unit || is_list || is_bits || is_members || is_palette))
        return OK;
    MEM_TRY(*data, (size_t)d->dim[0], d->row_bytes);
    if (is_unit)
        memcpy(*data, unit, d->row_bytes);
    else if (text)
        memcpy(*data, text, strnlen(text, d->element));
    else if (is_bits)
        fill_bits(layout, *data);
    else if (is_members)
        fill_members(layout, *data);
    else if (is_palette)
        palette_jet((uint8_t (*)[3]) * data);
    else if (d->type == STORE_STRING)
        fill_names(layout, d, *data);
    else
        for (int64_t i = 0; i < d->dim[0]; i++) {
            if (d->type == STORE_S64)
                ((int64_t *)*data)[i] = i;
            else
                ((int32_t *)*data)[i] = (int32_t)(!strcmp(d->path, "/percentile") ? 10 * (i + 1)
                                                 : !strcmp(d->path, "/removed")  ? 10 * i
                                                                                 : i);
        }
    return OK;
}

/* ---- objects --------------------------------------------------------------------------------------- */

/* HDF5's own calls for pictures store times: their texts are written by hand, after the axes, since attaching
 * leaks a handle where it finds another CLASS than its own. */
static status write_notes(const struct h5_set *set, const struct store_dataset *d, int ascii)
{
    struct store_note note[STORE_MOST_NOTES];
    int notes = store_notes(d, note);

    for (int i = 0; i < notes; i++)
        if (note[i].ascii == ascii)
            TRY(h5_attribute_write_text(set, note[i].name, ascii ? H5_ASCII_ENDED : H5_TEXT, note[i].text));
    return OK;
}

static status write_root(const struct h5_file *file, const struct store_plan *plan)
{
    struct h5_set root = h5_root(file);
    int32_t version = plan->layout.version ? plan->layout.version : STORE_SCHEMA_VERSION;

    TRY(h5_attribute_write_text(&root, "title", H5_TEXT, plan->title ? plan->title : "quantcam"));
    TRY(h5_attribute_write_text(&root, "Conventions", H5_TEXT, "CF-1.8"));
    TRY(h5_attribute_write_text(&root, "quantcam_version", H5_TEXT,
                                plan->version ? plan->version : "unknown"));
    return h5_attribute_write(&root, "schema_version", H5_S32, 0, &version);
}

static status fill_dataset(const struct h5_set *set, const struct store_plan *plan,
                           const struct store_dataset *d)
{
    status result = OK;
    void *own = NULL;
    const void *data;

    TRY(write_notes(set, d, 0));
    if (d->scale_factor != 0)
        TRY(h5_attribute_write(set, "scale_factor", H5_F64, 0, &d->scale_factor));
    if (d->scale)
        TRY(h5_axis_make(set));
    TRY(store_own_contents(&plan->layout, plan, d, &own));
    data = own ? own : store_plan_contents(plan, d->path);
    if (d->group == STORE_FIXED && !data)
        result = FAIL(ERR_MISSING, "%s: nobody gave the contents of %s", set->file, d->path);
    else if (data)
        result = h5_write(set, 0, d->dim[0], data);
    mem_free(own);
    return result;
}

/* Small datasets are written when they are made, large ones only reserved: an unwritten one reads as zeros
 * all the same. */
static status make_dataset(const struct h5_file *file, const struct store_plan *plan,
                           const struct store_dataset *d)
{
    struct h5_type type = store_view_type(d->type, d->element);
    enum h5_fill fill = d->initial == -1                             ? H5_MINUS_ONES
                        : d->type == STORE_STATUS || d->initial != 0 ? H5_ZEROS
                                                                     : H5_UNFILLED;
    struct h5_set set;

    BUG_IF(d->initial != 0 && d->type != STORE_S64);
    TRY(h5_set_create(file, d->path, &type, d->rank, d->dim, fill, &set));
    return h5_set_finish(&set, fill_dataset(&set, plan, d));
}

static status attach_axes(const struct h5_file *file, const struct store_dataset *d)
{
    status result = OK;
    struct h5_set set;

    TRY(h5_set_open(file, d->path, NULL, &set));
    for (int k = 0; k < d->rank && result == OK; k++)
        if (d->axis[k][0])
            result = h5_axis_attach(&set, k, file, d->axis[k]);
    if (result == OK)
        result = write_notes(&set, d, 1);
    if (result == OK && d->picture)
        result = h5_attribute_refer(&set, "PALETTE", file, "/gallery/palette");
    return h5_set_finish(&set, result);
}

static status fill_file(const struct h5_file *file, const struct store_schema *schema,
                        const struct store_plan *plan)
{
    TRY(write_root(file, plan));
    for (int i = 0; i < schema->count; i++) {
        TRY(comm_signal_status());
        TRY(make_dataset(file, plan, &schema->dataset[i]));
        comm_alive();
    }
    for (int i = 0; i < schema->count; i++)
        TRY(attach_axes(file, &schema->dataset[i]));
    return OK;
}

static status make_file(const char *path, const struct store_schema *schema, const struct store_plan *plan)
{
    struct h5_file file;
    status result;

    TRY(h5_create(path, path, &(struct h5_form){ .alignment = 4096 }, &file));
    result = h5_close(&file, fill_file(&file, schema, plan));
    if (file.id < 0)
        comm_skip_finalize();
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
    TRY_OUT(make_file(creating, schema, plan));
    fd = open(creating, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        TRY_OUT(FAIL(ERR_IO, "%s: %s", creating, strerror(errno)));
    TRY_OUT(place_reserve(creating, fd));
    TRY_OUT(place_sync(creating, fd, PLACE_WHOLE));
    if (rename(creating, path) != 0)
        TRY_OUT(FAIL(ERR_IO, "%s: %s", creating, strerror(errno)));
    TRY_OUT(place_sync_folder(path));
out:
    if (fd >= 0)
        close(fd);
    if (result != OK)
        unlink(creating);
    return result;
}
