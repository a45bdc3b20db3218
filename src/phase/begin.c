/* src/phase/begin.c: from a job to its result file: the layout, what is written at creation, begin or
 * resume. */
#include "from.h"
#include "local.h"
#include "match.h"

#include "metric_table.h"
#include "probe_attribution.h"

#include <string.h>

enum { TEXT_MAX = 4 << 20 };

/* ---- layout -------------------------------------------------------------------------------------------- */

/* A reading of each precision that selects, then the control; one precision alone has the control alone. */
static status name_selections(const struct job *job, struct store_layout *l)
{
    for (int i = 0; i < STORE_READINGS; i++)
        for (int p = 1; p < l->precisions; p++)
            if ((job->select_by >> i & 1) && (job->selecting >> p & 1) &&
                snprintf(l->selection[l->selections++], STORE_NAME, "%s_%s", subset_reading(i),
                         l->precision[p].name) >= STORE_NAME)
                return FAIL(ERR_RANGE, "precision %s: the name is too long for a selection's",
                            l->precision[p].name);
    snprintf(l->selection[l->selections++], STORE_NAME, "control");
    return OK;
}

/* Maps beside EigenCAM's, by the methods that the job names. */
static void name_methods(const struct job *job, struct store_layout *l)
{
    for (int m = 0; m < CAM_METHODS; m++)
        if (m != CAM_EIGEN && (job->methods >> m & 1))
            snprintf(l->method[l->methods++], STORE_NAME, "%s", cam_method_name((enum cam_method)m));
}

/* Picture-sized maps of the selected pictures. */
static void name_maps(const struct job *job, struct store_layout *l)
{
    for (int m = 0; m < ATTRIBUTIONS; m++)
        if (job->attribution.methods >> m & 1)
            snprintf(l->map[l->maps++], STORE_NAME, "%s", attribution_name((enum attribution)m));
}

static enum store_measure_kind kind_of(const struct measure *m, int cross)
{
    switch (m->of) {
    case MEASURE_ONE:
        return m->needs & MEASURE_CODES ? STORE_MEASURE_CODES : STORE_MEASURE_ONE;
    case MEASURE_PAIR:
        return STORE_MEASURE_PAIR;
    case MEASURE_RANDOM:
        return STORE_MEASURE_RANDOM;
    case MEASURE_TRUTH:
        return m->needs & MEASURE_SHARE ? STORE_MEASURE_ANSWER : STORE_MEASURE_TRUTH;
    default:
        if (m->needs & MEASURE_ROAD && !strcmp(m->from, m->name))
            return STORE_MEASURE_ROAD;
        return cross && m->needs & MEASURE_CROSS ? STORE_MEASURE_CROSSED : STORE_MEASURE_CURVE;
    }
}

/* How many of a measure this job has: of maps one for EigenCAM's, each method's, each picture-sized one. */
static int times_of(const struct job *job, const struct store_layout *l, const struct measure *m)
{
    int further = l->methods + l->maps;

    if ((m->needs & MEASURE_ROAD && !l->road) || (m->needs & MEASURE_INPUT && !job->input_map) ||
        (m->needs & MEASURE_REMOVED && !l->removal))
        return 0;
    if (m->of == MEASURE_RANDOM)
        return job->explain_randomise > 0 ? 1 + l->methods : 0;
    if (m->needs & MEASURE_MAPS)
        return 1 + further;
    return m->needs & MEASURE_METHOD ? further : m->of == MEASURE_CURVE ? l->steps > 0 : 1;
}

/* The measures of the table that this job has. */
static void name_measures(const struct job *job, struct store_layout *l)
{
    for (const struct measure *m = measure_table; m->name; m++)
        for (int i = 0; i < times_of(job, l, m); i++) {
            struct store_measure *to = &l->measure[l->measures++];
            int k = m->needs & MEASURE_MAPS ? i - 1 : i;
            const char *method = k < 0            ? cam_method_name(CAM_EIGEN)
                                 : k < l->methods ? l->method[k]
                                                  : l->map[k - l->methods];

            BUG_IF(l->measures > STORE_MAX_MEASURES ||
                   !measure_text(m->name, method, to->name, sizeof to->name) ||
                   !measure_text(m->meaning, method, to->meaning, sizeof to->meaning));
            snprintf(to->unit, sizeof to->unit, "%s", m->unit);
            to->kind = m->needs & MEASURE_METHOD && k >= l->methods
                           ? STORE_MEASURE_SELECTED
                           : kind_of(m, l->cross && l->precisions > 1);
        }
}

/* Measures of maps and of what they are compared with: one a map of the layer, EigenCAM's first; and those of
 * baselines, which are of no map. */
