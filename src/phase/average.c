/* src/phase/average.c: the mean activation tensor of each selection, its histogram and Dice:
 * /summary/histogram. Summed from the stored rows; where store.activations = mean the file has none, and
 * each image is run again: one inference a precision. Both give the same bits: the sums are whole numbers
 * (codes; real values in units of 2^-24), so that ranks add them in any order. Done whole at every start,
 * as reduce. */
#include "local.h"
#include "probe.h"

#include <math.h>
#include <string.h>

static const double fixed_point = 16777216.0;

struct average {
    struct run *r;
    struct mem_set mem;
    struct subset_places places;
    struct probe *probe; /* NULL where layers are stored */
    uint8_t *pixels;
    void *layer;                         /* (c, h, w) codes or f32, as stored */
    int values[STORE_MAX_PRECISIONS];    /* of the CAM layers of the network in hand, and of the largest */
    int most;
    int64_t *sum;                        /* (selections, precisions, most) */
    int64_t count[STORE_MAX_SELECTIONS]; /* images summed */
    struct comm_loop loop;
};

static int values_of(const struct run *r, int net, int p)
{
    struct store_layer layer = store_layer(&r->layout, net, p);

    return layer.channels * layer.h * layer.w;
}

static status make_room(struct average *a)
{
    const struct run *r = a->r;
    const struct probe_how how = { 0 };
    size_t most = 0, seen = 0;

    for (int i = 0; i < r->networks; i++) {
        size_t bytes = run_picture_bytes(r, i);

        for (int p = 0; p < r->precisions; p++) {
            size_t values = (size_t)values_of(r, i, p);

            most = values > most ? values : most;
        }
        seen = bytes > seen ? bytes : seen;
    }
    TRY(subset_places_make(r, &a->mem, &a->places));
    MEM_TAKE(&a->mem, a->pixels, seen, 1);
    MEM_TAKE(&a->mem, a->layer, most, sizeof(float));
    MEM_TAKE(&a->mem, a->sum, most, (size_t)r->layout.selections * (size_t)r->precisions * sizeof *a->sum);
    return r->layout.activations == STORE_ACTIVATIONS_MEAN ? run_probe(r, &how, &a->probe) : OK;
}

/* ---- sums ---------------------------------------------------------------------------------------------- */

static int64_t *sum_of(const struct average *a, int selection, int p)
{
    return a->sum + ((size_t)selection * (size_t)a->r->precisions + (size_t)p) * (size_t)a->most;
}

static int holds(const struct average *a, int selection, int64_t place)
{
    return a->places.in[place] >> (1 + selection) & 1;
}

/* a->layer to the sums of every selection that holds the place. */
static void add_layer(struct average *a, int p, int64_t place)
{
    const uint8_t *codes = a->layer;
    const float *real = a->layer;
    int is_codes = a->r->precision[p].form == PRECISION_CODES;

    for (int s = 0; s < a->r->layout.selections; s++) {
        int64_t *sum = sum_of(a, s, p);

        if (!holds(a, s, place))
            continue;
        for (int i = 0; i < a->values[p]; i++)
            sum[i] += is_codes ? codes[i] : llrint((double)real[i] * fixed_point);
    }
}

/* The picture for a precision; 0 where it cannot be read any more, though evaluate could. */
static status load_picture(struct average *a, int net, int p, int64_t place, int *good)
{
    status picture = run_picture(a->r, net, p, a->places.image[place], a->pixels);

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
    const char *name = run_precision(r, p);

    switch (r->layout.activations) {
    case STORE_ACTIVATIONS_FULL:
        return run_fetch(r, net, a->places.image[place], 1, a->layer, "%s/activation", name);
    case STORE_ACTIVATIONS_SUBSET:
        return run_fetch(r, net, place, 1, a->layer, "subset/%s/activation", name);
    default:
        probe_run(a->probe, p, a->pixels);
        probe_layer_copy(&probe_shown(a->probe, p)->layer, a->layer);
        return OK;
    }
}

/* A row of the subset that is bad has no layer; evaluate's rows of selected images are all good. */
static status add_image(struct average *a, int net, int64_t place)
{
    int good = a->r->layout.activations != STORE_ACTIVATIONS_SUBSET || a->places.status[place] == STORE_OK;

    if (a->r->layout.activations == STORE_ACTIVATIONS_MEAN)
        TRY(load_picture(a, net, 0, place, &good));
    if (!good)
        return OK;
    for (int p = 0; p < a->r->precisions; p++) {
        if (a->probe && p > 0 && a->r->network[net].sees[p] != a->r->network[net].sees[p - 1])
            TRY(load_picture(a, net, p, place, &good));
        TRY(take_layer(a, net, p, place));
        add_layer(a, p, place);
    }
    for (int s = 0; s < a->r->layout.selections; s++)
        a->count[s] += holds(a, s, place);
    return OK;
}

