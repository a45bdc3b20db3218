/* src/phase/evaluate.c: the rows of every image and network that are missing. */
#include "from.h"
#include "match.h"
#include "row.h"

#include <stdlib.h>
#include <string.h>

/* Pictures decoded together: every network then runs over them while its weights are in the cache. */
enum { BLOCK = 8, ROWS_KEPT = 32, LARGE_ROWS_KEPT = 4 };

struct evaluate {
    struct mem_set mem;
    struct run *r;
    uint8_t *image_missing;             /* (N) */
    uint8_t *missing[JOB_MAX_NETWORKS]; /* (N) */
    int64_t *mine, count;               /* images with anything missing: this rank's, or all (dynamic) */
    struct store_rows *images, *rows[JOB_MAX_NETWORKS];
    struct row *row[JOB_MAX_NETWORKS];
    struct store_take *take[JOB_MAX_NETWORKS][STORE_MAX_PRECISIONS];  /* NULL: computed */
    int decode_s, seconds[JOB_MAX_NETWORKS][STORE_MAX_PRECISIONS][2]; /* datasets of times beside the rows */
    struct probe *probe;
    struct match *match;               /* NULL: maps are compared with no truths */
    status truths;                     /* of the picture in hand: no memory is no fault of its own */
    uint8_t *pixels[RUN_SIGHTS]; /* (BLOCK, H, W, channels) of the pipelines that are no earlier one's */
    int good[BLOCK];
    int64_t there[BLOCK];                      /* rows of the other result, of the network in hand; or -1 */
    double run_s[STORE_MAX_PRECISIONS][BLOCK]; /* what the network took, in each precision */
    struct image_info info[BLOCK];
    int64_t fault; /* the image at which a test wants a failure, or -1 */
};

/* ---- what is missing ----------------------------------------------------------------------------------- */

static status make_flags(struct evaluate *e, uint8_t **any)
{
    size_t n = (size_t)e->r->layout.images;

    MEM_TAKE(&e->mem, *any, n, 1);
    MEM_TAKE(&e->mem, e->image_missing, n, 1);
    for (int i = 0; i < e->r->networks; i++)
        MEM_TAKE(&e->mem, e->missing[i], n, 1);
    return OK;
}

static status find_missing(struct evaluate *e)
{
    struct run *r = e->r;
    int64_t n = r->layout.images, damaged = 0, all_damaged = 0;
    int retry_bad = !r->job->keep_bad;
    uint8_t *any;

    TRY(comm_agree(r->c, make_flags(e, &any)));
    TRY(store_missing(r->store, STORE_ROWS_IMAGE, 0, retry_bad, e->image_missing, &damaged));
    all_damaged += damaged;
    memcpy(any, e->image_missing, (size_t)n);
    for (int i = 0; i < r->networks; i++) {
        TRY(store_missing(r->store, STORE_ROWS_MODEL, i, retry_bad, e->missing[i], &damaged));
        all_damaged += damaged;
        for (int64_t k = 0; k < n; k++)
            any[k] |= e->missing[i][k];
    }
    if (all_damaged > 0)
        log_info("%lld rows claimed to be done and are damaged: they are computed again",
                 (long long)all_damaged);
    return comm_agree(r->c, run_share(r, any, n, &e->mine, &e->count));
}

/* What a row of a network takes: network and CAM, by precision. */
static status time_rows(struct evaluate *e, int net)
{
    static const char *const what[2] = { "inference_s", "cam_s" };
    char path[STORE_PATH];

    for (int p = 0; p < e->r->precisions; p++)
        for (int k = 0; k < 2; k++) {
            snprintf(path, sizeof path, "/timing/loaded/%s/%s/%s", e->r->layout.network[net].name,
                     run_precision(e->r, p), what[k]);
            TRY(store_rows_beside(e->rows[net], path, &e->seconds[net][p][k]));
        }
    return OK;
}

