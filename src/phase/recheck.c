/* The last part of `verify`: selections, tables and gallery of a finished result, computed once more from its
 * rows, by the functions that wrote them, over a store that compares instead of writing. The selections are
 * found by sorting, not by select.c's histograms. Everything read here may be hostile. */
#include "local.h"

#include "store_verify.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_EXTENT = 65500, LONGEST_LINE = 4096 };

struct recheck {
    struct mem_set mem; /* of all that is read */
    struct run run;
    struct job job;
    char *job_text, *provenance;
};

/* ---- texts --------------------------------------------------------------------------------------------- */

static status read_text(struct recheck *a, const char *path, char **out)
{
    const struct store_dataset *d = schema_find(store_schema(a->run.store), path);

    if (!d)
        return FAIL(ERR_FORMAT, "%s is absent", path);
    MEM_TAKE(&a->mem, *out, d->element + 1, 1);
    return store_fetch(a->run.store, path, 0, 1, *out);
}

static int parse_hash(const char *hex, uint8_t out[HASH_SIZE])
{
    if (strlen(hex) != 2 * HASH_SIZE || strspn(hex, "0123456789abcdef") != 2 * HASH_SIZE)
        return 0;
    for (int i = 0; i < HASH_SIZE; i++)
        sscanf(hex + 2 * i, "%2hhx", &out[i]);
    return 1;
}

/* /job's "section.key = value" lines as a job file; those of networks, precisions and data name no setting of
 * reduce, and the version of the numbers is none. */
static status parse_job(struct recheck *a)
{
    struct text file = { .max = 1 << 20 };
    char section[64] = "";
    status result = OK;

    for (const char *line = a->job_text; *line;) {
        size_t length = strcspn(line, "\n"), n = strcspn(line, ".");
        int skipped = !strncmp(line, "network.", 8) || !strncmp(line, "data.", 5) ||
                      !strncmp(line, "precision.", 10) || !strncmp(line, "group.", 6) ||
                      !strncmp(line, "numerics.version ", 17);
        if (n >= length || n >= sizeof section || length > LONGEST_LINE)
            TRY_OUT(FAIL(ERR_FORMAT, "/job: a line is no setting"));
        if (!skipped && (strlen(section) != n || memcmp(section, line, n))) {
            snprintf(section, sizeof section, "%.*s", (int)n, line);
            TRY_OUT(text_add(&file, "[%s]\n", section));
        }
        if (!skipped)
            TRY_OUT(text_add(&file, "%.*s\n", (int)(length - n - 1), line + n + 1));
        line += length + (line[length] == '\n');
    }
    job_defaults(&a->job);
    TRY_OUT(option_read_text(job_table(), &a->job, "/job", file.data ? file.data : "", file.size));
out:
    text_free(&file);
    return result;
}

/* What the networks' files were is in /job; of them tables tell more than rows do, which is taken as it is.
 */
static status read_networks(struct recheck *a)
{
    struct run *r = &a->run;
    static const char *const column[] = { "weights_bytes", "parameters", "macs" };
    char name[3 * STORE_NAME], hex[128];
    int64_t number;

    for (int i = 0; i < r->networks; i++)
        for (int p = 0; p < r->precisions; p++) {
            struct run_network *n = &r->network[i];
            uint64_t *const to[] = { &n->file_bytes[p], &n->parameters[p], &n->macs[p] };

            snprintf(name, sizeof name, "network.%s.%s.sha256", r->layout.network[i].name,
                     run_precision(r, p));
            if (!text_value(a->job_text, name, hex, sizeof hex) ||
                !parse_hash(hex, r->file_hash[i * RUN_FILES + 1 + p]))
                return FAIL(ERR_FORMAT, "/job has no hash %s", name);
            for (size_t k = 0; k < COUNT_OF(to); k++) {
                snprintf(name, sizeof name, "/summary/accuracy/%s/%s", run_precision(r, p), column[k]);
                TRY(store_fetch(r->store, name, i, 1, &number));
                *to[k] = (uint64_t)number;
            }
        }
    return OK;
}

static status read_pipelines(struct recheck *a)
{
    for (int i = 0; i < a->run.networks; i++) {
        const struct store_network *n = &a->run.layout.network[i];
        struct image_pipeline *p = &a->run.network[i].pipeline[0];
        char key[STORE_NAME + 24], text[IMAGE_PIPELINE_TEXT] = "";

        snprintf(key, sizeof key, "network.%s.pipeline", n->name);
        (void)text_value(a->provenance, key, text, sizeof text);
        if (image_pipeline_read(text, p) != OK)
            return error_prefix(ERR_FORMAT, "/provenance: %s", key);
        if (p->height != n->input_h || p->width != n->input_w)
            return FAIL(ERR_FORMAT, "/provenance: %s is of another size than /models/%s/y and x", key,
                        n->name);
    }
    return OK;
}

/* ---- the list ------------------------------------------------------------------------------------------ */

