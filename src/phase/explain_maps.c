/* src/phase/explain_maps.c: picture-sized maps of one selected picture (explain.methods): made, measured
 * against the first precision's, stored as bytes. */
#include "explain_maps.h"

#include "metric_table.h"

#include <stdio.h>
#include <string.h>

enum { SAMPLE = 2 * ENGINE_BATCH }; /* runs of the network that are timed for a prediction */

status explain_maps_key(const struct run *r, int64_t image, uint32_t *key)
{
    char hex[2 * HASH_SIZE + 1] = "";

    TRY(store_fetch(r->store, "/images/sha256", image, 1, hex));
    if (sscanf(hex, "%8x", key) != 1)
        return FAIL(ERR_FORMAT, "/images/sha256 of %s is no hash", r->list.entry[image].path);
    return OK;
}

static int forwards(const struct run *r, int net, int p, enum attribution m)
{
    const struct store_network *n = &r->layout.network[net];

    return attribution_forwards(&r->job->attribution, m, store_layer(&r->layout, net, p).channels, n->input_h,
                                n->input_w);
}

static void *field(const struct explain_maps *m, const char *format, int p, const char *name)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, format, run_precision(m->r, p), name);
    return store_rows_field(m->rows, path);
}

/* MORE also where the prediction has its sample. */
static enum probe_state make_one(const struct explain_maps *m, int p, enum attribution method)
{
    enum probe_state state = PROBE_MORE;
    double start = clock_s();
    int done;

    probe_attribution_start(m->probe, p, method, m->class_index, m->key);
    while (state == PROBE_MORE && !comm_loop_drops(m->loop) &&
           !(m->r->sampled && probe_attribution_done(m->probe) >= SAMPLE))
        state = probe_attribution_next(m->probe);
    done = probe_attribution_done(m->probe);
    m->r->maps_spent_s += clock_s() - start;
    m->r->maps_whole_s += (clock_s() - start) * forwards(m->r, m->net, p, method) / (done > 0 ? done : 1);
    return state;
}

/* What the pair of maps measures. */
static void measure(const struct explain_maps *m, int p, enum attribution method)
{
    const struct store_layout *l = &m->r->layout;
    char path[2 * STORE_NAME + 8];

    for (int k = 0; k < l->measures; k++) {
        const struct measure *t = measure_known(l->measure[k].name);

        if (l->measure[k].kind != STORE_MEASURE_SELECTED ||
            strcmp(measure_method_of(t, l->measure[k].name), attribution_name(method)) != 0)
            continue;
        snprintf(path, sizeof path, "vs_%s/%s", run_precision(m->r, 0), l->measure[k].name);
        *(float *)field(m, "%s/%s", p, path) = (float)probe_attribution_measure(m->probe, t, method, p);
    }
}

/* Scaling makes the largest value of any other map 1, but for rounding. */
static int is_empty(const float *map, int count)
{
    int i = 0;

    while (i < count && map[i] == 0.0f)
        i++;
    return i == count;
}

enum probe_state explain_maps_make(const struct explain_maps *m, int p)
{
    for (int k = 0; k < ATTRIBUTIONS; k++) {
        enum attribution method = (enum attribution)k;
        const struct store_network *n;
        enum probe_state state;

        if (!(m->r->job->attribution.methods >> k & 1))
            continue;
        n = &m->r->layout.network[m->net];
        state = make_one(m, p, method);
        if (state == PROBE_MORE && m->r->sampled && !comm_loop_drops(m->loop))
            continue;
        if (state != PROBE_DONE)
            return state;
        cam_bytes(probe_attribution_map(m->probe, method, p), n->input_h * n->input_w,
                  field(m, "%s/map_%s", p, attribution_name(method)));
        *(uint8_t *)field(m, "%s/degenerate_%s", p, attribution_name(method)) =
            (uint8_t)is_empty(probe_attribution_map(m->probe, method, p), n->input_h * n->input_w);
        if (p > 0)
            measure(m, p, method);
    }
    return PROBE_DONE;
}

status explain_maps_judge(const struct run *r)
{
    uint8_t *empty = NULL, *state;
    status result = OK;

    MEM_TRY(empty, 2 * (size_t)r->layout.subset, 1);
    state = empty + r->layout.subset;
    for (int net = 0; net < r->networks; net++) {
        TRY_OUT(run_fetch(r, net, 0, r->layout.subset, state, "subset/status"));
        for (int k = 0; k < r->layout.maps * r->precisions; k++) {
            const char *map = r->layout.map[k / r->precisions],
                       *precision = run_precision(r, k % r->precisions);
            int64_t shown = 0, all = 0;

            TRY_OUT(run_fetch(r, net, 0, r->layout.subset, empty, "subset/%s/degenerate_%s", precision, map));
            for (int64_t i = 0; i < r->layout.subset; i++) {
                all += state[i] == STORE_OK;
                shown += state[i] == STORE_OK && !empty[i];
            }
            if (shown < all)
                log_info("network %s, %s: %lld of %lld maps by %s show nothing: they are 0 everywhere",
                         r->layout.network[net].name, precision, (long long)(all - shown), (long long)all,
                         map);
        }
    }
out:
    mem_free(empty);
    return result;
}

void explain_maps_say(const struct run *r, int net)
{
    char text[256] = "";
    size_t n = 0;

    for (int m = 0; m < ATTRIBUTIONS && n < sizeof text; m++)
        if (r->job->attribution.methods >> m & 1)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s %d", n ? ", " : "",
                                  attribution_name((enum attribution)m),
                                  forwards(r, net, 0, (enum attribution)m));
    if (n > 0)
        log_info("  %-20s runs a selected picture and precision: %s", "", text);
}
