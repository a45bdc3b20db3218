/* src/phase/average.c: the mean activation tensor of each selection, its histogram and Dice:
 * /summary/histogram. Summed from the stored rows; where store.activations = mean the file has none, and
 * each image is run again: one inference a precision. Both give the same bits: the sums are whole numbers
 * (codes; real values in units of 2^-24), so that ranks add them in any order. Done whole at every start,
 * as reduce. */
#include "probe.h"
#include "run.h"

#include "metric.h"

#include <math.h>
#include <string.h>

static const double fixed_point = 16777216.0;

struct average {
    struct run *r;
    int64_t places, *image;            /* (S) */
    uint8_t *in[STORE_MAX_SELECTIONS]; /* (S) */
    uint8_t *state;                    /* (S) of the subset's rows */
    uint8_t *pixels;
    void *layer;                         /* (c, h, w) codes or f32, as stored */
    int values;                          /* of the CAM layer of the network in hand */
    int64_t *sum;                        /* (selections, precisions, values) */
    int64_t count[STORE_MAX_SELECTIONS]; /* images summed */
    struct comm_loop loop;
};

static status make_room(struct average *a)
{
    const struct run *r = a->r;
    size_t most = 0, seen = 0;

    for (int i = 0; i < r->networks; i++) {
        const struct store_network *n = &r->layout.network[i];
        size_t values = (size_t)n->channels * (size_t)n->h * (size_t)n->w;
        size_t bytes = image_pipeline_bytes(&r->network[i].pipeline);
        most = values > most ? values : most;
        seen = bytes > seen ? bytes : seen;
    }
    MEM_TRY(a->image, (size_t)a->places, sizeof *a->image);
    for (int s = 0; s < r->layout.selections; s++)
        MEM_TRY(a->in[s], (size_t)a->places, 1);
    MEM_TRY(a->state, (size_t)a->places, 1);
    MEM_TRY(a->pixels, seen, 1);
    MEM_TRY(a->layer, most, sizeof(float));
    MEM_TRY(a->sum, most, (size_t)r->layout.selections * (size_t)r->precisions * sizeof *a->sum);
    return OK;
}

static void clear(struct average *a)
{
    mem_free(a->image);
    for (int s = 0; s < STORE_MAX_SELECTIONS; s++)
        mem_free(a->in[s]);
    mem_free(a->state);
    mem_free(a->pixels);
    mem_free(a->layer);
    mem_free(a->sum);
}

/* ---- sums ---------------------------------------------------------------------------------------------- */

static int64_t *sum_of(const struct average *a, int selection, int p)
{
    return a->sum + ((size_t)selection * (size_t)a->r->precisions + (size_t)p) * (size_t)a->values;
}

/* a->layer to the sums of every selection that holds the place. */
static void add_layer(struct average *a, int p, int64_t place)
{
    const uint8_t *codes = a->layer;
    const float *real = a->layer;
    int is_codes = a->r->precision[p].form == PRECISION_CODES;

    for (int s = 0; s < a->r->layout.selections; s++) {
        int64_t *sum = sum_of(a, s, p);

        if (!a->in[s][place])
            continue;
        for (int i = 0; i < a->values; i++)
            sum[i] += is_codes ? codes[i] : llrint((double)real[i] * fixed_point);
    }
}

/* The picture for a network; 0 where it cannot be read any more, though evaluate could. */
static status load_picture(struct average *a, int net, int64_t place, int *good)
{
    const struct run *r = a->r;
    char path[OPTION_SIZE + 1100];
    struct image_info info;
    status picture;

    TRY(text_path(path, sizeof path, r->list.root, r->list.entry[a->image[place]].path));
    picture = image_load(path, &r->network[net].pipeline, a->pixels, &info);
    *good = picture == OK;
    if (picture == ERR_MEMORY)
        return picture;
    if (picture != OK)
        log_rank("%s: left out of the mean activation", error_last()->text);
    return OK;
}

