/* src/phase/explain.c: deletion and insertion curves, ROAD, full-size maps and activations of the union of
 * the selections: the missing rows of /models/<net>/subset, a row a place. */
#include "explain_maps.h"
#include "explain_random.h"
#include "explain_road.h"
#include "from.h"

#include <string.h>

struct explain {
    struct mem_set mem;
    struct run *r;
    int64_t places;   /* S */
    uint8_t *missing; /* (networks, S) */
    int64_t *mine, count;
    struct store_rows *rows[JOB_MAX_NETWORKS];
    struct store_take *take[JOB_MAX_NETWORKS][STORE_MAX_PRECISIONS]; /* NULL: computed */
    struct comm_loop loop;
    struct probe *probe;           /* NULL where no picture is read */
    struct explain_random *random; /* NULL where there is no randomisation check */
    int net;                       /* of the row in hand */
    int64_t there;                 /* its place in the other result, or -1 */
    uint32_t key;                  /* of its picture's random numbers, where any are drawn */
    int kept;                      /* the network whose engines keep what curves start from, or -1 */
    int seen;                      /* the precision as which the picture is seen */
    uint8_t *bytes;                /* (height, width, channels) of it */
    float *projection, *map;
    int stopped, odd; /* the loop said stop; logits that are not finite */
};

/* ---- what is missing, and room for it ------------------------------------------------------------------ */

static status find_missing(struct explain *e)
{
    const struct run *r = e->r;
    int64_t damaged = 0, all_damaged = 0;

    for (int net = 0; net < r->networks; net++) {
        TRY(store_missing(r->store, STORE_ROWS_SUBSET, net, !r->job->keep_bad, e->missing + net * e->places,
                          &damaged));
        all_damaged += damaged;
    }
    if (all_damaged > 0)
        log_info("%lld explained rows are damaged or of another selection: they are computed again",
                 (long long)all_damaged);
    return comm_agree(r->c, run_share(r, e->missing, r->networks * e->places, &e->mine, &e->count));
}

/* Curves and ROAD: the score of a class while pixels change. */
static int scores(const struct run *r)
{
    return r->job->explain_steps > 0 || r->layout.road;
}

static int needs_picture(const struct run *r)
{
    return scores(r) || r->layout.maps > 0 || r->job->explain_randomise > 0 ||
           r->layout.activations == STORE_ACTIVATIONS_SUBSET;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static status make_room(struct explain *e)
{
    const struct run *r = e->r;
    struct probe_how how = { .curves = r->job->explain_steps,
                             .road = r->layout.road,
                             .of_class = (enum probe_class)r->job->cam_class,
                             .attribution = r->job->attribution };
    size_t values = 1, pixels = 1, bytes = 1;

    how.attribution.seed = (uint64_t)r->job->explain_seed;
    MEM_TAKE(&e->mem, e->missing, (size_t)r->networks, (size_t)e->places);
    for (int i = 0; i < r->networks; i++) {
        for (int p = 0; p < r->precisions; p++) {
            struct store_layer layer = store_layer(&r->layout, i, p);

            values = larger(values, (size_t)layer.h * (size_t)layer.w);
        }
        pixels = larger(pixels, (size_t)r->layout.network[i].input_h * (size_t)r->layout.network[i].input_w);
        bytes = larger(bytes, run_picture_bytes(r, i));
        TRY(store_rows_create(r->store, STORE_ROWS_SUBSET, i, 1, &e->rows[i]));
        if (r->from)
            TRY(from_takes(r, r->from->explained[i], e->rows[i], e->take[i]));
    }
    MEM_TAKE(&e->mem, e->projection, values, sizeof(float));
    MEM_TAKE(&e->mem, e->bytes, bytes, 1);
    MEM_TAKE(&e->mem, e->map, pixels, sizeof(float));
    TRY(explain_random_create(e->r, &e->random));
    return needs_picture(r) ? run_probe(r, &how, &e->probe) : OK;
}

static void clear(struct explain *e)
{
    mem_free(e->mine);
    mem_drop(&e->mem);
    for (int i = 0; i < JOB_MAX_NETWORKS; i++) {
        for (int p = 0; p < STORE_MAX_PRECISIONS; p++)
            store_take_free(e->take[i][p]);
        store_rows_free(e->rows[i]);
    }
    probe_free(e->probe);
    explain_random_free(e->random);
}

/* ---- the picture ----------------------------------------------------------------------------------------
 */

/* The picture as precision p sees it, and its substrates; ERR_... of the picture makes the row a bad one. */
static status take_picture(struct explain *e, int p, int64_t image)
{
    const struct run *r = e->r;

    e->seen = p;
    probe_see(e->probe, p);
    TRY(run_picture(r, e->net, p, image, e->bytes));
    if (r->layout.maps > 0)
        TRY(probe_attribution_picture(e->probe, e->bytes));
    if (scores(r))
        TRY(probe_picture(e->probe, e->bytes, (enum image_substrate)r->job->explain_deletion,
                          (enum image_substrate)r->job->explain_insertion));
    return OK;
}

/* The key of the picture's random numbers, the same wherever it stands in the list; ROAD's noise. */
static status take_noise(struct explain *e, int64_t image)
{
    const struct run *r = e->r;

    if (r->layout.maps > 0 || r->layout.road)
        TRY(explain_maps_key(r, image, &e->key));
    return r->layout.road ? probe_road_picture(e->probe, (uint64_t)r->job->explain_seed, e->key) : OK;
}

/* From here on the picture is as precision p sees it. */
static status see(struct explain *e, int p, int64_t image)
{
    const int *sees = e->r->network[e->net].sees;

    if (sees[p] == sees[e->seen] && probe_sees_as(e->probe, p, e->seen))
        return OK;
    TRY(take_picture(e, p, image));
    return take_noise(e, image);
}

/* ---- one picture in one precision ---------------------------------------------------------------------- */

static void *field(const struct explain *e, int p, const char *name)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "%s/%s", run_precision(e->r, p), name);
    return store_rows_field(e->rows[e->net], path);
}

