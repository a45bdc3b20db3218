/* The network that is worked on: which outputs have scales, what is fused, folded weights, values that can be
 * seen. */
#include <math.h>

#include "made.h"

static void graph(void)
{
    struct made m;

    made_every(&m);
    made_fold(&m);
    CHECK(m.work.nodes == m.net.model.nodes);
    CHECK(m.work.shown[made_node(&m, "first")] == made_node(&m, "first_relu"));
    CHECK(m.work.shown[made_node(&m, "sum")] == made_node(&m, "sum_relu"));
    CHECK(m.work.shown[made_node(&m, "dw")] == made_node(&m, "dw"));
    CHECK(m.work.only[made_node(&m, "dw")] == made_node(&m, "swish"));
    CHECK(m.work.users[made_node(&m, "pool")] == 2 && m.work.only[made_node(&m, "pool")] == -1);
    CHECK(m.work.first[made_node(&m, "first")] == 3);
    CHECK(quant_row(&m.work, made_node(&m, "grouped")) == 4 * 9);
    CHECK(quant_row(&m.work, made_node(&m, "fc")) == 12);
    made_free(&m);
}

/* A convolution's values before its relu can be seen, and the network is the same. */
static void seen(void)
{
    struct made m;
    struct quant_engine e = { 0 };
    struct engine whole = { 0 };
    struct engine_options options = { .keep = 1 };
    struct engine_map before, after;
    int negative = 0, wrong = 0;

    made_every(&m);
    made_fold(&m);
    tiny_must(engine_open(&m.net.binding, &options, m.work.kernels, &whole));
    tiny_must(quant_plan_real(&m.work, NULL, &e));
    engine_run(whole.plan, whole.state, m.pixels[0]);
    engine_run(e.plan, e.state, m.pixels[0]);
    before = engine_node_map(e.plan, e.state, made_node(&m, "first"));
    after = engine_node_map(e.plan, e.state, made_node(&m, "first_relu"));
    for (int i = 0; i < before.h * before.w * before.c; i++) {
        float x = before.real[i];

        negative += x < 0;
        wrong += after.real[i] != (x < 0 ? 0 : x > 6 ? 6 : x);
    }
    CHECK(negative > 0 && wrong == 0);
    CHECK(memcmp(engine_logits(whole.plan, whole.state), engine_logits(e.plan, e.state), 5 * sizeof(float)) ==
          0);
    engine_close(&whole);
    quant_close(&m.pictures, &e);
    made_free(&m);
}

/* weight * gamma / sqrt(variance + eps) = 2 * 3 / 2, bias = -mean * gamma / 2 + beta. */
static void normalisation(void)
{
    static const char text[] = "model bn  one layer\n"
                               "input image 3 2 2 resize 2 bilinear crop 2 mean 0 0 0 std 1 1 1 quant quant\n"
                               "conv a image out 1 kernel 1 stride 1 pad 0 groups 1 weight a bn n eps 1\n"
                               "avgpool pool a\n"
                               "linear fc pool out 2 weight fc\n"
                               "output fc\n"
                               "cam a\n";
    const int64_t one = 1;
    struct made m = { 0 };

    tiny_describe(&m.net, text);
    tiny_real(&m.net, "a", ".weight", 4, (int64_t[]){ 1, 3, 1, 1 }, (float[]){ 2, 4, 6 });
    tiny_real(&m.net, "n", ".weight", 1, &one, (float[]){ 3 });
    tiny_real(&m.net, "n", ".bias", 1, &one, (float[]){ 0.5f });
    tiny_real(&m.net, "n", ".running_mean", 1, &one, (float[]){ 2 });
    tiny_real(&m.net, "n", ".running_var", 1, &one, (float[]){ 3 });
    tiny_real(&m.net, "fc", ".weight", 2, (int64_t[]){ 2, 1 }, (float[]){ 1, 2 });
    made_bind(&m, 1);
    made_fold(&m);
    CHECK(quant_weights(&m.work, 1)[0] == 3 && quant_weights(&m.work, 1)[2] == 9);
    CHECK(quant_bias(&m.work, 1)[0] == -2.5f);
    CHECK(quant_bias(&m.work, made_node(&m, "fc"))[1] == 0);
    made_free(&m);
}

