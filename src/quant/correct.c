/* src/quant/correct.c: bias correction (Nagel et al. 2019, section 4.2, empirically). Rounding weights and
 * inputs shifts the mean of an output's channels; the bias takes the shift back. Layer by layer in the
 * network's order, measured in the int8 network whose earlier biases are corrected already.
 *
 * Where a relu follows, what counts is the mean behind it: a shift of values that relu cuts off changes
 * nothing, and taking back the mean before it would trade their error for one of the values that pass. There
 * the bias moves by the missing mean over the share of values that pass (one step of Newton's). */
#include "quant_parts.h"

#include <math.h>
#include <string.h>

/* How a layer is measured: every channel by its own affine map onto the codes, so that one of small range is
 * seen as finely as one of large. */
struct gauge {
    double *step, *middle;      /* (channels) real: one code's step, and what code 128 stands for */
    struct tensor weight, bias; /* as the measured layer has them; weight borrows its codes */
};

struct corrector {
    struct quant_work *w;
    struct engine e;
    const struct gauge *g;
    double low, high; /* real: what the relu after the layer lets through */
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
static status make_gauge(const struct quant_work *w, int node, const struct tensor *weight,
                         const struct tensor *bias, struct gauge *g)
{
    int channels = w->model.node[node].c;

    TRY(alloc_gauge(channels, g));
    fit_ranges(w, node, g);
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
    return OK;
}

/* The network up to the layer, with the gauge in the layer's place. */
static status plan_gauge(struct quant_work *w, struct tensor_table *table, int node, struct gauge *g,
                         struct engine *out)
{
    struct tensor *weight = entry_of(table, w->model.node[node].weight, ".weight"),
                  *bias = entry_of(table, w->model.node[node].weight, ".bias"), kept_weight, kept_bias;
    status result;

    TRY(make_gauge(w, node, weight, bias, g));
    kept_weight = *weight;
    kept_bias = *bias;
    *weight = g->weight;
    *bias = g->bias;
    result = quant_plan_codes(w, table, node + 1, (struct quant_params){ 1, 128, 0, 255 }, out);
    *weight = kept_weight;
    *bias = kept_bias;
    return result;
}

/* ---- layer by layer ------------------------------------------------------------------------------------ */

/* Of every channel: the sum after relu, and how many values relu let through. */
static status add_values(void *self, int picture, double *row)
{
    struct corrector *k = self;
    struct engine_map m;

    engine_run(k->e.plan, k->e.state, k->w->pictures->pixels[picture]);
    m = engine_cam_map(k->e.plan, k->e.state);
    for (int i = 0; i < m.h * m.w; i++)
        for (int c = 0; c < m.c; c++) {
            int code = m.codes[(size_t)i * (size_t)m.pitch + (size_t)c];
            double x = k->g->step[c] * (code - 128) + k->g->middle[c];

            row[m.c + c] += x > k->low && x < k->high;
            row[c] += x < k->low ? k->low : x > k->high ? k->high : x;
        }
    return OK;
}

static status correct_layer(struct quant_work *w, struct quant_result *out, struct quant_line *line,
                            double *sum)
{
    const struct model_node *n = &w->model.node[line->node];
    int shown = w->shown[line->node];
    const double *wanted = w->mean + w->first[shown];
    double values = (double)w->pictures->count * n->h * n->w;
    struct gauge g = { 0 };
    struct corrector k = { .w = w,
                           .g = &g,
                           .low = shown == line->node ? -INFINITY : 0,
                           .high = w->model.node[shown].op == OP_RELU6 ? 6 : INFINITY };
    status result = quant_agree(w->pictures, plan_gauge(w, &out->table, line->node, &g, &k.e));

    for (int c = 0; c < 2 * n->c; c++)
        sum[c] = 0;
    if (result == OK)
        result = quant_sum_pictures(w->pictures, 2 * (size_t)n->c, add_values, &k, sum);
    for (int c = 0; c < n->c && result == OK; c++) {
        float *bias = entry_of(&out->table, n->weight, ".bias")->data;
        double shift = (wanted[c] - sum[c] / values) / fmax(sum[n->c + c] / values, 0.1);

        bias[c] = (float)((double)bias[c] + shift);
        line->bias_shift = fmax(line->bias_shift, fabs(shift));
    }
    engine_close(&k.e);
    free_gauge(&g);
    return result;
}

status quant_correct_bias(struct quant_work *w, struct quant_result *out)
{
    double *sum;
    size_t most = 0;
    status result;

    for (int i = 0; i < w->nodes; i++)
        most = (size_t)w->model.node[i].c > most ? (size_t)w->model.node[i].c : most;
    sum = mem_alloc(2 * most, sizeof *sum);
    result = quant_agree(w->pictures, sum ? OK : FAIL(ERR_MEMORY, "no memory for %zu sums", most));
    for (int i = 0; i < out->lines && result == OK; i++)
        if (model_has_weights(&w->model.node[out->line[i].node]))
            result = correct_layer(w, out, &out->line[i], sum);
    mem_free(sum);
    return result;
}
