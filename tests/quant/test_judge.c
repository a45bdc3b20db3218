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
    /* A weight so large that all others of its layer become 0. */
    layer = made_node(&m, "grouped");
    ((float *)((struct tensor *)table_find(&m.net.table, "grouped.weight"))->data)[0] = 300;
    quant_work_free(&m.work);
    m.work.options = &m.options;
    m.options.weight_mse = 0;
    tiny_must(quant_network(&m.net.binding, &m.options, &m.pictures, kernel_select("auto"), &r));
    CHECK(r.judged == 4);
    CHECK(r.lines == 12);
    for (int i = 0; i < r.lines; i++) {
        CHECK(r.line[i].scales == 0 || r.line[i].weight_sqnr_db > 20);
        worst = r.line[i].alone_sqnr_db < r.line[worst].alone_sqnr_db ? i : worst;
        CHECK(isfinite(r.line[i].output_sqnr_db));
    }
    CHECK_MSG(r.line[worst].node == layer, "%s", m.net.model.node[r.line[worst].node].name);
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
    alone();
    return check_result("quant_judge");
}