/* A field of precision p's, or NULL: deletion_curve, deletion_logits_on_fp32. */
static float *part(struct explain *e, int p, int wanted, const char *kind, const char *what,
                   const char *suffix)
{
    char name[STORE_NAME + 32];

    snprintf(name, sizeof name, "%s_%s%s", kind, what, suffix);
    return wanted ? field(e, p, name) : NULL;
}

/* A curve on the network of precision `scorer`, whose class is the one that the curve shows. 0: there is
 * none. */
static int one_curve(struct explain *e, int scorer, enum probe_curve kind, float *curve, float *logits)
{
    enum probe_state state = PROBE_MORE;

    probe_curve_start(e->probe, scorer, kind, *(const int32_t *)field(e, scorer, "class"), curve, logits);
    while (state == PROBE_MORE && !(e->stopped = comm_loop_drops(&e->loop)))
        state = probe_curve_next(e->probe);
    e->odd |= state == PROBE_ODD;
    return state == PROBE_DONE;
}

/* Both curves along the order of e->projection on the network of precision `scorer`, into precision p's
 * fields with this suffix: "", "_raw", which keeps no logits, or "_on_" another network's precision. */
static int both_curves(struct explain *e, int p, int scorer, const char *suffix)
{
    int logits = e->r->layout.step_logits && strcmp(suffix, "_raw") != 0;

    probe_order(e->probe, p, e->projection);
    return one_curve(e, scorer, PROBE_DELETION, part(e, p, 1, "deletion", "curve", suffix),
                     part(e, p, logits, "deletion", "logits", suffix)) &&
           one_curve(e, scorer, PROBE_INSERTION, part(e, p, 1, "insertion", "curve", suffix),
                     part(e, p, logits, "insertion", "logits", suffix));
}

/* The clean picture: logits, and the CAM layer where the rows keep it. */
static void run_clean(struct explain *e, int p)
{
    probe_run(e->probe, p, e->bytes);
    e->odd |= probe_answer(e->probe, p) != OK;
    if (e->r->layout.activations == STORE_ACTIVATIONS_SUBSET)
        probe_layer_copy(&probe_shown(e->probe, p)->layer, field(e, p, "activation"));
}

/* Whose probability the curves on this network show. */
static void choose_class(struct explain *e, int p, int64_t image)
{
    int truth = e->r->list.entry[image].class_index;
    int32_t *own = field(e, p, "class");

    *own = probe_shown(e->probe, p)->top[0];
    if (e->r->job->explain_class == JOB_CLASS_TRUE && truth >= 0)
        *own = truth;
    if (e->r->job->explain_class == JOB_CLASS_REFERENCE && p > 0)
        *own = *(const int32_t *)field(e, 0, "class");
}

