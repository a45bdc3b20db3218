/* src/phase/reduce_saliency.c: /summary/saliency, and the curves of /summary/baselines: how many pictures
 * have a truth, and the mean curves of maps beside masks, over each set of images. */
#include "local.h"
#include "match.h"

#include <string.h>

enum { ROWS = 1024 };

struct salient {
    const struct run *r;
    struct mem_set mem;
    int net, sets;
    int64_t n;
    const uint32_t *member; /* (N) */
    uint8_t *state;         /* (N) of one kind */
    int64_t *next;          /* (N) */
    int32_t *number;        /* (N) */
    float *curve;           /* (ROWS, OBJECT_LEVELS) */
    double *mean;           /* (sets, OBJECT_LEVELS) */
};

/* ---- whose truth is there ------------------------------------------------------------------------------ */

status reduce_saliency_read(const struct run *r, int kind, uint8_t *state, int64_t *next)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/images/saliency/state_%s", match_kind_name(kind));
    TRY(store_fetch(r->store, path, 0, r->layout.images, state));
    for (int64_t i = 0; i < r->layout.images; i++)
        if (state[i] >= TRUTH_STATES)
            return FAIL(ERR_FORMAT, "row %lld of %s is no state", (long long)i, path);
    snprintf(path, sizeof path, "/images/saliency/next_%s", match_kind_name(kind));
    return store_fetch(r->store, path, 0, r->layout.images, next);
}

/* ---- counts -------------------------------------------------------------------------------------------- */

static status count_states(struct salient *a, int kind)
{
    int64_t count[REDUCE_SETS][TRUTH_STATES] = { { 0 } };
    char name[STORE_NAME];
    const struct run_column column = { name, count };

    TRY(reduce_saliency_read(a->r, kind, a->state, a->next));
    for (int64_t i = 0; i < a->n; i++)
        for (int s = 0; s < a->sets; s++)
            count[s][a->state[i]] += a->member[i] >> s & 1;
    snprintf(name, sizeof name, "state_%s", match_kind_name(kind));
    return run_put(a->r, a->net, "saliency", NULL, &column, 1);
}

static status sum_fixations(struct salient *a)
{
    static const char *const what[] = { "fixated", "dropped" };

    for (size_t k = 0; k < COUNT_OF(what); k++) {
        int64_t sum[REDUCE_SETS] = { 0 };
        const struct run_column column = { what[k], sum };
        char path[STORE_PATH];

        snprintf(path, sizeof path, "/images/saliency/%s", what[k]);
        TRY(store_fetch(a->r->store, path, 0, a->n, a->number));
        for (int64_t i = 0; i < a->n; i++)
            for (int s = 0; s < a->sets; s++)
                sum[s] += a->member[i] >> s & 1 ? a->number[i] : 0;
        TRY(run_put(a->r, a->net, "saliency", NULL, &column, 1));
    }
    return OK;
}

/* ---- mean curves --------------------------------------------------------------------------------------- */

/* Over the rows of a set that have one, in image order, and the largest value of the mean. */
static status average(struct salient *a, const char *path, int shuffled, double largest[REDUCE_SETS])
{
    int64_t images[REDUCE_SETS] = { 0 }, count;

    memset(a->mean, 0, REDUCE_SETS * OBJECT_LEVELS * sizeof *a->mean);
    for (int64_t first = 0; first < a->n; first += count) {
        count = a->n - first < ROWS ? a->n - first : ROWS;
        TRY(store_fetch(a->r->store, path, first, count, a->curve));
        for (int64_t i = 0; i < count; i++)
            for (int s = 0; s < a->sets && truth_is_there(a->state[first + i]); s++) {
                if (!(a->member[first + i] >> s & 1) || (shuffled && a->next[first + i] < 0))
                    continue;
                images[s]++;
                for (int level = 0; level < OBJECT_LEVELS; level++)
                    a->mean[s * OBJECT_LEVELS + level] += (double)a->curve[i * OBJECT_LEVELS + level];
            }
    }
    for (int s = 0; s < a->sets; s++) {
        largest[s] = 0;
        for (int level = 0; level < OBJECT_LEVELS && images[s] > 0; level++) {
            double *mean = &a->mean[s * OBJECT_LEVELS + level];

            *mean /= (double)images[s];
            largest[s] = *mean > largest[s] ? *mean : largest[s];
        }
    }
    return OK;
}