static status read_boxes(struct recheck *a)
{
    struct run *r = &a->run;
    struct image_manifest *list = &r->list;
    size_t n = (size_t)list->count, boxes = (size_t)r->layout.boxes;
    int64_t *first;
    int32_t *count, *edge;

    MEM_TAKE(&a->mem, first, n, sizeof *first);
    MEM_TAKE(&a->mem, count, n, sizeof *count);
    MEM_TAKE(&a->mem, edge, boxes, 4 * sizeof *edge);
    MEM_TAKE(&a->mem, list->entry, n, sizeof *list->entry);
    MEM_TAKE(&a->mem, list->box, boxes, sizeof *list->box);
    TRY(store_fetch(r->store, "/images/box_first", 0, list->count, first));
    TRY(store_fetch(r->store, "/images/box_count", 0, list->count, count));
    TRY(store_fetch(r->store, "/images/boxes", 0, list->boxes, edge));
    for (int i = 0; i < list->count; i++) {
        if (count[i] < 0 || first[i] < 0 || first[i] > list->boxes || count[i] > list->boxes - first[i])
            return FAIL(ERR_FORMAT, "row %d of /images/box_first names boxes that are not there", i);
        list->entry[i].box_first = (int)first[i];
        list->entry[i].boxes = count[i];
    }
    for (int i = 0; i < list->boxes; i++)
        list->box[i] = (struct image_box){
            .x0 = edge[4 * i], .y0 = edge[4 * i + 1], .x1 = edge[4 * i + 2], .y1 = edge[4 * i + 3]
        };
    return OK;
}

/* Bad pictures; and no picture is larger than one can be. */
static status read_images(struct recheck *a)
{
    static const char *const path[] = { "/images/width", "/images/height" };
    struct run *r = &a->run;
    int64_t n = r->layout.images;
    int32_t *extent;
    uint8_t *row;

    MEM_TAKE(&a->mem, row, (size_t)n, 1);
    MEM_TAKE(&a->mem, extent, (size_t)n, sizeof *extent);
    TRY(store_fetch(r->store, "/images/status", 0, n, row));
    for (int64_t i = 0; i < n; i++)
        r->images_bad += row[i] == STORE_BAD_IMAGE;
    for (size_t k = 0; k < COUNT_OF(path); k++) {
        TRY(store_fetch(r->store, path[k], 0, n, extent));
        for (int64_t i = 0; i < n; i++)
            if (extent[i] < 0 || extent[i] > LARGEST_EXTENT)
                return FAIL(ERR_FORMAT, "row %lld of %s is no picture's", (long long)i, path[k]);
    }
    return OK;
}

/* ---- selections ---------------------------------------------------------------------------------------- */

struct keyed {
    uint32_t key;
    int64_t image;
};

static int larger_first(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;

    return x->key != y->key ? (x->key < y->key ? 1 : -1) : (x->image > y->image) - (x->image < y->image);
}

struct chosen {
    uint8_t *usable; /* (N) */
    float *value;
    uint32_t *key;
    struct keyed *sorted;
    struct subset_member *member; /* (N) */
};

static status choose(struct run *r, int net, struct chosen *c)
{
    int64_t n = r->layout.images, usable = 0, k, members;

    TRY(run_fetch(r, net, 0, n, c->usable, "status"));
    for (int64_t i = 0; i < n; i++) {
        usable += c->usable[i] == STORE_OK;
        c->member[i] = (struct subset_member){ .image = i };
    }
    k = job_subset_size(r->job->fraction, usable);
    for (int s = 0; s < r->layout.selections; s++) {
        int64_t m = 0;
        TRY(subset_keys(r, net, s, 0, n, c->value, c->key));
        for (int64_t i = 0; i < n; i++)
            if (c->usable[i] == STORE_OK)
                c->sorted[m++] = (struct keyed){ c->key[i], i };
        qsort(c->sorted, (size_t)m, sizeof *c->sorted, larger_first);
        for (int64_t i = 0; i < k; i++)
            c->member[c->sorted[i].image].in[s] = 1;
        r->threshold[net][s] =
            k > 0 && !subset_is_control(r, s) ? (double)select_value(c->sorted[k - 1].key) : 0;
    }
    members = subset_pack(r, c->member, n);
    if (members > r->layout.subset)
        return FAIL(ERR_FORMAT, "the selections of %s have %lld members, there is room for %lld",
                    r->layout.network[net].name, (long long)members, (long long)r->layout.subset);
    return subset_write(r, net, c->member, members);
}

static status check_selections(struct recheck *a)
{
    size_t n = (size_t)a->run.layout.images;
    struct chosen c;

    MEM_TAKE(&a->mem, c.usable, n, 1);
    MEM_TAKE(&a->mem, c.value, n, sizeof *c.value);
    MEM_TAKE(&a->mem, c.key, n, sizeof *c.key);
    MEM_TAKE(&a->mem, c.sorted, n, sizeof *c.sorted);
    MEM_TAKE(&a->mem, c.member, n, sizeof *c.member);
    for (int net = 0; net < a->run.networks; net++)
        TRY(choose(&a->run, net, &c));
    return OK;
}

