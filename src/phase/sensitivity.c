/* src/phase/sensitivity.c: which layer moves the map (quantize.sensitivity): of every network each output
 * with a scale of its own, alone quantized and all but it, on the calibration pictures:
 * /models/<net>/sensitivity. Done whole at every start that comes here: what a killed one had is not asked.
 */
#include "local.h"

#include <string.h>

int sensitivity_layers(const struct model *m)
{
    int layers = 0;

    for (int i = 0; i < m->nodes; i++)
        layers += model_quantizes(m->node[i].op);
    return layers;
}

/* As `quantcam quantize` has it of so many bits, every layer alike; no checkpoint comes of it. */
static void choose_options(const struct job *job, struct quant_options *out)
{
    struct quant_preset p = *quant_preset_usual();

    p.weights = p.activations = job->sensitivity_bits;
    p.ends = 0;
    quant_preset_options(&p, out);
    out->sensitivity = QUANT_SENSITIVITY_ONLY;
    out->trials = job->sensitivity_pictures;
}

/* ---- the columns --------------------------------------------------------------------------------------- */

/* Of one network, as they are stored. */
struct columns {
    char (*name)[STORE_LAYER], (*op)[STORE_NAME];
    int64_t *weights, *changed[2], pictures; /* of two: the layer alone, all but it */
    int32_t *bits;
    double *drift[2], *rmse[2], *sqnr[2];
};
enum { COLUMNS = 12 };
struct column {
    const char *name;
    void *data;
};

static status make_columns(struct mem_set *mem, size_t n, struct columns *c)
{
    MEM_TAKE(mem, c->name, n, sizeof *c->name);
    MEM_TAKE(mem, c->op, n, sizeof *c->op);
    MEM_TAKE(mem, c->weights, n, sizeof *c->weights);
    MEM_TAKE(mem, c->bits, n, sizeof *c->bits);
    for (int k = 0; k < 2; k++) {
        MEM_TAKE(mem, c->drift[k], n, sizeof(double));
        MEM_TAKE(mem, c->rmse[k], n, sizeof(double));
        MEM_TAKE(mem, c->sqnr[k], n, sizeof(double));
        MEM_TAKE(mem, c->changed[k], n, sizeof(int64_t));
    }
    return OK;
}

static void list_columns(const struct columns *c, struct column out[COLUMNS])
{
    const struct column list[COLUMNS] = {
        { "name", c->name },
        { "op", c->op },
        { "weights", c->weights },
        { "bits", c->bits },
        { "alone_drift", c->drift[0] },
        { "alone_rmse", c->rmse[0] },
        { "alone_changed", c->changed[0] },
        { "alone_sqnr", c->sqnr[0] },
        { "others_drift", c->drift[1] },
        { "others_rmse", c->rmse[1] },
        { "others_changed", c->changed[1] },
        { "others_sqnr", c->sqnr[1] },
    };

    memcpy(out, list, sizeof list);
}

static status write_columns(const struct run *r, int net, const struct columns *c)
{
    const struct store_network *n = &r->layout.network[net];
    struct column column[COLUMNS];

    list_columns(c, column);
    for (int i = 0; i < COLUMNS; i++)
        TRY(run_write(r, 0, n->layers, column[i].data, "/models/%s/sensitivity/%s", n->name, column[i].name));
    return run_write(r, 0, 1, &c->pictures, "/models/%s/sensitivity/pictures", n->name);
}

/* ---- what a network loses ------------------------------------------------------------------------------ */

static int64_t weights_of(const struct model *m, const struct model_node *n)
{
    const struct model_node *in = &m->node[n->input[0]];

    if (!model_has_weights(n))
        return 0;
    if (n->op == OP_LINEAR)
        return (int64_t)n->c * in->c * in->h * in->w;
    return (int64_t)n->c * (in->c / n->groups) * n->kh * n->kw;
}

