/* src/quant/correct.c: bias correction (Nagel et al. 2019, section 4.2, empirically). Rounding weights and
 * inputs shifts the mean of an output's channels; the bias takes the shift back. Layer by layer in the
 * network's order, measured in the int8 network whose earlier biases are corrected already.
 *
 * Where a relu follows, what counts is the mean behind it: a shift of values that relu cuts off changes
 * nothing, and taking back the mean before it would trade their error for one of the values that pass. There
 * the bias moves by the missing mean over the share of values that pass (one step of Newton's).
 *
 * Each picture's live maps wait before the layer in hand while all pictures are measured, so that a layer
 * costs its own time. Where they are too many bytes, as the first maps of many pictures are, the pictures run
 * again from where they were kept last. */
#include "quant_parts.h"

#include <math.h>
#include <string.h>

/* How a layer is measured: every channel by its own affine map onto the codes, so that one of small range is
 * seen as finely as one of large. */
struct gauge {
    double *step, *middle;      /* (channels) real: one code's step, and what code 128 stands for */
    struct tensor weight, bias; /* as the measured layer has them; weight borrows its codes */
};

/* The quantized network, whose biases become right one after another. `live`: each picture's maps before the
 * step `kept`, from where the next layers run. */
struct corrector {
    struct quant_work *w;
    struct tensor_table *table;
    struct model model;
    struct model_binding binding;
    struct quant_engine e;
    void **live; /* (pictures) */
    int kept;    /* 0: none are */

    /* of the layer in hand */
    const struct gauge *g;
    double low, high; /* real: what the relu after the layer lets through */
    int step, keep;   /* keep: the maps before the step are kept */
};

static struct tensor *entry_of(struct tensor_table *table, const char *weight, const char *suffix)
{
    char name[2 * MODEL_NAME];

    snprintf(name, sizeof name, "%s%s", weight, suffix);
    for (int i = 0; i < table->count; i++)
        if (strcmp(table->entry[i].name, name) == 0)
            return &table->entry[i].tensor;
    BUG_IF(1);
}

/* ---- the gauge ----------------------------------------------------------------------------------------- */

/* Half as much again as fp32's range; where that is narrow, room for the errors of earlier layers: an eighth
 * of the channel's largest value, a 256th of the layer's. What still lies outside is corrected in part. */
static void fit_ranges(const struct quant_work *w, int node, struct gauge *g)
{
    const float *low = w->low + w->first[node], *high = w->high + w->first[node];
    int channels = w->model.node[node].c;
    double largest = 0x1p-20;

    for (int c = 0; c < channels; c++)
        largest = fmax(largest, fmax(fabs((double)high[c]), fabs((double)low[c])));
    for (int c = 0; c < channels; c++) {
        double range = 1.5 * ((double)high[c] - (double)low[c]),
               size = fmax(fabs((double)high[c]), fabs((double)low[c]));

        g->step[c] = fmax(range, fmax(size / 8, largest / 256)) / 254;
        g->middle[c] = 0.5 * ((double)low[c] + (double)high[c]);
    }
}

static status alloc_gauge(int channels, struct gauge *g)
{
    size_t n = (size_t)channels;

    MEM_TRY(g->step, n, sizeof *g->step);
    MEM_TRY(g->middle, n, sizeof *g->middle);
    MEM_TRY(g->weight.scale, n, sizeof *g->weight.scale);
    MEM_TRY(g->weight.zero_point, n, sizeof *g->weight.zero_point);
    return tensor_alloc(&g->bias, DTYPE_F32, 1, &(int64_t){ channels });
}

static void free_gauge(struct gauge *g)
{
    mem_free(g->step);
    mem_free(g->middle);
    tensor_free(&g->weight);
    tensor_free(&g->bias);
}

/* Codes (value - middle) / step + 128 come out with weights and bias divided by the step. */
static void divide(const struct tensor *weight, const struct tensor *bias, struct gauge *g)
{
    int channels = (int)g->bias.dim[0];

    for (int c = 0; c < channels; c++) {
        double scale = weight->scale[weight->channels == 1 ? 0 : c];

        g->weight.scale[c] = (float)(scale / g->step[c]);
        ((float *)g->bias.data)[c] = (float)(((double)((float *)bias->data)[c] - g->middle[c]) / g->step[c]);
    }
    g->weight.dtype = weight->dtype;
    g->weight.rank = weight->rank;
    memcpy(g->weight.dim, weight->dim, sizeof weight->dim);
    memcpy(g->weight.stride, weight->stride, sizeof weight->stride);
    g->weight.data = weight->data;
    g->weight.quantization = TENSOR_PER_CHANNEL;
    g->weight.channels = channels;
}

/* Packs the gauge in the layer's place: a layer that no relu follows. */
static status pack_gauge(struct corrector *k, int node, struct gauge *g)
{
    const char *name = k->model.node[node].weight;
    struct tensor *weight = entry_of(k->table, name, ".weight"), *bias = entry_of(k->table, name, ".bias"),
                  kept_weight = *weight, kept_bias = *bias;
    struct quant_params *q = &k->binding.q[node], kept_q = *q;
    status result;

    divide(weight, bias, g);
    *weight = g->weight;
    *bias = g->bias;
    *q = (struct quant_params){ 1, 128, 0, 255, 0 };
    k->model.nodes = node + 1;
    result = engine_step_pack(k->e.plan, k->step, &k->binding, node);
    *weight = kept_weight;
    *bias = kept_bias;
    *q = kept_q;
    k->model.nodes = k->w->nodes;
    return result;
}

/* ---- layer by layer ------------------------------------------------------------------------------------ */

