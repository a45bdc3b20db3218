#include "measure.h"
#include "run.h"

#include "metric.h"

#include <math.h>
#include <string.h>

/* Deletion and insertion curves, full-size maps and activations of the union of the selections, a row a
 * place. */
struct explain {
    struct run *r;
    int64_t places;   /* S */
    uint8_t *missing; /* (networks, S) */
    int64_t *mine, count;
    struct store_rows *rows[JOB_MAX_NETWORKS];
    struct comm_loop loop;
    int pixels; /* of a picture */
    int net;    /* of the row in hand */
    int kept;   /* the network whose engines keep every node, or -1 */
    uint8_t *bytes;
    float *picture, *away, *blank, *work; /* normalized (H, W, channels): clean, two substrates, altered */
    float *projection, *map, *probability;
    float *clean[STORE_MAX_PRECISIONS]; /* logits of the clean picture */
    int32_t *order, *scratch;
    /* the curve in hand: of the network of precision `scorer` */
    int scorer, class_index, clean_step;
    const float *to;  /* what the altered pixels become */
    float *curve;     /* (steps + 1) */
    float *logits;    /* (steps + 1, classes), or NULL */
    int begun;        /* the engine holds the step before */
    int waiting;      /* steps in the engine's batch */
    int stopped, odd; /* the loop said stop; logits that are not finite */
};

/* ---- what is missing, and room for it ------------------------------------------------------------------ */

