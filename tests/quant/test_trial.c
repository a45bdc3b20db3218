/* Single layers rounded and made real again in one plan: the same, bit for bit, as in a plan made for each.
 */
#include <math.h>

#include "made.h"

/* Everything that a trial needs, and no biases taken back. */
static void prepare(struct made *m, struct quant_result *r)
{
    m->options.correct_bias = 0;
    m->options.equalize = QUANT_EQUALIZE_OFF;
    made_fold(m);
    *r = (struct quant_result){ 0 };
    tiny_must(quant_list(&m->work, r));
    tiny_must(quant_observe(&m->work));
    tiny_must(quant_choose_ranges(&m->work, r->line, r->lines));
}

/* Weights of a layer become what codes of so many bits stand for. */
static void round_here(struct made *m, int node, int bits)
{
    float *weights = quant_weights(&m->work, node);
    size_t row = quant_row(&m->work, node);

    for (int c = 0; c < m->work.model.node[node].c; c++, weights += row) {
        float scale = quant_weight_scale(weights, row, bits, m->options.weight_mse);

        for (size_t i = 0; i < row; i++)
            weights[i] = scale * (float)quant_weight_code(weights[i], 1 / scale, bits);
    }
}

/* Logits of all pictures of a plan in which the lines marked in `rounded` are. */
static void other_plan(struct made *m, const struct quant_result *r, const uint8_t *rounded, int bits,
                       float (*logits)[5])
{
    struct quant_params *round = mem_alloc((size_t)m->work.model.nodes, sizeof *round);
    struct quant_engine e;
    float kept[64][4096];

    for (int i = 0; i < r->lines; i++) {
        int node = r->line[i].node, layer = model_has_weights(&m->work.model.node[node]);
        size_t bytes = layer ? (size_t)m->work.model.node[node].c * quant_row(&m->work, node) * 4 : 0;

        CHECK(i < 64 && bytes <= sizeof kept[i]);
        if (layer)
            memcpy(kept[i], quant_weights(&m->work, node), bytes);
        if (rounded[i])
            round[m->work.shown[node]] = r->line[i].q;
        if (rounded[i] && layer)
            round_here(m, node, bits);
    }
    tiny_must(quant_plan_real(&m->work, round, &e));
    for (int p = 0; p < MADE_PICTURES; p++) {
        engine_run(e.plan, e.state, m->pixels[p]);
        memcpy(logits[p], engine_logits(e.plan, e.state), sizeof logits[p]);
    }
    quant_close(&m->pictures, &e);
    for (int i = 0; i < r->lines; i++) {
        int node = r->line[i].node;

        if (model_has_weights(&m->work.model.node[node]))
            memcpy(quant_weights(&m->work, node), kept[i],
                   (size_t)m->work.model.node[node].c * quant_row(&m->work, node) * 4);
    }
    mem_free(round);
}

static void compare(const struct quant_effect *e, float (*real)[5], float (*now)[5], const char *what)
{
    double signal = 0, noise = 0, spread = 0, error = 0;
    int changed = 0;

    for (int p = 0; p < MADE_PICTURES; p++) {
        double mean = 0, off = 0;

        for (int c = 0; c < 5; c++) {
            double x = real[p][c], d = x - (double)now[p][c];

            signal += x * x;
            noise += d * d;
            mean += x / 5;
            off += d / 5;
        }
        for (int c = 0; c < 5; c++) {
            spread += pow((double)real[p][c] - mean, 2);
            error += pow((double)real[p][c] - (double)now[p][c] - off, 2);
        }
        changed += quant_answer(real[p], 5) != quant_answer(now[p], 5);
    }
    CHECK_MSG(noise > 0 ? fabs(e->sqnr_db - 10 * log10(signal / noise)) < 1e-9 : isinf(e->sqnr_db),
              "%s: %.15g, not %.15g", what, e->sqnr_db, 10 * log10(signal / noise));
    CHECK_MSG(fabs(e->noise - error / spread) <= 1e-9 * error / spread, "%s: %.15g, not %.15g", what,
              e->noise, error / spread);
    CHECK_MSG(e->changed == changed, "%s", what);
    CHECK(isnan(e->drift)); /* nobody looks */
}