static void measure(struct explain *e, int p, int raw_sign)
{
    const struct store_layer n = store_layer(&e->r->layout, e->net, p);
    size_t bytes = ((size_t)e->r->job->explain_steps + 1) * sizeof(float);

    if (!both_curves(e, p, p, ""))
        return;
    if (raw_sign < 0) {
        for (int i = 0; i < n.h * n.w; i++)
            e->projection[i] = -e->projection[i];
        both_curves(e, p, p, "_raw");
        return;
    }
    memcpy(field(e, p, "deletion_curve_raw"), field(e, p, "deletion_curve"), bytes);
    memcpy(field(e, p, "insertion_curve_raw"), field(e, p, "insertion_curve"), bytes);
}

static void make_maps(struct explain *e, int p, int64_t image)
{
    const struct explain_maps maps = { .r = e->r,
                                       .probe = e->probe,
                                       .loop = &e->loop,
                                       .rows = e->rows[e->net],
                                       .net = e->net,
                                       .class_index =
                                           probe_class(e->probe, p, e->r->list.entry[image].class_index),
                                       .key = e->key };
    enum probe_state state = explain_maps_make(&maps, p);

    e->odd |= state == PROBE_ODD;
    e->stopped |= state == PROBE_MORE;
}

static status make_road(struct explain *e, int p, int64_t image)
{
    const struct explain_road road = { .r = e->r,
                                       .probe = e->probe,
                                       .loop = &e->loop,
                                       .rows = e->rows[e->net],
                                       .net = e->net,
                                       .image = image,
                                       .projection = e->projection,
                                       .class_index = *(const int32_t *)field(e, p, "class") };
    enum probe_state state;

    TRY(explain_road_make(&road, p, &state));
    e->odd |= state == PROBE_ODD;
    e->stopped |= state == PROBE_MORE;
    return OK;
}

static status fetch_projection(struct explain *e, int p, int64_t image)
{
    return run_fetch(e->r, e->net, image, 1, e->projection, "%s/cam", run_precision(e->r, p));
}

static status one_precision(struct explain *e, int p, int64_t image)
{
    const struct run *r = e->r;
    const struct store_network *n = &r->layout.network[e->net];
    const struct store_layer layer = store_layer(&r->layout, e->net, p);
    int8_t raw_sign;

    TRY(fetch_projection(e, p, image));
    TRY(run_fetch(r, e->net, image, 1, &raw_sign, "%s/raw_sign", run_precision(r, p)));
    if (r->layout.subset_maps) {
        cam_finish(e->projection, layer.h, layer.w, n->input_h, n->input_w, e->map);
        cam_bytes(e->map, n->input_h * n->input_w, field(e, p, "cam_u8"));
    }
    if (e->probe) {
        TRY(see(e, p, image));
        run_clean(e, p);
    }
    if (scores(r) && !e->odd)
        choose_class(e, p, image);
    if (r->job->explain_steps > 0 && !e->odd)
        measure(e, p, raw_sign);
    if (r->layout.maps > 0 && !e->odd && !e->stopped)
        make_maps(e, p, image);
    if (e->random && !e->odd && !e->stopped)
        TRY(explain_random_row(e->random, e->rows[e->net], e->net, p, image, e->bytes));
    return r->layout.road && !e->odd && !e->stopped ? make_road(e, p, image) : OK;
}

/* Precision p's map on the network of another one: the order of the pixels is p's, in the aligned sign;
 * class and clean picture are the scorer's, so that its curves differ in the order alone. */
static status one_cross(struct explain *e, int p, int scorer, int64_t image)
{
    char suffix[STORE_NAME + 8];

    snprintf(suffix, sizeof suffix, "_on_%s", run_precision(e->r, scorer));
    TRY(see(e, scorer, image));
    TRY(fetch_projection(e, p, image));
    both_curves(e, p, scorer, suffix);
    return OK;
}

/* Picture-sized maps of a precision that is computed are compared with the first's, which no row has whole.
 */
static int is_taken(const struct explain *e, int p)
{
    int taken = e->there >= 0 && e->take[e->net][p];

    for (int other = 1; other < e->r->precisions && p == 0 && e->r->layout.maps > 0; other++)
        taken = taken && e->take[e->net][other];
    return taken;
}

static int all_taken(const struct explain *e)
{
    int p = 0;

    while (p < e->r->precisions && is_taken(e, p))
        p++;
    return p == e->r->precisions;
}