/* Is it a pipeline of this job, and no earlier one's? */
static int is_seen(const struct run *r, int sight)
{
    int net = sight / STORE_MAX_PRECISIONS, p = sight % STORE_MAX_PRECISIONS;

    return net < r->networks && p < r->precisions && r->network[net].sees[p] == sight;
}

static status make_room(struct evaluate *e)
{
    const struct run *r = e->r;
    const struct probe_how how = { .sign = (enum cam_sign)r->job->sign,
                                   .raw = r->job->raw,
                                   .together = BLOCK,
                                   .methods = r->job->methods & ~(1u << CAM_EIGEN),
                                   .of_class = (enum probe_class)r->job->cam_class,
                                   .input = r->job->input_map,
                                   .removal = r->layout.removal,
                                   .removed = (enum image_substrate)(r->job->input_removal - 1) };

    for (int i = 0; i < r->networks; i++) {
        TRY(store_rows_create(r->store, STORE_ROWS_MODEL, i,
                              r->layout.activations == STORE_ACTIVATIONS_FULL ? LARGE_ROWS_KEPT : ROWS_KEPT,
                              &e->rows[i]));
        TRY(row_create(r, e->rows[i], i, &e->row[i]));
        if (r->from)
            TRY(from_takes(r, r->from->rows[i], e->rows[i], e->take[i]));
        TRY(time_rows(e, i));
    }
    TRY(store_rows_create(r->store, STORE_ROWS_IMAGE, 0, ROWS_KEPT, &e->images));
    TRY(store_rows_beside(e->images, "/timing/loaded/decode_s", &e->decode_s));
    for (int k = 0; k < RUN_SIGHTS; k++)
        if (is_seen(r, k))
            MEM_TAKE(&e->mem, e->pixels[k], BLOCK, image_pipeline_bytes(run_pipeline(r, k)));
    return run_probe(r, &how, &e->probe);
}

static status match_rows(struct evaluate *e)
{
    for (int i = 0; i < e->r->networks && e->match; i++)
        TRY(match_network(e->match, i, e->rows[i]));
    return OK;
}

static void clear(struct evaluate *e)
{
    for (int i = 0; i < JOB_MAX_NETWORKS; i++) {
        row_free(e->row[i]);
        for (int p = 0; p < STORE_MAX_PRECISIONS; p++)
            store_take_free(e->take[i][p]);
        store_rows_free(e->rows[i]);
    }
    store_rows_free(e->images);
    mem_free(e->mine);
    mem_drop(&e->mem);
    match_close(e->match);
    probe_free(e->probe);
}

/* QUANTCAM_FAULT=RANK:IMAGE makes that rank fail at that image: tests of how all ranks stop. */
static int64_t fault_of(const struct comm *c)
{
    const char *text = getenv("QUANTCAM_FAULT");
    long rank, image;

    return text && sscanf(text, "%ld:%ld", &rank, &image) == 2 && rank == c->rank ? image : -1;
}

/* ---- pictures ------------------------------------------------------------------------------------------ */

/* The sentence without the path in front: that is in the row, and the root does not belong there. */
static const char *reason(const char *path, const char *text)
{
    size_t length = strlen(path);

    return strncmp(text, path, length) == 0 && text[length] == ':'
               ? text + length + 1 + (text[length + 1] == ' ')
               : text;
}

/* What precision p of network `net` sees of picture b of the block. */
static uint8_t *seen(const struct evaluate *e, int net, int p, int b)
{
    int sees = e->r->network[net].sees[p];

    return e->pixels[sees] + (size_t)b * image_pipeline_bytes(run_pipeline(e->r, sees));
}

/* What people see in a picture, for the rows of networks, and for its own. */
static status load_truths(struct evaluate *e, int b, int64_t image, const struct image *im)
{
    if (!e->match)
        return OK;
    TRY(match_picture(e->match, b, image, im));
    return e->image_missing[image] ? match_image(e->match, b, image, im) : OK;
}

/* Once decoded, once a pipeline preprocessed. */
static status load_picture(struct evaluate *e, int b, int64_t image, const char *path,
                           struct image_info *info)
{
    struct image im;
    status result;