/* ---- histograms ---------------------------------------------------------------------------------------- */

/* The mean activations are in no row: of their histograms only what follows from the bins is checked, the
 * Dice coefficients, and that all hold the same number of values; the rest is taken as it is. */
static status read_bins(struct run *r, int net, struct average_bins *b)
{
    char path[STORE_PATH];

    TRY(store_fetch(r->store, "/summary/histogram/images", net, 1, b->images));
    for (int p = 0; p < r->precisions; p++) {
        const struct {
            const char *name;
            void *row;
        } column[] = { { "own", b->of[p].own },
                       { "common", b->of[p].common },
                       { "low", b->of[p].low },
                       { "high", b->of[p].high } };

        for (size_t k = 0; k < COUNT_OF(column); k++) {
            snprintf(path, sizeof path, "/summary/histogram/%s/%s", run_precision(r, p), column[k].name);
            TRY(store_fetch(r->store, path, net, 1, column[k].row));
        }
    }
    return OK;
}

static uint64_t values_of(const int64_t bins[HISTOGRAM_BINS])
{
    uint64_t sum = 0;

    for (int k = 0; k < HISTOGRAM_BINS; k++)
        sum += (uint64_t)bins[k];
    return sum;
}

static status check_values(const struct run *r, int net, const struct average_bins *b)
{
    for (int s = 0; s <= r->layout.selections; s++)
        for (int p = 0; p < r->precisions; p++)
            for (int k = 0; k < 2 && store_layers_alike(&r->layout, net, p, 0); k++)
                if (values_of(k ? b->of[p].common[s] : b->of[p].own[s]) != values_of(b->of[0].own[s]))
                    return FAIL(ERR_FORMAT,
                                "/summary/histogram/%s/%s holds another number of values than the others",
                                run_precision(r, p), k ? "common" : "own");
    return OK;
}

static status check_histograms(struct recheck *a)
{
    struct average_bins *b;

    MEM_TAKE(&a->mem, b, 1, sizeof *b);
    for (int net = 0; net < a->run.networks; net++) {
        TRY(read_bins(&a->run, net, b));
        TRY(check_values(&a->run, net, b));
        TRY(average_write(&a->run, net, b));
    }
    return OK;
}

/* ---- all ----------------------------------------------------------------------------------------------- */

static status check_layout(const struct run *r)
{
    const struct store_layout *l = &r->layout;

    if (l->networks < 1 || l->networks > JOB_MAX_NETWORKS || l->selections < 1 || l->images > INT_MAX ||
        l->boxes > INT_MAX)
        return FAIL(ERR_FORMAT, "an extent is not one that this program writes");
    for (int i = 0; i < l->networks; i++)
        for (int p = 0; p < l->precisions; p++) {
            struct store_layer n = store_layer(l, i, p);

            if (n.h < 1 || n.w < 1 || n.h > 1024 || n.w > 1024)
                return FAIL(ERR_FORMAT, "the CAM layer of %s has an extent of none", l->network[i].name);
        }
    return OK;
}

static status recheck(struct recheck *a)
{
    struct run *r = &a->run;

    r->layout = *store_recheck_layout(r->store);
    r->networks = r->layout.networks;
    r->precisions = r->layout.precisions;
    memcpy(r->precision, r->layout.precision, sizeof r->precision);
    r->job = &a->job;
    r->list.count = (int)r->layout.images;
    r->list.boxes = (int)r->layout.boxes;
    TRY(check_layout(r));
    TRY(read_text(a, "/job", &a->job_text));
    TRY(read_text(a, "/provenance", &a->provenance));
    TRY(parse_job(a));
    TRY(read_pipelines(a));
    TRY(read_networks(a));
    TRY(read_boxes(a));
    TRY(read_images(a));
    TRY(check_selections(a));
    TRY(check_histograms(a));
    TRY(sensitivity_check(r));
    TRY(reduce_tables(r));
    return pictures_draw(r);
}

status phase_recheck(const char *out, char *what, size_t size)
{
    struct recheck *a = NULL;
    status result;

    what[0] = '\0';
    MEM_TRY(a, 1, sizeof *a);
    result = store_recheck_open(out, &a->run.store);
    if (result != OK) {
        mem_free(a);
        return result;
    }
    result = recheck(a);
    if (result == OK)
        store_recheck_result(a->run.store, what, size);
    if (result == ERR_FORMAT || result == ERR_MISSING || result == ERR_RANGE || result == ERR_USAGE) {
        snprintf(what, size, "%s", error_last()->text); /* the file's fault: a verdict */
        result = OK;
    }
    store_recheck_close(&a->run.store);
    mem_drop(&a->mem);
    mem_free(a);
    return result;
}