static void name_match(const struct measure *m, const char *method, enum store_measure_kind kind,
                       struct store_layout *l)
{
    struct store_measure *to = &l->measure[l->measures++];
    char measure[SALIENCY_MEASURE];

    BUG_IF(l->measures > STORE_MAX_MEASURES);
    BUG_IF(!measure_text(m->meaning, method, to->meaning, sizeof to->meaning));
    if (kind == STORE_MEASURE_BASELINE)
        snprintf(to->name, sizeof to->name, "truth_%s", saliency_measure(m, measure));
    else
        BUG_IF(!measure_text(m->name, method, to->name, sizeof to->name));
    snprintf(to->unit, sizeof to->unit, "%s", m->unit);
    to->kind = kind;
}

static void name_matches(unsigned truths, struct store_layout *l)
{
    for (const struct measure *m = saliency_measures; m->name && truths; m++) {
        int match = m->of == MEASURE_MATCH;

        if (match && !(truths >> truth_kind_of(truths, m) & 1))
            continue;
        for (int i = 0; i <= l->methods; i++)
            name_match(m, i > 0 ? l->method[i - 1] : cam_method_name(CAM_EIGEN),
                       match ? STORE_MEASURE_MATCH : kind_of(m, 0), l);
        if (match)
            name_match(m, "", STORE_MEASURE_BASELINE, l);
    }
}

/* SIM, CC and KLD of picture-sized maps, with or without a truth. */
static void name_pairs(struct store_layout *l)
{
    for (const struct measure *m = saliency_measures; m->name; m++)
        for (int i = 0; i < l->maps && m->of == MEASURE_PAIR; i++)
            name_match(m, l->map[i], STORE_MEASURE_SELECTED, l);
}

static void measure_strings(const struct image_manifest *list, struct store_layout *l)
{
    for (int i = 0; i < list->count; i++) {
        int length = (int)strlen(list->entry[i].path);
        l->path_length = length > l->path_length ? length : l->path_length;
    }
    for (int i = 0; list->class_name && i < list->classes; i++) {
        int length = (int)strlen(list->class_name[i]);
        l->class_name_length = length > l->class_name_length ? length : l->class_name_length;
    }
    l->class_names = l->class_name_length > 0 ? list->classes : 0;
}

status begin_layout(struct run *r)
{
    struct store_layout *l = &r->layout;
    int64_t k = job_subset_size(r->job->fraction, r->list.count);
    struct store_schema schema = { 0 };

    memset(l, 0, sizeof *l);
    l->images = r->list.count;
    l->boxes = r->list.boxes;
    measure_strings(&r->list, l);
    l->precisions = r->precisions;
    memcpy(l->precision, r->precision, sizeof l->precision);
    TRY(name_selections(r->job, l));
    name_methods(r->job, l);
    name_maps(r->job, l);
    l->subset = k * l->selections < l->images ? k * l->selections : l->images;
    l->pictures = l->subset < 16 ? (int)l->subset : 16;
    l->steps = r->job->explain_steps;
    l->step_logits = r->job->explain_steps > 0 && r->job->explain_logits;
    l->subset_maps = r->job->explain_maps;
    l->road = r->job->explain_road;
    l->removal = r->job->input_map && r->job->input_removal > 0;
    l->sensitivity = r->job->sensitivity;
    l->cross = r->job->explain_steps > 0 && r->job->explain_cross;
    l->activations = r->job->activations;
    l->truths = r->truths;
    name_measures(r->job, l);
    name_matches(r->truths, l);
    name_pairs(l);
    l->groups = r->job->groups;
    for (int g = 0; g < l->groups; g++) {
        snprintf(l->group[g].name, STORE_NAME, "%s", r->job->group[g].name);
        l->group[g].member = r->job->group[g].member;
    }
    l->networks = r->networks;
    for (int i = 0; i < r->networks; i++) {
        struct store_network *n = &l->network[i];
        snprintf(n->name, sizeof n->name, "%s", r->job->network[i].name);
        n->classes = r->network[i].model[0]->classes;
        n->channels = r->network[i].map[0].c;
        n->h = r->network[i].map[0].h;
        n->w = r->network[i].map[0].w;
        n->input_h = r->network[i].pipeline[0].height;
        n->input_w = r->network[i].pipeline[0].width;
        n->layers = l->sensitivity ? sensitivity_layers(r->network[i].model[0]) : 0;
        for (int p = 0; p < r->precisions; p++) {
            const struct engine_map *m = &r->network[i].map[p];

            n->q[p] = m->q;
            if (m->c != n->channels || m->h != n->h || m->w != n->w)
                n->other[p] = (struct store_layer){ m->c, m->h, m->w };
        }
    }
    TRY(schema_expand(l, &schema)); /* the same on all ranks: so is a failure */
    schema_free(&schema);
    return OK;
}