/* No collective from comm_loop_start to comm_loop_finish. */
static status add_images(struct average *a, int net)
{
    const struct comm *c = a->r->c;
    int64_t used = 0;
    status s = OK;

    while (used < a->r->layout.subset && a->places.image[used] >= 0)
        used++;
    if (a->probe)
        probe_aim(a->probe, net);
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

static void make_mean(const struct average *a, int net, int selection, int p, double *mean)
{
    const struct quant_params *q = &a->r->layout.network[net].q[p];
    int codes = a->r->precision[p].form == PRECISION_CODES;
    const int64_t *sum = sum_of(a, selection, p);
    double count = (double)a->count[selection];

    for (int i = 0; i < a->values[p]; i++)
        mean[i] = codes ? q->scale * ((double)sum[i] / count - q->zero_point)
                        : (double)sum[i] / count / fixed_point;
}

/* The range in common is that of the layers with the first's extents; of others there is no such histogram.
 *   mean  (precisions, most) scratch */
static void fill_set(const struct average *a, int net, int selection, double *mean, struct average_bins *b)
{
    int set = 1 + selection;
    double low = 0, high = 0;

    b->images[set] = a->count[selection];
    if (a->count[selection] == 0)
        return;
    for (int p = 0; p < a->r->precisions; p++) {
        double *own = mean + (size_t)p * (size_t)a->most, *first = &b->of[p].low[set],
               *last = &b->of[p].high[set];

        make_mean(a, net, selection, p, own);
        histogram_range(own, a->values[p], first, last);
        histogram_count(own, a->values[p], *first, *last, b->of[p].own[set]);
        if (!store_layers_alike(&a->r->layout, net, p, 0))
            continue;
        low = p == 0 || *first < low ? *first : low;
        high = p == 0 || *last > high ? *last : high;
    }
    for (int p = 0; p < a->r->precisions; p++)
        if (store_layers_alike(&a->r->layout, net, p, 0))
            histogram_count(mean + (size_t)p * (size_t)a->most, a->values[p], low, high,
                            b->of[p].common[set]);
}

status average_write(const struct run *r, int net, const struct average_bins *b)
{
    const struct run_column images = { "images", b->images };

    TRY(run_put(r, net, "histogram", NULL, &images, 1));
    for (int p = 0; p < r->precisions; p++) {
        const struct average_of *first = &b->of[0], *of = &b->of[p];
        double own[REDUCE_SETS] = { 0 }, common[REDUCE_SETS] = { 0 };
        const struct run_column column[] = {
            { "own", of->own },   { "common", of->common }, { "low", of->low },
            { "high", of->high }, { "dice_own", own },      { "dice_common", common },
        };

        for (int s = 0; s <= r->layout.selections && store_layers_alike(&r->layout, net, p, 0); s++) {
            own[s] = b->images[s] > 0 ? histogram_dice(first->own[s], of->own[s]) : 0;
            common[s] = b->images[s] > 0 ? histogram_dice(first->common[s], of->common[s]) : 0;
        }
        /* The first precision is compared with no other. */
        TRY(run_put(r, net, "histogram", run_precision(r, p), column, p > 0 ? COUNT_OF(column) : 4));
    }
    return OK;
}

static status finish_network(const struct average *a, int net)
{
    struct average_bins *b;
    double *mean = NULL;
    status result = OK;

    MEM_TRY(b, 1, sizeof *b);
    MEM_TRY_OUT(mean, (size_t)a->most, (size_t)a->r->precisions * sizeof *mean);
    for (int s = 0; s < a->r->layout.selections; s++)
        fill_set(a, net, s, mean, b);
    TRY_OUT(average_write(a->r, net, b));
out:
    mem_free(b);
    mem_free(mean);
    return result;
}

/* ---- the phase ----------------------------------------------------------------------------------------- */

static status average_network(struct average *a, int net)
{
    const struct run *r = a->r;
    size_t sums;

    a->most = 0;
    for (int p = 0; p < r->precisions; p++) {
        a->values[p] = values_of(r, net, p);
        a->most = a->values[p] > a->most ? a->values[p] : a->most;
    }
    sums = (size_t)r->layout.selections * (size_t)r->precisions * (size_t)a->most;
    memset(a->sum, 0, sums * sizeof *a->sum);
    memset(a->count, 0, sizeof a->count);
    TRY(comm_agree(r->c, subset_places_read(r, net, &a->places)));
    TRY(add_images(a, net));
    comm_sum_u64(r->c, (uint64_t *)a->sum, sums); /* two's complement */
    comm_sum_u64(r->c, (uint64_t *)a->count, STORE_MAX_SELECTIONS);
    return comm_agree(r->c, r->c->rank == 0 ? finish_network(a, net) : OK);
}

status average_activations(struct run *r)
{
    struct average a = { .r = r };
    status result = OK;

    TRY_OUT(comm_agree(r->c, make_room(&a)));
    for (int net = 0; net < r->networks; net++)
        TRY_OUT(average_network(&a, net));
out:
    probe_free(a.probe);
    mem_drop(&a.mem);
    return result;
}