static void fill_columns(const struct model *m, const struct quant_result *q, struct columns *c)
{
    c->pictures = q->trials;
    for (int i = 0; i < q->lines; i++) {
        const struct quant_line *line = &q->line[i];
        const struct quant_effect *e[2] = { &line->alone, &line->others };
        const struct model_node *n = &m->node[line->node];

        snprintf(c->name[i], sizeof c->name[i], "%s", n->name);
        snprintf(c->op[i], sizeof c->op[i], "%s", model_op_name(n->op));
        c->weights[i] = weights_of(m, n);
        c->bits[i] = line->activation_bits;
        for (int k = 0; k < 2; k++) {
            c->drift[k][i] = e[k]->drift;
            c->rmse[k][i] = e[k]->rmse;
            c->sqnr[k][i] = e[k]->sqnr_db;
            c->changed[k][i] = e[k]->changed;
        }
    }
}

static status write_network(const struct run *r, int net, const struct quant_result *q)
{
    struct mem_set mem = { 0 };
    struct columns c = { .name = NULL };
    status result = make_columns(&mem, (size_t)q->lines, &c);

    if (result == OK) {
        fill_columns(r->network[net].model[0], q, &c);
        result = write_columns(r, net, &c);
    }
    mem_drop(&mem);
    return result;
}

static status sensitivity_network(struct run *r, int net)
{
    struct quant_options options;
    struct quant_result q = { 0 };
    status result;

    choose_options(r->job, &options);
    TRY(calibrate_job_sensitivity(r, net, &options, &q));
    result = comm_agree(r->c, r->c->rank == 0 ? write_network(r, net, &q) : OK);
    quant_result_free(&q);
    return result;
}

status sensitivity_networks(struct run *r)
{
    status result = OK;

    for (int i = 0; i < r->networks && result == OK && r->layout.sensitivity; i++) {
        result = comm_agree(r->c, comm_signal_status());
        if (result == OK)
            result = sensitivity_network(r, i);
    }
    calibrate_job_end(r);
    return result;
}

/* ---- once more ----------------------------------------------------------------------------------------- */

static status check_columns(const struct run *r, int net, const struct columns *c)
{
    for (int i = 0; i < r->layout.network[net].layers; i++)
        for (int k = 0; k < 2; k++)
            if (!(c->drift[k][i] >= 0 && c->drift[k][i] <= 1 && c->rmse[k][i] >= 0 && c->rmse[k][i] <= 255 &&
                  c->changed[k][i] >= 0 && c->changed[k][i] <= c->pictures))
                return FAIL(ERR_FORMAT, "row %d of /models/%s/sensitivity holds what no layer can lose", i,
                            r->layout.network[net].name);
    return OK;
}

static status read_columns(const struct run *r, int net, struct columns *c)
{
    int layers = r->layout.network[net].layers;
    struct column column[COLUMNS];

    list_columns(c, column);
    for (int i = 0; i < COLUMNS; i++)
        TRY(run_fetch(r, net, 0, layers, column[i].data, "sensitivity/%s", column[i].name));
    return run_fetch(r, net, 0, 1, &c->pictures, "sensitivity/pictures");
}

status sensitivity_check(const struct run *r)
{
    status result = OK;

    for (int net = 0; net < r->networks && result == OK && r->layout.sensitivity; net++) {
        int layers = r->layout.network[net].layers;
        struct mem_set mem = { 0 };
        struct columns c = { .name = NULL };

        result = layers < 1 || layers > MODEL_MAX_NODES
                     ? FAIL(ERR_FORMAT, "/models/%s/layer has an extent of none", r->layout.network[net].name)
                     : make_columns(&mem, (size_t)layers, &c);
        if (result == OK)
            result = read_columns(r, net, &c);
        if (result == OK)
            result = check_columns(r, net, &c);
        if (result == OK)
            result = write_columns(r, net, &c);
        mem_drop(&mem);
    }
    return result;
}