/* The layer of one precision, as it was stored or by running the network, into a->layer. */
static status take_layer(struct average *a, int net, int p, int64_t place)
{
    const struct run *r = a->r;
    const char *name = r->layout.network[net].name;
    struct engine_map map;
    char path[STORE_PATH];

    switch (r->layout.activations) {
    case STORE_ACTIVATIONS_FULL:
        snprintf(path, sizeof path, "/models/%s/%s/activation", name, run_precision(r, p));
        return store_fetch(r->store, path, a->image[place], 1, a->layer);
    case STORE_ACTIVATIONS_SUBSET:
        snprintf(path, sizeof path, "/models/%s/subset/%s/activation", name, run_precision(r, p));
        return store_fetch(r->store, path, place, 1, a->layer);
    default:
        engine_run(r->network[net].engine[p].plan, r->network[net].engine[p].state, a->pixels);
        map = engine_cam_map(r->network[net].engine[p].plan, r->network[net].engine[p].state);
        probe_layer_copy(&map, a->layer);
        return OK;
    }
}

/* A row of the subset that is bad has no layer; evaluate's rows of selected images are all good. */
static status add_image(struct average *a, int net, int64_t place)
{
    int good = a->r->layout.activations != STORE_ACTIVATIONS_SUBSET || a->state[place] == STORE_OK;

    if (a->r->layout.activations == STORE_ACTIVATIONS_MEAN)
        TRY(load_picture(a, net, place, &good));
    if (!good)
        return OK;
    for (int p = 0; p < a->r->precisions; p++) {
        TRY(take_layer(a, net, p, place));
        add_layer(a, p, place);
    }
    for (int s = 0; s < a->r->layout.selections; s++)
        a->count[s] += a->in[s][place];
    return OK;
}

/* No collective from comm_loop_start to comm_loop_finish. */
static status add_images(struct average *a, int net)
{
    const struct comm *c = a->r->c;
    int64_t used = 0;
    status s = OK;

    while (used < a->places && a->image[used] >= 0)
        used++;
    a->loop = (struct comm_loop){ .name = "average",
                                  .items = "images",
                                  .unit = "img",
                                  .total = used,
                                  .todo = (used - c->rank + c->size - 1) / c->size,
                                  .user = a->r,
                                  .on_report = progress_file_report };
    comm_loop_start(&a->loop, c);
    for (int64_t i = c->rank; i < used && s == OK && comm_loop_goes_on(&a->loop); i += c->size) {
        s = add_image(a, net, i);
        comm_loop_step(&a->loop, 1, 0);
    }
    return comm_loop_finish(&a->loop, s);
}

/* ---- histograms, on rank 0 ----------------------------------------------------------------------------- */

enum { SETS = 1 + STORE_MAX_SELECTIONS };

/* What /summary/histogram holds of one network; the whole set has none. */
struct histograms {
    int64_t images[SETS];
    int64_t own[STORE_MAX_PRECISIONS][SETS][HISTOGRAM_BINS],
        common[STORE_MAX_PRECISIONS][SETS][HISTOGRAM_BINS];
    double low[STORE_MAX_PRECISIONS][SETS], high[STORE_MAX_PRECISIONS][SETS];
    double dice_own[STORE_MAX_PRECISIONS][SETS], dice_common[STORE_MAX_PRECISIONS][SETS];
};

static void make_mean(const struct average *a, int net, int selection, int p, double *mean)
{
    const struct quant_params *q = &a->r->layout.network[net].q[p];
    int codes = a->r->precision[p].form == PRECISION_CODES;
    const int64_t *sum = sum_of(a, selection, p);
    double count = (double)a->count[selection];

    for (int i = 0; i < a->values; i++)
        mean[i] = codes ? q->scale * ((double)sum[i] / count - q->zero_point)
                        : (double)sum[i] / count / fixed_point;
}