    TRY(image_read_info(path, &im, info));
    result = OK;
    for (int k = 0; k < RUN_SIGHTS && result == OK; k++)
        if (e->pixels[k])
            result = image_preprocess(&im, run_pipeline(e->r, k),
                                      e->pixels[k] + (size_t)b * image_pipeline_bytes(run_pipeline(e->r, k)));
    e->truths = result == OK ? load_truths(e, b, image, &im) : OK;
    image_free(&im);
    return result;
}

/* Decodes image number `image` into place `b` of the block; writes its row if that is missing. */
static status take_picture(struct evaluate *e, int b, int64_t image)
{
    const struct run *r = e->r;
    struct image_info info = { 0 };
    char path[OPTION_SIZE + 1100], hex[2 * HASH_SIZE + 1];
    double start = clock_s();
    float seconds;
    status s;

    if (image == e->fault)
        return FAIL(ERR_IO, "image %lld: failure asked for by QUANTCAM_FAULT", (long long)image);
    TRY(text_path(path, sizeof path, r->list.root, r->list.entry[image].path));
    s = load_picture(e, b, image, path, &info);
    TRY(e->truths);
    seconds = (float)(clock_s() - start);
    e->good[b] = s == OK;
    e->info[b] = info;
    if (!e->image_missing[image])
        return OK;
    *(float *)store_rows_at(e->images, e->decode_s) = seconds;
    *(int32_t *)store_rows_field(e->images, "width") = info.width;
    *(int32_t *)store_rows_field(e->images, "height") = info.height;
    if (memcmp(info.sha256, (uint8_t[HASH_SIZE]){ 0 }, HASH_SIZE) != 0)
        memcpy(store_rows_field(e->images, "sha256"), hash_hex(info.sha256, hex), 2 * HASH_SIZE);
    if (s != OK)
        snprintf(store_rows_field(e->images, "error"), STORE_ERROR, "%.*s", STORE_ERROR - 1,
                 reason(path, error_last()->text));
    return store_rows_add(e->images, image, s == OK ? STORE_OK : STORE_BAD_IMAGE);
}

/* ---- one network --------------------------------------------------------------------------------------- */

/* Whether precision p of picture b has the values of another result's row. What is computed of input
 * gradients is compared with the first's map, which no row has. */
static int is_taken(const struct evaluate *e, int net, int p, int b)
{
    int taken = e->there[b] >= 0 && e->take[net][p];

    for (int other = 1; other < e->r->precisions && p == 0 && e->r->job->input_map; other++)
        taken = taken && e->take[net][other];
    return taken;
}

/* Runs one precision of all pictures of the block, their last layers together; `on`: the loop goes on. */
static void run_block(struct evaluate *e, int net, int p, const int64_t *image, int count,
                      struct comm_loop *loop, int *on)
{
    double start, share;
    int ran = 0;

    for (int b = 0; b < count && *on; b++) {
        if (!e->missing[net][image[b]] || !e->good[b] || is_taken(e, net, p, b))
            continue;
        *on = comm_loop_goes_on(loop);
        start = clock_s();
        probe_ahead(e->probe, p, b, seen(e, net, p, b));
        e->run_s[p][b] = clock_s() - start;
        ran++;
    }
    start = clock_s();
    probe_ahead_finish(e->probe, p);
    share = (clock_s() - start) / (ran > 0 ? ran : 1);
    for (int b = 0; b < count; b++)
        e->run_s[p][b] += share;
}

/* ERR_NUMERIC: NaN or infinity, a bad row. */
static status one_precision(struct evaluate *e, int net, int p, int b, int64_t image)
{
    double start = clock_s(), middle;
    status s;

    probe_ahead_take(e->probe, p, b, seen(e, net, p, b));
    middle = clock_s();
    s = probe_look(e->probe, p);
    *(float *)store_rows_at(e->rows[net], e->seconds[net][p][0]) = (float)(middle - start + e->run_s[p][b]);
    *(float *)store_rows_at(e->rows[net], e->seconds[net][p][1]) = (float)(clock_s() - middle);
    TRY(s);
    TRY(probe_answer(e->probe, p));
    TRY(row_precision(e->row[net], e->probe, p, image, &e->info[b], seen(e, net, p, b)));
    return e->match ? match_precision(e->match, e->probe, net, p, b) : OK;
}

