/* The last part of `verify`: selections, tables and gallery of a finished result, computed once more from its
 * rows, by the functions that wrote them, over a store that compares instead of writing. The selections are
 * found by sorting, not by select.c's histograms. Everything read here may be hostile. */
#include "local.h"

#include "metric.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_EXTENT = 65500, LONGEST_LINE = 4096 };

struct recheck {
    struct run run;
    struct job job;
    char *job_text, *provenance;
};

/* ---- texts --------------------------------------------------------------------------------------------- */

static status read_text(struct run *r, const char *path, char **out)
{
    const struct store_dataset *d = schema_find(store_schema(r->store), path);

    if (!d)
        return FAIL(ERR_FORMAT, "%s is absent", path);
    MEM_TRY(*out, d->element + 1, 1);
    return store_fetch(r->store, path, 0, 1, *out);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int parse_hash(const char *hex, uint8_t out[HASH_SIZE])
{
    if (strlen(hex) != 2 * HASH_SIZE)
        return 0;
    for (int i = 0; i < HASH_SIZE; i++) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return 0;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return 1;
}

/* /job's "section.key = value" lines as a job file; those of networks, precisions and data name no setting of
 * reduce. */
static status parse_job(struct recheck *a)
{
    struct text file = { .max = 1 << 20 };
    char section[64] = "";
    status result = OK;

    for (const char *line = a->job_text; *line;) {
        size_t length = strcspn(line, "\n"), n = strcspn(line, ".");
        int skipped =
            !strncmp(line, "network.", 8) || !strncmp(line, "data.", 5) || !strncmp(line, "precision.", 10);
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
    int64_t number[JOB_MAX_NETWORKS];
    char name[3 * STORE_NAME], hex[128];

    for (int i = 0; i < r->networks; i++)
        for (int p = 0; p < r->precisions; p++) {
            snprintf(name, sizeof name, "network.%s.%s.sha256", r->layout.network[i].name,
                     run_precision(r, p));
            if (!text_value(a->job_text, name, hex, sizeof hex) ||
                !parse_hash(hex, r->file_hash[i * RUN_FILES + 1 + p]))
                return FAIL(ERR_FORMAT, "/job has no hash %s", name);
        }
    for (int p = 0; p < r->precisions; p++) {
        static const char *const column[] = { "weights_bytes", "parameters", "macs" };
        for (size_t k = 0; k < COUNT_OF(column); k++) {
            snprintf(name, sizeof name, "/summary/accuracy/%s/%s", run_precision(r, p), column[k]);
            TRY(store_fetch(r->store, name, 0, r->networks, number));
            for (int i = 0; i < r->networks; i++) {
                struct run_network *n = &r->network[i];
                (k == 0 ? n->file_bytes : k == 1 ? n->parameters : n->macs)[p] = (uint64_t)number[i];
            }
        }
    }
    return OK;
}

static status read_pipelines(struct recheck *a)
{
    for (int i = 0; i < a->run.networks; i++) {
        const struct store_network *n = &a->run.layout.network[i];
        struct image_pipeline *p = &a->run.network[i].pipeline;
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

static status read_boxes(struct run *r)
{
    struct image_manifest *list = &r->list;
    size_t n = (size_t)list->count, boxes = (size_t)r->layout.boxes;
    int64_t *first = mem_alloc(n, sizeof *first);
    int32_t *count = mem_alloc(n, sizeof *count), *edge = mem_alloc(boxes, 4 * sizeof *edge);
    status result = OK;

    list->entry = mem_alloc(n, sizeof *list->entry);
    list->box = mem_alloc(boxes, sizeof *list->box);
    if (!first || !count || !edge || !list->entry || !list->box) {
        result = FAIL(ERR_MEMORY, "no memory for %zu images", n);
        goto out;
    }
    TRY_OUT(store_fetch(r->store, "/images/box_first", 0, list->count, first));
    TRY_OUT(store_fetch(r->store, "/images/box_count", 0, list->count, count));
    TRY_OUT(store_fetch(r->store, "/images/boxes", 0, list->boxes, edge));
    for (int i = 0; i < list->count; i++) {
        if (count[i] < 0 || first[i] < 0 || first[i] > list->boxes || count[i] > list->boxes - first[i])
            TRY_OUT(FAIL(ERR_FORMAT, "row %d of /images/box_first names boxes that are not there", i));
        list->entry[i].box_first = (int)first[i];
        list->entry[i].boxes = count[i];
    }
    for (int i = 0; i < list->boxes; i++)
        list->box[i] = (struct image_box){
            .x0 = edge[4 * i], .y0 = edge[4 * i + 1], .x1 = edge[4 * i + 2], .y1 = edge[4 * i + 3]
        };
out:
    mem_free(first);
    mem_free(count);
    mem_free(edge);
    return result;
}

/* Bad pictures; and no picture is larger than one can be. */
static status read_images(struct run *r)
{
    int64_t n = r->layout.images;
    uint8_t *row = mem_alloc((size_t)n, 1);
    int32_t *extent = mem_alloc((size_t)n, sizeof *extent);
    status result = row && extent ? OK : FAIL(ERR_MEMORY, "no memory for %lld images", (long long)n);

    if (result == OK)
        result = store_fetch(r->store, "/images/status", 0, n, row);
    for (int64_t i = 0; i < n && result == OK; i++)
        r->images_bad += row[i] == STORE_BAD_IMAGE;
    for (int k = 0; k < 2 && result == OK; k++) {
        const char *path = k ? "/images/height" : "/images/width";
        result = store_fetch(r->store, path, 0, n, extent);
        for (int64_t i = 0; i < n && result == OK; i++)
            if (extent[i] < 0 || extent[i] > LARGEST_EXTENT)
                result = FAIL(ERR_FORMAT, "row %lld of %s is no picture's", (long long)i, path);
    }
    mem_free(row);
    mem_free(extent);
    return result;
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
    int64_t n = r->layout.images, usable = 0, k, members = 0;
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/models/%s/status", r->layout.network[net].name);
    TRY(store_fetch(r->store, path, 0, n, c->usable));
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
    for (int64_t i = 0; i < n; i++) {
        int any = 0;
        for (int s = 0; s < r->layout.selections; s++)
            any |= c->member[i].in[s];
        if (any)
            c->member[members++] = c->member[i];
    }
    if (members > r->layout.subset)
        return FAIL(ERR_FORMAT, "the selections of %s have %lld members, there is room for %lld",
                    r->layout.network[net].name, (long long)members, (long long)r->layout.subset);
    return subset_write(r, net, c->member, members);
}

static status check_selections(struct run *r)
{
    size_t n = (size_t)r->layout.images;
    struct chosen c = { mem_alloc(n, 1), mem_alloc(n, sizeof *c.value), mem_alloc(n, sizeof *c.key),
                        mem_alloc(n, sizeof *c.sorted), mem_alloc(n, sizeof *c.member) };
    status result = c.usable && c.value && c.key && c.sorted && c.member
                        ? OK
                        : FAIL(ERR_MEMORY, "no memory for %zu images", n);

    for (int net = 0; net < r->networks && result == OK; net++)
        result = choose(r, net, &c);
    mem_free(c.usable);
    mem_free(c.value);
    mem_free(c.key);
    mem_free(c.sorted);
    mem_free(c.member);
    return result;
}

/* ---- histograms ---------------------------------------------------------------------------------------- */

/* The mean activations are in no row: of their histograms only what follows from the bins is checked, the
 * Dice coefficients, and that all hold the same number of values; the rest is taken as it is. */
enum { SETS = 1 + STORE_MAX_SELECTIONS };
static const char *const bin_kind[2] = { "own", "common" };

struct bins {
    int64_t images[SETS], count[STORE_MAX_PRECISIONS][2][SETS][HISTOGRAM_BINS];
};

/* Reads a row and hands it back. */
static status take_row(struct run *r, const char *path, int net, void *row)
{
    TRY(store_fetch(r->store, path, net, 1, row));
    return store_write(r->store, path, net, 1, row);
}

static status read_bins(struct run *r, int net, struct bins *h)
{
    double range[SETS];
    char path[STORE_PATH];

    TRY(take_row(r, "/summary/histogram/images", net, h->images));
    for (int p = 0; p < r->precisions; p++)
        for (int k = 0; k < 2; k++) {
            snprintf(path, sizeof path, "/summary/histogram/%s/%s", run_precision(r, p), bin_kind[k]);
            TRY(take_row(r, path, net, h->count[p][k]));
            snprintf(path, sizeof path, "/summary/histogram/%s/%s", run_precision(r, p), k ? "high" : "low");
            TRY(take_row(r, path, net, range));
        }
    return OK;
}

static status same_values(const struct run *r, const struct bins *h, int set)
{
    uint64_t values[STORE_MAX_PRECISIONS][2] = { 0 };

    for (int p = 0; p < r->precisions; p++)
        for (int k = 0; k < 2; k++) {
            for (int b = 0; b < HISTOGRAM_BINS; b++)
                values[p][k] += (uint64_t)h->count[p][k][set][b];
            if (values[p][k] != values[0][0])
                return FAIL(ERR_FORMAT,
                            "/summary/histogram/%s/%s holds another number of values than the others",
                            run_precision(r, p), bin_kind[k]);
        }
    return OK;
}

static status check_histogram(struct run *r, int net, struct bins *h)
{
    int sets = 1 + r->layout.selections;
    double dice[SETS] = { 0 };
    char path[STORE_PATH];

    TRY(read_bins(r, net, h));
    for (int s = 0; s < sets; s++)
        TRY(same_values(r, h, s));
    for (int p = 1; p < r->precisions; p++)
        for (int k = 0; k < 2; k++) {
            for (int s = 0; s < sets; s++)
                dice[s] = h->images[s] > 0 ? histogram_dice(h->count[0][k][s], h->count[p][k][s]) : 0;
            snprintf(path, sizeof path, "/summary/histogram/%s/dice_%s", run_precision(r, p), bin_kind[k]);
            TRY(store_write(r->store, path, net, 1, dice));
        }
    return OK;
}

static status check_histograms(struct run *r)
{
    struct bins *h = NULL;
    status result = OK;

    MEM_TRY(h, 1, sizeof *h);
    for (int net = 0; net < r->networks && result == OK; net++)
        result = check_histogram(r, net, h);
    mem_free(h);
    return result;
}

/* ---- all ----------------------------------------------------------------------------------------------- */

static status check_layout(const struct run *r)
{
    const struct store_layout *l = &r->layout;

    if (l->networks < 1 || l->networks > JOB_MAX_NETWORKS || l->selections < 1 || l->images > INT_MAX ||
        l->boxes > INT_MAX)
        return FAIL(ERR_FORMAT, "an extent is not one that this program writes");
    for (int i = 0; i < l->networks; i++)
        if (l->network[i].h < 1 || l->network[i].w < 1 || l->network[i].h > 1024 || l->network[i].w > 1024)
            return FAIL(ERR_FORMAT, "the CAM layer of %s has an extent of none", l->network[i].name);
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
    TRY(read_text(r, "/job", &a->job_text));
    TRY(read_text(r, "/provenance", &a->provenance));
    TRY(parse_job(a));
    TRY(read_pipelines(a));
    TRY(read_networks(a));
    TRY(read_boxes(r));
    TRY(read_images(r));
    TRY(check_selections(r));
    TRY(check_histograms(r));
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
    mem_free(a->run.list.entry);
    mem_free(a->run.list.box);
    mem_free(a->job_text);
    mem_free(a->provenance);
    mem_free(a);
    return result;
}
