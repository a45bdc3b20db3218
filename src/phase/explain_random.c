/* src/phase/explain_random.c: the randomisation check of selected pictures (explain.randomise): how much of a
 * map stays where the weights of the network's last layers are drawn at random. A map that hangs on what the
 * network has learnt changes. */
#include "explain_random.h"

#include "metric_table.h"
#include "probe.h"

#include <string.h>

struct explain_random {
    struct mem_set mem;
    struct run *r;
    struct probe *probe;          /* of the randomised networks, in their precisions of real numbers */
    int at[STORE_MAX_PRECISIONS]; /* which of these precision p is, or -1 */
    float *stored;                /* (h * w) a map of the true network */
    float *map[2];                /* (H, W) finished: the true one's, the randomised one's */
};

status explain_random_note(struct run *r, int i)
{
    const struct model *m = r->network[i].model[0];
    int layers = r->job->explain_randomise, all, first = model_last_layers(m, layers, &all);
    const char *cam = m->node[m->cam].name;

    if (layers == 0)
        return OK;
    if (first < 0)
        return FAIL(ERR_USAGE, "explain.randomise = %d: network %s has %d layers with weights", layers,
                    r->job->network[i].name, all);
    return text_add(&r->decided, "network.%s.randomised = the weights from %s on; the CAM layer %s %s\n",
                    r->job->network[i].name, m->node[first].name, cam,
                    model_hangs_on(m, m->cam, first)
                        ? "hangs on them"
                        : "lies before them: maps of its activations alone stay as they are");
}

/* ---- the randomised networks --------------------------------------------------------------------------- */

static status create_probe(struct explain_random *e)
{
    const struct run *r = e->r;
    const struct probe_how how = { .sign = (enum cam_sign)r->job->sign,
                                   .methods = r->job->methods & ~(1u << CAM_EIGEN) };
    struct probe_network *list;
    status result;

    MEM_TRY(list, (size_t)r->networks, sizeof *list);
    for (int i = 0; i < r->networks; i++) {
        const struct run_network *n = &r->network[i];

        for (int p = 0; p < r->precisions; p++) {
            int at = e->at[p];

            if (at < 0)
                continue;
            list[i].precisions = at + 1;
            list[i].model[at] = n->model[p];
            list[i].engine[at] = n->random[p].engine;
            list[i].gradient[at] = n->random[p].gradient;
            list[i].head[at] = n->random[p].head.weight ? &n->random[p].head : NULL;
        }
    }
    result = probe_create(list, r->networks, &how, r->kernels, &e->probe);
    mem_free(list);
    return result;
}

static status make_room(struct explain_random *e)
{
    size_t cells = 1, pixels = 1;

    for (int i = 0; i < e->r->networks; i++) {
        const struct store_network *n = &e->r->layout.network[i];
        size_t own = (size_t)n->input_h * (size_t)n->input_w;

        pixels = own > pixels ? own : pixels;
        for (int p = 0; p < e->r->precisions; p++) {
            struct store_layer layer = store_layer(&e->r->layout, i, p);
            size_t c = (size_t)layer.h * (size_t)layer.w;

            cells = c > cells ? c : cells;
        }
    }
    MEM_TAKE(&e->mem, e->stored, cells, sizeof *e->stored);
    MEM_TAKE(&e->mem, e->map[0], pixels, sizeof(float));
    MEM_TAKE(&e->mem, e->map[1], pixels, sizeof(float));
    return create_probe(e);
}

status explain_random_create(struct run *r, struct explain_random **out)
{
    struct explain_random *e;
    int real = 0;
    status result;

    *out = NULL;
    if (r->job->explain_randomise == 0)
        return OK;
    MEM_TRY(e, 1, sizeof *e);
    e->r = r;
    for (int p = 0; p < r->precisions; p++)
        e->at[p] = r->precision[p].form == PRECISION_REAL ? real++ : -1;
    result = real > 0 ? make_room(e) : OK;
    if (result == OK && real > 0)
        *out = e;
    else
        explain_random_free(e);
    return result;
}

