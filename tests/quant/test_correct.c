/* Bias correction on two layers, worked out by hand, and on a network with every op. */
#include <math.h>

#include "made.h"

static double bias(const struct quant_result *r, const char *name, int channel)
{
    return tensor_at(table_find(&r->table, name), channel);
}

/* White pictures: x = 1, exactly a code. a's rows are (1, 0.3, 0.3) and (0.5, 0.5, -2): codes at 1 / 127.5
 * per row are (127, 38, 38) for (127.5, 38.25, 38.25), so channel 0 loses (0.5 + 0.25 + 0.25) / 127.5; at 2 /
 * 127.5 (32, 32, -128) for (31.875, 31.875, -127.5): it gains (0.125 + 0.125 - 0.5) * 2 / 127.5, below relu's
 * 0, where nothing is missing. All pictures are equal: shifts are measured in steps of 1 / 254 of an eighth
 * of the channel's value, 2.6, to the nearest of which, 6, the missing 1 / 127.5 is rounded. */
static void two_layers(void)
{
    struct made m;
    struct quant_result r;
    double shift = 6 * 2.6 / 8 / 254, next = 8 * 1.3 / 8 / 254, was;

    made_pair(&m, MADE_PAIR("relu"));
    memset(m.bytes, 255, sizeof m.bytes);
    memcpy(((struct tensor *)table_find(&m.net.table, "a.weight"))->data,
           (float[]){ 1, 0.3f, 0.3f, 0.5f, 0.5f, -2 }, 6 * sizeof(float));
    m.options.weight_mse = 0;
    m.options.observer = QUANT_MINMAX;
    m.options.correct_bias = 0;
    tiny_must(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &r));
    CHECK(bias(&r, "a.bias", 0) == 1);
    was = r.line[2].q.scale;
    quant_result_free(&r);
    m.options.correct_bias = 1;
    tiny_must(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &r));
    CHECK_MSG(fabs(bias(&r, "a.bias", 0) - 1 - shift) < 1e-6, "%.9g", bias(&r, "a.bias", 0) - 1);
    CHECK_MSG(fabs(r.line[1].bias_shift - shift) < 1e-6, "%.9g", r.line[1].bias_shift);
    CHECK(bias(&r, "a.bias", 1) == -0.0625);
    /* b reads 2.6, a's largest value and so a code, and 0. Its row (0.5, 2) has codes of 2 / 127.5: 32 for
     * 31.875, 2.6 * 0.125 * 2 / 127.5 too much of 1.3: 7.97 of the steps. */
    CHECK_MSG(fabs(bias(&r, "b.bias", 0) + next) < 1e-6, "%.9g", bias(&r, "b.bias", 0));
    CHECK(was == r.line[2].q.scale);
    quant_result_free(&r);
    made_free(&m);
}

struct mean {
    struct quant_engine e;
    struct made *m;
    int node;
};

static status add_mean(void *self, int picture, double *row)
{
    struct mean *k = self;
    struct engine_map map;
    float real[4096];

    engine_run(k->e.plan, k->e.state, k->m->pixels[picture]);
    map = engine_node_map(k->e.plan, k->e.state, k->node);
    engine_map_copy_real(&map, real);
    for (int i = 0; i < map.h * map.w * map.c; i++)
        row[i % map.c] += (double)real[i] / (map.h * map.w * MADE_PICTURES);
    return OK;
}

/* Means of every layer's channels in the int8 network against fp32's: their error shrinks. */
static double mean_error(struct made *m, const struct quant_result *r)
{
    struct mean k = { .m = m };
    double worst = 0;

    tiny_must(quant_plan_codes(&m->work, &r->table, &k.e));
    for (int i = 0; i < r->lines; i++) {
        double mean[64] = { 0 };
        int node = m->work.shown[r->line[i].node];

        if (r->line[i].scales == 0)
            continue;
        k.node = node;
        tiny_must(quant_sum_pictures(&m->pictures, 64, add_mean, &k, mean));
        for (int c = 0; c < m->work.model.node[node].c; c++)
            worst += pow(mean[c] - m->work.mean[m->work.first[node] + (size_t)c], 2) / r->line[i].q.scale;
    }
    quant_close(&m->pictures, &k.e);
    return worst;
}

static void every_op(enum engine_arithmetic arithmetic, int per_channel)
{
    struct made m;
    double error[2];

    made_every(&m);
    made_fold(&m);
    tiny_must(quant_observe(&m.work));
    m.options.arithmetic = arithmetic;
    m.options.per_channel = per_channel;
    m.options.equalize = QUANT_EQUALIZE_OFF;
    for (int on = 0; on < 2; on++) {
        struct quant_result r;

        m.options.correct_bias = on;
        tiny_must(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &r));
        error[on] = mean_error(&m, &r);
        quant_result_free(&r);
    }
    CHECK_MSG(error[1] < 0.5 * error[0], "%g, uncorrected %g", error[1], error[0]);
    made_free(&m);
}

/* The biases are the same whether maps wait between two layers, none does, or those do that are small. */
static void kept_or_not(void)
{
    static const size_t most[] = { (size_t)1 << 30, 0, MADE_PICTURES * 4000 };
    struct quant_result whole, r;
    struct made m;

    made_every(&m);
    tiny_must(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &whole));
    for (size_t i = 0; i < COUNT_OF(most); i++) {
        made_fold(&m);
        r = (struct quant_result){ 0 };
        tiny_must(quant_list(&m.work, &r));
        tiny_must(quant_observe(&m.work));
        tiny_must(quant_choose_ranges(&m.work, r.line, r.lines));
        tiny_must(quant_convert(&m.work, &r));
        m.work.most_kept = most[i];
        tiny_must(quant_correct_bias(&m.work, &r));
        for (int j = 0; j < r.table.count; j++) {
            const struct tensor *a = &r.table.entry[j].tensor,
                                *b = table_find(&whole.table, r.table.entry[j].name);

            CHECK(b && memcmp(a->data, b->data, (size_t)tensor_count(a) * dtype_size(a->dtype)) == 0);
        }
        quant_result_free(&r);
        quant_work_free(&m.work);
        m.work = (struct quant_work){ .options = &m.options,
                                      .pictures = &m.pictures,
                                      .kernels = kernel_select("auto") };
    }
    quant_result_free(&whole);
    made_free(&m);
}

int main(void)
{
    two_layers();
    every_op(ENGINE_FBGEMM, 1);
    every_op(ENGINE_QNNPACK, 0);
    kept_or_not();
    return check_result("quant_correct");
}
