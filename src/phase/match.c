/* src/phase/match.c: a picture's truths, and what its maps and the two baselines are beside them, into rows.
 */
#include "match.h"

#include <math.h>
#include <string.h>

enum { MAPS = CAM_METHODS, MEASURES = 24 };

/* Handles of a measure of each map, of a baseline; -1: the file does not have it. */
struct column {
    const struct measure *measure;
    int handle;
};

/* One precision's fields, by map. */
struct fields {
    struct column match[MAPS][MEASURES], pair[MAPS][MEASURES], one[MAPS][MEASURES];
    int matches[MAPS], pairs[MAPS], ones[MAPS];
    int curve[MAPS][MATCH_CURVES];
};

struct baseline {
    struct column match[MEASURES];
    int matches, curve[MATCH_CURVES];
};

struct match {
    const struct run *r;
    struct mem_set mem;
    struct truth_set *set;
    const char **path; /* of the pictures of the whole list */
    int places;
    struct truth (*truth)[TRUTH_KINDS]; /* (places) */
    struct store_rows *rows[JOB_MAX_NETWORKS], *images;
    struct fields *of[JOB_MAX_NETWORKS]; /* (precisions) */
    struct baseline baseline[MATCH_BASELINES];
    int state[TRUTH_KINDS], next[TRUTH_KINDS], fixated, dropped;
    float *room, *beside,
        *first[MAPS]; /* maps in a truth's frame; in the network's, of a precision, the first */
    size_t room_count, pair_count;
    unsigned made; /* bit m: first[m] is there */
};

/* ---- which fields there are ---------------------------------------------------------------------------- */

/* -1 where the file does not have a field of that path. */
static int handle(const struct match *m, struct store_rows *rows, const char *path)
{
    const struct store_dataset *d = schema_find(store_schema(m->r->store), path);

    return d ? store_rows_handle(rows, d->field) : -1;
}

static void add(struct column list[MEASURES], int *count, const struct measure *measure, int at)
{
    if (at < 0)
        return;
    BUG_IF(*count == MEASURES);
    list[(*count)++] = (struct column){ measure, at };
}

static void find_fields(struct match *m, int net, int p, struct fields *f)
{
    const char *network = m->r->layout.network[net].name, *own = run_precision(m->r, p);
    char path[3 * STORE_PATH], group[2 * STORE_NAME], name[STORE_NAME];

    for (int map = 0; map < MAPS; map++) {
        const char *method = cam_method_name((enum cam_method)map);

        for (const struct measure *k = saliency_measures; k->name; k++) {
            int pair = k->of == MEASURE_PAIR, at;

            BUG_IF(!measure_text(k->name, method, name, sizeof name));
            snprintf(group, sizeof group, pair ? "%s/vs_%s" : "%s", own, run_precision(m->r, 0));
            snprintf(path, sizeof path, "/models/%s/%s/%s", network, group, name);
            at = handle(m, m->rows[net], path);
            if (pair)
                add(f->pair[map], &f->pairs[map], k, at);
            else if (k->of == MEASURE_ONE)
                add(f->one[map], &f->ones[map], k, at);
            else
                add(f->match[map], &f->matches[map], k, at);
        }
        for (int c = 0; c < MATCH_CURVES; c++) {
            snprintf(path, sizeof path, "/models/%s/%s/%s_curve_%s", network, own, match_curve_name(c),
                     method);
            f->curve[map][c] = handle(m, m->rows[net], path);
        }
    }
}

status match_network(struct match *m, int net, struct store_rows *rows)
{
    m->rows[net] = rows;
    MEM_TAKE(&m->mem, m->of[net], (size_t)m->r->precisions, sizeof *m->of[net]);
    for (int p = 0; p < m->r->precisions; p++)
        find_fields(m, net, p, &m->of[net][p]);
    return OK;
}