/* ---- what is in the file from the start ---------------------------------------------------------------- */

struct initial {
    char *path, *class_name;
    int32_t *class_index, *box_count, *boxes;
    int64_t *box_first;
    struct text job, provenance;
    struct store_initial list[6];
    int count;
};

static status fill_list(const struct run *r, struct initial *in)
{
    const struct image_manifest *list = &r->list;
    size_t n = (size_t)list->count, length = (size_t)r->layout.path_length;

    MEM_TRY(in->path, n, length);
    MEM_TRY(in->class_index, n, sizeof *in->class_index);
    MEM_TRY(in->box_first, n, sizeof *in->box_first);
    MEM_TRY(in->box_count, n, sizeof *in->box_count);
    MEM_TRY(in->boxes, (size_t)(list->boxes > 0 ? list->boxes : 1), 4 * sizeof *in->boxes);
    for (size_t i = 0; i < n; i++) {
        const struct image_entry *e = &list->entry[i];
        memcpy(in->path + i * length, e->path, strlen(e->path));
        in->class_index[i] = e->class_index;
        in->box_first[i] = e->box_first;
        in->box_count[i] = e->boxes;
    }
    for (int i = 0; i < list->boxes; i++) {
        const struct image_box *b = &list->box[i];
        memcpy(in->boxes + 4 * i, (int32_t[]){ b->x0, b->y0, b->x1, b->y1 }, 4 * sizeof *in->boxes);
    }
    if (r->layout.class_names > 0) {
        size_t size = (size_t)r->layout.class_name_length;
        MEM_TRY(in->class_name, (size_t)list->classes, size);
        for (int i = 0; i < list->classes; i++)
            memcpy(in->class_name + (size_t)i * size, list->class_name[i], strlen(list->class_name[i]));
    }
    return OK;
}

/* The description of precision p; of those that share the network's, once, as the network's. */
static status add_description(const struct run *r, int i, int p, struct text *out)
{
    const struct run_network *n = &r->network[i];
    const struct job_description d = job_description(r->job, i, p);
    char hex[2 * HASH_SIZE + 1], pipeline[IMAGE_PIPELINE_TEXT], cam[MODEL_CAM_WORDS],
        who[2 * OPTION_NAME + 2];

    if (p > 0 && n->model[p] == n->model[0])
        return OK;
    snprintf(who, sizeof who, "%s%s%s", r->job->network[i].name, p ? "." : "", p ? run_precision(r, p) : "");
    TRY(text_add(out, "network.%s.model = %s\nnetwork.%s.model.sha256 = %s\n", who, d.file, who,
                 hash_hex(n->model[p]->sha256, hex)));
    return text_add(out, "network.%s.pipeline = %s\nnetwork.%s.layer = %s\n", who,
                    image_pipeline_write(&n->pipeline[p], pipeline), who,
                    model_cam_words(n->model[p], cam, sizeof cam));
}

/* Where the inputs lay: for people, compared with nothing. */
static status fill_provenance(const struct run *r, struct text *out)
{
    char hex[2 * HASH_SIZE + 1], name[OPTION_NAME];

    TRY(text_add(out, "data.images = %s\ndata.labels = %s\ndata.synsets = %s\ndata.boxes = %s\n",
                 r->job->images, r->job->labels, r->job->synsets, r->job->boxes));
    TRY(text_add(out, "data.sha256 = %s\n%s", hash_hex(r->list.sha256, hex), r->list.decided));
    TRY(match_note(r, out));
    for (int i = 0; i < r->networks; i++) {
        const struct job_network *n = &r->job->network[i];

        for (int p = 0; p < r->precisions; p++)
            TRY(add_description(r, i, p, out));
        for (int p = 0; p < r->precisions; p++)
            TRY(text_add(out, "network.%s.%s = %s\nnetwork.%s.%s.sha256 = %s\n", n->name, run_precision(r, p),
                         n->precision[p].from, n->name, run_precision(r, p),
                         hash_hex(r->file_hash[i * RUN_FILES + 1 + p], hex)));
        for (int p = 0; p < r->precisions; p++)
            if (r->precision[p].form == PRECISION_CODES)
                TRY(text_add(out, "network.%s.%s.engine = %s\n", n->name, run_precision(r, p),
                             engine_arithmetic_name(r->network[i].arithmetic[p])));
        if (job_published(n, name))
            TRY(text_add(out, "network.%s.published = %s\n", n->name, name));
    }
    if (r->from)
        TRY(text_add(out, "store.from = %s\nstore.from.checksums.sha256 = %s\nstore.from.decided = %s\n",
                     r->job->from, hash_hex(r->from->id, hex), r->from->said.data));
    return text_add(out, "%s", r->decided.data ? r->decided.data : "");
}

