/* src/quant/judge.c: what quantization costs: each output's noise, the answers, the maps. */
#include "quant_parts.h"

#include <math.h>

enum { SIGNAL, NOISE, PER_LINE };

struct judge {
    struct quant_work *w;
    const struct quant_line *line;
    int lines;
    struct quant_engine real, codes;
};

int quant_answer(const float *logits, int classes)
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

/* After the energies: is fp32 right, is the quantized network, and do they differ? And in their maps? */
enum { REAL_RIGHT, RIGHT, CHANGED, DRIFT, RMSE, ANSWERS };

static status judge_picture(void *self, int picture, double *row)
{
    struct judge *j = self;
    const struct quant_pictures *p = j->w->pictures;
    const struct quant_look *look = j->w->options->look;
    int classes = engine_classes(j->real.plan), real, is;

    engine_run(j->real.plan, j->real.state, p->pixels[picture]);
    engine_run(j->codes.plan, j->codes.state, p->pixels[picture]);
    for (int i = 0; i < j->lines; i++) {
        int node = j->w->shown[j->line[i].node];
        struct engine_map a = engine_node_map(j->real.plan, j->real.state, node),
                          b = engine_node_map(j->codes.plan, j->codes.state, node);

        compare(&a, &b, row + PER_LINE * i);
    }
    real = quant_answer(engine_logits(j->real.plan, j->real.state), classes);
    is = quant_answer(engine_logits(j->codes.plan, j->codes.state), classes);
    row += PER_LINE * j->lines;
    row[REAL_RIGHT] = p->label ? real == p->label[picture] : 1;
    row[RIGHT] = p->label ? is == p->label[picture] : is == real;
    row[CHANGED] = is != real;
    if (look)
        TRY(look->real(look->self, picture));
    return look ? look->now(look->self, picture, &row[DRIFT], &row[RMSE]) : OK;
}

static status start_looking(const struct judge *j)
{
    const struct quant_look *look = j->w->options->look;
    const struct engine real = { j->real.plan, j->real.state }, codes = { j->codes.plan, j->codes.state };

    return look ? look->start(look->self, &real, &codes) : OK;
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
        result = quant_agree(p, start_looking(j));
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
        out->whole = (struct quant_effect){
            .drift = w->options->look ? total[PER_LINE * j->lines + DRIFT] / p->count : NAN,
            .rmse = w->options->look ? total[PER_LINE * j->lines + RMSE] / p->count : NAN,
            .sqnr_db = out->logits_sqnr_db,
            .changed = out->changed
        };
    }
    quant_close(p, &j->real);
    quant_close(p, &j->codes);
    mem_free(total);
    return result;
}

status quant_judge(struct quant_work *w, struct quant_result *out)
{
    const struct quant_pictures *p = w->pictures;
    struct judge j = { .w = w, .line = out->line, .lines = out->lines };

    for (int i = 0; i < p->count; i++)
        out->judged += p->label ? p->label[i] >= 0 : 1;
    return judge_all(&j, out);
}