static void find_baseline(struct match *m, int which, struct baseline *b)
{
    char path[STORE_PATH], measure[SALIENCY_MEASURE];

    for (const struct measure *k = saliency_measures; k->name; k++) {
        if (k->of != MEASURE_MATCH)
            continue;
        snprintf(path, sizeof path, "/images/saliency/%s/truth_%s", match_baseline_name(which),
                 saliency_measure(k, measure));
        add(b->match, &b->matches, k, handle(m, m->images, path));
    }
    for (int c = 0; c < MATCH_CURVES; c++) {
        snprintf(path, sizeof path, "/images/saliency/%s/%s_curve", match_baseline_name(which),
                 match_curve_name(c));
        b->curve[c] = handle(m, m->images, path);
    }
}

static void find_images(struct match *m, struct store_rows *images)
{
    char path[STORE_PATH];

    m->images = images;
    for (int kind = 0; kind < TRUTH_KINDS; kind++) {
        snprintf(path, sizeof path, "/images/saliency/state_%s", match_kind_name(kind));
        m->state[kind] = handle(m, images, path);
        snprintf(path, sizeof path, "/images/saliency/next_%s", match_kind_name(kind));
        m->next[kind] = handle(m, images, path);
    }
    m->fixated = handle(m, images, "/images/saliency/fixated");
    m->dropped = handle(m, images, "/images/saliency/dropped");
    for (int b = 0; b < MATCH_BASELINES; b++)
        find_baseline(m, b, &m->baseline[b]);
}

/* ---- opening ------------------------------------------------------------------------------------------- */

static status make(struct match *m)
{
    const struct image_manifest *list = m->r->whole ? m->r->whole : &m->r->list;
    size_t largest = 0;
    struct truth_how how = match_how(m->r);
    struct truth_pictures pictures = { list->count, list->root, NULL };

    MEM_TAKE(&m->mem, m->path, (size_t)list->count, sizeof *m->path);
    for (int i = 0; i < list->count; i++)
        m->path[i] = list->entry[i].path;
    pictures.path = m->path;
    MEM_TAKE(&m->mem, m->truth, (size_t)m->places, sizeof *m->truth);
    for (int i = 0; i < m->r->networks; i++) {
        const struct image_pipeline *p = &m->r->network[i].pipeline[0];
        size_t count = (size_t)p->height * (size_t)p->width;

        largest = count > largest ? count : largest;
    }
    MEM_TAKE(&m->mem, m->beside, largest, sizeof *m->beside);
    for (int map = 0; map < MAPS; map++)
        if (m->r->job->methods >> map & 1)
            MEM_TAKE(&m->mem, m->first[map], largest, sizeof *m->first[map]);
    return truth_open(&pictures, &how, &m->set);
}

/* The sizes of pictures with fixations, each decoded by one rank. */
static void share_sizes(struct match *m)
{
    const struct run *r = m->r;
    size_t bytes = 2 * sizeof(int32_t) * (size_t)(r->whole ? r->whole : &r->list)->count;

    if (!truth_sizes(m->set))
        return;
    for (int i = r->c->rank; i < r->list.count; i += r->c->size) {
        comm_alive();
        truth_measure(m->set, match_place(r, i));
    }
    comm_or_bytes(r->c, (uint8_t *)truth_sizes(m->set), bytes);
}

status match_open(const struct run *r, int places, struct store_rows *images, struct match **out)
{
    struct match *m;

    *out = NULL;
    if (!r->job->saliency)
        return OK;
    m = *out = mem_alloc(1, sizeof *m);
    TRY(comm_agree(r->c, m ? OK : FAIL(ERR_MEMORY, "no memory for saliency")));
    m->r = r;
    m->places = places;
    find_images(m, images);
    TRY(comm_agree(r->c, make(m)));
    share_sizes(m);
    return comm_agree(r->c, truth_find(m->set));
}