/* Of every op: each line alone, and all but it, whether pictures wait between layers or not. */
static void every_line(int more, size_t most_kept)
{
    static struct made m;
    struct quant_result r;
    struct quant_trial t;
    struct quant_effect e;
    uint8_t rounded[64] = { 0 };
    float real[MADE_PICTURES][5], now[MADE_PICTURES][5];

    if (more)
        made_more(&m);
    else
        made_every(&m);
    prepare(&m, &r);
    m.work.most_kept = most_kept;
    other_plan(&m, &r, rounded, 4, real);
    tiny_must(quant_trial_open(&m.work, r.line, r.lines, &t));
    for (int others = 0; others < 2; others++) {
        for (int i = 0; i < r.lines; i++) {
            tiny_must(quant_trial_set(&t, i, others ? 4 : 0));
            rounded[i] = (uint8_t)others;
        }
        for (int i = 0; i < r.lines; i++) {
            tiny_must(quant_trial_set(&t, i, others ? 0 : 4));
            tiny_must(quant_trial_run(&t, i, &e));
            tiny_must(quant_trial_set(&t, i, others ? 4 : 0));
            rounded[i] ^= 1;
            other_plan(&m, &r, rounded, 4, now);
            rounded[i] ^= 1;
            compare(&e, real, now, m.work.model.node[r.line[i].node].name);
        }
    }
    /* A change before what was kept is seen. */
    tiny_must(quant_trial_set(&t, 1, 0));
    rounded[1] = 0;
    tiny_must(quant_trial_run(&t, r.lines - 1, &e));
    other_plan(&m, &r, rounded, 4, now);
    compare(&e, real, now, "an early change");
    quant_trial_close(&t);
    quant_result_free(&r);
    made_free(&m);
}

/* a's weights of 2 bits lose what its bias then takes back of the mean input: white pictures, x = 1 in all
 * channels, so that the sums stay: row (8, -4, 2) of -2..1 times 8 / 1.5 has codes 1, -1, 0, loses 8 - 4 + 2
 * - (5.333 - 5.333) = 6, which the bias gets. */
static void means_taken_back(void)
{
    static struct made m;
    struct quant_result r;
    struct quant_trial t;
    struct quant_effect with, without;

    for (int correct = 0; correct < 2; correct++) {
        made_pair(&m, MADE_PAIR("relu"));
        memset(m.bytes, 255, sizeof m.bytes);
        m.options.weight_mse = 0;
        m.options.observer = QUANT_MINMAX;
        prepare(&m, &r);
        m.options.correct_bias = correct;
        tiny_must(quant_trial_open(&m.work, r.line, r.lines, &t));
        r.line[1].q.scale = 0; /* its output stays real */
        tiny_must(quant_trial_set(&t, 1, 2));
        tiny_must(quant_trial_run(&t, 1, correct ? &with : &without));
        quant_trial_close(&t);
        quant_result_free(&r);
        made_free(&m);
    }
    CHECK_MSG(without.sqnr_db < 10 && with.sqnr_db > 100, "%g %g", without.sqnr_db, with.sqnr_db);
}

/* One of each stretch of the list. */
static void spread(void)
{
    static struct made m;
    struct quant_result r;
    struct quant_trial t;

    made_pair(&m, MADE_PAIR("relu"));
    m.options.trials = 2;
    prepare(&m, &r);
    tiny_must(quant_trial_open(&m.work, r.line, r.lines, &t));
    /* 0, 1 | 2, 3, 4: the first of the first stretch, the second of the second. */
    CHECK(t.pictures == 2 && t.taken[0] && !t.taken[1] && !t.taken[2] && t.taken[3] && !t.taken[4]);
    quant_trial_close(&t);
    quant_result_free(&r);
    made_free(&m);
}

int main(void)
{
    for (int more = 0; more < 2; more++) {
        every_line(more, (size_t)1 << 30);
        every_line(more, 0);
    }
    means_taken_back();
    spread();
    return check_result("quant_trial");
}
