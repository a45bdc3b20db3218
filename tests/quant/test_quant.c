/* The whole on a network with every op. */
#include <math.h>

#include "made.h"

static void whole(enum engine_arithmetic arithmetic, int bits, enum quant_observer observer)
{
    struct made m;
    struct quant_result r[2];
    const struct quant_line *line;

    made_every(&m);
    m.options.arithmetic = arithmetic;
    m.options.per_channel = arithmetic == ENGINE_FBGEMM;
    m.options.bits = bits;
    m.options.observer = observer;
    tiny_must(quant_network(&m.net.binding, &m.options, &m.pictures, kernel_select("auto"), &r[0]));
    tiny_must(quant_network(&m.net.binding, &m.options, &m.pictures, kernel_select("ref"), &r[1]));
    CHECK(r[0].judged == MADE_PICTURES && r[0].fp32_right == MADE_PICTURES);
    CHECK(r[0].table.count == r[1].table.count);
    for (int i = 0; i < r[0].table.count; i++) {
        const struct tensor *a = &r[0].table.entry[i].tensor, *b = &r[1].table.entry[i].tensor;
        size_t bytes = (size_t)tensor_count(a) * dtype_size(a->dtype);

        CHECK_MSG(memcmp(a->data, b->data, bytes) == 0, "%s", r[0].table.entry[i].name);
    }
    for (int i = 0; i < r[0].lines; i++) {
        line = &r[0].line[i];
        CHECK(line->q.zero_point >= 0 && line->q.zero_point < 1 << bits);
        CHECK(fabs(line->high - line->q.scale * ((1 << bits) - 1 - line->q.zero_point)) < 1e-9);
        if (line->node == made_node(&m, "first")) /* relu6 */
            CHECK(line->q.zero_point == 0 && line->high <= 6.0001);
        if (line->node == made_node(&m, "fc"))
            CHECK_MSG(line->output_sqnr_db > (bits == 8 ? 20 : 15), "%g dB", line->output_sqnr_db);
    }
    quant_result_free(&r[0]);
    quant_result_free(&r[1]);
    made_free(&m);
}

static void refused(void)
{
    struct made m;
    struct quant_result r;

    made_every(&m);
    m.options.bits = 6;
    CHECK(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &r) == ERR_RANGE);
    m.options.bits = 8;
    m.pictures.count = 0;
    CHECK(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &r) == ERR_RANGE);
    made_free(&m);
}

int main(void)
{
    whole(ENGINE_FBGEMM, 8, QUANT_MSE);
    whole(ENGINE_FBGEMM, 7, QUANT_MINMAX);
    whole(ENGINE_QNNPACK, 8, QUANT_PERCENTILE);
    refused();
    return check_result("quant_quant");
}
