/* The whole on a network with every op. */
#include <math.h>

#include "made.h"

/* Of 7 bits as torch has them: what lies above the calibrated range has codes too. */
static int highest(int bits)
{
    return bits == 7 ? 255 : (1 << bits) - 1;
}

/* No code that does not exist comes out of any node. */
static void check_codes(struct made *m, const struct quant_result *r)
{
    struct model_reading how = { .relu6 = MODEL_RELU6_CLAMP };
    struct engine_options options = { .arithmetic = m->options.arithmetic, .keep = 1 };
    struct model_binding b;
    struct engine e = { 0 };

    tiny_must(model_bind(&m->net.model, &r->table, &how, &b));
    tiny_must(engine_open(&b, &options, kernel_select("auto"), &e));
    engine_run(e.plan, e.state, m->pixels[0]);
    for (int i = 0; i < m->net.model.nodes; i++) {
        struct engine_map map = engine_node_map(e.plan, e.state, i);
        int low = 255, high = 0;

        for (int p = 0; map.codes && p < map.h * map.w; p++)
            for (int c = 0; c < map.c; c++) {
                int code = map.codes[p * map.pitch + c];

                low = code < low ? code : low;
                high = code > high ? code : high;
            }
        CHECK_MSG(!map.codes || (low >= b.q[i].low && high <= b.q[i].high), "%s: %d to %d of %d to %d",
                  m->net.model.node[i].name, low, high, b.q[i].low, b.q[i].high);
    }
    engine_close(&e);
    model_unbind(&b);
}

static void whole(enum engine_arithmetic arithmetic, int bits, int ends, enum quant_observer observer)
{
    struct made m;
    struct quant_result r[2];
    const struct quant_line *line;

    made_every(&m);
    m.options.arithmetic = arithmetic;
    m.options.per_channel = arithmetic == ENGINE_FBGEMM;
    m.options.activation_bits = bits;
    m.options.weight_bits = bits < 7 ? bits : 8;
    m.options.ends = ends;
    m.options.observer = observer;
    tiny_must(quant_network(&m.net.binding, &m.options, &m.pictures, kernel_select("auto"), &r[0]));
    tiny_must(quant_network(&m.net.binding, &m.options, &m.pictures, kernel_select("ref"), &r[1]));
    CHECK(r[0].judged == MADE_PICTURES && r[0].real_right == MADE_PICTURES);
    CHECK(r[0].table.count == r[1].table.count);
    for (int i = 0; i < r[0].table.count; i++) {
        const struct tensor *a = &r[0].table.entry[i].tensor, *b = &r[1].table.entry[i].tensor;
        size_t bytes = (size_t)tensor_count(a) * dtype_size(a->dtype);

        CHECK_MSG(memcmp(a->data, b->data, bytes) == 0, "%s", r[0].table.entry[i].name);
    }
    for (int i = 0; i < r[0].lines; i++) {
        int is;

        line = &r[0].line[i];
        is = line->activation_bits;
        CHECK(is == (ends && (line->node == 0 || line->node == made_node(&m, "fc")) ? ends : bits));
        CHECK(line->q.zero_point >= 0 && line->q.zero_point < 1 << is && line->q.high == highest(is));
        CHECK(fabs(line->high - line->q.scale * ((1 << is) - 1 - line->q.zero_point)) < 1e-9);
        if (line->node == made_node(&m, "first")) /* relu6 */
            CHECK(line->q.zero_point == 0 && line->high <= 6.0001);
        if (line->node == made_node(&m, "fc"))
            CHECK_MSG(line->output_sqnr_db > (bits == 8   ? 20
                                              : bits == 7 ? 15
                                              : bits == 4 ? 0
                                                          : -10),
                      "%g dB", line->output_sqnr_db);
    }
    check_codes(&m, &r[0]);
    quant_result_free(&r[0]);
    quant_result_free(&r[1]);
    made_free(&m);
}

static void refused(void)
{
    struct made m;
    struct quant_result r;

    made_every(&m);
    m.options.activation_bits = 9;
    CHECK(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &r) == ERR_RANGE);
    m.options.activation_bits = 8;
    m.options.weight_bits = 1;
    CHECK(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &r) == ERR_RANGE);
    m.options.weight_bits = 8;
    m.pictures.count = 0;
    CHECK(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &r) == ERR_RANGE);
    made_free(&m);
}

int main(void)
{
    whole(ENGINE_FBGEMM, 8, 0, QUANT_MSE);
    whole(ENGINE_FBGEMM, 7, 0, QUANT_MINMAX);
    whole(ENGINE_QNNPACK, 8, 0, QUANT_PERCENTILE);
    whole(ENGINE_FBGEMM, 4, 8, QUANT_MSE);
    whole(ENGINE_QNNPACK, 4, 0, QUANT_MINMAX);
    whole(ENGINE_FBGEMM, 2, 8, QUANT_MSE);
    refused();
    return check_result("quant_quant");
}
