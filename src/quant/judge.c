/* src/quant/judge.c: what quantization costs: each output's noise, the answers, and each layer alone. */
#include "quant_parts.h"

#include <math.h>
#include <string.h>

enum { SIGNAL, NOISE, PER_LINE };

struct judge {
    struct quant_work *w;
    const struct quant_line *line;
    int lines;
    struct quant_engine real, codes;
    float *logits; /* (pictures, classes) of fp32: this rank's own */
};

/* The class of the largest logit, the first of equal ones. */
static int answer(const float *logits, int classes)
{
    int best = 0;

    for (int c = 1; c < classes; c++)
        best = logits[c] > logits[best] ? c : best;
    return best;
}

static void compare(const struct engine_map *real, const struct engine_map *is, double *row)
{
    for (int i = 0; i < real->h * real->w; i++)
        for (int c = 0; c < real->c; c++) {
            size_t at = (size_t)i * (size_t)is->pitch + (size_t)c;
            double x = real->real[(size_t)i * (size_t)real->pitch + (size_t)c];
            double y =
                is->codes ? dequantize_value(is->codes[at], is->q.scale, is->q.zero_point) : is->real[at];

            row[SIGNAL] += x * x;
            row[NOISE] += (x - y) * (x - y);
        }
}

/* After the energies: is fp32 right, is the quantized network, and do they differ? */
enum { REAL_RIGHT, RIGHT, CHANGED, ANSWERS };

static status judge_picture(void *self, int picture, double *row)
{
    struct judge *j = self;
    const struct quant_pictures *p = j->w->pictures;
    int classes = engine_classes(j->real.plan), real, is;
    float *logits = j->logits + (size_t)picture * (size_t)classes;

    engine_run(j->real.plan, j->real.state, p->pixels[picture]);
    engine_run(j->codes.plan, j->codes.state, p->pixels[picture]);
    for (int i = 0; i < j->lines; i++) {
        int node = j->w->shown[j->line[i].node];
        struct engine_map a = engine_node_map(j->real.plan, j->real.state, node),
                          b = engine_node_map(j->codes.plan, j->codes.state, node);

        compare(&a, &b, row + PER_LINE * i);
    }
    memcpy(logits, engine_logits(j->real.plan, j->real.state), (size_t)classes * sizeof *logits);
    real = answer(logits, classes);
    is = answer(engine_logits(j->codes.plan, j->codes.state), classes);
    row += PER_LINE * j->lines;
    row[REAL_RIGHT] = p->label ? real == p->label[picture] : 1;
    row[RIGHT] = p->label ? is == p->label[picture] : is == real;
    row[CHANGED] = is != real;
    return OK;
}

static status judge_all(struct judge *j, struct quant_result *out)
{
    struct quant_work *w = j->w;
    const struct quant_pictures *p = w->pictures;
    size_t values = (size_t)(PER_LINE * j->lines + ANSWERS);
    double *total = mem_alloc(values, sizeof *total);
    status result = quant_agree(p, total ? OK : FAIL(ERR_MEMORY, "no memory for %zu sums", values));

    if (result == OK)
        result = quant_plan_real(w, NULL, &j->real);
    if (!w->options->sensitivity)
        table_free(&w->real); /* packed now, and not changed any more */
    if (result == OK)
        result = quant_plan_codes(w, &out->table, &j->codes);
    if (result == OK)
        result = quant_sum_pictures(p, values, judge_picture, j, total);
    for (int i = 0; i < j->lines && result == OK; i++) {
        out->line[i].output_sqnr_db = quant_decibel(total[PER_LINE * i], total[PER_LINE * i + NOISE]);
        if (j->line[i].node == w->last_layer)
            out->logits_sqnr_db = out->line[i].output_sqnr_db;
    }
    if (result == OK) {
        out->real_right = (int)total[PER_LINE * j->lines + REAL_RIGHT];
        out->right = (int)total[PER_LINE * j->lines + RIGHT];
        out->changed = (int)total[PER_LINE * j->lines + CHANGED];
    }
    quant_close(p, &j->real);
    quant_close(p, &j->codes);
    mem_free(total);
    return result;
}

