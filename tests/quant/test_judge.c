/* What quantization costs. */
#include <math.h>

#include "made.h"

/* The layer whose weights lose most comes out worst alone, and labels count. */
static void alone(void)
{
    struct made m;
    struct quant_result r;
    float logits[5];
    int label[MADE_PICTURES], worst = 0, layer;

    made_every(&m);
    /* A weight so large that all others of its layer become 0. */
    layer = made_node(&m, "grouped");
    ((float *)((struct tensor *)table_find(&m.net.table, "grouped.weight"))->data)[0] = 300;
    made_fold(&m);
    for (int i = 0; i < MADE_PICTURES; i++) {
        made_logits(&m, i, logits);
        label[i] = 0;
        for (int c = 1; c < 5; c++)
            label[i] = logits[c] > logits[label[i]] ? c : label[i];
    }
    label[1] = (label[1] + 1) % 5;
    label[2] = -1;
    m.pictures.label = label;
    m.options.sensitivity = 1;
    m.options.per_channel = 0;
    m.options.equalize = QUANT_EQUALIZE_OFF;
    quant_work_free(&m.work);
    m.work.options = &m.options;
    m.options.weight_mse = 0;
    tiny_must(quant_network(&m.net.binding, &m.options, &m.pictures, kernel_select("auto"), &r));
    CHECK(r.judged == 4 && r.real_right == 3); /* one has no label, one a wrong one */
    CHECK(r.right >= 0 && r.right <= 4);
    CHECK(r.lines == 12);
    for (int i = 0; i < r.lines; i++) {
        CHECK(r.line[i].scales == 0 || r.line[i].weight_sqnr_db > 20);
        worst = r.line[i].alone.sqnr_db < r.line[worst].alone.sqnr_db ? i : worst;
        CHECK(isnan(r.line[i].alone.drift) && isfinite(r.line[i].others.sqnr_db));
        CHECK(isfinite(r.line[i].output_sqnr_db));
    }
    CHECK_MSG(r.line[worst].node == layer, "%s", m.net.model.node[r.line[worst].node].name);
    quant_result_free(&r);
    made_free(&m);
}

/* Weights of a.weight at 8 / 127.5 a code are 127.5, -63.75, 31.875, 7.96875, 3.984375 and 1.9921875 codes,
 * of which 127, -64, 32, 8, 4 and 2 are stored: of 1 / 127.5 of the largest 0.5, 0.25, 0.125, 1/32, 1/64 and
 * 1/128 are lost. Without labels fp32's answers are the right ones. */
static void weights_by_hand(void)
{
    static const double w[6] = { 8, -4, 2, 0.5, 0.25, 0.125 };
    static const double lost[6] = { 0.5, 0.25, 0.125, 1 / 32.0, 1 / 64.0, 1 / 128.0 };
    double signal = 0, noise = 0;
    struct made m;
    struct quant_result r;

    made_pair(&m, MADE_PAIR("relu"));
    m.options.weight_mse = m.options.per_channel = m.options.correct_bias = 0;
    m.options.equalize = QUANT_EQUALIZE_OFF;
    tiny_must(quant_network(&m.net.binding, &m.options, &m.pictures, kernel_select("auto"), &r));
    for (int i = 0; i < 6; i++) {
        signal += w[i] * w[i];
        noise += pow(lost[i] * 8 / 127.5, 2);
    }
    CHECK(r.line[1].scales == 1 && fabs(r.line[1].scale_high - 8 / 127.5) < 1e-8);
    CHECK_MSG(fabs(r.line[1].weight_sqnr_db - 10 * log10(signal / noise)) < 1e-4, "%.9g, not %.9g",
              r.line[1].weight_sqnr_db, 10 * log10(signal / noise));
    CHECK(r.judged == MADE_PICTURES && r.real_right == MADE_PICTURES);
    quant_result_free(&r);
    made_free(&m);
}

static void decibels(void)
{
    CHECK(quant_decibel(100, 1) == 20 && quant_decibel(1, 10) == -10);
    CHECK(isinf(quant_decibel(1, 0)) && quant_decibel(1, 0) > 0);
}

int main(void)
{
    decibels();
    weights_by_hand();
    alone();
    return check_result("quant_judge");
}