/* mean: (precisions, values) scratch. */
static void fill_set(const struct average *a, int net, int selection, double *mean, struct histograms *h)
{
    int set = 1 + selection;
    double low = 0, high = 0;

    h->images[set] = a->count[selection];
    if (a->count[selection] == 0)
        return;
    for (int p = 0; p < a->r->precisions; p++) {
        double *own = mean + (size_t)p * (size_t)a->values, *first = &h->low[p][set],
               *last = &h->high[p][set];

        make_mean(a, net, selection, p, own);
        histogram_range(own, a->values, first, last);
        histogram_count(own, a->values, *first, *last, h->own[p][set]);
        low = p == 0 || *first < low ? *first : low;
        high = p == 0 || *last > high ? *last : high;
    }
    for (int p = 0; p < a->r->precisions; p++) {
        histogram_count(mean + (size_t)p * (size_t)a->values, a->values, low, high, h->common[p][set]);
        h->dice_own[p][set] = histogram_dice(h->own[0][set], h->own[p][set]);
        h->dice_common[p][set] = histogram_dice(h->common[0][set], h->common[p][set]);
    }
}

static status write_histograms(const struct run *r, int net, const struct histograms *h)
{
    char path[STORE_PATH];

    TRY(store_write(r->store, "/summary/histogram/images", net, 1, h->images));
    for (int p = 0; p < r->precisions; p++) {
        const struct {
            const char *name;
            const void *row;
        } table[] = {
            { "own", h->own[p] },   { "common", h->common[p] },     { "low", h->low[p] },
            { "high", h->high[p] }, { "dice_own", h->dice_own[p] }, { "dice_common", h->dice_common[p] },
        };
        int tables = p > 0 ? COUNT_OF(table) : 4; /* the first precision is compared with no other */

        for (int i = 0; i < tables; i++) {
            snprintf(path, sizeof path, "/summary/histogram/%s/%s", run_precision(r, p), table[i].name);
            TRY(store_write(r->store, path, net, 1, table[i].row));
        }
    }
    return OK;
}

static status finish_network(const struct average *a, int net)
{
    struct histograms *h = NULL;
    double *mean = NULL;
    status result = OK;

    h = mem_alloc(1, sizeof *h);
    mean = mem_alloc((size_t)a->values, (size_t)a->r->precisions * sizeof *mean);
    if (!h || !mean)
        result = FAIL(ERR_MEMORY, "no memory for the histograms");
    for (int s = 0; s < a->r->layout.selections && result == OK; s++)
        fill_set(a, net, s, mean, h);
    if (result == OK)
        result = write_histograms(a->r, net, h);
    mem_free(h);
    mem_free(mean);
    return result;
}

/* ---- the phase ----------------------------------------------------------------------------------------- */

static status read_members(struct average *a, int net)
{
    const struct store_layout *l = &a->r->layout;
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/models/%s/subset/image", l->network[net].name);
    TRY(store_fetch(a->r->store, path, 0, a->places, a->image));
    snprintf(path, sizeof path, "/models/%s/subset/status", l->network[net].name);
    TRY(store_fetch(a->r->store, path, 0, a->places, a->state));
    for (int s = 0; s < l->selections; s++) {
        snprintf(path, sizeof path, "/models/%s/subset/in_%s", l->network[net].name, l->selection[s]);
        TRY(store_fetch(a->r->store, path, 0, a->places, a->in[s]));
    }
    return OK;
}

static status average_network(struct average *a, int net)
{
    const struct run *r = a->r;
    const struct store_network *n = &r->layout.network[net];
    size_t sums;

    a->values = n->channels * n->h * n->w;
    sums = (size_t)r->layout.selections * (size_t)r->precisions * (size_t)a->values;
    memset(a->sum, 0, sums * sizeof *a->sum);
    memset(a->count, 0, sizeof a->count);
    TRY(comm_agree(r->c, read_members(a, net)));
    TRY(add_images(a, net));
    comm_sum_u64(r->c, (uint64_t *)a->sum, sums); /* two's complement */
    comm_sum_u64(r->c, (uint64_t *)a->count, STORE_MAX_SELECTIONS);
    return comm_agree(r->c, r->c->rank == 0 ? finish_network(a, net) : OK);
}

status average_activations(struct run *r)
{
    struct average a = { .r = r, .places = r->layout.subset };
    status result = OK;

    TRY_OUT(comm_agree(r->c, make_room(&a)));
    for (int net = 0; net < r->networks; net++)
        TRY_OUT(average_network(&a, net));
out:
    clear(&a);
    return result;
}
