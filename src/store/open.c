/* src/store/open.c: a result opened for those who read: its layout from its axes, its datasets in the table's
 * order. */
#include "schema_table.h"
#include "store_internal.h"

#include <string.h>
#include <unistd.h>

enum { LONGEST_CHECKSUMS = 64 << 20 };

/* ---- its layout, and what the table says of it ----------------------------------------------------- */

static int64_t rows_of(const struct store_schema *s, const char *path)
{
    const struct store_dataset *d = schema_find(s, path);

    return d ? d->dim[0] : 0;
}

static status read_names(struct store_reader *r, const char *path, int skip, char *names, size_t stride,
                         int most, int *count)
{
    int64_t n = rows_of(&r->view.schema, path) - skip;

    *count = 0;
    if (n < 0 || n > most)
        return FAIL(ERR_FORMAT, "%s: %s has %lld names", r->view.path, path, (long long)n);
    /* They become parts of paths, of files that a report writes too. */
    for (int64_t i = 0; i < n; i++) {
        char *name = names + (size_t)i * stride;
        TRY(store_read_string(r, path, i + skip, name, STORE_NAME));
        if (!schema_name_good(name))
            return FAIL(ERR_FORMAT, "%s: '%s' in %s is no name", r->view.path, name, path);
    }
    *count = (int)n;
    return OK;
}

/* Axes of their own have the precisions whose CAM layer has other extents than the first's. */
static void read_layers(const struct store_schema *s, const struct store_layout *l, struct store_network *n)
{
    char path[2 * STORE_PATH];

    for (int p = 1; p < l->precisions; p++) {
        struct store_layer *o = &n->other[p];
        const struct {
            const char *axis;
            int *extent;
        } axes[] = { { "channel", &o->channels }, { "cam_y", &o->h }, { "cam_x", &o->w } };

        for (size_t i = 0; i < COUNT_OF(axes); i++) {
            snprintf(path, sizeof path, "/models/%s/%s_%s", n->name, axes[i].axis, l->precision[p].name);
            *axes[i].extent = (int)rows_of(s, path);
        }
    }
}

static void read_network(const struct store_schema *s, struct store_network *n)
{
    const struct { const char *axis; int *extent;
    } axes[] = {
        { "class", &n->classes }, { "channel", &n->channels }, { "cam_y", &n->h },      { "cam_x", &n->w },
        { "y", &n->input_h },     { "x", &n->input_w },        { "layer", &n->layers },
    };
    char path[STORE_PATH + 16];

    for (size_t i = 0; i < COUNT_OF(axes); i++) {
        snprintf(path, sizeof path, "/models/%s/%s", n->name, axes[i].axis);
        *axes[i].extent = (int)rows_of(s, path);
    }
}

static status read_precisions(struct store_reader *r)
{
    struct store_layout *l = &r->layout;
    int32_t bits[STORE_OPERANDS] = { 0 };
    char form[STORE_NAME];

    TRY(read_names(r, "/precision", 0, l->precision[0].name, sizeof l->precision[0], STORE_MAX_PRECISIONS,
                   &l->precisions));
    for (int p = 0; p < l->precisions; p++) {
        struct store_precision *to = &l->precision[p];

        TRY(store_read_string(r, "/precision_form", p, form, sizeof form));
        if (!store_form_find(form, &to->form))
            return FAIL(ERR_FORMAT, "%s: '%s' in /precision_form is no form", r->view.path, form);
        TRY(store_read(r, "/precision_bits", STORE_S32, p, 1, bits, sizeof bits));
        to->weight_bits = bits[0];
        to->activation_bits = bits[1];
    }
    return OK;
}

static status read_groups(struct store_reader *r)
{
    struct store_layout *l = &r->layout;
    uint8_t member[STORE_MAX_NETWORKS];

    TRY(read_names(r, "/group", 0, l->group[0].name, sizeof l->group[0], STORE_MAX_GROUPS, &l->groups));
    for (int g = 0; g < l->groups; g++) {
        TRY(store_read(r, "/group_member", STORE_U8, g, 1, member, (size_t)l->networks));
        for (int i = 0; i < l->networks; i++)
            l->group[g].member |= (uint32_t)(member[i] != 0) << i;
    }
    return OK;
}

static status read_measures(struct store_reader *r)
{
    struct store_layout *l = &r->layout;
    char kind[STORE_NAME];
    TRY(read_names(r, "/measure", 0, l->measure[0].name, sizeof l->measure[0], STORE_MAX_MEASURES,
                   &l->measures));
    for (int m = 0; m < l->measures; m++) {
        struct store_measure *to = &l->measure[m];
        TRY(store_read_string(r, "/measures/unit", m, to->unit, sizeof to->unit));
        TRY(store_read_string(r, "/measures/meaning", m, to->meaning, sizeof to->meaning));
        TRY(store_read_string(r, "/measures/kind", m, kind, sizeof kind));
        if (!schema_kind_find(kind, &to->kind))
            return FAIL(ERR_FORMAT, "%s: '%s' in /measures/kind is no kind of measure", r->view.path, kind);
    }
    return OK;
}

