/* src/quant/trial.c: the network in real numbers, of which single layers are rounded to their codes and
 * become real again. A layer that changes is packed anew in the one plan, and pictures wait before the first
 * step that may have changed, so that a trial costs what lies behind it.
 *
 * Where biases will be corrected, a rounded layer's bias takes back what its weights' errors make of the mean
 * input (Nagel et al. 2019, section 4.2, from fp32's means): else few bits would seem worse than they are. */
#include "quant_parts.h"

#include <math.h>
#include <string.h>

enum { SIGNAL, NOISE, SPREAD, ERROR, CHANGED, DRIFT, RMSE, VALUES };

/* ---- open and close ------------------------------------------------------------------------------------ */

/* One of each stretch of the list, at places that move through the stretches, so that every rank has some. */
static void take_pictures(struct quant_trial *t)
{
    int count = t->w->pictures->count, trials = t->w->options->trials;

    t->pictures = trials > 0 && trials < count ? trials : count;
    for (int64_t k = 0; k < t->pictures; k++) {
        int begin = (int)(k * count / t->pictures), end = (int)((k + 1) * count / t->pictures);

        t->taken[begin + (int)k % (end - begin)] = 1;
    }
}

static status make_room(struct quant_trial *t)
{
    const struct quant_pictures *p = t->w->pictures;
    size_t count = (size_t)p->count, lines = (size_t)t->lines;

    MEM_TRY(t->taken, count, 1);
    MEM_TRY(t->live, count, sizeof *t->live);
    MEM_TRY(t->logits, count, (size_t)t->w->source->classes * sizeof *t->logits);
    MEM_TRY(t->step, lines, sizeof *t->step);
    MEM_TRY(t->scale, lines * (QUANT_MOST_BITS + 1), sizeof *t->scale);
    return p->follows ? OK : model_bind(&t->model, &t->w->real, NULL, &t->binding);
}

static status real_picture(void *self, int picture, double *row)
{
    struct quant_trial *t = self;
    const struct quant_look *look = t->w->options->look;
    size_t classes = (size_t)t->w->source->classes;

    (void)row;
    if (!t->taken[picture])
        return OK;
    engine_run(t->e.plan, t->e.state, t->w->pictures->pixels[picture]);
    memcpy(t->logits + (size_t)picture * classes, engine_logits(t->e.plan, t->e.state),
           classes * sizeof *t->logits);
    return look ? look->real(look->self, picture) : OK;
}

static status start(struct quant_trial *t)
{
    const struct quant_pictures *p = t->w->pictures;
    const struct quant_look *look = t->w->options->look;
    const struct engine e = { t->e.plan, t->e.state };
    double none = 0;

    for (int i = 0; i < t->lines; i++)
        t->step[i] = quant_step_of(t->e.plan, t->model.node[t->line[i].node].name);
    take_pictures(t);
    TRY(quant_agree(p, look ? look->start(look->self, &e, &e) : OK));
    return quant_sum_pictures(p, 1, real_picture, t, &none);
}

status quant_trial_open(struct quant_work *w, const struct quant_line *line, int lines, struct quant_trial *t)
{
    struct quant_params *none = mem_alloc((size_t)w->nodes, sizeof *none);
    struct engine_options options = { .direct = 1, .layers = 1, .round = none };
    status result;

    *t = (struct quant_trial){ .w = w, .line = line, .lines = lines, .model = w->model };
    t->model.nodes = w->nodes;
    result = quant_agree(w->pictures, none ? make_room(t) : FAIL(ERR_MEMORY, "no memory for a trial"));
    if (result == OK)
        result = quant_open(w->pictures, &t->binding, &options, w->kernels, &t->e);
    mem_free(none);
    return result == OK ? start(t) : result;
}

void quant_trial_close(struct quant_trial *t)
{
    for (int i = 0; t->live && i < t->w->pictures->count; i++)
        mem_free(t->live[i]);
    for (int i = 0; t->scale && i < t->lines * (QUANT_MOST_BITS + 1); i++)
        mem_free(t->scale[i]);
    quant_close(t->w->pictures, &t->e);
    model_unbind(&t->binding);
    mem_free(t->taken);
    mem_free(t->live);
    mem_free(t->logits);
    mem_free(t->step);
    mem_free(t->scale);
}

/* ---- a layer is rounded -------------------------------------------------------------------------------- */

int quant_trial_bits(const struct quant_trial *t, int i)
{
    return quant_weight_bits(t->w, t->line[i].node);
}

/* *out: (output channels, or one) scales of a line's weights; finding the best ones takes long. */
static status find_scales(struct quant_trial *t, int i, int bits, const float *weights, const float **out)
{
    const struct quant_work *w = t->w;
    int node = t->line[i].node, channels = w->options->per_channel ? w->model.node[node].c : 1;
    size_t run = (size_t)w->model.node[node].c * quant_row(w, node) / (size_t)channels;
    float **scale = &t->scale[i * (QUANT_MOST_BITS + 1) + bits];

    if (!*scale) {
        MEM_TRY(*scale, (size_t)channels, sizeof **scale);
        for (int c = 0; c < channels; c++)
            (*scale)[c] = quant_weight_scale(weights + (size_t)c * run, run, bits, w->options->weight_mse);
    }
    *out = *scale;
    return OK;
}

/* The channel of the layer's input that weight number `at` of an output channel's multiplies. */
static size_t input_channel(const struct quant_work *w, int node, size_t channel, size_t at)
{
    const struct model_node *n = &w->model.node[node], *in = &w->model.node[n->input[0]];
    size_t each;

    if (n->op == OP_LINEAR)
        return at / ((size_t)in->h * (size_t)in->w);
    each = (size_t)(in->c / n->groups);
    return channel / (size_t)(n->c / n->groups) * each + at % each;
}