/* Every precision by itself, then each with the first. Ends early where the row is odd, or the loop stops. */
static status all_precisions(struct explain *e, int64_t image)
{
    for (int p = 0; p < e->r->precisions && !e->odd && !e->stopped; p++)
        TRY(is_taken(e, p) ? store_take_row(e->take[e->net][p], e->there) : one_precision(e, p, image));
    if (!e->r->layout.cross)
        return OK;
    for (int p = 1; p < e->r->precisions; p++) {
        if (!e->odd && !e->stopped)
            TRY(one_cross(e, p, 0, image));
        if (!e->odd && !e->stopped)
            TRY(one_cross(e, 0, p, image));
    }
    return OK;
}

/* The engines of one network at a time keep all that runs of what changed start from; net -1: none. */
static status keep_network(struct explain *e, int net)
{
    if (net == e->kept || (!scores(e->r) && e->r->layout.maps == 0))
        return OK;
    if (e->kept >= 0) {
        run_note_memory(e->r);
        TRY(probe_let_go(e->probe, e->kept));
    }
    if (net >= 0)
        TRY(probe_keep(e->probe, net));
    e->kept = net;
    return OK;
}

/* ---- one row ------------------------------------------------------------------------------------------- */

/* What select wrote is a part of the row, under its CRC. */
static status take_membership(struct explain *e, int net, int64_t place)
{
    const struct store_layout *l = &e->r->layout;
    char name[STORE_NAME + 4] = "image";

    for (int s = -1; s < l->selections; s++) {
        if (s >= 0)
            snprintf(name, sizeof name, "in_%s", l->selection[s]);
        TRY(run_fetch(e->r, net, place, 1, store_rows_field(e->rows[net], name), "subset/%s", name));
    }
    return OK;
}

static status one_row(struct explain *e, int net, int64_t place)
{
    const struct run *r = e->r;
    int64_t image;
    status picture = OK;

    TRY(take_membership(e, net, place));
    image = *(int64_t *)store_rows_field(e->rows[net], "image");
    if (image < 0)
        return store_rows_add(e->rows[net], place, STORE_UNUSED);
    e->net = net;
    e->there = from_place(r, net, image);
    e->odd = 0;
    if (e->probe && !all_taken(e)) {
        TRY(keep_network(e, net));
        probe_aim(e->probe, net);
        picture = take_picture(e, 0, image);
        if (picture == OK)
            TRY(take_noise(e, image));
    }
    if (picture == ERR_MEMORY)
        return picture;
    if (picture == OK)
        TRY(all_precisions(e, image));
    if (e->stopped)
        return OK; /* the row in hand is dropped */
    if (picture != OK || e->odd)
        log_rank("network %s, %s: not explained: %s", r->layout.network[net].name, r->list.entry[image].path,
                 e->odd ? "the logits are not finite" : error_last()->text);
    e->r->taken += e->there >= 0;
    return store_rows_add(e->rows[net], place, picture == OK && !e->odd ? STORE_OK : STORE_BAD_IMAGE);
}

/* ---- the loop ------------------------------------------------------------------------------------------ */

/* No collective from comm_loop_start to comm_loop_finish. Every row is committed on its own: it is seconds of
 * work. */
static status work(struct explain *e)
{
    const struct comm *c = e->r->c;
    status s = OK;
    int64_t i;

    e->loop = (struct comm_loop){ .name = "explain",
                                  .items = "rows",
                                  .unit = "row",
                                  .total = e->r->networks * e->places,
                                  .todo = e->count,
                                  .block = 4,
                                  .grain = 1 };
    run_loop(e->r, &e->loop);
    comm_loop_start(&e->loop, c);
    while (s == OK && !e->stopped && comm_loop_goes_on(&e->loop) && comm_loop_take(&e->loop, 1, &i) > 0) {
        s = one_row(e, (int)(e->mine[i] / e->places), e->mine[i] % e->places);
        if (!e->stopped)
            comm_loop_step(&e->loop, 1, 0);
    }
    if (s == OK)
        s = keep_network(e, -1);
    return comm_loop_finish(&e->loop, s);
}

status explain_subsets(struct run *r)
{
    struct explain e = { .r = r, .kept = -1, .places = r->layout.subset };
    status result = OK;

    TRY_OUT(comm_agree(r->c, make_room(&e)));
    TRY_OUT(find_missing(&e));
    TRY_OUT(work(&e));
    TRY_OUT(comm_agree(r->c, r->c->rank == 0 && r->layout.maps > 0 ? explain_maps_judge(r) : OK));
out:
    clear(&e);
    return result;
}