/* The dataset that a path of the table is at a place; NULL where it is absent. */
static const struct store_dataset *find_at(const struct store_reader *r, const char *template,
                                           const struct schema_place *at)
{
    char path[STORE_PATH];

    if (!schema_expand_text(&r->layout, at, template, path, sizeof path))
        return NULL;
    return schema_find(&r->view.schema, path);
}

/* What there is of the first network and precision, there is of all. */
static void find_parts(const struct store_reader *r, struct store_layout *l)
{
    const struct schema_place first = { 0 }, other = { .prec = 1 };
    const struct store_dataset *place = find_at(r, "/models/{net}/subset/place", &first);

    l->subset = place ? place->dim[0] : 0;
    l->subset_maps = find_at(r, "/models/{net}/subset/{prec}/cam_u8", &first) != NULL;
    l->truths = schema_truths(&r->view.schema);
    l->step_logits = find_at(r, "/models/{net}/subset/{prec}/deletion_logits", &first) != NULL;
    l->cross = l->precisions > 1 &&
               find_at(r, "/models/{net}/subset/{base}/deletion_curve_on_{other}", &other) != NULL;
    l->activations =
        find_at(r, "/models/{net}/{prec}/activation", &first)          ? STORE_ACTIVATIONS_FULL
        : find_at(r, "/models/{net}/subset/{prec}/activation", &first) ? STORE_ACTIVATIONS_SUBSET
                                                                       : STORE_ACTIVATIONS_MEAN;
    for (struct schema_place at = { 0 };
         l->pictures < STORE_MAX_PICTURES && find_at(r, "/gallery/{net}_top{pic}_{prec}", &at); at.pic++)
        l->pictures++;
}

/* A file without /network is somebody else's: no layout, no problem. */
static status read_layout(struct store_reader *r)
{
    const struct store_schema *s = &r->view.schema;
    struct store_layout *l = &r->layout;
    const struct store_dataset *paths = schema_find(s, "/images/path"),
                               *names = schema_find(s, "/images/class_name");
    const struct store_dataset *job = schema_find(s, "/job"), *provenance = schema_find(s, "/provenance");

    if (!schema_find(s, "/network") || !job || !paths)
        return OK;
    TRY(read_names(r, "/network", 0, l->network[0].name, sizeof l->network[0], STORE_MAX_NETWORKS,
                   &l->networks));
    TRY(read_precisions(r));
    TRY(read_groups(r));
    TRY(read_names(r, "/set", 1, l->selection[0], STORE_NAME, STORE_MAX_SELECTIONS, &l->selections));
    TRY(read_names(r, "/method", 0, l->method[0], STORE_NAME, STORE_MAX_METHODS, &l->methods));
    TRY(read_names(r, "/map", 0, l->map[0], STORE_NAME, STORE_MAX_MAPS, &l->maps));
    TRY(read_measures(r));
    for (int i = 0; i < l->networks; i++) {
        read_network(s, &l->network[i]);
        read_layers(s, l, &l->network[i]);
    }
    l->images = rows_of(s, "/image");
    l->boxes = rows_of(s, "/images/boxes");
    l->path_length = (int)paths->element;
    l->class_names = (int)rows_of(s, "/images/class_name");
    l->class_name_length = names ? (int)names->element : 0;
    l->job_length = (int)job->element;
    l->provenance_length = provenance ? (int)provenance->element : 0;
    l->steps = schema_find(s, "/step") ? (int)rows_of(s, "/step") - 1 : 0;
    l->road = schema_find(s, "/percentile") != NULL;
    l->removal = schema_find(s, "/removed") != NULL;
    l->sensitivity = l->networks > 0 && l->network[0].layers > 0;
    find_parts(r, l);
    return OK;
}

/* The table's datasets first, in the table's order, then what else there is. */
static status merge(struct store_reader *r, const struct store_schema *found, struct store_schema *out)
{
    struct store_schema known = { 0 };
    int n = 0;

    if (schema_expand(&r->layout, &known) != OK) {
        snprintf(r->problem, sizeof r->problem, "%.380s", error_last()->text);
        memset(&known, 0, sizeof known);
    }
    out->dataset = mem_alloc((size_t)found->count, sizeof *out->dataset);
    if (!out->dataset) {
        schema_free(&known);
        return FAIL(ERR_MEMORY, "no memory for %d datasets", found->count);
    }
    for (int i = 0; i < known.count; i++) {
        const struct store_dataset *k = &known.dataset[i], *f = schema_find(found, k->path);
        if (f && store_same_form(k, f))
            out->dataset[n++] = *k;
        else if (!r->problem[0])
            snprintf(r->problem, sizeof r->problem, "%s %s", k->path,
                     f ? "has another shape or type" : "is absent");
    }
    out->count = n;
    for (int i = 0; i < found->count; i++)
        if (!schema_find(out, found->dataset[i].path))
            out->dataset[n++] = found->dataset[i];
    out->count = n;
    for (int i = 0; i < n; i++) {
        struct store_dataset *d = &out->dataset[i];
        const struct store_dataset *k = schema_find(&known, d->path);
        d->field = d->path + (k ? k->field - k->path : 0);
    }
    schema_free(&known);
    return OK;
}