/* Weights become what their codes stand for. */
static void round_layer(const struct quant_work *w, int node, int bits, const float *scales, float *weights,
                        float *bias)
{
    const double *mean = w->mean + w->first[w->model.node[node].input[0]];
    size_t channels = (size_t)w->model.node[node].c, row = quant_row(w, node);

    for (size_t c = 0; c < channels; c++, weights += row) {
        float scale = scales[w->options->per_channel ? c : 0], inverse = quantize_inverse(scale);
        double shift = 0;

        for (size_t i = 0; i < row; i++) {
            float rounded = dequantize_value(quant_weight_code(weights[i], inverse, bits), scale, 0);

            if (w->options->correct_bias)
                shift += ((double)weights[i] - (double)rounded) * mean[input_channel(w, node, c, i)];
            weights[i] = rounded;
        }
        bias[c] = (float)((double)bias[c] + shift);
    }
}

/* The folded weights are put back behind it. */
static status pack_rounded(struct quant_trial *t, int i, int bits)
{
    struct quant_work *w = t->w;
    int node = t->line[i].node;
    size_t channels = (size_t)w->model.node[node].c, count = channels * quant_row(w, node);
    float *weights = quant_weights(w, node), *bias = quant_bias(w, node), *kept;
    const float *scales;
    status result;

    TRY(find_scales(t, i, bits, weights, &scales));
    MEM_TRY(kept, count + channels, sizeof *kept);
    memcpy(kept, weights, count * sizeof *kept);
    memcpy(kept + count, bias, channels * sizeof *kept);
    round_layer(w, node, bits, scales, weights, bias);
    result = engine_step_pack(t->e.plan, t->step[i], &t->binding, node);
    memcpy(weights, kept, count * sizeof *kept);
    memcpy(bias, kept + count, channels * sizeof *kept);
    mem_free(kept);
    return result;
}

static status set(struct quant_trial *t, int i, int bits)
{
    int node = t->line[i].node;

    engine_step_round(t->e.plan, t->step[i], bits ? t->line[i].q : (struct quant_params){ 0 });
    if (!model_has_weights(&t->model.node[node]))
        return OK;
    return bits ? pack_rounded(t, i, bits) : engine_step_pack(t->e.plan, t->step[i], &t->binding, node);
}

status quant_trial_set(struct quant_trial *t, int i, int bits)
{
    const struct quant_pictures *p = t->w->pictures;

    BUG_IF(bits < 0 || bits > QUANT_MOST_BITS);
    if (t->kept > t->step[i])
        t->kept = 0;
    TRY(quant_agree(p, p->follows ? OK : set(t, i, bits)));
    quant_publish(p, &t->e);
    return OK;
}

/* ---- what it costs ------------------------------------------------------------------------------------- */

static status keep_live(struct quant_trial *t, int picture)
{
    mem_free(t->live[picture]);
    MEM_TRY(t->live[picture], engine_step_live(t->e.plan, t->at), 1);
    engine_step_save(t->e.plan, t->e.state, t->at, t->live[picture]);
    return OK;
}

/* Energies; and those that are left without what all classes have in common, which changes no answer. */
static void add_logits(const float *real, const float *now, int classes, double *row)
{
    double sum = 0, error_sum = 0;

    for (int c = 0; c < classes; c++) {
        double x = real[c], error = x - (double)now[c];

        sum += x;
        error_sum += error;
        row[SIGNAL] += x * x;
        row[NOISE] += error * error;
    }
    row[SPREAD] = fmax(row[SIGNAL] - sum * sum / classes, 0);
    row[ERROR] = fmax(row[NOISE] - error_sum * error_sum / classes, 0);
    row[CHANGED] = quant_answer(now, classes) != quant_answer(real, classes);
}

static status try_picture(void *self, int picture, double *row)
{
    struct quant_trial *t = self;
    const struct quant_engine *e = &t->e;
    const struct quant_look *look = t->w->options->look;
    const uint8_t *pixels = t->w->pictures->pixels[picture];
    int classes = engine_classes(e->plan);
    const float *real = t->logits + (size_t)picture * (size_t)classes,
                *now = engine_logits(e->plan, e->state);

    if (!t->taken[picture])
        return OK;
    if (t->kept)
        engine_step_load(e->plan, e->state, t->kept, t->live[picture]);
    engine_step_run(e->plan, e->state, pixels, t->kept, t->at);
    if (t->keep)
        TRY(keep_live(t, picture));
    engine_step_run(e->plan, e->state, pixels, t->at, engine_steps(e->plan));
    add_logits(real, now, classes, row);
    return look ? look->now(look->self, picture, &row[DRIFT], &row[RMSE]) : OK;
}

status quant_trial_run(struct quant_trial *t, int before, struct quant_effect *out)
{
    const struct quant_pictures *p = t->w->pictures;
    size_t most = (size_t)(t->pictures / p->size + 1);
    double total[VALUES] = { 0 };

    t->at = before < 0 ? 0 : t->step[before];
    if (t->kept > t->at)
        t->kept = 0;
    t->keep = t->at > t->kept && engine_step_live(t->e.plan, t->at) * most <= t->w->most_kept;
    TRY(quant_sum_pictures(p, VALUES, try_picture, t, total));
    t->kept = t->keep ? t->at : t->kept;
    *out = (struct quant_effect){ .drift = t->w->options->look ? total[DRIFT] / t->pictures : NAN,
                                  .rmse = t->w->options->look ? total[RMSE] / t->pictures : NAN,
                                  .sqnr_db = quant_decibel(total[SIGNAL], total[NOISE]),
                                  .noise = total[SPREAD] > 0 ? total[ERROR] / total[SPREAD] : 0,
                                  .changed = (int)total[CHANGED] };
    return OK;
}