static status fill_initial(const struct run *r, struct initial *in)
{
    const void *data[6];
    static const char *const path[6] = { "/images/path",      "/images/class_index", "/images/box_first",
                                         "/images/box_count", "/images/boxes",       "/images/class_name" };

    in->job.max = in->provenance.max = TEXT_MAX;
    TRY(fill_list(r, in));
    TRY(match_canonical(r, &in->job));
    TRY(fill_provenance(r, &in->provenance));
    data[0] = in->path;
    data[1] = in->class_index;
    data[2] = in->box_first;
    data[3] = in->box_count;
    data[4] = in->boxes;
    data[5] = in->class_name;
    for (int i = 0; i < 6; i++)
        if (data[i])
            in->list[in->count++] = (struct store_initial){ path[i], data[i] };
    return OK;
}

static void free_initial(struct initial *in)
{
    mem_free(in->path);
    mem_free(in->class_name);
    mem_free(in->class_index);
    mem_free(in->box_first);
    mem_free(in->box_count);
    mem_free(in->boxes);
    text_free(&in->job);
    text_free(&in->provenance);
}

/* ---- begin --------------------------------------------------------------------------------------------- */

/* results/ of a fresh checkout: the last folder of the path may be new. */
static status make_folder(const char *out)
{
    char folder[4096];
    char *slash;

    TRY(store_follow(out, folder, sizeof folder));
    slash = strrchr(folder, '/');
    if (!slash || slash == folder)
        return OK;
    *slash = '\0';
    return text_make_folder(folder);
}

/* A line of OUT.log.jsonl before any work: who, where, how many, and how far the file was. */
static status log_start(const struct run *r, int64_t done)
{
    struct text line = { .max = TEXT_MAX };
    char now[32];
    status result = OK;

    clock_iso8601(now, sizeof now);
    TRY_OUT(text_add(&line,
                     "\"time\": \"%s\", \"host\": \"%s\", \"nodes\": %d, \"ranks\": %d, \"isa\": \"%s\", ",
                     now, r->c->host, r->c->nodes, r->c->size, r->kernels->isa));
    TRY_OUT(text_add(&line, "\"version\": \"%s\", \"command\": ", r->start->version));
    TRY_OUT(text_add_quoted(&line, r->start->command));
    if (r->prediction.ranks > 0)
        TRY_OUT(text_add(&line, ", \"predicted_s\": %.1f, \"predicted_mb\": %.0f, \"predicted_bytes\": %llu",
                         r->prediction.total_s, (double)r->prediction.memory / 1e6,
                         (unsigned long long)r->prediction.bytes));
    TRY_OUT(store_log_append(store_out(r->store), done, line.data));
out:
    text_free(&line);
    return result;
}

static status say_where(struct run *r)
{
    int64_t done = 0, all = 0;
    char a[32], b[32];

    TRY(store_count_rows(r->store, &done, &all));
    if (store_outcome(r->store) == STORE_RESUMED)
        log_info("%s.part: %s of %s rows are done, going on", store_out(r->store),
                 text_thousands(done, a, sizeof a), text_thousands(all, b, sizeof b));
    return comm_agree(r->c, r->c->rank == 0 ? log_start(r, done) : OK);
}

status begin_store(struct run *r)
{
    struct initial in = { 0 };
    struct store_plan plan = { .layout = r->layout,
                               .title = "quantcam: networks in several precisions, their answers and maps",
                               .version = r->start->version,
                               .unlocked = !r->job->lock };
    uint8_t hash[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1];
    status result = OK;

    if (r->c->rank == 0) {
        result = fill_initial(r, &in);
        if (result == OK)
            result = make_folder(r->job->out);
        plan.job = in.job.data;
        plan.provenance = in.provenance.data;
        plan.initial = in.list;
        plan.initials = in.count;
    }
    TRY_OUT(comm_agree(r->c, result));
    if (r->c->rank == 0) {
        hash_bytes(in.job.data, in.job.size, hash);
        log_info("job %.16s", hash_hex(hash, hex));
    }
    TRY_OUT(store_begin(r->c, r->job->out, &plan, &r->store));
    if (store_outcome(r->store) != STORE_FINISHED)
        TRY_OUT(say_where(r));
out:
    free_initial(&in);
    return result;
}