/* Both curves of a map, whose rows are called FROM{f,e}_curve TAIL, into /summary/GROUP. */
static status reduce_curves(struct salient *a, const char *from, const char *tail, int shuffled,
                            const char *group)
{
    for (int c = 0; c < MATCH_CURVES; c++) {
        char path[2 * STORE_PATH], curve[STORE_NAME + 16], most[STORE_NAME + 16];
        double largest[REDUCE_SETS];
        const struct run_column column[] = { { curve, a->mean }, { most, largest } };

        snprintf(curve, sizeof curve, "%s_curve%s", match_curve_name(c), tail);
        snprintf(most, sizeof most, "%s_max%s", match_curve_name(c), tail);
        snprintf(path, sizeof path, "%s/%s", from, curve);
        TRY(average(a, path, shuffled, largest));
        TRY(run_put(a->r, a->net, group, NULL, column, COUNT_OF(column)));
    }
    return OK;
}

static status reduce_masks(struct salient *a)
{
    const struct store_layout *l = &a->r->layout;
    char from[2 * STORE_PATH], tail[STORE_NAME + 2], group[STORE_PATH];

    TRY(reduce_saliency_read(a->r, TRUTH_MASK, a->state, a->next));
    for (int b = 0; b < MATCH_BASELINES; b++) {
        snprintf(from, sizeof from, "/images/saliency/%s", match_baseline_name(b));
        snprintf(group, sizeof group, "baselines/%s", match_baseline_name(b));
        TRY(reduce_curves(a, from, "", b == MATCH_SHUFFLED, group));
    }
    for (int p = 0; p < l->precisions; p++)
        for (int k = 0; k <= l->methods; k++) {
            snprintf(from, sizeof from, "/models/%s/%s", l->network[a->net].name, l->precision[p].name);
            snprintf(group, sizeof group, "saliency/%s", l->precision[p].name);
            snprintf(tail, sizeof tail, "_%s", k > 0 ? l->method[k - 1] : "eigen");
            TRY(reduce_curves(a, from, tail, 0, group));
        }
    return OK;
}

/* ---- all ----------------------------------------------------------------------------------------------- */

static status make_room(struct salient *a)
{
    size_t n = (size_t)a->n;

    MEM_TAKE(&a->mem, a->state, n, 1);
    MEM_TAKE(&a->mem, a->next, n, sizeof *a->next);
    MEM_TAKE(&a->mem, a->number, n, sizeof *a->number);
    MEM_TAKE(&a->mem, a->curve, ROWS, OBJECT_LEVELS * sizeof *a->curve);
    MEM_TAKE(&a->mem, a->mean, REDUCE_SETS, OBJECT_LEVELS * sizeof *a->mean);
    return OK;
}

static status reduce(struct salient *a)
{
    unsigned truths = a->r->layout.truths;

    TRY(make_room(a));
    for (int kind = 0; kind < TRUTH_KINDS; kind++)
        if (truths >> kind & 1)
            TRY(count_states(a, kind));
    if (truths >> TRUTH_FIXATIONS & 1)
        TRY(sum_fixations(a));
    return truths >> TRUTH_MASK & 1 ? reduce_masks(a) : OK;
}

status reduce_saliency(const struct run *r, int net, const struct reduce_rows *rows)
{
    struct salient a = { .r = r, .net = net, .sets = rows->sets, .n = rows->n, .member = rows->member };
    status result = reduce(&a);

    mem_drop(&a.mem);
    return result;
}