void match_close(struct match *m)
{
    if (!m)
        return;
    for (int b = 0; m->truth && b < m->places; b++)
        match_no_picture(m, b);
    truth_close(m->set);
    mem_free(m->room);
    mem_drop(&m->mem);
    mem_free(m);
}

/* ---- a picture's truths -------------------------------------------------------------------------------- */

void match_no_picture(struct match *m, int b)
{
    for (int kind = 0; kind < TRUTH_KINDS; kind++)
        truth_free(&m->truth[b][kind]);
}

status match_picture(struct match *m, int b, int64_t image, const struct image *picture)
{
    match_no_picture(m, b);
    for (int kind = 0; kind < TRUTH_KINDS; kind++) {
        status s = OK;

        if (truth_has(m->set, (enum truth_kind)kind))
            s = truth_read(m->set, (enum truth_kind)kind, match_place(m->r, image), picture,
                           &m->truth[b][kind]);
        if (s == ERR_MEMORY)
            return s;
        if (s != OK)
            log_rank("%s", error_last()->text);
    }
    return OK;
}

/* ---- values -------------------------------------------------------------------------------------------- */

static status grow(struct match *m, size_t count)
{
    if (count <= m->room_count)
        return OK;
    mem_free(m->room);
    m->room_count = 0;
    MEM_TRY(m->room, count, sizeof *m->room);
    m->room_count = count;
    return OK;
}

/* A NaN is -1: the picture has no value (MEASURE_GAPS). */
static void put(struct store_rows *rows, const struct column *c, struct measure_view *of)
{
    double value = measure_value(c->measure, NULL, of);

    BUG_IF(isnan(value) && !(c->measure->needs & MEASURE_GAPS));
    *(float *)store_rows_at(rows, c->handle) = isnan(value) ? -1.0f : (float)value;
}

static void put_curves(struct store_rows *rows, const int at[MATCH_CURVES], const struct saliency_view *v)
{
    const double *curve[MATCH_CURVES] = { v->shared.object.f, v->shared.object.e };

    for (int c = 0; c < MATCH_CURVES; c++) {
        float *out = store_rows_at(rows, at[c]);

        for (int level = 0; level < OBJECT_LEVELS; level++)
            out[level] = (float)curve[c][level];
    }
}

/* Those of the measures that compare with a truth of this kind, of a map in its frame. */
static void put_matches(const struct match *m, struct store_rows *rows, const struct column *list, int count,
                        const int curve[MATCH_CURVES], int kind, const struct truth *t, const float *map)
{
    struct saliency_view v = truth_view(t, map);
    struct measure_view of = { .saliency = &v };

    for (int k = 0; k < count; k++)
        if ((int)truth_kind_of(m->r->truths, list[k].measure) == kind)
            put(rows, &list[k], &of);
    if (v.shared.have_object)
        put_curves(rows, curve, &v);
}

/* ---- rows of a network --------------------------------------------------------------------------------- */

static enum image_filter filter_of(const struct match *m)
{
    return m->r->job->compare_filter ? IMAGE_BICUBIC : IMAGE_BILINEAR;
}

static status put_map(struct match *m, struct probe *probe, int net, int p, int b, int map)
{
    const struct fields *f = &m->of[net][p];
    const struct store_layer layer = store_layer(&m->r->layout, net, p);
    struct saliency_view own = { .map = probe_positive(probe, p, map), .width = layer.w, .height = layer.h };
    struct measure_view of = { .saliency = &own };
    int width = 0, height = 0; /* of the map in the room */

    for (int k = 0; k < f->ones[map]; k++)
        put(m->rows[net], &f->one[map][k], &of);
    for (int kind = 0; kind < TRUTH_KINDS; kind++) {
        const struct truth *t = &m->truth[b][kind];

        if (!truth_is_there(t->state))
            continue;
        if (t->map.width != width || t->map.height != height) {
            width = t->map.width;
            height = t->map.height;
            TRY(grow(m, (size_t)width * (size_t)height));
            TRY(probe_compared(probe, p, map, filter_of(m), width, height, m->room));
        }
        put_matches(m, m->rows[net], f->match[map], f->matches[map], f->curve[map], kind, t, m->room);
    }
    return OK;
}