static status keep_live(struct corrector *k, int picture)
{
    mem_free(k->live[picture]);
    MEM_TRY(k->live[picture], engine_step_live(k->e.plan, k->step), 1);
    engine_step_save(k->e.plan, k->e.state, k->step, k->live[picture]);
    return OK;
}

/* Of every channel: the sum after relu, and how many values relu let through. */
static void add_values(const struct corrector *k, const struct engine_map *m, double *row)
{
    for (int i = 0; i < m->h * m->w; i++)
        for (int c = 0; c < m->c; c++) {
            int code = m->codes[(size_t)i * (size_t)m->pitch + (size_t)c];
            double x = k->g->step[c] * (code - 128) + k->g->middle[c];

            row[m->c + c] += x > k->low && x < k->high;
            row[c] += x < k->low ? k->low : x > k->high ? k->high : x;
        }
}

static status measure_picture(void *self, int picture, double *row)
{
    struct corrector *k = self;
    const struct quant_engine *e = &k->e;
    const uint8_t *pixels = k->w->pictures->pixels[picture];
    struct engine_map m;

    if (k->kept)
        engine_step_load(e->plan, e->state, k->kept, k->live[picture]);
    engine_step_run(e->plan, e->state, pixels, k->kept, k->step);
    if (k->keep)
        TRY(keep_live(k, picture));
    engine_step_run(e->plan, e->state, pixels, k->step, k->step + 1);
    m = engine_step_map(e->plan, e->state, k->step);
    add_values(k, &m, row);
    return OK;
}

/* What was packed, for all ranks. */
static status share_step(struct corrector *k, status packed)
{
    TRY(quant_agree(k->w->pictures, packed));
    quant_publish(k->w->pictures, &k->e);
    return OK;
}

/* sum: of the layer's 2 * channels values over all pictures. */
static status measure_layer(struct corrector *k, int node, double *sum)
{
    const struct quant_pictures *p = k->w->pictures;
    int shown = k->w->shown[node], own = (p->count - p->rank + p->size - 1) / p->size;
    struct gauge g = { 0 };
    status result;

    k->g = &g;
    k->low = shown == node ? -INFINITY : 0;
    k->high = k->model.node[shown].op == OP_RELU6 ? 6 : INFINITY;
    k->step = quant_step_of(k->e.plan, k->model.node[node].name);
    k->keep = engine_step_live(k->e.plan, k->step) * (size_t)own <= k->w->most_kept;
    result = quant_agree(p, alloc_gauge(k->model.node[node].c, &g));
    if (result == OK) {
        fit_ranges(k->w, node, &g);
        result = share_step(k, p->follows ? OK : pack_gauge(k, node, &g));
    }
    if (result == OK)
        result = quant_sum_pictures(p, 2 * (size_t)k->model.node[node].c, measure_picture, k, sum);
    k->kept = k->keep ? k->step : k->kept;
    free_gauge(&g);
    return result;
}

static status correct_layer(struct corrector *k, struct quant_line *line, double *sum)
{
    const struct model_node *n = &k->model.node[line->node];
    const struct quant_work *w = k->w;
    const double *wanted = w->mean + w->first[w->shown[line->node]];
    double values = (double)w->pictures->count * n->h * n->w;
    float *bias;

    for (int c = 0; c < 2 * n->c; c++)
        sum[c] = 0;
    TRY(measure_layer(k, line->node, sum));
    if (w->pictures->follows)
        return share_step(k, OK);
    bias = entry_of(k->table, n->weight, ".bias")->data;
    for (int c = 0; c < n->c; c++) {
        double shift = (wanted[c] - sum[c] / values) / fmax(sum[n->c + c] / values, 0.1);

        bias[c] = (float)((double)bias[c] + shift);
        line->bias_shift = fmax(line->bias_shift, fabs(shift));
    }
    return share_step(k, engine_step_pack(k->e.plan, k->step, &k->binding, line->node));
}

static status bind_corrector(struct corrector *k)
{
    MEM_TRY(k->live, (size_t)k->w->pictures->count, sizeof *k->live);
    k->model = k->w->model;
    k->model.nodes = k->w->nodes;
    return k->w->pictures->follows ? OK : quant_bind_codes(k->w, k->table, &k->model, &k->binding);
}

static status open_corrector(struct corrector *k)
{
    struct engine_options options = { .arithmetic = k->w->options->arithmetic, .layers = 1 };

    TRY(quant_agree(k->w->pictures, bind_corrector(k)));
    return quant_open(k->w->pictures, &k->binding, &options, k->w->kernels, &k->e);
}

static void close_corrector(struct corrector *k)
{
    for (int i = 0; k->live && i < k->w->pictures->count; i++)
        mem_free(k->live[i]);
    mem_free(k->live);
    quant_close(k->w->pictures, &k->e);
    model_unbind(&k->binding);
}

status quant_correct_bias(struct quant_work *w, struct quant_result *out)
{
    struct corrector k = { .w = w, .table = &out->table };
    double *sum;
    size_t most = 0;
    status result;

    for (int i = 0; i < w->nodes; i++)
        most = (size_t)w->model.node[i].c > most ? (size_t)w->model.node[i].c : most;
    sum = mem_alloc(2 * most, sizeof *sum);
    result = quant_agree(w->pictures, sum ? OK : FAIL(ERR_MEMORY, "no memory for %zu sums", most));
    if (result == OK)
        result = open_corrector(&k);
    for (int i = 0; i < out->lines && result == OK; i++)
        if (model_has_weights(&w->model.node[out->line[i].node]))
            result = correct_layer(&k, &out->line[i], sum);
    close_corrector(&k);
    mem_free(sum);
    return result;
}