/* ---- one layer alone ----------------------------------------------------------------------------------- */

static status try_picture(void *self, int picture, double *row)
{
    struct judge *j = self;
    const struct quant_pictures *p = j->w->pictures;
    int classes = engine_classes(j->real.plan);
    const float *real = j->logits + (size_t)picture * (size_t)classes,
                *now = engine_logits(j->real.plan, j->real.state);

    engine_run(j->real.plan, j->real.state, p->pixels[picture]);
    for (int c = 0; c < classes; c++) {
        double x = real[c], error = x - (double)now[c];

        row[SIGNAL] += x * x;
        row[NOISE] += error * error;
    }
    row[PER_LINE] = answer(now, classes) == (p->label ? p->label[picture] : answer(real, classes));
    return OK;
}

/* The layer's weights become what its codes stand for; the caller puts `saved` back. */
static void round_weights(struct quant_work *w, int node, float *weights)
{
    size_t count = (size_t)w->model.node[node].c * quant_row(w, node);
    size_t run = w->options->per_channel ? quant_row(w, node) : count;
    int bits = quant_weight_bits(w, node);

    for (size_t at = 0; at < count; at += run) {
        float scale = quant_weight_scale(weights + at, run, bits, w->options->weight_mse),
              inverse = quantize_inverse(scale);

        for (size_t i = at; i < at + run; i++)
            weights[i] = dequantize_value(quant_weight_code(weights[i], inverse, bits), scale, 0);
    }
}

static status plan_alone(struct judge *j, const struct quant_line *line)
{
    struct quant_work *w = j->w;
    const struct quant_pictures *p = w->pictures;
    int layer = model_has_weights(&w->model.node[line->node]) && !p->follows;
    size_t count = layer ? (size_t)w->model.node[line->node].c * quant_row(w, line->node) : 0;
    float *weights = layer ? quant_weights(w, line->node) : NULL,
          *saved = mem_alloc(count + 1, sizeof *saved);
    struct quant_params *round = mem_alloc((size_t)w->model.nodes, sizeof *round);
    status result =
        quant_agree(p, saved && round ? OK : FAIL(ERR_MEMORY, "no memory for %zu weights", count));

    if (result == OK) {
        if (layer) {
            memcpy(saved, weights, count * sizeof *saved);
            round_weights(w, line->node, weights);
        }
        round[w->shown[line->node]] = line->q;
        result = quant_plan_real(w, round, &j->real);
        if (layer)
            memcpy(weights, saved, count * sizeof *saved);
    }
    mem_free(saved);
    mem_free(round);
    return result;
}

static status try_layers(struct judge *j, struct quant_result *out)
{
    const struct quant_pictures *p = j->w->pictures;
    status result = OK;

    for (int i = 0; i < j->lines && result == OK; i++) {
        double total[PER_LINE + 1] = { 0 };

        result = plan_alone(j, &out->line[i]);
        if (result == OK)
            result = quant_sum_pictures(p, PER_LINE + 1, try_picture, j, total);
        quant_close(p, &j->real);
        out->line[i].alone_sqnr_db = quant_decibel(total[SIGNAL], total[NOISE]);
        out->line[i].lost = out->real_right - (int)total[PER_LINE];
    }
    return result;
}

status quant_judge(struct quant_work *w, struct quant_result *out)
{
    const struct quant_pictures *p = w->pictures;
    struct judge j = { .w = w, .line = out->line, .lines = out->lines };
    status result;

    for (int i = 0; i < p->count; i++)
        out->judged += p->label ? p->label[i] >= 0 : 1;
    j.logits = mem_alloc((size_t)p->count * (size_t)w->source->classes, sizeof *j.logits);
    result = quant_agree(p, j.logits ? OK : FAIL(ERR_MEMORY, "no memory for %d answers", p->count));
    if (result == OK)
        result = judge_all(&j, out);
    if (result == OK && w->options->sensitivity)
        result = try_layers(&j, out);
    mem_free(j.logits);
    return result;
}