/* ---- opening --------------------------------------------------------------------------------------- */

/* `s` is why OUT could not be opened: where it is only not finished, that is said. */
static status not_finished(const char *path, status s)
{
    char target[STORE_FILE_NAME], part[STORE_FILE_NAME + 8];

    if (s != ERR_MISSING || store_follow(path, target, sizeof target) != OK)
        return s;
    snprintf(part, sizeof part, "%s.part", target);
    if (access(part, F_OK) == 0)
        return FAIL(
            ERR_MISSING,
            "%s: not finished yet: `quantcam verify` says how far %s is, and the command that began it "
            "goes on",
            path, part);
    return s;
}

static status read_closing(struct store_reader *r)
{
    const struct store_dataset *sums = store_reader_find(r, "/checksums");
    uint8_t complete[1] = { 0 };

    if (store_reader_find(r, "/complete"))
        TRY(store_read(r, "/complete", STORE_U8, 0, 1, complete, sizeof complete));
    r->complete = complete[0] == 1;
    /* A line a dataset: more would make every look-up long. */
    if (!sums || sums->type != STORE_STRING || sums->dim[0] > r->view.schema.count)
        return OK;
    TRY(store_read_all(r, "/checksums", STORE_STRING, LONGEST_CHECKSUMS, (void **)&r->checksums,
                       &r->checksum_rows));
    r->checksum_bytes = sums->element;
    return OK;
}

static status open_all(struct store_reader *r)
{
    struct store_schema merged = { 0 };

    TRY(store_list(&r->view.file, &r->view.schema));
    TRY(store_view_open(&r->view, 0));
    TRY(read_layout(r));
    if (r->layout.networks > 0) {
        /* Again, in the table's order: rows are checked field by field in it. */
        status s = merge(r, &r->view.schema, &merged);
        store_view_forget(&r->view);
        r->view.schema = merged;
        TRY(s);
        TRY(store_view_open(&r->view, 0));
    }
    MEM_TRY(r->good, (size_t)r->view.schema.count, 1);
    return read_closing(r);
}

int store_reads_version(int version)
{
    return version == STORE_SCHEMA_VERSION;
}

/* A result of another version is sound where it was made: it must not be called damaged. What has no version
 * at all is judged by its datasets. */
static status check_version(const char *path, const struct h5_file *file, int *version)
{
    struct h5_set root = h5_root(file);
    int32_t found;

    if (h5_has(&root, "schema_version") &&
        h5_attribute_read(&root, "schema_version", H5_S32, 1, &found) == OK)
        *version = found;
    if (store_reads_version(*version))
        return OK;
    h5_trouble_note("another version");
    return FAIL(ERR_FORMAT,
                "%s has schema version %d, and this program reads version %d: the quantcam that made it "
                "reads it",
                path, *version, STORE_SCHEMA_VERSION);
}

static status open_file(struct store_reader *r, int *version)
{
    status s = h5_open(r->view.path, r->view.path, H5_READ, &r->view.file);

    if (s != OK)
        return not_finished(r->view.path, s);
    TRY(check_version(r->view.path, &r->view.file, version));
    r->layout.version = *version;
    return open_all(r);
}

status store_open_version(const char *path, int checked, int *version, struct store_reader **out)
{
    struct store_reader *r;
    status s;

    *out = NULL;
    *version = STORE_SCHEMA_VERSION;
    MEM_TRY(r, 1, sizeof *r);
    h5_trouble_start();
    r->checked = checked;
    snprintf(r->view.path, sizeof r->view.path, "%s", path);
    s = open_file(r, version);
    if (s != OK)
        store_close_read(r);
    else
        *out = r;
    return s;
}

status store_open_read(const char *path, int checked, struct store_reader **out)
{
    int version;

    return store_open_version(path, checked, &version, out);
}

void store_close_read(struct store_reader *r)
{
    if (!r)
        return;
    h5_trouble_end();
    if (store_view_close(&r->view) != OK)
        log_detail("%s", error_last()->text);
    mem_free(r->good);
    mem_free(r->checksums);
    mem_free(r);
}