void explain_random_free(struct explain_random *e)
{
    if (!e)
        return;
    probe_free(e->probe);
    mem_drop(&e->mem);
    mem_free(e);
}

/* ---- one picture --------------------------------------------------------------------------------------- */

/* The measures of one map: e->stored beside `values`. */
static void measure(struct explain_random *e, struct store_rows *rows, int net, int p, enum cam_method m,
                    const float *values)
{
    const struct store_network *n = &e->r->layout.network[net];
    const struct store_layer layer = store_layer(&e->r->layout, net, p);
    struct measure_view view[2];
    char name[STORE_NAME], path[STORE_PATH];

    for (int k = 0; k < 2; k++) {
        view[k] = (struct measure_view){ .projection = k ? values : e->stored,
                                         .h = layer.h,
                                         .w = layer.w,
                                         .map = e->map[k],
                                         .map_h = n->input_h,
                                         .map_w = n->input_w };
        cam_finish(view[k].projection, layer.h, layer.w, n->input_h, n->input_w, e->map[k]);
    }
    for (const struct measure *t = measure_table; t->name; t++) {
        if (t->of != MEASURE_RANDOM)
            continue;
        BUG_IF(!measure_text(t->name, cam_method_name(m), name, sizeof name));
        snprintf(path, sizeof path, "%s/%s", run_precision(e->r, p), name);
        *(float *)store_rows_field(rows, path) = (float)measure_value(t, &view[0], &view[1]);
    }
}

static status one_map(struct explain_random *e, struct store_rows *rows, int net, int p, int64_t image,
                      enum cam_method m)
{
    const struct store_layer n = store_layer(&e->r->layout, net, p);
    const struct probe_shown *s = probe_shown(e->probe, e->at[p]);
    float *values = m == CAM_EIGEN ? s->cam.values : s->method[m].values;

    TRY(run_fetch(e->r, net, image, 1, e->stored, "%s/cam%s%s", run_precision(e->r, p),
                  m == CAM_EIGEN ? "" : "_", m == CAM_EIGEN ? "" : cam_method_name(m)));
    if (m == CAM_EIGEN)
        cam_align(e->stored, values, n.h * n.w); /* the sign that goes with the true network's map */
    measure(e, rows, net, p, m, values);
    return OK;
}

/* The class is the one that the stored maps explain. Activations that are not finite have no map: nothing of
 * the true one stays, all values are 0. */
static status show(struct explain_random *e, int net, int p, int64_t image, const uint8_t *pixels)
{
    int truth = e->r->list.entry[image].class_index;
    int32_t top[RUN_TOP];

    TRY(run_fetch(e->r, net, image, 1, top, "%s/top5",
                  run_precision(e->r, e->r->job->cam_class == PROBE_CLASS_OWN ? p : 0)));
    probe_aim(e->probe, net);
    probe_run(e->probe, e->at[p], pixels);
    TRY(probe_look(e->probe, e->at[p]));
    return probe_methods(e->probe, e->at[p],
                         e->r->job->cam_class == PROBE_CLASS_TRUE && truth >= 0 ? truth : top[0]);
}

status explain_random_row(struct explain_random *e, struct store_rows *rows, int net, int p, int64_t image,
                          const uint8_t *pixels)
{
    double start = clock_s();
    status shown;

    if (e->at[p] < 0)
        return OK;
    shown = show(e, net, p, image, pixels);
    if (shown == ERR_NUMERIC)
        return OK;
    TRY(shown);
    for (int m = 0; m < CAM_METHODS; m++)
        if (m == CAM_EIGEN || (e->r->job->methods >> m & 1))
            TRY(one_map(e, rows, net, p, image, (enum cam_method)m));
    e->r->controls_s += clock_s() - start;
    return OK;
}