/* A precision's values are those of row `there` of the other result, pairs with the first among them. */
static status take_precision(struct evaluate *e, int net, int p, int64_t there)
{
    TRY(store_take_row(e->take[net][p], there));
    if (p == 0)
        row_recall(e->row[net], e->probe, p);
    return OK;
}

/* One row: all precisions, and each compared with the first. */
static status one_network(struct evaluate *e, int net, int b, int64_t image)
{
    int begins = 1;

    if (!e->good[b])
        return store_rows_add(e->rows[net], image, STORE_BAD_IMAGE);
    probe_aim(e->probe, net);
    for (int p = 0; p < e->r->precisions; p++) {
        status s = is_taken(e, net, p, b) ? take_precision(e, net, p, e->there[b])
                                          : one_precision(e, net, p, b, image);

        if (s == ERR_NUMERIC)
            return store_rows_add(e->rows[net], image, STORE_BAD_IMAGE);
        TRY(s);
    }
    for (int p = 1; p < e->r->precisions; p++) {
        if (is_taken(e, net, p, b))
            continue;
        row_pair(e->row[net], e->probe, p);
        if (e->match)
            TRY(match_pair(e->match, e->probe, net, p, begins));
        begins = 0;
    }
    e->r->taken += e->there[b] >= 0;
    return store_rows_add(e->rows[net], image, STORE_OK);
}

/* ---- the loop ------------------------------------------------------------------------------------------ */

/* Up to BLOCK images: pictures first, then network by network. Ends early where the loop says stop. */
static status one_block(struct evaluate *e, const int64_t *image, int count, struct comm_loop *loop)
{
    int bad = 0;

    for (int b = 0; b < count; b++) {
        if (!comm_loop_goes_on(loop))
            return OK;
        TRY(take_picture(e, b, image[b]));
        bad += !e->good[b];
    }
    for (int net = 0; net < e->r->networks; net++) {
        int on = 1;

        probe_aim(e->probe, net);
        for (int b = 0; b < count; b++)
            e->there[b] = from_row(e->r, net, image[b], e->info[b].sha256);
        for (int p = 0; p < e->r->precisions && on; p++)
            run_block(e, net, p, image, count, loop, &on);
        for (int b = 0; b < count; b++) {
            if (!e->missing[net][image[b]])
                continue;
            if (!on || !comm_loop_goes_on(loop))
                return OK;
            TRY(one_network(e, net, b, image[b]));
        }
    }
    comm_loop_step(loop, count, bad);
    return OK;
}

static status commit(struct evaluate *e)
{
    TRY(store_rows_commit(e->images));
    for (int i = 0; i < e->r->networks; i++)
        TRY(store_rows_commit(e->rows[i]));
    return OK;
}

/* No collective from comm_loop_start to comm_loop_finish. */
static status work(struct evaluate *e)
{
    const struct comm *c = e->r->c;
    struct comm_loop loop = { .name = "evaluate",
                              .items = "images",
                              .unit = "img",
                              .total = e->r->layout.images,
                              .todo = e->count,
                              .block = 8 * BLOCK,
                              .grain = BLOCK };
    status s = OK, committed;
    int64_t at, count;

    run_loop(e->r, &loop);
    comm_loop_start(&loop, c);
    while (s == OK && comm_loop_goes_on(&loop) && (count = comm_loop_take(&loop, BLOCK, &at)) > 0)
        s = one_block(e, e->mine + at, (int)count, &loop);
    if (s == OK) {
        s = commit(e);
    } else { /* what is done stays done, and the first sentence is the one to keep */
        struct error_record first = *error_last();
        committed = commit(e);
        (void)committed;
        *error_last() = first;
    }
    return comm_loop_finish(&loop, s);
}