/* What codes stand for: 0.5 a step in every layer but one, whose channels have 0.25 and so on. */
static void dequantized(void)
{
    struct made m = { 0 };
    struct tensor_table real;
    const struct tensor *codes, *is;
    size_t wrong = 0;

    tiny_every(&m.net, 1, 0);
    CHECK_MSG(quant_dequantize(&m.net.binding, &real) == OK, "%s", error_last()->text);
    codes = table_find(&m.net.table, "first.weight");
    is = table_find(&real, "first.weight");
    CHECK(codes && is && is->dtype == DTYPE_F32 && is->rank == codes->rank);
    CHECK(is->quantization == TENSOR_REAL);
    for (int64_t i = 0; codes && is && i < tensor_count(is); i++) {
        int64_t channel = codes->channels > 1 ? i / (tensor_count(is) / codes->channels) : 0;

        wrong += (float)tensor_at(is, i) !=
                 dequantize_value((int)tensor_at(codes, i), codes->scale[channel], 0);
    }
    CHECK_MSG(wrong == 0, "%zu", wrong);
    model_unbind(&m.net.binding);
    CHECK_MSG(model_bind(&m.net.model, &real, NULL, &m.net.binding) == OK, "%s", error_last()->text);
    CHECK(m.net.binding.form == PRECISION_REAL && m.net.binding.unused == 0);
    CHECK(quant_dequantize(&m.net.binding, &(struct tensor_table){ 0 }) == ERR_MISMATCH);
    table_free(&real);
    made_free(&m);
}

/* A linear layer on a map keeps the file's columns; a batch normalisation alone goes along as it is. */
static void carried(void)
{
    static const char *const kept[] = { "norm1.weight", "norm1.bias", "norm1.running_mean",
                                        "norm1.running_var", "fc.weight" };
    struct made m = { 0 };
    struct quant_result r;
    struct tensor_table back;

    tiny_more(&m.net, 0, 0, 0);
    model_unbind(&m.net.binding);
    made_bind(&m, 1);
    m.options.equalize = QUANT_EQUALIZE_OFF;
    made_fold(&m);
    CHECK(quant_row(&m.work, made_node(&m, "fc")) == 288);
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        const struct tensor *was = table_find(&m.net.table, kept[i]), *is = table_find(&m.work.real, kept[i]);

        CHECK_MSG(is && is->rank == was->rank && is->dim[0] == was->dim[0] &&
                      memcmp(is->data, was->data, (size_t)tensor_count(was) * sizeof(float)) == 0,
                  "%s", kept[i]);
    }
    quant_work_free(&m.work);
    m.work.kernels = kernel_select("auto");
    m.options.correct_bias = 0;
    tiny_must(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &r));
    model_unbind(&m.net.binding);
    tiny_must(model_bind(&m.net.model, &r.table, NULL, &m.net.binding));
    tiny_must(quant_dequantize(&m.net.binding, &back));
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        const struct tensor *was = table_find(&m.net.table, kept[i]), *is = table_find(&back, kept[i]);
        float most = 0;

        for (int64_t k = 0; k < tensor_count(was); k++)
            most = fmaxf(most, fabsf(((float *)was->data)[k] - ((float *)is->data)[k]));
        CHECK_MSG(is->rank == was->rank && (i < 4 ? most == 0 : most > 0 && most < 0.01f), "%s: %g",
                  kept[i], (double)most);
    }
    table_free(&back);
    quant_result_free(&r);
    made_free(&m);
}

static void refused(void)
{
    struct made m = { 0 };
    struct quant_result r;

    tiny_every(&m.net, 1, 0);
    model_unbind(&m.net.binding);
    made_bind(&m, 1);
    CHECK(quant_fold(&m.net.binding, &m.work) == ERR_MISMATCH); /* an int8 checkpoint */
    made_free(&m);
    made_every(&m);
    m.net.model.node[made_node(&m, "sum")].quant[0] = '\0';
    CHECK(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &r) == ERR_FORMAT);
    CHECK(strstr(error_last()->text, "sum") != NULL);
    made_free(&m);
}

int main(void)
{
    graph();
    seen();
    normalisation();
    dequantized();
    carried();
    refused();
    return check_result("quant_fold");
}
