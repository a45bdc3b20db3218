#include "run.h"

#include "metric.h"

#include <string.h>

enum { SETS = 1 + STORE_MAX_SELECTIONS, KINDS = 4, MEANS = 2, CHUNK = 256 };

/* Areas of all four, mean curves of the first two. */
static const char *const kind[KINDS] = { "deletion_curve", "insertion_curve", "deletion_curve_raw",
                                         "insertion_curve_raw" };
static const char *const area_name[KINDS] = { "deletion", "insertion", "deletion_raw", "insertion_raw" };

struct sums {
    int points;
    uint8_t *state, *in[STORE_MAX_SELECTIONS]; /* (S) */
    float *curve;                              /* (CHUNK, points) */
    double *mean;                              /* (sets, points) */
};

static status make_room(const struct run *r, struct sums *a)
{
    size_t places = (size_t)r->layout.subset;

    a->points = r->layout.steps + 1;
    MEM_TRY(a->state, places, 1);
    for (int s = 0; s < r->layout.selections; s++)
        MEM_TRY(a->in[s], places, 1);
    MEM_TRY(a->curve, CHUNK * (size_t)a->points, sizeof *a->curve);
    MEM_TRY(a->mean, SETS * (size_t)a->points, sizeof *a->mean);
    return OK;
}

static void clear(struct sums *a)
{
    mem_free(a->state);
    for (int s = 0; s < STORE_MAX_SELECTIONS; s++)
        mem_free(a->in[s]);
    mem_free(a->curve);
    mem_free(a->mean);
}

static status fetch(const struct run *r, int net, const char *name, int64_t first, int64_t count, void *out)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/models/%s/subset/%s", r->layout.network[net].name, name);
    return store_fetch(r->store, path, first, count, out);
}

static status put(const struct run *r, int net, int p, const char *name, const void *row)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/summary/curves/%s/%s", run_precision(r, p), name);
    return store_write(r->store, path, net, 1, row);
}

static status read_members(const struct run *r, int net, struct sums *a, int64_t images[SETS])
{
    char name[STORE_NAME + 4];

    memset(images, 0, SETS * sizeof *images);
    TRY(fetch(r, net, "status", 0, r->layout.subset, a->state));
    for (int s = 0; s < r->layout.selections; s++) {
        snprintf(name, sizeof name, "in_%s", r->layout.selection[s]);
        TRY(fetch(r, net, name, 0, r->layout.subset, a->in[s]));
        for (int64_t i = 0; i < r->layout.subset; i++) {
            a->in[s][i] = a->in[s][i] && a->state[i] == STORE_OK;
            images[1 + s] += a->in[s][i];
        }
    }
    return OK;
}

/* Sums in the order of the places, which is that of the images. */
static status add_kind(const struct run *r, int net, const char *name, struct sums *a, double area[SETS])
{
    int64_t places = r->layout.subset;

    memset(a->mean, 0, SETS * (size_t)a->points * sizeof *a->mean);
    for (int64_t first = 0; first < places; first += CHUNK) {
        int64_t count = places - first < CHUNK ? places - first : CHUNK;

        TRY(fetch(r, net, name, first, count, a->curve));
        for (int64_t i = 0; i < count; i++) {
            const float *curve = a->curve + i * a->points;
            double one = curve_auc(curve, r->layout.steps);

            for (int s = 0; s < r->layout.selections; s++) {
                double *mean = a->mean + (1 + s) * a->points;

                if (!a->in[s][first + i])
                    continue;
                area[1 + s] += one;
                for (int t = 0; t < a->points; t++)
                    mean[t] += (double)curve[t];
            }
        }
    }
    return OK;
}

static status reduce_kind(const struct run *r, int net, int p, int k, const int64_t images[SETS],
                          struct sums *a)
{
    double area[SETS] = { 0 };
    char name[STORE_NAME + 32];

    snprintf(name, sizeof name, "%s/%s", run_precision(r, p), kind[k]);
    TRY(add_kind(r, net, name, a, area));
    for (int s = 0; s < SETS; s++) {
        if (images[s] == 0)
            continue;
        area[s] /= (double)images[s];
        for (int t = 0; t < a->points; t++)
            a->mean[s * a->points + t] /= (double)images[s];
    }
    TRY(put(r, net, p, area_name[k], area));
    return k < MEANS ? put(r, net, p, kind[k], a->mean) : OK;
}

/* The mean area of precision p's map on the network of another one. */
static status reduce_cross(const struct run *r, int net, int other, int p, int scorer,
                           const int64_t images[SETS], struct sums *a)
{
    static const char *const what[] = { "deletion", "insertion" };
    char path[STORE_PATH], name[2 * STORE_NAME + 32];

    for (size_t k = 0; k < COUNT_OF(what); k++) {
        double area[SETS] = { 0 };

        snprintf(name, sizeof name, "%s/%s_curve_on_%s", run_precision(r, p), what[k],
                 run_precision(r, scorer));
        TRY(add_kind(r, net, name, a, area));
        for (int s = 0; s < SETS; s++)
            area[s] /= images[s] > 0 ? (double)images[s] : 1;
        snprintf(path, sizeof path, "/summary/cross/%s/%s_%s_on_%s", run_precision(r, other), what[k],
                 run_precision(r, p), run_precision(r, scorer));
        TRY(store_write(r->store, path, net, 1, area));
    }
    return OK;
}

status curves_reduce(const struct run *r, int net)
{
    struct sums a = { 0 };
    int64_t images[SETS];
    status result = OK;

    if (r->layout.steps == 0)
        return OK;
    TRY_OUT(make_room(r, &a));
    TRY_OUT(read_members(r, net, &a, images));
    for (int p = 0; p < r->precisions; p++) {
        TRY_OUT(put(r, net, p, "images", images));
        for (int k = 0; k < KINDS; k++)
            TRY_OUT(reduce_kind(r, net, p, k, images, &a));
    }
    for (int p = 1; p < r->precisions && r->layout.cross; p++) {
        TRY_OUT(reduce_cross(r, net, p, p, 0, images, &a));
        TRY_OUT(reduce_cross(r, net, p, 0, p, images, &a));
    }
out:
    clear(&a);
    return result;
}