/* Names the first bad pictures; returns how many there are. */
static status name_bad(const struct run *r, const uint8_t *row, int64_t *count)
{
    enum { NAMED = 10 };
    char error[STORE_ERROR + 1] = "";

    *count = 0;
    for (int64_t i = 0; i < r->layout.images; i++) {
        if (row[i] != STORE_BAD_IMAGE || ++*count > NAMED)
            continue;
        TRY(store_fetch(r->store, "/images/error", i, 1, error));
        log_info("bad image %s: %s", r->list.entry[i].path, error);
    }
    if (*count > NAMED)
        log_info("... and %lld more bad images", (long long)(*count - NAMED));
    return OK;
}

/* A gradient that is 0 for every picture says that the layer was badly chosen. ok: rows of the network that
 * are not bad; row: room for a column. */
static status check_gradients(const struct run *r, int net, const uint8_t *status_of, uint8_t *row)
{
    int64_t n = r->layout.images, ok = 0, flat = 0;

    for (int m = 0; m < CAM_METHODS; m++)
        for (int p = 0; r->job->methods >> m & 1 &&
                        cam_method_needs((enum cam_method)m) == CAM_NEEDS_GRADIENT && p < r->precisions;
             p++) {
            const struct model *of = r->network[net].model[p];

            TRY(run_fetch(r, net, 0, n, row, "%s/degenerate_%s", run_precision(r, p),
                          cam_method_name((enum cam_method)m)));
            ok = flat = 0;
            for (int64_t i = 0; i < n; i++) {
                ok += status_of[i] == STORE_OK;
                flat += status_of[i] == STORE_OK && row[i] == ROW_FLAT;
            }
            if (ok > 0 && flat == ok)
                return FAIL(
                    ERR_MISMATCH,
                    "network %s: the explained class's gradient at the CAM layer %s is 0 for every picture "
                    "in %s: choose another cam.layer",
                    r->layout.network[net].name, of->node[of->cam].name, run_precision(r, p));
        }
    return OK;
}

/* Bad pictures, and the network with the most bad rows: NaN or infinity make a row bad too (DESIGN 7.2). */
static status count_bad(struct run *r)
{
    int64_t n = r->layout.images;
    uint8_t *row = NULL;
    status result = OK;

    MEM_TRY(row, 2 * (size_t)n, 1);
    TRY_OUT(store_fetch(r->store, "/images/status", 0, n, row));
    TRY_OUT(name_bad(r, row, &r->images_bad));
    r->rows_bad = r->images_bad;
    for (int net = 0; net < r->networks; net++) {
        int64_t bad = 0;
        TRY_OUT(run_fetch(r, net, 0, n, row, "status"));
        for (int64_t i = 0; i < n; i++)
            bad += row[i] == STORE_BAD_IMAGE;
        if (bad > r->images_bad)
            log_info("network %s: NaN or infinity for %lld good images", r->layout.network[net].name,
                     (long long)(bad - r->images_bad));
        r->rows_bad = bad > r->rows_bad ? bad : r->rows_bad;
        TRY_OUT(check_gradients(r, net, row, row + n));
    }
out:
    mem_free(row);
    return result;
}

status evaluate_images(struct run *r)
{
    struct evaluate e = { .r = r, .fault = fault_of(r->c) };
    status result = OK;

    TRY_OUT(find_missing(&e));
    TRY_OUT(comm_agree(r->c, make_room(&e)));
    TRY_OUT(match_open(r, BLOCK, e.images, &e.match));
    TRY_OUT(comm_agree(r->c, match_rows(&e)));
    TRY_OUT(work(&e));
    run_note_memory(r);
    TRY_OUT(comm_agree(r->c, count_bad(r)));
    if (r->c->rank == 0)
        result = match_say(r);
    result = comm_agree(r->c, result);
out:
    clear(&e);
    return result;
}