static status find_missing(struct explain *e)
{
    const struct run *r = e->r;
    int64_t damaged = 0, all_damaged = 0;

    e->missing = mem_alloc((size_t)r->networks * (size_t)e->places, 1);
    TRY(comm_agree(r->c,
                   e->missing ? OK : FAIL(ERR_MEMORY, "no memory for %lld places", (long long)e->places)));
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

static status make_room(struct explain *e)
{
    const struct run *r = e->r;
    size_t pixels = (size_t)e->pixels, seen = image_pipeline_bytes(&r->pipeline), values = 1, classes = 1;

    for (int i = 0; i < r->networks; i++) {
        const struct store_network *n = &r->layout.network[i];
        size_t hw = (size_t)n->h * (size_t)n->w;

        values = hw > values ? hw : values;
        classes = (size_t)n->classes > classes ? (size_t)n->classes : classes;
        TRY(store_rows_create(r->store, STORE_ROWS_SUBSET, i, 1, &e->rows[i]));
    }
    MEM_TRY(e->bytes, seen, 1);
    MEM_TRY(e->picture, seen, sizeof(float));
    MEM_TRY(e->away, seen, sizeof(float));
    MEM_TRY(e->blank, seen, sizeof(float));
    MEM_TRY(e->work, seen, sizeof(float));
    MEM_TRY(e->projection, values, sizeof(float));
    MEM_TRY(e->map, pixels, sizeof(float));
    MEM_TRY(e->probability, classes, sizeof(float));
    for (int p = 0; p < e->r->precisions; p++)
        MEM_TRY(e->clean[p], classes, sizeof(float));
    MEM_TRY(e->order, pixels, sizeof *e->order);
    MEM_TRY(e->scratch, pixels, sizeof *e->scratch);
    return OK;
}

static void clear(struct explain *e)
{
    void *const block[] = { e->missing, e->mine, e->bytes,       e->picture,    e->away,  e->blank,
                            e->work,    e->map,  e->probability, e->projection, e->order, e->scratch };

    for (size_t i = 0; i < COUNT_OF(block); i++)
        mem_free(block[i]);
    for (int p = 0; p < STORE_MAX_PRECISIONS; p++)
        mem_free(e->clean[p]);
    for (int i = 0; i < JOB_MAX_NETWORKS; i++)
        store_rows_free(e->rows[i]);
}

/* ---- one curve ----------------------------------------------------------------------------------------- */

static const struct engine *engine_of(const struct explain *e)
{
    return &e->r->network[e->net].engine[e->scorer];
}

/* The class's probability at a step. 0: no numbers. */
static int keep_step(struct explain *e, int step, const float *logits)
{
    int classes = engine_classes(engine_of(e)->plan);

    if (!accuracy_finite(logits, classes)) {
        e->odd = 1;
        return 0;
    }
    accuracy_softmax(logits, classes, e->probability);
    e->curve[step] = e->probability[e->class_index];
    if (e->logits)
        memcpy(e->logits + (size_t)step * (size_t)classes, logits, (size_t)classes * sizeof *logits);
    return 1;
}

/* The steps that wait, which are the last ones before `step`. */
static int keep_batch(struct explain *e, int step)
{
    const float *logits =
        e->waiting > 0 ? engine_finish_batch(engine_of(e)->plan, engine_of(e)->state) : NULL;
    int classes = engine_classes(engine_of(e)->plan), good = 1;

    for (int k = 0; k < e->waiting && good; k++)
        good = keep_step(e, step - e->waiting + k, logits + (size_t)k * (size_t)classes);
    e->waiting = 0;
    return good;
}

/* Only a curve's first run is of the whole picture; the others wait until the engine's batch is full. */
static int score(void *user, int step, const int32_t *changed, int count, float *out)
{
    struct explain *e = user;

    (void)out; /* e->curve's */
    if (comm_loop_drops(&e->loop)) {
        e->stopped = 1;
        return 0;
    }
    image_replace(e->work, e->to, e->r->pipeline.channels, changed, count);
    if (step == e->clean_step)
        return keep_batch(e, step) && keep_step(e, step, e->clean[e->scorer]);
    if (!e->begun) {
        e->begun = 1;
        engine_run_real(engine_of(e)->plan, engine_of(e)->state, e->work);
        return keep_step(e, step, engine_logits(engine_of(e)->plan, engine_of(e)->state));
    }
    e->waiting = engine_batch_changed(engine_of(e)->plan, engine_of(e)->state, e->work, changed, count);
    if (e->waiting < ENGINE_BATCH && step < e->r->job->explain_steps)
        return 1;
    return keep_batch(e, step + 1);
}

static int one_curve(struct explain *e, const float *from, const float *to, int clean_step, float *curve,
                     float *logits)
{
    struct curve_scorer scorer = { score, e };

    memcpy(e->work, from, image_pipeline_bytes(&e->r->pipeline) * sizeof *from);
    e->to = to;
    e->clean_step = clean_step;
    e->logits = logits;
    e->curve = curve;
    e->begun = e->waiting = 0;
    return curve_run(e->order, e->pixels, e->r->job->explain_steps, &scorer, curve);
}

/* ---- one picture in one precision ---------------------------------------------------------------------- */

static void *field(const struct explain *e, int p, const char *name)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "%s/%s", run_precision(e->r, p), name);
    return store_rows_field(e->rows[e->net], path);
}

static int needs_picture(const struct run *r)
{
    return r->job->explain_steps > 0 || r->layout.activations == STORE_ACTIVATIONS_SUBSET;
}

static void sort_pixels(struct explain *e)
{
    const struct store_network *n = &e->r->layout.network[e->net];

    cam_resize(e->projection, n->h, n->w, e->r->input_h, e->r->input_w, e->map);
    curve_order(e->map, e->pixels, e->order, e->scratch);
}

/* A field of precision p's, or NULL: deletion_curve, deletion_logits_on_fp32. */
static float *part(struct explain *e, int p, int wanted, const char *kind, const char *what,
                   const char *suffix)
{
    char name[STORE_NAME + 32];

    snprintf(name, sizeof name, "%s_%s%s", kind, what, suffix);
    return wanted ? field(e, p, name) : NULL;
}

/* Both curves of precision p's map along the order of e->projection, into the fields with this suffix: "",
 * "_raw", which keeps no logits, or "_on_" another network's precision. */