status match_precision(struct match *m, struct probe *probe, int net, int p, int b)
{
    for (int map = 0; map < MAPS; map++)
        if (m->of[net][p].ones[map] > 0)
            TRY(put_map(m, probe, net, p, b, map));
    return OK;
}

status match_pair(struct match *m, struct probe *probe, int net, int p, int begins)
{
    const struct image_pipeline *frame = &m->r->network[net].pipeline[0];
    const struct fields *f = &m->of[net][p];

    m->made = begins ? 0 : m->made;
    for (int map = 0; map < MAPS; map++) {
        struct saliency_view v = {
            .map = m->beside, .width = frame->width, .height = frame->height, .density = m->first[map]
        };
        struct measure_view first = { 0 }, of = { .saliency = &v };

        if (f->pairs[map] == 0)
            continue;
        if (!(m->made >> map & 1))
            TRY(probe_compared(probe, 0, map, filter_of(m), frame->width, frame->height, m->first[map]));
        m->made |= 1u << map;
        TRY(probe_compared(probe, p, map, filter_of(m), frame->width, frame->height, m->beside));
        for (int k = 0; k < f->pairs[map]; k++)
            *(float *)store_rows_at(m->rows[net], f->pair[map][k].handle) =
                (float)measure_value(f->pair[map][k].measure, &first, &of);
    }
    return OK;
}

/* ---- rows of /images ----------------------------------------------------------------------------------- */

/* A map of another frame, or of this one, as baseline. */
static status put_baseline(struct match *m, int which, int kind, const struct truth *t,
                           const struct saliency_map *map)
{
    const struct baseline *b = &m->baseline[which];
    struct saliency_map there;

    TRY(saliency_resize(map, t->map.width, t->map.height, &there));
    put_matches(m, m->images, b->match, b->matches, b->curve, kind, t, there.value);
    saliency_free(&there);
    return OK;
}

/* Of the next picture's truth; one that says nothing, or cannot be read, is none. */
static status put_shuffled(struct match *m, int kind, int64_t image, const struct truth *t)
{
    int next = truth_next(m->set, (enum truth_kind)kind, match_place(m->r, image));
    int64_t *to = store_rows_at(m->images, m->next[kind]);
    struct truth other = { 0 };
    status s = next < 0 ? OK : truth_read(m->set, (enum truth_kind)kind, next, NULL, &other);

    *to = -1;
    if (s == OK && truth_is_there(other.state)) {
        s = put_baseline(m, MATCH_SHUFFLED, kind, t, &other.map);
        *to = next;
    }
    truth_free(&other);
    return s == ERR_MEMORY ? s : OK;
}

status match_image(struct match *m, int b, int64_t image, const struct image *picture)
{
    for (int kind = 0; kind < TRUTH_KINDS; kind++) {
        const struct truth *t = &m->truth[b][kind];
        struct saliency_map centre;
        status s;

        if (!truth_has(m->set, (enum truth_kind)kind))
            continue;
        *(uint8_t *)store_rows_at(m->images, m->state[kind]) = (uint8_t)t->state;
        *(int64_t *)store_rows_at(m->images, m->next[kind]) = -1;
        if (kind == TRUTH_FIXATIONS) {
            *(int32_t *)store_rows_at(m->images, m->fixated) = t->pixels;
            *(int32_t *)store_rows_at(m->images, m->dropped) =
                truth_dropped(m->set, match_place(m->r, image));
        }
        if (!truth_is_there(t->state))
            continue;
        TRY(truth_center(m->set, picture, t, &centre));
        s = put_baseline(m, MATCH_CENTER, kind, t, &centre);
        saliency_free(&centre);
        TRY(s);
        TRY(put_shuffled(m, kind, image, t));
    }
    return OK;
}