static int both_curves(struct explain *e, int p, const char *suffix)
{
    int steps = e->r->job->explain_steps, logits = e->r->layout.step_logits && strcmp(suffix, "_raw") != 0;

    sort_pixels(e);
    return one_curve(e, e->picture, e->away, 0, part(e, p, 1, "deletion", "curve", suffix),
                     part(e, p, logits, "deletion", "logits", suffix)) &&
           one_curve(e, e->blank, e->picture, steps, part(e, p, 1, "insertion", "curve", suffix),
                     part(e, p, logits, "insertion", "logits", suffix));
}

/* The clean picture: logits, and the CAM layer where the rows keep it. */
static void run_clean(struct explain *e)
{
    const struct engine *engine = engine_of(e);
    float *clean = e->clean[e->scorer];

    engine_run_real(engine->plan, engine->state, e->picture);
    memcpy(clean, engine_logits(engine->plan, engine->state),
           (size_t)engine_classes(engine->plan) * sizeof *clean);
    e->odd |= !accuracy_finite(clean, engine_classes(engine->plan));
    if (e->r->layout.activations == STORE_ACTIVATIONS_SUBSET) {
        struct engine_map map = engine_cam_map(engine->plan, engine->state);

        measure_keep(&map, field(e, e->scorer, "activation"));
    }
}

/* Whose probability the curves on this network show. */
static void choose_class(struct explain *e, int64_t image)
{
    int p = e->scorer, truth = e->r->list.entry[image].class_index;
    int32_t *all = field(e, p, "class"), own;
    const int32_t *first = field(e, 0, "class");
    float largest;

    accuracy_top(e->clean[p], engine_classes(engine_of(e)->plan), 1, &own, &largest);
    if (e->r->job->explain_class == JOB_CLASS_TRUE && truth >= 0)
        own = truth;
    if (e->r->job->explain_class == JOB_CLASS_FP32 && p > 0)
        own = *first;
    e->class_index = *all = own;
}

static void measure(struct explain *e, int p, int64_t image, int raw_sign)
{
    const struct store_network *n = &e->r->layout.network[e->net];
    size_t bytes = ((size_t)e->r->job->explain_steps + 1) * sizeof(float);

    choose_class(e, image);
    if (!both_curves(e, p, ""))
        return;
    if (raw_sign < 0) {
        for (int i = 0; i < n->h * n->w; i++)
            e->projection[i] = -e->projection[i];
        both_curves(e, p, "_raw");
        return;
    }
    memcpy(field(e, p, "deletion_curve_raw"), field(e, p, "deletion_curve"), bytes);
    memcpy(field(e, p, "insertion_curve_raw"), field(e, p, "insertion_curve"), bytes);
}

static status fetch_projection(struct explain *e, int p, int64_t image)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/models/%s/%s/cam", e->r->layout.network[e->net].name,
             run_precision(e->r, p));
    return store_fetch(e->r->store, path, image, 1, e->projection);
}

static status one_precision(struct explain *e, int p, int64_t image)
{
    const struct run *r = e->r;
    const struct store_network *n = &r->layout.network[e->net];
    char path[STORE_PATH];
    int8_t raw_sign;

    e->scorer = p;
    TRY(fetch_projection(e, p, image));
    snprintf(path, sizeof path, "/models/%s/%s/raw_sign", n->name, run_precision(e->r, p));
    TRY(store_fetch(r->store, path, image, 1, &raw_sign));
    if (r->layout.subset_maps) {
        uint8_t *out = field(e, p, "cam_u8");

        cam_finish(e->projection, n->h, n->w, r->input_h, r->input_w, e->map);
        for (int i = 0; i < e->pixels; i++)
            out[i] = (uint8_t)lrintf(255.0f * e->map[i]);
    }
    if (needs_picture(r))
        run_clean(e);
    if (r->job->explain_steps > 0 && !e->odd)
        measure(e, p, image, raw_sign);
    return OK;
}

/* Precision p's map on the network of another one: the order of the pixels is p's, in the resolved sign;
 * class and clean picture are the scorer's, so that its curves differ in the order alone. */
static status one_cross(struct explain *e, int p, int scorer, int64_t image)
{
    char suffix[STORE_NAME + 8];

    e->scorer = scorer;
    e->class_index = *(const int32_t *)field(e, scorer, "class");
    snprintf(suffix, sizeof suffix, "_on_%s", run_precision(e->r, scorer));
    TRY(fetch_projection(e, p, image));
    both_curves(e, p, suffix);
    return OK;
}

/* Every precision by itself, then each with the first. Ends early where the row is odd, or the loop stops. */
static status all_precisions(struct explain *e, int64_t image)
{
    for (int p = 0; p < e->r->precisions && !e->odd && !e->stopped; p++)
        TRY(one_precision(e, p, image));
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
    if (net == e->kept || e->r->job->explain_steps == 0)
        return OK;
    for (int p = 0; p < e->r->precisions; p++) {
        if (e->kept >= 0)
            TRY(engine_let_go(e->r->network[e->kept].engine[p].plan, e->r->network[e->kept].engine[p].state));
        if (net >= 0)
            TRY(engine_keep(e->r->network[net].engine[p].plan, e->r->network[net].engine[p].state));
    }
    e->kept = net;
    return OK;
}

/* ---- one row ------------------------------------------------------------------------------------------- */

/* The clean picture and its substrates; ERR_... of the picture makes the row a bad one. */
static status take_picture(struct explain *e, int net, int64_t image)
{
    const struct run *r = e->r;
    const struct model_input *in = &r->network[net].model.input;
    char path[OPTION_SIZE + 1100];
    struct image_info info;
    float table[3][256];

    TRY(text_path(path, sizeof path, r->list.root, r->list.entry[image].path));
    TRY(image_load(path, &r->pipeline, e->bytes, &info));
    image_normalize_table(in->mean, in->std, in->channels, table);
    image_normalize(e->bytes, e->pixels, in->channels, (const float(*)[256])table, e->picture);
    TRY(image_substrate((enum image_substrate)r->job->explain_deletion, e->picture, r->input_h, r->input_w,
                        in->channels, (const float(*)[256])table, e->away));
    return image_substrate((enum image_substrate)r->job->explain_insertion, e->picture, r->input_h,
                           r->input_w, in->channels, (const float(*)[256])table, e->blank);
}

/* What select wrote is a part of the row, under its CRC. */
static status take_membership(struct explain *e, int net, int64_t place)
{
    const struct store_layout *l = &e->r->layout;
    char path[STORE_PATH], name[STORE_NAME + 4] = "image";

    for (int s = -1; s < l->selections; s++) {
        if (s >= 0)
            snprintf(name, sizeof name, "in_%s", l->selection[s]);
        snprintf(path, sizeof path, "/models/%s/subset/%s", l->network[net].name, name);
        TRY(store_fetch(e->r->store, path, place, 1, store_rows_field(e->rows[net], name)));
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
    TRY(keep_network(e, net));
    e->net = net;
    e->odd = 0;
    if (needs_picture(r))
        picture = take_picture(e, net, image);
    if (picture == ERR_MEMORY)
        return picture;
    if (picture == OK)
        TRY(all_precisions(e, image));
    if (e->stopped)
        return OK; /* the row in hand is dropped */
    if (picture != OK || e->odd)
        log_rank("network %s, %s: not explained: %s", r->layout.network[net].name, r->list.entry[image].path,
                 e->odd ? "the logits are not finite" : error_last()->text);
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
    struct explain e = { .r = r, .kept = -1, .places = r->layout.subset, .pixels = r->input_h * r->input_w };
    status result = OK;

    TRY_OUT(find_missing(&e));
    TRY_OUT(comm_agree(r->c, make_room(&e)));
    TRY_OUT(work(&e));
out:
    clear(&e);
    return result;
}
